"""Number formats that show more than a number: words beside it (`0.00 "kg"`, `[$¥-804]#,##0.00`, `0%`), or other digits (`00000`).

Source: the format codes of Excel (ECMA-376 part 1, 18.8.31). `!` stands before a sign in Chinese Excel as the backslash does elsewhere.
"""

import math
import operator
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal

from bulkorders.core.cell import Mark, MarkKind, exact, plain

from .masks import Mask, read_mask

BUILT_IN = {"9": "0%", "10": "0.00%"}
"""The formats with words whose codes no workbook spells out, by their numbers; those of currencies are the reader's own country's."""
_LONGEST = 255
_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"|[\\!](?P<escaped>.)|[_*].|\[(?P<bracket>[^\]]*)\]|(?P<general>general|G/通用格式)|(?P<exponent>e[+-])'
    r"|(?P<place>[0#?])|(?P<sign>.)",
    re.DOTALL | re.IGNORECASE,
)
_OF_DATES = frozenset("ymdhsebg")
_CONDITION = re.compile(r"(<=|>=|<>|=|<|>)\s*(-?[0-9]+(?:\.[0-9]+)?)")
_COMPARE: dict[str, Callable[[Decimal, Decimal], bool]] = {
    "<": operator.lt, ">": operator.gt, "=": operator.eq, "<=": operator.le, ">=": operator.ge, "<>": operator.ne,
}  # fmt: skip
_EXACT = Context(prec=1000, rounding=ROUND_HALF_UP)
"""Precise enough for what the longest code makes of the longest number."""


@dataclass
class Section:
    """What a format does with some numbers: all, those below 0, or those that fulfil a condition."""

    before: str = ""
    after: str = ""
    words: str = ""
    places: int = 0
    decimals: str = ""
    is_general: bool = False
    has_point: bool = False
    scale: Decimal = Decimal(1)
    """What the number is multiplied by where it is shown: 100 for percent, 0.001 for each comma behind the digits."""
    commas: int = 0
    grouped: bool = False
    condition: tuple[str, Decimal] | None = None

    def holds(self, number: Decimal) -> bool:
        """Whether its condition, if any, is fulfilled."""
        return self.condition is None or _COMPARE[self.condition[0]](number, self.condition[1])

    def show(self, number: Decimal) -> str:
        """The number as the cell shows it."""
        number = _EXACT.multiply(number, self.scale)
        if self.is_general:
            return f"{self.before}{plain(number)}{self.after}"
        if not self.places:
            return self.before
        rounded = f"{_EXACT.quantize(number, Decimal(1).scaleb(-len(self.decimals))):{',' if self.grouped else ''}f}"
        optional = len(self.decimals) - len(self.decimals.rstrip("#?"))
        while optional and rounded.endswith("0"):
            rounded, optional = rounded[:-1], optional - 1
        return f"{self.before}{rounded.removesuffix('.')}{self.after}"

    def take(self, found: re.Match[str]) -> None:
        """Adds a piece of the code. Raises ValueError for one of a date."""
        text = found["quoted"] or found["escaped"]
        bracket = found["bracket"]
        if found["general"]:
            self.is_general, self.words = True, self._parted()
        elif found["place"]:
            self._add_place(found["place"])
        elif bracket:
            self._add_bracket(bracket)
        elif text:
            self._add_literal(text, is_word=True)
        elif found["sign"]:
            self._add_sign(found["sign"])

    def end(self) -> None:
        """Commas behind the last digit make thousands of units."""
        self.scale *= Decimal(1).scaleb(-3 * self.commas)
        self.commas = 0

    def _add_place(self, place: str) -> None:
        self.places, self.words = self.places + 1, self._parted()
        self.grouped = self.grouped or self.commas > 0
        self.commas = 0
        if self.has_point:
            self.decimals += place

    def _add_bracket(self, text: str) -> None:
        if condition := _CONDITION.fullmatch(text):
            self.condition = (condition[1], Decimal(condition[2]))
        elif text.startswith("$"):
            self._add_literal(text[1:].partition("-")[0], is_word=True)
        elif not text.casefold().strip("hms"):
            raise ValueError(text)

    def _add_sign(self, sign: str) -> None:
        if sign.casefold() in _OF_DATES:
            raise ValueError(sign)
        if sign == ",":
            self.commas += 1 if self.places else 0
        elif sign == "." and self.places and not self.has_point:
            self.end()
            self.has_point = True
        else:
            self.scale *= 100 if sign == "%" else 1
            self._add_literal(sign, is_word=sign == "%" or _is_word(sign))

    def _add_literal(self, text: str, *, is_word: bool) -> None:
        if self.places or self.is_general:
            self.after += text
        else:
            self.before += text
        if is_word:
            self.words += text

    def _parted(self) -> str:
        """The words so far, apart from those behind the digits."""
        return f"{self.words.strip()} ".lstrip()


def _is_word(text: str) -> bool:
    """Whether a text says something of what is counted: letters, a currency, inches, percent; not a dash or a bracket."""
    return any(sign.isalpha() or sign in '"%‰' or unicodedata.category(sign) == "Sc" for sign in unicodedata.normalize("NFKC", text))


@dataclass(frozen=True)
class NumberFormat:
    """A format code: how it shows identifiers, if otherwise than by their digits, and its sections, if one of them has words."""

    mask: Mask | None
    sections: tuple[Section, ...]

    def mark(self, value: float | None) -> Mark | None:
        """What a cell with this number shows, where that is not just the number."""
        if value is None or not math.isfinite(value) or abs(value) >= 1e21:
            return None
        number = exact(value)
        is_whole = number >= 0 and number == number.to_integral_value()
        shown = self.mask.show(int(number)) if self.mask and is_whole else None
        section = self._section(number) if self.sections else None
        if section is not None and _is_word(section.words):
            text = shown or section.show(abs(number) if section is self._of_negatives else number)
            return Mark(MarkKind.WORDED, text, value, section.words.strip(), section.scale)
        return Mark(MarkKind.PADDED, shown, int(number)) if shown is not None and shown != str(int(number)) else None

    @property
    def _of_negatives(self) -> Section | None:
        has_one = len(self.sections) > 1 and not any(section.condition for section in self.sections)
        return self.sections[1] if has_one else None

    def _section(self, number: Decimal) -> Section | None:
        if any(section.condition for section in self.sections):
            return next((section for section in self.sections if section.holds(number)), None)
        at = 1 if number < 0 else 2 if number == 0 else 0
        return self.sections[at] if at < len(self.sections) else self.sections[0]


def read_format(code: str) -> NumberFormat | None:
    """A format code; None where it shows numbers as they are, and for dates."""
    mask = read_mask(code)
    sections = tuple(_sections(code)) if len(code) <= _LONGEST else ()
    has_words = any(_is_word(section.words) for section in sections)
    return NumberFormat(mask, sections if has_words else ()) if mask or has_words else None


def _sections(code: str) -> Iterator[Section]:
    """The sections for numbers; none of a format that has to do with dates."""
    found = [Section()]
    try:
        for token in _TOKEN.finditer(code):
            if token["sign"] == ";":
                found.append(Section())
            else:
                found[-1].take(token)
    except ValueError:
        return
    for section in found[:3]:
        section.end()
        yield section
