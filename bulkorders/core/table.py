"""A table: the raw cells of one sheet, kept under Excel's own row and column numbers from the first read to the last report."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from .cell import column_letter

if TYPE_CHECKING:
    import pandas as pd


class Merge(NamedTuple):
    """A merged range by Excel's numbers, counted from 1, ends included."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def text(self) -> str:
        """As Excel writes it: `C2:C4`."""
        return f"{column_letter(self.left)}{self.top}:{column_letter(self.right)}{self.bottom}"


@dataclass(frozen=True)
class Table:
    """One sheet. `frame` holds the cells as objects; its index are Excel's rows, its columns Excel's column numbers, both from 1.

    Empty rows are not in it: a sheet that says it has a million rows and holds two costs as much as one of two.
    """

    sheet: str
    frame: "pd.DataFrame"
    merges: tuple[Merge, ...] = ()
    hidden: bool = False
    hidden_rows: tuple[int, ...] = ()
    """Excel's rows that are hidden or filtered out; they are read like others."""
    used_columns: int = 0
    """The last column with anything in it, where that lies beyond the frame: a formula that was never calculated has nothing to read."""

    @property
    def last_column(self) -> int:
        """The last column that is used, by a cell that is read or by one that is not."""
        return max(self.frame.shape[1], self.used_columns)


def make_table(
    sheet: str,
    rows: Iterable[Sequence[Any]],
    merges: Sequence[Merge] = (),
    hidden: bool = False,
    hidden_rows: Sequence[int] = (),
    used_columns: int = 0,
) -> Table:
    """A table of rows that begin at cell A1; empty text is no cell."""
    import pandas as pd

    kept = {number: row for number, row in enumerate(rows, 1) if row.count(None) + row.count("") < len(row)}
    width = max((len(row) for row in kept.values()), default=0)
    padded = [[*row, *[None] * (width - len(row))] if len(row) < width else row for row in kept.values()]
    frame = pd.DataFrame(padded, index=list(kept), columns=range(1, width + 1), dtype=object)
    return Table(sheet, frame, tuple(merges), hidden, tuple(hidden_rows), used_columns)
