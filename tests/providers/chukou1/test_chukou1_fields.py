"""The template chukou1-fba: the vendor page's fields, every one, in its three levels, and what is said of their cells."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal as Exact
from typing import Any

import pytest
from making import column_of, examine, orders_of, read, sheet

from bulkorders.core.cell import column_letter, is_blank
from bulkorders.core.issue import Issue, Severity
from bulkorders.core.kinds import Decimal, Flag, Integer, Text
from bulkorders.core.payload import encode
from bulkorders.core.table import Merge
from bulkorders.providers.chukou1.fields import CARTONS, FBA_ORDERS, SKUS
from bulkorders.providers.chukou1.places import WITHOUT_ASIN, market_of

ORDER_PAGE = """
WarehouseCode  string  必须  -
ShipmentId     string  必须  15
ReferenceId    string  必须  12
PackageId      string  必须  50
Location       string  必须  20
ServiceCode    string  必须  30
ContainerInfos list    必须  -
Custom         string  选填  1000
VatCode        string  选填  -
Remark         string  选填  1000
"""
"""The table of the vendor's page 创建FBA订单: 名称, 类型, 是否必须, the longest length of 格式要求."""
CONTAINER_PAGE = """
CustomContainerNo string  必须  -
Weight            number  必须  -
Length            number  必须  -
Width             number  必须  -
Height            number  必须  -
SkuInfos          list    必须  -
"""
SKU_PAGE = """
Sku            string  必须  100
Picture        string  必须  200
Charged        boolean 选填  -
ASINCode       string  选填  50
ModelName      string  必须  -
DeclareNameEN  string  必须  -
DeclareNameCN  string  必须  -
Quantity       number  必须  -
DeclareValue   number  必须  -
MaterialEN     string  必须  -
MaterialCN     string  必须  -
PurposeEN      string  必须  -
PurposeCN      string  必须  -
BrandName      string  必须  -
Weight         number  必须  -
Packing        string  必须  -
HsCode         string  必须  -
"""
"""The objects within: names, order and JSON types from the page's sample request, the rest from the vendor's pages of SkuInfo."""
SAMPLE = json.loads("""{"WarehouseCode": "s", "ShipmentId": "s", "ReferenceId": "s", "PackageId": "s", "Location": "s", "ServiceCode": "s",
"ContainerInfos": [{"CustomContainerNo": "s", "Weight": 2, "Length": 3, "Width": 4, "Height": 5, "SkuInfos": [{"Sku": "s", "Picture": "s",
"Charged": true, "ASINCode": "s", "ModelName": "s", "DeclareNameEN": "s", "DeclareNameCN": "s", "Quantity": 8, "DeclareValue": 9,
"MaterialEN": "s", "MaterialCN": "s", "PurposeEN": "s", "PurposeCN": "s", "BrandName": "s", "Weight": 15, "Packing": "s", "HsCode": "s"}]}],
"Custom": "s", "VatCode": "s", "Remark": "s"}""")
"""输入参数的json形式, one element of each list."""
LABELS = """
FBA仓库代码 货件编号 亚马逊参考编号 包裹ID 处理点 发货服务代码 客户自定义 VAT号 备注
箱号 箱重(kg) 箱长(cm) 箱宽(cm) 箱高(cm)
SKU 图片链接 是否带电 ASIN 型号 英文申报名称 中文申报名称 数量 申报价值(USD)
英文材质 中文材质 英文用途 中文用途 品牌 单件重量(kg) 包装尺寸(cm) 海关编码
""".split()
FIELDS = FBA_ORDERS.fields
Said = list[tuple[str, str | None]]


def page_rows() -> Iterator[list[str]]:
    """The rows of the pages but those of lists, each with the path of its field."""
    for prefix, page in (("", ORDER_PAGE), (f"{CARTONS}.", CONTAINER_PAGE), (f"{SKUS}.", SKU_PAGE)):
        for name, *rest in map(str.split, page.strip().splitlines()):
            if rest[0] != "list":
                yield [prefix + name, *rest]


PAGE_ROWS = list(page_rows())


def fba_row(**changed: Any) -> dict[str, Any]:
    """A valid row by field name: the example with a real 包裹ID."""
    return {field.name: field.example for field in FIELDS} | {"package_id": "P1"} | changed


def issues_of(*rows: Mapping[str, Any], **how: Any) -> tuple[Issue, ...]:
    """What is said of rows, notes apart."""
    return tuple(issue for issue in orders_of(FBA_ORDERS, sheet(FBA_ORDERS, rows, **how)).issues if issue.severity != "note")


