"""Orders out: claimed by one, settled with the next claimed in one commit, due in their order."""

import datetime as dt
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from making import GATE, NOW, draft, submit
from sqlalchemy import func, insert, select, update

from bulkorders.core.order import TRANSITIONS, Status
from bulkorders.core.words import Words
from bulkorders.errors import JournalError
from bulkorders.journal.journal import Journal, open_journal
from bulkorders.journal.queue import (
    claim,
    count_waiting,
    doubt_the_abandoned,
    gates_of,
    is_waiting,
    next_due,
    settle,
    tell_waiting,
    unfinished,
)
from bulkorders.journal.records import Claimed, Settled
from bulkorders.journal.tables import events, meta, orders
from bulkorders.journal.views import placed_orders

SECOND = dt.timedelta(seconds=1)
DONE = Settled(Status.CREATED, NOW)


def take(journal: Journal, now: dt.datetime = NOW, gate: str = GATE) -> Claimed:
    """Claims an order that must be there."""
    order = claim(journal, gate, now)
    assert order is not None
    return order


def statuses(journal: Journal) -> dict[str, str]:
    """The status of every order."""
    with journal.read() as connection:
        return {row.display: row.status for row in connection.execute(select(orders).order_by(orders.c.id))}


def order_row(journal: Journal, number: str = "A1") -> Any:
    """An order's row."""
    with journal.read() as connection:
        return connection.execute(select(orders).where(orders.c.display == number)).one()


# -- claim and settle ------------------------------------------------------------------------------


def test_a_claim_is_committed_before_the_request_leaves(journal: Journal) -> None:
    """Another connection sees `sending`, with its event and the time, as soon as the claim returns."""
    submit(journal, "b1", draft())
    take(journal)
    other = open_journal(str(journal.engine.url.database))
    row = order_row(other)
    other.close()
    assert (row.status, row.attempts, row.submitted_at) == ("sending", 1, NOW)


def test_orders_are_claimed_in_the_order_of_the_sheet(journal: Journal) -> None:
    """One after the other, each once."""
    submit(journal, "b1", *(draft(f"A{number}") for number in range(4)))
    assert [take(journal).display for _ in range(4)] == ["A0", "A1", "A2", "A3"]
    assert claim(journal, GATE, NOW) is None


def test_small_batches_do_not_wait_behind_large_ones(journal: Journal) -> None:
    """The holder takes batch after batch in turn: two orders released later are out among the first four."""
    submit(journal, "large", *(draft(f"L{number}") for number in range(50)))
    submit(journal, "small", draft("S1"), draft("S2"))
    assert sorted(take(journal).display[0] for _ in range(4)) == ["L", "L", "S", "S"]


def test_each_gate_has_its_own_queue(journal: Journal) -> None:
    """An order leaves only through its own gate."""
    submit(journal, "b1", draft("A1", gate="one"), draft("A2", gate="two"))
    assert take(journal, gate="two").display == "A2"
    assert claim(journal, "two", NOW) is None
    assert take(journal, gate="one").display == "A1"


def test_settling_writes_what_the_remote_said(journal: Journal) -> None:
    """Status, message, ids and the event with code and attempt."""
    submit(journal, "b1", draft())
    settle(journal, take(journal), Settled(Status.CREATED, NOW + SECOND, "0", Words("好。", "Good."), "r.1", "remote-7"), GATE)
    (placed,) = placed_orders(journal, "b1")
    assert (placed.message, placed.request_id, placed.remote_id, placed.attempts) == (Words("好。", "Good."), "r.1", "remote-7", 1)
    with journal.read() as connection:
        last = connection.execute(select(events).order_by(events.c.id.desc())).first()
    assert last is not None
    assert (last.before, last.after, last.at, last.attempt, last.code, last.request_id) == (
        "sending",
        "created",
        NOW + SECOND,
        1,
        "0",
        "r.1",
    )


def test_settling_claims_the_next_order(journal: Journal) -> None:
    """Outcome and next claim come back in one call; `go_on=False` claims none."""
    submit(journal, "b1", draft("A1"), draft("A2"), draft("A3"))
    second = settle(journal, take(journal), DONE, GATE)
    assert second is not None
    assert second.display == "A2"
    assert settle(journal, second, DONE, GATE, go_on=False) is None
    assert statuses(journal) == {"A1": "created", "A2": "created", "A3": "pending"}


