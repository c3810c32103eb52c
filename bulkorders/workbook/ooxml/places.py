"""Places on a sheet as its XML writes them: `B7`, `A1:X100`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from bulkorders.core.cell import column_letter

from .edits import UnsureError

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
_AREA = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})(?::\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6}))?")


class ColumnNumbers(dict[bytes, int]):
    """Columns by their letters: A is 1. Each is worked out once."""

    def __missing__(self, letters: bytes) -> int:
        number = 0
        for letter in letters:
            number = number * 26 + letter - 64
        if not (letters.isalpha() and letters.isupper() and 0 < number <= LAST_COLUMN):
            raise UnsureError(f"no column: {letters.decode('latin-1')}")
        self[letters] = number
        return number


NUMBERS = ColumnNumbers()


@dataclass(frozen=True)
class Area:
    """A range of cells, its ends included."""

    top: int
    left: int
    bottom: int
    right: int

    @property
    def text(self) -> str:
        """`A1:B2`; a single cell `A1`."""
        first, last = f"{column_letter(self.left)}{self.top}", f"{column_letter(self.right)}{self.bottom}"
        return first if first == last else f"{first}:{last}"

    @property
    def fixed(self) -> str:
        """`$A$1:$B$2`, as defined names have it."""
        return f"${column_letter(self.left)}${self.top}:${column_letter(self.right)}${self.bottom}"


def read_area(text: str) -> Area:
    """A range, or a single cell."""
    found = _AREA.fullmatch(text.strip())
    if found is None:
        raise UnsureError(f"no range: {text[:40]}")
    left, top = NUMBERS[found[1].encode()], int(found[2])
    right, bottom = (NUMBERS[found[3].encode()], int(found[4])) if found[3] else (left, top)
    if left > right or top > bottom or bottom > LAST_ROW:
        raise UnsureError(f"no range: {text[:40]}")
    return Area(top, left, bottom, right)


def read_areas(text: str) -> Iterator[Area]:
    """Ranges with blanks between them."""
    return map(read_area, text.split())
