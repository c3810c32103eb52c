"""How our workbooks look: colours, looks of cells, how much room a text needs; and the pens that write dressed cells fast."""

import datetime as dt
import math
import re
from dataclasses import dataclass, field
from typing import Any

from openpyxl.cell import Cell
from openpyxl.styles import Alignment, Border, Font, PatternFill, Side
from openpyxl.styles.numbers import is_date_format
from openpyxl.utils import get_column_letter

from .headings import COLOURS

GENERAL = "General"
TEXT = "@"
_DAY, _TIME, _MOMENT, _SPAN = "yyyy-mm-dd", "hh:mm:ss", "yyyy-mm-dd hh:mm:ss", "[h]:mm:ss"
_WHOLE = "0"
LONGEST_TEXT = 32_767
"""Characters; Excel takes no more in a cell."""
LINE_HEIGHT = 16.5
"""Points of one line of text, signs of Chinese included."""
TALLEST = 409.0
"""Points; Excel has no taller row."""

WHITE, INK, GREY = "FFFFFF", "262626", "7F7F7F"
RED, AMBER = "C00000", "FFE066"
STRONG_RED = "FF6B6B"


@dataclass(frozen=True, eq=False)
class Look:
    """What a cell looks like; each is made once and shared by all cells that look so."""

    ink: str = INK
    paper: str | None = None
    bold: bool = False
    italic: bool = False
    size: int = 11
    across: str = "general"
    upright: str = "center"
    wraps: bool = False
    boxed: bool = False

    def dress(self, cell: Any, number_format: str = GENERAL) -> None:
        """Gives a cell this look."""
        cell.font = Font(name="Calibri", size=self.size, bold=self.bold, italic=self.italic, color=self.ink)
        cell.alignment = Alignment(horizontal=self.across, vertical=self.upright, wrap_text=self.wraps)
        cell.number_format = number_format
        if self.paper:
            cell.fill = PatternFill("solid", fgColor=self.paper)
        if self.boxed:
            edge = Side("thin", color="BFBFBF")
            cell.border = Border(edge, edge, edge, edge)


PLAIN = Look()
TITLE = Look(bold=True, size=16)
SECTION = Look(bold=True, size=12)
BANNER = Look(WHITE, RED, bold=True, size=14, across="center")
CELL = Look(wraps=True, boxed=True)
MIDDLE = Look(wraps=True, boxed=True, across="center")
HEAD = Look(INK, "D9D9D9", bold=True, wraps=True, boxed=True, across="center")
TOTAL = Look(INK, "F2F2F2", bold=True, boxed=True, wraps=True)

# Results: green is done, red needs the merchant, yellow is not over yet.
DONE = Look("006100", "C6EFCE", bold=True, boxed=True, across="center")
WRONG = Look("9C0006", "FFC7CE", bold=True, boxed=True, across="center")
OPEN = Look("7F6000", "FFEB9C", bold=True, boxed=True, across="center")
NONE = Look(GREY, boxed=True, across="center")

_DARK = ("1F4E79", "375623", "833C0B", "5B2C83")
_LIGHT = ("DDEBF7", "E2EFDA", "FCE4D6", "E9DDF3")


def _heading(level: int, *, required: bool) -> Look:
    if required:
        return Look(WHITE, _DARK[level], bold=True, wraps=True, boxed=True, across="center")
    return Look(_DARK[level], _LIGHT[level], wraps=True, boxed=True, across="center")


REQUIRED_HEADINGS = tuple(_heading(level, required=True) for level in range(COLOURS))
"""Heading cells of required fields by level, the order first: dark."""
OPTIONAL_HEADINGS = tuple(_heading(level, required=False) for level in range(COLOURS))
"""Heading cells of fields that may stay empty: the same colours, pale."""


def heading_look(colour: int, *, required: bool) -> Look:
    """Of a column's heading: dark where its field is required, pale where it may stay empty."""
    return (REQUIRED_HEADINGS if required else OPTIONAL_HEADINGS)[colour]


_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LOOKS_ESCAPED = re.compile("_(?=x[0-9A-Fa-f]{4}_)")


def clean(text: str) -> str:
    """A text as a workbook's XML can hold it: without what XML forbids, one kind of line break, no accidental escapes (`_x000D_`)."""
    text = _FORBIDDEN.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _LOOKS_ESCAPED.sub("_x005F_", text) if "_x" in text else text


def text_width(text: str) -> int:
    """The width of a text's longest line in Excel's units: a Chinese sign counts two."""
    if text.isascii() and "\n" not in text:
        return len(text)
    return max(sum(2 if sign > "\u1100" else 1 for sign in line) for line in text.split("\n"))


