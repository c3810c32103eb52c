"""Orders out: sends what is due through the gates of their accounts, one call at a time each.

A gate is drained by one process at a time. Accounts are drained side by side, each in a thread; the caller waits, so that an
interrupt reaches it at once.
"""

import datetime as dt
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from bulkorders.core.order import Status
from bulkorders.core.outcome import Verdict
from bulkorders.core.provider import Account, Clock
from bulkorders.core.words import Words
from bulkorders.errors import BulkordersError
from bulkorders.journal.follow import ask_at_once
from bulkorders.journal.gate import Holder, hold, holder
from bulkorders.journal.queue import count_waiting, gates_of, is_waiting, tell_waiting
from bulkorders.journal.views import get_batch
from bulkorders.remote.client import GRACE_SECONDS

from . import told
from .app import App
from .drain import POLL_SECONDS, Drain
from .ending import Ending
from .failure import Failure, failure_of
from .follow import Patience, count_accepted, has_open

LOOK_SECONDS = 0.1
"""How often a run looks whether somebody has asked it to end."""


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

    def expects(self, account: str, orders: int, seconds: float) -> None:
        """So many orders wait to be sent, which will take so long at the account's own pace."""
        ...

    def releases(self) -> None:
        """The batches are on their way: an interrupt raises nothing from now on, `interrupted` tells of it."""
        ...

    def interrupted(self) -> float | None:
        """Seconds since somebody has asked the run to end; None where nobody has."""
        ...

    def follows(self, account: str, orders: int, minutes: float) -> None:
        """The remote has taken so many orders and is still at work on them; they are followed so many minutes."""
        ...


