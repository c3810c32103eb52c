"""The upload page in real Chromium: the merchant's way from the template to the results, keys alone."""

import time
from pathlib import Path
from urllib.parse import quote

import openpyxl
import pytest
from browser import NARROW, RAN, Window, served, start_chromium, window  # noqa: F401  # a fixture
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
        expect(at.page.locator("#link")).to_contain_text("断了")
        server.start()
        expect(at.page.locator("#progress-title")).to_contain_text("逐单统计")
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
    seen: list[int] = []
    until = time.monotonic() + 20
    while len(seen) < 3:
        if (number := int(settled.inner_text())) not in seen:
            seen.append(number)
        assert time.monotonic() < until
        time.sleep(0.1)
    assert seen == sorted(seen)
    expect(at.page.locator("#latest")).to_contain_text("已创建")
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


# -- keys alone, and other people --------------------------------------------------------------------------------------------------
SEEN = """() => {
  const it = document.activeElement, shown = it.id === 'file' ? document.querySelector('label[for=file]') : it;
  const style = getComputedStyle(shown), box = shown.getBoundingClientRect();
  const isRinged = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
  return (isRinged || it.closest('.editing') !== null) && box.width > 4 && box.bottom > 0 && box.top < innerHeight;
}"""


def tab_to(at: Window, wanted: str, most: int, key: str = "Tab") -> int:
    """Goes from one to the next until the element of this id has the focus, which is seen on the way; gives how many steps that took."""
    for step in range(1, most + 1):
        at.page.keyboard.press(key)
        assert at.page.evaluate(SEEN), at.focused()
        if at.focused() == wanted:
            return step
    pytest.fail(f"{wanted} is not reached with {most} steps")


def test_keys_alone_are_enough(desk: Desk, chromium: Browser) -> None:
    """From the sign-in to the results without a mouse; the focus is seen, and goes where a person expects it. Others see nothing of it."""
    path = messy(desk.folder)
    with served(desk, ("甲", False), ("乙", False)) as server, window(chromium, server.url) as at:
        page, keys = at.page, at.page.keyboard
        page.on("filechooser", lambda chooser: chooser.set_files(path))  # in time: the system's own would open else
        at.sign_in("甲")
        keys.press("Tab")
        assert at.focused() == "a.skip"
        keys.press("Enter")
        assert at.focused() == "main"
        assert tab_to(at, "file", 2) <= 2
        keys.press("Enter")
        expect(page.locator("main[data-batch]")).to_have_count(1)
        at.settle()
        batch = at.batch
        accept_what_is_sure(at)
        correct_by_keys(at)
        submit_by_keys(at)
        with page.expect_download() as download:
            tab_to(at, "a.button primary big", 30)
            keys.press("Enter")
        download.value.save_as(desk.folder / "results.xlsx")
        assert openpyxl.load_workbook(desk.folder / "results.xlsx")[SHEET]["F4"].value == "Jane Doe"
        with window(chromium, server.url) as other:
            sees_nothing(other, batch)
        server.end()


def accept_what_is_sure(at: Window) -> None:
    """The button that was pressed is gone: the focus is at what it changed."""
    tab_to(at, "accept", 12)
    at.page.keyboard.press("Enter")
    expect(at.page.locator("#verdict")).to_contain_text("18 单有误")
    expect(at.page.locator("#verdict")).to_be_focused()


def correct_by_keys(at: Window) -> None:
    """To the first problem and into its cell; Escape leaves it as it was, Enter keeps it and goes down, Tab keeps it and goes on."""
    page, keys = at.page, at.page.keyboard
    keys.press("F8")
    expect(page.locator("#cell-says")).to_contain_text("F4")
    assert page.evaluate(SEEN)
    keys.press("F2")
    assert page.evaluate(SEEN)
    keys.type("Nobody")
    keys.press("Escape")
    expect(page.locator("#cell-says")).to_contain_text("（空）")
    keys.type("Jane Doe")
    keys.press("Enter")
    expect(page.locator("#cell-says")).to_contain_text("F5")
    expect(page.locator("#verdict")).to_contain_text("17 单有误")
    expect(page.locator("[role=gridcell]:focus")).to_have_count(1)
    keys.press("Shift+F8")
    expect(page.locator("#grid-status")).to_contain_text("共 19 处")


def submit_by_keys(at: Window) -> None:
    """Escape leaves the last step, and the focus is at the button that led there."""
    page, keys = at.page, at.page.keyboard
    keys.press("F8")
    tab_to(at, "a.skip here", 3)  # there may be hundreds of problems and orders between
    keys.press("Enter")
    tab_to(at, "submit", 2)
    keys.press("Enter")
    expect(page.locator("#confirm")).to_be_visible()
    expect(page.locator("#cancel")).to_be_focused()
    keys.press("Escape")
    expect(page.locator("#submit")).to_be_focused()
    keys.press(" ")
    expect(page.locator("#cancel")).to_be_focused()
    keys.press("Tab")
    assert page.evaluate(SEEN)
    keys.press("Enter")
    expect(page.locator("#progress-title")).to_contain_text("逐单统计")


def sees_nothing(at: Window, batch: str) -> None:
    """Another user: neither in his lists, nor by its address."""
    at.sign_in("乙")
    for path in ("/", "/history", f"/history?text={quote('M-0001')}"):
        at.open(path)
        assert "七月" not in at.text("main")
        assert batch not in at.page.content()
    for path in (f"/batches/{batch}", f"/batches/{batch}/orders/0", f"/batches/{batch}/results.xlsx", "/accounts"):
        at.open(path)
        assert at.text(".status") in ("404", "403")
        assert "七月" not in at.page.content()
