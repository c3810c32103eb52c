"""The results on the merchant's own sheets: what became of each order stands beside its rows, and each bad cell says why."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from openpyxl.comments import Comment
from openpyxl.formatting.rule import CellIsRule
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet
from told import (
    AMBER,
    COLUMNS,
    HEADER,
    LABELS,
    RED,
    about,
    created,
    failures,
    one_sheet,
    paper,
    report,
    result,
    shown_colour,
    tables_of,
    texts,
    write,
    written,
)  # fmt: skip

from bulkorders.core.result import FATE_WORDS, RESULT_COLUMNS, SUMMARY_SHEET, Fate
from bulkorders.workbook.result_sheets import MOST_NOTES
from bulkorders.workbook.style import height_of

STATUS, REASON = "D", "E"
"""Where our first columns stand behind the header of these tests."""


# -- where our columns stand -----------------------------------------------------------------------------------------------------
def test_cells_stay_at_their_own_rows_and_columns(tmp_path: Path) -> None:
    """Titles, empty rows and unknown columns too: a message that names V5 is true in the results."""
    found = one_sheet(tmp_path, ["标题"], [], HEADER, ["A1", None, 1], [], [None, "说明"], header_row=3)
    assert {cell.coordinate: cell.value for row in found["A1:C6"] for cell in row if cell.value is not None} == {
        "A1": "标题", "A3": "单号", "B3": "名称", "C3": "数量", "A4": "A1", "C4": 1, "B6": "说明",
    }  # fmt: skip


def test_results_stand_right_of_the_last_used_column(tmp_path: Path) -> None:
    """In their order, with their headings in the header's row."""
    found = one_sheet(tmp_path, HEADER, ["A1", "x", 1], rows={"2": result(reason="好")})
    assert texts(found[1]) == [*HEADER, *LABELS]
    assert texts(found[2])[3:] == [FATE_WORDS[Fate.CREATED].zh, "好", "2", "R-1", "2026-11-23 14:03:05", "b1"]


def test_a_cell_beyond_the_header_is_not_written_over(tmp_path: Path) -> None:
    """A remark without a heading is the merchant's too."""
    found = one_sheet(tmp_path, HEADER, ["A1", "x", 1, None, "加急"], rows={"2": result()})
    assert (found["E2"].value, texts(found[1])[5:]) == ("加急", LABELS)


def test_a_formula_beyond_the_header_is_not_written_over(tmp_path: Path) -> None:
    """Nor one that was never calculated, which readers take for nothing."""
    found = one_sheet(tmp_path, HEADER, ["A1", "x", 1, None, "=C2*2"], ["A2", "y", 2], rows={"2": result()})
    assert (found["E2"].value, texts(found[1])[5:]) == ("=C2*2", LABELS)


def test_results_lie_under_no_merged_cell(tmp_path: Path) -> None:
    """A range that is merged beyond the last value would hide them."""
    found = one_sheet(tmp_path, HEADER, ["A1", "x", 1], change=lambda sheet: sheet.merge_cells("C1:E1"))
    assert texts(found[1])[5:] == LABELS


def test_a_merged_title_does_not_push_the_results_away(tmp_path: Path) -> None:
    """Above the header nothing of ours is written."""
    found = one_sheet(tmp_path, ["标题"], HEADER, ["A1", "x", 1], header_row=2, change=lambda sheet: sheet.merge_cells("A1:I1"))
    assert texts(found[2])[3:9] == LABELS


def test_a_sheet_has_the_columns_that_its_report_names(tmp_path: Path) -> None:
    """Orders with a tracking number have it and its carrier right after the reason."""
    told = result(tracking_number="1Z-7", carrier="UPS")
    found = one_sheet(tmp_path, HEADER, ["A1", "x", 1], rows={"2": told}, columns=list(RESULT_COLUMNS))
    assert texts(found[1])[3:7] == ["提交状态", "结果说明", "跟踪号", "服务商"]
    assert texts(found[2])[5:7] == ["1Z-7", "UPS"]