def said(*rows: Mapping[str, Any], **how: Any) -> Said:
    """Code and field of each issue of rows."""
    return [(issue.code, issue.field) for issue in issues_of(*rows, **how)]


def errors(*rows: Mapping[str, Any]) -> Said:
    """Code and field of each error of rows."""
    return [(issue.code, issue.field) for issue in issues_of(*rows) if issue.is_error]


def at(name: str, row: int) -> str:
    """Excel's name of a field's cell."""
    return f"{column_letter(column_of(FBA_ORDERS, name))}{row}"


def cells(issues: tuple[Issue, ...]) -> list[tuple[str, str]]:
    """Code and cell of each issue."""
    return [(issue.code, f"{issue.column}{issue.row}") for issue in issues]


def merge(name: str, top: int, bottom: int) -> Merge:
    """A merged cell of a field's column."""
    column = column_of(FBA_ORDERS, name)
    return Merge(top, column, bottom, column)


# -- the page ----------------------------------------------------------------------------------------------------------------
def test_every_field_of_the_page_has_its_column() -> None:
    """Path and required mark are the page's, level by level in the page's order; none is dropped and none made up."""
    assert [[field.path, "必须" if field.required else "选填"] for field in FIELDS] == [[row[0], row[2]] for row in PAGE_ROWS]
    assert len(FIELDS) == 31


def test_the_pages_tables_name_what_its_sample_names() -> None:
    """The lists of this test are those of the sample request, in its order."""

    def names(page: str) -> list[str]:
        return [line.split()[0] for line in page.strip().splitlines()]

    (container,) = SAMPLE["ContainerInfos"]
    (sku,) = container["SkuInfos"]
    assert (names(ORDER_PAGE), names(CONTAINER_PAGE), names(SKU_PAGE)) == (list(SAMPLE), list(container), list(sku))


def test_labels_are_in_the_order_of_the_columns() -> None:
    """What merchants see above the columns."""
    assert [field.label for field in FIELDS] == LABELS


@pytest.mark.parametrize("row", PAGE_ROWS, ids=lambda row: row[0])
def test_types_in_the_payload_are_the_pages(row: list[str]) -> None:
    """Text is text in the payload, numbers are numbers, and whether there is a battery is a boolean."""
    field = next(field for field in FIELDS if field.path == row[0])
    encoded = json.loads(encode([field.kind.encode(field.kind.parse(field.example).value)]))[0]
    assert isinstance(encoded, {"string": str, "number": int | float, "boolean": bool}[row[1]])
    assert isinstance(field.kind, {"string": Text, "number": Integer | Decimal, "boolean": Flag}[row[1]])


@pytest.mark.parametrize("row", [row for row in PAGE_ROWS if row[3] != "-"], ids=lambda row: row[0])
def test_the_pages_lengths_are_errors(row: list[str]) -> None:
    """The last length is fine, one more is an error."""
    field = next(field for field in FIELDS if field.path == row[0])
    text = "https://example.com/" if field.name == "picture" else ""
    text += "A" * (int(row[3]) - len(text))
    assert errors(fba_row(**{field.name: text})) == []
    assert errors(fba_row(**{field.name: text + "A"})) == [("too_long", field.name)]


@pytest.mark.parametrize("row", [row for row in PAGE_ROWS if row[1] == "string" and row[3] == "-"], ids=lambda row: row[0])
def test_where_the_page_names_no_length_there_is_none(row: list[str]) -> None:
    """Nothing is refused by a limit that we made up."""
    field = next(field for field in FIELDS if field.path == row[0])
    assert errors(fba_row(**{field.name: "A中" * 600})) == []


def test_identifiers_are_whatever_has_digits_that_count() -> None:
    """Codes and numbers of things never pass through a float; names and descriptions are plain text."""
    plain = {field.name for field in FIELDS if isinstance(field.kind, Text) and not field.kind.identifier}
    assert plain == {
        "custom", "remark", "picture", "model_name", "declare_name_en", "declare_name_cn", "material_en", "material_cn", "purpose_en",
        "purpose_cn", "brand_name", "packing",
    }  # fmt: skip


def test_levels_and_keys() -> None:
    """包裹ID makes the order, 箱号 the carton, and each row is a SKU."""
    root = FBA_ORDERS.root
    (cartons,) = root.children
    (skus,) = cartons.children
    assert [(level.path, level.api_name) for level in (cartons, skus)] == [(CARTONS, "ContainerInfos"), (SKUS, "SkuInfos")]
    assert [[key.name for key in level.keys] for level in (root, cartons, skus)] == [["package_id"], ["container_no"], []]
    assert (FBA_ORDERS.display, FBA_ORDERS.display_field.label, FBA_ORDERS.unit) == ("package_id", "包裹ID", "货件")


