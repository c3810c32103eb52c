"""FBA shipments, from the sheet to the remote: what arrives is what stands in the sheet, and what is there is never overwritten unasked."""

import json
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from fba_desk import (  # noqa: F401  # a fixture
    CARTON_FIELDS,
    FBA_LABELS,
    OPTIONAL,
    ORDER_FIELDS,
    SKU_FIELDS,
    FbaDesk,
    carton,
    make_fba,
    shipment,
    sku,
)
from foreign import LABELS, SECRET, Foreign, line, serve
from foreign_chukou1 import CREATE, TICKET, Broken, Cut, Ignored, Refuse, number_of, remote_id_of
from openpyxl.utils import get_column_letter

SKU: dict[str, Any] = {
    "Sku": "sku-1", "Picture": "https://img.example.com/1.jpg", "ModelName": "M-1", "DeclareNameEN": "Phone case",
    "DeclareNameCN": "手机壳", "Quantity": 10, "DeclareValue": Decimal("2.5"), "MaterialEN": "Plastic", "MaterialCN": "塑料",
    "PurposeEN": "Protection", "PurposeCN": "保护", "BrandName": "None-such", "Weight": Decimal("0.25"), "Packing": "20*10*5",
    "HsCode": "3926909090",
}  # fmt: skip
CARTON: dict[str, Any] = {
    "CustomContainerNo": "C1", "Weight": 12500, "Length": 40, "Width": 30, "Height": Decimal("25.5"), "SkuInfos": [SKU],
}  # fmt: skip
ORDER: dict[str, Any] = {
    "WarehouseCode": "ABE2", "ShipmentId": "FBA15DKXYZ01", "ReferenceId": "7HQZ21KD", "Location": "GZ", "ServiceCode": "CUE",
    "ContainerInfos": [CARTON],
}  # fmt: skip


def column(label: str) -> str:
    """The letter of a column in a sheet as `write` makes it."""
    return get_column_letter(FBA_LABELS.index(label) + 1)


# -- the payload ---------------------------------------------------------------------------------------------------------------
def test_payloads_equal_the_sheet(fba: FbaDesk) -> None:
    """Nested as the rows are, every field with its type and its text, absent ones away, grams rounded up; `check` shows the same."""
    rows = [
        shipment(
            "FULL-1", {"箱重(kg)": 12.3451, "申报价值(USD)": 1.10, "单件重量(kg)": 0.1 + 0.2, "箱长(cm)": "40.25"}, 客户自定义="bag-red",
            VAT号="GB123456789", 备注="备注：100% & <易碎>", 是否带电="是", ASIN="B00EXAMPLE", 数量="1,200", 海关编码=8517620000,
        ),
        sku("FULL-1", "C1", "sku-2", {"包装尺寸(cm)": "L20×W10"}, 是否带电="否", 品牌="José \"小明\" O'Brien=\\x", 数量=" ３ "),
        sku("FULL-1", "C1", "sku-2"),
        carton("FULL-1", "C2", {"箱重(kg)": 16.1, "箱高(cm)": 0.1 + 0.2}),
        sku("FULL-1", "C2", "007", {"申报价值(USD)": "1234567.89"}, 是否带电=True),
        shipment(1000796, {"箱重(kg)": "0.5001"}, 箱号=1),
        shipment("a_b-C", {"箱重(kg)": 1.001}),
    ]  # fmt: skip
    book = fba.write("orders.xlsx", rows)
    ran = fba.submit(book, code=0)

    first = [
        {**SKU, "Charged": True, "ASINCode": "B00EXAMPLE", "Quantity": 1200, "DeclareValue": Decimal("1.1"), "Weight": Decimal("0.3"),
         "HsCode": "8517620000"},
        {**SKU, "Sku": "sku-2", "Charged": False, "BrandName": "José \"小明\" O'Brien=\\x", "Quantity": 3, "Packing": "L20×W10"},
        {**SKU, "Sku": "sku-2"},
    ]  # fmt: skip
    second = [SKU, {**SKU, "Sku": "007", "Charged": True, "DeclareValue": Decimal("1234567.89")}]
    expected = {
        "FULL-1": {
            **ORDER, "PackageId": "FULL-1", "Custom": "bag-red", "VatCode": "GB123456789", "Remark": "备注：100% & <易碎>",
            "ContainerInfos": [
                {**CARTON, "Weight": 12346, "Length": Decimal("40.25"), "SkuInfos": first},
                {**CARTON, "CustomContainerNo": "C2", "Weight": 16100, "Height": Decimal("0.3"), "SkuInfos": second},
            ],
        },
        "1000796": {**ORDER, "PackageId": "1000796", "ContainerInfos": [{**CARTON, "CustomContainerNo": "1", "Weight": 501}]},
        "a_b-C": {**ORDER, "PackageId": "a_b-C", "ContainerInfos": [{**CARTON, "Weight": 1001}]},
    }  # fmt: skip
    assert fba.remote.payloads() == expected
    assert ran.fates == dict.fromkeys(expected, "created")
    assert [outcome["remote_id"] for outcome in ran.one["outcomes"]] == [remote_id_of(name) for name in expected]
    assert [outcome["tracking_number"] for outcome in ran.one["outcomes"]] == [number_of(name) for name in expected]

    shown = fba.run("check", "--json", "--payloads", book, code=0).out
    assert {each["order"]: each["payload"] for each in json.loads(shown, parse_float=Decimal)["payloads"]} == expected


