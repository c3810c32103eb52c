"""Which sheets are read, and what is said of the others and of rows and columns that nobody may see."""

import pytest
from making import CARTONS, carton_row, mcf_row, sheet

from bulkorders.core.check import check
from bulkorders.core.checked import Checked
from bulkorders.core.table import Table, make_table
from bulkorders.providers.lingxing.fields import MCF_ORDERS

REAL = sheet(MCF_ORDERS, [mcf_row()], name="订单")


def said(checked: Checked) -> list[tuple[str, str | None]]:
    """Codes and sheets of all that is said."""
    return [(issue.code, issue.sheet) for issue in checked.issues]


@pytest.mark.parametrize("name", ["示例", "填写示例", "样例数据", "范例", "样表", "Example", " sample ", "Demo"])
def test_an_example_sheet_is_not_imported(name: str) -> None:
    """It has the same header and plausible orders; that it was passed over is said."""
    (checked,) = check([sheet(MCF_ORDERS, [mcf_row(order_id="E1")], name=name), REAL], [MCF_ORDERS])
    assert [place.sheet for place in checked.places] == ["订单"]
    assert said(checked) == [("sheet_example", name)]


@pytest.mark.parametrize("name", ["样品", "Sample orders", "Sheet1", "订单示意"])
def test_orders_of_samples_are_orders(name: str) -> None:
    """Only a name that says example is one."""
    (checked,) = check([sheet(MCF_ORDERS, [mcf_row()], name=name)], [MCF_ORDERS])
    assert len(checked.places) == 1


def test_a_file_of_nothing_but_examples_is_refused_and_says_so() -> None:
    """Somebody filled in the example sheet: he is told to rename it."""
    (checked,) = check([sheet(MCF_ORDERS, [mcf_row()], name="示例")], [MCF_ORDERS])
    assert checked.refused is not None
    assert checked.refused.code == "no_header"
    assert "改名" in checked.refused.message.zh


@pytest.mark.parametrize("table", [make_table("S", []), make_table("S", [["随便"]]), make_table("S", [["a", "b"], [1, 2]])])
def test_a_refused_file_always_says_how_far_its_nearest_row_goes(table: Table) -> None:
    """However little that is; a sheet without cells lacks everything too."""
    (checked,) = check([table], [CARTONS, MCF_ORDERS])
    assert checked.refused is not None
    assert checked.refused.best_header is not None
    assert checked.refused.best_header.matched == ()


def test_a_header_that_comes_again_is_no_order() -> None:
    """As at the top of each printed page; said and skipped."""
    header = [field.label for field in MCF_ORDERS.fields]
    rows = [[mcf_row(order_id=name)[field.name] for field in MCF_ORDERS.fields] for name in ("A1", "A2")]
    (checked,) = check([make_table("S", [header, rows[0], [f"{label} *" for label in header], rows[1]])], [MCF_ORDERS])
    assert [place.row for place in checked.places] == [2, 4]
    assert [(issue.code, issue.row) for issue in checked.issues] == [("header_row", 3)]


def test_hidden_rows_are_read_and_that_is_said() -> None:
    """Only those with orders, as ranges."""
    rows = [carton_row(package=f"P{number}") for number in range(5)]
    plain = sheet(CARTONS, rows)
    table = Table(plain.sheet, plain.frame, hidden_rows=(3, 4, 6, 99))
    (checked,) = check([table], [CARTONS])
    assert len(checked.places) == 5
    (issue,) = [issue for issue in checked.issues if issue.code == "rows_hidden"]
    assert "3-4、6 行" in issue.message.zh


def test_content_without_a_heading_is_said() -> None:
    """A column that has something in the orders' rows and no name is not used."""
    header = [field.label for field in CARTONS.fields]
    row = [carton_row().get(field.name) for field in CARTONS.fields]
    (checked,) = check([make_table("S", [[*header, None, None], [*row, None, "加急"]])], [CARTONS])
    (issue,) = [issue for issue in checked.issues if issue.code == "column_unnamed"]
    assert "的 O 列" in issue.message.zh


def test_lines_of_names_and_values_above_the_table_do_not_matter() -> None:
    """店铺名: 8speed-US and the like; the header is the row with the most labels."""
    above = [["店铺名：", "8speed-US"], ["订单号", "见下表", "收件人", "见下表"], []]
    (checked,) = check([sheet(MCF_ORDERS, [mcf_row()], above=above)], [MCF_ORDERS])
    assert [place.row for place in checked.places] == [5]
