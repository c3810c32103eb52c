"""Text: names and addresses as they stand, and identifiers, whose digits count as they are shown."""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal as Exact
from typing import Any

from bulkorders.core import codes
from bulkorders.core.cell import SIGNIFICANT, half_width, is_blank, shown, trim
from bulkorders.core.issue import Code, Problem
from bulkorders.core.words import NOTHING, Words

from .kind import BLANK, Constraint, Reading, UsualKind, bad, joined


@dataclass(frozen=True)
class Text(UsualKind):
    """Text. `identifier`: a code or number whose digits count, never a quantity; full-width letters are folded.

    `max_length` and `pattern` must be fulfilled; `mistaken` are forms that people put here for something else, each with the code
    that explains it. `limit` (characters), `unusual` (a form found within, what it means) and `usual` (the form of the whole) only warn.
    """

    identifier: bool = False
    max_length: int | None = None
    pattern: str | None = None
    pattern_words: Words = NOTHING
    mistaken: tuple[tuple[str, Code], ...] = ()
    limit: int | None = None
    unusual: tuple[tuple[str, Words], ...] = ()
    usual: tuple[str, Words] | None = None

    number_format = "@"

    @property
    def is_identifier(self) -> bool:
        """Whether its digits count as they are shown."""
        return self.identifier

    def parse(self, raw: Any) -> Reading:
        if is_blank(raw):
            return BLANK
        if isinstance(raw, dt.date | dt.time | dt.timedelta):
            return bad(codes.DATE_FOUND)
        if isinstance(raw, str):
            return self._explained(self._parse_text(trim(raw)))
        if self.identifier and isinstance(raw, int | float) and abs(raw) >= 10**SIGNIFICANT:
            return bad(codes.DIGITS_LOST)
        return Reading(shown(raw))

    def _explained(self, reading: Reading) -> Reading:
        """A reading, or what explains a form that is mistaken for one of this column."""
        code = next((code for form, code in self.mistaken if reading.value and re.fullmatch(form, reading.value)), None)
        return bad(code) if code else reading

    def _parse_text(self, text: str) -> Reading:
        if self.identifier:
            return self._parse_identifier(text)
        if "\n" in text or "\r" in text:
            return Reading(text, (Problem(codes.LINE_BREAK),))
        return Reading(text)

    def _parse_identifier(self, text: str) -> Reading:
        # the apostrophe that makes a cell text in Excel stays where it was pasted or exported
        folded = re.sub(r"\A'(?=[A-Za-z0-9])", "", half_width(text))
        if re.fullmatch(r"[0-9](?:\.[0-9]+[eE]\+?|[eE]\+)[0-9]{2,3}", folded):
            return bad(codes.DIGITS_LOST)
        notes = [Problem(codes.FOLDED, {"read": folded})] if folded != text else []
        notes += [Problem(codes.LINE_BREAK)] if re.search(r"[\r\n]", folded) else []
        return Reading(trim(folded), tuple(notes))

    def constraints(self) -> Sequence[Constraint]:
        found = []
        if self.max_length is not None:
            most = self.max_length
            found.append(Constraint(codes.TOO_LONG, lambda text: len(text) <= most, lambda text: {"length": len(text), "maximum": most}))
        if self.pattern is not None:
            form = re.compile(self.pattern)
            words = {"pattern": self.pattern_words}
            found.append(Constraint(codes.PATTERN, lambda text: form.fullmatch(text) is not None, lambda _: words))
        if self.limit is not None:
            limit = self.limit
            found.append(
                Constraint(
                    codes.LONGER_THAN_LIMIT,
                    lambda text: len(text) <= limit,
                    lambda text: {"length": len(text), "limit": limit},
                )
            )
        found.extend(_unusual(pattern, why) for pattern, why in self.unusual)
        if self.usual is not None:
            pattern, why = self.usual
            found.append(_unusual(rf"\A(?!(?:{pattern})\Z)", why))
        return found

    def limited(self, limit: Exact) -> "Text":
        return replace(self, limit=int(limit))

    def describe(self) -> Words:
        parts = [Words("编号（文本）", "identifier (text)") if self.identifier else Words("文本", "text")]
        if self.pattern:
            parts = [self.pattern_words]
        if self.max_length:
            parts.append(Words(f"最多 {self.max_length} 个字符", f"at most {self.max_length} characters"))
        if self.limit:
            parts.append(Words(f"建议不超过 {self.limit} 个字符", f"better no more than {self.limit} characters"))
        return joined(parts)


def _unusual(pattern: str, why: Words) -> Constraint:
    form = re.compile(pattern)
    return Constraint(codes.UNUSUAL, lambda text: form.search(text) is None, lambda _: {"why": why})
