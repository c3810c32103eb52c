"""Orders that the remote has taken, or may have: asked for one after the other until they are created or refused, with their last number.

`due` of an accepted order, of one in doubt, and of a created one whose tracking number may still change, is when to ask for it next;
what has none is not asked for. One in doubt has none when the run that asked for it has given it up: the next run asks anew.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, func, insert, select, update

from bulkorders.core.order import TRANSITIONS, Status
from bulkorders.core.words import Words

from .batches import said
from .journal import Journal
from .queue import tell_fate
from .records import Followed, Settled
from .tables import events, orders, placements

FOLLOWED = (Status.ACCEPTED, Status.IN_DOUBT, Status.CREATED)
"""All that is asked for."""
OPEN = (Status.ACCEPTED, Status.IN_DOUBT)
"""What a run waits for."""


def _to_ask(gate: str, statuses: Sequence[Status]) -> tuple[ColumnElement[bool], ...]:
    return orders.c.gate == gate, orders.c.due.is_not(None), orders.c.status.in_([status.value for status in statuses])


def _of(batches: Sequence[str]) -> Select[tuple[int]]:
    """The orders of these batches, as far as they are theirs."""
    return select(placements.c.order_id).where(placements.c.batch.in_(batches), placements.c.fate.is_(None))


def next_to_ask(journal: Journal, gate: str, statuses: Sequence[Status] = FOLLOWED) -> dt.datetime | None:
    """When the next order of a gate is to be asked for; None where none is followed."""
    with journal.read() as connection:
        due: dt.datetime | None = connection.execute(select(func.min(orders.c.due)).where(*_to_ask(gate, statuses))).scalar()
    return due


def to_ask(journal: Journal, gate: str, now: dt.datetime, statuses: Sequence[Status] = FOLLOWED) -> Followed | None:
    """The order of a gate that is to be asked for now, the longest due first."""
    first = select(orders).where(*_to_ask(gate, statuses), orders.c.due <= now).order_by(orders.c.due, orders.c.id).limit(1)
    with journal.read() as connection:
        row = connection.execute(first).one_or_none()
    if row is None:
        return None
    message = Words(row.zh, row.en) if row.zh else None
    return Followed(
        row.id, row.payload, Status(row.status), row.asks, row.tracking_number, row.submitted_at, row.updates, message, row.remote_id
    )  # fmt: skip


def doubt_anew(journal: Journal, gate: str, batches: Sequence[str], now: dt.datetime) -> None:
    """What these batches have in doubt is asked for, given up before or not."""
    in_doubt = orders.c.gate == gate, orders.c.status == Status.IN_DOUBT.value, orders.c.id.in_(_of(batches))
    with journal.write() as connection:
        connection.execute(update(orders).where(*in_doubt).values(due=now))


def ask_at_once(journal: Journal, batches: Sequence[str], now: dt.datetime) -> None:
    """Somebody wants to know now: what these batches follow is due."""
    with journal.write() as connection:
        followed = orders.c.status.in_([status.value for status in FOLLOWED]), orders.c.due.is_not(None), orders.c.id.in_(_of(batches))
        connection.execute(update(orders).where(*followed).values(due=now))


def count_open(journal: Journal, gate: str, batches: Sequence[str], statuses: Sequence[Status] = OPEN) -> int:
    """How many orders of these batches the remote has taken at a gate, or may have, and are neither created nor refused."""
    open_ = *_to_ask(gate, statuses), orders.c.id.in_(_of(batches))
    with journal.read() as connection:
        return int(connection.execute(select(func.count()).select_from(orders).where(*open_)).scalar_one())


def is_due(journal: Journal, gate: str, batches: Sequence[str], now: dt.datetime, statuses: Sequence[Status] = FOLLOWED) -> bool:
    """Whether one of these batches' orders is to be asked for now."""
    due = select(orders.c.id).where(*_to_ask(gate, statuses), orders.c.due <= now, orders.c.id.in_(_of(batches))).limit(1)
    with journal.read() as connection:
        return connection.execute(due).first() is not None


def put_off(journal: Journal, order: Followed, due: dt.datetime | None, message: Words | None = None) -> None:
    """There is no news of an order, or only the message: it is asked for again at `due`, or not in this run."""
    values = {"due": due, "asks": order.asks + 1, **said(message or order.message)}
    with journal.write() as connection:
        connection.execute(update(orders).where(orders.c.id == order.id).values(values))


def answered(journal: Journal, order: Followed, settled: Settled) -> None:
    """Writes down what the remote has of an order, with an event where that is news. Raises ValueError for an unknown transition."""
    if settled.status is not order.status and settled.status not in TRANSITIONS[order.status]:
        raise ValueError(f"{order.status} is not followed by {settled.status}")
    values = {
        "status": settled.status.value, "due": settled.due, "asks": order.asks + 1, "remote_id": settled.remote_id or orders.c.remote_id,
        "tracking_number": settled.tracking_number, "carrier": settled.carrier, **said(settled.message),
        "request_id": settled.request_id or orders.c.request_id,
    }  # fmt: skip
    with journal.write() as connection:
        stands = orders.c.id == order.id, orders.c.status == order.status.value
        connection.execute(update(orders).where(*stands).values(values))
        if settled.fate:
            tell_fate(connection, order.id, settled.fate, settled.message)
        if settled.status is not order.status or settled.tracking_number != order.tracking_number:
            connection.execute(insert(events).values(_event(order, settled)))


def _event(order: Followed, settled: Settled) -> dict[str, object]:
    return {
        "order_id": order.id, "at": settled.at, "before": order.status.value, "after": settled.status.value, "attempt": order.asks + 1,
        "code": settled.code, "message": settled.message and settled.message.zh, "request_id": settled.request_id,
    }  # fmt: skip
