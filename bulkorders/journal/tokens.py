"""Tokens of the remotes, shared by every process on this journal, refreshed by one of them at a time."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from filelock import FileLock
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from bulkorders.core.provider import Token

from .journal import Journal
from .tables import tokens

LOCK_SECONDS = 120


@dataclass(frozen=True)
class Tokens:
    """The token store of a journal: fulfils `TokenStore`."""

    journal: Journal

    def get(self, principal: str) -> Token | None:
        """The stored pair."""
        with self.journal.read() as connection:
            row = connection.execute(select(tokens).where(tokens.c.principal == principal)).one_or_none()
        return Token(row.access, row.refresh, row.expires_at) if row else None

    def put(self, principal: str, token: Token) -> None:
        """Stores a pair, durably, before anybody uses it."""
        values = {"access": token.access, "refresh": token.refresh, "expires_at": token.expires_at}
        statement = insert(tokens).values(principal=principal, **values)
        with self.journal.write() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["principal"], set_=values))

    @contextmanager
    def locked(self, principal: str) -> Iterator[None]:
        """Held while one process gets a new pair; the operating system lets it go when that process dies."""
        name = hashlib.sha256(principal.encode()).hexdigest()[:20]
        with FileLock(self.journal.folder / f"token-{name}.lock", timeout=LOCK_SECONDS):
            yield
