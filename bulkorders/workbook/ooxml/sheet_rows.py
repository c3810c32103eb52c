"""A sheet's rows in pieces: our cells go into their rows, what is not touched goes through as it is.

Most rows are only looked at from their end: where the last cell lies before our columns, ours are appended. Only rows with a mark, or
with cells that have to go, are taken apart.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bulkorders.core.cell import column_letter

from .cells import CellWriter
from .edits import SheetEdits, UnsureError
from .markup import ATTRIBUTES, read_attributes, whole, with_attributes
from .places import LAST_COLUMN, LAST_ROW, NUMBERS, read_area
from .sheet_head import Head
from .styles import Styles

_MOST_KEPT = 4096
_PLACE = re.compile(rb"([A-Z]{1,3})([1-9][0-9]{0,6})")
_SOURCE = re.compile(rb"""<(?:[\w.\-]+:)?f\s[^<>]*?\bref\s*=\s*["']([^"'<>]*)["']""")
_FORMULA = re.compile(rb"<(?:[\w.\-]+:)?f[\s>/]")


@dataclass(frozen=True)
class _Start:
    """What the start tag of a row says behind the row's number. `spans` are taken off: they are a hint, and may be wrong now."""

    number: int | None
    rest: bytes
    is_empty: bool
    style: int | None


@dataclass(frozen=True)
class _Cell:
    """A cell as it stands in its row; the blanks in front of it are in `xml`."""

    column: int
    xml: bytes
    style: int


