"""Somebody else's server: a small, strict imitation of Lingxing's OpenAPI, written from the vendor's pages alone.

It shares no code with the package: it reads the signed values textually out of the bytes that arrived, keeps its own bucket for each
path, and writes every order that it takes into a ledger. Answers for given order numbers can be ordered beforehand.
"""

import base64
import hashlib
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote, urlsplit

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

TOKEN = "/api/auth-server/oauth/access-token"
REFRESH = "/api/auth-server/oauth/refresh"
CREATE = "/order/amzod/api/createOrder"
STORES = "/erp/sc/data/seller/lists"
ORDERS = "/order/amzod/api/orderDetails/productInformation"
APP_ID = "ak_foreign000000"
SECRET = "canary-secret-7f3a"
PUBLIC = ("access_token", "app_key", "timestamp", "sign")
EXISTS = "订单号已经存在"


@dataclass(frozen=True)
class Refuse:
    """The business refuses the order: HTTP 200, code 500, `error_details`."""

    details: Sequence[str]


@dataclass(frozen=True)
class Broken:
    """An HTTP status with a body that is no answer of the API; the order is in the ledger if `recorded`."""

    status: int
    body: bytes = b"Internal Server Error"
    recorded: bool = False


@dataclass(frozen=True)
class Cut:
    """The connection is cut without an answer; the order is in the ledger if `recorded`."""

    recorded: bool = True


@dataclass(frozen=True)
class Slow:
    """The order is taken, the answer comes after some seconds; a call that the caller gives up is no longer in flight for him."""

    seconds: float
    given_up: bool = False


@dataclass(frozen=True)
class Gateway:
    """The gateway refuses: the order was not processed."""

    code: str
    msg: str


@dataclass(frozen=True)
class Doubtful:
    """A service answer with any code and details; the order is in the ledger if `recorded`."""

    code: int
    details: Sequence[str] = ()
    recorded: bool = False


GARBAGE = Broken(200, "<html><body>系统维护中</body></html>".encode())
Reply = Refuse | Broken | Cut | Slow | Gateway | Doubtful


@dataclass(frozen=True)
class Taken:
    """One order in the ledger: its number, its raw body, and when it came (seconds, monotonic)."""

    order: str
    body: bytes
    at: float

    @property
    def payload(self) -> Any:
        """The body, with exact decimals."""
        return json.loads(self.body, parse_float=Decimal)