def test_the_example_row_is_valid_but_for_its_number() -> None:
    """Whoever types a number over the example's has a valid order without any issue."""
    orders = orders_of(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row()]))
    assert (orders.issues, len(orders.valid)) == ((), 1)
    assert all(not is_blank(field.example) for field in FIELDS)


@pytest.mark.parametrize("field", [field.name for field in FIELDS if field.required and field.name != "package_id"])
def test_a_blank_required_cell_is_one_error(field: str) -> None:
    """Each required field of the page, by its name, once."""
    assert said(fba_row(**{field: "\u3000"})) == [("required", field)]


@pytest.mark.parametrize("field", [field.name for field in FIELDS if not field.required])
def test_a_blank_optional_cell_is_fine(field: str) -> None:
    """At a warehouse in the US."""
    assert said(fba_row(**{field: None})) == []


def test_a_row_without_a_package_is_an_error() -> None:
    """It may be a SKU of the shipment above, which is held."""
    orders = orders_of(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row(), fba_row(package_id=None, container_no=2)]))
    assert [(issue.code, issue.order, issue.row) for issue in orders.issues] == [("row_without_order", "P1", 3)]
    assert orders.valid == ()


# -- identifiers -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ["SMT23015236489", "a", "A-1_b", "-", "0001", 1000796.0, "ＡＢ１"])
def test_a_package_has_letters_digits_hyphens_and_underscores(text: object) -> None:
    """The page's `^[a-zA-Z0-9\\-_]*$`; full-width signs are folded first."""
    assert said(fba_row(package_id=text)) == []


@pytest.mark.parametrize("text", ["A 1", "A/1", "A.1", "包裹1", "é1", "A１#", "A\n1", "١"])
def test_any_other_sign_in_a_package_is_an_error(text: str) -> None:
    """Chinese, blanks within, and digits of other scripts too."""
    assert errors(fba_row(package_id=text)) == [("pattern", "package_id")]


@pytest.mark.parametrize("value", [1234567890123456789, 1e17, "1.23457E+14"])
@pytest.mark.parametrize("field", ["package_id", "shipment_id", "reference_id", "container_no", "sku", "asin", "hs_code", "vat_code"])
def test_an_identifier_that_lost_digits_is_an_error(field: str, value: object) -> None:
    """Excel keeps fifteen digits."""
    assert errors(fba_row(**{field: value})) == [("digits_lost", field)]


INTERNAL = "sh12345678-90ab-4cde-8f01-234567890abc"


def test_the_internal_id_of_a_shipment_is_explained() -> None:
    """38 characters: one error of its own, which says what to put there; one character more or less is merely too long."""
    assert len(INTERNAL) == 38
    (issue,) = issues_of(fba_row(shipment_id=INTERNAL))
    assert (issue.code, issue.field, issue.severity) == ("internal_shipment", "shipment_id", Severity.ERROR)
    assert "FBA" in issue.message.zh
    assert "FBA" in issue.message.en
    assert errors(fba_row(shipment_id=INTERNAL + "x")) == errors(fba_row(shipment_id=INTERNAL[:-1])) == [("too_long", "shipment_id")]


AMAZON: Mapping[str, tuple[list[object], list[str]]] = {
    "warehouse_code": (["ABE2", "LTN4", "GYR3", "XUS12"], ["abe2", "ABE", "ABE123", "AB2", "ABCD1", "2ABE", "美东仓"]),
    "shipment_id": (["FBA1234567", "FBA15DKXYZ01", "FBAABCDEFGHIJKL"], ["24332", "FBA123456", "fba15dkxyz01", "FBA15D-XYZ01"]),
    "reference_id": (["7HQZ21KD", "12345678"], ["34", "7HQZ21K", "7HQZ21KD9", "7hqz21kd"]),
    "hs_code": (["392690", "39269099", "3926909090", 8518302000.0], ["39269", "39269090901", "3926.90", "3926 90"]),
    "packing": (
        ["16*9*2", "16 * 9.5 * 2", "16x9x2", "16×9×2cm", "16X9X2 CM"], ["16*9", "16,9,2", "大", "16*9*2*1", "16*9*2in", "L16*W9*H2"]
    ),
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, (usual, _) in AMAZON.items() for value in usual])
def test_usual_forms_are_not_worth_a_word(field: str, value: object) -> None:
    """What Amazon's own pages show, and six to ten digits of a customs code."""
    assert said(fba_row(**{field: value})) == []


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, (_, unusual) in AMAZON.items() for value in unusual])
def test_unusual_forms_are_warnings(field: str, value: str) -> None:
    """The vendor takes them, its own samples have them: the order goes out."""
    orders = orders_of(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row(**{field: value})]))
    assert [(issue.code, issue.field, issue.severity) for issue in orders.issues] == [("unusual", field, "warning")]
    assert len(orders.valid) == 1