def test_our_columns_are_wide_enough_to_read(tmp_path: Path) -> None:
    """Nobody has to widen them; the merchant's keep their widths."""

    def change(sheet: Worksheet) -> None:
        sheet.column_dimensions["B"].width = 33

    found = one_sheet(tmp_path, HEADER, ["A1", "x", 1], rows={"2": result()}, change=change)
    assert found.column_dimensions["B"].width == 33
    assert found.column_dimensions[REASON].width >= 50
    assert found.column_dimensions[STATUS].width >= 12


# -- once more ------------------------------------------------------------------------------------------------------------------
def test_results_of_results_stand_in_the_columns_that_are_there(tmp_path: Path) -> None:
    """Sent in again, a results workbook does not grow."""
    found = one_sheet(tmp_path, ["单号", *LABELS, "数量"], *(["A", *["旧"] * 6, 1] for _ in "12"), rows={"2": result()})
    assert texts(found[1]) == ["单号", *LABELS, "数量"]
    assert (found["B2"].value, found["H2"].value) == (FATE_WORDS[Fate.CREATED].zh, 1)


def test_old_results_do_not_stay(tmp_path: Path) -> None:
    """A row of which there is nothing to say now shows nothing of an earlier run."""
    assert texts(one_sheet(tmp_path, ["单号", *LABELS], ["A1", *["旧"] * 6])[2])[:7] == ["A1", *[None] * 6]


def test_our_columns_that_were_deleted_come_back(tmp_path: Path) -> None:
    """Those that are left stay where they are."""
    found = one_sheet(tmp_path, [LABELS[1], "单号", LABELS[0]], ["旧", "A1", "旧"])
    assert texts(found[1]) == [LABELS[1], "单号", LABELS[0], *LABELS[2:]]


def test_a_column_of_the_merchants_that_is_called_like_ours_stays(tmp_path: Path) -> None:
    """A 批次 of his own is his; ours stands behind it."""
    found = one_sheet(tmp_path, ["单号", LABELS[5]], ["A1", "第3批"], rows={"2": result()})
    assert texts(found[1]) == ["单号", LABELS[5], *LABELS]
    assert found["B2"].value == "第3批"


def test_a_copied_column_of_ours_does_not_say_what_was(tmp_path: Path) -> None:
    """Of two that are called alike the last one is written, the other emptied; so is one that this remote does not have."""
    header = [LABELS[0], "单号", "跟踪号", *LABELS]
    found = one_sheet(tmp_path, header, ["旧", "A1", "旧", *["旧"] * 6], rows={"2": result()})
    assert texts(found[2])[:4] == [None, "A1", None, FATE_WORDS[Fate.CREATED].zh]
    assert "旧" not in texts(found[2])


def test_what_was_created_before_stays_created(tmp_path: Path) -> None:
    """In a results workbook that is sent in again, 已跳过 beside 已创建 would say that something is missing; in a fresh one it is told."""
    skipped = {"2": result(Fate.SKIPPED)}
    assert one_sheet(tmp_path, ["单号", *LABELS], ["A1", *["旧"] * 6], rows=skipped)["B2"].value == FATE_WORDS[Fate.CREATED].zh
    assert one_sheet(tmp_path, ["单号"], ["A1"], rows=skipped)["B2"].value == FATE_WORDS[Fate.SKIPPED].zh


