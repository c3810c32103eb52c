"""A batch looked at piece by piece: some of its issues, some of its orders, and what is in an order as it was or will be sent."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from bulkorders.core.cell import shown
from bulkorders.core.issue import Issue
from bulkorders.core.result import Fate
from bulkorders.core.template import Level, Template
from bulkorders.journal.chosen import orders_of_fate
from bulkorders.journal.records import Batch, Placed
from bulkorders.journal.views import batch_issues, count_issues, count_placed, get_batch, owner_of, payloads_at, placed_order, placed_orders

from .app import App, find_template
from .remembered import decoded, said

Values = Mapping[str, Any]
"""An element: `{"fields": [{"label", "value"}], "children": [{"level", "elements": [...]}]}`."""


@dataclass(frozen=True)
class Seen:
    """An order, and its values as they were or will be sent; None where nothing was made of it. `is_test`: of a test's batch."""

    order: Placed
    is_test: bool
    values: Values | None


def is_seen_by(app: App, batch: str, user: str | None) -> bool:
    """Whether a user may see a batch: it is there, and it is his. None sees all."""
    owner = owner_of(app.journal, batch)
    return owner is not None and (user is None or owner == (user,))


def issues_page(app: App, batch: str, first: int, count: int) -> tuple[int, Sequence[Issue]]:
    """How many issues a batch has, and so many of them from the `first` on, which is 0."""
    found = batch_issues(app.journal, batch, first, count)
    return count_issues(app.journal, batch), [issue for _, issue in found]


def orders_page(app: App, batch: str, first: int, count: int, fate: Fate | None = None) -> tuple[int, Sequence[Seen]]:
    """How many orders a batch has, and so many of them from the `first` on, which is 0; of one fate alone. Raises UsageError."""
    known = get_batch(app.journal, batch)
    if fate is None:
        total, orders = count_placed(app.journal, batch), placed_orders(app.journal, batch, first, count)
    else:
        total, orders = orders_of_fate(app.journal, batch, fate, first, count)
    return total, _with_values(app, known, orders)


def order_at(app: App, batch: str, position: int) -> tuple[Seen, Sequence[Issue]] | None:
    """One order with its issues; None where there is none at that position. Raises UsageError where there is no such batch."""
    order = placed_order(app.journal, batch, position)
    if order is None:
        return None
    (seen,) = _with_values(app, get_batch(app.journal, batch), [order])
    return seen, [issue for _, issue in batch_issues(app.journal, batch, position=position)]


def _with_values(app: App, batch: Batch, orders: Sequence[Placed]) -> list[Seen]:
    template = find_template(batch.template)
    payloads = payloads_at(app.journal, batch.id, [order.position for order in orders])
    decode = partial(decoded, app, template)
    return [Seen(order, batch.is_test, _values_of(template, decode(order, payloads.get(order.position)))) for order in orders]


def _values_of(template: Template, payload: bytes | None) -> Values | None:
    if not payload:
        return None
    try:
        found = json.loads(payload, parse_float=Decimal, parse_int=Decimal)
    except ValueError:  # the disk has changed it: it is not sent, either
        return None
    return _element(template.root, found) if isinstance(found, dict) else None


def _element(level: Level, found: Mapping[str, Any]) -> Values:
    """One element with those within, each value under its label."""
    fields = [
        {"label": field.label, "value": said(field, shown(value))}
        for field in level.fields
        if (value := found.get(field.api_name)) is not None
    ]
    children = [{"level": child.api_name, "elements": _elements(child, found.get(child.api_name))} for child in level.children]
    return {"fields": fields, "children": children}


def _elements(level: Level, found: object) -> list[Values]:
    return [_element(level, each) for each in found if isinstance(each, dict)] if isinstance(found, list) else []
