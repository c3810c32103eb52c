"""Headings to fields: where the header is, which column is which field, and what is refused there."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from making import CARTONS, carton_row, cell, column_of, examine, found, mcf_row, read, sheet

from bulkorders.core.check import check
from bulkorders.core.checked import Checked
from bulkorders.core.issue import Issue
from bulkorders.core.refusal import BestHeader
from bulkorders.core.table import make_table
from bulkorders.core.template import Template
from bulkorders.providers.lingxing.fields import MCF_ORDERS

TITLE = ["亚马逊多渠道订单导入表", None, None]
NOTES = ["填写说明：\n1. 店铺名、订单号、收件人、邮编、MSKU、发货量必填\n2. 请不要改动表头", None, None]
NAMES = [field.name for field in CARTONS.fields]


def values(checked: Checked) -> dict[str, list[Any]]:
    """The typed columns, those without any value left out."""
    return {name: column for name, column in checked.columns.items() if any(value is not None for value in column)}


def renamed(labels: dict[str, str], *, template: Template = CARTONS, row: dict[str, Any] | None = None) -> Checked:
    """A sheet with one valid row and some headings changed."""
    valid = carton_row() if template is CARTONS else mcf_row()
    return examine(template, sheet(template, [row or valid], labels=labels))


def only(checked: Checked, code: str) -> Issue:
    """The one issue of a code."""
    (issue,) = [issue for issue in checked.issues if issue.code == code]
    return issue


# -- where the header is ------------------------------------------------------------------------------


@pytest.mark.parametrize("above", [[], [TITLE], [TITLE, NOTES], [[None], TITLE, [None], NOTES, [None]], [[None]] * 29])
def test_titles_notes_and_blank_rows_above_the_header_are_skipped(above: list[list[Any]]) -> None:
    """The header is found down to row 30, and rows keep Excel's own numbers."""
    checked = read(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row()], above=above))
    assert [place.row for place in checked.places] == [len(above) + 2]
    assert checked.value(0, "order_id") == "A1"


def test_a_header_below_row_30_is_not_looked_for() -> None:
    """Such a file is refused as one without a header."""
    checked = examine(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row()], above=[[None]] * 30))
    assert checked.refused is not None
    assert checked.refused.code == "no_header"


def test_a_row_of_instructions_that_names_the_columns_is_no_header() -> None:
    """Separate short cells that match make the header, not words within a long text."""
    instructions = ["店铺名：" + "与领星里的完全一致，" * 8, "订单号", "收件人"]
    checked = read(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row()], above=[instructions]))
    assert [place.row for place in checked.places] == [3]


@pytest.mark.parametrize(("known", "belongs"), [(13, True), (7, True), (6, False), (0, False)])
def test_half_of_the_required_labels_make_a_sheet_the_templates(known: int, belongs: bool) -> None:
    """Of 13 required labels 7 are enough for the missing ones to be named; with fewer the sheet is another one."""
    fields = [field.name for field in MCF_ORDERS.fields if field.required][:known]
    checked = examine(MCF_ORDERS, make_table("S", [["x", *(MCF_ORDERS[name].label for name in fields)], ["1"] * (len(fields) + 1)]))
    refused = checked.refused and checked.refused.code
    assert refused == (None if known == 13 else "missing_column" if belongs else "no_header")


def test_a_refused_file_says_how_far_its_best_header_goes() -> None:
    """Sheet, row, matched and missing labels, in the template's spelling."""
    table = make_table("订单", [[None] * 3, ["店铺名*", "订单号", "数目"], ["8speed-US", "A1", 1]])
    (checked,) = check([make_table("空", []), table], [MCF_ORDERS])
    assert checked.template == "lingxing-mcf"
    assert checked.refused is not None
    assert checked.refused.best_header is not None
    best = checked.refused.best_header
    assert (best.sheet, best.row) == ("订单", 2)
    assert best.matched == ("店铺名", "订单号")
    assert set(best.matched) | set(best.missing) == {field.label for field in MCF_ORDERS.fields if field.required}


def test_a_file_without_any_heading_is_refused() -> None:
    """No template is named for it; the nearest row is, with all that it lacks."""
    (checked,) = check([make_table("S", [["a", "b"], [1, 2]])], [MCF_ORDERS])
    assert checked.template is None
    assert checked.refused is not None
    assert checked.refused.code == "no_header"
    assert checked.refused.best_header == BestHeader("S", 1, (), MCF_ORDERS.required_labels)


def test_the_template_whose_headings_match_best_reads_the_sheet() -> None:
    """The position of a sheet does not matter, nor that of a template."""
    tables = [sheet(CARTONS, [carton_row()], name="箱"), sheet(MCF_ORDERS, [mcf_row()], name="单")]
    for templates in ([MCF_ORDERS, CARTONS], [CARTONS, MCF_ORDERS]):
        results = check(tables, templates)
        assert {checked.template: [place.sheet for place in checked.places] for checked in results} == {
            "lingxing-mcf": ["单"],
            "cartons": ["箱"],
        }


# -- which column is which field ------------------------------------------------------------------------------