def test_outcome_and_next_claim_are_one_commit(journal: Journal) -> None:
    """While a queue drains, another connection never sees a state between: always exactly one order is being sent."""
    submit(journal, "b1", *(draft(f"A{number}") for number in range(60)))
    counts: Counter[int] = Counter()
    drained = threading.Event()
    order: Claimed | None = take(journal)

    def watch() -> None:
        other = open_journal(str(journal.engine.url.database))
        while not drained.is_set():
            with other.read() as connection:
                found = {row[0]: row[1] for row in connection.execute(select(orders.c.status, func.count()).group_by(orders.c.status))}
            if found.get("pending"):
                counts[found.get("sending", 0)] += 1
        other.close()

    with ThreadPoolExecutor(1) as pool:
        watcher = pool.submit(watch)
        try:
            while order is not None:
                order = settle(journal, order, DONE, GATE)
        finally:
            drained.set()
        watcher.result()
    assert set(counts) <= {1}
    assert set(statuses(journal).values()) == {"created"}


@pytest.mark.parametrize("after", list(Status))
def test_only_what_may_follow_sending_is_written(journal: Journal, after: Status) -> None:
    """TRANSITIONS is enforced; a forbidden one leaves the order as it was."""
    submit(journal, "b1", draft(), draft("A2"))
    order = take(journal)
    if after in TRANSITIONS[Status.SENDING]:
        settle(journal, order, Settled(after, NOW), GATE, go_on=False)
        assert statuses(journal)["A1"] == after.value
    else:
        with pytest.raises(ValueError, match="not followed by"):
            settle(journal, order, Settled(after, NOW), GATE)
        assert statuses(journal) == {"A1": "sending", "A2": "pending"}


@pytest.mark.parametrize("after", [Status.CREATED, Status.REJECTED, Status.IN_DOUBT, Status.PENDING])
def test_an_order_is_settled_once(journal: Journal, after: Status) -> None:
    """Whoever settles it again is stopped, and neither status nor events change, nor is another claimed."""
    submit(journal, "b1", draft(), draft("A2"))
    order = take(journal)
    settle(journal, order, Settled(Status.REJECTED, NOW), GATE, go_on=False)
    with pytest.raises(JournalError):
        settle(journal, order, Settled(after, NOW), GATE)
    assert statuses(journal) == {"A1": "rejected", "A2": "pending"}
    with journal.read() as connection:
        assert connection.execute(select(func.count()).select_from(events)).scalar_one() == 4


# -- attempts and due ------------------------------------------------------------------------------


def test_answers_that_prove_not_processed_count_neither_as_attempts_nor_in_the_results(journal: Journal) -> None:
    """They are counted as waits, until something else is answered."""
    submit(journal, "b1", draft())
    for waits in range(3):
        order = take(journal)
        assert (order.attempts, order.waits) == (0, waits)
        settle(journal, order, Settled(Status.PENDING, NOW, due=NOW, counts=False), GATE, go_on=False)
    settle(journal, take(journal), Settled(Status.PENDING, NOW, due=NOW), GATE, go_on=False)
    order = take(journal)
    assert (order.attempts, order.waits) == (1, 0)
    settle(journal, order, DONE, GATE)
    assert placed_orders(journal, "b1")[0].attempts == 2


def test_an_order_waits_until_it_is_due_and_others_go_first(journal: Journal) -> None:
    """A retry is not claimed before its time, nor by the call that settles it."""
    submit(journal, "b1", draft(), draft("A2"))
    due = NOW + 5 * SECOND
    second = settle(journal, take(journal), Settled(Status.PENDING, NOW, due=due, counts=False), GATE)
    assert second is not None
    assert second.display == "A2"
    assert settle(journal, second, DONE, GATE) is None
    assert claim(journal, GATE, due - SECOND) is None
    assert next_due(journal, GATE) == due
    assert take(journal, due).display == "A1"
    assert next_due(journal, GATE) is None


def test_an_order_that_may_go_now_is_due_now(journal: Journal) -> None:
    """Beside one that waits, the next is due when the first of them may go."""
    submit(journal, "b1", draft(), draft("A2"))
    settle(journal, take(journal), Settled(Status.PENDING, NOW, due=NOW + 60 * SECOND, counts=False), GATE, go_on=False)
    due = next_due(journal, GATE)
    assert due is not None
    assert due <= NOW


def test_orders_left_sending_are_in_doubt(journal: Journal) -> None:
    """A holder that died: nobody knows whether the request left. Only this gate's are meant, each with its event."""
    submit(journal, "b1", draft(), draft("A2"), draft("A3", gate="other"))
    take(journal)
    take(journal, gate="other")
    assert doubt_the_abandoned(journal, GATE, NOW + SECOND) == 1
    assert statuses(journal) == {"A1": "in_doubt", "A2": "pending", "A3": "sending"}
    assert doubt_the_abandoned(journal, GATE, NOW) == 0
    assert placed_orders(journal, "b1")[0].message is not None
    assert [row.after for row in history(journal)][-1] == "in_doubt"
    assert take(journal).display == "A2"


def history(journal: Journal) -> list[Any]:
    """All events in order."""
    with journal.read() as connection:
        return list(connection.execute(select(events).order_by(events.c.id)))


