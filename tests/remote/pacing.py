"""Remotes that refuse what comes too fast, and a caller of theirs, on a clock of their own: shared by tests and benchmark of the pace."""

import datetime as dt
import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol, Self

from bulkorders.core.retry import backoff
from bulkorders.remote.pace import Pace


@dataclass
class Clock:
    """A clock that goes on when somebody sleeps or a call takes its time."""

    at: float = 0.0
    slept: float = 0.0

    def now(self) -> dt.datetime:
        """The time."""
        return dt.datetime(2025, 4, 9, tzinfo=dt.UTC) + dt.timedelta(seconds=self.at)

    def monotonic(self) -> float:
        """Seconds."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Goes on."""
        assert 0 <= seconds < float("inf")
        self.at += seconds
        self.slept += seconds


# -- remotes -------------------------------------------------------------------------------------------------------------------


class Limit(Protocol):
    """How a remote limits its callers."""

    def accepts(self, at: float) -> bool:
        """Whether it takes a call that arrives then."""
        ...


@dataclass
class Bucket:
    """So many tokens a second, and at most `burst` of them kept."""

    per_second: float
    burst: int
    _tokens: float = float("inf")
    _counted: float = 0.0

    def accepts(self, at: float) -> bool:
        """If there is a whole token."""
        self._tokens = min(self.burst, self._tokens + (at - self._counted) * self.per_second)
        self._counted = at
        is_there = self._tokens >= 1
        self._tokens -= is_there
        return is_there


@dataclass
class Sliding:
    """So many calls in any second; one in any longer time where it is less than one a second."""

    per_second: float
    _taken: deque[float] = field(default_factory=deque)

    def accepts(self, at: float) -> bool:
        """If the calls of the last second leave room."""
        most = max(1, round(self.per_second))
        while self._taken and self._taken[0] <= at - most / self.per_second:
            self._taken.popleft()
        if len(self._taken) == most:
            return False
        self._taken.append(at)
        return True


@dataclass
class Fixed:
    """So many calls in each second of the remote's clock; one in each longer time where it is less than one a second."""

    per_second: float
    _window: int = -1
    _count: int = 0

    def accepts(self, at: float) -> bool:
        """If the calls of this second leave room."""
        most = max(1, round(self.per_second))
        if (window := int(at * self.per_second / most)) != self._window:
            self._window, self._count = window, 0
        self._count += 1
        return self._count <= most


@dataclass
class Token:
    """A single token that comes back with the answer, so that calls one after the other always find it, but while others hold it."""

    held: Iterator[tuple[float, float]] = field(default_factory=lambda: iter(()))
    _now: tuple[float, float] = (-1.0, -1.0)

    def accepts(self, at: float) -> bool:
        """If nobody else holds it."""
        while self._now[1] <= at:
            self._now = next(self.held, (float("inf"), float("inf")))
        return at < self._now[0]


def others(share: float, chance: random.Random, call: float = 0.1) -> Iterator[tuple[float, float]]:
    """Another client's calls, each `call` seconds long, in flight for such a share of the time."""
    at = 0.0
    while True:
        at += chance.expovariate(share / (1 - share) / call)
        yield at, at + call
        at += call


# -- callers -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Link:
    """How long a call takes, from and to: the way there and the way back each, and the remote's work on a call that it accepts."""

    way: tuple[float, float]
    work: tuple[float, float]

    @property
    def usual(self) -> float:
        """Seconds from sending to answer in the middle."""
        return sum(self.way) + sum(self.work) / 2

    @property
    def uneven(self) -> float:
        """By how much the usual call is longer than the shortest."""
        return self.usual - 2 * self.way[0] - self.work[0]


LINKS = {
    "far": Link((0.020, 0.080), (0.010, 0.050)),
    "near": Link((0.001, 0.005), (0.010, 0.050)),
    "beside": Link((0.0005, 0.0015), (0.002, 0.008)),
}


@dataclass
class Unpaced(Pace):
    """A caller who learns nothing."""

    def slow_down(self) -> None:
        """Goes on as before."""


