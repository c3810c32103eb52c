"""Batches out: what the journal says of a batch, for status, results and JSON."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, func, select

from bulkorders.core.issue import Issue, Severity
from bulkorders.core.order import Place, Status
from bulkorders.core.result import Fate, fate_of
from bulkorders.core.words import Words
from bulkorders.errors import UsageError

from .batches import changed
from .journal import Journal
from .queue import ABANDONED
from .records import Batch, Event, Placed
from .tables import batches, events, issues, orders, placements

_WAITS = Words(
    "批次 {batch} 里的这一单先要有结果，这次改过的内容没有发：等它有了结果，再提交一次。",
    "The order of batch {batch} must be settled first; this content was not sent: submit again afterwards.",
)


def list_batches(journal: Journal) -> list[Batch]:
    """All batches, the newest first."""
    with journal.read() as connection:
        return [record(row) for row in connection.execute(select(batches).order_by(batches.c.created_at.desc(), batches.c.id.desc()))]


def get_batch(journal: Journal, batch: str) -> Batch:
    """One batch. Raises UsageError where the journal has none of that name."""
    with journal.read() as connection:
        return batch_of(connection, batch)


def batch_of(connection: Connection, batch: str) -> Batch:
    """One batch, within a transaction. Raises UsageError where there is none of that name."""
    row = connection.execute(select(batches).where(batches.c.id == batch)).one_or_none()
    if row is None:
        raise UsageError(f"没有批次 {batch}：用 bulkorders status 看有哪些批次。", f"there is no batch {batch}: see bulkorders status.")
    return record(row)


def batches_of_workbook(journal: Journal, batch: Batch) -> list[str]:
    """The batches that came out of the same workbook at the same time: one for each template in it. Of a draft, those that are drafts."""
    same = (batches.c.file == batch.file, batches.c.content_hash == batch.content_hash, batches.c.created_at == batch.created_at)
    own = select(batches.c.by_whom).where(batches.c.id == batch.id).scalar_subquery()
    status = "released" if batch.is_released else "draft"
    found = select(batches.c.id).where(*same, batches.c.status == status, batches.c.by_whom.is_not_distinct_from(own))
    with journal.read() as connection:
        return list(connection.execute(found).scalars()) or [batch.id]


def newest_batch_of(journal: Journal, file: str) -> Batch | None:
    """The batch that a path's file became last."""
    newest = select(batches).where(batches.c.file == file).order_by(batches.c.created_at.desc(), batches.c.id.desc()).limit(1)
    with journal.read() as connection:
        row = connection.execute(newest).one_or_none()
    return record(row) if row else None


def record(row: Row[Any]) -> Batch:
    """A row of the table of batches."""
    return Batch(
        row.id, row.file, row.content_hash, row.template, row.status == "released", row.is_test, row.rows, row.sheets,
        row.created_at, row.released_at, row.by_whom, row.paused,
    )  # fmt: skip


def owner_of(journal: Journal, batch: str) -> tuple[str | None] | None:
    """Who has brought a batch, as far as that is known; None where there is no such batch."""
    with journal.read() as connection:
        row = connection.execute(select(batches.c.by_whom).where(batches.c.id == batch)).one_or_none()
    return (row.by_whom,) if row else None


PLACED_ORDERS = select(
    placements,
    orders.c.status, orders.c.attempts, orders.c.request_id, orders.c.remote_id, orders.c.tracking_number, orders.c.carrier,
    orders.c.submitted_at, batches.c.updatable,
    orders.c.zh.label("order_zh"), orders.c.en.label("order_en"), orders.c.fingerprint.label("sent_fingerprint"),
    orders.c.batch.label("order_batch"),
).join(batches, batches.c.id == placements.c.batch).outerjoin(orders, orders.c.id == placements.c.order_id)  # fmt: skip
"""Orders as a batch sees them, see `placed_record`."""


def placed_orders(journal: Journal, batch: str, first: int = 0, count: int | None = None) -> list[Placed]:
    """Every order of a batch with its fate, in the workbook's order; or so many from a position on."""
    with journal.read() as connection:
        found = (
            PLACED_ORDERS.where(placements.c.batch == batch, placements.c.position >= first).order_by(placements.c.position).limit(count)
        )
        return [placed_record(row) for row in connection.execute(found)]


def placed_order(journal: Journal, batch: str, position: int) -> Placed | None:
    """One order of a batch; None where it has none at that position."""
    with journal.read() as connection:
        row = connection.execute(PLACED_ORDERS.where(placements.c.batch == batch, placements.c.position == position)).one_or_none()
    return placed_record(row) if row else None