def test_events_tell_the_whole_way_of_every_order(journal: Journal) -> None:
    """Each event begins where the last one of its order ended, only as TRANSITIONS allows, and the last is the order's status."""
    submit(journal, "b1", *(draft(f"A{number}") for number in range(6)))
    ways = [Status.CREATED, Status.REJECTED, Status.IN_DOUBT, Status.PENDING, Status.ACCEPTED]
    order: Claimed | None = take(journal)
    for status in ways:
        assert order is not None
        order = settle(journal, order, Settled(status, NOW, due=NOW + SECOND if status is Status.PENDING else None), GATE)
    last: dict[int, str] = {}
    for event in history(journal):
        before = last.get(event.order_id)
        assert event.before == before
        assert before is None or Status(event.after) in TRANSITIONS[Status(before)]
        last[event.order_id] = event.after
    with journal.read() as connection:
        assert last == {row.id: row.status for row in connection.execute(select(orders))}


# -- what waits ------------------------------------------------------------------------------


def test_what_a_batch_waits_for(journal: Journal) -> None:
    """Gates in the batch's order, orders that wait, batches that are unfinished, and why."""
    submit(journal, "b1", draft("A1", gate="two", account="second"), draft("A2"), draft("A3"))
    assert gates_of(journal, "b1") == [("two", "second"), (GATE, "main")]
    assert unfinished(journal) == ["b1"]
    assert count_waiting(journal, ["b1"]) == 3
    order: Claimed | None = take(journal)
    assert is_waiting(journal, GATE, ["b1"])
    assert count_waiting(journal, ["b1"]) == 2
    while order is not None:
        order = settle(journal, order, DONE, GATE)
    assert not is_waiting(journal, GATE, ["b1"])
    assert unfinished(journal) == ["b1"]
    tell_waiting(journal, "two", Words("停。", "Stopped."))
    assert [placed.message for placed in placed_orders(journal, "b1")] == [Words("停。", "Stopped."), None, None]
    settle(journal, take(journal, gate="two"), Settled(Status.REJECTED, NOW), "two")
    assert unfinished(journal) == []


@pytest.mark.parametrize(
    ("status", "listed"), [(Status.IN_DOUBT, True), (Status.ACCEPTED, True), (Status.CREATED, False), (Status.REJECTED, False)]
)
def test_doubt_and_acceptance_are_unfinished(journal: Journal, status: Status, listed: bool) -> None:
    """`resume` takes them up; what is final it leaves."""
    submit(journal, "b1", draft())
    settle(journal, take(journal), Settled(status, NOW), GATE)
    assert (unfinished(journal) == ["b1"]) is listed


# -- many at once ------------------------------------------------------------------------------

CLAIMER = """
import datetime, sys
from bulkorders.journal.journal import open_journal
from bulkorders.journal.queue import claim
journal = open_journal(sys.argv[1])
print("ready", flush=True)
sys.stdin.readline()
while (order := claim(journal, sys.argv[2], datetime.datetime(2025, 4, 9, tzinfo=datetime.UTC))) is not None:
    print(order.display, flush=True)
"""


def test_an_order_is_claimed_by_exactly_one_of_many_processes(journal: Journal, tmp_path: Path) -> None:
    """Three processes empty one queue: none is claimed twice, none is left."""
    numbers = [f"A{number}" for number in range(90)]
    submit(journal, "b1", *map(draft, numbers))
    command = [sys.executable, "-c", CLAIMER, str(tmp_path / "journal.db"), GATE]
    claimers = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    for claimer in claimers:
        assert claimer.stdout is not None
        assert claimer.stdout.readline() == "ready\n"
    for claimer in claimers:
        assert claimer.stdin is not None
        claimer.stdin.write("go\n")
        claimer.stdin.flush()
    claimed = [claimer.communicate(timeout=120)[0].split() for claimer in claimers]
    assert [claimer.returncode for claimer in claimers] == [0, 0, 0]
    assert sorted(chain.from_iterable(claimed)) == sorted(numbers)
    assert set(statuses(journal).values()) == {"sending"}


def test_writers_that_read_first_lose_nothing_under_load(journal: Journal, tmp_path: Path) -> None:
    """`BEGIN IMMEDIATE`: threads and journals that read, then write what they read, raise nothing and miss no turn."""
    with journal.write() as connection:
        connection.execute(insert(meta).values(name="count", value="0"))
    others = [journal, open_journal(str(tmp_path / "journal.db"))]

    def count(which: Journal) -> None:
        for _ in range(50):
            with which.write() as connection:
                value = int(connection.execute(select(meta.c.value).where(meta.c.name == "count")).scalar_one())
                connection.execute(update(meta).where(meta.c.name == "count").values(value=str(value + 1)))

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(count, which) for which in others * 2]:
            done.result()
    others[1].close()
    with journal.read() as connection:
        assert connection.execute(select(meta.c.value).where(meta.c.name == "count")).scalar_one() == "200"
