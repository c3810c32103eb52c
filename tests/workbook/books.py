"""Workbooks of the template lingxing-mcf as merchants have them: made with openpyxl, then changed as other programs would."""

import json
import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
from making import mcf_row
from openpyxl.worksheet.worksheet import Worksheet

from bulkorders.core.check import check
from bulkorders.core.checked import Checked
from bulkorders.core.group import group
from bulkorders.core.payload import build
from bulkorders.core.refusal import Refusal
from bulkorders.providers.lingxing import PROVIDER
from bulkorders.providers.lingxing.fields import MCF_ORDERS
from bulkorders.workbook.read import read_tables

LABELS = [field.label for field in MCF_ORDERS.fields]
ROWS = [mcf_row(order_id="A1", postcode="36003"), mcf_row(order_id="A1", msku="M2"), mcf_row(order_id="A2", date_for_packing="2022-12-09")]


def cell_of(sheet: Worksheet, row: int, name: str) -> Any:
    """The cell of a field in an Excel row of a plain workbook."""
    return sheet.cell(row, [field.name for field in MCF_ORDERS.fields].index(name) + 1)


def plain(path: Path, change: Callable[[Worksheet], object] | None = None, rows: Sequence[Mapping[str, Any]] = ROWS) -> Path:
    """A workbook with the template's labels in row 1 and some orders, changed before it is saved."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(LABELS)
    for row in rows:
        sheet.append([row.get(field.name) for field in MCF_ORDERS.fields])
    if change:
        change(sheet)
    book.save(path)
    return path


def patched(source: Path, target: Path, change: Callable[[str, bytes], bytes]) -> Path:
    """A copy of a workbook with its parts changed, by name and content."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
    return target


def read(path: Path) -> Checked:
    """What the child makes of a file: read, matched and checked."""
    tables = read_tables(path)
    if isinstance(tables, Refusal):
        return Checked(None, tables)
    (checked,) = check(tables, [MCF_ORDERS])
    return checked


def codes(path: Path) -> list[str]:
    """The codes of all that is said of a file."""
    return [issue.code for issue in read(path).issues]


def refused(path: Path) -> str:
    """The code for which a file is refused."""
    found = read(path).refused
    assert found is not None
    return found.code


def payloads(path: Path) -> list[Any]:
    """The payloads of a file without mistakes."""
    checked = read(path)
    assert checked.refused is None, checked.refused
    found = group(MCF_ORDERS, checked)
    assert [issue.message.zh for issue in found.issues if issue.is_error] == []
    return [json.loads(PROVIDER.encode(build(order)), parse_float=Decimal) for order in found.orders]


# -- as other programs write the same --------------------------------------------------------------------------------------------
def strict(_: str, content: bytes) -> bytes:
    """Strict OOXML: other namespaces for the same words (ISO/IEC 29500)."""
    pairs = (
        (b"http://schemas.openxmlformats.org/spreadsheetml/2006/main", b"http://purl.oclc.org/ooxml/spreadsheetml/main"),
        (
            b"http://schemas.openxmlformats.org/officeDocument/2006/relationships",
            b"http://purl.oclc.org/ooxml/officeDocument/relationships",
        ),
    )
    for transitional, other in pairs:
        content = content.replace(transitional, other)
    return content


def prefixed(name: str, content: bytes) -> bytes:
    """A prefix before every element of the sheet, as some .NET libraries write it."""
    if "worksheets" not in name:
        return content
    return re.sub(rb"<(/?)([A-Za-z])", rb"<\1x:\2", content).replace(b"xmlns=", b"xmlns:x=")


def absolute(name: str, content: bytes) -> bytes:
    """Parts named from the container's root."""
    return content.replace(b'Target="worksheets/', b'Target="/xl/worksheets/') if name.endswith("workbook.xml.rels") else content


def utf16(name: str, content: bytes) -> bytes:
    """XML in UTF-16, as Excel for phones writes it."""
    if not name.endswith((".xml", ".rels")):
        return content
    text = re.sub(r"^<\?xml[^>]*\?>", "", content.decode())
    return f'<?xml version="1.0" encoding="UTF-16" standalone="yes"?>{text}'.encode("utf-16")


def lying(_: str, content: bytes) -> bytes:
    """A dimension that is all of Excel."""
    return re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="A1:XFD1048576"', content)


def spaced(name: str, content: bytes) -> bytes:
    """Blanks around the signs of equality, and places in small letters, which XML and Excel allow."""
    if "worksheets" not in name:
        return content
    return re.sub(rb'( \w+)="', rb'\1 = "', re.sub(rb' r="[A-Z]+[0-9]+"', lambda found: found[0].lower(), content))


VARIANTS = {"strict": strict, "prefixed": prefixed, "absolute": absolute, "utf16": utf16, "lying": lying, "spaced": spaced}
