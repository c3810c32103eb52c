"""Kinds: what each cell is read as, or by which name it is refused."""
# ruff: noqa: DTZ001, DTZ901  # a sheet's times have no zone

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal as Exact
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bulkorders.core.cell import plain, shown
from bulkorders.core.kinds import Choice, Date, Decimal, Flag, Integer, Kind, Reading, Text
from bulkorders.core.words import Words

ID = Text(identifier=True)
COUNT = Integer(minimum=1)
MONEY = Decimal()
DAY = Date()
FLAG = Flag("是", "否")
MAILBOX_WORDS = Words("邮箱地址", "a mail address")
ALL_KINDS: Sequence[Kind] = (
    Text(),
    ID,
    Text(identifier=True, max_length=5, pattern="[A-Z]+", pattern_words=MAILBOX_WORDS, limit=3),
    COUNT,
    MONEY,
    Decimal(places=2),
    DAY,
    FLAG,
    Choice(("立即配送", "保留订单")),
    Choice(("US", "JP"), proposals={"美国": "US"}, others="[A-Z]{2}", listed=False, listed_words=Words("简码", "a code")),
)
PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters="\u00ad"), min_size=1, max_size=30)
RAW = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=50), st.dates(), st.datetimes(), st.times(), st.timedeltas()
)


def codes(kind: Kind, raw: Any) -> list[str]:
    """The names of all that there is to say about a cell: what parsing finds, else what constraints find."""
    reading = kind.parse(raw)
    if reading.problems or reading.value is None:
        return [problem.code.name for problem in reading.problems]
    return [constraint.code.name for constraint in kind.constraints() if not constraint.holds(reading.value)]


# -- identifiers ------------------------------------------------------------------------------


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
    assert codes(ID, raw) == ["digits_lost"]
    assert reading.bad
    assert "文本" in reading.problems[0].code.message.zh  # the remedy: format the column as text


@pytest.mark.parametrize(("raw", "value"), [("ＡＢ－１２", "AB-12"), ("１０００", "1000"), ("A　B", "A B")])
def test_full_width_signs_of_an_identifier_are_folded_with_a_note(raw: str, value: str) -> None:
    """An identifier is folded to half width, and that is said."""
    assert ID.parse(raw).value == value
    assert codes(ID, raw) == ["folded"]


@pytest.mark.parametrize("raw", ["ＡＢ－１２", "张三（收）", "Straße １号"])
def test_full_width_signs_of_names_and_addresses_stay(raw: str) -> None:
    """What a name or an address says is not ours to change."""
    assert Text().parse(raw) == Reading(raw)


@pytest.mark.parametrize("kind", [ID, Text()])
@pytest.mark.parametrize("raw", [dt.date(2022, 12, 9), dt.datetime(2022, 12, 9, 1), dt.time(3), dt.timedelta(1)])
def test_text_that_excel_made_a_date_is_refused(kind: Kind, raw: object) -> None:
    """An MSKU `3-4` that has become a date is an error that says so."""
    assert codes(kind, raw) == ["date_found"]


def test_upper_case_is_given_where_it_is_asked_for() -> None:
    """Codes that know no lower case are raised."""


# -- text ------------------------------------------------------------------------------


def test_a_line_break_inside_a_text_is_a_warning() -> None:
    """Labels may cut a second line; one at the end is trimmed and nothing."""
    assert codes(Text(), "1 Main St\nUnit 4") == ["line_break"]
    assert codes(Text(), "1 Main St\r\nUnit 4") == ["line_break"]
    assert Text().parse("1 Main St\n") == Reading("1 Main St")


def test_lengths_and_patterns_of_a_text() -> None:
    """Too long and of a wrong form are errors, beyond the marketplace's limit is a warning."""
    kind = Text(max_length=5, limit=3, pattern="[a-z]+", pattern_words=MAILBOX_WORDS, unusual=(("zz", Words("怪", "odd")),))
    assert codes(kind, "abc") == []
    assert codes(kind, "abcd") == ["longer_than_limit"]
    assert codes(kind, "abcdef") == ["too_long", "longer_than_limit"]
    assert codes(kind, "a1") == ["pattern"]
    assert codes(kind, "azz") == ["unusual"]


# -- numbers ------------------------------------------------------------------------------


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
    assert codes(kind, raw) == ["not_number"]
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
    assert codes(COUNT, raw) == [code]


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
    assert codes(Decimal(places=2), "1.230") == []
    assert codes(Decimal(places=2), "1.234") == ["too_many_places"]


def test_full_width_digits_are_read_with_a_note() -> None:
    """The merchant sees other signs than we send, so it is said."""
    assert codes(COUNT, "３") == ["folded"]
    assert codes(MONEY, "１.５") == ["folded"]


# -- dates ------------------------------------------------------------------------------


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
    assert codes(DAY, "03/04/2025") == ["ambiguous_date"]
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
    assert codes(DAY, raw) == ["not_date"]


# -- choices and flags ------------------------------------------------------------------------------


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
    assert codes(FLAG, raw) == ["not_choice"]


def test_choices_are_folded_and_others_refused() -> None:
    """Width and case do not matter; a word that means a value is refused with that value; an unknown of the right form is a warning."""
    kind = Choice(("US", "JP"), proposals={"美国": "US"}, others="[A-Z]{2}")
    assert kind.parse("us") == Reading("US")
    assert kind.parse(" JP\u3000") == Reading("JP")
    assert kind.parse("ＵＳ").value == "US"
    assert codes(kind, "ＵＳ") == ["folded"]
    assert codes(kind, "美国") == ["not_choice"]
    assert "US" in str(kind.parse("美国").problems[0].values["remedy"])
    assert codes(kind, "XK") == ["unknown_choice"]
    assert codes(kind, "America") == ["not_choice"]


# -- all kinds ------------------------------------------------------------------------------


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


@given(st.dates() | st.datetimes().map(lambda time: time.replace(microsecond=0)).filter(lambda time: time.time() != dt.time()))
def test_a_date_that_is_shown_reads_as_itself(day: dt.date) -> None:
    """Both the form in messages and the form in the payload are read back."""
    assert DAY.parse(shown(day)) == Reading(day)
    assert DAY.parse(DAY.encode(day)) == Reading(day)
    assert DAY.parse(day) == Reading(day)


@pytest.mark.parametrize("kind", [each for each in ALL_KINDS if isinstance(each, Choice)])
def test_a_choice_that_is_shown_reads_as_itself(kind: Choice) -> None:
    """Every word of the drop-down is accepted."""
    assert [kind.parse(shown(value)) for value in kind.values] == [Reading(value) for value in kind.values]


@pytest.mark.parametrize("value", [True, False])
def test_a_flag_that_is_shown_reads_as_itself(value: bool) -> None:
    """As the cell, and as the words of the drop-down."""
    assert FLAG.parse(shown(value)) == Reading(value)
    assert FLAG.parse(FLAG.choices[0 if value else 1]) == Reading(value)
