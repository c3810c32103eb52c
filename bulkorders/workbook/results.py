"""The results workbook: the merchant's sheets once more, with what became of each order beside its rows, and a summary.

It is written anew from cell values, row by row: no formula, link or macro of the merchant's file comes through.
"""

import math
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.cell_range import CellRange

from bulkorders.core.cell import is_blank, shown, trim
from bulkorders.core.result import RESULT_COLUMNS, SUMMARY_SHEET, SUMMARY_TITLE, Fate, our_labels
from bulkorders.core.table import Merge, Table
from bulkorders.crash import crash_point

from . import style
from .style import GENERAL, PLAIN, TEXT, Look, Pens, clean, height_of, line_count, needs_wrapping, text_width

TEST_BANNER = "测试结果：没有真实下单"
TOTAL = "合计"
MOST_FROZEN = 10
"""Rows; a taller frozen header would leave no room to scroll on a small screen."""
NARROWEST, WIDEST = 8, 45
LONGEST_NAME = 31

_FATE_LOOKS: Mapping[str, Look] = {
    Fate.CREATED: style.DONE, Fate.SKIPPED: style.DONE,
    Fate.INVALID: style.WRONG, Fate.REJECTED: style.WRONG, Fate.CHANGED: style.WRONG,
    Fate.IN_DOUBT: style.OPEN, Fate.UNSENT: style.OPEN, Fate.ACCEPTED: style.OPEN,
}  # fmt: skip
_WELL = frozenset({Fate.CREATED, Fate.SKIPPED, Fate.ACCEPTED})
_RESULT_WIDTHS = {
    "status": 16, "reason": 60, "tracking_number": 24, "carrier": 14, "rows": 12, "request_id": 56, "submitted_at": 21, "batch": 20,
}  # fmt: skip

BODY = Look()
"""The look of a cell of an order: in the middle of its row, which may be tall."""
WRAPPED = Look(wraps=True)
HEADING = Look(bold=True, paper="D9E1F2", wraps=True, boxed=True, across="center")
OUR_HEADING = Look(style.WHITE, "44546A", bold=True, wraps=True, boxed=True, across="center")
RESULT = Look(boxed=True)
REASON = Look(wraps=True, boxed=True)
BAD_CELLS = {
    "error": Look(paper=style.STRONG_RED, boxed=True, wraps=True),
    "warning": Look(paper=style.AMBER, boxed=True, wraps=True),
}


def write_results(tables: Sequence[Table], report: Mapping[str, Any], target: Path, draft: Path | None = None) -> None:
    """Writes the results workbook to `target`, whole or not at all. Raises OSError; PermissionError where `target` is locked.

    `tables` are all sheets of the merchant's workbook. `report` has `is_test`, `summary` (label, value), `counts` (word, count,
    meaning, fate) and by sheet its `header_row`, our `columns`, number `formats` by letter, `bad` cells and result `rows` by row
    number; a row that belongs to no order has the fate "". `draft`: where it is written first, beside the target.
    """
    with _scratch_folder():
        book = Workbook(write_only=True)
        book.properties.creator = "bulkorders"
        try:
            _fill(book, [table for table in tables if _is_kept(table)], report)
            _save(book, target, draft or target.with_name(f".bulkorders-{secrets.token_hex(6)}.tmp"))
        finally:
            _close(book)


def _close(book: Workbook) -> None:
    """Lets go of the temporary files of sheets that were not written to their end."""
    for sheet in book.worksheets:
        if not sheet.closed:
            with suppress(ValueError, StopIteration, RuntimeError):
                sheet.close()


@contextmanager
def _scratch_folder() -> Iterator[None]:
    """openpyxl keeps the rows of each sheet in a temporary file until it saves: here none is left behind, whatever happens."""
    before = tempfile.tempdir
    with tempfile.TemporaryDirectory(prefix="bulkorders-", ignore_cleanup_errors=True) as folder:
        tempfile.tempdir = folder
        try:
            yield
        finally:
            tempfile.tempdir = before


def _save(book: Workbook, target: Path, draft: Path) -> None:
    """Saves beside the target, then takes its place in one step."""
    try:
        with draft.open("xb") as file:
            book.save(file)
            file.flush()
            os.fsync(file.fileno())
        crash_point()
        draft.replace(target)
        crash_point()
    finally:
        draft.unlink(missing_ok=True)


