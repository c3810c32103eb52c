"""An imitation of Lingxing in memory: its orders and stores as the vendor's pages describe them, and faults on request.

It shares no code with the client, so that a mistake there cannot hide here. Where the pages are silent it does the
plain thing, and a comment says so.
"""

import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from threading import RLock
from typing import Any

from bulkorders.core.catalogue import CATALOGUE
from bulkorders.core.faults import FaultKind, Faults
from bulkorders.core.imitation import Fault, Reply, Request
from bulkorders.core.traffic import Traffic
from bulkorders.core.words import Words
from bulkorders.providers.lingxing.sandbox_gateway import Envelope, Gateway, envelope
from bulkorders.providers.lingxing.sandbox_rules import missing, wrong_types, wrong_values

TOKEN = "/api/auth-server/oauth/access-token"  # noqa: S105 - a path
REFRESH = "/api/auth-server/oauth/refresh"
CREATE = "/order/amzod/api/createOrder"
ORDERS = "/order/amzod/api/orderList"
PRODUCTS = "/order/amzod/api/orderDetails/productInformation"
CANCEL = "/order/amzod/api/cancelOrder"
SELLERS = "/erp/sc/data/seller/lists"

JSON = "application/json;charset=UTF-8"
BEIJING = timezone(timedelta(hours=8))

UNKNOWN_MSKU = "NOSUCH"
"""An MSKU that begins so is answered as one that the store does not have."""


@dataclass(frozen=True)
class Store:
    """One store of the seller list; `status` 0 stopped, 1 well, 2 authorisation error, 3 arrears."""

    sid: int
    name: str
    country: str
    status: int = 1


@dataclass(frozen=True)
class Entry:
    """One accepted create, as it came in."""

    time: float
    """Unix seconds by the server's clock."""
    order_id: str
    store: Store
    body: bytes
    payload: dict[str, Any]


