"""How results were written is told, and what they say: marks on what the remote refused, whole failed orders, what was created here."""

import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from desk import Desk, make_desk  # noqa: F401  # a fixture
from fba_desk import FBA_LABELS, FbaDesk, carton, make_fba, shipment, sku  # noqa: F401  # a fixture
from foreign import LABELS, SECRET, Foreign, Refuse, item, line, serve
from foreign_chukou1 import Refuse as RefuseShipment
from openpyxl.utils import get_column_letter
from tiny_xls import Error, Formatted, write_xls

from bulkorders.core.result import FAILURES_SHEET, SUMMARY_SHEET, UNDO_SHEET

RED = "FFFF6B6B"
ADVICE = 2
"""Rows above the header of 失败明细, and of 撤销清单."""


def table(path: Path, sheet: str, above: int = 0) -> list[dict[str, Any]]:
    """The rows of a sheet by label, required marks and empty cells left out."""
    heading, *lines = openpyxl.load_workbook(path)[sheet].iter_rows(min_row=above + 1, values_only=True)
    named = [(at, str(label).lstrip("*")) for at, label in enumerate(heading) if label]
    return [{label: each[at] for at, label in named if each[at] is not None} for each in lines]


def marked(path: Path, sheet: str = "Sheet") -> dict[str, str]:
    """The red cells, with what their comments say."""
    cells = (cell for row in openpyxl.load_workbook(path)[sheet].iter_rows() for cell in row)
    return {cell.coordinate: str(cell.comment.text if cell.comment else "") for cell in cells if cell.fill.fgColor.rgb == RED}


def utf16(path: Path) -> Path:
    """The workbook with its sheet in UTF-16."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in parts.items():
            text = content.decode() if "worksheets/sheet" in name else ""
            body = text.partition("?>")[2] if text.startswith("<?xml") else text
            archive.writestr(name, f'<?xml version="1.0" encoding="UTF-16"?>{body}'.encode("utf-16") if text else content)
    return path


# -- the way ----------------------------------------------------------------------------------------------------------------------
def as_csv(book: Path, rows: Sequence[Sequence[Any]]) -> Path:
    """The rows as text."""
    path = book.with_suffix(".csv")
    path.write_text("\n".join(",".join("" if cell is None else str(cell) for cell in row) for row in rows), encoding="gb18030")
    return path


def as_xls(book: Path, rows: Sequence[Sequence[Any]]) -> Path:
    """The rows in Excel 97's format."""
    write_xls(book.with_suffix(".xls"), rows)
    return book.with_suffix(".xls")


def with_macros(book: Path, _: Sequence[Sequence[Any]]) -> Path:
    """The workbook as one with macros."""
    with zipfile.ZipFile(book) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    types, rels = "[Content_Types].xml", "xl/_rels/workbook.xml.rels"
    usual, other = b"vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml", b"vnd.ms-excel.sheet.macroEnabled.main+xml"
    assert usual in parts[types]
    kind = "http://schemas.microsoft.com/office/2006/relationships/vbaProject"
    link = f'<Relationship Id="rIdMacro" Type="{kind}" Target="vbaProject.bin"/></Relationships>'
    default = b'<Default Extension="bin" ContentType="application/vnd.ms-office.vbaProject"/></Types>'
    parts[types] = parts[types].replace(usual, other).replace(b"</Types>", default)
    parts[rels] = parts[rels].replace(b"</Relationships>", link.encode())
    with zipfile.ZipFile(book.with_suffix(".xlsm"), "w") as archive:
        for name, content in {**parts, "xl/vbaProject.bin": b"macros"}.items():
            archive.writestr(name, content)
    return book.with_suffix(".xlsm")


WAYS: Mapping[str, tuple[str, Callable[[Path, Sequence[Sequence[Any]]], Path]]] = {
    "xlsx": ("patched", lambda book, _: book),
    "xlsm": ("patched", with_macros),
    "utf16": ("rewritten", lambda book, _: utf16(book)),
    "csv": ("fresh", as_csv),
    "xls": ("fresh", as_xls),
}


