"""A journal looked through: its pages, what its rows say of each other, and the merchants' files beside it."""

import datetime as dt
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, and_, exists, func, or_, select

from bulkorders.core.order import Status
from bulkorders.core.result import Fate
from bulkorders.core.words import Words

from .batches import digest_of
from .forget import spare_files
from .journal import Journal, check_pages
from .kept import kept_path
from .tables import batches, events, metadata, orders, placements

NAMED = 5
"""How many orders or batches a sentence names."""


@dataclass(frozen=True)
class Condition:
    """What a journal holds, orders by status, and what is wrong with it, one sentence each."""

    batches: int
    orders: Mapping[Status, int]
    problems: Sequence[Words]


def check_journal(journal: Journal, now: dt.datetime) -> Condition:
    """Looks through a journal; changes nothing. Raises JournalError where its pages are damaged."""
    check_pages(journal, always=True)
    with journal.read() as connection:
        count: int = connection.execute(select(func.count()).select_from(batches)).scalar_one()
        by_status = {row[0]: row[1] for row in connection.execute(select(orders.c.status, func.count()).group_by(orders.c.status))}
        problems = [*_contradictions(connection), *_damaged(connection)]
    counts = {status: by_status.get(status.value, 0) for status in Status}
    return Condition(count, counts, [*problems, *_files(journal, now)])


def _problem(sentence: Words, names: Sequence[str]) -> Iterator[Words]:
    """The sentence, where it is true of anything."""
    if names:
        more = Words("等", " ...") if len(names) > NAMED else ""
        yield sentence.fill(count=len(names), names=Words("、".join(names[:NAMED]), ", ".join(names[:NAMED])), more=more)


# -- what the rows say of each other ------------------------------------------------------------------------------------------
_NEWEST = select(func.max(events.c.id)).where(events.c.order_id == orders.c.id).correlate(orders).scalar_subquery()
_WITHOUT_FATE = or_(
    and_(placements.c.fate.is_(None), placements.c.order_id.is_(None)), placements.c.fate.not_in([fate.value for fate in Fate])
)  # fmt: skip
_RULES: tuple[tuple[Words, Select[Any]], ...] = (
    (
        Words("有 {count} 单的状态不认识（{names}{more}）：请升级 bulkorders，或从备份恢复流水账。",
              "{count} orders have an unknown status ({names}{more}): upgrade bulkorders, or restore the journal from a backup."),
        select(orders.c.display).where(orders.c.status.not_in([status.value for status in Status])),
    ),
    (
        Words("有 {count} 单的状态和最后一条记录不符（{names}{more}）：请从备份恢复流水账，或联系技术支持。",
              "{count} orders do not stand where their last event says ({names}{more}): restore the journal from a backup."),
        select(orders.c.display).outerjoin(events, events.c.id == _NEWEST).where(func.coalesce(events.c.after, "") != orders.c.status),
    ),
    (
        Words("有 {count} 单不属于任何批次（{names}{more}）：请从备份恢复流水账，或联系技术支持。",
              "{count} orders stand in no batch ({names}{more}): restore the journal from a backup."),
        select(orders.c.display).where(~exists().where(placements.c.order_id == orders.c.id).correlate(orders)),
    ),
    (
        Words("有 {count} 单没有去向（{names}{more}）：请从备份恢复流水账，或联系技术支持。",
              "{count} orders have no fate ({names}{more}): restore the journal from a backup."),
        select(placements.c.display).join(batches).where(batches.c.status == "released", _WITHOUT_FATE),
    ),
    (
        Words("有 {count} 个批次的订单不齐（{names}{more}）：请从备份恢复流水账，或联系技术支持。",
              "{count} batches lack orders ({names}{more}): restore the journal from a backup."),
        select(placements.c.batch).group_by(placements.c.batch).having(func.max(placements.c.position) + 1 != func.count()),
    ),
)  # fmt: skip


def _contradictions(connection: Connection) -> Iterator[Words]:
    for sentence, wrong in _RULES:
        yield from _problem(sentence, list(connection.execute(wrong).scalars()))


# -- what a disk has changed --------------------------------------------------------------------------------------------------
_CHANGED = Words(
    "有 {count} 单的内容被磁盘改坏了（{names}{more}）：请从备份恢复流水账。",
    "the content of {count} orders was damaged by the disk ({names}{more}): restore the journal from a backup.",
)
_UNREADABLE = Words(
    "有 {count} 个表里有读不出的内容（{names}{more}）：请从备份恢复流水账。",
    "{count} tables hold what cannot be read ({names}{more}): restore the journal from a backup.",
)


def _damaged(connection: Connection) -> Iterator[Words]:
    payloads = connection.execute(select(orders.c.display, orders.c.payload, orders.c.digest).where(orders.c.digest.is_not(None)))
    yield from _problem(_CHANGED, [row.display for row in payloads if digest_of(row.payload) != row.digest])
    yield from _problem(_UNREADABLE, [table.name for table in metadata.sorted_tables if not _is_readable(connection, select(table))])


def _is_readable(connection: Connection, rows: Select[Any]) -> bool:
    """Whether every time and every JSON text among them is one."""
    try:
        for _ in connection.execute(rows):
            pass
    except ValueError:
        return False
    return True


# -- the merchants' files -----------------------------------------------------------------------------------------------------
_LOST = Words(
    "有 {count} 个批次的表格不见了或被改过（{names}{more}）：结果表不能重写，请从备份的 .files 文件夹里拷回。",
    "the files of {count} batches are gone or changed ({names}{more}): copy them back from a backup's folder .files.",
)
_SPARE = Words(
    "有 {count} 份过了保存期的表格没有删掉（{names}{more}）：请手动删除。",
    "{count} workbooks whose time is over are still there ({names}{more}): delete them by hand.",
)


def _files(journal: Journal, now: dt.datetime) -> Iterator[Words]:
    kept = batches.c.status == "released", batches.c.forgotten_at.is_(None)
    with journal.read() as connection:
        found = connection.execute(select(batches.c.id, batches.c.content_hash).where(*kept)).all()
    whole = {name: _is_whole(journal, name) for name in {row.content_hash for row in found}}
    yield from _problem(_LOST, [row.id for row in found if not whole[row.content_hash]])
    yield from _problem(_SPARE, [str(path) for path in spare_files(journal, now)])


def _is_whole(journal: Journal, content_hash: str) -> bool:
    """Whether the file of a hash is there and has it."""
    try:
        with kept_path(journal, content_hash).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == content_hash
    except OSError:
        return False