def test_the_pages_own_examples_are_only_warned_of() -> None:
    """货件编号 24332 and 参考编号 34 stand on the page."""
    assert said(fba_row(warehouse_code="ABE2", shipment_id="24332", reference_id="34", package_id="SMT23015236489", location="GZ")) == [
        ("unusual", "shipment_id"), ("unusual", "reference_id"),
    ]  # fmt: skip


# -- units -------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("field", "label", "typed", "value"),
    [
        ("container_weight", "箱重(g)", 12345.6, "12.3456"), ("container_weight", "箱重（克）", "12,500", "12.5"),
        ("container_weight", "ContainerInfos.Weight(g)", 500, "0.5"), ("container_weight", "箱重(吨)", "0.0125", "12.5"),
        ("container_length", "箱长(mm)", 501, "50.1"), ("container_width", "箱宽（毫米）", 400.5, "40.05"),
        ("container_height", "箱高(m)", 0.305, "30.5"), ("piece_weight", "单件重量(g)", 45, "0.045"),
        ("piece_weight", "*单件重量\n（单位：克，必填）", 0.1 + 0.2, "0.0003"),
    ],
)  # fmt: skip
def test_metric_relatives_are_converted_exactly_and_said(field: str, label: str, typed: object, value: str) -> None:
    """Grams and millimetres are what other systems export."""
    checked = read(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row(**{field: typed})], labels={field: label}))
    assert checked.columns[field] == [Exact(value)]
    assert [(issue.code, issue.field) for issue in checked.issues] == [("unit_converted", field)]


@pytest.mark.parametrize(
    ("field", "label"),
    [
        ("container_weight", "箱重(KG)"), ("container_weight", "箱重（公斤）"), ("piece_weight", "单件重量(千克)"),
        ("piece_weight", "单件重量"), ("container_length", "箱长(厘米)"), ("container_length", "箱长"), ("packing", "包装尺寸（CM）"),
        ("declare_value", "申报价值(美元)"), ("declare_value", "申报价值(US$)"), ("declare_value", "申报价值（单位：美金）"),
        ("declare_value", "申报价值"),
    ],
)  # fmt: skip
def test_the_same_unit_in_other_words_is_nothing_to_say(field: str, label: str) -> None:
    """kg, KG, 公斤 and 千克 are one; a heading without a unit means ours."""
    orders = orders_of(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row()], labels={field: label}))
    assert (orders.issues, len(orders.valid)) == ((), 1)


@pytest.mark.parametrize(
    ("field", "label", "found", "asked"),
    [
        ("container_weight", "箱重(lb)", "lb", "kg"), ("container_weight", "箱重（磅）", "磅", "kg"),
        ("piece_weight", "单件重量(oz)", "oz", "kg"), ("piece_weight", "单件重量(斤)", "斤", "kg"),
        ("container_weight", "箱重(cm)", "cm", "kg"), ("container_length", "箱长(in)", "in", "cm"),
        ("container_width", "箱宽（英寸）", "英寸", "cm"), ("container_height", "箱高(kg)", "kg", "cm"),
        ("packing", "包装尺寸(mm)", "mm", "cm"), ("declare_value", "申报价值(RMB)", "RMB", "USD"),
        ("declare_value", "申报价值（元）", "元", "USD"),
        ("declare_value", "申报价值(EUR)", "EUR", "USD"),
    ],
)  # fmt: skip
def test_any_other_unit_refuses_the_file_and_names_both(field: str, label: str, found: str, asked: str) -> None:
    """Nobody guesses what a pound is in kilograms, or a yuan in dollars."""
    checked = examine(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row()], labels={field: label}))
    assert checked.refused is not None
    assert checked.refused.code == "unit_mismatch"
    assert found in checked.refused.message.zh
    assert asked in checked.refused.message.zh


