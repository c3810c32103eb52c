"""The server's parts, wired: what every route is given, and what runs beside the routes for as long as the server is up."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import anyio.to_thread

from bulkorders.core.words import Words
from bulkorders.errors import JournalError, UsageError, bug_said
from bulkorders.pipeline.app import App
from bulkorders.pipeline.grid import Grids
from bulkorders.pipeline.progress import Progress, batches_with_news, newest_event, progress
from bulkorders.pipeline.senders import Worker
from bulkorders.pipeline.uploads import Checker
from bulkorders.pipeline.work import Log, nobody

from .apart import Apart
from .slots import Slots
from .stream import Readings, Streams
from .told import progress_json

MEBIBYTE = 1024 * 1024
THREADS = 64
"""Routes that are at work at the same time; streams take none."""
PATIENT = 32
"""Those that wait for a workbook to be read."""
DOORKEEPERS = 8
"""Those that compare passwords."""
OLD_SECONDS = 2 * 60 * 60
"""When a file that was being received is one that a killed server has left behind."""
SWEEP_SECONDS = 60 * 60
T = TypeVar("T")


@dataclass(frozen=True)
class Options:
    """How the server is wanted. `hosts`: names that it answers to beside those of this machine.

    `most_waiting`: how many files of a user may wait for their check. `spare_bytes`: what uploads leave free on the disk, which the
    journal needs to send anything at all. `ask_seconds`: how often it is asked whether who listens to a batch may still do so.
    `interrupted`: seconds since somebody has asked it to end; None where nobody has.
    """

    log: Log
    hosts: tuple[str, ...] = ()
    most_upload_bytes: int = 100 * MEBIBYTE
    most_waiting: int = 200
    spare_bytes: int = 256 * MEBIBYTE
    ask_seconds: float = 10.0
    interrupted: Callable[[], float | None] = nobody


@dataclass
class Site:
    """What the routes work with."""

    app: App
    options: Options
    grids: Grids = field(init=False)
    checker: Checker = field(init=False)
    worker: Worker = field(init=False)
    streams: Streams = field(init=False)
    blanks: dict[str, bytes] = field(default_factory=dict)
    """Blank workbooks that were made already, by their templates' names."""
    uploads: Slots = field(default_factory=lambda: Slots(each=4, all=32))
    listeners: Slots = field(default_factory=lambda: Slots(each=100, all=400))
    written: Slots = field(default_factory=lambda: Slots(each=2, all=32))
    """Results that are being written, or wait for it."""
    sent: Slots = field(default_factory=lambda: Slots(each=8, all=200))
    """Results on their way out: each lies on the disk until whoever asked for it has read it."""
    read: Slots = field(default_factory=lambda: Slots(each=8, all=400))
    """Workbooks that are looked into or corrected."""
    _children: Apart = field(default_factory=lambda: Apart(os.cpu_count() or 1))
    _patient: Apart = field(default_factory=lambda: Apart(PATIENT))
    _doorkeepers: Apart = field(default_factory=lambda: Apart(DOORKEEPERS))

    def __post_init__(self) -> None:
        self.grids = Grids(self.app)
        self.checker = Checker(self.app, then=self.grids.prepare)
        self.worker = Worker(self.app, self.options.log)
        self.streams = Streams(
            Readings(self._progress, lambda: newest_event(self.app), lambda after: batches_with_news(self.app, after)),
            lambda found, lang: progress_json(self.app, found, lang),
            self._tell_bug,
        )

    def _progress(self, batch: str) -> Progress | None:
        """How far a batch is; None for one that was dropped meanwhile. Raises JournalError."""
        try:
            return progress(self.app, batch)
        except JournalError:
            raise
        except UsageError:
            return None

    @property
    def folder(self) -> Path:
        """Where files lie while they are received or sent: beside the journal, for this user of the machine alone."""
        return self.app.journal.folder / "received"

    async def in_child(self, who: str, act: Callable[[], T]) -> T:
        """Writes a workbook in a child process: at most as many at once as there are cores, and who waits keeps no thread.

        Raises a Problem where a user has too many.
        """
        self.written.check(who)
        with self.written.take(who):
            return await self._children.run(act)

    async def patiently(self, who: str, act: Callable[[], T]) -> T:
        """Does what may wait until workbooks of others were read: in threads of its own, so that it keeps nobody else waiting.

        Raises a Problem where a user has too much of it: he would have all these threads.
        """
        self.read.check(who)
        with self.read.take(who):
            return await self._patient.run(act)

    async def at_door(self, act: Callable[[], T]) -> T:
        """Compares a password, which takes its time whether it is right or not: who waits at the door keeps nobody from working."""
        return await self._doorkeepers.run(act)

    def end(self) -> None:
        """The server was asked to end: open streams end, nothing more is checked, and nothing more is sent."""
        self.streams.close()
        self.checker.end()
        self.worker.end()

    async def listen(self, who: str, batch: str, lang: str, is_in: Callable[[], bool]) -> AsyncIterator[bytes]:
        """The events of a batch, for one of the pages that a user has open, for as long as he is let in."""
        asked = time.monotonic()
        with self.listeners.take(who):
            async for event in self.streams.listen(batch, lang):
                if time.monotonic() - asked >= self.options.ask_seconds:
                    if not await anyio.to_thread.run_sync(is_in):
                        return
                    asked = time.monotonic()
                yield event

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Checks uploads, sends batches and tells who listens, for the block."""
        anyio.to_thread.current_default_thread_limiter().total_tokens = THREADS
        self.folder.mkdir(mode=0o700, exist_ok=True)
        asyncio.get_running_loop().set_exception_handler(self._failed)
        beside = [asyncio.create_task(self.streams.run()), asyncio.create_task(self._sweep_again())]
        try:
            with self.grids, self.checker, self.worker:
                yield
        finally:
            for task in beside:
                task.cancel()
                with suppress(asyncio.CancelledError):
                    await task

    async def _sweep_again(self) -> None:
        """A server that was killed just before this one began has left what is not old enough yet."""
        while True:
            with suppress(OSError):  # the disk: uploads tell of it
                await anyio.to_thread.run_sync(self.sweep)
            await asyncio.sleep(SWEEP_SECONDS)

    def sweep(self) -> None:
        """Removes what killed servers have left, which holds people's addresses: uploads, results, cells that were not whole yet."""
        _sweep(self.folder)
        self.grids.sweep()

    def _failed(self, _loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Something in the event loop has failed that nobody waited for: said by its place alone."""
        if isinstance(error := context.get("exception"), Exception):
            self._tell_bug(error)

    def _tell_bug(self, error: Exception) -> None:
        self.options.log.tell("failed", Words(*bug_said(error)))


def _sweep(folder: Path) -> None:
    """Removes what a server that was killed had not received to the end."""
    for path in folder.iterdir():
        with suppress(OSError):  # somebody else was faster
            if time.time() - path.stat().st_mtime > OLD_SECONDS:
                path.unlink()
