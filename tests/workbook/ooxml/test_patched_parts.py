"""The container: parts that do not change go over as they are, whatever way they are packed, named and linked."""

import io
import re
import struct
import zipfile
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest
import xlsxwriter
from openpyxl.comments import Comment
from openpyxl.worksheet.table import Table
from patching import BOOK, BOOK_RELS, OURS, SHEET, SHEET_RELS, STYLES, TYPES, USUAL, book, packed, patched, rels, unpacked

from bulkorders.workbook.ooxml.edits import NewRow, NewSheet, SheetEdits, UnsureError, Written

OFFICE = USUAL + "officeDocument/2006/relationships"
MACROS = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"


def rich_book() -> bytes:
    """What Excel could have written: two sheets, a table, a filter, comments, a picture of numbers, formulas, formats."""
    content = io.BytesIO()
    made = xlsxwriter.Workbook(content, {"in_memory": True})
    orders, other = made.add_worksheet("S"), made.add_worksheet("别的")
    date, red = made.add_format({"num_format": "yyyy-mm-dd"}), made.add_format({"bg_color": "#FF0000", "bold": True})
    orders.add_table(0, 0, 4, 1, {"columns": [{"header": "订单号"}, {"header": "日期"}]})
    orders.write(1, 0, "A1", red)
    orders.write_number(1, 1, 45_000, date)
    orders.write_formula(2, 1, "=SUM(1,2)", None, 3)
    orders.write_comment(1, 0, "商家的话")
    other.write_column(0, 0, [1, 2, 3])
    chart = made.add_chart({"type": "column"})
    chart.add_series({"values": "='别的'!$A$1:$A$3"})
    other.insert_chart("C1", chart)
    made.close()
    return content.getvalue()


def test_all_that_is_not_edited_is_the_same_byte_for_byte() -> None:
    """Also as it is packed: only the sheet, the styles and what names new parts are others."""
    old = rich_book()
    new = patched(old, replace(OURS, papers={2: {1: "error"}}, notes={(2, 1): "坏"}))
    before, after = unpacked(old), unpacked(new)
    assert {name for name in before if after[name] != before[name]} == {SHEET, STYLES, "xl/comments1.xml"}
    assert before.keys() == after.keys()
    with zipfile.ZipFile(io.BytesIO(old)) as one, zipfile.ZipFile(io.BytesIO(new)) as other:
        sizes = [{each.filename: each.compress_size for each in archive.infolist()} for archive in (one, other)]
    assert sizes[0]["xl/charts/chart1.xml"] == sizes[1]["xl/charts/chart1.xml"]
    sheet = openpyxl.load_workbook(io.BytesIO(new))["S"]
    assert [sheet["A2"].value, sheet["B3"].value, sheet["C2"].value] == ["A1", "=SUM(1,2)", "好"]
    assert sheet["A2"].font.b
    assert "商家的话" in sheet["A2"].comment.text
    assert "坏" in sheet["A2"].comment.text


def test_a_book_by_openpyxl() -> None:
    """A table, a filter, a comment and frozen panes stay."""
    made, content = openpyxl.Workbook(), io.BytesIO()
    sheet = made.active
    assert sheet is not None
    sheet.title = "S"
    sheet.append(["a", "b"])
    sheet.append([1, 2])
    sheet.add_table(Table(displayName="T", ref="A1:B2"))
    sheet.freeze_panes = "A2"
    sheet["A1"].comment = Comment("mine", "me")
    made.save(content)
    after = openpyxl.load_workbook(io.BytesIO(patched(content.getvalue(), replace(OURS, notes={(2, 2): "ours"}))))["S"]
    assert (after.tables["T"].ref, after.freeze_panes, after["A1"].comment.text, after["C2"].value) == ("A1:B2", "A2", "mine", "好")
    assert "ours" in after["B2"].comment.text


class Unseekable(io.BytesIO):
    """What cannot go back: zipfile puts the sizes behind the parts."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: int) -> int:
        raise OSError

    def tell(self) -> int:
        raise OSError


def test_sizes_behind_the_parts() -> None:
    """Data descriptors: the new file has none."""
    content = Unseekable()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in book().items():
            archive.writestr(name, part)
    old = content.getvalue()
    assert struct.unpack_from("<H", old, 6)[0] & 8
    new = patched(old, OURS)
    assert not any(info.flag_bits & 8 for info in zipfile.ZipFile(io.BytesIO(new)).infolist())
    assert unpacked(new)[BOOK] == book()[BOOK]


def test_parts_that_are_only_stored() -> None:
    """Stored they stay."""
    new = patched(packed(book(), zipfile.ZIP_STORED), OURS)
    kinds = {info.filename: info.compress_type for info in zipfile.ZipFile(io.BytesIO(new)).infolist()}
    assert (kinds[BOOK], kinds[SHEET]) == (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def test_sizes_of_64_bits() -> None:
    """As streaming writers have them, for small files too."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in book().items():
            with archive.open(name, "w", force_zip64=True) as file:
                file.write(part)
    assert unpacked(patched(content.getvalue(), OURS))[BOOK] == book()[BOOK]


