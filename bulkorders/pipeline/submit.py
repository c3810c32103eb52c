"""Orders out: sends what is due through the gates of their accounts, one call at a time each.

A gate is drained by one process at a time. Accounts are drained side by side, each in a thread; the caller waits, so that an
interrupt reaches it at once.
"""

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from bulkorders.core.order import Status
from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Account, Api, LooksUp
from bulkorders.core.result import Fate
from bulkorders.core.retry import MOST_FIRST_WAITS, MOST_UNCLEAR, MOST_WAITS, backoff
from bulkorders.core.words import Words
from bulkorders.journal.follow import ask_at_once, next_to_ask
from bulkorders.journal.gate import Holder, hold, holder
from bulkorders.journal.queue import (
    claim,
    count_waiting,
    doubt_the_abandoned,
    gates_of,
    is_waiting,
    next_due,
    settle,
    tell_waiting,
    will_send,
)
from bulkorders.journal.records import Claimed, Settled
from bulkorders.journal.tokens import Tokens
from bulkorders.remote.reads import nothing_sent

from .app import App
from .follow import Follow, Patience, asked_statuses, count_open, has_to_ask

POLL_SECONDS = 0.5
STOP_SECONDS = 8.0
"""How long an interrupted run waits for the call in flight; what is still out then is in doubt."""


_UNCONFIGURED = Words(
    "配置里没有账号 {name} 了，或它换了平台账号：请改好配置，再运行 resume。",
    "account {name} is no longer configured, or is another one at the remote: mend the configuration and run resume.",
)


class Watcher(Protocol):
    """Who is told how it goes. Called from several threads."""

    def starts(self, orders: int) -> None:
        """So many orders of these batches wait to be sent."""
        ...

    def settled(self, account: str, verdict: Verdict) -> None:
        """An order's call was answered."""
        ...

    def waits(self, account: str, reason: Words) -> None:
        """The account's orders wait, and for what."""
        ...

    def follows(self, account: str, orders: int, minutes: float) -> None:
        """The remote has taken so many orders and is still at work on them; they are followed so many minutes."""
        ...


@dataclass
class Run:
    """One run over the gates of some batches. `holders`: who else holds a gate at the end, by account."""

    app: App
    batches: Sequence[str]
    watcher: Watcher
    wait: bool = True
    follows: bool = True
    holders: dict[str, Holder] = field(default_factory=dict)
    failures: list[BaseException] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def go(self) -> bool:
        """Sends until the batches have nothing left that can be sent now; gives False if it was interrupted.

        Raises what a drain raised.
        """
        ask_at_once(self.app.journal, self.batches, self.app.clock.now())
        gates = {gate: name for batch in self.batches for gate, name in gates_of(self.app.journal, batch)}
        self.watcher.starts(count_waiting(self.app.journal, self.batches))
        # an event for each, since an interrupted `Thread.join` takes a thread at work for one that has ended
        ended = [self._start(gate, name) for gate, name in gates.items()]
        try:
            for event in ended:
                while not event.wait(POLL_SECONDS):
                    pass
        except KeyboardInterrupt:
            self.stop.set()
            until = self.app.clock.monotonic() + STOP_SECONDS
            for event in ended:
                event.wait(max(0.0, until - self.app.clock.monotonic()))
            return False
        if self.failures:
            raise self.failures[0]
        return True

    def _start(self, gate: str, name: str) -> threading.Event:
        """Drains a gate in a thread; gives the event that it has ended."""
        ended = threading.Event()
        threading.Thread(target=self._drain, args=(gate, name, ended), daemon=True).start()
        return ended

    def _drain(self, gate: str, name: str, ended: threading.Event) -> None:
        try:
            # by its gate: an account may have been given another name since
            account = next((each for each in self.app.accounts.values() if each.gate == gate), None)
            if account is not None:
                self._at_gate(account)
            else:
                tell_waiting(self.app.journal, gate, _UNCONFIGURED.fill(name=name))
        except BaseException as error:  # noqa: BLE001  # handed over to the thread that waits, which raises it
            self.failures.append(error)
        finally:
            ended.set()

    def _at_gate(self, account: Account) -> None:
        """Drains the gate as soon as it is free; without `wait`, only if it is free now."""
        settings = account.settings
        told, patience = False, Patience(self.app.clock, settings.follow_minutes * 60 if self.follows else settings.settle_seconds)
        while not self.stop.is_set():
            with hold(self.app.journal, account.gate, self.app.clock.now()) as is_held:
                if is_held:
                    Drain(self, account, patience).go()
                    return
            if not told:
                told = True
                self.watcher.waits(account.name, _held_by(holder(self.app.journal, account.gate), self.app.timezone))
            if not self.wait or not self._is_open(account.gate, patience):
                break
            self.app.clock.sleep(POLL_SECONDS)
        if (other := holder(self.app.journal, account.gate)) is not None:
            self.holders[account.name] = other

    def _is_open(self, gate: str, patience: Patience) -> bool:
        """Whether this run still waits for what another process does with its orders."""
        if is_waiting(self.app.journal, gate, self.batches):
            patience.renew()
            return True
        return count_open(self, gate) > 0 and patience.left > 0

    def tell_followed(self, account: Account) -> None:
        """Tells how many orders the remote is still at work on."""
        self.watcher.follows(account.name, count_open(self, account.gate), account.settings.follow_minutes)


