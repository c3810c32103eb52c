"""How large a sheet may be, in every format."""

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
