"""Bodies come in with a limit of bytes and of time, whatever their headers say: before any parser sees them.

A pure ASGI piece: what is beyond the limit is never read into memory, and who is refused is listened to for a moment, so that he reads
why before the connection ends.
"""

import asyncio
import time
from collections.abc import Callable
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .problems import too_large, too_slow

IDLE_SECONDS = 30.0
"""For how long nothing may come of a body that is not complete."""
WHOLE_SECONDS = 900.0
"""For how long a body may take in all; and a file on its way out."""
MOST_DIGITS = 18
LINGER_SECONDS = 2.0
"""For how long who was refused is listened to; what comes is thrown away."""


class Patience(NamedTuple):
    """For how many seconds is waited, see above."""

    idle: float
    whole: float
    linger: float


class BodyLimit:
    """Raises a Problem out of `receive` as soon as a body is larger, or slower, than what is taken at its path."""

    def __init__(
        self, app: ASGIApp, most_bytes: Callable[[str], int], idle: float = IDLE_SECONDS, whole: float = WHOLE_SECONDS,
        linger: float = LINGER_SECONDS,
    ) -> None:  # fmt: skip
        self._app, self._most_bytes = app, most_bytes
        self._patience = Patience(idle, whole, linger)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hands a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = _Body(scope, receive, send, self._most_bytes(scope["path"]), self._patience)
        await self._app(scope, body.receive, body.send)


class _Body:
    """One request's body on its way in."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, most_bytes: int, patience: Patience) -> None:
        headers = Headers(scope=scope)
        declared = headers.get("content-length", "")
        self._is_declared_too_large = declared.isdecimal() and (len(declared) > MOST_DIGITS or int(declared) > most_bytes)
        self._is_whole = not declared.strip("0") and "transfer-encoding" not in headers
        self._receive, self._send = receive, send
        self._most_bytes, self._patience, self._until = most_bytes, patience, time.monotonic() + patience.whole
        self._size = 0

    async def receive(self) -> Message:
        """The next piece. Raises a Problem."""
        if self._is_declared_too_large:
            raise too_large(self._most_bytes)
        if self._is_whole:  # what is awaited now is the end of the connection, however long that takes
            return await self._receive()
        try:
            message = await asyncio.wait_for(self._receive(), min(self._patience.idle, max(self._until - time.monotonic(), 0.0)))
        except TimeoutError as error:
            raise too_slow() from error
        self._size += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if self._size > self._most_bytes:
            raise too_large(self._most_bytes)
        return message

    async def send(self, message: Message) -> None:
        """The answer; one that comes before the body is whole ends the connection behind it."""
        if self._is_whole:
            await self._send(message)
        elif message["type"] == "http.response.start":
            headers = [(name, value) for name, value in message.get("headers", []) if name.lower() != b"connection"]
            await self._send({**message, "headers": [*headers, (b"connection", b"close")]})
        elif message.get("more_body", False):
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            await self._linger()
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _linger(self) -> None:
        """Throws away what still comes: a connection that is closed with bytes unread is cut before the answer was read."""
        until = time.monotonic() + self._patience.linger
        while not self._is_whole and (left := until - time.monotonic()) > 0:
            try:
                message = await asyncio.wait_for(self._receive(), left)
            except TimeoutError:
                return
            self._is_whole = message["type"] == "http.disconnect" or not message.get("more_body", False)
