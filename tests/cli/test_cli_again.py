"""`bulkorders results`: the same workbook again at any time, with what has come since; and what was sent, when the file is gone."""

import datetime as dt
import zipfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import openpyxl
from desk import Desk, Ran, make_desk  # noqa: F401  # a fixture
from fba_desk import FBA_LABELS, FbaDesk, carton, make_fba, shipment, sku  # noqa: F401  # a fixture
from foreign import BUYER, LABELS, Refuse, item, line
from foreign_chukou1 import number_of

from bulkorders.pipeline.app import App, SystemClock
from bulkorders.pipeline.keeping import tidy
from bulkorders.settings import Settings


class Later(SystemClock):
    """A clock of the next year."""

    def now(self) -> dt.datetime:
        """In a year."""
        return super().now() + dt.timedelta(days=365)


def parts(path: Path) -> dict[str, bytes]:
    """The parts of a workbook."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows(path: Path, sheet: str) -> list[dict[str, Any]]:
    """The rows of a sheet by label, empty cells left out."""
    heading, *lines = openpyxl.load_workbook(path)[sheet].iter_rows(values_only=True)
    return [{str(label): cell for label, cell in zip(heading, each, strict=True) if cell is not None} for each in lines]


def journal_of(desk: Desk) -> Path:
    """The desk's journal."""
    (found,) = (desk.folder / "home").rglob("journal.db")
    return found


def kept_files(desk: Desk) -> list[Path]:
    """The merchants' files that the program has kept."""
    return [*journal_of(desk).parent.rglob("*.xlsx")]


def lose_files(desk: Desk) -> None:
    """Somebody clears them away."""
    assert kept_files(desk)
    for path in kept_files(desk):
        path.unlink()


def let_a_year_pass(desk: Desk) -> None:
    """What is kept for a time only is gone."""
    app = App(Settings(journal=journal_of(desk).as_posix()), Later())
    try:
        assert tidy(app) is None
    finally:
        app.close()
    assert kept_files(desk) == []


def again(desk: Desk, ran: Ran, name: str = "again.xlsx") -> Path:
    """The results of a run, written again."""
    desk.run("results", ran.one["batch"], "-o", name, code=0)
    return desk.folder / name


# -- while the file is kept ---------------------------------------------------------------------------------------------------
def test_results_written_again_are_the_same(desk: Desk) -> None:
    """From the journal alone, part by part; the merchant's own file may be gone from its folder."""
    desk.foreign.answers = {"A-3": [Refuse(["邮编不正确"])]}
    book = desk.write("a.xlsx", [line("A-1"), line("A-2", 发货量="x"), line("A-3"), item("A-1", "m-2", 3)])
    ran = desk.submit(book, code=4)
    book.unlink()
    assert parts(again(desk, ran)) == parts(desk.folder / ran.one["results"])


def test_results_go_into_a_folder_under_their_usual_name(desk: Desk) -> None:
    """`-o` that names a folder."""
    ran = desk.submit(desk.write("a.xlsx", [line("A-1")]), code=0)
    (desk.folder / "out").mkdir()
    desk.run("results", ran.one["batch"], "-o", "out", code=0)
    assert [path.name for path in (desk.folder / "out").iterdir()] == ["a_结果.xlsx"]


def test_numbers_that_came_later_are_in_results_written_later(fba: FbaDesk) -> None:
    """Shipments are accepted, the numbers come with `resume`; the old file does not know of them until it is written again."""
    ran = fba.submit("--no-follow", fba.write("a.xlsx", [shipment("P-1"), shipment("P-2")]), code=0)
    first = again(fba, ran, "first.xlsx")
    assert [row.get("跟踪号") for row in rows(first, "Sheet")] == [None, None]
    fba.resume(code=0)
    later = again(fba, ran, "later.xlsx")
    assert [(row["提交状态"], row["跟踪号"]) for row in rows(later, "Sheet")] == [("已创建", number_of(name)) for name in ("P-1", "P-2")]
    assert number_of("P-1") in [cell.value for row in openpyxl.load_workbook(later)["撤销清单"].iter_rows() for cell in row]
    assert parts(later) == parts(fba.folder / "a_结果.xlsx")


