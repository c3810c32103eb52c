"""Mounts imitations of remotes under one local server: sockets, time and cut connections, and no provider's rules.

An imitation named `lingxing` answers at `http://127.0.0.1:PORT/lingxing`; it gets the path without that prefix,
otherwise untouched, so that a doubled slash shows itself. Beside them are the sandbox's own paths: `bulkorders.core.control`.
"""

import os
import socket
import socketserver
import struct
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl

from bulkorders.core.control import Control
from bulkorders.core.imitation import Imitation, Reply, Request
from bulkorders.core.wire import wire

HOST = "127.0.0.1"
LARGEST_BODY = 10 * 1024 * 1024
"""Bytes; a larger body is answered 413 and the connection closed."""
CLOSING_SECONDS = 2.0
"""How long a refused client may go on sending before it is cut off."""
POLL_SECONDS = 0.02
"""How soon the listening loop sees that it should end."""
CUT_AT_ONCE = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
"""SO_LINGER on with zero seconds: closing sends RST, so the client sees a cut and not an orderly end."""


class Server:
    """Imitations under one server on 127.0.0.1; bound when made, served within `with` or by `serve_forever`.

    `port` 0 takes a free one. `clock` gives `Request.now` in unix seconds; delays are real seconds.
    `control` puts faults into force and tells the truth, as the sandbox's own paths do. Raises OSError if the port is taken.
    """

    def __init__(self, imitations: Mapping[str, Imitation], port: int = 0, clock: Callable[[], float] = time.time) -> None:
        self._listener = _Listener(imitations, port, clock)
        self._thread: Thread | None = None

    @property
    def port(self) -> int:
        """The port that was bound."""
        return self._listener.server_port

    @property
    def control(self) -> Control:
        """What the sandbox's own paths reach."""
        return self._listener.control

    def url(self, name: str) -> str:
        """The base URL of the imitation of that name, without a slash at its end. KeyError if there is none."""
        if name not in self._listener.imitations:
            raise KeyError(name)
        return f"http://{HOST}:{self.port}/{name}"

    def account(self, name: str) -> dict[str, Any]:
        """The settings table of an account that works at the imitation of that name."""
        return self._listener.imitations[name].account(self.url(name))

    def serve_forever(self) -> None:
        """Serves in this thread until an exception (KeyboardInterrupt, as a rule) ends it, then closes."""
        try:
            self._listener.serve_forever(POLL_SECONDS)
        finally:
            self.close()

    def close(self) -> None:
        """Stops listening and cuts what is open. Closing twice does no harm."""
        self._listener.stopping.set()
        if self._thread is not None:
            self._listener.shutdown()
            self._thread.join()
            self._thread = None
        self._listener.server_close()
        self._listener.hang_up()

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._listener.serve_forever, args=(POLL_SECONDS,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class _Listener(ThreadingHTTPServer):
    """The listening socket, and what every connection's thread shares."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, imitations: Mapping[str, Imitation], port: int, clock: Callable[[], float]) -> None:
        self.imitations = dict(imitations)
        self.control = Control(imitations)
        self.clock = clock
        self.stopping = Event()
        self._open: set[socket.socket] = set()
        self._lock = Lock()
        super().__init__((HOST, port), _Connection)

    def server_bind(self) -> None:
        """Binds without the reverse DNS look-up of `HTTPServer`, which can take seconds."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = HOST, int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remembers the connection, so that closing the server ends kept-alive ones too."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Ends one connection and forgets it."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def hang_up(self) -> None:
        """Ends every open connection; their threads then see the end of the stream and finish."""
        with self._lock:
            for connection in self._open:
                _end(connection, socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Says nothing when a client has gone; a fault of an imitation is shown with its traceback."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)


class _Connection(BaseHTTPRequestHandler):
    """One kept-alive connection: reads requests, hands them to the imitation, writes or cuts the replies."""

    server: _Listener
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def _answer(self) -> None:
        """Reads one request and answers it."""
        body = self._body()
        if body is None:
            return
        name, slash, path = self.path.removeprefix("/").partition("/")
        imitation = self.server.imitations.get(name.partition("?")[0])
        if imitation is None:
            self._send(self.server.control.handle(self._request(self.path, body)))
            return
        self._put(imitation, self._request(slash + path, body))

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - names that `http.server` looks up

    def _request(self, target: str, body: bytes) -> Request:
        path, _, query = target.partition("?")
        return Request(
            method=self.command,
            path=path,
            query=dict(parse_qsl(query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            now=self.server.clock(),
        )

    def _put(self, imitation: Imitation, request: Request) -> None:
        """Has the request answered.

        `done` comes before the first byte leaves: head and body go out in one write, and once the client can
        see the whole answer it may send its next call at once, which must not find the last one still in flight.
        """
        try:
            reply = imitation.handle(request)
            if self.server.stopping.wait(reply.delay):
                reply = replace(reply, drop="before")
        finally:
            imitation.done(request)
        self._send(reply)

    def _body(self) -> bytes | None:
        """The whole body, or None if it was refused or its sender has gone."""
        length = self.headers.get("content-length", "0").strip()
        if refusal := self._refusal(length):
            self._refuse(refusal)
            return None
        body = self.rfile.read(int(length))
        if len(body) == int(length):
            return body
        self.close_connection = True
        return None

    def _refusal(self, length: str) -> HTTPStatus | None:
        if "transfer-encoding" in self.headers:
            return HTTPStatus.LENGTH_REQUIRED
        if not (length.isascii() and length.isdigit()):
            return HTTPStatus.BAD_REQUEST
        too_large = len(length) > len(str(LARGEST_BODY)) or int(length) > LARGEST_BODY
        return HTTPStatus.REQUEST_ENTITY_TOO_LARGE if too_large else None

    def _refuse(self, status: HTTPStatus) -> None:
        """Answers without having read the body, then listens on for a while.

        Closing at once, with bytes unread, would cut the connection before the client has read why.
        """
        self._send(Reply(status, b"", {"connection": "close"}))
        self.close_connection = True
        _end(self.connection, socket.SHUT_WR)
        self.connection.settimeout(CLOSING_SECONDS)
        until = time.monotonic() + CLOSING_SECONDS
        while time.monotonic() < until and self.rfile.read1(65536):
            pass

    def _send(self, reply: Reply) -> None:
        """Writes the answer, and cuts the connection where the reply says so.

        However long the answer is, it ends when the client has gone, since writing to it fails, and when the server closes.
        """
        for piece in wire(reply):
            self.connection.sendall(piece)
            if reply.gap and self.server.stopping.wait(reply.gap):
                self.close_connection = True
                return
        if reply.drop:
            self._cut()

    def _cut(self) -> None:
        """Ends the connection with RST."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, CUT_AT_ONCE)
        # The reading file holds the socket open; it has to go first, or an orderly end would be sent before the cut.
        self.rfile.close()
        self.connection.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Requests carry tokens, names and addresses: none is logged."""


def _end(connection: socket.socket, how: int) -> None:
    """Ends one or both directions; the other side may have been faster."""
    try:
        connection.shutdown(how)
    except OSError:
        return
