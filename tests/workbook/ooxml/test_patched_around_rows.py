"""What stands before and behind the rows of a sheet: widths, used range, filter, conditional colours, drawings."""

import re
from dataclasses import replace

import pytest
from patching import BOOK, OURS, SHEET, SHEET_RELS, TYPES, USUAL, between, book, packed, patched, rels, sheet_after, unpacked

from bulkorders.workbook.ooxml.edits import SheetEdits, UnsureError, Written

OFFICE = USUAL + "officeDocument/2006/relationships"
COLOURS = replace(OURS, status_column=3, words={"好": ("006100", "C6EFCE"), '"<': ("9C0006", "FFC7CE")})


@pytest.mark.parametrize(
    ("cols", "expected"),
    [
        ("", '3-3:12.5'),
        ('<cols><col min="1" max="2" width="5"/></cols>', "1-2:5 3-3:12.5"),
        ('<cols><col min="2" max="16384" width="5" style="7" hidden="1"/></cols>', "2-2:5:7h 3-3:12.5:7 4-16384:5:7h"),
        ('<cols><col min="3" max="3" width="5" hidden="1"/><col min="4" max="4" width="6"/></cols>', "3-3:12.5 4-4:6"),
        ('<cols><col min="4" max="9" width="6"/></cols>', "3-3:12.5 4-9:6"),
        ("<cols/>", "3-3:12.5"),
    ],
)  # fmt: skip
def test_our_columns_have_their_widths(cols: str, expected: str) -> None:
    """An element over several columns is split, and its style kept; ours is never hidden."""
    found = sheet_after(
        book(head=f'<sheetFormatPr defaultRowHeight="15"/>{cols}', styles='<cellXfs count="8">' + '<xf numFmtId="0"/>' * 8 + "</cellXfs>"),
        OURS,
    )
    told = []
    for each in re.findall("<col .*?/>", found):
        one = dict(re.findall(r'(\w+)="([^"]*)"', each))
        style = f":{one['style']}" if "style" in one else ""
        told.append(f"{one['min']}-{one['max']}:{one['width']}{style}{'h' if 'hidden' in one else ''}")
    assert " ".join(told) == expected
    assert "/><cols>" in found
    assert "</cols><sheetData>" in found


@pytest.mark.parametrize(("old", "new"), [("A1:B2", "A1:C2"), ("A1", "A1:C2"), ("B5:Z9", "B1:Z9"), ("1:4", "1:4"), ("", "")])
def test_the_used_range_grows(old: str, new: str) -> None:
    """A range that is none stays."""
    assert f'<dimension ref="{new}"/>' in sheet_after(book(head=f'<dimension ref="{old}"/>'), OURS)


def filter_book(area: str, local: str = "0") -> dict[str, bytes]:
    """A sheet with a filter."""
    names = (
        f'<definedNames><definedName name="_xlnm._FilterDatabase" localSheetId="{local}" hidden="1">S!$A$1:$B$9</definedName>'
        '<definedName name="x">S!$A$1</definedName></definedNames>'
    )
    return book(
        tail=f'<autoFilter ref="{area}"><filterColumn colId="0"><filters><filter val="1"/></filters></filterColumn></autoFilter>',
        names=names,
    )


def test_a_filter_over_all_columns_grows_over_ours() -> None:
    """With its hidden name; what it filters by stays."""
    after = unpacked(patched(filter_book("A1:B9"), OURS))
    assert (
        b'<autoFilter ref="A1:C9"><filterColumn colId="0"><filters><filter val="1"/></filters></filterColumn></autoFilter>' in after[SHEET]
    )
    assert b">'S'!$A$1:$C$9</definedName><definedName name=\"x\">S!$A$1</definedName>" in after[BOOK]


@pytest.mark.parametrize(("area", "local"), [("A1:A9", "0"), ("A2:B9", "0"), ("A1:D9", "0")])
def test_another_filter_stays(area: str, local: str) -> None:
    """One that ends before the last column, begins elsewhere, or reaches further."""
    after = unpacked(patched(filter_book(area, local), OURS))
    assert f'<autoFilter ref="{area}">'.encode() in after[SHEET]
    assert after[BOOK] == filter_book(area, local)[BOOK]


