"""What stands before every route: which hosts we answer to, whose pages may send something, and the headers of every answer."""

import ipaddress
from collections.abc import Iterable
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .language import lang_of
from .problems import API, Problem, answer_json, answer_plainly, foreign, unknown_host

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
"""Those that change nothing."""
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
STATIC = "/static/"
"""Where the files lie that hold nothing of anybody; their addresses change with their content."""
FOR_EVER = "public, max-age=31536000, immutable"
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    # not no-referrer: with that, browsers send `Origin: null` along with our own forms
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}
"""On every answer, errors too."""
_PORTS = {"http": 80, "https": 443}


class Shield:
    """Refuses what is not for us, or was sent by another site's page, before any route hears of it. A pure ASGI piece."""

    def __init__(self, app: ASGIApp, hosts: Iterable[str]) -> None:
        self._app = app
        self._hosts = frozenset(bare(host) for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                _add_headers(MutableHeaders(scope=message), scope["path"], is_found=message["status"] < 400)
            await send(message)

        problem = self._problem(scope)
        if problem is None:
            await self._app(scope, receive, send_with_headers)
            return
        connection = HTTPConnection(scope)
        answer = answer_json if scope["path"].startswith(API) else answer_plainly
        await answer(problem, lang_of(connection))(scope, receive, send_with_headers)

    def _problem(self, scope: Scope) -> Problem | None:
        headers = Headers(scope=scope)
        if not self._is_ours(headers.get("host", ""), scope):
            return unknown_host()
        if scope["method"] in SAFE_METHODS or is_program(headers):
            return None
        return None if _is_own_page(headers, scope["scheme"]) else foreign()

    def _is_ours(self, host: str, scope: Scope) -> bool:
        """Whether a Host is one that we answer to; the very address at which the connection came in is, too."""
        named = bare(host)
        at = (scope.get("server") or ("",))[0]
        return bool(named) and (named in self._hosts or (is_address(named) and named == bare(str(at))))


def _add_headers(headers: MutableHeaders, path: str, *, is_found: bool) -> None:
    for name, value in HEADERS.items():
        headers[name] = value
    headers["cache-control"] = FOR_EVER if path.startswith(STATIC) and is_found else "no-store"


def is_program(headers: Headers) -> bool:
    """Whether a request carries a token of its own and no cookie: no page makes a browser send that."""
    return headers.get("authorization", "").casefold().startswith("bearer ") and "cookie" not in headers


def _is_own_page(headers: Headers, scheme: str) -> bool:
    """Whether the sender is one of our pages, as far as the browser says who it is."""
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site is not None and site.casefold() not in ("same-origin", "none"):
        return False
    return origin is None or _origin(origin) == _origin(f"{scheme}://{headers.get('host', '')}")


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port; None for what is no URL, so that it equals nothing but the like."""
    try:
        parts = urlsplit(url)
        return parts.scheme, bare(parts.hostname or ""), parts.port or _PORTS.get(parts.scheme)
    except ValueError:
        return None


def bare(host: str) -> str:
    """A host without its port, in small letters; nothing where it is none."""
    if is_address(host):  # as a setting has it: `::1` stands in no URL like this
        return host.casefold()
    try:
        parts = urlsplit(f"//{host.strip()}")
        _ = parts.port  # raises for what is no number
        is_plain = not (parts.path or parts.query or parts.fragment or "@" in parts.netloc)
        return (parts.hostname or "").casefold().removesuffix(".") if is_plain else ""
    except ValueError:
        return ""


def is_address(host: str) -> bool:
    """Whether a host is an IP address."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