def test_kilograms_when_the_account_says_so(fba: FbaDesk) -> None:
    """`check` shows grams where no account is known, kilograms for an account that wants them; that is what it gets."""
    fba.remote.weight_unit = "kg"
    fba.configure(container_weight_unit="kg")
    book = fba.write("orders.xlsx", [shipment("P-1", {"箱重(kg)": 12.345})])

    (fba.folder / "bulkorders.toml").rename(fba.folder / "away.toml")
    assert fba.payloads(book)["P-1"]["ContainerInfos"][0]["Weight"] == 12345
    (fba.folder / "away.toml").rename(fba.folder / "bulkorders.toml")
    assert fba.payloads(book)["P-1"]["ContainerInfos"][0]["Weight"] == 12.345

    fba.submit(book, code=0)
    assert fba.remote.payloads()["P-1"]["ContainerInfos"][0]["Weight"] == Decimal("12.345")
    assert fba.remote.payloads()["P-1"]["ContainerInfos"][0]["SkuInfos"][0]["Weight"] == Decimal("0.25")


def test_other_metric_units_are_converted_exactly(fba: FbaDesk) -> None:
    """A sheet in grams and millimetres gives the same shipment, and it is said; what is counted in no metric unit is left alone."""
    other = {"箱重(kg)": "箱重(g)", "箱长(cm)": "箱长（毫米）", "箱宽(cm)": "箱宽(m)", "单件重量(kg)": "单件重量（克）"}
    row = shipment("P-1", {"箱重(kg)": 12500.2, "箱长(cm)": 402.5, "箱宽(cm)": 0.3, "单件重量(kg)": 250})
    labels = [other.get(label, label) for label in FBA_LABELS]
    ran = fba.submit(fba.write("orders.xlsx", [{other.get(label, label): value for label, value in row.items()}], labels), code=0)
    assert fba.remote.payloads()["P-1"]["ContainerInfos"] == [{**CARTON, "Weight": 12501, "Length": Decimal("40.25")}]
    noted = {issue["column"] for issue in ran.one["issues"] if issue["code"] == "unit_converted" and issue["severity"] == "note"}
    assert noted == {column(label) for label in other}


@pytest.mark.parametrize(("label", "both"), [("箱重(lb)", ("lb", "kg")), ("箱长(英寸)", ("英寸", "cm")), ("申报价值(RMB)", ("RMB", "USD"))])
def test_a_column_in_another_unit_refuses_the_file(fba: FbaDesk, label: str, both: tuple[str, str]) -> None:
    """Pounds, inches and other currencies are never converted: exit 3, a sentence that names both units, no call."""
    labels = [label if each.split("(")[0] == label.split("(")[0] else each for each in FBA_LABELS]
    row = {label if each.split("(")[0] == label.split("(")[0] else each: value for each, value in shipment("P-1").items()}
    ran = fba.submit(fba.write("orders.xlsx", [row], labels), code=3)
    assert ran.one["template"] == "chukou1-fba"
    assert all(unit in ran.one["refused"]["message"] for unit in both)
    assert fba.remote.calls == {}