def test_a_row_of_units_counts_like_units_in_the_headings() -> None:
    """Grams and millimetres beneath headings that name no unit."""
    units = {"container_weight": "(g)", "container_length": "毫米", "declare_value": "美元"}
    labels = {name: FBA_ORDERS[name].label.partition("(")[0] for name in units}
    row = fba_row(container_weight=12500, container_length=500)
    table = sheet(FBA_ORDERS, [row], labels=labels, between=[[units.get(field.name) for field in FIELDS]])
    checked = read(FBA_ORDERS, table)
    assert (checked.columns["container_weight"], checked.columns["container_length"]) == ([Exact("12.5")], [Exact(50)])
    assert [(issue.code, issue.field) for issue in checked.issues] == [
        ("unit_converted", "container_weight"), ("unit_converted", "container_length"),
    ]  # fmt: skip


def test_a_row_of_units_that_contradicts_the_heading_refuses_the_file() -> None:
    """kg above, g beneath: one of them is wrong, and nobody knows which."""
    units = [{"piece_weight": "g"}.get(field.name) for field in FIELDS]
    checked = examine(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row(piece_weight=80)], between=[units]))
    assert checked.refused is not None
    assert [(issue.code, issue.field) for issue in checked.issues if issue.is_error] == [("unit_mismatch", "piece_weight")]


# -- cartons -----------------------------------------------------------------------------------------------------------------
SIZES = ("container_weight", "container_length", "container_width", "container_height")


def test_merged_carton_cells_hold_for_every_row_of_the_carton() -> None:
    """A weight merged over a carton's rows is the carton's, not a sum, and needs no warning."""
    blank: dict[str, Any] = dict.fromkeys(("container_no", *SIZES))
    rows = [fba_row(), fba_row(**blank, sku="B"), fba_row(container_no="2", container_weight=9), fba_row(**blank, sku="D")]
    merges = [merge(name, top, top + 1) for name in ("container_no", *SIZES) for top in (2, 4)]
    orders = orders_of(FBA_ORDERS, sheet(FBA_ORDERS, rows, merges=merges))
    assert {issue.code for issue in orders.issues} == {"merge_filled"}
    (order,) = orders.valid
    cartons = order.root.below(CARTONS)
    assert [(carton.values["container_no"], carton.values["container_weight"]) for carton in cartons] == [("1", Exact("12.5")), ("2", 9)]
    assert [[sku.values["sku"] for sku in carton.below(SKUS)] for carton in cartons] == [["SKU-RED-01", "B"], ["SKU-RED-01", "D"]]


def test_a_merged_quantity_is_an_error() -> None:
    """Each, or all together: nobody knows."""
    assert said(fba_row(), fba_row(sku="B", quantity=None), merges=[merge("quantity", 2, 3)]) == [("merge_of_amount", "quantity")]


@pytest.mark.parametrize("field", SIZES)
def test_two_sizes_of_one_carton_are_a_conflict_at_the_second(field: str) -> None:
    """At the cell that differs, naming the row that it differs from; a blank one differs from nothing."""
    rows = [fba_row(), fba_row(sku="B", **{field: None}), fba_row(sku="C", **{field: 11})]
    (issue,) = issues_of(*rows)
    assert cells((issue,)) == [("conflict", at(field, 4))]
    assert "第 2 行" in issue.message.zh
    assert "箱号" in issue.message.zh


def test_two_contents_of_one_shipment_are_a_conflict_across_its_cartons() -> None:
    """货件编号 is the order's, whatever the carton."""
    rows = [fba_row(), fba_row(container_no="2", shipment_id="FBA15DKXYZ01"), fba_row(container_no="2", sku="C")]
    assert cells(issues_of(*rows)) == [("conflict", at("shipment_id", 3))]


def test_the_same_number_in_two_shipments_is_two_cartons() -> None:
    """箱号 counts within a shipment only."""
    orders = orders_of(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row(), fba_row(package_id="P2", container_weight=9, container_length=30)]))
    assert orders.issues == ()
    assert [[carton.values["container_weight"] for carton in order.root.below(CARTONS)] for order in orders.valid] == [[Exact("12.5")], [9]]


def test_rows_of_a_carton_need_not_stand_together() -> None:
    """Carton 1, carton 2, carton 1 again: two cartons; numbers and text are the same number."""
    rows = [fba_row(container_no=1.0), fba_row(container_no="2"), fba_row(container_no="１", sku="C")]
    (order,) = orders_of(FBA_ORDERS, sheet(FBA_ORDERS, rows)).valid
    assert [(carton.values["container_no"], len(carton.below(SKUS))) for carton in order.root.below(CARTONS)] == [("1", 2), ("2", 1)]


@pytest.mark.parametrize("repeated", [True, False])
def test_a_blank_carton_number_is_one_error_at_its_cell(repeated: bool) -> None:
    """It is never guessed from the row above, and holds the shipment; that the carton's sizes are blank too says nothing more."""
    below = fba_row(container_no=None, sku="B", **({} if repeated else dict.fromkeys(SIZES)))
    orders = orders_of(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row(), below]))
    assert cells(orders.issues) == [("required", at("container_no", 3))]
    assert orders.valid == ()


