"""The stream through a sheet: our cells are in their places, everything else is as it was."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from patching import OURS, ROWS, SHEET, STYLES, between, book, data_after, patched, sheet_after, text_cell, unpacked

from bulkorders.workbook.ooxml.edits import SheetEdits, UnsureError, Written
from bulkorders.workbook.style import Look


def test_our_cells_go_behind_the_last_cell() -> None:
    """`spans` are taken off where a row grows; the cells that were there are byte for byte the same."""
    assert data_after(book(), OURS) == (
        f'<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c>{text_cell("C1", 1, "状态")}</row>'
        f'<row r="2"><c r="A2"><v>3</v></c>{text_cell("C2", 1, "好")}</row>'
    )


def test_rows_that_are_not_there_are_put_in_their_place() -> None:
    """Gaps, rows that are one tag, and rows behind the last one."""
    edits = SheetEdits(1, {2: 9.0}, {row: {2: Written(row)} for row in (1, 2, 3, 4, 6)})
    found = data_after(book('<row r="2"/>\n<row r="4" ht="30"></row><row r="5"><c r="A5"/></row>'), edits)
    new = [f'<c r="B{row}" s="1"><v>{row}</v></c>' for row in range(7)]
    assert found == (
        f'<row r="1">{new[1]}</row><row r="2">{new[2]}</row><row r="3">{new[3]}</row>\n<row r="4" ht="30">{new[4]}</row>'
        f'<row r="5"><c r="A5"/></row><row r="6">{new[6]}</row>'
    )


def test_a_sheet_without_rows_gets_some() -> None:
    """`<sheetData/>`."""
    parts = book("")
    parts[SHEET] = parts[SHEET].replace(b"<sheetData></sheetData>", b"<sheetData/>")
    assert data_after(parts, OURS).count("<row ") == 2


def test_rows_and_cells_without_numbers_are_counted() -> None:
    """A row follows the one before it, a cell the one on its left."""
    found = data_after(book("<row><c><v>1</v></c><c><v>2</v></c></row><row><c/></row>"), OURS)
    assert found.startswith(f'<row r="1"><c><v>1</v></c><c><v>2</v></c>{text_cell("C1", 1, "状态")}</row><row r="2"><c/>')


def test_what_stood_in_our_columns_is_replaced_from_the_header_down() -> None:
    """Also in rows without a result; above the header it stays, and so does what lies behind."""
    rows = "".join(
        f'<row r="{row}"><c r="B{row}"><v>1</v></c><c r="C{row}"><v>2</v></c><c r="D{row}"><v>3</v></c></row>' for row in (1, 2, 3)
    )
    found = data_after(book(rows), SheetEdits(2, {3: 9.0}, {2: {3: Written("a")}}))
    assert found == (
        '<row r="1"><c r="B1"><v>1</v></c><c r="C1"><v>2</v></c><c r="D1"><v>3</v></c></row>'
        f'<row r="2"><c r="B2"><v>1</v></c>{text_cell("C2", 1, "a")}<c r="D2"><v>3</v></c></row>'
        '<row r="3"><c r="B3"><v>1</v></c><c r="D3"><v>3</v></c></row>'
    )


def test_a_bad_cell_that_is_not_there_is_put_in_its_place() -> None:
    """With the style of its row, or of its column, and the mark."""
    styles = '<fills count="2"><fill/><fill/></fills><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="9"/></cellXfs>'
    rows = '<row r="1"><c r="A1"/><c r="C1"/></row><row r="2" s="2" customFormat="1"><c r="C2"/></row>'
    parts = book(rows, head='<cols><col min="2" max="3" width="9" style="1"/></cols>', styles=styles)
    after = unpacked(patched(parts, SheetEdits(1, papers={1: {2: "error"}, 2: {2: "error"}, 5: {1: "warning"}})))
    assert between(after[SHEET].decode(), "<sheetData>", "</sheetData>") == (
        '<row r="1"><c r="A1"/><c r="B1" s="3"/><c r="C1"/></row><row r="2" s="2" customFormat="1"><c r="B2" s="4"/><c r="C2"/></row>'
        '<row r="5"><c r="A5" s="5"/></row>'
    )
    assert re.findall(rb'<xf numFmtId="(\d+)" fillId="(\d)" applyFill="1"/>', after[STYLES]) == [(b"14", b"2"), (b"9", b"2"), (b"0", b"3")]


FORMULAS = (
    '<c r="A1" s="0"><f t="shared" ref="A1:A9" si="0">B1*2</f><v>4</v></c>',
    '<c r="A1"><f t="array" ref="A1:A2">B1:B2</f><v>4</v></c>',
    '<c r="A1" t="str"><f>"&lt;c r=&quot;C1&quot;"</f><v>x</v></c>',
    '<c r="A1" t="inlineStr"><is><r><rPr><b/></rPr><t>rich</t></r><r><t> text</t></r></is></c>',
    "<c r='A1' t = 'b' ><v>1</v></c>",
    '<c r="A1" vm="1" t="e"><v>#VALUE!</v></c>',
)


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_marked_cell_keeps_all_but_its_style(cell: str) -> None:
    """Value, formula (also one that others share), and every other attribute."""
    found = data_after(book(f'<row r="1">{cell}</row>'), SheetEdits(1, papers={1: {1: "error"}}))
    changed = re.sub(r"""\ss\s*=\s*["']\d+["']""", "", found)
    assert changed == f'<row r="1">{cell.replace(" s=" + chr(34) + "0" + chr(34), "").replace(" >", ">")}</row>'
    assert 's="1"' in found


def test_prefixed_xml_stays_prefixed() -> None:
    """`<x:row>`: what we add has the prefix too."""
    rows = '<x:row r="1"><x:c r="A1"><x:v>1</x:v></x:c></x:row>'
    edits = SheetEdits(1, {2: 9.0}, {1: {2: Written("a")}, 2: {2: Written(5)}}, {1: {1: "error"}}, {}, 2, {"a": ("000000", "FFFFFF")})
    found = sheet_after(book(rows, prefix="x"), edits)
    assert '<x:row r="1"><x:c r="A1" s="2"><x:v>1</x:v></x:c><x:c r="B1" s="1" t="inlineStr"><x:is><x:t xml:space="preserve">a' in found
    assert re.findall("<(?!/?x:|\\?)[^>]*>", found) == []


def test_a_strict_workbook_is_patched_too() -> None:
    """Nothing of the usual namespaces gets into it."""
    after = unpacked(patched(book(strict=True), OURS))
    assert text_cell("C2", 1, "好") in after[SHEET].decode()
    assert not any(b"openxmlformats.org/spreadsheetml" in part for part in after.values())


WRONG = {
    "rows out of order": '<row r="2"/><row r="1"/>',
    "a row twice": '<row r="1"><c r="A1"/></row><row r="1"><c r="B1"/></row>',
    "a cell of another row": '<row r="1"><c r="A2"/></row>',
    "cells out of order": '<row r="1"><c r="B1"/><c r="A1"/><c r="D1"/></row>',
    "a comment": '<row r="1"><!-- <c r="A1"/> --></row>',
    "CDATA": '<row r="1"><c r="A1" t="inlineStr"><is><t><![CDATA[</row>]]></t></is></c></row>',
    "an instruction": '<row r="1"><?x </row> ?></row>',
    "another element": '<row r="1"><d r="A1"/></row>',
    "an alternative": '<mc:AlternateContent><row r="1"/></mc:AlternateContent>',
    "a row that ends oddly": '<row r="1"><c r="A1"/></row ><row r="1"></row>',
    "a cell that does not end": '<row r="1"><c r="A1"><v>1</v></row>',
    "too many rows": '<row r="1048577"/>',
    "no column": '<row r="1"><c r="XFE1"/></row>',
}


@pytest.mark.parametrize("rows", WRONG.values(), ids=WRONG.keys())
def test_what_is_not_as_it_should_be_is_not_patched(rows: str) -> None:
    """Better another way than a damaged file."""
    with pytest.raises(UnsureError):
        patched(book(rows), OURS)


@pytest.mark.parametrize("cut", [b"</worksheet>", b"</sheetData>", b"<sheetData>", b"</row>"])
def test_a_sheet_that_is_cut_is_not_patched(cut: bytes) -> None:
    """Wherever it ends."""
    parts = book()
    parts[SHEET] = parts[SHEET].partition(cut)[0]
    with pytest.raises(UnsureError):
        patched(parts, OURS)


def test_another_encoding_is_not_patched() -> None:
    """Bytes would not be letters."""
    parts = book()
    for encoding in ("GB18030", "utf-16"):
        changed = parts | {SHEET: parts[SHEET].replace(b"UTF-8", encoding.encode())}
        with pytest.raises(UnsureError):
            patched(changed, OURS)
    assert b"inlineStr" in unpacked(patched(parts | {SHEET: b"\xef\xbb\xbf" + parts[SHEET]}, OURS))[SHEET]


def test_a_formula_that_others_need_is_not_replaced() -> None:
    """The first cell of a shared formula in our column; one of its own goes."""
    shared = '<row r="1"><c r="C1"><f t="shared" ref="C1:D1" si="0">A1</f></c><c r="D1"><f t="shared" si="0"/></c></row>'
    with pytest.raises(UnsureError):
        patched(book(shared), OURS)
    own = '<row r="1"><c r="C1"><f t="array" ref="C1:C1">A1</f><v>1</v></c></row>'
    assert "<f" not in data_after(book(own), OURS)


texts = st.text(st.characters(codec="utf-8") | st.sampled_from("=+-@\t\r\n＝＋－＠#<>&\"'_x000D_"), max_size=30)


@given(st.lists(texts, min_size=1, max_size=4))
def test_no_text_becomes_a_formula_or_a_link(values: list[str]) -> None:
    """Whatever is written: the cells hold text, risky ones with the sign that keeps them text when they are edited."""
    edits = SheetEdits(1, {3: 9.0}, {row: {3: Written(value, Look())} for row, value in enumerate(values, 1)}, {}, {(1, 1): values[0]})
    after = unpacked(patched(book(""), edits))
    sheet = after[SHEET].decode()
    assert "<f" not in sheet
    assert "hyperlink" not in sheet.lower()
    assert all(b"External" not in part for name, part in after.items() if name.endswith(".rels"))
    styles = re.findall("<xf [^<>]*/>|<xf [^<>]*[^/]>.*?</xf>", between(after[STYLES].decode(), "<cellXfs", "</cellXfs>"))
    for style, text in re.findall(r'<c r="C\d+" s="(\d+)" t="inlineStr"><is><t xml:space="preserve">([^<]*)</t></is></c>', sheet):
        assert text
        if text[0] in "=+-@\t＝＋－＠#":
            assert 'quotePrefix="1"' in styles[int(style)]
            assert 'numFmtId="49"' in styles[int(style)]


def test_values_of_every_kind() -> None:
    """Numbers as numbers, truth as truth, what is no number as text, a blank as a cell that only looks."""
    values = [1, 2.5, True, float("nan"), float("inf"), None, "", 10**20, -0.1]
    edits = SheetEdits(1, dict.fromkeys(range(1, len(values) + 1), 9.0), {1: {at: Written(each) for at, each in enumerate(values, 1)}})
    found = data_after(book(""), edits)
    assert re.findall(r'<c r="(\w)1" s="1"(?: t="(\w+)")?(?:/>|>(?:<v>|<is><t[^>]*>)([^<]*))', found) == [
        ("A", "", "1"), ("B", "", "2.5"), ("C", "b", "1"), ("D", "inlineStr", "nan"), ("E", "inlineStr", "inf"), ("F", "", ""),
        ("G", "", ""),
        ("H", "", "100000000000000000000"), ("I", "", "-0.1"),
    ]  # fmt: skip


def test_a_text_is_no_longer_than_a_cell_takes() -> None:
    """Signs beyond the basic plane count two."""
    found = data_after(book(""), SheetEdits(1, {1: 9.0, 2: 9.0}, {1: {1: Written("好" * 40_000), 2: Written("𠀀" * 40_000)}}))
    assert found.count("好") == 32_767
    assert found.count("𠀀") == 16_383


def test_rows_over_the_edges_of_pieces() -> None:
    """Pieces end anywhere: the rows are the same as at once."""
    rows = "".join(f'<row r="{row}"><c r="A{row}" t="inlineStr"><is><t>{"x" * (row % 97)}</t></is></c></row>' for row in range(1, 20_001))
    edits = SheetEdits(1, {2: 9.0}, {row: {2: Written(row)} for row in range(1, 20_001)})
    found = data_after(book(rows), edits)
    assert re.sub(r'<c r="B(\d+)" s="1"><v>\1</v></c>', "", found) == rows
    assert found.count('<c r="B') == 20_000


def test_every_row_of_the_same_sheet_is_kept_without_edits() -> None:
    """No columns, no marks: byte for byte."""
    assert sheet_after(book(), SheetEdits(1)) == book()[SHEET].decode()
    assert ROWS in sheet_after(book(), SheetEdits(1))
