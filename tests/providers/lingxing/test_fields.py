"""The template lingxing-mcf: the vendor page's fields, every one, and the rules that span them."""

import json
from typing import Any

import pytest
from making import mcf_issues, mcf_row, orders_of, sheet

from bulkorders.core.cell import is_blank
from bulkorders.core.kinds import Choice, Date, Decimal, Flag, Integer, Text
from bulkorders.core.payload import build, encode
from bulkorders.providers.lingxing.codes import COUNTRY_CODES, CURRENCIES, MARKETS
from bulkorders.providers.lingxing.fields import MCF_ORDERS

PAGE = """
store_name                 店铺名                必填  文本
country                    店铺国家              必填  文本
order_id                   订单号                必填  文本
is_blank_box               是否使用无品牌包装箱  选填  文本
is_block_amzl              是否阻止亚马逊物流    选填  文本
receiver                   收件人                必填  文本
country_code               收货地址国家/地区     必填  文本
region                     地区                  必填  文本
city                       城市                  选填  文本
address1                   地址1                 必填  文本
address2                   地址2                 选填  文本
postcode                   邮编                  必填  文本
phone_number               电话号码              选填  文本
buyers_mailbox             买家邮箱              必填  文本
order_id_for_packing       装箱单-订单号         必填  文本
date_for_packing           装箱单-订单日期       必填  文本
remark_for_packing         装箱单-装箱单备注     选填  文本
delivery_operation         配送操作              选填  文本
delivery_service           配送服务              选填  文本
remark                     订单备注              选填  文本
item_list[].msku               MSKU              必填  文本
item_list[].quantity_shipped   发货量            必填  数字
item_list[].declared_value     申报价值          选填  数字
item_list[].declared_currency  申报货币          选填  文本
"""
"""The vendor page createOrder: name, 说明 without its notes, 必填, 类型."""
ROWS = [line.split() for line in PAGE.strip().splitlines()]


def test_every_field_of_the_page_has_its_column() -> None:
    """Name, label and required mark are the page's, in the page's order; none is dropped and none made up."""
    ours = [[field.path, field.label, "必填" if field.required else "选填"] for field in MCF_ORDERS.fields]
    assert ours == [row[:3] for row in ROWS]
    assert [field.name for field in MCF_ORDERS.fields] == [row[0].rpartition(".")[2] for row in ROWS]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_types_in_the_payload_are_the_pages(row: list[str]) -> None:
    """[string] is text in the payload, [number] a number."""
    field = next(field for field in MCF_ORDERS.fields if field.path == row[0])
    encoded = encode([field.kind.encode(field.kind.parse(field.example).value)]).decode()
    assert encoded.startswith('["') == (row[3] == "文本")
    assert isinstance(field.kind, Integer | Decimal) == (row[3] == "数字")


def test_the_pages_sample_request_is_what_its_row_gives() -> None:
    """The sample of the page, typed into a row, comes out as the page's JSON."""
    sample: dict[str, Any] = {
        "store_name": "8speed-US1", "country": "美国", "order_id": "1000796", "is_blank_box": "否", "is_block_amzl": "否",
        "receiver": "jack", "country_code": "US", "region": "AL-Alabama", "city": "Autaugaville", "address1": "Autauga",
        "address2": "Autauga", "postcode": "36003", "phone_number": "123456",
        "buyers_mailbox": "123456@gmail.com", "order_id_for_packing": "1802",
        "date_for_packing": "2022-12-09", "remark_for_packing": "Thank you for your order", "delivery_operation": "保留订单",
        "delivery_service": "标准配送", "remark": "备注",
    }  # fmt: skip
    item = {"msku": "msku123", "quantity_shipped": 1, "declared_value": 1.23, "declared_currency": "USD"}
    typed = {
        **sample,
        **item,
        "order_id": 1000796.0,
        "postcode": 36003.0,
        "phone_number": 123456,
        "order_id_for_packing": 1802.0,
        "quantity_shipped": 1.0,
    }
    for row in ({**sample, **item}, typed):
        (order,) = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [row])).valid
        assert json.loads(encode(build(order))) == {**sample, "item_list": [item]}


def test_kinds_of_the_closed_fields() -> None:
    """Flags, choices and the date are read as such; whatever has digits that count is an identifier."""
    kinds = {field.name: field.kind for field in MCF_ORDERS.fields}
    assert {name for name, kind in kinds.items() if isinstance(kind, Flag)} == {"is_blank_box", "is_block_amzl"}
    assert {name for name, kind in kinds.items() if isinstance(kind, Date)} == {"date_for_packing"}
    assert tuple(kinds["delivery_operation"].choices) == ("立即配送", "保留订单")
    assert tuple(kinds["delivery_service"].choices) == ("标准配送", "加急配送", "优先配送")
    identifiers = {name for name, kind in kinds.items() if isinstance(kind, Text) and kind.identifier}
    assert identifiers == {"order_id", "postcode", "phone_number", "buyers_mailbox", "order_id_for_packing", "msku"}