@pytest.mark.parametrize(
    ("weight", "codes"),
    [
        ("0.09999", ["doubtful_unit"]), ("0.1", []), (22.68, []), (22.6801, ["over_limit"]), (100, ["over_limit"]),
        ("100.0001", ["doubtful_unit"]), (12500, ["doubtful_unit"]), (0, ["not_above"]), (-1, ["not_above"]), (1_000_001, ["too_large"]),
        ("12.5kg", ["not_number"]), ("十二", ["not_number"]),
    ],
)  # fmt: skip
def test_weights_of_cartons_at_their_edges(weight: object, codes: list[str]) -> None:
    """Over 50 lb is worth a look; below 0.1 kg or over 100 kg the unit is probably wrong; one word on a cell that is not in error."""
    found = issues_of(fba_row(container_weight=weight))
    assert [issue.field for issue in found if issue.field != "container_weight"] == []
    wrong = [issue.code for issue in found if issue.is_error]
    assert (wrong or [issue.code for issue in found]) == codes


@pytest.mark.parametrize(
    ("typed", "readings"), [(12500, ("12500 kg", "12.5 kg")), ("0.0125", ("0.0125 kg", "12.5 kg")), (100.5, ("100.5 kg", "0.1005 kg"))]
)
def test_a_doubtful_weight_is_told_in_both_readings(typed: object, readings: tuple[str, str]) -> None:
    """Kilograms as typed, and what it would be if it had been grams, or tons."""
    (issue,) = issues_of(fba_row(container_weight=typed))
    assert (issue.code, issue.severity) == ("doubtful_unit", "warning")
    assert all(reading in issue.message.zh and reading in issue.message.en for reading in readings)


def test_a_column_of_grams_is_measured_in_kilograms() -> None:
    """The limits hold whatever unit the heading names."""
    labels = {"container_weight": "箱重(g)", "container_length": "箱长(mm)"}
    assert said(fba_row(container_weight=22680, container_length=635), labels=labels) == []
    assert said(fba_row(container_weight=22681, container_length=636), labels=labels) == [
        ("over_limit", "container_weight"), ("over_limit", "container_length"),
    ]  # fmt: skip
    assert said(fba_row(container_weight=12.5, container_length=50), labels=labels) == [("doubtful_unit", "container_weight")]


@pytest.mark.parametrize("field", SIZES[1:])
@pytest.mark.parametrize(
    ("side", "codes"),
    [
        (63.5, []), ("63.51", ["over_limit"]), ("0.01", []), (30.55, []), (30.555, ["too_many_places"]), (0, ["not_above"]),
        (-40, ["not_above"]), (999_999, ["over_limit"]), (1_000_000, ["too_large"]), ("40*30", ["not_number"]),
    ],
)  # fmt: skip
def test_sides_of_cartons_at_their_edges(field: str, side: object, codes: list[str]) -> None:
    """decimal(8,2) above 0; over 25 in is only worth a look."""
    found = issues_of(fba_row(**{field: side}))
    wrong = [issue.code for issue in found if issue.is_error]
    assert (wrong or [issue.code for issue in found]) == codes
    assert {issue.field for issue in found} <= {field}


# -- SKUs --------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("quantity", "codes"),
    [
        (1, []), ("３", []), ("1,200", []), ("3.0", []), (0, ["too_small"]), (-1, ["too_small"]), (2.5, ["not_integer"]),
        ("三", ["not_number"]), ("3件", ["not_number"]), ("3-4", ["not_number"]), ("1e400", ["not_number"]), (True, ["not_number"]),
    ],
)  # fmt: skip
def test_quantities_are_whole_and_at_least_one(quantity: object, codes: list[str]) -> None:
    """Refused by name, never rounded."""
    assert said(fba_row(quantity=quantity)) == [(code, "quantity") for code in codes]


@pytest.mark.parametrize(
    ("value", "codes"),
    [(0, []), (1.25, []), ("1.250", []), (0.1 + 0.2, []), (1.255, ["too_many_places"]), (-0.01, ["too_small"]), ("￥9", ["not_number"])],
)
def test_declared_values_have_two_places(value: object, codes: list[str]) -> None:
    """Dollars and cents."""
    assert said(fba_row(declare_value=value)) == [(code, "declare_value") for code in codes]


