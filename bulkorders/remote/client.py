"""One HTTP call: with a deadline, a limit of size, no redirects. A failure is a value that says whether the request may have arrived."""

import json
import logging
import os
import ssl
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from typing import Any
from urllib.parse import urlsplit

import httpx

from bulkorders.core.words import Words
from bulkorders.crash import crash_point

from .mask import Mask, drop_halves, map_texts
from .pace import Pace
from .underway import Underway, WatchedBackend

MOST_BYTES = 5 * 1024 * 1024
"""Of an answer's body; what is longer is no answer of an API."""
GRACE_SECONDS = 10.0
"""Beyond the read timeout, until a call that drips is over."""
CONNECT_SECONDS = 10.0
TOO_FAST = 429
DAY = 86_400
_AUTHORITIES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
"""What names the authorities that are trusted, where those of httpx are not wanted."""
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})

for _name in ("httpx", "httpcore"):  # they log whole URLs, which carry tokens and signatures
    logging.getLogger(_name).setLevel(logging.WARNING)
logging.getLogger("stamina").setLevel(logging.ERROR)  # it warns of each try, which would stand on standard error


@dataclass(frozen=True)
class Answer:
    """An answer that arrived whole. Header names are lower case. `mask`: what must not be said of it, should the remote quote it."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    mask: Mask = field(default_factory=Mask, repr=False)

    def json(self) -> Any:
        """The body as JSON without the account's secrets, None where it is no JSON."""
        return self._said

    @cached_property
    def _said(self) -> Any:
        if self._is_harmless:
            return self._json()
        return self._json(lambda text: self.mask.apply(drop_halves(text)))

    @property
    def _is_harmless(self) -> bool:
        """Whether no text of the body has to be changed, as in nearly every answer: nothing is escaped in it, and no secret is there."""
        if b"\\" in self.body or b"\0" in self.body:  # what is not UTF-8 has zeros
            return False
        text = self.body.decode("utf-8", "replace")
        return self.mask.apply(text) == text

    def granted(self) -> Any:
        """The body as JSON with whatever secrets it holds: for the tokens that it grants, never for what is said of it."""
        return self._json(drop_halves)

    def text(self) -> str:
        """The body as text without the account's secrets."""
        return self.mask.apply(self.body.decode("utf-8", "replace"))

    def _json(self, change: Callable[[str], str] | None = None) -> Any:
        try:
            return map_texts(json.loads(self.body), change) if change else json.loads(self.body)
        except (ValueError, RecursionError):
            return None


@dataclass(frozen=True)
class Failure:
    """A call without a whole answer. `arrived`: the request may have reached the remote. `reason` names neither URL nor content."""

    arrived: bool
    reason: Words


@dataclass(frozen=True)
class Call:
    """A request that has only to be sent. `secrets`: what is secret of it alone."""

    request: httpx.Request = field(repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)


@lru_cache(maxsize=4)
def _tls(trust_env: bool, _file: str | None, _folder: str | None, _day: int) -> ssl.SSLContext:
    """The authorities that are trusted: reading them costs more than a call does. Read anew each day, for programs that run for years."""
    return httpx.create_ssl_context(trust_env=trust_env)


