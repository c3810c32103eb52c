"""Somebody else's server: a small, strict imitation of Chukou1's `fbaOrder`, written from the vendor's pages alone.

It shares no code with the package: it reads numbers as the text that arrived, keeps its own orders, and writes every submission that it
takes into a ledger. Answers and the course of an order can be ordered beforehand, by PackageId.
"""

import itertools
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

CREATE, STATUS, TOKEN, LISTS, UNKNOWN, ALL = "create", "status", "token", "lists", "unknown", "all"
FIXED = "canary-fixed-1b7d"
TICKET = "0f8fad5b-d9cb-469f-a165-70867728950e"
OAUTH: Mapping[str, str] = {
    "client_id": "client-77", "client_secret": "canary-client-secret-9e2c", "redirect_uri": "https://shop.example.com/back?to=a&b=c",
    "refresh_token": "canary-renewal-0+/=a7",
}  # fmt: skip
CANARIES = (FIXED, OAUTH["client_secret"], "canary-renewal", "canary-live")
"""What must never be said, neither on standard output nor on standard error."""
_STATUS_PATH = re.compile(r"/v1/fbaOrder/([A-Za-z0-9_-]{1,50})/status")
_LISTS: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "/v1/locations": [{"LocationId": "GZ", "LocationName": "广州"}],
    "/v1/directExpressServices": [{"ServiceCode": "CUE", "ServiceName": "联邮通", "InService": True}],
}
Answer = tuple[int, bytes, Mapping[str, str]]


# -- what can be ordered beforehand --------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Refuse:
    """The data are refused. `form` is the shape of the body: full, empty (no errors in it), absent, datetime, or text (no JSON)."""

    messages: Sequence[str] = ("提交的数据有误",)
    form: str = "full"
    status: int = 400


@dataclass(frozen=True)
class Broken:
    """An HTTP status that says nothing of the order; 429 did not touch it, of others nobody knows: it is there if `recorded`."""

    status: int
    body: bytes = b"<html>Service Unavailable</html>"
    recorded: bool = False
    retry_after: str | None = None


@dataclass(frozen=True)
class Cut:
    """The connection is cut without an answer; the order is there if `recorded`."""

    recorded: bool = True


@dataclass(frozen=True)
class Slow:
    """The answer comes after some seconds; a call that the caller gives up is no longer in flight for him."""

    seconds: float
    given_up: bool = False


@dataclass(frozen=True)
class Ignored:
    """HTTP 200 whatever was sent: there already, or, as a modification, without effect."""


Reply = Refuse | Broken | Cut | Slow | Ignored
Step = Mapping[str, Any]
"""What one status answer says differently from the usual one."""


def creating() -> Step:
    """Not there yet."""
    return {"Status": "Creating", "TrackingNumber": None, "ShippingProvider": None}


def created(number: str | None = None, *, final: bool = True, **more: Any) -> Step:
    """There, with a number; the server makes one up where none is given."""
    given = {} if number is None else {"TrackingNumber": number}
    return {"Status": "Created", "IsFinalTrackingNumber": final, **given, **more}


def failed(extend: str | None, text: str = "地址校验失败", code: str = "R-17") -> Step:
    """The remote could not make it, and says why."""
    reason = {"ReasonCode": code, "ReasonText": text, "ExtendMessage": extend}
    return {"Status": "CreateFailed", "TrackingNumber": None, "CreateFailedReason": reason}


USUAL: Sequence[Step] = (creating(), created(""), created())
READY: Sequence[Step] = (created(),)


@dataclass(frozen=True)
class Taken:
    """One submission: its PackageId, its raw body, when it came (seconds, monotonic), and the how-manieth version of the order it is."""

    package: str
    body: bytes
    at: float
    version: int = 1
    modification: bool = False

    @property
    def payload(self) -> Any:
        """The body, with exact decimals."""
        return json.loads(self.body, parse_float=Decimal)


@dataclass
class _Known:
    """An order that is there. `payload` is None if it came from somebody else."""

    payload: Any
    version: int
    asks: int = 0


