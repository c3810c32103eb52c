"""Somebody who stands between the sandbox and its caller and writes every call down; at chosen creates he makes things happen."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from email.utils import formatdate
from threading import RLock
from typing import Any

from stage_clock import StageClock

from bulkorders.core.control import Controlled
from bulkorders.core.imitation import Fault, Reply, Request
from bulkorders.core.provider import Provider

NUMBER = {"lingxing": "order_id", "chukou1": "PackageId"}
"""Where the number of an order stands in the body of a create."""


@dataclass(frozen=True)
class Call:
    """One call as it arrived. `order` is the number of the order that is to be created, None for any other call."""

    at: float
    """Unix seconds by the remote's clock."""
    path: str
    body: bytes
    order: str | None


class Witness:
    """An imitation and all that was asked of it. What is `controlled` stays so: the server puts faults into force as usual."""

    def __init__(self, provider: Provider, clock: StageClock, inner: Any | None = None) -> None:
        imitation = inner or provider.imitate()
        assert isinstance(imitation, Controlled)
        self.inner: Controlled = imitation
        self.ledger, self.faults = imitation.ledger, imitation.faults
        self.provider, self.clock = provider, clock
        self.calls: list[Call] = []
        self.most_at_once = 0
        """The most creates that were in flight at once."""
        self.turns: dict[int, Sequence[Callable[[], object]]] = {}
        """What happens just before the n-th create is served, from 1."""
        self.before: Callable[[Call], None] = lambda _: None
        """What happens before each call is served."""
        self.takes: Callable[[], float] = lambda: 0.0
        """Seconds of the stage's clock that each call takes at the remote."""
        self._at_once = 0
        self._lock = RLock()

    @property
    def service_time(self) -> float:
        """Seconds that a create takes."""
        return self.inner.service_time

    @service_time.setter
    def service_time(self, seconds: float) -> None:
        self.inner.service_time = seconds

    @property
    def creates(self) -> list[Call]:
        """The creates that arrived, taken or not."""
        return [call for call in self.calls if call.order is not None]

    def count(self, *paths: str) -> int:
        """How many calls came to these paths."""
        return sum(call.path in paths for call in self.calls)

    def truth(self, now: float) -> dict[str, Any]:
        """What the sandbox has accepted and counted."""
        return self.inner.truth(now)

    def account(self, base_url: str) -> dict[str, Any]:
        """The settings of an account at the sandbox."""
        return self.inner.account(base_url)

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """Lets a fault hit the next calls that it fits."""
        self.inner.fail_next(fault, times)

    def handle(self, request: Request) -> Reply:
        """Has one request answered; like every real server it says what time it is."""
        with self._lock:
            call = self._write_down(request)
            if call.order is not None:
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                for action in self.turns.get(len(self.creates), ()):
                    action()
            self.before(call)
            reply = self.inner.handle(request)
            self.clock.sleep(self.takes())
        return replace(reply, headers={"date": formatdate(request.now, usegmt=True), **reply.headers})

    def done(self, request: Request) -> None:
        """The call is over."""
        with self._lock:
            self._at_once -= request.path == self.provider.endpoint
        self.inner.done(request)

    def _write_down(self, request: Request) -> Call:
        order = json.loads(request.body)[NUMBER[self.provider.name]] if request.path == self.provider.endpoint else None
        call = Call(request.now, request.path, request.body, order)
        self.calls.append(call)
        return call


def most_within(seconds: float, calls: Sequence[Call]) -> int:
    """The most calls that came within any window of so many seconds."""
    most, first = 0, 0
    for last, call in enumerate(calls):
        while calls[first].at <= call.at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
