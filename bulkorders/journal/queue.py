"""Orders out: one at a time is claimed, sent and settled, and outcome(n) and sending(n+1) are one commit."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import CTE, Connection, Row, and_, bindparam, exists, func, insert, or_, select, update

from bulkorders.core.order import TRANSITIONS, Status
from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.errors import JournalError

from .batches import RENEWED, digest_of, said
from .journal import Journal
from .ready import Ready
from .records import Claimed, Settled
from .tables import batches, events, orders, placements

ABANDONED = Words(
    "发送时程序中断，不知道建了没有：请运行 resume，核实之前程序不会再发。",
    "The program was interrupted while sending; run resume: it is not sent again until that is settled.",
)

_AT_ONCE = dt.datetime.min.replace(tzinfo=dt.UTC)
Event = Mapping[str, object]
"""A row of the table of events."""


class _Taken(NamedTuple):
    """What is read of an order that is taken, as the driver gives it."""

    id: int
    display: str
    payload: bytes
    attempts: int
    waits: int
    updates: int
    taken: int
    batch: str
    digest: str | None


# -- statements ------------------------------------------------------------------------------------------------------------
# Built once: SQLAlchemy takes several times longer to put a statement together than SQLite takes to carry it out. `Ready` are those that
# are carried out for each order.
_PENDING = select(orders).where(orders.c.gate == bindparam("at_gate"), orders.c.status == Status.PENDING.value)
"""Orders of a gate that wait to be sent; orders of drafts do not exist yet."""
_DUE = _PENDING.where(or_(orders.c.due.is_(None), orders.c.due <= bindparam("by_now")))


def _batches_waiting() -> CTE:
    """The batches with orders that wait at a gate, one index seek each, however many orders and finished batches there are."""
    first = _PENDING.with_only_columns(func.min(orders.c.batch).label("batch")).cte("waiting", recursive=True)
    following = _PENDING.with_only_columns(func.min(orders.c.batch)).where(orders.c.batch > first.c.batch).scalar_subquery()
    return first.union_all(select(following).where(first.c.batch.is_not(None)))


_PAUSED = select(batches.c.id).where(batches.c.paused)
_NEXT_BATCH = (
    select(batches.c.id)
    .where(batches.c.paused.is_(False))
    .where(batches.c.id.in_(select(_batches_waiting().c.batch)))
    .where(exists(_DUE.where(orders.c.batch == batches.c.id).correlate(batches)))
    .order_by(batches.c.turn, batches.c.released_at, batches.c.id)
    .limit(1)
)
_FIRST = _DUE.where(orders.c.batch == _NEXT_BATCH.scalar_subquery()).with_only_columns(orders.c.id).order_by(orders.c.id).limit(1)
_PEEK = Ready(select(orders.c.payload).where(orders.c.id == _FIRST.scalar_subquery()))
_TAKE = Ready(
    update(orders)
    .where(orders.c.id == _FIRST.scalar_subquery())
    .values(status=Status.SENDING.value, attempts=orders.c.attempts + 1, submitted_at=bindparam("at_now", type_=orders.c.submitted_at.type))
    .returning(*(orders.c[name] for name in _Taken._fields))
)
_PASS_TURN = Ready(
    update(batches)
    .where(batches.c.id == bindparam("of_batch"))
    .values(turn=select(func.max(events.c.id)).scalar_subquery())
)  # fmt: skip
_LOG = Ready(insert(events))
_MOVE = Ready(
    update(orders)
    .where(orders.c.id == bindparam("order"), orders.c.status == bindparam("stands_at"))
    .values({name: bindparam(f"new_{name}", type_=orders.c[name].type) for name in (
        "status", "attempts", "waits", "due", "void", "taken", "request_id", "remote_id", "tracking_number", "carrier", "zh", "en",
    )})
)  # fmt: skip
_ANY_AT = (
    select(orders.c.id)
    .join(placements, placements.c.order_id == orders.c.id)
    .where(orders.c.gate == bindparam("at_gate"), orders.c.status.in_(bindparam("statuses", expanding=True)))
    .where(placements.c.batch.in_(bindparam("batches", expanding=True)), placements.c.fate.is_(None))
    .where(or_(orders.c.status != Status.PENDING.value, orders.c.batch.not_in(_PAUSED)))
    .limit(1)
)


def peek(journal: Journal, gate: str, now: dt.datetime) -> bytes | None:
    """The payload of the order that `claim` would take now."""
    with journal.read() as connection:
        found = _PEEK.execute(connection, {"at_gate": gate, "by_now": now}).fetchone()
    return found[0] if found else None


def claim(journal: Journal, gate: str, now: dt.datetime) -> Claimed | None:
    """Takes the next due order of a gate: `sending` is committed before its request may leave. None where none is due."""
    with journal.write() as connection:
        return _claim(connection, gate, now)


def settle(journal: Journal, order: Claimed, settled: Settled, gate: str, *, go_on: bool = True) -> Claimed | None:
    """Writes down what became of an order and, in the same commit, claims the next one if `go_on`.

    Raises ValueError for an unknown transition, JournalError where the order is no longer `sending`.
    """
    if settled.status not in TRANSITIONS[Status.SENDING]:
        raise ValueError(f"{Status.SENDING} is not followed by {settled.status}")
    with journal.write() as connection:
        happened = _settle(connection, order, settled)
        if go_on:
            return _claim(connection, gate, settled.at, happened)
        _log(connection, happened)
        return None


def will_send(journal: Journal, order: Claimed) -> None:
    """An order that was looked up leaves now: committed before its request may, so that the remote may have it from us."""
    with journal.write() as connection:
        connection.execute(update(orders).where(orders.c.id == order.id).values(taken=True))


def was_doubted(journal: Journal, order: Claimed, message: Words | None, until: dt.datetime) -> bool:
    """Whether an attempt of an order that ended no later than that left it in doubt, and this was said of it."""
    said_so = events.c.order_id == order.id, events.c.message == (message.zh if message else None), events.c.at <= until
    left = events.c.before == Status.SENDING.value, events.c.after == Status.IN_DOUBT.value
    with journal.read() as connection:
        return connection.execute(select(events.c.id).where(*said_so, *left).limit(1)).first() is not None


def next_due(journal: Journal, gate: str) -> dt.datetime | None:
    """When the next order of a gate may be sent; None where none waits."""
    ready = _PENDING.where(orders.c.batch.not_in(_PAUSED))
    waiting = ready.with_only_columns(orders.c.due).order_by(orders.c.due.is_not(None), orders.c.due).limit(1)
    with journal.read() as connection:
        row = connection.execute(waiting, {"at_gate": gate}).one_or_none()
    return None if row is None else row.due or _AT_ONCE


def is_waiting(journal: Journal, gate: str, batches_: Sequence[str], statuses: Sequence[Status] = (Status.PENDING, Status.SENDING)) -> bool:
    """Whether any of these batches has an order at the gate that stands at one of the statuses; what is paused does not wait."""
    asked = {"at_gate": gate, "statuses": [status.value for status in statuses], "batches": list(batches_)}
    with journal.read() as connection:
        return connection.execute(_ANY_AT, asked).first() is not None


def count_waiting(journal: Journal, batches_: Sequence[str], gate: str | None = None) -> int:
    """How many orders of these batches wait to be sent, at one gate or at all."""
    ours = placements.c.batch.in_(batches_), placements.c.fate.is_(None), orders.c.batch.not_in(_PAUSED)
    waiting = orders.c.status == Status.PENDING.value, *ours
    with journal.read() as connection:
        both = orders.join(placements, placements.c.order_id == orders.c.id)
        joined = select(func.count(orders.c.id.distinct())).select_from(both).where(*waiting)
        return int(connection.execute(joined if gate is None else joined.where(orders.c.gate == gate)).scalar_one())


def tell_waiting(journal: Journal, gate: str, reason: Words) -> None:
    """Says of all orders that still wait at a gate why they do."""
    with journal.write() as connection:
        waiting = orders.c.gate == gate, orders.c.status == Status.PENDING.value
        connection.execute(update(orders).where(*waiting).values(**said(reason)))


def doubt_the_abandoned(journal: Journal, gate: str, now: dt.datetime, due: dt.datetime | None = None, *, looked_up: bool = False) -> int:
    """Orders left `sending` by a holder that is gone are in doubt: nobody knows whether their request left. Gives their number.

    `due`: when to ask for them, where they can be asked for. `looked_up`: orders are looked up before they are sent here, and `will_send`
    tells that a request was about to leave; without it the order waits as before.
    """
    with journal.write() as connection:
        left = connection.execute(select(orders).where(orders.c.gate == gate, orders.c.status == Status.SENDING.value)).all()
        for row in left:
            settled = Settled(Status.IN_DOUBT, now, message=ABANDONED, due=due)
            if looked_up and not row.taken:
                settled = Settled(Status.PENDING, now, counts=False)
            _log(connection, _settle(connection, _claimed(row), settled))
        return len(left)


def _claim(connection: Connection, gate: str, now: dt.datetime, happened: Sequence[Event] = ()) -> Claimed | None:
    """The first due order of the batch whose turn it is, so that 5 orders never wait behind 5,000. What `happened` is written with it."""
    taken = _TAKE.execute(connection, {"at_gate": gate, "by_now": now, "at_now": now}).fetchone()
    if taken is None:
        _log(connection, happened)
        return None
    row = _Taken(*taken)
    _log(connection, [*happened, _event(row.id, Status.PENDING, Status.SENDING, now, row.attempts)])
    _PASS_TURN.execute(connection, {"of_batch": row.batch})
    if row.digest is not None and row.digest != digest_of(row.payload):
        raise JournalError(
            "流水账里有一单的内容被磁盘改坏了，没有发送：请从备份恢复流水账，或联系技术支持。",
            "an order's content was damaged in the journal and was not sent: restore the journal from a backup.",
        )
    return _claimed(row)


def _claimed(row: "_Taken | Row[Any]") -> Claimed:
    """An order that stands at `sending`: this attempt is counted when it is settled."""
    return Claimed(row.id, row.display, row.payload, row.attempts - 1, row.waits, bool(row.updates), bool(row.taken), row.batch)


_TAKEN = frozenset({Status.CREATED, Status.ACCEPTED, Status.IN_DOUBT})


def _settle(connection: Connection, order: Claimed, settled: Settled) -> list[Event]:
    """One transition; gives its events, which are to be written. Raises JournalError where the order is no longer `sending`."""
    attempts = order.attempts + settled.counts
    values = {
        "status": settled.status.value, "attempts": attempts, "waits": 0 if settled.counts else order.waits + 1, "due": settled.due,
        "void": order.updates and settled.status is Status.REJECTED, "taken": order.taken or settled.status in _TAKEN,
        "request_id": settled.request_id, "remote_id": settled.remote_id, "tracking_number": settled.tracking_number,
        "carrier": settled.carrier, **said(settled.message),
    }  # fmt: skip
    new = {f"new_{name}": value for name, value in values.items()}
    if _MOVE.execute(connection, {"order": order.id, "stands_at": Status.SENDING.value, **new}).rowcount != 1:
        raise JournalError("流水账里这一单的状态被别的程序改过，已停止。", "another program changed the order's status; stopped.")
    if not attempts:  # nothing was sent
        connection.execute(update(orders).where(orders.c.id == order.id).values(submitted_at=None))
    if settled.fate:
        tell_fate(connection, order.id, settled.fate, settled.message)
    is_taken = order.updates and settled.status in (Status.CREATED, Status.ACCEPTED)
    older = _replace_older(connection, order.id, settled.at) if is_taken else []
    return [*older, _event(order.id, Status.SENDING, settled.status, settled.at, attempts, settled)]


def tell_fate(connection: Connection, order: int, fate: Fate, message: Words | None) -> None:
    """Gives an order's batches a fate that is not its own status."""
    seen = placements.c.order_id == order, placements.c.fate.is_(None)
    connection.execute(update(placements).where(*seen).values(fate=fate.value, **said(message)))


