"""失败明细: failed orders in template form; in a workbook of its own it is read back as what the merchant had."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from containers import pack
from making import CARTONS, carton_row, mcf_row, sheet
from openpyxl import load_workbook

from bulkorders.core.cell import Mark, MarkKind
from bulkorders.core.check import check
from bulkorders.core.group import Orders, group
from bulkorders.core.result import FAILURES_SHEET, FAILURES_TITLE, ORIGIN_LABEL
from bulkorders.core.table import Merge, Table
from bulkorders.core.template import Template
from bulkorders.providers.lingxing.fields import MCF_ORDERS
from bulkorders.workbook.headings import template_columns
from bulkorders.workbook.ooxml.edits import NewSheet
from bulkorders.workbook.pages import failures
from bulkorders.workbook.pages.failures import failure_sheets
from bulkorders.workbook.pages.page import TEST_BANNER
from bulkorders.workbook.read import read_tables
from bulkorders.workbook.style import TEXT


def rows_of(orders: Orders) -> list[list[list[Any]]]:
    """All rows of each order, those without a key that hold it too."""
    found = []
    for order in orders.orders:
        places = {*order.places, *((issue.sheet, issue.row) for issue in order.issues if issue.sheet and issue.row)}
        found.append([list(place) for place in sorted(places)])
    return found


def report(template: Template, table: Table, **changed: Any) -> dict[str, Any]:
    """A report in which all orders of a table have failed."""
    (checked,) = check([table], [template])
    assert not checked.refused, checked.refused
    orders = group(template, checked)
    bad: dict[str, dict[str, str]] = {}
    for issue in orders.issues:
        if issue.row and issue.column and issue.severity != "note":
            bad.setdefault(str(issue.row), {})[issue.column] = issue.severity.value
    rows = {str(row): {"fate": "invalid", "status": "数据有误", "reason": f"第 {row} 行不对"} for row in table.frame.index}
    headings = checked.headings[table.sheet]
    failed = {
        "title": template.title,
        "columns": template_columns(template),
        "places": {table.sheet: {name: [heading.letter, str(heading.factor)] for name, heading in headings.items()}},
        "orders": rows_of(orders),
    }
    told = {"header_row": checked.header_rows[table.sheet], "bad": bad, "rows": rows}
    return {"is_test": False, "sheets": {table.sheet: told}, "failures": [{**failed, **changed}]}


def made(template: Template, table: Table, **changed: Any) -> NewSheet:
    """The sheet of a table's orders."""
    (found,) = failure_sheets(report(template, table, **changed), {table.sheet: table}, [])
    return found


def orders_of(template: Template, tables: Sequence[Table]) -> Orders:
    """What the program makes of a workbook."""
    (checked,) = check(tables, [template])
    assert not checked.refused, checked.refused
    return group(template, checked)


def read_back(new: NewSheet, template: Template, folder: Path) -> Orders:
    """What the program makes of the sheet in a workbook of its own."""
    tables = read_tables(pack(folder / "own.xlsx", new))
    assert isinstance(tables, list)
    return orders_of(template, tables)


def told(orders: Orders) -> list[Any]:
    """Orders with their values, and their errors by field and code."""
    return [
        (
            order.key,
            order.root.values,
            order.root.children,
            sorted((issue.field or "", issue.code) for issue in order.issues if issue.is_error),
        )
        for order in orders.orders
    ]


def same(one: Orders, other: Orders) -> bool:
    """Whether two readings are equal but for the rows' numbers."""
    return [_unplaced(each) for each in told(one)] == [_unplaced(each) for each in told(other)]


def _unplaced(each: Any) -> Any:
    key, values, children, errors = each
    return key, values, [_deep(element) for elements in children.values() for element in elements], errors


def _deep(element: Any) -> Any:
    return element.values, [_deep(each) for elements in element.children.values() for each in elements]


