"""Chukou1's API for one account: its token, fbaOrder, and the status of an order."""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Clock, Token, TokenStore
from bulkorders.core.words import Words
from bulkorders.remote.classify import classify_failure, one_line
from bulkorders.remote.client import Answer, Client, Failure
from bulkorders.remote.pace import Pace
from bulkorders.remote.reads import ask, nothing_sent
from bulkorders.remote.tokens import TokenKeeper, lifetime, refresh_token

from .answers import UNAUTHORISED, classify_create, classify_status_of, classify_trouble, read_errors
from .settings import Chukou1Settings

CREATE = "/v1/fbaOrder"
LOCATIONS = "/v1/locations"
SERVICES = "/v1/directExpressServices"
TOKEN = "/oauth2/token"  # noqa: S105  # a path
_JSON = {"Content-Type": "application/json; charset=utf-8"}
_MINUTE = dt.timedelta(minutes=1)
"""The unit of `AccessTokenExpiresIn`, as most say; a token that ends sooner is renewed on the 401."""

_WITHDRAWN = Words(
    "出口易不接受这个 token：请核对配置里的 token，或向出口易换一个新的。", "Chukou1 refuses the token: check it, or ask for a new one."
)
_EXPIRED = Words(
    "出口易的授权失效了（{reason}）：请重新授权，把新的 refresh_token 写进配置。",
    "Chukou1's authorisation has ended ({reason}): authorise again and put the new refresh_token into the configuration.",
)
_UNREADABLE = Words("出口易没有给出令牌，平台的回答看不懂", "Chukou1 gave no token: the answer cannot be read")


class Chukou1Api:
    """The remote of one account. Not for several threads: one call at a time."""

    def __init__(self, settings: Chukou1Settings, principal: str, tokens: TokenStore, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._client = Client(settings.base_url, settings.read_timeout, Pace(settings.max_per_second, clock))
        self._client.hide(*(secret.get_secret_value() for secret in settings.secrets))
        self._tokens = TokenKeeper(principal, tokens, clock, self._fetch)

    def create(self, payload: bytes) -> Outcome:
        """Submits one order. The same bytes again are safe: the remote ignores what it has unchanged (vendor's page)."""
        answer = self._authorised("POST", CREATE, payload)
        return answer if isinstance(answer, Outcome) else classify_create(answer)

    def look_up(self, payload: bytes) -> Outcome:
        """The status of the order's PackageId."""
        package = str(json.loads(payload)["PackageId"])
        answer = self._read(f"{CREATE}/{quote(package, safe='')}/status")
        return answer if isinstance(answer, Outcome) else classify_status_of(answer, package)

    def test(self) -> Outcome | Sequence[Words]:
        """The places and services that the account may use, one line each."""
        places = self._list(LOCATIONS)
        if isinstance(places, Outcome):
            return places
        services = self._list(SERVICES)
        if isinstance(services, Outcome):
            return services
        return [
            *(_line("处理点", "location", place, "LocationId", "LocationName") for place in places),
            *(_line("服务", "service", one, "ServiceCode", "ServiceName") for one in services if one.get("InService") is not False),
        ]

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()

    def _list(self, path: str) -> Outcome | list[Mapping[str, Any]]:
        answer = self._read(path)
        if isinstance(answer, Outcome):
            return answer
        if isinstance(answer, Failure):
            return classify_failure(answer)
        found = answer.json()
        if answer.status != 200 or not isinstance(found, list):
            return classify_trouble(answer)
        return [one for one in found if isinstance(one, dict)]

    def _read(self, path: str) -> Answer | Failure | Outcome:
        return ask(lambda: self._authorised("GET", path), self._client.seconds)

    def _authorised(self, method: str, path: str, body: bytes | None = None) -> Answer | Failure | Outcome:
        """A business call. A token that is refused is renewed once, where it can be: 401 proves "not processed"."""
        token = self._token()
        if isinstance(token, Outcome):
            return token
        answer = self._send(method, path, body, token)
        if isinstance(answer, Failure) or answer.status != UNAUTHORISED:
            return answer
        if self._settings.token:
            return Outcome(Verdict.STOPPED, "HTTP 401", _WITHDRAWN, read_errors(answer).ticket)
        renewed = self._tokens.renew(token)
        return renewed if isinstance(renewed, Outcome) else self._send(method, path, body, renewed)

    def _send(self, method: str, path: str, body: bytes | None, token: Token) -> Answer | Failure:
        self._client.hide(token.access, token.refresh)
        return self._client.call(method, path, headers={"Authorization": f"Bearer {token.access}", **_JSON}, content=body)

    def _token(self) -> Token | Outcome:
        if self._settings.token:
            return Token(self._settings.token.get_secret_value(), None, dt.datetime.max.replace(tzinfo=dt.UTC))
        return self._tokens.current()

    def _fetch(self, refresh: str | None) -> Token | Outcome:
        """A new pair: by the newest refresh token, and by the configured one where that does not work."""
        configured = self._settings.refresh_token
        first = configured.get_secret_value() if configured else ""
        outcome = self._refresh(refresh or first)
        is_refused = isinstance(outcome, Outcome) and outcome.verdict is Verdict.STOPPED
        return self._refresh(first) if is_refused and refresh not in (None, first) else outcome

    def _refresh(self, refresh: str) -> Token | Outcome:
        """Asks once: a refresh token may be good for one answer only."""
        self._client.hide(refresh)
        secret = self._settings.client_secret
        query = {
            "client_id": self._settings.client_id or "", "client_secret": secret.get_secret_value() if secret else "",
            "redirect_uri": self._settings.redirect_uri or "", "grant_type": "refresh_token", "refresh_token": refresh,
        }  # fmt: skip
        answer = self._client.call("POST", TOKEN, query=urlencode(query))
        if isinstance(answer, Failure):
            return nothing_sent(classify_failure(answer))
        body = answer.granted()
        if answer.status == 200 and isinstance(body, dict) and isinstance(body.get("AccessToken"), str):
            return self._granted(body, refresh)
        return _refused(answer)

    def _granted(self, body: Mapping[str, Any], used: str) -> Token:
        ends = self._clock.now() + lifetime(body.get("AccessTokenExpiresIn"), _MINUTE)
        return Token(body["AccessToken"], refresh_token(body.get("RefreshToken")) or used, ends)


def _refused(answer: Answer) -> Outcome:
    """Why there is no token: the authorisation has ended, or the remote is not able to answer now."""
    if answer.status < 300:  # not quoted: it may hold a token that nobody could read
        return Outcome(Verdict.NOT_PROCESSED, f"HTTP {answer.status}", _UNREADABLE)
    errors = read_errors(answer)
    if 400 <= answer.status < 500 and answer.status != 429:
        reason = errors.text or errors.code or f"HTTP {answer.status}"
        return Outcome(Verdict.STOPPED, errors.code or f"HTTP {answer.status}", _EXPIRED.fill(reason=reason), errors.ticket)
    return nothing_sent(classify_trouble(answer))


def _line(zh: str, en: str, found: Mapping[str, Any], code: str, name: str) -> Words:
    """One place or service in words."""
    text = " ".join(one_line(str(found[key])) for key in (code, name) if found.get(key))
    return Words(f"{zh} {text}", f"{en} {text}")
