"""Which cells the results mark, and what their comments say: where an issue stands, and what a remote's refusal names."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from bulkorders.core.blame import blamed_rows, find_blames
from bulkorders.core.issue import Severity
from bulkorders.core.order import Place
from bulkorders.core.result import Fate
from bulkorders.core.sent import sent_values
from bulkorders.core.template import Template
from bulkorders.journal.records import Placed
from bulkorders.journal.views import sent_payloads

from .app import App, find_template
from .report import BatchReport

Cells = dict[str, dict[str, str]]
"""By row, as text, and by letter."""


class _Mark(NamedTuple):
    """A cell, how bad it is, and why."""

    place: Place
    letter: str
    severity: Severity
    text: str


def marked_cells(app: App, report: BatchReport) -> Mapping[str, tuple[Cells, Cells]]:
    """The marked cells of each sheet: how bad they are, and the texts of their comments. An error outweighs a warning."""
    bad: dict[str, Cells] = defaultdict(lambda: defaultdict(dict))
    notes: dict[str, Cells] = defaultdict(lambda: defaultdict(dict))
    for mark in (*_of_issues(report), *_of_refusals(app, report)):
        sheet, row = mark.place.sheet, str(mark.place.row)
        if bad[sheet][row].get(mark.letter) != Severity.ERROR:
            bad[sheet][row][mark.letter] = mark.severity.value
        said = notes[sheet][row].get(mark.letter)
        if mark.text not in (said or "").split("\n"):
            notes[sheet][row][mark.letter] = f"{said}\n{mark.text}" if said else mark.text
    return {sheet: (bad[sheet], notes[sheet]) for sheet in bad}


def _of_issues(report: BatchReport) -> Iterator[_Mark]:
    for _, issue in report.issues:
        if issue.sheet and issue.row and issue.column and issue.severity is not Severity.NOTE:
            yield _Mark(Place(issue.sheet, issue.row), issue.column, issue.severity, issue.message.zh)


def _of_refusals(app: App, report: BatchReport) -> Iterator[_Mark]:
    """The cells that the remote's words name."""
    refused = [order for order in report.orders if order.fate is Fate.REJECTED and order.message and order.elements]
    payloads = sent_payloads(app.journal, report.batch.id) if refused else {}
    template = find_template(report.batch.template)
    for order in refused:
        yield from _of_refusal(report, template, order, payloads.get(order.position, b""))


def _of_refusal(report: BatchReport, template: Template, order: Placed, payload: bytes) -> Iterator[_Mark]:
    sent = sent_values(template, payload)
    text = order.message.zh if order.message else ""
    for blame in find_blames(text, template, sent):
        for at in blamed_rows(blame, template, order.elements, sent):
            place = order.places[at]
            letter, _ = report.batch.sheets.get(place.sheet, {}).get("fields", {}).get(blame.field, (None, None))
            if letter:
                yield _Mark(place, letter, Severity.ERROR, text)
