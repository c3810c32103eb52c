"""A workbook's cells as people see them, written as text to a folder: who looks at them reads single pages, and no cell goes any other way.

Of each sheet two files. `0.rows` has a line of JSON for each row that has cells: its number and the texts of its cells. `0.index` has two
numbers of eight bytes for each of these lines: the row's number and where its line begins; and at the end, for row 0, how wide the sheet
is.
"""

import errno
import json
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bulkorders.core.cell import shown
from bulkorders.core.table import Table

ENTRY = struct.Struct("<QQ")
LONGEST_SHOWN = 2_000
"""Characters of a cell; what is longer ends with `…`."""
MOST_BYTES = 512 * 1024 * 1024
"""Of all sheets: a long text may stand in millions of cells."""


def write_grid(tables: Sequence[Table], sheets: Sequence[str], folder: Path) -> None:
    """Writes the sheets of these names, each under its place in the list. Raises OSError, where it is too much too."""
    by_name, left = {table.sheet: table for table in tables}, MOST_BYTES
    for number, name in enumerate(sheets):
        table = by_name.get(name)
        with (folder / f"{number}.rows").open("wb") as rows, (folder / f"{number}.index").open("wb") as index:
            if table is None:
                continue
            at = 0
            for row, *cells in table.frame.itertuples(name=None):
                line = json.dumps([row, [_text(raw) for raw in cells]], ensure_ascii=False, separators=(",", ":")) + "\n"
                index.write(ENTRY.pack(row, at))
                size = rows.write(line.encode("utf-8", "replace"))
                at, left = at + size, left - size
                if left < 0:
                    raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
            index.write(ENTRY.pack(0, table.frame.shape[1]))


def _text(raw: Any) -> str:
    text = shown(raw)
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"
