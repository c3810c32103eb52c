"""Sheets to typed rows: which sheets are read, what merged cells mean, and that no fault hides another."""

import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from making import CARTONS, carton_row, column_of, examine, found, mcf_row, orders_of, read, sheet

from bulkorders.core.check import FIRST_ROWS, check
from bulkorders.core.table import Merge, make_table
from bulkorders.providers.lingxing.fields import MCF_ORDERS

# -- sheets ------------------------------------------------------------------------------


def test_hidden_sheets_are_not_read_and_that_is_said() -> None:
    """Neither for orders nor as a reason to refuse the file."""
    checked = read(CARTONS, sheet(CARTONS, [carton_row(package="H")], name="旧", hidden=True), sheet(CARTONS, [carton_row()], name="新"))
    assert [place.sheet for place in checked.places] == ["新"]
    assert [(issue.code, issue.sheet) for issue in checked.issues] == [("sheet_hidden", "旧")]


def test_a_file_whose_only_matching_sheet_is_hidden_is_refused() -> None:
    """The note says which sheet was hidden."""
    checked = examine(CARTONS, sheet(CARTONS, [carton_row()], hidden=True))
    assert checked.refused is not None
    assert [issue.code for issue in checked.issues] == ["sheet_hidden"]


def test_several_sheets_of_one_template_are_read_in_order() -> None:
    """Each with its own order of columns; other sheets are passed over with a note."""
    names = [field.name for field in CARTONS.fields]
    first = sheet(CARTONS, [carton_row(package="P1")], name="一")
    other = make_table("说明", [["怎样填写", None], ["店铺", "见上"]])
    second = sheet(CARTONS, [carton_row(package="P2"), carton_row(package="P3")], fields=names[::-1], name="二")
    checked = read(CARTONS, first, other, second)
    assert [tuple(place) for place in checked.places] == [("一", 2), ("二", 2), ("二", 3)]
    assert checked.columns["package"] == ["P1", "P2", "P3"]
    assert [(issue.code, issue.sheet) for issue in checked.issues] == [("sheet_passed", "说明")]


def test_a_header_error_on_one_sheet_refuses_the_file() -> None:
    """A part of a workbook is never sent."""
    good, bad = sheet(CARTONS, [carton_row()], name="一"), sheet(CARTONS, [carton_row()], name="二", labels={"weight": "箱重(磅)"})
    checked = examine(CARTONS, good, bad)
    assert checked.refused is not None
    assert checked.refused.code == "unit_mismatch"
    assert checked.places == []
    assert [(issue.code, issue.sheet) for issue in checked.issues if issue.is_error] == [("unit_mismatch", "二")]


def test_sheets_of_two_templates_give_one_result_each() -> None:
    """One file may hold orders of two kinds."""
    results = check([sheet(MCF_ORDERS, [mcf_row()], name="a"), sheet(CARTONS, [carton_row()], name="b")], [MCF_ORDERS, CARTONS])
    assert [checked.template for checked in results] == ["lingxing-mcf", "cartons"]


# -- cells ------------------------------------------------------------------------------


def test_one_bad_cell_hides_no_other() -> None:
    """Unreadable cells and broken limits of one column and of one row are all told, each at its cell."""
    rows = [
        carton_row(quantity="三", weight="x"), carton_row(quantity=0), carton_row(quantity=2.5), carton_row(quantity=-1, day="03/04/2025"),
        carton_row(package=1e15), carton_row(quantity=1),
    ]  # fmt: skip
    checked = read(CARTONS, sheet(CARTONS, rows))
    assert sorted(found(checked.issues)) == [
        ("ambiguous_date", "D5"), ("digits_lost", "B6"), ("not_integer", "J4"), ("not_number", "G2"), ("not_number", "J2"),
        ("too_small", "J3"), ("too_small", "J5"),
    ]  # fmt: skip
    assert checked.bad == {
        (0, "quantity"): "三",
        (0, "weight"): "x",
        (2, "quantity"): "2.5",
        (3, "day"): "03/04/2025",
        (4, "package"): "1000000000000000",
    }


