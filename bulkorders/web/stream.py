"""Live progress: the journal is read once a second for all who listen, in one thread, and each hears what is new of his batch.

Asynchronous, since each open page is a stream that does nothing most of the time: forty threads that wait would starve the server.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

import anyio
import anyio.to_thread

from bulkorders.errors import BulkordersError
from bulkorders.pipeline.progress import Progress

TICK_SECONDS = 1.0
PING_SECONDS = 15.0
"""How often something is sent though there is nothing new: proxies end what is silent."""
LONGEST_SECONDS = 600.0
"""When a stream ends, so that the browser opens it anew: then it is asked again who he is."""
STALE_SECONDS = 5.0
"""For how long a reading holds while no order changes: a pause is no order's event."""

Told = Callable[[Progress, str], bytes]
"""A batch's progress as JSON in a language."""


@dataclass
class Readings:
    """What was read last of the batches that are listened to. Used in one thread at a time."""

    read: Callable[[str], Progress | None]
    newest: Callable[[], int]
    news: Callable[[int], Collection[str]]
    """The batches in which something has happened since an event."""
    _event: int = -1
    _known: dict[str, tuple[Progress | None, float]] = field(default_factory=dict)

    def look(self, batches: Iterable[str]) -> Mapping[str, Progress | None]:
        """How far each batch is; None for one that is gone. Raises JournalError."""
        newest, now = self.newest(), time.monotonic()
        news = self.news(self._event) if newest != self._event and self._known else ()
        self._event = newest
        known = {batch: seen for batch, seen in self._known.items() if batch not in news and now - seen[1] < STALE_SECONDS}
        self._known = {batch: known.get(batch) or (self.read(batch), now) for batch in batches}
        return {batch: found for batch, (found, _) in self._known.items()}


class _Listener:
    """One open page: what it has to be told next."""

    def __init__(self, batch: str) -> None:
        self.batch = batch
        self.news = asyncio.Event()
        self.progress: Progress | None = None
        self.is_over = False

    def hear(self, progress: Progress | None) -> None:
        """What was read of its batch."""
        if progress is None:
            self.end()
        elif self.progress is None or progress != replace(self.progress, event=progress.event):  # that is the whole journal's
            self.progress = progress
            self.news.set()

    def end(self) -> None:
        """There is no more to come."""
        self.is_over = True
        self.news.set()


class Streams:
    """All open streams. Everything but the reading is done in the event loop."""

    def __init__(self, readings: Readings, told: Told, fails: Callable[[Exception], object]) -> None:
        self._readings, self._told, self._fails = readings, told, fails
        self._listeners: set[_Listener] = set()
        self._one = anyio.CapacityLimiter(1)
        self._is_closed = False

    async def run(self) -> None:
        """Reads for all, again and again, whatever happens."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if not self._listeners:
                continue
            try:
                await self._tell(list(self._listeners))
            except BulkordersError:  # the journal cannot be read now; the next time it can
                continue
            except Exception as error:  # noqa: BLE001  # a bug of ours at one batch: the others are told the next time
                self._fails(error)

    async def _tell(self, listeners: list[_Listener]) -> None:
        batches = dict.fromkeys(listener.batch for listener in listeners)
        found = await anyio.to_thread.run_sync(self._readings.look, list(batches), limiter=self._one)
        for listener in listeners:
            listener.hear(found[listener.batch])

    async def listen(self, batch: str, lang: str) -> AsyncIterator[bytes]:
        """The events of a batch, the first at once."""
        listener = _Listener(batch)
        self._listeners.add(listener)
        until = time.monotonic() + LONGEST_SECONDS
        try:
            yield b"retry: 2000\n\n"
            with suppress(BulkordersError):  # or it is read a second later
                listener.hear(await anyio.to_thread.run_sync(self._readings.read, batch, limiter=self._one))
            while not (listener.is_over or self._is_closed) and time.monotonic() < until:
                yield await self._next(listener, lang)
        finally:
            self._listeners.discard(listener)

    async def _next(self, listener: _Listener, lang: str) -> bytes:
        """What is new, or after a while that there is nothing new."""
        try:
            await asyncio.wait_for(listener.news.wait(), PING_SECONDS)
        except TimeoutError:
            return b": ping\n\n"
        listener.news.clear()
        if listener.progress is None:
            return b""
        return b"event: progress\ndata: " + self._told(listener.progress, lang) + b"\n\n"

    def close(self) -> None:
        """Ends all streams."""
        self._is_closed = True
        for listener in self._listeners:
            listener.end()