@pytest.mark.parametrize(
    ("weight", "codes"),
    [
        ("0.0001", []), (0.045, []), (100, []), (100.1, ["doubtful_unit"]), (0, ["not_above"]), (-0.1, ["not_above"]),
        ("100g", ["not_number"]),
    ],
)  # fmt: skip
def test_weights_of_pieces_at_their_edges(weight: object, codes: list[str]) -> None:
    """A piece may weigh nearly nothing; over 100 kg it was probably weighed in grams."""
    found = issues_of(fba_row(piece_weight=weight))
    wrong = [issue.code for issue in found if issue.is_error]
    assert (wrong or [issue.code for issue in found]) == codes
    assert {issue.field for issue in found} <= {"piece_weight"}


@pytest.mark.parametrize("link", ["https://example.com/a.jpg", "http://example.com/a", "HTTPS://EXAMPLE.COM/图.jpg?x=1&y=2"])
def test_a_picture_is_a_link(link: str) -> None:
    """To a page of the web."""
    assert said(fba_row(picture=link)) == []


@pytest.mark.parametrize(
    "text", ["/9j/4AAQSkZJRgABAQAAAQABAAD/2wBD", "D:\\图片\\a.jpg", "www.example.com/a.jpg",
             "ftp://example.com/a.jpg", "https://", "https://example.com/a b.jpg", "见附件"]
)  # fmt: skip
def test_what_is_no_link_is_an_error(text: str) -> None:
    """A file of one's own computer, a link without its beginning."""
    assert errors(fba_row(picture=text)) == [("pattern", "picture")]


@pytest.mark.parametrize("text", ["data:image/jpeg;base64,/9j/4AAQSkZJRg==", "/9j/4AAQ" * 40])
def test_a_picture_itself_is_told_as_that(text: str) -> None:
    """Base64 is no link, however long it is: one sentence that says what to do."""
    assert said(fba_row(picture=text)) == [("picture_itself", "picture")]


@pytest.mark.parametrize(("typed", "value"), [("是", True), ("Y", True), (True, True), (1, True), ("否", False), (0.0, False)])
def test_charged_is_yes_or_no(typed: object, value: bool) -> None:
    """In all the ways in which people say so."""
    (order,) = orders_of(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row(charged=typed)])).valid
    assert order.root.below(SKUS)[0].values["charged"] is value
    assert said(fba_row(charged="也许")) == [("not_choice", "charged")]
    assert said(fba_row(charged="锂电池")) == [("not_choice", "charged")]


@pytest.mark.parametrize(
    ("warehouse", "is_missed"),
    [("ABE2", False), ("YYZ4", False), ("NRT1", False), ("LTN4", True), ("XUK2", True), ("LEJ1", True), ("BCN1", True), ("ZZZ9", False)],
)
def test_a_blank_asin_is_worth_a_look_but_for_us_ca_and_jp(warehouse: str, is_missed: bool) -> None:
    """Where the warehouse is known; the warning names warehouse and country, and the order goes out."""
    orders = orders_of(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row(warehouse_code=warehouse, asin=None)]))
    assert cells(orders.issues) == ([("asin_missing", at("asin", 2))] if is_missed else [])
    assert all(issue.severity == "warning" and warehouse in issue.message.zh for issue in orders.issues)
    assert len(orders.valid) == 1
    assert said(fba_row(warehouse_code=warehouse)) == []


def test_blank_asins_of_a_shipment_are_one_warning() -> None:
    """The warehouse may stand on another row, and a column left out counts like blanks."""
    rows = [fba_row(warehouse_code="LTN4", asin=None), fba_row(warehouse_code=None, asin=None), fba_row(container_no=2, asin=None)]
    rows[2]["warehouse_code"] = None
    assert said(*rows) == [("asin_missing", "asin")]
    kept = [field.name for field in FIELDS if field.name != "asin"]
    assert [code for code, _ in said(*rows, fields=kept)] == ["asin_missing"]


def test_a_blank_asin_is_told_at_its_own_cell() -> None:
    """Not at the cell of another SKU, which has one."""
    rows = [fba_row(warehouse_code="LTN4"), fba_row(warehouse_code="LTN4", sku="B", asin=None)]
    (issue,) = issues_of(*rows)
    assert cells((issue,)) == [("asin_missing", at("asin", 3))]
    assert issue.value is None


def test_an_unreadable_warehouse_makes_no_second_issue_of_the_asin() -> None:
    """Nobody knows where it is."""
    assert said(fba_row(warehouse_code=None, asin=None)) == [("required", "warehouse_code")]
    assert said(fba_row(warehouse_code=1e17, asin=None)) == [("digits_lost", "warehouse_code")]


