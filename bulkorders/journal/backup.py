"""A copy of the journal, made while others go on writing, with the merchants' files that it needs."""

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bulkorders.core.words import Words
from bulkorders.errors import UsageError, os_reason

from .journal import Journal, database_reason

COPIED = Words(
    "流水账是从备份恢复的，备份以后建的订单它不知道：每一单都先到平台上查过再发",
    "the journal was restored from a backup and does not know what was created since: each order is looked up before it is sent",
)


@dataclass(frozen=True)
class Backup:
    """What was copied: its counts, its size in bytes, and how many of the merchants' files were there to be copied."""

    batches: int
    orders: int
    size: int
    files: int


def back_up(journal: Journal, path: Path) -> Backup:
    """Copies a journal to `path` and the files beside it to `path.files`: all of it, or nothing.

    The copy says of itself that it does not know what comes after it. Raises UsageError: something is there already, no space, no rights.
    """
    files = path.with_name(f"{path.name}.files")
    try:
        _refuse_over(path, files)
        with TemporaryDirectory(dir=path.parent, prefix=f"{path.name}.unfinished-") as folder:  # 0700
            made, beside = Path(folder) / "journal", Path(folder) / "files"
            beside.mkdir(mode=0o700)
            found = _copy(journal, made, beside)
            _publish({beside: files, made: path})
            return found
    except sqlite3.Error as error:
        raise UsageError(*_failed(path, database_reason(str(error)))) from error
    except OSError as error:
        raise UsageError(*_failed(path, os_reason(error))) from error


def _refuse_over(*names: Path) -> None:
    for each in names:
        if each.exists():
            raise UsageError(f"{each} 已经存在，没有覆盖：备份请换一个名字。", f"{each} is there already: choose another name.")


def _failed(path: Path, reason: tuple[str, str]) -> tuple[str, str]:
    return f"备份 {path} 没有做成：{reason[0]}。", f"the backup {path} was not made: {reason[1]}."


def _copy(journal: Journal, made: Path, beside: Path) -> Backup:
    made.touch(mode=0o600)
    with closing(sqlite3.connect(made, isolation_level=None)) as copy:
        _copy_pages(journal, copy)
        copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
        copy.execute("INSERT OR IGNORE INTO meta (name, value) VALUES ('incomplete', ?)", ["|".join(COPIED)])
        if copy.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
            raise sqlite3.DatabaseError("malformed")
        batches, orders = copy.execute("SELECT (SELECT count(*) FROM batches), (SELECT count(*) FROM orders)").fetchone()
        needed = copy.execute("SELECT DISTINCT content_hash FROM batches WHERE forgotten_at IS NULL").fetchall()
    _sync(made)
    files = sum(_copy_file(journal.folder / f"{name}.xlsx", beside) for (name,) in needed)
    _sync(beside)
    return Backup(batches, orders, made.stat().st_size, files)


def _copy_pages(journal: Journal, copy: sqlite3.Connection) -> None:
    """One state of the journal, in one go: who writes meanwhile is not held up."""
    with closing(sqlite3.connect(str(journal.engine.url.database))) as source:
        source.backup(copy)


def _copy_file(source: Path, folder: Path) -> bool:
    """Copies a merchant's file for its owner alone; gives whether it was there."""
    target = folder / source.name
    if not source.exists():
        return False
    target.touch(mode=0o600)
    shutil.copyfile(source, target)
    _sync(target)
    return True


def _publish(moved: dict[Path, Path]) -> None:
    """Gives what is finished its names, the journal's last; takes them back where one cannot be given."""
    done: list[tuple[Path, Path]] = []
    try:
        for made, name in moved.items():
            made.rename(name)
            done.append((made, name))
            _sync(name.parent)
    except OSError:
        for made, name in done:
            name.rename(made)
        raise


def _sync(path: Path) -> None:
    """On the disk, whatever happens to the power; folders only where the system lets us."""
    if path.is_dir() and os.name != "posix":
        return
    handle = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
