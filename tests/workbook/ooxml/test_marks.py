"""Cell styles: found or appended, and a mark that can be taken off again."""

import io
import re

import openpyxl
import pytest
from openpyxl.styles import PatternFill
from patching import PLAIN_STYLES, STRICT, STYLES, USUAL, book, patched, unpacked

from bulkorders.workbook.ooxml.edits import SheetEdits, UnsureError, Written
from bulkorders.workbook.ooxml.styles import Styles
from bulkorders.workbook.style import BANNER, CELL, DONE, PLAIN, Look

MAIN = USUAL + "spreadsheetml/2006/main"
SOLID = '<fill><patternFill patternType="solid"><fgColor {}/><bgColor indexed="64"/></patternFill></fill>'

MARK = '<fill><patternFill patternType="solid"><fgColor rgb="{}"/><bgColor {}/></patternFill></fill>'


def sheet(inner: str, prefix: str = "") -> bytes:
    """A styles part."""
    p = prefix + ":" if prefix else ""
    return f'<{p}styleSheet xmlns{":" + prefix if prefix else ""}="{MAIN}">{inner}</{p}styleSheet>'.encode()


def coloured(colour: str) -> bytes:
    """Styles whose second one has a solid fill of a colour."""
    fills = f'<fills count="3"><fill/><fill/>{SOLID.format(colour)}</fills>'
    cells = '<cellXfs count="2"><xf numFmtId="0" fillId="0"/><xf numFmtId="14" fillId="2"><alignment/></xf></cellXfs>'
    return sheet(f"<fonts><font/></fonts>{fills}{cells}")


def test_the_same_request_gives_the_same_style() -> None:
    """In one run, and in the next one over what came out."""
    styles = Styles(sheet(PLAIN_STYLES))
    asked = some_of_each(styles)
    again = Styles(styles.data)
    assert some_of_each(again) == asked
    assert again.data == styles.data


def some_of_each(styles: Styles) -> list[int]:
    """Looks, conditional colours, marks."""
    looks = [styles.look(look, shown) for look in (PLAIN, CELL, DONE, BANNER) for shown in ("General", "@", "yyyy-mm-dd")]
    marks = [styles.restyled(base, paper) for base in (0, 1) for paper in ("error", "warning")]
    return [*looks, styles.look(CELL, "@", quoted=True), styles.dxf("000000", "FFFFFF"), *marks]


def test_what_was_there_stays_in_front() -> None:
    """The part begins and ends as it did; counts are right."""
    data = sheet(PLAIN_STYLES + '<cellStyles count="1"/><tableStyles count="0"/><extLst><ext uri="x"/></extLst>')
    styles = Styles(data)
    styles.look(DONE, "0.0000")
    styles.dxf("000000", "FFFFFF")
    after = styles.data.decode()
    order = re.findall("<(numFmts|fonts|fills|borders|cellXfs|cellStyles|dxfs|tableStyles|extLst)", after)
    assert order == ["numFmts", "fonts", "fills", "borders", "cellXfs", "cellStyles", "dxfs", "tableStyles", "extLst"]
    for group, item in (
        ("fonts", "font"),
        ("fills", "fill"),
        ("borders", "border"),
        ("cellXfs", "xf"),
        ("dxfs", "dxf"),
        ("numFmts", "numFmt"),
    ):
        whole = re.search(f'<{group} count="(\\d+)">(.*?)</{group}>', after)
        assert whole is not None
        assert int(whole[1]) == len(re.findall(f"<{item}[ >/]", whole[2]))
    assert '<font><sz val="11"/><name val="宋体"/></font>' in after
    assert after.count('<name val="宋体"/>') == 2  # ours is in the workbook's own typeface


@pytest.mark.parametrize("colour", ['rgb="FF00FF00"', 'theme="4" tint="0.59996337778862885"', 'indexed="13"'])
def test_a_mark_keeps_the_colour_that_it_covers(colour: str) -> None:
    """And gives it back: the cell has the style that it had."""
    styles = Styles(coloured(colour))
    marked = styles.restyled(1, "error")
    assert f'<fgColor rgb="FFFF6B6B"/><bgColor {colour}/>'.encode() in styles.data
    later = Styles(styles.data)
    assert later.marked == {marked}
    assert later.unmarked(marked) == 1
    assert later.restyled(marked, "error") == marked
    assert later.unmarked(later.restyled(marked, "warning")) == 1
    assert later.unmarked(0) == 0


def test_a_colour_that_nobody_has_any_more_is_made_again() -> None:
    """A program that drops unused fills has numbered them anew."""
    inner = f"<fills><fill/><fill/>{MARK.format('FFFFE066', 'theme=' + chr(34) + '5' + chr(34))}</fills>"
    styles = Styles(sheet(f'<fonts><font/></fonts>{inner}<cellXfs><xf numFmtId="9" fillId="2" applyFill="1"/></cellXfs>'))
    assert styles.unmarked(0) == 1
    assert b'<fgColor theme="5"/><bgColor indexed="64"/>' in styles.data