class RowStream:
    """The rows of one sheet. Raises UnsureError where they are out of order, or not what a row is."""

    def __init__(self, edits: SheetEdits, head: Head, styles: Styles) -> None:
        self._edits, self._head, self._styles = edits, head, styles
        self._columns = frozenset(edits.columns)
        self._first, self._last = min(self._columns, default=LAST_COLUMN + 1), max(self._columns, default=0)
        if self._columns and not (self._first >= 1 and self._last <= LAST_COLUMN):
            raise UnsureError("our columns are not on the sheet")
        p = head.root.prefix
        self._p = p
        self._writer = CellWriter(styles, edits.columns, p)
        self._wanted = sorted({*edits.rows, *edits.papers})
        if self._wanted and not 1 <= self._wanted[0] <= self._wanted[-1] <= LAST_ROW:
            raise UnsureError("our rows are not on the sheet")
        self._next, self._at = 0, 0
        self._row_end, self._cell_end, self._cell = b"</%brow>" % p, b"</%bc>" % p, b"<%bc " % p
        self._row_start = re.compile(rb'(\s*+)<%brow(?: r="([1-9][0-9]{0,6})")?+([^<>]*+)>' % p)
        self._quick = re.compile(rb'<%bc r="([A-Z]{1,3})([0-9]{1,7})"[^<>]*+>' % p)
        self._whole_cell = re.compile(rb"(\s*+)<%bc(%s)\s*+(/?)>" % (p, ATTRIBUTES))
        marked = b"|".join(str(style).encode() for style in sorted(styles.marked))
        self._marked = re.compile(rb' s="(?:%s)"' % marked) if marked else None
        self._starts: dict[bytes, _Start] = {}
        self.lost_formula = False

    @property
    def first_row(self) -> int:
        """The first row that we write, 0 for none."""
        return self._wanted[0] if self._wanted else 0

    @property
    def last_row(self) -> int:
        """The last row that we write, 0 for none."""
        return self._wanted[-1] if self._wanted else 0

    def feed(self, rows: bytes) -> bytes:
        """Some whole rows, edited; rows before them that are missing are put in."""
        *pieces, rest = rows.split(self._row_end)
        out: list[bytes] = []
        for piece in pieces:
            at = self._empty_rows(piece, out)
            found = self._row_start.match(piece, at)
            if found is None:
                raise UnsureError("no row where one should be")
            self._row(out, found, self._start(found[3]), piece[found.end() :])
        at = self._empty_rows(rest, out)
        if rest[at:].strip():
            raise UnsureError("something between rows")
        out.append(rest[at:])
        return b"".join(out)

    def finish(self) -> bytes:
        """The rows behind the last one."""
        out: list[bytes] = []
        self._missing(out, LAST_ROW + 1)
        return b"".join(out)

    # -- one row
    def _empty_rows(self, piece: bytes, out: list[bytes]) -> int:
        """Rows that are tags of their own; gives where they end."""
        at = 0
        while (found := self._row_start.match(piece, at)) is not None:
            start = self._start(found[3])
            if not start.is_empty:
                break
            self._row(out, found, start, b"")
            at = found.end()
        return at

    def _start(self, rest: bytes) -> _Start:
        start = self._starts.get(rest)
        if start is None:
            start = self._read_start(rest)
            if len(self._starts) >= _MOST_KEPT:
                self._starts.clear()
            self._starts[rest] = start
        return start

    def _read_start(self, rest: bytes) -> _Start:
        is_empty = rest.endswith(b"/")
        tag = b"<r" + rest.removesuffix(b"/") + b">"
        if re.fullmatch(rb"<r%s\s*+>" % ATTRIBUTES, tag) is None:
            raise UnsureError("no plain row")
        attributes = read_attributes(tag)
        style = whole(attributes.get("s"), 0) if attributes.get("customFormat") in ("1", "true") else None
        number = whole(attributes["r"]) if "r" in attributes else None
        return _Start(number, with_attributes(tag, {"spans": None, "r": None})[2:-1], is_empty, style)

    def _row(self, out: list[bytes], found: re.Match[bytes], start: _Start, cells: bytes) -> None:
        number = int(found[2]) if found[2] else start.number or self._at + 1
        if number <= self._at or number > LAST_ROW:
            raise UnsureError(f"row {number} is out of order")
        if self._next < len(self._wanted) and self._wanted[self._next] < number:
            self._missing(out, number)
        self._at = number
        is_wanted = self._next < len(self._wanted) and self._wanted[self._next] == number
        self._next += is_wanted
        edited = self._edited(number, cells, start.style, is_wanted=is_wanted)
        if edited is None:
            out.append(found[0] if start.is_empty else found[0] + cells + self._row_end)
        else:
            out.append(b'%b<%brow r="%d"%b>%b%b' % (found[1], self._p, number, start.rest, edited, self._row_end))

    def _missing(self, out: list[bytes], before: int) -> None:
        """Rows of ours that are not there."""
        while self._next < len(self._wanted) and self._wanted[self._next] < before:
            number = self._wanted[self._next]
            self._next += 1
            cells = self._edited(number, b"", None, is_wanted=True)
            if cells:
                out.append(b'<%brow r="%d">%b%b' % (self._p, number, cells, self._row_end))

    def _edited(self, number: int, cells: bytes, style: int | None, *, is_wanted: bool) -> bytes | None:
        """A row's cells as they are to be; None where nothing changes."""
        papers = self._edits.papers.get(number) if is_wanted else None
        ours = self._edits.rows.get(number) if is_wanted else None
        is_ours = number >= self._edits.header_row
        if papers or (self._marked and self._marked.search(cells)):
            return self._taken_apart(number, cells, style)
        if not ours and not (is_ours and self._columns):
            return None
        end = self._end(cells, b"%d" % number)
        if end is None or (end < len(cells) and (not is_ours or _FORMULA.search(cells, end))):
            return self._taken_apart(number, cells, style)
        new = self._writer.row(ours, b"%d" % number) if ours else b""
        return None if end == len(cells) and not new else cells[:end] + new

    def _end(self, cells: bytes, number: bytes) -> int | None:
        """Where the cells end that lie before our columns, if behind them there are only ours; None where it takes a closer look."""
        at = len(cells)
        while (begin := cells.rfind(self._cell, 0, at)) >= 0:
            found = self._quick.match(cells, begin)
            if found is None or found[2] != number:
                return None
            opened = found.end()
            is_whole = opened == at if cells[opened - 2] == 0x2F else cells.find(self._cell_end, opened, at) == at - len(self._cell_end)
            column = NUMBERS[found[1]]
            if not is_whole or column > self._last:
                return None
            if column < self._first:
                return at
            if column not in self._columns:
                return None
            at = begin
        return 0 if at == 0 else None

    # -- taken apart
    def _taken_apart(self, number: int, cells: bytes, style: int | None) -> bytes | None:
        """A row cell by cell."""
        found, rest = self._read_cells(number, cells)
        name = b"%d" % number
        new = self._writer.by_column(self._edits.rows.get(number, {}), name)
        papers = {column: paper for column, paper in self._edits.papers.get(number, {}).items() if column not in self._columns}
        gone = self._columns if number >= self._edits.header_row else new.keys()
        for cell in found:
            if cell.column in gone:
                self._lose(cell)
        kept = {cell.column: self._styled(cell, papers.get(cell.column)) for cell in found if cell.column not in gone}
        for column, paper in papers.items():
            if column not in kept:
                base = style if style is not None else self._head.style_of(column)
                kept[column] = self._blank(number, column, self._styles.restyled(base, paper))
        return b"".join(xml for _, xml in sorted((kept | new).items())) + rest

    def _blank(self, number: int, column: int, style: int) -> bytes:
        if not 1 <= column <= LAST_COLUMN:
            raise UnsureError(f"no column {column}")
        return b'<%bc r="%b%d" s="%d"/>' % (self._p, column_letter(column).encode(), number, style)

    def _styled(self, cell: _Cell, paper: str | None) -> bytes:
        """A cell with the mark that it is to have, or without the one that it had."""
        new = self._styles.restyled(cell.style, paper) if paper else cell.style
        if paper is None and cell.style in self._styles.marked:
            new = self._styles.unmarked(cell.style)
        if new == cell.style:
            return cell.xml
        start = cell.xml.index(b"<")
        opened = self._whole_cell.match(cell.xml)
        end = opened.end() if opened else start
        return cell.xml[:start] + with_attributes(cell.xml[start:end], {"s": str(new)}) + cell.xml[end:]

    def _lose(self, cell: _Cell) -> None:
        """A cell of ours that goes. What others are calculated from must not go with it."""
        if _FORMULA.search(cell.xml):
            self.lost_formula = True
            for area in map(read_area, (found.decode() for found in _SOURCE.findall(cell.xml))):
                if area.top < self._edits.header_row or not {*range(area.left, area.right + 1)} <= self._columns:
                    raise UnsureError("a formula of other cells lies in our columns")

    def _read_cells(self, number: int, cells: bytes) -> tuple[Sequence[_Cell], bytes]:
        """The cells of a row, and what stands behind them."""
        found: list[_Cell] = []
        at, column = 0, 0
        while (match := self._whole_cell.match(cells, at)) is not None:
            end = match.end()
            if not match[3]:
                end = cells.find(self._cell_end, end) + len(self._cell_end)
                if end < match.end():
                    raise UnsureError("a cell does not end")
            attributes = read_attributes(match[2])
            new = _column_of(attributes, number, column + 1)
            if new <= column:
                raise UnsureError(f"cells of row {number} are out of order")
            column = new
            found.append(_Cell(column, cells[at:end], whole(attributes.get("s"), 0)))
            at = end
        rest = cells[at:]
        if rest.strip() and not rest.lstrip().startswith(b"<%bextLst" % self._p):
            raise UnsureError(f"something in row {number} that is no cell")
        return found, rest


def _column_of(attributes: Mapping[str, str], number: int, following: int) -> int:
    if "r" not in attributes:
        return following
    place = _PLACE.fullmatch(attributes["r"].encode())
    if place is None or int(place[2]) != number:
        raise UnsureError(f"a cell of another row in row {number}")
    return NUMBERS[place[1]]
