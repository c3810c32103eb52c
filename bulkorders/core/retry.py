"""When to try again."""

from collections import deque
from dataclasses import dataclass, field

FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
OUTAGE_SECONDS = 600.0
"""How long a run waits for a remote that processes nothing, until it gives up and leaves its orders unsent."""
MOST_FIRST_WAITS = 4
"""Answers in a row that prove "not processed" where the remote was never reached in this run: it is more likely misconfigured than busy."""
DOWN_AFTER = 3
"""Unclear answers in a row, until the remote has to answer a look-up before it is sent anything more."""
MOST_UNCLEAR = 10
"""Unclear answers in a row, until a run gives up: what does not answer now would put every order in doubt."""
BUDGET_SECONDS, BUDGET_SHARE, BUDGET_LEAST = 60.0, 0.1, 5
"""Of the last minute's calls this share may fail, and always this number, before a run slows down."""


def backoff(waits: int, chance: float, least: float | None = None) -> float:
    """Seconds to wait after the n-th refusal in a row (from 0): by chance (from 0 to 1) up to 1, 2, 4 ... 30 ("full jitter").

    `least` is what the remote asked for. Source: Lingxing's guidance on 3001008.
    """
    full = min(FIRST_WAIT * float(1 << min(waits, 10)), LONGEST_WAIT)
    return max(full * chance, least or 0.0)


FIRST_GAP = 7.5
GAP_GROWTH = 1.6
LONGEST_GAP = 120.0


def follow_gap(asks: int, chance: float) -> float:
    """Seconds until the remote is asked again after the n-th time (from 1): 5 to 10, then longer and longer, two minutes at most.

    A third of it is by chance (from 0 to 1), so that orders taken together are not asked for together.
    """
    full = min(FIRST_GAP * GAP_GROWTH ** min(asks - 1, 20), LONGEST_GAP)
    return full * (2 + 2 * chance) / 3


@dataclass
class Budget:
    """What share of the calls of the last minute failed and has to be made again: beyond a tenth the whole run slows down."""

    _calls: deque[tuple[float, bool]] = field(default_factory=deque)
    _failed: int = 0

    def count(self, now: float, *, failed: bool) -> None:
        """One call was answered, or was not, at `now` (monotonic seconds)."""
        self._calls.append((now, failed))
        self._failed += failed
        while self._calls[0][0] < now - BUDGET_SECONDS:
            self._failed -= self._calls.popleft()[1]

    @property
    def is_spent(self) -> bool:
        """Whether too many calls failed."""
        return self._failed > max(BUDGET_SHARE * len(self._calls), BUDGET_LEAST)
