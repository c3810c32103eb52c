"""A workbook that is replaced, renamed, deleted or written to while it is read: one whole version of it, or a clear error."""

import hashlib
import os
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from stage import at_each_remote, stage
from stage_books import write_book

from bulkorders.core.provider import Provider
from bulkorders.errors import UsageError
from bulkorders.journal.journal import Journal
from bulkorders.journal.kept import keep
from bulkorders.workbook.read import read_tables

MEGABYTE = 1024 * 1024
PIECE = 256 * 1024
SIZE = 24
"""Megabytes of a file: it takes some time to copy."""
OLD, NEW = bytes(SIZE * MEGABYTE), b"n" * (SIZE * MEGABYTE)


def replace(path: Path) -> None:
    """As Excel saves: a new file takes the old one's name."""
    other = path.with_name("new")
    other.write_bytes(NEW)
    other.replace(path)


def rename(path: Path) -> None:
    """It is called otherwise from now on."""
    path.rename(path.with_name("renamed"))


def rewrite(path: Path) -> None:
    """Written over from its beginning, its size unchanged."""
    with path.open("r+b", buffering=0) as file:
        for start in range(0, len(NEW), PIECE):
            file.write(NEW[start : start + PIECE])


def rewrite_from_nothing(path: Path) -> None:
    """Emptied, and written anew."""
    with path.open("wb", buffering=0) as file:
        for start in range(0, len(NEW), PIECE):
            file.write(NEW[start : start + PIECE])


CHANGES: dict[str, Callable[[Path], None]] = {
    "replaced": replace, "renamed": rename, "deleted": Path.unlink, "rewritten": rewrite, "emptied and written": rewrite_from_nothing,
}  # fmt: skip
FEW, MANY = range(2, SIZE, 10), [point for point in range(SIZE) for _ in range(3)]


class Meddler(threading.Thread):
    """Changes a file as soon as so many megabytes of it have been copied to the journal's folder."""

    def __init__(self, change: Callable[[Path], None], path: Path, folder: Path, megabytes: int) -> None:
        super().__init__()
        self.change, self.path, self.folder, self.megabytes = change, path, folder, megabytes
        self.start()

    def run(self) -> None:
        """Waits for its moment, for a while."""
        until = time.monotonic() + 5
        while time.monotonic() < until and not self._is_time():
            pass
        self.change(self.path)

    def _is_time(self) -> bool:
        with suppress(FileNotFoundError):
            return any(path.stat().st_size >= self.megabytes * MEGABYTE for path in self.folder.glob("incoming-*"))
        return False


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("points", [FEW, pytest.param(MANY, marks=pytest.mark.slow)], ids=["few", "many"])
def test_what_is_kept_of_a_changing_file_is_one_whole_version(
    journal: Journal, tmp_path: Path, change: Callable[[Path], None], points: Sequence[int]
) -> None:
    """F22: at whatever point it changes, the old content or the new one is kept, or the system says that it is being written."""
    versions = {hashlib.sha256(content).hexdigest() for content in (OLD, NEW)}
    path, kept = tmp_path / "orders.xlsx", 0
    for point in points:
        path.write_bytes(OLD)
        meddler = Meddler(change, path, journal.folder, point)
        with suppress(OSError):
            content_hash, copy = keep(journal, path)
            assert content_hash in versions
            assert hashlib.sha256(copy.read_bytes()).hexdigest() == content_hash
            kept += 1
        meddler.join()
        assert list(journal.folder.glob("incoming-*")) == []
    print(f"F22 {change.__name__}: {kept} of {len(points)} whole, {len(points) - kept} errors")


@at_each_remote
def test_half_of_one_version_and_half_of_another_is_no_workbook(provider: Provider, tmp_path: Path) -> None:
    """F22: a file that rests half written is the old version, the new one, or refused; at a hundred places where the two may meet."""
    old, new = (stored(provider, tmp_path / f"{letter}.xlsx", letter) for letter in "AB")
    assert len(old) == len(new)
    whole = [shown(tmp_path / "mixed.xlsx", content) for content in (old, new)]
    places = range(0, len(old), len(old) // 50)
    mixed = [shown(tmp_path / "mixed.xlsx", content) for at in places for content in (old[:at] + new[at:], new[:at] + old[at:])]
    assert set(mixed) <= {*whole, None}
    assert None in mixed
    print(f"F22 {provider.name}: {mixed.count(None)} of {len(mixed)} halves refused")


def stored(provider: Provider, path: Path, letter: str) -> bytes:
    """A workbook that is not packed, so that both versions have one length."""
    (template,) = provider.templates
    with zipfile.ZipFile(write_book(template, path, [f"{letter}-{number:02}" for number in range(20)])) as packed:
        parts = {name: packed.read(name) for name in sorted(packed.namelist())}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as plain:
        for name, content in parts.items():
            plain.writestr(zipfile.ZipInfo(name), content)
    return path.read_bytes()


def shown(path: Path, content: bytes) -> str | None:
    """What the reader sees in a file of this content, or None where it refuses."""
    path.write_bytes(content)
    with suppress(zipfile.BadZipFile, OSError):
        tables = read_tables(path)
        assert isinstance(tables, list)
        return str([table.frame.to_numpy().tolist() for table in tables])
    return None


@contextmanager
def being_written(path: Path) -> Iterator[None]:
    """Somebody writes to a file without a pause."""
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            os.utime(path)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        stop.set()
        writer.join()


@at_each_remote
def test_a_workbook_that_is_written_all_the_time_is_not_sent(provider: Provider, tmp_path: Path) -> None:
    """F22 through the whole program: a clear sentence and nothing sent while somebody writes; the whole workbook once it rests."""
    (template,) = provider.templates
    book = write_book(template, tmp_path / "orders.xlsx", ["A-1", "A-2"])
    with zipfile.ZipFile(book, "a") as more:
        more.writestr("xl/media/picture.png", OLD)  # so that copying takes its time
    with stage(provider, tmp_path) as at:
        with being_written(book), pytest.raises(UsageError, match="正在写它") as error:
            at.submit_file(book)
        assert error.value.exit_code == 2
        assert at.witness.calls == []
        assert at.submit_file(book).statuses == {"created"}
        with pytest.raises(UsageError, match="找不到文件"):
            at.submit_file(book.rename(tmp_path / "renamed.xlsx").with_name("orders.xlsx"))
