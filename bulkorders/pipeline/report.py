"""What became of batches: the JSON that programs read, and the results workbook that the merchant gets. A function of the journal."""

import datetime as dt
import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bulkorders.core.issue import Issue, Severity
from bulkorders.core.order import Place, row_ranges
from bulkorders.core.result import FATE_MEANING, FATE_WORDS, RESULT_COLUMNS, TRACKING_COLUMNS, Fate, Totals
from bulkorders.core.words import Words
from bulkorders.errors import UsageError, os_reason
from bulkorders.journal.kept import kept_path
from bulkorders.journal.records import Batch, Placed
from bulkorders.journal.views import batch_issues, batches_of_workbook, get_batch, placed_orders
from bulkorders.workbook.isolated import write_results

from .app import App, find_provider, find_template, path_text

ENDING, TEST_ENDING = "_结果", "_测试结果"
_HELD = Words("同一{unit}的第 {rows} 行有误，整个{unit}没有发送。", "Row {rows} of the same order is wrong, so it was not sent.")
_TEST = Words("（测试）", " (test)")


@dataclass(frozen=True)
class BatchReport:
    """A batch with its orders and issues, as the journal has them now."""

    batch: Batch
    orders: Sequence[Placed]
    issues: Sequence[tuple[int | None, Issue]]

    @property
    def totals(self) -> Totals:
        """The orders counted by fate. Raises ValueError where the books do not balance."""
        return Totals.count(len(self.orders), (order.fate for order in self.orders))

    @property
    def has_errors(self) -> bool:
        """Whether any issue is an error, in an order or not."""
        return any(issue.is_error for _, issue in self.issues)


def report_batch(app: App, batch: str) -> BatchReport:
    """Reads a batch. Raises UsageError where there is none."""
    return BatchReport(get_batch(app.journal, batch), placed_orders(app.journal, batch), batch_issues(app.journal, batch))


def report_workbook(app: App, report: BatchReport) -> list[BatchReport]:
    """A batch with those of the other templates in its workbook: their results stand in one."""
    others = (name for name in batches_of_workbook(app.journal, report.batch) if name != report.batch.id)
    return [report, *(report_batch(app, name) for name in others)]


def results_path(file: Path, is_test: bool) -> Path:
    """Where a file's results go: beside it; results of a results workbook go to itself, but a test never over a real one."""
    stem = path_text(Path(file.stem)).removesuffix(TEST_ENDING).removesuffix(ENDING)
    return file.with_name(f"{stem}{TEST_ENDING if is_test else ENDING}.xlsx")


def write_workbook(app: App, reports: Sequence[BatchReport], target: Path, left: Callable[[], float] = lambda: math.inf) -> Path:
    """Writes the results of a file's batches, and gives the path. Raises UsageError where it cannot be written there.

    `left`: seconds until it has to be written. Raises BulkordersError where that is too soon.
    """
    kept = kept_path(app.journal, reports[0].batch.content_hash)
    if not kept.exists():
        raise UsageError(*_no_longer_kept(app.settings.keep_days, reports[0].batch.id))
    source = Path(reports[0].batch.file)
    if target.exists() and source.exists() and target.samefile(source) and target.name != results_path(source, is_test=False).name:
        raise UsageError(f"{target} 是原来的表格，没有覆盖：请换一个名字。", f"{target} is the workbook itself: choose another name.")
    content = workbook_content(app, reports)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for name in _names(target.absolute()):
            try:
                write_results(kept, content, name, left)
            except PermissionError:
                if not name.exists():
                    raise
                continue  # open in Excel: the next name
            return target if name == target.absolute() else name
    except OSError as error:
        zh, en = os_reason(error)
        raise UsageError(f"结果表 {target} 写不了：{zh}。", f"{target} cannot be written: {en}.") from error
    raise UsageError(f"结果表 {target} 写不了：没有权限，或正被 Excel 打开。", f"{target} cannot be written: no rights, or open in Excel.")


def _no_longer_kept(days: int, batch: str) -> tuple[str, str]:
    return (
        f"原来的表格只保留 {days} 天，已经不在了，写不了结果表：各单的去向请看 bulkorders status {batch}。",
        f"the merchant's file was kept for {days} days and is gone: see bulkorders status {batch}.",
    )


def _names(target: Path) -> list[Path]:
    """The target, and other names to take where it is locked."""
    return [target, *(target.with_name(f"{target.stem} ({number}){target.suffix}") for number in range(2, 6))]


def workbook_content(app: App, reports: Sequence[BatchReport]) -> dict[str, Any]:
    """All that the results workbook shows, as plain JSON for the process that writes it."""
    sheets: dict[str, Any] = {}
    for report in reports:
        for sheet, known in report.batch.sheets.items():
            shown = {"columns": _columns(report), "bad": _bad_cells(report, sheet), "rows": _rows(app, report, sheet)}
            sheets[sheet] = {**known, **shown}
    counts: dict[Fate, int] = dict.fromkeys(Fate, 0)
    for report in reports:
        for fate, count in report.totals.by_fate.items():
            counts[fate] += count
    is_test = all(report.batch.is_test for report in reports)
    return {
        "is_test": is_test,
        "summary": [line for report in reports for line in _summary(app, report)],
        "counts": [[fate_words(fate, is_test).zh, count, FATE_MEANING[fate].zh, fate.value] for fate, count in counts.items()],
        "sheets": sheets,
    }


