"""An order: one group of rows, one call, one identity; and the statuses that it goes through."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import groupby
from typing import Any, NamedTuple

from .issue import Issue
from .template import Template


class Status(StrEnum):
    """Where an order stands in the journal."""

    PENDING = "pending"
    SENDING = "sending"
    CREATED = "created"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    IN_DOUBT = "in_doubt"


TRANSITIONS: Mapping[Status, frozenset[Status]] = {
    Status.PENDING: frozenset({Status.SENDING}),
    Status.SENDING: frozenset({Status.CREATED, Status.ACCEPTED, Status.REJECTED, Status.IN_DOUBT, Status.PENDING}),
    Status.ACCEPTED: frozenset({Status.CREATED, Status.REJECTED, Status.IN_DOUBT}),
    Status.IN_DOUBT: frozenset({Status.PENDING, Status.CREATED, Status.ACCEPTED, Status.REJECTED}),
    Status.CREATED: frozenset(),
    Status.REJECTED: frozenset(),
}
"""What may follow what, within one revision. A refused order that is submitted again is the next revision."""


class Place(NamedTuple):
    """A row of a workbook, by Excel's number."""

    sheet: str
    row: int


def row_ranges(places: Sequence[Place]) -> str:
    """Rows as people write them: `5-7`, `5-6、10`; with the sheet's name where they lie on several."""
    several = len({place.sheet for place in places}) > 1
    parts = []
    for sheet in dict.fromkeys(place.sheet for place in places):
        rows = sorted(place.row for place in places if place.sheet == sheet)
        for _, run in groupby(enumerate(rows), key=lambda pair: pair[1] - pair[0]):
            found = [row for _, row in run]
            text = str(found[0]) if len(found) == 1 else f"{found[0]}-{found[-1]}"
            parts.append(f"{sheet}!{text}" if several else text)
    return "、".join(parts)


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a level: its typed values by field name (None for blank), its rows (numbers of `Checked.places`), what is within."""

    values: Mapping[str, Any]
    rows: tuple[int, ...]
    children: Mapping[str, tuple["Element", ...]] = field(default_factory=dict)

    def below(self, path: str) -> tuple["Element", ...]:
        """All elements of a deeper level, in the sheet's order."""
        found: list[Element] = []
        for level, elements in self.children.items():
            for element in elements:
                found.extend([element] if level == path else element.below(path))
        return tuple(found)


@dataclass(frozen=True)
class Order:
    """One group of rows. `display` is what people know it by; `key` the values of the key fields by field name, as text."""

    template: Template
    display: str
    key: Mapping[str, str]
    root: Element
    places: tuple[Place, ...]
    issues: tuple[Issue, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether it may be sent: no error in any of its rows, nor in the order as a whole."""
        return not any(issue.is_error for issue in self.issues)

    @property
    def labelled_key(self) -> dict[str, str]:
        """The key by label, for people and for JSON."""
        return {self.template[name].label: value for name, value in self.key.items()}
