"""A deadline for a whole call: httpx limits each read, so an answer that drips a byte at a time would never end."""

import ssl
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import httpcore


@dataclass
class Deadline:
    """When the call at hand must be over, on the monotonic clock; shared by a client and its connections."""

    at: float = field(default=float("inf"))

    def start(self, seconds: float) -> None:
        """A call begins that may take so long."""
        self.at = time.monotonic() + seconds

    def rest(self, timeout: float | None, over: type[Exception] = httpcore.ReadTimeout) -> float:
        """The seconds that one step may take. Raises `over` when none are left."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise over("deadline")
        return left if timeout is None else min(timeout, left)


class DeadlineBackend(httpcore.NetworkBackend):
    """A network whose every step ends at the deadline."""

    def __init__(self, deadline: Deadline) -> None:
        self._deadline = deadline
        self._backend = httpcore.SyncBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:  # fmt: skip
        """A connection under the deadline."""
        allowed = self._deadline.rest(timeout, httpcore.ConnectTimeout)
        return _Stream(self._backend.connect_tcp(host, port, allowed, local_address, socket_options), self._deadline)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.rest(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.rest(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:  # fmt: skip
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, timeout), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
