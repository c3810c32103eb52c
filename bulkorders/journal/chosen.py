"""Some of a batch's orders, chosen by what has become of them: counted and cut by the database. A large batch has a hundred thousand."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, case, func, or_, select

from bulkorders.core.result import Fate

from .fates import FATE, PLACED, THERE
from .journal import Journal
from .records import Placed
from .tables import orders, placements
from .views import PLACED_ORDERS, placed_record

_HAS_MESSAGE = or_(
    placements.c.zh.is_not(None),
    orders.c.zh.is_not(None),
    and_(placements.c.fate.is_(None), orders.c.id.is_not(None), placements.c.fingerprint.is_distinct_from(orders.c.fingerprint)),
)
"""What is said of an order that waits: in its placement, in the order itself, or that another batch's has to be settled first."""


def orders_of_fate(journal: Journal, batch: str, fate: Fate, first: int, count: int) -> tuple[int, list[Placed]]:
    """How many orders of a batch have a fate, and so many of them from the `first` on, which is 0, in the workbook's order."""
    return _chosen(journal, [placements.c.batch == batch, FATE.in_([fate.value])], [placements.c.position], first, count)


def orders_in_need(journal: Journal, batch: str, fates: Sequence[Fate], most: int) -> tuple[int, list[Placed]]:
    """How many orders of a batch have one of these fates, and the first of them, fate by fate. What is unsent counts if something is said
    of it."""  # fmt: skip
    said = or_(~FATE.in_([Fate.UNSENT.value]), _HAS_MESSAGE)
    order = case(*((FATE.in_([fate.value]), number) for number, fate in enumerate(fates)))
    chosen = [placements.c.batch == batch, FATE.in_([fate.value for fate in fates]), said]
    return _chosen(journal, chosen, [order, placements.c.position], 0, most)


def count_there(journal: Journal, batch: str) -> tuple[int, int]:
    """How many orders of a draft the remote has from us already: with the same content, and with other content."""
    later = orders.alias()
    is_later = later.c.identity == orders.c.identity, later.c.revision > orders.c.revision, later.c.void.is_(False)
    counts = orders.c.void.is_(False), orders.c.status.in_(THERE), ~select(later.c.id).where(*is_later).exists()
    is_same = placements.c.fingerprint == orders.c.fingerprint
    known = placements.join(orders, orders.c.identity == placements.c.identity)
    found = select(is_same.label("same"), func.count().label("number")).select_from(known).group_by("same")
    with journal.read() as connection:
        rows = connection.execute(found.where(placements.c.batch == batch, placements.c.fate.is_(None), *counts)).all()
    by_same = {bool(row.same): row.number for row in rows}
    return by_same.get(True, 0), by_same.get(False, 0)


def _chosen(
    journal: Journal, where: Sequence[ColumnElement[bool]], order: Sequence[ColumnElement[int]], first: int, count: int
) -> tuple[int, list[Placed]]:  # fmt: skip
    with journal.read() as connection:
        total = connection.execute(select(func.count()).select_from(PLACED).where(*where)).scalar_one()
        rows = connection.execute(PLACED_ORDERS.where(*where).order_by(*order).offset(first).limit(count))
        return total, [placed_record(row) for row in rows]
