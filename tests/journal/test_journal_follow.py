"""Orders that are followed, and orders that are modified: what the journal makes of them."""

import datetime as dt

import pytest
from making import GATE, NOW, draft, new_batch

from bulkorders.core.order import Status
from bulkorders.core.result import Fate
from bulkorders.journal.batches import add_draft, release
from bulkorders.journal.follow import answered, ask_at_once, count_open, is_due, next_to_ask, put_off, to_ask
from bulkorders.journal.journal import Journal
from bulkorders.journal.queue import claim, doubt_the_abandoned, settle, unfinished, will_send
from bulkorders.journal.records import Claimed, NewBatch, Settled
from bulkorders.journal.views import placed_orders

LATER = NOW + dt.timedelta(minutes=1)


def submit(journal: Journal, name: str, content: str = "one", *, update: bool = False) -> None:
    """A batch of one order at a remote that modifies orders."""
    batch = new_batch(name, draft("A1", content))
    add_draft(journal, NewBatch(**{**vars(batch), "updatable": True}), NOW)
    release(journal, [name], NOW, update=update)


def take(journal: Journal) -> Claimed:
    """The order that is next."""
    order = claim(journal, GATE, NOW)
    assert order is not None
    return order


def accept(journal: Journal) -> None:
    """The next order is taken by the remote."""
    settle(journal, take(journal), Settled(Status.ACCEPTED, NOW, due=NOW), GATE, go_on=False)


def answer(journal: Journal, status: Status, *, number: str | None = None, due: dt.datetime | None = None) -> None:
    """The remote says what it has of the order that is due."""
    order = to_ask(journal, GATE, LATER)
    assert order is not None
    answered(journal, order, Settled(status, LATER, tracking_number=number, carrier=number and "UPS", due=due))


def create(journal: Journal, name: str = "b1", content: str = "one") -> None:
    """An order that was submitted, followed and created."""
    submit(journal, name, content)
    accept(journal)
    answer(journal, Status.CREATED, number="1Z")


def fates(journal: Journal, *names: str) -> list[Fate]:
    """How each batch sees its order."""
    return [order.fate for name in names for order in placed_orders(journal, name)]


def test_an_accepted_order_is_followed_until_it_is_created(journal: Journal) -> None:
    """It is due at once, then when it is put off to, and never again after that."""
    submit(journal, "b1")
    assert next_to_ask(journal, GATE) is None
    accept(journal)
    assert (next_to_ask(journal, GATE), count_open(journal, GATE, ["b1"])) == (NOW, 1)
    assert unfinished(journal) == ["b1"]
    answer(journal, Status.ACCEPTED, due=LATER)
    assert to_ask(journal, GATE, NOW) is None
    answer(journal, Status.CREATED, number="1Z")
    assert (next_to_ask(journal, GATE), count_open(journal, GATE, ["b1"]), unfinished(journal)) == (None, 0, [])
    (order,) = placed_orders(journal, "b1")
    assert (order.fate, order.tracking_number, order.carrier) == (Fate.CREATED, "1Z", "UPS")


def test_a_number_that_may_change_is_asked_for_and_keeps_its_batch_open(journal: Journal) -> None:
    """The order is created all the same; `resume` finds it."""
    submit(journal, "b1")
    accept(journal)
    answer(journal, Status.CREATED, number="1Z-now", due=LATER)
    assert (fates(journal, "b1"), unfinished(journal)) == ([Fate.CREATED], ["b1"])
    answer(journal, Status.CREATED, number="1Z-final")
    assert (placed_orders(journal, "b1")[0].tracking_number, unfinished(journal)) == ("1Z-final", [])


def test_who_asks_now_makes_his_orders_due_and_no_others(journal: Journal) -> None:
    """What was put off is asked for at once; what is final is left alone."""
    submit(journal, "b1")
    accept(journal)
    order = to_ask(journal, GATE, NOW)
    assert order is not None
    put_off(journal, order, LATER)
    ask_at_once(journal, ["other"], NOW)
    assert not is_due(journal, GATE, ["b1"], NOW)
    ask_at_once(journal, ["b1"], NOW)
    assert is_due(journal, GATE, ["b1"], NOW)


def test_no_answer_leads_where_no_transition_leads(journal: Journal) -> None:
    """What is created is not refused afterwards."""
    submit(journal, "b1")
    accept(journal)
    answer(journal, Status.CREATED, number="1Z", due=LATER)
    with pytest.raises(ValueError, match="not followed by"):
        answer(journal, Status.REJECTED)


# -- modifications -------------------------------------------------------------------------------------------------------------
def test_other_content_is_told_with_the_way_to_modify(journal: Journal) -> None:
    """Without being asked for nothing is modified."""
    create(journal)
    submit(journal, "b2", "two")
    (order,) = placed_orders(journal, "b2")
    assert order.fate is Fate.CHANGED
    assert order.message is not None
    assert "--update" in order.message.zh
    assert claim(journal, GATE, NOW) is None