def test_merged_cells_and_shuffled_columns(fba: FbaDesk) -> None:
    """Columns reversed, optional ones away, cells of the shipment and of its cartons merged over their rows, or blank."""
    labels = [label for label in reversed(FBA_LABELS) if label not in OPTIONAL]
    rows = [shipment("M-1"), sku(None, None, "sku-2"), carton(None, "C2"), shipment("M-2"), sku("M-2", "C1", "sku-2"), carton("M-2", "C2")]
    book = fba.write("orders.xlsx", rows, labels, above=2)
    loaded = openpyxl.load_workbook(book)
    sheet = loaded["Sheet"]
    for number, label in enumerate(labels, 1):
        if label in ORDER_FIELDS:
            sheet.merge_cells(start_row=4, end_row=6, start_column=number, end_column=number)
        if label in CARTON_FIELDS:
            sheet.merge_cells(start_row=4, end_row=5, start_column=number, end_column=number)
    loaded.save(book)

    ran = fba.submit(book, code=0)

    cartons = [{**CARTON, "SkuInfos": [SKU, {**SKU, "Sku": "sku-2"}]}, {**CARTON, "CustomContainerNo": "C2"}]
    assert fba.remote.payloads() == {name: {**ORDER, "PackageId": name, "ContainerInfos": cartons} for name in ("M-1", "M-2")}
    assert [[row["row"] for row in outcome["rows"]] for outcome in ran.one["outcomes"]] == [[4, 5, 6], [7, 8, 9]]


def test_a_carton_with_two_lengths_is_a_conflict(fba: FbaDesk) -> None:
    """One 箱号 with two 箱长 is an error at the cell and holds its shipment; the same 箱号 in another shipment is another carton."""
    rows = [shipment("P-1"), carton("P-1", "C1", {"箱长(cm)": 41}), shipment("P-2", {"箱长(cm)": 50})]
    ran = fba.submit(fba.write("orders.xlsx", rows), code=4)
    assert ran.fates == {"P-1": "invalid", "P-2": "created"}
    (issue,) = [issue for issue in ran.one["issues"] if issue["severity"] == "error"]
    assert (issue["code"], issue["row"], issue["column"], issue["order"]) == ("conflict", 3, column("箱长(cm)"), "P-1")
    assert fba.remote.sent() == ["P-2"]


def test_every_required_cell_is_required(fba: FbaDesk) -> None:
    """A blank required cell, a bad sign in 包裹ID, a fraction of a piece: errors at their cells, each holding its shipment alone."""
    bad: dict[str, dict[str, object]] = {label: {label: None} for label in (*ORDER_FIELDS, *CARTON_FIELDS, *SKU_FIELDS)}
    bad = {label: change for label, change in bad.items() if label not in OPTIONAL | {"包裹ID"}}
    rows = [shipment(f"B-{number}", change) for number, change in enumerate(bad.values())]
    rows += [shipment("B 1/2"), shipment("B-pieces", 数量=1.5), shipment("good", dict.fromkeys(OPTIONAL))]
    ran = fba.submit(fba.write("orders.xlsx", rows), code=4)
    assert {order for order, fate in ran.fates.items() if fate != "invalid"} == {"good"}
    found = {(issue["row"], issue["label"]) for issue in ran.one["issues"] if issue["severity"] == "error"}
    wanted = [*bad, "包裹ID", "数量"]
    assert found == {(number, label) for number, label in enumerate(wanted, 2)}
    assert fba.remote.sent() == ["good"]


