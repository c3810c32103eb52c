"""What the remote did not answer clearly is looked up, and sent again with the same bytes only where it is proved not to be there."""

import time

from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import CREATE, EXISTS, GARBAGE, ORDERS, Broken, Cut, Doubtful, Refuse, Slow, line
from shapes import assert_sentence

DOUBTFUL = ["D-500", "D-cut", "D-garbage", "D-slow", "D-code", "D-transport", "D-zero"]


def test_unclear_answers_are_settled_by_looking_up(desk: Desk) -> None:
    """HTTP 500, a cut connection, no JSON, a time-out, odd codes, taken or not: each order there once, and told as it is."""
    desk.configure(read_timeout=0.5, settle_seconds=1)
    desk.foreign.answers = {
        "D-500": [Broken(500)], "D-cut": [Cut(recorded=True)], "D-garbage": [GARBAGE], "D-slow": [Slow(0.9, given_up=True)],
        "D-code": [Doubtful(100)], "D-transport": [Doubtful(500, ["请求连接异常"])], "D-zero": [Doubtful(0, ["部分失败"], recorded=True)],
    }  # fmt: skip
    rows = [line(order) for doubtful in DOUBTFUL for order in (doubtful, f"ok-{doubtful}")]
    ran = desk.submit(desk.write("orders.xlsx", rows), code=0)
    assert set(ran.fates.values()) == {"created"}
    assert sorted(desk.foreign.sent()) == sorted(str(row["订单号"]) for row in rows)
    bodies: dict[str, set[bytes]] = {}
    for received in desk.foreign.received:
        bodies.setdefault(received.order, set()).add(received.body)
    assert {len(each) for each in bodies.values()} == {1}


def test_without_a_look_up_nothing_unclear_is_sent_again(desk: Desk) -> None:
    """An account that may not look orders up leaves them to a person: in doubt, with a sentence, however often it is resumed."""
    desk.configure(settle_seconds=0)
    desk.foreign.has_look_up = False
    desk.foreign.answers = {"D-500": [Broken(500)], "D-cut": [Cut(recorded=True)]}
    book = desk.write("orders.xlsx", [line("D-500"), line("ok"), line("D-cut")])
    expected = {"D-500": "in_doubt", "ok": "created", "D-cut": "in_doubt"}
    first = desk.submit(book, code=5)
    assert first.fates == expected
    for outcome in first.one["outcomes"]:
        if outcome["status"] == "in_doubt":
            assert_sentence(outcome["message"])
            assert "核对" in outcome["message"]
    assert desk.submit(book, code=5).fates == {**expected, "ok": "skipped"}
    assert [line["orders"]["in_doubt"] for line in desk.resume(code=5).lines] == [2, 2]
    assert desk.foreign.tried() == dict.fromkeys(expected, 1)


def test_three_unclear_answers_without_a_look_up_stop_the_run(desk: Desk) -> None:
    """What does not answer now would put every order in doubt: the rest stays unsent, and `resume` sends it."""
    desk.foreign.has_look_up = False
    desk.foreign.answers = {f"E-{number}": [Broken(502, recorded=number == 1)] for number in range(3)}
    book = desk.write("orders.xlsx", [line(f"E-{number}") for number in range(6)])

    first = desk.submit(book, code=5)
    assert list(first.fates.values()) == ["in_doubt"] * 3 + ["unsent"] * 3
    assert all("resume" in outcome["message"] for outcome in first.one["outcomes"][3:])

    resumed = desk.resume(first.one["batch"], code=5)
    assert list(resumed.fates.values()) == ["in_doubt"] * 3 + ["created"] * 3
    assert desk.foreign.tried() == {f"E-{number}": 1 for number in range(6)}


def test_a_number_that_exists_after_our_own_unclear_attempt_is_compared(desk: Desk) -> None:
    """With equal lines it is this order: created; with others it is somebody else's: told as such, never as created."""
    desk.configure(settle_seconds=0.5)
    desk.foreign.visible_after = 2.0
    desk.foreign.answers = {"mine": [Cut(recorded=True)], "theirs": [Cut(recorded=False), Refuse([EXISTS])]}
    empty, lines = b'{"code": 0, "data": []}', b'"listing_detail_info": [{"msku": "msku-1", "quantity": 2}]'
    theirs = b'{"code": 0, "data": [{"sid": 1, "seller_fulfillment_order_id": "theirs", %b}]}' % lines
    desk.foreign.asks = {"theirs": [(200, empty), (200, empty), (200, theirs)]}
    ran = desk.submit(desk.write("orders.xlsx", [line("mine"), line("theirs")]), code=4)
    assert ran.fates == {"mine": "created", "theirs": "changed"}
    assert "订单号" in ran.one["outcomes"][1]["message"]
    assert desk.foreign.sent() == ["mine"]


def test_an_answer_about_another_order_stops_the_account(desk: Desk) -> None:
    """A look-up that is answered with another order's number proves nothing and is told as what it is."""
    desk.configure(settle_seconds=0.5)
    desk.foreign.answers = {"A-1": [Cut()]}
    desk.foreign.asks = {"A-1": [(200, b'{"code": 0, "data": [{"sid": 1, "seller_fulfillment_order_id": "B-9"}]}')]}
    ran = desk.run("submit", "--json", desk.write("orders.xlsx", [line("A-1")]), code=5)
    assert ran.fates == {"A-1": "in_doubt"}
    assert "另一单" in ran.err
    assert desk.resume(code=0).fates == {"A-1": "created"}


def test_a_kill_in_a_create_is_settled_by_the_next_run(desk: Desk) -> None:
    """After a kill in the middle of a create `resume` finds the order there; the others go out; each is there once."""
    desk.configure(settle_seconds=0.5)
    desk.foreign.answers = {"K-2": [Slow(1.0, given_up=True)]}
    process = desk.start("submit", "--json", desk.write("orders.xlsx", [line(f"K-{number}") for number in range(1, 5)]))
    while desk.foreign.calls[CREATE] < 2:
        time.sleep(0.02)
        assert process.poll() is None
    time.sleep(0.2)
    process.kill()
    process.communicate()
    desk.foreign.forgive()
    assert set(desk.resume(code=0).fates.values()) == {"created"}
    assert sorted(desk.foreign.sent()) == [f"K-{number}" for number in range(1, 5)]


def test_a_full_outage_puts_few_orders_in_doubt(desk: Desk) -> None:
    """While nothing is answered clearly the remote is asked, not sent more; when it is back the run goes on by itself."""
    desk.configure(settle_seconds=0.5)
    rows = [line(f"O-{number}") for number in range(12)]
    desk.foreign.answers = {f"O-{number}": [Broken(503)] for number in range(12)}
    desk.foreign.asks = {"O-0": [(503, b"down")] * 4}
    ran = desk.submit(desk.write("orders.xlsx", rows), code=0)
    assert set(ran.fates.values()) == {"created"}
    assert desk.foreign.calls[ORDERS] >= 12
    assert max(desk.foreign.tried().values()) <= 3
