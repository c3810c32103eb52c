"""The whole program in process, at a sandbox on a real socket whose time is the program's own: a run of hours takes seconds."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from stage_books import read_book
from stage_clock import StageClock
from witness import Call, Witness

from bulkorders.core.outcome import Verdict
from bulkorders.core.provider import Provider
from bulkorders.core.result import first_exit_code
from bulkorders.core.words import Words
from bulkorders.journal.batches import release
from bulkorders.pipeline.app import App
from bulkorders.pipeline.ingest import Checkup, Examined, enter
from bulkorders.pipeline.report import report_batch
from bulkorders.pipeline.service import FileReport, Options, opened, resume_batches, submit_files
from bulkorders.pipeline.submit import Run
from bulkorders.providers import load_providers
from bulkorders.sandbox import Server
from bulkorders.settings import Settings

PROVIDERS = list(load_providers().values())
at_each_remote = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.name)
ORDERS, MANY_ORDERS = 40, 500
in_two_sizes = pytest.mark.parametrize("orders", [ORDERS, pytest.param(MANY_ORDERS, marks=pytest.mark.slow)])
"""A few orders in every suite, and the size that the targets speak of."""
ENDS_SECONDS = 120.0
"""Real seconds within which every run has to end by itself."""
MOST_RESUMES = 5
FAST: Mapping[str, object] = {"read_timeout": 5, "max_per_second": None}


class Listener:
    """A watcher who remembers what the run waited for."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def starts(self, orders: int) -> None:
        """Says nothing."""

    def settled(self, account: str, verdict: Verdict) -> None:
        """Says nothing."""

    def waits(self, account: str, reason: Words) -> None:
        """Somebody would be told this."""
        self.said.append(reason.zh)

    def expects(self, account: str, orders: int, seconds: float) -> None:
        """Says nothing."""

    def releases(self) -> None:
        """Says nothing."""

    def interrupted(self) -> float | None:
        """Nobody interrupts."""
        return None

    def follows(self, account: str, orders: int, minutes: float) -> None:
        """Says nothing."""


@dataclass(frozen=True)
class Told:
    """What a run tells of one order."""

    status: str
    message: str
    attempts: int


@dataclass(frozen=True)
class Ran:
    """A run that has ended: its exit code, what it tells of each order, what it said, the calls it made, and how long it took."""

    code: int
    orders: Mapping[str, Told]
    said: Sequence[str]
    calls: Sequence[Call]
    seconds: float

    @property
    def statuses(self) -> set[str]:
        """The fates that occur."""
        return {told.status for told in self.orders.values()}

    @property
    def creates(self) -> list[Call]:
        """The creates of this run that arrived."""
        return [call for call in self.calls if call.order is not None]


