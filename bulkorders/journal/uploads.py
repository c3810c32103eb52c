"""Files that were uploaded: they wait for their check, one user's in turn with another's, and become drafts or are refused."""

import datetime as dt
from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, cast, delete, func, insert, select, update

from bulkorders.errors import UsageError

from .journal import Journal
from .locks import held
from .tables import batches, uploads

QUEUED, CHECKING, CHECKED, REFUSED = "queued", "checking", "checked", "refused"
OPEN = (QUEUED, CHECKING)
"""What still needs its kept file, though there is no batch of it."""
TURN_DAYS = 1
"""For how long it counts that a user has had his turn."""


@dataclass(frozen=True)
class Upload:
    """An uploaded file. `state`: queued, checking, checked or refused. `refused`: `code`, `zh`, `en` and `best_header`.

    `file`: what the merchant calls it. `account`: the only one that its orders may go to.
    """

    id: str
    by_whom: str
    file: str
    state: str
    refused: Mapping[str, Any] | None
    batches: tuple[str, ...]
    at: dt.datetime
    content_hash: str
    account: str | None = None


def insert_upload(journal: Journal, upload: Upload) -> None:
    """Writes a new upload down: from now on its kept file stays. Raises JournalError."""
    with journal.write() as connection:
        connection.execute(
            insert(uploads).values(
                id=upload.id, by_whom=upload.by_whom, file=upload.file, content_hash=upload.content_hash, account=upload.account,
                status=upload.state, batches=[], at=upload.at,
            )
        )  # fmt: skip


def get_upload(journal: Journal, upload: str) -> Upload | None:
    """One upload; None where there is none of that name."""
    with journal.read() as connection:
        row = connection.execute(select(uploads).where(uploads.c.id == upload)).one_or_none()
    return _upload(row) if row else None


def latest_uploads(journal: Journal, by_whom: str, count: int) -> list[Upload]:
    """The newest uploads of a user."""
    newest = select(uploads).where(uploads.c.by_whom == by_whom).order_by(uploads.c.at.desc(), uploads.c.id).limit(count)
    with journal.read() as connection:
        return [_upload(row) for row in connection.execute(newest)]


def count_waiting(journal: Journal, by_whom: str) -> int:
    """How many uploads of a user are not checked yet."""
    waits = uploads.c.status.in_(OPEN), uploads.c.by_whom == by_whom
    with journal.read() as connection:
        return int(connection.execute(select(func.count()).select_from(uploads).where(*waits)).scalar_one())


def upload_of(journal: Journal, batch: str) -> Upload | None:
    """The upload that a batch came out of, if it was one."""
    with journal.read() as connection:
        row = connection.execute(select(uploads).where(_has_become(batch)).limit(1)).one_or_none()
    return _upload(row) if row else None


def _has_become(batch: str) -> ColumnElement[bool]:
    return cast(uploads.c.batches, Text).contains(f'"{batch}"', autoescape=True)


def _upload(row: Row[Any]) -> Upload:
    return Upload(row.id, row.by_whom, row.file, row.status, row.refused, tuple(row.batches), row.at, row.content_hash, row.account)


# -- whose turn it is ---------------------------------------------------------------------------------------------------------
def ahead(journal: Journal, upload: str, now: dt.datetime) -> int:
    """How many uploads are checked now or will be before this one; 0 for one that waits no more."""
    with journal.read() as connection:
        waiting, under_way = _in_turn(connection, now), _under_way(connection)
    names = [row.id for row in waiting]
    return names.index(upload) + sum(under_way.values()) if upload in names else 0


def take(journal: Journal, now: dt.datetime) -> Upload | None:
    """Takes the upload whose turn it is: it is being checked from now on. None where none waits. Raises JournalError."""
    with journal.read() as connection:  # most of the time there is none, and nobody has to be kept from writing
        if connection.execute(select(uploads.c.id).where(uploads.c.status == QUEUED).limit(1)).first() is None:
            return None
    with journal.write() as connection:
        first = next(iter(_in_turn(connection, now)), None)
        if first is None:
            return None
        connection.execute(update(uploads).where(uploads.c.id == first.id).values(status=CHECKING))
        return _upload(connection.execute(select(uploads).where(uploads.c.id == first.id)).one())


