"""All that a remote may call a template's fields: labels, aliases, the API's names, and what else it says.

Phrases are looked for as they read (`收货地址国家/地区`, `HS Code`), keys are single words of ASCII (`postcode`, `SellerSKU`, `MSKU`).
A name that several fields have is kept with all of them: it names none, but nothing else either.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .field import Field

Fields = frozenset[str]
"""Names of fields; one is meant, and where there are several nobody knows which."""

HAN = r"\u4e00-\u9fff"
SEPARATORS = r"[\s\-/_·—–>]"
_NOTE = re.compile(r"[(（][^()（）]*[)）]")
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_PLAIN = re.compile(r"[A-Z]?[a-z]+")
_PART = re.compile(rf"[A-Za-z]+|[0-9]+|[{HAN}]+")


@dataclass(frozen=True)
class Names:
    """The names of a template's fields, by their folded form; and the paths of its lists by the API's name of each."""

    phrases: Mapping[str, Fields]
    keys: Mapping[str, Fields]
    words: Fields
    """Keys that are English words like any other (`Weight`, `city`): they name a field only where they read like a key."""
    lists: Mapping[str, tuple[str, ...]]
    pattern: re.Pattern[str]
    """Any phrase, the longest first."""


def names_of(fields: Sequence[Field], lists: Iterable[tuple[str, str]]) -> Names:
    """The names of fields, and of lists given by the API's name of each and its path."""
    spoken = [(each.name, text) for each in fields for text in _spoken(each)]
    phrases = [(name, text) for name, text in spoken if not _KEY.fullmatch(text)]
    keys = [(name, text) for name, text in spoken if _KEY.fullmatch(text)]
    forms = sorted({_form(text) for _, text in phrases}, key=len, reverse=True)
    return Names(
        _gathered((fold_phrase(text), name) for name, text in phrases),
        _gathered((fold_key(text), name) for name, text in keys),
        frozenset(text for _, text in keys if is_plain(text))
        - frozenset(form for _, text in keys if text.isupper() for form in (text.casefold(), text.capitalize())),
        {name: tuple(paths) for name, paths in _gathered(lists).items()},
        re.compile("|".join(forms) or "(?!)", re.IGNORECASE),
    )


def _spoken(field: Field) -> Iterator[str]:
    """What a field is called, without the unit in a label's brackets."""
    for text in (field.label, *field.aliases, *field.said):
        yield _NOTE.sub("", text).strip()
    yield field.api_name


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, Fields]:
    found: dict[str, set[str]] = defaultdict(set)
    for name, value in pairs:
        found[name].add(value)
    return {name: frozenset(values) for name, values in found.items()}


def is_plain(key: str) -> bool:
    """Whether a key is an English word like any other, as `Weight` and `city` are, and `HsCode`, `msku_id` and `ASIN` are not."""
    return _PLAIN.fullmatch(key) is not None


def fold_key(key: str) -> str:
    """Letter case and `_` do not matter, but in a plain word: `the length` is no `Length`."""
    return key if is_plain(key) else key.replace("_", "").casefold()


def fold_phrase(text: str) -> str:
    """A phrase without what may stand between its parts."""
    return "".join(_PART.findall(text.replace("的", ""))).casefold()


def _form(text: str) -> str:
    """The pattern of a phrase: blanks, `-`, `/` and 的 may stand between its parts; a part of ASCII is whole."""
    parts = _PART.findall(text)
    before = r"(?<![A-Za-z0-9_])" if parts[0].isascii() else ""
    after = r"(?![A-Za-z0-9_])" if parts[-1].isascii() else ""
    return before + rf"{SEPARATORS}{{0,3}}的?\s?".join(map(re.escape, parts)) + after
