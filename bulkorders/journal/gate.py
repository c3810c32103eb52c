"""The gate: one holder at a time for each principal and endpoint, across processes.

A file lock beside the journal, which the operating system lets go when its holder dies. Who holds it stands in a file next to it.
"""

import datetime as dt
import hashlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from .journal import Journal


@dataclass(frozen=True)
class Holder:
    """Who holds a gate, and since when."""

    host: str
    pid: int
    since: dt.datetime


def _path(journal: Journal, gate: str) -> Path:
    return journal.folder / f"gate-{hashlib.sha256(gate.encode()).hexdigest()[:20]}.lock"


@contextmanager
def hold(journal: Journal, gate: str, now: dt.datetime) -> Iterator[bool]:
    """Holds a gate for the block if it is free: gives whether it was."""
    path = _path(journal, gate)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        said = {"host": socket.gethostname(), "pid": os.getpid(), "since": now.isoformat()}
        path.with_suffix(".json").write_text(json.dumps(said), encoding="utf-8")
        yield True
    finally:
        with suppress(OSError):
            path.with_suffix(".json").unlink()
        lock.release()


def holder(journal: Journal, gate: str) -> Holder | None:
    """Who holds a gate now, as far as he has said so; None where nobody does."""
    if _is_free(journal, gate):
        return None
    try:
        said = json.loads(_path(journal, gate).with_suffix(".json").read_text(encoding="utf-8"))
        return Holder(said["host"], said["pid"], dt.datetime.fromisoformat(said["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_free(journal: Journal, gate: str) -> bool:
    """Whether nobody holds it: the file stays behind when a holder is killed, his lock does not."""
    lock = FileLock(_path(journal, gate))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    lock.release()
    return True
