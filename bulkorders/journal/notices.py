"""The outbox: what people are to be told, written down first and sent afterwards, each thing once to each target."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select, update
from sqlalchemy.dialects.sqlite import insert

from bulkorders.core.words import Words

from .journal import Journal
from .tables import notices

LONGEST_WAIT = dt.timedelta(hours=1)
"""The longest that a notice is put off; what is due later was written by a clock that has been set back since."""


@dataclass(frozen=True)
class Notice:
    """A notice that was claimed. `tries`: how often it was sent before. `key`: what it is about."""

    id: int
    key: str
    words: Words
    tries: int
    at: dt.datetime


@dataclass(frozen=True)
class Waiting:
    """What lies in the outbox for one target: not sent yet, since when, and given up."""

    waiting: int = 0
    given_up: int = 0
    since: dt.datetime | None = None


def put(connection: Connection, target: str, key: str, words: Words, now: dt.datetime) -> bool:
    """Writes a notice down within somebody's transaction; gives False where the target is told of this key already."""
    values = {"target": target, "key": key, "zh": words.zh, "en": words.en, "due": now, "tries": 0, "at": now}
    return connection.execute(insert(notices).values(values).on_conflict_do_nothing()).rowcount == 1


def enqueue(journal: Journal, target: str, key: str, words: Words, now: dt.datetime) -> bool:
    """The same in a transaction of its own. Raises JournalError."""
    with journal.write() as connection:
        return put(connection, target, key, words, now)


def is_due(journal: Journal, target: str, now: dt.datetime) -> bool:
    """Whether a notice of a target may be sent now: a look that keeps nobody from writing. Raises JournalError."""
    with journal.read() as connection:
        return connection.execute(select(notices.c.id).where(_due(target, now)).limit(1)).first() is not None


def claim(journal: Journal, target: str, now: dt.datetime, until: dt.datetime, most: int, room: int) -> list[Notice]:
    """Takes the oldest notices that are due, as many as fit into one call; until then nobody else takes them. Raises JournalError.

    One that was tried before goes alone: what a bot does not like holds up no other.
    """
    with journal.write() as connection:
        found = connection.execute(select(notices).where(_due(target, now)).order_by(notices.c.id).limit(most)).all()
        taken: list[Notice] = []
        left = room
        for row in found:
            left -= len(row.zh.encode()) + 1
            if taken and (left < 0 or row.tries or taken[0].tries):
                break
            taken.append(Notice(row.id, row.key, Words(row.zh, row.en), row.tries, row.at))
        connection.execute(update(notices).where(_those(taken)).values(due=until, tries=notices.c.tries + 1))
        return taken


def sent(journal: Journal, taken: Sequence[Notice], now: dt.datetime) -> None:
    """They were taken. Raises JournalError."""
    _end(journal, taken, sent_at=now)


def give_up(journal: Journal, taken: Sequence[Notice], now: dt.datetime) -> None:
    """They are not sent any more. Raises JournalError."""
    _end(journal, taken, given_up_at=now)


def put_off(journal: Journal, target: str, taken: Sequence[Notice], due: dt.datetime, others: dt.datetime) -> None:
    """They failed and are due again then; whatever else is due at this target sooner than `others` waits till then. Raises JournalError."""
    with journal.write() as connection:
        connection.execute(update(notices).where(_those(taken)).values(due=due))
        connection.execute(update(notices).where(notices.c.target == target, notices.c.due < others).values(due=others))


def waiting(journal: Journal) -> Mapping[str, Waiting]:
    """What lies in the outbox, by target; none of those that were sent. Raises JournalError."""
    is_waiting = notices.c.due.is_not(None)
    asked = select(
        notices.c.target,
        func.count().filter(is_waiting).label("waiting"),
        func.count().filter(notices.c.given_up_at.is_not(None)).label("given_up"),
        func.min(notices.c.at).filter(is_waiting).label("since"),
    ).where(notices.c.sent_at.is_(None))
    with journal.read() as connection:
        found = connection.execute(asked.group_by(notices.c.target).order_by(notices.c.target))
        return {row.target: Waiting(row.waiting, row.given_up, row.since) for row in found}


def _end(journal: Journal, taken: Sequence[Notice], **values: dt.datetime) -> None:
    with journal.write() as connection:
        connection.execute(update(notices).where(_those(taken)).values(due=None, **values))


def _due(target: str, now: dt.datetime) -> ColumnElement[bool]:
    return and_(notices.c.target == target, or_(notices.c.due <= now, notices.c.due > now + LONGEST_WAIT))


def _those(taken: Sequence[Notice]) -> ColumnElement[bool]:
    return notices.c.id.in_([each.id for each in taken])
