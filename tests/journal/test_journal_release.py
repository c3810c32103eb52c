"""Same identity again: what a batch meets when the journal knows its orders already."""

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress

import pytest
from making import GATE, NOW, draft, new_batch, submit
from sqlalchemy import select, update

from bulkorders.core.order import Status
from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.errors import BulkordersError
from bulkorders.journal.batches import LOOKED_UP_AT_ONCE, add_draft, digest_of, release
from bulkorders.journal.chosen import count_there
from bulkorders.journal.journal import Journal
from bulkorders.journal.queue import claim, doubt_the_abandoned, settle
from bulkorders.journal.records import Claimed, Placed, Settled
from bulkorders.journal.tables import events, orders, placements
from bulkorders.journal.views import get_batch, placed_orders

LATER = NOW + dt.timedelta(minutes=1)
FINAL = {Status.CREATED: Fate.CREATED, Status.REJECTED: Fate.REJECTED, Status.ACCEPTED: Fate.ACCEPTED}


def send(journal: Journal, status: Status, *, counts: bool = True, due: dt.datetime | None = None) -> Claimed:
    """Claims the one order that is due and settles it."""
    order = claim(journal, GATE, NOW)
    assert order is not None
    settle(journal, order, Settled(status, NOW, "0", Words("话。", "Words."), "r.1", counts=counts, due=due), GATE, go_on=False)
    return order


def seen(journal: Journal, batch: str) -> Placed:
    """The one order of a batch as the batch sees it."""
    (placed,) = placed_orders(journal, batch)
    return placed


def revisions(journal: Journal, number: str = "A1") -> list[tuple[int, str, bytes]]:
    """Revision, status and payload of all that the journal knows of an identity."""
    with journal.read() as connection:
        known = (
            select(orders.c.revision, orders.c.status, orders.c.payload)
            .where(orders.c.identity == f"id-{number}")
            .order_by(orders.c.revision)
        )
        return [(row.revision, row.status, row.payload) for row in connection.execute(known)]


def said(placed: Placed) -> str:
    """The message of a placement, in Chinese."""
    assert placed.message is not None
    return placed.message.zh


# -- drafts ------------------------------------------------------------------------------


def test_a_draft_is_never_claimed(journal: Journal) -> None:
    """Nothing of a workbook is sent before it is released; until then its orders are unsent."""
    add_draft(journal, new_batch("b1", draft()), NOW)
    assert claim(journal, GATE, LATER) is None
    assert revisions(journal) == []
    assert (seen(journal, "b1").fate, seen(journal, "b1").status) == (Fate.UNSENT, None)
    assert not get_batch(journal, "b1").is_released


def test_released_orders_are_frozen_and_pending(journal: Journal) -> None:
    """Identity, revision, fingerprint and the payload's bytes stand in the journal before the first byte goes out."""
    submit(journal, "b1", draft(payload=b"\x00bytes as they are"))
    assert revisions(journal) == [(1, "pending", b"\x00bytes as they are")]
    batch = get_batch(journal, "b1")
    assert (batch.is_released, batch.released_at) == (True, NOW)
    order = claim(journal, GATE, NOW)
    assert order is not None
    assert (order.payload, order.display, order.attempts) == (b"\x00bytes as they are", "A1", 0)


def test_a_released_batch_keeps_no_second_copy_of_its_payloads(journal: Journal) -> None:
    """On release the payload moves to the order."""
    submit(journal, "b1", draft())
    with journal.read() as connection:
        assert connection.execute(select(placements.c.payload)).scalars().all() == [None]


def test_invalid_orders_are_placed_but_never_sent(journal: Journal) -> None:
    """They keep their fate and their message."""
    invalid = draft(
        "A2", identity=None, fingerprint=None, payload=None, gate=None, account=None, fate=Fate.INVALID, message=Words("错。", "Wrong.")
    )
    submit(journal, "b1", invalid, draft())
    first, second = placed_orders(journal, "b1")
    assert (first.fate, first.message, first.status) == (Fate.INVALID, Words("错。", "Wrong."), None)
    assert second.fate is Fate.UNSENT
    order = claim(journal, GATE, NOW)
    assert order is not None
    assert order.display == "A1"
    assert claim(journal, GATE, NOW) is None


