"""Number formats that show other digits than the number has."""

import pytest

from bulkorders.workbook.masks import read_mask


@pytest.mark.parametrize(
    ("code", "number", "shown"),
    [
        ("00000", 2116, "02116"), ("00000", 123456, "123456"), ("000-0000", 5551234, "555-1234"), ("00000-0000", 21160001, "02116-0001"),
        ('"FBA"000', 7, "FBA007"), ('"FBA"0', 12, "FBA12"), (r"\A000", 1, "A001"), ("(###) ###-####", 2025550123, "(202) 555-0123"),
        ("00000;[Red]-00000", 7, "00007"), ("[$-804]0000", 12, "0012"), ('0"件"', 3, "3件"), ("#", 5, "5"),
    ],
)  # fmt: skip
def test_a_mask_shows_a_number_as_excel_does(code: str, number: int, shown: str) -> None:
    """Zeros are filled up, signs stand at their places, digits beyond the places stay in front."""
    mask = read_mask(code)
    assert (mask.show(number) if mask else str(number)) == shown


@pytest.mark.parametrize(
    "code", ["General", "0", "#,##0", "0.00", "0%", "yyyy-mm-dd", "h:mm", "@", "0.00E+00", "# ?/?", "[>100]000;0", "", "x" * 300]
)
def test_amounts_and_dates_have_no_mask(code: str) -> None:
    """They are read by their value."""
    assert read_mask(code) is None
