"""Forgetting: files, cells and what is personal go when their time is over; identity, fingerprint and fate stay for ever.

A batch is forgotten in one short transaction, and the files that nobody needs any more are found afresh each time: a process that is
killed in between, or two at once, leave nothing that the next one does not find.
"""

import datetime as dt
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, delete, exists, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from bulkorders.core.order import Status
from bulkorders.core.words import Words

from .batches import digest_of, drop_drafts, said
from .journal import Journal
from .tables import batches, corrections, events, issues, meta, orders, placements, uploads
from .uploads import OPEN

DRAFT_DAYS = 7
SPARE_DAYS = 1
"""How long a file that belongs to no batch may still be on its way into one."""
FORGOTTEN = Words("保存期已过，原来的内容删除了。", "It was kept for its time and is deleted.")

Strip = Callable[[str, bytes], bytes]
"""What is left of the payload of a template, by its name, without what is personal."""
Impersonal = Callable[[str], frozenset[str]]
"""The fields of a template, by its name, that say nothing of a person."""

_FINAL = (Status.CREATED.value, Status.REJECTED.value)
_KEPT = re.compile(r"[0-9a-f]{64}\.xlsx|incoming-.*")
_TIDIED_AT = "tidied_at"


def is_time(journal: Journal, now: dt.datetime) -> bool:
    """Whether nobody has tidied up within the last day; from now on somebody has. Raises JournalError."""
    this, earlier = (at.astimezone(dt.UTC).isoformat(timespec="seconds") for at in (now, now - dt.timedelta(days=1)))
    with journal.read() as connection:
        last = connection.execute(select(meta.c.value).where(meta.c.name == _TIDIED_AT)).scalar()
    if last is not None and earlier < last <= this:
        return False
    values = {"name": _TIDIED_AT, "value": this}
    with journal.write() as connection:
        connection.execute(insert(meta).values(values).on_conflict_do_update(index_elements=["name"], set_=values))
    return True


def forget(journal: Journal, now: dt.datetime, keep_days: int, strip: Strip, impersonal: Impersonal) -> list[str]:
    """Forgets the batches that were released longer ago than so many days and are final. Gives their names. Raises JournalError."""
    before = now - dt.timedelta(days=keep_days)
    with journal.read() as connection:
        over = list(connection.execute(_over(before)).scalars())
    for batch in over:
        with journal.write() as connection:
            template = connection.execute(_over(before).with_only_columns(batches.c.template).where(batches.c.id == batch)).scalar()
            if template is not None:  # nobody else has forgotten it meanwhile
                _forget(connection, batch, now, strip, impersonal(template))
    journal.empty_log()
    return over


def drop_old_drafts(journal: Journal, now: dt.datetime) -> None:
    """Drops the drafts that nobody has released within their time. Raises JournalError."""
    is_old = batches.c.status == "draft", batches.c.created_at < now - dt.timedelta(days=DRAFT_DAYS)
    with journal.read() as connection:
        old = list(connection.execute(select(batches.c.id).where(*is_old)).scalars())
    for batch in old:
        drop_drafts(journal, [batch])


def spare_files(journal: Journal, now: dt.datetime) -> list[Path]:
    """Kept files that no batch and no waiting upload needs any more, and copies that were never finished. Raises JournalError."""
    with journal.read() as connection:
        needed = set(connection.execute(select(batches.c.content_hash).where(batches.c.forgotten_at.is_(None))).scalars())
        needed |= set(connection.execute(select(uploads.c.content_hash).where(uploads.c.status.in_(OPEN))).scalars())
    before = (now - dt.timedelta(days=SPARE_DAYS)).timestamp()
    ours = (path for path in journal.folder.iterdir() if _KEPT.fullmatch(path.name) and path.stem not in needed)
    return [path for path in ours if _changed_at(path) < before]


def _changed_at(path: Path) -> float:
    """When a file was written; one that somebody else has just deleted is nobody's any more."""
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _over(before: dt.datetime) -> Select[Any]:
    """Batches whose time is over: none of their orders is sent or asked for any more."""
    is_open = or_(orders.c.status.not_in(_FINAL), orders.c.due.is_not(None))
    has_open = exists().where(placements.c.batch == batches.c.id, orders.c.id == placements.c.order_id, is_open).correlate(batches)
    is_over = batches.c.status == "released", batches.c.released_at < before, batches.c.forgotten_at.is_(None)
    return select(batches.c.id).where(*is_over, ~has_open).order_by(batches.c.released_at)


def _forget(connection: Connection, batch: str, now: dt.datetime, strip: Strip, impersonal: frozenset[str]) -> None:
    """Takes out what is personal: of the batch's own rows, and of the orders that stand in no batch that is still kept."""
    _forget_orders(connection, batch, strip)
    told = placements.c.batch == batch, placements.c.zh.is_not(None)
    connection.execute(update(placements).where(*told).values(**said(FORGOTTEN)))
    quotes = or_(
        and_(issues.c.field.is_not(None), issues.c.field.not_in(impersonal)), and_(issues.c.field.is_(None), issues.c.value.is_not(None))
    )
    connection.execute(update(issues).where(issues.c.batch == batch, quotes).values(value=None, **said(FORGOTTEN)))
    connection.execute(delete(corrections).where(corrections.c.batch == batch))
    connection.execute(update(batches).where(batches.c.id == batch).values(forgotten_at=now))


_STRIP = update(orders).where(orders.c.id == bindparam("order")).values(payload=bindparam("left"), digest=bindparam("digest_left"))


def _forget_orders(connection: Connection, batch: str, strip: Strip) -> None:
    """What the remote said may quote what it was sent, so its sentences go with the payload."""
    other, kept = placements.alias(), batches.alias()
    is_kept = other.c.order_id == placements.c.order_id, other.c.batch != batch, kept.c.id == other.c.batch, kept.c.forgotten_at.is_(None)
    alone = select(placements.c.order_id).where(placements.c.batch == batch, ~exists().where(*is_kept).correlate(placements))
    left = [
        {"order": row.id, "left": (payload := strip(row.template, row.payload)), "digest_left": digest_of(payload)}
        for row in connection.execute(select(orders.c.id, orders.c.template, orders.c.payload).where(orders.c.id.in_(alone)))
    ]
    if left:
        connection.execute(_STRIP, left)
        connection.execute(update(events).where(events.c.order_id.in_(alone)).values(message=None))
        connection.execute(update(orders).where(orders.c.id.in_(alone), orders.c.zh.is_not(None)).values(**said(FORGOTTEN)))