@dataclass
class Client:
    """The HTTP client of one account: connections are kept alive, proxies of the environment are used but for loopback.

    `pace`: how many calls a second it makes at most. `mask`: the account's secrets, which no answer may make us say. `meanwhile`: what is
    done once a request has left and before its answer is read, if anything; it raises nothing. `grace`: seconds beyond
    `read_timeout`, until a call is over that drips.
    """

    base_url: str
    read_timeout: float
    pace: Pace | None = None
    mask: Mask = field(default_factory=Mask)
    meanwhile: Callable[[], None] | None = None
    grace: float = GRACE_SECONDS
    _client: httpx.Client = field(init=False, repr=False)
    _transport: httpx.BaseTransport = field(init=False, repr=False)
    _underway: Underway = field(init=False, repr=False)

    def __post_init__(self) -> None:
        is_local = urlsplit(self.base_url).hostname in LOOPBACK
        tls = _tls(not is_local, *map(os.environ.get, _AUTHORITIES), int(time.monotonic() // DAY))
        self._client = httpx.Client(trust_env=not is_local, verify=tls, headers={"Accept-Encoding": "gzip, deflate"})
        # httpx knows the proxies of the environment; its redirects, cookies and netrc, which no API here has, would cost half of each call
        self._transport = self._client._transport_for_url(httpx.URL(self.base_url))
        self._underway = Underway()
        if isinstance(self._transport, httpx.HTTPTransport):  # httpx has no public way to its pool's network
            self._transport._pool._network_backend = WatchedBackend(self._underway)

    def hide(self, *secrets: str | None) -> None:
        """From now on no answer says these."""
        self.mask = self.mask.hiding(*secrets)

    def call(self, method: str, path: str, **parts: Any) -> Answer | Failure:
        """Sends one request, once: what `prepare` takes."""
        call = self.prepare(method, path, **parts)
        return call if isinstance(call, Failure) else self.send(call)

    def prepare(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        form: Mapping[str, str] | None = None,
        secrets: Sequence[str] = (),
    ) -> Call | Failure:
        """A request. `query` is sent as it is, already encoded; `form` goes out as multipart/form-data; `secrets` are of it alone."""
        url = self.base_url.rstrip("/") + "/" + path.lstrip("/") + (f"?{query}" if query else "")
        files = {name: (None, value) for name, value in form.items()} if form else None
        try:
            request = httpx.Request(
                method, url, headers={**self._client.headers, **(headers or {})}, content=content, files=files,
                extensions={"timeout": self._timeout.as_dict()},
            )  # fmt: skip
        except _FAILURES as error:
            return _failure(error)
        return Call(request, secrets)

    @cached_property
    def _timeout(self) -> httpx.Timeout:
        return httpx.Timeout(self.read_timeout, connect=min(CONNECT_SECONDS, self.read_timeout))

    def send(self, call: Call) -> Answer | Failure:
        """Sends a request, once."""
        with self.pace or nullcontext():
            self._underway.start(self.seconds, self.meanwhile)
            crash_point()
            try:
                with closing(self._transport.handle_request(call.request)) as response:
                    answer = _read(response)
            except _FAILURES as error:
                answer = _failure(error)
            crash_point()
        if self.pace and isinstance(answer, Answer) and answer.status == TOO_FAST:
            self.pace.slow_down()
        return replace(answer, mask=self.mask.hiding(*call.secrets)) if isinstance(answer, Answer) else answer

    @property
    def seconds(self) -> float:
        """How long a call takes at most."""
        return self.read_timeout + self.grace

    def close(self) -> None:
        """Ends the connections."""
        self._client.close()


def _read(response: httpx.Response) -> Answer | Failure:
    """The body up to its limit, packed or not: a small one may unpack to gigabytes."""
    body, unpack = bytearray(), _unpacker(response.headers.get("content-encoding", "identity"))
    if unpack is None:
        return Failure(True, Words("平台的回答看不懂", "the answer cannot be read"))
    for chunk in response.iter_raw():
        body += unpack(chunk, MOST_BYTES + 1 - len(body))
        if len(body) > MOST_BYTES:
            return Failure(True, Words("平台的回答太大，不像接口的回答", "the answer is too large to be one of an API"))
    return Answer(response.status_code, {name.lower(): value for name, value in response.headers.items()}, bytes(body))


def _unpacker(encoding: str) -> Callable[[bytes, int], bytes] | None:
    """How a body is unpacked, a piece at a time and no more than so many bytes of each; None for a way that was not asked for."""
    match encoding.strip().casefold():
        case "identity" | "":
            return lambda chunk, _: chunk
        case "gzip" | "deflate":
            return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress
        case _:
            return None


_FAILURES = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ssl.SSLError, zlib.error, UnicodeError)
"""What a call may end with instead of an answer."""


def _failure(error: Exception) -> Failure:
    """What an exception of httpx proves: without a connection nothing was sent, after that nobody knows."""
    if isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
        return Failure(False, Words("连接平台超时", "connecting to the remote timed out"))
    if isinstance(error, httpx.ConnectError):
        if "CERTIFICATE" in str(error).upper():
            return Failure(False, Words("平台的安全证书不对，没有连接", "the remote's certificate is not valid"))
        return Failure(False, Words("连不上平台", "the remote cannot be reached"))
    if isinstance(error, httpx.ProxyError | httpx.UnsupportedProtocol | httpx.InvalidURL | UnicodeError):
        return Failure(False, Words("代理或地址不对，连不上平台", "the proxy or the address is wrong"))
    if isinstance(error, httpx.ReadTimeout):
        return Failure(True, Words("平台没有在时限内回答", "the remote did not answer in time"))
    return Failure(True, Words("与平台的连接中断", "the connection to the remote broke"))
