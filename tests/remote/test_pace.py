"""The pace of calls: never more in a second than the remote allows, and hardly fewer."""

import datetime as dt
import random
from dataclasses import dataclass
from itertools import pairwise

import pytest

from bulkorders.remote.pace import Pace


@dataclass
class Clock:
    """A clock that goes on when somebody sleeps or a call takes its time."""

    at: float = 0.0

    def now(self) -> dt.datetime:
        """The time."""
        return dt.datetime(2025, 4, 9, tzinfo=dt.UTC) + dt.timedelta(seconds=self.at)

    def monotonic(self) -> float:
        """Seconds."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Goes on."""
        self.at += seconds


def arrivals(pace: Pace, clock: Clock, chance: random.Random, calls: int, slowest: float) -> list[float]:
    """When each call comes to the remote: the way there and the work there take now longer, now shorter."""
    found = []
    for _ in range(calls):
        with pace:
            clock.at += chance.uniform(0.005, slowest)
            found.append(clock.at)
            clock.at += chance.uniform(0.005, slowest)
    return found


@pytest.mark.parametrize("rate", [0.5, 2.0, 10.0, 50.0])
@pytest.mark.parametrize("slowest", [0.006, 0.02])
def test_calls_come_to_the_remote_no_faster_than_allowed(rate: float, slowest: float) -> None:
    """Two calls lie 1/r apart where they arrive, but for what the way there and back differs."""
    clock = Clock()
    came = arrivals(Pace(rate, clock), clock, random.Random(7), 300, slowest)
    assert min(after - before for before, after in pairwise(came)) >= 1 / rate - slowest


def test_slow_and_uneven_calls_are_hardly_ever_too_early() -> None:
    """Where a call takes up to four seconds, it is the call that makes the pace."""
    clock = Clock()
    came = arrivals(Pace(2.0, clock), clock, random.Random(7), 1000, 2.0)
    assert sum(after - before < 0.5 for before, after in pairwise(came)) <= 30


@pytest.mark.parametrize("rate", [0.5, 2.0, 10.0])
def test_the_pace_is_used_where_the_remote_is_quick(rate: float) -> None:
    """At least nine tenths of what is allowed."""
    clock = Clock()
    came = arrivals(Pace(rate, clock), clock, random.Random(7), 200, 0.01)
    assert (len(came) - 1) / (came[-1] - came[0]) > 0.9 * rate


def test_a_refusal_widens_the_gap_and_it_eases_again() -> None:
    """A remote that counts more strictly than it says is learnt, and forgotten when it no longer does."""
    clock = Clock()
    pace = Pace(2.0, clock)

    def gap() -> float:
        with pace:
            before = clock.at
        with pace:
            return clock.at - before

    usual = gap()
    for _ in range(4):
        pace.slow_down()
    assert gap() > 1.1 * usual
    for _ in range(200):
        gap()
    assert gap() == pytest.approx(usual)
