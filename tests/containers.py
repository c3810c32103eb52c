"""A small .xlsx file around sheets of ours, its styles made by openpyxl: to open it, to read it back, to look at it."""

import io
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from posixpath import relpath

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from bulkorders.workbook.ooxml.added import write_sheet
from bulkorders.workbook.ooxml.edits import NewParts, NewSheet
from bulkorders.workbook.style import GENERAL, Look

_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"
_SHEET = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"


class PlainStyles:
    """Styles as openpyxl numbers them, in a workbook with one empty sheet."""

    def __init__(self) -> None:
        self.book = openpyxl.Workbook()
        sheet = self.book.active
        assert isinstance(sheet, Worksheet)
        self.sheet, self.asked = sheet, 0

    def look(self, look: Look, number_format: str = GENERAL, *, quoted: bool = False) -> int:
        """A style's number."""
        self.asked += 1
        cell = self.sheet.cell(1, self.asked)
        look.dress(cell, number_format)
        cell.quotePrefix = quoted
        return cell.style_id


def pack(path: Path, *sheets: NewSheet, is_1904: bool = False) -> Path:
    """Writes a workbook of these sheets and of nothing else."""
    styles = PlainStyles()
    taken: set[str] = set()
    written = [write_sheet(sheet, styles, lambda pattern: _free(pattern, taken), is_1904=is_1904) for sheet in sheets]
    parts = _base(styles)
    files, links, types, names = {}, "", "", ""
    for number, (sheet, new) in enumerate(zip(sheets, written, strict=True), 1):
        name = f"/xl/worksheets/ours{number}.xml"
        links += f'<Relationship Id="ours{number}" Type="{_SHEET}" Target="{name}"/>'
        names += f'<sheet xmlns:r="{_SHEET.rpartition("/")[0]}" name="{sheet.name}" sheetId="{number + 1}" r:id="ours{number}"/>'
        for part, (content_type, content, rels) in _all_parts(name, new).items():
            types += f'<Override PartName="{part}" ContentType="{content_type}"/>'
            files[part.lstrip("/")] = content
            if rels:
                files[_rels_name(part)] = _rels(part, rels)
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(b"</Types>", f"{types}</Types>".encode())
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(b"</Rel", f"{links}</Rel".encode())
    parts["xl/workbook.xml"] = re.sub(b"<sheets>.*</sheets>", f"<sheets>{names}</sheets>".encode(), parts["xl/workbook.xml"])
    if is_1904:
        parts["xl/workbook.xml"] = re.sub(rb"<workbookPr[^>]*/>", b'<workbookPr date1904="1"/>', parts["xl/workbook.xml"])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in {**parts, **files}.items():
            archive.writestr(part, content)
    return path


def _base(styles: PlainStyles) -> dict[str, bytes]:
    loose = io.BytesIO()
    styles.book.save(loose)
    with zipfile.ZipFile(loose) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _all_parts(name: str, new: NewParts) -> Mapping[str, tuple[str, bytes, Mapping[str, tuple[str, str]]]]:
    return {name: (_SHEET_TYPE, new.sheet, new.rels), **new.parts}


def _free(pattern: str, taken: set[str]) -> str:
    number = next(number for number in range(1, 99) if pattern.format(number) not in taken)
    taken.add(pattern.format(number))
    return pattern.format(number)


def _rels_name(part: str) -> str:
    folder, _, name = part.lstrip("/").rpartition("/")
    return f"{folder}/_rels/{name}.rels"


def _rels(part: str, rels: Mapping[str, tuple[str, str]]) -> bytes:
    folder = part.rpartition("/")[0]
    each = "".join(f'<Relationship Id="{own}" Type="{kind}" Target="{relpath(target, folder)}"/>' for own, (kind, target) in rels.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="{_RELATIONSHIPS}">{each}</Relationships>'.encode()


def xml_of(new: NewParts) -> str:
    """All that was written for a sheet."""
    return "".join(content.decode() for content in [new.sheet, *(content for _, content, _ in new.parts.values())])


def texts_of(sheet: NewSheet) -> Sequence[Sequence[object]]:
    """The values of a sheet's rows."""
    return [[row.cells[column].value for column in sorted(row.cells)] for row in sheet.rows]
