"""Labels: the text of heading cells, folded so that spellings of the same heading are equal, and how near two of them are."""

import re
import unicodedata
from dataclasses import dataclass

from .cell import INVISIBLE, shown, trim
from .unit import read_unit

_NOTE = re.compile(r"[(\[【〔{〈<]([^()\[\]【】〔〕{}〈〉<>]*)[)\]】〕}〉>]")
_NOISE = re.compile(rf"[\s{INVISIBLE}*:;、，,。.·•※_\-—/\\|\"'`!?#&<>]+")
_SIMPLIFIED = str.maketrans(
    "鋪號國貨電話郵編備註裝箱單區買賣聲報價幣種倉庫處點產數圖鏈帶參亞馬遜務長寬質規碼發門稱體運陸關稅費員將優級選擇達標準爲對",
    "铺号国货电话邮编备注装箱单区买卖声报价币种仓库处点产数图链带参亚马逊务长宽质规码发门称体运陆关税费员将优级选择达标准为对",
)
LONGEST = 60
"""Characters; a longer text is an instruction, not a heading."""


@dataclass(frozen=True)
class Label:
    """A heading as read: its shown text, the folded name, and the unit that a bracketed note names."""

    text: str
    folded: str
    unit: str | None
    unit_text: str = ""
    """The unit as it was written."""


def read_label(raw: object) -> Label | None:
    """A heading cell, or None where the cell is blank or no heading."""
    text = trim(shown(raw))
    if not text or len(text) > LONGEST:
        return None
    unit, written = _unit_note(text)
    return Label(text, fold(text), unit, written)


def fold(text: str) -> str:
    """A heading without case, width, blanks, marks, and without notes in brackets; a heading that is all note keeps its text.

    A note that names a unit or a currency goes too: `Label.unit` keeps it, to be compared with the field's.
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    bare = _NOTE.sub("", plain)
    return _NOISE.sub("", bare) or _NOISE.sub("", plain)


def _unit_note(text: str) -> tuple[str | None, str]:
    """The unit or currency in a note of the heading, and how it is written: `箱重(KG)` has kg, `备注(选填)` none."""
    notes = _NOTE.findall(unicodedata.normalize("NFKC", text))
    parts = (part for note in notes for part in re.split(r"[,，、/;；\s]+", note))
    return next(((unit, part) for part in parts if (unit := read_unit(part))), (None, ""))


def distance(one: str, other: str) -> int:
    """How many letters must be changed, added or left out (Levenshtein), traditional characters taken as simplified."""
    one, other = one.translate(_SIMPLIFIED), other.translate(_SIMPLIFIED)
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        previous, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            previous, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, previous + (a != b))
    return row[-1]


def is_near(one: str, other: str) -> bool:
    """Whether one folded heading is surely a slip of the other: one letter in three to five, two in six or more."""
    shorter = min(len(one), len(other))
    if re.findall("[0-9]", one) != re.findall("[0-9]", other):  # 地址3 is no slip of 地址2
        return False
    if shorter < 3:
        return distance(one, other) == 0
    return distance(one, other) <= (1 if shorter < 6 else 2)


def likeness(one: str, other: str) -> float:
    """From 0 (nothing in common) to 1 (equal once folded)."""
    return 1 - distance(one, other) / max(len(one), len(other), 1)
