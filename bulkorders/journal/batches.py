"""Batches in: drafts are written, and released under the rules for an identity that the journal already knows."""

import datetime as dt
import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, and_, bindparam, delete, func, insert, literal, select
from sqlalchemy import update as update_

from bulkorders.core.order import Status
from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.errors import UsageError

from .journal import Journal
from .ready import Ready
from .records import Draft, NewBatch
from .tables import batches, corrections, events, issues, orders, placements
from .uploads import finish, forget_upload

_SKIPPED = Words("批次 {batch} 已经创建，内容相同，这次没有再发。", "Batch {batch} created it with the same content; not sent again.")
_CHANGED = Words(
    "批次 {batch} 已经创建这一单，内容与这次不同，没有再发：{remedy}。",
    "Batch {batch} created it with other content; not sent: {remedy}.",
)
_CANCEL = Words("要改请先在平台取消原单，再换一个新的订单号提交", "cancel it at the remote and submit under a new number")
_UPDATE = Words("要按这次的内容修改，请加 --update 再提交", "submit with --update to modify it")
RENEWED = Words("批次 {batch} 带来了这一单更新的内容，按新的发送。", "Batch {batch} brought newer content, which is sent instead.")

LOOKED_UP_AT_ONCE = 500
"""Identities asked for in one query: SQLite takes some thousands of parameters."""

# carried out for each order of a batch, while nobody else can write: see `ready`
_ATTACH = Ready(
    update_(placements)
    .where(placements.c.id == bindparam("placement"))
    .values({name: bindparam(f"new_{name}", type_=placements.c[name].type) for name in ("order_id", "fate", "zh", "en")})
)
_INSERT = Ready(
    insert(orders).values({name: bindparam(name, type_=orders.c[name].type) for name in (
        "identity", "revision", "gate", "template", "display", "key", "payload", "digest", "fingerprint", "status", "attempts", "waits",
        "batch", "updates", "taken",
    )})
)  # fmt: skip
_LOG = Ready(insert(events))


def changed(batch: str, *, updatable: bool) -> Words:
    """What is said of an order that a batch created with other content, and what to do about it."""
    remedy = _UPDATE if updatable else _CANCEL
    return Words(_CHANGED.zh.format(batch=batch, remedy=remedy.zh), _CHANGED.en.format(batch=batch, remedy=remedy.en))


def add_draft(journal: Journal, batch: NewBatch, now: dt.datetime) -> None:
    """Writes a workbook down as a draft: nothing of it is sent until it is released. Raises JournalError."""
    add_drafts(journal, [batch], now)


def add_drafts(journal: Journal, added: Sequence[NewBatch], now: dt.datetime, upload: str | None = None) -> None:
    """The same for all templates of a workbook, all or none, and for the upload that it came by. Raises JournalError, UsageError."""
    with journal.write() as connection:
        for batch in added:
            connection.execute(
                insert(batches).values(
                    id=batch.id, file=batch.file, content_hash=batch.content_hash, template=batch.template, status="draft",
                    is_test=batch.is_test, rows=dict(batch.rows), sheets=dict(batch.sheets), by_whom=batch.by_whom,
                    updatable=batch.updatable, created_at=now,
                )
            )  # fmt: skip
            insert_orders(connection, batch)
        if upload is not None:
            finish(connection, upload, [batch.id for batch in added], now)


def insert_orders(connection: Connection, batch: NewBatch) -> None:
    """The orders and issues of a draft."""
    _insert(connection, placements, (_placement(batch.id, position, draft) for position, draft in enumerate(batch.drafts)))
    _insert(connection, issues, (_issue(batch.id, position, issue) for position, issue in batch.issues))


def _insert(connection: Connection, table: Any, values: Iterable[dict[str, Any]]) -> None:
    if found := list(values):
        connection.execute(insert(table), found)


def _rows(draft: Draft) -> list[list[Any]]:
    """Sheet and row of each place, and behind them the indices of its element."""
    elements = draft.elements or [()] * len(draft.places)
    return [[*place, *element] for place, element in zip(draft.places, elements, strict=True)]


