"""The request body of an FBA order, and the settings of an account at Chukou1."""

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from making import orders_of, sheet
from pydantic import ValidationError

from bulkorders.core.payload import build
from bulkorders.errors import SettingsError
from bulkorders.providers.chukou1 import PROVIDER
from bulkorders.providers.chukou1.fields import FBA_ORDERS
from bulkorders.providers.chukou1.settings import Chukou1Settings
from bulkorders.settings import describe_errors

SKU = {
    "Sku": "sample string 1", "Picture": "https://example.com/2", "Charged": True, "ASINCode": "sample string 4",
    "ModelName": "sample string 5", "DeclareNameEN": "sample string 6", "DeclareNameCN": "sample string 7", "Quantity": 8,
    "DeclareValue": 9, "MaterialEN": "sample string 10", "MaterialCN": "sample string 11", "PurposeEN": "sample string 12",
    "PurposeCN": "sample string 13", "BrandName": "sample string 14", "Weight": 15, "Packing": "sample string 16",
    "HsCode": "sample string 17",
}  # fmt: skip
CARTONS = "ContainerInfos"
PAGE: dict[str, Any] = {
    "WarehouseCode": "sample string 1", "ShipmentId": "sample string 2", "ReferenceId": "sample str 3", "PackageId": "sample-string-4",
    "Location": "sample string 5", "ServiceCode": "sample string 6",
    "ContainerInfos": [
        {"CustomContainerNo": f"sample string {number}", "Weight": 2, "Length": 3, "Width": 4, "Height": 5, "SkuInfos": [SKU, SKU]}
        for number in (1, 2)
    ],
    "Custom": "sample string 7", "VatCode": "sample string 8", "Remark": "sample string 9",
}  # fmt: skip
"""The page's 输入参数的json形式; but a reference of 12 characters, a package without blanks, a picture's address, and two numbers of
cartons, as the page's own table demands."""
KILOGRAMS = {"container_weight_unit": "kg"}
FIXED = {"token": "t0ken-of-mine-Zx81"}
OAUTH = {
    "client_id": "cl13nt-Zx82", "client_secret": "s3cret-Zx83", "redirect_uri": "https://redirect.example.com/Zx84",
    "refresh_token": "r3fresh-Zx85",
}  # fmt: skip
HINTS = [value.partition("Zx")[2] for value in (*FIXED.values(), *OAUTH.values())]


def fba_row(**changed: Any) -> dict[str, Any]:
    """A valid row by field name: the example with a real 包裹ID."""
    return {field.name: field.example for field in FBA_ORDERS.fields} | {"package_id": "P1"} | changed


def account(**changed: Any) -> Chukou1Settings:
    """The settings of a table with a fixed token, if nothing else is said."""
    table = {"name": "main", "provider": "chukou1", **(changed if {*changed} & {*OAUTH, *FIXED} else {**FIXED, **changed})}
    return PROVIDER.settings({name: value for name, value in table.items() if value is not None})


def bodies(*rows: Mapping[str, Any], unit: Mapping[str, Any] | None = None, **how: Any) -> list[str]:
    """The request bodies of rows, which all must be valid."""
    orders = orders_of(FBA_ORDERS, sheet(FBA_ORDERS, rows, **how))
    assert orders.valid == orders.orders
    settings = account(**unit) if unit is not None else None
    return [PROVIDER.encode(build(order), settings).decode() for order in orders.valid]


def sent(*rows: Mapping[str, Any], unit: Mapping[str, Any] | None = None, **how: Any) -> Any:
    """The one request body of rows, fractions exact."""
    (body,) = bodies(*rows, unit=unit, **how)
    return json.loads(body, parse_float=Decimal)


def carton(*rows: Mapping[str, Any], **how: Any) -> Any:
    """The one carton of the one order of rows."""
    (found,) = sent(*rows, **how)["ContainerInfos"]
    return found


def refusal(**changed: Any) -> str:
    """What is said of settings that are refused, in both languages."""
    with pytest.raises(ValidationError) as error:
        account(**changed)
    assert not [hint for hint in HINTS if hint in str(error.value)]
    return " ".join(describe_errors("账号 main", error.value))


