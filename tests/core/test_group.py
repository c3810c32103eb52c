"""Rows to orders: which rows are one order, what blanks take, what conflicts, and that one bad row holds its whole order."""

from typing import Any

import pytest
from making import CARTONS, carton_row, found, mcf_row, orders_of, sheet

from bulkorders.core.check import check
from bulkorders.core.group import Orders, group
from bulkorders.core.issue import Issue
from bulkorders.core.payload import build, fingerprint, identity
from bulkorders.providers.lingxing.fields import MCF_ORDERS


def cartons(*rows: dict[str, Any], **options: Any) -> Orders:
    """The orders of rows of CARTONS."""
    return orders_of(CARTONS, sheet(CARTONS, rows, **options))


def rows_of(orders: Orders) -> dict[str, list[int]]:
    """Excel's numbers of the rows of each order."""
    return {order.display: [place.row for place in order.places] for order in orders.orders}


def only(orders: Orders, code: str) -> Issue:
    """The one issue of a code."""
    (issue,) = [issue for issue in orders.issues if issue.code == code]
    return issue


# -- which rows are one order ------------------------------------------------------------------------------


def test_rows_with_equal_keys_are_one_order() -> None:
    """All key fields count: the same package number at another shop is another order."""
    orders = cartons(carton_row(), carton_row(sku="B"), carton_row(shop="LAX9"), carton_row(package="P2"))
    assert [order.key for order in orders.orders] == [
        {"shop": "ONT8", "package": "P1"}, {"shop": "LAX9", "package": "P1"}, {"shop": "ONT8", "package": "P2"},
    ]  # fmt: skip
    assert [len(order.places) for order in orders.valid] == [2, 1, 1]
    assert orders.orders[0].labelled_key == {"仓库代码": "ONT8", "包裹ID": "P1"}


@pytest.mark.parametrize("spelling", [1000796, 1000796.0, "1000796", " 1000796 ", "１０００７９６", "1000796\t"])
def test_spellings_of_one_key_are_one_order(spelling: object) -> None:
    """Number or text, width and blanks: the typed value is the key."""
    assert rows_of(cartons(carton_row(package="1000796"), carton_row(package=spelling, sku="B"))) == {"1000796": [2, 3]}


def test_letters_of_a_key_keep_their_case() -> None:
    """`a1` and `A1` are two orders: remotes tell them apart."""
    assert rows_of(cartons(carton_row(package="a1"), carton_row(package="A1"))) == {"a1": [2], "A1": [3]}


def test_cartons_with_equal_keys_are_one_and_skus_are_one_a_row() -> None:
    """The tree of three levels: two cartons, of which the first has two SKUs, equal ones too."""
    rows = [carton_row(), carton_row(weight=None), carton_row(carton="2", sku="B", weight=3)]
    (order,) = cartons(*rows).valid
    boxes = order.root.children["Boxes[]"]
    assert [box.values["carton"] for box in boxes] == ["1", "2"]
    assert [[item.values["sku"] for item in box.children["Boxes[].Goods[]"]] for box in boxes] == [["SKU-1", "SKU-1"], ["B"]]


def test_carton_numbers_are_their_orders_own() -> None:
    """Carton 1 of one order is not carton 1 of the next."""
    orders = cartons(carton_row(), carton_row(package="P2", weight=99))
    assert [order.root.children["Boxes[]"][0].values["weight"] for order in orders.valid] == [12.5, 99]


def test_rows_apart_are_one_order_with_a_warning() -> None:
    """Another order between them may be a slip, so it is said once, at the first row apart."""
    orders = cartons(carton_row(), carton_row(package="P2"), carton_row(sku="B"), carton_row(package="P2", sku="C"), carton_row(sku="D"))
    assert rows_of(orders) == {"P1": [2, 4, 6], "P2": [3, 5]}
    assert found(orders.issues) == [("rows_apart", "B4"), ("rows_apart", "B5")]
    assert len(orders.valid) == 2


def test_rows_on_two_sheets_are_one_order_with_a_warning() -> None:
    """Each place keeps its sheet."""
    orders = orders_of(CARTONS, sheet(CARTONS, [carton_row()], name="一"), sheet(CARTONS, [carton_row(sku="B")], name="二"))
    (order,) = orders.valid
    assert [tuple(place) for place in order.places] == [("一", 2), ("二", 2)]
    issue = only(orders, "rows_apart")
    assert (issue.sheet, issue.row, issue.severity) == ("二", 2, "warning")


