"""What the results add to the merchant's own sheets: our columns beside his rows, a fill and a comment on each bad cell."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from openpyxl.utils import column_index_from_string

from bulkorders.core.cell import column_number, shown, trim
from bulkorders.core.correction import Amounts, Correction, value_of
from bulkorders.core.result import FATE_WORDS, RESULT_COLUMNS, Fate, our_labels
from bulkorders.core.table import Table

from .ooxml.edits import SheetEdits, Values, Written
from .pages.fates import look_of
from .pages.page import HEADING
from .style import TEXT, Look, height_of, line_count, needs_wrapping

MOST_NOTES = 2_000
"""Comments of ours in a workbook; what is beyond them is told by the fill and 结果说明."""
WIDTHS = {
    "status": 16, "reason": 60, "rows": 12, "tracking_number": 24, "carrier": 14, "request_id": 56, "submitted_at": 21, "batch": 20,
}  # fmt: skip
_RESULT = Look(boxed=True)
_STATUS = Look(bold=True, boxed=True, across="center")
_REASON = Look(wraps=True, boxed=True)
_LOOKS = {"status": _STATUS, "reason": _REASON}
_WORDS = {words.zh: (look_of(fate).ink, look_of(fate).paper or "") for fate, words in FATE_WORDS.items()}
"""The colours of a status, by the word that it begins with."""


def sheet_edits(tables: Mapping[str, Table], report: Mapping[str, Any]) -> dict[str, SheetEdits]:
    """The edits of each sheet that the report tells of. Comments go to errors first.

    `report` has `counts`, whose first entries are the words of the fates, and `sheets`, by name: `header_row`, our `columns`, `bad` cells
    and their `notes` by row and letter, and result `rows` by row. `corrections`: sheet, row, letter and text of each, and whether it is of
    a column of amounts.
    """
    words = {fate: word for word, _, _, fate in report["counts"]}
    values = _values(report)
    plans = {name: _Plan(tables[name], told, words, values.get(name, {})) for name, told in report["sheets"].items() if name in tables}
    notes = sorted(((rank, name, at, text) for name, plan in plans.items() for rank, at, text in plan.notes), key=lambda note: note[0])
    kept: dict[str, dict[tuple[int, int], str]] = {name: {} for name in plans}
    for _, name, at, text in notes[:MOST_NOTES]:
        kept[name][at] = text
    return {name: plan.edits(kept[name]) for name, plan in plans.items()}


def corrections_in(report: Mapping[str, Any]) -> tuple[list[Correction], Amounts]:
    """The corrections that a report tells of, and the columns of amounts among theirs."""
    found = report.get("corrections", ())
    amounts: dict[str, set[str]] = defaultdict(set)
    for sheet, _, letter, _, is_amount in found:
        if is_amount:
            amounts[sheet].add(letter)
    corrections = [Correction(sheet, row, letter, text) for sheet, row, letter, text, _ in found]
    return corrections, {sheet: frozenset(letters) for sheet, letters in amounts.items()}


def _values(report: Mapping[str, Any]) -> dict[str, dict[int, dict[int, str | int | float | None]]]:
    """What stands in the merchant's own cells now, by sheet, row and column."""
    corrections, amounts = corrections_in(report)
    found: dict[str, dict[int, dict[int, str | int | float | None]]] = defaultdict(lambda: defaultdict(dict))
    for each in corrections:
        value = value_of(each, is_amount=each.column in amounts.get(each.sheet, ()))
        found[each.sheet][each.row][column_number(each.column)] = value
    return found