@pytest.mark.parametrize("kind", WAYS)
def test_the_way_is_told(desk: Desk, kind: str) -> None:
    """`written` of `submit --json`: the orders go out whichever it is, and the merchant's own file stays as it was."""
    way, make = WAYS[kind]
    rows = [line("A-1"), line("A-2", 发货量="x")]
    book = make(desk.write("a.xlsx", rows), [LABELS, *([row.get(label) for label in LABELS] for row in rows)])
    before = book.read_bytes()
    ran = desk.submit(book, code=4)
    assert (ran.one["written"], Path(ran.one["results"]).name) == (way, "a_结果.xlsx")
    assert book.read_bytes() == before
    (sheet, *ours) = openpyxl.load_workbook(ran.one["results"]).sheetnames
    assert ours == [SUMMARY_SHEET, FAILURES_SHEET, UNDO_SHEET]
    assert [row["提交状态"] for row in table(Path(ran.one["results"]), sheet)] == ["已创建", "数据有误"]
    with zipfile.ZipFile(ran.one["results"]) as archive:
        assert not any("vba" in name or b"macroEnabled" in archive.read(name) for name in archive.namelist())


def test_results_of_an_old_workbook_are_sent_in_again(desk: Desk) -> None:
    """Order numbers and postcodes whose zeros only their format shows are the same orders afterwards: nothing goes out twice."""
    first: dict[str, Any] = {**line("x"), "订单号": Formatted(123), "邮编": Formatted(501)}
    second: dict[str, Any] = {**line("x"), "订单号": Formatted(45), "邮编": "00501"}
    write_xls(desk.folder / "a.xls", [LABELS, *([row.get(label) for label in LABELS] for row in (first, second))])
    assert desk.submit("a.xls", code=0).fates == {"00123": "created", "00045": "created"}
    again = desk.submit("a_结果.xlsx", code=0)
    assert (again.fates, again.one["written"]) == ({"00123": "skipped", "00045": "skipped"}, "patched")
    assert desk.foreign.sent() == ["00123", "00045"]


def test_an_unreadable_cell_of_an_old_workbook_stays_unreadable(desk: Desk) -> None:
    """Of an optional field, too: else it would be empty in the results, and the order go out without it when they are sent in again."""
    row: dict[str, Any] = {**line("A-1"), "地址2": Error(42)}
    write_xls(desk.folder / "a.xls", [LABELS, [row.get(label) for label in LABELS]])
    assert desk.submit("a.xls", code=4).fates == {"A-1": "invalid"}
    assert desk.submit("a_结果.xlsx", code=4).fates == {"A-1": "invalid"}
    assert desk.foreign.sent() == []


def test_no_results_no_way(desk: Desk) -> None:
    """A file that was refused has neither."""
    ran = desk.submit(desk.write("a.xlsx", [], ["电话"]), code=3)
    assert (ran.one["results"], ran.one["written"]) == (None, None)


# -- what the remote refused --------------------------------------------------------------------------------------------------------
def test_a_refusal_of_lingxing_marks_the_item_that_it_names(desk: Desk) -> None:
    """The MSKU stands in the second row of the order; the rest of the order is not marked."""
    desk.foreign.answers = {"A-1": [Refuse(["商品 bad-9 不存在，请检查MSKU"])]}
    rows = [line("A-0"), line("A-1"), item("A-1", "bad-9", 3), item("A-1", "m-3", 1)]
    ran = desk.submit(desk.write("a.xlsx", rows), code=4)
    found = marked(desk.folder / "a_结果.xlsx")
    assert list(found) == [f"{get_column_letter(LABELS.index('MSKU') + 1)}4"]
    assert "bad-9" in next(iter(found.values()))
    assert [row["提交状态"] for row in table(desk.folder / "a_结果.xlsx", "Sheet")] == ["已创建", "被拒绝", "被拒绝", "被拒绝"]
    assert ran.fates == {"A-0": "created", "A-1": "rejected"}


