"""An imitation of Chukou1 in memory: its FBA orders and tokens as the vendor's pages describe them, and faults on request.

It shares no code with the client, so that a mistake there cannot hide here. Where the pages are silent it does the
plain thing, and a comment says so.
"""

import base64
import json
import re
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import RLock
from typing import Any
from urllib.parse import unquote

from bulkorders.core.catalogue import CATALOGUE
from bulkorders.core.faults import FaultKind, Faults
from bulkorders.core.imitation import Fault, Reply, Request
from bulkorders.core.traffic import Traffic
from bulkorders.core.words import Words
from bulkorders.providers.chukou1.sandbox_rules import complaints, read
from bulkorders.providers.chukou1.sandbox_status import Entry, Steps, facts, moment, progress

CREATE = "/v1/fbaOrder"
STATUS = "/v1/fbaOrder/*/status"
"""The route of every order's status: the counters count, and faults hit, all of them under this one name."""
LABEL = "/v1/fbaOrder/label"
LOCATIONS = "/v1/locations"
SERVICES = "/v1/directExpressServices"
TOKEN = "/oauth2/token"  # noqa: S105 - a path

JSON = "application/json; charset=utf-8"
STATUS_PATH = re.compile(r"/v1/fbaOrder/([^/]+)/status")
BAD_DATA = "800F1533"
"""The code of the vendor's sample of an error; which code means what stands on no page, so it is every refusal's."""
REFRESH_MINUTES = 525_600
"""What an OAuth answer says of a refresh token's life; the imitation lets it live until it is used."""
PRINT_FORMATS = ("ClassicA4", "ClassicLabel")
PRINT_CONTENTS = ("Address", "AddressCostoms", "AddressCostomsSplit", "AddressRemark", "AddressCustomsRemarkSplit")
PDF = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n"
    b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 288 432]>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
)


@dataclass(frozen=True)
class _Order:
    """What a PackageId stands for now. `data` is the newest entry's with fractions as written."""

    entry: Entry
    data: dict[str, Any]
    since: float
    """Unix seconds of the first entry."""


