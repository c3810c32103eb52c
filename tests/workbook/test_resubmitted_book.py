"""A results workbook as a file, submitted again: what is read is its values, whatever else was done to it."""

from pathlib import Path

from making import CARTONS, carton_row, found, read
from openpyxl import Workbook
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

from bulkorders.core.result import FAILURES_SHEET, FAILURES_TITLE, RESULT_COLUMNS, SUMMARY_SHEET, SUMMARY_TITLE
from bulkorders.core.table import Table
from bulkorders.workbook.read import read_tables


def marked_book(path: Path) -> Path:
    """Two orders with results in hidden columns, marked cells with comments, a filter, and sheets of ours."""
    book = Workbook()
    orders = book.worksheets[0]
    orders.title = "订单"
    orders.append([*(field.label for field in CARTONS.fields), *RESULT_COLUMNS.values()])
    for package in ("P1", "P2"):
        row = carton_row(package=package)
        orders.append([*(row.get(field.name) for field in CARTONS.fields), *(f"旧的{label}" for label in RESULT_COLUMNS.values())])
    orders["B3"].fill = PatternFill("solid", fgColor="FFFF6B6B", bgColor="FFFFFFFF")
    orders["B3"].comment = Comment("这里不对", "bulkorders")
    for letter in ("O", "Q"):
        orders.column_dimensions[letter].hidden = True
    orders.auto_filter.ref = "A1:U3"
    book.create_sheet(SUMMARY_SHEET).append([SUMMARY_TITLE])
    failures = book.create_sheet(FAILURES_SHEET)
    failures.append([f"{FAILURES_TITLE}：1 单"])
    for line in list(orders.iter_rows(min_row=1, max_row=2, values_only=True)):
        failures.append(line)
    failures.merge_cells("A1:N1")
    book.save(path)
    return path


def test_hidden_columns_fills_comments_and_filters_change_nothing_that_is_read(tmp_path: Path) -> None:
    """The merchant's two orders are read once, and there is nothing to say."""
    tables = read_tables(marked_book(tmp_path / "a_结果.xlsx"))
    assert isinstance(tables, list)
    assert all(isinstance(table, Table) for table in tables)
    checked = read(CARTONS, *tables)
    assert [(place.sheet, place.row) for place in checked.places] == [("订单", 2), ("订单", 3)]
    assert found(checked.issues, notes=True) == []
