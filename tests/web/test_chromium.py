"""The upload page in real Chromium: the merchant's way from the template to the results, texts that would be scripts, keys alone."""

import time
from pathlib import Path

import openpyxl
import pytest
from browser import Window, served, start_chromium, window  # noqa: F401  # a fixture
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import LABELS, Refuse, Slow
from playwright.sync_api import Browser, Page, expect

SAMPLE = Path(__file__).parents[2] / "sample_data" / "lingxing-mcf" / "mistakes.xlsx"
SHEET = "亚马逊多渠道订单"
MORE = [f"N-{number:04}" for number in range(1, 11)]
REFUSED, REASON = "M-0028", "商品 MSKU-CUP-01 没有可售库存"


def messy(folder: Path) -> Path:
    """The sample with mistakes, and some good orders below."""
    book = openpyxl.load_workbook(SAMPLE)
    sheet = book[SHEET]
    good = [cell.value for cell in sheet[11]]
    for number in MORE:
        sheet.append([number if column == LABELS.index("订单号") else value for column, value in enumerate(good)])
    path = folder / "七月订单.xlsx"
    book.save(path)
    return path


def books(page: Page) -> dict[str, int]:
    """How many orders of each fate the page shows."""
    return {
        str(row.get_attribute("data-fate")): int(row.locator(".num").inner_text().replace(",", ""))
        for row in page.locator(".books tbody tr").all()
    }


def fates(path: Path) -> dict[str, str]:
    """What the results say of each order, by its number."""
    sheet = openpyxl.load_workbook(path)[SHEET]
    heading, *rows = sheet.iter_rows(values_only=True)
    number, status = (next(at for at, label in enumerate(heading) if str(label).lstrip("*") == name) for name in ("订单号", "提交状态"))
    return {str(row[number]): str(row[status]) for row in rows if row[status]}


def test_the_way_of_a_merchant(desk: Desk, chromium: Browser) -> None:
    """Template, upload, marked cells, a correction, the second step, progress over a reload and a kill, results: each order once."""
    desk.configure(settle_seconds=1)
    desk.foreign.answers |= {name: [Slow(0.5)] for name in (*MORE, "M-0001", "M-0009", "M-0020", "M-0002")}
    desk.foreign.answers[REFUSED] = [Refuse([REASON])]
    path = messy(desk.folder)
    with served(desk, ("小王", False)) as server, window(chromium, server.url) as at:
        at.sign_in("小王")
        assert template_opens(at, desk.folder)
        at.upload(path.name, path.read_bytes())
        look_at_what_is_wrong(at)
        correct_a_cell(at)
        batch = submit_the_good(at)
        watch_it_move(at)
        server.kill()
        desk.foreign.forgive()
        expect(at.page.locator("#link")).to_contain_text("断了", timeout=10_000)
        server.start()
        expect(at.page.locator("#progress-title")).to_contain_text("逐单统计", timeout=30_000)
        assert at.batch == batch
        found = books(at.page)
        with at.page.expect_download() as download:
            at.page.get_by_role("link", name="下载结果表").click()
        results = desk.folder / download.value.suggested_filename
        download.value.save_as(results)
        server.end()
    check_results(desk, results, found)


def template_opens(at: Window, folder: Path) -> bool:
    """Downloads the blank workbook; its first sheet has the labels."""
    with at.page.expect_download() as download:
        at.page.get_by_role("link", name="亚马逊多渠道订单").click()
    assert download.value.suggested_filename == "亚马逊多渠道订单.xlsx"
    download.value.save_as(folder / "template.xlsx")
    sheet = openpyxl.load_workbook(folder / "template.xlsx").worksheets[0]
    return [str(cell.value).lstrip("*") for cell in sheet[1]] == list(LABELS)


def look_at_what_is_wrong(at: Window) -> None:
    """The books, the marks in the sheet, the reason of the cell that is looked at."""
    assert at.text("#verdict") == "17 单可以提交，22 单有误"
    page = at.page
    assert page.locator("[role=gridcell][aria-invalid=true]").count() >= 8
    page.keyboard.press("F8")
    expect(page.locator("#cell-says")).to_contain_text("F4「*收件人」")
    expect(page.locator("#cell-says")).to_contain_text("是必填项，现在是空的")
    cell = page.locator("[role=gridcell]:focus")
    assert "必填项" in str(cell.get_attribute("aria-label"))
    assert cell.evaluate("it => getComputedStyle(it).backgroundColor") == "rgb(255, 107, 107)"
    assert cell.evaluate("it => getComputedStyle(it, '::before').content") == '"✕"'


def correct_a_cell(at: Window) -> None:
    """By the keyboard alone: what is typed goes in, it is checked again at once, and the books change."""
    at.page.keyboard.type("Jane Doe")
    at.page.keyboard.press("Enter")
    expect(at.page.locator("#verdict")).to_have_text("18 单可以提交，21 单有误")
    expect(at.page.locator("#grid-status")).to_contain_text("已重新检查")
    expect(at.page.locator("#corrections")).to_contain_text("1 格")
    assert at.page.locator("[role=gridcell]:focus").count() == 1  # where the person was: the cell below


def submit_the_good(at: Window) -> str:
    """Two steps: the first sends nothing; the second says what it does."""
    batch = at.batch
    at.page.locator("#submit").click()
    expect(at.page.get_by_role("dialog")).to_contain_text("21 单有误，这次不发送")
    expect(at.page.get_by_role("dialog")).to_contain_text("正式")
    at.page.get_by_role("button", name="只提交没有错的 18 单").click()
    expect(at.page.locator("#progress-title")).to_contain_text("正在发送")
    assert at.batch == batch
    return batch


def watch_it_move(at: Window) -> None:
    """The numbers move by themselves, and stay over a reload."""
    settled = at.page.locator("#settled")
    seen = []
    until = time.monotonic() + 20
    while len(seen) < 3:
        if (number := int(settled.inner_text())) not in seen:
            seen.append(number)
        assert time.monotonic() < until
        time.sleep(0.1)
    assert seen == sorted(seen)
    assert at.page.locator("#latest li").count() > 0
    at.page.reload()
    assert int(settled.inner_text()) >= seen[-1]
    expect(settled).not_to_have_text(str(seen[-1]))


def check_results(desk: Desk, path: Path, shown: dict[str, int]) -> None:
    """The workbook, the page and the remote agree, and nothing was asked for twice."""
    sheet = openpyxl.load_workbook(path)[SHEET]
    assert sheet["F4"].value == "Jane Doe"
    found = fates(path)
    assert sorted(number for number, fate in found.items() if fate == "已创建") == sorted(desk.foreign.sent())
    assert [number for number, fate in found.items() if fate == "被拒绝"] == [REFUSED]
    assert {name: shown[name] for name in ("created", "rejected", "invalid", "unsent", "in_doubt")} == {
        "created": 17, "rejected": 1, "invalid": 21, "unsent": 0, "in_doubt": 0,
    }  # fmt: skip
    assert len(desk.foreign.sent()) == 17
    assert set(desk.foreign.tried().values()) == {1}