def _held_by(other: Holder | None, zone: dt.tzinfo) -> Words:
    if other is None:
        return Words("另一个程序正在用这个账号发送，由它发完", "another process is sending for this account")
    since = f"{other.since.astimezone(zone):%H:%M:%S}"
    return Words(
        f"{other.host} 上的另一个程序（进程 {other.pid}，{since} 起）正在用这个账号发送，由它发完",
        f"process {other.pid} on {other.host} is sending for this account since {since}",
    )


class Drain:
    """One account's orders, one call after the other, while this process holds the gate: those to send, then those to ask for."""

    def __init__(self, run: Run, account: Account, patience: Patience) -> None:
        self.run, self.app, self.account, self.gate = run, run.app, account, account.gate
        self.patience = patience
        self.waits = self.unclear = 0
        self.has_reached = self.looks_up = False
        self.stopped: Words | None = None

    def go(self) -> None:
        """Works until nothing is left that can be done now, or the account has to stop."""
        api = self.account.provider.connect(self.account, Tokens(self.app.journal), self.app.clock)
        follow = Follow(self, api) if isinstance(api, LooksUp) else None
        self.looks_up, now = follow is not None, self.app.clock.now()
        doubt_the_abandoned(self.app.journal, self.gate, now, now if follow else None)
        try:
            while self._goes_on() and self._has_work():
                self._step(api, follow)
        finally:
            api.close()
        if self.stopped is not None:
            tell_waiting(self.app.journal, self.gate, self.stopped)
            self.run.watcher.waits(self.account.name, self.stopped)

    def _goes_on(self) -> bool:
        return self.stopped is None and not self.run.stop.is_set()

    def _has_work(self) -> bool:
        """Whether one of this run's own batches still waits; others are sent in turn, and by whoever waits for the gate then."""
        if is_waiting(self.app.journal, self.gate, self.run.batches, (Status.PENDING,)):
            self.patience.renew()
            return True
        return has_to_ask(self.run, self.gate, self.patience)

    def _step(self, api: Api, follow: Follow | None) -> None:
        """Sends what is due, else asks for an order that is due, else waits for the next of either."""
        now = self.app.clock.now()
        order = claim(self.app.journal, self.gate, now)
        if order is not None:
            while order is not None:
                order = self._send(order, self._call(api, order))
        elif follow is None or not follow.ask(now):
            self._wait(now)

    def _wait(self, now: dt.datetime) -> None:
        """Sleeps until something is due, or somebody else may have brought something to send."""
        asked = next_to_ask(self.app.journal, self.gate, asked_statuses(self.run))
        due = [at for at in (next_due(self.app.journal, self.gate), asked) if at is not None]
        rest = (min(due) - now).total_seconds() if due else POLL_SECONDS
        self.sleep(min(rest, self.patience.left if asked else rest, POLL_SECONDS))

    def sleep(self, seconds: float) -> None:
        """Waits, unless the run is interrupted."""
        until = self.app.clock.monotonic() + seconds
        while not self.run.stop.is_set() and (rest := until - self.app.clock.monotonic()) > 0:
            self.app.clock.sleep(min(rest, POLL_SECONDS))

    def _call(self, api: Api, order: Claimed) -> Outcome:
        """Sends an order; one that the remote cannot have from us is looked up first, where it can be: it may be there from others."""
        if order.taken or not isinstance(api, LooksUp):
            return api.create(order.payload)
        found = nothing_sent(api.look_up(order.payload))
        if found.verdict is Verdict.ABSENT or (order.updates and found.verdict in _THERE):
            will_send(self.app.journal, order)
            return api.create(order.payload)
        return replace(found, verdict=Verdict.FOREIGN) if found.verdict in _THERE else found

    def _send(self, order: Claimed, outcome: Outcome) -> Claimed | None:
        """Writes an outcome down and, in the same commit, claims the next order: it leaves at once."""
        settled = self._settled(order, outcome)
        self.count(outcome)
        go_on = self._goes_on() and outcome.verdict is not Verdict.NOT_PROCESSED
        go_on = go_on and is_waiting(self.app.journal, self.gate, self.run.batches, (Status.PENDING,))
        following = settle(self.app.journal, order, settled, self.gate, go_on=go_on)
        self.run.watcher.settled(self.account.name, outcome.verdict)
        if outcome.verdict is Verdict.NOT_PROCESSED and settled.due is not None and self.stopped is None:
            self.wait_for(outcome, settled.due)
        return following

    def wait_for(self, outcome: Outcome, due: dt.datetime) -> None:
        """The remote cannot take a call now: waits, and says what for."""
        self.run.watcher.waits(self.account.name, outcome.message or Words("平台正忙", "the remote is busy"))
        self.sleep((due - self.app.clock.now()).total_seconds())

    def backoff(self, outcome: Outcome) -> dt.datetime:
        """When the next call may leave after one that was not processed."""
        return self.app.clock.now() + dt.timedelta(seconds=backoff(self.waits, self.app.chance.random(), outcome.wait))

    def _settled(self, order: Claimed, outcome: Outcome) -> Settled:
        status, fate = _STATUS[outcome.verdict], None
        if outcome.verdict is Verdict.IGNORED and order.updates and not order.attempts:
            status, fate = Status.REJECTED, Fate.CHANGED
        elif outcome.verdict is Verdict.FOREIGN:
            fate = Fate.CHANGED
        now = self.app.clock.now()
        is_asked = status is Status.ACCEPTED or (status is Status.IN_DOUBT and self.looks_up)
        due = self.backoff(outcome) if outcome.verdict is Verdict.NOT_PROCESSED else now if is_asked else None
        is_sent = outcome.verdict not in (Verdict.NOT_PROCESSED, Verdict.STOPPED, Verdict.FOREIGN)
        message = _told(outcome, fate, looks_up=self.looks_up, updates=self.account.provider.updates)
        return Settled(
            status=status, at=now, code=outcome.code, message=message, fate=fate, due=due, counts=is_sent,
            request_id=outcome.request_id, remote_id=outcome.remote_id if is_sent else None,
            tracking_number=outcome.tracking_number if is_sent else None, carrier=outcome.carrier if is_sent else None,
        )  # fmt: skip

    def count(self, outcome: Outcome) -> None:
        """Counts what goes wrong in a row, and stops the account where going on would only do more of it."""
        self.waits = self.waits + 1 if outcome.verdict is Verdict.NOT_PROCESSED else 0
        if outcome.verdict is not Verdict.ABSENT:
            self.unclear = self.unclear + 1 if outcome.verdict is Verdict.UNCLEAR else 0
        self.has_reached = self.has_reached or outcome.code is not None
        if outcome.verdict is Verdict.STOPPED:
            self.stopped = outcome.message
        elif self.waits >= (MOST_WAITS if self.has_reached else MOST_FIRST_WAITS):
            said = outcome.message or Words("平台正忙", "the remote is busy")
            self.stopped = Words(
                f"{said.zh}，试了 {self.waits} 次：请稍后运行 resume。", f"{said.en}, tried {self.waits} times: run resume later."
            )
        elif self.unclear >= MOST_UNCLEAR:
            self.stopped = Words(
                f"平台连续 {self.unclear} 次没有答清楚，先停下：请稍后运行 resume。",
                f"{self.unclear} unclear answers in a row, stopped: run resume later.",
            )


