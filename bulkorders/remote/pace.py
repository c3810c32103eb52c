"""The pace of calls where a remote allows so many a second: as fast as that, and no faster by a single call.

Sending every 1/r seconds wastes a third of the pace to refusals, since the way there takes now longer, now shorter. So the next call
is anchored to the last answer: what was already answered was counted by the remote no later than half a round trip ago.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import Self

from bulkorders.core.provider import Clock

FIRST_MARGIN, MOST_MARGIN = 0.02, 0.5
"""Between what is allowed and what is done, as a part of the time between two calls."""
EASING = 0.98
"""How much of a learnt margin is left after each call."""


@dataclass
class Pace:
    """At most so many calls a second, one at a time: enter it for each call. Not for several threads."""

    per_second: float
    clock: Clock
    _next: float = float("-inf")
    _sent: float = 0.0
    _round_trip: float = float("inf")
    _margin: float = FIRST_MARGIN

    def __enter__(self) -> Self:
        """Waits until the call may leave."""
        if (rest := self._next - self.clock.monotonic()) > 0:
            self.clock.sleep(rest)
        self._sent = self.clock.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """The answer is in, or the call has failed: the next one leaves `1/r` after this one arrived at the latest, and a margin."""
        now = self.clock.monotonic()
        self._round_trip = min(self._round_trip, now - self._sent)
        self._margin = max(self._margin * EASING, FIRST_MARGIN)
        self._next = now - self._round_trip + (1 + self._margin) / self.per_second

    def slow_down(self) -> None:
        """The remote has refused a call as too fast: the margin is too small."""
        more = min(2 * self._margin, MOST_MARGIN)
        self._next += (more - self._margin) / self.per_second
        self._margin = more