@pytest.mark.parametrize("field", ["declare_name_en", "material_en", "purpose_en"])
def test_chinese_in_an_english_column_is_a_warning(field: str) -> None:
    """The customs of the destination read it; other letters than ASCII's are fine."""
    assert said(fba_row(**{field: "304不锈钢"})) == [("unusual", field)]
    assert said(fba_row(**{field: "Café-Löffel 5%"})) == []


@pytest.mark.parametrize("field", ["declare_name_cn", "material_cn", "purpose_cn"])
def test_a_chinese_column_without_chinese_is_a_warning(field: str) -> None:
    """One Chinese sign is enough: USB数据线, ABS塑料."""
    assert said(fba_row(**{field: "Phone case"})) == [("unusual", field)]
    assert said(fba_row(**{field: "USB线"})) == []


def test_a_line_break_is_a_warning_only() -> None:
    """客户自定义 may be printed on a label."""
    assert said(fba_row(custom="bag-red\nbag-blue")) == [("line_break", "custom")]


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("container_weight", -16.27, "not_above"), ("container_weight", 0, "not_above"), ("piece_weight", -1, "not_above"),
        ("shipment_id", "FBA15DKXYZ01;FBA15DKXYZ02", "too_long"), ("reference_id", "7HQZ21KD-7HQZ21KE", "too_long"),
        ("picture", f"data:image/jpeg;base64,{'Ab9/' * 60}", "picture_itself"),
    ],
)  # fmt: skip
def test_one_mistake_is_told_once(field: str, value: object, code: str) -> None:
    """What is wrong is not also unusual or doubtful, and a picture in a cell need not be shortened."""
    assert said(fba_row(**{field: value})) == [(code, field)]


# -- headings ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("part", [0, -1], ids=["shortest", "longest"])
def test_the_apis_names_are_headings(part: int) -> None:
    """`ShipmentId`, `ContainerInfos.Weight`, `ContainerInfos.SkuInfos.Weight`: a sheet exported by a program reads like ours."""
    labels = {field.name: field.api_labels[part] for field in FIELDS}
    labels |= {"container_weight": "ContainerInfos.Weight", "piece_weight": "SkuInfos.Weight"} if part == 0 else {}
    orders = orders_of(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row()], labels=labels))
    assert (orders.issues, len(orders.valid)) == ((), 1)
    (carton,) = orders.valid[0].root.below(CARTONS)
    assert (carton.values["container_weight"], carton.below(SKUS)[0].values["piece_weight"]) == (Exact("12.5"), Exact("0.12"))


@pytest.mark.parametrize(("field", "other"), [("container_weight", "piece_weight"), ("piece_weight", "container_weight")])
def test_weight_alone_is_not_taken_for_either(field: str, other: str) -> None:
    """It is a carton's and a SKU's: the column is missing, whatever the other one is called."""
    for name in (FBA_ORDERS[other].label, "Weight"):
        checked = examine(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row()], labels={field: "Weight", other: name}))
        assert checked.refused is not None
        assert ("missing_column", field) in [(issue.code, issue.field) for issue in checked.issues]


@pytest.mark.parametrize("label", ["FBA Shipment ID", "Amazon Reference ID", "HS Code", "FBA仓库", "包裹号", "VAT税号"])
def test_other_headings_of_the_page_are_known(label: str) -> None:
    """The page's descriptions are what merchants copy into their sheets."""
    field = next(field for field in FIELDS if label in field.aliases)
    assert said(fba_row(), labels={field.name: label}) == []


def test_the_same_field_by_two_names_is_an_error() -> None:
    """货件编号 and ShipmentId would have to agree, and nobody says so."""
    names = [*[field.name for field in FIELDS], "shipment_id"]
    table = sheet(FBA_ORDERS, [fba_row()], fields=names)
    table.frame.iat[0, len(names) - 1] = "ShipmentId"
    checked = examine(FBA_ORDERS, table)
    assert checked.refused is not None
    assert checked.refused.code == "duplicate_column"


# -- warehouses --------------------------------------------------------------------------------------------------------------
def test_markets_are_read_off_a_warehouses_letters() -> None:
    """Airports nearby, or X and the country; an unknown one is nowhere."""
    assert [market_of(code) for code in ("ABE2", "ltn4", "LEJ1", "NRT1", "XFR1")] == ["美国", "英国", "德国", "日本", "法国"]
    assert [market_of(code) for code in ("ZZZ1", "", "A", "美东仓")] == [None] * 4
    assert {market_of(code) for code in ("ABE2", "YYZ4", "NRT1")} == WITHOUT_ASIN
