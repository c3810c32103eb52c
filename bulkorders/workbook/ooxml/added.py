"""New sheets: plain cells, widths, merged ranges, a filter and a chart as the parts of an .xlsx file. Nothing in them computes or links."""

import functools
import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Protocol
from xml.sax.saxutils import escape

from bulkorders.core.cell import column_letter
from bulkorders.workbook.style import GENERAL, LONGEST_TEXT, PLAIN, TEXT, Look, clean, is_risky

from .chart import RELATIONSHIPS, chart_parts
from .edits import NewParts, NewRow, NewSheet, Written

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_HEAD = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONSHIPS}">'
    '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
)
_DRAWING_ID = "rId1"
ERRORS = frozenset({"#NULL!", "#DIV/0!", "#VALUE!", "#REF!", "#NAME?", "#NUM!", "#N/A"})
"""What a cell with an error can hold."""
_BETWEEN_EPOCHS = 1462
"""Days from 1900's first day to 1904's, as Excel counts them."""
_UPRIGHT_PAGE = 95
"""Width of columns that an upright page shows at a readable size."""


class Styles(Protocol):
    """What is asked of a container's styles."""

    def look(self, look: Look, number_format: str = GENERAL, *, quoted: bool = False) -> int:
        """The number of the style of cells that look so. `quoted`: text whatever it begins with, also when it is edited."""
        ...


class ErrorCell(Written):
    """A cell with an error such as `#REF!`, not with a text that looks like one."""

    __slots__ = ()


def write_sheet(sheet: NewSheet, styles: Styles, free_name: Callable[[str], str], *, is_1904: bool = False) -> NewParts:
    """A sheet's parts. `free_name` gives for a pattern such as `/xl/drawings/drawing{}.xml` a part's name that nobody has.

    Numbers in a format of days count from 1900; `is_1904`: this container's count from 1904.
    """
    pens, file = _Pens(styles, is_1904), io.BytesIO()
    file.write(_HEAD.encode())
    at = file.tell()
    file.write(_dimension("A1"))
    file.write("".join((_view(sheet), '<sheetFormatPr defaultRowHeight="15"/>', _columns(sheet), "<sheetData>")).encode())
    last_row, last_column = 1, 1
    for last_row, row in enumerate(sheet.rows, 1):
        file.write(_row(last_row, row, pens).encode())
        last_column = max(last_column, *row.cells, 1)
    box = f"A1:{column_letter(last_column)}{last_row}"
    file.write("".join(("</sheetData>", *_behind(sheet, box))).encode())
    file.seek(at)
    file.write(_dimension(box))
    relationship, parts = chart_parts(sheet.chart, sheet.rows, free_name) if sheet.chart else (None, {})
    return NewParts(file.getvalue(), {_DRAWING_ID: relationship} if relationship else {}, parts)


def _dimension(box: str) -> bytes:
    """The range of the cells, of equal length whatever it is: it is known only when all rows are written, and stands before them."""
    return f'<dimension ref="{box}"'.ljust(40).encode() + b"/>"


def _behind(sheet: NewSheet, box: str) -> Iterator[str]:
    """What follows the rows, in the order that the schema wants."""
    yield f'<autoFilter ref="{sheet.filter}"/>' if sheet.filter else ""
    yield _merges(sheet)
    yield _page(sheet)
    yield f'<ignoredErrors><ignoredError sqref="{box}" numberStoredAsText="1"/></ignoredErrors>'
    yield f'<drawing r:id="{_DRAWING_ID}"/>' if sheet.chart else ""
    yield "</worksheet>"


def _view(sheet: NewSheet) -> str:
    """Never the selected tab: of two selected ones Excel edits both."""
    lines = "" if sheet.gridlines else ' showGridLines="0"'
    if not sheet.frozen_row:
        return f'<sheetViews><sheetView{lines} workbookViewId="0"/></sheetViews>'
    first = f"A{sheet.frozen_row + 1}"
    pane = f'<pane ySplit="{sheet.frozen_row}" topLeftCell="{first}" activePane="bottomLeft" state="frozen"/>'
    selection = f'<selection pane="bottomLeft" activeCell="{first}" sqref="{first}"/>'
    return f'<sheetViews><sheetView{lines} workbookViewId="0">{pane}{selection}</sheetView></sheetViews>'


