"""Live progress: one reading a second for all who listen, and what each of them hears."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

from bulkorders.core.result import Fate
from bulkorders.errors import JournalError
from bulkorders.pipeline.progress import Progress, State
from bulkorders.web import stream
from bulkorders.web.stream import Readings, Streams

START = Progress("b", State.SENDING, 9, dict.fromkeys(Fate, 0), None, None, (), None, 1)


class Journal:
    """What is read: how often, and in which threads."""

    def __init__(self) -> None:
        self.event = 1
        self.batches = {f"b{number}": replace(START, batch=f"b{number}") for number in range(100)}
        self.read: list[str] = []
        self.threads: set[int] = set()
        self.fails: Exception | None = None
        self.gone: set[str] = set()
        self.bugs: list[Exception] = []

    def newest(self) -> int:
        """The last event."""
        if self.fails is not None:
            raise self.fails
        return self.event

    def news(self, after: int) -> set[str]:
        """Where something has happened."""
        return {name for name, found in self.batches.items() if found.event > after} | self.gone

    def progress(self, batch: str) -> Progress | None:
        """How far a batch is."""
        self.read.append(batch)
        self.threads.add(threading.get_ident())
        return self.batches.get(batch)

    def streams(self) -> Streams:
        """All who listen to it."""
        return Streams(
            Readings(self.progress, self.newest, self.news),
            lambda found, lang: f"{found.batch} {found.event} {lang}".encode(),
            self.bugs.append,
        )


async def some(events: AsyncIterator[bytes], count: int) -> list[str]:
    """The next events of a stream, without what keeps it open."""
    found: list[str] = []
    while len(found) < count:
        event = (await asyncio.wait_for(anext(events), 10)).decode()
        if event.startswith("event: progress"):
            found.append(event.strip().partition("data: ")[2])
    return found


def test_all_listeners_share_one_reading() -> None:
    """Eighty pages of two batches: only the one in which something has happened is read, once, in one thread."""

    async def go() -> None:
        journal = Journal()
        streams = journal.streams()
        ticking = asyncio.create_task(streams.run())
        pages = [streams.listen(f"b{number % 2}", "zh") for number in range(80)]
        assert {*(await asyncio.gather(*(some(page, 1) for page in pages)))[0]} == {"b0 1 zh"}
        before = len(journal.threads)
        await asyncio.sleep(2 * stream.TICK_SECONDS + 0.2)
        journal.read.clear()
        journal.event = 2
        journal.batches |= {name: replace(START, batch=name, event=2, read=8) for name in ("b0", "b7")}
        heard = await asyncio.gather(*(some(page, 1) for page in pages[::2]))
        assert heard == [["b0 2 zh"]] * 40
        assert journal.read == ["b0"]
        assert len(journal.threads) - before <= 1
        for page in pages:
            await page.aclose()  # type: ignore[attr-defined]
        journal.read.clear()
        journal.event = 3
        await asyncio.sleep(stream.TICK_SECONDS + 0.3)
        assert journal.read == []  # nobody listens any more
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking

    asyncio.run(go())


def test_a_journal_that_fails_once_is_read_again() -> None:
    """The stream stays open meanwhile."""

    async def go() -> None:
        journal = Journal()
        streams = journal.streams()
        ticking = asyncio.create_task(streams.run())
        page = streams.listen("b1", "en")
        assert await some(page, 1) == ["b1 1 en"]
        journal.fails = JournalError("x")
        await asyncio.sleep(stream.TICK_SECONDS + 0.3)
        journal.fails = KeyError("a bug of ours")
        await asyncio.sleep(stream.TICK_SECONDS + 0.3)
        assert [type(bug) for bug in journal.bugs] == [KeyError]
        journal.fails, journal.event = None, 5
        journal.batches["b1"] = replace(START, batch="b1", event=5, read=8)
        assert await some(page, 1) == ["b1 5 en"]
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking

    asyncio.run(go())


def test_streams_end() -> None:
    """When the server is asked to end, and when the batch is gone."""

    async def rest(events: AsyncIterator[bytes]) -> list[bytes]:
        return [event async for event in events]

    async def go() -> None:
        journal = Journal()
        streams = journal.streams()
        ticking = asyncio.create_task(streams.run())
        assert len(await asyncio.wait_for(rest(streams.listen("gone", "zh")), 5)) <= 2
        page, closed = streams.listen("b1", "zh"), streams.listen("b2", "zh")
        assert await some(page, 1) == ["b1 1 zh"]
        assert await some(closed, 1) == ["b2 1 zh"]
        del journal.batches["b1"]
        journal.gone.add("b1")
        journal.event = 2
        await asyncio.wait_for(rest(page), 5)
        streams.close()
        await asyncio.wait_for(rest(closed), 5)
        ticking.cancel()
        with suppress(asyncio.CancelledError):
            await ticking

    asyncio.run(go())
