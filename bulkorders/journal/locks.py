"""Who works at something holds a lock file beside the journal: whoever dies lets go of it, and others see that at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from .journal import Journal


@contextmanager
def held(journal: Journal, name: str) -> Iterator[bool]:
    """Whether this process holds a lock file for the block; nobody is waited for."""
    lock = FileLock(journal.folder / name, mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