@given(st.permutations(NAMES), st.lists(st.sampled_from(["P1", "P2", "P3"]), min_size=1, max_size=4))
def test_the_order_of_columns_does_not_matter(names: list[str], packages: list[str]) -> None:
    """Property: shuffled columns give the same typed columns, places and issues."""
    rows = [carton_row(package=package, quantity=n, day="2025/4/9", worth="x" if n == 2 else 1.5) for n, package in enumerate(packages, 1)]
    straight, shuffled = (read(CARTONS, sheet(CARTONS, rows, fields=fields)) for fields in (NAMES, names))
    assert shuffled.columns == straight.columns
    assert shuffled.places == straight.places
    assert shuffled.bad == straight.bad
    assert [(i.code, i.row, i.field) for i in shuffled.issues] == [(i.code, i.row, i.field) for i in straight.issues]


def test_api_names_are_headings() -> None:
    """A sheet headed by the API's own names reads like one headed by labels."""
    api = {field.name: field.api_labels[-1] for field in CARTONS.fields}
    row = carton_row(net="0.5", remark="r", insured="是")
    assert read(CARTONS, sheet(CARTONS, [row], labels=api)).columns == read(CARTONS, sheet(CARTONS, [row])).columns


def test_an_unknown_column_is_a_note() -> None:
    """It is not used, and said so; its content is never an order's."""
    checked = renamed({"remark": "跟单员"}, row=carton_row(remark="x"))
    assert checked.refused is None
    assert found(checked.issues, notes=True) == [("column_unknown", "E1")]
    assert "remark" not in values(checked)


def test_empty_heading_cells_are_no_columns() -> None:
    """A blank cell in the header names nothing; what stands below it is not read."""
    checked = renamed({"remark": " "}, row=carton_row(remark="x"))
    assert checked.refused is None
    assert "remark" not in values(checked)


def test_the_same_heading_twice_is_an_error() -> None:
    """Also by an alias or an API name: nobody knows which column is meant."""
    for label in ("数量", "件数", "* 数 量", "Quantity"):
        checked = renamed({"remark": label})
        assert checked.refused is not None
        issue = only(checked, "duplicate_column")
        assert issue.column == "J"
        assert "E" in issue.message.zh


# -- slips ------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["发貨量", "發貨量", "发货数", "发货量数", "发货里"])
def test_a_slip_in_a_required_heading_is_refused_with_the_right_name(typed: str) -> None:
    """The missing column is named, and the heading that comes nearest with its cell."""
    checked = renamed({"quantity_shipped": typed}, template=MCF_ORDERS)
    assert checked.refused is not None
    assert checked.refused.code == "missing_column"
    issue = only(checked, "missing_column")
    place = f"{issue.column}1"
    assert issue.label == typed
    assert place == "V1"
    for text in issue.message:
        assert "发货量" in text
        assert typed in text
        assert "V1" in text


def test_a_missing_required_column_is_an_error_of_its_own() -> None:
    """Each missing column is named, and a heading that is already another column is not proposed for renaming."""
    fields = [name for name in NAMES if name not in ("sku", "carton")]
    checked = examine(CARTONS, sheet(CARTONS, [carton_row()], fields=fields))
    missing = [issue.field for issue in checked.issues if issue.code == "missing_column"]
    assert missing == ["carton", "sku"]
    assert checked.refused is not None
    assert checked.refused.best_header is not None
    assert checked.refused.best_header.missing == ("箱号", "SKU")


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("phone_number", "電話號碼"), ("phone_number", "电话号"), ("declared_currency", "申报货帀"), ("address2", "地扯2"),
        ("remark_for_packing", "装箱单一装箱单备注"), ("delivery_service", "配送服努"),
    ],
)  # fmt: skip
def test_a_slip_in_an_optional_heading_is_an_error(field: str, typed: str) -> None:
    """Never a silently empty column: the right name is proposed."""
    checked = renamed({field: typed}, template=MCF_ORDERS)
    assert checked.refused is not None
    assert checked.refused.code == "near_label"
    issue = only(checked, "near_label")
    assert cell(issue) == f"{'ABCDEFGHIJKLMNOPQRSTUVWX'[column_of(MCF_ORDERS, field) - 1]}1"
    assert MCF_ORDERS[field].label in issue.message.zh
    assert not any(other.code == "column_unknown" and other.column == issue.column for other in checked.issues)


def test_a_heading_like_that_of_a_column_which_is_there_is_a_note() -> None:
    """`地址3` beside 地址1 and 地址2 is a column of the merchant's own."""
    checked = renamed({"remark": "地址3", "delivery_service": "电话号码2"}, template=MCF_ORDERS)
    assert checked.refused is None
    assert [issue.code for issue in checked.issues] == ["column_unknown", "column_unknown"]


# -- units ------------------------------------------------------------------------------


@pytest.mark.parametrize("label", ["箱重(kg)", "箱重（KG）", "箱重(千克)", "箱重(公斤)", "*箱重 (Kg)", "箱重", "箱重(必填)"])
def test_spellings_of_the_fields_own_unit_match(label: str) -> None:
    """kg, KG, 千克 and 公斤 are the same; no unit is the field's."""
    checked = renamed({"weight": label})
    assert checked.refused is None
    assert checked.columns["weight"] == [Decimal("12.5")]
    assert found(checked.issues, notes=True) == []


