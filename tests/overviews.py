"""What a page shows of a batch, found out order by order: `pipeline.overview` has the database do it."""

from collections import Counter

from bulkorders.core.issue import Severity
from bulkorders.core.result import Fate
from bulkorders.pipeline.overview import MOST_ISSUES, MOST_ORDERS, NEEDS, Overview
from bulkorders.pipeline.report import BatchReport


def overview_of(found: BatchReport, there: int = 0, differs: int = 0) -> Overview:
    """The overview of a batch that is loaded whole."""
    good = [order for order in found.orders if order.fate is not Fate.INVALID]
    of = {severity: [issue for _, issue in found.issues if issue.severity is severity] for severity in Severity}
    needy = [order for order in found.orders if order.fate in NEEDS and (order.fate is not Fate.UNSENT or order.message is not None)]
    needy.sort(key=lambda order: NEEDS.index(order.fate))
    needy = needy if found.batch.is_released else []
    return Overview(
        found.batch, len(good), len(found.orders) - len(good), Counter(order.account for order in good if order.account),
        {severity: len(issues) for severity, issues in of.items()},
        Counter(issue.sheet for issue in of[Severity.ERROR] if issue.sheet is not None),
        {severity: issues[:MOST_ISSUES] for severity, issues in of.items()}, needy[:MOST_ORDERS], len(needy), there, differs,
    )  # fmt: skip