# -- the server's memory -------------------------------------------------------------------------------------------------------
@dataclass
class ForeignChukou1:
    """`creates` and `asks`: what the calls for a PackageId get, one after the other; None is the normal answer, as afterwards.

    `timelines`: what status says of a PackageId, one step for each time it is asked since the last submission; the last one stays.
    `existing`: orders that somebody else has made. `expire_after`: how many calls an access token serves. `weight_unit`: g or kg.
    """

    creates: dict[str, list[Reply | None]] = field(default_factory=dict)
    asks: dict[str, list[Reply | None]] = field(default_factory=dict)
    timelines: dict[str, Sequence[Step]] = field(default_factory=dict)
    usual: Sequence[Step] = USUAL
    existing: set[str] = field(default_factory=set)
    weight_unit: str = "g"
    withdrawn: bool = False
    expire_after: int = 0
    delay: float = 0.0
    ledger: list[Taken] = field(default_factory=list)
    received: list[Taken] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    arrivals: list[tuple[str, float]] = field(default_factory=list)
    most_at_once: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    renewals: list[str] = field(default_factory=list)
    asked: list[tuple[str, float]] = field(default_factory=list)
    _known: dict[str, _Known] = field(default_factory=dict)
    _looked_up: set[str] = field(default_factory=set)
    _unclear: dict[str, bytes] = field(default_factory=dict)
    _now: Counter[str] = field(default_factory=Counter)
    _live: str = ""
    _spent: set[str] = field(default_factory=set)
    _served: int = 0
    _not_before: float = 0.0
    _renewal: str = OAUTH["refresh_token"]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sent(self) -> list[str]:
        """The PackageIds in the ledger, in the order in which they came."""
        return [taken.package for taken in self.ledger]

    def payloads(self) -> dict[str, Any]:
        """What was taken last, by PackageId."""
        return {taken.package: taken.payload for taken in self.ledger}

    def tried(self) -> Counter[str]:
        """How often each PackageId came as far as the business."""
        return Counter(taken.package for taken in self.received)

    def gaps(self, package: str) -> list[float]:
        """The seconds from each status ask of a PackageId to the next one, from its first submission on."""
        since = next((taken.at for taken in self.received if taken.package == package), 0.0)
        times = [at for name, at in self.asked if name == package and at > since]
        return [later - earlier for earlier, later in itertools.pairwise(times)]

    def densest(self, seconds: float = 1.0) -> int:
        """The most calls that any window of some seconds has seen; calls for tokens do not count."""
        times = [at for kind, at in self.arrivals if kind != TOKEN]
        return max((sum(start <= at < start + seconds for at in times) for start in times), default=0)

    def forget(self, package: str) -> None:
        """An order is no longer there."""
        with self._lock:
            self.existing.discard(package)
            self._known.pop(package, None)

    def assert_in_order(self) -> None:
        """What must hold after every run: nothing malformed, never two calls in flight."""
        assert self.violations == []
        assert self.most_at_once[ALL] <= 1, self.most_at_once

    # -- one request ------------------------------------------------------------------------------------------------------------
    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """The answer to a request; None where the connection is to be cut."""
        parts = urlsplit(target)
        kind = _kind(method, parts.path)
        with self._lock:
            self.calls[kind] += 1
            self.arrivals.append((kind, time.monotonic()))
            if kind != TOKEN and time.monotonic() < self._not_before:
                self.violations.append(f"a call ({kind}) before a Retry-After was over")
            if (kind == CREATE and self._now[ALL]) or self._now[CREATE]:
                self.violations.append("a create while another call is in flight")
            self._fly(kind, 1)
        try:
            if kind == TOKEN:
                return self._token(parts.query, body)
            refused = self._admit(headers, kind, parts.query, body)
            if refused is not None:
                return refused
            if kind == LISTS:
                return _json(200, _LISTS[parts.path])
            if kind == CREATE:
                return self._create(body)
            if kind == STATUS:
                return self._status(parts.path.split("/")[3])
            self._complain(f"a call that does not exist: {method} {parts.path}")
            return _json(404, _envelope(["Not Found"]))
        finally:
            with self._lock:
                self._fly(kind, -1)

    def _fly(self, kind: str, by: int) -> None:
        for name in (kind, ALL):
            self._now[name] += by
            self.most_at_once[name] = max(self.most_at_once[name], self._now[name])

    def _complain(self, what: str) -> None:
        with self._lock:
            self.violations.append(what)

    def _wait(self, kind: str, reply: Slow) -> None:
        with self._lock:
            self._fly(kind, -reply.given_up)
        time.sleep(reply.seconds)
        with self._lock:
            self._fly(kind, +reply.given_up)

    def _break(self, reply: Broken) -> Answer:
        if reply.retry_after is None:
            return reply.status, reply.body, {}
        with self._lock:
            self._not_before = time.monotonic() + float(reply.retry_after) - 0.02
        return reply.status, reply.body, {"Retry-After": reply.retry_after}

    # -- who calls --------------------------------------------------------------------------------------------------------------
    def _token(self, query: str, body: bytes) -> Answer:
        given = parse_qsl(query, keep_blank_values=True)
        wanted = {**OAUTH, "grant_type": "refresh_token", "refresh_token": self._renewal}
        if body or sorted(name for name, _ in given) != sorted(wanted):
            self._complain(f"a token call with {sorted(name for name, _ in given)} in the query and {len(body)} bytes of body")
        wrong = [name for name, value in given if wanted.get(name) != value]
        if wrong or self.withdrawn:
            if not self.withdrawn:
                self._complain(f"a token call with a wrong or used {wrong}")
            return _json(400, {"Code": "invalid_grant", "Message": "refresh token 无效"})
        with self._lock:
            number = len(self.renewals) + 1
            if self._live:
                self._spent.add(self._live)
            self._live, self._renewal, self._served = f"canary-live-{number}-5b1e", f"canary-renewal-{number}+/=9c2d", 0
            self.renewals.append(self._renewal)
            given_out = {
                "AccessToken": self._live, "AccessTokenExpiresIn": 10080, "RefreshToken": self._renewal, "RefreshTokenExpiresIn": 43200,
                "CustomerId": "9001",
            }  # fmt: skip
        return _json(200, given_out)

    def _admit(self, headers: Mapping[str, str], kind: str, query: str, body: bytes) -> Answer | None:
        if headers.get("content-type", "").replace(" ", "").lower() != "application/json;charset=utf-8":
            self._complain(f"content type of a call ({kind}): {headers.get('content-type')}")
        if query or (body and kind != CREATE):
            self._complain(f"a query or a body where none belongs ({kind})")
        scheme, _, token = headers.get("authorization", "").partition(" ")
        with self._lock:
            if token == self._live and token:
                self._served += 1
                if self.expire_after and self._served > self.expire_after:
                    self._spent.add(token)
            fits = token in {FIXED, self._live} - self._spent and bool(token) and not self.withdrawn
            known = token in {FIXED, self._live} | self._spent and bool(token)
        if scheme != "Bearer" or not known:
            self._complain(f"authorisation of a call ({kind})")
            fits = False
        return None if fits else _json(401, _envelope(["身份验证失败"]))

    # -- the business -----------------------------------------------------------------------------------------------------------
    def _create(self, body: bytes) -> Answer | None:
        doubled: list[str] = []
        value = json.loads(body, parse_float=_Raw, parse_int=_Raw, object_pairs_hook=lambda pairs: _pairs(pairs, doubled))
        package = str(value.get("PackageId")) if isinstance(value, dict) else ""
        for fault in (*doubled, *_malformed(value, _ORDER, "", self.weight_unit)):
            self._complain(f"{package}: {fault}")
        with self._lock:
            if package not in self._looked_up and package not in self.sent():
                self.violations.append(f"{package}: created without having been looked up")
            if self._unclear.get(package, body) != body:
                self.violations.append(f"{package}: other bytes after an unclear answer")
            replies = self.creates.get(package)
            reply = replies.pop(0) if replies else None
        if isinstance(reply, Broken) and reply.status == 429:
            return self._break(reply)
        taken = Taken(package, body, time.monotonic())
        with self._lock:
            self.received.append(taken)
        time.sleep(self.delay)
        return self._reply(reply, taken, _refusals(value))

    def _reply(self, reply: Reply | None, taken: Taken, wrong: Sequence[str]) -> Answer | None:
        if isinstance(reply, (Broken, Cut)):
            if reply.recorded:
                self._record(taken)
            with self._lock:
                self._unclear[taken.package] = taken.body
            return self._break(reply) if isinstance(reply, Broken) else None
        if isinstance(reply, Slow):
            with self._lock:
                self._unclear.update({taken.package: taken.body} if reply.given_up else {})
            status = self._record(taken)
            self._wait(CREATE, reply)
            return status, b"", {}
        with self._lock:
            self._unclear.pop(taken.package, None)
        if isinstance(reply, Refuse):
            return _refuse(reply)
        if isinstance(reply, Ignored):
            if taken.package not in self._known:
                self._record(taken)
            return 200, b"", {}
        return _refuse(Refuse(wrong)) if wrong else (self._record(taken), b"", {})

    def _record(self, taken: Taken) -> int:
        """201 for what is new or changed, 200 for what is there already."""
        with self._lock:
            known = self._find(taken.package)
            if known is not None and known.payload == taken.payload:
                return 200
            version = known.version + 1 if known else 1
            self._known[taken.package] = _Known(taken.payload, version)
            self.ledger.append(Taken(taken.package, taken.body, taken.at, version, known is not None))
        return 201

    def _find(self, package: str) -> _Known | None:
        if package in self.existing:
            return self._known.setdefault(package, _Known(None, 1))
        return self._known.get(package)

    def _status(self, package: str) -> Answer | None:
        with self._lock:
            self.asked.append((package, time.monotonic()))
            replies = self.asks.get(package)
            reply = replies.pop(0) if replies else None
        match reply:
            case Slow():
                self._wait(STATUS, reply)
            case Cut():
                return None
            case Broken():
                return self._break(reply)
            case Refuse():
                return _refuse(reply)
        with self._lock:
            self._looked_up.add(package)
            known = self._find(package)
            if known is None:
                return _json(404, _envelope(["包裹不存在"]))
            self._unclear.pop(package, None)
            steps = self.timelines.get(package) or (self.usual if known.payload is not None else READY)
            step = steps[min(known.asks, len(steps) - 1)]
            known.asks += 1
        return _json(200, _told(package, known, step))


