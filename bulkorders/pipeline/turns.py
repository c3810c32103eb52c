"""Who may read a workbook now: no more at once than there are cores, and whoever waits at a page before what waits in a queue."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 5.0
"""Seconds after which the queue is no longer passed over."""


class Turns:
    """So many places, taken for a block each."""

    def __init__(self, places: int) -> None:
        self._free, self._waiting = places, 0
        self._changed = threading.Condition()

    @contextmanager
    def at_once(self) -> Iterator[None]:
        """A place for somebody who waits for it: the next that is free."""
        with self._changed:
            self._take()
        yield from self._held()

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """A place for what can wait a little."""
        with self._changed:
            self._changed.wait_for(lambda: self._free > 0 and not self._waiting, LONGEST)
            self._take()
        yield from self._held()

    def _take(self) -> None:
        self._waiting += 1
        try:
            self._changed.wait_for(lambda: self._free > 0)
            self._free -= 1
        finally:
            self._waiting -= 1
            self._changed.notify_all()

    def _held(self) -> Iterator[None]:
        try:
            yield
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()