# -- when it is gone ------------------------------------------------------------------------------------------------------------
def shipments() -> list[dict[str, Any]]:
    """Two shipments: one of two cartons with two SKUs each, one of a single SKU."""
    return [
        shipment("P-1", {"箱重(kg)": 12.3451, "是否带电": "是"}, 备注="小心 <轻放>", 客户自定义="bag"),
        sku("P-1", "C1", "sku-2", {"单件重量(kg)": 0.1 + 0.2, "是否带电": "否"}),
        carton("P-1", "C2", {"箱重(kg)": 3}, 数量=1200),
        sku("P-1", "C2", "007", {"申报价值(USD)": "1234567.89"}),
        shipment("P-2", {"海关编码": "0012345678"}),
    ]  # fmt: skip


def test_without_its_file_the_rows_are_what_was_sent_to_chukou1(fba: FbaDesk) -> None:
    """Cartons and their SKUs, in the units of the headings: submitted as they stand there, the same requests would go out."""
    ran = fba.submit(fba.write("a.xlsx", shipments()), code=0)
    lose_files(fba)
    found = again(fba, ran)
    assert [row["箱重(kg)"] for row in rows(found, "FBA头程货件")] == [12.346, 12.346, 3, 3, 12.5]
    assert [row.get("是否带电") for row in rows(found, "FBA头程货件")] == ["是", "否", None, None, None]
    assert [row["提交状态"] for row in rows(found, "FBA头程货件")] == ["已创建"] * 5
    assert _sent(fba.payloads(found)) == _sent(fba.remote.payloads())


def test_the_unit_of_an_account_does_not_change_what_is_remembered(fba: FbaDesk) -> None:
    """An account whose remote reads kilograms: no number is a thousandfold of what it was."""
    fba.remote.weight_unit = "kg"
    fba.configure(container_weight_unit="kg")
    ran = fba.submit(fba.write("a.xlsx", shipments()), code=0)
    lose_files(fba)
    found = again(fba, ran)
    assert [row["箱重(kg)"] for row in rows(found, "FBA头程货件")] == [12.3451, 12.3451, 3, 3, 12.5]
    assert _sent(fba.payloads(found)) == _sent(fba.remote.payloads())


def _sent(payloads: Any) -> Any:
    """Payloads with numbers as numbers: those of the server are exact ones."""
    return {name: _plain(payload) for name, payload in payloads.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | bool) else float(value)


def test_without_its_file_the_rows_are_what_was_sent_to_lingxing(desk: Desk) -> None:
    """Items on rows of their own; an order that was never sent is there with its number."""
    orders = [line("A-1", 是否使用无品牌包装箱="是"), item("A-1", "007", 3), line("A-2", 发货量="x"), line("A-3", 备注="=1+1")]
    ran = desk.submit(desk.write("a.xlsx", orders, [*LABELS]), code=4)
    lose_files(desk)
    found = again(desk, ran)
    told = rows(found, "亚马逊多渠道订单")
    assert [(row["订单号"], row.get("MSKU"), row["提交状态"]) for row in told] == [
        ("A-1", "msku-1", "已创建"), ("A-1", "007", "已创建"), ("A-2", None, "数据有误"), ("A-3", "msku-1", "已创建"),
    ]  # fmt: skip
    assert [told[0][label] for label in BUYER] == [*BUYER.values()]
    payloads = desk.run("check", "--json", "--payloads", found).one["payloads"]
    assert _sent({each["order"]: each["payload"] for each in payloads}) == _sent(desk.foreign.payloads())


def test_after_their_time_the_rows_are_there_without_what_is_personal(fba: FbaDesk) -> None:
    """And 汇总 says why."""
    ran = fba.submit(fba.write("a.xlsx", shipments()), code=0)
    let_a_year_pass(fba)
    found = again(fba, ran)
    personal = {"客户自定义", "VAT号", "备注"}
    lines = rows(found, "FBA头程货件")
    assert not any(personal & row.keys() for row in lines)
    before = defaultdict(list)
    for row in rows(fba.folder / "a_结果.xlsx", "Sheet"):
        before[row["包裹ID"], row["箱号"]].append(row["SKU"])
    after = defaultdict(list)
    for row in lines:
        after[row["包裹ID"], row["箱号"]].append(row["SKU"])
    assert after == before
    assert set(lines[0]) - personal <= {*FBA_LABELS, "提交状态", "结果说明", "跟踪号", "服务商", "订单行", "请求ID", "提交时间", "批次"}
    assert any("过了保存期" in str(cell) for row in openpyxl.load_workbook(found)["汇总"].iter_rows(values_only=True) for cell in row)
