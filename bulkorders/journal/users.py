"""People who use the upload page, and the programs that act for them: users, sessions, tokens.

Of what they show to be let in, only what cannot be turned back is kept: scrypt of passwords, SHA-256 of the rest, which is random.
"""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_new

from .journal import Journal
from .tables import api_tokens, sessions, users


class Role(StrEnum):
    """What a user may see: his own batches, or all of them and the accounts."""

    OPERATOR = "operator"
    ADMIN = "admin"


@dataclass(frozen=True)
class User:
    """Somebody who may sign in, unless he is disabled."""

    id: int
    name: str
    role: Role
    created_at: dt.datetime
    disabled_at: dt.datetime | None = None


@dataclass(frozen=True)
class Guarded:
    """What is needed to let a user in: his hashed password, how often somebody got it wrong in a row, and when last."""

    user: User
    password: str
    failures: int
    failed_at: dt.datetime | None


@dataclass(frozen=True)
class Visit:
    """A session as it stands."""

    user: User
    created_at: dt.datetime
    seen_at: dt.datetime
    expires_at: dt.datetime


# -- users ----------------------------------------------------------------------------------------------------------------
def insert_user(journal: Journal, name: str, folded: str, role: Role, password: str, now: dt.datetime) -> User | None:
    """Writes a user down; gives None where there is one of that name."""
    values = {"name": name, "folded": folded, "role": role.value, "password": password, "created_at": now}
    made = insert_new(users).values(values).on_conflict_do_nothing(index_elements=["folded"]).returning(users.c.id)
    with journal.write() as connection:
        number = connection.execute(made).scalar()
    return User(number, name, role, now) if number is not None else None


def get_guarded(journal: Journal, folded: str) -> Guarded | None:
    """The user of a name."""
    with journal.read() as connection:
        row = connection.execute(select(users).where(users.c.folded == folded)).one_or_none()
    return Guarded(_user(row), row.password, row.failures, row.failed_at) if row else None


def list_users(journal: Journal) -> list[tuple[User, list[str]]]:
    """All users, each with the names of his tokens, in the order in which they were added."""
    with journal.read() as connection:
        found = [_user(row) for row in connection.execute(select(users).order_by(users.c.id))]
        tokens = connection.execute(select(api_tokens.c.user_id, api_tokens.c.name).order_by(api_tokens.c.created_at)).all()
    return [(user, [token.name for token in tokens if token.user_id == user.id]) for user in found]


def count_enabled(journal: Journal) -> int:
    """How many users may sign in."""
    with journal.read() as connection:
        return int(connection.execute(select(func.count()).select_from(users).where(users.c.disabled_at.is_(None))).scalar_one())


def set_password(journal: Journal, user: int, password: str, *, ends_sessions: bool = True) -> None:
    """Gives a user another password; wrong tries are forgotten, and whoever is signed in with the old one is no longer."""
    with journal.write() as connection:
        connection.execute(update(users).where(users.c.id == user).values(password=password, failures=0, failed_at=None))
        if ends_sessions:
            connection.execute(delete(sessions).where(sessions.c.user_id == user))


def set_disabled(journal: Journal, user: int, at: dt.datetime | None) -> None:
    """Lets a user in no more, and ends his sessions and tokens at once; or, with None, lets him sign in again."""
    with journal.write() as connection:
        connection.execute(update(users).where(users.c.id == user).values(disabled_at=at, failures=0, failed_at=None))
        if at is not None:
            for table in (sessions, api_tokens):
                connection.execute(delete(table).where(table.c.user_id == user))


def count_try(journal: Journal, of: Guarded, now: dt.datetime) -> bool:
    """A password is about to be compared: counted as wrong first. False: somebody else has tried meanwhile, so look again."""
    unchanged = users.c.id == of.user.id, users.c.failures == of.failures, users.c.failed_at.is_not_distinct_from(of.failed_at)
    with journal.write() as connection:
        counted = update(users).where(*unchanged).values(failures=users.c.failures + 1, failed_at=now)
        return connection.execute(counted).rowcount == 1


