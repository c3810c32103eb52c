"""Stopped early, not five hundred times: faults of the account, refusals that are all alike; and how long a run that is well will take."""

import re
import time

import openpyxl
from desk import Desk, make_desk  # noqa: F401  # a fixture
from fba_desk import FbaDesk, make_fba, shipment  # noqa: F401  # a fixture
from foreign import CREATE, SECRET, STORES, TOKEN, Foreign, Gateway, Refuse, line, serve
from foreign_chukou1 import CREATE as CREATE_FBA
from foreign_chukou1 import created
from shapes import assert_sentence

ESTIMATE = re.compile(r"账号 main：(\d+) 单，约 (\d+) 秒")


def numbers(prefix: str, count: int) -> list[str]:
    """Some order numbers."""
    return [f"{prefix}-{number}" for number in range(count)]


def test_a_fault_of_one_account_stops_it_alone(desk: Desk) -> None:
    """An IP that is not allowed: one call beside the token, every order of it unsent with what to do; the other's are created."""
    other = Foreign(app_id="ak_other00000000", always={STORES: Gateway("3001002", "ip not permit"), CREATE: Gateway("3001002", "ip")})
    with serve(other) as url:
        main = {"provider": "lingxing", "base_url": desk.url, "app_id": desk.foreign.app_id, "app_secret": SECRET, "stores": ["one"]}
        desk.configure_all({"main": main, "other": {**main, "base_url": url, "app_id": other.app_id, "stores": ["two"]}})
        rows = [line(f"{store}-{number}", 店铺名=store) for number in range(3) for store in ("one", "two")]
        ran = desk.submit(desk.write("a.xlsx", rows), code=5)
        assert {order: fate for order, fate in ran.fates.items() if order.startswith("one")} == dict.fromkeys(numbers("one", 3), "created")
        for outcome in ran.one["outcomes"][1::2]:
            assert (outcome["status"], outcome["attempts"]) == ("unsent", 0)
            assert_sentence(outcome["message"])
            assert "IP" in outcome["message"]
        assert other.calls == {TOKEN: 1, STORES: 1}
        assert [said for said in ran.err.splitlines() if "账号 other" in said] == [f"账号 other：{ran.one['outcomes'][1]['message']}"]
        sheet = openpyxl.load_workbook(desk.folder / "a_结果.xlsx")["Sheet"]
        assert "IP" in str([cell.value for cell in sheet[3]])

        resumed = desk.resume(code=5)
        assert list(resumed.fates.values()).count("unsent") == 3
        assert other.calls[CREATE] == 1
        other.always.clear()
        assert set(desk.resume(code=0).fates.values()) == {"created"}
        other.assert_in_order()


def test_a_clock_two_hours_off_does_not_matter(desk: Desk) -> None:
    """The remote judges signatures by its own time, which its answers tell: one refusal for each run and path, and all is created."""
    desk.foreign.clock = lambda: time.time() + 7200
    assert set(desk.submit(desk.write("a.xlsx", [line(order) for order in numbers("A", 4)]), code=0).fates.values()) == {"created"}
    assert desk.foreign.calls == {TOKEN: 1, STORES: 2, CREATE: 5}
    desk.foreign.always[CREATE] = Gateway("2001007", "api sign is expired")
    ran = desk.submit(desk.write("b.xlsx", [line("B-1"), line("B-2")]), code=5)
    assert set(ran.fates.values()) == {"unsent"}
    assert "时间" in ran.one["outcomes"][1]["message"]
    assert desk.foreign.calls[CREATE] == 7


