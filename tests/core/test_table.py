"""Tables keep Excel's numbers."""

from bulkorders.core.cell import is_blank
from bulkorders.core.table import Merge, make_table


def test_rows_and_columns_are_counted_like_excels() -> None:
    """Both begin at 1, and cells are kept as they are."""
    table = make_table("S", [["a", 1], [None, 2.0], ["007", True]])
    assert list(table.frame.index) == [1, 2, 3]
    assert [int(column) for column in table.frame.columns] == [1, 2]
    assert [type(cell) for cell in table.frame[2]] == [int, float, bool]
    assert table.frame.loc[3, 1] == "007"


def test_short_rows_end_in_empty_cells() -> None:
    """A row with fewer cells than the widest is blank beyond them."""
    table = make_table("S", [["title"], ["a", "b"], []])
    assert is_blank(table.frame.loc[1, 2])


def test_empty_rows_take_no_place_and_the_others_keep_their_numbers() -> None:
    """A million rows that hold nothing cost nothing."""
    table = make_table("S", [["a"], [], [None, ""], ["b"]])
    assert list(table.frame.index) == [1, 4]


def test_a_merged_range_is_written_as_excel_writes_it() -> None:
    """Letters and numbers, ends included."""
    assert Merge(2, 3, 4, 28).text == "C2:AB4"
