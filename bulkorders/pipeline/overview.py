"""A batch as its page shows it: counted by the database, with the first of what somebody has to look at. No order or issue beyond these is
loaded: of a large batch that would take seconds."""  # fmt: skip

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bulkorders.core.issue import Issue, Severity
from bulkorders.core.result import Fate
from bulkorders.journal.chosen import count_there, orders_in_need
from bulkorders.journal.fates import groups_of
from bulkorders.journal.issues import count_by_sheet, first_issues
from bulkorders.journal.records import Batch, Placed
from bulkorders.journal.views import get_batch

from .app import App

MOST_ISSUES = 200
"""Issues of each severity."""
MOST_ORDERS = 50
"""Orders that need somebody."""
NEEDS = (Fate.REJECTED, Fate.CHANGED, Fate.INVALID, Fate.IN_DOUBT, Fate.UNSENT)
"""Fates that need somebody, the most urgent first; an order that simply waits to be sent needs nobody."""


@dataclass(frozen=True)
class Overview:
    """A batch. `good`: orders that are not invalid, `targets`: these by account, where one takes them; `errors`: by sheet.

    `issues`: the first of each severity, `counts`: how many there are; `needy`: the first orders that need somebody, and how many.
    Of a draft `there`: orders that were created before, which are skipped, `differs`: those that were created with other content.
    """

    batch: Batch
    good: int = 0
    bad: int = 0
    targets: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[Severity, int] = field(default_factory=dict)
    errors: Mapping[str, int] = field(default_factory=dict)
    issues: Mapping[Severity, Sequence[Issue]] = field(default_factory=dict)
    needy: Sequence[Placed] = ()
    needy_count: int = 0
    there: int = 0
    differs: int = 0


def overview(app: App, batch: str) -> Overview:
    """Looks at a batch. Raises UsageError where there is none of that name, JournalError."""
    journal, found = app.journal, get_batch(app.journal, batch)
    groups = groups_of(journal, [found], app.finished)[batch]
    targets: dict[str, int] = {}
    for group in groups:
        if group.fate is not Fate.INVALID and group.account:
            targets[group.account] = targets.get(group.account, 0) + group.orders
    counts, errors = dict.fromkeys(Severity, 0), dict[str, int]()
    for (severity, sheet), number in count_by_sheet(journal, batch).items():
        counts[severity] += number
        if severity is Severity.ERROR and sheet is not None:
            errors[sheet] = number
    needy_count, needy = orders_in_need(journal, batch, NEEDS, MOST_ORDERS) if found.is_released else (0, [])
    known = (0, 0) if found.is_released else count_there(journal, batch)
    bad = sum(group.orders for group in groups if group.fate is Fate.INVALID)
    return Overview(
        found, sum(group.orders for group in groups) - bad, bad, targets, counts, errors,
        {severity: first_issues(journal, batch, severity, MOST_ISSUES) if counts[severity] else [] for severity in Severity},
        needy, needy_count, *known,
    )  # fmt: skip