def _replace_older(connection: Connection, order: int, now: dt.datetime) -> list[Event]:
    """A modification was taken: what it modified is no longer followed, and its batches are told. Gives the events."""
    happened = []
    identity, batch = connection.execute(select(orders.c.identity, orders.c.batch).where(orders.c.id == order)).one()
    older = select(orders.c.id, orders.c.attempts).where(
        orders.c.identity == identity, orders.c.id != order, orders.c.status == Status.ACCEPTED.value
    )
    for row in connection.execute(older).all():
        tell_fate(connection, row.id, Fate.CHANGED, RENEWED.fill(batch=batch))
        connection.execute(update(orders).where(orders.c.id == row.id).values(status=Status.REJECTED.value, due=None))
        happened.append(_event(row.id, Status.ACCEPTED, Status.REJECTED, now, row.attempts))
    return happened


def _log(connection: Connection, happened: Sequence[Event]) -> None:
    """Writes events down, in one statement."""
    if happened:
        _LOG.execute(connection, *happened)


def _event(order: int, before: Status, after: Status, at: dt.datetime, attempt: int, settled: Settled | None = None) -> Event:
    message = settled.message.zh if settled and settled.message else None
    code, request_id = (settled.code, settled.request_id) if settled else (None, None)
    event = {"order_id": order, "at": at, "before": before.value, "after": after.value, "attempt": attempt}
    return {**event, "code": code, "message": message, "request_id": request_id}