class LingxingSandbox:
    """Lingxing for one app. What it has seen stands in `ledger`, `requests`, `max_in_flight` and `refusals`.

    Without `stores` every store is accepted and joins the seller list when first seen. `expires_in`,
    `visible_after` (how long a new order is hidden from look-ups) and `service_time` (of a create) are seconds.
    """

    def __init__(
        self,
        *,
        app_id: str = "ak_sandbox000001",
        app_secret: str | None = None,
        stores: Iterable[Store] | None = None,
        expires_in: int = 7199,
        visible_after: float = 0.0,
        service_time: float = 0.0,
    ) -> None:
        self.gateway = Gateway(app_id, app_secret or secrets.token_hex(16), expires_in)
        self.stores = list(stores or ())
        self.visible_after, self.service_time = visible_after, service_time
        self.ledger: list[Entry] = []
        self.faults = Faults({**CATALOGUE, **OWN_FAULTS}, creates=CREATE)
        self._traffic = Traffic()
        self.requests, self.max_in_flight, self.refusals = self._traffic.requests, self._traffic.max_in_flight, self._traffic.refusals
        self._accepts_any_store = stores is None
        self._orders: dict[tuple[int, str], Entry] = {}
        self._cancelled: set[tuple[int, str]] = set()
        self._lock = RLock()
        self._routes: dict[str, tuple[str, Callable[[Request], Envelope]]] = {
            TOKEN: ("POST", self.gateway.new_token),
            REFRESH: ("POST", self.gateway.refreshed_token),
            CREATE: ("POST", self._create),
            ORDERS: ("POST", self._list_orders),
            PRODUCTS: ("POST", self._find_orders),
            CANCEL: ("POST", self._cancel),
            SELLERS: ("GET", self._list_stores),
        }

    def account(self, base_url: str) -> dict[str, Any]:
        """The settings of an account of this app. Where any store is accepted, none is listed before its first order."""
        app_id, app_secret = self.gateway.app_id, self.gateway.app_secret
        settings = {"provider": "lingxing", "base_url": base_url, "app_id": app_id, "app_secret": app_secret}
        return {**settings, "check_stores": False} if self._accepts_any_store else settings

    def truth(self, now: float) -> dict[str, Any]:
        """Accepted orders, `live` or `cancelled`, and all counters, as JSON has them."""
        with self._lock:
            self._settle(now)
            return {"orders": [self._told(entry) for entry in self.ledger], **self._traffic.told(), **self.faults.told()}

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """The next `times` calls that the fault fits meet it; faults are used up in the order they were given."""
        self.faults.add_next(fault, times)

    def handle(self, request: Request) -> Reply:
        """Answers one request; the order's effect takes place now, the delay is only the answer's."""
        with self._lock:
            self._settle(request.now)
            self._traffic.begins(request.path)
            return self._let_in(request, self._work)

    def done(self, request: Request) -> None:
        """The call is over: its token is back in the bucket."""
        with self._lock:
            self._traffic.ends(request.path)
            self.gateway.give_back(request)

    def _refusal(self, request: Request) -> Envelope | None:
        """Why the service never sees a call. No page says what a wrong method gets: malformed."""
        method, _ = self._routes.get(request.path, ("", None))
        if not method:
            return envelope("500", "404 NOT_FOUND")
        if request.method != method:
            return envelope("400", "request method not supported")
        if request.path in (TOKEN, REFRESH):
            return None
        return self.gateway.refusal(request)

    def _let_in(self, request: Request, work: Callable[[Request], Reply]) -> Reply:
        """What the service makes of a call, or why it never sees it."""
        refusal = self._refusal(request)
        return work(request) if refusal is None else self._reply(refusal)

    def _work(self, request: Request) -> Reply:
        """What a call that was let in gets: its answer, or the next fault that fits it."""
        fault = self.faults.take(request.now, request.path)
        if fault is None:
            return self._serve(request)
        if fault.keeps_token:
            self.gateway.withhold(request)
        if fault.ends_token:
            self.gateway.end_token(request.now)
            return self._let_in(request, self._serve)
        return self.faults.carry_out(fault, request, self._serve, lambda fault: self._own_error(fault, request.now))

    def _own_error(self, fault: Fault, now: float) -> Reply:
        """The fault's code in the service's envelope, or in the gateway's if it is text."""
        if isinstance(fault.code, int):
            answer = _service(now, fault.code, "失败", fault.details, None)
        else:
            answer = envelope(str(fault.code), "fault on request")
        return replace(self._reply(answer), status=fault.status)

    def _settle(self, now: float) -> None:
        """Late effects come that are due by now."""
        for late in self.faults.due(now):
            self._routes[late.path][1](late)

    def _serve(self, request: Request) -> Reply:
        _, answer = self._routes[request.path]
        delay = self.service_time if request.path == CREATE else 0.0
        return replace(self._reply(answer(request)), delay=delay)

    def _reply(self, answer: Envelope) -> Reply:
        if answer["code"] not in (0, "200"):
            self.refusals[str(answer["code"])] += 1
        body = json.dumps(answer, ensure_ascii=False).encode()
        return Reply(200, body, {"content-type": JSON})

    def _create(self, request: Request) -> Envelope:
        payload = json.loads(request.body)
        if wrong := wrong_types(payload):
            return _malformed(request.now, wrong)
        if details := missing(payload) or wrong_values(payload):
            return _refused(request.now, details)
        store = self._store(payload["store_name"], payload["country"])
        if store is None:
            return _refused(request.now, ["店铺不存在"])
        if any(item["msku"].startswith(UNKNOWN_MSKU) for item in payload["item_list"]):
            return _refused(request.now, ["MSKU不存在"])
        if (store.sid, payload["order_id"]) in self._orders:
            return _refused(request.now, ["订单号已经存在"])
        entry = Entry(request.now, payload["order_id"], store, request.body, payload)
        self._orders[store.sid, entry.order_id] = entry
        self.ledger.append(entry)
        return _well(request.now)

    def _store(self, name: str, country: str) -> Store | None:
        known = next((store for store in self.stores if (store.name, store.country) == (name, country)), None)
        if known is None and self._accepts_any_store:
            known = Store(1001 + len(self.stores), name, country)
            self.stores.append(known)
        return known

    def _list_stores(self, request: Request) -> Envelope:
        rows = [{"sid": store.sid, "name": store.name, "country": store.country, "status": store.status} for store in self.stores]
        return _well(request.now, rows, len(rows))

    def _find_orders(self, request: Request) -> Envelope:
        wanted = json.loads(request.body).get("order_info")
        if not isinstance(wanted, list) or not 1 <= len(wanted) <= 200 or not all(map(_names_order, wanted)):
            return _malformed(request.now, "order_info")
        keys = [(one["sid"], one["seller_fulfillment_order_id"]) for one in wanted]
        rows = [
            {**self._row(entry, str.title), "listing_detail_info": _lines(entry)}
            for key in keys
            if (entry := self._orders.get(key)) and self._visible(entry, request.now)
        ]
        return _well(request.now, rows, len(rows))

    def _list_orders(self, request: Request) -> Envelope:
        asked = json.loads(request.body)
        offset, length = asked.get("offset", 0), asked.get("length", 20)
        if not (type(offset) is int and offset >= 0 and type(length) is int and 1 <= length <= 1000):
            return _malformed(request.now, "offset, length")
        if not all(isinstance(asked.get(name) or [], list) for name in ("sids", "order_status")):
            return _malformed(request.now, "sids, order_status")
        shown = [entry for entry in self.ledger if self._visible(entry, request.now) and _asked_for(entry, asked)]
        rows = [self._row(entry, str.upper) for entry in shown]
        if statuses := {str(status).upper() for status in asked.get("order_status") or ()}:
            rows = [row for row in rows if row["order_status"] in statuses]
        return _well(request.now, rows[offset : offset + length], len(rows))

    def _cancel(self, request: Request) -> Envelope:
        asked = json.loads(request.body)
        if not _names_order(asked):
            return _malformed(request.now, "sid, seller_fulfillment_order_id")
        key = asked["sid"], asked["seller_fulfillment_order_id"]
        if key not in self._orders:
            return _refused(request.now, ["订单不存在"])
        self._cancelled.add(key)
        return _well(request.now)

    def _visible(self, entry: Entry, now: float) -> bool:
        return now - entry.time >= self.visible_after and not self.faults.is_hidden(entry.body, entry.time, now)

    def _state(self, entry: Entry) -> str:
        return "cancelled" if (entry.store.sid, entry.order_id) in self._cancelled else "live"

    def _told(self, entry: Entry) -> dict[str, Any]:
        """An entry of the ledger as JSON has it."""
        facts = {"order": entry.order_id, "store": entry.store.name, "country": entry.store.country, "time": entry.time}
        return {**facts, "body": entry.body.decode(), "state": self._state(entry)}

    def _row(self, entry: Entry, letter_case: Callable[[str], str]) -> dict[str, Any]:
        """What both look-ups tell; the real ones write the status in different letter case, so these do too."""
        return {
            "sid": entry.store.sid,
            "store_name": entry.store.name,
            "seller_fulfillment_order_id": entry.order_id,
            "order_status": letter_case("cancelled" if self._state(entry) == "cancelled" else "planning"),
        }


