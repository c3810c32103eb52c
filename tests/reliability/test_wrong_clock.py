"""A clock on the wall that is set in the middle of a run: the pace stays, signatures are taken again, nothing is lost or double."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest
from ledger import audit
from stage import MANY_ORDERS, Stage, at_each_remote, stage

from bulkorders.core.imitation import Fault
from bulkorders.core.provider import Provider

RATE = 2
HOURS = 3600.0
STEPS = {
    "forward": (2 * HOURS,),
    "backward": (-2 * HOURS,),
    "forward and back": (2 * HOURS, 0.0),
    "backward and forward": (-2 * HOURS, 0.0),
    "slew": tuple(-0.4 * number for number in range(1, 6)),
}
LONGEST_STALL = 300.0
"""Seconds, at most, beyond the two that an order takes at this pace: the time in which doubt settles, and some look-ups."""


def doubt(at: Stage) -> None:
    """The create at hand is cut: the first of two is there, though look-ups do not show it for a while, the second is not."""
    at.witness.fail_next(Fault(path=at.provider.endpoint, drop="before", entered=True, hides=25))


def step(at: Stage, seconds: float) -> None:
    """The client's wall clock is set."""
    at.clock.wrong = seconds


@at_each_remote
@pytest.mark.parametrize("orders", [20, pytest.param(MANY_ORDERS, marks=pytest.mark.slow)])
@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
def test_steps_of_the_clock_change_nothing(provider: Provider, orders: int, steps: Sequence[float], tmp_path: Path) -> None:
    """F14: two hours ahead or back, with orders in doubt at that moment: within the pace, each order once, no wait for hours."""
    with stage(provider, tmp_path, max_per_second=RATE, settle_seconds=30) as at:
        middle = orders // 2
        at.at_create(middle - 3, lambda: doubt(at))
        at.at_create(middle - 2, lambda: at.fault("cut_before"))
        for number, seconds in enumerate(steps):
            at.at_create(middle + 2 * number, partial(step, at, seconds))
        ran = at.submit_new(orders)
        assert (ran.code, ran.statuses) == (0, {"created"})
        figures = audit(at, orders)
        figures.tell(f"F14 {provider.name} {orders} {steps}")
        assert figures.repeated <= 2
        assert figures.seconds < 2 * orders + LONGEST_STALL


@at_each_remote
@pytest.mark.parametrize("wrong", [2 * HOURS, -2 * HOURS])
def test_a_clock_that_was_wrong_from_the_start_sends_all_the_same(provider: Provider, wrong: float, tmp_path: Path) -> None:
    """F14: signed timestamps are refused, so they are taken by the remote's clock; the next run may have the right time again."""
    with stage(provider, tmp_path) as at:
        step(at, wrong)
        ran = at.submit_new(10)
        assert (ran.code, ran.statuses) == (0, {"created"})
        step(at, 0.0)
        audit(at, 10)