def bring_forward(journal: Journal, gate: str, latest: dt.datetime, now: dt.datetime) -> None:
    """What is due later than any wait can be was written by a clock that has been set back since: it is due now."""
    with journal.write() as connection:
        connection.execute(update(orders).where(orders.c.gate == gate, orders.c.due > latest).values(due=now))


def gates_of(journal: Journal, batch: str) -> list[tuple[str, str]]:
    """The gates that a batch's orders go through, each with the account's name, in the batch's order."""
    with journal.read() as connection:
        found = connection.execute(
            select(placements.c.gate, placements.c.account)
            .where(placements.c.batch == batch, placements.c.gate.is_not(None))
            .group_by(placements.c.gate, placements.c.account)
            .order_by(func.min(placements.c.position))
        )
        return [(row.gate, row.account) for row in found]


def unfinished(journal: Journal) -> list[str]:
    """Released batches with an order that is not final yet, or whose tracking number is not, the oldest first."""
    open_ = (Status.PENDING.value, Status.SENDING.value, Status.IN_DOUBT.value, Status.ACCEPTED.value)
    may_change = and_(orders.c.status == Status.CREATED.value, orders.c.due.is_not(None))
    with journal.read() as connection:
        found = connection.execute(
            select(batches.c.id)
            .join(placements, placements.c.batch == batches.c.id)
            .join(orders, orders.c.id == placements.c.order_id)
            .where(batches.c.status == "released", placements.c.fate.is_(None), or_(orders.c.status.in_(open_), may_change))
            .group_by(batches.c.id)
            .order_by(batches.c.created_at)
        )
        return list(found.scalars())
