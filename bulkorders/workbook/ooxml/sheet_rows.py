"""A sheet's rows in pieces: our cells go into their rows, what is not touched goes through as it is.

Most rows are only looked at from their end: where the last cell lies before our columns, ours are appended. Only rows with a mark, or
with cells that have to go, are taken apart.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from bulkorders.core.cell import column_letter, shown
from bulkorders.workbook.style import height_of, is_risky

from .cells import CellWriter, own_cell
from .edits import SheetEdits, UnsureError
from .markup import ATTRIBUTES, read_attributes, whole, with_attributes
from .places import LAST_COLUMN, LAST_ROW, NUMBERS, read_area
from .sheet_head import Head
from .styles import Styles

_MOST_KEPT = 4096
_OUR_HEIGHTS = frozenset(height_of(lines) for lines in range(2, 30))
_PLACE = re.compile(rb"([A-Z]{1,3})([1-9][0-9]{0,6})")
_SOURCE = re.compile(rb"""<(?:[\w.\-]+:)?f\s[^<>]*?\bref\s*=\s*["']([^"'<>]*)["']""")
_ARRAY = re.compile(rb"""<(?:[\w.\-]+:)?f(?=[^<>]*?\st\s*=\s*["'](?:array|dataTable)["'])[^<>]*?\sref\s*=\s*["']([^"'<>]*)["']""")
_SLASH = ord("/")
_FORMULA = re.compile(rb"<(?:[\w.\-]+:)?f[\s>/]")


@dataclass(frozen=True)
class _Start:
    """What the start tag of a row says behind the row's number. `rest` is without `spans`: they are a hint, and may be wrong now."""

    number: int | None
    rest: bytes
    is_empty: bool
    style: int | None
    has_spans: bool
    height: float = 0.0
    is_fixed: bool = False

    def tall(self, height: float | None) -> bytes:
        """What it says of a row that needs so many points; None: as many as it needs by itself."""
        tag = b"<r" + self.rest + b">"
        if height is None:
            return with_attributes(tag, {"ht": None, "customHeight": None})[2:-1]
        return self.rest if self.height >= height else with_attributes(tag, {"ht": f"{height:g}", "customHeight": "1"})[2:-1]


class _Cell(NamedTuple):
    """A cell as it stands in its row; the blanks in front of it are in `xml`."""

    column: int
    xml: bytes
    style: int


class RowStream:
    """The rows of one sheet. Raises UnsureError where they are out of order, or not what a row is."""

    def __init__(self, edits: SheetEdits, head: Head, styles: Styles) -> None:
        self._head, self._styles, self._rows, self._papers, self._values = head, styles, edits.rows, edits.papers, edits.values
        self._header_row, self._columns = edits.header_row, frozenset(edits.columns)
        self._heights, self._resets = edits.heights, edits.resets_heights
        self._first, self._last = min(self._columns, default=LAST_COLUMN + 1), max(self._columns, default=0)
        self._wanted = [*sorted({*edits.rows, *edits.papers, *edits.values}), LAST_ROW + 1]
        if (
            not all(1 <= column <= LAST_COLUMN for column in self._columns)
            or not 1 <= self._wanted[0] <= self._wanted[-2:][0] <= LAST_ROW + 1
        ):
            raise UnsureError("our cells are not on a sheet")
        self._next, self._at = 0, 0
        self._usual, self._usual_start = b'">', _Start(None, b"", False, None, False)
        self._compile(head.root.prefix, styles.marked)
        self._writer = CellWriter(styles, edits.columns, head.root.prefix)
        self._starts: dict[bytes, _Start] = {}
        self.lost_formula = False

    def _compile(self, prefix: bytes, marked: Iterable[int]) -> None:
        self._p = p = prefix
        self._row_open, self._row_end = b'<%brow r="' % p, b"</%brow>" % p
        is_one_block = self._columns and self._last - self._first + 1 == len(self._columns)
        self._first_cell = b'<%bc r="%b' % (p, column_letter(self._first).encode()) if is_one_block else b""
        self._cell, self._cell_end, self._formula = b"<%bc " % p, b"</%bc>" % p, b"<%bf" % p
        self._row_start = re.compile(rb'(\s*+)<%brow(?: r="([1-9][0-9]{0,6})")?+([^<>]*+)>' % p)
        self._quick = re.compile(rb'<%bc r="([A-Z]{1,3})([0-9]{1,7})"[^<>]*+>' % p)
        self._whole_cell = re.compile(rb"(\s*+)<%bc(%s)\s*+(/?)>" % (p, ATTRIBUTES))
        self._plain_cells = re.compile(
            rb'(<%bc r="([A-Z]{1,3})([1-9][0-9]{0,6})"(?: s="([0-9]{1,9})")?+(?: t="[A-Za-z]++")?+'
            rb"(?:/>|>[^<]*+(?:<(?!/?%bc[ >/])[^<]*+)*+</%bc>))" % (p, p, p)  # up to the next cell at most
        )
        numbers = b"|".join(str(style).encode() for style in sorted(marked))
        self._marked = re.compile(rb' s="(?:%s)"' % numbers) if numbers else None

    @property
    def span(self) -> tuple[int, int] | None:
        """The first and the last row that we write."""
        return (self._wanted[0], self._wanted[-2]) if len(self._wanted) > 1 else None

    def feed(self, rows: bytes) -> bytes:
        """Some whole rows, edited; rows before them that are missing are put in."""
        if self._values and (b"array" in rows or b"dataTable" in rows):
            self._check_arrays(rows)
        *pieces, rest = rows.split(self._row_end)
        out: list[bytes] = []
        for piece in pieces:
            if not self._append(piece, out):
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

    # -- the plain case
    def _append(self, piece: bytes, out: list[bytes]) -> bool:
        """Most rows: our cells go behind the last cell. False where it takes a closer look, and nothing is done."""
        number = self._at + 1
        name = b"%d" % number
        tag = self._row_open + name + self._usual  # the next row often begins like the last one did
        if piece.startswith(tag):
            indent, start, opened = b"", self._usual_start, len(tag)
        else:
            found = self._row_start.match(piece)
            if found is None or not found[2]:
                return False
            indent, name, opened = found[1], found[2], found.end()
            start, number = self._start(found[3]), int(name)
            if start.is_empty:
                return False
            self._usual, self._usual_start = b'"' + found[3] + b">", start
        wanted = self._wanted[self._next]
        if not self._at < number <= wanted or number < self._header_row or number in self._papers or number in self._values:
            return False
        if number in self._heights or self._is_too_tall(number, start):
            return False
        if self._marked is not None and self._marked.search(piece, opened):
            return False
        end = self._end(piece, name, opened)
        if end < 0 or (end < len(piece) and piece.find(self._formula, end) >= 0):
            return False
        self._at = number
        new = b""
        if number == wanted:
            self._next += 1
            new = self._writer.row(self._rows[number], name)
        if end == len(piece) and not (new and start.has_spans):
            out += (piece, new, self._row_end)
        else:
            out += (indent, self._row_open, name, b'"', start.rest, b">", piece[opened:end], new, self._row_end)
        return True

    def _is_too_tall(self, number: int, start: _Start) -> bool:
        """Whether a row has a height of ours from an earlier time, and needs none any more."""
        return (
            self._resets and number not in self._heights and number > self._header_row and start.is_fixed and start.height in _OUR_HEIGHTS
        )

    def _end(self, piece: bytes, name: bytes, opened: int) -> int:
        """Where the cells end that lie before our columns, if only ours are behind them; -1 where it takes a closer look.

        `opened`: where the cells of the row begin; `name`: the row's number.
        """
        at = len(piece)
        begin = piece.rfind(self._cell, opened)
        if begin < 0:
            return at if at == opened else -1
        found = self._quick.match(piece, begin)
        if found is None or found[2] != name:
            return -1
        end = found.end()
        if end != at if piece[end - 2] == _SLASH else piece.find(self._cell_end, end) != at - len(self._cell_end):
            return -1
        column = NUMBERS[found[1]]
        if column < self._first:
            return at
        return self._first_of_ours(piece, name, opened) if column <= self._last else -1

    def _first_of_ours(self, piece: bytes, name: bytes, opened: int) -> int:
        """Where the first of our columns begins, where they are side by side and so nothing else is behind it."""
        at = piece.rfind(self._first_cell + name + b'"', opened) if self._first_cell else -1
        return at if at == opened or piece.endswith((self._cell_end, b"/>"), opened, at) else -1

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
        rest = with_attributes(tag, {"spans": None, "r": None})[2:-1]
        height, is_fixed = _points(attributes.get("ht", "0")), attributes.get("customHeight") in ("1", "true")
        return _Start(number, rest, is_empty, style, "spans" in attributes, height, is_fixed)

    def _row(self, out: list[bytes], found: re.Match[bytes], start: _Start, cells: bytes) -> None:
        number = int(found[2]) if found[2] else start.number or self._at + 1
        if number <= self._at or number > LAST_ROW:
            raise UnsureError(f"row {number} is out of order")
        if self._wanted[self._next] < number:
            self._missing(out, number)
        self._at = number
        is_wanted = self._wanted[self._next] == number
        self._next += is_wanted
        if is_wanted or (self._columns and number >= self._header_row) or (self._marked and self._marked.search(cells)):
            edited = self._taken_apart(number, cells, start.style)
            height = self._heights.get(number, 0.0)
            rest = start.tall(None if self._is_too_tall(number, start) else height)
            if edited != cells or rest != start.rest:
                out += (found[1], self._row_open, b'%d"' % number, rest, b">", edited, self._row_end)
                return
        out += (found[0], b"") if start.is_empty else (found[0], cells, self._row_end)

    def _missing(self, out: list[bytes], before: int) -> None:
        """Rows of ours that are not there."""
        while (number := self._wanted[self._next]) < before:
            self._next += 1
            cells = self._taken_apart(number, b"", None)
            if cells:
                out += (self._row_open, b'%d">' % number, cells, self._row_end)

    # -- taken apart
    def _taken_apart(self, number: int, cells: bytes, style: int | None) -> bytes:
        """A row cell by cell."""
        found, rest = self._read_cells(number, cells)
        name = b"%d" % number
        new = self._writer.by_column(self._rows.get(number, {}), name)
        papers = {column: paper for column, paper in self._papers.get(number, {}).items() if column not in self._columns}
        gone = self._columns if number >= self._header_row else new.keys()
        kept: dict[int, bytes] = {}
        marked = self._styles.marked
        for cell in found:
            column, xml, style_now = cell
            if column in gone:
                self._lose(cell)
            else:
                kept[column] = self._styled(cell, papers.get(column)) if column in papers or style_now in marked else xml
        for column, paper in papers.items():
            if column not in kept:
                base = style if style is not None else self._head.style_of(column)
                kept[column] = self._blank(number, column, self._styles.restyled(base, paper))
        kept |= self._corrected(number, {cell.column: cell for cell in found}, papers, style)
        return b"".join(xml for _, xml in sorted((kept | new).items())) + rest

    def _blank(self, number: int, column: int, style: int) -> bytes:
        if not 1 <= column <= LAST_COLUMN:
            raise UnsureError(f"no column {column}")
        return b'<%bc r="%b%d" s="%d"/>' % (self._p, column_letter(column).encode(), number, style)

    def _corrected(self, number: int, found: Mapping[int, _Cell], papers: Mapping[int, str], style: int | None) -> dict[int, bytes]:
        """The merchant's own cells that were corrected. A number is one where it is shown as such, else text."""
        new = {}
        for column, value in self._values.get(number, {}).items():
            if column in self._columns or not 1 <= column <= LAST_COLUMN:
                raise UnsureError(f"no cell of the merchant's in column {column}")
            cell, paper = found.get(column), papers.get(column)
            if cell is not None:
                self._lose_own(cell, number)
                look = self._style_of(cell.style, paper)
            else:
                look = self._style_of(style if style is not None else self._head.style_of(column), paper)
            if isinstance(value, int | float) and not self._styles.shows_numbers(look):
                value = shown(value)
            if isinstance(value, str) and is_risky(value):
                look = self._styles.quoted(look)
            new[column] = own_cell(self._p, f"{column_letter(column)}{number}", look, value)
        return new

    def _lose_own(self, cell: _Cell, number: int) -> None:
        """A corrected cell had a formula. What others are calculated from must not go with it."""
        if _FORMULA.search(cell.xml):
            self.lost_formula = True
            for area in map(read_area, (found.decode() for found in _SOURCE.findall(cell.xml))):
                if (area.top, area.left, area.bottom, area.right) != (number, cell.column, number, cell.column):
                    raise UnsureError("a corrected cell has the formula of others")

    def _check_arrays(self, rows: bytes) -> None:
        """A program that calculates would write over a cell that one formula fills with others."""
        for area in (read_area(found[1].decode()) for found in _ARRAY.finditer(rows)):
            is_alone = (area.top, area.left) == (area.bottom, area.right)
            rows_in = (row for row in self._values if area.top <= row <= area.bottom)
            if not is_alone and any(area.left <= column <= area.right for row in rows_in for column in self._values[row]):
                raise UnsureError("a corrected cell is part of an array")

    def _style_of(self, style: int, paper: str | None) -> int:
        """A style with the mark that its cell is to have, or without the one that it had."""
        if paper:
            return self._styles.restyled(style, paper)
        return self._styles.unmarked(style) if style in self._styles.marked else style

    def _styled(self, cell: _Cell, paper: str | None) -> bytes:
        """A cell with the mark that it is to have, or without the one that it had."""
        new = self._style_of(cell.style, paper)
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
                if area.top < self._header_row or not {*range(area.left, area.right + 1)} <= self._columns:
                    raise UnsureError("a formula of other cells lies in our columns")

    def _read_cells(self, number: int, cells: bytes) -> tuple[Sequence[_Cell], bytes]:
        """The cells of a row, and what stands behind them."""
        name = b"%d" % number
        plain = self._plain_cells.findall(cells)
        found = [_Cell(NUMBERS[letters], xml, int(style or 0)) for xml, letters, row, style in plain if row == name]
        columns = [cell.column for cell in found]
        if len(found) == len(plain) and sum(map(len, (cell.xml for cell in found))) == len(cells) and columns == sorted(set(columns)):
            return found, b""
        return self._read_closer(number, cells)

    def _read_closer(self, number: int, cells: bytes) -> tuple[Sequence[_Cell], bytes]:
        """The same, whatever attributes and blanks there are."""
        found: list[_Cell] = []
        at, column = 0, 0
        while (match := self._whole_cell.match(cells, at)) is not None:
            end = match.end()
            if not match[3]:
                end = cells.find(self._cell_end, end) + len(self._cell_end)
                if end < match.end():
                    raise UnsureError("a cell does not end")
            attributes = read_attributes(match[2])
            new, style = _column_of(attributes, number, column + 1), whole(attributes.get("s"), 0)
            if new <= column:
                raise UnsureError(f"cells of row {number} are out of order")
            column = new
            found.append(_Cell(column, cells[at:end], style))
            at = end
        rest = cells[at:]
        if rest.strip() and not rest.lstrip().startswith(b"<%bextLst" % self._p):
            raise UnsureError(f"something in row {number} that is no cell")
        return found, rest


def _points(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise UnsureError("a row's height is no number") from error


def _column_of(attributes: Mapping[str, str], number: int, following: int) -> int:
    if "r" not in attributes:
        return following
    place = _PLACE.fullmatch(attributes["r"].encode())
    if place is None or int(place[2]) != number:
        raise UnsureError(f"a cell of another row in row {number}")
    return NUMBERS[place[1]]
