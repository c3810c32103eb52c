"""The sheet 失败明细: the orders that failed, whole and in the form of their template, each cell as the merchant has it, and why.

Moved to a workbook of its own it is read like any other: the header has the template's labels, and our own columns are known as ours.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from bulkorders.core.cell import shown
from bulkorders.core.result import FAILURES_SHEET, FAILURES_TITLE, ORIGIN_LABEL, RESULT_COLUMNS
from bulkorders.core.table import Merge, Table
from bulkorders.workbook import style
from bulkorders.workbook.ooxml.edits import NewRow, NewSheet, Written
from bulkorders.workbook.style import TEXT, Look, heading_look, height_of, line_count, needs_wrapping, text_width

from .fates import look_of
from .names import free_name
from .origin import Origin
from .page import ADVICE, HEADING, HEADLINE, TEST_BANNER, Lines, Page, last_readable

MOST_ROWS = 50_000
"""Rows of the merchant's on one such sheet; who has more of them corrects his own sheet."""
_ADVICE = (
    "红色的格子要改，黄色的请核对，原因在最右边的「结果说明」里（那里说的单元格，和「原行」一样，指的是您原来的表）。可以在原来的表里改好，整个文件再提交；"
    "也可以把这张表移到新的工作簿（右键点工作表标签，选“移动或复制”），改好后单独提交。只在这个文件里改这张表，不起作用。"
    "已经建好的订单不会重复下单。"
)
_NARROWEST, _WIDEST, _MEASURED = 9, 30, 300
_OUR_WIDTHS = {RESULT_COLUMNS["status"]: 14.0, RESULT_COLUMNS["reason"]: 60.0, ORIGIN_LABEL: 18.0}
_BAND = "F3F6FB"
_PLAIN = (Look(boxed=True), Look(boxed=True, paper=_BAND))
_WRAPPED = (Look(boxed=True, wraps=True), Look(boxed=True, wraps=True, paper=_BAND))
_BAD = {"error": Look(paper=style.STRONG_RED, boxed=True, wraps=True), "warning": Look(paper=style.AMBER, boxed=True, wraps=True)}


def failure_sheets(report: Mapping[str, Any], tables: Mapping[str, Table], names: Collection[str]) -> list[NewSheet]:
    """One sheet a template; none where nothing failed. `tables` by name; `names`: those of the workbook's other sheets.

    `report["failures"]` is a list, one entry a template: `title` (the template's), `columns` (see `headings.template_columns`),
    `places` (by sheet and field name the column's letter and, as text, the factor of its unit), and `orders`: of each that is invalid,
    changed or rejected all rows as (sheet, row), in the sheet's order. Rows without an order that hold the one above belong to it: left
    out, a part of an order would go out. `marks`, by sheet, row and letter, are the kind and text of cells that a bare value does not
    tell (`core.cell.Mark`), where the tables were read without them. What is said of each row comes from `report["sheets"]`, as do
    bad cells and the header's row.
    """
    sheets: list[NewSheet] = []
    for failed in report.get("failures", ()):
        if failed["orders"]:
            name = free_name(FAILURES_SHEET, {*names, *(sheet.name for sheet in sheets)})
            sheets.append(_sheet(name, _Failed(failed, report["sheets"], tables), is_test=report["is_test"]))
    return sheets


def _sheet(name: str, failed: "_Failed", *, is_test: bool) -> NewSheet:
    page = Page(failed.widths)
    last = last_readable(page.widths)
    count, shown_count = len(failed.failed["orders"]), len(failed.orders)
    cut = f"（太多，只列出前 {shown_count} 单）" if shown_count < count else ""
    page.across(f"{FAILURES_TITLE}：{failed.failed['title']} {count} 单没有成功{cut}", HEADLINE, least=34, last=last)
    if is_test:
        page.across(TEST_BANNER, style.BANNER, least=28, last=last)
    page.across(_ADVICE, ADVICE, last=last)
    page.add(*failed.header, height=height_of(2))
    return NewSheet(
        name,
        Lines(page.rows, len(failed.rows), failed.row),
        dict(enumerate(page.widths, 1)),
        page.merges,
        frozen_row=page.row,
        filter=Merge(page.row, 1, page.row + len(failed.rows), len(page.widths)).text,
    )


class _Failed:
    """The failed orders of one template, and where their cells come from."""

    def __init__(self, failed: Mapping[str, Any], sheets: Mapping[str, Any], tables: Mapping[str, Table]) -> None:
        self.failed, self.columns = failed, failed["columns"]
        self.orders = list(_first(failed["orders"], MOST_ROWS))
        self.rows = [(sheet, int(row), number) for number, order in enumerate(self.orders) for sheet, row in order]
        wanted: dict[str, set[int]] = defaultdict(set)
        for sheet, row, _ in self.rows:
            wanted[sheet].add(row)
        self.origins = {sheet: Origin(failed, sheets[sheet], tables[sheet], rows) for sheet, rows in wanted.items()}

    @cached_property
    def header(self) -> list[Written]:
        """The template's labels, and ours."""
        own = [Written(each["heading"], heading_look(each["colour"], required=each["is_required"])) for each in self.columns]
        return own + [Written(label, HEADING) for label in _OUR_WIDTHS]

    @cached_property
    def widths(self) -> list[float]:
        """The columns' widths by their headings and first cells."""
        return [*(self._width(column) for column in self.columns), *_OUR_WIDTHS.values()]

    def _width(self, column: Mapping[str, Any]) -> float:
        texts = (self.origins[sheet].cell(row, column, Look()).value for sheet, row, _ in self.rows[:_MEASURED])
        widest = max(text_width(shown(text)) for text in texts) + 2
        return min(max(widest, min(text_width(column["heading"]) + 4, 22), _NARROWEST), _WIDEST)

    def row(self, number: int) -> NewRow:
        """A row of an order, with what became of it."""
        sheet, row, order = self.rows[number]
        origin = self.origins[sheet]
        bad, looks = origin.severities(row), (_WRAPPED[order % 2], _PLAIN[order % 2])
        cells = []
        for column in self.columns:
            look = _BAD[bad[column["field"]]] if column["field"] in bad else looks[column["number_format"] != TEXT]
            cells.append(origin.cell(row, column, look))
        told = origin.report["rows"].get(str(row), {})
        reason = Written(told.get("reason"), _WRAPPED[order % 2], TEXT)
        ours = [
            Written(told.get("status"), look_of(told.get("fate", ""))),
            reason,
            Written(f"{sheet} 第 {row} 行", _WRAPPED[order % 2], TEXT),
        ]
        texts = [cell.value if isinstance(cell.value, str) else "" for cell in (*cells, *ours)]
        lines = max(line_count(text, width) if needs_wrapping(text, width) else 1 for text, width in zip(texts, self.widths, strict=True))
        return NewRow(dict(enumerate([*cells, *ours], 1)), height_of(lines))


def _first(orders: Sequence[Sequence[Any]], most: int) -> Iterator[Sequence[Any]]:
    """Whole orders, as many as so many rows hold; at least one."""
    count = 0
    for order in orders:
        if count and count + len(order) > most:
            return
        count += len(order)
        yield order
