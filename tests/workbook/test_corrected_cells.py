"""Corrected cells: read as if they had been typed into the workbook, and written into the results as such, each in its own look."""

import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import books
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.worksheet.formula import ArrayFormula
from openpyxl.worksheet.worksheet import Worksheet
from tiny_xls import write_xls
from told import HEADER, about, book, failures, report, result, tables_of

from bulkorders.core.cell import column_letter
from bulkorders.core.check import check
from bulkorders.core.checked import Checked
from bulkorders.core.correction import Correction, laid_over, typed
from bulkorders.core.group import group
from bulkorders.core.payload import fingerprint
from bulkorders.core.result import Fate
from bulkorders.core.table import Table
from bulkorders.providers.lingxing.fields import MCF_ORDERS
from bulkorders.workbook.isolated import write_results
from bulkorders.workbook.result_sheets import corrections_in
from bulkorders.workbook.results import write_results as write_here

SHEET = "Sheet"
FORMATS = ("General", "@", "0.00", '0.0,"kg"', "yyyy-mm-dd", "0%", '"FBA"000', "00000")
TEXTS = st.one_of(
    st.text(st.characters(codec="utf-8"), max_size=30),
    st.from_regex(r"[ +=@-]?[0-9]{1,17}([.,][0-9]{0,3})?", fullmatch=True),
    st.sampled_from(
        ("", " ", "=1+1", "-5", "+8613800138000", "'0012", "00501", "１２", "1e5", "1,200", "2022-12-09", "12/9/2022", "是", "US")
    ),
    st.sampled_from(("3件", "#REF!", "_x0041_", "a\nb", "a\r\nb", "\ta", "<b>&", "TRUE", "50%", "12.5kg", "36003.0", "0.1", "-0", "5.0")),
)
FIELDS = [field for field in MCF_ORDERS.fields if field.name != "order_id"]


def read(tables: list[Table]) -> Checked:
    """What a check of some tables says."""
    (checked,) = check(tables, [MCF_ORDERS])
    return checked


def told(sheets: Mapping[str, Any], *corrections: tuple[str, int, str, str, bool]) -> dict[str, Any]:
    """A report with corrections."""
    return report(sheets, corrections=[list(each) for each in corrections])


def edited(path: Path, place: str, text: str) -> Path:
    """The workbook saved with a text in a cell, as text."""
    made = load_workbook(path)
    cell = made[SHEET][place]
    cell.value = text or None
    if text:
        cell.data_type = "s"
    made.save(path)
    return path


@settings(max_examples=20)
@given(text=TEXTS, field=st.sampled_from(FIELDS), row=st.integers(2, 4), form=st.sampled_from(FORMATS))
@example(text="500", field=MCF_ORDERS["quantity_shipped"], row=2, form='0.0,"kg"')
@example(text="12", field=MCF_ORDERS["quantity_shipped"], row=3, form="yyyy-mm-dd")
@example(text="0.1234567890123456789", field=MCF_ORDERS["quantity_shipped"], row=2, form="General")
def test_correcting_a_cell_is_saving_the_workbook_with_that_text(text: str, field: Any, row: int, form: str) -> None:
    """Whatever the text, column and number format: the check finds the same; and so it does in the results, whose orders are equal."""
    text, letter = typed(text), column_letter(MCF_ORDERS.fields.index(field) + 1)
    with TemporaryDirectory() as name:
        folder = Path(name)

        def dress(sheet: Worksheet) -> None:
            sheet[f"{letter}{row}"].number_format = form

        source = books.plain(folder / "in.xlsx", dress)
        correction = Correction(SHEET, row, letter, text)
        corrected = read(laid_over(tables_of(source), [correction]))
        if "_x" not in text and (text.strip(" \t\n") or not text):  # openpyxl writes no escapes, and nothing for blanks alone
            (folder / "saved.xlsx").write_bytes(source.read_bytes())
            assert corrected == read(tables_of(edited(folder / "saved.xlsx", f"{letter}{row}", text)))

        what = told({SHEET: about({"2": result()})}, (SHEET, row, letter, text, field.kind.is_amount))
        tables = laid_over(tables_of(source), *corrections_in(what))
        assert write_here(source, tables, what, folder / "out.xlsx", folder / "draft") == "patched"
        again = read([table for table in tables_of(folder / "out.xlsx") if table.sheet == SHEET])
        assert prints(again) == prints(corrected)