def test_an_issue_names_its_cell_as_the_merchant_sees_it() -> None:
    """Sheet, Excel's row and column, the heading as written, the field, the cell as shown."""
    (issue,) = read(CARTONS, sheet(CARTONS, [carton_row(quantity="3件")], labels={"quantity": "* 件数（必填）"}, name="订单")).issues
    assert (issue.sheet, issue.row, issue.column, issue.label) == ("订单", 2, "J", "* 件数（必填）")
    assert (issue.field, issue.value, issue.code) == ("quantity", "3件", "not_number")


def test_typed_columns_are_of_one_length_and_of_the_kinds_types() -> None:
    """The n-th entry of each column belongs to the n-th place; a missing optional column is all blank."""
    names = [field.name for field in CARTONS.fields if field.name not in ("remark", "length")]
    checked = read(CARTONS, sheet(CARTONS, [carton_row(insured="Y", worth="1.50"), carton_row()], fields=names))
    assert {len(column) for column in checked.columns.values()} == {2}
    assert checked.columns["remark"] == [None, None]
    assert checked.columns["insured"] == [True, None]
    assert checked.columns["worth"] == [Decimal("1.5"), None]
    assert checked.columns["quantity"] == [2, 2]


def test_cells_are_kept_to_be_shown() -> None:
    """As the merchant sees them, by letter: of the first rows, and further down of those with errors."""
    many = [carton_row(sku=f"S{number}") for number in range(FIRST_ROWS + 1)]
    checked = read(CARTONS, sheet(CARTONS, [*many, carton_row(quantity="x", weight=12.50)]))
    rows = [place.row for place in checked.shown]
    assert rows == [*range(2, FIRST_ROWS + 2), FIRST_ROWS + 3]
    last = list(checked.shown.values())[-1]
    assert (last["J"], last["G"]) == ("x", "12.5")


@pytest.mark.parametrize("text", ["#N/A", " #REF! ", "#VALUE!", "#DIV/0!", "#SPILL!", "########", "Err:509"])
@pytest.mark.parametrize("field", ["package", "remark", "quantity", "insured"])
def test_the_text_of_an_error_is_an_error(field: str, text: str) -> None:
    """Pasted as a value, or in a text file, it is as wrong as in its cell."""
    assert found(read(CARTONS, sheet(CARTONS, [carton_row(**{field: text})])).issues)[0][0] == "error_cell"


@pytest.mark.parametrize("text", ["1000796.0", "36003.00", "１０００７９６．０", "'1000796.0"])
def test_an_identifier_that_a_program_made_a_decimal_is_an_error_with_a_proposal(text: str) -> None:
    """`应为 1000796？`; in a remark it is a text like others, and a number is the number."""
    (issue,) = read(CARTONS, sheet(CARTONS, [carton_row(sku=text, remark=text, quantity="10000.0")])).issues
    assert (issue.code, issue.field) == ("made_a_number", "sku")
    assert f"应为 {'36003' if '36' in text else '1000796'}？" in issue.message.zh


@pytest.mark.parametrize("text", ["2.0", "12.5", "1000796.5", "V10000.0", "9503.00", "#1", "#N/A-1"])
def test_an_identifier_with_a_point_may_be_one(text: str) -> None:
    """Versions, codes of customs: nothing is said."""
    assert read(CARTONS, sheet(CARTONS, [carton_row(sku=text)])).issues == []


# -- merged cells ------------------------------------------------------------------------------


def merged(field: str, rows: list[dict[str, Any]], top: int = 2, bottom: int = 3) -> Any:
    """The orders of rows with one field merged down."""
    column = column_of(CARTONS, field)
    return orders_of(CARTONS, sheet(CARTONS, rows, merges=[Merge(top, column, bottom, column)]))


def test_merged_order_cells_give_their_value_to_every_row() -> None:
    """A package number merged over two rows makes one order of them, with a note."""
    orders = merged("package", [carton_row(), carton_row(package=None, sku="B"), carton_row(package="P2")])
    assert [[place.row for place in order.places] for order in orders.valid] == [[2, 3], [4]]
    assert ("merge_filled", "2") in found(orders.issues, notes=True)


def test_a_merged_carton_number_makes_one_carton() -> None:
    """A blank carton number is an error unless it is merged."""
    rows = [carton_row(), carton_row(carton=None, sku="B")]
    (order,) = merged("carton", rows).valid
    assert len(order.root.children["Boxes[]"]) == 1
    assert found(orders_of(CARTONS, sheet(CARTONS, rows)).issues) == [("required", "F3")]


