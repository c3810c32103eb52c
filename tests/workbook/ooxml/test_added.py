"""New sheets: valid XML in the schema's order, texts that stay texts, and a chart that needs nothing from outside."""

import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter
from containers import PlainStyles, pack, xml_of
from defusedxml.ElementTree import fromstring
from openpyxl import load_workbook
from programs import require

from bulkorders.core.table import Merge
from bulkorders.workbook import style
from bulkorders.workbook.ooxml.added import ErrorCell, write_sheet
from bulkorders.workbook.ooxml.edits import Chart, NewParts, NewRow, NewSheet, Written

BARS = Chart("数目 & <图>", "'汇总'!$A$1:$A$2", "'汇总'!$B$1:$B$2", ["4CAF50", "E53935"], (1, 4), (400, 200))
COUNTS = [NewRow({1: Written("已创建"), 2: Written(7)}), NewRow({1: Written("被拒绝"), 2: Written(2)})]


def parts(sheet: NewSheet, *, is_1904: bool = False) -> NewParts:
    """What is written for a sheet."""
    return write_sheet(sheet, PlainStyles(), lambda pattern: pattern.format(7), is_1904=is_1904)


def cells(*written: Written, **more: Any) -> NewSheet:
    """A sheet with one row."""
    return NewSheet("汇总", [NewRow(dict(enumerate(written, 1)))], **more)


def order_of(content: bytes) -> list[str]:
    """The names of a part's top elements."""
    return [each.tag.rpartition("}")[2] for each in fromstring(content)]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "＝1", "http://x.y", "  zwei ", "a\nb", "<&>\"'", "_x000D_", "#REF!"])
def test_text_stays_text(text: str, tmp_path: Path) -> None:
    """Neither a formula nor a link nor an error, and letter by letter what it was."""
    new = parts(cells(Written(text)))
    assert b"<f" not in new.sheet
    assert b"hyperlink" not in new.sheet
    cell = load_workbook(pack(tmp_path / "a.xlsx", cells(Written(text))))["汇总"]["A1"]
    assert (cell.value, cell.data_type) == (text, "s") if text != "_x000D_" else cell.value.startswith("_x005F_")
    assert bool(cell.quotePrefix) is style.is_risky(text)


def test_risky_text_has_the_format_of_text() -> None:
    """Else it would turn into a formula when somebody edits the cell."""
    styles = PlainStyles()
    write_sheet(cells(Written("=1", style.CELL, "0")), styles, str)
    assert styles.sheet.cell(1, 1).number_format == "@"


def test_values_keep_their_kinds(tmp_path: Path) -> None:
    """Numbers, truth, errors, and cells that are dressed but empty."""
    row = Written(3), Written(2.5), Written(True), ErrorCell("#REF!"), ErrorCell("#BUSY!"), Written(None, style.CELL), Written(None)
    sheet = load_workbook(pack(tmp_path / "a.xlsx", cells(*row)))["汇总"]
    assert [cell.value for cell in sheet[1]] == [3, 2.5, True, "#REF!", "#N/A", None]
    assert [cell.data_type for cell in sheet[1]] == ["n", "n", "b", "e", "e", "n"]
    assert sheet["F1"].border.left.style == "thin"


@pytest.mark.parametrize("number", [float("inf"), float("nan")])
def test_what_is_no_number_is_text(number: float) -> None:
    """XML of a sheet knows no infinity."""
    assert f">{number}</t>" in parts(cells(Written(number))).sheet.decode()


@pytest.mark.parametrize("is_1904", [False, True])
def test_days_are_the_same_in_both_calendars(is_1904: bool, tmp_path: Path) -> None:
    """A workbook made on an old Mac counts from 1904."""
    path = pack(tmp_path / "a.xlsx", cells(Written(45000, style.PLAIN, "yyyy-mm-dd")), is_1904=is_1904)
    assert str(load_workbook(path)["汇总"]["A1"].value) == "2023-03-15 00:00:00"


def test_forbidden_signs_and_overlong_text_are_cut() -> None:
    """Excel would call the file damaged."""
    content = parts(cells(Written("a\x00\x0b\ud800b"), Written("x" * 40_000))).sheet
    assert b">ab</t>" in content
    assert content.count(b"x" * style.LONGEST_TEXT + b"<") == 1


def test_elements_stand_in_the_schemas_order(tmp_path: Path) -> None:
    """As another writer has them; Excel repairs, that is: throws away, what stands elsewhere."""
    sheet = NewSheet(
        "汇总", COUNTS, {1: 20, 2: 8}, [Merge(1, 1, 1, 2), Merge(2, 2, 2, 2)], frozen_row=1, filter="A1:B2", chart=BARS, gridlines=False
    )
    content = parts(sheet).sheet
    assert order_of(content) == [
        "sheetPr", "dimension", "sheetViews", "sheetFormatPr", "cols", "sheetData", "autoFilter", "mergeCells", "pageMargins", "pageSetup",
        "ignoredErrors", "drawing",
    ]  # fmt: skip
    assert order_of(content) == [name for name in order_of(_of_another_writer(tmp_path)) if name in order_of(content)]