def test_a_refusal_of_chukou1_marks_the_element_that_its_path_names(fba: FbaDesk) -> None:
    """`ContainerInfos[1].SkuInfos[0].Weight` is 单件重量 of the second carton's first SKU, not 箱重."""
    fba.remote.creates = {"P-1": [RefuseShipment(["ContainerInfos[1].SkuInfos[0].Weight 超出范围"])]}
    rows = [shipment("P-1"), sku("P-1", "C1", "sku-2"), carton("P-1", "C2"), sku("P-1", "C2", "sku-4")]
    fba.submit(fba.write("a.xlsx", rows), code=4)
    found = marked(fba.folder / "a_结果.xlsx")
    assert list(found) == [f"{get_column_letter(FBA_LABELS.index('单件重量(kg)') + 1)}4"]
    assert "超出范围" in next(iter(found.values()))


def test_a_refusal_that_names_nothing_marks_nothing(desk: Desk) -> None:
    """A wrong mark is worse than none; the words stand in 结果说明 all the same."""
    desk.foreign.answers = {"A-1": [Refuse(["店铺授权失效"])]}
    desk.submit(desk.write("a.xlsx", [line("A-1")]), code=4)
    assert marked(desk.folder / "a_结果.xlsx") == {}
    assert "店铺授权失效" in table(desk.folder / "a_结果.xlsx", "Sheet")[0]["结果说明"]


# -- the sheets that are added ------------------------------------------------------------------------------------------------------
def test_failed_orders_are_listed_whole(desk: Desk) -> None:
    """All rows of each, also the one without an order number that holds the order above it; nothing of what was created."""
    desk.foreign.answers = {"A-4": [Refuse(["邮编不正确"])]}
    rows = [
        line("A-1"),
        line("A-2"),
        {"MSKU": "m-2", "发货量": 5},
        line("A-3"),
        item("A-3", "m-3", "三"),
        line("A-4"),
        item("A-4", "m-4", 1),
    ]
    ran = desk.submit(desk.write("a.xlsx", rows), code=4)
    assert ran.fates == {"A-1": "created", "A-2": "invalid", "A-3": "invalid", "A-4": "rejected"}
    found = table(desk.folder / "a_结果.xlsx", FAILURES_SHEET, ADVICE)
    assert [(row.get("订单号"), row["MSKU"], row["发货量"], row["提交状态"], row["原行"]) for row in found] == [
        ("A-2", "msku-1", 1, "数据有误", "Sheet 第 3 行"), (None, "m-2", 5, "数据有误", "Sheet 第 4 行"),
        ("A-3", "msku-1", 1, "数据有误", "Sheet 第 5 行"), ("A-3", "m-3", "三", "数据有误", "Sheet 第 6 行"),
        ("A-4", "msku-1", 1, "被拒绝", "Sheet 第 7 行"), ("A-4", "m-4", 1, "被拒绝", "Sheet 第 8 行"),
    ]  # fmt: skip
    assert all(row["结果说明"] for row in found)
    assert "邮编不正确" in found[4]["结果说明"]


def test_what_was_created_here_is_listed_and_nothing_else(desk: Desk) -> None:
    """撤销清单 of a second batch has its own order, not those that were skipped because an earlier one created them."""
    desk.submit(desk.write("a.xlsx", [line("A-1"), line("A-2")]), code=0)
    first = table(desk.folder / "a_结果.xlsx", UNDO_SHEET, ADVICE)
    assert [row["订单号"] for row in first] == ["A-1", "A-2"]
    ran = desk.submit(desk.write("b.xlsx", [line("A-1"), line("A-2"), line("A-3"), line("A-4", 发货量="x")]), code=4)
    assert ran.fates == {"A-1": "skipped", "A-2": "skipped", "A-3": "created", "A-4": "invalid"}
    (row,) = table(desk.folder / "b_结果.xlsx", UNDO_SHEET, ADVICE)
    (outcome,) = [each for each in ran.one["outcomes"] if each["order"] == "A-3"]
    assert (row["订单号"], row["店铺名"], row["账号"]) == ("A-3", "8speed-US", "main")
    assert row["请求ID"] == outcome["request_id"]


