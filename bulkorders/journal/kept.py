"""The merchants' files, kept beside the journal under the hash of their content."""

import hashlib
import os
import tempfile
from contextlib import suppress
from pathlib import Path

from sqlalchemy import select

from .journal import Journal
from .tables import batches

_CHUNK = 1024 * 1024


def keep(journal: Journal, file: Path) -> tuple[str, Path]:
    """Copies a file under the hash of what was copied: later changes of the original do not matter. Raises OSError."""
    digest = hashlib.sha256()
    handle, name = tempfile.mkstemp(dir=journal.folder, prefix="incoming-")
    try:
        with os.fdopen(handle, "wb") as copy, file.open("rb") as source:
            while chunk := source.read(_CHUNK):
                digest.update(chunk)
                copy.write(chunk)
            copy.flush()
            os.fsync(copy.fileno())
        target = kept_path(journal, digest.hexdigest())
        Path(name).replace(target)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
    return digest.hexdigest(), target


def discard(journal: Journal, content_hash: str) -> None:
    """Lets go of a file of which no batch was made. Files of batches stay until they are forgotten."""
    kept = batches.c.content_hash == content_hash, batches.c.forgotten_at.is_(None)
    with journal.read() as connection:
        is_used = connection.execute(select(batches.c.id).where(*kept).limit(1)).first()
    if is_used is None:
        kept_path(journal, content_hash).unlink(missing_ok=True)


def kept_path(journal: Journal, content_hash: str) -> Path:
    """Where the file of a hash is kept."""
    return journal.folder / f"{content_hash}.xlsx"
