"""What an order's payload says, value by value, each with the element it stands in; and the element that each row of the sheet lies in.

So that what the remote says of a value or of an element can be found in the sheet again.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from .cell import shown
from .order import Element
from .template import Level, Template

Indices = tuple[int, ...]
"""Which element: one index, from 0, for each list of the path; none for the order itself."""


class Sent(NamedTuple):
    """A value of a payload, as text, with its field and its element."""

    field: str
    indices: Indices
    text: str


def sent_values(template: Template, payload: bytes) -> tuple[Sent, ...]:
    """The values of a payload's bytes in their order; none of what is no JSON object."""
    try:
        found = json.loads(payload, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        return ()
    return tuple(_values(template.root, found, ())) if isinstance(found, dict) else ()


def _values(level: Level, found: Mapping[str, Any], indices: Indices) -> Iterator[Sent]:
    for field in level.fields:
        if (value := found.get(field.api_name)) is not None:
            yield Sent(field.name, indices, shown(value))
    for child in level.children:
        elements = found.get(child.api_name)
        for index, each in enumerate(elements if isinstance(elements, list) else ()):
            if isinstance(each, dict):
                yield from _values(child, each, (*indices, index))


def row_elements(root: Element) -> tuple[Indices, ...]:
    """The innermost element of each row of an order, in the order of its rows (and of its places).

    A row is of one element at each level, so this is all there is to know: `(1, 0)` is the first SKU of the second carton.
    """
    by_row = dict(_rows(root, ()))
    return tuple(by_row[row] for row in root.rows)


def _rows(element: Element, indices: Indices) -> Iterator[tuple[int, Indices]]:
    yield from ((row, indices) for row in element.rows)
    for elements in element.children.values():
        for index, each in enumerate(elements):
            yield from _rows(each, (*indices, index))