class _Plan:
    """One sheet, and what the report says of it."""

    def __init__(self, table: Table, told: Mapping[str, Any], words: Mapping[str, str], values: Values) -> None:
        self.table, self.told, self.words, self.values = table, told, words, values
        self.header_row = int(told["header_row"])

    def edits(self, notes: Mapping[tuple[int, int], str]) -> SheetEdits:
        """All that changes on it."""
        columns = {number: float(WIDTHS[name]) for name, number in self.columns.items()}
        papers = {
            int(row): {column_index_from_string(letter): severity for letter, severity in cells.items()}
            for row, cells in self.told["bad"].items()
        }
        return SheetEdits(
            self.header_row, columns | dict.fromkeys(self.copies, 10.0), _Rows(self), papers, notes, self.columns.get("status"), _WORDS,
            heights=self.heights, resets_heights=self.continues, values=self.values,
        )  # fmt: skip

    @property
    def heights(self) -> Mapping[int, float]:
        """The rows whose reason takes more than one line, and the points that it takes."""
        width = WIDTHS["reason"]
        long = ((int(row), told["reason"]) for row, told in self.told["rows"].items() if needs_wrapping(told["reason"], width))
        return {row: height_of(line_count(text, width)) for row, text in long}

    @property
    def notes(self) -> Iterator[tuple[bool, tuple[int, int], str]]:
        """Whether it is no error, the cell and the text of each comment."""
        for row, cells in self.told["notes"].items():
            for letter, text in cells.items():
                is_mild = self.told["bad"][row][letter] != "error"
                yield is_mild, (int(row), column_index_from_string(letter)), text

    @cached_property
    def _present(self) -> list[tuple[int, str]]:
        """Our columns that the sheet has from an earlier time, with their labels."""
        header = self.table.frame.loc[self.header_row]
        labels = [(int(number), trim(shown(raw))) for number, raw in zip(self.table.frame.columns, header, strict=True)]
        ours = our_labels(label for _, label in labels)
        return [(number, label) for number, label in labels if label in ours]

    @cached_property
    def columns(self) -> Mapping[str, int]:
        """Our columns by what they hold: where the sheet has them already, else behind its last one."""
        present = {label: number for number, label in self._present}  # of equal ones the last: we stand on the right
        free, found = self._last_used, {}
        for name in self.told["columns"]:
            label = RESULT_COLUMNS[name]
            if label not in present:
                free += 1
            found[name] = present.get(label, free)
        return found

    @property
    def continues(self) -> bool:
        """Whether the sheet has results of an earlier time."""
        return bool(self._present)

    @property
    def copies(self) -> list[int]:
        """Columns of ours that say what was: somebody has copied them, or this remote has no such thing."""
        return [number for number, _ in self._present if number not in self.columns.values()]

    @property
    def _last_used(self) -> int:
        """The last column with a cell or, from the header down, a merged range: our columns must not lie under it."""
        merges = (merge.right for merge in self.table.merges if merge.bottom >= self.header_row)
        return max([self.table.last_column, *merges])


class _Rows(Mapping[int, Mapping[int, Written]]):
    """Our cells by row and column, made when they are asked for."""

    def __init__(self, plan: _Plan) -> None:
        self._plan, self._told = plan, plan.told["rows"]
        # in a results workbook that was sent in again, what was created before is what its row says already
        self._continues = plan.continues
        self._header = {number: Written(RESULT_COLUMNS[name], HEADING) for name, number in plan.columns.items()}
        self._last: Mapping[str, str] = {}
        self._cells: Mapping[int, Written] = {}

    def __getitem__(self, row: int) -> Mapping[int, Written]:
        if row == self._plan.header_row:
            return self._header
        told = self._told[str(row)]
        if told != self._last:  # rows of an order mostly say the same, and are then written once
            self._last, self._cells = told, self._made(told)
        return self._cells

    def _made(self, told: Mapping[str, str]) -> Mapping[int, Written]:
        if told["fate"] == Fate.SKIPPED and self._continues:
            told = {**told, "status": self._plan.words[Fate.CREATED]}
        return {number: Written(told[name] or None, _LOOKS.get(name, _RESULT), TEXT) for name, number in self._plan.columns.items()}

    def __iter__(self) -> Iterator[int]:
        yield self._plan.header_row
        yield from (int(row) for row in self._told)

    def __len__(self) -> int:
        return len(self._told) + 1
