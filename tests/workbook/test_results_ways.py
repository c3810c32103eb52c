"""The three ways to a results workbook: the merchant's own patched, or rewritten before that, or a fresh one patched."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import books
import pytest
import raw_book
from making import mcf_row
from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from tiny_xls import write_xls
from told import HEADER, about, book, counts, created, failures, paper, report, result, tables_of, write

from bulkorders.core.result import FAILURES_SHEET, SUMMARY_SHEET, UNDO_SHEET, Fate
from bulkorders.core.table import make_table
from bulkorders.workbook.results import write_results

OURS = [SUMMARY_SHEET, FAILURES_SHEET, UNDO_SHEET]
Change = Callable[[str, bytes], bytes]


def told(sheet: str, column: str = "A") -> dict[str, Any]:
    """A report of a sheet with a created and an invalid order."""
    rows = {"2": result(), "3": result(Fate.INVALID, reason="=1+1")}
    about_it = about(rows, bad={"3": {"B": "error"}}, notes={"3": {"B": "不对"}})
    return report({sheet: about_it}, counts=counts(created=1, invalid=1), failures=failures(sheet, 3, column), created=created())


def commented(name: str, content: bytes) -> bytes:
    """A comment among the rows, as some exporters leave one."""
    return content.replace(b"<sheetData>", b"<sheetData><!-- export -->") if "worksheets" in name else content


def assert_told(target: Path, sheet: str, *, rows: int) -> None:
    """What a results workbook has to say, whichever way it was written: read as the next submit reads it."""
    found = {table.sheet: table for table in tables_of(target)}
    assert list(found) == [sheet, *OURS]
    frame = found[sheet].frame
    status = next(int(number) for number in frame.columns if frame.loc[1, number] == "提交状态")
    assert [frame.at[row, status] for row in (2, 3)] == ["已创建", "数据有误"]
    assert frame.at[3, status + 1] == "=1+1"
    assert len(frame) == rows


@pytest.mark.parametrize("name", ["strict", "prefixed", "absolute", "lying"])
def test_what_the_patcher_is_sure_of_is_patched(name: str, tmp_path: Path) -> None:
    """Also what other programs than Excel write."""
    source = books.patched(books.plain(tmp_path / "plain.xlsx"), tmp_path / "in.xlsx", books.VARIANTS[name])
    assert write(source, told("Sheet", "C"), tmp_path / "out.xlsx") == "patched"
    assert_told(tmp_path / "out.xlsx", "Sheet", rows=4)


@pytest.mark.parametrize("change", [books.utf16, commented], ids=["utf16", "comment"])
def test_what_the_patcher_is_not_sure_of_is_rewritten(change: Change, tmp_path: Path) -> None:
    """By openpyxl, which keeps values and looks; then it is patched like any other."""

    def dress(sheet: Any) -> None:
        sheet["C2"].font = Font(name="楷体", size=14)
        sheet.column_dimensions["C"].width, sheet.freeze_panes = 40, "D2"

    source = books.patched(books.plain(tmp_path / "plain.xlsx", dress), tmp_path / "in.xlsx", change)
    before = source.read_bytes()
    assert write(source, told("Sheet", "C"), tmp_path / "out.xlsx") == "rewritten"
    assert_told(tmp_path / "out.xlsx", "Sheet", rows=4)
    found = load_workbook(tmp_path / "out.xlsx")["Sheet"]
    assert (found["C2"].font.name, found.column_dimensions["C"].width, found.freeze_panes) == ("楷体", 40, "D2")
    assert (paper(found["B3"]), "不对" in found["B3"].comment.text) == ("FFFF6B6B", True)
    assert source.read_bytes() == before


def test_a_formula_that_was_never_calculated_stays_where_it_is_when_rewritten(tmp_path: Path) -> None:
    """Readers take it for nothing; our columns stand behind it."""
    plain = books.plain(tmp_path / "plain.xlsx", lambda sheet: sheet.cell(3, 40, "=1+1"))
    source = books.patched(plain, tmp_path / "in.xlsx", commented)
    assert write(source, told("Sheet", "C"), tmp_path / "out.xlsx") == "rewritten"
    sheet = load_workbook(tmp_path / "out.xlsx")["Sheet"]
    assert (sheet["AN3"].value, sheet["AO1"].value) == ("=1+1", "提交状态")


def test_what_nobody_can_rewrite_is_made_afresh(tmp_path: Path) -> None:
    """Values, and all that we have to say; the reader can do with less than openpyxl."""
    parts: Mapping[str, Any] = raw_book.parts(raw_book.sheet_rows([HEADER, ["A1", "x", 1], ["A2", "y", 2]]))
    content = parts[raw_book.SHEET].replace("<sheetData>", "<sheetData><!-- export -->")
    broken = parts[raw_book.STYLES].replace("<cellXfs", '<fonts count="1"><font><sz val="large"/></font></fonts><cellXfs')
    source = tmp_path / "in.xlsx"
    source.write_bytes(raw_book.packed({**parts, raw_book.SHEET: content, raw_book.STYLES: broken}))
    assert write(source, told("S"), tmp_path / "out.xlsx") == "fresh"
    assert_told(tmp_path / "out.xlsx", "S", rows=3)


def test_an_old_workbook_is_made_afresh(tmp_path: Path) -> None:
    """An `.xls` has no container that could be patched: the results have its values, merged cells and sheet names."""
    write_xls(tmp_path / "in.xls", [HEADER, ["007", "甲", 1.5], ["008", "乙", 2]], name="出库", merges=[(1, 2, 2, 2)])
    assert write(tmp_path / "in.xls", told("出库"), tmp_path / "out.xlsx") == "fresh"
    assert_told(tmp_path / "out.xlsx", "出库", rows=3)
    found = load_workbook(tmp_path / "out.xlsx")["出库"]
    assert [cell.value for cell in found[2]][:3] == ["007", "甲", 1.5]
    assert "C2:C3" in [str(each) for each in found.merged_cells.ranges]
    assert paper(found["B3"]) == "FFFF6B6B"


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030"])
def test_a_text_file_is_made_afresh(encoding: str, tmp_path: Path) -> None:
    """A `.csv` has values alone: they are text, zeros in front and all."""
    (tmp_path / "in.csv").write_text("单号,名称,数量\n007,甲,1\n008,乙,2\n", encoding=encoding)
    (sheet,) = [table.sheet for table in tables_of(tmp_path / "in.csv")]
    assert write(tmp_path / "in.csv", told(sheet), tmp_path / "out.xlsx") == "fresh"
    assert_told(tmp_path / "out.xlsx", sheet, rows=3)
    assert load_workbook(tmp_path / "out.xlsx")[sheet]["A2"].value == "007"


def test_without_a_file_it_is_made_of_tables(tmp_path: Path) -> None:
    """The merchant's file is kept for a time only; then the rows are those that were sent."""
    table = make_table("订单", [HEADER, ["007", "甲", 1.0], ["008", "乙", 2.0]])
    assert write_results(None, [table], told("订单"), tmp_path / "out.xlsx", tmp_path / "draft") == "fresh"
    assert_told(tmp_path / "out.xlsx", "订单", rows=3)