@pytest.mark.parametrize(
    "target", ["/xl/worksheets/sheet1.xml", "./worksheets/../worksheets/sheet1.xml", "worksheets\\sheet1.xml", "Worksheets/Sheet1.XML"]
)
def test_links_to_parts_however_they_are_written(target: str) -> None:
    """From the root, over a bend, with the wrong slash, in other letters."""
    parts = book()
    parts[BOOK_RELS] = parts[BOOK_RELS].replace(b"worksheets/sheet1.xml", target.encode())
    assert b"inlineStr" in unpacked(patched(parts, OURS))[SHEET]


def test_other_folders() -> None:
    """The workbook part need not lie in xl."""
    parts = {name.replace("xl/", "book/"): part.replace(b"xl/", b"book/") for name, part in book().items()}
    assert b"inlineStr" in unpacked(patched(parts, OURS))["book/worksheets/sheet1.xml"]


def with_macros() -> dict[str, bytes]:
    """An .xlsm."""
    parts = book()
    parts[TYPES] = parts[TYPES].replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    parts[TYPES] = parts[TYPES].replace(
        b"<Override", b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/><Override', 1
    )
    parts[BOOK_RELS] = parts[BOOK_RELS].replace(b"</Rel", f'<Relationship Id="v" Type="{MACROS}" Target="vbaProject.bin"/></Rel'.encode())
    parts["xl/vbaProject.bin"] = b"macros"
    parts["xl/_rels/vbaProject.bin.rels"] = rels(
        f'<Relationship Id="s" Type="{MACROS}Signature" Target="vbaProjectSignature.bin"/>'
    ).encode()
    parts["xl/vbaProjectSignature.bin"] = b"signature"
    return parts


def test_macros_are_left_behind() -> None:
    """The workbook is an .xlsx then."""
    after = unpacked(patched(with_macros(), OURS))
    assert not [name for name in after if "vba" in name]
    assert not [name for name, part in after.items() if b"vba" in part or b"macroEnabled" in part]
    assert b"spreadsheetml.sheet.main+xml" in after[TYPES]


def test_a_macro_sheet_is_not_patched() -> None:
    """An .xlsx with one does not open."""
    parts = book()
    parts[BOOK_RELS] = parts[BOOK_RELS].replace(
        b"</Rel", f'<Relationship Id="m" Type="{MACROS[:-10]}xlMacrosheet" Target="m.xml"/></Rel'.encode()
    )
    with pytest.raises(UnsureError, match="macro"):
        patched(parts, OURS)


def test_signatures_are_dropped() -> None:
    """They no longer hold."""
    parts, kind = book(), "http://schemas.openxmlformats.org/package/2006/relationships/digital-signature/"
    parts["_rels/.rels"] = parts["_rels/.rels"].replace(
        b"</Rel", f'<Relationship Id="o" Type="{kind}origin" Target="_xmlsignatures/origin.sigs"/></Rel'.encode()
    )
    parts["_xmlsignatures/origin.sigs"] = b""
    parts["_xmlsignatures/_rels/origin.sigs.rels"] = rels(f'<Relationship Id="s" Type="{kind}signature" Target="sig1.xml"/>').encode()
    parts["_xmlsignatures/sig1.xml"] = b"<s/>"
    after = unpacked(patched(parts, OURS))
    assert not [name for name, part in after.items() if "sig" in name or b"signature" in part]


def test_the_order_of_calculation_goes_with_a_formula() -> None:
    """A calcChain that names a cell without a formula would be repaired; one that does not is left alone."""
    chain = b"<calcChain/>"
    for formula, is_left in (("", True), ("<f>1</f>", False)):
        parts = book(f'<row r="1"><c r="C1">{formula}<v>1</v></c></row>') | {"xl/calcChain.xml": chain}
        parts[BOOK_RELS] = parts[BOOK_RELS].replace(
            b"</Rel", f'<Relationship Id="c" Type="{OFFICE}/calcChain" Target="calcChain.xml"/></Rel'.encode()
        )
        after = unpacked(patched(parts, OURS))
        assert ("xl/calcChain.xml" in after) is is_left
        assert (b"calcChain" in after[BOOK_RELS]) is is_left


