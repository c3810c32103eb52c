"""What is asked of the patcher: cells, marks and comments on the merchant's sheets, and sheets of our own. Numbers are Excel's, from 1."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from bulkorders.core.table import Merge
from bulkorders.workbook.style import GENERAL, PLAIN, Look


class UnsureError(Exception):
    """The container is outside what the patcher is sure of; nothing of it may be used: it is rewritten first, or made afresh."""


class Written(NamedTuple):
    """A cell of ours. Text stays text, whatever it begins with. (A tuple: there are a million of them.)"""

    value: str | int | float | None
    look: Look = PLAIN
    number_format: str = GENERAL


Values = Mapping[int, Mapping[int, str | int | float | None]]
"""What the merchant's own cells hold now, by row and column: text, a number, or nothing."""


@dataclass(frozen=True)
class SheetEdits:
    """What changes on one sheet of the merchant's.

    `columns`: our columns and their widths; what stood in them from the header row down is replaced.
    `rows`: our cells by row and column, the header row's too. `papers`: bad cells by row and column, "error" or "warning".
    `notes`: texts of comments by row and column.
    `status_column`: the column with conditional colours; `words`: what its texts begin with, to ink and paper.
    `heights`: points that rows need at least. `resets_heights`: rows that were made tall earlier, and need it no more, are let go.
    `values`: his own cells that were corrected; each keeps its look.
    """

    header_row: int
    columns: Mapping[int, float] = field(default_factory=dict)
    rows: Mapping[int, Mapping[int, Written]] = field(default_factory=dict)
    papers: Mapping[int, Mapping[int, str]] = field(default_factory=dict)
    notes: Mapping[tuple[int, int], str] = field(default_factory=dict)
    status_column: int | None = None
    words: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    heights: Mapping[int, float] = field(default_factory=dict)
    resets_heights: bool = False
    values: Values = field(default_factory=dict)


@dataclass(frozen=True)
class NewRow:
    """A row of a sheet of ours; `height` in points."""

    cells: Mapping[int, Written] = field(default_factory=dict)
    height: float | None = None


@dataclass(frozen=True)
class Chart:
    """A simple bar chart. `labels` and `values` are ranges such as `'汇总'!$A$20:$A$27`; `anchor` is (row, column), `size` in pixels."""

    title: str
    labels: str
    values: str
    colours: Sequence[str]
    anchor: tuple[int, int]
    size: tuple[int, int]


@dataclass(frozen=True)
class NewSheet:
    """A sheet that is added behind the merchant's own. `filter`: the range of its autofilter."""

    name: str
    rows: Sequence[NewRow]
    widths: Mapping[int, float] = field(default_factory=dict)
    merges: Sequence[Merge] = ()
    frozen_row: int = 0
    filter: str | None = None
    chart: Chart | None = None
    gridlines: bool = True


@dataclass(frozen=True)
class NoteParts:
    """The comments of a sheet and the drawing that shows them; b"" where none is left."""

    comments: bytes
    drawing: bytes


@dataclass(frozen=True)
class NewParts:
    """A sheet of ours as parts.

    `rels`: of the sheet part, relationship id to type and part name (`/xl/drawings/drawing7.xml`).
    `parts`: part name to content type, bytes and its own relationships.
    """

    sheet: bytes
    rels: Mapping[str, tuple[str, str]]
    parts: Mapping[str, tuple[str, bytes, Mapping[str, tuple[str, str]]]]