def test_a_modification_goes_out_once_and_replaces(journal: Journal) -> None:
    """Then its content is what the journal knows: again it is skipped, and the old one is other content."""
    create(journal)
    submit(journal, "b2", "two", update=True)
    order = take(journal)
    assert (order.updates, order.taken, order.payload) == (True, True, b'{"content":"two"}')
    settle(journal, order, Settled(Status.ACCEPTED, NOW, due=NOW), GATE, go_on=False)
    answer(journal, Status.CREATED, number="1Z-2")
    submit(journal, "b3", "two", update=True)
    submit(journal, "b4", "one")
    assert fates(journal, "b1", "b2", "b3", "b4") == [Fate.CREATED, Fate.CREATED, Fate.SKIPPED, Fate.CHANGED]
    assert claim(journal, GATE, NOW) is None


def test_a_modification_of_an_order_that_is_still_followed_ends_that(journal: Journal) -> None:
    """The status that the remote tells is then that of the newer content; the older batch is told which one brought it."""
    submit(journal, "b1")
    accept(journal)
    submit(journal, "b2", "two", update=True)
    accept(journal)
    assert fates(journal, "b1", "b2") == [Fate.CHANGED, Fate.ACCEPTED]
    message = placed_orders(journal, "b1")[0].message
    assert message is not None
    assert "b2" in message.zh
    assert unfinished(journal) == ["b2"]


@pytest.mark.parametrize("fate", [None, Fate.CHANGED])
def test_a_modification_that_was_not_made_leaves_the_content_before(journal: Journal, fate: Fate | None) -> None:
    """Refused or ignored: the old content is skipped, the new one told, and asked for again it goes out as a revision of its own."""
    create(journal)
    submit(journal, "b2", "two", update=True)
    settle(journal, take(journal), Settled(Status.REJECTED, NOW, fate=fate), GATE, go_on=False)
    submit(journal, "b3", "one")
    submit(journal, "b4", "two")
    assert fates(journal, "b2", "b3", "b4") == [fate or Fate.REJECTED, Fate.SKIPPED, Fate.CHANGED]
    assert claim(journal, GATE, NOW) is None
    submit(journal, "b5", "two", update=True)
    assert take(journal).updates


def test_newer_content_without_the_wish_does_not_become_a_modification(journal: Journal) -> None:
    """A modification that waits keeps its content."""
    create(journal)
    submit(journal, "b2", "two", update=True)
    submit(journal, "b3", "three")
    assert take(journal).payload == b'{"content":"two"}'


def test_what_was_refused_before_it_was_taken_is_looked_up_again(journal: Journal) -> None:
    """Only what the remote may have from us need not be looked up before it is sent."""
    submit(journal, "b1")
    order = take(journal)
    assert not order.taken
    settle(journal, order, Settled(Status.REJECTED, NOW, counts=False), GATE, go_on=False)
    submit(journal, "b2")
    assert not take(journal).taken


def test_what_failed_after_it_was_taken_is_known_there(journal: Journal) -> None:
    """The next revision is no stranger to the remote."""
    submit(journal, "b1")
    accept(journal)
    answer(journal, Status.REJECTED)
    submit(journal, "b2", "two")
    order = take(journal)
    assert (order.taken, order.updates) == (True, False)


# -- doubt ---------------------------------------------------------------------------------------------------------------------
def test_a_kill_in_a_look_up_leaves_no_doubt(journal: Journal) -> None:
    """Nothing was sent yet: what the remote has of it is somebody else's, and it is looked up again before it goes out."""
    submit(journal, "b1")
    take(journal)
    doubt_the_abandoned(journal, GATE, LATER, LATER, looked_up=True)
    (order,) = placed_orders(journal, "b1")
    assert (order.fate, order.attempts, order.submitted_at) == (Fate.UNSENT, 0, None)
    assert not take(journal).taken


def test_a_kill_in_a_create_is_asked_for(journal: Journal) -> None:
    """The request may have left: in doubt, due to be asked for, and ours if it is there."""
    submit(journal, "b1")
    will_send(journal, take(journal))
    doubt_the_abandoned(journal, GATE, LATER, LATER, looked_up=True)
    assert (fates(journal, "b1"), count_open(journal, GATE, ["b1"])) == ([Fate.IN_DOUBT], 1)
    answer(journal, Status.CREATED, number="1Z")
    assert fates(journal, "b1") == [Fate.CREATED]


def test_what_is_proven_absent_goes_out_again_with_the_same_bytes(journal: Journal) -> None:
    """From doubt back to pending, its attempt counted."""
    submit(journal, "b1")
    order = take(journal)
    will_send(journal, order)
    settle(journal, order, Settled(Status.IN_DOUBT, NOW, due=NOW), GATE, go_on=False)
    answer(journal, Status.PENDING)
    again = take(journal)
    assert (again.payload, again.attempts, again.taken) == (order.payload, 1, True)
