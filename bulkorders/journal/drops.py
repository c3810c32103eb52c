"""Files that were dropped into folders: where each lies, which batches it became, and what became of them.

A file is moved in two steps, so that a kill in between leaves it at one of two places that the journal knows: `goes` is written, the
file is renamed, `path` is written. Who works on a drop, or claims files of a folder, holds a file lock, which ends with its process.
"""

import datetime as dt
import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from filelock import FileLock
from sqlalchemy import Row, Text, cast, delete, func, insert, or_, select, union_all, update

from bulkorders.core.words import Words

from .batches import said
from .journal import Journal
from .locks import held
from .tables import drops, events, placements

_PATHS = (drops.c.path, drops.c.goes, drops.c.results)
LOCKS = 32
"""How many lock files all drops share, and all contents: two that share one wait for each other."""


class Stage(StrEnum):
    """How far a file has come. `followed`: it lies where it belongs, its orders are still asked for."""

    CLAIMED = "claimed"
    ENTERED = "entered"
    FOLLOWED = "followed"
    FINISHED = "finished"


class End(StrEnum):
    """Where a file ends up."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Drop:
    """A file that was dropped. Paths are within the folder; `shown`: what tells whether its results are up to date."""

    id: int
    folder: str
    name: str
    path: str
    at: dt.datetime
    stage: Stage = Stage.CLAIMED
    content_hash: str | None = None
    goes: str | None = None
    batches: tuple[str, ...] = ()
    end: End | None = None
    message: Words | None = None
    results: str | None = None
    shown: str | None = None
    finished_at: dt.datetime | None = None


# -- locks -----------------------------------------------------------------------------------------------------------------
@contextmanager
def hold_claims(journal: Journal, folder: str) -> Iterator[bool]:
    """Whoever claims files of a folder holds this; gives False where somebody else does it now."""
    name = _claims(folder)
    with held(journal, name) as is_held:
        if is_held:
            os.utime(journal.folder / name)  # see `last_look`
        yield is_held


def last_look(journal: Journal, folder: str) -> dt.datetime | None:
    """When somebody on this machine last looked for files of a folder to claim; None where nobody ever has."""
    try:
        return dt.datetime.fromtimestamp((journal.folder / _claims(folder)).stat().st_mtime, dt.UTC)
    except FileNotFoundError:
        return None


def _claims(folder: str) -> str:
    return f"claims-{hashlib.sha256(folder.encode()).hexdigest()[:20]}.lock"


@contextmanager
def hold_drop(journal: Journal, drop: int) -> Iterator[bool]:
    """Whoever works on a drop holds this; gives False where somebody else does."""
    with held(journal, f"drop-{drop % LOCKS:02}.lock") as is_held:
        yield is_held


@contextmanager
def hold_content(journal: Journal, content_hash: str) -> Iterator[bool]:
    """Whoever makes batches of a content holds this; gives False where somebody else does."""
    with held(journal, f"content-{int(content_hash[:8], 16) % LOCKS:02}.lock") as is_held:
        yield is_held


@contextmanager
def hold_names(journal: Journal, folder: str) -> Iterator[None]:
    """Whoever chooses a name in a folder and writes it down holds this; the others wait, for as long as that takes."""
    with FileLock(journal.folder / f"names-{hashlib.sha256(folder.encode()).hexdigest()[:20]}.lock", mode=0o600):
        yield


# -- drops -----------------------------------------------------------------------------------------------------------------
def claim(journal: Journal, folder: str, name: str, path: str, now: dt.datetime) -> Drop:
    """Writes down that a file is being moved to a path, or lies there: it is this journal's from now on."""
    values = {"folder": folder, "name": name, "path": path, "status": Stage.CLAIMED.value, "batches": [], "at": now}
    with journal.write() as connection:
        number: int = connection.execute(insert(drops).values(values).returning(drops.c.id)).scalar_one()
    return Drop(number, folder, name, path, now)


def unclaim(journal: Journal, drop: int) -> None:
    """Forgets a claim of which nothing came: its file was not moved, or somebody has taken it away."""
    with journal.write() as connection:
        is_only_claimed = drops.c.status == Stage.CLAIMED.value, drops.c.goes.is_(None)
        connection.execute(delete(drops).where(drops.c.id == drop, *is_only_claimed))


def save(journal: Journal, drop: Drop) -> Drop:
    """Writes down how a drop stands now."""
    values = {
        "content_hash": drop.content_hash, "path": drop.path, "goes": drop.goes, "status": drop.stage.value, "batches": list(drop.batches),
        "verdict": drop.end and drop.end.value, **said(drop.message), "results": drop.results, "shown": drop.shown,
        "finished_at": drop.finished_at,
    }  # fmt: skip
    with journal.write() as connection:
        connection.execute(update(drops).where(drops.c.id == drop.id).values(values))
    return drop


def get_drop(journal: Journal, number: int) -> Drop | None:
    """A drop as it stands now."""
    with journal.read() as connection:
        row = connection.execute(select(drops).where(drops.c.id == number)).one_or_none()
    return _drop(row) if row else None