# -- text is text ---------------------------------------------------------------------------------------------------------------
FORMULAS = ["=1+1", '=HYPERLINK("http://example.com")', "+1-555-0100", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=", "＝1", "#N/A", "http://a.b"]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_becomes_a_formula(text: str, tmp_path: Path) -> None:
    """On no sheet, in no result, in no comment: what the merchant or a remote wrote is shown, never computed, and never a link."""
    rows = {"2": {**result(), **dict.fromkeys(COLUMNS, text)}}
    told = about(rows, bad={"2": {"B": "error"}}, notes={"2": {"B": text}})
    whole = report({"订单": told}, summary=[["文件", text]], failures=failures("订单", 2, "B", text), created=created(text))
    made = written(tmp_path, {"订单": [HEADER, ["A1", None, 1]]}, whole, lambda own: _put(own["订单"], "B2", text))
    assert made.sheetnames == ["订单", SUMMARY_SHEET, "失败明细", "撤销清单"]
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        for name in archive.namelist():
            assert not any(tag in archive.read(name) for tag in (b"<f>", b"<f ", b"<hyperlink", b"/hyperlink")), name
    cells = [cell for sheet in made for row in sheet.iter_rows() for cell in row if isinstance(cell.value, str)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert sum(text.strip() in cell.value.replace("_x000D_", "\r") for cell in cells) >= len(COLUMNS) + 5


def _put(sheet: Worksheet, at: str, text: str) -> None:
    """A text in a cell, whatever it begins with."""
    sheet[at].value = text
    sheet[at].data_type = "s"


@pytest.mark.parametrize("text", FORMULAS[:-1])
def test_a_risky_text_stays_text_when_it_is_edited(text: str, tmp_path: Path) -> None:
    """Excel reads a cell anew when somebody steps into it: format and quote keep it from computing then."""
    cell = one_sheet(tmp_path, HEADER, ["A1", "x", 1], rows={"2": result(reason=text)})[f"{REASON}2"]
    assert (cell.number_format, cell.quotePrefix) == ("@", True)


def test_characters_that_xml_forbids_are_left_out(tmp_path: Path) -> None:
    """They would make the file unreadable."""
    told = {"2": result(reason="A\x00\x0b1\ud800", request_id="x\uffffy")}
    assert [cell for cell in texts(one_sheet(tmp_path, HEADER, ["A1", "x", 1], rows=told)[2]) if cell in ("A1", "xy")] == ["A1", "A1", "xy"]


def test_text_that_looks_like_an_escape_is_kept(tmp_path: Path) -> None:
    """`_x0041_` in a cell's XML means A: a text that says so must not turn into another."""
    one_sheet(tmp_path, HEADER, ["A1", "x", 1], rows={"2": result(reason="_x0041_", request_id="a_x000D_b")})
    frame = tables_of(tmp_path / "out.xlsx")[0].frame
    assert [frame.at[2, number] for number in (5, 7)] == ["_x0041_", "a_x000D_b"]


# -- bad cells --------------------------------------------------------------------------------------------------------------------
def test_bad_cells_are_filled(tmp_path: Path) -> None:
    """Errors red, warnings yellow, blank cells too: an empty required cell is the commonest mistake."""
    found = one_sheet(tmp_path, HEADER, ["A1", None, "3件"], ["A2", "x", 1], bad={"2": {"B": "error", "C": "warning"}})
    assert (paper(found["B2"]), paper(found["C2"]), found["C2"].value) == (RED, AMBER, "3件")
    assert {paper(cell) for row in found["A1:C3"] for cell in row if cell.coordinate not in ("B2", "C2")} == {None}


def test_a_filled_cell_keeps_its_look(tmp_path: Path) -> None:
    """Its font, format and alignment stay; only the colour of the cell says that it is bad."""

    def change(sheet: Worksheet) -> None:
        sheet["C2"].number_format = "0.000"
        sheet["C2"].font = Font(bold=True, color="FF0070C0")

    cell = one_sheet(tmp_path, HEADER, ["A1", "x", 1], bad={"2": {"C": "error"}}, change=change)["C2"]
    assert (cell.value, cell.number_format, cell.font.b, cell.font.color.rgb, paper(cell)) == (1, "0.000", True, "FF0070C0", RED)


def test_what_is_right_now_is_not_marked_any_more(tmp_path: Path) -> None:
    """The colour that the cell had before comes back, our comment goes, the merchant's stays."""

    def change(sheet: Worksheet) -> None:
        sheet["B2"].fill = PatternFill("solid", fgColor="FF92D050")
        sheet["C2"].comment = Comment("问过仓库", "小王")

    bad = {"2": {"B": "error", "C": "warning"}}
    one_sheet(tmp_path, HEADER, ["A1", "x", 1], bad=bad, notes={"2": {"B": "不对", "C": "请核对"}}, change=change)
    write(tmp_path / "out.xlsx", report({"订单": about({"2": result()})}), tmp_path / "again.xlsx")
    found = load_workbook(tmp_path / "again.xlsx")["订单"]
    assert (paper(found["B2"]), paper(found["C2"])) == ("FF92D050", None)
    assert (found["B2"].comment, found["C2"].comment.text) == (None, "问过仓库")


def test_a_comment_says_what_is_wrong(tmp_path: Path) -> None:
    """On the cell itself; behind what somebody else has said of it."""
    note = {"2": {"B": "必须填写", "C": "请核对"}}
    found = one_sheet(
        tmp_path, HEADER, ["A1", None, 1], bad={"2": {"B": "error", "C": "warning"}}, notes=note,
        change=lambda sheet: setattr(sheet["C2"], "comment", Comment("问过仓库", "小王")),
    )  # fmt: skip
    assert "必须填写" in found["B2"].comment.text
    assert found["C2"].comment.text.startswith("问过仓库")
    assert "请核对" in found["C2"].comment.text


def test_comments_are_limited_and_errors_come_first(tmp_path: Path) -> None:
    """A workbook has at most 2,000 of them, or it would not open in reasonable time; all bad cells are filled all the same."""
    told = {
        name: about(bad={str(row): {"A": severity} for row in rows}, notes={str(row): {"A": severity} for row in rows})
        for name, severity, rows in (("一", "warning", range(2, MOST_NOTES + 12)), ("二", "error", range(2, 7)))
    }
    made = written(tmp_path, {name: [["单号"], *([row] for row in each["bad"])] for name, each in told.items()}, report(told))
    assert [sum(1 for (cell,) in made[name].iter_rows(max_col=1) if cell.comment) for name in told] == [MOST_NOTES - 5, 5]
    assert all(paper(made[name][f"A{row}"]) for name, each in told.items() for row in each["bad"])


# -- how it looks -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("ending", ["", "（测试）"])
@pytest.mark.parametrize("fate", Fate)
def test_a_status_is_green_red_or_yellow(fate: Fate, ending: str, tmp_path: Path) -> None:
    """Done, needs the merchant, not over yet: by conditional format, so that it follows when rows are sorted or copied."""
    green, red = {Fate.CREATED, Fate.SKIPPED}, {Fate.INVALID, Fate.REJECTED, Fate.CHANGED}
    colours = ("006100", "C6EFCE") if fate in green else ("9C0006", "FFC7CE") if fate in red else ("7F6000", "FFEB9C")
    told = {row: result(fate, status=FATE_WORDS[fate].zh + ending) for row in "23"}
    found = one_sheet(tmp_path, HEADER, ["A1", "x", 1], ["A2", "x", 1], rows=told)
    assert [shown_colour(found, f"{STATUS}{row}") for row in (2, 3)] == [colours, colours]


def test_conditional_colours_are_not_doubled(tmp_path: Path) -> None:
    """Ours of an earlier time are replaced; the merchant's own come before them."""
    own = CellIsRule("lessThan", ["5"], fill=PatternFill("solid", bgColor="FFFF0000"))  # type: ignore[no-untyped-call]
    one_sheet(tmp_path, HEADER, ["A1", "x", 1], rows={"2": result()}, change=lambda sheet: sheet.conditional_formatting.add("C2:C9", own))
    write(tmp_path / "out.xlsx", report({"订单": about({"2": result()})}), tmp_path / "again.xlsx")
    for name in ("out.xlsx", "again.xlsx"):
        formats = {str(each.sqref): each.rules for each in load_workbook(tmp_path / name)["订单"].conditional_formatting}
        assert {area: len(rules) for area, rules in formats.items()} == {"C2:C9": 1, f"{STATUS}2": len(Fate)}, name
        assert formats["C2:C9"][0].priority < min(rule.priority for rule in formats[f"{STATUS}2"])


def test_a_row_of_no_order_has_its_note_and_no_colour(tmp_path: Path) -> None:
    """An example row that was skipped, for one."""
    found = one_sheet(tmp_path, HEADER, ["A1", "x", 1], rows={"2": {**result(), "fate": "", "status": "", "reason": "示例"}})
    assert (found[f"{STATUS}2"].value, shown_colour(found, f"{STATUS}2"), found[f"{REASON}2"].value) == (None, None, "示例")


LONG = "请改正。" * 30


def test_a_long_reason_is_wrapped_and_has_a_tall_row(tmp_path: Path) -> None:
    """Nobody has to widen a column to read why."""
    found = one_sheet(tmp_path, HEADER, ["A1", "x", 1], ["A2", "x", 1], rows={"2": result(reason=LONG), "3": result()})
    assert found[f"{REASON}2"].alignment.wrap_text
    assert found.row_dimensions[2].height >= 4 * 15
    assert found.row_dimensions[3].height is None


def test_a_row_whose_reason_is_gone_is_no_longer_tall(tmp_path: Path) -> None:
    """As tall as it needs by itself; a height that the merchant gave stays."""

    def change(sheet: Worksheet) -> None:
        sheet.row_dimensions[3].height, sheet.row_dimensions[4].height = 200, 20

    rows = [["A1", "x", 1], ["A2", "x", 1], ["A3", "x", 1]]
    long = {row: result(reason=LONG) for row in "234"}
    first = one_sheet(tmp_path, HEADER, *rows, rows=long, change=change)
    assert [first.row_dimensions[row].height for row in (2, 3, 4)] == [height_of(5), 200, height_of(5)]
    write(tmp_path / "out.xlsx", report({"订单": about({row: result() for row in "234"})}), tmp_path / "again.xlsx")
    found = load_workbook(tmp_path / "again.xlsx")["订单"]
    assert [found.row_dimensions[row].height for row in (2, 3, 4)] == [None, 200, None]


def test_a_merchants_height_like_ours_stays_where_there_were_no_results(tmp_path: Path) -> None:
    """Only a results workbook has heights of ours."""

    def change(sheet: Worksheet) -> None:
        sheet.row_dimensions[2].height = height_of(2)

    assert one_sheet(tmp_path, HEADER, ["A1", "x", 1], rows={"2": result()}, change=change).row_dimensions[2].height == height_of(2)


def test_a_filter_grows_over_our_columns(tmp_path: Path) -> None:
    """So that one can look at what failed; frozen panes stay as they are."""

    def change(sheet: Worksheet) -> None:
        sheet.auto_filter.ref, sheet.freeze_panes = "A1:C3", "B2"

    found = one_sheet(tmp_path, HEADER, ["A1", "x", 1], ["A2", "x", 1], rows={"2": result()}, change=change)
    assert (found.auto_filter.ref, found.freeze_panes) == ("A1:I3", "B2")


def test_merged_cells_stay_merged(tmp_path: Path) -> None:
    """On order sheets and on others."""

    def change(own: Any) -> None:
        own["订单"].merge_cells("A2:A3")
        own["备忘"].merge_cells("A1:B1")

    sheets: dict[str, Any] = {"订单": [HEADER, ["A1", "x", 1], [None, "y", 1]], "备忘": [["a", "b"]]}
    made = written(tmp_path, sheets, report({"订单": about({"2": result()})}), change)
    assert [str(each) for each in made["订单"].merged_cells.ranges] == ["A2:A3"]
    assert [str(each) for each in made["备忘"].merged_cells.ranges] == ["A1:B1"]


def test_two_sheets_of_orders_each_have_their_results(tmp_path: Path) -> None:
    """Each behind its own last column, below its own header."""
    sheets = {"一月": [["说明"], HEADER, ["A1", "x", 1]], "二月": [[*HEADER, "备注"], ["A2", "x", 1, "急"]]}
    told = report({"一月": about({"3": result()}, header_row=2), "二月": about({"2": result(Fate.REJECTED)})})
    made = written(tmp_path, sheets, told)
    assert [made["一月"]["D2"].value, made["一月"]["D3"].value] == ["提交状态", "已创建"]
    assert [made["二月"]["E1"].value, made["二月"]["E2"].value] == ["提交状态", "被拒绝"]