@dataclass
class Foreign:
    """The server's memory. `answers`: what an order number gets, one after the other; the last of a list does not stay.

    `asks`: the same for look-ups, status and body; `visible_after`: seconds until a look-up shows an order. `always`: what every call of
    a path gets. `states`: the status of stores that are not in order. `clock`: unix seconds, by which signatures are judged, and `Date`.
    """

    app_id: str = APP_ID
    secret: str = SECRET
    answers: dict[str, list[Reply]] = field(default_factory=dict)
    stores: Sequence[tuple[str, str]] = (
        *(("8speed-US", country) for country in ("美国", "日本", "德国")),
        *((name, "美国") for name in ("second-US", "third-US", "one", "two")),
    )  # fmt: skip
    states: dict[tuple[str, str], int] = field(default_factory=dict)
    asks: dict[str, list[tuple[int, bytes]]] = field(default_factory=dict)
    always: dict[str, "Gateway | Broken | Cut | Slow"] = field(default_factory=dict)
    clock: Callable[[], float] = time.time
    has_look_up: bool = True
    visible_after: float = 0.0
    expire_every: int = 0
    busy: int = 0
    delay: float = 0.0
    ledger: list[Taken] = field(default_factory=list)
    received: list[Taken] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    arrivals: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    tokens: list[str] = field(default_factory=list)
    signatures: list[str] = field(default_factory=list)
    most_at_once: Counter[str] = field(default_factory=Counter)
    _now: Counter[str] = field(default_factory=Counter)
    _bucket: set[str] = field(default_factory=set)
    _live: str = ""
    _refresh: str = ""
    _creates: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sent(self) -> list[str]:
        """The order numbers in the ledger, in the order in which they came."""
        return [taken.order for taken in self.ledger]

    def payloads(self) -> dict[str, Any]:
        """What was taken, by order number."""
        return {taken.order: taken.payload for taken in self.ledger}

    def tried(self) -> Counter[str]:
        """How often each order number came as far as the business."""
        return Counter(taken.order for taken in self.received)

    def forgive(self) -> None:
        """Takes every token back into its bucket, as the vendor does after two minutes, and forgets calls that were given up."""
        with self._lock:
            self._bucket.clear()
            self._now.clear()

    def assert_in_order(self) -> None:
        """What must hold after every run: no malformed call, never two in flight, no order number twice in the ledger."""
        assert self.violations == []
        assert all(count <= 1 for count in self.most_at_once.values()), self.most_at_once
        twice = [order for order, count in Counter(self.sent()).items() if count > 1]
        assert twice == []

    # -- one request --------------------------------------------------------------------------------------------------------
    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes] | None:
        """The answer to a request; None where the connection is to be cut."""
        parts = urlsplit(target)
        with self._lock:
            self.calls[parts.path] += 1
            self.arrivals.append(parts.path)
            self._now[parts.path] += 1
            self.most_at_once[parts.path] = max(self.most_at_once[parts.path], self._now[parts.path])
        try:
            return self._route(method, parts.path, parts.query, headers, body)
        finally:
            with self._lock:
                self._now[parts.path] -= 1

    def _route(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes] | None:
        known = {("POST", TOKEN), ("POST", REFRESH), ("POST", CREATE), ("GET", STORES), *([("POST", ORDERS)] if self.has_look_up else [])}
        if "//" in path or (method, path) not in known:
            return 200, _gateway("500", "404 NOT_FOUND")
        if path in (TOKEN, REFRESH):
            return self._always(path) if path in self.always else (200, self._token(path, headers, body, query))
        refused = self._verify(method, query, headers, body)
        if refused is not None:
            return 200, refused
        if path in self.always:
            return self._always(path)
        with self._lock:
            if path in self._bucket:
                return 200, _gateway("3001008", "requests too frequently, please request later")
            self._bucket.add(path)
        try:
            if path == ORDERS:
                return self._look_up(json.loads(body))
            return (200, self._stores()) if path == STORES else self._create(body)
        finally:
            with self._lock:
                self._bucket.discard(path)

    def _always(self, path: str) -> tuple[int, bytes] | None:
        """What every call of a path gets; nothing is done."""
        match self.always[path]:
            case Gateway(code, msg):
                return 200, _gateway(code, msg)
            case Broken(status, body):
                return status, body
            case Slow(seconds):
                time.sleep(seconds)
                return None
            case Cut():
                return None

    def _complain(self, what: str) -> None:
        with self._lock:
            self.violations.append(what)

    # -- tokens -------------------------------------------------------------------------------------------------------------
    def _token(self, path: str, headers: Mapping[str, str], body: bytes, query: str) -> bytes:
        form = _multipart(headers.get("content-type", ""), body)
        wanted = {"appId", "appSecret"} if path == TOKEN else {"appId", "refreshToken"}
        if form is None or set(form) != wanted or query:
            self._complain(f"token call: {sorted(form or {})} {bool(query)}")
            return _gateway("3001001", "missing parameter")
        if form["appId"] != self.app_id:
            return _gateway("2001001", "app not exist")
        if path == TOKEN and form["appSecret"] != self.secret:
            return _gateway("2001002", "app secret not correct")
        with self._lock:
            if path == REFRESH:
                if form["refreshToken"] != self._refresh or not self._refresh:
                    return _gateway("2001008", "refresh token not correct")
                self._refresh = ""
            number = len(self.tokens) // 2 + 1
            self._live, self._refresh = f"canary-access-{number}-5b1e", f"canary-refresh-{number}-9c2d"
            self.tokens += [self._live, self._refresh]
            data = {"access_token": self._live, "refresh_token": self._refresh, "expires_in": 7199}
        return json.dumps({"code": "200", "msg": "OK", "data": data}).encode()

    # -- the gateway --------------------------------------------------------------------------------------------------------
    def _verify(self, method: str, query: str, headers: Mapping[str, str], body: bytes) -> bytes | None:
        pairs = [pair.partition("=")[::2] for pair in query.split("&")]
        given = {name: unquote(value) for name, value in pairs}
        self.signatures.append(given.get("sign", ""))
        if sorted(name for name, _ in pairs) != sorted(PUBLIC):
            self._complain(f"query parameters {sorted(name for name, _ in pairs)}")
            return _gateway("3001001", "missing or unknown query parameter")
        if "+" in query or not re.fullmatch("[0-9]{10}", given["timestamp"]):
            self._complain("the query is not encoded once, or the timestamp has not ten digits")
        if given["app_key"] != self.app_id:
            return _gateway("2001001", "app not exist")
        if given["access_token"] != self._live:
            return _gateway("2001005", "access token is expired or replaced")
        if abs(int(given["timestamp"]) - self.clock()) > 120:
            return _gateway("2001007", "api sign is expired")
        if body:
            if headers.get("content-type", "").split(";")[0] != "application/json":
                self._complain("content type of a body")
            self._complain_about(body)
        elif method == "POST":
            self._complain("a call without a body")
        if sign(canonical(body, given), self.app_id) != given["sign"]:
            self._complain("signature")
            return _gateway("2001006", "api sign not correct")
        return None

    def _complain_about(self, body: bytes) -> None:
        """Only one form of body is accepted by every verifier: compact, raw UTF-8, nested keys sorted, nothing empty."""
        value = json.loads(body, parse_float=_Raw, parse_int=_Raw)
        if _plain(value).encode() != body:
            self._complain("the body is not compact raw UTF-8 with sorted keys")
        for found in _leaves(value):
            if found is None or found in ("", [], {}):
                self._complain("an empty value in the body")
            elif isinstance(found, str) and not isinstance(found, _Raw) and found != found.strip():
                self._complain("a text with white space around it")
            elif isinstance(found, _Raw) and not re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]*[1-9])?", found):
                self._complain(f"a number that is not plain: {found}")

    # -- the business -------------------------------------------------------------------------------------------------------
    def _stores(self) -> bytes:
        stores = [
            {"sid": sid, "name": name, "country": country, "status": self.states.get((name, country), 1)}
            for sid, (name, country) in enumerate(self.stores, 1)
        ]
        return _service(0, "操作成功", data=stores)

    def _look_up(self, asked: Any) -> tuple[int, bytes]:
        (one,) = asked["order_info"]
        number, sid = one["seller_fulfillment_order_id"], one["sid"]
        if type(sid) is not int:
            self._complain("sid is a number")
        with self._lock:
            if ordered := self.asks.get(number):
                return ordered.pop(0)
            seen = [taken for taken in self.ledger if taken.order == number and time.monotonic() - taken.at >= self.visible_after]
        rows = [
            {
                "sid": sid, "store_name": self.stores[sid - 1][0], "seller_fulfillment_order_id": number, "order_status": "PLANNING",
                "listing_detail_info": [
                    {"msku": item["msku"], "quantity": item["quantity_shipped"]} for item in taken.payload["item_list"]
                ],
            }
            for taken in seen
            if (taken.payload["store_name"], taken.payload["country"]) == self.stores[sid - 1]
        ]  # fmt: skip
        return 200, _service(0, "操作成功", data=rows)

    def _create(self, body: bytes) -> tuple[int, bytes] | None:
        with self._lock:
            self._creates += 1
            expires = self.expire_every and self._creates % self.expire_every == 0
            is_busy, self.busy = self.busy > 0, max(self.busy - 1, 0)
            if expires:
                self._live = ""
        if expires:
            return 200, _gateway("2001005", "access token is expired or replaced")
        if is_busy:
            return 200, _gateway("3001008", "requests too frequently, please request later")
        order = str(json.loads(body).get("order_id"))
        taken = Taken(order, body, time.monotonic())
        with self._lock:
            ordered = self.answers.get(order)
            reply = ordered.pop(0) if ordered else None
        if isinstance(reply, Gateway):
            return 200, _gateway(reply.code, reply.msg)
        with self._lock:
            self.received.append(taken)
        time.sleep(self.delay)
        return self._reply(reply, taken)

    def _reply(self, reply: Reply | None, taken: Taken) -> tuple[int, bytes] | None:
        match reply:
            case Refuse(details):
                return 200, _service(500, "失败", details)
            case Broken(status, body, recorded):
                if recorded:
                    self._record(taken)
                return status, body
            case Doubtful(code, details, recorded):
                if recorded:
                    self._record(taken)
                return 200, _service(code, "失败", details)
            case Cut(recorded):
                if recorded:
                    self._record(taken)
                return None
            case Slow(seconds, given_up):
                answer = self._record(taken)
                with self._lock:
                    self._now[CREATE] -= given_up
                time.sleep(seconds)
                with self._lock:
                    self._now[CREATE] += given_up
                return 200, answer
            case _:
                return 200, self._record(taken)

    def _record(self, taken: Taken) -> bytes:
        with self._lock:
            if taken.order in {known.order for known in self.ledger}:
                return _service(500, "失败", [EXISTS])
            self.ledger.append(taken)
        return _service(0, "操作成功")


