"""Lingxing's API for one account: tokens, signed calls, createOrder, and the account's stores."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import SecretStr, field_validator

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Clock, Token, TokenStore
from bulkorders.core.words import Words
from bulkorders.remote.client import Answer, Client, Failure
from bulkorders.remote.reads import ask, nothing_sent
from bulkorders.remote.tokens import TokenKeeper, lifetime
from bulkorders.settings import AccountSettings, read_secret

from .answers import OLD_SIGNATURE, TOKEN_CODES, Envelope, classify_create, classify_refusal, read_envelope
from .sign import KEY_LENGTHS, signed_query

TOKEN = "/api/auth-server/oauth/access-token"  # noqa: S105  # a path
REFRESH = "/api/auth-server/oauth/refresh"
CREATE = "/order/amzod/api/createOrder"
STORES = "/erp/sc/data/seller/lists"
_JSON = {"Content-Type": "application/json"}
_STORE_STATUS = {0: Words("已停用", "stopped"), 2: Words("授权异常", "authorisation error"), 3: Words("欠费", "in arrears")}


class LingxingSettings(AccountSettings):
    """An account at Lingxing. `stores`: which 店铺名 go to it; absent: all."""

    base_url: str = "https://openapi.lingxing.com"
    app_id: str
    app_secret: SecretStr
    stores: frozenset[str] | None = None

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
        self._settings = settings
        self._clock = clock
        self._client = Client(settings.base_url, settings.read_timeout)
        self._tokens = TokenKeeper(principal, tokens, clock, self._fetch)

    def create(self, payload: bytes) -> Outcome:
        """Sends one order. The order goes a second time only where the first answer proves that it was not processed."""
        answer = self._signed("POST", CREATE, payload)
        return answer if isinstance(answer, Outcome) else classify_create(answer)

    def test(self) -> Outcome | Sequence[Words]:
        """The account's stores, one line each."""
        stores = self.stores()
        if isinstance(stores, Outcome):
            return stores
        return [_describe(store) for store in stores]

    def stores(self) -> Outcome | list[dict[str, Any]]:
        """The seller list: `sid`, `name`, `country`, `status` of each store."""
        answer = ask(lambda: self._signed("GET", STORES, b""), self._client.seconds)
        envelope = answer if isinstance(answer, Outcome) else read_envelope(answer)
        if isinstance(envelope, Outcome):
            return envelope
        if envelope.code == "0" and isinstance(envelope.data, list):
            return [store for store in envelope.data if isinstance(store, dict)]
        said = Words(f"领星没有给出店铺清单：{envelope.text}。", f"Lingxing gave no list of stores: {envelope.text}.")
        return classify_refusal(envelope) or Outcome(Verdict.UNCLEAR, envelope.code, said)

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()

    def _signed(self, method: str, path: str, body: bytes) -> Answer | Failure | Outcome:
        """A business call. A token or a signature that is refused is renewed once: such answers prove "not processed"."""
        token = self._tokens.current()
        for is_last in (False, True):
            if isinstance(token, Outcome):
                return token
            answer = self._send(method, path, body, token)
            envelope = read_envelope(answer)
            code = envelope.code if isinstance(envelope, Envelope) else None
            if is_last or (code not in TOKEN_CODES and code != OLD_SIGNATURE):
                return answer
            if code in TOKEN_CODES:
                token = self._tokens.renew(token)
        raise AssertionError("the second round returns")

    def _send(self, method: str, path: str, body: bytes, token: Token) -> Answer | Failure:
        """One request, signed at this moment."""
        query = signed_query(body, self._settings.app_id, token.access, int(self._clock.now().timestamp()))
        return self._client.call(method, path, query=query, headers=_JSON, content=body or None)

    def _fetch(self, refresh: str | None) -> Token | Outcome:
        """A new pair: by the refresh token, and afresh where that does not work."""
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
        data = envelope.data
        if envelope.code == "200" and isinstance(data, dict) and isinstance(data.get("access_token"), str):
            return Token(data["access_token"], data.get("refresh_token"), self._clock.now() + lifetime(data.get("expires_in")))
        said = Words(
            f"领星没有给出令牌：{envelope.text}（{envelope.code}）。", f"Lingxing gave no token: {envelope.text} ({envelope.code})."
        )
        return classify_refusal(envelope) or Outcome(Verdict.STOPPED, envelope.code, said)


def _describe(store: Mapping[str, Any]) -> Words:
    name, country, status = store.get("name"), store.get("country"), store.get("status")
    state = _STORE_STATUS.get(status) if isinstance(status, int) else None
    return Words(f"{name}（{country}）{state.zh if state else ''}", f"{name} ({country}) {state.en if state else ''}".strip())