def prints(checked: Checked) -> list[tuple[str, bool, str]]:
    """The orders as the journal tells them apart."""
    return [(order.display, order.is_valid, fingerprint(order) if order.is_valid else "") for order in group(MCF_ORDERS, checked).orders]


def test_rows_that_were_empty_may_be_filled_and_full_ones_emptied() -> None:
    """A table has no empty rows: they come and go with their cells."""
    with TemporaryDirectory() as name:
        source = books.plain(Path(name) / "in.xlsx", lambda sheet: sheet.delete_rows(3))
        tables = tables_of(source)
        filled = laid_over(tables, [Correction(SHEET, 9, "A", "x"), Correction(SHEET, 6, "C", ""), Correction("other", 2, "A", "y")])
        assert list(filled[0].frame.index) == [1, 2, 3, 9]
        assert [filled[0].frame.at[9, number] for number in (1, 2)] == ["x", None]
        emptied = laid_over(filled, [Correction(SHEET, 9, "A", "")])
        assert emptied[0].frame.equals(tables[0].frame)
        assert list(tables[0].frame.index) == [1, 2, 3]


# -- the results ---------------------------------------------------------------------------------------------------------------------
def corrected(folder: Path, change: Any, *corrections: tuple[str, int, str, str, bool]) -> tuple[Any, str]:
    """The sheet of the results of a small workbook, by the real child, and the way."""
    source = book(folder / "in.xlsx", {SHEET: [HEADER, ["A1", "一", 1], ["A2", "二", 2], ["A3", "三", 3]]}, change)
    way = write_results(source, told({SHEET: about({"2": result(), "3": result()})}, *corrections), folder / "out.xlsx")
    return load_workbook(folder / "out.xlsx")[SHEET], way


def sheet_xml(path: Path) -> bytes:
    """The first sheet's part."""
    with zipfile.ZipFile(path) as archive:
        return archive.read("xl/worksheets/sheet1.xml")


def test_a_corrected_cell_keeps_its_look(tmp_path: Path) -> None:
    """Font, fill, alignment and number format; an amount is a number, all else text; what is not corrected stays byte for byte."""

    def dress(made: Any) -> None:
        for place in ("B2", "C2", "C3"):
            cell = made[SHEET][place]
            cell.font, cell.fill = Font(name="楷体", size=14, italic=True), PatternFill("solid", fgColor="FF92D050")
            cell.alignment, cell.number_format = Alignment(horizontal="right"), "#,##0.00" if place[0] == "C" else "@"

    sheet, way = corrected(tmp_path, dress, (SHEET, 2, "B", "新", False), (SHEET, 2, "C", "1,200.5", True), (SHEET, 4, "C", "", True))
    assert way == "patched"
    assert [sheet[place].value for place in ("B2", "C2", "C3", "C4")] == ["新", 1200.5, 2, None]
    for place in ("B2", "C2"):
        cell = sheet[place]
        assert (cell.font.name, cell.font.sz, cell.font.i) == ("楷体", 14, True)
        assert (cell.fill.fgColor.rgb, cell.alignment.horizontal) == ("FF92D050", "right")
    assert (sheet["B2"].number_format, sheet["C2"].number_format) == ("@", "#,##0.00")


