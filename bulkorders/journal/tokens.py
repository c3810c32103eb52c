"""What the remotes have given us, shared by every process on this journal and asked for by one of them at a time: tokens, and facts."""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from filelock import FileLock
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from bulkorders.core.outcome import Outcome
from bulkorders.core.provider import Token

from .journal import Journal
from .tables import facts, tokens

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
        with self._lock("token", principal):
            yield

    def recall(self, principal: str, name: str, ask: Callable[[Any], Any], *, now: dt.datetime, seconds: float) -> Any:
        """What `ask` gave no longer ago than so many seconds, else what it gives now: plain JSON, or an Outcome, which is not kept.

        It is called with what it gave last, None where that was never. Raises TimeoutError where another process is asking all the time.
        """
        with self._lock("fact", f"{principal}|{name}"):
            known = self._known(principal, name)
            if known is not None and dt.timedelta(0) <= now - known[1] <= dt.timedelta(seconds=seconds):
                return known[0]
            found = ask(known[0] if known else None)
            if not isinstance(found, Outcome):
                self._keep(principal, name, found, now)
            return found

    def _lock(self, kind: str, of: str) -> FileLock:
        name = hashlib.sha256(of.encode()).hexdigest()[:20]
        return FileLock(self.journal.folder / f"{kind}-{name}.lock", timeout=LOCK_SECONDS, mode=0o600)

    def _known(self, principal: str, name: str) -> tuple[Any, dt.datetime] | None:
        with self.journal.read() as connection:
            row = connection.execute(select(facts).where(facts.c.principal == principal, facts.c.name == name)).one_or_none()
        return (row.value, row.at) if row else None

    def _keep(self, principal: str, name: str, value: Any, now: dt.datetime) -> None:
        statement = insert(facts).values(principal=principal, name=name, value=value, at=now)
        with self.journal.write() as connection:
            connection.execute(statement.on_conflict_do_update(index_elements=["principal", "name"], set_={"value": value, "at": now}))
