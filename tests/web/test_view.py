"""What the pages show of the pipeline's records: places, counts that add up, accounts, and what to do next."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from overviews import overview_of
from shown import (
    EVIL,
    NOW,
    Event,
    Found,
    Latest,
    Line,
    Progress,
    Suggestion,
    Upload,
    User,
    batch,
    counts,
    order,
    report,
    shown,
    with_account,
)

from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.pipeline.app import App
from bulkorders.pipeline.overview import MOST_ISSUES, MOST_ORDERS
from bulkorders.pipeline.service import opened
from bulkorders.pipeline.told import REFUSED_AGAIN
from bulkorders.settings import Settings
from bulkorders.web.view import accounts_page, error_page, frame, history_page, login_page, order_page, start_page, upload_page
from bulkorders.web.view_batch import batch_page

REAL = {"provider": "lingxing", "base_url": "https://openapi.lingxing.com", "app_id": "ak_0123456789abc", "app_secret": "0" * 16}
TEST = {"provider": "chukou1", "base_url": "https://openapi.ck1info.com", "token": "t"}


@pytest.fixture
def app(tmp_path: Path) -> Iterator[App]:
    """An account that is real and one that is a test's."""
    made = App(Settings(journal=str(tmp_path / "journal.db"), accounts={"main": REAL, "trial": TEST}))
    yield made
    made.close()


def test_the_other_language_keeps_the_page_and_its_search() -> None:
    """Who reads page 2 of a search in Chinese gets page 2 of it in English."""
    assert frame("zh", None, None, "/history", {"text": "a&b", "page": "2"})["lang_href"] == "?text=a%26b&page=2&lang=en"
    assert frame("en", None, None, "/", {"lang": "en"})["lang_href"] == "?lang=zh"
    assert frame("en", None, None, "/batches/b1/submit", at="/batches/b1")["lang_href"] == "/batches/b1?lang=zh"


def test_only_an_administrator_is_led_to_the_accounts(app: App) -> None:
    """An operator could do nothing there."""
    page = start_page(app, "zh", [])
    assert shown("start.html", page, user=User(role="admin")).all("a", href="/accounts")
    assert not shown("start.html", page, user=User(role="operator")).all("a", href="/accounts")


def test_the_start_page_offers_every_template(app: App) -> None:
    """A merchant begins with one of them."""
    page = shown("start.html", start_page(app, "zh", []))
    assert page.all("a", href="/templates/lingxing-mcf.xlsx")
    assert page.all("a", href="/templates/chukou1-fba.xlsx")
    assert "还没有上传过表格" in page.said


def test_an_account_can_be_chosen_where_several_may_fit(app: App, tmp_path: Path) -> None:
    """Else such a workbook could not be uploaded at all; what was sent goes to its own account again, never twice to two."""
    assert not shown("start.html", start_page(app, "zh", [])).all("select", name="account")
    two = {"main": REAL, "other": {**REAL, "app_id": "ak_abcdefghijklm"}, "trial": TEST}
    with opened(App(Settings(journal=str(tmp_path / "two.db"), accounts=two))) as made:
        page = start_page(made, "zh", [])
        assert page["drop_zone"]["choices"] == ["main", "other"]
        assert shown("start.html", page).all("select", name="account")
        assert shown("upload.html", upload_page(made, "zh", Upload("refused", {"code": "x", "zh": "", "en": ""}), 0)).all("select")
        found = with_account(report(Fate.REJECTED, is_released=True), "other")
        again = batch_page(made, "zh", [overview_of(found)], Progress("done", counts(found)))
        assert again["drop_zone"]["account"] == "other"
        assert [each.get("selected") for each in shown("batch.html", again).all("option") if "selected" in each] == [None]


def test_an_upload_leads_to_its_batch_once_there_is_one(app: App) -> None:
    """Until then to where it waits."""
    page = shown("start.html", start_page(app, "zh", [Upload("checked", batches=["b7"]), Upload("checking")]))
    assert page.all("a", href="/batches/b7")
    assert page.all("a", href="/uploads/u1")


