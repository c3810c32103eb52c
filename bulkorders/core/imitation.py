"""What a provider's sandbox is: a pure imitation of the remote, one request in, one reply out.

The server that gives it a socket is `bulkorders.sandbox`; it knows no provider, and an imitation knows no socket.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Request:
    """One HTTP request as an imitation sees it. Header names are lower case; `query` is decoded once."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    now: float
    """Unix seconds by the server's clock."""


@dataclass(frozen=True)
class Reply:
    """The answer: bytes as they go out. `drop` names a place where the connection is cut instead."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Seconds between the request's arrival and the answer's first byte."""
    drop: str = ""
    """`before`: cut before any byte of the answer; `headers`: within the headers; `after_headers`; `body`: within the body."""
    gap: float = 0.0
    """Seconds between each byte of the answer and the next."""
    stream: Iterable[bytes] | None = None
    """The body in pieces, in place of `body`: sent chunked and never held whole, so it may be huge, or have no end."""
    endless_headers: bool = False
    """Header lines follow each other for ever."""


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one call that an imitation has let in; calls refused before that use up no fault.

    `code`, `body` and `status` replace the answer. Unless `entered`, a replaced or dropped call takes no effect; a
    fault that only delays, edits or hides changes nothing else.
    """

    path: str = ""
    """The calls it hits; empty: any."""
    code: str | int | None = None
    """A code of the remote's own, answered in its own envelope (the gateway's for text, if the remote has two)."""
    details: tuple[str, ...] = ()
    """What the remote says besides the code."""
    status: int = 200
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Added to the answer's, or in place of those of the same name."""
    edit: Callable[[Reply], Reply] | None = None
    """What becomes of the answer on its way, the remote's own or the fault's."""
    drop: str = ""
    """As in `Reply.drop`."""
    delay: float = 0.0
    """Seconds, besides the remote's own."""
    entered: bool = False
    """The call takes its effect first: the order is there although the answer is lost."""
    late: float | None = None
    """The call takes its effect so many seconds after the answer has left: at the next look at the imitation from then on."""
    hides: float = 0.0
    """Seconds for which look-ups do not show the order that the call enters."""
    ends_token: bool = False
    """The caller's access token is worth nothing from now on, as if another program had fetched one: this call is refused for it."""
    keeps_token: bool = False
    """The rate limit's token stays out although the call has ended, as long as the remote's rules let it."""

    @property
    def replaces(self) -> bool:
        """Whether it has an answer of its own."""
        return self.code is not None or self.body is not None or self.status != 200

    @property
    def takes_effect(self) -> bool:
        """Whether the call is carried out at once."""
        return self.entered or not (self.replaces or self.drop or self.late is not None)


class Imitation(Protocol):
    """A remote in memory. `handle` may be called from several threads at once."""

    ledger: list[Any]
    """Every order that it has created, in order: the truth that a program's results are compared with."""

    def handle(self, request: Request) -> Reply:
        """Answers one request; its effect takes place now. What it holds (a bucket's token) it holds until `done`."""
        ...

    def done(self, request: Request) -> None:
        """Called once for each `handle`, with that very object, also when the client has gone.

        It comes just before the answer leaves: whoever has the whole answer may send the next call at once.
        """
        ...

    def account(self, base_url: str) -> dict[str, Any]:
        """The settings table of an account that works at this imitation, as in `bulkorders.toml`."""
        ...

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """Lets a fault hit the next calls that it fits."""
        ...
