"""The gate: one holder at a time for each principal and endpoint, across processes.

A file lock beside the journal, which the operating system lets go when its holder dies. Who holds it stands in a file next to it, which
he touches as long as he is at work.
"""

import datetime as dt
import hashlib
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout
from sqlalchemy import select
from sqlalchemy.dialects.sqlite import insert

from .journal import Journal
from .tables import gates

BEAT_SECONDS = 1.0
FRESH_SECONDS = 3 * BEAT_SECONDS
TRIES, TRY_SECONDS = 5, 0.04
"""How often a lock is tried, and how long after one another. By number: on a busy machine a span of time may hold a single try."""


@dataclass(frozen=True)
class Holder:
    """Who holds a gate, since when, and when he last showed that he is at work (unix seconds)."""

    host: str
    pid: int
    since: dt.datetime
    beaten_at: float = field(default=0.0, compare=False)

    @property
    def silent(self) -> float:
        """For how many seconds he has shown nothing."""
        return max(time.time() - self.beaten_at, 0.0)

    @property
    def is_here(self) -> bool:
        """Whether he is a process of this machine."""
        return self.host == socket.gethostname()


@dataclass
class Held:
    """A gate that this process holds."""

    path: Path
    said: str
    _beaten: float = 0.0

    def tell(self) -> None:
        """Says who it is, for those who wait."""
        with suppress(OSError):  # on a full disk others do not hear it until there is room
            self.path.touch(mode=0o600)
            self.path.write_text(self.said, encoding="utf-8")

    def beat(self) -> bool:
        """Shows that the holder is at work, once a second; gives whether that was now."""
        is_time = (now := time.monotonic()) - self._beaten >= BEAT_SECONDS
        if is_time:
            self._beaten = now
            try:
                os.utime(self.path)
            except OSError:  # it could not be written, or somebody has tidied it away
                self.tell()
        return is_time


def _path(journal: Journal, gate: str) -> Path:
    return journal.folder / f"gate-{hashlib.sha256(gate.encode()).hexdigest()[:20]}.lock"


@contextmanager
def hold(journal: Journal, gate: str, now: dt.datetime) -> Iterator[Held | None]:
    """Holds a gate for the block if it is free; gives None where somebody else holds it."""
    path = _path(journal, gate)
    lock = FileLock(path, mode=0o600)
    if not _take(lock):
        yield None
        return
    said = {"host": socket.gethostname(), "pid": os.getpid(), "since": now.isoformat()}
    held = Held(path.with_suffix(".json"), json.dumps(said))
    try:
        held.tell()
        yield held
    finally:
        with suppress(OSError):
            held.path.unlink()
        lock.release()


def _take(lock: FileLock) -> bool:
    """Takes a lock, if it is free; who only looks whether it is has it for a moment, and is no holder."""
    for rest in reversed(range(TRIES)):
        with suppress(Timeout):
            lock.acquire(timeout=0)
            return True
        if rest:
            time.sleep(TRY_SECONDS)
    return False


def holder(journal: Journal, gate: str) -> Holder | None:
    """Who holds a gate now, as far as he has said so; None where nobody does."""
    if _is_free(journal, gate):
        return None
    told = _path(journal, gate).with_suffix(".json")
    try:
        said = json.loads(told.read_text(encoding="utf-8"))
        return Holder(said["host"], said["pid"], dt.datetime.fromisoformat(said["since"]), told.stat().st_mtime)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_held(journal: Journal, gate: str) -> bool:
    """Whether somebody holds a gate. Cheap, to be asked each second; wrong for a moment where others look at the same time."""
    path = _path(journal, gate)
    told = path.with_suffix(".json")
    try:
        if time.time() - told.stat().st_mtime < FRESH_SECONDS:
            return True
    except OSError:  # he takes it away when he lets go
        return False
    lock = FileLock(path, mode=0o600)  # in a long call, or killed
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def _is_free(journal: Journal, gate: str) -> bool:
    """Whether nobody holds it: the file stays behind when a holder is killed, his lock does not."""
    lock = FileLock(_path(journal, gate), mode=0o600)
    if not _take(lock):
        return False
    lock.release()
    return True


# -- what the journal keeps of a gate ----------------------------------------------------------------------------------------
def pause(journal: Journal, gate: str, now: dt.datetime) -> None:
    """Nothing is sent through a gate any more, by any process, until it is unpaused."""
    _keep(journal, gate, paused_at=now)


def unpause(journal: Journal, gate: str) -> None:
    """Orders leave through the gate again."""
    _keep(journal, gate, paused_at=None)


def paused_at(journal: Journal, gate: str) -> dt.datetime | None:
    """Since when a gate is paused; None where it is not."""
    with journal.read() as connection:
        return connection.execute(select(gates.c.paused_at).where(gates.c.gate == gate)).scalar()


def paused_gates(journal: Journal) -> frozenset[str]:
    """The gates that are paused."""
    with journal.read() as connection:
        return frozenset(connection.execute(select(gates.c.gate).where(gates.c.paused_at.is_not(None))).scalars())


def keep_pace(journal: Journal, gate: str, seconds: float) -> None:
    """Remembers how long it takes from one order to the next, for the next estimate."""
    _keep(journal, gate, seconds=seconds)


def kept_pace(journal: Journal, gate: str) -> float | None:
    """Seconds from one order to the next, as measured last; None where nothing was sent yet."""
    with journal.read() as connection:
        return connection.execute(select(gates.c.seconds).where(gates.c.gate == gate)).scalar()


def _keep(journal: Journal, gate: str, **values: object) -> None:
    statement = insert(gates).values(gate=gate, **values)
    with journal.write() as connection:
        connection.execute(statement.on_conflict_do_update(index_elements=["gate"], set_=values))