def test_a_workbook_without_styles_gets_some() -> None:
    """The part, the relationship, the content type."""
    parts = book()
    del parts[STYLES]
    parts[BOOK_RELS] = re.sub(rb'<Relationship Id="r2".*?/>', b"", parts[BOOK_RELS])
    parts[TYPES] = re.sub(rb'<Override PartName="/xl/styles.xml".*?/>', b"", parts[TYPES])
    after = openpyxl.load_workbook(io.BytesIO(patched(parts, OURS)))
    assert after["S"]["C2"].value == "好"


SUMMARY = NewSheet("汇总", [NewRow({1: Written("合计"), 2: Written(3)})], {1: 20.0})


def test_sheets_of_ours_stand_behind_and_are_replaced() -> None:
    """Added, then dropped and added again: the same file; what counts sheets by their place is told."""
    names = '<bookViews><workbookView activeTab="0"/></bookViews>'
    parts = book()
    parts[BOOK] = parts[BOOK].replace(b"<sheets>", names.encode() + b"<sheets>")
    once = patched(parts, OURS, [SUMMARY, replace(SUMMARY, name="失败明细", filter="A1:B1")])
    assert re.findall('<sheet name="(.*?)"', unpacked(once)[BOOK].decode()) == ["S", "汇总", "失败明细"]
    again = patched(once, OURS, [SUMMARY, replace(SUMMARY, name="失败明细", filter="A1:B1")], ["汇总", "失败明细", "撤销清单"])
    assert unpacked(again) == unpacked(once)
    without = unpacked(patched(once, OURS, [], ["汇总", "失败明细"]))
    assert without == unpacked(patched(parts, OURS))


def test_dropping_a_sheet_moves_what_counts_sheets() -> None:
    """`localSheetId` and the open tab."""
    content = io.BytesIO()
    made = openpyxl.Workbook()
    for name in ("汇总", "S", "T"):
        made.create_sheet(name).append(["a", "b"])
    made.remove(made.worksheets[0])
    made["T"].print_area = "A1:B1"
    made["汇总"].print_area = "A1:B1"
    made.active = 2
    made.save(content)
    after = openpyxl.load_workbook(io.BytesIO(patched(content.getvalue(), OURS, [], ["汇总"])))
    assert after.sheetnames == ["S", "T"]
    assert after.active is after["T"]
    assert after["T"].print_area == "'T'!$A$1:$B$1"


def test_a_sheet_that_is_not_there_is_an_error() -> None:
    """Edits for nobody; a new sheet of a name that is taken."""
    with pytest.raises(UnsureError):
        patched(book(), {"Z": OURS})
    with pytest.raises(UnsureError):
        patched(book(), OURS, [replace(SUMMARY, name="s")])
    with pytest.raises(UnsureError):
        patched(book(), OURS, [], ["S"])


@pytest.mark.parametrize("damage", [b"no archive", b""])
def test_what_is_no_archive_is_not_patched(damage: bytes) -> None:
    """As every fault: UnsureError."""
    with pytest.raises(UnsureError):
        patched(damage, OURS)


def test_a_damaged_part_is_not_patched(tmp_path: Path) -> None:
    """Another byte in the packed sheet; a directory that says what is not there; two parts of one name."""
    del tmp_path
    content = packed(book(), zipfile.ZIP_STORED)
    with pytest.raises(UnsureError):
        patched(content.replace(b"<v>1</v>", b"<v>7</v>"), OURS)
    at = content.rindex(b"PK\1\2")
    with pytest.raises(UnsureError):
        patched(content[: at + 42] + b"\7\0\0\0" + content[at + 46 :], OURS)
    with pytest.raises(UnsureError):
        patched(book() | {SHEET.upper(): b"x"}, OURS)


def test_sheet_names_with_signs_of_xml() -> None:
    """`&` and quotation marks."""
    parts = book()
    parts[BOOK] = parts[BOOK].replace(b'name="S"', b'name="A &amp; &quot;B&quot; &#x4E2D;"')
    assert b"inlineStr" in unpacked(patched(parts, {'A & "B" 中': OURS}))[SHEET]


def test_nothing_to_do_changes_nothing() -> None:
    """Not one byte of a part."""
    assert unpacked(patched(rich_book(), {})) == unpacked(rich_book())
    assert SHEET_RELS in unpacked(rich_book())
    assert unpacked(patched(book(), SheetEdits(1))) == book()
