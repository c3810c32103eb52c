"""What calamine does not tell of an `.xlsx`: error cells, formulas without a cached value, formats that show more, hidden rows.

calamine gives empty text for the first two and the bare number for the third. A sheet's XML is streamed once, in pieces that end
with a row, and only looked into where a piece has such cells at all.
"""

import re
import zipfile
from collections import deque
from collections.abc import Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from posixpath import join, normpath
from typing import Any

from defusedxml.ElementTree import fromstring

from bulkorders.core.cell import Mark, MarkKind

from .formats import BUILT_IN, NumberFormat, read_format

_CHUNK = 4 * 1024 * 1024
_LONGEST_PIECE = 64 * 1024 * 1024
_ROW_END = re.compile(rb"</(?:[A-Za-z]\w*:)?row>")
# every pattern goes on without looking back (`*+`, lookahead), or to the next cell at most: a hostile part repeats what is looked at
_CELL = rb"<(?:[A-Za-z]\w*:)?c\s([^<>]*+)>"
_NEXT = rb"</?(?:[A-Za-z]\w*:)?c[\s>]"
_VALUE = rb"<(?:[A-Za-z]\w*:)?v(?:\s[^<>]*)?(?:/>|>([^<]*)</(?:[A-Za-z]\w*:)?v>)"
ERROR = re.compile(_CELL.replace(rb"\s(", rb"""\s(?=[^<>]*?\bt\s*=\s*["']e["'])(""") + rb"(?:(?!" + _NEXT + rb").)*?" + _VALUE, re.DOTALL)
_FORMULA = re.compile(_CELL + rb"\s*<(?:[A-Za-z]\w*:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:[A-Za-z]\w*:)?f>)\s*(" + _VALUE + rb")?")
_NUMBER = re.compile(_CELL + rb"\s*(?:<(?:[A-Za-z]\w*:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:[A-Za-z]\w*:)?f>)\s*)?" + _VALUE)
_HIDDEN = re.compile(rb"""<(?:[A-Za-z]\w*:)?row(?=[^<>]*?\shidden\s*=\s*["'](?:1|true)["'])[^<>]*?\sr\s*=\s*["']([0-9]{1,7})["']""")
_FILLED = re.compile(rb"""<(?:[A-Za-z]\w*:)?c(?=[^<>]*?\sr\s*=\s*["']([A-Za-z]{1,3})[0-9]{1,7}["'])[^<>]*+(?<!/)>""")
_ATTRIBUTE = re.compile(rb"""\b(r|s|t)\s*=\s*["']([^"']*)["']""")
_REFERENCE = re.compile(rb"([A-Za-z]{1,3})([0-9]{1,7})")
_ROW_NUMBER = re.compile(rb"""\sr\s*=\s*["'][A-Za-z]{0,3}([0-9]{1,7})["']""")
"""Of a row, or of one of its cells, which need not agree."""
_NAMESPACE = re.compile(r"^\{[^}]*\}")
_WIDEST = 16_384
_XML = (".xml", ".rels")

Marks = Mapping[tuple[int, int], Mark]


@dataclass
class SheetScan:
    """What was found in a sheet: marks by Excel's row and column from 1, and the numbers of its hidden rows.

    `height` and `width`: of the box around all cells with content, as far as it matters for the limit of cells.
    """

    marks: dict[tuple[int, int], Mark] = field(default_factory=dict)
    hidden_rows: list[int] = field(default_factory=list)
    height: int = 0
    width: int = 0


def scan(path: Path, most_cells: int) -> dict[str, SheetScan]:
    """The worksheets by name; hidden ones, which are not read, and parts that are not there have none. `most_cells`: the limit of a box.

    Raises zipfile.BadZipFile where a part that a reader looks at is not what the archive's directory says of it.
    """
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        formats = _formats(archive) if "xl/styles.xml" in names else {}
        sheets = {sheet: part for sheet, part in _sheet_parts(archive, names).items() if part in names}
        scanned = {archive.getinfo(part).header_offset for part in sheets.values()}
        for info in archive.infolist():
            if info.filename.lower().startswith("xl/") and info.filename.lower().endswith(_XML) and info.header_offset not in scanned:
                deque(_chunks(archive, info), maxlen=0)
        return {sheet: _scan_sheet(archive, part, formats, most_cells) for sheet, part in sheets.items()}