def _placement(batch: str, position: int, draft: Any) -> dict[str, Any]:
    return {
        "batch": batch, "position": position, "display": draft.display, "key": dict(draft.key),
        "rows": _rows(draft), "account": draft.account, "gate": draft.gate,
        "identity": draft.identity, "fingerprint": draft.fingerprint, "payload": draft.payload,
        "digest": draft.payload and digest_of(draft.payload), "fate": draft.fate and draft.fate.value, **said(draft.message),
    }  # fmt: skip


def _issue(batch: str, position: int | None, issue: Any) -> dict[str, Any]:
    return {
        "batch": batch, "position": position, "code": issue.code, "severity": issue.severity.value, "sheet": issue.sheet,
        "row": issue.row, "column": issue.column, "label": issue.label, "field": issue.field, "value": issue.value,
        "zh": issue.message.zh, "en": issue.message.en,
    }  # fmt: skip


def said(message: Words | None) -> dict[str, str | None]:
    """A message as it stands in a table, in both languages."""
    return {"zh": message.zh, "en": message.en} if message else {"zh": None, "en": None}


def release(
    journal: Journal, released: Sequence[str], now: dt.datetime, *, update: bool = False, keep_going: bool = False, whole: bool = False,
    seen: int | None = None,
) -> list[str]:  # fmt: skip
    """Releases drafts, all or none: each of their valid orders becomes an order to send, or meets the one that the journal knows.

    Created with the same content: skipped. Created or accepted with other content: changed, or with `update` a modification that
    goes out. Refused: the next revision goes out. Not sent yet: the newest content wins. In doubt: the frozen revision is settled
    first. What is no draft stays as it is; gives those that were. `keep_going`: no refusal pauses them. `whole`: only if none of their
    orders is invalid, `seen`: only if this is the newest of their corrections, 0 where there is none; else UsageError is raised.
    """
    with journal.write() as connection:
        if seen is not None:
            _refuse_corrected(connection, released, seen)
        if whole:
            _refuse_invalid(connection, released)
        done = [batch for batch in released if _release(connection, batch, now, update)]
        if keep_going:
            connection.execute(update_(batches).where(batches.c.id.in_(done)).values(keeps_going=True))
        return done


def go_on(journal: Journal, resumed: Sequence[str], *, keep_going: bool = False) -> None:
    """Batches that were paused are sent again; with `keep_going` no refusal pauses them any more."""
    values = {"paused": False, **({"keeps_going": True} if keep_going else {})}
    with journal.write() as connection:
        connection.execute(update_(batches).where(batches.c.id.in_(resumed)).values(values))
        paused = orders.c.batch.in_(select(batches.c.id).where(batches.c.paused))
        for batch in resumed:  # what another batch brought first, which is still paused, goes on with this one
            own = select(placements.c.order_id).where(placements.c.batch == batch, placements.c.fate.is_(None))
            waiting = orders.c.id.in_(own), orders.c.status == Status.PENDING.value, paused
            connection.execute(update_(orders).where(*waiting).values(batch=batch))


def pause_batch(journal: Journal, batch: str, reason: Words) -> bool:
    """Sends no more of a batch until somebody goes on with it, and says why; gives False for one that keeps going."""
    with journal.write() as connection:
        may_pause = batches.c.id == batch, batches.c.keeps_going.is_(False)
        if connection.execute(update_(batches).where(*may_pause).values(paused=True)).rowcount != 1:
            return False
        waiting = orders.c.batch == batch, orders.c.status == Status.PENDING.value
        connection.execute(update_(orders).where(*waiting).values(**said(reason)))
        return True


def _refuse_corrected(connection: Connection, released: Sequence[str], seen: int) -> None:
    """What would be sent is not what was looked at."""
    newest = select(func.max(corrections.c.id)).where(corrections.c.batch.in_(released))
    if (connection.execute(newest).scalar() or 0) != seen:
        raise UsageError(
            "打开这一页以后，表格又改过（可能是别人，或另一个窗口），没有提交：请再看一遍。",
            "cells were corrected since this page was loaded, perhaps by somebody else; nothing was submitted: look again.",
        )