def _columns(sheet: NewSheet) -> str:
    if not sheet.widths:
        return ""
    each = (f'<col min="{number}" max="{number}" width="{width:g}" customWidth="1"/>' for number, width in sorted(sheet.widths.items()))
    return f"<cols>{''.join(each)}</cols>"


def _merges(sheet: NewSheet) -> str:
    ranges = [merge.text for merge in sheet.merges if (merge.top, merge.left) != (merge.bottom, merge.right)]
    each = "".join(f'<mergeCell ref="{text}"/>' for text in ranges)
    return f'<mergeCells count="{len(ranges)}">{each}</mergeCells>' if ranges else ""


def _page(sheet: NewSheet) -> str:
    """All columns on one A4 page's width."""
    way = "portrait" if sum(sheet.widths.values()) <= _UPRIGHT_PAGE else "landscape"
    margins = '<pageMargins left="0.4" right="0.4" top="0.6" bottom="0.6" header="0.3" footer="0.3"/>'
    return f'{margins}<pageSetup paperSize="9" fitToHeight="0" orientation="{way}"/>'


def _row(number: int, row: NewRow, pens: "_Pens") -> str:
    cells = []
    for column in sorted(row.cells):
        cell = row.cells[column]
        rest = (pens.known.get(cell) if type(cell) is Written else None) or pens.rest(cell)
        if rest:
            cells.append(f'<c r="{_letter_of(column)}{number}"{rest}')
    height = f' ht="{row.height:g}" customHeight="1"' if row.height else ""
    return f'<row r="{number}"{height}>{"".join(cells)}</row>' if cells or height else ""


_letter_of = functools.cache(column_letter)
_MOST_KNOWN = 10_000


@dataclass
class _Pens:
    """Writes cells. Each style is asked for once, and what stands in many cells is worked out once."""

    styles: Styles
    is_1904: bool
    ids: dict[tuple[Look, str, bool], int] = field(default_factory=dict)
    known: dict[Written, str] = field(default_factory=dict)
    """Texts and empty cells only: numbers and truths may be equal and are not the same."""

    def rest(self, cell: Written) -> str:
        """A cell's XML behind its place; none for a plain cell without content."""
        if type(cell) is not Written or not (cell.value is None or isinstance(cell.value, str)):
            return self._other(cell)
        found = self._empty(cell) if cell.value is None else self._text(cell, cell.value)
        if len(self.known) < _MOST_KNOWN:
            self.known[cell] = found
        return found

    def _text(self, cell: Written, value: str) -> str:
        """What follows the place of a text; it stays text, whatever it begins with."""
        text = clean(value)[:LONGEST_TEXT]
        if not text:
            return self._empty(cell)
        style = self._style(cell, is_quoted=is_risky(text))
        return f' s="{style}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'

    def _other(self, cell: Written) -> str:
        """What follows the place of a cell that holds no text."""
        value = cell.value
        if isinstance(cell, ErrorCell):
            return f' s="{self._style(cell)}" t="e"><v>{value if value in ERRORS else "#N/A"}</v></c>'
        if value is None:
            return self._empty(cell)
        if isinstance(value, bool):
            return f' s="{self._style(cell)}" t="b"><v>{value:d}</v></c>'
        if isinstance(value, str) or not math.isfinite(value):
            return self._text(cell, str(value))
        return f' s="{self._style(cell)}"><v>{self._counted(value, cell.number_format)!r}</v></c>'

    def _empty(self, cell: Written) -> str:
        return "" if cell.look is PLAIN and cell.number_format == GENERAL else f' s="{self._style(cell)}"/>'

    def _style(self, cell: Written, *, is_quoted: bool = False) -> int:
        asked = (cell.look, TEXT if is_quoted else cell.number_format, is_quoted)
        if asked not in self.ids:
            self.ids[asked] = self.styles.look(asked[0], asked[1], quoted=is_quoted)
        return self.ids[asked]

    def _counted(self, number: float, number_format: str) -> float:
        """A number, days as this container counts them."""
        return number - _BETWEEN_EPOCHS if self.is_1904 and "yy" in number_format else number
