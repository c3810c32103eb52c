"""The pace of calls: never more in a second than is configured, and what the remote bears is learnt from its refusals."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pacing import LINKS, Bucket, Case, Clock, Token, Unpaced, cases, figures, run, shared

from bulkorders.remote.pace import Pace

HARD = {("far", "bucket 1", 2.0): 0.86, ("far", "bucket 1", 5.0): 0.74, ("far", "sliding", 5.0): 0.89}
"""Accepted at least, where nine tenths cannot be had: the way there differs by much of the time between two calls, so that the best
interval, known beforehand, brings 90, 78 and 94 %."""


def met(case: Case) -> bool:
    """At most 2 % refused, at least 90 % of what the remote and the cap allow; of what the way there leaves, where a cap is kept."""
    found = case.mean(3)
    if case.kept is not None:
        return found.refused <= 0.02 and found.per_second >= min(0.9 * case.wanted, 0.97 * case.kept)
    return found.refused <= 0.02 and found.per_second >= HARD.get((case.link, case.limit, case.rate), 0.9) * case.wanted


# -- a configured cap ----------------------------------------------------------------------------------------------------------


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


def test_a_slow_first_call_brings_the_next_one_no_nearer() -> None:
    """It opens a connection, which the next one finds open: it would arrive before its time by all that the first one took."""
    clock = Clock()
    pace, came = Pace(2.0, clock), []
    for seconds in (0.4, 0.3, *[0.002] * 10):
        with pace:
            clock.at += seconds
            came.append(clock.at)
            clock.at += 0.002
    assert min(after - before for before, after in pairwise(came)) >= 0.5


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


def test_a_cap_holds_in_any_window_once_the_shortest_call_is_known() -> None:
    """No window of any length sees a call more than the cap, however uneven the way there is."""
    clock = Clock()
    came = arrivals(Pace(5.0, clock), clock, random.Random(7), 2000, 0.08)[1000:]
    assert all(after - before >= 0.2 for before, after in pairwise(came))


def test_a_quick_refusal_does_not_pass_for_the_shortest_call() -> None:
    """A refusal is answered in 10 ms, a call that is worked on in 400 ms: two calls a second stay two calls a second."""
    clock = Clock()
    pace = Pace(2.0, clock)
    for seconds in [0.4] * 50 + [0.01] + [0.4] * 1000:
        with pace:
            before = clock.at
            clock.at += seconds
        if seconds < 0.4:
            pace.slow_down()
    with pace:
        assert clock.at - before == pytest.approx(0.505)


# -- a remote that takes one call at a time ------------------------------------------------------------------------------------


@pytest.mark.parametrize("link", LINKS)
def test_without_a_refusal_there_is_no_interval(link: str) -> None:
    """The next call leaves when the answer is in, however long a run takes."""
    clock = Clock()
    calls = run(Pace(None, clock), clock, Token(), LINKS[link], 600)
    assert all(call.accepted for call in calls)
    assert clock.slept == 0


@pytest.mark.parametrize("link", LINKS)
@pytest.mark.parametrize("since", [0.5, 3, 60])
def test_a_token_that_somebody_held_is_no_reason_to_go_slowly(link: str, since: float) -> None:
    """Held for 120 s, by another machine or by a call given up: a minute later all is as before."""
    clock = Clock()
    calls = run(Pace(None, clock), clock, Token(iter([(since, since + 120)])), LINKS[link], since + 260)
    assert figures(calls, since + 180, since + 260).per_second >= 0.95 / LINKS[link].usual


@pytest.mark.parametrize("link", ["far", "near"])
@pytest.mark.parametrize("share", [0.02, 0.05])
def test_refusals_for_another_clients_calls_cost_little(link: str, share: float) -> None:
    """A token that is in other hands now and then: intervals cannot help, and are not held on to."""
    paced, unpaced = (sum(shared(link, share, seed, make).per_second for seed in range(8)) for make in (Pace, Unpaced))
    assert paced >= 0.9 * unpaced


# -- a remote that takes so many calls a second --------------------------------------------------------------------------------


@pytest.mark.parametrize("case", list(cases())[::23], ids=str)
def test_the_pace_of_a_remote_is_learnt_from_its_refusals(case: Case) -> None:
    """Whether it says a rate or not, whatever is configured."""
    assert met(case)


@pytest.mark.slow
@pytest.mark.parametrize("link", LINKS)
def test_the_pace_of_every_remote_is_learnt(link: str) -> None:
    """The whole grid of limits, rates, caps and Retry-After."""
    assert [case for case in cases() if case.link == link and not met(case)] == []


def test_what_was_learnt_goes_away_when_it_no_longer_holds() -> None:
    """A remote of two calls a second that later takes any number."""
    clock = Clock()
    pace = Pace(None, clock)
    calls = run(pace, clock, Bucket(2.0, 5), LINKS["far"], 120)
    assert figures(calls, 60, 120).per_second < 2.1
    run(pace, clock, Token(), LINKS["far"], 720)
    slept = clock.slept
    run(pace, clock, Token(), LINKS["far"], 780)
    assert clock.slept == slept


def test_a_remote_that_becomes_stricter_is_learnt_anew() -> None:
    """Five calls a second, then one: after a minute hardly a call is refused."""
    clock = Clock()
    pace = Pace(None, clock)
    run(pace, clock, Bucket(5.0, 5), LINKS["far"], 300)
    found = figures(run(pace, clock, Bucket(1.0, 5), LINKS["far"], 660), 360, 660)
    assert found.refused <= 0.02
    assert found.per_second >= 0.9


def test_only_the_first_refusal_in_a_row_teaches() -> None:
    """After a back-off it was no question of the interval: five refusals leave the one that one leaves."""
    waits = []
    for told in (1, 5):
        clock = Clock()
        pace = Pace(None, clock)
        for turn in range(-5, 6):
            with pace:
                clock.at += 0.1
            if 0 <= turn < told:
                pace.slow_down()
            clock.sleep(1.0 if 0 <= turn < 5 else 0.0)
        answered = clock.at
        with pace:
            waits.append(clock.at - answered)
    assert waits[0] == waits[1] > 0


@given(
    per_second=st.none() | st.floats(0.1, 100),
    calls=st.lists(st.tuples(st.floats(0, 100), st.booleans(), st.floats(0, 1000)), max_size=60),
)
def test_no_pattern_of_answers_breaks_the_pace(per_second: float | None, calls: list[tuple[float, bool, float]]) -> None:
    """Waits are finite, and the cap holds after any answers, refusals and pauses."""
    clock = Clock()
    pace = Pace(per_second, clock)
    earliest, shortest = 0.0, float("inf")
    for seconds, refused, pause in calls:
        with pace:
            assert clock.at >= earliest
            clock.at += seconds
        if refused:
            pace.slow_down()
        else:
            shortest = min(shortest, seconds)
            earliest = clock.at + (1 / per_second - shortest if per_second else 0)
        clock.at += pause
