"""Cells as people see them: trimming, folding, exact numbers and their plain text."""
# ruff: noqa: DTZ001  # a sheet's times have no zone

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkorders.core.cell import column_letter, exact, half_width, is_blank, plain, shown, trim

FINITE = st.decimals(allow_nan=False, allow_infinity=False)


@pytest.mark.parametrize("blank", [" ", "\t", "\r\n", "\u00a0", "\u3000", "\u200b", "\ufeff", "\u200e", "\u2060"])
def test_blanks_and_invisible_characters_around_a_text_are_trimmed(blank: str) -> None:
    """Blanks, NBSP, full-width blanks, zero-width characters and BOMs at both ends are no content."""
    assert trim(f"{blank}{blank}AB 12{blank}") == "AB 12"
    assert is_blank(blank)


@given(st.text())
def test_trimming_twice_is_trimming_once(text: str) -> None:
    """Whatever is left after trimming has no blank at its ends."""
    assert trim(trim(text)) == trim(text)


@given(st.text())
def test_full_width_signs_become_their_ascii_twins_and_nothing_else_changes(text: str) -> None:
    """Only full-width ASCII and the full-width blank are folded: Chinese stays as it is."""
    for before, after in zip(text, half_width(text), strict=True):
        is_wide = "！" <= before <= "～" or before == "\u3000"
        assert (after.isascii() and after != before) if is_wide else after == before


@pytest.mark.parametrize(
    ("cell", "value"),
    [(0.1 + 0.2, "0.3"), (1.1 * 3, "3.3"), (1000796.0, "1000796"), (1e20, "100000000000000000000"), (2.5e-7, "0.00000025"), (-0.0, "0")],
)
def test_a_double_is_what_excel_shows_of_it(cell: float, value: str) -> None:
    """A double is rounded to 15 significant digits and written plain."""
    assert plain(exact(cell)) == value


@given(st.decimals(-(10**14), 10**14, places=3).filter(lambda number: len(number.as_tuple().digits) <= 15))
def test_a_decimal_of_15_digits_survives_being_a_double(number: Decimal) -> None:
    """What a merchant typed comes back exactly out of the double that Excel made of it."""
    assert exact(float(number)) == number


@given(FINITE)
def test_plain_text_has_no_exponent_no_trailing_zeros_and_the_same_value(number: Decimal) -> None:
    """Every decimal is written so that no verifier reads it differently."""
    text = plain(number)
    assert "e" not in text.casefold()
    assert Decimal(text) == number
    assert "." not in text or not text.endswith(("0", "."))
    assert text != "-0"


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""), (True, "TRUE"), (False, "FALSE"), (1000796, "1000796"), (1000796.0, "1000796"), (Decimal("1.50"), "1.5"),
        (dt.date(2022, 12, 9), "2022-12-09"), (dt.datetime(2022, 12, 9), "2022-12-09"),
        (dt.datetime(2022, 12, 9, 14, 30, 45), "2022-12-09 14:30:45"), (dt.time(14, 30), "14:30:00"), ("x", "x"),
    ],
)  # fmt: skip
def test_a_cell_is_shown_as_people_see_it(cell: object, text: str) -> None:
    """A message quotes the cell so that the merchant finds it."""
    assert shown(cell) == text


@given(st.integers(1, 16384))
def test_letters_of_columns_count_like_excel(number: int) -> None:
    """The letters are a number to the base of 26 without a zero."""
    letters = column_letter(number)
    value = 0
    for letter in letters:
        value = value * 26 + ord(letter) - 64
    assert value == number
    assert letters.isalpha()
