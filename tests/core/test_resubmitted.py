"""A results workbook that is submitted again: our sheets and columns in it are known, ignored, and not spoken of."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from making import CARTONS, carton_row, examine, found, read, sheet

from bulkorders.core.check import check
from bulkorders.core.group import group
from bulkorders.core.result import (
    FAILURES_SHEET,
    FAILURES_TITLE,
    ORIGIN_LABEL,
    RESULT_COLUMNS,
    SUMMARY_SHEET,
    SUMMARY_TITLE,
    UNDO_SHEET,
    UNDO_TITLE,
)
from bulkorders.core.table import Merge, Table, make_table
from bulkorders.providers.lingxing.fields import MCF_ORDERS

LABELS = [field.label for field in CARTONS.fields]
RESULTS = {label: f"旧的{label}" for label in RESULT_COLUMNS.values()}
FAILED = {RESULT_COLUMNS["status"]: "被拒绝", RESULT_COLUMNS["reason"]: "原因", ORIGIN_LABEL: "说明：订单 第 2 行"}
SUMMARY = make_table(SUMMARY_SHEET, [[SUMMARY_TITLE], ["文件", "a.xlsx"], [], ["结果", "订单数", "意思"], ["已创建", 3, "建好"]])
UNDO = make_table(
    UNDO_SHEET, [[f"{UNDO_TITLE}：这次建了 3 单"], ["包裹ID", "仓库代码", "账号", "状态", "已撤销？"], ["P1", "ONT8", "main", "已创建"]]
)


def cells(**changed: Any) -> list[Any]:
    """The cells of a row of CARTONS."""
    row = carton_row(**changed)
    return [row.get(field.name) for field in CARTONS.fields]


def with_ours(before: Mapping[str, Any] = {}, behind: Mapping[str, Any] = RESULTS, *rows: list[Any], above: Sequence[Any] = ()) -> Table:
    """A sheet of the merchant's with columns of ours before and behind his own, filled in every row."""
    data = [[*before.values(), *row, *behind.values()] for row in rows or [cells(), cells(package="P2")]]
    return make_table("订单", [*above, [*before, *LABELS, *behind], *data])


def failures(*rows: list[Any], name: str = FAILURES_SHEET, title: str = f"{FAILURES_TITLE}：装箱货件 1 单没有成功", **more: Any) -> Table:
    """A sheet of failed orders: title, advice, header, rows."""
    above = [[title], ["红色的格子要改，黄色的请核对。"]] if title else []
    data = [[*row, *FAILED.values()] for row in rows or [cells(package="P2")]]
    return make_table(name, [*above, [*LABELS, *FAILED], *data], **more)


def places(*tables: Table) -> list[tuple[str, int]]:
    """The rows that are read; nothing else is said."""
    checked = read(CARTONS, *tables)
    assert found(checked.issues, notes=True) == []
    return [(place.sheet, place.row) for place in checked.places]


# -- columns ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ({}, RESULTS),
        ({}, dict(reversed(RESULTS.items()))),
        (RESULTS, {}),
        (dict(list(RESULTS.items())[:2]), dict(list(RESULTS.items())[2:])),
        *(({}, {label: text for label, text in RESULTS.items() if label != deleted}) for deleted in RESULTS),
    ],
)
def test_our_columns_are_ignored_wherever_they_stand(before: dict[str, str], behind: dict[str, str]) -> None:
    """Behind, before or around the merchant's own, reordered, or with one of them deleted: the same orders, and nothing to say."""
    table = with_ours(before, behind)
    assert places(table) == [("订单", 2), ("订单", 3)]
    assert read(CARTONS, table).columns == read(CARTONS, with_ours({}, {})).columns


def test_our_columns_may_stand_there_twice() -> None:
    """Copied beside themselves they are no duplicate of anything."""
    header = [*LABELS, *RESULTS, *RESULTS]
    assert places(make_table("订单", [header, [*cells(), *RESULTS.values(), *RESULTS.values()]])) == [("订单", 2)]


def test_our_columns_stand_beside_a_header_of_two_rows() -> None:
    """They are in its lower row; a group above that spans them groups nothing."""
    rest = len(LABELS) - 1
    for merges in ([Merge(1, 2, 1, len(LABELS))], [Merge(1, 2, 1, len(LABELS) + len(RESULTS))], [Merge(1, 1, 2, 1)]):
        upper = [LABELS[0] if merges[0].bottom == 2 else "单", "货件", *[None] * (rest - 1 + len(RESULTS))]
        lower = [None if merges[0].bottom == 2 else LABELS[0], *LABELS[1:], *RESULTS]
        table = make_table("订单", [upper, lower, [*cells(), *RESULTS.values()]], merges)
        assert places(table) == [("订单", 3)]


def test_a_row_that_only_our_columns_fill_is_empty() -> None:
    """The merchant cleared his own cells: there is no order left, and what we said of it is no content."""
    blank: list[Any] = [None] * len(LABELS)
    checked = read(CARTONS, with_ours({}, RESULTS, cells(), blank, cells(package="P2")))
    assert [place.row for place in checked.places] == [2, 4]
    assert checked.blank == 1
    assert found(checked.issues, notes=True) == []


def test_what_we_said_of_a_row_makes_no_footer_of_it() -> None:
    """A result that begins with 说明 and was moved to the front hides no row that lacks its order number."""
    checked = read(CARTONS, with_ours(dict(reversed(FAILED.items())), {}, cells(), cells(package=None, sku=None)))
    assert [place.row for place in checked.places] == [2, 3]


