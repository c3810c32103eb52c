"""A workbook by its parts, as bytes: for what no writer of workbooks would write."""

import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

from mutate import pack

from bulkorders.core.cell import column_letter
from bulkorders.core.template import Template

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
DOCUMENT = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET, STRINGS, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
BOOK, BOOK_RELATIONS = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"


def parts(rows: str, *, strings: str = "", dimension: str = "") -> dict[str, str]:
    """The parts of a workbook of one sheet. `rows` and `strings`: XML of the elements `row` and `si`."""
    main, sheet = (f'ContentType="{OFFICE}.{kind}+xml"' for kind in ("sheet.main", "worksheet"))
    return {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="{TYPES}"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package'
        f'.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/{BOOK}" {main}/>'
        f'<Override PartName="/{SHEET}" {sheet}/></Types>',
        "_rels/.rels": f'{HEAD}<Relationships xmlns="{RELATIONS}"><Relationship Id="r" Type="{DOCUMENT}/officeDocument" Target="{BOOK}"/>'
        "</Relationships>",
        BOOK: f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{DOCUMENT}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
        BOOK_RELATIONS: f'{HEAD}<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{DOCUMENT}/worksheet" Target="worksheets/'
        f'sheet1.xml"/><Relationship Id="r2" Type="{DOCUMENT}/sharedStrings" Target="sharedStrings.xml"/><Relationship Id="r3" '
        f'Type="{DOCUMENT}/styles" Target="styles.xml"/></Relationships>',
        STYLES: f'{HEAD}<styleSheet xmlns="{MAIN}"><cellXfs count="1"><xf numFmtId="0"/></cellXfs></styleSheet>',
        STRINGS: f'{HEAD}<sst xmlns="{MAIN}">{strings}</sst>',
        SHEET: f'{HEAD}<worksheet xmlns="{MAIN}">{dimension}<sheetData>{rows}</sheetData></worksheet>',
    }  # fmt: skip


def packed(book: Mapping[str, str | bytes]) -> bytes:
    """The file."""
    return pack([(name, part if isinstance(part, bytes) else part.encode()) for name, part in book.items()])


def row(number: int, cells: Iterable[str | float | None]) -> str:
    """A row of texts in the cells themselves, and of numbers."""
    return f'<row r="{number}">{"".join(_cell(f"{column_letter(at)}{number}", cell) for at, cell in enumerate(cells, 1))}</row>'


def _cell(at: str, cell: str | float | None) -> str:
    if cell is None:
        return ""
    return f'<c r="{at}" t="inlineStr"><is><t>{escape(cell)}</t></is></c>' if isinstance(cell, str) else f'<c r="{at}"><v>{cell}</v></c>'


def order_rows(template: Template, orders: int = 1) -> list[list[str | float | None]]:
    """The header of a template, and valid orders of a row each."""
    rows: list[list[str | float | None]] = [[field.label for field in template.fields]]
    values = {field.name: field.example or None for field in template.fields}
    rows.extend(list({**values, template.display: f"A{number}"}.values()) for number in range(1, orders + 1))
    return rows


def sheet_rows(rows: Sequence[Iterable[str | float | None]]) -> str:
    """Rows from the first on."""
    return "".join(row(number, cells) for number, cells in enumerate(rows, 1))


# -- archives that lie -------------------------------------------------------------------------------------------------------------
def deflated(content: bytes) -> bytes:
    """As an archive has it."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def member(name: str, content: bytes, *, size: int | None = None, checksum: int | None = None, offset: int = 0) -> tuple[bytes, bytes]:
    """A deflated member as it stands in an archive, and its entry in the directory, which says another `size` or `checksum`."""
    body, encoded = deflated(content), name.encode()
    said = zlib.crc32(content) if checksum is None else checksum
    numbers = struct.pack("<HHHHHLLLH", 20, 0, 8, 0, 33, said, len(body), len(content) if size is None else size, len(encoded))
    local = b"PK\3\4" + numbers + struct.pack("<H", 0) + encoded + body
    return local, b"PK\1\2\x14\0" + numbers + struct.pack("<HHHHLL", 0, 0, 0, 0, 0, offset) + encoded


def archive(members: Sequence[tuple[str, bytes, int | None, int | None]]) -> bytes:
    """An archive of members, each with the size and the checksum that its directory says, None for the true ones."""
    content, directory = b"", b""
    for name, part, size, checksum in members:
        local, entry = member(name, part, size=size, checksum=checksum, offset=len(content))
        content, directory = content + local, directory + entry
    return content + directory + end(len(members), len(directory), len(content))


def end(count: int, size: int, offset: int) -> bytes:
    """The end of an archive."""
    return struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), size, offset, 0)
