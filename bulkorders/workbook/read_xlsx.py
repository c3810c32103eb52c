"""`.xlsx` and `.xlsm` to tables, with calamine."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum, WorksheetNotFound

from bulkorders.core.cell import Mark
from bulkorders.core.refusal import Refusal
from bulkorders.core.table import Merge, Table, make_table

from .limits import MOST_CELLS, bounded, too_large
from .mend import readable, with_known_errors
from .scan import SheetScan, scan


def read_xlsx(path: Path, *, with_marks: bool) -> list[Table] | Refusal:
    """The worksheets. Raises what calamine raises."""
    path = readable(path)
    scans = scan(path, MOST_CELLS) if with_marks else {}
    for name, found in scans.items():  # before calamine, which asks for all the memory of the box at once
        if refused := too_large(name, found.height, found.width):
            return refused
    try:
        return _read_sheets(path, scans)
    except CalamineError:
        other = with_known_errors(path)
        if other is None:
            raise
        return _read_sheets(other, scans)


def _read_sheets(path: Path, scans: Mapping[str, SheetScan]) -> list[Table] | Refusal:
    tables = []
    # a file and not a path: calamine takes no names that are not UTF-8
    with path.open("rb") as file, CalamineWorkbook.from_filelike(file) as book:
        for sheet in book.sheets_metadata:
            if sheet.typ is not SheetTypeEnum.WorkSheet:
                continue
            if sheet.visible is not SheetVisibleEnum.Visible:
                tables.append(make_table(sheet.name, [], hidden=True))
                continue
            table = _read_sheet(book, sheet.name, scans.get(sheet.name) or SheetScan())
            if isinstance(table, Refusal):
                return table
            tables.append(table)
    return tables


def _read_sheet(book: CalamineWorkbook, name: str, found: SheetScan) -> Table | Refusal:
    try:
        sheet = book.get_sheet_by_name(name)
    except WorksheetNotFound:  # the workbook names a sheet that is not in it
        return make_table(name, [])
    height, width = (last + 1 for last in sheet.end or (-1, -1))
    if refused := too_large(name, height, width):
        return refused
    merges = [Merge(top + 1, left + 1, bottom + 1, right + 1) for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()]
    used_columns = max((column for _, column in found.marks), default=0)
    return make_table(name, bounded(name, _rows(sheet, found.marks)), merges, hidden_rows=found.hidden_rows, used_columns=used_columns)


def _rows(sheet: CalamineSheet, marks: Mapping[tuple[int, int], Mark]) -> Iterator[list[Any]]:
    """The rows from cell A1 on, one at a time: most of a sheet may be empty. Marked cells are `Mark`s."""
    by_row: dict[int, list[tuple[int, Mark]]] = defaultdict(list)
    for (row, column), mark in marks.items():
        by_row[row].append((column, mark))
    before: list[Any] = [None] * (sheet.start[1] if sheet.start else 0)  # calamine gives rows from the first, columns from the first used
    for number, raw in enumerate(sheet.iter_rows(), 1):
        cells: list[Any] = [*before, *raw]
        for column, mark in by_row.get(number, ()):
            if column <= len(cells):
                cells[column - 1] = mark
        yield cells
