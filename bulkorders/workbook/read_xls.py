"""`.xls` (Excel 2 to 2003, and what WPS calls `.et`) to tables, with xlrd, which also tells error cells, formats and hidden rows."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import xlrd
from xlrd.sheet import Sheet

from bulkorders.core.cell import Mark, MarkKind
from bulkorders.core.refusal import ENCRYPTED, NOT_WORKBOOK, Refusal, refuse
from bulkorders.core.table import Merge, Table, make_table
from bulkorders.core.words import Words

from .formats import NumberFormat, read_format
from .limits import bounded, too_large


def read_xls(path: Path, *, with_marks: bool) -> list[Table] | Refusal:
    """The worksheets. Raises what xlrd raises."""
    try:
        with Path(os.devnull).open("w") as nowhere:
            book = xlrd.open_workbook(file_contents=path.read_bytes(), logfile=nowhere, formatting_info=True)
    except xlrd.XLRDError as error:
        if "encrypted" in str(error):
            return refuse(ENCRYPTED)
        if "Can't find workbook" in str(error):
            return refuse(NOT_WORKBOOK, found=Words("别的程序的文件（如 Word 文档）", "a file of another program"))
        raise
    shown = _formats(book) if with_marks else {}
    tables = []
    for sheet in book.sheets():
        if refused := too_large(sheet.name, sheet.nrows, sheet.ncols):
            return refused
        tables.append(make_table(sheet.name, [], hidden=True) if sheet.visibility else _read_sheet(book, sheet, shown, with_marks))
    return tables


def _formats(book: xlrd.Book) -> dict[int, NumberFormat]:
    """The number formats that show more than the number, by the number of the cell style."""
    formats = {key: read_format(each.format_str or "") for key, each in book.format_map.items()}
    found = {number: formats.get(style.format_key) for number, style in enumerate(book.xf_list)}
    return {number: each for number, each in found.items() if each is not None}


def _read_sheet(book: xlrd.Book, sheet: Sheet, formats: dict[int, NumberFormat], with_marks: bool) -> Table:
    rows = bounded(sheet.name, (list(_read_row(book, sheet, row, formats, with_marks)) for row in range(sheet.nrows)))
    merges = [Merge(top + 1, left + 1, bottom, right) for top, bottom, left, right in sheet.merged_cells]
    hidden = sorted(row + 1 for row, info in sheet.rowinfo_map.items() if info.hidden)
    return make_table(sheet.name, rows, merges, hidden_rows=hidden)


def _read_row(book: xlrd.Book, sheet: Sheet, row: int, formats: dict[int, NumberFormat], with_marks: bool) -> Iterator[Any]:
    for column, (kind, value) in enumerate(zip(sheet.row_types(row), sheet.row_values(row), strict=True)):
        match kind:
            case xlrd.XL_CELL_TEXT:
                yield value
            case xlrd.XL_CELL_NUMBER:
                shown = formats.get(sheet.cell_xf_index(row, column)) if formats else None
                yield (shown.mark(value) if shown else None) or value
            case xlrd.XL_CELL_DATE:
                yield _date(value, book.datemode)
            case xlrd.XL_CELL_BOOLEAN:
                yield bool(value)
            case xlrd.XL_CELL_ERROR if with_marks:
                yield Mark(MarkKind.ERROR, xlrd.error_text_from_code.get(value, "#ERR!"))
            case _:
                yield None


def _date(value: float, datemode: int) -> Any:
    """A date cell; one below a day is a time, and one that is no date stays a number."""
    try:
        found = xlrd.xldate_as_datetime(value, datemode)
    except (ValueError, OverflowError):
        return value
    return found.time() if 0 <= value < 1 else found