@pytest.mark.parametrize("has_digest", [True, False])
def test_new_orders_among_known_ones_stand_in_the_sheet_s_order(journal: Journal, has_digest: bool) -> None:
    """Each with one event, whichever version has written the draft: an earlier one wrote no digests."""
    submit(journal, "b1", draft("A2"))
    add_draft(journal, new_batch("b2", draft("A3"), draft("A2"), draft("A1")), NOW)
    if not has_digest:
        with journal.write() as connection:
            connection.execute(update(placements).values(digest=None))
    assert release(journal, ["b2"], LATER) == ["b2"]
    with journal.read() as connection:
        made = connection.execute(select(orders.c.display, orders.c.batch, orders.c.digest, orders.c.updates).order_by(orders.c.id)).all()
        logged = connection.execute(select(orders.c.display, events.c.at, events.c.before, events.c.after).join(orders)).all()
    assert [(row.display, row.batch, row.updates) for row in made] == [("A2", "b1", False), ("A3", "b2", False), ("A1", "b2", False)]
    assert {row.digest for row in made} == {digest_of(draft().payload or b"")}
    assert sorted(logged) == [("A1", LATER, None, "pending"), ("A2", NOW, None, "pending"), ("A3", LATER, None, "pending")]
    assert [placed.status for placed in placed_orders(journal, "b2")] == [Status.PENDING] * 3


@pytest.mark.parametrize("status", [None, *FINAL])
@pytest.mark.parametrize("fingerprint", ["f1", "f2"])
def test_a_draft_foretells_what_is_not_sent_again(journal: Journal, status: Status | None, fingerprint: str) -> None:
    """What the remote has with the same content, and with other content: nothing of that goes out when it is submitted."""
    submit(journal, "b1", draft(fingerprint="f1"))
    if status is not None:
        send(journal, status)
    add_draft(journal, new_batch("b2", draft(fingerprint=fingerprint), draft("A2")), NOW)
    there, differs = count_there(journal, "b2")
    release(journal, ["b2"], LATER)
    fate = placed_orders(journal, "b2")[0].fate
    assert (there, differs) == (fate in (Fate.SKIPPED, Fate.ACCEPTED), fate is Fate.CHANGED)
    assert (there + differs > 0) == (status in (Status.CREATED, Status.ACCEPTED))


def test_more_orders_than_one_query_looks_up_are_all_known_again(journal: Journal) -> None:
    """A second batch of the same orders makes none anew."""
    drafts = [draft(f"A{number}") for number in range(LOOKED_UP_AT_ONCE + 1)]
    submit(journal, "b1", *drafts)
    submit(journal, "b2", *drafts)
    with journal.read() as connection:
        assert len(connection.execute(select(orders.c.id)).all()) == len(drafts)


@pytest.mark.parametrize("status", [Status.CREATED, Status.ACCEPTED, Status.REJECTED, Status.IN_DOUBT, Status.PENDING])
def test_releasing_a_released_batch_changes_nothing(journal: Journal, status: Status) -> None:
    """A second click on 提交 sends nothing again, and takes no order's own fate from it."""
    submit(journal, "b1", draft("A1"))
    send(journal, status)
    before = placed_orders(journal, "b1")
    with suppress(BulkordersError):  # refusing is as good as passing over
        release(journal, ["b1"], LATER)
    assert placed_orders(journal, "b1") == before
    assert len(revisions(journal)) == 1


# -- created, accepted, rejected ------------------------------------------------------------------------------


def test_created_with_the_same_content_is_skipped_and_names_the_batch(journal: Journal) -> None:
    """It was created before this batch was released; the other bytes of another release of the program do not matter."""
    submit(journal, "b1", draft())
    send(journal, Status.CREATED)
    submit(journal, "b2", draft(payload=b"other bytes, same content"), now=LATER)
    assert seen(journal, "b1").fate is Fate.CREATED
    assert seen(journal, "b2").fate is Fate.SKIPPED
    assert "b1" in said(seen(journal, "b2"))
    assert claim(journal, GATE, LATER) is None