class Chukou1Sandbox:
    """Chukou1 for one customer. What it has seen stands in `ledger`, `cancelled`, `requests`, `max_in_flight` and `refusals`.

    The counters count by path, all status calls under `STATUS`; `refusals` counts by HTTP status, as text, what was
    refused: a look-up that finds nothing is none. A fault's path is a counter's (`STATUS` hits any order's status) or
    the path of one order's status.

    Seconds after acceptance: an order is Creating until `creating_for`, Created without a number until
    `number_after`. The number may still change for `final_after` seconds more, and then does. A new PackageId has no
    status until `visible_after`. `service_time`, too in seconds, is a create's. `expires_in` is in minutes, as most
    say that the remote's is. The fixed `token` never ends.
    """

    def __init__(
        self,
        *,
        token: str | None = None,
        client_id: str | None = None,
        client_secret: str | None = None,
        redirect_uri: str = "https://localhost/callback",
        refresh_token: str | None = None,
        customer_id: str = "10001",
        expires_in: int = 1440,
        creating_for: float = 1.0,
        number_after: float = 2.0,
        final_after: float = 0.0,
        visible_after: float = 0.0,
        service_time: float = 0.0,
    ) -> None:
        self.token = token or secrets.token_hex(16)
        self.client_id, self.client_secret = client_id or secrets.token_hex(8), client_secret or secrets.token_hex(16)
        self.redirect_uri, self.customer_id, self.expires_in = redirect_uri, customer_id, expires_in
        self.refresh_token = refresh_token or secrets.token_hex(16)
        self.creating_for, self.number_after, self.final_after = creating_for, number_after, final_after
        self.visible_after, self.service_time = visible_after, service_time
        self.ledger: list[Entry] = []
        self.cancelled: list[str] = []
        self.faults = Faults({**CATALOGUE, **OWN_FAULTS}, creates=CREATE)
        self._traffic = Traffic()
        self.requests, self.max_in_flight, self.refusals = self._traffic.requests, self._traffic.max_in_flight, self._traffic.refusals
        self._orders: dict[str, _Order] = {}
        self._tokens: dict[str, float] = {}
        self._lock = RLock()
        self._routes: dict[tuple[str, str], Callable[[Request], Reply]] = {
            ("POST", CREATE): self._create,
            ("GET", STATUS): self._status,
            ("POST", LABEL): self._label,
            ("GET", LOCATIONS): self._list_locations,
            ("GET", SERVICES): self._list_services,
            ("POST", TOKEN): self._refresh,
        }

    def account(self, base_url: str) -> dict[str, Any]:
        """The settings of an account with the fixed token."""
        return {"provider": "chukou1", "base_url": base_url, "token": self.token}

    def oauth_account(self, base_url: str) -> dict[str, Any]:
        """The settings of an account that gets its tokens by OAuth, with the refresh token that works now."""
        names = ("client_id", "client_secret", "redirect_uri", "refresh_token")
        return {"provider": "chukou1", "base_url": base_url, **{name: getattr(self, name) for name in names}}

    def expire_tokens(self) -> None:
        """Ends every access token that OAuth has given out."""
        with self._lock:
            self._tokens.clear()

    def truth(self, now: float) -> dict[str, Any]:
        """Accepted submissions and all counters, as JSON has them.

        The newest of a PackageId is `live`, or `failed` once it is CreateFailed; one that was changed since is `modified`.
        """
        with self._lock:
            self._settle(now)
            return {"orders": [self._told(entry, now) for entry in self.ledger], **self._traffic.told(), **self.faults.told()}

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """The next `times` calls that the fault fits meet it; faults are used up in the order they were given."""
        self.faults.add_next(fault, times)

    def handle(self, request: Request) -> Reply:
        """Answers one request; the order's effect takes place now, the delay is only the answer's."""
        with self._lock:
            self._settle(request.now)
            self._traffic.begins(_route(request))
            return self._refusal(request) or self._work(request)

    def done(self, request: Request) -> None:
        """The call is over."""
        with self._lock:
            self._traffic.ends(_route(request))

    def _refusal(self, request: Request) -> Reply | None:
        """Why the service never sees a call."""
        route = _route(request)
        if (request.method, route) not in self._routes:
            return self._lost(request)
        if route == TOKEN:
            return None
        if not self._is_live(request):
            return self._refused(request, 401, "AccessToken无效或已过期")
        # No page says what another content type gets.
        if request.method == "POST" and not _is_json(request.headers.get("content-type", "")):
            return self._refused(request, 400, "Content-Type必须是application/json; charset=utf-8")
        return None

    def _is_live(self, request: Request) -> bool:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return scheme == "Bearer" and (token == self.token or request.now < self._tokens.get(token, 0.0))

    def _work(self, request: Request) -> Reply:
        """What a call that was let in gets: its answer, or the next fault that fits it."""
        fault = self.faults.take(request.now, _route(request), request.path)
        if fault is None:
            return self._serve(request)
        if fault.ends_token:
            self.expire_tokens()
            return self._refusal(request) or self._serve(request)
        return self.faults.carry_out(fault, request, self._serve, lambda fault: self._own_error(fault, request))

    def _own_error(self, fault: Fault, request: Request) -> Reply:
        """An error of the remote's own is never answered with 200: it becomes 400."""
        refuse = self._refused_token if _route(request) == TOKEN else self._refused
        return refuse(request, 400 if fault.status == 200 else fault.status, *fault.details, code=str(fault.code))

    def _settle(self, now: float) -> None:
        """Late effects come that are due by now."""
        for late in self.faults.due(now):
            self._serve(late)

    def _serve(self, request: Request) -> Reply:
        route = _route(request)
        reply = self._routes[request.method, route](request)
        return replace(reply, delay=self.service_time if route == CREATE else 0.0)

    def _refused(self, request: Request, status: int, *messages: str, code: str = BAD_DATA) -> Reply:
        self.refusals[str(status)] += 1
        return _error(request, status, *messages, code=code)

    def _refused_token(self, _: Request, status: int, *messages: str, code: str) -> Reply:
        """The flat form, which only OAuth's errors have."""
        self.refusals[str(status)] += 1
        return _json({"Code": code, "Message": "；".join(messages)}, status)

    def _lost(self, request: Request) -> Reply:
        """No page shows what an unknown path gets: what the framework says whose help pages the vendor's are."""
        self.refusals["404"] += 1
        message = f"No HTTP resource was found that matches the request URI '{request.path}'."
        return _json({"Message": message}, 404)

    def _refresh(self, request: Request) -> Reply:
        """A refresh token, once, against a new pair. Its codes are OAuth's: no page lists the vendor's.

        Access tokens that were given out before live on until their own end; no page says otherwise.
        """
        asked = request.query
        if asked.get("grant_type") != "refresh_token":
            return self._refused_token(request, 400, "grant_type必须是refresh_token", code="unsupported_grant_type")
        if any(asked.get(name) != getattr(self, name) for name in ("client_id", "client_secret", "redirect_uri")):
            return self._refused_token(request, 400, "应用信息不正确", code="invalid_client")
        if asked.get("refresh_token") != self.refresh_token:
            return self._refused_token(request, 400, "RefreshToken无效或已使用", code="invalid_grant")
        access, self.refresh_token = secrets.token_hex(16), secrets.token_hex(16)
        self._tokens[access] = request.now + self.expires_in * 60
        return _json(
            {
                "AccessToken": access,
                "AccessTokenExpiresIn": self.expires_in,
                "RefreshToken": self.refresh_token,
                "RefreshTokenExpiresIn": REFRESH_MINUTES,
                "CustomerId": self.customer_id,
            }
        )

    def _create(self, request: Request) -> Reply:
        """New or changed: 201; the same as last time, also after CreateFailed: 200, and nothing is entered.

        No page says what counts as changed: here any difference between the two JSON values, but not a number's
        form or the order of names in an object.
        """
        try:
            data = read(request.body)
        except ValueError:
            return self._refused(request, 400, "请求内容不是有效的JSON对象")
        if wrong := complaints(data):
            return self._refused(request, 400, *wrong)
        known = self._orders.get(data["PackageId"])
        if known is not None and known.data == data:
            return Reply(200, b"")
        self._enter(request, data, known)
        return Reply(201, b"")

    def _enter(self, request: Request, data: dict[str, Any], known: _Order | None) -> None:
        if known is not None:
            self.cancelled.append(known.entry.ck1_package_id)
        number = f"CK{secrets.token_hex(6).upper()}"
        entry = Entry(request.now, data["PackageId"], request.body, json.loads(request.body), known is not None, number)
        self._orders[entry.package_id] = _Order(entry, data, request.now if known is None else known.since)
        self.ledger.append(entry)

    def _visible(self, package_id: str, now: float) -> Entry | None:
        order = self._orders.get(package_id)
        if order is None or now - order.since < self.visible_after:
            return None
        return None if self.faults.is_hidden(order.entry.body, order.entry.time, now) else order.entry

    def _status(self, request: Request) -> Reply:
        found = STATUS_PATH.fullmatch(request.path)
        entry = self._visible(unquote(found[1]), request.now) if found else None
        if entry is None:
            return _error(request, 404, "包裹不存在")
        return _json({**progress(entry, self._steps, request.now), **facts(entry)})

    @property
    def _steps(self) -> Steps:
        return Steps(self.creating_for, self.number_after, self.final_after)

    def _told(self, entry: Entry, now: float) -> dict[str, Any]:
        """An entry of the ledger as JSON has it."""
        has_failed = progress(entry, self._steps, now)["Status"] == "CreateFailed"
        state = "modified" if entry.ck1_package_id in self.cancelled else "failed" if has_failed else "live"
        names = {"order": entry.package_id, "number": entry.ck1_package_id, "time": entry.time}
        return {**names, "body": entry.body.decode(), "state": state}

    def _label(self, request: Request) -> Reply:
        """No page says when an order has a label: here once it is Created."""
        try:
            asked = read(request.body)
        except ValueError:
            return self._refused(request, 400, "请求内容不是有效的JSON对象")
        if asked.get("PrintFormat") not in PRINT_FORMATS or asked.get("PrintContent") not in PRINT_CONTENTS:
            return self._refused(request, 400, "PrintFormat或PrintContent取值错误")
        entry = self._visible(str(asked.get("PackageId")), request.now)
        if entry is None:
            return _error(request, 404, "包裹不存在")
        if progress(entry, self._steps, request.now)["Status"] != "Created":
            return self._refused(request, 400, "订单尚未创建成功")
        return _json({"Label": base64.b64encode(PDF).decode()})

    def _list_locations(self, _: Request) -> Reply:
        names = {"GZ": "广州处理点", "SZ": "深圳处理点", "SH": "上海处理点", "YW": "义乌处理点"}
        return _json([{"LocationId": code, "LocationName": name} for code, name in names.items()])

    def _list_services(self, _: Request) -> Reply:
        """Orders may name other services too; the last one shows that a service may have ended."""
        rows = (("CUE", "美国FBA空运专线", True), ("CUS", "美国FBA海运专线", True), ("CEO", "欧洲FBA旧专线", False))
        return _json([{"ServiceCode": code, "ServiceName": name, "InService": is_on} for code, name, is_on in rows])


