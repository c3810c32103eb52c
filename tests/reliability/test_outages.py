"""A remote that fails, now and then or for a while: it is not stormed, and when it is well again the run goes on by itself."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import stamina
from ledger import audit
from stage import Stage, at_each_remote, in_two_sizes, stage
from witness import Call, most_within

from bulkorders.core.provider import Provider

RATE = 2
"""Calls a second: the normal pace."""
OUTAGE_SECONDS = 60.0
GOES_ON_SECONDS = 60.0
MOST_ATTEMPTS = 3
DOWN_AFTER = 3
"""Creates without a clear answer, after which a remote is asked and not sent more."""
HOURS = 3600.0


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    """Reads that are asked again three times wait in real seconds; here they do not wait at all."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def begin_outage(at: Stage, seconds: float) -> None:
    """From now on every call fails."""
    at.end_faults()
    at.fault("http_5xx", path="", seconds=seconds)


@at_each_remote
@in_two_sizes
def test_a_failing_remote_is_not_stormed(provider: Provider, orders: int, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """F8: 30 % of all calls fail, then all of them for a minute: no more load than usual, three attempts at most, then on by itself."""
    with stage(provider, tmp_path, max_per_second=RATE) as at:
        at.fault("http_5xx", path="", share=0.15, seed=1)
        at.fault("http_5xx_accepted", path="", share=0.15, seed=2)
        began: list[float] = []
        at.at_create(orders // 2, lambda: began.append(at.clock.true()), lambda: begin_outage(at, OUTAGE_SECONDS))
        ran = at.submit_new(orders)
        assert (ran.code, ran.statuses) == (0, {"created"})

        ends = began[0] + OUTAGE_SECONDS
        during = [call for call in at.witness.calls if began[0] <= call.at < ends]
        later = [call for call in at.witness.creates if call.at >= ends]
        assert most_within(10.0, during) <= 10 * RATE
        assert len(created(during)) <= DOWN_AFTER
        assert later[0].at - ends <= GOES_ON_SECONDS
        figures = audit(at, orders)
        assert figures.most_attempts <= MOST_ATTEMPTS
        assert [record.getMessage() for record in caplog.records] == []  # nothing of it would stand on standard error
        print(f"{len(during)} calls in the outage, {most_within(10.0, during)} in 10 s at most; on after {later[0].at - ends:.1f} s")
        figures.tell(f"F8 {provider.name} {orders}")


def created(calls: list[Call]) -> list[Call]:
    """The creates among calls."""
    return [call for call in calls if call.order is not None]


@at_each_remote
def test_a_long_outage_ends_the_run_and_the_next_one_goes_on(provider: Provider, tmp_path: Path) -> None:
    """A remote that is away for three hours: the run does not wait so long, says so, and `resume` sends the rest."""
    with stage(provider, tmp_path, max_per_second=RATE) as at:
        at.at_create(10, lambda: begin_outage(at, 3 * HOURS))
        ran = at.submit_new(20)
        assert ran.code == 5
        assert ran.seconds < HOURS
        assert "resume" in ran.said[-1]
        assert len([call for call in ran.calls if call.at >= ran.creates[9].at]) <= RATE * ran.seconds / 5
        at.clock.sleep(3 * HOURS)
        at.finish()
        audit(at, 20).tell(f"F8 long {provider.name}")