def test_order_and_display_keys() -> None:
    """An order is known by store and number; people know it by its number."""
    assert [field.name for field in MCF_ORDERS.root.keys] == ["store_name", "order_id"]
    assert MCF_ORDERS.display == "order_id"
    assert MCF_ORDERS.root.children[0].keys == ()


def test_the_example_row_is_valid_but_for_its_number() -> None:
    """Whoever types a number over the example's has a valid order without any issue."""
    assert mcf_issues(mcf_row(), notes=True) == []
    assert all(not is_blank(field.example) for field in MCF_ORDERS.fields)


@pytest.mark.parametrize("field", [field.name for field in MCF_ORDERS.fields if field.required and field.name != "order_id"])
def test_a_blank_required_cell_is_an_error(field: str) -> None:
    """Each required field of the page, by its name."""
    assert ("required", field) in mcf_issues(mcf_row(**{field: None}))


@pytest.mark.parametrize("field", [field.name for field in MCF_ORDERS.fields if not field.required])
def test_a_blank_optional_cell_is_absent_from_the_payload(field: str) -> None:
    """Null and empty fields are left out at every depth."""
    changed: dict[str, Any] = {
        field: "\u3000",
        **({"declared_value": None, "declared_currency": None} if field.startswith("declared") else {}),
    }
    changed |= {"country": "日本", "country_code": "JP"}
    (order,) = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row(**changed)])).valid
    payload = build(order)
    assert field not in payload
    assert field not in payload["item_list"][0]
    assert b"null" not in encode(payload)
    assert b'""' not in encode(payload)


@pytest.mark.parametrize(
    ("country", "code", "issues"),
    [
        ("美国", "US", [("city_missing", "city")]), ("日本", "JP", []), ("日本", "US", [("city_doubtful", "city")]),
        ("美国", "JP", [("city_doubtful", "city")]), ("日本", "jp", []),
    ],
)  # fmt: skip
def test_city_is_required_outside_japan(country: str, code: str, issues: list[tuple[str, str]]) -> None:
    """An error where neither store nor address is in Japan, a warning where one is, nothing where both are."""
    assert mcf_issues(mcf_row(city=None, country=country, country_code=code)) == issues
    assert mcf_issues(mcf_row(city="Tokyo", country=country, country_code=code)) == []


def test_an_unreadable_country_makes_no_second_error_of_the_city() -> None:
    """What cannot be read may be Japan."""
    assert mcf_issues(mcf_row(city=None, country_code="Japan!")) == [("not_choice", "country_code")]


@pytest.mark.parametrize(
    ("value", "currency", "issues"),
    [
        (1.5, None, [("currency_missing", "declared_currency")]), (None, "USD", [("value_missing", "declared_value")]), (None, None, []),
        (1.5, "usd", []), (0, None, [("currency_missing", "declared_currency")]), (1.5, "人民币", [("not_choice", "declared_currency")]),
        (1.5, "XXQ", [("not_choice", "declared_currency")]), (-1, "USD", [("too_small", "declared_value")]),
        ("x", None, [("not_number", "declared_value")]),
    ],
)  # fmt: skip
def test_value_and_currency_go_together(value: object, currency: str | None, issues: list[tuple[str, str]]) -> None:
    """One without the other is an error; a currency is one of ISO 4217."""
    assert mcf_issues(mcf_row(declared_value=value, declared_currency=currency)) == issues


def test_value_and_currency_are_each_items_own() -> None:
    """The currency of one item is not that of another, and the errors stand at their rows."""
    rows = [mcf_row(), mcf_row(msku="M2", declared_currency=None), mcf_row(msku="M3", declared_value=None)]
    issues = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, rows)).issues
    assert [(issue.code, issue.row) for issue in issues] == [("currency_missing", 3), ("value_missing", 4)]


@pytest.mark.parametrize(
    ("postcode", "code", "proposal"),
    [
        (2116.0, "US", "02116"), ("501", "US", "00501"), ("36003", "US", None), ("02116", "US", None), ("02116-1234", "US", None),
        (2116, "AU", None), ("0150", "NO", None), (21161234, "US", "02116-1234"), ("501-1234", "US", "00501-1234"),
        ("021161234", "US", None), (1000001, "JP", None),
    ],
)  # fmt: skip
def test_a_us_postcode_that_lost_its_zeros_is_an_error_with_a_proposal(postcode: object, code: str, proposal: str | None) -> None:
    """`应为 02116？`; other countries have postcodes of four digits."""
    orders = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row(postcode=postcode, country_code=code)]))
    assert [issue.code for issue in orders.issues] == (["zero_lost"] if proposal else [])
    assert all(f"应为 {proposal}？" in issue.message.zh for issue in orders.issues)


