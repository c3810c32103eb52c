"""A folder on the disk: its parts, whose it is, and names in it that nobody has."""

import datetime as dt
import json
import os
import stat
import time
import unicodedata
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bulkorders.crash import crash_point
from bulkorders.errors import UsageError, os_reason
from bulkorders.journal.drops import End, has_drops, named
from bulkorders.journal.journal import Journal
from bulkorders.pipeline.app import path_text
from bulkorders.settings import FolderSettings

MARK = ".bulkorders"
"""Says which journal a folder belongs to."""
DRAFT_SECONDS = 3600.0
"""A draft that is older belongs to nobody who is at work."""
LONGEST_NAME = 200
"""Bytes of a name; file systems take 255, and results are named after it."""


class GoneError(Exception):
    """The folder is not there now, as a network share that is not connected: nothing is known of its files."""


@dataclass(frozen=True)
class Place:
    """A folder. `root` is its path without links, which the journal knows it by."""

    root: Path
    settings: FolderSettings

    @property
    def key(self) -> str:
        """The folder as the journal knows it."""
        return path_text(self.root)

    @property
    def inbox(self) -> Path:
        """Where files are dropped."""
        return self.root / self.settings.names.inbox

    @property
    def processing(self) -> Path:
        """Where files are worked on."""
        return self.root / self.settings.names.processing

    @property
    def results(self) -> Path:
        """Where results are laid."""
        return self.root / self.settings.names.results

    def put_away(self, end: End, day: dt.date) -> Path:
        """Where files lie in the end: those that need somebody apart from the others."""
        names = self.settings.names
        return self.root / (names.failed if end is End.FAILED else names.done) / day.isoformat()

    def inside(self, path: Path) -> str:
        """A path as the journal has it: within the folder."""
        return path.relative_to(self.root).as_posix()


def place_of(settings: FolderSettings) -> Place:
    """The folder of some settings."""
    return Place(settings.path.absolute().resolve(), settings)


def prepare(place: Place, journal: Journal) -> None:
    """Makes what is missing of a folder, and marks it as this journal's. Raises GoneError, UsageError."""
    mark, parts = place.root / MARK, [place.root / name for name in place.settings.names.model_dump().values()]
    try:
        if not place.root.is_dir():
            raise GoneError
        if not mark.exists():
            # an empty mount point looks like a new folder; one with its parts has lost its mark alone
            if has_drops(journal, place.key) and not any(part.is_dir() for part in parts):
                raise GoneError
            _make_mark(mark, journal)
    except PermissionError as error:
        raise UsageError(*_unusable(place.root, error)) from error
    check(place, journal)
    for part in parts:
        try:
            make_part(part)
        except OSError as error:
            raise UsageError(*_unusable(part, error)) from error


def make_part(part: Path) -> None:
    """Makes a folder within one that is there; a link is none: nothing is written out of the folder. Raises OSError, UsageError."""
    with suppress(FileExistsError):
        part.mkdir()
    if not stat.S_ISDIR(part.lstat().st_mode):
        raise UsageError(
            f"{part} 不是文件夹，或是指向别处的链接，没有使用：请换成真正的文件夹。", f"{part} is a link or no folder and was not used."
        )


def _make_mark(mark: Path, journal: Journal) -> None:
    draft = mark.with_name(f"{MARK}-{os.getpid()}.tmp")
    try:
        with draft.open("w", encoding="utf-8") as file:
            json.dump({"journal": journal.id}, file)
            file.flush()
            os.fsync(file.fileno())
        crash_point()
        draft.replace(mark)
        crash_point()
    except OSError as error:
        raise UsageError(*_unusable(mark.parent, error)) from error


def check(place: Place, journal: Journal) -> None:
    """Makes sure that the folder is there, and this journal's. Raises GoneError, UsageError."""
    mark = place.root / MARK
    try:
        owner = json.loads(mark.read_text(encoding="utf-8"))["journal"]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"{mark} 已经损坏，文件夹没有使用：确认没有别的流水账在用它，删掉这个文件，再运行一次。",
            f"{mark} is damaged: make sure that no other journal uses the folder, delete the file, run again.",
        ) from error
    except PermissionError as error:
        raise UsageError(*_unusable(place.root, error)) from error
    except OSError as error:
        raise GoneError from error
    if owner != journal.id:
        raise UsageError(
            f"文件夹 {place.root} 属于另一份流水账，没有使用：两份流水账会把订单发两遍。请用原来的流水账（--journal）；"
            f"原来的确实不再用了，就删掉 {mark}，再运行一次。",
            f"the folder {place.root} belongs to another journal and was not used, as two would send all twice: use that one (--journal), "
            f"or, if it is no longer used, delete {mark} and run again.",
        )


def sweep(place: Place) -> None:
    """Deletes drafts of marks and results that a kill has left behind. Raises OSError."""
    before = time.time() - DRAFT_SECONDS
    for path in (*place.root.glob(f"{MARK}-*.tmp"), *place.results.glob(".*.tmp")):
        if path.lstat().st_mtime < before:
            path.unlink(missing_ok=True)


def is_there(place: Place, journal: Journal) -> bool:
    """Whether the folder is there, and still this journal's."""
    try:
        check(place, journal)
    except (GoneError, UsageError):
        return False
    return True


def _unusable(path: Path, error: OSError) -> tuple[str, str]:
    zh, en = os_reason(error)
    return f"文件夹 {path} 用不了：{zh}。", f"the folder {path} cannot be used: {en}."


# -- names -----------------------------------------------------------------------------------------------------------------
def clean_name(name: str) -> str:
    """A dropped file's name as it is kept: composed letters, nothing that moves a cursor, short enough for a suffix."""
    text = unicodedata.normalize("NFC", path_text(Path(name)))
    text = "".join("_" if unicodedata.category(letter) in ("Cc", "Cf", "Zl", "Zp", "Cs") else letter for letter in text)
    stem, ending = os.path.splitext(text)  # noqa: PTH122  # a name with a slash is none
    return _shortened(stem, len(ending.encode())) + ending if len(ending.encode()) < LONGEST_NAME // 2 else _shortened(text, 0)


def _shortened(stem: str, more: int) -> str:
    return stem.encode()[: LONGEST_NAME - more].decode(errors="ignore")


def free_path(place: Place, journal: Journal, wanted: Path, ending: str = "") -> Path:
    """A path that nobody has: neither on the disk, nor in the journal. The number goes before `ending`, or before the suffix."""
    ending = ending or wanted.suffix
    stem, path, number = wanted.name.removesuffix(ending), wanted, 1
    taken = named(journal, place.key, place.inside(wanted.with_name(stem)))
    while place.inside(path) in taken or os.path.lexists(path):
        number += 1
        path = wanted.with_name(f"{stem} ({number}){ending}")
    return path