def _is_kept(table: Table) -> bool:
    """Whether a sheet is copied: it is visible, has cells, and is no summary of ours."""
    if table.hidden or table.frame.empty:
        return False
    first = table.frame.iat[0, 0]
    return not (table.sheet.startswith(SUMMARY_SHEET) and isinstance(first, str) and trim(first) == SUMMARY_TITLE)


def _fill(book: Workbook, tables: Sequence[Table], report: Mapping[str, Any]) -> None:
    """The summary comes first, where it is seen at once; the sheet that needs the merchant is the one that opens."""
    names = _free_names([table.sheet for table in tables])
    summary = book.create_sheet(_free_name(SUMMARY_SHEET, set(names)))
    plans = [_Plan(table, report["sheets"].get(table.sheet), book.create_sheet(name)) for table, name in zip(tables, names, strict=True)]
    active = next((plan.sheet for plan in plans if plan.needs_merchant), summary)
    book.active = active
    active.sheet_view.tabSelected = True
    _write_summary(summary, report)
    for plan in plans:
        _write_sheet(plan)


def _free_names(wanted: Sequence[str]) -> list[str]:
    """Sheet names as Excel takes them, no two alike."""
    taken: list[str] = []
    for name in wanted:
        sound = "".join("_" if sign in "\\*?:/[]" else sign for sign in clean(name))[:LONGEST_NAME].strip("'") or "Sheet"
        taken.append(_free_name(sound, set(taken)))
    return taken


def _free_name(name: str, taken: set[str]) -> str:
    folded, free, number = {each.casefold() for each in taken}, name, 1
    while free.casefold() in folded:
        number += 1
        mark = f" ({number})"
        free = name[: LONGEST_NAME - len(mark)] + mark
    return free


# -- sheets -----------------------------------------------------------------------------------------------------------------
@dataclass
class _Plan:
    """One sheet of the merchant's workbook, what the report says of it (None: it was passed over), and the sheet to write."""

    table: Table
    report: Mapping[str, Any] | None
    sheet: Any

    @property
    def needs_merchant(self) -> bool:
        """Whether an order on it did not go well, or a cell has an error."""
        if self.report is None:
            return False
        bad = any("error" in cells.values() for cells in self.report["bad"].values())
        return bad or any(row["fate"] not in _WELL for row in self.report["rows"].values() if row["fate"])

    @property
    def header_row(self) -> int:
        """The header's row; 0 where there is none."""
        return int(self.report["header_row"]) if self.report else 0

    @cached_property
    def results(self) -> Mapping[int, str]:
        """What our columns hold, by column: where the sheet has them already in place, else behind its last column."""
        if self.report is None:
            return {}
        header = self.table.frame.loc[self.header_row]
        labels = {trim(shown(raw)): number for number, raw in zip(map(int, self.table.frame.columns), header, strict=True)}
        ours = our_labels(labels)  # of equal labels the last one: we stand on the right
        present = {label: number for label, number in labels.items() if label in ours}
        free = self.last_used
        found = {}
        for name in self.report["columns"]:
            label = RESULT_COLUMNS[name]
            if label not in present:
                free += 1
            found[present.get(label, free)] = name
        return found

    @cached_property
    def last_used(self) -> int:
        """The last column with a cell or, from the header down, a merged range: our columns must not lie under it."""
        merges = (merge.right for merge in self.table.merges if merge.bottom >= self.header_row)
        return max([int(self.table.frame.columns[-1]), *merges])

    @cached_property
    def formats(self) -> Mapping[int, str]:
        """Number formats by column."""
        by_letter = self.report["formats"] if self.report else {}
        numbers = range(1, self.last_used + 1)
        return {number: by_letter[letter] for number in numbers if (letter := get_column_letter(number)) in by_letter}

    @cached_property
    def wide(self) -> Mapping[tuple[int, int], Merge]:
        """Merged ranges over several columns, by their first cell: their text needs no column's width."""
        return {(merge.top, merge.left): merge for merge in self.table.merges if merge.right > merge.left}

    @cached_property
    def widths(self) -> Mapping[int, int]:
        """Column widths that show the content."""
        own = {int(number): _width(self, int(number)) for number in self.table.frame.columns}
        return own | {number: _RESULT_WIDTHS[name] for number, name in self.results.items()}

    def merged_width(self, merge: Merge) -> float:
        """The width of a merged range."""
        return sum(self.widths.get(number, NARROWEST) for number in range(merge.left, merge.right + 1))