def _gateway(code: str, msg: str) -> bytes:
    return json.dumps({"code": code, "msg": msg, "data": None}, ensure_ascii=False).encode()


def _service(code: int, message: str, details: Sequence[str] = (), data: Sequence[Any] = ()) -> bytes:
    answer = {
        "code": code, "data": list(data) if code == 0 else None, "error_details": list(details), "message": message,
        "response_time": "2023-04-27 09:28:29", "request_id": f"212149f55784429aaa69fe7f0cab12e7.{time.monotonic_ns()}", "total": 0,
    }  # fmt: skip
    return json.dumps(answer, ensure_ascii=False, indent=1, default=float).encode()


# -- the signature, from the bytes that arrived -------------------------------------------------------------------------------
class _Raw(str):
    """A JSON number's own text."""

    __slots__ = ()


_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def _members(text: str) -> Iterator[tuple[str, str]]:
    """The top-level keys of a JSON object with the raw text of their values, untouched."""
    position = text.index("{") + 1
    while text[position] != "}":
        key = _STRING.match(text, position)
        assert key is not None
        assert text[key.end()] == ":"
        end = start = key.end() + 1
        depth = 0
        while depth or text[end] not in ",}":
            if text[end] == '"':
                quoted = _STRING.match(text, end)
                assert quoted is not None
                end = quoted.end()
                continue
            depth += (text[end] in "[{") - (text[end] in "]}")
            end += 1
        yield json.loads(key.group()), text[start:end]
        position = end + (text[end] == ",")


