"""CSV and its kin to a table: `,`, tab, `;` or `|` between the cells; every cell is text.

A row's number is the one that Excel and WPS show: a record with line breaks in quotes is one row.
"""

import codecs
import csv
import re
from collections import Counter
from pathlib import Path

from bulkorders.core.refusal import ENCODING_UNKNOWN, QUOTES_UNPAIRED, TOO_LARGE_FILE, Refusal, refuse
from bulkorders.core.table import Table, make_table
from bulkorders.core.words import Words

from .limits import MOST_CHARACTERS, MOST_ROWS, too_large

SHEET = "Sheet1"
_DELIMITERS = ",\t;|"
_LOOKED_AT = 200
"""Records that tell the delimiter."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SEPARATOR = re.compile(r"\ufeff?sep=(.)\r?\n", re.IGNORECASE)
_AS_TEXT = re.compile(r'="((?:[^"]|"")*)"')
_ALONE = re.compile(rb"(?<![\x81-\xfe])[\x81-\xfe](?![\xa1-\xfe])")
_PAIR = re.compile(rb"[\xa1-\xfe][\xa1-\xfe]")


def read_text(path: Path) -> list[Table] | Refusal:
    """The only sheet of a text file."""
    text = decode(path.read_bytes())
    if text is None:
        return refuse(ENCODING_UNKNOWN)
    delimiter, start = _delimiter(text)
    rows: list[list[str]] = []
    width = 0
    csv.field_size_limit(MOST_CHARACTERS)
    reader = csv.reader(_lines(text, start), delimiter=delimiter, strict=True)
    try:
        for record in reader:
            rows.append([_unwrapped(cell) for cell in record])
            width = max(width, len(record))
            if len(rows) > MOST_ROWS:
                break
    except csv.Error as error:
        return _refused(str(error), len(rows) + 1)
    return too_large(SHEET, len(rows), width) or [make_table(SHEET, rows)]


def decode(content: bytes) -> str | None:
    """The text: by its byte-order mark, else UTF-8, else GB18030; None where it is neither.

    GB18030 takes almost any bytes for Chinese, a lone accented letter of Latin-1 and its neighbour too: it has to have pairs.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _decoded(content, encoding)
    text = _decoded(content, "utf-8")
    if text is not None:
        return text
    is_chinese = len(_PAIR.findall(content)) > len(_ALONE.findall(content))
    return _decoded(content, "gb18030") if is_chinese else None


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _lines(text: str, start: int = 0) -> list[str]:
    """Lines with their ends: only those that end a line of a text file, not the many that `str.splitlines` knows."""
    return re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text[start:] if start else text)


def _delimiter(text: str) -> tuple[str, int]:
    """What stands between the cells, and where the first row begins: Excel's own line `sep=;` says so and is no row."""
    if said := _SEPARATOR.match(text):
        return said[1], said.end()
    lines = _lines(text[: _LOOKED_AT * 2000])[:_LOOKED_AT]
    return max(_DELIMITERS, key=lambda delimiter: _fit(lines, delimiter)), 0


def _fit(lines: list[str], delimiter: str) -> int:
    """How well lines fall into a table: cells of the records that have the most usual width, which is more than one."""
    try:
        widths = Counter(len(record) for record in csv.reader(lines, delimiter=delimiter) if len(record) > 1)
    except csv.Error:
        return 0
    return max((width * count for width, count in widths.items()), default=0)


def _unwrapped(cell: str) -> str:
    """A cell as Excel shows it: `="00123"` is how a text file keeps the zeros of a number."""
    found = _AS_TEXT.fullmatch(cell)
    return found[1].replace('""', '"') if found else cell


def _refused(error: str, row: int) -> Refusal:
    if "limit" in error:
        what = Words(f"第 {row} 行一个格子的字符数", f"characters of a cell in row {row}")
        return refuse(TOO_LARGE_FILE, what=what, found=Words("更多", "more"), limit=MOST_CHARACTERS)
    return refuse(QUOTES_UNPAIRED, row=row)
