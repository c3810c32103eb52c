"""The gateway half of the imitation of Lingxing: apps, tokens, signatures and the bucket of one call per path.

It reads signatures by the vendor's rules and shares no code with the client, so that a mistake there cannot hide
here. Where the vendor's pages are silent it does the plain thing, and a comment says so.
"""

import base64
import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from email import policy
from email.parser import BytesParser
from typing import Any

from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bulkorders.core.imitation import Request

SIGNATURE_SECONDS = 120.0
REFRESH_SECONDS = 7200.0
BUCKET_SECONDS = 120.0
"""A token that was taken is back after this time, whatever became of its call."""
PUBLIC = {"access_token", "app_key", "timestamp", "sign"}

Envelope = dict[str, Any]
"""An answer before it becomes bytes; its `code` says what it is."""


@dataclass(frozen=True)
class _Pair:
    access: str
    refresh: str
    issued: float


class Gateway:
    """What every call to one app passes before the service sees it. Not thread-safe: its owner holds a lock.

    ValueError for an AppID of a length that AES does not take.
    """

    def __init__(self, app_id: str, app_secret: str, expires_in: int) -> None:
        if len(app_id.encode()) not in (16, 24, 32):
            raise ValueError("an AppID is an AES key: 16, 24 or 32 bytes")
        self.app_id, self.app_secret, self.expires_in = app_id, app_secret, expires_in
        self._pair: _Pair | None = None
        self._bucket: dict[str, tuple[int, float]] = {}

    def refusal(self, request: Request) -> Envelope | None:
        """Why a business call is refused; None lets it through, with the path's token taken."""
        checks = (self._check_query, self._check_body, self._check_token, self._check_signature, self._take_token)
        return next((refusal for check in checks if (refusal := check(request))), None)

    def new_token(self, request: Request) -> Envelope:
        """The token route: app and secret against a new pair."""
        form = _form(request)
        if form.get("appId") != self.app_id:
            return envelope("2001001", "app not exist")
        if form.get("appSecret") != self.app_secret:
            return envelope("2001002", "app secret not correct")
        return self._issue(request.now)

    def refreshed_token(self, request: Request) -> Envelope:
        """The refresh route: a refresh token, once, against a new pair."""
        form = _form(request)
        if form.get("appId") != self.app_id:
            return envelope("2001001", "app not exist")
        if self._pair is None or form.get("refreshToken") != self._pair.refresh:
            return envelope("2001009", "refresh token is not valid")
        if request.now - self._pair.issued >= REFRESH_SECONDS:
            return envelope("2001008", "refresh token expired")
        return self._issue(request.now)

    def _issue(self, now: float) -> Envelope:
        """A new pair; the last one's tokens are worth nothing from now on."""
        self._pair = pair = _Pair(str(uuid.uuid4()), str(uuid.uuid4()), now)
        tokens = {"access_token": pair.access, "refresh_token": pair.refresh, "expires_in": self.expires_in}
        return envelope("200", "OK", tokens)

    def end_token(self, now: float) -> None:
        """Somebody else has fetched a pair: the last one's tokens are worth nothing from now on."""
        self._issue(now)

    def give_back(self, request: Request) -> None:
        """The call is over: the token that it took is back in the bucket."""
        if self._bucket.get(request.path, (0, 0.0))[0] == id(request):
            del self._bucket[request.path]

    def withhold(self, request: Request) -> None:
        """The token stays out when the call is over, until its time is up."""
        if request.path in self._bucket:
            self._bucket[request.path] = (0, request.now)

    def _check_query(self, request: Request) -> Envelope | None:
        if not request.query.get("access_token"):
            return envelope("2001003", "access token is missing")
        if set(request.query) != PUBLIC or not re.fullmatch(r"\d{10}", request.query["timestamp"], re.ASCII):
            return envelope("3001001", "public parameters must be access_token, app_key, timestamp and sign")
        return None

    def _check_body(self, request: Request) -> Envelope | None:
        if request.method == "GET":
            return None
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
            return envelope("400", "content type must be application/json")
        try:
            return None if _is_object(request.body) else envelope("400", "body must be a JSON object")
        except ValueError:
            return envelope("400", "body is not JSON")

    def _check_token(self, request: Request) -> Envelope | None:
        if request.query["app_key"] != self.app_id:
            return envelope("2001001", "app not exist")
        pair = self._pair
        if pair is None or request.query["access_token"] != pair.access:
            return envelope("2001005", "access token is not valid")
        return envelope("2001005", "access token expired") if request.now - pair.issued >= self.expires_in else None

    def _check_signature(self, request: Request) -> Envelope | None:
        if request.now - int(request.query["timestamp"]) > SIGNATURE_SECONDS:
            return envelope("2001007", "api sign has expired")
        body = b"" if request.method == "GET" else request.body
        expected = sign(signing_text(body, request.query), self.app_id)
        return None if request.query["sign"] == expected else envelope("2001006", "api sign not correct")

    def _take_token(self, request: Request) -> Envelope | None:
        """Takes the path's only token. It is checked last: no page says whether a bad signature costs one."""
        _, taken = self._bucket.get(request.path, (0, -BUCKET_SECONDS))
        if request.path in self._bucket and request.now - taken < BUCKET_SECONDS:
            return envelope("3001008", "requests too frequently, please request later")
        self._bucket[request.path] = (id(request), request.now)
        return None


