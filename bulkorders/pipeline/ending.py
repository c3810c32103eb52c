"""A run that was asked to end is over within ten seconds, whatever the size of its batches: how it shares them out.

The call in flight comes first, since its answer is known nowhere else; the results workbook can be written again at any time. What a
large batch takes to be written is left for it, though: a call that has not been answered soon mostly hangs, and is looked up later.
"""

import math
from dataclasses import dataclass
from typing import Protocol

from bulkorders.core.provider import Clock

STOP_SECONDS = 10.0
LONGEST_CALL, SHORTEST_CALL = 7.0, 1.0
"""How long the call in flight is waited for; what is still out then is in doubt."""
END_SECONDS = 1.0
"""To let go of files and processes, on a busy machine."""
BOOK_SECONDS, ROW_SECONDS = 1.5, 0.0003
"""What it takes to begin a results workbook, and to write a row of it."""
TOLD_SECONDS = 0.0002
"""What it takes to read a row's order in the journal, and to print it."""


class Asked(Protocol):
    """Who knows whether somebody has asked the run to end."""

    def interrupted(self) -> float | None:
        """Seconds since then; None where nobody has."""
        ...


@dataclass
class Ending:
    """The time that a run has left. `rows`: how many its batches have; `books`: how many results workbooks they become."""

    clock: Clock
    asked: Asked
    rows: int = 0
    books: int = 0
    _since: float | None = None

    def begin(self) -> None:
        """An interrupt has come through as an exception."""
        self._since = self.clock.monotonic()

    @property
    def has_begun(self) -> bool:
        """Whether the run was asked to end."""
        return self._left() < math.inf

    def _left(self) -> float:
        since = self.asked.interrupted()
        if since is None and self._since is not None:
            since = self.clock.monotonic() - self._since
        return math.inf if since is None else STOP_SECONDS - since

    def for_results(self) -> float:
        """Seconds until the results have to be written; endless in a run that nobody has asked to end."""
        return self._left() - END_SECONDS - TOLD_SECONDS * self.rows

    def for_call(self) -> float:
        """Seconds that the call in flight may still take, from now on."""
        room, writing = self.for_results(), BOOK_SECONDS * self.books + ROW_SECONDS * self.rows
        is_hopeless = writing > 2 * (room - SHORTEST_CALL)  # they are not written in time, whatever the call does
        return max(0.0, min(room if is_hopeless else max(room - writing, SHORTEST_CALL), room, LONGEST_CALL))