_GRAMS = Mark(MarkKind.WORDED, "5g", 5.0, "g")
MESSY = [
    carton_row(package="00123", remark="=1+1"),
    carton_row(package=456.0, carton=2.0, quantity="３", worth=1.25, day=dt.date(2025, 4, 9)),
    carton_row(package="P3", quantity="三", remark=12, insured=True, day="2025/4/9"),
    carton_row(package="P4", sku=1234567890123456.0, remark=dt.datetime(2025, 4, 9, 14, 30)),  # noqa: DTZ001  # cells have no zone
    carton_row(package="P5", weight=None, remark="  两行\n地址 "),
    carton_row(package="P6", sku=Mark(MarkKind.PADDED, "00045", 45), quantity=Mark(MarkKind.PADDED, "007", 7)),
    carton_row(package="P7", sku=Mark(MarkKind.ERROR, "#REF!"), remark=Mark(MarkKind.ERROR, "#N/A")),
    carton_row(package=dt.date(2025, 1, 2), worth="1,200.5"),
    carton_row(package="P8", weight=Mark(MarkKind.WORDED, "2500g", 2500.0, "g"), quantity=Mark(MarkKind.WORDED, "3件", 3.0, "件")),
    carton_row(
        package="P9", weight=Mark(MarkKind.WORDED, "2.5kg", 2500.0, "kg", Decimal("0.001")), remark=Mark(MarkKind.WORDED, "5g", 5.0, "g")
    ),
    carton_row(package="PA", weight=Mark(MarkKind.WORDED, "3lb", 3.0, "lb"), quantity=Mark(MarkKind.WORDED, "50%", 0.5, "%", Decimal(100))),
]


@pytest.mark.parametrize("row", MESSY, ids=[str(row["package"]) for row in MESSY])
def test_what_is_read_back_is_what_the_merchant_had(row: Mapping[str, Any], tmp_path: Path) -> None:
    """Value by value and error by error: an order that was held is held again, and nothing changes its meaning."""
    table = sheet(CARTONS, [row])
    assert same(read_back(made(CARTONS, table), CARTONS, tmp_path), orders_of(CARTONS, [table]))


def test_a_real_template_reads_back(tmp_path: Path) -> None:
    """Orders of several rows, in the sheet's order; nothing to say of our own columns."""
    rows = [mcf_row(order_id="A1"), mcf_row(order_id="A1", msku="M2"), mcf_row(order_id="A2", quantity_shipped="三", postcode="00501")]
    table = sheet(MCF_ORDERS, rows)
    found = read_back(made(MCF_ORDERS, table), MCF_ORDERS, tmp_path)
    assert same(found, orders_of(MCF_ORDERS, [table]))
    assert [issue.code for issue in found.issues if issue.code.startswith("column")] == []


def test_columns_have_the_templates_order_and_labels() -> None:
    """Whatever the merchant's sheet calls them; ours stand behind."""
    new = made(
        CARTONS,
        sheet(
            CARTONS, [carton_row()], labels={"sku": "boxes.goods.sku"}, fields=["sku", *(f.name for f in CARTONS.fields if f.name != "sku")]
        ),
    )
    header = [cell.value for cell in new.rows[2].cells.values()]
    assert header == [*(each["heading"] for each in template_columns(CARTONS)), "提交状态", "结果说明", ORIGIN_LABEL]
    assert [cell.value for cell in new.rows[3].cells.values()][-3:] == ["数据有误", "第 2 行不对", "Sheet1 第 2 行"]
    assert str(new.rows[0].cells[1].value).startswith(FAILURES_TITLE)


def test_units_are_the_templates(tmp_path: Path) -> None:
    """The merchant's grams stand under a heading that says kilograms: converted, else a thousandfold would go out."""
    table = sheet(CARTONS, [carton_row(weight=2500), carton_row(package="P2", weight="1,500")], labels={"weight": "箱重(g)"})
    new = made(CARTONS, table)
    column = [each["field"] for each in template_columns(CARTONS)].index("weight") + 1
    assert [row.cells[column].value for row in new.rows[3:]] == [2.5, 1.5]
    assert same(read_back(new, CARTONS, tmp_path), orders_of(CARTONS, [table]))


def test_merged_cells_are_filled_down(tmp_path: Path) -> None:
    """Each row stands for itself, so that it can be sorted or moved."""
    rows = [carton_row(remark="长"), carton_row(shop=None, package=None, carton=None, weight=None, sku="SKU-2")]
    merges = [Merge(2, column, 3, column) for column in (1, 2, 5, 6, 7)]
    table = sheet(CARTONS, rows, merges=merges)
    new = made(CARTONS, table)
    assert [cell.value for cell in new.rows[4].cells.values()][:5] == ["ONT8", "P1", None, None, "长"]
    assert same(read_back(new, CARTONS, tmp_path), orders_of(CARTONS, [table]))


