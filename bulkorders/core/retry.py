"""When to try again."""

FIRST_WAIT = 1.0
LONGEST_WAIT = 30.0
MOST_WAITS = 12
"""Answers in a row that prove "not processed", until a run gives up and leaves its orders unsent: some five minutes."""
MOST_FIRST_WAITS = 4
"""The same where the remote was never reached in this run: it is more likely misconfigured than busy."""
MOST_UNCLEAR = 3
"""Unclear answers in a row, until a run stops: what does not answer now would put every order in doubt."""


def backoff(waits: int, chance: float, least: float | None = None) -> float:
    """Seconds to wait after the n-th refusal in a row (from 0): doubling from 1 to 30, half of it by chance (from 0 to 1).

    `least` is what the remote asked for. Source: Lingxing's guidance on 3001008.
    """
    full = min(FIRST_WAIT * float(1 << min(waits, 10)), LONGEST_WAIT)
    return max(full * (0.5 + chance / 2), least or 0.0)


FIRST_GAP = 7.5
GAP_GROWTH = 1.6
LONGEST_GAP = 120.0


def follow_gap(asks: int, chance: float) -> float:
    """Seconds until the remote is asked again after the n-th time (from 1): 5 to 10, then longer and longer, two minutes at most.

    A third of it is by chance (from 0 to 1), so that orders taken together are not asked for together.
    """
    full = min(FIRST_GAP * GAP_GROWTH ** min(asks - 1, 20), LONGEST_GAP)
    return full * (2 + 2 * chance) / 3
