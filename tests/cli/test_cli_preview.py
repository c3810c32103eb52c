"""`check --results`: the merchant's own workbook with its mistakes marked, though nothing of it was submitted."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from desk import Desk, make_bare, make_desk  # noqa: F401  # fixtures
from foreign import LABELS, item, line
from shapes import assert_check

from bulkorders.core.result import FAILURES_SHEET, SUMMARY_SHEET, UNDO_SHEET

ROWS = [line("A-1"), line("A-2", 发货量="两件"), item("A-2", "m-2", 1), line("A-3", 邮编=None)]


def rows(path: Path, sheet: str = "Sheet") -> list[dict[str, Any]]:
    """The rows of a sheet by label."""
    heading, *lines = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [dict(zip(map(str, heading), each, strict=True)) for each in lines]


def test_a_checked_workbook_says_what_the_results_would(bare: Desk) -> None:
    """Our columns, marks and comments, and 失败明细; what is sound is told to be, and not that it was sent."""
    book = bare.write("a.xlsx", ROWS)
    before = book.read_bytes()
    ran = bare.run("check", "--json", "--results", "checked.xlsx", book, code=4)
    assert_check(ran.one, payloads=False)
    assert "checked.xlsx" in ran.said
    found = openpyxl.load_workbook(bare.folder / "checked.xlsx")
    assert found.sheetnames == ["Sheet", SUMMARY_SHEET, FAILURES_SHEET]
    told = rows(bare.folder / "checked.xlsx")
    assert [row["提交状态"] for row in told] == ["未发送", "数据有误", "数据有误", "数据有误"]
    assert ["通过" in row["结果说明"] for row in told] == [True, False, False, False]
    assert "第 3 行" in told[2]["结果说明"]
    assert [row["订单行"] for row in told] == ["2", "3-4", "3-4", "5"]
    assert list(told[0]) == [*LABELS, "提交状态", "结果说明", "订单行"]
    quantity = found["Sheet"].cell(3, LABELS.index("发货量") + 1)
    assert (quantity.fill.fgColor.rgb, bool(quantity.comment)) == ("FFFF6B6B", True)
    assert book.read_bytes() == before


def test_nothing_is_written_down_of_a_check(bare: Desk) -> None:
    """There is no journal afterwards, and nothing but the marked workbook."""
    bare.run("check", "--results", "checked.xlsx", bare.write("a.xlsx", ROWS), code=4)
    assert sorted(path.name for path in bare.folder.iterdir() if path.name != "home") == ["a.xlsx", "checked.xlsx"]
    assert not (bare.folder / "home").exists() or [*(bare.folder / "home").rglob("*.db")] == []


def test_a_checked_workbook_is_corrected_and_submitted(desk: Desk) -> None:
    """It is a results workbook like any other: its columns and sheets are known, and go on in the same file."""
    desk.run("check", "--results", "a_结果.xlsx", desk.write("a.xlsx", ROWS), code=4)
    book = openpyxl.load_workbook(desk.folder / "a_结果.xlsx")
    book["Sheet"].cell(3, LABELS.index("发货量") + 1, 2)
    book["Sheet"].cell(5, LABELS.index("邮编") + 1, "36003")
    book.save(desk.folder / "a_结果.xlsx")
    ran = desk.submit("a_结果.xlsx", code=0)
    assert ran.fates == dict.fromkeys(["A-1", "A-2", "A-3"], "created")
    assert [row["提交状态"] for row in rows(desk.folder / "a_结果.xlsx")] == ["已创建"] * 4
    assert openpyxl.load_workbook(desk.folder / "a_结果.xlsx").sheetnames == ["Sheet", SUMMARY_SHEET, UNDO_SHEET]


def test_several_files_are_marked_in_a_folder(bare: Desk) -> None:
    """Each under its own name, which is made where it is not there; one that is refused has no marked workbook, and is told."""
    names = [bare.write("a.xlsx", ROWS), bare.write("b.xlsx", [line("B-1")]), bare.folder / "list.csv", bare.write("no.xlsx", [], ["电话"])]
    (bare.folder / "list.csv").write_text(",".join(LABELS) + "\n" + ",".join(str(line("C-1").get(label, "")) for label in LABELS), "utf-8")
    ran = bare.run("check", "--json", "--results", "marked", *names, code=3)
    assert [bool(printed["refused"]) for printed in ran.lines] == [False, False, False, True]
    assert sorted(path.name for path in (bare.folder / "marked").iterdir()) == [f"{name}_检查结果.xlsx" for name in ("a", "b", "list")]
    assert [("marked" in said, "no.xlsx" in said) for said in ran.err.splitlines()] == [(True, False)] * 3 + [(False, True)]
    assert rows(bare.folder / "marked" / "b_检查结果.xlsx")[0]["提交状态"] == "未发送"


def test_a_checked_workbook_that_is_checked_again_keeps_its_name(bare: Desk) -> None:
    """`a_检查结果.xlsx` does not become `a_检查结果_检查结果.xlsx`."""
    (bare.folder / "marked").mkdir()
    bare.run("check", "--results", "marked", bare.write("a.xlsx", ROWS), code=4)
    (bare.folder / "again").mkdir()
    bare.run("check", "--results", "again", "marked/a_检查结果.xlsx", code=4)
    assert [path.name for path in (bare.folder / "again").iterdir()] == ["a_检查结果.xlsx"]


def test_the_merchants_own_workbook_is_not_written_over(bare: Desk) -> None:
    """`--results` that names the checked file: exit 2, and the file stays as it is."""
    book = bare.write("a.xlsx", ROWS)
    before = book.read_bytes()
    ran = bare.run("check", "--results", "./a.xlsx", book, code=2)
    assert "原来的表格" in ran.said
    assert book.read_bytes() == before


def test_several_files_need_a_folder(bare: Desk) -> None:
    """Two files cannot be marked in one `.xlsx`."""
    books = [bare.write("a.xlsx", ROWS), bare.write("b.xlsx", ROWS)]
    assert "文件夹" in bare.run("check", "--results", "one.xlsx", *books, code=2).said
    assert not (bare.folder / "one.xlsx").exists()


def test_a_file_that_is_refused_is_not_marked(bare: Desk) -> None:
    """There are no rows of orders to stand beside; what is at the target stays."""
    (bare.folder / "checked.xlsx").write_bytes(b"old")
    ran = bare.run("check", "--json", "--results", "checked.xlsx", bare.write("a.xlsx", [], ["电话", "地址"]), code=3)
    assert "没有写结果表" in ran.said
    assert (bare.folder / "checked.xlsx").read_bytes() == b"old"


def test_a_workbook_without_orders_is_not_marked(bare: Desk) -> None:
    """A blank template, for one."""
    assert "没有写结果表" in bare.run("check", "--json", "--results", "checked.xlsx", bare.write("a.xlsx", []), code=0).said
    assert not (bare.folder / "checked.xlsx").exists()


def test_rows_that_belong_to_no_order_are_marked(bare: Desk) -> None:
    """Somebody has forgotten the order numbers of all rows: there is no order, and much to say."""
    ran = bare.run("check", "--json", "--results", "checked.xlsx", bare.write("a.xlsx", [line(None), line(None)]), code=4)
    assert ran.one["orders"]["read"] == 0
    told = rows(bare.folder / "checked.xlsx")
    assert [row["提交状态"] for row in told] == ["数据有误"] * 2
    assert all(row["结果说明"] for row in told)


@pytest.mark.parametrize("target", ["marked/deep/checked.xlsx", "名字 带空格.xlsx"])
def test_the_marked_workbook_goes_where_it_is_asked_for(bare: Desk, target: str) -> None:
    """Folders on the way are made."""
    bare.run("check", "--results", target, bare.write("a.xlsx", ROWS), code=4)
    assert rows(bare.folder / target)[1]["提交状态"] == "数据有误"