def open_drops(journal: Journal, folder: str, stages: Sequence[Stage] = (Stage.CLAIMED, Stage.ENTERED, Stage.FOLLOWED)) -> list[Drop]:
    """What a folder's files are not finished with, the oldest first."""
    is_open = drops.c.folder == folder, drops.c.status != Stage.FINISHED.value, drops.c.status.in_([stage.value for stage in stages])
    with journal.read() as connection:
        return [_drop(row) for row in connection.execute(select(drops).where(*is_open).order_by(drops.c.id))]


def claimed_drops(journal: Journal, folder: str) -> list[int]:
    """The drops of a folder that wait to be entered, the oldest first."""
    is_claimed = drops.c.folder == folder, drops.c.status != Stage.FINISHED.value, drops.c.status == Stage.CLAIMED.value
    with journal.read() as connection:
        return list(connection.execute(select(drops.c.id).where(*is_claimed).order_by(drops.c.id)).scalars())


class OpenPath(NamedTuple):
    """Where a file lies that is not finished with, and where it goes. `is_waiting`: it is claimed and nothing more."""

    id: int
    path: str
    goes: str | None
    is_waiting: bool


def open_paths(journal: Journal, folder: str) -> list[OpenPath]:
    """Where a folder's files lie that are not finished with."""
    is_waiting = (drops.c.status == Stage.CLAIMED.value) & drops.c.goes.is_(None)
    is_open = drops.c.folder == folder, drops.c.status != Stage.FINISHED.value
    with journal.read() as connection:
        found = connection.execute(select(drops.c.id, drops.c.path, drops.c.goes, is_waiting).where(*is_open))
        return [OpenPath(*row) for row in found]


def has_drops(journal: Journal, folder: str) -> bool:
    """Whether the journal has ever had a file of a folder."""
    with journal.read() as connection:
        return connection.execute(select(drops.c.id).where(drops.c.folder == folder).limit(1)).first() is not None


def known_folders(journal: Journal) -> list[str]:
    """All folders of which the journal has ever had a file."""
    with journal.read() as connection:
        return list(connection.execute(select(drops.c.folder).distinct().order_by(drops.c.folder)).scalars())


def identify(journal: Journal, drop: Drop, content_hash: str) -> tuple[Drop, Drop | None, list[Drop]]:
    """Writes down what a drop's content is; gives the drop that brought the same before it, if there is one, and those that may yet.

    That is one whose orders are underway or all well: what was refused may be dropped again, to be tried again. Those that may yet were
    claimed earlier, and nobody has read them.
    """
    others = drops.c.folder == drop.folder, drops.c.id != drop.id
    underway = drops.c.status.in_([Stage.ENTERED.value, Stage.FOLLOWED.value]) & drops.c.verdict.is_distinct_from(End.FAILED.value)
    is_earlier = (drops.c.status == Stage.CLAIMED.value) & (drops.c.id < drop.id)
    is_first = or_(
        underway,
        (drops.c.status == Stage.FINISHED.value) & (drops.c.verdict == End.DONE.value),
        is_earlier,
    )
    same, unread = (drops.c.content_hash == content_hash) & is_first, is_earlier & drops.c.content_hash.is_(None)
    with journal.write() as connection:
        connection.execute(update(drops).where(drops.c.id == drop.id).values(content_hash=content_hash))
        twin = connection.execute(select(drops).where(*others, same).order_by(drops.c.id.desc()).limit(1)).one_or_none()
        may_be = [_drop(row) for row in connection.execute(select(drops).where(*others, unread))]
    return get_drop(journal, drop.id) or drop, _drop(twin) if twin else None, may_be


def named(journal: Journal, folder: str, start: str) -> set[str]:
    """The paths within a folder that begin so and belong to a drop, or will: its file's, or its results'."""
    with journal.read() as connection:
        asked = (select(each).where(drops.c.folder == folder, each.startswith(start, autoescape=True)) for each in _PATHS)
        return set(connection.execute(union_all(*asked)).scalars())


def folder_of(journal: Journal, batch: str) -> str | None:
    """The folder that a batch was dropped into, if it was."""
    with journal.read() as connection:
        found = select(drops.c.folder).where(cast(drops.c.batches, Text).contains(f'"{batch}"')).limit(1)
        return connection.execute(found).scalar()


def _drop(row: Row[Any]) -> Drop:
    return Drop(
        row.id, row.folder, row.name, row.path, row.at, Stage(row.status), row.content_hash, row.goes, tuple(row.batches),
        End(row.verdict) if row.verdict else None, Words(row.zh, row.en) if row.zh else None, row.results, row.shown, row.finished_at,
    )  # fmt: skip


# -- their batches ----------------------------------------------------------------------------------------------------------
def newest_event(journal: Journal, of: Sequence[str] | None = None) -> int:
    """The number of the last event of some batches' orders, or of the journal."""
    newest = select(func.max(events.c.id))
    if of is not None:
        newest = newest.join(placements, placements.c.order_id == events.c.order_id).where(placements.c.batch.in_(of))
    with journal.read() as connection:
        return connection.execute(newest).scalar() or 0


def batches_with_news(journal: Journal, after: int) -> set[str]:
    """The batches to whose orders something has happened since an event."""
    touched = select(placements.c.batch).join(events, events.c.order_id == placements.c.order_id).where(events.c.id > after).distinct()
    with journal.read() as connection:
        return set(connection.execute(touched).scalars())