# -- the body ----------------------------------------------------------------------------------------------------------------
def rows_of_the_page() -> list[dict[str, Any]]:
    """The page's sample as rows, one a SKU, weights of cartons in kg; written by the fields' paths."""
    paths = {field.path: field.name for field in FBA_ORDERS.fields}
    head = {paths[name]: value for name, value in PAGE.items() if name != CARTONS}
    boxes = [{paths[f"ContainerInfos[].{name}"]: value for name, value in each.items() if name != "SkuInfos"} for each in PAGE[CARTONS]]
    skus = [
        [{paths[f"ContainerInfos[].SkuInfos[].{name}"]: sku[name] for name in sku} for sku in each["SkuInfos"]] for each in PAGE[CARTONS]
    ]
    return [{**head, **box, "container_weight": "0.002", **sku} for box, own in zip(boxes, skus, strict=True) for sku in own]


def test_the_pages_sample_request_is_what_its_rows_give() -> None:
    """Order, two cartons of two SKUs each: nested, named and typed as on the page."""
    assert sent(*rows_of_the_page()) == PAGE
    assert type(sent(*rows_of_the_page())["ContainerInfos"][0]["Weight"]) is int


def test_repeated_cells_may_be_left_blank() -> None:
    """What stands on the first row of the order, or of the carton, stands once in the body."""
    rows = rows_of_the_page()
    head = [field.name for field in FBA_ORDERS.fields if not field.level and not field.key]
    box = [field.name for field in FBA_ORDERS.fields if field.level == "ContainerInfos[]" and not field.key]
    for row in rows[1:]:
        row.update(dict.fromkeys(head))
    for row in rows[1::2]:
        row.update(dict.fromkeys(box))
    assert sent(*rows) == PAGE


@pytest.mark.parametrize(
    ("typed", "grams"),
    [
        (12.5, 12500), (12.3456, 12346), ("12.3456", 12346), (12.345, 12345), ("12.3450001", 12346), (0.1 + 0.2, 300), ("0.0001", 1),
        (22.68, 22680), (8.9, 8900), (16.27, 16270), (9, 9000), ("1,200", 1_200_000),
    ],
)  # fmt: skip
def test_cartons_are_weighed_in_whole_grams_rounded_up(typed: object, grams: int) -> None:
    """Never less than the scales at the warehouse will say, and never a gram more because of a double's noise."""
    found = carton(fba_row(container_weight=typed))["Weight"]
    assert (type(found), found) == (int, grams)


@pytest.mark.parametrize(("typed", "shown"), [(12.3456, "12.3456"), (12.5, "12.5"), (9, "9"), ("9.00", "9"), (0.1 + 0.2, "0.3")])
def test_an_account_may_have_cartons_weighed_in_kilograms(typed: object, shown: str) -> None:
    """`container_weight_unit = "kg"`: exactly what was typed."""
    (body,) = bodies(fba_row(container_weight=typed), unit=KILOGRAMS)
    assert f'"CustomContainerNo":"1","Weight":{shown},"Length"' in body


def test_grams_in_the_sheet_are_grams_in_the_body() -> None:
    """A column of grams is converted and back again without a loss, whatever unit the account's remote reads."""
    labels = {"container_weight": "箱重(g)", "piece_weight": "单件重量(g)"}
    row = fba_row(container_weight=12345, piece_weight=45)
    assert carton(row, labels=labels)["Weight"] == 12345
    assert carton(row, labels=labels, unit=KILOGRAMS)["Weight"] == Decimal("12.345")
    assert carton(row, labels=labels)["SkuInfos"][0]["Weight"] == Decimal("0.045")


def test_pieces_are_weighed_in_kilograms_whatever_the_setting() -> None:
    """Only a carton's unit is in doubt."""
    for unit in (None, {}, KILOGRAMS):
        assert carton(fba_row(piece_weight="0.0125"), unit=unit)["SkuInfos"][0]["Weight"] == Decimal("0.0125")


