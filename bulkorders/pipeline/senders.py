"""Orders out for a program that goes on and on: a run for each account that has something to do, side by side.

The folder import sends what was dropped into its folders, the server all that the journal has. A run that could not finish is followed
by another, later each time, until something new comes; others may be at work beside it on the same journal: its gates settle who sends.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType

from bulkorders.core.outcome import Verdict
from bulkorders.core.words import Words
from bulkorders.errors import UsageError
from bulkorders.journal.batches import go_on
from bulkorders.journal.follow import ask_at_once, next_to_ask
from bulkorders.journal.gate import paused_gates
from bulkorders.journal.queue import gates_of
from bulkorders.journal.standings import Standing, standings_at
from bulkorders.journal.views import get_batch

from .app import App
from .failure import failure_of
from .keeping import tidy
from .submit import Run
from .work import FIRST_REST, Log, Rests, Work, words_of

FIRST_ROUND, LONGEST_ROUND = 30.0, 600.0
"""Seconds until a run that could not finish is followed by another: doubled each time, until something new comes."""
STEP_SECONDS, STEP_SHARE, LONGEST_STEP = 0.4, 4.0, 5.0
"""How often it is looked what there is to send; where looking itself takes long, so many times as seldom as it takes."""
TIDY_SECONDS = 3600.0
WAITS_FOR_GATE = Words("账号 {name}：{reason}", "account {name}: {reason}")


@dataclass
class Teller:
    """Hears how the runs go, for the log: what an account waits for, each thing once until it changes."""

    work: Work
    _said: dict[str, str] = field(default_factory=dict)

    def starts(self, orders: int) -> None:
        """Files and pages tell how many orders they have."""

    def settled(self, account: str, verdict: Verdict) -> None:
        """Files and pages tell what became of their orders."""

    def waits(self, account: str, reason: Words) -> None:
        """An account waits."""
        if self._said.get(account) != reason.zh:
            self._said[account] = reason.zh
            self.work.log.tell("waits", WAITS_FOR_GATE.fill(name=account, reason=reason), account=account)

    def expects(self, account: str, orders: int, seconds: float) -> None:
        """Nobody waits for it."""

    def releases(self) -> None:
        """Interrupts are noted from the start."""

    def interrupted(self) -> float | None:
        """Seconds since somebody has asked it to end."""
        return self.work.interrupted()

    def follows(self, account: str, orders: int, minutes: float) -> None:
        """Nobody waits for it."""


@dataclass
class Senders:
    """Starts runs. `look`: how the batches stand that are to be sent.

    `given_up`: the batches, each at a gate, of which a run has done what could be done then.
    """

    work: Work
    look: Callable[[], Mapping[str, Standing]]
    given_up: set[tuple[str, str]] = field(default_factory=set)
    waits: bool = True
    """Whether a run waits for another program that holds its gate."""
    failures: int = 0
    _threads: dict[str, threading.Thread] = field(default_factory=dict)
    _next: dict[str, float] = field(default_factory=dict)
    _gaps: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _teller: Teller = field(init=False)

    def __post_init__(self) -> None:
        self._teller = Teller(self.work)

    @property
    def is_idle(self) -> bool:
        """Whether no run is underway."""
        return not any(thread.is_alive() for thread in self._threads.values())

    def is_idle_at(self, gate: str) -> bool:
        """Whether no run is underway at a gate."""
        return gate not in self._threads or not self._threads[gate].is_alive()

    def hurry(self, gate: str) -> None:
        """Something has changed that may let the orders of a gate go on: they are tried at once."""
        with self._lock:
            self.given_up = {(batch, other) for batch, other in self.given_up if other != gate}
            self._gaps.pop(gate, None)

    def join(self) -> None:
        """Waits for the runs that are underway: each knows itself when it has to end."""
        for thread in list(self._threads.values()):
            thread.join(max(0.0, min(self.work.left(), threading.TIMEOUT_MAX)))

    def step(self) -> bool:
        """Starts what there is to do at each gate where no run is underway; gives whether one was started. Raises JournalError."""
        if self.work.is_ending:
            return False
        found = self.look()
        with self._lock:  # a batch that somebody lets go on is a new one
            self.given_up = {(batch, gate) for batch, gate in self.given_up if batch in found and gate in found[batch].active}
        gates = {gate for standing in found.values() for gate in standing.active | standing.numbered}
        started = [self._at_gate(gate, found) for gate in sorted(gates)]
        return any(started)

    def _at_gate(self, gate: str, found: Mapping[str, Standing]) -> bool:
        if not self.is_idle_at(gate):
            return False
        active = [batch for batch, standing in found.items() if gate in standing.active]
        numbered = [batch for batch, standing in found.items() if gate in standing.numbered]
        is_new = any((batch, gate) not in self.given_up for batch in active)
        if is_new:
            self._gaps.pop(gate, None)
        if not is_new and not (active and time.monotonic() >= self._next.get(gate, 0.0)) and not self._is_due(gate):
            return False
        run = Run(self.work.app, list(dict.fromkeys([*active, *numbered])), self._teller, wait=self.waits, only=gate, hurries=False)
        self._threads[gate] = threading.Thread(target=self._run, args=(run, gate, active), daemon=True)
        self._threads[gate].start()
        return True

    def _is_due(self, gate: str) -> bool:
        due = next_to_ask(self.work.app.journal, gate)
        return due is not None and due <= self.work.app.clock.now() and time.monotonic() >= self._next.get(gate, 0.0)

    def _run(self, run: Run, gate: str, active: Sequence[str]) -> None:
        try:
            run.go()
            self.failures += sum(failure.is_bug for failure in run.failures.values())
        except Exception as error:  # noqa: BLE001  # whatever it is, it is this gate's alone
            failure = failure_of(error)
            self.failures += failure.is_bug
            self._teller.waits(gate.partition("/")[0], failure.reason)
        finally:
            self._next[gate] = time.monotonic() + self._gaps.setdefault(gate, FIRST_ROUND)
            self._gaps[gate] = min(self._gaps[gate] * 2, LONGEST_ROUND)
            with self._lock:
                self.given_up = self.given_up | {(batch, gate) for batch in active}


class Silent:
    """A log that nobody reads."""

    def tell(self, event: str, words: Words, **facts: object) -> None:
        """Says nothing."""


class Worker:
    """Sends and follows every unfinished released batch of the journal whose account is configured, as long as it is open.

    A context manager. What fails is said in the log and tried again; drafts are left alone; what has been kept for its time is
    forgotten, as `submit` does.
    """

    def __init__(self, app: App, log: Log | None = None) -> None:
        self._app = app
        self._asked_at: float | None = None
        self._work = Work(app, log or Silent(), lambda _target, _key, _words: None, self._interrupted)
        self._senders = Senders(self._work, self._look)
        self._rests = Rests(self._work)
        self._woken = threading.Event()
        self._paused: frozenset[str] = frozenset()
        self._thread = threading.Thread(target=self._go_on, daemon=True)

    def __enter__(self) -> "Worker":
        """Begins. Raises SettingsError, JournalError."""
        _ = self._app.journal, self._app.accounts, self._app.timezone  # made before the threads that share them
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Sends nothing more; the calls in flight may still be answered, within the time that an end may take."""
        self.end()
        self._thread.join(max(0.0, self._work.left()))
        self._senders.join()

    def end(self) -> None:
        """Nothing more is sent from now on: the time runs that an end may take. Leaving the block waits for it."""
        if self._asked_at is None:
            self._asked_at = self._app.clock.monotonic()
            self._woken.set()

    def wake(self, batches: Sequence[str] = ()) -> None:
        """Somebody has just released some batches: they are begun at once, also what an earlier run of their accounts had given up."""
        for gate in {gate for batch in batches for gate, _ in gates_of(self._app.journal, batch)}:
            self._senders.hurry(gate)
        self._woken.set()

    def resume(self, batch: str, *, keep_going: bool = False) -> None:
        """Somebody wants a batch to go on: what was paused is sent, what is followed is asked for now. Raises UsageError, JournalError.

        `keep_going`: however many of its orders are refused alike.
        """
        journal = self._app.journal
        if not get_batch(journal, batch).is_released:
            raise UsageError(f"批次 {batch} 还是草稿，没有提交过：请先提交。", f"batch {batch} is a draft: submit it first.")
        go_on(journal, [batch], keep_going=keep_going)
        ask_at_once(journal, [batch], self._app.clock.now())
        self.wake([batch])

    # -- its thread --------------------------------------------------------------------------------------------------------------
    def _interrupted(self) -> float | None:
        return None if self._asked_at is None else self._app.clock.monotonic() - self._asked_at

    def _go_on(self) -> None:
        tidied = float("-inf")
        while not self._work.is_ending:
            began = time.monotonic()
            if began - tidied > TIDY_SECONDS:
                tidied = began
                self._attempt("tidy", self._tidy)
            self._attempt("send", self._senders.step)
            took = time.monotonic() - began
            self._woken.wait(min(max(STEP_SECONDS, STEP_SHARE * took), LONGEST_STEP))
            self._woken.clear()

    def _attempt(self, what: str, act: Callable[[], object]) -> None:
        if self._rests.is_resting(what):
            return
        try:
            act()
        except Exception as error:  # noqa: BLE001  # said, and tried again: a server that has stopped sending helps nobody
            self._rests.fail(what, words_of(error), FIRST_REST)
        else:
            self._rests.succeed(what)

    def _look(self) -> Mapping[str, Standing]:
        """What there is to do at the gates where no run is underway."""
        journal, gates = self._app.journal, {account.gate for account in self._app.accounts.values()}
        paused = paused_gates(journal)
        for gate in self._paused - paused:
            self._senders.hurry(gate)
        self._paused = paused
        idle = [gate for gate in gates if self._senders.is_idle_at(gate)]
        return standings_at(journal, idle) if idle else {}

    def _tidy(self) -> None:
        if (left := tidy(self._app)) is not None:
            self._work.log.tell("left", left)
