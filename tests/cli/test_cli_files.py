"""Wrong files, odd sheets and cells that lost their content: each is told in one sentence, and nothing is silently left out."""

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from desk import Desk, make_bare, make_desk  # noqa: F401  # fixtures
from foreign import BUYER, LABELS, Broken, item, line
from shapes import assert_check

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


def test_files_that_are_no_workbooks(bare: Desk) -> None:
    """Pictures, empty files, passwords, damaged ones, archives, halves, another table: exit 3, each with a sentence of its own."""
    good = bare.write("good.xlsx", [line("A-1")]).read_bytes()
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as other:
        other.writestr("readme.txt", "x")
    files = {
        "picture.xlsx": (b"\x89PNG\r\n\x1a\n" + bytes(300), "图片"),
        "empty.xlsx": (b"", "空"),
        "locked.xlsx": (OLE + "EncryptedPackage".encode("utf-16-le") + bytes(600), "密码"),
        "old.xls": (OLE + "Workbook".encode("utf-16-le") + bytes(600), "损坏"),
        "half.xlsx": (good[: len(good) // 2], "不完整"),
        "page.xls": ("<html><table><tr><td>订单号</td></tr></table></html>".encode(), "网页"),
        "zip.xlsx": (archive.getvalue(), "压缩包"),
        "list.csv": ("订单号,发货量\n1,2\n".encode("gbk"), "还缺「店铺名」"),
    }
    for name, (content, _) in files.items():
        (bare.folder / name).write_bytes(content)

    ran = bare.run("check", "--json", *files, code=3)

    for printed, (_, word) in zip(ran.lines, files.values(), strict=True):
        assert_check(printed, payloads=False)
        assert word in printed["refused"]["message"]


def test_sheets_are_found_by_their_header(bare: Desk) -> None:
    """Two matching sheets are both read, hidden ones are named, the header may stand on row 15, footers are no orders."""
    book = openpyxl.Workbook()
    headings: Mapping[str, Any] = dict(zip(LABELS, LABELS, strict=True))
    second: list[Mapping[str, Any]] = [item("A-2", "m-2", 3), line("A-3"), {"订单号": "合计", "发货量": 9}]
    for title, rows, above in (("一月", [line("A-1"), line("A-2")], 14), ("二月", second, 0), ("旧单", [line("A-9")], 0)):
        sheet = book.create_sheet(title)
        for number, row in enumerate([headings, *rows], above + 1):
            for column, label in enumerate(LABELS, 1):
                sheet.cell(number, column, row.get(label))
    book["旧单"].sheet_state = "hidden"
    book.save(bare.folder / "sheets.xlsx")

    found = bare.run("check", "--json", "--payloads", "sheets.xlsx", code=0).one

    assert_check(found, payloads=True)
    places = {each["order"]: [(row["sheet"], row["row"]) for row in each["rows"]] for each in found["payloads"]}
    assert places == {"A-1": [("一月", 16)], "A-2": [("一月", 17), ("二月", 2)], "A-3": [("二月", 3)]}
    assert [each["msku"] for each in found["payloads"][1]["payload"]["item_list"]] == ["msku-1", "m-2"]
    assert "「旧单」" in "".join(issue["message"] for issue in found["issues"] if issue["sheet"] == "旧单")


@pytest.mark.parametrize("content", ['="Unit "&4', "#N/A"])
def test_cells_without_content_are_errors(bare: Desk, content: str) -> None:
    """A formula without a cached value and an error value are errors, in optional columns too: never a silently empty field."""
    bare.write("formula.xlsx", [line("A-1", 地址2=content)])
    ran = bare.run("check", "--json", "formula.xlsx", code=4)
    assert [(issue["severity"], issue["label"]) for issue in ran.one["issues"]] == [("error", "地址2")]


def test_what_is_said_of_a_cell_stays_out_of_the_talk(desk: Desk) -> None:
    """A conflict in a buyer's name or an odd mail address is told without the buyer's data on standard error."""
    rows = [line("A-1"), item("A-1", "m", 1, 收件人=f"{BUYER['收件人']} jr."), line("A-2", 买家邮箱=BUYER["买家邮箱"] + ".."), line("A-3")]
    ran = desk.run("submit", desk.write("a.xlsx", rows), code=4)  # the desk looks for the data
    assert "A-1" in ran.out + ran.err


def test_results_of_one_path_are_not_mixed(desk: Desk) -> None:
    """Two unfinished batches of one path, the file edited in between: the results show the newer sheet with its own orders' fates."""
    desk.foreign.has_look_up = False
    desk.foreign.answers = {order: [Broken(502)] for order in ("E-1", "E-2", "E-3", "X-1", "X-2", "X-3")}
    desk.submit(desk.write("o.xlsx", [line(f"E-{number}") for number in (1, 2, 3, 4)]), code=5)
    desk.submit(desk.write("o.xlsx", [line(f"X-{number}") for number in (5, 1, 2, 3, 4)]), code=5)
    resumed = desk.resume(code=5)
    assert len(resumed.lines) == 2
    newer = resumed.lines[1]
    sheet = openpyxl.load_workbook(desk.folder / "o_结果.xlsx")["Sheet"]
    headings = {cell.value: number for number, cell in enumerate(sheet[1])}
    rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=2)]
    shown = {row[headings["订单号"]]: (row[headings["提交状态"]], row[headings["批次"]]) for row in rows}
    words = {"created": "已创建", "in_doubt": "待核实"}
    assert shown == {each["order"]: (words[each["status"]], newer["batch"]) for each in newer["outcomes"]}


def test_files_of_one_name_keep_their_results(desk: Desk) -> None:
    """Two workbooks of the same name in one `--results` folder, whose name has a dot: both have results of their own."""
    books = [desk.write(f"{name}/orders.xlsx", [line(f"{name}-1")]) for name in ("a", "b")]
    folder = desk.folder / "out.2025"
    folder.mkdir()
    ran = desk.submit(*books, "--results", folder, code=0)
    written = [printed["results"] for printed in ran.lines]
    assert len(set(written)) == 2
    assert all(Path(path).is_file() for path in written)


def test_the_merchants_own_file_is_never_written(desk: Desk) -> None:
    """`--results` that names the input is a mistake: the merchant's file stays as it is."""
    book = desk.write("orders.xlsx", [line("A-1")])
    before = book.read_bytes()
    desk.submit(book, "--results", book)
    assert book.read_bytes() == before


@pytest.mark.slow
def test_three_thousand_orders(bare: Desk) -> None:
    """A large sheet at the sandbox: every order is created, once, in a minute or so."""
    bare.write("big.xlsx", [line(f"N-{number // 2:05}", MSKU=f"m-{number}") for number in range(6000)])
    assert bare.run("submit", "--json", "--sandbox", "big.xlsx", code=0).one["orders"]["created"] == 3000
