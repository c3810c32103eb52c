"""Writes the smallest `.xls` that is one: Excel 97's records in a compound document. No library that could be trusted writes it.

Sources: [MS-XLS] 2.4 (records), [MS-CFB] 2 (sectors). Enough for tests: text, numbers with a format, error cells, merged and hidden.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512
_LEAST = 4096
"""Shorter streams would lie elsewhere."""
_FREE, _END, _FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_LONGEST = 8224
Cell = str | float | None


@dataclass(frozen=True)
class Error:
    """A cell that shows an error: 7 is `#DIV/0!`, 42 `#N/A`."""

    code: int = 42


@dataclass(frozen=True)
class Formatted:
    """A number with a format of its own."""

    number: float
    code: str = "00000"


def write_xls(
    path: Path,
    rows: Sequence[Sequence[Cell | Error | Formatted]],
    *,
    name: str = "Sheet1",
    merges: Sequence[tuple[int, int, int, int]] = (),
    hidden_rows: Sequence[int] = (),
) -> None:
    """A workbook of one sheet. `merges`: first and last row, first and last column; rows and columns count from 0."""
    path.write_bytes(compound(stream(rows, name, merges, hidden_rows)))


def stream(
    rows: Sequence[Sequence[Cell | Error | Formatted]], name: str, merges: Sequence[tuple[int, int, int, int]], hidden_rows: Sequence[int]
) -> bytes:
    """The records of a workbook."""
    texts = list(dict.fromkeys(cell for row in rows for cell in row if isinstance(cell, str)))
    codes = list(dict.fromkeys(cell.code for row in rows for cell in row if isinstance(cell, Formatted)))
    formats = [_record(0x41E, struct.pack("<H", 164 + at) + _text(code, "<H")) for at, code in enumerate(codes)]
    styles = [_style(0, is_style=True)] * 15 + [_style(0)] + [_style(164 + at) for at in range(len(codes))]
    head = b"".join(
        [_record(0x809, struct.pack("<HHHHLL", 0x600, 5, 0x0DBB, 0x07CC, 0, 6)), _record(0x42, struct.pack("<H", 1200)), *[_font()] * 4,
         *formats, *styles]
    )  # fmt: skip
    sst = _strings(texts)
    bound = len(_record(0x85, struct.pack("<LBB", 0, 0, 0) + _text(name, "<B")))
    offset = len(head) + bound + len(sst) + len(_record(0x0A, b""))
    sheet = [_record(0x809, struct.pack("<HHHHLL", 0x600, 16, 0x0DBB, 0x07CC, 0, 6))]
    sheet.append(_record(0x200, struct.pack("<LLHHH", 0, len(rows), 0, max(map(len, rows), default=0), 0)))
    sheet += [_record(0x208, struct.pack("<HHHHHHL", row, 0, 1, 255, 0, 0, 0x100 | 0x20)) for row in hidden_rows]
    sheet += [_cell(at, column, cell, texts, codes) for at, row in enumerate(rows) for column, cell in enumerate(row) if cell is not None]
    if merges:
        sheet.append(_record(0xE5, struct.pack("<H", len(merges)) + b"".join(struct.pack("<HHHH", *merge) for merge in merges)))
    bounds = _record(0x85, struct.pack("<LBB", offset, 0, 0) + _text(name, "<B"))
    return head + bounds + sst + _record(0x0A, b"") + b"".join(sheet) + _record(0x0A, b"")


def _record(number: int, content: bytes) -> bytes:
    return struct.pack("<HH", number, len(content)) + content


def _text(text: str, length: str) -> bytes:
    return struct.pack(length, len(text)) + b"\1" + text.encode("utf-16-le")


def _font() -> bytes:
    return _record(0x31, struct.pack("<HHHHHBBBB", 200, 0, 0x7FFF, 400, 0, 0, 0, 0, 0) + _text("Arial", "<B"))


def _style(number_format: int, *, is_style: bool = False) -> bytes:
    return _record(0xE0, struct.pack("<HHHBBBBLLH", 0, number_format, 0xFFF5 if is_style else 1, 0x20, 0, 0, 0, 0, 0, 0x20C0))


def _strings(texts: Sequence[str]) -> bytes:
    """The shared texts; a record that is full goes on in another, between two texts."""
    parts = [struct.pack("<LL", len(texts), len(texts))]
    for text in (_text(each, "<H") for each in texts):
        if len(parts[-1]) + len(text) > _LONGEST:
            parts.append(b"")
        parts[-1] += text
    return b"".join(_record(0xFC if at == 0 else 0x3C, part) for at, part in enumerate(parts))


def _cell(row: int, column: int, cell: Cell | Error | Formatted, texts: Sequence[str], codes: Sequence[str]) -> bytes:
    match cell:
        case str():
            return _record(0xFD, struct.pack("<HHHL", row, column, 15, texts.index(cell)))
        case Error():
            return _record(0x205, struct.pack("<HHHBB", row, column, 15, cell.code, 1))
        case Formatted():
            return _record(0x203, struct.pack("<HHHd", row, column, 16 + codes.index(cell.code), cell.number))
        case _:
            return _record(0x203, struct.pack("<HHHd", row, column, 15, float(cell or 0)))


def compound(content: bytes) -> bytes:
    """A compound document that holds one stream, `Workbook`: header, table of sectors, directory, the stream."""
    content = content.ljust(_LEAST, b"\0")
    sectors = -(-len(content) // SECTOR)
    tables = -(-(sectors + 1) // (SECTOR // 4 - 1))
    first = tables + 1
    chain = [*[_FAT] * tables, _END, *range(first + 1, first + sectors), _END]
    table = _longs(chain + [_FREE] * (tables * SECTOR // 4 - len(chain)))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    header += struct.pack("<LLLLLLLLL", 0, tables, tables, 0, _LEAST, _END, 0, _END, 0) + _longs(
        [*range(tables), *[_FREE] * (109 - tables)]
    )
    directory = _entry("Root Entry", 5, _END, 0, child=1) + _entry("Workbook", 2, first, len(content)) + _entry("", 0, 0, 0) * 2
    return header + table + directory + content.ljust(sectors * SECTOR, b"\0")


def _longs(numbers: Iterable[int]) -> bytes:
    return b"".join(struct.pack("<L", number) for number in numbers)


def _entry(name: str, kind: int, start: int, size: int, child: int = _FREE) -> bytes:
    text = name.encode("utf-16-le") + b"\0\0" if name else b""
    links = struct.pack("<64sHBBLLL", text, len(text), kind, 1, _FREE, _FREE, child)
    return links + bytes(36) + struct.pack("<LLL", start, size, 0)
