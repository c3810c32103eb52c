"""The sheets that results add behind the merchant's own: summary, failed orders, what was created; and no trace of those of last time."""

from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart
from openpyxl.workbook.defined_name import DefinedName
from told import HEADER, about, book, counts, created, failures, report, result, tables_of, write, written

from bulkorders.core.result import FAILURES_SHEET, FAILURES_TITLE, SUMMARY_SHEET, SUMMARY_TITLE, UNDO_SHEET, UNDO_TITLE, Fate
from bulkorders.workbook.pages.page import TEST_BANNER
from bulkorders.workbook.pages.summary import TOTAL

ORDERS = {"订单": [HEADER, ["A1", "x", 1], ["A2", "y", 2]]}
TOLD = about({"2": result(), "3": result(Fate.REJECTED)})
OURS = [SUMMARY_SHEET, FAILURES_SHEET, UNDO_SHEET]


def whole(**changed: Any) -> dict[str, Any]:
    """A report of which all our sheets are made."""
    told = report({"订单": TOLD}, counts=counts(created=1, rejected=1), failures=failures("订单", 3), created=created("A1"))
    return {**told, **changed}


def test_our_sheets_stand_behind_the_merchants(tmp_path: Path) -> None:
    """All of his stay, in their order: those that were passed over, hidden and empty ones too."""
    sheets: dict[str, Any] = {"备忘": [["电话"]], **ORDERS, "暗": [[1]], "空": []}
    made = written(tmp_path, sheets, whole(), lambda own: setattr(own["暗"], "sheet_state", "hidden"))
    assert made.sheetnames == [*sheets, *OURS]
    assert {sheet.title: sheet.sheet_state for sheet in made if sheet.sheet_state != "visible"} == {"暗": "hidden"}


def test_sheets_without_anything_to_say_are_not_added(tmp_path: Path) -> None:
    """Where all went well there is nothing to correct, where nothing was created nothing to cancel."""
    assert written(tmp_path, ORDERS, report({"订单": TOLD})).sheetnames == ["订单", SUMMARY_SHEET]


def test_the_workbook_opens_where_the_merchant_left_it(tmp_path: Path) -> None:
    """On his own sheet, and on one alone: what is typed goes to every selected sheet."""
    sheets: dict[str, Any] = {"备忘": [["电话"]], **ORDERS}

    def change(own: Workbook) -> None:
        own.active = 1
        own["订单"].sheet_view.tabSelected = True

    made = written(tmp_path, sheets, whole(), change)
    assert made.active.title == "订单"
    assert [sheet.title for sheet in made if sheet.sheet_view.tabSelected] == ["订单"]


def test_the_summary_adds_up(tmp_path: Path) -> None:
    """Its total is the number of orders read: no order is lost."""
    told = whole(summary=[["读取的订单", 7]], counts=counts(created=4, invalid=2, in_doubt=1))
    rows = [[*row[:2]] for row in written(tmp_path, ORDERS, told)[SUMMARY_SHEET].iter_rows(values_only=True)]
    assert ["读取的订单", "7"] in rows
    assert [TOTAL, 7] in rows


@pytest.mark.parametrize("is_test", [True, False])
def test_a_test_says_that_nothing_is_real(is_test: bool, tmp_path: Path) -> None:
    """On each of our sheets at the top, and never over real results."""
    made = written(tmp_path, ORDERS, whole(is_test=is_test))
    assert [made[name]["A2"].value == TEST_BANNER for name in OURS] == [is_test] * 3


def again(folder: Path, told: dict[str, Any]) -> Any:
    """The results of results."""
    assert write(folder / "out.xlsx", told, folder / "again.xlsx") == "patched"
    return load_workbook(folder / "again.xlsx")


def test_our_earlier_sheets_are_replaced(tmp_path: Path) -> None:
    """All three, with chart and filters; what a newer run has nothing to say of is gone."""
    written(tmp_path, ORDERS, whole(summary=[["文件", "旧"]]))
    made = again(tmp_path, whole(summary=[["文件", "新"]], failures=[]))
    assert made.sheetnames == ["订单", SUMMARY_SHEET, UNDO_SHEET]
    texts = [cell.value for sheet in made for row in sheet.iter_rows() for cell in row]
    assert "新" in texts
    assert "旧" not in texts
    assert not any(FAILURES_SHEET in name for name in made["订单"].defined_names)
    (chart,) = made[SUMMARY_SHEET]._charts
    assert isinstance(chart, BarChart)


def test_results_of_results_of_results_do_not_grow(tmp_path: Path) -> None:
    """Neither in sheets nor in parts: what an earlier sheet of ours led to goes with it."""
    written(tmp_path, ORDERS, whole())
    sizes = []
    for _ in range(3):
        made = again(tmp_path, whole())
        assert made.sheetnames == ["订单", *OURS]
        sizes.append((tmp_path / "again.xlsx").stat().st_size)
        (tmp_path / "again.xlsx").replace(tmp_path / "out.xlsx")
    assert max(sizes) - min(sizes) < 100


@pytest.mark.parametrize(("name", "title"), [(SUMMARY_SHEET, SUMMARY_TITLE), (FAILURES_SHEET, FAILURES_TITLE), (UNDO_SHEET, UNDO_TITLE)])
def test_a_merchants_sheet_that_is_called_like_ours_is_kept(name: str, title: str, tmp_path: Path) -> None:
    """Ours takes a free name, and is found again under it."""
    made = written(tmp_path, {name: [["本月", 3]], **ORDERS}, whole())
    assert made.sheetnames == [name, "订单", *(f"{each} (2)" if each == name else each for each in OURS)]
    assert made[f"{name} (2)"]["A1"].value.startswith(title)
    assert again(tmp_path, whole()).sheetnames == made.sheetnames
    assert tables_of(tmp_path / "again.xlsx")[0].frame.to_numpy().tolist() == [["本月", 3.0]]


def test_names_of_the_merchants_still_name_what_they_named(tmp_path: Path) -> None:
    """Also where a sheet of ours before the one that they belong to is taken out."""
    written(tmp_path, ORDERS, whole())
    made = load_workbook(tmp_path / "out.xlsx")
    made.create_sheet("词表").append(["空运"])
    made["词表"].defined_names["方式"] = DefinedName("方式", attr_text="词表!$A$1")
    made.active = made.index(made["词表"])
    for sheet in made:
        sheet.sheet_view.tabSelected = sheet.title == "词表"
    made.save(tmp_path / "out.xlsx")
    found = again(tmp_path, whole())
    assert found.sheetnames == ["订单", "词表", *OURS]
    assert found["词表"].defined_names["方式"].attr_text == "词表!$A$1"
    assert found.active.title == "词表"


def test_a_sheet_of_ours_is_the_merchants_where_it_is_read(tmp_path: Path) -> None:
    """失败明细 in a workbook of its own is corrected and sent in: its results stand in it, and it is not thrown away."""
    rows = [[f"{FAILURES_TITLE}：1 单没有成功"], ["说明"], HEADER, ["A1", "x", 1]]
    source = book(tmp_path / "in.xlsx", {FAILURES_SHEET: rows})
    assert write(source, report({FAILURES_SHEET: about({"4": result()}, header_row=3)}), tmp_path / "out.xlsx") == "patched"
    made = load_workbook(tmp_path / "out.xlsx")
    assert made.sheetnames == [FAILURES_SHEET, SUMMARY_SHEET]
    assert made[FAILURES_SHEET]["D4"].value == "已创建"
