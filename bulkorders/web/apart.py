"""Work in threads of its own kind: so many at once, others wait without a thread, and none of them keeps the server from ending.

anyio's threads are waited for at the end, however long they take; a workbook that is being written may take ten minutes, a remote that is
asked for its stores one and a half.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import TypeVar

T = TypeVar("T")


class Apart:
    """At most so many at once."""

    def __init__(self, most: int) -> None:
        self._places = asyncio.Semaphore(most)

    async def run(self, act: Callable[[], T]) -> T:
        """Does it as soon as there is a place. When nobody waits for it any more, it goes on unheard, and ends with the process."""
        async with self._places:
            loop = asyncio.get_running_loop()
            heard: asyncio.Future[T] = loop.create_future()
            threading.Thread(target=_work, args=(act, loop, heard), daemon=True).start()
            return await heard


def _work(act: Callable[[], T], loop: asyncio.AbstractEventLoop, heard: "asyncio.Future[T]") -> None:
    try:
        found = act()
    except Exception as error:  # noqa: BLE001  # it is raised where it is waited for
        _tell(loop, heard, partial(heard.set_exception, error))
    else:
        _tell(loop, heard, partial(heard.set_result, found))


def _tell(loop: asyncio.AbstractEventLoop, heard: "asyncio.Future[T]", say: Callable[[], None]) -> None:
    def tell() -> None:
        if not heard.done():
            say()

    with suppress(RuntimeError):  # the server has ended
        loop.call_soon_threadsafe(tell)
