"""What arrives at the remote is what stands in the sheet, field by field."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import xlsxwriter
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import BUYER, ITEM_FIELDS, LABELS, ORDER_FIELDS, item, line

FULL = {
    "是否使用无品牌包装箱": "是", "是否阻止亚马逊物流": "N", "收件人": "José \"小明\" O'Brien & Söhne=\\x", "地址2": "3楼 B座，\"东\"",
    "装箱单-装箱单备注": "谢谢 & <b>再来</b>", "配送操作": "保留订单", "配送服务": "加急配送", "订单备注": "备注：100% =1+1",
}  # fmt: skip


def required(order: str, **changed: Any) -> dict[str, Any]:
    """What an order of the required fields and the usual buyer must become."""
    found = {ORDER_FIELDS[label]: value for label, value in line(order).items() if label in ORDER_FIELDS}
    return {**found, "item_list": [{"msku": "msku-1", "quantity_shipped": 1}], **changed}


def test_payloads_equal_the_sheet(desk: Desk) -> None:
    """Every field arrives with its type and its text, absent ones stay away, items in the sheet's order; `check` shows the same."""
    rows = [
        line("FULL-1", **FULL, 申报价值=1.10, 申报货币="USD"),
        item("FULL-1", "b-2", 12.0, 申报价值=0.1 + 0.2, 申报货币="USD"),
        item("FULL-1", "a-3", "1,200", 申报价值=1234567.89, 申报货币="usd"),
        item("FULL-1", "a-3", " ３ ", 申报价值="12.50", 申报货币="EUR"),
        line("MIN-1", 电话号码=None),
        line(1000796, 邮编=36003, 电话号码=2025550123, **{"装箱单-订单号": 1802}, MSKU=889900112233),
        line("0012", 邮编="02116", MSKU="007", **{"装箱单-订单日期": dt.date(2022, 12, 9)}),
        line("D-2", **{"装箱单-订单日期": dt.datetime(2025, 4, 9, 14, 30, 45)}),  # noqa: DTZ001  # a cell has no zone
        line("D-3", **{"装箱单-订单日期": "2025/4/9 14:30:45"}),
        line("D-4", **{"装箱单-订单日期": "2025年4月9日"}, 是否使用无品牌包装箱=True, 是否阻止亚马逊物流="0"),
        line("  JP-1\t", 店铺国家="日本", **{"收货地址国家/地区": "jp"}, 城市=None, 邮编="１５０-０００１"),
    ]
    book = desk.write("orders.xlsx", rows)
    ran = desk.submit(book, code=0)

    items = [
        {"msku": "msku-1", "quantity_shipped": 1, "declared_value": Decimal("1.1"), "declared_currency": "USD"},
        {"msku": "b-2", "quantity_shipped": 12, "declared_value": Decimal("0.3"), "declared_currency": "USD"},
        {"msku": "a-3", "quantity_shipped": 1200, "declared_value": Decimal("1234567.89"), "declared_currency": "USD"},
        {"msku": "a-3", "quantity_shipped": 3, "declared_value": Decimal("12.5"), "declared_currency": "EUR"},
    ]
    full = {ORDER_FIELDS[label]: value for label, value in FULL.items()} | {"is_block_amzl": "否"}
    without_phone = {name: value for name, value in required("MIN-1").items() if name != "phone_number"}
    japan = {"country": "日本", "country_code": "JP", "postcode": "150-0001", "order_id_for_packing": "P  JP-1"}
    expected = {
        "FULL-1": required("FULL-1", **full, item_list=items),
        "MIN-1": without_phone,
        "1000796": required(
            "1000796", phone_number="2025550123", order_id_for_packing="1802", item_list=[{"msku": "889900112233", "quantity_shipped": 1}]
        ),
        "0012": required("0012", postcode="02116", item_list=[{"msku": "007", "quantity_shipped": 1}]),
        "D-2": required("D-2", date_for_packing="2025-04-09T14:30:45"),
        "D-3": required("D-3", date_for_packing="2025-04-09T14:30:45"),
        "D-4": required("D-4", date_for_packing="2025-04-09", is_blank_box="是", is_block_amzl="否"),
        "JP-1": {name: value for name, value in required("JP-1", **japan).items() if name != "city"},
    }
    assert desk.foreign.payloads() == expected
    for payload in desk.foreign.payloads().values():
        assert all(type(item["quantity_shipped"]) is int for item in payload["item_list"])
    assert desk.foreign.sent() == list(expected)
    assert set(ran.fates.values()) == {"created"}

    shown = desk.run("check", "--json", "--payloads", book, code=0).out
    payloads = {each["order"]: each["payload"] for each in json.loads(shown, parse_float=Decimal)["payloads"]}
    assert payloads == expected


def test_columns_in_any_order_and_only_the_required_ones(desk: Desk) -> None:
    """A sheet by another writer, its columns reversed, optional ones away, date cells with formats of their own, two names of the API."""
    optional = {"是否使用无品牌包装箱", "是否阻止亚马逊物流", "地址2", "电话号码", "装箱单-装箱单备注", "配送操作", "配送服务", "订单备注"}
    labels = [label for label in reversed([*ORDER_FIELDS, *ITEM_FIELDS]) if label not in optional | {"申报价值", "申报货币"}]
    book = xlsxwriter.Workbook(str(desk.folder / "reversed.xlsx"))
    sheet = book.add_worksheet("订单")
    date = book.add_format({"num_format": 'yyyy"年"m"月"d"日"'})
    sheet.write_row(0, 0, [{"收件人": "* receiver", "发货量": "发货量\n（必填）"}.get(label, label) for label in labels])
    row = line("R-1", 发货量=2, 电话号码=None)
    for column, label in enumerate(labels):
        sheet.write(1, column, row[label])
    sheet.write_datetime(1, labels.index("装箱单-订单日期"), dt.datetime(2022, 12, 9), date)  # noqa: DTZ001  # a cell has no zone
    book.close()

    desk.submit("reversed.xlsx", code=0)

    (payload,) = desk.foreign.payloads().values()
    assert payload == {
        **{name: value for name, value in required("R-1").items() if name != "phone_number"},
        "item_list": [{"msku": "msku-1", "quantity_shipped": 2}],
    }  # fmt: skip
    assert payload["receiver"] == BUYER["收件人"]


def test_numbers_shown_with_zeros_are_read_as_shown(desk: Desk) -> None:
    """A numeric cell that its number format shows zero-padded is the text that the merchant sees, with a note."""
    book = xlsxwriter.Workbook(str(desk.folder / "zeros.xlsx"))
    sheet = book.add_worksheet()
    rows = [line("Z-1"), line("Z-2", 店铺国家="德国", **{"收货地址国家/地区": "DE"})]
    sheet.write_row(0, 0, LABELS)
    for number, row in enumerate(rows, 1):
        sheet.write_row(number, 0, [row.get(label) for label in LABELS])
        sheet.write_number(number, LABELS.index("邮编"), 2116, book.add_format({"num_format": "00000"}))
    book.close()

    ran = desk.submit("zeros.xlsx", code=0)

    assert [payload["postcode"] for payload in desk.foreign.payloads().values()] == ["02116", "02116"]
    assert [issue["severity"] for issue in ran.one["issues"] if issue["field"] == "postcode"] == ["note", "note"]
