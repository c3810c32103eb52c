"""What became of batches, as the journal has it: a batch with its orders and issues, and the JSON that programs read."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bulkorders.core.correction import Correction
from bulkorders.core.issue import Issue
from bulkorders.core.result import FATE_WORDS, Fate, Totals
from bulkorders.core.words import Words
from bulkorders.journal.corrections import corrections_of
from bulkorders.journal.records import Batch, Placed
from bulkorders.journal.views import batch_issues, batches_of_workbook, get_batch, placed_orders

from .app import App

_TEST = Words("（测试）", " (test)")


@dataclass(frozen=True)
class BatchReport:
    """A batch with its orders and issues, as the journal has them now."""

    batch: Batch
    orders: Sequence[Placed]
    issues: Sequence[tuple[int | None, Issue]]
    corrections: Sequence[Correction] = ()
    """What its cells say instead of what the kept file has."""

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
    found, orders, issues = get_batch(app.journal, batch), placed_orders(app.journal, batch), batch_issues(app.journal, batch)
    return BatchReport(found, orders, issues, corrections_of(app.journal, [batch])[0])


def report_workbook(app: App, report: BatchReport) -> list[BatchReport]:
    """A batch with those of the other templates in its workbook: their results stand in one."""
    others = (name for name in batches_of_workbook(app.journal, report.batch) if name != report.batch.id)
    return [report, *(report_batch(app, name) for name in others)]


def fate_words(fate: Fate, is_test: bool) -> Words:
    """The fate as people read it; what a test created is marked."""
    words = FATE_WORDS[fate]
    return Words(words.zh + _TEST.zh, words.en + _TEST.en) if is_test and fate in (Fate.CREATED, Fate.ACCEPTED) else words


def shown_time(app: App, at: dt.datetime | None) -> str:
    """A time in the merchant's zone; nothing for none."""
    return f"{at.astimezone(app.timezone):%Y-%m-%d %H:%M:%S}" if at else ""


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
