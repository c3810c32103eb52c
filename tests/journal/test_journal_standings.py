"""How batches stand at their gates: what the server sees at a gate is what the folders see of a batch."""

import datetime as dt
import itertools

from making import NOW, draft, new_batch
from sqlalchemy import select, update

from bulkorders.core.order import Status
from bulkorders.core.words import Words
from bulkorders.journal.batches import add_draft, go_on, pause_batch, release
from bulkorders.journal.journal import Journal
from bulkorders.journal.standings import Standing, standings, standings_at
from bulkorders.journal.tables import batches, orders

GATES = ("g0", "g1")


def test_a_gate_shows_what_the_batches_have_there(journal: Journal) -> None:
    """Each status, due or not, of a batch that is paused or not, at either gate: both ways of looking say the same."""
    kinds = list(itertools.product(Status, (None, NOW), (False, True), GATES))
    for number, (status, due, is_paused, gate) in enumerate(kinds):
        name = f"b{number}"
        add_draft(journal, new_batch(name, draft(name, gate=gate)), NOW)
        release(journal, [name], NOW)
        if is_paused:
            pause_batch(journal, name, Words("停", "stopped"))
        with journal.write() as connection:
            connection.execute(update(orders).where(orders.c.batch == name).values(status=status.value, due=due))
    with journal.read() as connection:
        names = list(connection.execute(select(batches.c.id)).scalars())
    seen = standings(journal, names)
    assert {batch: standing for batch, standing in seen.items() if standing != Standing()} == standings_at(journal, GATES)
    for gate in GATES:
        there = {batch: standing for batch, standing in seen.items() if gate in standing.active | standing.paused | standing.numbered}
        assert there == standings_at(journal, [gate])
    assert {kind for standing in seen.values() for kind, gates in vars(standing).items() if gates} == {
        "waiting", "paused", "doubtful", "accepted", "numbered",
    }  # fmt: skip


def test_what_nobody_released_stands_at_no_gate(journal: Journal) -> None:
    """A draft has no order yet; what is final is nothing to do."""
    add_draft(journal, new_batch("b1", draft("A1", gate="g0")), NOW)
    assert standings_at(journal, ["g0"]) == {}
    release(journal, ["b1"], NOW)
    assert standings_at(journal, ["g0"])["b1"].active == {"g0"}
    assert standings_at(journal, ["g1"]) == standings_at(journal, []) == {}


def test_an_order_of_two_batches_counts_for_the_one_that_it_is_sent_for(journal: Journal) -> None:
    """The one that brought it, until it is paused and another wants it sent."""
    for name in ("b1", "b2"):
        add_draft(journal, new_batch(name, draft("A1", gate="g0")), NOW)
        release(journal, [name], NOW + dt.timedelta(seconds=1))
    assert set(standings_at(journal, ["g0"])) == {"b1"}
    pause_batch(journal, "b1", Words("停", "stopped"))
    assert standings_at(journal, ["g0"])["b1"].active == frozenset()
    go_on(journal, ["b2"])
    assert standings_at(journal, ["g0"])["b2"].active == {"g0"}
