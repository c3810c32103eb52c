"""What `--json` prints, to the key; where results go; and which exit code stands for what."""

import os
from pathlib import Path

import openpyxl
from desk import Desk, make_bare, make_desk  # noqa: F401  # fixtures
from foreign import LABELS, line
from shapes import assert_batch, assert_check

BAD = line("BAD-1", 发货量=0, 买家邮箱="nobody")


def test_check_needs_no_settings(bare: Desk) -> None:
    """One line a file, payloads for no account, nothing written anywhere; the exit code is the worst one."""
    good = bare.write("good.xlsx", [line("A-1"), BAD, {}, line("A-2")])
    headless = bare.write("headless.xlsx", [line("A-1")], [label for label in LABELS if label != "订单号"])

    ran = bare.run("check", "--json", "--payloads", good, headless, code=3)

    first, second = ran.lines
    for printed in ran.lines:
        assert_check(printed, payloads=True)
    assert (first["file"], first["template"], first["refused"]) == (str(good), "lingxing-mcf", None)
    assert first["rows"] == {"read": 3, "blank": 1, "valid": 2, "invalid": 1}
    assert first["orders"] == {"read": 3, "valid": 2, "invalid": 1}
    assert {(issue["row"], issue["column"], issue["label"], issue["order"]) for issue in first["issues"]} == {
        (3, "N", "买家邮箱", "BAD-1"),
        (3, "V", "发货量", "BAD-1"),
    }
    assert [each["account"] for each in first["payloads"]] == [None, None]
    assert second["template"] == "lingxing-mcf"
    assert second["payloads"] == []
    assert sorted(path.name for path in bare.folder.rglob("*") if path.is_file()) == ["good.xlsx", "headless.xlsx"]

    plain = bare.run("check", good, code=4)
    assert "N3「买家邮箱」" in plain.out
    assert bare.run("check", "--lang", "en", "--json", bare.write("fine.xlsx", [line("A-1")]), code=0).one["payloads"] is None


def test_files_results_and_status(desk: Desk) -> None:
    """Several files print several lines, the good ones go out; status tells the same without outcomes; nothing is left to resume."""
    good = desk.write("good.xlsx", [line("A-1"), BAD])
    headless = desk.write(
        "headless.xlsx", [line("A-1")], [{"订单号": "订单标识", "发货量": "发貨量"}.get(label, label) for label in LABELS]
    )
    empty = desk.write("empty.xlsx", [])
    folder = desk.folder / "out"

    ran = desk.submit(good, headless, empty, "--results", folder, code=3)

    first, second, third = ran.lines
    assert [outcome["status"] for outcome in first["outcomes"]] == ["created", "invalid"]
    assert first["results"] == str(folder / "good_结果.xlsx")
    assert Path(first["results"]).is_file()
    assert not (desk.folder / "good_结果.xlsx").exists()
    assert (second["batch"], second["results"], second["outcomes"]) == (None, None, [])
    assert (third["batch"], third["refused"], third["orders"]["read"]) == (None, None, 0)
    assert [issue["code"] for issue in third["issues"] if issue["severity"] == "warning"] == ["no_orders"]

    refused = second["refused"]
    assert "「订单号」" in refused["message"]
    assert "「订单标识」" in refused["message"]
    assert (refused["best_header"]["sheet"], refused["best_header"]["row"]) == ("Sheet", 1)
    assert refused["best_header"]["missing"] == ["订单号", "发货量"]
    assert any("「发貨量」" in issue["message"] and "「发货量」" in issue["message"] for issue in second["issues"])
    assert desk.foreign.sent() == ["A-1"]

    status = desk.run("status", "--json", code=0)
    assert_batch(status.one, outcomes=False)
    assert {name: status.one[name] for name in ("batch", "orders", "rows", "issues", "accounts")} == {
        name: first[name] for name in ("batch", "orders", "rows", "issues", "accounts")
    }
    assert desk.resume(code=0).out == ""
    alone = desk.submit(empty, code=0)
    assert alone.one["batch"] is None


def test_results_stand_beside_the_sheet(desk: Desk) -> None:
    """Beside the input or where `--results` says; the results of a results workbook go to itself; they can be written again."""
    book = desk.write("orders.xlsx", [line("A-1"), BAD])
    first = desk.submit(book, code=4)
    beside = desk.folder / "orders_结果.xlsx"
    assert first.one["results"] == str(beside)
    sheet = openpyxl.load_workbook(beside)["Sheet"]
    headings = {str(cell.value): column for column, cell in enumerate(sheet[1], 1)}
    states = [sheet.cell(row, headings["提交状态"]).value for row in (2, 3)]
    assert states == ["已创建", "数据有误"]

    written = beside.stat().st_mtime_ns
    second = desk.submit("orders_结果.xlsx", code=4)
    assert second.one["results"] == "orders_结果.xlsx"
    assert [outcome["status"] for outcome in second.one["outcomes"]] == ["skipped", "invalid"]
    assert beside.stat().st_mtime_ns > written

    again = desk.run("results", first.one["batch"], "-o", "again.xlsx", code=0)
    assert "again.xlsx" in again.out
    assert openpyxl.load_workbook(desk.folder / "again.xlsx")["Sheet"].cell(2, headings["提交状态"]).value == "已创建"


def test_strict_sends_nothing_of_a_sheet_with_an_error(desk: Desk) -> None:
    """One invalid order refuses the file: exit 3, no batch, nothing sent; a sheet without one goes out."""
    ran = desk.submit("--strict", desk.write("a.xlsx", [line("A-1"), BAD]), code=3)
    assert ran.one["batch"] is None
    assert ran.one["refused"]["code"] == "strict"
    assert ran.one["outcomes"] == []
    assert desk.foreign.calls == {}
    assert desk.run("status", "--json", code=0).out == ""
    desk.submit("--strict", desk.write("b.xlsx", [line("A-1")]), "--results", "named.xlsx", code=0)
    assert (desk.folder / "named.xlsx").is_file()


def test_a_pipe_in_another_encoding_gets_utf8(desk: Desk) -> None:
    """Whatever the terminal's encoding, JSON is UTF-8 and nothing crashes."""
    book = desk.write("订单.xlsx", [line("é-1", 收件人="Zoë 😀"), BAD])
    ran = desk.run("submit", "--json", book, code=4, PYTHONIOENCODING="cp936", LANG="C", LC_ALL="C")
    assert_batch(ran.one)
    assert ran.one["file"] == str(book)
    plain = desk.run("status", ran.one["batch"], code=0, PYTHONIOENCODING="cp936", LANG="C", LC_ALL="C")
    assert "已创建" in plain.out


def test_a_file_name_in_gbk_is_a_file_name(desk: Desk) -> None:
    """An archive from a Chinese Windows leaves names in GBK on other systems: they are files like others."""
    source = desk.write("source.xlsx", [line("A-1")])
    book = desk.folder / os.fsdecode("订单.xlsx".encode("gbk"))
    source.rename(book)
    assert desk.run("check", "--json", book).code == 0
    desk.submit(book, code=0)