def test_a_name_that_a_fresh_workbook_cannot_have_is_still_the_sheets(tmp_path: Path) -> None:
    """Results and failed orders find their sheet under its new name, and ours do not take it."""
    tables = [make_table("a/b", [HEADER, ["1", "甲", 1.0], ["2", "乙", 2.0]]), make_table(f"'{SUMMARY_SHEET}'", [["本月"]])]
    write_results(None, tables, told("a/b"), tmp_path / "out.xlsx", tmp_path / "draft")
    found = load_workbook(tmp_path / "out.xlsx")
    assert found.sheetnames == ["a_b", SUMMARY_SHEET, f"{SUMMARY_SHEET} (2)", *OURS[1:]]
    assert (found["a_b"]["D3"].value, found[FAILURES_SHEET]["A4"].value) == ("数据有误", "2")


def test_results_can_be_sent_in_again_whichever_way_they_were_written(tmp_path: Path) -> None:
    """What was rewritten, or made afresh, is patched the next time."""
    source = books.patched(
        books.plain(tmp_path / "plain.xlsx", rows=[mcf_row(), mcf_row(order_id="A2")]), tmp_path / "in.xlsx", books.utf16
    )
    assert write(source, told("Sheet", "C"), tmp_path / "out.xlsx") == "rewritten"
    assert write(tmp_path / "out.xlsx", told("Sheet", "C"), tmp_path / "again.xlsx") == "patched"
    assert_told(tmp_path / "again.xlsx", "Sheet", rows=3)
    first, second = (load_workbook(tmp_path / name)["Sheet"].max_column for name in ("out.xlsx", "again.xlsx"))
    assert first == second


def test_a_workbook_of_one_kind_is_patched_whatever_its_name_says(tmp_path: Path) -> None:
    """It is the content that counts."""
    made: Callable[[Workbook], object] = lambda own: own["订单"].append(["A2", "y", 2])  # noqa: E731
    book(tmp_path / "in.xls", {"订单": [HEADER, ["A1", "x", 1]]}, made)
    assert write(tmp_path / "in.xls", told("订单"), tmp_path / "out.xlsx") == "patched"
