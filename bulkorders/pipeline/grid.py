"""The cells of a draft's sheets, page by page, with its corrections and what is wrong with them.

A child process writes a workbook's cells to files once; they have no names any more as soon as they are open, so they end with the
server, however it ends. Their content is a child's that a hostile workbook may have taken over: nothing in it is believed.
"""

import os
import shutil
import stat
import tempfile
import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import orjson

from bulkorders.core.cell import column_letter, column_number
from bulkorders.core.correction import Correction
from bulkorders.errors import BulkordersError, UsageError
from bulkorders.journal.corrections import corrections_of
from bulkorders.journal.issues import issues_between
from bulkorders.journal.kept import kept_path
from bulkorders.journal.records import Batch
from bulkorders.journal.uploads import get_upload
from bulkorders.journal.views import batches_of_workbook, get_batch
from bulkorders.workbook.grid import ENTRY
from bulkorders.workbook.isolated import write_grid
from bulkorders.workbook.limits import MOST_COLUMNS, MOST_ROWS

from .app import App
from .uploads import READING

MOST_KEPT, MOST_KEPT_BYTES = 100, 1024 * 1024 * 1024
"""Workbooks whose cells are kept, and how much that may be; of more, the least recently used go."""
MOST_BYTES = 4 * 1024 * 1024
"""Of a page: of very long rows it has fewer."""
LONGEST_LINE = 16 * 1024 * 1024
"""Bytes of a row; no row of ours has more."""
MOST_ROWS_AT_ONCE = 500
OLD_SECONDS = 3600
_PREFIX = "grid-"


@dataclass(frozen=True)
class GridPage:
    """Some rows of a sheet. `columns`: all its letters, one for each text of a row; `rows`: number and texts, empty rows too.

    `first` and `last`: the sheet's own first and last row. A page of very long rows has fewer than were asked for.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]
    first: int
    last: int
    header_row: int


Marks = dict[int, dict[str, list[dict[str, Any]]]]
"""By row and column letter, "" for the row itself: `severity`, `message` (in words of both languages) and `code` of each issue."""


def marks_of(app: App, batch: str, sheet: str, first_row: int, last_row: int) -> Marks:
    """What is wrong with some rows of a sheet. Raises UsageError where there is no such batch."""
    found: Marks = defaultdict(lambda: defaultdict(list))
    for issue in issues_between(app.journal, get_batch(app.journal, batch).id, sheet, first_row, last_row):
        if issue.row is not None:
            mark = {"severity": issue.severity.value, "message": issue.message, "code": issue.code}
            found[issue.row][issue.column or ""].append(mark)
    return {row: dict(columns) for row, columns in found.items()}


class Grids:
    """The cells of the workbooks that people look at. A context manager: at its end they are let go."""

    def __init__(self, app: App, most: int = MOST_KEPT) -> None:
        self._app, self._most = app, most
        self._lock = threading.Lock()
        self._books: OrderedDict[tuple[str, ...], _Book] = OrderedDict()

    def __enter__(self) -> "Grids":
        self.sweep()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        with self._lock:
            books = list(self._books.values())
            self._books.clear()
        for book in books:
            book.close()

    def sweep(self) -> None:
        """Removes cells that a server was writing when it was killed."""
        for path in self._app.journal.folder.glob(f"{_PREFIX}*"):
            with suppress(FileNotFoundError):  # somebody else was faster
                if path.stat().st_mtime < time.time() - OLD_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)

    def page(self, app: App, batch: str, sheet: str, first_row: int, count: int) -> GridPage:
        """Some rows of a sheet that was read, as they are with the corrections. Raises UsageError, JournalError."""
        found = get_batch(app.journal, batch)
        if sheet not in found.sheets:
            raise UsageError("表格里没有读取这张工作表。", "no such sheet was read.")
        corrections, _ = corrections_of(app.journal, batches_of_workbook(app.journal, found))
        first, names = max(first_row, 1), list(found.sheets)
        count = max(min(count, MOST_ROWS_AT_ONCE), 0)
        try:
            piece = self._book(found).read(app, kept_path(app.journal, found.content_hash), names, names.index(sheet), first, count)
        except (OSError, ValueError) as error:  # what orjson raises is a ValueError
            raise UsageError("表格的内容现在显示不了：请刷新再试。", "the cells cannot be shown now: try again.") from error
        return _page(found.sheets[sheet], piece, first, [each for each in corrections if each.sheet == sheet])

    def prepare(self, upload: str) -> None:
        """Has the cells of an upload's drafts written before anybody asks for them. Where that fails, who asks is told."""
        found = get_upload(self._app.journal, upload)
        for batch in found.batches if found else ():
            with suppress(BulkordersError, OSError, ValueError):
                self.page(self._app, batch, next(iter(get_batch(self._app.journal, batch).sheets)), 1, 0)

    def _book(self, batch: Batch) -> "_Book":
        key = (batch.content_hash, *batch.sheets)
        with self._lock:
            book = self._books.setdefault(key, _Book())
            self._books.move_to_end(key)
            old = []
            while len(self._books) > 1 and (len(self._books) > self._most or self._size() > MOST_KEPT_BYTES):
                old.append(self._books.popitem(last=False)[1])
        for each in old:
            each.close()
        return book

    def _size(self) -> int:
        return sum(book.size for book in self._books.values())


