"""The pipeline's records as JSON, in one language: what the API answers beside the objects that the command line prints, too."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from bulkorders.core.order import row_ranges
from bulkorders.core.result import Fate, Totals
from bulkorders.journal.queue import gates_of
from bulkorders.journal.uploads import Upload
from bulkorders.journal.views import batch_issues, batches_of_workbook, get_batch
from bulkorders.pipeline.app import App
from bulkorders.pipeline.browse import Seen
from bulkorders.pipeline.history import Line
from bulkorders.pipeline.objects import batch_json
from bulkorders.pipeline.progress import Progress, progress
from bulkorders.pipeline.report import BatchReport, fate_words, report_batch, shown_time
from bulkorders.pipeline.uploads import ahead

from .view_parts import refusal
from .worded import said


def upload_json(app: App, upload: Upload, lang: str) -> dict[str, Any]:
    """An upload, and how many are checked before it."""
    return {
        "id": upload.id, "file": upload.file, "state": upload.state, "ahead": ahead(app, upload), "refused": refusal(lang, upload.refused),
        "batches": list(upload.batches),
    }  # fmt: skip


def progress_json(app: App, found: Progress, lang: str) -> bytes:
    """How far a batch is, times as people read them."""
    latest = [
        {
            "order": each.order, "status": each.status.value, "word": each.word.say(lang),
            "message": said(each.message, lang), "at": shown_time(app, each.at),
        }
        for each in found.latest
    ]  # fmt: skip
    told = {
        "batch": found.batch, "state": found.state, "read": found.read, "counts": {fate.value: n for fate, n in found.counts.items()},
        "per_minute": found.per_minute, "seconds_left": found.seconds_left, "paused": said(found.paused, lang), "event": found.event,
        "latest": latest,
    }  # fmt: skip
    return orjson.dumps(told)


def line_json(app: App, line: Line) -> dict[str, Any]:
    """A batch in the list of all."""
    return {
        "batch": line.batch, "file": line.file, "template": line.template, "title": line.title, "by_whom": line.by_whom,
        "state": line.state, "read": line.read, "counts": {fate.value: count for fate, count in line.counts.items()},
        "created_at": _iso(app, line.created_at), "released_at": _iso(app, line.released_at),
    }  # fmt: skip


def batch_answer(app: App, batch: str, lang: str, *, outcomes: bool) -> dict[str, Any]:
    """A batch as `submit --json` has it, with how it stands and the other batches of its workbook. Raises UsageError."""
    found = progress(app, batch)
    report = report_batch(app, batch) if outcomes else BatchReport(get_batch(app.journal, batch), (), batch_issues(app.journal, batch))
    whole = batch_json(app, report, lang, outcomes=outcomes)
    if not outcomes:  # counted by the database: of a large batch it takes seconds to load all orders, and programs ask again and again
        names = dict.fromkeys(name for _, name in gates_of(app.journal, batch))
        whole["accounts"] = [{"name": name, "holder": None} for name in names]
        whole["orders"] = Totals(found.read, found.counts).as_json()
    return {
        **whole, "state": found.state, "by_whom": report.batch.by_whom,
        "siblings": [name for name in batches_of_workbook(app.journal, report.batch) if name != batch],
        "progress": orjson.Fragment(progress_json(app, found, lang)),
    }  # fmt: skip


def order_json(seen: Seen, lang: str) -> dict[str, Any]:
    """An order with its values."""
    order = seen.order
    return {
        "position": order.position, "order": order.display, "account": order.account, "status": order.fate.value,
        "word": fate_words(order.fate, seen.is_test).say(lang), "message": said(order.message, lang), "rows": row_ranges(order.places),
        "values": seen.values,
    }  # fmt: skip


def _iso(app: App, at: dt.datetime | None) -> str | None:
    return at.astimezone(app.timezone).isoformat(timespec="seconds") if at else None


def count_valid(app: App, batch: str) -> dict[str, int]:
    """How many orders a draft has, and how many of them may be sent. Raises UsageError."""
    found = progress(app, batch)
    invalid = found.counts[Fate.INVALID]
    return {"read": found.read, "valid": found.read - invalid, "invalid": invalid}


def marks_json(marks: Mapping[int, Mapping[str, Sequence[Mapping[str, Any]]]], lang: str) -> dict[str, Any]:
    """What is wrong with the cells of some rows."""
    return {str(row): {letter: [_mark(each, lang) for each in found] for letter, found in own.items()} for row, own in marks.items()}


def _mark(found: Mapping[str, Any], lang: str) -> dict[str, Any]:
    return {"severity": found["severity"], "message": found["message"].say(lang), "code": found["code"]}