@dataclass
class Run:
    """One run over the gates of some batches. `holders`: who else holds a gate at the end, by account.

    `stopped`: gates whose remote has said already that it takes nothing of the account, and why. `failures`: gates at which the work
    has ended early, and why. `only`: the one gate to work at, where others have runs of their own. `hurries`: what is followed is asked
    for at once, whenever it was due.
    """

    app: App
    batches: Sequence[str]
    watcher: Watcher
    wait: bool = True
    follows: bool = True
    stopped: Mapping[str, Words] = field(default_factory=dict)
    only: str | None = None
    hurries: bool = True
    holders: dict[str, Holder] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)
    stop: threading.Event = field(default_factory=threading.Event)
    ending: Ending = field(init=False)

    def __post_init__(self) -> None:
        self.ending = Ending(self.app.clock, self.watcher)

    def go(self) -> bool:
        """Sends until the batches have nothing left that can be sent now; gives False if it was interrupted."""
        # an event for each gate, since an interrupted `Thread.join` takes a thread at work for one that has ended
        ended: list[threading.Event] = []
        try:
            self._start_all(ended)
            for event in ended:
                while not self.ending.has_begun and not event.wait(LOOK_SECONDS):
                    pass
        except KeyboardInterrupt:  # where nobody notes it
            self.ending.begin()
        if self.ending.has_begun:
            self._break_off(ended)
        return not self.stop.is_set()

    def _break_off(self, ended: Sequence[threading.Event]) -> None:
        """Nothing more is sent; what is on its way may still be answered."""
        self.stop.set()
        until = self.app.clock.monotonic() + self.ending.for_call()
        for event in ended:
            event.wait(max(0.0, until - self.app.clock.monotonic()))

    def _start_all(self, ended: list[threading.Event]) -> None:
        """Starts the work at each gate; each tells by an event that it has ended."""
        journal = self.app.journal
        gates = {gate: name for batch in self.batches for gate, name in gates_of(journal, batch) if self.only in (None, gate)}
        self.ending.books = len(self.batches)
        self.ending.rows = sum(get_batch(journal, batch).rows["read"] for batch in self.batches)
        try:
            if self.hurries:
                ask_at_once(journal, self.batches, self.app.clock.now())
        except BulkordersError as error:
            for gate, name in gates.items():
                self._fail(gate, name, error)
            return
        self.watcher.starts(count_waiting(journal, self.batches))
        if self.ending.has_begun:
            return
        for gate, name in gates.items():
            ended.append(threading.Event())
            self._start(gate, name, ended[-1])

    def _start(self, gate: str, name: str, ended: threading.Event) -> None:
        """Drains a gate in a thread."""
        threading.Thread(target=self._drain, args=(gate, name, ended), daemon=True).start()

    def _drain(self, gate: str, name: str, ended: threading.Event) -> None:
        try:
            # by its gate: an account may have been given another name since
            account = next((each for each in self.app.accounts.values() if each.gate == gate), None)
            reason = self.stopped.get(gate) or (told.UNCONFIGURED.fill(name=name) if account is None else None)
            if reason is not None:
                tell_waiting(self.app.journal, gate, reason)
                self.watcher.waits(name, reason)
            elif account is not None:
                self._at_gate(account)
        except BaseException as error:  # noqa: BLE001  # whatever it is, it is this gate's alone
            self._fail(gate, name, error)
        finally:
            ended.set()

    def _fail(self, gate: str, name: str, error: BaseException) -> None:
        """The work at a gate has ended early: its orders are told so, if the journal takes that; the other gates go on."""
        failure = self.failures[gate] = failure_of(error)
        with suppress(BulkordersError, OSError):
            tell_waiting(self.app.journal, gate, failure.reason)
        with suppress(Exception):  # it may be the watcher who failed
            self.watcher.waits(name, failure.reason)

    def _at_gate(self, account: Account) -> None:
        """Drains the gate as soon as it is free; without `wait`, only if it is free now."""
        settings, clock = account.settings, self.app.clock
        patience = Patience(clock, settings.follow_minutes * 60)
        silence = _Silence(clock, settings.read_timeout + GRACE_SECONDS + settings.settle_seconds)
        is_told = False
        while not self.stop.is_set():
            with hold(self.app.journal, account.gate, clock.now()) as held:
                if held is not None:
                    Drain(self, account, patience, held).go()
                    return
            other = holder(self.app.journal, account.gate)
            if not is_told:
                is_told = True
                self.watcher.waits(account.name, _held_by(other, self.app.timezone))
            if not self.wait or not self._is_open(account.gate, patience) or self._is_frozen(account, other, silence):
                break
            clock.sleep(POLL_SECONDS)
        if (other := holder(self.app.journal, account.gate)) is not None:
            self.holders[account.name] = other

    def _is_frozen(self, account: Account, other: Holder | None, silence: "_Silence") -> bool:
        """Whether the holder has shown nothing for too long; it keeps the gate, since it may wake up and send."""
        if not silence.is_too_long(other):
            return False
        said = _FROZEN.fill(name=account.name, pid=other.pid) if other else _FROZEN_NAMELESS
        self.watcher.waits(account.name, said)
        return True

    def _is_open(self, gate: str, patience: Patience) -> bool:
        """Whether this run still waits for what another process does with its orders."""
        if is_waiting(self.app.journal, gate, self.batches, (Status.PENDING, Status.SENDING, Status.IN_DOUBT)):
            patience.renew()
            return True
        return has_open(self, gate, patience)

    def tell_followed(self, account: Account) -> None:
        """Tells how many orders the remote is still at work on."""
        self.watcher.follows(account.name, count_accepted(self, account.gate), account.settings.follow_minutes)


_FROZEN = Words(
    "占用账号的进程 {pid} 很久没有动静，没有再等：请查看它；要结束它请运行 accounts release {name}，再 resume",
    "process {pid}, which holds the account, has shown nothing for long: look at it, or run accounts release {name}, then resume",
)
_FROZEN_NAMELESS = Words(
    "占用账号的程序很久没有动静，也没留下进程号，没有再等：请找到卡住的 bulkorders 进程并结束它，再运行 resume",
    "the process that holds the account has shown nothing for long, nor its number: find the frozen bulkorders, end it, then resume",
)


@dataclass
class _Silence:
    """For how long a holder has shown no sign of work, by the clock of who watches him."""

    clock: Clock
    longest: float
    _last: tuple[int, float] | None = None
    _since: float | None = None

    def is_too_long(self, other: Holder | None) -> bool:
        """Looks at the holder once more; one who does not even say who he is shows nothing."""
        shown = (other.pid, other.beaten_at) if other else None
        if self._since is None or shown != self._last:
            self._last, self._since = shown, self.clock.monotonic()
        return self.clock.monotonic() - self._since > self.longest


def _held_by(other: Holder | None, zone: dt.tzinfo) -> Words:
    if other is None:
        return Words("另一个程序正在用这个账号发送，由它发完", "another process is sending for this account")
    since = f"{other.since.astimezone(zone):%H:%M:%S}"
    return Words(
        f"{other.host} 上的另一个程序（进程 {other.pid}，{since} 起）正在用这个账号发送，由它发完",
        f"process {other.pid} on {other.host} is sending for this account since {since}",
    )
