"""How an account's remote is doing, as its answers tell: what is waited out, what is asked about first, what ends a run."""

import datetime as dt
import socket
from random import Random

import pytest

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.retry import BUDGET_LEAST, Budget
from bulkorders.core.words import Words
from bulkorders.journal.gate import Holder
from bulkorders.pipeline.follow import Patience
from bulkorders.pipeline.health import Health
from bulkorders.pipeline.submit import _Silence

WORDS = Words("连不上平台", "the remote cannot be reached")
BUSY = Outcome(Verdict.NOT_PROCESSED, "3001008", Words("平台正忙", "the remote is busy"))
UNREACHED = Outcome(Verdict.NOT_PROCESSED, None, WORDS)
UNCLEAR = Outcome(Verdict.UNCLEAR, "HTTP 500", WORDS)
CUT = Outcome(Verdict.UNCLEAR, None, WORDS)
CREATED = Outcome(Verdict.CREATED, "0")
ABSENT = Outcome(Verdict.ABSENT, "0")
WITHHELD = Outcome(Verdict.WITHHELD, "404", WORDS)
STOPPED = Outcome(Verdict.STOPPED, "3001002", WORDS)


class Clock:
    """A time that moves when told to."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def now(self) -> dt.datetime:
        """Never asked."""
        raise AssertionError

    def monotonic(self) -> float:
        """The time."""
        return self.seconds

    def sleep(self, seconds: float) -> None:
        """Moves it."""
        self.seconds += seconds


@pytest.fixture(name="clock")
def make_clock() -> Clock:
    """A time."""
    return Clock()


@pytest.fixture(name="health")
def make_health(clock: Clock) -> Health:
    """Of a remote that can be asked, of which nothing is known yet."""
    return Health(clock, Random(1), can_ask=True)


def send(health: Health, *outcomes: Outcome) -> None:
    """Some creates."""
    for outcome in outcomes:
        health.sent(outcome)


# -- unclear answers -------------------------------------------------------------------------------------------------------------
def test_three_unclear_answers_in_a_row_hold_orders_back(health: Health) -> None:
    """Two may be chance; after the third nothing is sent until a look-up was answered, whatever the answer says."""
    send(health, UNCLEAR, UNCLEAR)
    assert not health.is_down
    send(health, UNCLEAR)
    assert health.is_down
    for no_answer in (UNREACHED, BUSY, STOPPED):
        health.asked(no_answer)
        assert health.is_down
    health.asked(ABSENT)
    assert not health.is_down
    send(health, UNCLEAR)  # it still is the fourth in a row
    assert health.is_down


@pytest.mark.parametrize(
    "clear", [CREATED, Outcome(Verdict.REJECTED, "500"), Outcome(Verdict.EXISTS, "500")], ids=lambda each: each.verdict
)
def test_a_clear_answer_ends_a_row(health: Health, clear: Outcome) -> None:
    """What was created or refused shows that the remote answers."""
    send(health, UNCLEAR, UNCLEAR, clear, UNCLEAR, UNCLEAR)
    assert not health.is_down
    assert health.stopped is None


def test_ten_unclear_answers_in_a_row_end_a_run(health: Health) -> None:
    """Looking up does not end the row, nor do calls that were not let in; the sentence says how many and what to do."""
    for number in range(9):
        send(health, UNCLEAR, BUSY)
        health.asked(ABSENT)
        assert health.stopped is None, number
    send(health, UNCLEAR)
    assert health.stopped is not None
    assert "10 次" in health.stopped.zh
    assert "resume" in health.stopped.zh


def test_where_nothing_can_be_looked_up_three_are_enough(clock: Clock) -> None:
    """Each further one would be for a person to look up."""
    health = Health(clock, Random(1), can_ask=False)
    send(health, UNCLEAR, UNCLEAR)
    assert health.stopped is None
    send(health, UNCLEAR)
    assert health.stopped is not None


def test_a_withheld_look_up_counts_what_was_unclear_before(health: Health) -> None:
    """That the account may not ask is known only then: three in a row end the run at once, fewer at the third."""
    send(health, UNCLEAR, UNCLEAR)
    health.asked(WITHHELD)
    assert health.stopped is None
    send(health, UNCLEAR)
    assert health.stopped is not None


def test_a_withheld_look_up_after_three_ends_the_run(health: Health) -> None:
    """They would be asked for in vain."""
    send(health, UNCLEAR, UNCLEAR, UNCLEAR)
    health.asked(WITHHELD)
    assert health.stopped is not None


# -- calls that were not let in ----------------------------------------------------------------------------------------------------
def test_a_remote_that_was_never_reached_gets_four_tries(health: Health) -> None:
    """Its address is more likely wrong than it is down; the reason and the number are told."""
    send(health, UNREACHED, UNREACHED, UNREACHED)
    assert health.stopped is None
    send(health, UNREACHED)
    assert health.stopped is not None
    assert "连不上平台" in health.stopped.zh
    assert "4 次" in health.stopped.zh
    assert "resume" in health.stopped.zh


@pytest.mark.parametrize("first", [CREATED, UNCLEAR], ids=["created", "unclear"])
def test_an_outage_of_less_than_ten_minutes_is_waited_out(health: Health, clock: Clock, first: Outcome) -> None:
    """A remote that has answered once is there; the time begins with the first call that was not let in."""
    send(health, first)
    clock.sleep(10_000)
    for _ in range(60):
        send(health, UNREACHED)
        clock.sleep(9.9)
    assert health.stopped is None
    send(health, CREATED, UNREACHED)
    clock.sleep(599)
    send(health, UNREACHED)
    assert health.stopped is None


@pytest.mark.parametrize("refused", [UNREACHED, BUSY], ids=["unreached", "busy"])
def test_an_outage_of_more_than_ten_minutes_ends_a_run(health: Health, clock: Clock, refused: Outcome) -> None:
    """Creates and look-ups count alike; what is left is sent by `resume`."""
    send(health, CREATED, refused)
    clock.sleep(300)
    health.asked(refused)
    assert health.stopped is None
    clock.sleep(301)
    send(health, refused)
    assert health.stopped is not None
    assert "3 次" in health.stopped.zh


def test_what_stops_the_account_stops_the_run(health: Health, clock: Clock) -> None:
    """By a create or by a look-up, in the remote's words."""
    asked = Health(clock, Random(1), can_ask=True)
    send(health, STOPPED)
    asked.asked(STOPPED)
    assert (health.stopped, asked.stopped) == (WORDS, WORDS)


