"""The imitation that the acceptance tests rely on agrees with the vendor's test vectors."""

import json

import foreign
import pytest

APP_ID = "ak_testAppId0001"
TOKEN = "44fa2eed-1111-4222-8333-8c6abe5ea6a4"
SAMPLE = {
    "store_name": "8speed-US1", "country": "美国", "order_id": "1000796", "is_blank_box": "否", "is_block_amzl": "否", "receiver": "jack",
    "country_code": "US", "region": "AL-Alabama", "city": "Autaugaville", "address1": "Autauga", "address2": "Autauga",
    "postcode": "36003", "phone_number": "123456", "buyers_mailbox": "123456@gmail.com", "order_id_for_packing": "1802",
    "date_for_packing": "2022-12-09", "remark_for_packing": "Thank you for your order", "delivery_operation": "保留订单",
    "delivery_service": "标准配送", "remark": "备注",
    "item_list": [{"declared_currency": "USD", "declared_value": 1.23, "msku": "msku123", "quantity_shipped": 1}],
}  # fmt: skip
ODD = {"address2": "", "receiver": 'José O\'Brien & Söhne = "x"/y', "item_list": [{"msku": 'A/B "7" 中', "quantity_shipped": 2}]}


@pytest.mark.parametrize(
    ("body", "timestamp", "sign"),
    [
        (None, "1639734344", "nHl5TXTbm/QVJrnKjNCDkcbR/cx3IpPHD7obvir4zTXA9wqvkCf482zO2b6LAXLZ"),
        (SAMPLE, "1720408272", "oQMr9Et0px9G70SjBh8K3f9y8v2mn70jFlcq6kLtkRrA9wqvkCf482zO2b6LAXLZ"),
        (ODD, "1720408272", "YuiurEzfLOgl3xT4GxbtNUiivny+ed/+zSdKwOI68/7A9wqvkCf482zO2b6LAXLZ"),
    ],
)
def test_it_signs_as_the_vendor_does(body: dict[str, object] | None, timestamp: str, sign: str) -> None:
    """The vendor's vectors, over the bytes as they would arrive."""
    raw = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode() if body else b""
    given = {"access_token": TOKEN, "app_key": APP_ID, "timestamp": timestamp, "sign": ""}
    assert foreign.sign(foreign.canonical(raw, given), APP_ID) == sign
