"""Texts that are typed into cells: what a cell can hold, which of them are numbers, and what is surely meant by a mistaken one."""

import pytest

from bulkorders.core.cell import column_letter, column_number
from bulkorders.core.correction import Correction, amount, at_its_place, is_too_long, latest, placed, typed
from bulkorders.core.field import Field
from bulkorders.core.issue import Issue, Severity
from bulkorders.core.kinds import Choice, Flag, Integer, Text
from bulkorders.core.refusal import Refusal
from bulkorders.core.suggestion import sure_text
from bulkorders.core.table import Merge, make_table
from bulkorders.core.words import Words


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("3", 3), ("3.0", 3), ("1,200", 1200), (" 2 ", 2), ("１２", 12), ("'7", 7), ("0.1", 0.1), ("-5", -5), ("12.50", 12.5), ("-0", 0),
        ("999999999999999", 999999999999999), ("1000000000000000", None), ("0.1234567890123456", None),
        ("", None), ("x", None), ("3件", None),
        ("1e3", None), ("=1", None),
    ],
)  # fmt: skip
def test_an_amount_is_a_number_where_a_cell_holds_it_exactly(text: str, number: float | None) -> None:
    """A double has fifteen digits: what has more stays text."""
    assert amount(text) == number
    assert not isinstance(amount(text), float) or number != int(number or 0)


def test_a_typed_text_is_what_a_workbook_can_hold() -> None:
    """Without control signs and halves of signs, with one kind of line break; as long as Excel takes it."""
    assert typed("a\0b\x1fc\ud800d\ufffee") == "abcde"
    assert typed("a\r\nb\rc\td") == "a\nb\nc\td"
    assert not is_too_long("x" * 32_767)
    assert not is_too_long("😀" * 16_383)
    assert is_too_long("😀" * 16_384)


def test_the_last_correction_of_a_cell_counts_and_stands_last() -> None:
    """Where it was made, not where the first one was."""
    first, other, last = Correction("s", 1, "A", "x"), Correction("s", 2, "A", "y"), Correction("s", 1, "A", "z")
    assert latest([first, other, last]) == [other, last]


def test_columns_have_numbers_and_letters() -> None:
    """Up to three letters, capitals only."""
    assert [column_number(column_letter(number)) for number in (1, 26, 27, 702, 703, 16_384)] == [1, 26, 27, 702, 703, 16_384]
    for text in ("", "a", "A1", "ＡＡ", "AAAA", "Ä"):
        with pytest.raises(ValueError, match=f"^{text}$"):
            column_number(text)


def test_what_lies_under_a_merged_cell_goes_to_the_cell_that_shows() -> None:
    """Downwards; sideways it is refused. Other sheets and other columns are left alone."""
    table = make_table("s", [["x"] * 4] * 6, [Merge(2, 1, 4, 1), Merge(3, 2, 3, 3), Merge(5, 1, 6, 2)])
    found = placed([table], [Correction("s", 3, "A", "x"), Correction("s", 5, "A", "y"), Correction("t", 3, "A", "z")])
    assert found == {("s", 3, "A"): 2}
    assert at_its_place(Correction("s", 3, "A", "x"), found).row == 2
    refused = placed([table], [Correction("s", 6, "B", "x")])
    assert isinstance(refused, Refusal)
    assert refused.message.zh.startswith("B6 被合并单元格 A5:B6 盖住")


def issue(code: str, value: str) -> Issue:
    """An error at a cell."""
    return Issue(code, Severity.ERROR, Words("", ""), "s", 2, "A", value=value)


@pytest.mark.parametrize(
    ("kind", "code", "value", "text"),
    [
        (Integer(minimum=1), "not_number", "3件", "3"), (Integer(minimum=1), "not_number", "两", "2"),
        (Integer(minimum=1), "not_number", "1O", "10"),
        (Integer(minimum=1), "not_number", "0件", None), (Integer(minimum=1), "not_number", "许多", None),
        (Integer(minimum=1), "too_small", "-1", None), (Integer(), "not_number", "2.5件", None),
        (Choice(("US",), {"美国": "US", "usa": "US"}), "not_choice", " 美国 ", "US"),
        (Choice(("US",), {"usa": "US"}), "not_choice", "USA", "US"),
        (Choice(("US",)), "not_choice", "XX", None), (Flag(1, 0), "not_choice", "也许", None),
        (Text(identifier=True), "made_a_number", "36003.0", "36003"),
        (Text(identifier=True, max_length=3), "made_a_number", "36003.0", None),
        (Text(identifier=True), "digits_lost", "1.2e+15", None),
    ],
)  # fmt: skip
def test_only_what_is_certain_is_proposed(kind: object, code: str, value: str, text: str | None) -> None:
    """And only where the proposal is without an error itself."""
    field = Field("f", "F", kind, "f")  # type: ignore[arg-type]  # any of the kinds
    assert sure_text(field, issue(code, value)) == text
