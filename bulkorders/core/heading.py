"""Heading cells to labels: a row's own texts, and those of a row above that groups or merges with it.

In a header of two rows the upper one tells repeated names apart (`装箱单` above `订单号`), and a heading that is merged over both
stands in the upper one.
"""

from collections.abc import Collection, Container, Iterator, Mapping, Sequence

from .cell import is_blank
from .label import Label, fold, read_label
from .table import Merge, Table


def read_headings(table: Table, row: int, known: Container[str], merges: Mapping[int, Sequence[Merge]]) -> dict[int, Label]:
    """The labels of a row by Excel's column number; one that only with its group is `known` (folded) has both.

    `merges`: the merged ranges that may matter, which are few of a sheet's many, by their first column.
    """
    cells = table.frame.loc[row]
    above = dict(_above(table, row, merges))
    found = {}
    for number, raw in cells.items():
        own = read_label(raw if not is_blank(raw) else _spanned(table, row, int(number), merges))  # type: ignore[call-overload]  # columns are numbers
        if own is not None:
            found[int(number)] = _grouped(own, above.get(int(number)), known)  # type: ignore[call-overload]  # see above
    return found


MOST_BELOW = 2
"""Rows that a header may reach down in merged cells; a taller merge is a note beside the table, or a mistake."""


def header_end(table: Table, row: int, columns: Collection[int]) -> int:
    """The last row of a header: a heading of one of these columns that is merged downwards belongs to it as a whole.

    A row that has something in one of the other columns is data, however a heading was merged.
    """
    ends = (merge.bottom for merge in table.merges if merge.left in columns and merge.top <= row <= merge.bottom <= row + MOST_BELOW)
    end, last = row, max(ends, default=row)
    while end < last and end + 1 in table.frame.index and all(is_blank(raw) for raw in table.frame.loc[end + 1, list(columns)]):
        end += 1
    return end


def _grouped(own: Label, group: Label | None, known: Container[str]) -> Label:
    if group is None or (whole := fold(group.text) + own.folded) not in known:
        return own
    return Label(f"{group.text}-{own.text}", whole, own.unit, own.unit_text)


def _above(table: Table, row: int, merges: Mapping[int, Sequence[Merge]]) -> Iterator[tuple[int, Label]]:
    """The texts of the row above, each over all columns that its cell spans."""
    if row - 1 not in table.frame.index:
        return
    for number, raw in table.frame.loc[row - 1].items():
        if (label := read_label(raw)) is not None:
            left = int(number)  # type: ignore[call-overload]  # columns are numbers
            merge = next((each for each in merges.get(left, ()) if each.top == each.bottom == row - 1), None)
            yield from ((column, label) for column in range(left, (merge.right if merge else left) + 1))


def _spanned(table: Table, row: int, column: int, merges: Mapping[int, Sequence[Merge]]) -> object:
    """What a cell that begins above reaches down to this one; None where none does."""
    merge = next((each for each in merges.get(column, ()) if each.top < row <= each.bottom), None)
    if merge is None or merge.top not in table.frame.index:
        return None
    return table.frame.at[merge.top, column]