def test_a_carton_weight_merged_over_its_rows_is_the_cartons() -> None:
    """A number of an element that has a key has one reading, merged or not."""
    (order,) = merged("weight", [carton_row(), carton_row(weight=None, sku="B")]).valid
    (carton,) = order.root.children["Boxes[]"]
    assert carton.values["weight"] == Decimal("12.5")


@pytest.mark.parametrize(("field", "value"), [("quantity", 4), ("worth", 3.5), ("net", 0.5)])
def test_merged_amounts_are_refused(field: str, value: object) -> None:
    """4 over two rows may be 4 each or 4 in all."""
    orders = merged(field, [carton_row(**{field: value}), carton_row(**{field: None, "sku": "B"})])
    assert [issue.code for issue in orders.issues if issue.is_error] == ["merge_of_amount"]
    assert orders.valid == ()


def test_a_merged_text_of_items_is_filled_down() -> None:
    """The same size for two SKUs has one reading."""
    (order,) = merged("size", [carton_row(size="1*2*3"), carton_row(size=None, sku="B")]).valid
    assert [item.values["size"] for item in order.root.below("Boxes[].Goods[]")] == ["1*2*3", "1*2*3"]


@pytest.mark.parametrize("field", ["shop", "remark", "weight", "carton"])
def test_a_merge_across_orders_is_an_error_in_each(field: str) -> None:
    """One cell cannot belong to two orders."""
    rows = [carton_row(remark="r"), carton_row(**{"package": "P2", field: None}), carton_row(package="P3")]
    orders = merged(field, rows)
    assert [order.display for order in orders.valid] == ["P3"]
    assert [issue.order for issue in orders.issues if issue.code == "merge_across_orders"] == ["P1", "P2"]


def test_a_merge_that_is_wider_than_its_column_fills_down_too() -> None:
    """Merged over two columns and two rows, the value is its first column's."""
    column = column_of(CARTONS, "package")
    rows = [carton_row(), carton_row(package=None, sku="B")]
    table = sheet(CARTONS, rows, merges=[Merge(2, column, 3, column + 1)])
    assert [[place.row for place in order.places] for order in orders_of(CARTONS, table).valid] == [[2, 3]]


def test_merges_of_the_header_and_of_titles_fill_nothing() -> None:
    """A heading merged with the cell beneath it gives no value to the first row."""
    column = column_of(CARTONS, "remark")
    checked = read(CARTONS, sheet(CARTONS, [carton_row()], merges=[Merge(1, column, 2, column), Merge(1, 1, 1, 5)]))
    assert checked.columns["remark"] == [None]


def test_merged_ranges_that_overlap_refuse_the_file() -> None:
    """Nobody can tell what such a row holds; the sentence names both ranges."""
    rows = [carton_row(), *(carton_row(package=None, sku=f"S{number}") for number in range(4))]
    column = column_of(CARTONS, "package")
    checked = examine(CARTONS, sheet(CARTONS, rows, merges=[Merge(3, column, 5, column), Merge(2, column, 4, column)]))
    assert checked.refused is not None
    assert checked.refused.code == "merges_overlap"
    assert "B2:B4 与 B3:B5" in checked.refused.message.zh


def test_a_merged_range_that_is_told_twice_is_one() -> None:
    """Some exports write each range once for every row."""
    column = column_of(CARTONS, "package")
    table = sheet(CARTONS, [carton_row(), carton_row(package=None, sku="B")], merges=[Merge(2, column, 3, column)] * 2)
    orders = orders_of(CARTONS, table)
    assert [[place.row for place in order.places] for order in orders.valid] == [[2, 3]]
    assert found(orders.issues, notes=True).count(("merge_filled", "2")) == 1


def test_a_merged_range_costs_the_rows_that_are_there() -> None:
    """Whatever its reach: a thousand columns' worth of ranges down to the last row of Excel are checked at once."""
    names = [field.name for field in CARTONS.fields]
    table = make_table("S", [[field.label for field in CARTONS.fields], [carton_row().get(name) for name in names]])
    far = [Merge(2 + at, column, 1_048_576 + at, column) for at in range(2000) for column in range(1, len(names) + 1)]
    start = time.process_time()
    checked = examine(CARTONS, replace(table, merges=tuple(far)))
    assert checked.refused is not None
    read(CARTONS, replace(table, merges=tuple(far[: len(names)])))
    assert time.process_time() - start < 2
