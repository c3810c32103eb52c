"""The results workbook: the merchant's cells at their places, what became of each order beside them, and nothing that computes."""

import datetime as dt
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from making import CARTONS, carton_row, sheet
from openpyxl import Workbook, load_workbook

from bulkorders.core.result import FATE_MEANING, FATE_WORDS, RESULT_COLUMNS, SUMMARY_SHEET, SUMMARY_TITLE, TRACKING_COLUMNS, Fate
from bulkorders.core.table import Merge, Table, make_table
from bulkorders.workbook import isolated
from bulkorders.workbook.read import read_tables
from bulkorders.workbook.results import TEST_BANNER, TOTAL, write_results

HEADER = ["单号", "名称", "数量"]
COLUMNS = [name for name in RESULT_COLUMNS if name not in TRACKING_COLUMNS]
LABELS = [RESULT_COLUMNS[name] for name in COLUMNS]
RED, AMBER = "00FF6B6B", "00FFE066"


def result(fate: Fate = Fate.CREATED, **changed: str) -> dict[str, str]:
    """What the report says of a row."""
    told = {"fate": fate.value, "status": FATE_WORDS[fate].zh, "reason": "", "rows": "2", "request_id": "R-1"}
    return {**told, "submitted_at": "2026-11-23 14:03:05", "batch": "b1", **changed}