def test_a_waiting_upload_tells_how_many_are_before_it(app: App) -> None:
    """Who waits wants to know how long."""
    assert "前面还有 3 份表格" in shown("upload.html", upload_page(app, "zh", Upload(), 3)).said


def test_a_waiting_upload_tells_where_it_is_found_again(app: App) -> None:
    """The history has batches only: a refused file never gets there."""
    assert "在「上传」页的「最近上传」里" in shown("upload.html", upload_page(app, "zh", Upload(), 0)).said


def test_a_refused_upload_names_the_nearest_header_and_what_it_lacks(app: App) -> None:
    """So that the merchant sees which labels to add."""
    header = {"sheet": "S1", "row": 3, "matched": ["店铺名"], "missing": ["邮编", "城市"]}
    refused = {"code": "no_header", "zh": "没有表头。", "en": "No header.", "best_header": header}
    page = shown("upload.html", upload_page(app, "zh", Upload("refused", refused), 0))
    assert "没有表头。" in page.said
    assert "工作表「S1」第 3 行" in page.said
    assert "邮编" in page.said
    assert "No header." in shown("upload.html", upload_page(app, "en", Upload("refused", refused), 0), "en").said


def test_a_preview_counts_orders_errors_and_warnings(app: App) -> None:
    """The numbers that decide whether to submit."""
    found = report(Fate.UNSENT, Fate.UNSENT, Fate.INVALID)
    draft = batch_page(app, "zh", [overview_of(found)], Progress("draft", counts(found), seconds_left=130))["draft"]
    assert draft["orders"] == {"read": 3, "valid": 2, "invalid": 1}
    assert (draft["errors"]["count"], draft["warnings"]["count"], draft["notes"]["count"]) == (1, 2, 1)
    assert draft["takes"] == "2 分钟"


def test_a_problem_leads_to_its_cell_and_one_of_the_whole_sheet_to_none(app: App) -> None:
    """A link that goes nowhere is worse than none."""
    found = report(Fate.INVALID)
    draft = batch_page(app, "zh", [overview_of(found)], Progress("draft", counts(found)))["draft"]
    assert [(each["place"], each["href"]) for each in draft["warnings"]["shown"]] == [("V3", "/batches/b1#grid"), ("", None)]


def test_of_many_problems_the_page_shows_some_and_counts_all(app: App) -> None:
    """A hundred thousand lines would freeze it."""
    found = report(Fate.INVALID)
    many = type(found)(found.batch, found.orders, list(found.issues)[:1] * (MOST_ISSUES + 5))
    errors = batch_page(app, "zh", [overview_of(many)], Progress("draft", counts(many)))["draft"]["errors"]
    assert (errors["count"], len(errors["shown"]), errors["more"]) == (MOST_ISSUES + 5, MOST_ISSUES, 5)


def test_what_is_submitted_is_counted_by_account_over_the_whole_workbook(app: App) -> None:
    """A workbook of two templates is submitted at once; each account is told as real or as a test's, and as paused."""
    first = with_account(report(Fate.UNSENT, Fate.UNSENT, Fate.INVALID), "main")
    second = with_account(report(Fate.UNSENT, name="b2", template="chukou1-fba", is_test=True), "trial")
    page = batch_page(app, "zh", [overview_of(first), overview_of(second)], Progress("draft", counts(first)), paused=["trial"])
    submit = page["draft"]["submit"]
    assert (submit["good"], submit["bad"], submit["is_test"], submit["can_update"]) == (3, 1, False, False)
    assert [(each["name"], each["count"], each["is_test"], each["is_paused"]) for each in submit["accounts"]] == [
        ("main", 2, False, False), ("trial", 1, True, True),
    ]  # fmt: skip
    assert [(each["id"], each["is_current"]) for each in page["siblings"]] == [("b1", True), ("b2", False)]


