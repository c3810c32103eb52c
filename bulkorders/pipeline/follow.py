"""Orders that the remote has taken, or may have: asked for, with growing gaps, until it has created or refused them.

The run that submitted them asks as long as its account's `follow_minutes`; a later `resume` goes on. A tracking number that may still
change is asked for again, but nobody waits for it. What was in doubt and is not there is sent again, the same bytes.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkorders.core.order import Status
from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Clock, LooksUp
from bulkorders.core.retry import follow_gap
from bulkorders.core.words import Words
from bulkorders.journal import follow as journal
from bulkorders.journal.records import Followed, Settled
from bulkorders.remote.reads import nothing_sent

if TYPE_CHECKING:
    from .submit import Drain, Run

NUMBER_DAYS = dt.timedelta(days=14)
"""How long after its submission an order's tracking number is expected to become final."""
MOST_RESENDS = 2
"""In one run, of an order whose answers stay unclear."""


@dataclass
class Patience:
    """How long a run waits for what the remote has taken: so many seconds from when nothing is left to send."""

    clock: Clock
    seconds: float
    _until: float | None = None
    ended_at: dt.datetime | None = None

    def renew(self) -> None:
        """There is something to send: the time begins anew after that."""
        self._until = self.ended_at = None

    @property
    def left(self) -> float:
        """Seconds that are left; the time begins when this is first asked."""
        if self._until is None:
            self._until = self.clock.monotonic() + self.seconds
        return max(self._until - self.clock.monotonic(), 0.0)


def asked_statuses(run: "Run") -> tuple[Status, ...]:
    """What a run asks for: with `--no-follow` only what is in doubt."""
    return journal.FOLLOWED if run.follows else (Status.IN_DOUBT,)


def count_open(run: "Run", gate: str) -> int:
    """How many of its orders a run still waits for."""
    open_ = tuple(status for status in journal.OPEN if status in asked_statuses(run))
    return journal.count_open(run.app.journal, gate, run.batches, open_)


def has_to_ask(run: "Run", gate: str, patience: Patience) -> bool:
    """Whether the run still has orders to ask for, or to wait for; when its time is over each is asked for a last time."""
    book, now, statuses = run.app.journal, run.app.clock.now(), asked_statuses(run)
    if not count_open(run, gate):
        return journal.is_due(book, gate, run.batches, now, statuses)
    if patience.left > 0:
        return True
    if patience.ended_at is None:
        patience.ended_at = now
        if patience.seconds:
            journal.ask_at_once(book, run.batches, now)
    return journal.is_due(book, gate, run.batches, patience.ended_at, statuses)


class Follow:
    """Asks for the orders of one account while its drain holds the gate."""

    def __init__(self, drain: "Drain", api: LooksUp) -> None:
        self.drain, self.api, self.app = drain, api, drain.app
        self.resent: Counter[int] = Counter()

    def ask(self, now: dt.datetime) -> bool:
        """Asks for the order that is due; gives False where none is."""
        order = journal.to_ask(self.app.journal, self.drain.gate, now, asked_statuses(self.drain.run))
        if order is None:
            return False
        outcome = nothing_sent(self.api.look_up(order.payload))
        self.drain.count(outcome)
        if order.status is Status.CREATED and outcome.verdict is not Verdict.CREATED:  # told as created it stays
            journal.put_off(self.app.journal, order, self._next(order, now))
        elif outcome.verdict is Verdict.NOT_PROCESSED:
            due = self.drain.backoff(outcome)
            journal.put_off(self.app.journal, order, due)
            self.drain.wait_for(outcome, min(due, now + dt.timedelta(seconds=self.drain.patience.left)))
        elif outcome.verdict is Verdict.STOPPED:
            return True
        elif order.status is Status.IN_DOUBT and (order.updates or outcome.verdict is Verdict.ABSENT):
            self._send_again(order, now)
        else:
            journal.answered(self.app.journal, order, self._settled(order, outcome, now))
            self.drain.run.tell_followed(self.drain.account)
        return True

    def _send_again(self, order: Followed, now: dt.datetime) -> None:
        """What is not there, or may be there with its old content, goes out again: the same bytes, so that it is there once.

        Where the remote takes an order that it has already for the same, at once; elsewhere only after the time in which it may
        still come to light.
        """
        settings = self.drain.account.settings
        settles_at = now if self.drain.account.provider.updates else order.submitted_at + dt.timedelta(seconds=settings.settle_seconds)
        if self.resent[order.id] >= MOST_RESENDS:
            journal.put_off(self.app.journal, order, self._next(order, now))
        elif now < settles_at:
            journal.put_off(self.app.journal, order, settles_at)
        else:
            self.resent[order.id] += 1
            journal.answered(self.app.journal, order, Settled(Status.PENDING, now, message=_ABSENT))

    def _settled(self, order: Followed, outcome: Outcome, now: dt.datetime) -> Settled:
        status = _STATUS[outcome.verdict]
        goes_on = status is Status.ACCEPTED or outcome.may_change
        return Settled(
            status=status, at=now, code=outcome.code, message=outcome.message, due=self._next(order, now) if goes_on else None,
            remote_id=outcome.remote_id, tracking_number=outcome.tracking_number, carrier=outcome.carrier,
        )  # fmt: skip

    def _next(self, order: Followed, now: dt.datetime) -> dt.datetime | None:
        """When to ask again; never again for a number that has not become final for so long."""
        if order.status is Status.CREATED and now - order.submitted_at > NUMBER_DAYS:
            return None
        return now + dt.timedelta(seconds=follow_gap(order.asks + 1, self.app.chance.random()))


_ABSENT = Words("平台上没有这一单，会用同样的内容再发。", "The remote does not have it; it will be sent again as it was.")
_STATUS = {
    Verdict.CREATED: Status.CREATED,
    Verdict.ACCEPTED: Status.ACCEPTED,
    Verdict.ABSENT: Status.ACCEPTED,
    Verdict.REJECTED: Status.REJECTED,
}
