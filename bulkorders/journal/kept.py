"""The merchants' files, kept beside the journal under the hash of their content."""

import errno
import hashlib
import os
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from sqlalchemy import Connection, select, union_all

from bulkorders.crash import crash_point

from .journal import Journal
from .tables import batches, uploads

TRIES, CHANGING_SECONDS = 3, 0.5
"""How often a file that is being written is read again, and after how long."""
_CHUNK = 1024 * 1024


def keep(journal: Journal, file: Path) -> tuple[str, Path]:
    """Copies a file under the hash of what was copied: later changes of the original do not matter.

    Raises OSError, also for a file that is being written all the time: half of one version and half of another is no workbook.
    """
    for _ in range(TRIES):
        if (copied := _copy(journal, file)) is not None:
            break
        time.sleep(CHANGING_SECONDS)
    else:
        raise OSError(errno.EBUSY, os.strerror(errno.EBUSY))
    digest, copy = copied
    crash_point()
    copy.replace(kept_path(journal, digest))
    crash_point()
    return digest, kept_path(journal, digest)


def _copy(journal: Journal, file: Path) -> tuple[str, Path] | None:
    """The hash of a file's content and a copy of it; None where it was written to meanwhile."""
    digest, is_whole = hashlib.sha256(), False
    handle, name = tempfile.mkstemp(dir=journal.folder, prefix="incoming-")
    try:
        with os.fdopen(handle, "wb") as copy, file.open("rb") as source:
            before = os.fstat(source.fileno())
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
            after = os.fstat(source.fileno())
            is_whole = (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    finally:
        if not is_whole:
            with suppress(OSError):
                Path(name).unlink()
    return (digest.hexdigest(), Path(name)) if is_whole else None


def discard(journal: Journal, content_hash: str) -> None:
    """Lets go of a file of which no batch was made. Files of batches stay until they are forgotten, those of uploads until their check."""
    with journal.read() as connection:
        is_used = _is_used(connection, content_hash)
    if not is_used:
        with journal.write() as connection:  # nobody writes down an upload of it in between
            if not _is_used(connection, content_hash):
                kept_path(journal, content_hash).unlink(missing_ok=True)


def _is_used(connection: Connection, content_hash: str) -> bool:
    kept = batches.c.content_hash == content_hash, batches.c.forgotten_at.is_(None)
    waits = uploads.c.content_hash == content_hash, uploads.c.status.in_(("queued", "checking"))
    either = union_all(select(batches.c.id).where(*kept), select(uploads.c.id).where(*waits)).limit(1)
    return connection.execute(either).first() is not None


def kept_path(journal: Journal, content_hash: str) -> Path:
    """Where the file of a hash is kept."""
    return journal.folder / f"{content_hash}.xlsx"
