"""Batches looked for: by whose they are, by an order or a file, by what became of their orders, by day."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Text, cast, exists, func, or_, select

from bulkorders.core.result import Fate

from .fates import FATE, OPEN_FATES, PLACED, Finished, Group, grouped
from .journal import Journal
from .progress import gates_of
from .records import Batch
from .tables import batches, placements
from .views import record

MOST_ORDERS = 3
"""Orders of a batch that are named where their number was looked for."""


@dataclass(frozen=True)
class Wanted:
    """What is looked for; None and "" leave it open. `since` is the first moment, `before` the first that is too late.

    `fate`: of an order; `is_released`, `is_open`: of the batch, the latter whether anything may still become of its orders.
    """

    by_whom: str | None = None
    text: str = ""
    fate: Fate | None = None
    is_released: bool | None = None
    is_open: bool | None = None
    since: dt.datetime | None = None
    before: dt.datetime | None = None


@dataclass(frozen=True)
class Page:
    """Some of the batches that were found, with their orders counted. `total`: how many there are; `paused`: gates that are.

    `orders`: position and number of the first orders of a batch that have the text which is looked for.
    """

    batches: Sequence[Batch]
    groups: Mapping[str, Sequence[Group]]
    paused: frozenset[str]
    total: int
    orders: Mapping[str, Sequence[tuple[int, str]]]


def find(journal: Journal, wanted: Wanted, finished: Finished, *, first: int, count: int) -> Page:
    """Batches, the newest first."""
    newest_first = select(batches).where(*_conditions(wanted)).order_by(batches.c.created_at.desc(), batches.c.id.desc())
    with journal.read() as connection:
        total: int = connection.execute(select(func.count()).select_from(batches).where(*_conditions(wanted))).scalar_one()
        page = [record(row) for row in connection.execute(newest_first.limit(count).offset(first))]
        groups = grouped(connection, page, finished)
        names = {group.gate for each in groups.values() for group in each if group.gate}
        known = gates_of(connection, names, counts=False)
        orders = {batch.id: _with_text(connection, batch.id, wanted.text) for batch in page} if wanted.text else {}
    return Page(page, groups, frozenset(name for name, gate in known.items() if gate.is_paused), total, orders)


def _with_text(connection: Connection, batch: str, text: str) -> list[tuple[int, str]]:
    """The first orders of a batch whose number has a text in it."""
    found = select(placements.c.position, placements.c.display).where(
        placements.c.batch == batch, _display().contains(text, autoescape=True)
    )
    return [(row.position, row.display) for row in connection.execute(found.order_by(placements.c.position).limit(MOST_ORDERS))]


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.by_whom is not None:
        found.append(batches.c.by_whom == wanted.by_whom)
    if wanted.text:
        found.append(or_(_file_name().contains(wanted.text, autoescape=True), _has(_display().contains(wanted.text, autoescape=True))))
    if wanted.is_released is not None:
        found.append(batches.c.status == ("released" if wanted.is_released else "draft"))
    if wanted.fate is not None:
        found.append(_has(FATE.in_([wanted.fate.value])))
    if wanted.is_open is not None:
        is_open = _has(FATE.in_([fate.value for fate in OPEN_FATES]))
        found.append(is_open if wanted.is_open else ~is_open)
    if wanted.since is not None:
        found.append(batches.c.created_at >= wanted.since)
    if wanted.before is not None:
        found.append(batches.c.created_at < wanted.before)
    return found


def _has(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a batch has such an order."""
    return exists().select_from(PLACED).where(placements.c.batch == batches.c.id, condition).correlate(batches)


def _display() -> ColumnElement[str]:
    return cast(placements.c.display, Text)


def _file_name() -> ColumnElement[str]:
    """A path's last part: from its end all letters are taken away that are no slash; what is left stands before the name."""
    folder = func.rtrim(batches.c.file, func.replace(batches.c.file, "/", ""))
    return cast(func.substr(batches.c.file, func.length(folder) + 1), Text)