def test_a_run_that_is_well_says_how_long_it_takes(desk: Desk) -> None:
    """Thirty orders, thirty creates; the estimate comes after the first, and at once when the pace is known; nothing of it on stdout."""
    desk.foreign.delay = 0.05
    ran = desk.submit(desk.write("a.xlsx", [line(order) for order in numbers("A", 30)]), code=0)
    assert desk.foreign.calls == {TOKEN: 1, STORES: 1, CREATE: 30}
    assert {outcome["attempts"] for outcome in ran.one["outcomes"]} == {1}
    estimate = ESTIMATE.fullmatch(ran.said)
    assert estimate is not None
    assert int(estimate[1]) == 30
    assert 2 <= int(estimate[2]) <= 30

    desk.foreign.delay, desk.foreign.answers["B-0"] = 0, [Gateway("3001008", "busy")]
    process = desk.start("submit", desk.write("b.xlsx", [line(order) for order in numbers("B", 4)]))
    assert process.stderr is not None
    first = process.stderr.readline().decode()
    assert desk.foreign.calls[CREATE] <= 31
    assert ESTIMATE.fullmatch(first.strip())
    people = desk.finish(process, 0)
    assert "约" not in people.out
    assert "秒" not in people.out


def test_orders_refused_alike_pause_their_batch(desk: Desk) -> None:
    """Two creates and a sentence that says how to go on; other batches go out; a mended workbook sends what was refused and what waited."""
    names = numbers("A", 20)
    desk.foreign.answers = {name: [Refuse([f"MSKU【msku-{name}】未配对，行 {number}"])] * 3 for number, name in enumerate(names)}
    rows = [line(name, MSKU=f"msku-{name}") for name in names]
    book = desk.write("orders.xlsx", rows)
    ran = desk.submit(book, code=5)
    assert list(ran.fates.values()) == ["rejected"] * 2 + ["unsent"] * 18
    assert desk.foreign.calls[CREATE] == 2
    assert_sentence(ran.one["outcomes"][19]["message"])
    (said,) = [said for said in ran.err.splitlines() if "连续 2 单" in said]
    assert said == f"账号 main：{ran.one['outcomes'][19]['message']}"
    for words in ("详见这几单", "重新提交", "resume --keep-going"):
        assert words in said
    assert "未配对" not in said  # what the remote says of an order stands in its own row
    assert "未配对" in ran.one["outcomes"][0]["message"]

    assert desk.submit(desk.write("other.xlsx", [line("B-1")]), code=0).fates == {"B-1": "created"}
    assert desk.foreign.tried()["A-2"] == 0
    resumed = desk.resume(code=5)
    assert list(resumed.fates.values()) == ["rejected"] * 4 + ["unsent"] * 16

    desk.foreign.answers = {name: desk.foreign.answers[name] for name in names[:7]}
    mended = desk.submit(desk.write("orders.xlsx", [*rows[:5], *(line(name) for name in names[5:])]), "--keep-going", code=4)
    assert list(mended.fates.values()) == ["rejected"] * 7 + ["created"] * 13


def test_who_resumes_with_keep_going_hears_each_refusal(desk: Desk) -> None:
    """Five in a row after one that was taken pause the batch; `resume --keep-going` sends the rest, whatever is refused."""
    names = numbers("A", 12)
    desk.foreign.answers = {name: [Refuse(["库存不足"])] for name in names[1:]}
    assert list(desk.submit(desk.write("a.xlsx", [line(name) for name in names]), code=5).fates.values()).count("unsent") == 6
    ran = desk.resume("--keep-going", code=4)
    assert list(ran.fates.values()) == ["created"] + ["rejected"] * 11
    assert desk.foreign.calls[CREATE] == 12
    assert "连续" not in ran.err
    assert desk.resume(code=0).out == ""


def test_an_answer_about_another_shipment_stops_the_account(fba: FbaDesk) -> None:
    """A status of another PackageId proves nothing: nothing more is sent or asked, it is told as what it is, and `resume` goes on."""
    fba.remote.timelines["P-1"] = [created(PackageId="P-9")]
    ran = fba.submit(fba.write("a.xlsx", [shipment("P-1"), shipment("P-2")]), code=5)
    assert ran.fates["P-1"] == "accepted"
    assert "另一个货件" in ran.err
    assert fba.remote.calls[CREATE_FBA] <= 2
    fba.remote.timelines.clear()
    assert set(fba.resume(code=0).fates.values()) == {"created"}
    assert sorted(fba.remote.sent()) == ["P-1", "P-2"]
