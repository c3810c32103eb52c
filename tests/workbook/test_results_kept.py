"""The merchant's own workbook comes back: what the results do not touch is byte for byte what he had."""

import zipfile
from pathlib import Path
from typing import Any

from mutate import pack
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table as ExcelTable
from told import HEADER, about, book, counts, created, failures, parts, report, result, write

from bulkorders.core.result import Fate

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))
CHANGED = {
    "[Content_Types].xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml", "xl/worksheets/sheet1.xml",
    "xl/worksheets/_rels/sheet1.xml.rels",
}  # fmt: skip
"""The parts that name our sheets, styles and comments, and the sheet of orders itself."""
TOLD = report(
    {"订单": about({"2": result(), "3": result(Fate.REJECTED)}, bad={"3": {"B": "error"}}, notes={"3": {"B": "不对"}})},
    counts=counts(created=1, rejected=1), failures=failures("订单", 3), created=created(),
)  # fmt: skip
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def furnished(own: Workbook) -> None:
    """What merchants have in their workbooks."""
    orders, prices = own["订单"], own["价目"]
    orders.row_dimensions[3].height, orders.row_dimensions[2].hidden = 44.5, True
    orders.column_dimensions["B"].hidden, orders.column_dimensions["C"].width = True, 31.5
    orders.auto_filter.ref, orders.freeze_panes = "A1:B3", "B2"
    orders["D1"], orders["D2"], orders["A3"].font = "两倍", "=C2*2", Font(name="楷体", size=14, italic=True)
    orders.sheet_properties.tabColor, orders.sheet_view.zoomScale = "FFFF00", 85
    orders.print_title_rows = "1:1"
    choices = DataValidation("list", "=价目!$A$1:$A$2")
    choices.add("A2:A99")
    orders.add_data_validation(choices)
    own.defined_names["价格"] = DefinedName("价格", attr_text="价目!$B$1:$B$2")
    prices.add_table(ExcelTable(displayName="价目表", ref="A1:B2"))
    prices["C1"] = "=SUM(B:B)"


def source(folder: Path) -> Path:
    """A furnished workbook with a picture on its second sheet."""
    rows = {"订单": [HEADER, ["A1", "x", 1], ["A2", "y", 2]], "价目": [["品名", "价格"], ["空运", 3]]}
    path = book(folder / "plain.xlsx", rows, furnished)
    found = parts(path)
    rels = "xl/worksheets/_rels/sheet2.xml.rels"
    found["xl/media/image1.png"] = PICTURE
    png = b'<Default Extension="png" ContentType="image/png"/><Default '
    found["[Content_Types].xml"] = found["[Content_Types].xml"].replace(b"<Default ", png, 1)
    link = f'<Relationship Id="rIdPicture" Type="{RELATIONS}/image" Target="../media/image1.png"/></Relationships>'
    found[rels] = found[rels].replace(b"</Relationships>", link.encode())
    picture = f'<picture xmlns:p="{RELATIONS}" p:id="rIdPicture"/>'.encode()
    found["xl/worksheets/sheet2.xml"] = found["xl/worksheets/sheet2.xml"].replace(b"<tableParts", picture + b"<tableParts")
    (folder / "in.xlsx").write_bytes(pack(list(found.items())))
    return folder / "in.xlsx"


def patched(folder: Path) -> tuple[Path, Path]:
    """The workbook and its results."""
    given = source(folder)
    assert write(given, TOLD, folder / "out.xlsx") == "patched"
    return given, folder / "out.xlsx"


def test_every_part_that_is_not_ours_is_the_same(tmp_path: Path) -> None:
    """Other sheets, texts, theme, tables and pictures, byte for byte."""
    given, target = map(parts, patched(tmp_path))
    assert {name for name in given if target.get(name) != given[name]} <= CHANGED
    assert {"xl/media/image1.png", "xl/worksheets/sheet2.xml", "xl/tables/table1.xml", "xl/theme/theme1.xml"} <= given.keys() - CHANGED
    assert target["xl/media/image1.png"] == PICTURE


def test_the_sheet_of_orders_keeps_what_it_had(tmp_path: Path) -> None:
    """Heights, hidden rows and columns, widths, frozen panes, filters, zoom, drop-downs, formulas, fonts."""
    given, target = (load_workbook(path)["订单"] for path in patched(tmp_path))
    assert _layout(target) == _layout(given)
    assert (target.row_dimensions[3].height, target.column_dimensions["B"].hidden, target.freeze_panes) == (44.5, True, "B2")
    assert target.auto_filter.ref == "A1:B3"  # it did not reach the last column, so it is not ours to widen
    assert target["A3"].font.name == "楷体"


def _layout(sheet: Any) -> dict[str, Any]:
    return {
        "rows": {number: (row.height, row.hidden) for number, row in sheet.row_dimensions.items() if row.height or row.hidden},
        "columns": {letter: (sheet.column_dimensions[letter].width, sheet.column_dimensions[letter].hidden) for letter in "ABCD"},
        "view": (sheet.freeze_panes, sheet.auto_filter.ref, sheet.sheet_view.zoomScale, sheet.sheet_properties.tabColor.rgb),
        "choices": [(str(each.sqref), each.formula1) for each in sheet.data_validations.dataValidation],
        "titles": sheet.print_title_rows,
        "cells": [
            (cell.coordinate, cell.value, cell.number_format, cell.font.name, cell.font.sz, cell.font.i)
            for row in sheet["A1:D3"] for cell in row
        ],
    }  # fmt: skip


def test_names_stay(tmp_path: Path) -> None:
    """Those of the workbook, and where a sheet is printed."""
    _, target = patched(tmp_path)
    found = load_workbook(target)
    assert {name: each.attr_text for name, each in found.defined_names.items()} == {"价格": "价目!$B$1:$B$2"}
    assert found["价目"].tables["价目表"].ref == "A1:B2"


def test_the_merchants_file_is_only_read(tmp_path: Path) -> None:
    """Not one byte of it changes."""
    before = source(tmp_path).read_bytes()
    given, _ = patched(tmp_path)
    assert given.read_bytes() == before


def test_macros_are_not_carried_over(tmp_path: Path) -> None:
    """Results are an `.xlsx`: what came from an `.xlsm` opens without a warning, and its cells are there."""
    found = parts(book(tmp_path / "plain.xlsx", {"订单": [HEADER, ["A1", "x", 1], ["A2", "y", 2]]}))
    types, rels = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
    macro = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
    found[types] = found[types].replace(b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", macro)
    default = b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/>'
    found[types] = found[types].replace(b"<Default ", default + b"<Default ", 1)
    kind = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
    link = f'<Relationship Id="rIdMacro" Type="{kind}" Target="vbaProject.bin"/></Relationships>'
    found[rels] = found[rels].replace(b"</Relationships>", link.encode())
    found["xl/vbaProject.bin"] = b"\xd0\xcf\x11\xe0macros"
    assert macro in found[types]
    (tmp_path / "in.xlsm").write_bytes(pack(list(found.items())))
    assert write(tmp_path / "in.xlsm", TOLD, tmp_path / "out.xlsx") == "patched"
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist())
        assert not any("vba" in name.lower() for name in archive.namelist())
    assert b"macroEnabled" not in everything
    assert b"vbaProject" not in everything
    assert load_workbook(tmp_path / "out.xlsx")["订单"]["D2"].value == "已创建"