def test_empty_rows_between_rows_of_an_order_do_not_part_them() -> None:
    """They are adjacent all the same."""
    assert cartons(carton_row(), {}, carton_row(sku="B")).issues == ()


# -- rows without an order ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row", [{"sku": "B", "quantity": 1}, {"remark": "x"}, carton_row(package=None), {"shop": "ONT8"}, carton_row(package="\u3000")]
)
def test_a_row_with_any_value_but_no_order_is_an_error_and_holds_the_order_above(row: dict[str, Any]) -> None:
    """It may be that order's own item: sending the order without it would be half an order."""
    orders = cartons(carton_row(package="P0"), carton_row(), row, carton_row(package="P2"))
    issue = only(orders, "row_without_order")
    assert (issue.row, issue.column, issue.field, issue.order) == (4, "B", "package", "P1")
    assert "P1" in issue.message.zh
    assert "包裹ID" in issue.message.zh
    assert [order.display for order in orders.valid] == ["P0", "P2"]
    assert orders.rows == {"read": 4, "blank": 0, "valid": 3, "invalid": 1}


def test_a_row_without_an_order_above_all_orders_holds_none() -> None:
    """There is none above on its sheet, not even on the sheet before."""
    orders = orders_of(
        CARTONS, sheet(CARTONS, [carton_row()], name="一"), sheet(CARTONS, [carton_row(package=None), carton_row(package="P2")], name="二")
    )
    issue = only(orders, "row_without_order")
    assert (issue.sheet, issue.row, issue.order) == ("二", 2, None)
    assert [order.display for order in orders.valid] == ["P1", "P2"]


def test_several_rows_without_an_order_all_hold_the_one_above() -> None:
    """Each is told."""
    orders = cartons(carton_row(), carton_row(package=None), carton_row(package=None))
    assert found(orders.issues) == [("row_without_order", "B3"), ("row_without_order", "B4")]
    assert orders.valid == ()


def test_other_key_cells_inherit_from_the_nearest_row_above_with_the_same_display_key() -> None:
    """The shop may stand once; it is that of the same package, not of the row just above."""
    orders = cartons(
        carton_row(),
        carton_row(shop="LAX9", package="P2"),
        carton_row(shop=None, sku="B"),
        carton_row(shop="LAX9"),
        carton_row(shop=None, sku="C"),
    )
    assert [(order.key["shop"], order.display, [place.row for place in order.places]) for order in orders.orders] == [
        ("ONT8", "P1", [2, 4]), ("LAX9", "P2", [3]), ("LAX9", "P1", [5, 6]),
    ]  # fmt: skip


def test_a_key_cell_blank_above_takes_the_value_from_below() -> None:
    """A merchant may fill in the shop on the last row of the order."""
    orders = cartons(carton_row(shop=None), carton_row(sku="B"))
    assert [order.key["shop"] for order in orders.valid] == ["ONT8"]


def test_a_key_blank_on_all_rows_is_missing() -> None:
    """The order is told once, at its first row."""
    orders = cartons(carton_row(shop=None), carton_row(shop=None, sku="B"))
    assert found(orders.issues) == [("required", "A2")]
    assert rows_of(orders) == {"P1": [2, 3]}


def test_a_blank_carton_number_is_an_error_and_does_not_join_cartons() -> None:
    """Two rows without one are two cartons without one."""
    orders = cartons(carton_row(), carton_row(carton=None, sku="B"), carton_row(carton=None, sku="C"))
    assert found(orders.issues) == [("required", "F3"), ("required", "F4")]
    assert orders.valid == ()


def test_a_key_that_cannot_be_read_groups_by_what_it_shows() -> None:
    """The rows are one order, which is invalid."""
    orders = cartons(carton_row(package=1.23456789012345e17), carton_row(package=1.23456789012345e17, sku="B"), carton_row())
    assert rows_of(orders) == {"123456789012345000": [2, 3], "P1": [4]}
    assert [order.display for order in orders.valid] == ["P1"]


# -- blanks and conflicts ------------------------------------------------------------------------------


def test_a_blank_takes_the_value_of_the_elements_other_rows() -> None:
    """Above or below, at the level of the order and of the carton."""
    rows = [
        carton_row(weight=None, remark=None), carton_row(remark="r", sku="B"), carton_row(weight=None, day="2025-04-09", sku="C"),
    ]  # fmt: skip
    orders = cartons(*rows)
    (order,) = orders.valid
    assert orders.issues == ()
    assert order.root.values["remark"] == "r"
    assert str(order.root.values["day"]) == "2025-04-09"
    assert order.root.children["Boxes[]"][0].values["weight"] == 12.5


