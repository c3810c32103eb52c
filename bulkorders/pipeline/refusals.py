"""The same refusal, order after order: seen early, so that a batch is not refused five hundred times."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.journal.records import Claimed

MOST_ALIKE = 5
"""Equal refusals in a row, until a batch is paused."""
MOST_AT_FIRST = 2
"""The same where nothing of the batch was taken before: the first order, which goes out alone, and the next."""
_OWN = re.compile(r"[A-Za-z0-9_./-]*\d[A-Za-z0-9_./-]*")
"""What differs between equal refusals: numbers and names of one order."""


@dataclass
class _Streak:
    reason: str = ""
    count: int = 0
    most: int = MOST_AT_FIRST


@dataclass
class Refusals:
    """The refusals of one run at one gate, by batch."""

    _streaks: dict[str, _Streak] = field(default_factory=lambda: defaultdict(_Streak))

    def count(self, order: Claimed, outcome: Outcome) -> int:
        """Takes an answer; gives how many orders of its batch were refused alike where that is once too often, else 0."""
        if outcome.verdict in (Verdict.CREATED, Verdict.ACCEPTED):
            self._streaks[order.batch] = _Streak(most=MOST_ALIKE)
        if not _is_refusal(order, outcome):
            return 0
        streak = self._streaks[order.batch]
        reason = _reason(order, outcome)
        if reason != streak.reason:
            streak = self._streaks[order.batch] = _Streak(reason, most=MOST_ALIKE if streak.count else streak.most)
        streak.count += 1
        return streak.count if streak.count >= streak.most else 0


def _reason(order: Claimed, outcome: Outcome) -> str:
    """Why it was refused, without what is the order's own: the texts of its request, and numbers."""
    reason = outcome.message.zh if outcome.message else ""
    for own in sorted({order.display, *_texts(json.loads(order.payload))}, key=len, reverse=True):
        reason = reason.replace(own, "") if len(own) > 1 else reason
    return _OWN.sub("", reason)


def _texts(value: Any) -> Iterator[str]:
    """Every text within."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from _texts(each)


def _is_refusal(order: Claimed, outcome: Outcome) -> bool:
    return outcome.verdict in (Verdict.REJECTED, Verdict.EXISTS) and not proves_nothing(order, outcome)


def proves_nothing(order: Claimed, outcome: Outcome) -> bool:
    """Whether a refusal leaves open that the remote has the order from us.

    It has the number, and an attempt of ours may have brought it, of this journal or of one that was lost: what was looked up in vain
    and exists all the same was not shown yet. Or it refuses a resend: perhaps since the attempt before has used up the stock.
    """
    if outcome.verdict is Verdict.EXISTS:
        return order.taken or order.looked_up
    return outcome.verdict is Verdict.REJECTED and order.is_resent