@pytest.mark.parametrize("text", ["=1+1", "+86", "-5", "@x", '=HYPERLINK("http://x")', "\t=1", "＝1", "#REF!", "<f>1</f>", "]]>", "&amp;"])
def test_nothing_that_was_typed_becomes_a_formula_or_a_link(text: str, tmp_path: Path) -> None:
    """It is text in the cell, and stays text when somebody edits it."""
    sheet, _ = corrected(tmp_path, None, (SHEET, 2, "B", text, False))
    assert (sheet["B2"].value, sheet["B2"].data_type) == (text, "s")
    assert sheet["B2"].quotePrefix == (text[0] not in "<]&")
    assert sheet["B2"].hyperlink is None
    assert re.search(rb"<f[\s>/]", sheet_xml(tmp_path / "out.xlsx")) is None


@pytest.mark.parametrize("form", ['0.0,"kg"', "yyyy-mm-dd", "0%", '"FBA"000', "00000"])
def test_a_number_stands_as_text_where_its_cell_would_show_another(form: str, tmp_path: Path) -> None:
    """In a cell that shows dates, words or percent `500` would be read as something else when the results are sent in again."""

    def dress(made: Any) -> None:
        made[SHEET]["C2"].number_format = form

    sheet, _ = corrected(tmp_path, dress, (SHEET, 2, "C", "500", True))
    assert (sheet["C2"].value, sheet["C2"].data_type, sheet["C2"].number_format) == ("500", "s", form)


def test_a_bad_cell_that_was_corrected_and_is_bad_still_is_marked(tmp_path: Path) -> None:
    """Its text is the new one, its mark that of the results; a cell that is not there is made, in its column's place."""
    source = book(tmp_path / "in.xlsx", {SHEET: [HEADER, ["A1", None, 1], ["A2", "二", 2]]})
    sheets = {SHEET: about({"2": result()}, bad={"2": {"B": "error", "C": "warning"}}, notes={"2": {"B": "不对"}})}
    write_results(source, told(sheets, (SHEET, 2, "B", "新", False), (SHEET, 2, "C", "x", True)), tmp_path / "out.xlsx")
    sheet = load_workbook(tmp_path / "out.xlsx")[SHEET]
    assert [sheet[place].value for place in ("A2", "B2", "C2")] == ["A1", "新", "x"]
    assert [sheet[place].fill.fgColor.rgb for place in ("B2", "C2")] == ["FFFF6B6B", "FFFFE066"]
    assert sheet["B2"].comment is not None


def test_a_row_that_is_not_there_is_made(tmp_path: Path) -> None:
    """Between the merchant's own rows."""
    source = book(tmp_path / "in.xlsx", {SHEET: [HEADER, ["A1", "一", 1], [], ["A3", "三", 3]]})
    write_results(source, told({SHEET: about({"2": result()})}, (SHEET, 3, "B", "新", False)), tmp_path / "out.xlsx")
    assert [row[:3] for row in load_workbook(tmp_path / "out.xlsx")[SHEET].iter_rows(2, values_only=True)] == [
        ("A1", "一", 1), (None, "新", None), ("A3", "三", 3),
    ]  # fmt: skip


# -- formulas ------------------------------------------------------------------------------------------------------------------------
def test_a_formula_that_was_corrected_is_gone_and_the_others_stay(tmp_path: Path) -> None:
    """Text or number in its place; no program is told to calculate a cell that is no formula any more."""

    def dress(made: Any) -> None:
        made[SHEET]["C2"], made[SHEET]["C3"] = "=1+1", "=C2+1"

    sheet, way = corrected(tmp_path, dress, (SHEET, 2, "C", "7", True))
    assert (way, sheet["C2"].value, sheet["C3"].value) == ("patched", 7, "=C2+1")
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        assert "xl/calcChain.xml" not in archive.namelist()


