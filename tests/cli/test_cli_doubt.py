"""What the remote did not answer clearly is neither created nor refused, and is never sent a second time."""

from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import GARBAGE, Broken, Cut, Doubtful, Slow, line
from shapes import assert_sentence

DOUBTFUL = ["D-500", "D-cut", "D-garbage", "D-slow", "D-code", "D-transport", "D-zero"]


def test_unclear_answers_stay_in_doubt(desk: Desk) -> None:
    """HTTP 500, a cut connection, no JSON, a time-out, odd codes: in doubt, not sent again."""
    desk.configure(read_timeout=0.5)
    desk.foreign.answers = {
        "D-500": [Broken(500)], "D-cut": [Cut(recorded=True)], "D-garbage": [GARBAGE], "D-slow": [Slow(0.9, given_up=True)],
        "D-code": [Doubtful(100)], "D-transport": [Doubtful(500, ["请求连接异常"])], "D-zero": [Doubtful(0, ["部分失败"], recorded=True)],
    }  # fmt: skip
    rows = [line(order) for doubtful in DOUBTFUL for order in (doubtful, f"ok-{doubtful}")]
    book = desk.write("orders.xlsx", rows)
    expected = {order: "in_doubt" if order in DOUBTFUL else "created" for order in desk_orders(rows)}

    first = desk.submit(book, code=5)
    assert first.fates == expected
    received = desk.foreign.tried()

    expected |= {order: "skipped" for order, fate in expected.items() if fate == "created"}
    assert desk.submit(book, code=5).fates == expected
    resumed = desk.resume(code=5)
    assert [line["orders"]["in_doubt"] for line in resumed.lines] == [len(DOUBTFUL)] * 2
    assert desk.foreign.tried() == received == dict.fromkeys(expected, 1)


def desk_orders(rows: list[dict[str, object]]) -> list[str]:
    """The order numbers of rows."""
    return [str(row["订单号"]) for row in rows]


def test_three_unclear_answers_in_a_row_stop_the_run(desk: Desk) -> None:
    """What does not answer now would put every order in doubt: the rest stays unsent, and `resume` sends it."""
    desk.foreign.answers = {f"E-{number}": [Broken(502, recorded=number == 1)] for number in range(3)}
    book = desk.write("orders.xlsx", [line(f"E-{number}") for number in range(6)])

    first = desk.submit(book, code=5)
    assert list(first.fates.values()) == ["in_doubt"] * 3 + ["unsent"] * 3
    assert all("resume" in outcome["message"] for outcome in first.one["outcomes"][3:])

    resumed = desk.resume(first.one["batch"], code=5)
    assert list(resumed.fates.values()) == ["in_doubt"] * 3 + ["created"] * 3
    assert desk.foreign.tried() == {f"E-{number}": 1 for number in range(6)}


def test_what_is_in_doubt_says_what_to_do(desk: Desk) -> None:
    """An order in doubt has a whole sentence: what is unclear, and what the merchant should do."""
    desk.foreign.answers = {"F-1": [Broken(500)], "F-2": [Cut()], "F-3": [Doubtful(100)]}
    ran = desk.submit(desk.write("orders.xlsx", [line("F-1"), line("F-2"), line("ok"), line("F-3")]), code=5)
    for outcome in ran.one["outcomes"]:
        if outcome["status"] == "in_doubt":
            assert_sentence(outcome["message"])
            assert "请" in outcome["message"]
