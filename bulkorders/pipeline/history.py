"""Earlier batches, looked for as people remember them: by an order's number, a file's name, a day, what became of them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import PurePath

from bulkorders.core.result import Fate
from bulkorders.errors import UsageError
from bulkorders.journal.fates import counted
from bulkorders.journal.history import Wanted, find

from .app import App, all_templates
from .progress import Gates, State, state_of

MOST_PER_PAGE, MOST_PAGES = 200, 1_000_000
STATUSES = (State.DRAFT.value, State.SENDING.value, State.DONE.value, *(fate.value for fate in Fate))
"""What may be looked for: `sending` finds all that is not done."""


@dataclass(frozen=True)
class Line:
    """A batch in the list. `file`: its name, without folders; `counts` names every fate.

    `orders`: position and number of its first orders that have the text which is looked for.
    """

    batch: str
    file: str
    template: str
    title: str
    by_whom: str | None
    state: State
    counts: Mapping[Fate, int]
    read: int
    is_test: bool
    created_at: dt.datetime
    released_at: dt.datetime | None
    orders: Sequence[tuple[int, str]] = ()


@dataclass(frozen=True)
class Found:
    """A page of the list, and how many batches there are on all pages."""

    lines: Sequence[Line]
    total: int


def history(
    app: App, *, by_whom: str | None, text: str = "", status: str | None = None, since: dt.date | None = None,
    until: dt.date | None = None, page: int = 1, per_page: int = 50,
) -> Found:  # fmt: skip
    """Batches, the newest first. `by_whom`: whose, None for all; `until`: the last day. Raises UsageError for what cannot be looked for."""
    if not 1 <= page <= MOST_PAGES or not 1 <= per_page <= MOST_PER_PAGE:
        raise UsageError(f"页码要从 1 开始，一页最多 {MOST_PER_PAGE} 行。", f"pages start at 1 and have at most {MOST_PER_PAGE} lines.")
    found = find(app.journal, _wanted(app, by_whom, text, status, since, until), app.finished, first=(page - 1) * per_page, count=per_page)
    known, now = Gates.of(app, chain.from_iterable(found.groups.values()), found.paused), app.clock.now()
    titles = {template.name: template.title for template in all_templates()}
    lines = [
        Line(
            batch.id, PurePath(batch.file).name, batch.template, titles.get(batch.template, batch.template), batch.by_whom,
            state_of(found.groups[batch.id], known, batch.released_at, now), counts := counted(found.groups[batch.id]),
            sum(counts.values()), batch.is_test, batch.created_at, batch.released_at,
            tuple(found.orders.get(batch.id, ())),
        )
        for batch in found.batches
    ]  # fmt: skip
    return Found(lines, found.total)


def _wanted(app: App, by_whom: str | None, text: str, status: str | None, since: dt.date | None, until: dt.date | None) -> Wanted:
    if status is not None and status not in STATUSES:
        known = "、".join(STATUSES)
        raise UsageError(f"没有状态 {status}，现有：{known}。", f"there is no status {status}; known: {', '.join(STATUSES)}.")
    return Wanted(
        by_whom, text.encode("utf-8", "replace").decode().strip(), Fate(status) if status in {fate.value for fate in Fate} else None,
        {State.DRAFT.value: False, State.SENDING.value: True, State.DONE.value: True}.get(status or ""),
        {State.SENDING.value: True, State.DONE.value: False}.get(status or ""),
        _midnight(app, since), _midnight(app, until, days=1),
    )  # fmt: skip


def _midnight(app: App, day: dt.date | None, days: int = 0) -> dt.datetime | None:
    """When a day begins where the merchant is, or the day so much later; None where time itself ends before."""
    try:
        return None if day is None else dt.datetime.combine(day + dt.timedelta(days=days), dt.time(), app.timezone).astimezone(dt.UTC)
    except OverflowError:
        return None