def _service(now: float, code: int, message: str, details: Iterable[str], data: Any, total: int = 0) -> Envelope:
    moment = datetime.fromtimestamp(now, BEIJING)
    return {
        "code": code,
        "data": data,
        "error_details": list(details),
        "message": message,
        "response_time": moment.strftime("%Y-%m-%d %H:%M:%S"),
        "request_id": f"{secrets.token_hex(16)}.{secrets.randbelow(200)}.{int(now * 10_000_000):017d}",
        "total": total,
    }


def _well(now: float, data: Iterable[Any] = (), total: int = 0) -> Envelope:
    return _service(now, 0, "操作成功", (), list(data), total)


def _refused(now: float, details: Iterable[str]) -> Envelope:
    return _service(now, 500, "失败", details, None)


def _malformed(now: float, names: str) -> Envelope:
    return _service(now, 102, "参数不合法", [f"{names}: 参数类型或取值错误"], None)


def _names_order(one: Any) -> bool:
    """Whether it has what names one order in the look-ups, in the right types."""
    if not isinstance(one, dict):
        return False
    return type(one.get("sid")) is int and isinstance(one.get("seller_fulfillment_order_id"), str)


def _asked_for(entry: Entry, asked: dict[str, Any]) -> bool:
    """Whether the list's filters let it through; days are Beijing's, both ends included."""
    day = datetime.fromtimestamp(entry.time, BEIJING).strftime("%Y-%m-%d")
    first, last = str(asked.get("start_date") or day)[:10], str(asked.get("end_date") or day)[:10]
    return first <= day <= last and entry.store.sid in (asked.get("sids") or (entry.store.sid,))


def _lines(entry: Entry) -> list[dict[str, Any]]:
    return [{"msku": item["msku"], "quantity": item["quantity_shipped"]} for item in entry.payload["item_list"]]


def _other(name: str, make: Callable[[Any], Any]) -> Callable[[Reply], Reply]:
    """Has a look-up answer with another value in each row."""

    def edit(reply: Reply) -> Reply:
        answer = json.loads(reply.body)
        if not isinstance(answer["data"], list):
            return reply
        rows = [{**row, name: make(row[name])} if name in row else row for row in answer["data"]]
        return replace(reply, body=json.dumps({**answer, "data": rows}, ensure_ascii=False).encode())

    return edit


OWN_FAULTS = {
    "busy": FaultKind(
        Words("3001008，令牌桶里没有令牌；订单没有受理", "3001008: no token in the bucket; the order is not taken"),
        lambda _dice, _delay: Fault(code="3001008"),
    ),
    "rotate_token": FaultKind(
        Words("别的程序取了新令牌，正在用的令牌作废", "another program has fetched a token, so the one in use is worth nothing"),
        lambda _dice, _delay: Fault(ends_token=True),
    ),
    "wrong_order": FaultKind(
        Words("查询的回答是另一张订单的", "a look-up answers with another order"),
        lambda _dice, _delay: Fault(edit=_other("seller_fulfillment_order_id", lambda number: f"{number}-other")),
        PRODUCTS,
    ),
    "wrong_store": FaultKind(
        Words("查询的回答是另一个店铺的", "a look-up answers with another store's order"),
        lambda _dice, _delay: Fault(edit=_other("sid", lambda sid: sid + 1)),
        PRODUCTS,
    ),
}
"""What only this remote can be asked for."""
