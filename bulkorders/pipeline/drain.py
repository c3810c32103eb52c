"""One account's orders, one call after the other, while this process holds the gate: those to send, then those to ask for."""

import datetime as dt
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from bulkorders.core.order import Status
from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Account, Api, LooksAhead, LooksUp
from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.errors import JournalError
from bulkorders.journal.batches import pause_batch
from bulkorders.journal.follow import next_to_ask
from bulkorders.journal.gate import Held, keep_pace, kept_pace, paused_at
from bulkorders.journal.queue import (
    bring_forward,
    claim,
    count_waiting,
    doubt_the_abandoned,
    is_waiting,
    next_due,
    peek,
    settle,
    tell_waiting,
    was_doubted,
    will_send,
)
from bulkorders.journal.records import Claimed, Settled
from bulkorders.journal.tokens import Tokens
from bulkorders.remote.reads import nothing_sent

from . import told
from .follow import Follow, Patience, asked_statuses, count_doubt, has_to_ask
from .health import BUSY, Health
from .refusals import Refusals, proves_nothing

if TYPE_CHECKING:
    from .submit import Run

POLL_SECONDS = 0.5
OWN_SECONDS = 0.2
PACE_SHARE = 0.1
"""How much each order counts in the measured pace."""
REFUSED_FOR = dt.timedelta(minutes=10)
"""How far apart two equal refusals of an order in doubt are, until they are believed."""
LONGEST_DUE = dt.timedelta(minutes=15)
"""Beyond the account's `settle_seconds`, the longest that anything is put off."""


