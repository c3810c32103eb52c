"""Choices and flags: what each cell is read as, or by which name it is refused."""

import pytest
from making import cell_codes

from bulkorders.core.cell import shown
from bulkorders.core.kinds import Choice, Flag, Reading

FLAG = Flag("是", "否")
DELIVERY = Choice(("立即配送", "保留订单"))
COUNTRY = Choice(("US", "JP"), proposals={"美国": "US"}, others="[A-Z]{2}")


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        *((yes, True) for yes in ("是", "Y", "y", "yes", "Yes", "TRUE", "true", True, 1, 1.0, "1", "Ｙ", " 是 ")),
        *((no, False) for no in ("否", "N", "n", "no", "NO", "FALSE", "false", False, 0, 0.0, "0", "Ｎ", "否\u3000")),
    ],
)  # fmt: skip
def test_spellings_of_yes_and_no(raw: object, value: bool) -> None:
    """是/否, Y/N, yes/no, TRUE/FALSE, 1/0 are flags, and the payload has the words that the API asks for."""
    reading = FLAG.parse(raw)
    assert reading.value is value
    assert not reading.bad
    assert FLAG.encode(reading.value) == ("是" if value else "否")


@pytest.mark.parametrize("raw", ["可以", "2", 2, "maybe", "是否"])
def test_what_is_neither_yes_nor_no_is_refused(raw: object) -> None:
    """A flag is never guessed."""
    assert cell_codes(FLAG, raw) == ["not_choice"]


def test_choices_are_folded_and_others_refused() -> None:
    """Width and case do not matter; a word that means a value is refused with that value; an unknown of the right form is a warning."""
    assert COUNTRY.parse("us") == Reading("US")
    assert COUNTRY.parse(" JP\u3000") == Reading("JP")
    assert COUNTRY.parse("ＵＳ").value == "US"
    assert cell_codes(COUNTRY, "ＵＳ") == ["folded"]
    assert cell_codes(COUNTRY, "美国") == ["not_choice"]
    assert "US" in str(COUNTRY.parse("美国").problems[0].values["remedy"])
    assert cell_codes(COUNTRY, "XK") == ["unknown_choice"]
    assert cell_codes(COUNTRY, "America") == ["not_choice"]


@pytest.mark.parametrize("kind", [DELIVERY, COUNTRY])
def test_a_choice_that_is_shown_reads_as_itself(kind: Choice) -> None:
    """Every word of the drop-down is accepted."""
    assert [kind.parse(shown(value)) for value in kind.values] == [Reading(value) for value in kind.values]


@pytest.mark.parametrize("value", [True, False])
def test_a_flag_that_is_shown_reads_as_itself(value: bool) -> None:
    """As the cell, and as the words of the drop-down."""
    assert FLAG.parse(shown(value)) == Reading(value)
    assert FLAG.parse(FLAG.choices[0 if value else 1]) == Reading(value)
