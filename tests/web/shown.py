"""What the pages are shown with in tests: a batch of each state with texts that would be markup, and the pages as they are parsed."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

from bulkorders.core.issue import Issue, Severity
from bulkorders.core.order import Place
from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.journal.records import Batch, Placed
from bulkorders.pipeline.report import BatchReport
from bulkorders.web.templating import render_page
from bulkorders.web.view import frame

NOW = dt.datetime(2026, 8, 3, 2, 30, tzinfo=dt.UTC)
EVIL = "<img src=x onerror=alert(1)>\"'`{{7*7}}"
"""What a cell, a file or a remote may say."""
SAID = Words(EVIL, EVIL)


@dataclass
class Upload:
    """As the pipeline gives it."""

    state: str = "queued"
    refused: Mapping[str, Any] | None = None
    batches: Sequence[str] = ()
    id: str = "u1"
    file: str = EVIL
    at: dt.datetime = NOW


@dataclass
class Latest:
    """As the pipeline gives it."""

    order: str = EVIL
    status: Fate = Fate.REJECTED
    word: Words = SAID
    message: Words | None = SAID
    at: dt.datetime = NOW


@dataclass
class Progress:
    """As the pipeline gives it."""

    state: str
    counts: Mapping[Fate, int]
    per_minute: float | None = None
    seconds_left: float | None = None
    latest: Sequence[Latest] = ()
    paused: Words | None = None

    @property
    def read(self) -> int:
        """All orders."""
        return sum(self.counts.values())


@dataclass
class Suggestion:
    """As the pipeline gives it."""

    sheet: str = EVIL
    row: int = 2
    column: str = "V"
    text: str = EVIL
    message: Words = SAID


@dataclass
class Line:
    """As the pipeline gives it."""

    state: str = "done"
    counts: Mapping[Fate, int] = field(default_factory=lambda: {Fate.CREATED: 3, Fate.REJECTED: 1})
    batch: str = "b1"
    file: str = EVIL
    title: Words | str = SAID
    by_whom: str | None = EVIL
    read: int = 4
    created_at: dt.datetime = NOW
    is_test: bool = False
    orders: Sequence[tuple[int, str]] = ((4, EVIL),)


@dataclass
class Found:
    """As the pipeline gives it."""

    lines: Sequence[Line]
    total: int


@dataclass
class Event:
    """As the pipeline gives it."""

    after: str
    at: dt.datetime = NOW
    before: str | None = None
    attempt: int = 1
    code: str | None = EVIL
    message: str | None = EVIL
    request_id: str | None = EVIL


@dataclass
class User:
    """As the pipeline gives it."""

    name: str = EVIL
    role: str = "admin"


def batch(name: str = "b1", template: str = "lingxing-mcf", *, is_released: bool = False, is_test: bool = False) -> Batch:
    """A batch of one sheet."""
    sheets = {EVIL: {"header_row": 1, "formats": {}, "fields": {}}}
    rows = {"read": 5, "blank": 0, "valid": 4, "invalid": 1}
    return Batch(name, f"C:\\in\\{EVIL}", "hash", template, is_released, is_test, rows, sheets, NOW, NOW if is_released else None)


def order(position: int, fate: Fate, account: str | None = "main") -> Placed:
    """An order of two rows."""
    places = (Place(EVIL, 2 * position + 2), Place(EVIL, 2 * position + 3))
    return Placed(position, f"{EVIL}{position}", {EVIL: EVIL}, places, account, fate, SAID if fate is not Fate.CREATED else None)


def report(*fates: Fate, **of: Any) -> BatchReport:
    """A batch with an order of each fate, and an issue of each severity."""
    issues = [
        (0, Issue("x", severity, SAID, EVIL, 2 + number, "V" if number else None, EVIL, "quantity", EVIL, EVIL))
        for number, severity in enumerate(Severity)
    ]
    whole = (None, Issue("y", Severity.WARNING, SAID))
    return BatchReport(batch(**of), [order(number, fate) for number, fate in enumerate(fates)], [*issues, whole])


def counts(found: BatchReport) -> Mapping[Fate, int]:
    """How many orders of each fate."""
    return found.totals.by_fate


def with_account(found: BatchReport, name: str) -> BatchReport:
    """Its orders, all for one account."""
    return replace(found, orders=[replace(each, account=name) for each in found.orders])


@dataclass
class Page(HTMLParser):
    """A page as a browser takes it: its elements in their order, and its text."""

    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notes an element."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Notes a text."""
        self.text.append(data)

    @property
    def said(self) -> str:
        """All its text, blanks folded."""
        return " ".join(" ".join(self.text).split())

    def all(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a kind that have these."""
        return [has for name, has in self.tags if name == tag and all(has.get(key) == value for key, value in wanted.items())]


def shown(name: str, context: Mapping[str, Any], lang: str = "zh", *, user: User | None = None) -> Page:
    """A page, rendered and parsed."""
    page = Page()
    page.feed(render_page(name, {**frame(lang, user or User(), "token", "/batches/b1", {"page": "2"}), **context}))
    page.close()
    return page