def test_two_sheets_of_one_template_have_their_results_each(desk: Desk) -> None:
    """An order may begin on one and go on on the other; all of it stands in 失败明细."""
    sheets = {"一月": [line("A-1"), line("A-2")], "二月": [item("A-2", "m-2", "三"), line("A-3")]}
    ran = desk.submit(workbook(desk.folder / "a.xlsx", {name: (LABELS, rows) for name, rows in sheets.items()}), code=4)
    path = desk.folder / "a_结果.xlsx"
    assert ran.one["written"] == "patched"
    assert [row["提交状态"] for row in table(path, "一月")] == ["已创建", "数据有误"]
    assert [row["提交状态"] for row in table(path, "二月")] == ["数据有误", "已创建"]
    assert list(marked(path, "二月")) == [f"{get_column_letter(LABELS.index('发货量') + 1)}2"]
    assert [(row["订单号"], row["原行"]) for row in table(path, FAILURES_SHEET, ADVICE)] == [
        ("A-2", "一月 第 3 行"),
        ("A-2", "二月 第 2 行"),
    ]


def workbook(path: Path, sheets: Mapping[str, tuple[Sequence[str], Sequence[Mapping[str, Any]]]]) -> Path:
    """A workbook of several sheets, each with its labels."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, (labels, rows) in sheets.items():
        sheet = book.create_sheet(name)
        for row in [dict(zip(labels, labels, strict=True)), *rows]:
            sheet.append([row.get(label) for label in labels])
    book.save(path)
    return path


def test_two_templates_in_one_workbook_have_one_results_workbook(fba: FbaDesk) -> None:
    """Each sheet has its own columns; the summary counts both, and each template has its own 失败明细."""
    lingxing = Foreign()
    with serve(lingxing) as url:
        other = {"provider": "lingxing", "base_url": url, "app_id": lingxing.app_id, "app_secret": SECRET}
        fba.configure_all({"fba": fba.table(), "mcf": other})
        orders = [line("A-1"), line("A-2", 发货量="x")]
        shipments = [shipment("P-1"), shipment("P-2", {"箱重(kg)": "重"})]
        path = workbook(fba.folder / "a.xlsx", {"订单": (LABELS, orders), "货件": (FBA_LABELS, shipments)})
        ran = fba.submit(path, code=4)
        lingxing.assert_in_order()
    assert {printed["results"] for printed in ran.lines} == {str(fba.folder / "a_结果.xlsx")}
    assert [printed["written"] for printed in ran.lines] == ["patched"] * 2
    found = openpyxl.load_workbook(fba.folder / "a_结果.xlsx")
    assert found.sheetnames == ["订单", "货件", SUMMARY_SHEET, FAILURES_SHEET, f"{FAILURES_SHEET} (2)", UNDO_SHEET]
    for sheet, has_tracking in (("订单", False), ("货件", True)):
        assert [row["提交状态"] for row in table(fba.folder / "a_结果.xlsx", sheet)] == ["已创建", "数据有误"]
        assert ("跟踪号" in [cell.value for cell in found[sheet][1]]) == has_tracking
    counted = {row[0]: row[1] for row in found[SUMMARY_SHEET].iter_rows(values_only=True) if row[0]}
    assert (counted["已创建"], counted["数据有误"], counted["合计"]) == (2, 2, 4)
    listed = [table(fba.folder / "a_结果.xlsx", name, ADVICE) for name in found.sheetnames[3:5]]
    assert sorted(str(row.get("包裹ID") or row.get("订单号")) for rows in listed for row in rows) == ["A-2", "P-2"]
    cells = [cell for row in found[UNDO_SHEET].iter_rows(values_only=True) for cell in row]
    assert [number in cells for number in ("A-1", "A-2", "P-1", "P-2")] == [True, False, True, False]
    assert fba.submit("a_结果.xlsx", code=4).fates == {"A-1": "skipped", "A-2": "invalid", "P-1": "skipped", "P-2": "invalid"}
