"""Numbers: what each cell is read as, or by which name it is refused."""

import datetime as dt
from decimal import Decimal as Exact

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import cell_codes

from bulkorders.core.cell import plain, shown
from bulkorders.core.kinds import Decimal, Integer, Kind, Reading
from bulkorders.core.words import Words

COUNT = Integer(minimum=1)
MONEY = Decimal()


@pytest.mark.parametrize("raw", [3, 3.0, "3", "３", " 3 ", "3.0", "'3", "\u00a03\u3000", "+3", "3.00"])
def test_spellings_of_a_count(raw: object) -> None:
    """What is surely the number three is three, as an int."""
    reading = COUNT.parse(raw)
    assert reading.value == 3
    assert type(reading.value) is int


@pytest.mark.parametrize("kind", [COUNT, MONEY])
@pytest.mark.parametrize(("raw", "value"), [("1,200", 1200), ("1,234,567", 1234567), ("１，２００", 1200)])
def test_thousands_may_be_parted_by_commas(kind: Kind, raw: str, value: int) -> None:
    """`1,200` is 1200."""
    assert kind.parse(raw).value == value


@pytest.mark.parametrize(
    "raw",
    [
        "三",
        "3件",
        "3-4",
        "1e400",
        "1e3",
        "NaN",
        "nan",
        "inf",
        float("nan"),
        float("inf"),
        True,
        "1,2,3",
        "12,00",
        "3..4",
        "０x1",
        "10²",
        "②",
        "½",
    ],
)
@pytest.mark.parametrize("kind", [COUNT, MONEY])
def test_what_is_no_number_is_refused(kind: Kind, raw: object) -> None:
    """Nothing is guessed into an order: a text that is no number is an error."""
    assert cell_codes(kind, raw) == ["not_number"]
    assert kind.parse(raw).bad


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (-1, "too_small"), ("-1", "too_small"), (0, "too_small"), (2.5, "not_integer"), ("2.5", "not_integer"), (1e300, "too_large"),
        (dt.date(2025, 3, 4), "not_number"),
    ],
)  # fmt: skip
def test_a_count_is_a_whole_number_from_one_on(raw: object, code: str) -> None:
    """-1, 0 and 2.5 are refused, each by its own name."""
    assert cell_codes(COUNT, raw) == [code]


@pytest.mark.parametrize(("raw", "guess"), [("3件", "3"), ("三", "3"), ("２ 个", "2"), ("5 pcs", "5")])
def test_the_number_that_was_surely_meant_is_proposed(raw: str, guess: str) -> None:
    """The message for `3件` asks whether 3 was meant."""
    hint = COUNT.parse(raw).problems[0].values["hint"]
    assert isinstance(hint, Words)
    assert guess in hint.zh
    assert guess in hint.en


@pytest.mark.parametrize(
    ("raw", "value"), [(0.1 + 0.2, "0.3"), ("1.10", "1.1"), (1.23, "1.23"), ("0.1000000000000000000000001", "0.1000000000000000000000001")]
)
def test_money_is_exact(raw: object, value: str) -> None:
    """A double is rounded to what Excel shows, a text is taken digit by digit."""
    read = MONEY.parse(raw).value
    assert isinstance(read, Exact)
    assert read == Exact(value)


def test_more_decimals_than_allowed_are_refused() -> None:
    """Trailing zeros are no decimals."""
    assert cell_codes(Decimal(places=2), "1.230") == []
    assert cell_codes(Decimal(places=2), "1.234") == ["too_many_places"]


def test_full_width_digits_are_read_with_a_note() -> None:
    """The merchant sees other signs than we send, so it is said."""
    assert cell_codes(COUNT, "３") == ["folded"]
    assert cell_codes(MONEY, "１.５") == ["folded"]


@given(st.integers(1, 2**31 - 1))
def test_a_count_that_is_shown_reads_as_itself(number: int) -> None:
    """As text, as an integer and as a double."""
    assert [COUNT.parse(raw) for raw in (shown(number), number, float(number))] == [Reading(number)] * 3


@given(st.decimals(0, 10**9, places=6))
def test_money_that_is_shown_reads_as_itself(number: Exact) -> None:
    """As text and, up to 15 digits, as a double."""
    assert MONEY.parse(shown(number)).value == number
    assert MONEY.parse(plain(number)).value == number
    assert MONEY.parse(float(number)).value == number