def canonical(body: bytes, given: Mapping[str, str]) -> str:
    """The text that is signed: sorted `k=v` of the top-level values and the public parameters, empty ones left out."""
    values = {name: json.loads(raw) if raw.startswith('"') else raw for name, raw in (_members(body.decode()) if body else ())}
    values.update({name: given[name] for name in PUBLIC if name != "sign"})
    return "&".join(f"{name}={values[name]}" for name in sorted(values) if values[name] != "")


def sign(text: str, app_id: str) -> str:
    """The vendor's steps 4 to 6: MD5 in upper case, AES-ECB under the AppID, Base64."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper().encode()
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(app_id.encode()), modes.ECB()).encryptor()  # noqa: S305  # what the vendor uses
    return base64.b64encode(encryptor.update(padder.update(digest) + padder.finalize()) + encryptor.finalize()).decode()


def _plain(value: Any) -> str:
    if isinstance(value, _Raw):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_plain(name)}:{_plain(value[name])}" for name in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(_plain(each) for each in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def _leaves(value: Any) -> Iterator[Any]:
    """Every value within, empty containers included."""
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
    if not inner:
        yield value
    for each in inner:
        yield from _leaves(each)


def _multipart(content_type: str, body: bytes) -> dict[str, str] | None:
    """The fields of a multipart/form-data body; None if it is something else."""
    found = re.fullmatch(r'multipart/form-data; *boundary="?([^";]+)"?', content_type)
    if found is None:
        return None
    form: dict[str, str] = {}
    for part in body.split(b"--" + found.group(1).encode())[1:-1]:
        head, _, content = part.strip(b"\r\n").partition(b"\r\n\r\n")
        name = re.search(rb'name="([^"]*)"', head)
        if name is None:
            return None
        form[name.group(1).decode()] = content.decode()
    return form


# -- the server ----------------------------------------------------------------------------------------------------------------
class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    foreign: Foreign

    def do_POST(self) -> None:
        self._answer("POST")

    def do_GET(self) -> None:
        self._answer("GET")

    def _answer(self, method: str) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length)
        if len(body) < length:  # the caller was killed in the middle of it: nothing was asked
            self.close_connection = True
            return
        found = self.foreign.answer(method, self.path, {name.lower(): value for name, value in self.headers.items()}, body)
        if found is None:
            self.close_connection = True
            return
        status, answer = found
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json;charset=UTF-8")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)
        except OSError:  # the caller has given up
            self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        """The header `Date`, by the server's own clock."""
        return formatdate(self.foreign.clock() if timestamp is None else timestamp, usegmt=True)

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def serve(foreign: Foreign) -> Iterator[str]:
    """Runs the server on this machine while the block lasts; gives its base URL."""
    handler = type("_Bound", (_Handler,), {"foreign": foreign})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


