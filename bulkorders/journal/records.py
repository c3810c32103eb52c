"""What goes into the journal and what comes out: plain records, no rows of SQL."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bulkorders.core.issue import Issue
from bulkorders.core.order import Place, Status
from bulkorders.core.result import Fate
from bulkorders.core.words import Words


@dataclass(frozen=True)
class Draft:
    """One order of a workbook on its way in. `fate` is `invalid` or None; an invalid one has no payload and no identity."""

    display: str
    key: Mapping[str, str]
    places: Sequence[Place]
    elements: Sequence[tuple[int, ...]] = ()
    """The innermost element of each place, see `core.sent.row_elements`; none of an invalid order."""
    account: str | None = None
    gate: str | None = None
    identity: str | None = None
    fingerprint: str | None = None
    payload: bytes | None = None
    fate: Fate | None = None
    message: Words | None = None


@dataclass(frozen=True)
class NewBatch:
    """One ingested workbook, read as one template. `sheets`: header row and columns by sheet, for the results."""

    id: str
    file: str
    content_hash: str
    template: str
    is_test: bool
    rows: Mapping[str, int]
    sheets: Mapping[str, Any]
    drafts: Sequence[Draft]
    issues: Sequence[tuple[int | None, Issue]]
    """Each with the number of the draft it belongs to, or None."""
    by_whom: str | None = None
    updatable: bool = False
    """Whether the remote can modify orders."""


@dataclass(frozen=True)
class Batch:
    """A batch as it stands."""

    id: str
    file: str
    content_hash: str
    template: str
    is_released: bool
    is_test: bool
    rows: Mapping[str, int]
    sheets: Mapping[str, Any]
    created_at: dt.datetime
    released_at: dt.datetime | None
    by_whom: str | None = None
    is_paused: bool = False
    """Nothing more of it is sent until somebody goes on with it."""


@dataclass(frozen=True)
class Placed:
    """An order as one batch sees it: its rows there, and what became of it."""

    position: int
    display: str
    key: Mapping[str, str]
    places: tuple[Place, ...]
    account: str | None
    fate: Fate
    message: Words | None
    status: Status | None = None
    attempts: int = 0
    request_id: str | None = None
    remote_id: str | None = None
    tracking_number: str | None = None
    carrier: str | None = None
    submitted_at: dt.datetime | None = None
    elements: tuple[tuple[int, ...], ...] = ()
    """The innermost element of each place; none where that is not known."""


@dataclass(frozen=True)
class Claimed:
    """An order that is being sent: its frozen payload, and how often it was tried before.

    `updates`: the merchant asked to modify what is there. `taken`: the remote may have it from us already. `batch` brought it first.
    `looked_up`: the remote was asked for it just now, and did not show it.
    """

    id: int
    display: str
    payload: bytes
    attempts: int
    waits: int
    updates: bool = False
    taken: bool = False
    batch: str = ""
    looked_up: bool = False

    @property
    def is_resent(self) -> bool:
        """Whether an earlier attempt of these very bytes may have brought it there: only what was in doubt is sent again."""
        return self.attempts > 0


@dataclass(frozen=True)
class Followed:
    """An order that the remote has taken, or may have, to be asked for: how often it was, and the number that it had last."""

    id: int
    payload: bytes
    status: Status
    asks: int
    tracking_number: str | None
    submitted_at: dt.datetime
    updates: bool = False
    message: Words | None = None
    remote_id: str | None = None
    """The remote's own number: it has shown the order since it took it."""


@dataclass(frozen=True)
class Settled:
    """What is to be written about an order: where it goes, and what the remote said."""

    status: Status
    at: dt.datetime
    code: str | None = None
    message: Words | None = None
    request_id: str | None = None
    remote_id: str | None = None
    due: dt.datetime | None = None
    """When to send again an order that goes back to `pending`, or to ask again for one that was taken."""
    counts: bool = True
    """Whether the attempt counts: an answer that proves "not processed" does not."""
    fate: Fate | None = None
    """How the batches see it, where that is not the order's own status."""
    tracking_number: str | None = None
    carrier: str | None = None


@dataclass(frozen=True)
class Event:
    """Something that has happened to an order: where it stood, where it stands, and what the remote said, as it was written down then."""

    at: dt.datetime
    before: Status | None
    after: Status
    attempt: int
    code: str | None
    message: str | None
    request_id: str | None
