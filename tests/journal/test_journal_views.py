"""What the journal tells of one order: how its batch sees it, and all that has happened to it."""

import pytest
from making import GATE, NOW, draft, submit

from bulkorders.core.order import Status
from bulkorders.core.words import Words
from bulkorders.journal.journal import Journal
from bulkorders.journal.queue import claim, settle
from bulkorders.journal.records import Event, Settled
from bulkorders.journal.views import order_events, placed_order, placed_orders


def answer(journal: Journal, status: Status, said: str) -> None:
    """The next order is sent and answered."""
    order = claim(journal, GATE, NOW)
    assert order is not None
    settle(journal, order, Settled(status, NOW, "7", Words(said, said), "r-1"), GATE, go_on=False)


def test_an_orders_events_are_told_in_their_order(journal: Journal) -> None:
    """From its first moment on, with what the remote said; each order its own."""
    submit(journal, "b1", draft("A1"), draft("A2"))
    answer(journal, Status.PENDING, "later")
    answer(journal, Status.CREATED, "done")
    assert order_events(journal, "b1", 0) == [
        Event(NOW, None, Status.PENDING, 0, None, None, None),
        Event(NOW, Status.PENDING, Status.SENDING, 1, None, None, None),
        Event(NOW, Status.SENDING, Status.PENDING, 1, "7", "later", "r-1"),
        Event(NOW, Status.PENDING, Status.SENDING, 2, None, None, None),
        Event(NOW, Status.SENDING, Status.CREATED, 2, "7", "done", "r-1"),
    ]
    assert len(order_events(journal, "b1", 1)) == 1
    assert order_events(journal, "b1", 2) == order_events(journal, "b2", 0) == []


def test_of_an_order_with_somebody_elses_content_nothing_is_told(journal: Journal) -> None:
    """The remote's words may quote his buyers; whoever brought the same content sees them."""
    submit(journal, "b1", draft("A1"))
    answer(journal, Status.CREATED, "to Wang")
    submit(journal, "b2", draft("A1", "other"))
    submit(journal, "b3", draft("A1"))
    assert order_events(journal, "b2", 0) == []
    assert order_events(journal, "b3", 0) == order_events(journal, "b1", 0) != []


@pytest.mark.parametrize("position", [0, 1])
def test_one_order_is_what_it_is_among_all(journal: Journal, position: int) -> None:
    """Read alone, without the others."""
    submit(journal, "b1", draft("A1"), draft("A2"))
    assert placed_order(journal, "b1", position) == placed_orders(journal, "b1")[position]
    assert placed_order(journal, "b1", 2) is None