@pytest.mark.parametrize(
    ("field", "typed", "shown"),
    [
        ("declare_value", "1.50", '"DeclareValue":1.5,'), ("declare_value", 10, '"DeclareValue":10,'),
        ("declare_value", 1e8, '"DeclareValue":100000000,'), ("declare_value", 0, '"DeclareValue":0,'),
        ("declare_value", 4.35, '"DeclareValue":4.35,'), ("piece_weight", 1e-7, '"Weight":0.0000001,'),
        ("piece_weight", "0.120", '"Weight":0.12,'), ("piece_weight", 0.1 + 0.2, '"Weight":0.3,'),
        ("container_length", "50.10", '"Length":50.1,'), ("container_height", 40.0, '"Height":40,'),
        ("quantity", "1,000", '"Quantity":1000,'),
    ],
)  # fmt: skip
def test_numbers_are_written_exactly_and_plainly(field: str, typed: object, shown: str) -> None:
    """No exponent, no trailing zeros, no noise of doubles."""
    (body,) = bodies(fba_row(**{field: typed}))
    assert shown in body


@pytest.mark.parametrize(("typed", "value"), [("是", True), ("否", False), ("Y", True), (0, False), (True, True)])
def test_charged_is_a_boolean(typed: object, value: bool) -> None:
    """Neither 是 nor 1."""
    assert carton(fba_row(charged=typed))["SkuInfos"][0]["Charged"] is value


@pytest.mark.parametrize("name", [field.name for field in FBA_ORDERS.fields if not field.required])
def test_a_blank_optional_field_is_absent(name: str) -> None:
    """Neither null nor empty, at no depth; and nothing else goes with it."""
    field = FBA_ORDERS[name]
    (body,) = bodies(fba_row(**{name: "\u3000"}))
    (whole,) = bodies(fba_row())
    assert f'"{field.api_name}"' in whole
    assert f'"{field.api_name}"' not in body
    assert "null" not in body
    assert '""' not in body
    assert body.count('":') == whole.count('":') - 1


def test_identifiers_typed_as_numbers_stay_text() -> None:
    """Excel makes doubles of them; the body has the digits that are shown."""
    numbers = {
        "shipment_id": 24332, "reference_id": 34.0, "package_id": 20261104.0, "container_no": 1.0, "sku": 1000796, "asin": 1234567890.0,
        "hs_code": 8518302000.0, "vat_code": 123456789, "location": 1, "service_code": 7.0, "model_name": 13.0,
    }  # fmt: skip
    body = sent(fba_row(**numbers))
    (box,) = body["ContainerInfos"]
    (sku,) = box["SkuInfos"]
    found = [body[name] for name in ("ShipmentId", "ReferenceId", "PackageId", "VatCode", "Location", "ServiceCode")]
    assert found == ["24332", "34", "20261104", "123456789", "1", "7"]
    assert box["CustomContainerNo"] == "1"
    assert [sku[name] for name in ("Sku", "ASINCode", "HsCode", "ModelName")] == ["1000796", "1234567890", "8518302000", "13"]


def test_leading_zeros_stay() -> None:
    """A text cell is what it shows."""
    assert sent(fba_row(package_id="000123", container_no="01", hs_code="0101210000"))["PackageId"] == "000123"
    assert carton(fba_row(container_no="01"))["CustomContainerNo"] == "01"


def test_text_goes_out_as_it_was_typed() -> None:
    """Raw UTF-8, quotes and line breaks escaped, nothing else touched; what stands around a text is trimmed."""
    remark = '易碎 "fragile" \\ 50% ＋ 😀'
    (body,) = bodies(fba_row(remark=f"\u3000{remark}\u00a0", custom="bag-red"))
    assert json.loads(body)["Remark"] == remark
    assert "易碎" in body
    assert "😀" in body


def test_each_order_has_a_body_of_its_own() -> None:
    """In the order of the sheet, rows of one order apart or not."""
    found = bodies(fba_row(package_id="B"), fba_row(package_id="A"), fba_row(package_id="B", container_no="2"))
    assert [json.loads(body)["PackageId"] for body in found] == ["B", "A"]
    assert [len(json.loads(body)["ContainerInfos"]) for body in found] == [2, 1]


