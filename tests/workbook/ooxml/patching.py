"""Small workbooks by their parts, and what the patcher makes of them."""

import io
import tempfile
import zipfile
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from bulkorders.workbook.ooxml.edits import NewSheet, SheetEdits, Written
from bulkorders.workbook.ooxml.patch import patch

USUAL, STRICT = "http://schemas.openxmlformats.org/", "http://purl.oclc.org/ooxml/"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
OFFICE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
SHEET, STYLES, BOOK = "xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/workbook.xml"
BOOK_RELS, TYPES, SHEET_RELS = "xl/_rels/workbook.xml.rels", "[Content_Types].xml", "xl/worksheets/_rels/sheet1.xml.rels"
PLAIN_STYLES = (
    '<fonts count="1"><font><sz val="11"/><name val="宋体"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border/></borders>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellXfs>'
)
ROWS = '<row r="1" spans="1:2"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row><row r="2" spans="1:2"><c r="A2"><v>3</v></c></row>'

Parts = dict[str, bytes]


def book(
    rows: str = ROWS, *, head: str = "", tail: str = "", prefix: str = "", strict: bool = False, styles: str = PLAIN_STYLES, names: str = ""
) -> Parts:
    """The parts of a workbook of one sheet S. `rows` as they stand in the sheet, `head` and `tail` what is before and behind them."""
    main = (STRICT + "spreadsheetml/main") if strict else (USUAL + "spreadsheetml/2006/main")
    office = (STRICT + "officeDocument/relationships") if strict else (USUAL + "officeDocument/2006/relationships")
    declared = f'xmlns{":" + prefix if prefix else ""}="{main}" xmlns:r="{office}"'
    p = prefix + ":" if prefix else ""
    relation = "<Relationship Id={} Type={} Target={}/>"
    related = [("r1", "worksheet", "worksheets/sheet1.xml"), ("r2", "styles", "styles.xml")]
    types = [(BOOK, "sheet.main"), (SHEET, "worksheet"), (STYLES, "styles")]
    parts = {
        TYPES: f'<Types xmlns="{PACKAGE}content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
        'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
        + "".join(f'<Override PartName="/{name}" ContentType="{OFFICE}.{kind}+xml"/>' for name, kind in types) + "</Types>",
        "_rels/.rels": rels(relation.format('"r"', quoteattr(office + "/officeDocument"), '"xl/workbook.xml"')),
        BOOK: f'<{p}workbook {declared}><{p}sheets><{p}sheet name="S" sheetId="1" r:id="r1"/></{p}sheets>{names}</{p}workbook>',
        BOOK_RELS: rels("".join(relation.format(quoteattr(i), quoteattr(f"{office}/{kind}"), quoteattr(to)) for i, kind, to in related)),
        STYLES: f'<styleSheet xmlns="{main}">{styles}</styleSheet>',
        SHEET: f"<{p}worksheet {declared}>{head}<{p}sheetData>{rows}</{p}sheetData>{tail}</{p}worksheet>",
    }  # fmt: skip
    return {name: (HEAD + part).encode() for name, part in parts.items()}


def rels(inner: str) -> str:
    """A part of relationships."""
    return f'<Relationships xmlns="{PACKAGE}relationships">{inner}</Relationships>'


def packed(parts: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """The file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", method) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return content.getvalue()


def unpacked(content: bytes) -> Parts:
    """The parts of a file."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def patched(
    content: bytes | Mapping[str, bytes],
    edits: Mapping[str, SheetEdits] | SheetEdits,
    added: Sequence[NewSheet] = (),
    dropped: Collection[str] = (),
) -> bytes:
    """A file after its edits; edits without a name are those of the sheet S."""
    target = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "book.xlsx"
        path.write_bytes(content if isinstance(content, bytes) else packed(content))
        patch(path, {"S": edits} if isinstance(edits, SheetEdits) else edits, added, target, dropped)
    return target.getvalue()


def sheet_after(parts: Mapping[str, bytes], edits: SheetEdits) -> str:
    """The XML of the sheet S after its edits."""
    return unpacked(patched(parts, edits))[SHEET].decode()


def data_after(parts: Mapping[str, bytes], edits: SheetEdits) -> str:
    """The rows of the sheet S after its edits, styles left out."""
    return between(sheet_after(parts, edits), "<sheetData>", "</sheetData>")


def between(text: str, start: str, end: str) -> str:
    """What stands between two marks."""
    return text.partition(start)[2].partition(end)[0]


def text_cell(place: str, style: int, text: str) -> str:
    """A cell of ours as it has to stand in the XML."""
    return f'<c r="{place}" s="{style}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


OURS = SheetEdits(1, {3: 12.5}, {1: {3: Written("状态")}, 2: {3: Written("好")}})
"""One column of ours behind two of the merchant's."""
