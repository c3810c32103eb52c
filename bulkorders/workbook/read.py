"""A file to tables, whatever its format. Only ever called in the child process: hostile files abort readers, or fill the memory."""

from pathlib import Path

from bulkorders.core.refusal import Refusal
from bulkorders.core.table import Table

from .limits import OverLimitError
from .sniff import Format, sniff


def read_tables(path: Path, *, with_marks: bool = True) -> list[Table] | Refusal:
    """The worksheets in the file's own order, hidden ones with no cells; a text file is one. Raises OSError, and what readers raise.

    `with_marks`: cells that a bare value would not tell are `Mark`s.
    """
    try:
        return _read(path, with_marks)
    except OverLimitError as over:
        return over.refusal


def _read(path: Path, with_marks: bool) -> list[Table] | Refusal:
    match sniff(path):
        case Format.XLSX:
            from .read_xlsx import read_xlsx

            return read_xlsx(path, with_marks=with_marks)
        case Format.XLS:
            from .read_xls import read_xls

            return read_xls(path, with_marks=with_marks)
        case Format.TEXT:
            from .read_text import read_text

            return read_text(path)
        case refused:
            return refused