def test_encoding_does_not_change_the_payload() -> None:
    """The same order may be encoded for two accounts."""
    (order,) = orders_of(FBA_ORDERS, sheet(FBA_ORDERS, [fba_row()])).valid
    payload = build(order)
    first = PROVIDER.encode(payload)
    assert PROVIDER.encode(payload, account(**KILOGRAMS)) != first
    assert PROVIDER.encode(payload, account()) == PROVIDER.encode(payload) == first
    assert payload == build(order)


# -- the settings ------------------------------------------------------------------------------------------------------------
def test_a_fixed_token_is_enough() -> None:
    """The simplest set-up, at the production host, two calls a second, one at a time, cartons in grams."""
    settings = account()
    assert settings.base_url == "https://openapi.chukou1.cn"
    assert (settings.max_per_second, settings.max_in_flight, settings.container_weight_unit) == (2.0, 1, "g")
    assert (settings.read_timeout, settings.settle_seconds, settings.follow_minutes) == (90.0, 120.0, 30.0)


def test_the_four_of_oauth_are_enough() -> None:
    """Without a fixed token."""
    settings = account(**OAUTH)
    assert settings.token is None
    assert settings.client_id == OAUTH["client_id"]


@pytest.mark.parametrize("name", OAUTH)
def test_part_of_oauth_is_refused_by_the_name_of_what_is_absent(name: str) -> None:
    """And by that name only; an empty text is absent too."""
    for nothing in (None, ""):
        text = refusal(**{**OAUTH, name: nothing})
        assert name in text
        assert not [other for other in OAUTH if other != name and other in text]
        assert not [hint for hint in HINTS if hint in text]


def test_no_credentials_are_refused_by_the_names_of_both_ways() -> None:
    """A token, or the four."""
    text = refusal(token=None)
    assert "token" in text
    assert all(name in text for name in OAUTH)


@pytest.mark.parametrize("given", [{**FIXED, **OAUTH}, {**FIXED, "client_id": OAUTH["client_id"]}, {**FIXED, "refresh_token": "x"}])
def test_both_ways_at_once_are_refused(given: dict[str, str]) -> None:
    """Nobody could tell which of them is meant; and no value is told."""
    text = refusal(**given)
    assert "token" in text
    assert not [hint for hint in HINTS if hint in text]


def test_secrets_are_not_shown() -> None:
    """Neither by a settings object nor by what is said of a wrong one."""
    secrets = (FIXED["token"], OAUTH["client_secret"], OAUTH["refresh_token"])
    for settings in (account(), account(**OAUTH)):
        assert not [secret for secret in secrets if secret in f"{settings!r} {settings}"]
    assert not [hint for hint in HINTS if hint in refusal(**FIXED, unknown_setting=1)]


@pytest.mark.parametrize("name", ["token", "refresh_token", "client_secret"])
def test_a_secret_may_lie_in_a_file(name: str, tmp_path: Path) -> None:
    """Its last line break is none of it; a file that is not there is a settings error."""
    path = tmp_path / "secret"
    path.write_text("fr0m-a-file\n", encoding="utf-8")
    table = {**(FIXED if name == "token" else OAUTH), f"{name}_file": str(path)}
    settings = account(**{**table, name: None})
    assert getattr(settings, name).get_secret_value() == "fr0m-a-file"
    path.unlink()
    with pytest.raises(SettingsError):
        account(**{**table, name: None})


@pytest.mark.parametrize(
    "url",
    [
        "https://openapi.chukou1.cn", "http://openapi.ck1info.com", "https://openapi.ck1info.com/", "http://127.0.0.1:8080", "http://localhost",
        "http://[::1]:99",
    ],
)  # fmt: skip
def test_plain_http_is_for_this_machine_and_the_test_host(url: str) -> None:
    """The vendor's test host has no TLS."""
    assert account(base_url=url).base_url == url.rstrip("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://openapi.chukou1.cn", "http://ck1info.com", "http://openapi.ck1info.com.example.com", "http://127.0.0.1.example.com",
        "http://example.com/openapi.ck1info.com", "http://openapi.ck1info.com@example.com", "openapi.chukou1.cn", "ftp://localhost", "",
    ],
)  # fmt: skip
def test_plain_http_to_anything_else_is_refused(url: str) -> None:
    """A token must not cross a network in clear text."""
    assert "base_url" in refusal(base_url=url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("max_per_second", 0), ("max_per_second", -1), ("container_weight_unit", "lb"), ("container_weight_unit", "KG"), ("stores", ["x"]),
        ("app_id", "x"), ("max_in_flight", 0), ("follow_minutes", -1),
    ],
)  # fmt: skip
def test_unusable_settings_are_refused_by_name(name: str, value: object) -> None:
    """Those of another provider too."""
    assert name in refusal(**{name: value})


