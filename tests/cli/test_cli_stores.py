"""Before the first order leaves: stores that the account does not have, or that cannot take orders, hold theirs alone."""

import time

import openpyxl
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import CREATE, LABELS, STORES, TOKEN, Cut, Gateway, line
from shapes import assert_sentence

STOPPED = {("stopped", "美国"): 0, ("unauthorised", "美国"): 2, ("indebted", "美国"): 3}


def test_orders_of_wrong_stores_are_held_and_the_others_go_out(desk: Desk) -> None:
    """Each is invalid at its wrong cell, with the nearest store or what ails it; with `--strict` nothing goes; mended all go."""
    desk.foreign.stores = [*desk.foreign.stores, *STOPPED, ("oz", "澳大利亚")]
    desk.foreign.states = dict(STOPPED)
    wrong = {
        "W-1": ("second-UK", "美国", "A", "second-US（美国）"), "W-2": ("8speed-US", "法国", "B", "8speed-US（"),
        "W-3": ("stopped", "美国", "A", "停用"), "W-4": ("unauthorised", "美国", "A", "授权"), "W-5": ("indebted", "美国", "A", "欠费"),
    }  # fmt: skip
    rows = [line(order, 店铺名=name, 店铺国家=country) for order, (name, country, _, _) in wrong.items()]
    good = [line("G-1"), line("G-2", 店铺名="oz", 店铺国家="澳洲"), line("G-3", 店铺名="oz", 店铺国家="澳大利亚")]
    book = desk.write("orders.xlsx", [good[0], *rows, *good[1:]])

    strict = desk.submit("--strict", book, code=3)
    assert strict.one["refused"]["code"] == "strict"
    assert len(strict.one["issues"]) == 5
    assert desk.foreign.calls[CREATE] == 0
    assert not (desk.folder / "orders_结果.xlsx").exists()

    ran = desk.submit(book, code=4)
    assert ran.fates == {"G-1": "created", **dict.fromkeys(wrong, "invalid"), "G-2": "created", "G-3": "created"}
    assert desk.foreign.sent() == ["G-1", "G-2", "G-3"]
    assert ran.one["issues"] == strict.one["issues"]
    for row, (issue, (order, (name, country, letter, word))) in enumerate(zip(ran.one["issues"], wrong.items(), strict=True), 3):
        assert (issue["row"], issue["column"], issue["order"], issue["severity"]) == (row, letter, order, "error")
        assert issue["label"] == LABELS["AB".index(letter)]
        assert issue["value"] == {"A": name, "B": country}[letter]
        assert word in issue["message"]
        assert_sentence(issue["message"])
    messages = {outcome["order"]: outcome["message"] for outcome in ran.one["outcomes"]}
    assert [messages[order] for order in wrong] == [issue["message"] for issue in ran.one["issues"]]

    sheet = openpyxl.load_workbook(desk.folder / "orders_结果.xlsx")["Sheet"]
    colours = {cell.coordinate for row in sheet.iter_rows(min_row=2, max_col=len(LABELS)) for cell in row if cell.fill.fill_type}
    assert colours == {"A3", "B4", "A5", "A6", "A7"}
    said = [cell.value for cell in sheet[3]]
    assert messages["W-1"] in said
    assert "数据有误" in said

    desk.foreign.states.clear()
    desk.foreign.stores = [*desk.foreign.stores, ("second-UK", "美国"), ("8speed-US", "法国")]
    time.sleep(6)  # within seconds of what was added at the remote
    again = desk.submit(book, code=0)
    assert [again.fates[order] for order in wrong] == ["created"] * 5
    assert desk.foreign.calls[TOKEN] == 1


def test_a_list_that_cannot_be_had_stops_nothing(desk: Desk) -> None:
    """Not open to this app, or not answered: the orders go out, and the remote says itself what it thinks of their stores."""
    desk.foreign.always[STORES] = Gateway("2001004", "unauthorized")
    assert desk.submit(desk.write("a.xlsx", [line("A-1", 店铺名="nowhere")]), code=0).fates == {"A-1": "created"}
    desk.foreign.always[STORES] = Cut()
    assert desk.submit(desk.write("b.xlsx", [line("B-1", 店铺名="nowhere")]), code=0).fates == {"B-1": "created"}
    desk.configure(check_stores=False)
    asked = desk.foreign.calls[STORES]
    assert desk.submit(desk.write("c.xlsx", [line("C-1", 店铺名="nowhere")]), code=0).fates == {"C-1": "created"}
    assert desk.foreign.calls[STORES] == asked


def test_processes_share_one_list(desk: Desk) -> None:
    """Three submits at once: the stores are asked for once, the token is fetched once."""
    books = [desk.write(f"{name}.xlsx", [line(f"{name}-{number}") for number in range(3)]) for name in "ABC"]
    for process in [desk.start("submit", "--json", book) for book in books]:
        assert set(desk.finish(process, 0).fates.values()) == {"created"}
    assert (desk.foreign.calls[STORES], desk.foreign.calls[TOKEN]) == (1, 1)
    assert len(desk.foreign.sent()) == 9