def test_a_merged_amount_is_not_filled_down(tmp_path: Path) -> None:
    """It may be meant for each row or for all together: it must not go out as each row's unasked."""
    table = sheet(CARTONS, [carton_row(quantity=5), carton_row(sku="SKU-2", quantity=None)], merges=[Merge(2, 10, 3, 10)])
    (order,) = read_back(made(CARTONS, table), CARTONS, tmp_path).orders
    assert not order.is_valid
    assert [goods.values["quantity"] for goods in order.root.below("Boxes[].Goods[]")] == [5, None]


def test_a_row_without_an_order_still_holds_it(tmp_path: Path) -> None:
    """It stands behind the order that it may belong to."""
    table = sheet(CARTONS, [carton_row(), carton_row(package=None, sku="SKU-2")])
    found = read_back(made(CARTONS, table), CARTONS, tmp_path)
    assert [order.is_valid for order in found.orders] == [False]


def test_marks_from_the_report_count_like_those_of_the_reader(tmp_path: Path) -> None:
    """Who writes results reads without marks, and knows of them from the journal: an error does not turn into an empty cell."""
    marks = {"Sheet1": {"2": {"I": ["error", "#REF!"], "B": ["padded", "00123"], "E": ["uncached", ""]}}}
    table = sheet(CARTONS, [carton_row(package=123, sku="")])
    (order,) = read_back(made(CARTONS, table, marks=marks), CARTONS, tmp_path).orders
    assert order.key["package"] == "00123"
    assert [(issue.field, issue.code) for issue in order.issues if issue.is_error] == [("remark", "error_cell"), ("sku", "error_cell")]


def test_bad_cells_are_marked(tmp_path: Path) -> None:
    """In the colours of the marks on the merchant's own sheet, empty ones too."""
    table = sheet(CARTONS, [carton_row(quantity="三", weight=None)])
    found = load_workbook(pack(tmp_path / "a.xlsx", made(CARTONS, table)))[FAILURES_SHEET]
    assert [found.cell(4, column).fill.fgColor.rgb for column in (7, 10)] == ["00FF6B6B", "00FF6B6B"]
    assert found.cell(4, 2).fill.fgColor.rgb == "00000000"


def test_identifiers_stay_text_and_numbers_numbers(tmp_path: Path) -> None:
    """00123 keeps its zeros; a quantity can be added up."""
    table = sheet(CARTONS, [carton_row(package="00123", sku=45, quantity=3.0)])
    found = load_workbook(pack(tmp_path / "a.xlsx", made(CARTONS, table)))[FAILURES_SHEET]
    assert [found.cell(4, column).value for column in (2, 9, 10)] == ["00123", "45", 3]
    assert found.cell(4, 9).number_format == TEXT


def test_nothing_failed_is_no_sheet() -> None:
    """Nor is an entry without orders."""
    assert failure_sheets({"is_test": False, "sheets": {}}, {}, []) == []
    table = sheet(CARTONS, [carton_row()])
    assert failure_sheets(report(CARTONS, table, orders=[]), {"Sheet1": table}, []) == []


def test_each_template_has_its_sheet() -> None:
    """Two tables with two headers in one sheet could not be read back; a test says so."""
    table = sheet(CARTONS, [carton_row()])
    one = report(CARTONS, table)
    sheets = failure_sheets({**one, "is_test": True, "failures": one["failures"] * 2}, {"Sheet1": table}, ["订单"])
    assert [each.name for each in sheets] == ["失败明细", "失败明细 (2)"]
    assert sheets[0].rows[1].cells[1].value == TEST_BANNER


def test_too_many_rows_are_cut_at_a_whole_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the title says so."""
    monkeypatch.setattr(failures, "MOST_ROWS", 3)
    rows = [carton_row(package=f"P{number}", sku=sku) for number in range(3) for sku in "ab"]
    new = made(CARTONS, sheet(CARTONS, rows))
    assert len(new.rows) == 3 + 2
    assert "只列出前 1 单" in str(new.rows[0].cells[1].value)
    assert new.filter == "A3:P5"