def test_seconds_and_rates_may_be_fractions() -> None:
    """Half a call a second, or no cap at all."""
    table = {"name": "main", "provider": "chukou1", **FIXED}
    assert PROVIDER.settings({**table, "max_per_second": 0.5}).max_per_second == 0.5
    assert PROVIDER.settings({**table, "max_per_second": None}).max_per_second is None


def test_the_test_host_is_known() -> None:
    """The page's own host creates nothing real; production and this machine are no test hosts."""
    assert frozenset({"openapi.ck1info.com"}) == PROVIDER.test_hosts
    assert account(base_url="http://openapi.ck1info.com").host in PROVIDER.test_hosts
    assert account(base_url="https://openapi.ck1info.com").host in PROVIDER.test_hosts
    assert account(base_url="https://openapi.ck1info.com.").hostname in PROVIDER.test_hosts
    assert account().host not in PROVIDER.test_hosts


def test_the_principal_is_host_and_customer() -> None:
    """A fixed token does not say whose it is, so the account's name stands for it; OAuth has the client, or the customer."""
    assert PROVIDER.principal(account()) == "chukou1|openapi.chukou1.cn|name:main"
    assert PROVIDER.principal(account(**OAUTH)) == f"chukou1|openapi.chukou1.cn|client:{OAUTH['client_id']}"
    assert PROVIDER.principal(account(**OAUTH, customer_id="8046")) == "chukou1|openapi.chukou1.cn|customer:8046"
    assert PROVIDER.principal(account(base_url="http://openapi.ck1info.com")) == "chukou1|openapi.ck1info.com|name:main"


def test_a_new_secret_is_no_new_principal() -> None:
    """Identities must outlive a changed token; the port that a scheme has anyway makes no other host."""
    assert PROVIDER.principal(account(token="another")) == PROVIDER.principal(account())
    assert PROVIDER.principal(account(**{**OAUTH, "refresh_token": "another"})) == PROVIDER.principal(account(**OAUTH))
    assert PROVIDER.principal(account(base_url="https://openapi.chukou1.cn:443/")) == PROVIDER.principal(account())
    for spelling in (
        "https://OPENAPI.chukou1.cn",
        "https://openapi.chukou1.cn.",
        "https://openapi.chukou1.cn.:443",
        "https://openapi。chukou1。cn",
    ):
        assert PROVIDER.principal(account(base_url=spelling)) == PROVIDER.principal(account())


def test_accounts_that_are_one_customer_may_not_stand_side_by_side() -> None:
    """One token, one authorisation, one client where not both say for which customer: each would be a second gate to one customer."""
    fixed, oauth = account(), account(**OAUTH)
    other = account(**{**OAUTH, "refresh_token": "another-renewal"}, customer_id="7")
    for one, two in ((fixed, account(token=f"{FIXED['token']} ")), (account(**OAUTH, customer_id="7"), account(**OAUTH, customer_id="8"))):
        assert "请只留一个" in str(PROVIDER.same(one, two))
    for one, two in ((oauth, other), (other, oauth)):
        assert "customer_id" in str(PROVIDER.same(one, two))


def test_accounts_of_different_customers_stand_side_by_side() -> None:
    """Other tokens, one client for two customers that are told apart, or one token at the vendor's test host and in production."""
    fixed = account()
    apart = [account(**{**OAUTH, "refresh_token": f"renewal-{number}"}, customer_id=number) for number in "78"]
    assert PROVIDER.same(*apart) is None
    assert PROVIDER.same(fixed, account(token="another-token")) is None
    assert PROVIDER.same(fixed, account(base_url="http://openapi.ck1info.com")) is None
    assert PROVIDER.same(fixed, apart[0]) is None