class Drain:
    """The work at one gate. `seconds`: from one order to the next, as measured.

    `doubted`: since when orders of this run are in doubt (monotonic); `existing`: those of which the remote said that it has the number;
    `refused`: those that it refused when they were sent again.
    """

    def __init__(self, run: "Run", account: Account, patience: Patience, held: Held) -> None:
        self.run, self.app, self.account, self.gate = run, run.app, account, account.gate
        self.journal, self.patience, self.held = run.app.journal, patience, held
        self.health = Health(self.app.clock, self.app.chance, can_ask=True)
        self.refusals = Refusals()
        self.seconds = kept_pace(self.journal, self.gate)
        self.asks_first = self.is_paused = False
        self.ahead = 0
        self.longest = LONGEST_DUE + dt.timedelta(seconds=account.settings.settle_seconds)
        self.doubted: dict[int, float] = {}
        self.existing: set[int] = set()
        self.refused: set[int] = set()
        self._left_at: float | None = None
        self._own_at = float("-inf")

    def go(self) -> None:
        """Works until nothing is left that can be done now, or the account has to stop."""
        api = self.account.provider.connect(self.account, Tokens(self.journal), self.app.clock)
        follow = Follow(self, api) if isinstance(api, LooksUp) else None
        if isinstance(api, LooksAhead):
            api.look_ahead(self._upcoming)
        self._begin(follow)
        try:
            while self._goes_on() and self._has_work():
                self._step(api, follow)
        finally:
            api.close()
        self._end()

    def _upcoming(self) -> bytes | None:
        """The payload that is likely to be sent next."""
        with suppress(JournalError):  # an answer is on its way, and must not be lost: the claim that follows says it again
            return None if self.is_paused else peek(self.journal, self.gate, self.app.clock.now())
        return None

    def _begin(self, follow: Follow | None) -> None:
        """Settles what a dead holder has left, and says what is ahead."""
        now, updates = self.app.clock.now(), self.account.provider.updates
        self.asks_first = follow is not None and (updates or self.journal.incomplete is not None)
        self.health.can_ask = follow is not None
        if self.journal.incomplete is not None:
            self.run.watcher.waits(self.account.name, self.journal.incomplete)
            self.health.stopped = None if follow else told.CANNOT_LOOK
        bring_forward(self.journal, self.gate, now + self.longest, now)
        left = doubt_the_abandoned(self.journal, self.gate, now, now if follow else None, looked_up=follow is not None and updates)
        if follow:
            follow.begin(now)
            self.health.is_down = left > 0  # what nobody knows about is asked for before anything is sent
        self.is_paused = paused_at(self.journal, self.gate) is not None
        self.ahead = 0 if self.is_paused else count_waiting(self.journal, self.run.batches, self.gate)
        if self.seconds is not None:
            self._tell_expected()

    def _end(self) -> None:
        if self.seconds is not None and self._left_at is not None:
            keep_pace(self.journal, self.gate, self.seconds)
        reason = self.health.stopped or (told.PAUSED if self.is_paused else None)
        if reason is not None:
            tell_waiting(self.journal, self.gate, reason)
            self.run.watcher.waits(self.account.name, reason)

    def _tell_expected(self) -> None:
        if self.ahead and self.seconds is not None:
            self.run.watcher.expects(self.account.name, self.ahead, self.ahead * self.seconds)

    def _goes_on(self) -> bool:
        self._look()
        return self.health.stopped is None and not self.run.stop.is_set()

    def _look(self) -> bool:
        """Shows that somebody is at work, and looks whether a person has paused the account; gives whether that is news."""
        was_paused = self.is_paused
        if self.held.beat():
            self.is_paused = paused_at(self.journal, self.gate) is not None
        return self.is_paused and not was_paused

    def _has_work(self) -> bool:
        """Whether one of this run's own batches still waits; others are sent in turn, and by whoever waits for the gate then."""
        if not self.is_paused and self._has_own():
            self.patience.renew()
            return True
        return has_to_ask(self.run, self.gate, self.patience)

    def _has_own(self) -> bool:
        """Whether an order of this run's batches waits; looked for a few times a second, not for each order."""
        now = self.app.clock.monotonic()
        if now - self._own_at >= OWN_SECONDS:
            self._own_at = now if is_waiting(self.journal, self.gate, self.run.batches, (Status.PENDING,)) else float("-inf")
        return now - self._own_at < OWN_SECONDS

    def _step(self, api: Api, follow: Follow | None) -> None:
        """Sends what is due, else asks for an order that is due, else waits for the next of either.

        A remote that left several orders in a row in doubt has to answer for one of them before it is sent more.
        """
        now = self.app.clock.now()
        order = None if self.is_paused or self.health.is_down else claim(self.journal, self.gate, now)
        if order is not None:
            while order is not None:
                self._left_at = self.app.clock.monotonic()
                order = self._send(*self._call(api, order))
        elif follow is None or not follow.ask(now):
            self._wait(now)

    def _wait(self, now: dt.datetime) -> None:
        """Sleeps until something is due, or somebody else may have brought something to send."""
        asked = next_to_ask(self.journal, self.gate, asked_statuses(self.run))
        if asked is None:
            self.health.is_down = False  # there is nothing to ask for
        elif count := count_doubt(self.run, self.gate):
            self.run.watcher.waits(self.account.name, told.SETTLING.fill(count=count))
        sent = None if self.is_paused else next_due(self.journal, self.gate)
        due = [at for at in (sent, asked) if at is not None]
        rest = (min(due) - now).total_seconds() if due else POLL_SECONDS
        if rest > self.longest.total_seconds():  # the clock was set back
            bring_forward(self.journal, self.gate, now + self.longest, now)
        self.sleep(min(max(rest, 0.0), POLL_SECONDS))

    def sleep(self, seconds: float) -> None:
        """Waits, unless the run is interrupted or the account is paused."""
        until = self.app.clock.monotonic() + seconds
        while not self.run.stop.is_set() and not self._look() and (rest := until - self.app.clock.monotonic()) > 0:
            self.app.clock.sleep(min(rest, POLL_SECONDS))

    def _call(self, api: Api, order: Claimed) -> tuple[Claimed, Outcome]:
        """Sends an order; where the remote may have it from somebody else, it is looked up first."""
        if order.taken or not self.asks_first or not isinstance(api, LooksUp):
            return order, api.create(order.payload)
        found = nothing_sent(api.look_up(order.payload))
        if found.verdict is Verdict.ABSENT or (order.updates and found.verdict in _THERE):
            will_send(self.journal, order)
            return replace(order, looked_up=True), api.create(order.payload)
        if found.verdict is Verdict.WITHHELD:
            return order, replace(found, verdict=Verdict.STOPPED, message=told.CANNOT_LOOK)
        return order, replace(found, verdict=Verdict.FOREIGN) if found.verdict in _THERE else found

    def _send(self, order: Claimed, outcome: Outcome) -> Claimed | None:
        """Writes an outcome down and, in the same commit, claims the next order: it leaves at once."""
        self.health.sent(outcome)
        settled, rest = self._settled(order, outcome), self.health.rest(outcome)
        is_refused = self.refusals.count(order, outcome)
        if settled.status is Status.IN_DOUBT:
            self._note_doubt(order, outcome)
        go_on = outcome.verdict is not Verdict.NOT_PROCESSED and not rest and not is_refused and not self.health.is_down
        go_on = go_on and self._goes_on() and not self.is_paused and self._has_own()
        following = settle(self.journal, order, settled, self.gate, go_on=go_on)
        self._own_at = self._own_at if following else float("-inf")  # perhaps none waits any more
        self.run.watcher.settled(self.account.name, outcome.verdict)
        self._measure(outcome)
        if is_refused:
            self._pause_batch(order, is_refused, outcome)
        if self.health.stopped is None and outcome.verdict is Verdict.NOT_PROCESSED and settled.due is not None:
            self.wait_for(outcome, settled.due)
        elif rest:
            self.wait_for(outcome, settled.at + dt.timedelta(seconds=rest))
        return following

    def _note_doubt(self, order: Claimed, outcome: Outcome) -> None:
        self.doubted[order.id] = self.app.clock.monotonic()
        if outcome.verdict is Verdict.EXISTS:
            self.existing.add(order.id)
        elif outcome.verdict is Verdict.REJECTED:
            self.refused.add(order.id)

    def _pause_batch(self, order: Claimed, count: int, outcome: Outcome) -> None:
        """The rest of a batch would only be refused alike."""
        if is_waiting(self.journal, self.gate, [order.batch], (Status.PENDING,)):
            reason = (outcome.reason or Words("没有说明", "no reason given")).first_sentence()
            said = told.REFUSED_AGAIN.fill(count=count, reason=reason)
            if pause_batch(self.journal, order.batch, said):
                self.run.watcher.waits(self.account.name, said)

    def _measure(self, outcome: Outcome) -> None:
        """Learns how long it takes from one order to the next; where nothing was known, the first order tells what is ahead."""
        if self._left_at is None or outcome.verdict in (Verdict.NOT_PROCESSED, Verdict.STOPPED):
            return
        now = self.app.clock.monotonic()
        took, self._left_at = now - self._left_at, now
        is_first, known = self.seconds is None, took if self.seconds is None else self.seconds
        self.seconds = known + PACE_SHARE * (took - known)
        if is_first and self.ahead > 1:
            self._tell_expected()

    def wait_for(self, outcome: Outcome, due: dt.datetime) -> None:
        """The remote cannot take a call now: waits, and says what for."""
        self.run.watcher.waits(self.account.name, outcome.reason or BUSY)
        self.sleep((due - self.app.clock.now()).total_seconds())

    def backoff(self, outcome: Outcome) -> dt.datetime:
        """When the next call may leave after one that was not processed."""
        return self.app.clock.now() + dt.timedelta(seconds=self.health.backoff(outcome))

    def _settled(self, order: Claimed, outcome: Outcome) -> Settled:
        """What is written of an outcome: where the order goes, whether the attempt counts, how its batches see it."""
        now = self.app.clock.now()
        status, fate = _STATUS[outcome.verdict], _fate(order, outcome)
        message, is_open = self._judge(order, outcome, fate, now)
        if is_open:
            status = Status.IN_DOUBT
        elif fate is not None:
            status = Status.REJECTED
        is_asked = status is Status.ACCEPTED or (status is Status.IN_DOUBT and self.health.can_ask)
        due = self.backoff(outcome) if outcome.verdict is Verdict.NOT_PROCESSED else now if is_asked else None
        is_sent = outcome.verdict not in _NOT_SENT
        return Settled(
            status=status, at=now, code=outcome.code, message=message, fate=fate, due=due, counts=is_sent,
            request_id=outcome.request_id, remote_id=outcome.remote_id if is_sent else None,
            tracking_number=outcome.tracking_number if is_sent else None, carrier=outcome.carrier if is_sent else None,
        )  # fmt: skip

    def _judge(self, order: Claimed, outcome: Outcome, fate: Fate | None, now: dt.datetime) -> tuple[Words | None, bool]:
        """What is said of an outcome, and whether it is a refusal that leaves the order in doubt.

        A resend that is refused in the same words as one of a run long before, with nothing shown in all that time, is refused for good.
        """
        looks_up, updates = self.health.can_ask, self.account.provider.updates
        final = told.tell(outcome, fate, looks_up=looks_up, updates=updates, is_open=False)
        if not proves_nothing(order, outcome):
            return final, False
        open_ = told.tell(outcome, fate, looks_up=looks_up, updates=updates, is_open=True)
        is_over = outcome.verdict is Verdict.REJECTED and was_doubted(self.journal, order, open_, now - REFUSED_FOR)
        return (final, False) if is_over else (open_, True)


