"""Where the cells of failed orders come from: their rows on one of the merchant's sheets, merged cells filled down."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from openpyxl.utils import column_index_from_string

from bulkorders.core.cell import Mark, MarkKind, is_blank
from bulkorders.core.table import Merge, Table
from bulkorders.workbook.ooxml.edits import Written
from bulkorders.workbook.style import Look

from .raw import Target, written


@dataclass(frozen=True)
class _Place:
    """Where a field stands on a sheet: the column's number and letter, and what its cells become."""

    number: int
    letter: str
    target: Target


class Origin:
    """Some rows of a sheet, by the fields of a template; each row stands for itself."""

    def __init__(self, failed: Mapping[str, Any], report: Mapping[str, Any], table: Table, rows: Collection[int]) -> None:
        self.report, places = report, failed["places"][table.sheet]
        columns = {each["field"]: each for each in failed["columns"]}
        self.places = {
            name: _Place(column_index_from_string(letter), letter, Target.of(columns[name], factor))
            for name, (letter, factor) in places.items()
            if name in columns and column_index_from_string(letter) in table.frame.columns
        }
        self.marks = failed.get("marks", {}).get(table.sheet, {})
        present = [row for row in sorted(rows) if row in table.frame.index]
        self.cells = {
            place.number: dict(zip(present, table.frame.loc[present, place.number].tolist(), strict=True)) for place in self.places.values()
        }
        for place in self.places.values():
            self.cells[place.number].update(self._marked(place.letter))
        filled = {place.number for name, place in self.places.items() if not columns[name]["is_amount"]}
        self._fill(table, {merge for merge in table.merges if merge.left in filled and merge.bottom > merge.top > report["header_row"]})

    def _marked(self, letter: str) -> Iterator[tuple[int, Mark]]:
        for row, marks in self.marks.items():
            if letter in marks:
                kind, text = marks[letter]
                yield int(row), Mark(MarkKind(kind), text)

    def _fill(self, table: Table, merges: Collection[Merge]) -> None:
        """Fills merged cells down. Not amounts: those may be meant for each row or for all together, and must stay to be asked about."""
        for merge in merges:
            cells = self.cells[merge.left]
            first = cells.get(merge.top, table.frame.at[merge.top, merge.left] if merge.top in table.frame.index else None)
            for row in range(merge.top + 1, merge.bottom + 1):
                if row in cells and is_blank(cells[row]):
                    cells[row] = first

    def cell(self, row: int, column: Mapping[str, Any], look: Look) -> Written:
        """A field's cell of a row."""
        place = self.places.get(column["field"])
        if place is None:
            return Written(None, look, column["number_format"])
        return written(self.cells[place.number].get(row), place.target, look)

    def severities(self, row: int) -> Mapping[str, str]:
        """How bad the cells of a row are, `error` or `warning`, by field; those that are not are not in it."""
        bad: Mapping[str, str] = self.report["bad"].get(str(row), {})
        return {name: bad[place.letter] for name, place in self.places.items() if place.letter in bad} if bad else {}