def _route(request: Request) -> str:
    """The name that counters and faults know a call by."""
    return STATUS if STATUS_PATH.fullmatch(request.path) else request.path


def _is_json(content_type: str) -> bool:
    media, _, parameter = content_type.lower().replace(" ", "").partition(";")
    return media == "application/json" and parameter in ("", "charset=utf-8")


def _json(value: Any, status: int = 200) -> Reply:
    return Reply(status, json.dumps(value, ensure_ascii=False).encode(), {"content-type": JSON})


def _error(request: Request, status: int, *messages: str, code: str = BAD_DATA) -> Reply:
    """The envelope of every error but OAuth's: one element per message, and one with a blank message if there is none."""
    errors = [{"Code": code, "Message": message} for message in messages or ("",)]
    ticket = {"TicketId": str(uuid.uuid4()), "UtcDateTime": moment(request.now), "RequestUri": request.path}
    return _json({"Errors": errors, **ticket}, status)


def _other_order(reply: Reply) -> Reply:
    """Has a status answer with another order; an answer without an order stays as it is."""
    row = json.loads(reply.body or b"{}")
    if "PackageId" not in row:
        return reply
    return replace(reply, body=json.dumps({**row, "PackageId": f"{row['PackageId']}-other"}, ensure_ascii=False).encode())


OWN_FAULTS = {
    "rotate_token": FaultKind(
        Words("OAuth 给出的令牌全部作废；固定令牌不受影响", "all tokens that OAuth has given out are worth nothing; the fixed one stays"),
        lambda _dice, _delay: Fault(ends_token=True),
    ),
    "wrong_order": FaultKind(
        Words("查询的回答是另一张订单的", "a look-up answers with another order"), lambda _dice, _delay: Fault(edit=_other_order), STATUS
    ),
}
"""What only this remote can be asked for."""
