"""Statuses, fates, totals, exit codes, waits: the small tables of the core."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkorders.core.order import TRANSITIONS, Status
from bulkorders.core.result import FATE_MEANING, FATE_WORDS, Fate, Totals, exit_code, fate_of, first_exit_code
from bulkorders.core.retry import FIRST_WAIT, LONGEST_WAIT, backoff

FINAL = {Status.CREATED, Status.REJECTED}
DRAWN = {
    ("pending", "sending"),
    ("sending", "created"), ("sending", "accepted"), ("sending", "rejected"), ("sending", "in_doubt"), ("sending", "pending"),
    ("accepted", "created"), ("accepted", "rejected"), ("accepted", "in_doubt"),
    ("in_doubt", "created"), ("in_doubt", "accepted"), ("in_doubt", "rejected"), ("in_doubt", "pending"),
}  # fmt: skip


def test_the_transitions_are_those_of_the_drawing() -> None:
    """No other status follows within one revision, and what is final stays."""
    assert {(before.value, after.value) for before, afters in TRANSITIONS.items() for after in afters} == DRAWN
    assert set(TRANSITIONS) == set(Status)
    assert {status for status, afters in TRANSITIONS.items() if not afters} == FINAL


def test_every_status_can_become_final() -> None:
    """No order is stuck in a status for ever."""
    ways = {status: set(afters) for status, afters in TRANSITIONS.items()}
    for _ in Status:
        ways = {status: reached.union(*(ways[each] for each in reached)) for status, reached in ways.items()}
    assert all(ways[status] & FINAL or status in FINAL for status in Status)


def test_every_fate_has_its_words() -> None:
    """In the workbook as promised, each with its meaning."""
    assert {fate.value: words.zh for fate, words in FATE_WORDS.items()} == {
        "created": "已创建", "skipped": "已跳过", "accepted": "已受理", "invalid": "数据有误", "changed": "内容已变", "rejected": "被拒绝",
        "in_doubt": "待核实", "unsent": "未发送",
    }  # fmt: skip
    assert set(FATE_MEANING) == set(Fate)


@pytest.mark.parametrize(
    ("status", "fate"),
    [
        ("pending", "unsent"),
        ("sending", "in_doubt"),
        ("in_doubt", "in_doubt"),
        ("created", "created"),
        ("accepted", "accepted"),
        ("rejected", "rejected"),
    ],
)
def test_the_fate_of_a_status(status: str, fate: str) -> None:
    """What is being sent may or may not be there."""
    assert fate_of(Status(status)) is Fate(fate)


@pytest.mark.parametrize(
    ("fates", "code"),
    [
        ([], 0), (["created", "skipped"], 0), (["created", "invalid"], 4), (["changed"], 4), (["rejected", "created"], 4),
        (["in_doubt"], 5), (["unsent", "rejected"], 5), (["accepted"], 5), (["accepted", "rejected"], 5),
    ],
)  # fmt: skip
def test_exit_codes_of_fates(fates: list[str], code: int) -> None:
    """Unfinished before refused before well."""
    assert exit_code(map(Fate, fates)) == code


def test_exit_codes_of_errors_and_of_orders_not_followed() -> None:
    """Any issue of severity error is 4; `accepted` is well with `--no-follow`."""
    assert exit_code([Fate.CREATED], errors=True) == 4
    assert exit_code([Fate.ACCEPTED], follow=False) == 0
    assert exit_code([Fate.IN_DOUBT], follow=False, errors=True) == 5


@given(st.permutations([0, 1, 2, 3, 4, 5, 130]))
def test_of_several_exit_codes_the_gravest_is_given(codes: list[int]) -> None:
    """In the order 1, 2, 130, 5, 3, 4, 0, wherever they stand."""
    for gravest in (1, 2, 130, 5, 3, 4, 0):
        assert first_exit_code(codes) == gravest
        codes = [code for code in codes if code != gravest]
    assert first_exit_code([]) == 0


@given(st.lists(st.sampled_from(list(Fate)), max_size=30))
def test_totals_balance(fates: list[Fate]) -> None:
    """Property: the fates sum to the orders read, and every fate is named."""
    told = Totals.count(len(fates), fates).as_json()
    assert told.pop("read") == len(fates) == sum(told.values())
    assert set(told) == {fate.value for fate in Fate}
    with pytest.raises(ValueError, match="fates for"):
        Totals.count(len(fates) + 1, fates)


@given(st.integers(0, 10**6), st.floats(0, 1), st.none() | st.floats(0, 100))
def test_waits_grow_and_end(waits: int, chance: float, least: float | None) -> None:
    """Property: up to 1, 2, 4 ... 30 s, never less than the remote asked for, never shrinking with the number of refusals."""
    wait = backoff(waits, chance, least)
    assert 0 <= wait <= max(LONGEST_WAIT, least or 0)
    assert backoff(0, chance) <= FIRST_WAIT
    assert wait >= (least or 0)
    assert backoff(waits + 1, chance, least) >= wait
