"""The signature: the published vectors, and that the bytes which are signed are the bytes which are sent."""

import base64
import hashlib
import json
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl

import pytest
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st
from making import mcf_row, orders_of, sheet

from bulkorders.core.cell import trim
from bulkorders.core.payload import build
from bulkorders.providers.lingxing.fields import MCF_ORDERS
from bulkorders.providers.lingxing.sign import canonical_text, encode_body, sign, signed_query

APP = "ak_testAppId0001"
TOKEN = "44fa2eed-1111-4222-8333-8c6abe5ea6a4"
SAMPLE: dict[str, Any] = {
    "store_name": "8speed-US1", "country": "美国", "order_id": "1000796", "is_blank_box": "否", "is_block_amzl": "否", "receiver": "jack",
    "country_code": "US", "region": "AL-Alabama", "city": "Autaugaville", "address1": "Autauga", "address2": "Autauga", "postcode": "36003",
    "phone_number": "123456", "buyers_mailbox": "123456@gmail.com", "order_id_for_packing": "1802", "date_for_packing": "2022-12-09",
    "remark_for_packing": "Thank you for your order", "delivery_operation": "保留订单", "delivery_service": "标准配送", "remark": "备注",
    "item_list": [{"msku": "msku123", "quantity_shipped": 1, "declared_value": Decimal("1.23"), "declared_currency": "USD"}],
}  # fmt: skip
QUOTES = {
    "address2": "", "receiver": 'José O\'Brien & Söhne = "x"/y', "item_list": [{"msku": 'A/B "7" 中', "quantity_shipped": 2}],
}  # fmt: skip


def public(timestamp: int) -> dict[str, str]:
    """The parameters that every call has."""
    return {"access_token": TOKEN, "app_key": APP, "timestamp": str(timestamp)}


@pytest.mark.parametrize(
    ("body", "timestamp", "md5", "signature"),
    [
        (b"", 1639734344, "7C559A557AC5799060BCBB44AFBBDE86", "nHl5TXTbm/QVJrnKjNCDkcbR/cx3IpPHD7obvir4zTXA9wqvkCf482zO2b6LAXLZ"),
        (encode_body(SAMPLE), 1720408272, "E582A4BFA11FA997C5342C26502C93DC",
         "oQMr9Et0px9G70SjBh8K3f9y8v2mn70jFlcq6kLtkRrA9wqvkCf482zO2b6LAXLZ"),
        (encode_body(QUOTES), 1720408272, "E5A7977CB2EDAB662E445F4AE45E6C22",
         "YuiurEzfLOgl3xT4GxbtNUiivny+ed/+zSdKwOI68/7A9wqvkCf482zO2b6LAXLZ"),
    ],
    ids=["no body", "sample of the page", "quotes and accents"],
)  # fmt: skip
def test_the_vectors(body: bytes, timestamp: int, md5: str, signature: str) -> None:
    """Canonical text, MD5, AES and Base64 give what independent implementations agree on."""
    text = canonical_text(body, public(timestamp))
    assert hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper() == md5
    assert sign(text, APP) == signature
    query = dict(parse_qsl(signed_query(body, APP, TOKEN, timestamp), strict_parsing=True))
    assert query == {**public(timestamp), "sign": signature}


def test_the_fourth_vector() -> None:
    """MD5, AES and Base64 alone, under another AppID."""
    text = 'a={"a":2,"z":1}&b=2&empty_list=[]&false=false&items=[{"a":1,"b":2}]&n=null'
    assert hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper() == "F50D8DD54BE1B7FE1D54A70889DBE800"
    assert sign(text, "1234567890abcdef") == "OK5dei60ZS0Y5i8WvIZwSji7Vo70S7HnYtf+txhG7CMC3sVlLAIV+Tr2nwCfD21Y"


def test_the_vendors_sample_from_a_sheet_has_the_vectors_bytes() -> None:
    """From the row of a sheet to the bytes of the request, nothing changes on the way."""
    row = {name: value for name, value in SAMPLE.items() if name != "item_list"} | SAMPLE["item_list"][0]
    (order,) = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row(**{**row, "declared_value": 1.23, "remark": " 备注\u3000"})])).valid
    assert encode_body(build(order)) == encode_body(SAMPLE)


def test_values_of_the_canonical_text() -> None:
    """Strings as they are, numbers as their JSON text, nested ones compact with sorted keys; nothing for empty and null."""
    body = b'{"s":"a b&c=d","n":1.230,"i":2,"t":true,"o":{"b":[1.50,{"z":"\xe4\xb8\xad","a":1}],"a":{}},"e":"","x":null,"l":[]}'
    assert (
        canonical_text(body, {"timestamp": "1"}) == 'i=2&l=[]&n=1.230&o={"a":{},"b":[1.50,{"a":1,"z":"中"}]}&s=a b&c=d&t=true&timestamp=1'
    )


def test_keys_are_sorted_as_ascii() -> None:
    """Capitals before underscores before small letters, body and public ones alike."""
    assert (
        canonical_text(b'{"b":"1","a":"2","Z":"3","_":"4"}', {"app_key": "5", "access_token": "6"})
        == "Z=3&_=4&a=2&access_token=6&app_key=5&b=1"
    )