@pytest.mark.parametrize(
    ("field", "label", "raw", "value"),
    [
        ("weight", "箱重(g)", 12500, "12.5"), ("weight", "箱重（克）", "1", "0.001"), ("weight", "箱重(吨)", 0.0125, "12.5"),
        ("length", "箱长(mm)", 405, "40.5"), ("length", "箱长(毫米)", "1", "0.1"), ("length", "箱长(m)", 0.4, "40"),
        ("length", "箱长（米）", "0.405", "40.5"),
        ("net", "单件重量(g)", 0.1 + 0.2, "0.0003"),
    ],
)  # fmt: skip
def test_metric_relatives_are_converted_exactly_and_that_is_said(field: str, label: str, raw: object, value: str) -> None:
    """Grams, millimetres and metres become the field's unit, with a note at the heading."""
    checked = renamed({field: label}, row=carton_row(**{field: raw}))
    assert checked.refused is None
    assert checked.columns[field] == [Decimal(value)]
    issue = only(checked, "unit_converted")
    assert (issue.row, issue.field, issue.severity) == (1, field, "note")
    assert str(CARTONS[field].unit) in issue.message.zh


@given(st.decimals(0, 10**9, allow_nan=False, allow_infinity=False).filter(lambda number: len(format(number, "f")) <= 38))
@example(number=Decimal("1.234567890123456789012345678901234567"))
def test_conversion_loses_no_digit(number: Decimal) -> None:
    """Property: grams are kilograms with the point moved by three, whatever the number of digits."""
    checked = renamed({"weight": "箱重(g)"}, row=carton_row(weight=format(number, "f")))
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    assert checked.columns["weight"] == [Decimal((sign, digits, exponent - 3))]


@pytest.mark.parametrize(
    ("field", "label", "units"),
    [
        ("weight", "箱重(lb)", ("lb", "kg")), ("weight", "箱重（磅）", ("磅", "kg")), ("length", "箱长(in)", ("in", "cm")),
        ("length", "箱长(英寸)", ("英寸", "cm")), ("worth", "申报单价(RMB)", ("RMB", "USD")),
        ("worth", "申报单价（人民币）", ("人民币", "USD")),
        ("weight", "箱重(cm)", ("cm", "kg")), ("weight", "箱重(斤)", ("斤", "kg")),
    ],
)  # fmt: skip
def test_other_units_and_currencies_are_refused_naming_both(field: str, label: str, units: tuple[str, str]) -> None:
    """Pounds, inches and other currencies are never taken for ours."""
    checked = renamed({field: label})
    assert checked.refused is not None
    assert checked.refused.code == "unit_mismatch"
    issue = only(checked, "unit_mismatch")
    assert (issue.row, issue.field) == (1, field)
    assert all(unit in issue.message.zh for unit in units)


def test_a_unit_where_the_field_has_none_is_refused() -> None:
    """A count in kilograms is no count."""
    checked = renamed({"quantity": "数量(kg)"})
    assert checked.refused is not None
    assert checked.refused.code == "unit_unwanted"


def test_a_text_in_another_unit_is_refused() -> None:
    """`100*50*20` in millimetres cannot be converted exactly, so it is not taken for centimetres, nor does it raise."""
    checked = renamed({"size": "包装尺寸(mm)"}, row=carton_row(size="100*50*20"))
    assert checked.refused is not None
    assert checked.refused.code == "unit_mismatch"


def test_a_unit_row_beneath_the_header_counts_the_same() -> None:
    """Its units are converted or refused like those in brackets, and it is no row of data."""
    bare = {"weight": "箱重", "length": "箱长", "worth": "申报单价", "net": "单件重量"}
    units: list[Any] = [None] * len(NAMES)
    for field, unit in {"weight": "g", "length": "（mm）", "worth": "USD", "net": "公斤"}.items():
        units[NAMES.index(field)] = unit
    row = carton_row(weight=12500, length=400, worth=2, net=1)
    checked = read(CARTONS, sheet(CARTONS, [row], labels=bare, between=[units]))
    assert [place.row for place in checked.places] == [3]
    assert {name: checked.columns[name] for name in bare} == {
        "weight": [Decimal("12.5")], "length": [Decimal(40)], "worth": [Decimal(2)], "net": [Decimal(1)],
    }  # fmt: skip
    assert sorted(issue.field or "" for issue in checked.issues if issue.code == "unit_converted") == ["length", "weight"]
    units[NAMES.index("weight")] = "磅"
    refused = examine(CARTONS, sheet(CARTONS, [row], labels=bare, between=[units])).refused
    assert refused is not None
    assert refused.code == "unit_mismatch"


def test_a_row_of_data_is_no_unit_row() -> None:
    """A first row that holds anything besides units is data."""
    checked = read(CARTONS, sheet(CARTONS, [carton_row(remark="kg")]))
    assert [place.row for place in checked.places] == [2]