def _refuse_invalid(connection: Connection, released: Sequence[str]) -> None:
    invalid = placements.c.batch.in_(released), placements.c.fate == Fate.INVALID.value
    if connection.execute(select(placements.c.id).where(*invalid).limit(1)).first() is not None:
        raise UsageError(
            "订单的内容刚刚改过，有的数据有误，没有提交：请再看一遍。",
            "the orders have just been changed and some are invalid: look again.",
        )


def _release(connection: Connection, batch: str, now: dt.datetime, is_update: bool) -> bool:
    """Releases a draft; gives False for what is none."""
    is_draft = batches.c.id == batch, batches.c.status == "draft"
    if connection.execute(select(batches.c.id).where(*is_draft)).first() is None:
        return False
    _place_new(connection, batch, now, is_update)
    drafts = connection.execute(
        select(placements, batches.c.template, batches.c.updatable)
        .join(batches, batches.c.id == placements.c.batch)
        .where(placements.c.batch == batch, placements.c.fate.is_(None), placements.c.order_id.is_(None))
        .order_by(placements.c.position)
    ).all()
    known = _known(connection, [draft.identity for draft in drafts])
    for draft in drafts:
        _place(connection, draft, known.get(draft.identity), now, is_update)
    connection.execute(update_(placements).where(placements.c.batch == batch).values(payload=None))
    connection.execute(update_(batches).where(*is_draft).values(status="released", released_at=now))
    return True


def drop_drafts(journal: Journal, dropped: Sequence[str]) -> list[str]:
    """Forgets drafts that will not be released; gives those that were. Released batches stay."""
    done = []
    with journal.write() as connection:
        for batch in dropped:
            if connection.execute(select(batches.c.id).where(batches.c.id == batch, batches.c.status == "draft")).first():
                for table in (corrections, issues, placements):
                    connection.execute(delete(table).where(table.c.batch == batch))
                connection.execute(delete(batches).where(batches.c.id == batch))
                forget_upload(connection, batch)
                done.append(batch)
    return done


def digest_of(payload: bytes) -> str:
    """What tells whether a payload still is what was frozen."""
    return hashlib.sha256(payload).hexdigest()


class _Known(NamedTuple):
    """What the journal knows of an identity: the revision that counts, and the number of the last one."""

    order: Row[Any]
    last: int


def _known(connection: Connection, identities: Sequence[str]) -> dict[str, _Known]:
    """The newest revision of each identity that the journal knows; modifications that were not made do not count."""
    found: dict[str, _Known] = {}
    for start in range(0, len(identities), LOOKED_UP_AT_ONCE):
        part = identities[start : start + LOOKED_UP_AT_ONCE]
        with_batch = select(orders, batches.c.paused).outerjoin(batches, batches.c.id == orders.c.batch)
        for row in connection.execute(with_batch.where(orders.c.identity.in_(part)).order_by(orders.c.revision)):
            before = found.get(row.identity)
            found[row.identity] = _Known(before.order if before and row.void else row, row.revision)
    return found


def _place_new(connection: Connection, batch: str, now: dt.datetime, is_update: bool) -> None:
    """Makes orders of what the journal does not know yet, in three statements: most of a batch is new, and nobody else can write meanwhile.

    A draft of an earlier version has no digest: it is placed one by one, as what is known.
    """
    is_known = select(orders.c.id).where(orders.c.identity == placements.c.identity).exists()
    own = placements.c.batch == batch, placements.c.fate.is_(None), placements.c.digest.is_not(None)
    values = {
        **{name: placements.c[name] for name in ("identity", "gate", "display", "key", "payload", "digest", "fingerprint", "batch")},
        "template": batches.c.template, "revision": literal(1), "status": literal(Status.PENDING.value), "attempts": literal(0),
        "waits": literal(0), "updates": literal(is_update),
    }  # fmt: skip
    new = select(*values.values()).join(batches, batches.c.id == placements.c.batch).where(*own, ~is_known).order_by(placements.c.position)
    connection.execute(insert(orders).from_select(list(values), new))
    is_made = orders.c.identity == placements.c.identity, orders.c.revision == 1, orders.c.batch == batch
    first = {"order_id": orders.c.id, "at": literal(now, events.c.at.type), "after": orders.c.status, "attempt": literal(0)}
    made = select(*first.values()).join(placements, and_(*is_made)).where(*own).order_by(orders.c.id)
    connection.execute(insert(events).from_select(list(first), made))
    order = select(orders.c.id).where(*is_made).scalar_subquery()
    connection.execute(update_(placements).where(*own).values(order_id=order))


