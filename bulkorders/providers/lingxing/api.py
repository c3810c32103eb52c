"""Lingxing's API for one account: tokens, signed calls, createOrder, the account's stores, and what it has of an order."""

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qs

from pydantic import SecretStr, field_validator

from bulkorders.core.order import Order
from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Clock, Token, TokenStore
from bulkorders.core.template import Finding
from bulkorders.core.words import Words
from bulkorders.remote.client import Answer, Call, Client, Failure
from bulkorders.remote.pace import Pace
from bulkorders.remote.reads import ask, nothing_sent
from bulkorders.remote.tokens import TokenKeeper, lifetime, refresh_token
from bulkorders.settings import AccountSettings, read_secret

from .answers import BUSY, OLD_SIGNATURE, TOKEN_CODES, Envelope, classify_create, classify_read, classify_refusal, read_envelope
from .look_up import UNREADABLE, read_order
from .sign import KEY_LENGTHS, signed_query
from .stores import Stores, remember

TOKEN = "/api/auth-server/oauth/access-token"  # noqa: S105  # a path
REFRESH = "/api/auth-server/oauth/refresh"
CREATE = "/order/amzod/api/createOrder"
STORES = "/erp/sc/data/seller/lists"
ORDER = "/order/amzod/api/orderDetails/productInformation"
STORES_SECONDS = 60.0
"""How long a list of stores is good for, for all processes."""
FRESH_SECONDS = 5.0
"""How old it may be where it lacks a store: that may have been added since."""
MOST_LOST = 6
"""Tokens in a row that were refused although they were new: another program replaces them, and goes on doing so."""
_REPLACED = Outcome(Verdict.NOT_PROCESSED, "2001005", Words("令牌被别的程序换掉了", "another program has replaced the token"))
_NO_STORE = Outcome(Verdict.UNLISTED, message=Words("领星账号里没有这个店铺", "the account at Lingxing has no such store"))
_NO_STORES = Outcome(Verdict.UNCLEAR, message=Words("领星给的店铺清单是空的", "Lingxing's list of stores is empty"))
FRESHLY_SIGNED = dt.timedelta(seconds=1)
"""How old a signature may be when it leaves; Lingxing takes it for two minutes."""
LEAST_SKEW = dt.timedelta(seconds=5)
_JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class _Signed:
    """A call with its signature. `at`: when it was signed."""

    body: bytes
    token: Token
    at: dt.datetime
    call: Call | Failure

    def fits(self, body: bytes, token: Token, now: dt.datetime) -> bool:
        """Whether it is the call to be made, and signed a moment ago."""
        return self.body == body and self.token.access == token.access and dt.timedelta(0) <= now - self.at <= FRESHLY_SIGNED


class LingxingSettings(AccountSettings):
    """An account at Lingxing. `stores`: which 店铺名 go to it; absent: all. `check_stores`: they must be on Lingxing's own list.

    Without that a store that is not listed counts as one where nothing was created yet, as at a sandbox that takes any store.
    """

    base_url: str = "https://openapi.lingxing.com"
    app_id: str
    app_secret: SecretStr
    stores: frozenset[str] | None = None
    check_stores: bool = True

    @field_validator("app_id")
    @classmethod
    def _check_app_id(cls, app_id: str) -> str:
        if len(app_id.encode()) not in KEY_LENGTHS:
            raise ValueError("长度不对：领星的 AppID 是 16、24 或 32 个字符|must have 16, 24 or 32 bytes")
        return app_id


def read_settings(raw: Mapping[str, Any]) -> LingxingSettings:
    """An account's table, validated; the secret may lie in a file. Raises pydantic.ValidationError, SettingsError."""
    return LingxingSettings.model_validate(read_secret(raw, "app_secret"))