def _kind(method: str, path: str) -> str:
    if (method, path) == ("POST", "/oauth2/token"):
        return TOKEN
    if (method, path) == ("POST", "/v1/fbaOrder"):
        return CREATE
    if method == "GET" and path in _LISTS:
        return LISTS
    return STATUS if method == "GET" and _STATUS_PATH.fullmatch(path) else UNKNOWN


# -- what it says --------------------------------------------------------------------------------------------------------------
def _json(status: int, value: Any) -> Answer:
    return status, json.dumps(value, ensure_ascii=False).encode(), {"Content-Type": "application/json; charset=utf-8"}


def _envelope(messages: Sequence[str]) -> dict[str, Any]:
    errors = [{"Code": "800F1533", "Message": message} for message in messages]
    return {"Errors": errors, "TicketId": TICKET, "UtcDateTime": "2026-01-05T02:03:04Z", "RequestUri": "/v1/fbaOrder"}


def _refuse(reply: Refuse) -> Answer:
    if reply.form == "text":
        return reply.status, "Bad Request：".encode() + "；".join(reply.messages).encode(), {"Content-Type": "text/plain"}
    told = _envelope([] if reply.form == "empty" else reply.messages)
    if reply.form == "absent":
        del told["Errors"]
    if reply.form == "datetime":
        told["DateTime"] = told.pop("UtcDateTime")
    return _json(reply.status, told)


