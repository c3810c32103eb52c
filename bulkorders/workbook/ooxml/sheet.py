"""The stream through one sheet's XML: head, rows, tail; never the whole of it at once."""

import re
from collections.abc import Callable, Generator, Iterator

from .edits import SheetEdits, UnsureError
from .places import Area
from .sheet_head import Head, edited_head, read_head
from .sheet_rows import RowStream
from .sheet_tail import Tail
from .styles import Styles

_DATA = re.compile(rb"<((?:[A-Za-z_][\w.\-]*+:)?)sheetData\s*(/?)>")
_LONGEST_HEAD = 4 * 1024 * 1024
_LONGEST_ROW = 32 * 1024 * 1024
_LONGEST_TAIL = 64 * 1024 * 1024

Draw = Callable[[str | None], str | None]


class SheetStream:
    """One sheet with its edits. `draw`: makes the drawing of comments, from the relationship id of the one that is there to the new one's.

    When all pieces were taken, `grown` is what the autofilter covers now if that is more than before, and `lost_formula` says whether
    a formula went.
    """

    def __init__(self, edits: SheetEdits, styles: Styles, draw: Draw) -> None:
        self._edits, self._styles, self._draw = edits, styles, draw
        self.grown: Area | None = None
        self.lost_formula = False

    def pieces(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        """The sheet's XML, edited."""
        data, found = _until_rows(chunks)
        head = read_head(data[: found.start()])
        if found[1] != head.root.prefix:
            raise UnsureError("prefixes differ")
        rows = RowStream(self._edits, head, self._styles)
        yield edited_head(head, self._used(rows), self._edits.columns)
        tail = data[found.end() :]
        if found[2]:
            yield from _filled(rows.finish(), data[found.start() : found.end()])
        else:
            yield data[found.start() : found.end()]
            tail = yield from _rows(rows, tail, chunks, head)
        self.lost_formula = rows.lost_formula
        yield self._tail(head, _whole(tail, chunks), rows)

    def _used(self, rows: RowStream) -> Area | None:
        """The box around what we write."""
        others = (*self._edits.papers.values(), *self._edits.values.values())
        columns = [*self._edits.columns, *(column for cells in others for column in cells)]
        return Area(rows.span[0], min(columns), rows.span[1], max(columns)) if rows.span and columns else None

    def _tail(self, head: Head, data: bytes, rows: RowStream) -> bytes:
        tail = Tail(head.root, data, self._edits)
        edited = tail.edited(self._styles, rows.span[1] if rows.span else 0, self._draw)
        self.grown = tail.grown
        return edited


def _until_rows(chunks: Iterator[bytes]) -> tuple[bytes, re.Match[bytes]]:
    """The beginning of a sheet up to where its rows begin, and what was read beyond."""
    data = b""
    for chunk in chunks:
        data += chunk
        found = _DATA.search(data)
        if found is not None:
            return data, found
        if len(data) > _LONGEST_HEAD:
            break
    raise UnsureError("no rows within reach")


def _filled(rows: bytes, tag: bytes) -> Iterator[bytes]:
    """Rows where there were none: `<sheetData/>`."""
    if not rows:
        yield tag
        return
    name = tag[1:-2].rstrip()
    yield b"<%b>%b</%b>" % (name, rows, name)


def _rows(rows: RowStream, data: bytes, chunks: Iterator[bytes], head: Head) -> Generator[bytes, None, bytes]:
    """All rows; returns what was read behind them."""
    row_end, data_end = b"</%brow>" % head.root.prefix, b"</%bsheetData>" % head.root.prefix
    looked = 0
    while True:
        at = data.find(data_end, max(looked - len(data_end), 0))
        if at >= 0:
            _check(data, at)
            yield rows.feed(data[:at])
            yield rows.finish()
            yield data_end
            return data[at + len(data_end) :]
        end = data.rfind(row_end, max(looked - len(row_end), 0)) + len(row_end)
        if end >= len(row_end):
            _check(data, end)
            yield rows.feed(data[:end])
            data = data[end:]
        looked = len(data)
        chunk = next(chunks, None)
        if chunk is None or looked > _LONGEST_ROW:
            raise UnsureError("the rows do not end")
        data += chunk


def _check(data: bytes, end: int) -> None:
    """Comments, CDATA and instructions may hold anything; nobody writes them here."""
    for sign in (b"<!", b"<?"):
        if data.find(sign[1:], 0, end) >= 0 and data.find(sign, 0, end) >= 0:
            raise UnsureError("comments or instructions between rows")


def _whole(data: bytes, chunks: Iterator[bytes]) -> bytes:
    """All that is left."""
    pieces, size = [data], len(data)
    for chunk in chunks:
        pieces.append(chunk)
        size += len(chunk)
        if size > _LONGEST_TAIL:
            raise UnsureError("too much behind the rows")
    return b"".join(pieces)