def test_waits_grow_with_the_refusals_in_a_row(health: Health) -> None:
    """Up to 1, 2, 4 ... 30 s by chance, never less than the remote asks for; an answer begins anew."""
    longest = []
    for _ in range(8):
        send(health, BUSY)
        longest.append(max(health.backoff(BUSY) for _ in range(200)))
    assert all(0.8 * most < found <= most for found, most in zip(longest, (1, 2, 4, 8, 16, 30, 30, 30), strict=True))
    assert health.backoff(Outcome(Verdict.NOT_PROCESSED, "HTTP 429", wait=45.0)) == 45.0
    send(health, CREATED, BUSY)
    assert max(health.backoff(BUSY) for _ in range(200)) <= 1


# -- how much fails ----------------------------------------------------------------------------------------------------------------
def test_a_single_unclear_answer_slows_nobody_down(health: Health) -> None:
    """The next order leaves at once, unless the remote asks for a rest; after the second in a row it rests."""
    assert health.rest(CREATED) == 0.0
    send(health, UNCLEAR)
    assert health.rest(UNCLEAR) == 0.0
    assert health.rest(Outcome(Verdict.UNCLEAR, "103", wait=30.0)) == 30.0
    send(health, UNCLEAR)
    assert 0 < max(health.rest(UNCLEAR) for _ in range(50)) <= 1


