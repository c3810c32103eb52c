"""The call under way: when it must be over, and what is done until its answer comes.

httpx limits each read, so an answer that drips a byte at a time would never end.
"""

import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpcore

LEAVES_SECONDS = 0.001
"""Until a request is surely on its way: the system may let whoever takes it from us wait for this core."""


@dataclass
class Underway:
    """One call, shared by a client and its connections. `at`: when it must be over, on the monotonic clock."""

    at: float = field(default=float("inf"))
    meanwhile: Callable[[], None] | None = None

    def start(self, seconds: float, meanwhile: Callable[[], None] | None = None) -> None:
        """A call begins that may take so long. `meanwhile` is done once, when its request has left."""
        self.at = time.monotonic() + seconds
        self.meanwhile = meanwhile

    def wait(self) -> None:
        """The request has left, and its answer is awaited: the time is used."""
        if (task := self.meanwhile) is not None:
            self.meanwhile = None
            time.sleep(LEAVES_SECONDS)
            task()

    def rest(self, timeout: float | None, over: type[Exception] = httpcore.ReadTimeout) -> float:
        """The seconds that one step may take. Raises `over` when none are left."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise over("deadline")
        return left if timeout is None else min(timeout, left)


class WatchedBackend(httpcore.NetworkBackend):
    """A network whose every step ends at the deadline of the call under way."""

    def __init__(self, underway: Underway) -> None:
        self._underway = underway
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """A connection of the call under way."""
        allowed = self._underway.rest(timeout, httpcore.ConnectTimeout)
        return _Stream(self._backend.connect_tcp(host, port, allowed, local_address, socket_options), self._underway)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, underway: Underway) -> None:
        self._stream, self._underway = stream, underway

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._underway.wait()
        return self._stream.read(max_bytes, self._underway.rest(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._underway.rest(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:  # fmt: skip
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._underway)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
