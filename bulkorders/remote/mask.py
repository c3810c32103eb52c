"""What a remote must not make us say: an account's secrets, masked in whatever text of its answers quotes them."""

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import quote, quote_plus

MASKED = "***"
LEAST_LENGTH = 8
"""Characters of a secret; to mask a shorter one would take pieces out of texts that have nothing to do with it."""


@dataclass(frozen=True)
class Mask:
    """The secrets, tokens and signatures in use at one remote."""

    secrets: frozenset[str] = field(default=frozenset(), repr=False)

    def hiding(self, *secrets: str | None) -> "Mask":
        """This mask with more to hide."""
        more = {secret for secret in secrets if secret and len(secret) >= LEAST_LENGTH} - self.secrets
        return Mask(self.secrets | more) if more else self

    def apply(self, text: str) -> str:
        """A text without the secrets: plain, as a URL, JSON or HTML writes them, in capitals or not."""
        folded = text.casefold()
        # nearly every text has none, and a pattern, which each call's signature makes anew, costs more than the rest of the answer
        return self._pattern.sub(MASKED, text) if any(form in folded for form in self._folded) else text

    @cached_property
    def _folded(self) -> list[str]:
        return [form.casefold() for secret in self.secrets for form in _forms(secret)]

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        forms = {form for secret in self.secrets for form in _forms(secret)}
        return re.compile("|".join(re.escape(form) for form in sorted(forms, key=len, reverse=True)), re.IGNORECASE)


@lru_cache(maxsize=64)
def _forms(secret: str) -> frozenset[str]:
    return frozenset({secret, quote(secret, safe=""), quote_plus(secret), secret.replace("/", r"\/"), html.escape(secret)})


def map_texts(value: Any, change: Callable[[str], str]) -> Any:
    """JSON with every text within changed, names of members too. Raises RecursionError where it is too deep."""
    match value:
        case str():
            return change(value)
        case list():
            return [map_texts(each, change) for each in value]
        case dict():
            return {change(name): map_texts(each, change) for name, each in value.items()}
        case _:
            return value


_HALF = re.compile("[\ud800-\udfff]")


def drop_halves(text: str) -> str:
    """A text without halves of surrogate pairs, which JSON can spell and which no file, journal or workbook takes."""
    return _HALF.sub("\N{REPLACEMENT CHARACTER}", text)
