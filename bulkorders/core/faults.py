"""Which calls of an imitation meet which fault, and what then becomes of them."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from threading import Lock
from typing import Any

from .imitation import Fault, Reply, Request
from .words import Words

CUT_IN_BODY = ("after_headers", "body")


@dataclass(frozen=True)
class FaultKind:
    """One entry of a catalogue of faults: what it does, and how the fault of one call is made."""

    words: Words
    make: Callable[[Random, float | None], Fault]
    """From dice, and from the delay in seconds that was asked for, if any: what it delays is the kind's."""
    path: str | None = None
    """The calls it is meant for; None: creates."""


@dataclass
class Plan:
    """Which calls meet a fault: those of `path` (empty: any), by the dice, as often as `times`, before `until` (unix seconds)."""

    name: str
    make: Callable[[Random], Fault]
    path: str
    share: float = 1.0
    times: int | None = None
    until: float | None = None
    seed: int = 0
    met: int = 0
    """The calls that have met it."""
    _dice: Random = field(init=False, repr=False)
    _values: Random = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """The name belongs to the seed: two plans with the same dice would want the same calls, and one would starve."""
        self._dice = Random(f"{self.seed} {self.name} {self.path}")  # noqa: S311  # to be repeated, not to be secret
        self._values = Random(self._dice.random())  # noqa: S311  # of its own, so that a hit does not shift the next throws

    def is_in_force(self, now: float) -> bool:
        """Whether it may still hit a call."""
        return (self.times is None or self.met < self.times) and (self.until is None or now < self.until)

    def wants(self) -> bool:
        """Throws the dice for one call."""
        return self._dice.random() < self.share

    def hit(self) -> Fault:
        """The fault of one call."""
        self.met += 1
        return self.make(self._values)


class Faults:
    """The plans of one imitation, and the effects that are yet to come.

    `catalogue`: the faults that can be asked for by name; `creates`: the path that they hit unless said otherwise. Plans may
    come and go in any thread; the rest is called under the lock of the imitation.
    """

    def __init__(self, catalogue: Mapping[str, FaultKind], creates: str) -> None:
        self.catalogue, self.creates = catalogue, creates
        self.met: Counter[str] = Counter()
        """How many calls have met each named fault."""
        self._plans: list[Plan] = []
        self._late: list[Request] = []
        self._hidden: dict[tuple[bytes, float], float] = {}
        self._lock = Lock()

    def add(self, plan: Plan) -> None:
        """One more plan; where several want the same call, the earliest has it."""
        with self._lock:
            self._plans.append(plan)

    def add_next(self, fault: Fault, times: int) -> None:
        """Lets a fault hit the next calls that it fits."""
        self.add(Plan("", lambda _: fault, fault.path, times=times))

    def clear(self) -> None:
        """No plan is in force any more. What calls have met already stands: effects still come late, orders stay hidden."""
        with self._lock:
            self._plans.clear()

    def plans(self, now: float) -> list[Plan]:
        """The plans in force."""
        with self._lock:
            return [plan for plan in self._plans if plan.is_in_force(now)]

    def take(self, now: float, *paths: str) -> Fault | None:
        """The fault that a call meets which goes by any of these paths."""
        with self._lock:
            self._plans = [plan for plan in self._plans if plan.is_in_force(now)]
            # Each throws for every call that it fits, so that no plan shifts another's luck.
            willing = [plan for plan in self._plans if plan.path in ("", *paths) and plan.wants()]
            if not willing:
                return None
            self.met[willing[0].name] += 1
            return willing[0].hit()

    def carry_out(self, fault: Fault, request: Request, serve: Callable[[Request], Reply], refuse: Callable[[Fault], Reply]) -> Reply:
        """What a call gets that meets this fault. `refuse` makes the remote's own error of the fault's code."""
        if fault.late is not None:
            self._late.append(replace(request, now=request.now + fault.late))
        if fault.hides:
            self._hidden[request.body, request.now] = request.now + fault.hides
        served = serve(request) if fault.takes_effect else Reply(200, b"{}")
        reply = _spoiled(fault, refuse) if fault.replaces else served
        return _shaped(fault, replace(reply, delay=served.delay + fault.delay))

    def due(self, now: float) -> list[Request]:
        """The calls whose late effect has come, each once, as if they came at that moment."""
        due = [request for request in self._late if request.now <= now]
        self._late = [request for request in self._late if request.now > now]
        return sorted(due, key=lambda request: request.now)

    def told(self) -> dict[str, Any]:
        """How many calls have met each named fault, and how many calls' effects are yet to come, as JSON has them."""
        return {"faults": {name: times for name, times in self.met.items() if name}, "pending": len(self._late)}

    def is_hidden(self, body: bytes, entered: float, now: float) -> bool:
        """Whether look-ups do not show yet what this body entered at that time."""
        return now < self._hidden.get((body, entered), now)


def _spoiled(fault: Fault, refuse: Callable[[Fault], Reply]) -> Reply:
    """The fault's own answer."""
    if fault.code is not None:
        reply = refuse(fault)
    else:
        page = b"<html><head><title>%d</title></head></html>" % fault.status
        reply = Reply(fault.status, page, {"content-type": "text/html" if fault.status != 200 else "application/json;charset=UTF-8"})
    return reply if fault.body is None else replace(reply, body=fault.body)


def _shaped(fault: Fault, reply: Reply) -> Reply:
    """An answer as the fault lets it go out. An empty body cannot be cut, so it gets something."""
    body = b"{}" if fault.drop in CUT_IN_BODY and not reply.body else reply.body
    reply = replace(reply, body=body, headers={**reply.headers, **fault.headers}, drop=fault.drop)
    return fault.edit(reply) if fault.edit else reply