def about(rows: Mapping[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """What the report says of a sheet."""
    return {"header_row": 1, "columns": COLUMNS, "formats": {}, "bad": {}, "rows": rows or {}, **changed}


def report(sheets: Mapping[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """A report of a workbook."""
    return {"is_test": False, "summary": [], "counts": [], "sheets": sheets or {}, **changed}


def written(folder: Path, tables: Sequence[Table], told: Mapping[str, Any]) -> Any:
    """The results workbook, read again."""
    write_results(tables, told, folder / "out.xlsx")
    return load_workbook(folder / "out.xlsx")


def xml(folder: Path) -> str:
    """All sheets of the results workbook, as they stand in the file."""
    with zipfile.ZipFile(folder / "out.xlsx") as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist() if name.startswith("xl/worksheets/"))


def orders(*rows: Sequence[Any], name: str = "订单", merges: Sequence[Merge] = ()) -> Table:
    """A sheet of orders with its header in row 1."""
    return make_table(name, [HEADER, *rows], merges)


def one_sheet(folder: Path, table: Table, **told: Any) -> Any:
    """The sheet of a workbook that has one."""
    return written(folder, [table], report({table.sheet: about(**told)}))[table.sheet]


def texts(cells: Any) -> list[Any]:
    """The values of cells."""
    return [cell.value for cell in cells]


def test_cells_stand_at_their_own_rows_and_columns(tmp_path: Path) -> None:
    """Titles, empty rows and unknown columns too: a message that names V5 is true in the results."""
    table = make_table("订单", [["标题", "", ""], ["", "", ""], HEADER, ["A1", "", 1.0], ["", "", ""], ["", "说明", ""]])
    found = one_sheet(tmp_path, table, header_row=3)
    assert {cell.coordinate: cell.value for row in found["A1:C6"] for cell in row if cell.value is not None} == {
        "A1": "标题", "A3": "单号", "B3": "名称", "C3": "数量", "A4": "A1", "C4": 1, "B6": "说明",
    }  # fmt: skip


def test_sheets_keep_their_names_and_their_order(tmp_path: Path) -> None:
    """Sheets that were passed over are copied too; hidden and empty ones are not."""
    tables = [make_table("备忘", [["电话"]]), orders(["A1", "", 1]), make_table("暗", [], hidden=True), make_table("空", [])]
    assert written(tmp_path, tables, report({"订单": about()})).sheetnames == [SUMMARY_SHEET, "备忘", "订单"]


def test_results_stand_right_of_the_last_used_column(tmp_path: Path) -> None:
    """In their order, with their headings in the header's row."""
    found = one_sheet(tmp_path, orders(["A1", "x", 1]), rows={"2": result(reason="好")})
    assert texts(found[1]) == [*HEADER, *LABELS]
    assert texts(found[2])[3:] == [FATE_WORDS[Fate.CREATED].zh, "好", "2", "R-1", "2026-11-23 14:03:05", "b1"]


def test_results_lie_under_no_merged_cell(tmp_path: Path) -> None:
    """A range that is merged beyond the last value would hide them."""
    found = one_sheet(tmp_path, orders(["A1", "x", 1], merges=[Merge(1, 3, 1, 5)]))
    assert texts(found[1])[5:] == LABELS


def test_a_sheet_has_the_columns_that_its_report_names(tmp_path: Path) -> None:
    """Orders with a tracking number have it and its carrier right after the reason."""
    told = result(tracking_number="1Z-7", carrier="UPS")
    found = one_sheet(tmp_path, orders(["A1", "x", 1]), rows={"2": told}, columns=list(RESULT_COLUMNS))
    assert texts(found[1])[3:7] == ["提交状态", "结果说明", "跟踪号", "服务商"]
    assert texts(found[2])[5:7] == ["1Z-7", "UPS"]


def test_a_merged_title_does_not_push_the_results_away(tmp_path: Path) -> None:
    """Above the header nothing of ours is written."""
    table = make_table("订单", [["标题", "", ""], HEADER, ["A1", "x", 1]], [Merge(1, 1, 1, 9)])
    assert texts(one_sheet(tmp_path, table, header_row=2)[2])[3:9] == LABELS


def test_results_of_results_stand_in_the_columns_that_are_there(tmp_path: Path) -> None:
    """Sent in again, a results workbook does not grow."""
    table = make_table("订单", [["单号", *LABELS, "数量"], ["A1", *["旧"] * 6, 1], ["A2", *["旧"] * 6, 1]])
    found = one_sheet(tmp_path, table, rows={"2": result()})
    assert texts(found[1]) == ["单号", *LABELS, "数量"]
    assert found["B2"].value == FATE_WORDS[Fate.CREATED].zh
    assert found["H2"].value == 1


def test_old_results_do_not_stay(tmp_path: Path) -> None:
    """A row of which there is nothing to say now shows nothing of an earlier run."""
    table = make_table("订单", [["单号", *LABELS], ["A1", *["旧"] * 6]])
    assert texts(one_sheet(tmp_path, table)[2]) == ["A1", *[None] * 6]


def test_our_columns_that_were_deleted_come_back(tmp_path: Path) -> None:
    """Those that are left stay where they are."""
    table = make_table("订单", [[LABELS[1], "单号", LABELS[0]], ["旧", "A1", "旧"]])
    found = one_sheet(tmp_path, table)
    assert texts(found[1]) == [LABELS[1], "单号", LABELS[0], *LABELS[2:]]


def test_a_column_of_the_merchants_that_is_called_like_ours_stays(tmp_path: Path) -> None:
    """A 批次 of his own is his; ours stands behind it."""
    table = make_table("订单", [["单号", LABELS[5]], ["A1", "第3批"]])
    found = one_sheet(tmp_path, table, rows={"2": result()})
    assert texts(found[1]) == ["单号", LABELS[5], *LABELS]
    assert found["B2"].value == "第3批"


FORMULAS = ["=1+1", '=HYPERLINK("http://example.com")', "+1-555-0100", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=", "＝1", "#N/A"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_becomes_a_formula(text: str, tmp_path: Path) -> None:
    """In no sheet, no header, no result: what the merchant or a remote wrote is shown, never computed."""
    tables = [make_table("订单", [["单号", text], ["A1", text]]), make_table("备忘", [[text]])]
    told = report({"订单": about({"2": result(reason=text, status=text)})}, summary=[["文件", text]])
    book = written(tmp_path, tables, told)
    assert "<f" not in xml(tmp_path)
    assert "<hyperlink" not in xml(tmp_path)
    cells = [cell for each in book for row in each.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {cell.data_type for cell in cells} == {"s"}


@pytest.mark.parametrize("text", FORMULAS)
def test_a_risky_text_stays_text_when_it_is_edited(text: str, tmp_path: Path) -> None:
    """Excel reads a cell anew when somebody steps into it: format and quote keep it from computing then."""
    cell = one_sheet(tmp_path, orders(["A1", text, 1]))["B2"]
    assert (cell.number_format, cell.quotePrefix) == ("@", True)


def test_characters_that_xml_forbids_are_left_out(tmp_path: Path) -> None:
    """They would make the file unreadable."""
    found = one_sheet(tmp_path, orders(["A\x00\x0b1", "x\ud800\uffffy", 1]))
    assert texts(found[2])[:2] == ["A1", "xy"]


def test_text_that_looks_like_an_escape_is_kept(tmp_path: Path) -> None:
    """`_x0041_` in a cell's XML means A: a text that says so must not turn into another."""
    write_results([orders(["_x0041_", "a_x000D_b", 1])], report({"订单": about()}), tmp_path / "out.xlsx")
    tables = read_tables(tmp_path / "out.xlsx")
    assert isinstance(tables, list)
    assert [tables[1].frame.at[2, number] for number in (1, 2)] == ["_x0041_", "a_x000D_b"]


@pytest.mark.parametrize(
    ("raw", "shown", "number_format"),
    [
        (dt.date(2026, 11, 9), dt.datetime(2026, 11, 9), "yyyy-mm-dd"),  # noqa: DTZ001
        (dt.datetime(2026, 11, 9), dt.datetime(2026, 11, 9), "yyyy-mm-dd"),  # noqa: DTZ001
        (dt.datetime(2026, 11, 9, 14, 30, 45), dt.datetime(2026, 11, 9, 14, 30, 45), "yyyy-mm-dd hh:mm:ss"),  # noqa: DTZ001
        (dt.time(14, 30), dt.time(14, 30), "hh:mm:ss"),
        (0.1, 0.1, "General"),
        (3.0, 3, "General"),
        (True, True, "General"),
        ("007", "007", "General"),
        (float("inf"), "inf", "General"),
    ],
)
def test_values_keep_their_type(raw: Any, shown: Any, number_format: str, tmp_path: Path) -> None:
    """Dates are dates, with the time if there is one; numbers numbers; text text."""
    cell = one_sheet(tmp_path, orders(["A1", raw, 1]))["B2"]
    assert (cell.value, cell.number_format) == (shown, number_format)


@pytest.mark.parametrize(
    ("raw", "asked", "number_format"),
    [("007", "@", "@"), (36003.0, "@", "@"), (3.0, "0", "0"), (2.5, "0", "General"), (20261109.0, "yyyy-mm-dd", "General")],
)
def test_matched_columns_have_their_number_format(raw: Any, asked: str, number_format: str, tmp_path: Path) -> None:
    """Unless it would show another number than the cell holds."""
    found = one_sheet(tmp_path, orders(["A1", raw, 1]), formats={"B": asked})
    assert found["B2"].number_format == number_format
    assert found.column_dimensions["B"].number_format == asked


def test_bad_cells_are_filled(tmp_path: Path) -> None:
    """Errors red, warnings yellow, blank cells too: an empty required cell is the commonest mistake."""
    found = one_sheet(tmp_path, orders(["A1", "", "3件"], ["A2", "x", 1]), bad={"2": {"B": "error", "C": "warning"}})
    assert (found["B2"].fill.fgColor.rgb, found["C2"].fill.fgColor.rgb) == (RED, AMBER)
    assert found["B3"].fill.fill_type is None


@pytest.mark.parametrize("fate", Fate)
def test_a_status_is_green_red_or_yellow(fate: Fate, tmp_path: Path) -> None:
    """Done, needs the merchant, not over yet."""
    green, red = {Fate.CREATED, Fate.SKIPPED}, {Fate.INVALID, Fate.REJECTED, Fate.CHANGED}
    colour = "00C6EFCE" if fate in green else "00FFC7CE" if fate in red else "00FFEB9C"
    found = one_sheet(tmp_path, orders(["A1", "x", 1]), rows={"2": result(fate)})
    assert found["D2"].fill.fgColor.rgb == colour


def test_a_row_of_no_order_has_its_note_and_no_colour(tmp_path: Path) -> None:
    """An example row that was skipped, for one."""
    found = one_sheet(tmp_path, orders(["A1", "x", 1]), rows={"2": {**result(), "fate": "", "status": "", "reason": "示例"}})
    assert (found["D2"].value, found["D2"].fill.fill_type, found["E2"].value) == (None, None, "示例")


def test_a_long_reason_is_wrapped_and_has_a_tall_row(tmp_path: Path) -> None:
    """Nobody has to widen a column to read why."""
    found = one_sheet(tmp_path, orders(["A1", "x", 1], ["A2", "x", 1]), rows={"2": result(reason="请改正。" * 30)})
    assert found["E2"].alignment.wrap_text
    assert found.column_dimensions["E"].width >= 50
    assert found.row_dimensions[2].height >= 4 * 15
    assert found.row_dimensions[3].height is None


@pytest.mark.parametrize(("text", "width"), [("a", 8), ("a" * 20, 22), ("订" * 10, 22), ("a" * 300, 45)])
def test_columns_are_as_wide_as_their_content(text: str, width: int, tmp_path: Path) -> None:
    """A Chinese sign counts two; no narrower than 8, no wider than 45."""
    table = make_table("订单", [["单", "x"], [text, 1]])
    found = one_sheet(tmp_path, table) if width > 8 else written(tmp_path, [table], report())["订单"]
    assert found.column_dimensions["A"].width == width


def test_a_title_above_the_header_widens_no_column(tmp_path: Path) -> None:
    """It runs over the cells to its right."""
    table = make_table("订单", [["很长的标题" * 20, ""], ["单号", "数量"], ["A1", 1]])
    assert one_sheet(tmp_path, table, header_row=2).column_dimensions["A"].width < 12


def test_the_header_is_frozen_and_filtered(tmp_path: Path) -> None:
    """Titles stay above it; the filter reaches over our columns to the last row."""
    found = one_sheet(tmp_path, make_table("订单", [["标题", "", ""], HEADER, ["A1", "x", 1]]), header_row=2)
    assert (found.freeze_panes, found.auto_filter.ref) == ("A3", "A2:I3")


def test_a_header_far_down_is_not_frozen(tmp_path: Path) -> None:
    """Fifteen frozen rows leave no room to scroll on a small screen."""
    table = make_table("订单", [*[["说明", "", ""]] * 14, HEADER, ["A1", "x", 1]])
    assert one_sheet(tmp_path, table, header_row=15).freeze_panes is None


def test_merged_cells_are_merged_again(tmp_path: Path) -> None:
    """On order sheets and on others; a range of a single cell, which Excel calls damage, is left out."""
    merges = [Merge(2, 1, 3, 1), Merge(2, 3, 2, 3)]
    tables = [orders(["A1", "x", 1], ["", "y", 1], merges=merges), make_table("备忘", [["a", "b"]], [Merge(1, 1, 1, 2)])]
    book = written(tmp_path, tables, report({"订单": about()}))
    assert [str(each) for each in book["订单"].merged_cells.ranges] == ["A2:A3"]
    assert [str(each) for each in book["备忘"].merged_cells.ranges] == ["A1:B1"]


def counts(**numbers: int) -> list[list[Any]]:
    """All fates with their counts."""
    return [[FATE_WORDS[fate].zh, numbers.get(fate.value, 0), FATE_MEANING[fate].zh, fate.value] for fate in Fate]


def test_the_summary_adds_up(tmp_path: Path) -> None:
    """Its total is the number of orders read: no order is lost."""
    told = report(summary=[["读取的订单", 7]], counts=counts(created=4, invalid=2, in_doubt=1))
    rows = list(written(tmp_path, [], told)[SUMMARY_SHEET].iter_rows(values_only=True))
    assert ("读取的订单", "7", None) in rows
    assert rows[-1][:2] == (TOTAL, 7)


def test_the_summary_tells_of_every_fate(tmp_path: Path) -> None:
    """With its count and its meaning; those that occurred are coloured."""
    found = written(tmp_path, [], report(counts=counts(created=4)))[SUMMARY_SHEET]
    rows = {row[0].value: row for row in found.iter_rows() if row[0].value}
    for fate in Fate:
        name, count, meaning = rows[FATE_WORDS[fate].zh]
        assert (count.value, meaning.value) == (4 if fate is Fate.CREATED else 0, FATE_MEANING[fate].zh)
        assert (name.fill.fill_type == "solid") == (fate is Fate.CREATED)


@pytest.mark.parametrize("is_test", [True, False])
def test_a_test_says_that_nothing_is_real(is_test: bool, tmp_path: Path) -> None:
    """In white on red at the top, and never over real results."""
    found = written(tmp_path, [], report(is_test=is_test))[SUMMARY_SHEET]
    assert (found["A2"].value == TEST_BANNER) == is_test
    assert (found["A2"].fill.fgColor.rgb == "00C00000") == is_test


def test_the_summary_opens_when_all_went_well(tmp_path: Path) -> None:
    """There is nothing to look for in the rows."""
    told = report({"订单": about({"2": result(Fate.CREATED), "3": {**result(), "fate": ""}})})
    assert written(tmp_path, [orders(["A1", "x", 1], ["A2", "x", 1])], told).active.title == SUMMARY_SHEET


@pytest.mark.parametrize("fate", [Fate.INVALID, Fate.CHANGED, Fate.REJECTED, Fate.IN_DOUBT, Fate.UNSENT])
def test_the_sheet_that_needs_the_merchant_opens(fate: Fate, tmp_path: Path) -> None:
    """The first one on which something did not go well."""
    tables = [orders(["A1", "x", 1], name="一"), orders(["A2", "x", 1], name="二")]
    told = report({"一": about({"2": result()}), "二": about({"2": result(fate)})})
    book = written(tmp_path, tables, told)
    assert book.active.title == "二"
    assert [each.title for each in book if each.sheet_view.tabSelected] == ["二"]


def test_an_earlier_summary_of_ours_is_replaced(tmp_path: Path) -> None:
    """It is known by its title."""
    old = make_table(SUMMARY_SHEET, [[SUMMARY_TITLE], ["文件", "旧"]])
    book = written(tmp_path, [old, orders(["A1", "x", 1])], report({"订单": about()}, summary=[["文件", "新"]]))
    assert book.sheetnames == [SUMMARY_SHEET, "订单"]
    assert book[SUMMARY_SHEET]["B2"].value == "新"


def test_a_merchants_own_summary_is_kept(tmp_path: Path) -> None:
    """Ours takes a free name, and is found again under it."""
    own = make_table(SUMMARY_SHEET, [["本月", 3]])
    book = written(tmp_path, [own], report())
    assert book.sheetnames == [f"{SUMMARY_SHEET} (2)", SUMMARY_SHEET]
    again = written(tmp_path, [own, make_table(f"{SUMMARY_SHEET} (2)", [[SUMMARY_TITLE]])], report())
    assert again.sheetnames == [f"{SUMMARY_SHEET} (2)", SUMMARY_SHEET]


def test_sheet_names_that_excel_refuses_are_made_good(tmp_path: Path) -> None:
    """Other programs write them."""
    names = ["a/b", "A_B", "n" * 40, "'q'"]
    book = written(tmp_path, [make_table(name, [[1]]) for name in names], report())
    assert book.sheetnames[1:] == ["a_b", "A_B (2)", "n" * 31, "q"]


def test_an_old_file_is_intact_when_writing_fails(tmp_path: Path) -> None:
    """The new one takes its place in one step; what was begun is gone."""
    target = tmp_path / "out.xlsx"
    target.write_bytes(b"old")
    with pytest.raises(KeyError):
        write_results([orders(["A1", "x", 1])], report({"订单": {**about({"2": {"fate": "created"}})}}), target)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


def test_nothing_is_left_behind_when_the_target_cannot_be_replaced(tmp_path: Path) -> None:
    """A folder in its place, or Excel's lock on Windows: the error is told, the draft removed."""
    (tmp_path / "out.xlsx").mkdir()
    with pytest.raises(OSError, match=r"out\.xlsx"):
        write_results([orders(["A1", "x", 1])], report(), tmp_path / "out.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["out.xlsx"]


def test_no_scratch_file_stays_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """openpyxl keeps rows in temporary files, and they hold buyers' addresses."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(KeyError):
        write_results([orders(["A1", "x", 1])], report({"订单": about({"2": {"fate": "created"}})}), tmp_path / "out.xlsx")
    assert list(tmp_path.iterdir()) == []


def test_a_child_process_writes_it(tmp_path: Path) -> None:
    """The way it is called: the merchant's file is read and written outside the program's own process."""
    source, table = Workbook(), sheet(CARTONS, [carton_row(package="0007")])
    source.active.title = "Sheet1"  # type: ignore[union-attr]
    for row in table.frame.itertuples(index=False, name=None):
        source.active.append(row)  # type: ignore[union-attr]
    source.save(tmp_path / "in.xlsx")
    isolated.write_results(tmp_path / "in.xlsx", report({"Sheet1": about({"2": result()})}), tmp_path / "out.xlsx")
    assert load_workbook(tmp_path / "out.xlsx")["Sheet1"]["B2"].value == "0007"
