"""What readers do not tell: error cells, formulas without a cached value, numbers that their format shows with leading zeros.

calamine gives empty text for the first two and the bare number for the third. A sheet's XML is streamed once, in pieces that end
with a row, and only looked into where a piece has such cells at all.
"""

import re
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from posixpath import join, normpath
from typing import Any

from defusedxml.ElementTree import fromstring

from bulkorders.core.cell import Mark, MarkKind, exact

_CHUNK = 4 * 1024 * 1024
_LONGEST_PIECE = 64 * 1024 * 1024
_ROW_END = re.compile(rb"</(?:[A-Za-z]\w*:)?row>")
_CELL = rb"<(?:[A-Za-z]\w*:)?c\s([^<>]*)>"
_VALUE = rb"<(?:[A-Za-z]\w*:)?v(?:\s[^<>]*)?(?:/>|>([^<]*)</(?:[A-Za-z]\w*:)?v>)"
_ERROR = re.compile(
    _CELL.replace(rb"([^<>]*)", rb"""([^<>]*\bt=["']e["'][^<>]*)""") + rb"(?:(?!</(?:[A-Za-z]\w*:)?c>).)*?" + _VALUE, re.DOTALL
)
_FORMULA = re.compile(_CELL + rb"\s*<(?:[A-Za-z]\w*:)?f(?:\s[^<>]*)?(?:/>|>[^<]*</(?:[A-Za-z]\w*:)?f>)\s*(" + _VALUE + rb")?")
_NUMBER = re.compile(_CELL + rb"\s*" + _VALUE)
_ATTRIBUTE = re.compile(rb"""\b(r|s|t)=["']([^"']*)["']""")
_REFERENCE = re.compile(rb"([A-Z]{1,3})([0-9]{1,7})")
_ZEROS = re.compile(r"0{2,}")
_NAMESPACE = re.compile(r"^\{[^}]*\}")

Marks = Mapping[tuple[int, int], Mark]


def scan(path: Path) -> dict[str, Marks]:
    """The marks of each worksheet by its name, by Excel's row and column from 1. A part that is not there has none."""
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        padding = _padding_styles(archive) if "xl/styles.xml" in names else {}
        return {sheet: dict(_scan_sheet(archive, part, padding)) for sheet, part in _sheet_parts(archive, names).items() if part in names}


def _sheet_parts(archive: zipfile.ZipFile, names: set[str]) -> dict[str, str]:
    """The part of each sheet: `xl/worksheets/sheet1.xml`."""
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        return {}
    targets = {each.get("Id"): each.get("Target", "") for each in fromstring(archive.read("xl/_rels/workbook.xml.rels"))}
    found = {}
    for element in fromstring(archive.read("xl/workbook.xml")).iter():
        if _NAMESPACE.sub("", element.tag) == "sheet":
            relation = next((value for name, value in element.items() if _NAMESPACE.sub("", name) == "id"), "")
            target = targets.get(relation, "")
            found[element.get("name", "")] = target.lstrip("/") if target.startswith("/") else normpath(join("xl", target))
    return found


def _padding_styles(archive: zipfile.ZipFile) -> dict[bytes, int]:
    """How many digits the number formats that pad with zeros show, by the number of the cell style."""
    root = fromstring(archive.read("xl/styles.xml"))
    elements = {_NAMESPACE.sub("", element.tag): element for element in root}
    formats = {each.get("numFmtId"): each.get("formatCode", "") for each in elements.get("numFmts", ())}
    widths = {number: len(code) for number, code in formats.items() if _ZEROS.fullmatch(code)}
    styles = enumerate(elements.get("cellXfs", ()))
    return {str(number).encode(): widths[style.get("numFmtId")] for number, style in styles if style.get("numFmtId") in widths}


def _scan_sheet(archive: zipfile.ZipFile, part: str, padding: Mapping[bytes, int]) -> Iterator[tuple[tuple[int, int], Mark]]:
    for piece in _pieces(archive, part):
        if b't="e"' in piece or b"t='e'" in piece:
            for found in _ERROR.finditer(piece):
                yield from _mark(found[1], Mark(MarkKind.ERROR, _text(found[2])))
        if b"f>" in piece or b"<f" in piece or b":f" in piece:
            for found in _FORMULA.finditer(piece):
                if not found[3] and _is_uncached(found):
                    yield from _mark(found[1], Mark(MarkKind.UNCACHED, ""))
        if padding:
            yield from _padded(piece, padding)


def _pieces(archive: zipfile.ZipFile, part: str) -> Iterator[bytes]:
    """A sheet's XML in pieces that end with a row."""
    rest = b""
    with archive.open(part) as file:
        while chunk := file.read(_CHUNK):
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


def _padded(piece: bytes, padding: Mapping[bytes, int]) -> Iterator[tuple[tuple[int, int], Mark]]:
    """Whole numbers whose format shows them with leading zeros."""
    for found in _NUMBER.finditer(piece):
        attributes = dict(_ATTRIBUTE.findall(found[1]))
        width = padding.get(attributes.get(b"s", b""))
        if width is None or attributes.get(b"t", b"n") != b"n":
            continue
        number = _whole(found[2])
        if number is not None and len(str(number)) < width:
            yield from _mark(found[1], Mark(MarkKind.PADDED, str(number).zfill(width), number))


def _whole(text: bytes | None) -> int | None:
    try:
        number = exact(float(text or b""))
    except ValueError:
        return None
    return int(number) if number >= 0 and number == number.to_integral_value() else None


def _mark(attributes: bytes, mark: Mark) -> Iterator[tuple[tuple[int, int], Mark]]:
    """A mark at the place that a cell's attributes name."""
    reference = _REFERENCE.fullmatch(dict(_ATTRIBUTE.findall(attributes)).get(b"r", b""))
    if reference is not None:
        column = 0
        for letter in reference[1]:
            column = column * 26 + letter - 64
        yield (int(reference[2]), column), mark


def _text(value: Any) -> str:
    return (value or b"").decode("utf-8", "replace")
