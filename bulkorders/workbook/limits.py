"""How large a sheet may be, in every format."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from bulkorders.core.cell import column_letter
from bulkorders.core.refusal import TOO_LARGE_FILE, Refusal, refuse
from bulkorders.core.words import Words

MOST_CELLS = 40_000_000
MOST_COLUMNS = 500
MOST_ROWS = 1_048_576
MOST_CHARACTERS = 32_767
"""In a cell: Excel's own limit."""


def too_large(sheet: str, height: int, width: int) -> Refusal | None:
    """Why a sheet of so many rows and columns is not read, if it is not."""
    sizes = (
        (Words(f"工作表「{sheet}」的列数", f'columns of sheet "{sheet}"'), width, MOST_COLUMNS),
        (Words(f"工作表「{sheet}」的行数", f'rows of sheet "{sheet}"'), height, MOST_ROWS),
        (Words(f"工作表「{sheet}」的格子数", f'cells of sheet "{sheet}"'), height * width, MOST_CELLS),
    )
    return next((refuse(TOO_LARGE_FILE, what=what, found=found, limit=limit) for what, found, limit in sizes if found > limit), None)


class OverLimitError(Exception):
    """A limit that is met in the midst of a sheet; `read_tables` gives the refusal."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def bounded(sheet: str, rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    """The rows from the first on. Raises OverLimitError at a cell with more characters than Excel's have: many such fill the memory."""
    for number, row in enumerate(rows, 1):
        for at, cell in enumerate(row if any(row) else (), 1):  # a million empty rows cost little
            if cell.__class__ is str and len(cell) > MOST_CHARACTERS:
                place = f"{column_letter(at)}{number}"
                what = Words(f"工作表「{sheet}」格子 {place} 的字符数", f'characters of cell {place} of sheet "{sheet}"')
                raise OverLimitError(refuse(TOO_LARGE_FILE, what=what, found=len(cell), limit=MOST_CHARACTERS))
        yield row
