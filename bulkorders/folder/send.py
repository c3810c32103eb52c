"""Orders out: a run for each account that has something to do, side by side, so that a slow one holds up no other."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bulkorders.core.outcome import Verdict
from bulkorders.core.words import Words
from bulkorders.errors import BulkordersError
from bulkorders.journal.drops import Stage, Standing, open_drops, standings
from bulkorders.journal.follow import next_to_ask
from bulkorders.pipeline.submit import Run

from .place import Place
from .work import Work

FIRST_ROUND, LONGEST_ROUND = 30.0, 600.0
"""Seconds until a run that could not finish is followed by another: doubled each time, until something new comes."""
WAITS_FOR_GATE = Words("账号 {name}：{reason}", "account {name}: {reason}")


@dataclass
class Teller:
    """Hears how the runs go, for the log: what an account waits for, each thing once until it changes."""

    work: Work
    _said: dict[str, str] = field(default_factory=dict)

    def starts(self, orders: int) -> None:
        """Files tell how many orders they have."""

    def settled(self, account: str, verdict: Verdict) -> None:
        """Files tell what became of their orders."""

    def waits(self, account: str, reason: Words) -> None:
        """An account waits."""
        if self._said.get(account) != reason.zh:
            self._said[account] = reason.zh
            self.work.log.tell("waits", WAITS_FOR_GATE.fill(name=account, reason=reason), account=account)

    def expects(self, account: str, orders: int, seconds: float) -> None:
        """Nobody waits for it."""

    def releases(self) -> None:
        """The import notes interrupts from its start."""

    def interrupted(self) -> float | None:
        """Seconds since somebody has asked the import to end."""
        return self.work.interrupted()

    def follows(self, account: str, orders: int, minutes: float) -> None:
        """Nobody waits for it."""


@dataclass
class Senders:
    """Starts runs. `given_up`: the batches, each at a gate, of which a run has done what could be done then."""

    work: Work
    places: Sequence[Place]
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

    def join(self) -> None:
        """Waits for the runs that are underway: each knows itself when it has to end."""
        for thread in self._threads.values():
            thread.join(max(0.0, min(self.work.left(), threading.TIMEOUT_MAX)))

    def step(self) -> bool:
        """Starts what there is to do at each gate where no run is underway; gives whether one was started. Raises JournalError."""
        if self.work.is_ending:
            return False
        journal = self.work.app.journal
        drops = [drop for place in self.places for drop in open_drops(journal, place.key, (Stage.ENTERED, Stage.FOLLOWED))]
        found = standings(journal, [batch for drop in drops for batch in drop.batches])
        with self._lock:
            self.given_up = {(batch, gate) for batch, gate in self.given_up if batch in found}
        gates = {gate for standing in found.values() for gate in standing.active | standing.numbered}
        started = [self._at_gate(gate, found) for gate in sorted(gates)]
        return any(started)

    def _at_gate(self, gate: str, found: Mapping[str, Standing]) -> bool:
        thread = self._threads.get(gate)
        if thread is not None and thread.is_alive():
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
        except BulkordersError as error:
            self._teller.waits(gate.partition("/")[0], Words(error.zh, error.en))
        finally:
            self._next[gate] = time.monotonic() + self._gaps.setdefault(gate, FIRST_ROUND)
            self._gaps[gate] = min(self._gaps[gate] * 2, LONGEST_ROUND)
            with self._lock:
                self.given_up = self.given_up | {(batch, gate) for batch in active}
