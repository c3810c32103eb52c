"""A fresh container with the values of a workbook that is no `.xlsx`, or that nobody can patch: cells, widths, merged ranges."""

import math
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange

from bulkorders.core.cell import Mark, is_blank, shown, trim
from bulkorders.core.table import Merge, Table

from .ooxml.added import ErrorCell
from .pages.names import LONGEST_NAME, free_name
from .pages.raw import Target, written
from .style import GENERAL, PLAIN, TEXT, Look, Pens, clean, height_of, line_count, needs_wrapping, text_width

MOST_FROZEN = 10
"""Rows; a taller frozen header would leave no room to scroll on a small screen."""
NARROWEST, WIDEST = 8, 45
BODY = Look()
"""The look of a cell of an order: in the middle of its row, which may be tall."""
WRAPPED = Look(wraps=True)
HEADING = Look(bold=True, paper="D9E1F2", wraps=True, boxed=True, across="center")


def write_fresh(tables: Sequence[Table], sheets: Mapping[str, Any], target: Path) -> Mapping[str, str]:
    """Writes the visible sheets that have cells; gives the names that they have there, by their own.

    `sheets`: of each order sheet its `header_row` and the number `formats` of its columns by letter. Raises OSError.
    """
    kept = [table for table in tables if not table.hidden and not table.frame.empty]
    names = _free_names([table.sheet for table in kept])
    with _scratch_folder():
        book = Workbook(write_only=True)
        book.properties.creator = "bulkorders"
        try:
            for table, name in zip(kept, names, strict=True):
                _write_sheet(_Plan(table, sheets.get(table.sheet, {}), book.create_sheet(name)))
            if not kept:
                book.create_sheet("Sheet1")
            book.save(target)
        finally:
            _close(book)
    return {table.sheet: name for table, name in zip(kept, names, strict=True)}


def _close(book: Workbook) -> None:
    """Lets go of the temporary files of sheets that were not written to their end."""
    for sheet in book.worksheets:
        if not sheet.closed:
            with suppress(ValueError, StopIteration, RuntimeError):
                sheet.close()


@contextmanager
def _scratch_folder() -> Iterator[None]:
    """openpyxl keeps the rows of each sheet in a temporary file until it saves: here none is left behind, whatever happens."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="bulkorders-", ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before


def _free_names(wanted: Sequence[str]) -> list[str]:
    """Sheet names as Excel takes them, no two alike."""
    taken: list[str] = []
    for name in wanted:
        sound = "".join("_" if sign in "\\*?:/[]" else sign for sign in clean(name))[:LONGEST_NAME].strip("'") or "Sheet"
        taken.append(free_name(sound, taken))
    return taken


@dataclass
class _Plan:
    """One sheet of the merchant's workbook, what is known of it where it holds orders, and the sheet to write."""

    table: Table
    known: Mapping[str, Any]
    sheet: Any

    @property
    def header_row(self) -> int:
        """The header's row; 0 where there is none."""
        return int(self.known.get("header_row", 0))

    @cached_property
    def formats(self) -> Mapping[int, str]:
        """Number formats by column."""
        by_letter = self.known.get("formats", {})
        return {number: by_letter[letter] for number in self.columns if (letter := get_column_letter(number)) in by_letter}

    @cached_property
    def columns(self) -> list[int]:
        """The columns' numbers."""
        return [int(number) for number in self.table.frame.columns]

    @cached_property
    def wide(self) -> Mapping[tuple[int, int], Merge]:
        """Merged ranges over several columns, by their first cell: their text needs no column's width."""
        return {(merge.top, merge.left): merge for merge in self.table.merges if merge.right > merge.left}

    @cached_property
    def widths(self) -> Mapping[int, int]:
        """Column widths that show the content."""
        return {number: _width(self, number) for number in self.columns}

    def merged_width(self, merge: Merge) -> float:
        """The width of a merged range."""
        return sum(self.widths.get(number, NARROWEST) for number in range(merge.left, merge.right + 1))


def _width(plan: _Plan, number: int) -> int:
    """A column's width by its cells below the header, and by the header with its filter's arrow."""
    column = plan.table.frame[number]
    texts = {
        raw if isinstance(raw, str) else shown(raw)
        for row, raw in zip(column.index.tolist(), column.tolist(), strict=True)
        if row > plan.header_row and (row, number) not in plan.wide and not (raw is None or raw != raw)
    }
    widest = max(map(text_width, texts), default=0) + 2
    if plan.header_row:
        widest = max(widest, min(text_width(trim(shown(column.loc[plan.header_row]))) + 5, 26))
    return min(max(widest, NARROWEST), WIDEST)