@dataclass
class Steady(Pace):
    """A caller who knows the best interval beforehand."""

    interval: float = 0.0

    def slow_down(self) -> None:
        """Goes on as before."""

    def __enter__(self) -> Self:
        """Waits for the interval."""
        if self._run:
            self.clock.sleep(max(0.0, self._sent + self.interval - self.clock.monotonic()))
        return super().__enter__()


@dataclass(frozen=True)
class Call:
    """When a call arrived, and whether it was accepted."""

    at: float
    accepted: bool


def run(pace: Pace, clock: Clock, limit: Limit, link: Link, seconds: float, seed: int = 1, retry_after: float = 0.0) -> list[Call]:
    """Calls one after the other for so long, with the back-off of a run after each refusal."""
    chance, calls, waits = random.Random(seed), list[Call](), 0
    while clock.at < seconds:
        with pace:
            clock.at += chance.uniform(*link.way)
            calls.append(Call(clock.at, limit.accepts(clock.at)))
            clock.at += (chance.uniform(*link.work) if calls[-1].accepted else 0.0) + chance.uniform(*link.way)
        if calls[-1].accepted:
            waits = 0
        else:
            pace.slow_down()
            clock.sleep(backoff(waits, chance.random(), retry_after))
            waits += 1
    return calls


@dataclass(frozen=True)
class Figures:
    """The share of calls that were refused, and how many a second were accepted."""

    refused: float
    per_second: float


def figures(calls: list[Call], since: float, until: float) -> Figures:
    """Those of a time."""
    answers = [call.accepted for call in calls if since <= call.at < until]
    return Figures(1 - sum(answers) / len(answers), sum(answers) / (until - since))


# -- cases ---------------------------------------------------------------------------------------------------------------------

LIMITS: dict[str, Callable[[float], Limit]] = {
    "bucket 1": lambda rate: Bucket(rate, 1),
    "bucket 5": lambda rate: Bucket(rate, 5),
    "bucket 20": lambda rate: Bucket(rate, 20),
    "sliding": Sliding,
    "fixed": Fixed,
}
RATES = (0.5, 1.0, 2.0, 5.0, 10.0, 50.0)


@dataclass(frozen=True)
class Case:
    """A remote's limit, and a caller of it. `cap`: what the caller is configured to, as a multiple of the rate."""

    link: str
    limit: str
    rate: float
    cap: float | None
    retry_after: float

    @property
    def wanted(self) -> float:
        """Calls a second at best."""
        return self.rate * min(1.0, self.cap or 1.0)

    @property
    def kept(self) -> float | None:
        """Calls a second that are left where a cap no greater than the rate is kept as calls arrive, whatever their way there took."""
        return 1 / (1 / self.wanted + LINKS[self.link].uneven) if self.cap and self.cap <= 1 else None

    def figures(self, seed: int, make: Callable[[float | None, Clock], Pace] = Pace) -> Figures:
        """Of five minutes after the first 30 s; of ten after the first 60 s where the remote takes less than a call a second."""
        since, until = (60.0, 660.0) if self.rate < 1 else (30.0, 330.0)
        clock = Clock()
        pace = make(self.rate * self.cap if self.cap else None, clock)
        return figures(run(pace, clock, LIMITS[self.limit](self.rate), LINKS[self.link], until, seed, self.retry_after), since, until)

    def mean(self, seeds: int, make: Callable[[float | None, Clock], Pace] = Pace) -> Figures:
        """The same over several seeds."""
        found = [self.figures(seed, make) for seed in range(seeds)]
        return Figures(sum(one.refused for one in found) / seeds, sum(one.per_second for one in found) / seeds)


def shared(link: str, share: float, seed: int, make: Callable[[float | None, Clock], Pace] = Pace) -> Figures:
    """Five minutes at a single token that another client holds for such a share of the time."""
    clock = Clock()
    limit = Token(others(share, random.Random(seed)))
    return figures(run(make(None, clock), clock, limit, LINKS[link], 330.0, seed), 30.0, 330.0)


def cases() -> Iterator[Case]:
    """All that calls one after the other can reach."""
    for name, link in LINKS.items():
        for rate in (rate for rate in RATES if rate * link.usual < 0.97):
            for limit in LIMITS:
                for cap in (None, 1.0, 2.0, 0.8):
                    yield from (Case(name, limit, rate, cap, retry_after) for retry_after in (0.0, 1.0))
