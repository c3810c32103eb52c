"""Sheets to tables, with calamine. Only ever called in the child process: hostile files abort readers, or fill the memory."""

from pathlib import Path

from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from bulkorders.core.refusal import TOO_LARGE_FILE, Refusal, refuse
from bulkorders.core.table import Merge, Table, make_table
from bulkorders.core.words import Words

from .scan import Marks, scan

MOST_CELLS = 40_000_000
MOST_COLUMNS = 500


def read_tables(path: Path, *, with_marks: bool = True) -> list[Table] | Refusal:
    """The worksheets of a workbook in its own order, hidden ones with no cells. Raises what calamine raises.

    `with_marks`: cells that a bare value would not tell are `Mark`s.
    """
    tables = []
    marks = scan(path) if with_marks else {}
    # a file and not a path: calamine takes no names that are not UTF-8
    with path.open("rb") as file, CalamineWorkbook.from_filelike(file) as book:
        for sheet in book.sheets_metadata:
            if sheet.typ is not SheetTypeEnum.WorkSheet:
                continue
            if sheet.visible is not SheetVisibleEnum.Visible:
                tables.append(make_table(sheet.name, [], hidden=True))
                continue
            table = _read_sheet(book, sheet.name, marks.get(sheet.name, {}))
            if isinstance(table, Refusal):
                return table
            tables.append(table)
    return tables


def _read_sheet(book: CalamineWorkbook, name: str, marks: Marks) -> Table | Refusal:
    sheet = book.get_sheet_by_name(name)
    height, width = sheet.total_height, sheet.total_width
    if width > MOST_COLUMNS:
        return refuse(TOO_LARGE_FILE, what=Words(f"工作表「{name}」的列数", f'columns of sheet "{name}"'), found=width, limit=MOST_COLUMNS)
    if height * width > MOST_CELLS:
        what = Words(f"工作表「{name}」的格子数", f'cells of sheet "{name}"')
        return refuse(TOO_LARGE_FILE, what=what, found=height * width, limit=MOST_CELLS)
    merges = [Merge(top + 1, left + 1, bottom + 1, right + 1) for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()]
    rows = sheet.to_python(skip_empty_area=False)
    for (row, column), mark in marks.items():
        if row <= len(rows) and column <= len(rows[row - 1]):
            rows[row - 1][column - 1] = mark  # type: ignore[call-overload]  # a raw cell of ours among calamine's
    return make_table(name, rows, merges)
