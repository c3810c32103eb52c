"""Checked: what reading, matching and checking a workbook gives, and all that leaves the child process.

Plain data throughout: typed columns, places, issues. Raw cells stay behind.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NamedTuple

from .cell import shown
from .correction import Moved
from .issue import Issue
from .order import Place
from .refusal import Refusal


class Heading(NamedTuple):
    """A matched column of a sheet: Excel's letter, the heading as the merchant wrote it, and what its numbers were multiplied by."""

    letter: str
    label: str
    factor: Decimal = Decimal(1)

    def written(self, value: Any) -> str:
        """A typed value as it stands in the sheet, in the sheet's own unit."""
        return shown(value if self.factor == 1 or not isinstance(value, Decimal) else value / self.factor)


class MergedField(NamedTuple):
    """A field whose cells are merged down several rows: the rows' numbers in `Checked.places`, and the range as Excel writes it."""

    field: str
    rows: tuple[int, ...]
    text: str


@dataclass(frozen=True)
class Checked:
    """A workbook, read as one template. The n-th entry of each column belongs to the n-th place.

    `columns`: typed values by field name, None for blank. `bad`: cells that could not be read, as (row number, field name), with
    their shown text. `headings` and `header_rows`: the matched columns by sheet and field, and Excel's row of the header.
    `shown`: the cells of the first rows, and of those with errors, as the merchant sees them, by column letter, for the terminal.
    `blank`: empty rows between data rows. `spans`: the first and the last of a sheet's rows below the header, empty ones included.
    `moved`: where corrections of cells under merged ones went.
    """

    template: str | None
    refused: Refusal | None = None
    places: list[Place] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    bad: dict[tuple[int, str], str] = field(default_factory=dict)
    merged: list[MergedField] = field(default_factory=list)
    headings: Mapping[str, Mapping[str, Heading]] = field(default_factory=dict)
    header_rows: Mapping[str, int] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    shown: dict[Place, dict[str, str]] = field(default_factory=dict)
    blank: int = 0
    spans: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    moved: Moved = field(default_factory=dict)

    def value(self, row: int, name: str) -> Any:
        """A typed value; None where it is blank, bad, or the sheet has no such column."""
        column = self.columns.get(name)
        return column[row] if column else None

    def heading(self, sheet: str, name: str) -> Heading | None:
        """The column of a field on a sheet, if it is there."""
        return self.headings.get(sheet, {}).get(name)
