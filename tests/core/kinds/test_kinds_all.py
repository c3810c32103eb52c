"""What holds of every kind."""
# ruff: noqa: DTZ901  # a sheet's times have no zone

import datetime as dt
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulkorders.core.kinds import Choice, Date, Decimal, Flag, Integer, Kind, Reading, Text
from bulkorders.core.words import Words

ALL_KINDS: Sequence[Kind] = (
    Text(),
    Text(identifier=True),
    Text(identifier=True, max_length=5, pattern="[A-Z]+", pattern_words=Words("大写字母", "capitals"), limit=3),
    Integer(minimum=1),
    Decimal(),
    Decimal(places=2),
    Date(),
    Flag("是", "否"),
    Choice(("立即配送", "保留订单")),
    Choice(("US", "JP"), proposals={"美国": "US"}, others="[A-Z]{2}", listed=False, listed_words=Words("简码", "a code")),
)
RAW = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=50), st.dates(), st.datetimes(), st.times(), st.timedeltas()
)


@pytest.mark.parametrize("kind", ALL_KINDS)
@pytest.mark.parametrize("raw", [None, "", "  ", "\u3000", "\u00a0\u200b\ufeff\t\n"])
def test_a_blank_cell_has_no_value_and_nothing_to_say(kind: Kind, raw: object) -> None:
    """Blank is no value of any kind; whether it may be blank is the order's matter."""
    assert kind.parse(raw) == Reading()


@pytest.mark.parametrize("kind", ALL_KINDS)
@given(raw=RAW)
@example(raw=dt.datetime.max)
@example(raw="9" * 5000)
@example(raw="\ud800")
def test_every_cell_is_read_or_refused_by_name(kind: Kind, raw: Any) -> None:
    """No content of a cell raises: a value, a blank, or a reason."""
    reading = kind.parse(raw)
    assert reading.bad == (reading.value is None and bool(reading.problems))
    if reading.value is not None:
        assert all(constraint.holds(reading.value) in (True, False) for constraint in kind.constraints())


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_every_kind_says_what_may_be_typed(kind: Kind) -> None:
    """The hint of a required cell and the comment of the blank template come from here."""
    assert kind.describe().zh
    assert kind.describe().en
