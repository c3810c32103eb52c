"""The fate of an order as one batch sees it, said in SQL: what `views` finds out order by order, counted for whole batches at once."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from sqlalchemy import Connection, FromClause, and_, case, func, select

from bulkorders.core.order import Status
from bulkorders.core.result import Fate, fate_of

from .batches import LOOKED_UP_AT_ONCE
from .journal import Journal
from .records import Batch
from .tables import batches, orders, placements

OPEN_FATES = (Fate.UNSENT, Fate.IN_DOUBT, Fate.ACCEPTED)
"""What may still become of something else."""
REMEMBERED = 20_000
"""Finished batches."""
PLACED: FromClause = placements.outerjoin(orders, orders.c.id == placements.c.order_id)
"""Where `FATE` is read."""
_IS_OWN = placements.c.fingerprint == orders.c.fingerprint
THERE = (Status.CREATED.value, Status.ACCEPTED.value)
"""What the remote has."""
_UNKNOWN = (Status.SENDING.value, Status.IN_DOUBT.value)
FATE = case(
    (placements.c.fate.is_not(None), placements.c.fate),
    *((and_(_IS_OWN, orders.c.status == status.value), fate_of(status).value) for status in Status),
    (orders.c.status.in_(THERE), Fate.CHANGED.value),
    (orders.c.status.in_(_UNKNOWN), Fate.IN_DOUBT.value),
    else_=Fate.UNSENT.value,
)
"""See `views._seen`: a test holds them together."""


class Group(NamedTuple):
    """Orders of a batch that stand alike. `due`: when the last of them is sent again, or asked for. `is_paused`: their batch is."""

    fate: Fate
    account: str | None
    gate: str | None
    status: Status | None
    is_paused: bool
    orders: int
    due: dt.datetime | None


_PAUSED = select(batches.c.id).where(batches.c.paused)
_KINDS = (
    placements.c.batch, FATE.label("seen"), placements.c.account, func.coalesce(orders.c.gate, placements.c.gate).label("gate"),
    orders.c.status, func.coalesce(orders.c.batch.in_(_PAUSED), False).label("is_paused"),
)  # fmt: skip
_GROUPED = select(*_KINDS, func.count().label("number"), func.max(orders.c.due).label("due")).select_from(PLACED)


class Finished:
    """What is remembered of batches of which nothing can become anything else, so that a long list of them costs nothing."""

    def __init__(self) -> None:
        self._found: dict[str, list[Group]] = {}

    def get(self, batch: str) -> list[Group] | None:
        """Its orders, counted, if it is one of them."""
        return self._found.get(batch)

    def add(self, batch: str, groups: list[Group]) -> None:
        """A released batch, just counted."""
        if groups and not any(group.fate in OPEN_FATES for group in groups):
            if len(self._found) >= REMEMBERED:
                self._found = {}
            self._found[batch] = groups


def grouped(connection: Connection, of: Sequence[Batch], finished: Finished) -> Mapping[str, list[Group]]:
    """The orders of some batches, counted."""
    found = {batch.id: finished.get(batch.id) or [] for batch in of}
    asked = [batch for batch, groups in found.items() if not groups]
    for start in range(0, len(asked), LOOKED_UP_AT_ONCE):
        part = placements.c.batch.in_(asked[start : start + LOOKED_UP_AT_ONCE])
        for row in connection.execute(_GROUPED.where(part).group_by(*_KINDS)):
            status = Status(row.status) if row.status else None
            group = Group(Fate(row.seen), row.account, row.gate, status, bool(row.is_paused), row.number, row.due)
            found[row.batch].append(group)
    for batch in of:
        if batch.is_released:
            finished.add(batch.id, found[batch.id])
    return found


def groups_of(journal: Journal, of: Sequence[Batch], finished: Finished) -> Mapping[str, list[Group]]:
    """The same, in a transaction of its own."""
    with journal.read() as connection:
        return grouped(connection, of, finished)


def counted(groups: Iterable[Group]) -> dict[Fate, int]:
    """How many orders have which fate; every fate is named."""
    counts = dict.fromkeys(Fate, 0)
    for group in groups:
        counts[group.fate] += group.orders
    return counts
