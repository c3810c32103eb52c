"""Numbers as people type them, exactly: no value passes through a float of ours."""

import math
import re
from decimal import Decimal
from typing import Any

from .cell import exact, half_width, trim

_PLAIN = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]*)?")
_COUNTED = re.compile(
    r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*(?:件|个|只|套|台|条|双|箱|包|盒|支|瓶|张|把|本|pcs?|pieces?|sets?|元|美元|usd|\$)",
    re.IGNORECASE,
)
LETTERS_LIKE_DIGITS = str.maketrans("OoIl", "0011")
"""Letters that are typed, or read off paper, for digits."""
_CHINESE = {word: Decimal(number) for number, word in enumerate("一二三四五六七八九十", 1)} | {"两": Decimal(2)}
_LONGEST = 40
"""Characters; no quantity, size or price has more, and a longer text is not worth a pattern's time."""


def read_number(raw: Any) -> Decimal | None:
    """The number in a cell, or None if it is none. `３`, ` 3 `, `3.0`, `1,200` and `'3` are numbers; `三`, `3-4`, `1e400` are not."""
    if isinstance(raw, bool):
        return None
    if isinstance(raw, int):
        return Decimal(raw)
    if isinstance(raw, float):
        return exact(raw) if math.isfinite(raw) else None
    if not isinstance(raw, str) or len(raw) > _LONGEST:
        return None
    text = trim(half_width(raw)).removeprefix("'").strip()  # not NFKC, for which 10² is 102
    if _PLAIN.fullmatch(text):
        return Decimal(text)
    if _GROUPED.fullmatch(text):
        return Decimal(text.replace(",", ""))
    return None


def guess_number(raw: Any) -> Decimal | None:
    """The number that was surely meant by a text that is none: `3件`, `三`, `1O`."""
    if not isinstance(raw, str) or len(raw) > _LONGEST:
        return None
    text = trim(half_width(raw))
    counted = _COUNTED.fullmatch(text)
    if counted:
        return Decimal(counted[1])
    digits = text.translate(LETTERS_LIKE_DIGITS)
    return Decimal(digits) if re.search("[0-9]", text) and _PLAIN.fullmatch(digits) else _CHINESE.get(text)