def _width(plan: _Plan, number: int) -> int:
    """A column's width by its cells below the header, and by the header with its filter's arrow."""
    column = plan.table.frame[number]
    texts = {
        raw if isinstance(raw, str) else shown(raw)
        for row, raw in zip(column.index.tolist(), column.tolist(), strict=True)
        if row > plan.header_row and (row, number) not in plan.wide and not (raw is None or raw != raw)
    }
    widest = max(map(text_width, texts), default=0) + 2
    if plan.header_row:
        widest = max(widest, min(text_width(trim(shown(column.loc[plan.header_row]))) + 5, 26))
    return min(max(widest, NARROWEST), WIDEST)


def _write_sheet(plan: _Plan) -> None:
    _lay_out(plan)
    pens = Pens(plan.sheet)
    write_line = _line_writer(plan, pens)
    written = 0
    for row, *cells in plan.table.frame.itertuples(name=None):
        for _ in range(written + 1, row):
            plan.sheet.append(())
        line, height = write_line(int(row), cells)
        if height:
            plan.sheet.row_dimensions[row].height = height
        plan.sheet.append(line)
        plan.sheet.row_dimensions.pop(row, None)  # it is written, and 100,000 of them would fill the memory
        written = row


def _lay_out(plan: _Plan) -> None:
    """All that a sheet needs before its first row: widths, formats for rows to come, frozen header, filter, merged ranges."""
    sheet = plan.sheet
    for number, width in plan.widths.items():
        sheet.column_dimensions[get_column_letter(number)].width = width
    for number, number_format in plan.formats.items():
        sheet.column_dimensions[get_column_letter(number)].number_format = number_format
    if plan.header_row:
        last_row, last_column = int(plan.table.frame.index[-1]), max(plan.widths)
        sheet.auto_filter.ref = f"A{plan.header_row}:{get_column_letter(last_column)}{last_row}"
        if plan.header_row <= MOST_FROZEN:
            sheet.freeze_panes = f"A{plan.header_row + 1}"
    for merge in plan.table.merges:
        if (merge.top, merge.left) != (merge.bottom, merge.right):
            # straight into the set: `add` looks through all ranges each time
            sheet.merged_cells.ranges.add(
                CellRange(min_col=merge.left, min_row=merge.top, max_col=merge.right, max_row=merge.bottom),
            )


Line = tuple[list[Any], float]
"""The cells of a row, and its height; 0 where one line is enough."""


def _line_writer(plan: _Plan, pens: Pens) -> Callable[[int, Sequence[Any]], Line]:
    """Writes the sheet's rows: the header, the rows of orders, and the others, each in its way."""
    columns = [int(number) for number in plan.table.frame.columns]
    report = plan.report
    if report is None:
        return lambda row, cells: _other_line(plan, pens, row, columns, cells)

    def write(row: int, cells: Sequence[Any]) -> Line:
        if row == plan.header_row:
            return _header_line(plan, pens, columns, cells)
        if row < plan.header_row:
            return _other_line(plan, pens, row, columns, cells)
        return _data_line(plan, pens, report["rows"].get(str(row)), report["bad"].get(str(row), {}), columns, cells)

    return write


def _header_line(plan: _Plan, pens: Pens, columns: Sequence[int], cells: Sequence[Any]) -> Line:
    line: list[Any] = [None] * max(plan.widths)
    for number, raw in zip(columns, cells, strict=True):
        line[number - 1] = pens.write(number, raw, PLAIN if is_blank(raw) else HEADING)
    for number, name in plan.results.items():
        line[number - 1] = pens.write(number, RESULT_COLUMNS[name], OUR_HEADING)
    lines = max(line_count(shown(raw), plan.widths[number] - 3) for number, raw in zip(columns, cells, strict=True))
    return line, height_of(max(lines, 2))


def _other_line(plan: _Plan, pens: Pens, row: int, columns: Sequence[int], cells: Sequence[Any]) -> Line:
    """A row without an order: a title, an instruction, a row of a sheet that is no order sheet."""
    line: list[Any] = [None] * columns[-1]
    height = 0.0
    for number, raw, beside in zip(columns, cells, (*cells[1:], None), strict=True):
        merge = plan.wide.get((row, number))
        is_cut = isinstance(raw, str) and ("\n" in raw or (not is_blank(beside) and needs_wrapping(raw, plan.widths[number])))
        if is_cut or (merge and isinstance(raw, str)):
            line[number - 1] = pens.write(number, raw, WRAPPED)
            width, rows = (plan.merged_width(merge), merge.bottom - merge.top + 1) if merge else (plan.widths[number], 1)
            height = max(height, _needed(line_count(raw, width), rows))
        else:
            line[number - 1] = pens.write(number, raw)
    return line, height


