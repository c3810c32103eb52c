"""A table: the raw cells of one sheet, kept under Excel's own row and column numbers from the first read to the last report."""

from collections.abc import Sequence
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
    """One sheet. `frame` holds the cells as objects; its index are Excel's rows, its columns Excel's column numbers, both from 1."""

    sheet: str
    frame: "pd.DataFrame"
    merges: tuple[Merge, ...] = ()
    hidden: bool = False


def make_table(sheet: str, rows: Sequence[Sequence[Any]], merges: Sequence[Merge] = (), hidden: bool = False) -> Table:
    """A table of rows that begin at cell A1; empty text is no cell."""
    import pandas as pd

    width = max((len(row) for row in rows), default=0)
    padded = [[*row, *[None] * (width - len(row))] if len(row) < width else row for row in rows]
    frame = pd.DataFrame(padded, index=range(1, len(rows) + 1), columns=range(1, width + 1), dtype=object)
    return Table(sheet, frame, tuple(merges), hidden)
