"""One line of the log for each request, and the last net: whatever goes wrong within ends as a sentence. A pure ASGI piece.

The line says what was asked for by its pattern and never by its values: no names, no numbers of orders, no query, no address.
"""

import time
from typing import Protocol

from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bulkorders.core.words import Words
from bulkorders.errors import bug_said

from .language import lang_of
from .problems import API, Problem, answer_json, answer_plainly

GONE = 499
"""Noted where a request has an answer no more: who sent it has gone away in the middle of it. As nginx has it."""


class Log(Protocol):
    """Who hears how it goes. Called from several threads."""

    def tell(self, event: str, words: Words, **facts: object) -> None:
        """Something has happened: what kind of thing, the sentence, and what programs read of it."""
        ...


class Access:
    """Logs requests and catches what no route has caught."""

    def __init__(self, app: ASGIApp, log: Log) -> None:
        self._app, self._log = app, log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status = time.monotonic(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except ClientDisconnect:
            status = status or GONE
        except Exception as error:  # noqa: BLE001  # a bug of ours: said by its place, never by its text, which may quote a cell
            words = Words(*bug_said(error))
            self._log.tell("failed", words)
            if not status:
                problem = Problem(500, "bug", words)
                answer = answer_json if scope["path"].startswith(API) else answer_plainly
                await answer(problem, lang_of(HTTPConnection(scope)))(scope, receive, noting)
        finally:
            self._tell(scope, status, round((time.monotonic() - began) * 1000))

    def _tell(self, scope: Scope, status: int, milliseconds: int) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "?"
        pattern = pattern_of(scope)
        line = f"{method} {pattern} {status} {milliseconds} ms"
        self._log.tell("request", Words(line, line), method=method, route=pattern, status=status, ms=milliseconds)


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def pattern_of(scope: Scope) -> str:
    """The pattern of the route that has answered; a dash where none has."""
    pattern = getattr(scope.get("route"), "path", None)
    return pattern if isinstance(pattern, str) else "-"