class LingxingApi:
    """The remote of one account. Not for several threads: one call at a time is what the remote allows."""

    def __init__(self, settings: LingxingSettings, principal: str, tokens: TokenStore, clock: Clock) -> None:
        self._settings, self._principal, self._store, self._clock = settings, principal, tokens, clock
        self._skew, self._lost = dt.timedelta(0), 0
        self._pace = Pace(settings.max_per_second, clock)
        self._client = Client(settings.base_url, settings.read_timeout)
        self._client.hide(settings.app_secret.get_secret_value())
        self._tokens = TokenKeeper(principal, tokens, clock, self._fetch)
        self._upcoming: Callable[[], bytes | None] | None = None
        self._next: _Signed | None = None

    def create(self, payload: bytes) -> Outcome:
        """Sends one order. The order goes a second time only where the first answer proves that it was not processed."""
        answer = self._signed("POST", CREATE, payload)
        outcome = answer if isinstance(answer, Outcome) else classify_create(answer)
        if outcome.code in (BUSY, "HTTP 429"):
            self._pace.slow_down()
        return outcome

    def look_ahead(self, upcoming: Callable[[], bytes | None]) -> None:
        """Signs the next order while one is under way, and puts its request together."""
        self._upcoming = upcoming

    def look_up(self, payload: bytes) -> Outcome:
        """The order of this number in this store, and whether its lines are those of the payload (vendor's productInformation)."""
        order = json.loads(payload)
        known = self._known_stores(STORES_SECONDS)
        store = known if isinstance(known, Outcome) else known.find(order["store_name"], order["country"])
        if store is None:
            known = self._known_stores(0)
            store = known if isinstance(known, Outcome) else known.find(order["store_name"], order["country"], former=True)
        if store is None:
            return self._not_listed(known)
        return store if isinstance(store, Outcome) else self._look_up(order, int(store["sid"]))

    def _not_listed(self, known: Stores | Outcome) -> Outcome:
        """What is proved of an order whose store is not listed: nothing, since it may have had another name, or the list may be empty.

        Who lets orders go to stores that are not listed says that none is there before its first order.
        """
        if not self._settings.check_stores:
            return Outcome(Verdict.ABSENT, message=_NO_STORE.message)
        return _NO_STORE if isinstance(known, Stores) and known.rows else _NO_STORES

    def _look_up(self, order: Mapping[str, Any], sid: int) -> Outcome:
        asked = {"sid": sid, "seller_fulfillment_order_id": order["order_id"]}
        body = json.dumps({"order_info": [asked]}, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()
        said = self._read("POST", ORDER, body)
        return said if isinstance(said, Outcome) else replace(read_order(said.data, order, sid), request_id=said.request_id)

    def vet(self, orders: Sequence[Order]) -> Outcome | Sequence[tuple[int, Finding]]:
        """The orders of stores that the account does not have, or that are stopped."""
        if not self._settings.check_stores:
            return []
        known = self._known_stores(STORES_SECONDS)
        if not isinstance(known, Outcome) and known.vet(orders):
            known = self._known_stores(FRESH_SECONDS)
        return known if isinstance(known, Outcome) else known.vet(orders)

    def test(self) -> Outcome | Sequence[Words]:
        """The account's stores, one line each."""
        known = self._known_stores(0)
        return known if isinstance(known, Outcome) else known.describe()

    def _known_stores(self, seconds: float) -> Stores | Outcome:
        """The account's stores, asked for no longer ago than so many seconds, by whatever process."""
        try:
            found = self._store.recall(self._principal, "stores", self._list_stores, now=self._clock.now(), seconds=seconds)
        except TimeoutError:
            return Outcome(Verdict.NOT_PROCESSED, message=Words("另一个程序一直在问店铺清单", "another process asks for the stores"))
        return found if isinstance(found, Outcome) else Stores(found)

    def _list_stores(self, before: Any) -> Outcome | list[Mapping[str, Any]]:
        """The seller list: `sid`, `name`, `country`, `status` of each store; after them those that were known before."""
        said = self._read("GET", STORES)
        if isinstance(said, Outcome):
            return said
        if not isinstance(said.data, list):
            return UNREADABLE
        kept = ("sid", "name", "country", "status")
        return remember([{key: store.get(key) for key in kept} for store in said.data if isinstance(store, dict)], before or [])

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()

    def _read(self, method: str, path: str, body: bytes = b"") -> Envelope | Outcome:
        """The answer to a call that changes nothing, or the outcome that says why there is none."""
        answer = ask(lambda: self._signed(method, path, body), self._client.seconds)
        return answer if isinstance(answer, Outcome) else classify_read(answer)

    def _signed(self, method: str, path: str, body: bytes) -> Answer | Failure | Outcome:
        """A business call. A token or a signature that is refused is renewed once: such answers prove "not processed"."""
        token = self._tokens.current()
        for is_last in (False, True):
            if isinstance(token, Outcome):
                return token
            answer = self._send(method, path, body, token)
            envelope = read_envelope(answer)
            code = envelope.code if isinstance(envelope, Envelope) else None
            self._lost = self._lost + 1 if code in TOKEN_CODES else 0
            if is_last or (code not in TOKEN_CODES and code != OLD_SIGNATURE):
                return _REPLACED if 0 < self._lost < MOST_LOST else answer
            if code in TOKEN_CODES:
                token = self._tokens.renew(token)
            elif isinstance(answer, Answer):
                self._take_time(answer)
        raise AssertionError("the second round returns")

    def _send(self, method: str, path: str, body: bytes, token: Token) -> Answer | Failure:
        """One request, signed at this moment, or while the one before was under way."""
        is_create = path == CREATE
        with self._pace if is_create else nullcontext():  # each path has a bucket of its own
            ready, self._next = self._next, None
            signed = ready if is_create and ready and ready.fits(body, token, self._now()) else self._sign(method, path, body, token)
            self._client.meanwhile = self._get_ready if is_create and self._upcoming else None
            return signed.call if isinstance(signed.call, Failure) else self._client.send(signed.call)

    def _sign(self, method: str, path: str, body: bytes, token: Token) -> "_Signed":
        self._client.hide(token.access, token.refresh)
        at = self._now()
        query = signed_query(body, self._settings.app_id, token.access, int(at.timestamp()))
        call = self._client.prepare(method, path, query=query, headers=_JSON, content=body or None, secrets=parse_qs(query)["sign"])
        return _Signed(body, token, at, call)

    def _get_ready(self) -> None:
        """Uses the time until an answer comes for the order that is likely to be next."""
        body = self._upcoming() if self._upcoming else None
        token = self._tokens.in_hand
        self._next = self._sign("POST", CREATE, body, token) if body and token else None

    def _now(self) -> dt.datetime:
        """The time by the remote's clock, as far as it is known."""
        return self._clock.now() + self._skew

    def _take_time(self, answer: Answer) -> None:
        """A signature counts as old: this machine's clock may be wrong, the answer's `Date` is the remote's."""
        try:
            skew = parsedate_to_datetime(answer.headers["date"]) - self._clock.now()
        except (KeyError, ValueError, TypeError):
            return
        if abs(skew) > LEAST_SKEW:
            self._skew = skew

    def _fetch(self, refresh: str | None) -> Token | Outcome:
        """A new pair: by the refresh token, and afresh where that does not work."""
        self._client.hide(refresh)
        if refresh is not None:
            renewed = self._token_call(REFRESH, {"appId": self._settings.app_id, "refreshToken": refresh})
            if isinstance(renewed, Token):
                return renewed
        secret = self._settings.app_secret.get_secret_value()
        return self._token_call(TOKEN, {"appId": self._settings.app_id, "appSecret": secret})

    def _token_call(self, path: str, form: Mapping[str, str]) -> Token | Outcome:
        answer = ask(lambda: self._client.call("POST", path, form=form), self._client.seconds)
        envelope = answer if isinstance(answer, Outcome) else read_envelope(answer)
        if isinstance(envelope, Outcome):
            return nothing_sent(envelope)
        data = answer.granted()["data"] if isinstance(answer, Answer) and envelope.data else None
        if envelope.code == "200" and isinstance(data, dict) and isinstance(data.get("access_token"), str):
            ends = self._clock.now() + lifetime(data.get("expires_in"))
            return Token(data["access_token"], refresh_token(data.get("refresh_token")), ends)
        said = Words(
            f"领星没有给出令牌：{envelope.text}（{envelope.code}）。", f"Lingxing gave no token: {envelope.text} ({envelope.code})."
        )
        return classify_refusal(envelope) or Outcome(Verdict.STOPPED, envelope.code, said)