def _page(known: Mapping[str, Any], piece: "_Piece", first: int, corrections: Sequence[Correction]) -> GridPage:
    """A page with the corrections in it."""
    last = max(piece.last, known.get("span", (0, 0))[1])
    cells = {row: [*piece.rows.get(row, ())] for row in range(first, min(piece.until, last) + 1)}
    for texts in cells.values():
        texts.extend([""] * (piece.width - len(texts)))
    for each in corrections:
        if each.row in cells and column_number(each.column) <= piece.width:
            cells[each.row][column_number(each.column) - 1] = each.text
    columns = tuple(column_letter(number) for number in range(1, piece.width + 1))
    rows = tuple((row, tuple(texts)) for row, texts in cells.items())
    return GridPage(columns, rows, piece.first, last, int(known["header_row"]))


# -- the files ----------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Piece:
    """Some rows of a sheet that have cells, up to row `until`; and of the sheet its first and last row and how wide it is."""

    rows: Mapping[int, list[str]]
    until: int
    first: int
    last: int
    width: int


class _Book:
    """The files of a workbook."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sheets: list[_Sheet] | None = None

    @property
    def size(self) -> int:
        """Bytes that its files have."""
        return sum(sheet.size for sheet in self._sheets or ())

    def read(self, app: App, path: Path, names: Sequence[str], sheet: int, first: int, count: int) -> _Piece:
        """A piece of a sheet; whoever asks first has the cells written. Raises UsageError, OSError, ValueError."""
        with self._lock:
            if self._sheets is None:
                self._sheets = _written(app, path, names)
            return self._sheets[sheet].read(first, count)

    def close(self) -> None:
        """Lets go of the files."""
        with self._lock:
            for sheet in self._sheets or ():
                sheet.rows.close()
                sheet.index.close()
            self._sheets = None


@dataclass(frozen=True)
class _Sheet:
    """The files of one sheet, and their sizes."""

    rows: BinaryIO
    index: BinaryIO
    size: int
    entries: int

    def read(self, first: int, count: int) -> _Piece:
        """Some rows. Raises ValueError where the files do not say what they should."""
        if self.entries < 1:
            return _Piece({}, first + count - 1, 1, 1, 0)
        width = self._pair(self.entries)[1]
        if width > MOST_COLUMNS:
            raise ValueError("too wide")
        start = self._find(first)
        rows: dict[int, list[str]] = {}
        until, left = first + count - 1, MOST_BYTES
        for at in range(start, min(self.entries, start + count)):
            row, begin = self._entry(at)
            if row > until:
                break
            end = self._entry(at + 1)[1] if at + 1 < self.entries else self.size
            if rows and end - begin > left:
                until = row - 1
                break
            rows[row] = self._texts(row, begin, end, width)
            left -= end - begin
        return _Piece(rows, until, self._entry(0)[0], self._entry(self.entries - 1)[0], width)

    def _pair(self, at: int) -> tuple[int, int]:
        self.index.seek(at * ENTRY.size)
        data = self.index.read(ENTRY.size)
        if len(data) != ENTRY.size:
            raise ValueError("cut short")
        one, other = ENTRY.unpack(data)
        return int(one), int(other)

    def _entry(self, at: int) -> tuple[int, int]:
        """The number of a row that has cells, and where its line begins."""
        row, begin = self._pair(at)
        if not 0 < row <= MOST_ROWS:
            raise ValueError("no row")
        return row, begin

    def _find(self, row: int) -> int:
        """The place of the first row that is not before this one."""
        low, high = 0, self.entries
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._entry(middle)[0] < row else (low, middle)
        return low

    def _texts(self, row: int, begin: int, end: int, width: int) -> list[str]:
        """The texts of a row."""
        if not 0 <= begin < end <= self.size or end - begin > LONGEST_LINE:
            raise ValueError("no line")
        self.rows.seek(begin)
        found = orjson.loads(self.rows.read(end - begin))
        if not isinstance(found, list) or len(found) != 2 or found[0] != row or not isinstance(found[1], list):
            raise ValueError("no row")
        if len(found[1]) > width or not all(isinstance(text, str) for text in found[1]):
            raise ValueError("no texts")
        return found[1]


def _written(app: App, path: Path, names: Sequence[str]) -> list[_Sheet]:
    """Has a child write the cells, and opens what it left. Raises UsageError, OSError, ValueError."""
    if not path.exists():
        raise UsageError("原来的表格过了保存期，已经删除。", "the workbook was kept for its time and is deleted.")
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=app.journal.folder, ignore_cleanup_errors=True) as folder:
        with READING.at_once():
            refused = write_grid(path, names, Path(folder))
        if refused is not None:
            raise UsageError(refused.message.zh, refused.message.en)
        return [_opened(Path(folder), number) for number in range(len(names))]


def _opened(folder: Path, number: int) -> _Sheet:
    rows, index = _open(folder / f"{number}.rows"), _open(folder / f"{number}.index")
    return _Sheet(rows, index, os.fstat(rows.fileno()).st_size, os.fstat(index.fileno()).st_size // ENTRY.size - 1)


def _open(path: Path) -> BinaryIO:
    """A plain file, and nothing that only looks like one: a link, or a pipe that nobody writes to."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise ValueError("no plain file")
    return os.fdopen(handle, "rb")