def test_one_workbook_goes_to_two_remotes(fba: FbaDesk) -> None:
    """A sheet of each template: two batches at two accounts, one results workbook."""
    other = Foreign()
    with serve(other) as url:
        erp = {"provider": "lingxing", "base_url": url, "app_id": other.app_id, "app_secret": SECRET}
        fba.configure_all({"erp": erp, "ship": fba.table()})
        book = openpyxl.load_workbook(fba.write("orders.xlsx", [shipment("P-1")]))
        book["Sheet"].title = "货件"
        sheet = book.create_sheet("订单")
        sheet.append(list(LABELS))
        for row in (line("A-1"), line("A-2", 发货量=0)):
            sheet.append([row.get(label) for label in LABELS])
        book.save(fba.folder / "orders.xlsx")

        ran = fba.submit("orders.xlsx", code=4)

    by_template = {printed["template"]: printed for printed in ran.lines}
    assert set(by_template) == {"lingxing-mcf", "chukou1-fba"}
    assert ran.fates == {"P-1": "created", "A-1": "created", "A-2": "invalid"}
    assert [by_template[name]["accounts"][0]["name"] for name in ("lingxing-mcf", "chukou1-fba")] == ["erp", "ship"]
    assert len({printed["batch"] for printed in ran.lines}) == 2
    assert {printed["results"] for printed in ran.lines} == {"orders_结果.xlsx"}
    assert (other.sent(), fba.remote.sent()) == (["A-1"], ["P-1"])
    assert [row["提交状态"] for row in fba.results("orders_结果.xlsx", "订单")] == ["已创建", "数据有误"]
    assert [row["提交状态"] for row in fba.results("orders_结果.xlsx", "货件")] == ["已创建"]
    other.assert_in_order()


# -- once ----------------------------------------------------------------------------------------------------------------------
def test_what_somebody_else_has_made_is_not_overwritten(fba: FbaDesk) -> None:
    """A PackageId that is there already is told, not sent; looked up anew at each submit; `--update` sends it as one modification."""
    fba.remote.existing = {"P-1", "P-2"}
    book = fba.write("orders.xlsx", [shipment("P-1"), shipment("P-2"), shipment("P-3")])
    first = fba.submit(book, code=4)
    assert first.fates == {"P-1": "changed", "P-2": "changed", "P-3": "created"}
    assert all("平台上已有" in outcome["message"] for outcome in first.one["outcomes"][:2])
    assert fba.remote.sent() == ["P-3"]

    fba.remote.forget("P-2")
    assert fba.submit(book, code=4).fates == {"P-1": "changed", "P-2": "created", "P-3": "skipped"}
    assert fba.remote.sent() == ["P-3", "P-2"]

    updated = fba.submit("--update", book, code=0)
    assert updated.fates == {"P-1": "created", "P-2": "skipped", "P-3": "skipped"}
    assert updated.one["outcomes"][0]["tracking_number"] == number_of("P-1", 2)
    assert [(taken.package, taken.modification) for taken in fba.remote.ledger] == [("P-3", False), ("P-2", False), ("P-1", True)]
    assert fba.remote.calls[CREATE] == 3


def test_shipments_are_sent_once_and_changed_only_on_request(fba: FbaDesk) -> None:
    """Again, renamed, re-sorted: nothing is sent; changed content names `--update`; with it one create goes out, to a new number."""
    rows = [shipment("P-1"), sku("P-1", "C1", "sku-2"), carton("P-1", "C2"), shipment("P-2")]
    first = fba.submit(fba.write("orders.xlsx", rows), code=0)
    sorted_rows = [shipment("P-2"), shipment("P-1", 箱号="C2"), shipment("P-1"), sku("P-1", "C1", "sku-2")]
    again = fba.submit(fba.folder / "orders.xlsx", fba.write("sorted.xlsx", sorted_rows), code=0)
    for printed in again.lines:
        assert {outcome["status"] for outcome in printed["outcomes"]} == {"skipped"}
        assert all(first.one["batch"] in outcome["message"] for outcome in printed["outcomes"])
    assert fba.remote.calls[CREATE] == 2

    changed = fba.write("orders.xlsx", [shipment("P-1", 数量=11), shipment("P-2")])
    told = fba.submit(changed, code=4)
    assert told.fates == {"P-1": "changed", "P-2": "skipped"}
    assert "--update" in told.one["outcomes"][0]["message"]
    assert fba.remote.calls[CREATE] == 2

    updated = fba.submit("--update", changed, code=0)
    assert updated.fates == {"P-1": "created", "P-2": "skipped"}
    outcome = updated.one["outcomes"][0]
    assert (outcome["remote_id"], outcome["tracking_number"]) == (remote_id_of("P-1", 2), number_of("P-1", 2))
    assert [(taken.package, taken.modification) for taken in fba.remote.ledger] == [("P-1", False), ("P-2", False), ("P-1", True)]
    assert fba.submit("--update", changed, code=0).fates == {"P-1": "skipped", "P-2": "skipped"}
    assert fba.submit(fba.write("old.xlsx", rows), code=4).fates == {"P-1": "changed", "P-2": "skipped"}
    assert fba.remote.calls[CREATE] == 3


