"""How a batch is getting on, read in one short transaction: counted by the database, no order of it loaded."""

import datetime as dt
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, func, select

from bulkorders.core.order import Status
from bulkorders.core.result import Fate, fate_of
from bulkorders.core.words import Words

from .fates import Finished, Group, grouped
from .journal import Journal
from .records import Batch
from .tables import batches, events, gates, orders, placements
from .views import batch_of

LATEST = 5
RECENT = 1000
"""Events of the journal that are looked through for what has just happened."""
PACE_SECONDS = 60
_OUTCOMES = (Status.CREATED, Status.ACCEPTED, Status.REJECTED, Status.IN_DOUBT)


@dataclass(frozen=True)
class Told:
    """What an answer said of an order, and what its batch sees in it."""

    display: str
    fate: Fate
    message: Words | None
    at: dt.datetime


@dataclass(frozen=True)
class Answers:
    """How many orders of a batch were answered within the last minute, and when the first and the last of these were."""

    count: int = 0
    first: dt.datetime | None = None
    last: dt.datetime | None = None


@dataclass(frozen=True)
class Gate:
    """What the journal knows of a gate. `seconds`: from one order to the next; `waiting`: orders to send, by batch."""

    is_paused: bool
    seconds: float | None
    waiting: Mapping[str, int]


@dataclass(frozen=True)
class Snapshot:
    """A batch at one moment. `event`: the journal's last one then."""

    batch: Batch
    groups: Sequence[Group]
    gates: Mapping[str, Gate]
    answers: Answers
    latest: Sequence[Told]
    event: int


def snapshot(journal: Journal, batch: str, now: dt.datetime, finished: Finished) -> Snapshot:
    """Reads a batch. Raises UsageError where there is none."""
    with journal.read() as connection:
        found = batch_of(connection, batch)
        groups = grouped(connection, [found], finished)[batch]
        newest: int = connection.execute(select(func.max(events.c.id))).scalar() or 0
        names = {group.gate for group in groups if group.gate}
        is_open = any(group.status in (Status.PENDING, Status.SENDING) for group in groups)
        return Snapshot(
            found, groups, gates_of(connection, names, counts=is_open or not found.is_released),
            _answers(connection, batch, newest, now) if is_open else Answers(),
            _latest(connection, found, newest) if found.released_at else (),
            newest,
        )  # fmt: skip


def gates_of(connection: Connection, names: set[str], *, counts: bool) -> Mapping[str, Gate]:
    """What is known of some gates; `counts`: also what waits at them."""
    known = {row.gate: row for row in connection.execute(select(gates).where(gates.c.gate.in_(names)))}
    waiting: dict[str, dict[str, int]] = defaultdict(dict)
    paused = select(batches.c.id).where(batches.c.paused)
    if counts:
        pending = orders.c.gate.in_(names), orders.c.status == Status.PENDING.value, orders.c.batch.not_in(paused)
        by_batch = select(orders.c.gate, orders.c.batch, func.count().label("number")).where(*pending)
        for row in connection.execute(by_batch.group_by(orders.c.gate, orders.c.batch)):
            waiting[row.gate][row.batch] = row.number
    return {
        name: Gate(name in known and known[name].paused_at is not None, known[name].seconds if name in known else None, waiting[name])
        for name in names
    }


def _answers(connection: Connection, batch: str, newest: int, now: dt.datetime) -> Answers:
    since = now - dt.timedelta(seconds=PACE_SECONDS)
    recent = select(events.c.order_id, events.c.at, events.c.before).where(events.c.id > newest - RECENT).limit(RECENT).subquery()
    is_own = exists().where(placements.c.order_id == recent.c.order_id, placements.c.batch == batch)
    found = select(func.count(), func.min(recent.c.at), func.max(recent.c.at))
    row = connection.execute(found.where(recent.c.before == Status.SENDING.value, recent.c.at > since, is_own)).one()
    return Answers(*row)


def _latest(connection: Connection, batch: Batch, newest: int) -> Sequence[Told]:
    """The newest outcomes of its own orders, among what has just happened."""
    before, after = events.c.before.in_([Status.SENDING, *_OUTCOMES]), events.c.after.in_(_OUTCOMES)
    is_recent = events.c.id > newest - RECENT, events.c.at >= batch.released_at, before, after
    is_own = placements.c.order_id == orders.c.id, placements.c.batch == batch.id, placements.c.fingerprint == orders.c.fingerprint
    has_own = exists().where(orders.c.id == events.c.order_id, *is_own)
    newest_first = select(events.c.id).where(*is_recent, has_own).order_by(events.c.id.desc()).limit(LATEST)
    joined: Select[Any] = select(
        events.c.after, events.c.at, events.c.message, placements.c.display, placements.c.fate, orders.c.zh, orders.c.en,
        placements.c.zh.label("own_zh"), placements.c.en.label("own_en"),
    ).where(events.c.id.in_(list(connection.execute(newest_first).scalars())), orders.c.id == events.c.order_id, *is_own)  # fmt: skip
    return [
        Told(row.display, Fate(row.fate) if row.fate else fate_of(Status(row.after)), _message(row), row.at)
        for row in connection.execute(joined.order_by(events.c.id.desc()))
    ]


def _message(row: Row[Any]) -> Words | None:
    """What an event says, in both languages where its order still says the same."""
    english = {row.zh: row.en, row.own_zh: row.own_en}.get(row.message)
    return Words(row.message, english or row.message) if row.message else None


def reason(journal: Journal, batch: str) -> Words | None:
    """What is said of an order that waits: of all that wait at a gate it is the same."""
    waits = orders.c.status == Status.PENDING.value, orders.c.zh.is_not(None), placements.c.batch == batch, placements.c.fate.is_(None)
    said = select(orders.c.zh, orders.c.en).join(placements, placements.c.order_id == orders.c.id).where(*waits).limit(1)
    with journal.read() as connection:
        row = connection.execute(said).one_or_none()
    return Words(row.zh, row.en) if row else None