def number_of(package: str, version: int = 1) -> str:
    """The tracking number that the server makes up."""
    return f"1Z{package}V{version}"


def remote_id_of(package: str, version: int = 1) -> str:
    """The Ck1PackageId that the server makes up; a modification is a new one."""
    return f"CK{package}C{version}"


def _told(package: str, known: _Known, step: Step) -> dict[str, Any]:
    cartons = (known.payload or {}).get("ContainerInfos", [])
    measured = [{"CustomContainerNo": each["CustomContainerNo"], "WeightInit": float(each["Weight"]), "Weight": None} for each in cartons]
    return {
        "PackageId": package, "Ck1PackageId": remote_id_of(package, known.version), "Status": "Created", "HandleStatus": None,
        "TrackingNumber": number_of(package, known.version), "ExtraTrackNumber": None, "IsFinalTrackingNumber": True,
        "ShippingProvider": "UPS", "CreateFailedReason": None, "ContainerInfos": measured, "CreatedTime": "2026-01-05T02:03:04Z",
        "ShippingCosts": [{"Money": 12.5, "Currency": "CNY", "Type": "Freight", "Remark": None}], **step,
    }  # fmt: skip


# -- what a body must look like ------------------------------------------------------------------------------------------------
class _Raw(str):
    """A JSON number's own text."""

    __slots__ = ()