def test_where_more_than_a_tenth_fails_the_run_rests(health: Health, clock: Clock) -> None:
    """Failures that are never two in a row, more than a tenth of the last minute's calls: a rest after each; a minute later none."""
    for _ in range(BUDGET_LEAST):
        send(health, UNCLEAR, CREATED)
    assert health.rest(UNCLEAR) == 0.0
    send(health, CREATED, UNCLEAR)
    assert max(health.rest(UNCLEAR) for _ in range(50)) > 0.5
    clock.sleep(61)
    send(health, CREATED, UNCLEAR)
    assert health.rest(UNCLEAR) == 0.0


def test_what_proves_not_processed_costs_nothing_of_the_budget(health: Health) -> None:
    """ "Too fast" is no failure; a remote that cannot be reached is one."""
    for _ in range(50):
        send(health, BUSY, CREATED)
    send(health, UNCLEAR)
    assert health.rest(UNCLEAR) == 0.0
    for _ in range(20):
        send(health, UNREACHED, CREATED)
    send(health, UNCLEAR)
    assert max(health.rest(UNCLEAR) for _ in range(50)) > 0.5


def test_a_budget_is_a_tenth_of_the_last_minute() -> None:
    """Some may always fail; beyond them a tenth of what was called within the last sixty seconds."""
    budget = Budget()
    for number in range(BUDGET_LEAST):
        budget.count(float(number), failed=True)
    assert not budget.is_spent
    budget.count(10.0, failed=True)
    assert budget.is_spent
    for _ in range(60):
        budget.count(11.0, failed=False)
    assert not budget.is_spent  # 6 of 66
    budget.count(12.0, failed=True)
    assert budget.is_spent  # 7 of 67
    budget.count(62.5, failed=False)  # those of the first three seconds no longer count
    assert not budget.is_spent


# -- how long others and we wait ---------------------------------------------------------------------------------------------------
def held(beat: float, pid: int = 7) -> Holder:
    """A holder who has shown at `beat` that he is at work."""
    return Holder(socket.gethostname(), pid, dt.datetime(2025, 4, 9, tzinfo=dt.UTC), beat)


def test_a_holder_is_frozen_when_he_has_shown_nothing_for_long(clock: Clock) -> None:
    """By the watcher's own clock, from when he looked first: what the file's time says does not count, only that it changes."""
    silence = _Silence(clock, 100.0)
    assert not silence.is_too_long(held(-5e9))
    clock.sleep(99)
    assert not silence.is_too_long(held(-5e9))
    clock.sleep(2)
    assert silence.is_too_long(held(-5e9))
    assert not silence.is_too_long(held(6.0))  # he has shown something
    clock.sleep(99)
    assert not silence.is_too_long(held(6.0))
    clock.sleep(2)
    assert silence.is_too_long(held(6.0))


def test_another_holder_begins_anew_and_a_nameless_one_is_silent(clock: Clock) -> None:
    """Who has just taken the gate is not the one who was silent; one who does not say who he is shows nothing."""
    silence = _Silence(clock, 100.0)
    silence.is_too_long(held(5.0))
    clock.sleep(101)
    assert not silence.is_too_long(held(5.0, pid=8))
    clock.sleep(101)
    assert not silence.is_too_long(None)
    clock.sleep(101)
    assert silence.is_too_long(None)
    assert not silence.is_too_long(held(5.0, pid=8))


def test_patience_begins_when_nothing_is_left_to_send(clock: Clock) -> None:
    """So many seconds from when it is first asked; something to send begins it anew."""
    patience = Patience(clock, 60.0)
    clock.sleep(1000)
    assert patience.left == 60
    clock.sleep(59)
    assert patience.rest == dt.timedelta(seconds=1)
    patience.renew()
    clock.sleep(500)
    assert patience.left == 60
    clock.sleep(61)
    assert patience.left == 0