def _of_another_writer(folder: Path) -> bytes:
    with xlsxwriter.Workbook(folder / "x.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.fit_to_pages(1, 0)
        sheet.set_column(0, 1, 20)
        sheet.write(0, 0, "a")
        sheet.autofilter(0, 0, 1, 1)
        sheet.merge_range(3, 0, 3, 1, "x")
        sheet.ignore_errors({"number_stored_as_text": "A1:B2"})
        sheet.insert_chart(0, 3, _bars(book))
    with zipfile.ZipFile(folder / "x.xlsx") as archive:
        return archive.read("xl/worksheets/sheet1.xml")


def _bars(book: Any) -> Any:
    chart = book.add_chart({"type": "bar"})
    chart.add_series({"values": "=Sheet1!$A$1:$A$2"})
    return chart


def test_layout_is_there(tmp_path: Path) -> None:
    """Widths, heights, merged ranges, frozen rows, filter, no gridlines; and never a second selected tab."""
    sheet = NewSheet("汇总", [NewRow(COUNTS[0].cells, 33.5), COUNTS[1]], {1: 20, 2: 8}, [Merge(1, 1, 1, 2)], 1, "A1:B2", gridlines=False)
    assert b"tabSelected" not in parts(sheet).sheet
    found = load_workbook(pack(tmp_path / "a.xlsx", sheet))["汇总"]
    assert (found.column_dimensions["A"].width, found.row_dimensions[1].height) == (20, 33.5)
    assert (found.freeze_panes, found.auto_filter.ref, found.sheet_view.showGridLines) == ("A2", "A1:B2", False)
    assert [str(each) for each in found.merged_cells.ranges] == ["A1:B1"]
    assert found.dimensions == "A1:B2"


def test_an_empty_sheet_is_one() -> None:
    """No rows, no widths: still a sheet."""
    assert order_of(parts(NewSheet("汇总", [])).sheet)[:2] == ["sheetPr", "dimension"]


def test_rows_without_content_are_left_out() -> None:
    """But keep their places."""
    content = parts(NewSheet("汇总", [NewRow(), NewRow({2: Written("x")})])).sheet
    assert content.count(b"<row ") == 1
    assert b'<row r="2">' in content


def test_a_chart_has_ranges_and_their_values() -> None:
    """What reads no ranges shows it too, and nothing of it is outside the workbook."""
    new = parts(NewSheet("汇总", COUNTS, chart=BARS))
    assert list(new.rels.values()) == [
        ("http://schemas.openxmlformats.org/officeDocument/2006/relationships/drawing", "/xl/drawings/drawing7.xml")
    ]
    drawing, chart = new.parts["/xl/drawings/drawing7.xml"], new.parts["/xl/charts/chart7.xml"]
    assert [target for _, target in drawing[2].values()] == ["/xl/charts/chart7.xml"]
    assert chart[2] == {}
    text = chart[1].decode()
    assert "<c:f>'汇总'!$A$1:$A$2</c:f>" in text
    assert '<c:ptCount val="2"/><c:pt idx="0"><c:v>7</c:v></c:pt><c:pt idx="1"><c:v>2</c:v></c:pt>' in text
    assert "<c:v>已创建</c:v>" in text
    assert "数目 &amp; &lt;图&gt;" in text
    assert "externalData" not in xml_of(new)


def test_a_charts_elements_stand_in_order(tmp_path: Path) -> None:
    """As openpyxl, which writes them by the schema, has them after it has read ours."""
    path = pack(tmp_path / "a.xlsx", NewSheet("汇总", COUNTS, chart=BARS))
    with zipfile.ZipFile(path) as archive:
        ours = archive.read("xl/charts/chart1.xml")
    book = load_workbook(path)
    (chart,) = book["汇总"]._charts  # type: ignore[attr-defined]  # openpyxl has no public way
    assert (chart.barDir, chart.ser[0].val.numRef.f, len(chart.ser[0].dPt)) == ("bar", "'汇总'!$B$1:$B$2", 2)
    book.save(tmp_path / "b.xlsx")
    with zipfile.ZipFile(tmp_path / "b.xlsx") as archive:
        theirs = archive.read("xl/charts/chart1.xml")
    for tag in ("chart", "plotArea", "barChart", "ser", "dPt", "dLbls", "catAx", "valAx"):
        assert is_subsequence(children(ours, tag), children(theirs, tag)), tag


def children(content: bytes, tag: str) -> list[str]:
    """The elements in the first one of this name."""
    found = next(each for each in fromstring(content).iter() if each.tag.endswith(f"}}{tag}") and len(each))
    return list(dict.fromkeys(each.tag.rpartition("}")[2] for each in found))


def is_subsequence(some: list[str], others: list[str]) -> bool:
    """Whether those that both have stand in the same order."""
    return [each for each in some if each in others] == [each for each in others if each in some]


def test_a_charts_name_cannot_break_out_of_its_attribute() -> None:
    """Names are ours, and yet."""
    new = parts(NewSheet("汇总", COUNTS, chart=Chart('a"b', BARS.labels, BARS.values, [], (1, 1), (9, 9))))
    for _, content, _ in new.parts.values():
        fromstring(content)


def test_libreoffice_opens_it(tmp_path: Path) -> None:
    """Another program reads it without repair, and prints chart and cells."""
    path = pack(tmp_path / "a.xlsx", NewSheet("汇总", COUNTS, {1: 20}, [Merge(3, 1, 3, 2)], 1, "A1:B2", BARS))
    soffice, profile = require("soffice", "libreoffice-calc"), (tmp_path / "profile").as_uri()
    command = [soffice, "--headless", f"-env:UserInstallation={profile}", "--convert-to", "pdf", "--outdir", str(tmp_path), str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    assert (tmp_path / "a.pdf").stat().st_size > 5000
