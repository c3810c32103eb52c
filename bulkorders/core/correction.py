"""Corrections: texts that people typed into cells after the workbook was uploaded. They are laid over its tables before these are read."""

import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .cell import column_letter, column_number, exact
from .issue import Code, Severity
from .numbers import read_number
from .refusal import Refusal, refuse
from .table import Merge, Table
from .words import Words

LONGEST = 32_767
"""Characters as Excel counts them: what lies beyond the basic plane counts two. A cell takes no more."""
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
COVERED = Code(
    "correction_covered",
    Severity.ERROR,
    "改的是被合并的格子",
    Words(
        "{cell} 被合并单元格 {range} 盖住，改了也看不见：请改 {first}，或在原来的表格里取消合并后重新上传。",
        "{cell} lies under the merged cell {range}: change {first}, or unmerge it in the workbook and upload that again.",
    ),
)


@dataclass(frozen=True)
class Correction:
    """What a cell is to hold: `row` is Excel's number, `column` its letter. Empty text empties it."""

    sheet: str
    row: int
    column: str
    text: str


Moved = Mapping[tuple[str, int, str], int]
"""Corrections of cells that lie under a merged one, by sheet, row and column: the row of the cell that shows."""


def typed(text: str) -> str:
    """A text as a cell can hold it: without what no workbook can, and with one kind of line break."""
    return _FORBIDDEN.sub("", text).replace("\r\n", "\n").replace("\r", "\n")


def is_too_long(text: str) -> bool:
    """Whether no cell takes a text."""
    return len(text) > LONGEST or len(text.encode("utf-16-le")) // 2 > LONGEST


def latest(corrections: Iterable[Correction]) -> list[Correction]:
    """The last one of each cell, in the order in which they were made."""
    found: dict[tuple[str, int, str], Correction] = {}
    for each in corrections:
        found.pop((each.sheet, each.row, each.column), None)
        found[each.sheet, each.row, each.column] = each
    return list(found.values())


def amount(text: str) -> int | float | None:
    """The number that a cell of amounts holds where this was typed; None where it is none, or a cell cannot hold it exactly."""
    number = read_number(text)
    if number is None:
        return None
    if number == number.to_integral_value():
        return int(number) if abs(number) < 10**15 else None
    held = float(number)
    return held if exact(held) == number else None


Amounts = Mapping[str, frozenset[str]]
"""Letters of the columns of amounts, by sheet."""


def laid_over(tables: Sequence[Table], corrections: Sequence[Correction], amounts: Amounts | None = None) -> list[Table]:
    """The tables with the corrected cells' texts in them. What is not on a table is passed over.

    `amounts`: where what is a number becomes one.
    """
    by_sheet: dict[str, list[Correction]] = defaultdict(list)
    for each in corrections:
        by_sheet[each.sheet].append(each)
    known = amounts or {}
    return [
        _laid(table, by_sheet[table.sheet], known.get(table.sheet, frozenset())) if table.sheet in by_sheet else table for table in tables
    ]


def value_of(correction: Correction, *, is_amount: bool) -> str | int | float | None:
    """What the corrected cell holds."""
    number = amount(correction.text) if is_amount else None
    return number if number is not None else correction.text or None


def placed(tables: Sequence[Table], corrections: Sequence[Correction]) -> Moved | Refusal:
    """Where those go that lie under merged cells: typing there changes what a cell merged downwards shows, as in Excel.

    Refused where one lies under a cell that is merged sideways: it would not be seen there.
    """
    merges = {table.sheet: _Merges(table.merges) for table in tables}
    found: dict[tuple[str, int, str], int] = {}
    for each in corrections:
        number = column_number(each.column)
        merge = merges[each.sheet].over(each.row, number) if each.sheet in merges else None
        if merge is not None and merge.left < number:
            return refuse(COVERED, cell=f"{each.column}{each.row}", range=merge.text, first=f"{column_letter(merge.left)}{merge.top}")
        if merge is not None and merge.top < each.row:
            found[each.sheet, each.row, each.column] = merge.top
    return found


def at_its_place(correction: Correction, found: Moved) -> Correction:
    """The correction at the cell that shows."""
    return replace(correction, row=found.get((correction.sheet, correction.row, correction.column), correction.row))


class _Merges:
    """A sheet's merged ranges, by the columns that they cover."""

    def __init__(self, merges: Sequence[Merge]) -> None:
        self._all = sorted(set(merges))
        self._by_column: dict[int, list[Merge]] = {}

    def over(self, row: int, column: int) -> Merge | None:
        """The one that a cell lies in; where they overlap, which is refused, the last one above."""
        if column not in self._by_column:
            self._by_column[column] = [each for each in self._all if each.left <= column <= each.right]
        own = self._by_column[column]
        at = bisect_right(own, row, key=lambda merge: merge.top) - 1
        return own[at] if at >= 0 and own[at].bottom >= row else None


def _laid(table: Table, corrections: Sequence[Correction], amounts: frozenset[str]) -> Table:
    """Rows that get their first cell come in, rows that lose their last one go: a table has no empty rows."""
    frame = table.frame.copy()
    cells: dict[int, dict[int, Any]] = defaultdict(dict)
    for each in latest(corrections):
        number = column_number(each.column)
        if number in frame.columns:
            cells[each.row][number] = value_of(each, is_amount=each.column in amounts)
    new = sorted(row for row, values in cells.items() if row not in frame.index and any(value is not None for value in values.values()))
    if new:
        frame = frame.reindex(sorted([*map(int, frame.index), *new]))
        frame.loc[new] = None
    for row, number, value in ((row, number, value) for row, own in cells.items() if row in frame.index for number, value in own.items()):
        frame.at[row, number] = value
    empty = [row for row in cells if row in frame.index and all(raw is None or raw == "" for raw in frame.loc[row])]
    return replace(table, frame=frame.drop(index=empty) if empty else frame)