@pytest.mark.parametrize("status", [Status.CREATED, Status.ACCEPTED])
def test_created_or_accepted_with_other_content_is_changed(journal: Journal, status: Status) -> None:
    """Told with the earlier batch's name, and not sent."""
    submit(journal, "b1", draft())
    send(journal, status)
    submit(journal, "b2", draft(content="two"), now=LATER)
    assert seen(journal, "b2").fate is Fate.CHANGED
    assert "b1" in said(seen(journal, "b2"))
    assert len(revisions(journal)) == 1
    assert claim(journal, GATE, LATER) is None


def test_accepted_with_the_same_content_is_followed_with_the_earlier_one(journal: Journal) -> None:
    """`skipped` is only what was created: an accepted order keeps its own fate in every batch."""
    submit(journal, "b1", draft())
    send(journal, Status.ACCEPTED)
    submit(journal, "b2", draft(), now=LATER)
    assert seen(journal, "b2").fate is Fate.ACCEPTED
    assert claim(journal, GATE, LATER) is None


@pytest.mark.parametrize("content", ["one", "two"])
def test_rejected_goes_out_again_as_the_next_revision(journal: Journal, content: str) -> None:
    """Changed or not: the refusal created nothing. The first batch keeps its own fate."""
    submit(journal, "b1", draft())
    send(journal, Status.REJECTED)
    submit(journal, "b2", draft(content=content), now=LATER)
    payload = f'{{"content":"{content}"}}'.encode()
    assert revisions(journal) == [(1, "rejected", b'{"content":"one"}'), (2, "pending", payload)]
    assert send(journal, Status.CREATED).payload == payload
    assert [seen(journal, batch).fate for batch in ("b1", "b2")] == [Fate.REJECTED, Fate.CREATED]


def test_the_newest_revision_decides(journal: Journal) -> None:
    """Rejected, then created: a third batch of the same content is skipped."""
    submit(journal, "b1", draft())
    send(journal, Status.REJECTED)
    submit(journal, "b2", draft())
    send(journal, Status.CREATED)
    submit(journal, "b3", draft(), now=LATER)
    assert seen(journal, "b3").fate is Fate.SKIPPED
    assert "b2" in said(seen(journal, "b3"))


# -- not sent yet ------------------------------------------------------------------------------


def not_processed(journal: Journal) -> None:
    """An attempt that proved nothing was done."""
    send(journal, Status.PENDING, counts=False, due=NOW)


@pytest.mark.parametrize("tried", [False, True])
def test_the_newest_content_wins_over_one_never_attempted(journal: Journal, tried: bool) -> None:
    """The older batch shows `changed` and names the newer; an answer that proves "not processed" counts as no attempt."""
    submit(journal, "b1", draft())
    if tried:
        not_processed(journal)
    submit(journal, "b2", draft(content="two"), now=LATER)
    assert seen(journal, "b1").fate is Fate.CHANGED
    assert "b2" in said(seen(journal, "b1"))
    assert seen(journal, "b2").fate is Fate.UNSENT
    assert revisions(journal) == [(1, "pending", b'{"content":"two"}')]
    assert send(journal, Status.CREATED).payload == b'{"content":"two"}'
    assert [seen(journal, batch).fate for batch in ("b1", "b2")] == [Fate.CHANGED, Fate.CREATED]


def test_pending_with_the_same_content_is_one_order_of_both_batches(journal: Journal) -> None:
    """It is sent once, and both see what became of it."""
    submit(journal, "b1", draft())
    submit(journal, "b2", draft(), now=LATER)
    send(journal, Status.CREATED)
    assert claim(journal, GATE, LATER) is None
    assert [seen(journal, batch).fate for batch in ("b1", "b2")] == [Fate.CREATED, Fate.CREATED]


def test_content_given_back_is_the_newest_again(journal: Journal) -> None:
    """One, two, one: the last is sent, and only the batch with other content was overruled for good."""
    for batch, content in (("b1", "one"), ("b2", "two"), ("b3", "one")):
        submit(journal, batch, draft(content=content))
    assert send(journal, Status.CREATED).payload == b'{"content":"one"}'
    assert seen(journal, "b2").fate is Fate.CHANGED
    assert seen(journal, "b3").fate is Fate.CREATED