def _columns(report: BatchReport) -> list[str]:
    """Our columns on the sheets of a batch, by what they hold."""
    tracks = find_provider(report.batch.template).tracks
    return [name for name in RESULT_COLUMNS if tracks or name not in TRACKING_COLUMNS]


def fate_words(fate: Fate, is_test: bool) -> Words:
    """The fate as people read it; what a test created is marked."""
    words = FATE_WORDS[fate]
    return Words(words.zh + _TEST.zh, words.en + _TEST.en) if is_test and fate in (Fate.CREATED, Fate.ACCEPTED) else words


def _bad_cells(report: BatchReport, sheet: str) -> dict[str, dict[str, str]]:
    """Cells with errors or warnings, by row and letter; an error outweighs a warning."""
    cells: dict[str, dict[str, str]] = defaultdict(dict)
    for _, issue in report.issues:
        if issue.sheet == sheet and issue.row and issue.column and issue.severity is not Severity.NOTE:
            row = cells[str(issue.row)]
            if row.get(issue.column) != Severity.ERROR:
                row[issue.column] = issue.severity.value
    return dict(cells)


def _rows(app: App, report: BatchReport, sheet: str) -> dict[str, dict[str, str]]:
    """The result columns of each row that has something to say."""
    said: dict[int, list[str]] = defaultdict(list)
    for _, issue in report.issues:
        if issue.sheet == sheet and issue.row:
            said[issue.row].append(issue.message.zh)
    errors = {Place(issue.sheet, issue.row) for _, issue in report.issues if issue.is_error and issue.sheet and issue.row}
    rows = {str(row): _result("", "", reasons, {}) for row, reasons in said.items()}
    for place in (place for place in errors if place.sheet == sheet):
        rows[str(place.row)] = _result(Fate.INVALID.value, FATE_WORDS[Fate.INVALID].zh, said[place.row], {})
    for order in report.orders:
        for place in order.places:
            if place.sheet == sheet:
                rows[str(place.row)] = _order_row(app, report, order, place, said.get(place.row, []), errors)
    return rows


def _order_row(
    app: App, report: BatchReport, order: Placed, place: Place, said: Sequence[str], errors: set[Place]
) -> dict[str, str]:  # fmt: skip
    reasons = list(said)
    if order.fate is Fate.INVALID:
        if not said or place not in errors:
            reasons.append(_why_held(report, order, errors))
    elif order.message:
        reasons.insert(0, order.message.zh)
    more = {
        "tracking_number": order.tracking_number or "",
        "carrier": order.carrier or "",
        "rows": row_ranges(order.places),
        "request_id": order.request_id or "",
        "submitted_at": _shown_time(app, order.submitted_at),
        "batch": report.batch.id,
    }
    return _result(order.fate.value, fate_words(order.fate, report.batch.is_test).zh, reasons, more)


def _why_held(report: BatchReport, order: Placed, errors: set[Place]) -> str:
    """Why an order is invalid, on a row that has no error of its own."""
    faulty = [place for place in order.places if place in errors]
    unit = find_template(report.batch.template).unit
    if faulty:
        return _HELD.fill(unit=unit, rows=row_ranges(faulty)).zh
    return order.message.zh if order.message else ""


def _result(fate: str, status: str, reasons: Iterable[str], more: Mapping[str, str]) -> dict[str, str]:
    told = {"fate": fate, "status": status, "reason": "\n".join(dict.fromkeys(reasons))}
    return {**dict.fromkeys(RESULT_COLUMNS, ""), **told, **more}


def _shown_time(app: App, at: dt.datetime | None) -> str:
    return f"{at.astimezone(app.timezone):%Y-%m-%d %H:%M:%S}" if at else ""


def _summary(app: App, report: BatchReport) -> list[list[Any]]:
    """The lines of the summary, label and value."""
    batch, times = report.batch, [order.submitted_at for order in report.orders if order.submitted_at]
    template = find_template(batch.template)
    accounts = dict.fromkeys(order.account for order in report.orders if order.account)
    return [
        ["文件", Path(batch.file).name],
        ["批次", batch.id],
        ["模板", f"{template.title}（{template.name}）"],
        ["账号", "、".join(accounts) or "—"],
        ["读取时间", _shown_time(app, batch.created_at)],
        ["最后一次发送", _shown_time(app, max(times, default=None)) or "—"],
        ["读取的行", batch.rows["read"]],
        ["有误的行", batch.rows["invalid"]],
        [f"读取的{template.unit}", len(report.orders)],
    ]


def outcome_json(app: App, order: Placed, lang: str) -> dict[str, Any]:
    """One order of `outcomes`."""
    at = order.submitted_at
    return {
        "order": order.display,
        "key": dict(order.key),
        "account": order.account,
        "rows": [place._asdict() for place in order.places],
        "status": order.fate.value,
        "message": order.message.say(lang) if order.message else None,
        "remote_id": order.remote_id,
        "tracking_number": order.tracking_number,
        "request_id": order.request_id,
        "attempts": order.attempts,
        "submitted_at": at.astimezone(app.timezone).isoformat(timespec="seconds") if at else None,
    }


def issue_json(issue: Issue, lang: str) -> dict[str, Any]:
    """One issue."""
    return {
        "sheet": issue.sheet, "row": issue.row, "column": issue.column, "label": issue.label, "field": issue.field,
        "order": issue.order, "code": issue.code, "severity": issue.severity.value, "value": issue.value,
        "message": issue.message.say(lang),
    }  # fmt: skip