@dataclass
class Stage:
    """One account at one sandbox. Each run is a program of its own: all that it knows of the last one stands in the journal."""

    provider: Provider
    folder: Path
    witness: Witness
    clock: StageClock
    server: Server
    settings: Mapping[str, object] = field(default_factory=dict)
    runs: list[Ran] = field(default_factory=list)

    def fault(self, name: str, **asked: object) -> None:
        """Puts a fault of the catalogue into force, from now on."""
        self.server.control.add({"fault": name, **asked}, self.clock.true())

    def at_create(self, number: int, *actions: Callable[[], object]) -> None:
        """Has something happen just before the n-th create is served, from 1: a fault put into force then is met by this very create."""
        self.witness.turns[number] = actions

    def end_faults(self) -> None:
        """The remote is well again."""
        self.server.control.clear()

    def hang_up(self) -> None:
        """Nobody listens any more; what is open is cut."""
        self.server.close()

    def listen(self) -> None:
        """The remote is there again, at the same place."""
        self.server = Server({self.provider.name: self.witness}, port=self.server.port, clock=self.clock.true).__enter__()

    @property
    def journal(self) -> str:
        """Where the journal is."""
        return (self.folder / "journal.db").as_posix()

    @contextmanager
    def program(self) -> Iterator[App]:
        """The program, freshly started."""
        account = {**self.witness.account(self.base_url), **FAST, **self.settings}
        accounts = {"main": {name: value for name, value in account.items() if value is not None}}
        settings = Settings(journal=self.journal, accounts=accounts)
        with opened(App(settings, self.clock, chance=Random(7))) as app:
            yield app

    @property
    def base_url(self) -> str:
        """Where the sandbox is."""
        return self.server.url(self.provider.name)

    def submit(self, checkup: Checkup) -> Ran:
        """`submit`, from the orders on that were read in the workbook."""
        return self._ran(lambda app, listener: [self._submit(app, checkup, listener)])

    def submit_new(self, orders: int) -> Ran:
        """`submit` of the usual workbook of so many orders."""
        return self.submit(read_book(self.provider, orders))

    def submit_file(self, book: Path) -> Ran:
        """`submit` of a workbook, reading it and writing its results included."""
        return self._ran(lambda app, listener: submit_files(app, [book], Options(), listener))

    def resume(self) -> Ran:
        """`resume` of all that is unfinished."""
        return self._ran(lambda app, listener: resume_batches(app, None, Options(), listener))

    def finish(self) -> Ran | None:
        """`resume` until nothing is unfinished; the last one, if there was any."""
        last = None
        for _ in range(MOST_RESUMES):
            ran = self.resume()
            if not ran.orders:
                return last
            last = ran
            if ran.code != 5:
                return last
        raise AssertionError(f"unfinished after {MOST_RESUMES} more runs: {last}")

    def _submit(self, app: App, checkup: Checkup, listener: Listener) -> FileReport:
        assert checkup.orders is not None
        # in a folder that is not there, no results workbook is written: results have tests of their own
        file = self.folder / "gone" / "orders.xlsx"
        routes = dict.fromkeys(range(len(checkup.orders.orders)), app.accounts["main"])
        (found,) = enter(app, Examined(file, "0" * 64, [(checkup, routes)]))
        assert found.batch is not None
        release(app.journal, [found.batch], app.clock.now())
        run = Run(app, [found.batch], listener, stopped=found.stopped)
        is_whole = run.go()
        return FileReport(file, [found], [report_batch(app, found.batch)], holders=run.holders, interrupted=not is_whole)

    def _ran(self, go: Callable[[App, Listener], list[FileReport]]) -> Ran:
        """One run from its start to its end, which has to come."""
        listener, before, started = Listener(), len(self.witness.calls), self.clock.monotonic()
        found: list[FileReport] = []
        failed: list[BaseException] = []

        def work() -> None:
            try:
                with self.program() as app:
                    found.extend(go(app, listener))
            except BaseException as error:  # noqa: BLE001  # raised below, in the thread of the test
                failed.append(error)

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        thread.join(ENDS_SECONDS)
        assert not thread.is_alive(), f"the run does not end: {listener.said[-3:]}"
        if failed:
            raise failed[0]
        orders = {
            order.display: Told(order.fate.value, order.message.zh if order.message else "", order.attempts)
            for report in found for batch in report.batches for order in batch.orders
        }  # fmt: skip
        code = first_exit_code(code for report in found for code in report.exit_codes(follow=True))
        ran = Ran(code, orders, tuple(listener.said), tuple(self.witness.calls[before:]), self.clock.monotonic() - started)
        self.runs.append(ran)
        return ran


@contextmanager
def stage(provider: Provider, folder: Path, inner: Any | None = None, **settings: object) -> Iterator[Stage]:
    """A stage with a fresh sandbox; `settings` are the account's."""
    clock = StageClock()
    witness = Witness(provider, clock, inner)
    server = Server({provider.name: witness}, clock=clock.true).__enter__()
    found = Stage(provider, folder, witness, clock, server, settings)
    try:
        yield found
    finally:
        found.server.close()


def cpu() -> float:
    """CPU seconds of this process so far, for figures."""
    return time.process_time()
