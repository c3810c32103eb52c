"""Who may read a workbook now: no more at once than there are cores, and whoever waits at a page before what waits in a queue."""

import heapq
import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager

LATER = 5.0
"""For how many seconds the queue is passed over by those who come after it."""


class Turns:
    """So many places, taken for a block each; a free one goes to whoever came first, the queue counted as if it had come later."""

    def __init__(self, places: int) -> None:
        self._free = places
        self._waiting: list[tuple[float, int]] = []
        self._numbers = itertools.count()
        self._changed = threading.Condition()

    def at_once(self) -> AbstractContextManager[None]:
        """A place for somebody who waits for it."""
        return self._place(0.0)

    def in_turn(self) -> AbstractContextManager[None]:
        """A place for what can wait a little."""
        return self._place(LATER)

    @contextmanager
    def _place(self, later: float) -> Iterator[None]:
        own = (time.monotonic() + later, next(self._numbers))
        with self._changed:
            heapq.heappush(self._waiting, own)
            self._changed.wait_for(lambda: self._free > 0 and self._waiting[0] == own)
            heapq.heappop(self._waiting)
            self._free -= 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()