@pytest.mark.parametrize("own", ["批次", "订单行", "提交状态"])
def test_a_column_of_the_merchants_that_is_called_like_ours_is_his(own: str) -> None:
    """It is an unknown column like any other, and that is said."""
    checked = read(CARTONS, with_ours({}, {own: "x"}))
    assert [issue.code for issue in checked.issues] == ["column_unknown"]


def test_marked_cells_are_read_by_their_values() -> None:
    """A result that looks like an error, a number or a date is no cell of an order."""
    odd: dict[str, Any] = dict.fromkeys(RESULTS, "#REF!") | {RESULT_COLUMNS["rows"]: 5, RESULT_COLUMNS["batch"]: 3.5}
    assert places(with_ours({}, odd)) == [("订单", 2), ("订单", 3)]


# -- sheets -------------------------------------------------------------------------------------------------------------------
ORDERS = with_ours()


@pytest.mark.parametrize("others", [[SUMMARY], [UNDO], [SUMMARY, UNDO, failures()]])
def test_of_our_own_sheets_nothing_is_said(others: list[Table]) -> None:
    """They are passed over in silence, before the merchant's sheet or behind it."""
    expected = [("订单", 2), ("订单", 3)]
    assert places(ORDERS, *others) == expected
    assert places(*others, ORDERS) == expected


def test_failed_orders_are_not_read_twice() -> None:
    """Their quantities would be doubled: the merchant's own sheet counts."""
    orders = group(CARTONS, read(CARTONS, ORDERS, failures(cells(package="P2", quantity=9))))
    assert [order.display for order in orders.orders] == ["P1", "P2"]
    assert [each.values["quantity"] for order in orders.orders for each in order.root.below("Boxes[].Goods[]")] == [2, 2]


def test_failed_orders_in_a_workbook_of_their_own_are_read() -> None:
    """What stands above their header is no part of them, nor are our columns."""
    assert places(failures()) == [(FAILURES_SHEET, 4)]
    assert places(failures(merges=[Merge(1, 1, 1, 16), Merge(2, 1, 2, 16)])) == [(FAILURES_SHEET, 4)]
    assert places(failures(), SUMMARY, UNDO) == [(FAILURES_SHEET, 4)]
    assert places(failures(name="Sheet1")) == [("Sheet1", 4)]


def test_failed_orders_are_read_beside_a_sheet_without_orders() -> None:
    """Moved into a blank template, or beside a header whose rows were deleted, they are the only orders there."""
    example = [field.example for field in CARTONS.fields]
    for rows in ([LABELS], [LABELS, example]):
        checked = read(CARTONS, make_table("订单", rows), failures())
        assert [(place.sheet, place.row) for place in checked.places] == [(FAILURES_SHEET, 4)]
        assert "no_orders" in [issue.code for issue in checked.issues]


def test_failed_orders_of_another_template_are_read() -> None:
    """Its own sheet is not there any more: no order is read twice."""
    header = [field.label for field in MCF_ORDERS.fields]
    other = make_table("亚马逊", [header, ["x"] * len(header)])
    results = check([other, failures()], [MCF_ORDERS, CARTONS])
    assert [(each.template, {place.sheet for place in each.places}) for each in results] == [
        ("lingxing-mcf", {"亚马逊"}),
        ("cartons", {FAILURES_SHEET}),
    ]


def test_of_several_sheets_of_failed_orders_the_first_is_read() -> None:
    """The results of 失败明细 bring one more behind it, 失败明细 (2), with what still fails."""
    assert places(failures(), failures(name=f"{FAILURES_SHEET} (2)")) == [(FAILURES_SHEET, 4)]


@pytest.mark.parametrize("orders", [ORDERS, failures()])
def test_failed_orders_without_their_title_are_passed_over_with_a_warning(orders: Table) -> None:
    """Somebody deleted the lines above the header: it may be a sheet of the merchant's own, so that is said."""
    name = f"{FAILURES_SHEET} (2)" if orders is not ORDERS else FAILURES_SHEET
    checked = read(CARTONS, orders, failures(title="", name=name))
    assert {place.sheet for place in checked.places} == {orders.sheet}
    assert [(issue.code, issue.sheet, issue.severity) for issue in checked.issues] == [("sheet_failures", name, "warning")]


def test_a_title_that_was_moved_is_a_title() -> None:
    """A row or a column that was put before it does not matter."""
    moved = failures()
    rows = [[], *([None, *row] for row in moved.frame.values.tolist())]
    assert places(ORDERS, make_table(FAILURES_SHEET, rows)) == [("订单", 2), ("订单", 3)]


@pytest.mark.parametrize("name", [FAILURES_SHEET, "失败明细重发", SUMMARY_SHEET, UNDO_SHEET])
def test_a_sheet_of_the_merchants_that_is_called_like_ours_is_read(name: str) -> None:
    """Without our title and our columns it is his."""
    own = sheet(CARTONS, [carton_row(package="P9")], name=name)
    assert places(with_ours({}, {}), own) == [("订单", 2), ("订单", 3), (name, 2)]


def test_a_workbook_of_nothing_but_our_summary_is_refused() -> None:
    """There is no order in it, and the refusal is the same as for any other workbook without a header."""
    checked = examine(CARTONS, SUMMARY, UNDO)
    assert checked.refused is not None
    assert checked.refused.code == "no_header"