def _in_turn(connection: Connection, now: dt.datetime) -> list[Row[Any]]:
    """The waiting uploads in the order in which they will be checked: users in turn, of each the oldest first."""
    queued = select(uploads).where(uploads.c.status == QUEUED).order_by(uploads.c.at, uploads.c.id)
    waiting = list(connection.execute(queued))
    own: dict[str, deque[Row[Any]]] = defaultdict(deque)
    for row in waiting:
        own[row.by_whom].append(row)
    if len(own) < 2:
        return waiting
    under_way, last = _under_way(connection), _last_turns(connection, now)
    never = dt.datetime.min.replace(tzinfo=dt.UTC)
    users = deque(sorted(own, key=lambda user: (under_way.get(user, 0), last.get(user, never))))  # stable: else who has waited longest
    found = []
    while users:
        user = users.popleft()
        found.append(own[user].popleft())
        if own[user]:
            users.append(user)
    return found


def _under_way(connection: Connection) -> dict[str, int]:
    """How many uploads of each user are being checked."""
    checking = select(uploads.c.by_whom, func.count().label("number")).where(uploads.c.status == CHECKING).group_by(uploads.c.by_whom)
    return {row.by_whom: row.number for row in connection.execute(checking)}


def _last_turns(connection: Connection, now: dt.datetime) -> dict[str, dt.datetime]:
    """When each user's last check ended, of those that were uploaded lately."""
    lately = uploads.c.status.in_((CHECKED, REFUSED)), uploads.c.at > now - dt.timedelta(days=TURN_DAYS)
    ended = select(uploads.c.by_whom, func.max(uploads.c.finished_at).label("last")).where(*lately).group_by(uploads.c.by_whom)
    return {row.by_whom: row.last for row in connection.execute(ended) if row.last}


# -- what becomes of them -----------------------------------------------------------------------------------------------------
def finish(connection: Connection, upload: str, entered: Sequence[str], now: dt.datetime) -> None:
    """Names the drafts that an upload became, in the transaction that writes them. Raises UsageError where it is not being checked."""
    checking = uploads.c.id == upload, uploads.c.status == CHECKING
    done = {"status": CHECKED, "batches": list(entered), "finished_at": now}
    if connection.execute(update(uploads).where(*checking).values(done)).rowcount != 1:
        raise UsageError("这份上传的文件已经由别的程序检查过了。", "another program has checked this upload already.")


def refuse(journal: Journal, upload: str, refused: Mapping[str, Any], now: dt.datetime) -> None:
    """Writes down why an upload became no draft. Raises JournalError."""
    checking = uploads.c.id == upload, uploads.c.status == CHECKING
    with journal.write() as connection:
        connection.execute(update(uploads).where(*checking).values(status=REFUSED, refused=dict(refused), finished_at=now))


def forget_upload(connection: Connection, batch: str) -> None:
    """Forgets the upload that a draft came out of, in the transaction that drops it: it would lead nowhere."""
    connection.execute(delete(uploads).where(_has_become(batch)))


def put_back(journal: Journal, only: Sequence[str] | None = None) -> None:
    """What is being checked waits again: all of it, or `only` these. Raises JournalError."""
    checking = [uploads.c.status == CHECKING, *([uploads.c.id.in_(only)] if only is not None else [])]
    with journal.write() as connection:
        connection.execute(update(uploads).where(*checking).values(status=QUEUED))


def forget_uploads(journal: Journal, before: dt.datetime) -> None:
    """Forgets the uploads that ended before a time, except those whose drafts still wait. Raises JournalError."""
    drafts = select(batches.c.content_hash).where(batches.c.status == "draft")
    over = uploads.c.status.in_((CHECKED, REFUSED)), uploads.c.finished_at < before, uploads.c.content_hash.not_in(drafts)
    with journal.write() as connection:
        connection.execute(delete(uploads).where(*over))


def hold_checks(journal: Journal) -> AbstractContextManager[bool]:
    """Whether this process checks the journal's uploads, for the block: one does at a time."""
    return held(journal, "checks.lock")