def test_submitting_says_how_many_and_whether_they_are_real(app: App) -> None:
    """The last step before real orders is never taken by mistake."""
    found = report(Fate.UNSENT, Fate.INVALID)
    page = shown("batch.html", batch_page(app, "zh", [overview_of(found)], Progress("draft", counts(found))))
    assert "只提交没有错的 1 单" in page.said
    assert "发送真实订单？" in page.said
    assert page.all("input", name="only_good", value="1")
    trial = with_account(report(Fate.UNSENT, template="chukou1-fba", is_test=True), "trial")
    page = shown("batch.html", batch_page(app, "zh", [overview_of(trial)], Progress("draft", counts(trial))))
    assert "确认提交 1 单" in page.said
    assert "测试不会产生真实订单" in page.said
    assert page.all("input", name="only_good", value="0")
    assert page.all("input", name="update")
    assert "改成这次的内容；不勾选就不改" in page.said


def test_submitting_says_what_was_created_before(app: App) -> None:
    """A corrected workbook has orders in it that were created before: they are counted, but not sent."""
    found = report(Fate.UNSENT)
    said = [
        shown("batch.html", batch_page(app, "zh", [overview_of(found, *before)], Progress("draft", counts(found)))).said
        for before in ((0, 0), (3, 0), (0, 2))
    ]
    assert "以前已经建好" not in said[0]
    assert said[1].count("其中 3 单以前已经建好、内容相同：会跳过") == 2  # above, and before the last step
    assert said[2].count("其中 2 单以前已经建好、这次内容不同：不会再发") == 2


def test_nothing_can_be_submitted_where_all_orders_have_mistakes(app: App) -> None:
    """There is no button that could only fail."""
    found = report(Fate.INVALID)
    page = shown("batch.html", batch_page(app, "zh", [overview_of(found)], Progress("draft", counts(found))))
    assert not page.all("a", id="submit")
    assert "没有可以提交的订单" in page.said


def test_progress_adds_up_and_its_bar_fills_the_whole_length(app: App) -> None:
    """No order is shown twice or left out."""
    found = Progress("sending", {Fate.CREATED: 5, Fate.REJECTED: 1, Fate.ACCEPTED: 1, Fate.UNSENT: 3}, 60.4, 95, [Latest()])
    page = batch_page(app, "zh", [overview_of(report(is_released=True))], found)
    told = page["progress"]
    assert (told["sum"], told["read"], told["settled"], told["percent"]) == (10, 10, 6, 60)
    assert sum(each["count"] for each in told["counts"]) == 10
    assert sum(float(part["width"]) for part in told["bar"]) == pytest.approx(1000)
    assert (told["per_minute"], told["left"]) == ("60", "2 分钟")
    assert page["result"] is None


@pytest.mark.parametrize(
    ("fates", "state", "tone", "said"),
    [
        ({Fate.CREATED: 2, Fate.SKIPPED: 1}, "done", "good", "全部完成：3 单都已办好。"),
        ({Fate.CREATED: 2, Fate.REJECTED: 1}, "done", "bad", "已经结束：2 单办好，1 单需要您处理。"),
        ({Fate.INVALID: 1, Fate.CHANGED: 1}, "done", "bad", "已经结束：2 单都没有建成，需要您处理。"),
        ({Fate.CREATED: 2, Fate.IN_DOUBT: 1, Fate.ACCEPTED: 1}, "unfinished", "open", "还没有完：2 单没有结果。"),
        ({Fate.CREATED: 445, Fate.UNSENT: 3555}, "unfinished", "open", "还没有完：3,555 单没有结果。"),
    ],
)
def test_a_result_says_in_one_sentence_how_it_went(app: App, fates: dict[Fate, int], state: str, tone: str, said: str) -> None:
    """Unsettled orders are never called done, nor failed ones well."""
    result = batch_page(app, "zh", [overview_of(report(is_released=True))], Progress(state, fates))["result"]
    assert (result["tone"], result["verdict"]) == (tone, said)


def test_a_result_lists_the_refused_orders_first_and_none_that_are_well(app: App) -> None:
    """What needs somebody stands in front."""
    found = report(Fate.CREATED, Fate.UNSENT, Fate.INVALID, Fate.REJECTED, Fate.SKIPPED, is_released=True)
    result = batch_page(app, "zh", [overview_of(found)], Progress("paused", counts(found), paused=Words("停下了。", "Paused.")))["result"]
    assert [each["word"] for each in result["needy"]] == ["被拒绝", "数据有误", "未发送"]
    assert result["needy"][0]["href"] == "/batches/b1/orders/3"
    assert result["can_resume"]


