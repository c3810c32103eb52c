"""Our own cells as XML: text in the cell itself, never a formula, never a link."""

import re
from collections.abc import Iterable, Mapping
from math import isfinite

from bulkorders.core.cell import column_letter
from bulkorders.workbook.style import LONGEST_TEXT, TEXT, Look, clean, is_risky

from .edits import Written
from .styles import Styles

_Kept = dict[Written, bytes]
_MOST_KEPT = 1024
_LONGEST_KEPT = 200
_SPECIAL = re.compile("[\x00-\x1f&<>\ud800-\udfff\ufffe\uffff]|_x")
"""What has to be cleaned or escaped; most texts have nothing of it."""


class CellWriter:
    """Writes cells of some columns, in their order; texts that come again are worked out once."""

    def __init__(self, styles: Styles, columns: Iterable[int], prefix: bytes = b"") -> None:
        self._styles, self._prefix = styles, prefix.decode()
        numbers = sorted(columns)
        starts = [f'<{self._prefix}c r="{column_letter(column)}' for column in numbers]
        self._begins = {column: start.encode() for column, start in zip(numbers, starts, strict=True)}
        self._begin = starts[0].encode() if starts else b""
        self._columns: list[tuple[int, _Kept]] = [(column, {}) for column in numbers]
        self._following = [*starts, ""][1:]
        self._starts: dict[tuple[Look, str, bool], str] = {}
        self._end = f"</{self._prefix}t></{self._prefix}is></{self._prefix}c>"
        self._cells: Mapping[int, Written] | None = None
        self._pieces: list[bytes] | None = None

    def row(self, cells: Mapping[int, Written], row: bytes) -> bytes:
        """The cells of a row, of our columns only. `row`: its number.

        The number stands once in every cell, so it joins them: each piece goes from behind it to where it stands next. Rows that
        share their cells, as those of an order may, share the pieces.
        """
        if cells is not self._cells:
            self._cells, self._pieces = cells, self._read(cells)
        return row.join(self._pieces) if self._pieces else b"".join(self.by_column(cells, row).values())

    def _read(self, cells: Mapping[int, Written]) -> list[bytes] | None:
        """The pieces of a row; None where a cell is missing."""
        pieces = [self._begin]
        for at, (column, kept) in enumerate(self._columns):
            written = cells.get(column)
            if written is None:
                return None
            pieces.append(kept.get(written) or self._piece(written, self._following[at], kept))
        return pieces

    def by_column(self, cells: Mapping[int, Written], row: bytes) -> dict[int, bytes]:
        """The same, each for itself."""
        return {column: start + row + self._rest(cells[column]) for column, start in self._begins.items() if column in cells}

    def _piece(self, written: Written, following: str, kept: _Kept) -> bytes:
        value = written.value
        if not isinstance(value, str) or len(value) > _LONGEST_KEPT:
            return self._rest(written, following)  # numbers are not kept: 1 and 1.0 are one key
        if value[:1].isalnum() and (value.isalnum() or not _SPECIAL.search(value)):  # the most of them, and so without detours
            start = self._starts.get((written.look, written.number_format, False)) or self._start(written, is_quoted=False)
            piece = f"{start}{value}{self._end}{following}".encode()
        else:
            piece = self._rest(written, following)
        if len(kept) >= _MOST_KEPT:
            kept.clear()
        kept[written] = piece
        return piece

    def _rest(self, written: Written, following: str = "") -> bytes:
        """All of a cell but its place, from the quotation mark behind that on, and what follows."""
        value = written.value
        return f"{self._text(written, value) if isinstance(value, str) else self._other(written)}{following}".encode()

    def _text(self, written: Written, value: str) -> str:
        if 2 * len(value) > LONGEST_TEXT or _SPECIAL.search(value):
            value = _shortened(clean(value)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if not value:
            return self._blank(written)
        return self._start(written, is_quoted=is_risky(value)) + value + self._end

    def _start(self, written: Written, *, is_quoted: bool) -> str:
        key = (written.look, written.number_format, is_quoted)
        if key not in self._starts:
            style = self._styles.look(written.look, TEXT if is_quoted else written.number_format, quoted=is_quoted)
            self._starts[key] = f'" s="{style}" t="inlineStr"><{self._prefix}is><{self._prefix}t xml:space="preserve">'
        return self._starts[key]

    def _other(self, written: Written) -> str:
        value, p = written.value, self._prefix
        if value is None or isinstance(value, str):
            return self._blank(written)
        if not isfinite(value):
            return self._text(written, str(value))
        style = self._styles.look(written.look, written.number_format)
        kind, number = (' t="b"', str(int(value))) if isinstance(value, bool) else ("", repr(value))
        return f'" s="{style}"{kind}><{p}v>{number}</{p}v></{p}c>'

    def _blank(self, written: Written) -> str:
        return f'" s="{self._styles.look(written.look, written.number_format)}"/>'


def own_cell(prefix: bytes, place: str, style: int, value: str | int | float | None) -> bytes:
    """A cell of the merchant's own with another value, in a style that is there. Text is text, whatever it begins with."""
    p = prefix.decode()
    start = f'<{p}c r="{place}" s="{style}"'
    if isinstance(value, str):
        text = clean(value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return f'{start} t="inlineStr"><{p}is><{p}t xml:space="preserve">{text}</{p}t></{p}is></{p}c>'.encode()
    return (f"{start}/>" if value is None else f"{start}><{p}v>{value!r}</{p}v></{p}c>").encode()


def _shortened(text: str) -> str:
    """A text no longer than a cell takes; signs beyond the basic plane count two."""
    if len(text) * 2 <= LONGEST_TEXT:
        return text
    return text.encode("utf-16-le")[: LONGEST_TEXT * 2].decode("utf-16-le", "ignore")