def test_pending_after_a_real_attempt_keeps_its_frozen_content(journal: Journal) -> None:
    """Its bytes may have arrived once: every retry sends the same, and the newer batch is told to wait."""
    submit(journal, "b1", draft())
    send(journal, Status.PENDING, counts=True)
    submit(journal, "b2", draft(content="two"), now=LATER)
    assert seen(journal, "b2").fate is Fate.UNSENT
    assert "b1" in said(seen(journal, "b2"))
    assert send(journal, Status.CREATED).payload == b'{"content":"one"}'
    assert [seen(journal, batch).fate for batch in ("b1", "b2")] == [Fate.CREATED, Fate.CHANGED]


# -- sending or in doubt ------------------------------------------------------------------------------


@pytest.mark.parametrize("doubted", [False, True])
@pytest.mark.parametrize("content", ["one", "two"])
def test_sending_or_in_doubt_is_settled_first(journal: Journal, doubted: bool, content: str) -> None:
    """The frozen revision stays as it is, whatever a newer batch brings; that batch sees the doubt."""
    submit(journal, "b1", draft())
    order = claim(journal, GATE, NOW)
    assert order is not None
    if doubted:
        doubt_the_abandoned(journal, GATE, NOW)
    submit(journal, "b2", draft(content=content), now=LATER)
    assert revisions(journal) == [(1, "in_doubt" if doubted else "sending", b'{"content":"one"}')]
    assert seen(journal, "b2").fate is Fate.IN_DOUBT
    assert claim(journal, GATE, LATER) is None
    if content == "two":
        assert "b1" in said(seen(journal, "b2"))


@pytest.mark.parametrize(
    ("status", "content", "fate"),
    [
        (Status.CREATED, "one", Fate.CREATED), (Status.CREATED, "two", Fate.CHANGED), (Status.ACCEPTED, "two", Fate.CHANGED),
        (Status.REJECTED, "one", Fate.REJECTED), (Status.REJECTED, "two", Fate.UNSENT),
    ],
)  # fmt: skip
def test_what_a_later_batch_sees_once_it_is_settled(journal: Journal, status: Status, content: str, fate: Fate) -> None:
    """Created after this batch was released is `created`, not `skipped`; other content was never sent."""
    submit(journal, "b1", draft())
    order = claim(journal, GATE, NOW)
    assert order is not None
    submit(journal, "b2", draft(content=content), now=LATER)
    settle(journal, order, Settled(status, LATER), GATE, go_on=False)
    assert seen(journal, "b1").fate is FINAL[status]
    assert seen(journal, "b2").fate is fate


# -- events ------------------------------------------------------------------------------


def history(journal: Journal) -> Sequence[tuple[str | None, str]]:
    """All events, before and after."""
    with journal.read() as connection:
        return [(row.before, row.after) for row in connection.execute(select(events).order_by(events.c.id))]


def test_every_transition_is_an_event(journal: Journal) -> None:
    """New, claimed, not processed, claimed, refused, and the next revision: each once, in order."""
    submit(journal, "b1", draft())
    not_processed(journal)
    send(journal, Status.REJECTED)
    submit(journal, "b2", draft(content="two"))
    assert history(journal) == [
        (None, "pending"), ("pending", "sending"), ("sending", "pending"), ("pending", "sending"), ("sending", "rejected"),
        (None, "pending"),
    ]  # fmt: skip


def test_a_release_that_fails_leaves_nothing(journal: Journal) -> None:
    """All of it is one transaction: orders, placements and events."""
    add_draft(journal, new_batch("b1", draft("A1"), draft("A2", fingerprint=None)), NOW)
    with pytest.raises(BulkordersError):
        release(journal, ["b1"], NOW)
    assert history(journal) == []
    assert revisions(journal) == []
    assert not get_batch(journal, "b1").is_released


def test_identities_of_other_accounts_are_other_orders(journal: Journal) -> None:
    """The same number under another principal's identity is created for itself."""
    submit(journal, "b1", draft())
    send(journal, Status.CREATED)
    submit(journal, "b2", draft(identity="id-elsewhere", gate="other"))
    assert claim(journal, GATE, NOW) is None
    assert claim(journal, "other", NOW) is not None