def test_orders_that_wait_for_a_paused_account_are_not_called_failed(app: App) -> None:
    """There is nothing in them for a merchant to correct."""
    found = report(Fate.UNSENT, is_released=True)
    page = shown("batch.html", batch_page(app, "zh", [overview_of(found)], Progress("paused", counts(found))))
    assert "还没有结果的" in page.said
    assert "需要处理的" not in page.said


def test_an_order_that_only_waits_to_be_sent_needs_nobody(app: App) -> None:
    """A list of all that is still to come would hide what failed."""
    found = report(Fate.UNSENT, is_released=True)
    quiet = replace(found, orders=[replace(each, message=None) for each in found.orders])
    assert batch_page(app, "zh", [overview_of(quiet)], Progress("unfinished", counts(quiet)))["result"]["needy"] == []


def test_of_many_failed_orders_the_page_shows_some_and_counts_the_rest(app: App) -> None:
    """The rest is fetched, and stands in the results."""
    found = report(*[Fate.REJECTED] * (MOST_ORDERS + 3), is_released=True)
    result = batch_page(app, "zh", [overview_of(found)], Progress("done", counts(found)))["result"]
    assert (len(result["needy"]), result["more"]) == (MOST_ORDERS, 3)


def test_only_what_is_unfinished_can_be_gone_on_with(app: App) -> None:
    """A button without effect would mislead."""
    found = report(Fate.CREATED, is_released=True)
    page = shown("batch.html", batch_page(app, "zh", [overview_of(found)], Progress("done", counts(found))))
    assert not page.all("form", action="/batches/b1/resume")
    assert page.all("a", href="/batches/b1/results.xlsx")


def test_who_was_stopped_by_refusals_may_go_on_whatever_comes(app: App) -> None:
    """He would else have to press again after each few; and he is told of the button, not of a command."""
    found = report(Fate.UNSENT, is_released=True)
    stopped = Progress("paused", counts(found), paused=REFUSED_AGAIN.fill(count=20, reason="x"))
    assert not shown("batch.html", batch_page(app, "zh", [overview_of(found)], stopped)).all("input", name="keep_going")
    found = replace(found, batch=replace(found.batch, is_paused=True))
    page = shown("batch.html", batch_page(app, "zh", [overview_of(found)], stopped))
    assert page.all("input", name="keep_going", form="resume", value="1")
    assert "按「继续发送」" in page.said
    assert "--keep-going" not in page.said


def test_a_test_s_orders_are_called_so_wherever_they_are_counted(app: App) -> None:
    """Nobody takes them for real ones."""
    found = with_account(report(Fate.CREATED, is_released=True, is_test=True, template="chukou1-fba"), "trial")
    page = shown("batch.html", batch_page(app, "zh", [overview_of(found)], Progress("done", counts(found))))
    assert "已创建（测试）" in page.said
    assert "没有产生真实订单" in page.said


def test_an_order_s_page_tells_its_numbers_and_all_that_happened(app: App) -> None:
    """The events in their order, each with its time in the merchant's zone."""
    events = [Event("pending"), Event("sending"), Event("rejected", message="SKU 不存在", code="20003", request_id="r1")]
    page = shown("order.html", order_page(app, "zh", batch(is_released=True), order(4, Fate.REJECTED), events, None))
    assert "等发送" in page.said
    assert "SKU 不存在" in page.said
    assert "2026-08-03 10:30:00" in page.said
    assert "第 10-11 行" in page.said


def test_history_keeps_what_was_asked_when_pages_are_turned(app: App) -> None:
    """The second page is of the same search."""
    page = history_page(app, "zh", Found([Line()], 120), {"text": "1000 796", "status": "", "since": "2026-08-01"}, 2, 50)
    assert page["previous"] == "/history?text=1000+796&since=2026-08-01&page=1"
    assert page["next"] == "/history?text=1000+796&since=2026-08-01&page=3"
    assert page["pages"] == 3
    assert history_page(app, "zh", Found([], 0), {}, 1, 50)["pages"] == 1


