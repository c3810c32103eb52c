"""When to try again, and when to ask again."""

import pytest

from bulkorders.core.retry import LONGEST_GAP, backoff, follow_gap


def test_the_first_gap_is_five_to_ten_seconds() -> None:
    """As the vendor asks for."""
    assert follow_gap(1, 0.0) == pytest.approx(5.0)
    assert follow_gap(1, 1.0) == pytest.approx(10.0)


@pytest.mark.parametrize("chance", [0.0, 0.5, 1.0])
def test_gaps_grow_up_to_an_end(chance: float) -> None:
    """Each is longer than the one before, none longer than some minutes, whatever the number of asks."""
    gaps = [follow_gap(asks, chance) for asks in range(1, 200)]
    assert gaps == sorted(gaps)
    assert gaps[0] < gaps[1] < gaps[4]
    assert gaps[-1] <= LONGEST_GAP * 4 / 3


def test_a_wait_is_never_shorter_than_the_remote_asks() -> None:
    """Retry-After is the least."""
    assert backoff(0, 0.5, 20.0) == 20.0
    assert backoff(10, 1.0, 1.0) == 30.0