def order_events(journal: Journal, batch: str, position: int) -> list[Event]:
    """All that has happened to an order of a batch, the oldest first; nothing of one that was sent with another's content."""
    is_own = placements.c.batch == batch, placements.c.position == position, placements.c.fingerprint == orders.c.fingerprint
    of = select(orders.c.id).join(placements, placements.c.order_id == orders.c.id).where(*is_own)
    with journal.read() as connection:
        found = connection.execute(select(events).where(events.c.order_id.in_(of)).order_by(events.c.id))
        return [
            Event(
                row.at, Status(row.before) if row.before else None, Status(row.after), row.attempt, row.code, row.message, row.request_id
            )
            for row in found
        ]  # fmt: skip


def sent_payloads(journal: Journal, batch: str) -> dict[int, bytes]:
    """What was sent of a batch's orders, or would be, by their positions: of each whose content is that of the batch."""
    frozen = select(placements.c.position, orders.c.payload).join(orders, orders.c.id == placements.c.order_id)
    is_own = placements.c.batch == batch, placements.c.fingerprint == orders.c.fingerprint
    with journal.read() as connection:
        return {row.position: row.payload for row in connection.execute(frozen.where(*is_own))}


def payloads_at(journal: Journal, batch: str, positions: Sequence[int]) -> dict[int, bytes]:
    """The same of some positions, drafts too."""
    own = placements.c.fingerprint == orders.c.fingerprint
    frozen = select(placements.c.position, placements.c.payload, orders.c.payload.label("sent")).outerjoin(
        orders, (orders.c.id == placements.c.order_id) & own
    )
    with journal.read() as connection:
        rows = connection.execute(frozen.where(placements.c.batch == batch, placements.c.position.in_(positions)))
        return {row.position: row.sent or row.payload for row in rows if row.sent or row.payload}


def placed_record(row: Row[Any]) -> Placed:
    """A row of `PLACED_ORDERS`."""
    status = Status(row.status) if row.status else None
    fate, message = _seen(row, status)
    # what was sent with other content says nothing of this batch's own
    is_own = row.fate != Fate.CHANGED and (row.fate is not None or row.fingerprint == row.sent_fingerprint)
    return Placed(
        position=row.position, display=row.display, key=row.key, places=tuple(Place(sheet, number) for sheet, number, *_ in row.rows),
        account=row.account, fate=fate, message=message, status=status,
        attempts=(row.attempts or 0) if is_own else 0, request_id=row.request_id if is_own else None,
        remote_id=row.remote_id if is_own else None, tracking_number=row.tracking_number if is_own else None,
        carrier=row.carrier if is_own else None,
        submitted_at=row.submitted_at if is_own else None,
        elements=tuple(tuple(element) for _, _, *element in row.rows) if any(len(each) > 2 for each in row.rows) else (),
    )  # fmt: skip


def _seen(row: Row[Any], status: Status | None) -> tuple[Fate, Words | None]:
    """An order's fate as this batch sees it: its own, unless the batch asked for other content than what was sent."""
    own = Words(row.zh, row.en) if row.zh else Words(row.order_zh, row.order_en) if row.order_zh else None
    if row.fate:
        return Fate(row.fate), own
    if status is None:
        return Fate.UNSENT, own
    if row.fingerprint == row.sent_fingerprint:
        return fate_of(status), own or (ABANDONED if status is Status.SENDING else None)
    if status in (Status.CREATED, Status.ACCEPTED):
        return Fate.CHANGED, changed(row.order_batch, updatable=row.updatable)
    return (Fate.IN_DOUBT if status in (Status.SENDING, Status.IN_DOUBT) else Fate.UNSENT), _WAITS.fill(batch=row.order_batch)


def count_placed(journal: Journal, batch: str) -> int:
    """How many orders a batch has."""
    with journal.read() as connection:
        return int(connection.execute(select(func.count()).select_from(placements).where(placements.c.batch == batch)).scalar_one())


def count_issues(journal: Journal, batch: str) -> int:
    """How many issues a batch has."""
    with journal.read() as connection:
        return int(connection.execute(select(func.count()).select_from(issues).where(issues.c.batch == batch)).scalar_one())


def batch_issues(
    journal: Journal, batch: str, first: int = 0, count: int | None = None, position: int | None = None
) -> Sequence[tuple[int | None, Issue]]:  # fmt: skip
    """The issues of a batch in the workbook's order, each with the position of its order, if any.

    So many from the `first` on; of the order at one `position` alone.
    """
    own = [issues.c.batch == batch, *([issues.c.position == position] if position is not None else [])]
    with journal.read() as connection:
        rows = connection.execute(
            select(issues, placements.c.display)
            .outerjoin(placements, (placements.c.batch == issues.c.batch) & (placements.c.position == issues.c.position))
            .where(*own)
            .order_by(issues.c.id)
            .limit(count)
            .offset(first)
        )
        return [(row.position, issue_of(row, row.display)) for row in rows]


def issue_of(row: Row[Any], order: str | None) -> Issue:
    """An issue as its row says, of an order if any."""
    return Issue(
        row.code, Severity(row.severity), Words(row.zh, row.en), row.sheet, row.row, row.column, row.label, row.field, row.value, order,
    )  # fmt: skip