def envelope(code: str, msg: str, data: Envelope | None = None) -> Envelope:
    """The gateway's envelope, which holds the code as text."""
    return {"code": code, "msg": msg, "data": data}


def signing_text(body: bytes, query: Mapping[str, str]) -> str:
    """What is signed: the body's top-level keys and the public parameters, sorted, joined without escaping."""
    taking_part: dict[str, Any] = {**(_as_received(body) if body else {}), **query}
    taking_part.pop("sign", None)
    texts = {key: value if isinstance(value, str) else _compact(value) for key, value in taking_part.items()}
    return "&".join(f"{key}={text}" for key, text in sorted(texts.items()) if text != "")


def sign(text: str, app_id: str) -> str:
    """MD5 in upper case, then AES-ECB under the AppID, then Base64: the vendor's steps 4 to 6."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()
    padder = padding.PKCS7(128).padder()
    padded = padder.update(digest.encode()) + padder.finalize()
    # ECB is what the vendor verifies.
    encryptor = Cipher(algorithms.AES(app_id.encode()), modes.ECB()).encryptor()  # noqa: S305
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


class _Number(str):
    """A JSON number as the text that was received: 1.10 and 1.1 are signed differently."""

    __slots__ = ()


def _as_received(body: bytes) -> dict[str, Any]:
    received: dict[str, Any] = json.loads(body.decode(), parse_int=_Number, parse_float=_Number)
    return received


def _compact(value: Any) -> str:
    """Compact JSON with raw UTF-8 and the keys of every object sorted."""
    if isinstance(value, _Number):
        return str(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{_compact(key)}:{_compact(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_compact, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _is_object(body: bytes) -> bool:
    """Whether it is a JSON object. ValueError for what is not JSON in UTF-8: NaN, infinities, lone surrogates."""
    value = json.loads(body.decode(), parse_constant=_no_number)
    json.dumps(value, ensure_ascii=False).encode()
    return isinstance(value, dict)


def _no_number(name: str) -> None:
    raise ValueError(name)


def _form(request: Request) -> dict[str, str]:
    """The fields of a multipart body; empty if it is something else."""
    head = f"content-type: {request.headers.get('content-type', '')}\r\n\r\n".encode()
    message = BytesParser(policy=policy.HTTP).parsebytes(head + request.body)
    form: dict[str, str] = {}
    for part in message.iter_parts() if message.is_multipart() else ():
        name, value = part.get_param("name", header="content-disposition"), part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(value, bytes):
            form[name] = value.decode(errors="replace")
    return form
