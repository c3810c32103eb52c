"""Orders out: sends what is due through the gates of their accounts, one call at a time each.

A gate is drained by one process at a time. Accounts are drained side by side, each in a thread; the caller waits, so that an
interrupt reaches it at once.
"""

import datetime as dt
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bulkorders.core.order import Status
from bulkorders.core.outcome import Verdict
from bulkorders.core.provider import Account, Clock
from bulkorders.core.words import Words
from bulkorders.journal.follow import ask_at_once
from bulkorders.journal.gate import Holder, hold, holder
from bulkorders.journal.queue import count_waiting, gates_of, is_waiting, tell_waiting
from bulkorders.remote.client import GRACE_SECONDS

from . import told
from .app import App
from .drain import POLL_SECONDS, Drain
from .follow import Patience, count_accepted, has_open

STOP_SECONDS = 7.0
"""How long an interrupted run waits for the call in flight; what is still out then is in doubt."""


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

    def finishes(self) -> None:
        """Nothing more is sent, the results are written now: an interrupt waits until they are."""
        ...

    def follows(self, account: str, orders: int, minutes: float) -> None:
        """The remote has taken so many orders and is still at work on them; they are followed so many minutes."""
        ...


@dataclass
class Run:
    """One run over the gates of some batches. `holders`: who else holds a gate at the end, by account.

    `stopped`: gates whose remote has said already that it takes nothing of the account, and why.
    """

    app: App
    batches: Sequence[str]
    watcher: Watcher
    wait: bool = True
    follows: bool = True
    stopped: Mapping[str, Words] = field(default_factory=dict)
    holders: dict[str, Holder] = field(default_factory=dict)
    failures: list[BaseException] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def go(self) -> bool:
        """Sends until the batches have nothing left that can be sent now; gives False if it was interrupted.

        Raises what a drain raised.
        """
        # an event for each gate, since an interrupted `Thread.join` takes a thread at work for one that has ended
        ended: list[threading.Event] = []
        try:
            ask_at_once(self.app.journal, self.batches, self.app.clock.now())
            gates = {gate: name for batch in self.batches for gate, name in gates_of(self.app.journal, batch)}
            self.watcher.starts(count_waiting(self.app.journal, self.batches))
            for gate, name in gates.items():
                ended.append(threading.Event())
                self._start(gate, name, ended[-1])
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
        except BaseException as error:  # noqa: BLE001  # handed over to the thread that waits, which raises it
            self.failures.append(error)
        finally:
            ended.set()

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
        self.watcher.waits(account.name, _FROZEN.fill(name=account.name, pid=other.pid if other else "?"))
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


@dataclass
class _Silence:
    """For how long a holder has shown no sign of work, by the clock of who watches him."""

    clock: Clock
    longest: float
    _last: tuple[int, float] | None = None
    _since: float = 0.0

    def is_too_long(self, other: Holder | None) -> bool:
        """Looks at the holder once more."""
        shown = (other.pid, other.beaten_at) if other else None
        if shown != self._last or shown is None:
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