def test_the_query_has_exactly_the_four_public_parameters_encoded_once() -> None:
    """`+`, `/` and `=` of Base64 are escaped, and read back as they were."""
    query = signed_query(encode_body(QUOTES), APP, "t/o+k=n", 1720408272)
    assert [part.partition("=")[0] for part in query.split("&")] == ["access_token", "app_key", "timestamp", "sign"]
    assert "t%2Fo%2Bk%3Dn" in query
    assert "%25" not in query
    assert not set(query) & set("+/ ")


@pytest.mark.parametrize("length", [16, 24, 32])
def test_appids_that_are_keys_sign(length: int) -> None:
    """AES takes keys of 16, 24 and 32 bytes."""
    assert len(base64.b64decode(sign("x", "k" * length))) == 48


@pytest.mark.parametrize("app_id", ["", "short", "k" * 15, "k" * 33, "键" * 16])
def test_other_appids_are_refused(app_id: str) -> None:
    """A key of another length signs nothing."""
    with pytest.raises(ValueError, match=r".+"):
        sign("x", app_id)


# -- any payload ------------------------------------------------------------------------------

NAMES = st.text("abcXYZ_09", min_size=1, max_size=6).filter(lambda name: name not in ("access_token", "app_key", "timestamp"))
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ['"', "\\", "é", "中文", "a&b=c", "/", "<>", "\u2028", "\x7f", "𝄞"]
)
NUMBERS = (
    st.integers(0, 2**53)
    | st.decimals(0, 10**9, places=4)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=0, max_value=10**20)
)
LEAVES = TEXTS | NUMBERS | st.booleans()
PAYLOADS = st.dictionaries(NAMES, LEAVES | st.lists(st.dictionaries(NAMES, LEAVES, max_size=4), max_size=3), max_size=6)


class Number(str):
    """A number's text in the body."""

    __slots__ = ()


def compact(value: Any) -> str:
    """JSON written by hand in the order in which it was read: a verifier that neither sorts nor reformats."""
    if isinstance(value, Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{compact(name)}:{compact(inner)}" for name, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(compact, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def verify(body: bytes, query: str, *, sort: bool) -> bool:
    """A verifier of its own, with nested keys as they came or sorted."""
    parameters = dict(parse_qsl(query, strict_parsing=True, keep_blank_values=True))
    signature = parameters.pop("sign")
    fields = json.loads(body, parse_int=Number, parse_float=Number)
    if sort:
        fields = json.loads(json.dumps(json.loads(body, parse_int=Tagged, parse_float=Tagged), sort_keys=True), object_hook=untag)
    texts = {name: str(value) if isinstance(value, str) else compact(value) for name, value in fields.items() if value not in ("", None)}
    text = "&".join(f"{name}={value}" for name, value in sorted({**texts, **parameters}.items()))
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()
    decryptor = Cipher(algorithms.AES(APP.encode()), modes.ECB()).decryptor()  # noqa: S305  # the vendor's scheme
    padded = decryptor.update(base64.b64decode(signature)) + decryptor.finalize()
    unpadder = padding.PKCS7(128).unpadder()
    return (unpadder.update(padded) + unpadder.finalize()).decode() == digest


class Tagged(dict[str, str]):
    """A number's text, as an object that survives sorting."""

    def __init__(self, text: str) -> None:
        super().__init__({"\x00number": text})


def untag(value: dict[str, Any]) -> Any:
    """The number's text again."""
    return Number(value["\x00number"]) if set(value) == {"\x00number"} else value


@given(PAYLOADS)
def test_what_is_signed_is_what_is_sent(payload: dict[str, Any]) -> None:
    """Property: verifiers that sort nested keys and verifiers that do not both accept the body, whatever is in it."""
    body = encode_body(payload)
    query = signed_query(body, APP, TOKEN, 1720408272)
    assert verify(body, query, sort=False)
    assert verify(body, query, sort=True)


@given(PAYLOADS)
def test_nested_values_are_signed_byte_by_byte_as_they_stand_in_the_body(payload: dict[str, Any]) -> None:
    """Property: the text of each list and number in the canonical text is a piece of the body."""
    body = encode_body(payload)
    for name, value in payload.items():
        if not isinstance(value, str):
            text = canonical_text(encode_body({name: value}), {})
            assert f'"{name}":{text.removeprefix(f"{name}=")}'.encode() in body


@given(PAYLOADS)
def test_the_order_of_keys_changes_neither_body_nor_signature(payload: dict[str, Any]) -> None:
    """Property: the same order gives the same bytes, however it was put together."""
    turned = {
        name: [dict(reversed(item.items())) for item in value] if isinstance(value, list) else value
        for name, value in reversed(payload.items())
    }
    assert encode_body(turned) == encode_body(payload)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_no_string_of_a_payload_has_blanks_at_its_ends(text: str) -> None:
    """Verifiers that strip strings see what we signed: what a cell gives is stripped before."""
    for kind in (MCF_ORDERS["remark"].kind, MCF_ORDERS["msku"].kind, MCF_ORDERS["country"].kind):
        value = kind.parse(text).value
        assert value is None or value == value.strip() == trim(value)