def test_a_value_of_one_item_is_not_another_items() -> None:
    """Each SKU is its own row: a blank quantity is missing, not inherited."""
    assert found(cartons(carton_row(), carton_row(sku="B", quantity=None)).issues) == [("required", "J3")]


def test_a_required_field_blank_on_all_rows_is_told_at_the_elements_first_row() -> None:
    """Once for the carton, not once a row."""
    orders = cartons(carton_row(weight=None), carton_row(weight=None, sku="B"), carton_row(carton="2", sku="C"))
    assert found(orders.issues) == [("required", "G2")]


def test_an_unreadable_cell_is_not_missing_besides() -> None:
    """One fault is told once."""
    assert found(cartons(carton_row(weight="x"), carton_row(weight=None, sku="B")).issues) == [("not_number", "G2")]


def test_an_unreadable_cell_makes_no_conflict() -> None:
    """What it says is unknown, so it differs from nothing."""
    assert found(cartons(carton_row(weight="x"), carton_row(weight=3, sku="B")).issues) == [("not_number", "G2")]


@pytest.mark.parametrize(
    ("field", "one", "other"), [("remark", "r", "s"), ("insured", "是", "否"), ("day", "2025-04-09", "2025-04-10"), ("weight", 1, 2)]
)
def test_different_values_within_one_element_are_a_conflict(field: str, one: object, other: object) -> None:
    """Never does the first line win: the error stands at the cell that differs and names the other."""
    orders = cartons(carton_row(**{field: one}), carton_row(**{field: None, "sku": "B"}), carton_row(**{field: other, "sku": "C"}))
    issue = only(orders, "conflict")
    assert (issue.row, issue.field, issue.order) == (4, field, "P1")
    assert "2" in issue.message.zh
    assert orders.valid == ()


def test_every_row_that_differs_is_told() -> None:
    """Not only the first of them."""
    orders = cartons(
        carton_row(remark="a"), carton_row(remark="b", sku="B"), carton_row(remark="a", sku="C"), carton_row(remark="c", sku="D")
    )
    assert found(orders.issues) == [("conflict", "E3"), ("conflict", "E5")]


@pytest.mark.parametrize(("one", "other"), [(12.5, "12.50"), (12.5, "１２.5"), ("1,200", 1200), (0.3, 0.1 + 0.2)])
def test_spellings_of_one_value_are_no_conflict(one: object, other: object) -> None:
    """Typed values are compared, not texts."""
    assert len(cartons(carton_row(weight=one), carton_row(weight=other, sku="B")).valid) == 1


def test_a_conflict_across_sheets_names_the_sheet() -> None:
    """A row number alone would send the merchant to the wrong sheet."""
    orders = orders_of(CARTONS, sheet(CARTONS, [carton_row(remark="a")], name="一"), sheet(CARTONS, [carton_row(remark="b")], name="二"))
    assert "一" in only(orders, "conflict").message.zh


def test_different_weights_of_different_cartons_are_no_conflict() -> None:
    """A field must agree within its own level's element."""
    assert len(cartons(carton_row(), carton_row(carton="2", weight=1, sku="B")).valid) == 1


def test_fields_of_the_order_must_agree_over_its_cartons() -> None:
    """The remark is the order's, whatever the carton."""
    assert found(cartons(carton_row(remark="a"), carton_row(carton="2", remark="b")).issues) == [("conflict", "E3")]


# -- one bad row holds its whole order ------------------------------------------------------------------------------


def test_one_bad_row_holds_its_whole_order_and_no_other() -> None:
    """Rows are grouped before any is dropped: half an order is never sent."""
    orders = cartons(carton_row(), carton_row(sku="B", quantity=0), carton_row(package="P2"))
    assert [(order.display, order.is_valid) for order in orders.orders] == [("P1", False), ("P2", True)]
    assert orders.rows == {"read": 3, "blank": 0, "valid": 2, "invalid": 1}


def test_warnings_and_notes_hold_nothing() -> None:
    """The order goes out with them told."""
    orders = cartons(carton_row(remark="a\nb", sku="ＡＢ"))
    assert {issue.severity for issue in orders.issues} == {"warning", "note"}
    assert len(orders.valid) == 1
    assert orders.rows["invalid"] == 0