def test_history_says_whether_nothing_was_found_or_nothing_is_there(app: App) -> None:
    """Two different next steps."""
    assert "没有找到" in shown("history.html", history_page(app, "zh", Found([], 0), {"text": "x"})).said
    assert "还没有记录" in shown("history.html", history_page(app, "zh", Found([], 0), {})).said


def test_history_leads_to_the_orders_that_were_looked_for(app: App) -> None:
    """Who looks for a number wants that order, not the file that it was in; and failures are not hidden behind "done"."""
    page = shown("history.html", history_page(app, "zh", Found([Line(orders=((7, "A-1"),), is_test=True)], 1), {"text": "A"}))
    assert page.all("a", href="/batches/b1/orders/7")
    assert "已完成，有失败" in page.said
    assert "测试" in page.said
    well = shown("history.html", history_page(app, "zh", Found([Line(counts={Fate.CREATED: 4}, orders=())], 1), {}))
    assert "有失败" not in well.said
    assert "测试" not in well.said


def test_only_an_administrator_sees_whose_batch_it_is(app: App) -> None:
    """To others all of them are their own."""
    assert shown("history.html", history_page(app, "zh", Found([Line()], 1), {}, shows_all=True)).all("td", **{"data-label": "谁"})
    assert not shown("history.html", history_page(app, "zh", Found([Line()], 1), {})).all("td", **{"data-label": "谁"})


def test_a_paused_account_offers_to_go_on_and_another_to_pause(app: App) -> None:
    """The one thing that makes sense."""
    page = shown("accounts.html", accounts_page(app, [(app.account("main"), None, None), (app.account("trial"), NOW, None)]))
    assert page.all("form", action="/accounts/main/pause")
    assert page.all("form", action="/accounts/trial/unpause")
    assert "正式" in page.said
    assert "测试" in page.said


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_page_shows_markup_in_foreign_texts_as_text(app: App, lang: str) -> None:
    """Cells, files, users, remotes: nothing of them becomes an element."""
    draft, sent = report(Fate.UNSENT, Fate.INVALID), report(*Fate, is_released=True)
    before, after = overview_of(draft), overview_of(sent)
    values = {"fields": [{"label": EVIL, "value": EVIL}], "children": [{"level": EVIL, "elements": [{"fields": [], "children": []}]}]}
    header = {"sheet": EVIL, "row": 1, "matched": [EVIL], "missing": [EVIL]}
    refused = {"code": EVIL, "zh": EVIL, "en": EVIL, "best_header": header}
    said = Words(EVIL, EVIL)
    pages = [
        ("login.html", login_page(lang, said, EVIL, EVIL)),
        ("start.html", start_page(app, lang, [Upload("refused", refused), Upload("checking")])),
        ("upload.html", upload_page(app, lang, Upload(), 1)),
        ("upload.html", upload_page(app, lang, Upload("refused", refused), 0)),
        (
            "batch.html",
            batch_page(app, lang, [before], Progress("draft", counts(draft)), by_whom=EVIL, suggestions=[Suggestion()], notice=said),
        ),
        (
            "batch.html",
            batch_page(app, lang, [before, before], Progress("sending", counts(sent), latest=[Latest()], paused=said)),
        ),
        ("batch.html", batch_page(app, lang, [after], Progress("unfinished", counts(sent), paused=said))),
        ("order.html", order_page(app, lang, sent.batch, sent.orders[5], [Event("rejected")], values, [draft.issues[0][1]])),
        ("history.html", history_page(app, lang, Found([Line()], 1), {"text": EVIL}, shows_all=True)),
        ("error.html", error_page(lang, 404, EVIL)),
    ]
    for name, context in pages:
        page = shown(name, context, lang)
        assert EVIL in " ".join(page.text), name
        assert not page.all("img"), name
        assert not any(key.startswith("on") for _, has in page.tags for key in has), name
        assert "49" not in page.said.replace(EVIL, ""), name
