"""How batches stand at their gates: what there is to send, to settle and to wait for, without loading any order."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, select

from bulkorders.core.order import Status

from .batches import LOOKED_UP_AT_ONCE
from .journal import Journal
from .tables import batches, orders, placements


@dataclass(frozen=True)
class Standing:
    """How a batch stands at its gates. `waiting`: gates with orders to send; `paused`, `doubtful`, `accepted`: with orders of that kind."""

    is_draft: bool = False
    waiting: frozenset[str] = frozenset()
    paused: frozenset[str] = frozenset()
    doubtful: frozenset[str] = frozenset()
    accepted: frozenset[str] = frozenset()
    numbered: frozenset[str] = frozenset()
    """Gates with created orders whose tracking number may still change."""

    @property
    def active(self) -> frozenset[str]:
        """Gates at which there is something to send, to settle, or to wait for."""
        return self.waiting | self.doubtful | self.accepted

    @property
    def is_open(self) -> bool:
        """Whether anything of it may still change by itself."""
        return self.is_draft or bool(self.active | self.paused | self.numbered)


@dataclass
class _Gates:
    """What is found of a batch, row by row."""

    is_draft: bool = False
    kinds: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def standing(self) -> Standing:
        return Standing(self.is_draft, **{kind: frozenset(gates) for kind, gates in self.kinds.items()})


def standings(journal: Journal, asked: Sequence[str]) -> Mapping[str, Standing]:
    """How batches stand; one that the journal does not have is left out."""
    found: dict[str, _Gates] = {}
    with journal.read() as connection:
        for part in _parts(asked):
            known = connection.execute(select(batches.c.id, batches.c.status).where(batches.c.id.in_(part)))
            found.update({row.id: _Gates(row.status == "draft") for row in known})
            for row in _grouped(connection, part):
                if kind := _kind(Status(row.status), is_due=row.is_due, is_paused=row.is_paused):
                    found[row.batch].kinds[kind].add(row.gate)
    return {batch: gates.standing() for batch, gates in found.items()}


def _grouped(connection: Connection, part: Sequence[str]) -> Iterable[Row[Any]]:
    """The kinds of orders of some batches, each kind once."""
    paused = select(batches.c.id).where(batches.c.paused)
    kinds = (
        placements.c.batch, orders.c.gate, orders.c.status, orders.c.due.is_not(None).label("is_due"),
        orders.c.batch.in_(paused).label("is_paused"),
    )  # fmt: skip
    own = select(*kinds).join(orders, orders.c.id == placements.c.order_id)
    return connection.execute(own.where(placements.c.batch.in_(part), placements.c.fate.is_(None)).distinct())


def _kind(status: Status, *, is_due: bool, is_paused: bool) -> str | None:
    """What an order is counted as; nothing for one that is final."""
    match status:
        case Status.PENDING:
            return "paused" if is_paused else "waiting"
        case Status.SENDING:
            return "waiting"
        case Status.IN_DOUBT:
            return "doubtful"
        case Status.ACCEPTED:
            return "accepted"
        case Status.CREATED:
            return "numbered" if is_due else None
        case Status.REJECTED:
            return None


def _parts(found: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(found), LOOKED_UP_AT_ONCE):
        yield found[start : start + LOOKED_UP_AT_ONCE]


_OPEN = (Status.PENDING, Status.SENDING, Status.IN_DOUBT, Status.ACCEPTED)


def standings_at(journal: Journal, gates: Collection[str]) -> Mapping[str, Standing]:
    """How all released batches stand at some gates, as far as there is anything to do there: an order counts for the batch it is sent for.

    Read from indices alone, so that it may be asked again and again, however many orders wait.
    """
    found: dict[str, _Gates] = defaultdict(_Gates)
    open_ = select(orders.c.batch, orders.c.gate, orders.c.status).where(orders.c.gate.in_(gates), orders.c.status.in_(_OPEN)).distinct()
    has_number = orders.c.gate.in_(gates), orders.c.due.is_not(None), orders.c.status == Status.CREATED.value
    with journal.read() as connection:
        paused = set(connection.execute(select(batches.c.id).where(batches.c.paused)).scalars())
        for row in connection.execute(open_):
            if kind := _kind(Status(row.status), is_due=False, is_paused=row.batch in paused):
                found[row.batch].kinds[kind].add(row.gate)
        for batch, gate in connection.execute(select(orders.c.batch, orders.c.gate).where(*has_number).distinct()):
            found[batch].kinds["numbered"].add(gate)
    return {batch: each.standing() for batch, each in found.items()}


def statuses_now(journal: Journal, asked: Sequence[str]) -> set[Status | None]:
    """How the orders of some batches stand by now, whichever batch has brought their last revision; None for one that was never sent."""
    last = orders.c.identity == placements.c.identity, orders.c.void.is_(False)
    status = select(orders.c.status).where(*last).order_by(orders.c.revision.desc()).limit(1).scalar_subquery()
    with journal.read() as connection:
        found = connection.execute(select(status).where(placements.c.batch.in_(asked)).distinct()).scalars()
        return {Status(each) if each else None for each in found}
