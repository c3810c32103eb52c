"""A plain client of the imitation of Chukou1, and the fixtures that go with it."""

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import httpx
import pytest

from bulkorders.providers.chukou1.sandbox import CREATE, STATUS, TOKEN, Chukou1Sandbox
from bulkorders.sandbox import Server

SKU: dict[str, Any] = {
    "Sku": "SKU-1",
    "Picture": "https://example.com/1.jpg",
    "Charged": True,
    "ASINCode": "B000000001",
    "ModelName": "M1",
    "DeclareNameEN": "cup",
    "DeclareNameCN": "杯子",
    "Quantity": 8,
    "DeclareValue": 9.25,
    "MaterialEN": "steel",
    "MaterialCN": "钢",
    "PurposeEN": "drinking",
    "PurposeCN": "喝水",
    "BrandName": "none",
    "Weight": 0.125,
    "Packing": "10*10*12",
    "HsCode": "7323930080",
}
CONTAINER: dict[str, Any] = {
    "CustomContainerNo": "1",
    "Weight": 5600,
    "Length": 40.5,
    "Width": 30,
    "Height": 20.25,
    "SkuInfos": [SKU, {**SKU, "Sku": "SKU-2"}],
}
ORDER: dict[str, Any] = {
    "WarehouseCode": "ABE2",
    "ShipmentId": "FBA15ABCDEFG",
    "ReferenceId": "1A2B3C4D",
    "PackageId": "SMT23015236489",
    "Location": "GZ",
    "ServiceCode": "CUE",
    "ContainerInfos": [CONTAINER, {**CONTAINER, "CustomContainerNo": "2"}],
    "Custom": "bag-red",
    "VatCode": "GB123",
    "Remark": "remark",
}
FIRST = ORDER["PackageId"]


class Clock:
    """Seconds that move when told to."""

    def __init__(self) -> None:
        self.now = 1_720_408_272.0

    def __call__(self) -> float:
        return self.now


class Caller:
    """A plain client with one access token."""

    def __init__(self, url: str, sandbox: Chukou1Sandbox) -> None:
        self.http = httpx.Client(base_url=url, trust_env=False, timeout=10)
        self.token, self.oauth = sandbox.token, sandbox.oauth_account(url)

    def send(self, method: str, path: str, content: bytes | None = None, **headers: str) -> httpx.Response:
        """One call; an empty header is left out."""
        usual = {"authorization": f"Bearer {self.token}", "content_type": "application/json; charset=utf-8"}
        sent = {name.replace("_", "-"): value for name, value in {**usual, **headers}.items() if value}
        return self.http.request(method, path, content=content, headers=sent)

    def post(self, order: Any) -> httpx.Response:
        """Submits an order."""
        return self.send("POST", CREATE, json.dumps(order, ensure_ascii=False).encode())

    def create(self, **changed: Any) -> int:
        """Submits the sample order with some fields changed; the HTTP status."""
        return self.post({**ORDER, **changed}).status_code

    def status(self, package_id: str = FIRST) -> dict[str, Any]:
        """The status of an order that is there."""
        answer = self.send("GET", STATUS.replace("*", package_id))
        assert answer.status_code == 200
        return dict(answer.json())

    def refresh(self, **changed: str) -> httpx.Response:
        """Spends the refresh token; `changed` replaces parameters, an empty text takes one away."""
        names = ("client_id", "client_secret", "redirect_uri", "refresh_token")
        query = {**{name: self.oauth[name] for name in names}, "grant_type": "refresh_token", **changed}
        return self.http.post(TOKEN, params={name: value for name, value in query.items() if value})

    def login(self) -> dict[str, Any]:
        """Takes a new pair and works with it."""
        pair = dict(self.refresh().json())
        self.token, self.oauth["refresh_token"] = pair["AccessToken"], pair["RefreshToken"]
        return pair


@pytest.fixture(name="clock")
def make_clock() -> Clock:
    """The server's time."""
    return Clock()


@pytest.fixture(name="sandbox")
def make_sandbox() -> Chukou1Sandbox:
    """One customer."""
    return Chukou1Sandbox()


@pytest.fixture(name="caller")
def make_caller(sandbox: Chukou1Sandbox, clock: Clock) -> Iterator[Caller]:
    """A client that holds the fixed token."""
    with Server({"chukou1": sandbox}, clock=clock) as server:
        caller = Caller(server.url("chukou1"), sandbox)
        with closing(caller.http):
            yield caller