def _needed(lines: int, rows: int = 1) -> float:
    """The height of each of `rows` rows that share so many lines; 0 where the usual height will do."""
    return height_of(math.ceil(lines / rows)) if lines > rows else 0.0


def _data_line(
    plan: _Plan,
    pens: Pens,
    result: Mapping[str, str] | None,
    bad: Mapping[str, str],
    columns: Sequence[int],
    cells: Sequence[Any],
) -> Line:
    """A row of an order with its results; our columns hold nothing where it has none."""
    line: list[Any] = [None] * max(plan.widths)
    formats, lines = plan.formats, 1
    for number, raw in zip(columns, cells, strict=True):
        look = PLAIN if raw is None or raw == "" else BODY
        if isinstance(raw, str) and needs_wrapping(raw, plan.widths[number]):
            look, lines = WRAPPED, max(lines, line_count(raw, plan.widths[number]))
        if bad and (severity := bad.get(get_column_letter(number))):
            look = BAD_CELLS[severity]
        line[number - 1] = pens.write(number, raw, look, formats.get(number, GENERAL))
    for number, name in plan.results.items():
        line[number - 1] = _write_result(pens, number, name, result) if result else None
    if result:
        lines = max(lines, line_count(result["reason"], _RESULT_WIDTHS["reason"]))
    return line, _needed(lines)


def _write_result(pens: Pens, number: int, name: str, result: Mapping[str, str]) -> Any:
    look = _FATE_LOOKS.get(result["fate"], RESULT) if name == "status" else REASON if name == "reason" else RESULT
    return pens.write(number, result[name], look, TEXT)


# -- the summary ------------------------------------------------------------------------------------------------------------
_SUMMARY_WIDTHS = (22, 14, 60)


def _write_summary(sheet: Any, report: Mapping[str, Any]) -> None:
    """Title, a banner where nothing is real, the lines, and the fates with their counts and their sum."""
    for number, width in enumerate(_SUMMARY_WIDTHS, 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.sheet_view.showGridLines = False
    pens, page = Pens(sheet), _Page(sheet)
    page.add([pens.write(1, SUMMARY_TITLE, style.TITLE)], height=32, merged=(1, 3))
    if report["is_test"]:
        page.add([pens.write(column, TEST_BANNER if column == 1 else None, style.BANNER) for column in (1, 2, 3)], height=28, merged=(1, 3))
    for label, value in report["summary"]:
        text = value if isinstance(value, str) else shown(value)
        lines = max(line_count(label, _SUMMARY_WIDTHS[0]), line_count(text, sum(_SUMMARY_WIDTHS[1:])))
        cells = [pens.write(1, label, style.TOTAL), pens.write(2, text, style.CELL, TEXT), pens.write(3, None, style.CELL)]
        page.add(cells, height=height_of(lines), merged=(2, 3))
    page.add([])
    _write_counts(pens, page, report["counts"])


def _write_counts(pens: Pens, page: "_Page", counts: Sequence[Sequence[Any]]) -> None:
    headings = ("结果", "订单数", "意思")
    page.add([pens.write(number, text, style.HEAD) for number, text in enumerate(headings, 1)], height=height_of(1))
    for word, count, meaning, fate in counts:
        look = _FATE_LOOKS.get(fate, style.MIDDLE) if count else style.NONE
        cells = [pens.write(1, word, look), pens.write(2, count, style.MIDDLE), pens.write(3, meaning, style.CELL)]
        page.add(cells, height=height_of(line_count(meaning, _SUMMARY_WIDTHS[2])))
    total = sum(count for _, count, _, _ in counts)
    page.add([pens.write(1, TOTAL, style.HEAD), pens.write(2, total, style.HEAD), pens.write(3, None, style.TOTAL)], height=height_of(1))


@dataclass
class _Page:
    """Appends rows and knows where it is."""

    sheet: Any
    row: int = 1

    def add(self, cells: Sequence[Any], *, height: float = 0, merged: tuple[int, int] | None = None) -> None:
        """A row of cells; `merged` are the first and the last column of a merged range in it."""
        if height:
            self.sheet.row_dimensions[self.row].height = height
        if merged:
            self.sheet.merged_cells.ranges.add(CellRange(min_col=merged[0], min_row=self.row, max_col=merged[1], max_row=self.row))
        self.sheet.append(list(cells))
        self.row += 1