def test_elements_are_in_the_order_of_the_schema() -> None:
    """Whatever is there already."""
    kept = {
        "mergeCells": '<mergeCells count="1"><mergeCell ref="A5:B5"/></mergeCells>',
        "conditionalFormatting": '<conditionalFormatting sqref="A1:B9"><cfRule type="expression" dxfId="0" priority="4">'
        "<formula>1</formula></cfRule></conditionalFormatting>",
        "dataValidations": '<dataValidations count="1"><dataValidation sqref="A1"/></dataValidations>',
        "pageMargins": '<pageMargins left="1" right="1" top="1" bottom="1" header="1" footer="1"/>',
        "drawing": '<drawing r:id="d"/>',
        "tableParts": '<tableParts count="1"><tablePart r:id="t"/></tableParts>',
        "extLst": '<extLst><ext uri="{1}"><x14:b xmlns:x14="urn:x"/></ext></extLst>',
    }
    styles = '<fills><fill/></fills><cellXfs count="1"><xf numFmtId="0"/></cellXfs><dxfs count="1"><dxf/></dxfs>'
    found = sheet_after(book(tail="\n".join(kept.values()), styles=styles), replace(COLOURS, notes={(1, 1): "x"}))
    tail = found.partition("</sheetData>")[2]
    for xml in kept.values():
        assert xml in tail
    depth_one = re.findall(
        r"<(\w+)", re.sub(r"<(conditionalFormatting|extLst|dataValidations|mergeCells|tableParts|ignoredErrors)\b.*?</\1>", r"<\1/>", tail)
    )
    assert depth_one == [
        "mergeCells", "conditionalFormatting", "conditionalFormatting", "dataValidations", "pageMargins", "ignoredErrors", "drawing",
        "legacyDrawing", "tableParts", "extLst",
    ]  # fmt: skip
    assert 'dxfId="1" priority="5"' in tail


def test_conditional_colours_look_at_the_beginning_of_a_status() -> None:
    """One rule for each word, escaped twice over."""
    found = between(sheet_after(book(), COLOURS), "<conditionalFormatting ", "</conditionalFormatting>")
    assert found == (
        'sqref="C2"><cfRule type="beginsWith" dxfId="0" priority="1" operator="beginsWith" text="好">'
        '<formula>LEFT(C2,LEN("好"))="好"</formula></cfRule>'
        '<cfRule type="beginsWith" dxfId="1" priority="2" operator="beginsWith" text="&quot;&lt;">'
        '<formula>LEFT(C2,LEN("""&lt;"))="""&lt;"</formula></cfRule>'
    )


def test_twice_is_once() -> None:
    """What was ours is replaced, not doubled: the same edits again give the same file, byte for byte."""
    edits = replace(COLOURS, papers={2: {1: "error", 2: "warning"}}, notes={(2, 1): "坏"})
    once = patched(filter_book("A1:B9"), edits)
    assert patched(once, edits) == once
    other = replace(edits, papers={2: {2: "error"}}, notes={})
    assert unpacked(patched(once, other))[SHEET].count(b"<conditionalFormatting") == 1


def test_a_filter_of_a_table_does_not_grow() -> None:
    """Tables stay as they are, byte for byte."""
    parts = book(tail='<tableParts count="1"><tablePart r:id="r9"/></tableParts>')
    parts[SHEET_RELS] = rels(f'<Relationship Id="r9" Type="{OFFICE}/table" Target="../tables/table1.xml"/>').encode()
    parts["xl/tables/table1.xml"] = b'<table ref="A1:B9"><autoFilter ref="A1:B9"/></table>'
    after = unpacked(patched(parts, OURS))
    assert after["xl/tables/table1.xml"] == parts["xl/tables/table1.xml"]
    assert after[SHEET_RELS] == parts[SHEET_RELS]


def test_comments_come_and_go_with_their_parts() -> None:
    """Relationships, content types, the drawing: all there, and all gone again."""
    with_notes = unpacked(patched(book(), replace(OURS, notes={(2, 1): "坏", (9, 9): "x"})))
    assert {"xl/comments1.xml", "xl/drawings/vmlDrawing1.vml"} <= with_notes.keys()
    assert b'Extension="vml"' in with_notes[TYPES]
    assert re.search(rb'<legacyDrawing r:id="rId\d"/>', with_notes[SHEET])
    without = unpacked(patched(packed(with_notes), OURS))
    assert not {"xl/comments1.xml", "xl/drawings/vmlDrawing1.vml"} & without.keys()
    assert b"legacyDrawing" not in without[SHEET]
    assert without[SHEET] == unpacked(patched(book(), OURS))[SHEET]


def test_errors_that_the_merchant_accepted_stay_accepted() -> None:
    """Ours stand beside them."""
    found = sheet_after(book(tail='<ignoredErrors><ignoredError sqref="A1:A9" formula="1"/></ignoredErrors>'), OURS)
    assert (
        '<ignoredErrors><ignoredError sqref="A1:A9" formula="1"/><ignoredError sqref="C1:C2" numberStoredAsText="1"/></ignoredErrors>'
        in found
    )


@pytest.mark.parametrize("tail", ["<!-- x -->", "<a><b></a></b>", "<a>", '<legacyDrawing r:id="nowhere"/>'])
def test_a_tail_that_is_not_understood_is_not_patched(tail: str) -> None:
    """Not well formed, or it names what is not there."""
    with pytest.raises(UnsureError):
        patched(book(tail=tail), replace(OURS, notes={(1, 1): "x"}))


def test_columns_that_are_none_are_refused() -> None:
    """Excel has 16,384."""
    for column in (0, 16_385):
        with pytest.raises(UnsureError):
            patched(book(), SheetEdits(1, {column: 9.0}, {1: {column: Written("x")}}))
