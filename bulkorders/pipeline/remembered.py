"""Results without the merchant's file, which is kept for a time only: his rows as they were sent, in the form of the template."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from bulkorders.core.cell import column_letter, shown
from bulkorders.core.field import Field
from bulkorders.core.numbers import read_number
from bulkorders.core.order import Place
from bulkorders.core.provider import Decodes
from bulkorders.core.sent import Indices, sent_values
from bulkorders.core.template import Template
from bulkorders.errors import SettingsError
from bulkorders.journal.records import Placed
from bulkorders.journal.views import sent_payloads

from .app import App, find_provider, find_template
from .report import BatchReport

HEADER_ROW = 1
Sheets = list[tuple[str, list[list[Any]]]]
"""Names of sheets, and their rows from the first."""


def remembered(app: App, reports: Sequence[BatchReport]) -> tuple[list[BatchReport], Sheets]:
    """The batches with their orders on rows of sheets of our own, one a template, and those sheets."""
    moved, sheets = [], Sheets()
    for report in reports:
        template = find_template(report.batch.template)
        sheet, payloads = template.title, sent_payloads(app.journal, report.batch.id)
        rows: list[list[Any]] = [[field.label for field in template.fields]]
        orders = []
        for order in report.orders:
            own = list(_rows(template, order, decoded(app, template, order, payloads.get(order.position))))
            places = tuple(Place(sheet, len(rows) + number) for number in range(1, len(own) + 1))
            orders.append(replace(order, places=places, elements=()))
            rows += own
        sheets.append((sheet, rows))
        fields = {field.name: [column_letter(number), "1"] for number, field in enumerate(template.fields, 1)}
        formats = {fields[field.name][0]: field.kind.number_format for field in template.fields}
        batch = replace(report.batch, sheets={sheet: {"header_row": HEADER_ROW, "formats": formats, "fields": fields}})
        moved.append(replace(report, batch=batch, orders=orders, issues=[], corrections=[]))
    return moved, sheets


def decoded(app: App, template: Template, order: Placed, payload: bytes | None) -> bytes | None:
    """A payload in the template's units."""
    provider = find_provider(template.name)
    if not payload or not isinstance(provider, Decodes):
        return payload
    try:
        account = app.accounts.get(order.account or "")
    except SettingsError:  # results need no settings
        account = None
    return provider.decode(payload, account.settings if account and account.provider is provider else None)


def _rows(template: Template, order: Placed, payload: bytes | None) -> Iterator[list[Any]]:
    """An order's rows: one for each innermost element; of one that was never sent its key alone."""
    sent = sent_values(template, payload) if payload else ()
    known = {field.name: order.key[field.label] for field in template.fields if field.label in order.key}
    by_element: dict[Indices, dict[str, str]] = {}
    for value in sent:
        by_element.setdefault(value.indices, {})[value.field] = value.text
    innermost = [each for each in by_element if not any(other[: len(each)] == each and other != each for other in by_element)]
    for element in sorted(innermost) or [()]:
        values: dict[str, str] = dict(known)
        for depth in range(len(element) + 1):
            values.update(by_element.get(element[:depth], {}))
        yield [_cell(template, name, values.get(name)) for name in (field.name for field in template.fields)]


def _cell(template: Template, name: str, text: str | None) -> Any:
    """Numbers as numbers, all else as text."""
    number = None if text is None or template[name].kind.number_format == "@" else read_number(text)
    return said(template[name], text) if number is None else float(number)


def said(field: Field, text: str | None) -> str | None:
    """A value as people say it, where it is one of some choices: 是, not TRUE."""
    kind = field.kind
    return next((choice for choice in kind.choices if shown(kind.encode(kind.parse(choice).value)) == text), text)