def test_a_formula_that_others_share_is_not_lost_with_its_first_cell(tmp_path: Path) -> None:
    """The patcher is not sure of it; openpyxl gives each cell its own formula first."""
    source = book(tmp_path / "plain.xlsx", {SHEET: [HEADER, ["A1", "一", 1], ["A2", "二", 2], ["A3", "三", 3]]})

    def share(_: str, content: bytes) -> bytes:
        for row, formula in (
            (2, b'<f t="shared" ref="C2:C4" si="0">ROW()</f>'),
            (3, b'<f t="shared" si="0"/>'),
            (4, b'<f t="shared" si="0"/>'),
        ):
            content = re.sub(rb'(<c r="C%d"[^>]*>)' % row, rb"\1" + formula, content)
        return content

    shared = books.patched(source, tmp_path / "in.xlsx", share)
    way = write_results(shared, told({SHEET: about({"2": result()})}, (SHEET, 2, "C", "7", True)), tmp_path / "out.xlsx")
    sheet = load_workbook(tmp_path / "out.xlsx")[SHEET]
    assert (way, sheet["C2"].value, sheet["C3"].value) == ("rewritten", 7, "=ROW()")


def test_a_cell_that_an_array_fills_is_not_written_over_when_somebody_calculates(tmp_path: Path) -> None:
    """Excel would fill it again with what it was: the results are made of the values."""

    def dress(made: Any) -> None:
        made[SHEET]["C2"] = ArrayFormula("C2:C4", "=ROW(C2:C4)")

    sheet, way = corrected(tmp_path, dress, (SHEET, 3, "C", "7", True))
    assert (way, sheet["C3"].value, sheet["C3"].data_type) == ("fresh", 7, "n")


# -- the other ways ------------------------------------------------------------------------------------------------------------------
def test_corrections_stand_in_results_that_were_rewritten(tmp_path: Path) -> None:
    """Of a container that the patcher is not sure of."""
    source = books.patched(
        book(tmp_path / "plain.xlsx", {SHEET: [HEADER, ["A1", "一", 1]]}), tmp_path / "in.xlsx",
        lambda name, content: content.replace(b"<sheetData>", b"<sheetData><!-- x -->") if "worksheets" in name else content,
    )  # fmt: skip
    what = told({SHEET: about({"2": result()})}, (SHEET, 2, "B", "=新", False), (SHEET, 2, "C", "9", True))
    assert write_results(source, what, tmp_path / "out.xlsx") == "rewritten"
    sheet = load_workbook(tmp_path / "out.xlsx")[SHEET]
    assert (sheet["B2"].value, sheet["B2"].data_type, sheet["C2"].value) == ("=新", "s", 9)


@pytest.mark.parametrize("kind", ["csv", "xls"])
def test_corrections_stand_in_results_that_were_made_afresh(kind: str, tmp_path: Path) -> None:
    """Of a text file and of an old workbook."""
    source = tmp_path / f"in.{kind}"
    name = "Sheet1"
    if kind == "csv":
        source.write_text("单号,名称,数量\nA1,一,1\nA2,二,2\n", encoding="utf-8")
    else:
        write_xls(source, [HEADER, ["A1", "一", 1], ["A2", "二", 2]])
    what = told({name: about({"2": result()})}, (name, 2, "B", "=新", False), (name, 3, "C", "9", True))
    assert write_results(source, what, tmp_path / "out.xlsx") == "fresh"
    sheet = load_workbook(tmp_path / "out.xlsx")[name]
    assert (sheet["B2"].value, sheet["B2"].data_type, sheet["C3"].value) == ("=新", "s", 9)
    assert re.search(rb"<f[\s>/]", sheet_xml(tmp_path / "out.xlsx")) is None


def test_failed_orders_are_listed_as_corrected(tmp_path: Path) -> None:
    """失败明细 has the new text: whoever mends the rest there sends what he saw."""
    source = book(tmp_path / "in.xlsx", {SHEET: [HEADER, ["A1", "一", 1]]})
    what = told({SHEET: about({"2": result(Fate.INVALID)})}, (SHEET, 2, "A", "=B9", False)) | {"failures": failures(SHEET, 2)}
    write_results(source, what, tmp_path / "out.xlsx")
    listed = [cell for row in load_workbook(tmp_path / "out.xlsx")["失败明细"].iter_rows() for cell in row if cell.value == "=B9"]
    assert [cell.data_type for cell in listed] == ["s"]
