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
        starts = [b"<%bc r=" % prefix + b'"' + column_letter(column).encode() for column in numbers]
        self._begins = dict(zip(numbers, starts, strict=True))
        self._columns: list[tuple[int, bytes, _Kept]] = [(*each, {}) for each in zip(numbers, [*starts, b""][1:], strict=True)]
        self._starts: dict[tuple[Look, str, bool], str] = {}
        self._end = f"</{self._prefix}t></{self._prefix}is></{self._prefix}c>"

    def row(self, cells: Mapping[int, Written], row: bytes) -> bytes:
        """The cells of a row, of our columns only. `row`: its number.

        The number stands once in every cell, so it joins them: each piece goes from behind it to where it stands next.
        """
        pieces = [next(iter(self._begins.values()), b"")]
        for column, following, kept in self._columns:
            written = cells.get(column)
            if written is None:
                return b"".join(self.by_column(cells, row).values())
            pieces.append(kept.get(written) or self._piece(written, following, kept))
        return row.join(pieces)

    def by_column(self, cells: Mapping[int, Written], row: bytes) -> dict[int, bytes]:
        """The same, each for itself."""
        return {column: start + row + self._rest(cells[column]) for column, start in self._begins.items() if column in cells}

    def _piece(self, written: Written, following: bytes, kept: _Kept) -> bytes:
        piece = self._rest(written) + following
        value = written.value
        if isinstance(value, str) and len(value) <= _LONGEST_KEPT:  # numbers are not kept: 1 and 1.0 are one key
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            kept[written] = piece
        return piece

    def _rest(self, written: Written) -> bytes:
        """All of a cell but its place, from the quotation mark behind that on."""
        value = written.value
        return self._text(written, value) if isinstance(value, str) else self._other(written)

    def _text(self, written: Written, value: str) -> bytes:
        if 2 * len(value) > LONGEST_TEXT or _SPECIAL.search(value):
            value = _shortened(clean(value)).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        if not value:
            return self._blank(written)
        key = (written.look, written.number_format, is_risky(value))
        start = self._starts.get(key)
        if start is None:
            start = self._starts[key] = self._start(*key)
        return f"{start}{value}{self._end}".encode()

    def _start(self, look: Look, number_format: str, is_quoted: bool) -> str:
        style = self._styles.look(look, TEXT if is_quoted else number_format, quoted=is_quoted)
        return f'" s="{style}" t="inlineStr"><{self._prefix}is><{self._prefix}t xml:space="preserve">'

    def _other(self, written: Written) -> bytes:
        value, p = written.value, self._prefix
        if value is None or isinstance(value, str):
            return self._blank(written)
        if not isfinite(value):
            return self._text(written, str(value))
        style = self._styles.look(written.look, written.number_format)
        kind, number = (' t="b"', str(int(value))) if isinstance(value, bool) else ("", repr(value))
        return f'" s="{style}"{kind}><{p}v>{number}</{p}v></{p}c>'.encode()

    def _blank(self, written: Written) -> bytes:
        return f'" s="{self._styles.look(written.look, written.number_format)}"/>'.encode()


def _shortened(text: str) -> str:
    """A text no longer than a cell takes; signs beyond the basic plane count two."""
    if len(text) * 2 <= LONGEST_TEXT:
        return text
    return text.encode("utf-16-le")[: LONGEST_TEXT * 2].decode("utf-16-le", "ignore")
