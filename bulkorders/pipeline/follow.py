"""Orders that the remote has taken: asked for, with growing gaps, until it has created or refused them.

The run that submitted them asks as long as its account's `follow_minutes`; a later `resume` goes on. A tracking number that may still
change is asked for again, but nobody waits for it.
"""

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkorders.core.order import Status
from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Clock, LooksUp
from bulkorders.core.retry import follow_gap
from bulkorders.journal import follow as journal
from bulkorders.journal.records import Followed, Settled
from bulkorders.remote.reads import nothing_sent

if TYPE_CHECKING:
    from .submit import Drain, Run

NUMBER_DAYS = dt.timedelta(days=14)
"""How long after its submission an order's tracking number is expected to become final."""


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


def has_to_ask(run: "Run", gate: str, patience: Patience) -> bool:
    """Whether the run still has orders to ask for, or to wait for; when its time is over each is asked for a last time."""
    book, now = run.app.journal, run.app.clock.now()
    if not journal.count_accepted(book, gate, run.batches):
        return journal.is_due(book, gate, run.batches, now)
    if patience.left > 0:
        return True
    if patience.ended_at is None:
        patience.ended_at = now
        if patience.seconds:
            journal.ask_at_once(book, run.batches, now)
    return journal.is_due(book, gate, run.batches, patience.ended_at)


class Follow:
    """Asks for the orders of one account while its drain holds the gate."""

    def __init__(self, drain: "Drain", api: LooksUp) -> None:
        self.drain, self.api, self.app = drain, api, drain.app

    def ask(self, now: dt.datetime) -> bool:
        """Asks for the order that is due; gives False where none is."""
        order = journal.to_ask(self.app.journal, self.drain.gate, now)
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
        elif outcome.verdict is not Verdict.STOPPED:
            journal.answered(self.app.journal, order, self._settled(order, outcome, now))
            self.drain.run.tell_followed(self.drain.account)
        return True

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


_STATUS = {
    Verdict.CREATED: Status.CREATED,
    Verdict.ACCEPTED: Status.ACCEPTED,
    Verdict.ABSENT: Status.ACCEPTED,
    Verdict.REJECTED: Status.REJECTED,
}