def _fate(order: Claimed, outcome: Outcome) -> Fate | None:
    """How the batches see an order that this attempt has not brought to the remote although the remote has one of its number."""
    if outcome.verdict is Verdict.FOREIGN:
        return Fate.SKIPPED if outcome.is_same else Fate.CHANGED
    is_unmodified = outcome.verdict is Verdict.IGNORED and order.updates and not order.attempts
    return Fate.CHANGED if is_unmodified else None


_NOT_SENT = frozenset({Verdict.NOT_PROCESSED, Verdict.STOPPED, Verdict.FOREIGN, Verdict.UNLISTED})
"""What says that an order has not left, or that the remote did not touch it."""
_THERE = frozenset({Verdict.CREATED, Verdict.ACCEPTED, Verdict.REJECTED, Verdict.FOREIGN})
"""What a look-up says of an order that the remote has, in whatever state."""
_STATUS = {
    Verdict.CREATED: Status.CREATED,
    Verdict.ACCEPTED: Status.ACCEPTED,
    Verdict.IGNORED: Status.ACCEPTED,
    Verdict.REJECTED: Status.REJECTED,
    Verdict.EXISTS: Status.REJECTED,
    Verdict.FOREIGN: Status.REJECTED,
    Verdict.UNLISTED: Status.REJECTED,
    Verdict.NOT_PROCESSED: Status.PENDING,
    Verdict.STOPPED: Status.PENDING,
    Verdict.UNCLEAR: Status.IN_DOUBT,
}