def _chunks(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """What is in a part. One that goes on behind the size that the directory says is refused: the limits were asked of that size."""
    longer, left = copy(info), info.file_size
    longer.file_size += 1
    with archive.open(longer) as file:
        while chunk := file.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise zipfile.BadZipFile(f"{info.filename} is longer than {info.file_size}")
            yield chunk


def _content(archive: zipfile.ZipFile, part: str) -> bytes:
    return b"".join(_chunks(archive, archive.getinfo(part)))


def _sheet_parts(archive: zipfile.ZipFile, names: set[str]) -> dict[str, str]:
    """The part of each visible sheet: `xl/worksheets/sheet1.xml`."""
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return {}
    targets = {each.get("Id"): each.get("Target", "") for each in fromstring(_content(archive, "xl/_rels/workbook.xml.rels"))}
    found = {}
    for element in fromstring(_content(archive, "xl/workbook.xml")).iter():
        if _NAMESPACE.sub("", element.tag) == "sheet" and element.get("state", "visible") == "visible":
            relation = next((value for name, value in element.items() if _NAMESPACE.sub("", name) == "id"), "")
            target = targets.get(relation, "")
            found[element.get("name", "")] = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
    return found


def _formats(archive: zipfile.ZipFile) -> dict[bytes, NumberFormat]:
    """The number formats that show more than the number, by the number of the cell style."""
    root = fromstring(_content(archive, "xl/styles.xml"))
    elements = {_NAMESPACE.sub("", element.tag): element for element in root}
    codes = BUILT_IN | {each.get("numFmtId", ""): each.get("formatCode", "") for each in elements.get("numFmts", ())}
    formats = {number: read_format(code) for number, code in codes.items()}
    styles = enumerate(elements.get("cellXfs", ()))
    found = {str(number).encode(): formats.get(style.get("numFmtId", "")) for number, style in styles}
    return {number: each for number, each in found.items() if each is not None}


def _scan_sheet(archive: zipfile.ZipFile, part: str, formats: Mapping[bytes, NumberFormat], most_cells: int) -> SheetScan:
    found = SheetScan()
    for piece in pieces(archive, part):
        found.height = max(found.height, _last_row(piece))
        found.marks.update(_marks(piece, formats))
        if b"hidden" in piece:
            found.hidden_rows.extend(int(row[1]) for row in _HIDDEN.finditer(piece))
    if found.height * _WIDEST > most_cells:
        letters = {letters for piece in pieces(archive, part) for letters in _FILLED.findall(piece)}
        found.width = max(map(_column, letters), default=0)
    return found


def _last_row(piece: bytes) -> int:
    """The row of the last cell with a value; cells that are only formatted do not count."""
    at = max(piece.rfind(b"<v"), piece.rfind(b":v"), piece.rfind(b"<is"), piece.rfind(b":is"))
    start = max(piece.rfind(b"<row", 0, at), piece.rfind(b":row", 0, at), 0)
    return max((int(number) for number in _ROW_NUMBER.findall(piece, start, at)), default=0) if at >= 0 else 0


def _column(letters: bytes) -> int:
    """A column's number: A is 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _marks(piece: bytes, formats: Mapping[bytes, NumberFormat]) -> Iterator[tuple[tuple[int, int], Mark]]:
    if b'"e"' in piece or b"'e'" in piece:
        for found in ERROR.finditer(piece):
            yield from _mark(found[1], Mark(MarkKind.ERROR, _text(found[2])))
    if b"f>" in piece or b"<f" in piece or b":f" in piece:
        for found in _FORMULA.finditer(piece):
            if not found[3] and _is_uncached(found):
                yield from _mark(found[1], Mark(MarkKind.UNCACHED, ""))
    if formats:
        yield from _formatted(piece, formats)


def pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """A sheet's XML in pieces that end with a row."""
    rest = b""
    for chunk in _chunks(archive, archive.getinfo(part)):
        rest += chunk
        end = max((found.end() for found in _ROW_END.finditer(rest)), default=0)
        if end or len(rest) > _LONGEST_PIECE:
            yield rest[: end or len(rest)]
            rest = rest[end:] if end else b""
    yield rest


def _is_uncached(formula: re.Match[bytes]) -> bool:
    """Whether a formula without a value was never calculated: an empty text that was calculated has an empty value."""
    is_text = any(name == b"t" and value == b"str" for name, value in _ATTRIBUTE.findall(formula[1]))
    return not (is_text and formula[2])


def _formatted(piece: bytes, formats: Mapping[bytes, NumberFormat]) -> Iterator[tuple[tuple[int, int], Mark]]:
    """Numbers whose format shows more than them."""
    for found in _NUMBER.finditer(piece):
        attributes = dict(_ATTRIBUTE.findall(found[1]))
        shown = formats.get(attributes.get(b"s", b""))
        if shown is not None and attributes.get(b"t", b"n") == b"n" and (mark := shown.mark(_float(found[2]))):
            yield from _mark(found[1], mark)


def _float(text: bytes | None) -> float | None:
    try:
        return float(text or b"")
    except ValueError:
        return None


def _mark(attributes: bytes, mark: Mark) -> Iterator[tuple[tuple[int, int], Mark]]:
    """A mark at the place that a cell's attributes name."""
    reference = _REFERENCE.fullmatch(dict(_ATTRIBUTE.findall(attributes)).get(b"r", b""))
    if reference is not None:
        yield (int(reference[2]), _column(reference[1])), mark


def _text(value: Any) -> str:
    return (value or b"").decode("utf-8", "replace")
