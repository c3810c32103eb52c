"""One file for the whole loop: the results workbook comes back corrected, what was created stays, what was wrong goes out."""

from collections import Counter
from pathlib import Path
from typing import Any

import openpyxl
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import LABELS, Refuse, line
from openpyxl.comments import Comment
from openpyxl.styles import PatternFill

GREEN = "FF92D050"
FILLED = ("FFFF6B6B", "FFFFE066")


def rows_of(path: Path) -> list[dict[str, Any]]:
    """The rows of the merchant's sheet by label."""
    heading, *rows = openpyxl.load_workbook(path)["Sheet"].iter_rows(values_only=True)
    return [dict(zip(map(str, heading), row, strict=True)) for row in rows]


def correct(path: Path, **cells: Any) -> None:
    """Corrects cells of the merchant's sheet in place."""
    book = openpyxl.load_workbook(path)
    for place, value in cells.items():
        book["Sheet"][place] = value
    book.save(path)


def marks(path: Path) -> dict[str, str]:
    """The cells of the merchant's sheet that are filled as bad."""
    cells = (cell for row in openpyxl.load_workbook(path)["Sheet"].iter_rows() for cell in row)
    return {cell.coordinate: str(cell.fill.fgColor.rgb) for cell in cells if cell.fill.fgColor.rgb in FILLED}


def notes(path: Path) -> dict[str, str]:
    """The comments of the merchant's sheet."""
    cells = (cell for row in openpyxl.load_workbook(path)["Sheet"].iter_rows() for cell in row)
    return {cell.coordinate: str(cell.comment.text) for cell in cells if cell.comment}


def letter(label: str) -> str:
    """The column of a label."""
    return openpyxl.utils.get_column_letter(LABELS.index(label) + 1)


def merchants_book(desk: Desk) -> Path:
    """Six orders: two are sound, two have mistakes, two are refused; one cell has a fill and a comment of the merchant's own."""
    path = desk.write("orders.xlsx", [
        line("L-1"), line("L-2", 发货量="两件"), line("L-3", 邮编=None), line("L-4"), line("L-5", MSKU="bad-sku"), line("L-6"),
    ])  # fmt: skip
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    sheet.title = "Sheet"
    cell = sheet[f"{letter('发货量')}3"]
    cell.fill, cell.comment = PatternFill("solid", fgColor=GREEN), Comment("问过仓库", "小王")
    book.save(path)
    return path


def test_the_results_are_corrected_and_sent_in_again_until_all_is_created(desk: Desk) -> None:
    """Each order once at the remote; the file keeps its columns, loses our marks of what is right, and keeps the merchant's comments."""
    desk.foreign.answers = {"L-4": [Refuse(["邮编不正确"])], "L-5": [Refuse(["MSKU bad-sku 不存在"])]}
    first = desk.submit(merchants_book(desk), code=4)
    assert Counter(first.fates.values()) == {"created": 2, "invalid": 2, "rejected": 2}
    results = desk.folder / first.one["results"]
    assert first.one["written"] == "patched"
    quantity, postcode, msku = letter("发货量"), letter("邮编"), letter("MSKU")
    assert marks(results) == dict.fromkeys([f"{quantity}3", f"{postcode}4", f"{postcode}5", f"{msku}6"], FILLED[0])
    assert notes(results)[f"{quantity}3"].startswith("问过仓库")
    assert "只填数字" in notes(results)[f"{quantity}3"]
    assert "bad-sku" in notes(results)[f"{msku}6"]

    correct(results, **{f"{quantity}3": 2, f"{postcode}4": "36003", f"{postcode}5": "36004", f"{msku}6": "good-sku"})
    again = desk.submit(results, code=0)
    assert again.fates == {
        "L-1": "skipped", "L-2": "created", "L-3": "created", "L-4": "created", "L-5": "created", "L-6": "skipped",
    }  # fmt: skip
    assert again.one["results"] == first.one["results"]
    assert Counter(desk.foreign.sent()) == {f"L-{number}": 1 for number in range(1, 7)}
    rows = rows_of(results)
    assert [row["提交状态"] for row in rows] == ["已创建"] * 6
    assert list(rows[0])[: len(LABELS)] == list(LABELS)
    assert [label for label in rows[0] if label not in LABELS] == ["提交状态", "结果说明", "订单行", "请求ID", "提交时间", "批次"]
    assert marks(results) == {}
    assert notes(results) == {f"{quantity}3": "问过仓库"}
    filled = openpyxl.load_workbook(results)["Sheet"][f"{quantity}3"].fill
    assert filled.fgColor.rgb == GREEN
    assert openpyxl.load_workbook(results).sheetnames == ["Sheet", "汇总", "撤销清单"]


def test_failed_orders_can_be_corrected_in_a_workbook_of_their_own(desk: Desk) -> None:
    """失败明细, moved out, is read like any other; beside the merchant's sheet it is no second sheet of orders."""
    first = desk.submit(desk.write("orders.xlsx", [line("M-1"), line("M-2", 发货量="x"), line("M-3", 邮编="")]), code=4)
    results = desk.folder / first.one["results"]
    assert desk.submit(results, code=4).fates == {"M-1": "skipped", "M-2": "invalid", "M-3": "invalid"}
    book = openpyxl.load_workbook(results)
    for name in book.sheetnames:
        if name != "失败明细":
            del book[name]
    sheet = book["失败明细"]
    header = next(row for row in sheet.iter_rows() if any(cell.value == "*订单号" for cell in row))
    letters = {str(cell.value).lstrip("*"): cell.coordinate.rstrip("0123456789") for cell in header}
    for row in range(int(header[0].row or 0) + 1, sheet.max_row + 1):
        sheet[f"{letters['发货量']}{row}"] = 3
        sheet[f"{letters['邮编']}{row}"] = "36003"
    book.save(desk.folder / "failed.xlsx")
    own = desk.submit("failed.xlsx", code=0)
    assert own.fates == {"M-2": "created", "M-3": "created"}
    assert [issue["code"] for issue in own.one["issues"]] == []
    assert sorted(desk.foreign.sent()) == ["M-1", "M-2", "M-3"]
