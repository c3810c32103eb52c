"""Text and identifiers: what each cell is read as, or by which name it is refused."""
# ruff: noqa: DTZ001  # a sheet's times have no zone

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import cell_codes

from bulkorders.core.cell import shown
from bulkorders.core.kinds import Kind, Reading, Text
from bulkorders.core.words import Words

ID = Text(identifier=True)
PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="\u00ad"), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        (1000796, "1000796"), (1000796.0, "1000796"), (36003.0, "36003"), (999_999_999_999_999.0, "999999999999999"),
        ("0012", "0012"), (" 1000796 ", "1000796"), ("1000796\t", "1000796"), ("\u00a0A-1\u3000", "A-1"), ("\u200bA1\ufeff", "A1"),
        ("1e5", "1e5"), ("2E10-RED", "2E10-RED"), ("0.10", "0.10"),
    ],
)  # fmt: skip
def test_an_identifier_is_its_text(raw: object, value: str) -> None:
    """Order numbers, postcodes, phone numbers and MSKUs never pass through float: no `.0`, no exponent, no lost zero."""
    assert ID.parse(raw) == Reading(value)


@pytest.mark.parametrize(
    "raw", [1e15, 1234567890123456.0, 12345678901234567890, 1.23457e18, -1e16, "1.23457E+14", "1.2E14", "１.２３Ｅ＋１４"]
)
def test_an_identifier_that_lost_digits_is_refused(raw: object) -> None:
    """A numeric cell of more than 15 digits, or the text that Excel shows for one, has already lost its last digits."""
    reading = ID.parse(raw)
    assert cell_codes(ID, raw) == ["digits_lost"]
    assert reading.bad
    assert "文本" in reading.problems[0].code.message.zh  # the remedy: format the column as text


@pytest.mark.parametrize(("raw", "value"), [("ＡＢ－１２", "AB-12"), ("１０００", "1000"), ("A　B", "A B")])
def test_full_width_signs_of_an_identifier_are_folded_with_a_note(raw: str, value: str) -> None:
    """An identifier is folded to half width, and that is said."""
    assert ID.parse(raw).value == value
    assert cell_codes(ID, raw) == ["folded"]


@pytest.mark.parametrize("raw", ["ＡＢ－１２", "张三（收）", "Straße １号"])
def test_full_width_signs_of_names_and_addresses_stay(raw: str) -> None:
    """What a name or an address says is not ours to change."""
    assert Text().parse(raw) == Reading(raw)


@pytest.mark.parametrize("kind", [ID, Text()])
@pytest.mark.parametrize("raw", [dt.date(2022, 12, 9), dt.datetime(2022, 12, 9, 1), dt.time(3), dt.timedelta(1)])
def test_text_that_excel_made_a_date_is_refused(kind: Kind, raw: object) -> None:
    """An MSKU `3-4` that has become a date is an error that says so."""
    assert cell_codes(kind, raw) == ["date_found"]


def test_a_line_break_inside_a_text_is_a_warning() -> None:
    """Labels may cut a second line; one at the end is trimmed and nothing."""
    assert cell_codes(Text(), "1 Main St\nUnit 4") == ["line_break"]
    assert cell_codes(Text(), "1 Main St\r\nUnit 4") == ["line_break"]
    assert Text().parse("1 Main St\n") == Reading("1 Main St")


def test_lengths_and_patterns_of_a_text() -> None:
    """Too long and of a wrong form are errors, beyond the marketplace's limit is a warning."""
    kind = Text(
        max_length=5, limit=3, pattern="[a-z]+", pattern_words=Words("小写字母", "small letters"), unusual=(("zz", Words("怪", "odd")),)
    )
    assert cell_codes(kind, "abc") == []
    assert cell_codes(kind, "abcd") == ["longer_than_limit"]
    assert cell_codes(kind, "abcdef") == ["too_long", "longer_than_limit"]
    assert cell_codes(kind, "a1") == ["pattern"]
    assert cell_codes(kind, "azz") == ["unusual"]


@given(PRINTABLE)
def test_a_text_that_is_shown_reads_as_itself(text: str) -> None:
    """Writing a text into a cell and reading it again changes nothing."""
    assert Text().parse(shown(text)).value == text


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=30))
def test_an_identifier_that_is_shown_reads_as_itself(text: str) -> None:
    """An identifier of ASCII signs comes back as it is, unless it looks like a number that has lost digits, or is one made text by `'`."""
    reading = ID.parse(shown(text))
    assert reading.value == text or reading.problems[0].code.name == "digits_lost" or reading.value == text.removeprefix("'")


def test_the_apostrophe_that_makes_a_cell_text_is_no_part_of_an_identifier() -> None:
    """Pasted or exported, it stays before the digits; that it was left out is said. A name may begin with one."""
    reading = ID.parse("'00123")
    assert (reading.value, [problem.code.name for problem in reading.problems]) == ("00123", ["folded"])
    assert Text().parse("'t Hooft").value == "'t Hooft"
