"""Cells as people see them: folding, trimming, and the text a raw value is shown as.

A raw value is what a reader gives: str, int, float, bool, date, datetime, time, timedelta, or None for an empty cell.
"""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

INVISIBLE = "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"
"""Zero-width characters, marks of direction, byte-order mark, soft hyphen."""
_EDGES = INVISIBLE + "".join(chr(code) for code in range(0x3001) if chr(code).isspace())
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
SIGNIFICANT = 15
"""Digits of a double that Excel shows; what lies beyond them is noise of the binary form."""


class MarkKind(Enum):
    """What is special about a marked cell."""

    ERROR = "error"
    """The cell shows an error such as `#REF!`."""
    UNCACHED = "uncached"
    """A formula that was never calculated."""
    PADDED = "padded"
    """A number that its format shows with leading zeros."""
    WORDED = "worded"
    """A number that its format shows with words: a unit, a currency, a percent sign."""


@dataclass(frozen=True)
class Mark:
    """A raw cell that a bare value would not tell: `text` is what is shown, `number` the number behind it.

    `words` are shown beside the number, which is multiplied by `scale` to be shown: 500 with `0.0,"kg"` is 0.5 kg.
    """

    kind: MarkKind
    text: str
    number: float | None = None
    words: str = ""
    scale: Decimal = Decimal(1)


def trim(text: str) -> str:
    """Without blanks (NBSP and full-width too) and invisible characters at both ends."""
    return text.replace("\u200b", "").replace("\ufeff", "").strip(_EDGES)  # no pattern: one looks at every run of blanks again and again


def half_width(text: str) -> str:
    """Full-width letters, digits and signs as their ASCII twins; nothing else is touched."""
    return text.translate(_HALF_WIDTH)


def is_blank(raw: Any) -> bool:
    """Whether a cell counts as empty."""
    return raw is None or (isinstance(raw, str) and not trim(raw))


def exact(number: float) -> Decimal:
    """A double as Excel shows it: rounded to 15 significant digits, from then on exact."""
    return Decimal(f"{number:.{SIGNIFICANT}g}")


def plain(number: Decimal) -> str:
    """A decimal without exponent and without trailing zeros: `1E+3` is `1000`, `1.230` is `1.23`."""
    text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def shown(raw: Any) -> str:
    """The cell's text as a person sees it, near enough to be recognised in a message."""
    match raw:
        case None:
            return ""
        case bool():
            return "TRUE" if raw else "FALSE"
        case float():
            return plain(exact(raw)) if abs(raw) < 1e21 else str(raw)
        case Decimal():
            return plain(raw)
        case Mark():
            return raw.text
        case dt.datetime():
            return raw.isoformat(" ", "seconds").removesuffix(" 00:00:00")
        case dt.date() | dt.time():
            return raw.isoformat()
        case _:
            return str(raw)


def column_letter(number: int) -> str:
    """Excel's letter of a column, counted from 1: 1 is A, 27 is AA."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """The number of a column by Excel's letter: A is 1. Raises ValueError for what is none."""
    if not 0 < len(letters) <= 3 or not all("A" <= letter <= "Z" for letter in letters):
        raise ValueError(letters)
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
