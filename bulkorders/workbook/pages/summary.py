"""The sheet 汇总: in one sentence how it went, the orders counted by fate with a chart, and where it all comes from."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bulkorders.core.cell import shown
from bulkorders.core.result import FAILURES_SHEET, SUMMARY_SHEET, SUMMARY_TITLE
from bulkorders.workbook import style
from bulkorders.workbook.ooxml.edits import Chart, NewSheet, Written
from bulkorders.workbook.style import TEXT, Look, height_of, line_count

from .fates import COLOURS, DONE, OPEN, WRONG, look_of
from .names import free_name
from .page import HEADING, HEADLINE, TEST_BANNER, Page

TOTAL = "合计"
CHART_TITLE = "订单数"
_WIDTHS = (18, 11, 56)
_HEADINGS = ("结果", "订单数", "意思")
_CHART_COLUMN, _CHART_WIDTH, _CHART_FRAME, _CHART_BAR = 5, 460, 80, 44
_WELL = Look("006100", "C6EFCE", bold=True, size=13, wraps=True)
_BAD = Look("9C0006", "FFC7CE", bold=True, size=13, wraps=True)
_UNFINISHED = Look("7F6000", "FFEB9C", bold=True, size=13, wraps=True)
_LABEL = Look("595959", "F2F2F2", boxed=True, wraps=True)

Count = Sequence[Any]
"""A fate's word, its count, its meaning, and the fate."""


def summary_sheet(report: Mapping[str, Any], names: Collection[str]) -> NewSheet:
    """The summary. `names`: those of the workbook's other sheets.

    `report` has `is_test`, `summary` (label, value; of several batches one after the other), `counts` (word, count, meaning, fate), and
    perhaps `failures`.
    """
    name, page = free_name(SUMMARY_SHEET, names), Page(_WIDTHS)
    page.across(SUMMARY_TITLE, HEADLINE, least=34)
    if report["is_test"]:
        page.across(TEST_BANNER, style.BANNER, least=28)
    page.across(*_verdict(report), least=30)
    page.add()
    counts = sorted(report["counts"], key=lambda count: not count[1])  # those that occurred come first: the chart shows these
    first = page.row + 2
    _add_counts(page, counts)
    page.add()
    _add_lines(page, report["summary"])
    widths = {number: float(width) for number, width in enumerate((*_WIDTHS, 3), 1)}
    return NewSheet(name, page.rows, widths, page.merges, chart=_chart(name, counts, first), gridlines=False)


def _verdict(report: Mapping[str, Any]) -> tuple[str, Look]:
    """How it went, and the look of that."""
    by_fate = {fate: count for _, count, _, fate in report["counts"]}
    done, wrong, unfinished = (sum(by_fate.get(fate, 0) for fate in fates) for fates in (DONE, WRONG, OPEN))
    total = done + wrong + unfinished
    if not total:
        return "表里没有订单。", _UNFINISHED
    if done == total:
        return f"共 {total} 单，全部完成。", _WELL
    where = f"（见「{FAILURES_SHEET}」）" if report.get("failures") else ""
    parts = [f"完成 {done} 单"] if done else []
    parts += [f"{wrong} 单没有成功，要您处理{where}"] if wrong else []
    parts += [f"{unfinished} 单还没有结果"] if unfinished else []
    return f"共 {total} 单：{'；'.join(parts)}。", _BAD if wrong else _UNFINISHED


def _add_counts(page: Page, counts: Sequence[Count]) -> None:
    page.add(*(Written(text, HEADING) for text in _HEADINGS), height=height_of(1))
    for word, count, meaning, fate in counts:
        look = look_of(fate) if count else style.NONE
        cells = Written(word, look), Written(count, style.MIDDLE if count else style.NONE), Written(meaning, style.CELL)
        page.add(*cells, height=height_of(line_count(meaning, _WIDTHS[2])))
    total = sum(count for _, count, _, _ in counts)
    page.add(Written(TOTAL, style.HEAD), Written(total, style.HEAD), Written(None, style.TOTAL), height=height_of(1))


def _add_lines(page: Page, lines: Sequence[Sequence[Any]]) -> None:
    """The lines, label and value; where the first label comes again, the next batch begins."""
    for number, (label, value) in enumerate(lines):
        if number and label == lines[0][0]:
            page.add()
        text = value if isinstance(value, str) else shown(value)
        height = height_of(max(line_count(label, _WIDTHS[0]), line_count(text, sum(_WIDTHS[1:]))))
        page.add(Written(label, _LABEL), Written(text, style.CELL, TEXT), Written(None, style.CELL), height=height)
        page.merge(2, 3)


def _chart(name: str, counts: Sequence[Count], first: int) -> Chart | None:
    """A bar for each fate that occurred; their rows begin at row `first`."""
    found = [fate for _, count, _, fate in counts if count]
    if not found:
        return None
    quoted, last = name.replace("'", "''"), first + len(found) - 1
    return Chart(
        CHART_TITLE,
        labels=f"'{quoted}'!$A${first}:$A${last}",
        values=f"'{quoted}'!$B${first}:$B${last}",
        colours=[COLOURS[fate] for fate in found],
        anchor=(first - 1, _CHART_COLUMN),
        size=(_CHART_WIDTH, _CHART_FRAME + _CHART_BAR * max(len(found), 2)),
    )