@pytest.mark.parametrize(
    ("field", "longest"),
    [
        ("order_id", 40), ("order_id_for_packing", 40), ("remark_for_packing", 750), ("msku", 50), ("receiver", 50), ("address1", 60),
        ("address2", 60), ("city", 50), ("region", 150), ("postcode", 20), ("phone_number", 20),
    ],
)  # fmt: skip
def test_amazons_lengths_are_warnings(field: str, longest: int) -> None:
    """The last length is fine, one more is a warning, and the order goes out."""
    assert mcf_issues(mcf_row(**{field: "x" * longest})) == []
    orders = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row(**{field: "x" * (longest + 1)})]))
    assert [(issue.code, issue.field, issue.severity) for issue in orders.issues] == [("longer_than_limit", field, "warning")]
    assert len(orders.valid) == 1


def test_amazons_limits_of_mail_addresses_and_order_numbers_are_warnings() -> None:
    """Mail up to 64 characters; no `+` and no double blanks in an order number."""
    mail = "x" * 56 + "@ab.com"
    assert mcf_issues(mcf_row(buyers_mailbox="x" + mail)) == []
    assert mcf_issues(mcf_row(buyers_mailbox="xx" + mail)) == [("longer_than_limit", "buyers_mailbox")]
    assert mcf_issues(mcf_row(order_id="A+1")) == [("unusual", "order_id")]
    assert mcf_issues(mcf_row(order_id="A  1")) == [("unusual", "order_id")]
    assert mcf_issues(mcf_row(order_id="A 1")) == []
    assert mcf_issues(mcf_row(buyers_mailbox="nobody")) == [("pattern", "buyers_mailbox")]


def test_amazons_limits_of_lines_and_units_are_warnings() -> None:
    """100 lines and 250 units an order; one more of either is a warning of its own."""

    def said(lines: int, units: int) -> list[tuple[str, str | None]]:
        first = mcf_row(quantity_shipped=units - lines + 1)
        return mcf_issues(first, *({"order_id": "A1", "msku": f"M{n}", "quantity_shipped": 1} for n in range(2, lines + 1)))

    assert said(100, 250) == []
    assert said(101, 250) == [("too_many_lines", "order_id")]
    assert said(100, 251) == [("too_many_units", "order_id")]
    assert said(1, 251) == [("too_many_units", "order_id")]


def test_the_markets_are_those_that_the_vendor_names() -> None:
    """Chinese names with their codes; each is a choice of 店铺国家, and an unknown name is a warning."""
    named = (
        "美国 US 加拿大 CA 墨西哥 MX 英国 UK 德国 DE 法国 FR 意大利 IT 西班牙 ES 印度 IN 日本 JP 澳洲 AU 澳大利亚 AU "
        "阿联酋 AE 新加坡 SG 荷兰 NL 沙特阿拉伯 SA 巴西 BR 瑞典 SE 波兰 PL 土耳其 TR 比利时 BE"
    ).split()
    assert dict(zip(named[::2], named[1::2], strict=True)) == MARKETS
    assert all(mcf_issues(mcf_row(country=name)) == [] for name in ("美国", "澳大利亚", "比利时"))
    assert mcf_issues(mcf_row(country="爱尔兰")) == [("unknown_choice", "country")]
    assert mcf_issues(mcf_row(country="US")) == [("not_choice", "country")]


def test_ship_to_countries_are_codes() -> None:
    """A Chinese name is refused with its code; a code that we do not know is a warning."""
    assert mcf_issues(mcf_row(country_code="gb")) == []
    assert mcf_issues(mcf_row(country_code="UK")) == []
    assert mcf_issues(mcf_row(country_code="美国")) == [("not_choice", "country_code")]
    assert mcf_issues(mcf_row(country_code="QQ", postcode="12345")) == [("unknown_choice", "country_code")]
    assert "应为 US？" in orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row(country_code="美国")])).issues[0].message.zh


def test_closed_lists_are_well_formed() -> None:
    """Two capital letters each, three for currencies, none twice, and every market's code among the countries."""
    assert all(len(code) == 2 and code.isupper() for code in COUNTRY_CODES)
    assert all(len(code) == 3 and code.isupper() for code in CURRENCIES)
    assert len(set(COUNTRY_CODES)) == len(COUNTRY_CODES)
    assert len(set(CURRENCIES)) == len(CURRENCIES)
    assert set(MARKETS.values()) <= set(COUNTRY_CODES)
    kind = MCF_ORDERS["declared_currency"].kind
    assert isinstance(kind, Choice)
    assert set(kind.proposals.values()) <= set(CURRENCIES)


@pytest.mark.parametrize(
    ("raw", "text"),
    [("2022/12/9", "2022-12-09"), ("2025-04-09 14:30:45", "2025-04-09T14:30:45"), (20221209.0, "2022-12-09")],
)
def test_the_packing_date_comes_out_in_the_pages_form(raw: object, text: str) -> None:
    """`2022-12-09` or `2025-04-09T14:30:45`."""
    (order,) = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row(date_for_packing=raw)])).valid
    assert build(order)["date_for_packing"] == text