def _place(connection: Connection, draft: Row[Any], known: _Known | None, now: dt.datetime, is_update: bool) -> None:
    """Puts one order of a batch where it belongs."""
    if known is None:
        _attach(connection, draft, _new_order(connection, draft, 1, now, updates=is_update))
        return
    order, revision = known.order, known.last + 1
    status, same = Status(order.status), order.fingerprint == draft.fingerprint
    is_there = status in (Status.CREATED, Status.ACCEPTED)
    if status is Status.REJECTED or (is_there and not same and is_update):
        _attach(connection, draft, _new_order(connection, draft, revision, now, updates=is_update, taken=order.taken))
    elif status is Status.CREATED and same:
        _attach(connection, draft, order.id, Fate.SKIPPED, _SKIPPED.fill(batch=order.batch))
    elif is_there and not same:
        _attach(connection, draft, order.id, Fate.CHANGED, changed(order.batch, updatable=draft.updatable))
    elif status is Status.PENDING and not order.attempts and not same and (is_update or not order.updates):
        _renew(connection, draft, order, now)
        _attach(connection, draft, order.id)
    else:  # the frozen revision is settled first; how the batch sees it depends on whether the content is the same
        if order.paused and status is Status.PENDING:  # whoever submits it again wants it sent
            connection.execute(update_(orders).where(orders.c.id == order.id).values(batch=draft.batch))
        _attach(connection, draft, order.id)


def _attach(connection: Connection, draft: Row[Any], order: int, fate: Fate | None = None, message: Words | None = None) -> None:
    words = said(message)
    values = {"placement": draft.id, "new_order_id": order, "new_fate": fate and fate.value, "new_zh": words["zh"], "new_en": words["en"]}
    _ATTACH.execute(connection, values)


def _new_order(
    connection: Connection, draft: Row[Any], revision: int, now: dt.datetime, *, updates: bool, taken: bool = False
) -> int:  # fmt: skip
    """A new revision, frozen as it is, ready to be claimed."""
    values = {
        "identity": draft.identity, "revision": revision, "gate": draft.gate, "template": draft.template, "display": draft.display,
        "key": draft.key, "payload": draft.payload, "digest": digest_of(draft.payload), "fingerprint": draft.fingerprint,
        "status": Status.PENDING.value, "attempts": 0, "waits": 0, "batch": draft.batch, "updates": updates, "taken": taken,
    }  # fmt: skip
    order: int = _INSERT.execute(connection, values).lastrowid
    _log(connection, order, None, now)
    return order


def _renew(connection: Connection, draft: Row[Any], known: Row[Any], now: dt.datetime) -> None:
    """The newest content wins over one that was never sent; the older batches are told so."""
    older = placements.c.order_id == known.id, placements.c.fate.is_(None), placements.c.fingerprint != draft.fingerprint
    told = {"fate": Fate.CHANGED.value, **said(RENEWED.fill(batch=draft.batch))}
    connection.execute(update_(placements).where(*older).values(told))
    newer = {
        "payload": draft.payload, "digest": digest_of(draft.payload), "fingerprint": draft.fingerprint, "batch": draft.batch,
    }  # fmt: skip
    connection.execute(update_(orders).where(orders.c.id == known.id).values(newer))
    _log(connection, known.id, known.status, now, f"content of batch {draft.batch}")


def _log(connection: Connection, order: int, before: str | None, now: dt.datetime, message: str | None = None) -> None:
    values = {"order_id": order, "at": now, "before": before, "after": Status.PENDING.value, "attempt": 0, "message": message}
    _LOG.execute(connection, values)
