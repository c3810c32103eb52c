"""An unclear answer of a remote that can be asked: settled by asking and by the same bytes, each order there once."""

import time

from fba_desk import FbaDesk, make_fba, shipment  # noqa: F401  # a fixture
from foreign_chukou1 import CREATE, Broken, Cut, Ignored, Slow, creating, number_of


def test_unclear_answers_are_settled_with_the_same_bytes(fba: FbaDesk) -> None:
    """A cut connection or a 5xx, taken or not: settled by asking and by the same bytes, each shipment there once, no doubt left."""
    fba.configure(settle_seconds=1)
    fba.remote.creates = {
        "cut-taken": [Cut()], "cut-lost": [Cut(recorded=False)], "500-taken": [Broken(500, recorded=True)], "503-lost": [Broken(503)],
        "there": [Ignored()],
    }  # fmt: skip
    rows = [shipment(name) for unclear in fba.remote.creates for name in (unclear, f"ok-{unclear}")]
    ran = fba.submit(fba.write("orders.xlsx", rows), code=0)
    assert set(ran.fates.values()) == {"created"}
    assert sorted(fba.remote.sent()) == sorted(row["包裹ID"] for row in rows)
    assert not any(taken.modification for taken in fba.remote.ledger)


def test_an_unclear_update_is_told_as_it_is(fba: FbaDesk) -> None:
    """A modification whose answer was cut: there once more, never told as not taken, never taken twice."""
    fba.configure(settle_seconds=1)
    fba.submit(fba.write("orders.xlsx", [shipment("P-1")]), code=0)
    fba.remote.creates["P-1"] = [Cut()]
    ran = fba.submit("--update", fba.write("orders.xlsx", [shipment("P-1", 数量=11)]), code=0)
    assert ran.one["outcomes"][0]["tracking_number"] == number_of("P-1", 2)
    assert [taken.version for taken in fba.remote.ledger] == [1, 2]


def test_a_kill_in_a_create_is_settled_by_asking(fba: FbaDesk) -> None:
    """After a kill in the middle of a create `resume` finds the shipment there, as ours; the others go out; each is there once."""
    fba.configure(settle_seconds=1)
    fba.remote.creates["P-2"] = [Slow(1.0, given_up=True)]
    process = fba.start("submit", "--json", fba.write("orders.xlsx", [shipment(f"P-{number}") for number in range(1, 5)]))
    while fba.remote.calls[CREATE] < 2:
        time.sleep(0.02)
        assert process.poll() is None
    time.sleep(0.2)
    process.kill()
    process.communicate()
    assert set(fba.resume(code=0).fates.values()) == {"created"}
    assert sorted(fba.remote.sent()) == [f"P-{number}" for number in range(1, 5)]


def test_a_shipment_that_was_never_there_is_sent_again(fba: FbaDesk) -> None:
    """Taken by the answer, never shown by the remote: after `settle_seconds` the same bytes go out again, and it is there once."""
    fba.configure(settle_seconds=1)
    assert fba.submit("--no-follow", fba.write("orders.xlsx", [shipment("P-1")]), code=0).fates == {"P-1": "accepted"}
    fba.remote.forget("P-1")
    time.sleep(1.1)
    assert fba.resume(code=0).fates == {"P-1": "created"}
    first, second = (taken.body for taken in fba.remote.ledger)
    assert first == second


def test_a_shipment_that_was_removed_at_the_remote_does_not_come_back(fba: FbaDesk) -> None:
    """The remote has shown it and shows it no more: somebody has removed it there; it stays accepted and is not sent again."""
    fba.configure(settle_seconds=0.1, follow_minutes=0.01)
    fba.remote.timelines = {"P-1": [creating()]}
    assert fba.submit(fba.write("orders.xlsx", [shipment("P-1")]), code=5).fates == {"P-1": "accepted"}
    fba.remote.forget("P-1")
    for _ in range(2):
        ran = fba.resume(code=5)
        assert ran.fates == {"P-1": "accepted"}
        assert ran.one["outcomes"][0]["remote_id"] is not None
    assert fba.remote.calls[CREATE] == 1
