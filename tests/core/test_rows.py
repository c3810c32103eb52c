"""Which rows are data: not the example, not the footer, not the empty ones; and nothing with an item in it is passed over."""

from typing import Any

import pytest
from making import CARTONS, carton_row, column_of, found, mcf_row, orders_of, read, sheet

from bulkorders.core.table import Merge
from bulkorders.providers.lingxing.fields import MCF_ORDERS

EXAMPLE = {field.name: field.example for field in MCF_ORDERS.fields}
ALL = [field.name for field in MCF_ORDERS.fields]
KEY_FIRST = ["order_id", *(name for name in ALL if name != "order_id")]
BLANK: dict[str, Any] = {}


OTHERS = [field.name for field in MCF_ORDERS.fields if field.name != "order_id"]


def rows_read(*rows: dict[str, Any], fields: list[str] = ALL) -> tuple[list[int], list[tuple[str, str | None]]]:
    """Excel's numbers of the rows of data, and what is said of rows."""
    checked = read(MCF_ORDERS, sheet(MCF_ORDERS, rows, fields=fields))
    said = found((issue for issue in checked.issues if issue.row and not issue.column), notes=True)
    return [place.row for place in checked.places], said


# -- the example row ------------------------------------------------------------------------------


def test_the_templates_example_row_is_skipped_with_a_note() -> None:
    """Whoever leaves it in the sheet does not order it."""
    assert rows_read(EXAMPLE, mcf_row()) == ([3], [("example_row", "2")])


def test_the_example_row_is_recognised_by_its_values() -> None:
    """Typed numbers, other spellings of a day, and blanks in it are the example still."""
    spelt = {
        **EXAMPLE,
        "quantity_shipped": 1,
        "declared_value": 1.23,
        "date_for_packing": "2022/12/9",
        "is_blank_box": False,
        "remark": None,
    }
    assert rows_read(spelt, mcf_row()) == ([3], [("example_row", "2")])


@pytest.mark.parametrize("changed", [{"quantity_shipped": 2}, {"receiver": "Li Lei"}, {"msku": "REAL-1"}, {"quantity_shipped": "x"}])
def test_a_changed_example_row_is_an_error(changed: dict[str, Any]) -> None:
    """Somebody typed over it: it is neither sent under the example's number nor silently skipped."""
    orders = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [{**EXAMPLE, **changed}, mcf_row()]))
    first = orders.orders[0]
    assert not first.is_valid
    assert ("example_changed", "C2") in found(first.issues)
    assert [order.display for order in orders.valid] == ["A1"]


def test_a_row_with_the_examples_values_and_its_own_number_is_data() -> None:
    """Only the example's order number makes the example."""
    assert rows_read({**EXAMPLE, "order_id": "A7"}) == ([2], [])


# -- footers ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "合计", "合计：12", "合计 12", "总计", "小计", "制单人：张三", "制单员: 李四", "制表人：王五",
        "审核：", "说明：请勿改动", "备注：加急", "日期：2025-04-09",
        "注：以上为本周订单", "以上合计 12 件", "Total", "TOTAL: 12",
        "Grand Total", "Subtotal:", "填写说明", "總計", "　合计", "合计（件）",
    ],
)  # fmt: skip
def test_footers_are_skipped_with_a_note(text: str) -> None:
    """Sums, names and remarks below the table are no orders."""
    assert rows_read(mcf_row(), {"store_name": text, "quantity_shipped": 12}) == ([2], [("footer_row", "3")])


@pytest.mark.parametrize(
    "text", ["合计", "总计", "制单人", "合计：12", "制单人：张三", "说明：请勿改动", "审核人：李四 2025-04-09", "Total: 12"]
)
def test_a_footer_may_stand_below_the_order_numbers(text: str) -> None:
    """Where the order number is the sheet's first column, a footer's word in it is no order number."""
    assert rows_read(mcf_row(), {"order_id": text, "quantity_shipped": 12}, fields=KEY_FIRST) == ([2], [("footer_row", "3")])


