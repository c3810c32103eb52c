"""All that the results workbook shows, as plain JSON for the process that writes it. A function of the journal."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from bulkorders.core.order import Place, row_ranges
from bulkorders.core.result import FATE_MEANING, FATE_WORDS, RESULT_COLUMNS, TRACKING_COLUMNS, Fate
from bulkorders.core.words import Words
from bulkorders.journal.records import Placed
from bulkorders.workbook.headings import template_columns

from .app import App, find_provider, find_template
from .marks import marked_cells
from .report import BatchReport, fate_words, shown_time

_HELD = Words("同一{unit}的第 {rows} 行有误，整个{unit}没有发送。", "Row {rows} of the same order is wrong, so it was not sent.")
_FORGOTTEN = "原来的表格过了保存期，已经删除：这里的行是按当时发送的内容写的，个人信息不再保留。"
_FAILED = frozenset({Fate.INVALID, Fate.CHANGED, Fate.REJECTED})
_CREATED = frozenset({Fate.CREATED, Fate.ACCEPTED})


def workbook_content(app: App, reports: Sequence[BatchReport], *, note: bool = False) -> dict[str, Any]:
    """The report of one workbook, all its batches. `note`: says that its rows are remembered and not the merchant's own."""
    sheets: dict[str, Any] = {}
    for report in reports:
        cells = marked_cells(app, report)
        for sheet, known in report.batch.sheets.items():
            bad, notes = cells.get(sheet, ({}, {}))
            sheets[sheet] = {**known, "columns": _columns(report), "bad": bad, "notes": notes, "rows": _rows(app, report, sheet)}
    counts: dict[Fate, int] = dict.fromkeys(Fate, 0)
    for report in reports:
        for fate, count in report.totals.by_fate.items():
            counts[fate] += count
    is_test = all(report.batch.is_test for report in reports)
    return {
        "is_test": is_test,
        "summary": [line for report in reports for line in _summary(app, report, note=note)],
        "counts": [[fate_words(fate, is_test).zh, count, FATE_MEANING[fate].zh, fate.value] for fate, count in counts.items()],
        "sheets": sheets,
        "corrections": [told for report in reports for told in _corrections(report)],
        "failures": [failed for report in reports if (failed := _failures(report))["orders"]],
        "created": [created for report in reports if (created := _created(app, report))["orders"]],
    }


def _corrections(report: BatchReport) -> Iterator[list[Any]]:
    """The corrected cells, each with what was typed and whether its column is one of amounts."""
    template = find_template(report.batch.template)
    for each in report.corrections:
        fields = report.batch.sheets.get(each.sheet, {}).get("fields", {})
        is_amount = any(letter == each.column and template[name].kind.is_amount for name, (letter, _) in fields.items())
        yield [each.sheet, each.row, each.column, each.text, is_amount]


def _columns(report: BatchReport) -> list[str]:
    """Our columns on the sheets of a batch, by what they hold."""
    if not report.batch.id:  # checked only
        return ["status", "reason", "rows"]
    tracks = find_provider(report.batch.template).tracks
    return [name for name in RESULT_COLUMNS if tracks or name not in TRACKING_COLUMNS]


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
        "submitted_at": shown_time(app, order.submitted_at),
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


def _summary(app: App, report: BatchReport, *, note: bool) -> list[list[Any]]:
    """The lines of the summary, label and value."""
    batch, times = report.batch, sorted(order.submitted_at for order in report.orders if order.submitted_at)
    template = find_template(batch.template)
    accounts = dict.fromkeys(order.account for order in report.orders if order.account)
    return [
        ["文件", Path(batch.file).name],
        *([["说明", _FORGOTTEN]] if note else []),
        ["批次", batch.id or "—"],
        ["模板", f"{template.title}（{template.name}）"],
        ["账号", "、".join(accounts) or "—"],
        *([["提交人", batch.by_whom]] if batch.by_whom else []),
        ["读取时间", shown_time(app, batch.created_at)],
        ["第一次发送", shown_time(app, times[0]) if times else "—"],
        ["最后一次发送", shown_time(app, times[-1]) if times else "—"],
        ["发送速度", _pace(times)],
        ["读取的行", batch.rows["read"]],
        ["有误的行", batch.rows["invalid"]],
        *([["在网页上改过的格子", len(report.corrections)]] if report.corrections else []),
        [f"读取的{template.unit}", len(report.orders)],
    ]


def _pace(times: Sequence[dt.datetime]) -> str:
    """Orders a minute from the first sending to the last."""
    seconds = (times[-1] - times[0]).total_seconds() if times else 0.0
    return f"每分钟 {60 * (len(times) - 1) / seconds:.0f} 单" if seconds >= 1 else "—"


# -- the lists --------------------------------------------------------------------------------------------------------------
def _failures(report: BatchReport) -> dict[str, Any]:
    """What the sheet of failed orders needs of a batch; no orders where it was made before columns were noted."""
    template = find_template(report.batch.template)
    places = {sheet: known["fields"] for sheet, known in report.batch.sheets.items() if "fields" in known}
    held: dict[int, list[Place]] = defaultdict(list)
    for position, issue in report.issues:
        if position is not None and issue.sheet and issue.row:
            held[position].append(Place(issue.sheet, issue.row))
    failed = [order for order in report.orders if order.fate in _FAILED]
    rows = [sorted(dict.fromkeys([*order.places, *held[order.position]]), key=_sheet_order(report)) for order in failed]
    return {
        "title": template.title, "columns": template_columns(template), "places": places,
        "orders": [[list(place) for place in order] for order in rows if all(place.sheet in places for place in order)],
    }  # fmt: skip


def _sheet_order(report: BatchReport) -> Any:
    sheets = list(report.batch.sheets)
    return lambda place: (sheets.index(place.sheet) if place.sheet in sheets else len(sheets), place.row)


def _created(app: App, report: BatchReport) -> dict[str, Any]:
    """What the list of created orders needs of a batch."""
    template, provider = find_template(report.batch.template), find_provider(report.batch.template)
    orders = [order for order in report.orders if order.fate in _CREATED]
    shown = template.display_field.label
    others = [label for label in dict.fromkeys(label for order in orders for label in order.key) if label != shown]
    return {
        "unit": template.unit, "title": template.title, "how": provider.undo.zh,
        "labels": [shown, *others, "账号", "提交时间", "平台单号", "请求ID", "跟踪号"],
        "orders": [_created_order(app, report, order, others) for order in orders],
    }  # fmt: skip


def _created_order(app: App, report: BatchReport, order: Placed, labels: Sequence[str]) -> dict[str, Any]:
    known = (order.account, shown_time(app, order.submitted_at), order.remote_id, order.request_id, order.tracking_number)
    return {
        "fate": order.fate.value, "status": fate_words(order.fate, report.batch.is_test).zh,
        "cells": [order.display, *(order.key.get(label) for label in labels), *(text or None for text in known)],
    }  # fmt: skip