def test_issues_come_in_the_order_of_the_sheet_and_know_their_order() -> None:
    """Sheet by sheet, row by row, column by column."""
    rows = [carton_row(quantity="x", weight="y"), carton_row(package="P2", day="z"), carton_row(sku="B", insured="?")]
    orders = cartons(*rows)
    assert [(issue.code, issue.order) for issue in orders.issues if issue.is_error] == [
        ("not_number", "P1"), ("not_number", "P1"), ("not_date", "P2"), ("not_choice", "P1"),
    ]  # fmt: skip
    assert [issue.column for issue in orders.issues if issue.row == 2] == ["G", "J"]


def test_a_refused_file_has_no_orders() -> None:
    """Its issues are kept."""
    (checked,) = check([sheet(CARTONS, [carton_row()], labels={"weight": "箱重(磅)"})], [CARTONS])
    orders = group(CARTONS, checked)
    assert orders.orders == ()
    assert [issue.code for issue in orders.issues] == ["unit_mismatch"]
    assert orders.rows == {"read": 0, "blank": 0, "valid": 0, "invalid": 0}


# -- payload and fingerprint ------------------------------------------------------------------------------


def test_the_payload_of_an_order_of_three_levels() -> None:
    """Each field at its path; blanks left out at every depth; flags, dates and numbers as the API has them."""
    rows = [
        carton_row(insured="是", day="2025/4/9", worth="1.50"),
        carton_row(sku="B", quantity="1,200"),
        carton_row(carton="2", weight=3.0),
    ]
    (order,) = cartons(*rows).valid
    assert build(order) == {
        "Shop": "ONT8", "PackageId": "P1", "Insured": True, "Day": "2025-04-09",
        "Boxes": [
            {"No": "1", "Weight": 12.5, "Goods": [{"Sku": "SKU-1", "Quantity": 2, "Worth": 1.5}, {"Sku": "B", "Quantity": 1200}]},
            {"No": "2", "Weight": 3, "Goods": [{"Sku": "SKU-1", "Quantity": 2}]},
        ],
    }  # fmt: skip


def test_the_payload_of_a_lingxing_order() -> None:
    """`item_list` is a list of one object a row, and an absent optional field is absent."""
    optional = {field.name: None for field in MCF_ORDERS.fields if not field.required and field.name != "city"}
    rows = [mcf_row(**optional), {"order_id": "A1", "msku": "M2", "quantity_shipped": 3}]
    (order,) = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, rows)).valid
    payload = build(order)
    assert payload["item_list"] == [{"msku": "M1", "quantity_shipped": 1}, {"msku": "M2", "quantity_shipped": 3}]
    assert set(payload) == {field.path for field in MCF_ORDERS.fields if field.required and not field.level} | {"city", "item_list"}


def test_a_fingerprint_tells_other_content() -> None:
    """Any value that changes, and only that, changes it."""

    def print_of(*rows: dict[str, Any]) -> str:
        (order,) = cartons(*rows).orders
        return fingerprint(order)

    base = print_of(carton_row(), carton_row(sku="B"))
    assert base.startswith("1:")
    assert print_of(carton_row(sku="B"), carton_row(shop=" ONT8")) == base
    assert print_of(carton_row(weight="12.50", quantity=2.0), carton_row(sku="B", weight=None)) == base
    changes: list[dict[str, Any]] = [
        {"quantity": 3},
        {"sku": "C"},
        {"remark": "x"},
        {"day": "2025-04-09"},
        {"insured": "否"},
        {"carton": "2"},
        {"worth": 1},
        {"package": "P2"},
    ]
    others = [print_of(carton_row(**change)) for change in changes]
    assert len({base, print_of(carton_row()), print_of(carton_row(), carton_row()), *others}) == 3 + len(changes)


def test_an_identity_is_principal_template_and_key() -> None:
    """Not the content: a corrected order is the same order; another principal's or shop's is another."""

    def identities(principal: str, *rows: dict[str, Any]) -> set[str]:
        return {identity(principal, order) for order in cartons(*rows).orders}

    base = identities("one", carton_row())
    assert identities("one", carton_row(quantity=7, remark="x"), carton_row(sku="B")) == base
    others = [identities("two", carton_row()), identities("one", carton_row(package="P2")), identities("one", carton_row(shop="LAX9"))]
    others.append(identities("one", carton_row(shop="P1", package="ONT8")))
    assert len(base.union(*others)) == 5
    (order,) = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row(store_name="ONT8", order_id="P1")])).orders
    assert identity("one", order) not in base
