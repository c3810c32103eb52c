"""Texts that would be scripts, in cells, names, addresses and the remote's own words: in real Chromium none of them is run."""

from pathlib import Path
from urllib.parse import quote

import openpyxl
import pytest
from browser import NARROW, RAN, Window, served, start_chromium, window  # noqa: F401  # a fixture
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import LABELS, Refuse, line
from playwright.sync_api import Browser, Locator, Page, expect

EVIL = [
    "<script>ran(1)</script>", "</script><script>alert(1)</script>", "<img src=x onerror=ran(2)>", "\"><img src=x onerror='alert(2)'>",
    "<svg onload=ran(3)>", "<svg><script>ran(3)</script></svg>", "'\" autofocus onfocus=ran(4) x='", "`onmouseover=ran(5)`",
    "javascript:ran(6)", "<a href=javascript:ran(6)>x</a>", "data:text/html,<script>alert(7)</script>",
    "<iframe srcdoc='<script>parent.ran(8)</script>'>", "<iframe src=javascript:parent.ran(8)>",
    "{{7*7}}${7*7}#{7*7}{%7*7%}", "{{''.__class__.__mro__}}",
    "<!--><img src=x onerror=ran(9)>-->", "]]><img src=x onerror=ran(9)>", "</title></textarea></style><img src=x onerror=ran(10)>",
    "\u2028<img src=x onerror=ran(11)>\u2029';ran(11)//", "&lt;img src=x onerror=ran(12)&gt;", "&#60;img src=x onerror=ran(12)&#62;",
    "\\u003cimg src=x onerror=ran(13)\\u003e", "<details open ontoggle=ran(14)>", "<math><mtext><img src=x onerror=ran(15)>",
    "<base href=//evil.example/>", "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<style>*{background:url(//evil.example/)}</style>",
    "<form action=//evil.example/><button autofocus>", "<link rel=stylesheet href=//evil.example/>", "\u202e<img src=x onerror=ran(16)>",
    "=HYPERLINK(\"javascript:ran(17)\",\"x\")", "<img src=x onerror=ran(18)>" * 1200,
]  # fmt: skip
"""What somebody may write into a cell in the hope that our pages run it; the last one is as long as a cell may be."""
NAME = "<img src=x onerror=alert(1)>\"'"
TAB = "<svg onload=alert(1)>'\"`{{1}}"
SHORT = "<img src=x onerror=alert(3)>"
TEXTS = [label for label in LABELS if label not in ("订单号", "发货量", "申报价值", "申报货币", "装箱单-订单日期", "店铺名", "店铺国家")]


