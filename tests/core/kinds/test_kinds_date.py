"""Dates: what each cell is read as, or by which name it is refused."""
# ruff: noqa: DTZ001  # a sheet's times have no zone

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import cell_codes

from bulkorders.core.cell import shown
from bulkorders.core.kinds import Date, Reading

DAY = Date()


@pytest.mark.parametrize(
    "raw",
    [
        dt.date(2022, 12, 9), dt.datetime(2022, 12, 9), "2022-12-09", "2022-12-9", "2022/12/9", "2022.12.9", "2022年12月9日",
        "20221209", 20221209, 20221209.0, "２０２２－１２－０９", " 2022-12-09 ", "2022年 12月 9日",
    ],
)  # fmt: skip
def test_spellings_of_a_day(raw: object) -> None:
    """Real date cells and the ways in which people type a day come out in the page's form."""
    reading = DAY.parse(raw)
    assert reading == Reading(dt.date(2022, 12, 9))
    assert DAY.encode(reading.value) == "2022-12-09"


@pytest.mark.parametrize(
    "raw",
    [
        dt.datetime(2025, 4, 9, 14, 30, 45), dt.datetime(2025, 4, 9, 14, 30, 44, 999_999), "2025-04-09T14:30:45",
        "2025-04-09 14:30:45", "2025/4/9 14:30:45", "2025年4月9日 14:30:45",
    ],
)  # fmt: skip
def test_spellings_of_a_time(raw: object) -> None:
    """A cell with a time of the day keeps it, rounded to the second."""
    assert DAY.encode(DAY.parse(raw).value) == "2025-04-09T14:30:45"


@pytest.mark.parametrize("raw", [dt.datetime(2022, 12, 9), "2022-12-09 00:00:00", "2022-12-09T00:00:00", "2022/12/9 0:00"])
def test_midnight_is_a_day(raw: object) -> None:
    """A date cell carries no time of the day, and its copy as text none either."""
    assert DAY.parse(raw) == Reading(dt.date(2022, 12, 9))


def test_a_date_with_two_readings_is_refused_with_both() -> None:
    """`03/04/2025` is the 4th of March or the 3rd of April."""
    reading = DAY.parse("03/04/2025")
    assert cell_codes(DAY, "03/04/2025") == ["ambiguous_date"]
    assert set(reading.problems[0].values.values()) == {"2025-03-04", "2025-04-03"}


@pytest.mark.parametrize("raw", ["12/25/2025", "25/12/2025", "25-12-2025"])
def test_a_date_with_one_possible_reading_is_read(raw: str) -> None:
    """There is no month 25."""
    assert DAY.parse(raw) == Reading(dt.date(2025, 12, 25))


@pytest.mark.parametrize(
    "raw", ["明天", "2022-13-01", "2022-02-30", "2022-12", "22-12-09", 44904.0, True, dt.time(3), "2022-12/09", "2022-12-09 25:00"]
)
def test_what_is_no_date_is_refused(raw: object) -> None:
    """A day that does not exist, or a number that may be anything, is an error."""
    assert cell_codes(DAY, raw) == ["not_date"]


@given(st.dates() | st.datetimes().map(lambda time: time.replace(microsecond=0)).filter(lambda time: time.time() != dt.time()))
def test_a_date_that_is_shown_reads_as_itself(day: dt.date) -> None:
    """Both the form in messages and the form in the payload are read back."""
    assert DAY.parse(shown(day)) == Reading(day)
    assert DAY.parse(DAY.encode(day)) == Reading(day)
    assert DAY.parse(day) == Reading(day)