@pytest.mark.parametrize(("reply", "fate"), [(Ignored(), "changed"), (Refuse(["已发货，不能修改"]), "rejected")])
def test_a_modification_that_is_not_taken_leaves_the_old_content(fba: FbaDesk, reply: Ignored | Refuse, fate: str) -> None:
    """200 to an update is `changed`, 400 is `rejected`; afterwards the old content stands, and the new one may be asked for again."""
    old, new = (fba.write(f"{quantity}.xlsx", [shipment("P-1", 数量=quantity)]) for quantity in (10, 11))
    fba.submit(old, code=0)
    fba.remote.creates["P-1"] = [reply]
    ran = fba.submit("--update", new, code=4)
    assert ran.fates == {"P-1": fate}
    assert fate == "changed" or "已发货，不能修改" in ran.one["outcomes"][0]["message"]

    assert fba.submit(old, code=0).fates == {"P-1": "skipped"}
    assert fba.submit(new, code=4).fates == {"P-1": "changed"}
    assert fba.remote.calls[CREATE] == 2
    assert fba.submit("--update", new, code=0).one["outcomes"][0]["tracking_number"] == number_of("P-1", 2)
    assert fba.remote.calls[CREATE] == 3


def test_refusals_in_every_form(fba: FbaDesk) -> None:
    """With or without errors, either name of the time, plain text, 400 or 412: rejected, the ticket kept, then open to a new try."""
    forms = {form: Refuse(["货件编号不存在"], form) for form in ("full", "datetime", "empty", "absent", "text")}
    forms["412"] = Refuse(["货件编号不存在"], status=412)
    fba.remote.creates = {name: [refusal] for name, refusal in forms.items()}
    book = fba.write("orders.xlsx", [shipment(name) for name in [*forms, "good"]])
    ran = fba.submit("--keep-going", book, code=4)
    assert ran.fates == {**dict.fromkeys(forms, "rejected"), "good": "created"}
    by_name = {outcome["order"]: outcome for outcome in ran.one["outcomes"]}
    assert all("货件编号不存在" in by_name[name]["message"] for name in ("full", "datetime", "412"))
    assert {name: by_name[name]["request_id"] for name in forms} == {name: None if name == "text" else TICKET for name in forms}

    assert set(fba.submit(book, code=0).fates.values()) == {"created", "skipped"}
    assert fba.remote.tried() == {**dict.fromkeys(forms, 2), "good": 1}


def test_a_look_up_without_an_answer_proves_nothing(fba: FbaDesk) -> None:
    """Nothing is created before the remote has said that it does not know the PackageId: the order waits and is looked up again."""
    fba.remote.asks = {"P-1": [Broken(503), Cut()], "P-2": [Broken(500)] * 6}
    ran = fba.submit(fba.write("orders.xlsx", [shipment("P-1"), shipment("P-2")]), code=0)
    assert set(ran.fates.values()) == {"created"}
    assert [outcome["attempts"] for outcome in ran.one["outcomes"]] == [1, 1]
    assert fba.remote.tried() == {"P-1": 1, "P-2": 1}