def line_count(text: str, width: float) -> int:
    """How many lines a text takes in a cell of a width, wrapped; rather one too many, since words break early."""
    room = max(width - 2, 1)
    return sum(max(math.ceil(text_width(line) / room), 1) for line in text.split("\n"))


def needs_wrapping(text: str, width: float) -> bool:
    """Whether a text would be cut in a cell of a width."""
    return "\n" in text or (2 * len(text) > width and text_width(text) > width)


def height_of(lines: int) -> float:
    """The height of a row that shows so many lines."""
    return min(lines * LINE_HEIGHT + 3, TALLEST)


def is_risky(text: str) -> bool:
    """Whether a spreadsheet program might take a text for a formula, a link or an error, by its first sign."""
    return text[:1] in _RISKY


_RISKY = frozenset("=+-@＝＋－＠#\t\r\n")


class _Pen(Cell):
    """A cell of one look that is written again and again in other rows: what stays the same is worked out once."""

    __slots__ = ("_letter", "_style_id")

    has_style = True

    def __init__(self, sheet: Any, column: int, look: Look, number_format: str, quoted: bool) -> None:
        super().__init__(sheet, row=1, column=column)
        self._letter = get_column_letter(column)
        look.dress(self, number_format)
        self.quotePrefix = quoted
        self._style_id = super().style_id

    def __repr__(self) -> str:
        return "pen"  # openpyxl asks for it at every cell, and does not show it

    def hold(self, text: str) -> None:
        """Takes a text as text; `value` would ask at every cell what it may be."""
        self._value, self.data_type = text[:LONGEST_TEXT], "s"

    @property
    def style_id(self) -> int:
        return self._style_id

    @property
    def coordinate(self) -> str:
        return f"{self._letter}{self.row}"


@dataclass
class Pens:
    """Makes what a sheet's rows are written from: values, or dressed cells.

    openpyxl writes a row at once and lets go of its cells, so one cell for each column and look serves all rows; to dress a cell
    for every value would take most of the time.
    """

    sheet: Any
    cells: dict[tuple[int, Look, str, bool], _Pen] = field(default_factory=dict)

    def write(self, column: int, raw: Any, look: Look = PLAIN, number_format: str = GENERAL) -> Any:
        """A raw value as it can be appended at a column; None for no cell at all."""
        if isinstance(raw, str):
            return self._write_text(column, clean(raw), look, number_format)
        if raw is None or raw != raw:  # NaN is how a frame shows a cell that is not there
            return None if look is PLAIN else self._write_other(column, None, look, number_format)
        if isinstance(raw, float) and math.isinf(raw):
            return self._write_text(column, str(raw), look, number_format)
        number_format = format_of(raw, number_format)
        if look is PLAIN and number_format == GENERAL:
            return raw
        return self._write_other(column, raw, look, number_format)

    def write_error(self, column: int, text: str, look: Look = PLAIN) -> Any:
        """A cell that shows an error such as `#REF!`."""
        pen = self._pen(column, look, GENERAL)
        pen.hold(text)
        pen.data_type = "e"
        return pen

    def _write_text(self, column: int, text: str, look: Look, number_format: str) -> Any:
        """Text stays text, whatever it begins with: also when somebody edits the cell later."""
        if not text:
            return None if look is PLAIN else self._write_other(column, None, look, number_format)
        risky = is_risky(text)
        if look is PLAIN and number_format == GENERAL and not risky:
            return text
        pen = self._pen(column, look, TEXT if risky else number_format, risky)
        pen.hold(text)
        return pen

    def _write_other(self, column: int, value: Any, look: Look, number_format: str) -> Any:
        pen = self._pen(column, look, number_format)
        pen.value = value
        return pen

    def _pen(self, column: int, look: Look, number_format: str, quoted: bool = False) -> _Pen:
        key = (column, look, number_format, quoted)
        pen = self.cells.get(key)
        if pen is None:
            pen = self.cells[key] = _Pen(self.sheet, column, look, number_format, quoted)
        return pen


def format_of(raw: Any, asked: str) -> str:
    """The number format in which a value is shown as it is: dates as dates, and no number as a date or without its decimals."""
    match raw:
        case dt.datetime():
            return _DAY if raw.time() == dt.time() else _MOMENT
        case dt.date():
            return _DAY
        case dt.time():
            return _TIME
        case dt.timedelta():
            return _SPAN
        case float() if not raw.is_integer() and asked == _WHOLE:
            return GENERAL
        case _:
            return GENERAL if is_date_format(asked) else asked
