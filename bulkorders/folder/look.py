"""Which files in a folder are complete: those that have not changed for a while, and that nobody has open."""

import datetime as dt
import os
import stat
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

_NOT_YET = (".tmp", ".part", ".filepart", ".partial", ".crdownload", ".download")
"""How programs that copy and load call what is not complete yet."""
_NEVER = ("thumbs.db", "desktop.ini")
"""What Windows itself lays into folders."""
_LOCKS = ("~$", ".~lock.", ".~")
"""What Excel, LibreOffice and WPS lay beside a workbook that is open."""


class Look(NamedTuple):
    """How a file looked: what changes while somebody writes to it."""

    size: int
    time: int


@dataclass(frozen=True)
class Seen:
    """What lies in a folder: files that may be workbooks, by their names; `locked`: those that somebody has open."""

    files: Mapping[str, Look]
    locked: frozenset[str]


def look(folder: Path) -> Seen:
    """Looks through a folder; links and folders in it are nothing. Raises OSError where the folder cannot be read."""
    files: dict[str, Look] = {}
    opened: set[str] = set()
    for name in os.listdir(folder):  # noqa: PTH208  # names as the system has them
        if name.startswith(_LOCKS):
            opened.add(_locked_by(name))
        elif _is_file_name(name) and (found := look_at(folder / name)) is not None and found.size:
            files[name] = found
    return Seen(files, frozenset(name for name in files if _folded(name) in opened))


def look_at(path: Path) -> Look | None:
    """How a file looks; None for what is no file of its own, or is gone."""
    try:
        found = path.lstat()
    except OSError:
        return None
    return Look(found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else None


def _is_file_name(name: str) -> bool:
    folded = name.casefold()
    return not name.startswith((".", "~$")) and not folded.endswith(_NOT_YET) and folded not in _NEVER


def _locked_by(name: str) -> str:
    """The name of the workbook that a lock file stands for."""
    start = next(lock for lock in _LOCKS if name.startswith(lock))
    return _folded(name.removeprefix(start).removesuffix("#"))


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


@dataclass
class Looks:
    """Looks at a folder, one after the other: `quiet` is how many seconds a file must not have changed."""

    quiet: float
    _since: dict[str, tuple[Look, float]] = field(default_factory=dict)

    @property
    def has_seen(self) -> bool:
        """Whether the last look has found any file."""
        return bool(self._since)

    def ready(self, seen: Seen, now: float) -> list[str]:
        """The names of the files that are complete, the oldest first; a copy, which is as old, behind the file that it was made of.

        `now`: seconds of a clock that never goes back.
        """
        self._since = {name: self._first(name, found, now) for name, found in seen.files.items()}
        quiet = (name for name, (_, since) in self._since.items() if now - since >= self.quiet and name not in seen.locked)
        return sorted(quiet, key=lambda name: (seen.files[name].time, len(name), name))

    def _first(self, name: str, found: Look, now: float) -> tuple[Look, float]:
        """How a file looks, and since when it has."""
        before = self._since.get(name)
        return before if before and before[0] == found else (found, now)


def is_open(hours: str | None, at: dt.time) -> bool:
    """Whether a time of day lies within hours such as `08:00-22:00`, which may pass midnight."""
    if hours is None:
        return True
    start, end = (dt.time.fromisoformat(part) for part in hours.split("-"))
    return start <= at < end if start < end else at >= start or at < end