_DOUBT = Words(
    "{reason}，不知道建了没有：请先到平台上核对这一单，核实之前程序不会再发。",
    "{reason}; it may have been created: look it up at the remote; it is not sent again until that is settled.",
)
_ASKED = Words(
    "{reason}，不知道建了没有：程序会先问平台，问清之前不会再发，请稍后运行 resume。",
    "{reason}; it may have been created: the remote is asked first, run resume later.",
)
_LATER = Words("{reason}，没有处理这一单：稍后会再发。", "{reason}; the order was not processed and will be sent again.")


_FOREIGN = Words(
    "平台上已有这个编号，而且不是从这里建的，没有发送：请先到平台上核对，{remedy}。",
    "The remote has it already, not from here; not sent: check it there, {remedy}.",
)
_MODIFY = Words("要用这次的内容修改它，请加 --update 再提交", "or submit with --update to modify it")
_RENUMBER = Words("要另建请换一个新的编号", "or use another number")
_IGNORED = Words(
    "平台没有修改：它认为内容没有变，或这一单已经不能改，请到平台上核对。",
    "The remote did not modify it: it sees no change, or it can no longer be changed; check it there.",
)


def _told(outcome: Outcome, fate: Fate | None, *, looks_up: bool, updates: bool) -> Words | None:
    """An outcome's message as a whole sentence that says what follows."""
    reason = outcome.message or Words("平台的回答不清楚", "the answer is unclear")
    match outcome.verdict:
        case Verdict.UNCLEAR:
            return (_ASKED if looks_up else _DOUBT).fill(reason=reason)
        case Verdict.NOT_PROCESSED:
            return _LATER.fill(reason=reason)
        case Verdict.FOREIGN:
            return _FOREIGN.fill(remedy=_MODIFY if updates else _RENUMBER)
        case _:
            return _IGNORED if fate else outcome.message


_THERE = frozenset({Verdict.CREATED, Verdict.ACCEPTED, Verdict.REJECTED})
"""What a look-up says of an order that the remote has, in whatever state."""
_STATUS = {
    Verdict.CREATED: Status.CREATED,
    Verdict.ACCEPTED: Status.ACCEPTED,
    Verdict.IGNORED: Status.ACCEPTED,
    Verdict.REJECTED: Status.REJECTED,
    Verdict.FOREIGN: Status.REJECTED,
    Verdict.NOT_PROCESSED: Status.PENDING,
    Verdict.STOPPED: Status.PENDING,
    Verdict.UNCLEAR: Status.IN_DOUBT,
}
