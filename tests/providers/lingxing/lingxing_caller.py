"""A plain client of the imitation of Lingxing, which signs as the imitation verifies; and the fixtures that go with it."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from bulkorders.providers.lingxing.sandbox import CREATE, REFRESH, TOKEN, LingxingSandbox
from bulkorders.providers.lingxing.sandbox_gateway import sign, signing_text
from bulkorders.sandbox import Server

ORDER: dict[str, Any] = {
    "store_name": "8speed-US1",
    "country": "美国",
    "order_id": "1000796",
    "is_blank_box": "否",
    "is_block_amzl": "否",
    "receiver": "jack",
    "country_code": "US",
    "region": "AL-Alabama",
    "city": "Autaugaville",
    "address1": "Autauga",
    "address2": "Autauga",
    "postcode": "36003",
    "phone_number": "123456",
    "buyers_mailbox": "123456@gmail.com",
    "order_id_for_packing": "1802",
    "date_for_packing": "2022-12-09",
    "remark_for_packing": "Thank you for your order",
    "delivery_operation": "保留订单",
    "delivery_service": "标准配送",
    "remark": "备注",
    "item_list": [
        {"declared_currency": "USD", "declared_value": 1.23, "msku": "msku123", "quantity_shipped": 1},
    ],
}


class Clock:
    """Seconds that move when told to."""

    def __init__(self) -> None:
        self.now = 1_720_408_272.0

    def __call__(self) -> float:
        return self.now


class Caller:
    """A plain client: one token, signed calls, answers as dictionaries."""

    def __init__(self, url: str, sandbox: LingxingSandbox, clock: Clock) -> None:
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=10)
        self.account, self.clock = sandbox.account(url), clock
        self.pair: dict[str, Any] = {}

    def form(self, path: str, **fields: str) -> dict[str, Any]:
        """A multipart call of a token route."""
        answer = self.http.post(path, files={name: (None, value) for name, value in fields.items()}).json()
        self.pair = answer["data"] or self.pair
        return dict(answer)

    def login(self) -> dict[str, Any]:
        """Takes a new pair."""
        return self.form(TOKEN, appId=self.account["app_id"], appSecret=self.account["app_secret"])

    def refresh(self, token: str) -> dict[str, Any]:
        """Spends a refresh token."""
        return self.form(REFRESH, appId=self.account["app_id"], refreshToken=token)

    def send(self, path: str, body: bytes | None, **changed: str) -> httpx.Response:
        """A signed call; `changed` replaces public parameters after signing, an empty text takes one away."""
        query = {
            "access_token": self.pair["access_token"],
            "app_key": self.account["app_id"],
            "timestamp": str(int(self.clock())),
        }
        query["sign"] = sign(signing_text(body or b"", query), self.account["app_id"])
        query = {name: value for name, value in {**query, **changed}.items() if value}
        headers = {"content-type": "application/json"}
        return self.http.request("GET" if body is None else "POST", path, params=query, content=body, headers=headers)

    def call(self, path: str, payload: Any = None, **changed: str) -> dict[str, Any]:
        """A signed call with a compact body; None for a call without one."""
        body = None
        if payload is not None:
            body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        return dict(self.send(path, body, **changed).json())

    def create(self, **changed: Any) -> dict[str, Any]:
        """The sample order with some fields changed; None takes one away."""
        return self.call(CREATE, {name: value for name, value in {**ORDER, **changed}.items() if value is not None})


@pytest.fixture(name="clock")
def make_clock() -> Clock:
    """The time of client and server."""
    return Clock()


@pytest.fixture(name="sandbox")
def make_sandbox() -> LingxingSandbox:
    """One app that accepts every store."""
    return LingxingSandbox()


@pytest.fixture(name="caller")
def make_caller(sandbox: LingxingSandbox, clock: Clock) -> Iterator[Caller]:
    """A client that holds a token."""
    with Server({"lingxing": sandbox}, clock=clock) as server:
        caller = Caller(server.url("lingxing"), sandbox, clock)
        caller.login()
        with closing(caller.http):
            yield caller