def _write_sheet(plan: _Plan) -> None:
    _lay_out(plan)
    pens = Pens(plan.sheet)
    write_line = _line_writer(plan, pens)
    written = 0
    for row, *cells in plan.table.frame.itertuples(name=None):
        for _ in range(written + 1, row):
            plan.sheet.append(())
        line, height = write_line(int(row), cells)
        if height:
            plan.sheet.row_dimensions[row].height = height
        plan.sheet.append(line)
        plan.sheet.row_dimensions.pop(row, None)  # it is written, and 100,000 of them would fill the memory
        written = row


def _lay_out(plan: _Plan) -> None:
    """All that a sheet needs before its first row: widths, formats for rows to come, frozen header, filter, merged ranges."""
    sheet = plan.sheet
    for number, width in plan.widths.items():
        sheet.column_dimensions[get_column_letter(number)].width = width
    for number, number_format in plan.formats.items():
        sheet.column_dimensions[get_column_letter(number)].number_format = number_format
    if plan.header_row:
        last_row, last_column = int(plan.table.frame.index[-1]), max(plan.widths)
        sheet.auto_filter.ref = f"A{plan.header_row}:{get_column_letter(last_column)}{last_row}"
        if plan.header_row <= MOST_FROZEN:
            sheet.freeze_panes = f"A{plan.header_row + 1}"
    for merge in plan.table.merges:
        if (merge.top, merge.left) != (merge.bottom, merge.right):
            # straight into the set: `add` looks through all ranges each time
            sheet.merged_cells.ranges.add(
                CellRange(min_col=merge.left, min_row=merge.top, max_col=merge.right, max_row=merge.bottom),
            )


Line = tuple[list[Any], float]
"""The cells of a row, and its height; 0 where one line is enough."""


def _line_writer(plan: _Plan, pens: Pens) -> Callable[[int, Sequence[Any]], Line]:
    """Writes the sheet's rows: the header, the rows below it, and the others, each in its way."""

    def write(row: int, cells: Sequence[Any]) -> Line:
        if row == plan.header_row:
            return _header_line(plan, pens, cells)
        if row < plan.header_row or not plan.header_row:
            return _other_line(plan, pens, row, cells)
        return _data_line(plan, pens, cells)

    return write


def _header_line(plan: _Plan, pens: Pens, cells: Sequence[Any]) -> Line:
    pairs = list(zip(plan.columns, cells, strict=True))
    lines = max(line_count(shown(raw), plan.widths[number] - 3) for number, raw in pairs)
    return [_cell(pens, number, raw, PLAIN if is_blank(raw) else HEADING) for number, raw in pairs], height_of(max(lines, 2))


def _other_line(plan: _Plan, pens: Pens, row: int, cells: Sequence[Any]) -> Line:
    """A row without an order: a title, an instruction, a row of a sheet that is no order sheet."""
    line: list[Any] = [None] * plan.columns[-1]
    height = 0.0
    for number, raw, beside in zip(plan.columns, cells, (*cells[1:], None), strict=True):
        merge = plan.wide.get((row, number))
        is_cut = isinstance(raw, str) and ("\n" in raw or (not is_blank(beside) and needs_wrapping(raw, plan.widths[number])))
        if is_cut or (merge and isinstance(raw, str)):
            line[number - 1] = _cell(pens, number, raw, WRAPPED)
            width, rows = (plan.merged_width(merge), merge.bottom - merge.top + 1) if merge else (plan.widths[number], 1)
            height = max(height, _needed(line_count(raw, width), rows))
        else:
            line[number - 1] = _cell(pens, number, raw)
    return line, height


def _needed(lines: int, rows: int = 1) -> float:
    """The height of each of `rows` rows that share so many lines; 0 where the usual height will do."""
    return height_of(math.ceil(lines / rows)) if lines > rows else 0.0


def _data_line(plan: _Plan, pens: Pens, cells: Sequence[Any]) -> Line:
    """A row below the header."""
    line: list[Any] = []
    lines = 1
    for number, raw in zip(plan.columns, cells, strict=True):
        look = PLAIN if raw is None or raw == "" else BODY
        if isinstance(raw, str) and needs_wrapping(raw, plan.widths[number]):
            look, lines = WRAPPED, max(lines, line_count(raw, plan.widths[number]))
        line.append(_cell(pens, number, raw, look, plan.formats.get(number, GENERAL)))
    return line, _needed(lines)


def _cell(pens: Pens, number: int, raw: Any, look: Look = PLAIN, number_format: str = GENERAL) -> Any:
    """A cell in its column; what a bare value would not tell is read from it again as it was: zeros in front, units, errors."""
    if not isinstance(raw, Mark):
        return pens.write(number, raw, look, number_format)
    cell = written(raw, Target(number_format, is_identifier=number_format in (TEXT, GENERAL)), look)
    if isinstance(cell, ErrorCell):
        return pens.write_error(number, str(cell.value), look)
    return pens.write(number, cell.value, look, cell.number_format)