def test_the_merchants_own_colours_are_no_marks() -> None:
    """Also ones that are like ours, and patterns in our colour."""
    for fill in (SOLID.format('rgb="FFFF6B6C"'), '<fill><patternFill patternType="gray125"><fgColor rgb="FFFF6B6B"/></patternFill></fill>'):
        assert Styles(sheet(f'<fills>{fill}</fills><cellXfs><xf fillId="0"/></cellXfs>')).marked == frozenset()


def test_libreoffice_forgets_what_a_mark_kept() -> None:
    """It puts a colour of its own there; a mark of ours since is known by `applyFill`."""
    inner = f"<fills><fill/><fill/>{MARK.format('FFFF6B6B', 'rgb=' + chr(34) + 'FFFF6600' + chr(34))}</fills>"
    data = sheet(
        f'<fonts><font/></fonts>{inner}<cellXfs><xf fillId="0"/><xf fillId="2"/><xf fillId="2" numFmtId="9" applyFill="1"/></cellXfs>'
    )
    styles = Styles(data, forgetful=True)
    assert styles.unmarked(1) == 0
    styles.unmarked(2)
    assert b'<fgColor rgb="FFFF6600"/>' in styles.data


@pytest.mark.parametrize(
    "inner", ["", "<fonts/><fills/><cellXfs/>", '<cellXfs count="1"><xf/></cellXfs>', "<cellStyleXfs><xf/></cellStyleXfs>"]
)
@pytest.mark.parametrize("prefix", ["", "x"])
def test_missing_groups_are_made(inner: str, prefix: str) -> None:
    """With what has to stand in front of ours."""
    p = prefix + ":" if prefix else ""
    styles = Styles(sheet(re.sub("<(/?)", rf"<\g<1>{p}", inner), prefix))
    assert styles.look(Look(paper="123456", boxed=True)) == 1
    after = styles.data.decode()
    assert len(re.findall(f"<{p}fill>", after)) == 3
    assert len(re.findall(f"<{p}border>", after)) == 2
    assert len(re.findall(f"<{p}xf[ /]", after.partition(f"<{p}cellXfs")[2])) == 2
    assert not prefix or not re.findall(r"<(?!/?x:)", after)


@pytest.mark.parametrize(
    "data", [b"<x/>", sheet("<fonts><xf/></fonts>"), sheet("<fonts/><fonts/>"), sheet("<!-- x -->"), sheet("<fonts>"), b"", b"\xff\xfe<"]
)
def test_styles_of_another_kind_are_not_touched(data: bytes) -> None:
    """Unsure, and nothing else."""
    with pytest.raises(UnsureError):
        Styles(data)


def test_a_style_that_is_not_there() -> None:
    """A cell that names one is not marked."""
    with pytest.raises(UnsureError):
        Styles(sheet(PLAIN_STYLES)).restyled(9, "error")


def test_strict_styles() -> None:
    """The groups are the same."""
    data = sheet(PLAIN_STYLES).replace(MAIN.encode(), (STRICT + "spreadsheetml/main").encode())
    assert Styles(data).restyled(0, "error") == 1


def test_marks_that_are_no_longer_due_are_taken_off_after_openpyxl_saved_the_file() -> None:
    """The loop: marked, corrected with openpyxl, marked elsewhere. The old fill is back, also a coloured one."""
    made, content = openpyxl.Workbook(), io.BytesIO()
    sheet_made = made.active
    assert sheet_made is not None
    sheet_made.title = "S"
    for row in range(1, 5):
        sheet_made.append([row, "x"])
    sheet_made["A2"].fill = PatternFill("solid", fgColor="FF00FF00")
    made.save(content)
    first = SheetEdits(1, {3: 9.0}, {2: {3: Written("坏")}}, {2: {1: "error", 2: "warning"}, 3: {2: "error"}})
    book_marked = openpyxl.load_workbook(io.BytesIO(patched(content.getvalue(), first)))
    assert [book_marked["S"][place].fill.fgColor.rgb for place in ("A2", "B2", "B3")] == ["FFFF6B6B", "FFFFE066", "FFFF6B6B"]
    content = io.BytesIO()
    book_marked.save(content)
    second = SheetEdits(1, {3: 9.0}, {2: {3: Written("好")}}, {3: {2: "warning"}})
    after = openpyxl.load_workbook(io.BytesIO(patched(content.getvalue(), second)))["S"]
    assert after["A2"].fill.fgColor.rgb == "FF00FF00"
    assert after["B2"].fill.fill_type is None
    assert after["B3"].fill.fgColor.rgb == "FFFFE066"
    assert after["C2"].value == "好"


def test_styles_are_left_alone_where_none_is_asked_for() -> None:
    """Byte for byte."""
    assert unpacked(patched(book(), SheetEdits(1)))[STYLES] == book()[STYLES]