# -- sessions -------------------------------------------------------------------------------------------------------------
def open_session(journal: Journal, user: int, hashed: str, now: dt.datetime, expires_at: dt.datetime) -> bool:
    """Lets a user in who has shown his password: wrong tries are forgotten, and sessions that are over. False: he is disabled by now."""
    with journal.write() as connection:
        is_let_in = users.c.id == user, users.c.disabled_at.is_(None)
        if connection.execute(update(users).where(*is_let_in).values(failures=0, failed_at=None)).rowcount != 1:
            return False
        connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
        connection.execute(insert(sessions).values(hash=hashed, user_id=user, created_at=now, seen_at=now, expires_at=expires_at))
        return True


def get_visit(journal: Journal, hashed: str, now: dt.datetime) -> Visit | None:
    """The session of a token, unless it is over or its user is disabled."""
    times = sessions.c.created_at.label("began_at"), sessions.c.seen_at, sessions.c.expires_at
    found = select(users, *times).join(sessions, sessions.c.user_id == users.c.id)
    with journal.read() as connection:
        is_on = sessions.c.hash == hashed, sessions.c.expires_at > now, users.c.disabled_at.is_(None)
        row = connection.execute(found.where(*is_on)).one_or_none()
    return Visit(_user(row), row.began_at, row.seen_at, row.expires_at) if row else None


def see_session(journal: Journal, hashed: str, now: dt.datetime, expires_at: dt.datetime) -> None:
    """Its user was there just now. Raises JournalError, also where somebody else is writing: no page waits for that."""
    with journal.write(if_free=True) as connection:
        connection.execute(update(sessions).where(sessions.c.hash == hashed).values(seen_at=now, expires_at=expires_at))


def end_session(journal: Journal, hashed: str) -> None:
    """Ends a session, if it is there."""
    with journal.write() as connection:
        connection.execute(delete(sessions).where(sessions.c.hash == hashed))


# -- tokens ---------------------------------------------------------------------------------------------------------------
def insert_token(journal: Journal, user: int, name: str, hashed: str, now: dt.datetime) -> bool:
    """Writes a token down; gives False where the user has one of that name, or is disabled."""
    known = select(api_tokens.c.hash).where(api_tokens.c.user_id == user, api_tokens.c.name == name)
    enabled = select(users.c.id).where(users.c.id == user, users.c.disabled_at.is_(None))
    with journal.write() as connection:
        if connection.execute(known).first() or not connection.execute(enabled).first():
            return False
        connection.execute(insert(api_tokens).values(hash=hashed, user_id=user, name=name, created_at=now))
        return True


def delete_token(journal: Journal, user: int, name: str) -> bool:
    """Ends a token; gives whether there was one of that name."""
    with journal.write() as connection:
        own = api_tokens.c.user_id == user, api_tokens.c.name == name
        return bool(connection.execute(delete(api_tokens).where(*own)).rowcount)


def get_token_user(journal: Journal, hashed: str) -> tuple[User, dt.datetime | None] | None:
    """The user for whom a token acts, and when it was last seen; None where there is none, or he is disabled."""
    found = select(users, api_tokens.c.seen_at).join(api_tokens, api_tokens.c.user_id == users.c.id)
    with journal.read() as connection:
        row = connection.execute(found.where(api_tokens.c.hash == hashed, users.c.disabled_at.is_(None))).one_or_none()
    return (_user(row), row.seen_at) if row else None


def see_token(journal: Journal, hashed: str, now: dt.datetime) -> None:
    """It was used just now. As `see_session`."""
    with journal.write(if_free=True) as connection:
        connection.execute(update(api_tokens).where(api_tokens.c.hash == hashed).values(seen_at=now))


def _user(row: Row[Any]) -> User:
    return User(row.id, row.name, Role(row.role), row.created_at, row.disabled_at)