# -- the vendor's fields, as a merchant's sheet has them -----------------------------------------------------------------------
ORDER_FIELDS: Mapping[str, str] = {
    "店铺名": "store_name", "店铺国家": "country", "订单号": "order_id", "是否使用无品牌包装箱": "is_blank_box",
    "是否阻止亚马逊物流": "is_block_amzl", "收件人": "receiver", "收货地址国家/地区": "country_code", "地区": "region", "城市": "city",
    "地址1": "address1", "地址2": "address2", "邮编": "postcode", "电话号码": "phone_number", "买家邮箱": "buyers_mailbox",
    "装箱单-订单号": "order_id_for_packing", "装箱单-订单日期": "date_for_packing", "装箱单-装箱单备注": "remark_for_packing",
    "配送操作": "delivery_operation", "配送服务": "delivery_service", "订单备注": "remark",
}  # fmt: skip
ITEM_FIELDS: Mapping[str, str] = {
    "MSKU": "msku",
    "发货量": "quantity_shipped",
    "申报价值": "declared_value",
    "申报货币": "declared_currency",
}
LABELS = (*ORDER_FIELDS, *ITEM_FIELDS)
BUYER: Mapping[str, str] = {
    "收件人": "Canary Queen-Ørsted", "地址1": "77 Canary Lane", "电话号码": "2025550199", "买家邮箱": "canary.queen@example.com",
}  # fmt: skip
"""Personal data of every order below: it may be sent and stand in results, never on standard error."""
CANARIES = (SECRET, "canary-access", "canary-refresh", *BUYER.values())


def line(order: object, **changed: object) -> dict[str, object]:
    """A row with the required fields only, by label; None takes a field away."""
    row: dict[str, object] = {
        "店铺名": "8speed-US", "店铺国家": "美国", "订单号": order, "收货地址国家/地区": "US", "地区": "AL-Alabama", "城市": "Autaugaville",
        "邮编": "36003", "装箱单-订单号": f"P{order}", "装箱单-订单日期": "2022-12-09", "MSKU": "msku-1", "发货量": 1, **BUYER, **changed,
    }  # fmt: skip
    return {label: value for label, value in row.items() if value is not None}


def item(order: object, msku: object, quantity: object, **more: object) -> dict[str, object]:
    """A further row of an order: its number and one item, all else blank."""
    return {"订单号": order, "MSKU": msku, "发货量": quantity, **more}