_ORDER: Mapping[str, Any] = {
    "WarehouseCode": "text", "ShipmentId": "text 15", "ReferenceId": "text 12", "PackageId": "text 50", "Location": "text 20",
    "ServiceCode": "text 30", "Custom": "text? 1000", "VatCode": "text?", "Remark": "text? 1000",
    "ContainerInfos": {
        "CustomContainerNo": "text", "Weight": "weight", "Length": "decimal", "Width": "decimal", "Height": "decimal",
        "SkuInfos": {
            "Sku": "text 100", "Picture": "text 200", "Charged": "flag?", "ASINCode": "text? 50", "ModelName": "text",
            "DeclareNameEN": "text", "DeclareNameCN": "text", "Quantity": "whole", "DeclareValue": "decimal", "MaterialEN": "text",
            "MaterialCN": "text", "PurposeEN": "text", "PurposeCN": "text", "BrandName": "text", "Weight": "decimal", "Packing": "text",
            "HsCode": "text",
        },
    },
}  # fmt: skip


def _pairs(pairs: Sequence[tuple[str, Any]], doubled: list[str]) -> dict[str, Any]:
    doubled += [f"{name} twice in one object" for name, count in Counter(name for name, _ in pairs).items() if count > 1]
    return dict(pairs)


def _malformed(value: Any, fields: Mapping[str, Any], where: str, unit: str) -> Iterator[str]:
    """What no correct client sends: unknown, missing, null, empty or wrongly typed members, numbers that are not plain."""
    if not isinstance(value, dict):
        yield f"{where or 'the body'} is no object"
        return
    yield from (f"{where}{name} is unknown" for name in value if name not in fields)
    for name, rule in fields.items():
        at = f"{where}{name}"
        if name not in value:
            if isinstance(rule, dict) or "?" not in rule:
                yield f"{at} is missing"
        elif isinstance(rule, dict):
            inner = value[name] if isinstance(value[name], list) else []
            if not inner:
                yield f"{at} is no list, or empty"
            for each in inner:
                yield from _malformed(each, rule, f"{at}.", unit)
        elif not _fits(value[name], rule.split()[0].rstrip("?"), unit):
            yield f"{at} is {value[name]!r}"
    numbers = [each.get("CustomContainerNo") for each in value.get("ContainerInfos") or [] if isinstance(each, dict)]
    if len(set(numbers)) != len(numbers):
        yield "a CustomContainerNo twice"


def _fits(found: Any, kind: str, unit: str) -> bool:
    if kind == "text":
        return type(found) is str and found != "" and found == found.strip()
    if kind == "flag":
        return isinstance(found, bool)
    is_whole = kind == "whole" or (kind == "weight" and unit == "g")
    plain = r"[1-9][0-9]*" if is_whole else r"(?!0$)(0|[1-9][0-9]*)(\.[0-9]*[1-9])?"
    return isinstance(found, _Raw) and re.fullmatch(plain, found) is not None


def _refusals(value: Any) -> list[str]:
    """What the remote does not take, though it is well formed: lengths, places, the signs of a PackageId."""
    found = [] if re.fullmatch(r"[A-Za-z0-9_-]{1,50}", str(value.get("PackageId"))) else ["PackageId格式不正确"]

    def look(each: Mapping[str, Any], fields: Mapping[str, Any]) -> None:
        for name, rule in fields.items():
            given = each.get(name)
            if isinstance(rule, dict):
                for inner in given or ():
                    look(inner, rule)
            elif " " in rule and len(given or "") > int(rule.split()[1]):
                found.append(f"{name}长度超过{rule.split()[1]}")
            elif name in ("Length", "Width", "Height", "DeclareValue") and len(str(given).partition(".")[2]) > 2:
                found.append(f"{name}最多两位小数")

    look(value, _ORDER)
    return found


# -- the server ----------------------------------------------------------------------------------------------------------------
class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    foreign: ForeignChukou1

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
        status, answer, headers = found
        try:
            self.send_response(status)
            for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)
        except OSError:  # the caller has given up
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@contextmanager
def serve_chukou1(foreign: ForeignChukou1) -> Iterator[str]:
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
