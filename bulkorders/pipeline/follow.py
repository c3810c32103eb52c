"""Orders that the remote has taken, or may have: asked for, with growing gaps, until it has created or refused them.

The run that submitted them asks as long as its account's `follow_minutes`; a later `resume` goes on. A tracking number that may still
change is asked for again, but nobody waits for it. What was in doubt and is not there is sent again, the same bytes; what cannot be
settled that way stays in doubt, and is asked for anew by the next run.
"""

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkorders.core.order import Status
from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Clock, LooksUp
from bulkorders.core.result import Fate
from bulkorders.core.retry import follow_gap
from bulkorders.journal import follow as journal
from bulkorders.journal.records import Followed, Settled
from bulkorders.remote.reads import nothing_sent

from . import told
from .health import BUSY

if TYPE_CHECKING:
    from .drain import Drain
    from .submit import Run

NUMBER_DAYS = dt.timedelta(days=14)
"""How long after its submission an order's tracking number is expected to become final."""
MOST_RESENDS = 2
"""In one run, of an order whose answers stay unclear: three attempts in all."""
LEAST_LOOKS = 2
"""How often a run looks for an order that must be there by now, until it leaves it to the next run."""


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

    @property
    def rest(self) -> dt.timedelta:
        """What is left, as a time to add."""
        return dt.timedelta(seconds=self.left)


def asked_statuses(run: "Run") -> tuple[Status, ...]:
    """What a run asks for: with `--no-follow` only what is in doubt."""
    return journal.FOLLOWED if run.follows else (Status.IN_DOUBT,)


def has_open(run: "Run", gate: str, patience: Patience) -> bool:
    """Whether a run still waits for orders of its own that were sent: for doubt until it is given up, for the rest with patience."""
    if count_doubt(run, gate):
        return True
    return run.follows and count_accepted(run, gate) > 0 and patience.left > 0


def count_doubt(run: "Run", gate: str) -> int:
    """How many of a run's orders are being settled."""
    return journal.count_open(run.app.journal, gate, run.batches, (Status.IN_DOUBT,))


def count_accepted(run: "Run", gate: str) -> int:
    """How many of a run's orders the remote is still at work on."""
    return journal.count_open(run.app.journal, gate, run.batches, (Status.ACCEPTED,))


def has_to_ask(run: "Run", gate: str, patience: Patience) -> bool:
    """Whether the run still has orders to ask for, or to wait for; when its time is over each is asked for a last time."""
    book, now, statuses = run.app.journal, run.app.clock.now(), asked_statuses(run)
    if has_open(run, gate, patience):
        return True
    if not run.follows or not count_accepted(run, gate):
        return journal.is_due(book, gate, run.batches, now, statuses)
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
        self.looked: Counter[int] = Counter()
        self.seen: dict[int, float] = {}

    def begin(self, now: dt.datetime) -> None:
        """What this run's batches have in doubt is asked for anew, whatever an earlier run gave up."""
        journal.doubt_anew(self.app.journal, self.drain.gate, self.drain.run.batches, now)

    def ask(self, now: dt.datetime) -> bool:
        """Asks for the order that is due; gives False where none is."""
        order = journal.to_ask(self.app.journal, self.drain.gate, now, asked_statuses(self.drain.run))
        if order is None:
            return False
        outcome = nothing_sent(self.api.look_up(order.payload))
        self.drain.health.asked(outcome)
        if outcome.verdict is Verdict.NOT_PROCESSED:
            due = self.drain.backoff(outcome)
            journal.put_off(self.app.journal, order, due)
            self.drain.wait_for(outcome, due if order.status is Status.IN_DOUBT else min(due, now + self.drain.patience.rest))
        elif outcome.verdict is not Verdict.STOPPED:
            self._take(order, outcome, now)
        return True

    def _take(self, order: Followed, outcome: Outcome, now: dt.datetime) -> None:
        """Writes down what an answer says."""
        book = self.app.journal
        if order.status is Status.CREATED and outcome.verdict is not Verdict.CREATED:  # told as created it stays
            journal.put_off(book, order, self._next(order, now))
        elif outcome.verdict in (Verdict.WITHHELD, Verdict.UNLISTED):
            reason = (outcome.message or BUSY).first_sentence()
            journal.put_off(book, order, None, told.WITHHELD.fill(reason=reason))
        elif order.status is Status.IN_DOUBT and (order.updates or outcome.verdict is Verdict.ABSENT):
            self._take_absent(order, now)
        else:
            journal.answered(book, order, self._settled(order, outcome, now))
            self.drain.run.tell_followed(self.drain.account)

    def _take_absent(self, order: Followed, now: dt.datetime) -> None:
        """What is not there, or may be there with its old content, goes out again: the same bytes, so that it is there once.

        Where the remote takes an order that it has already for the same, at once; elsewhere only after the time in which it may
        still come to light. A remote that said that it has the order, or refused it now, is not sent it again in this run.
        """
        settles_in = 0.0 if self.drain.account.provider.updates else self._settles_in(order, now)
        is_refused = order.id in self.drain.refused  # which its message says
        if is_refused or order.id in self.drain.existing or self.resent[order.id] >= MOST_RESENDS:
            self.looked[order.id] += 1
            is_over = settles_in <= 0 and self.looked[order.id] >= LEAST_LOOKS
            due = None if is_over else self._next(order, now)
            journal.put_off(self.app.journal, order, due, None if is_refused else told.STILL_ABSENT)
        elif settles_in > 0:
            gap = self._next(order, now) or now
            journal.put_off(self.app.journal, order, min(now + dt.timedelta(seconds=settles_in), gap))
        else:
            self.resent[order.id] += 1
            self.seen.pop(order.id, None)
            journal.answered(self.app.journal, order, Settled(Status.PENDING, now, message=told.ABSENT))

    def _settles_in(self, order: Followed, now: dt.datetime) -> float:
        """Seconds until "absent" proves that it is not there; by the machine's clock, and never sooner by a clock that was set."""
        lasts: float = self.drain.account.settings.settle_seconds
        clock = self.app.clock
        since = (now - order.submitted_at).total_seconds()
        seen = self.seen.setdefault(order.id, clock.monotonic() - (since if since >= 0 else 0.0))
        return lasts - (clock.monotonic() - self.drain.doubted.get(order.id, seen))

    def _settled(self, order: Followed, outcome: Outcome, now: dt.datetime) -> Settled:
        status, message = _STATUS[outcome.verdict], outcome.message
        if self._never_arrived(order, outcome, now):
            status, message = Status.IN_DOUBT, told.NEVER_ARRIVED
        goes_on = status in journal.OPEN or outcome.may_change
        fate = Fate.CHANGED if outcome.verdict is Verdict.FOREIGN else None
        return Settled(
            status=status, at=now, code=outcome.code, message=message, due=self._next(order, now) if goes_on else None, fate=fate,
            request_id=outcome.request_id, remote_id=outcome.remote_id, tracking_number=outcome.tracking_number, carrier=outcome.carrier,
        )  # fmt: skip

    def _never_arrived(self, order: Followed, outcome: Outcome, now: dt.datetime) -> bool:
        """Whether the answer that an order was taken cannot have been the remote's own: it has never shown it in all that time.

        One that it has shown, and shows no more, was removed there by somebody, and must not come back by itself.
        """
        is_unseen = order.status is Status.ACCEPTED and outcome.verdict is Verdict.ABSENT and order.remote_id is None
        return is_unseen and self._settles_in(order, now) <= 0

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
    Verdict.FOREIGN: Status.REJECTED,
}