def evil_book(folder: Path, name: str = "evil.xlsx") -> bytes:
    """Each text in each column; then orders that can be sent, with such texts wherever the remote takes them."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = TAB
    sheet.append([*LABELS, SHORT, "</th><script>ran(0)</script>"])
    for number, text in enumerate(EVIL):
        sheet.append([EVIL[(number + column) % len(EVIL)] for column in range(len(LABELS))] + [text, text])
    for number, text in enumerate(EVIL[:6]):
        cells = line(f"{SHORT}{number}", 收件人=text, 地址1=text, 地区=text, 城市=SHORT, 地址2=text, 订单备注=EVIL[-1][:2000], MSKU=text)
        sheet.append([cells.get(label) for label in LABELS])
    for row in sheet.iter_rows():
        for cell in row:
            cell.data_type = "s" if isinstance(cell.value, str) else cell.data_type
    book.save(folder / name)
    return (folder / name).read_bytes()


@pytest.mark.parametrize(
    "without_policy", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["as it is", "without its policy"]
)  # fmt: skip
def test_no_text_becomes_a_script(desk: Desk, chromium: Browser, without_policy: bool) -> None:
    """On no page: nothing runs or is fetched from elsewhere, no policy has to step in, no link leads elsewhere, no narrow screen bursts."""
    desk.foreign.answers |= {f"{SHORT}{number}": [Refuse([text[:3000]])] for number, text in enumerate(EVIL[5:11])}
    with served(desk, (NAME, True)) as server, window(chromium, server.url, width=NARROW, bypass_csp=without_policy) as at:
        for path in (f"/login?to={quote(EVIL[4])}&lang={quote(SHORT)}", f"/login?to={quote('javascript:ran(1)')}"):
            look(at, path)
        at.page.fill("#name", EVIL[3])
        at.page.fill("#password", EVIL[3])
        at.page.keyboard.press("Enter")
        expect(at.page.get_by_role("alert")).to_be_visible()
        check(at)
        at.sign_in(NAME)
        refused = openpyxl.Workbook()
        refused.worksheets[0].title = TAB
        refused.worksheets[0].append(["收件人", "订单号", "MSKU", "发货量", "城市", *EVIL[:20]])
        refused.save(desk.folder / "refused.xlsx")
        at.upload(f"{EVIL[3]}.xlsx", (desk.folder / "refused.xlsx").read_bytes())
        check(at)
        look(at, "/")
        at.upload(f"{NAME}{EVIL[2]}.xlsx", evil_book(desk.folder))
        preview(at)
        send(at)
        batch = at.batch
        for path in (f"/batches/{batch}", f"/batches/{batch}?lang=en", *(f"/batches/{batch}/orders/{at_}" for at_ in orders_of(at))):
            look(at, path)
        for text in EVIL[3:6]:
            look(at, f"/history?text={quote(text)}&status={quote(text)}&since={quote(text)}&page={quote(text)}")
        for path in ("/", "/history", f"/history?text={quote(SHORT)}", "/accounts"):
            look(at, path)
        for path in ("/batches/", "/uploads/", f"/batches/{batch}/orders/", "/", "/templates/", "/api/v1/batches/"):
            look(at, path + quote(SHORT, safe=""))
        assert live(at)


FOREIGN = r"""() => {
  const leads = /^(href|src|action|formaction|xlink:href|srcdoc|poster|background)$/;
  const isOurs = (url) => new URL(url, location).origin === location.origin;
  return [...document.querySelectorAll('*')].filter((it) =>
    [...it.attributes].some((each) => each.name.startsWith('on') || (leads.test(each.name) && !isOurs(each.value)))
    || /^(IFRAME|BASE|STYLE|MATH|OBJECT|EMBED|IMG)$/i.test(it.tagName)
    || (it.tagName === 'SCRIPT' && it.textContent)).map((it) => it.outerHTML);
}"""
"""What stands in a page and is not ours: elements and attributes that run something, that we never use, or that lead elsewhere."""


def look(at: Window, path: str) -> None:
    """A page as it comes."""
    at.open(path)
    check(at)


def check(at: Window) -> None:
    """Nothing of the page but our own is there, it leads nowhere else, and fits into its window."""
    found = at.page.evaluate(FOREIGN)
    assert found == [], at.page.url
    assert at.wrong == []
    assert at.overflow() == 0, at.page.url


def preview(at: Window) -> None:
    """The sheet to all its ends, each problem, a cell that is edited, the orders as they will be sent."""
    page = at.page
    for number in (1, 2, 3):
        page.keyboard.press("F8")
        expect(page.locator("#grid-status")).to_contain_text(f"第 {number} 处")
    page.keyboard.press("Control+End")
    page.keyboard.press("F2")
    expect(page.locator("#grid-status")).to_contain_text("不在模板里")  # a column that is not read is not edited
    page.keyboard.press("Home")
    expect(begun_in_chinese(page)).to_have_text("8speed-US")  # given up: the cell is as it was
    page.keyboard.press("Home")
    page.keyboard.press("F2")
    expect(page.locator(".cell.editing input")).to_be_focused()
    page.keyboard.type(SHORT)
    page.keyboard.press("Enter")
    expect(page.locator("#grid-status")).to_contain_text("已重新检查")
    for share in (0, 0.5, 1):
        page.locator(".grid-scroll").evaluate("(it, share) => it.scrollTo(it.scrollWidth * share, it.scrollHeight * share)", share)
        page.wait_for_timeout(150)
        check(at)
    page.locator("#orders").scroll_into_view_if_needed()
    expect(page.locator("#orders details").first).to_be_visible()
    page.locator("#orders details").evaluate_all("all => all.forEach((it) => { it.open = true; })")
    expect(page.locator("#orders .leaves").first).to_be_visible()
    assert page.locator("#orders .leaves").count() >= 5
    check(at)


def begun_in_chinese(page: Page) -> Locator:
    """The cell in which somebody has begun to type with an input method, and gone on to the next without a word."""
    cell = page.locator("[role=gridcell]:focus")
    place = [cell.get_attribute("aria-colindex"), cell.locator("xpath=..").get_attribute("data-index")]
    cell.dispatch_event("keydown", {"key": "Process", "bubbles": True})
    expect(page.locator(".cell.editing input")).to_be_focused()
    page.keyboard.press("Tab")
    return page.locator(f"[data-index='{place[1]}'] [aria-colindex='{place[0]}']")


def send(at: Window) -> None:
    """What can be sent is sent; the remote refuses with texts of its own."""
    at.page.locator("#submit").click()
    check(at)
    at.page.locator("#confirm button.primary").click()
    expect(at.page.locator("#progress-title")).to_contain_text("逐单统计")
    at.page.locator("#orders").scroll_into_view_if_needed()
    expect(at.page.locator("#orders details").first).to_be_visible()
    at.page.locator("#orders details").evaluate_all("all => all.forEach((it) => { it.open = true; })")
    assert "onerror" in at.text(".needy")
    check(at)


def orders_of(at: Window) -> list[str]:
    """The places of some orders that were sent, and of one that was not."""
    found = [str(it.get_attribute("href")).rpartition("/")[2] for it in at.page.locator(".needy a").all()]
    return [*found[:3], found[-1]]


def live(at: Window) -> bool:
    """Whether it would be noticed if a page took such a text for markup: what else would this test show?"""
    at.page.evaluate("text => { document.body.innerHTML = text; }", EVIL[2])
    at.page.wait_for_timeout(300)
    ran, at.wrong[:] = list(at.wrong), []
    return any(RAN in said or "Content Security Policy" in said for said in ran)