def test_the_word_of_a_footer_may_stand_beside_its_sum() -> None:
    """合计 in the column left of the quantities is a footer too."""
    assert rows_read(mcf_row(), {"msku": "合计", "quantity_shipped": 12}) == ([2], [("footer_row", "3")])


@pytest.mark.parametrize(
    "msku", ["SUMMER-1", "SUM-41", "NOTEBOOK-A5", "NOTE-9", "TOTAL-KIT", "Note9-CASE", "SUM41-CD", "total2-red", "日期贴纸", "合计算器"]
)
def test_an_item_without_an_order_number_is_no_footer(msku: str) -> None:
    """An MSKU that begins like a footer's word is an item whose order is unknown: an error, never a note."""
    orders = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row(), {"msku": msku, "quantity_shipped": 2}]))
    assert ("row_without_order", "C3") in found(orders.issues)
    assert orders.valid == ()


@pytest.mark.parametrize("number", ["合计-1", "TOTAL-77", "SUM1", "备注单1"])
def test_an_order_number_that_begins_like_a_footer_is_an_order(number: str) -> None:
    """A whole valid row is an order, whatever its number."""
    orders = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row(order_id=number)]))
    assert [order.display for order in orders.valid] == [number]


# -- empty rows ------------------------------------------------------------------------------


def test_empty_rows_count_only_between_rows_of_data() -> None:
    """Blank rows before the first and behind the last are the sheet's formatting; a footer is no data."""
    rows = [BLANK, mcf_row(), BLANK, {"remark": " \u3000"}, mcf_row(order_id="A2"), BLANK, {"store_name": "合计"}, BLANK]
    orders = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, rows))
    assert orders.rows == {"read": 2, "blank": 2, "valid": 2, "invalid": 0}
    assert [[place.row for place in order.places] for order in orders.orders] == [[3], [6]]


def test_a_row_filled_only_by_a_merge_is_empty() -> None:
    """A merged order number over an empty row does not make an item of it."""
    column = column_of(CARTONS, "package")
    rows = [carton_row(), BLANK, carton_row(package=None, sku="B")]
    orders = orders_of(CARTONS, sheet(CARTONS, rows, merges=[Merge(2, column, 4, column)]))
    assert orders.rows == {"read": 2, "blank": 1, "valid": 2, "invalid": 0}
    assert len(orders.valid) == 1


def test_content_outside_the_template_alone_makes_no_order() -> None:
    """A remark of the merchant's own beside an empty row is a note."""
    checked = read(CARTONS, sheet(CARTONS, [carton_row(), {"remark": "call me"}], labels={"remark": "跟单"}))
    assert [place.row for place in checked.places] == [2]
    assert ("row_outside", "3") in found(checked.issues, notes=True)


def test_a_sheet_with_nothing_but_a_header_says_so() -> None:
    """No orders is a warning, not an error."""
    checked = read(MCF_ORDERS, sheet(MCF_ORDERS, []))
    assert [(issue.code, issue.severity) for issue in checked.issues] == [("no_orders", "warning")]
    assert checked.places == []


@pytest.mark.parametrize("text", ["备注：易碎", "注意：轻放", "合计", "Total: 12", "日期：今天"])
def test_a_row_that_names_goods_is_no_footer(text: str) -> None:
    """A line of an order whose first cell begins like a footer is a row without an order, which holds the order above."""
    orders = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row(), mcf_row(store_name=text, order_id=None, msku="B")]))
    assert "row_without_order" in {issue.code for issue in orders.issues}
    assert orders.valid == ()


@pytest.mark.parametrize("order", ["Total 12", "SUM", "合计 3", "日期0409"])
def test_a_whole_order_is_no_footer_whatever_its_number(order: str) -> None:
    """Who is sent goods under an odd number gets them all the same."""
    orders = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row(order_id=order)], fields=["order_id", *OTHERS]))
    assert [found.display for found in orders.valid] == [order]
