"""An application on a real socket, and what is sent to it byte by byte."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self

import uvicorn
from starlette.types import ASGIApp

from bulkorders.web.connections import Connection

SECONDS = 20.0


@contextmanager
def listening(app: ASGIApp, *, lifespan: bool = False, http: type[asyncio.Protocol] = Connection) -> Iterator[int]:
    """Serves an application on a free port of this machine, in a thread; gives the port."""
    config = uvicorn.Config(
        app, host="127.0.0.1", port=0, log_config=None, access_log=False, lifespan="on" if lifespan else "off", ws="none", http=http,
        timeout_graceful_shutdown=2,
    )  # fmt: skip
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    until = time.monotonic() + SECONDS
    while not server.started:
        assert time.monotonic() < until, "it does not start"
        assert thread.is_alive(), "it did not start"
        time.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(SECONDS)


@dataclass(frozen=True)
class Answer:
    """What came back: status, headers in small letters, the body as far as it came."""

    status: int
    headers: dict[str, str]
    body: bytes


class Wire:
    """A connection to this machine, with what has come but was not read yet."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), SECONDS)
        self._rest = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, content: bytes) -> None:
        """Sends all of it."""
        self.socket.sendall(content)

    def answer(self) -> Answer:
        """The next answer, whole."""
        while b"\r\n\r\n" not in self._rest:
            assert self._take(), "it ended before there was an answer"
        lines, _, self._rest = self._rest.partition(b"\r\n\r\n")
        first, *rest = lines.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
        length = int(headers.get("content-length", 10**9))
        while len(self._rest) < length and self._take():
            pass
        assert length == 10**9 or len(self._rest) >= length, "it ended before the answer was whole"
        body, self._rest = self._rest[:length], self._rest[length:]
        return Answer(int(first.split()[1]), headers, body)

    def _take(self) -> bool:
        piece = self.socket.recv(65536)
        self._rest += piece
        return bool(piece)

    def rest(self) -> bytes:
        """All that comes until the other side ends it."""
        try:
            while self._take():
                pass
        except ConnectionResetError:
            pass
        return self._rest

    def send_until_refused(self, piece: bytes, most: int) -> int:
        """Sends the same piece again and again until the other side ends it; gives how many bytes it took."""
        sent = 0
        try:
            while sent < most:
                self.socket.sendall(piece)
                sent += len(piece)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return sent

    def send_until_refused_slowly(self, piece: bytes, pause: float, most: float) -> bool:
        """Sends the same piece after each pause; whether the other side has ended it within so many seconds."""
        until = time.monotonic() + most
        try:
            while time.monotonic() < until:
                self.socket.sendall(piece)
                time.sleep(pause)
        except (BrokenPipeError, ConnectionResetError):
            return True
        return False


def head(method: str, path: str, port: int, **headers: str) -> bytes:
    """A request without its body; `_` in a header's name is a hyphen."""
    named = {"host": f"127.0.0.1:{port}", **{name.replace("_", "-"): value for name, value in headers.items()}}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in named.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def chunk(content: bytes) -> bytes:
    """A chunk of a body whose length nobody knows."""
    return b"%x\r\n%s\r\n" % (len(content), content)
