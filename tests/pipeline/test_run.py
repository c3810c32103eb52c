"""A run at somebody else's server, on a clock on which sleeping takes no time: how few calls a fault costs, and what is left for later."""

import random
import socket
from contextlib import closing

import pytest
from foreign import CREATE, EXISTS, ORDERS, REFRESH, STORES, TOKEN, Broken, Cut, Doubtful, Gateway, Refuse
from sender import QuickClock, Sender, make_sender  # noqa: F401  # a fixture

from bulkorders.core.retry import OUTAGE_SECONDS
from bulkorders.journal.gate import hold, kept_pace, pause, unpause

THREE = ["A-1", "A-2", "A-3"]
SETTLED = 110.0
"""Seconds slept until an order has had `settle_seconds` to come to light; the rest was spent on calls."""


def numbers(count: int) -> list[str]:
    """Some order numbers."""
    return [f"A-{number}" for number in range(count)]


# -- faults of the account ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("code", "remedy", "creates"),
    [
        ("2001001", "app_id", 1), ("2001002", "app_secret", 1), ("2001004", "授权", 1), ("3001002", "IP", 1), ("2001006", "app_id", 1),
        ("3001001", "base_url", 1), ("2001007", "时间", 2), ("2001005", "AppID", 6),
    ],
)  # fmt: skip
def test_a_fault_of_the_account_stops_it_at_the_first_answer(sender: Sender, code: str, remedy: str, creates: int) -> None:
    """One create, more only where they could help; all orders unsent and uncounted, with a sentence on what to do; later all go out."""
    sender.foreign.always[CREATE] = Gateway(code, "refused")
    assert sender.submit("b1", THREE) == dict.fromkeys(THREE, "unsent")
    assert sender.foreign.calls[CREATE] == creates
    assert sender.foreign.calls[TOKEN] + sender.foreign.calls[REFRESH] <= creates
    assert len(set(sender.told.lines)) <= 2
    for said in (sender.told.lines[-1], sender.message("b1", "A-3")):
        assert remedy in said
        assert code in said
        assert said.endswith("。")
    assert {order.attempts for order in sender.placed("b1").values()} == {0}

    sender.foreign.always.clear()
    assert set(sender.resume("b1").values()) == {"created"}
    assert {order.attempts for order in sender.placed("b1").values()} == {1}


@pytest.mark.parametrize(("code", "remedy"), [("2001002", "app_secret"), ("3001002", "IP"), ("2001004", "授权"), ("9999", "令牌")])
def test_without_a_token_nothing_is_sent(sender: Sender, code: str, remedy: str) -> None:
    """The token is refused: one call in all, whatever the number of orders."""
    sender.foreign.always[TOKEN] = Gateway(code, "refused")
    assert set(sender.submit("b1", numbers(20)).values()) == {"unsent"}
    assert sender.foreign.calls == {TOKEN: 1}
    assert remedy in sender.told.text


def test_a_fault_in_the_middle_leaves_the_rest(sender: Sender) -> None:
    """What was created before stays, what was to come waits; the order that met the fault was not tried."""
    sender.foreign.answers["A-1"] = [Gateway("3001002", "ip not permit")]
    assert sender.submit("b1", ["A-0", *THREE]) == {"A-0": "created", **dict.fromkeys(THREE, "unsent")}
    assert sender.foreign.calls[CREATE] == 2
    assert set(sender.resume("b1").values()) == {"created"}
    assert sender.foreign.calls[CREATE] == 5


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_wrong_clock_of_this_machine_is_overcome(sender: Sender, hours: int) -> None:
    """The remote refuses signatures by its own clock, two hours away: they are made by the time that it tells; once refused, not again."""
    sender.foreign.clock = lambda: sender.clock.now().timestamp() + hours * 3600
    assert set(sender.submit("b1", numbers(5)).values()) == {"created"}
    assert sender.foreign.calls[CREATE] == 6


# -- how many calls ----------------------------------------------------------------------------------------------------------------
def test_a_healthy_run_sends_each_order_once(sender: Sender) -> None:
    """Thirty orders, thirty creates, one token, nothing refused, nothing looked up, nothing waited for."""
    assert set(sender.submit("b1", numbers(30)).values()) == {"created"}
    assert sender.foreign.calls == {TOKEN: 1, CREATE: 30}
    assert sender.foreign.sent() == numbers(30)
    assert sender.clock.slept == 0


def test_too_fast_is_waited_out_and_not_counted(sender: Sender) -> None:
    """Fifteen refusals as "too fast", in a row and in between: no attempt, no failed order, and the same run ends well."""
    sender.foreign.busy = 12
    sender.foreign.answers["A-3"] = [Gateway("3001008", "requests too frequently")] * 3
    assert set(sender.submit("b1", THREE).values()) == {"created"}
    assert {order.attempts for order in sender.placed("b1").values()} == {1}
    assert sender.foreign.calls[CREATE] == 3 + 15
    assert sender.clock.slept < OUTAGE_SECONDS


def test_a_remote_that_is_busy_for_ten_minutes_is_left(sender: Sender) -> None:
    """The run ends with a sentence, few calls made; `resume` sends what is left."""
    sender.foreign.busy = 10**9
    assert sender.submit("b1", THREE) == dict.fromkeys(THREE, "unsent")
    assert OUTAGE_SECONDS < sender.clock.slept < 2 * OUTAGE_SECONDS
    assert sender.foreign.calls[CREATE] < 100
    assert "resume" in sender.message("b1", "A-3")
    sender.foreign.busy = 0
    assert set(sender.resume("b1").values()) == {"created"}


def test_a_remote_that_is_not_there_gets_four_tries(sender: Sender) -> None:
    """Nobody listens at the address: told as such, all unsent, and all sent when it is there."""
    with closing(socket.create_server(("127.0.0.1", 0))) as free:
        port = free.getsockname()[1]
    sender.configure(base_url=f"http://127.0.0.1:{port}")
    assert set(sender.submit("b1", THREE).values()) == {"unsent"}
    assert "连不上平台" in sender.told.text
    assert "4 次" in sender.told.text
    assert sender.clock.slept < 60


# -- doubt -------------------------------------------------------------------------------------------------------------------------
def test_an_order_is_tried_three_times_in_a_run_and_then_left(sender: Sender) -> None:
    """All its creates are unclear and it never shows: in doubt, with the others created; the next run goes on, and then it is there."""
    sender.foreign.answers["A-1"] = [Broken(500)] * 4
    assert sender.submit("b1", THREE) == {"A-1": "in_doubt", "A-2": "created", "A-3": "created"}
    assert sender.foreign.tried() == {"A-1": 3, "A-2": 1, "A-3": 1}
    assert sender.clock.slept > 3 * SETTLED  # after each attempt it could have come to light
    assert "resume" in sender.message("b1", "A-1")
    assert sender.resume("b1")["A-1"] == "created"
    assert sender.foreign.tried()["A-1"] == 5
    assert len({taken.body for taken in sender.foreign.received if taken.order == "A-1"}) == 1


def test_absent_is_believed_only_after_the_settling_time(sender: Sender) -> None:
    """A remote that shows orders late: the look-ups go on for `settle_seconds`, and nothing is sent meanwhile."""
    sender.foreign.answers["A-1"] = [Cut(recorded=False)]
    assert set(sender.submit("b1", ["A-1"]).values()) == {"created"}
    assert sender.foreign.tried() == {"A-1": 2}
    assert SETTLED <= sender.clock.slept < 200
    assert sender.foreign.calls[ORDERS] >= 3


def test_a_remote_that_has_the_number_but_does_not_show_it_is_not_sent_it_again(sender: Sender) -> None:
    """After our unclear attempt it says that the number exists: in doubt until it shows the order, never a third create."""
    sender.foreign.answers["A-1"] = [Cut(recorded=False), Refuse([EXISTS])]
    assert sender.submit("b1", ["A-1"]) == {"A-1": "in_doubt"}
    assert sender.foreign.tried() == {"A-1": 2}
    assert "resume" in sender.message("b1", "A-1")


SHORT = "可用库存不足"


def test_a_resend_that_is_refused_leaves_the_order_in_doubt(sender: Sender) -> None:
    """The attempt before may have used up the stock: both are told, it is not sent again in this run, and is created once it is shown."""
    sender.foreign.answers["A-1"] = [Cut(recorded=True), Refuse([SHORT])]
    sender.foreign.asks["A-1"] = [(200, b'{"code": 0, "data": []}')] * 99
    assert sender.submit("b1", ["A-1", "A-2"]) == {"A-1": "in_doubt", "A-2": "created"}
    assert sender.foreign.tried() == {"A-1": 2, "A-2": 1}
    for said in ("没有答清楚", SHORT, "resume"):
        assert said in sender.message("b1", "A-1")
    assert sender.clock.slept > 2 * SETTLED  # looked for as long again
    sender.foreign.asks.clear()
    assert sender.resume("b1")["A-1"] == "created"
    assert sender.foreign.tried()["A-1"] == 2


def test_a_resend_that_is_refused_is_sent_once_a_run(sender: Sender) -> None:
    """A run that follows at once asks first, and sends it once more: the stock may be there again."""
    sender.foreign.answers["A-1"] = [Cut(recorded=False), Refuse([SHORT]), Refuse(["另一个原因"])]
    assert sender.submit("b1", ["A-1"]) == {"A-1": "in_doubt"}
    assert sender.resume("b1") == {"A-1": "in_doubt"}
    assert sender.foreign.tried() == {"A-1": 3}
    assert sender.resume("b1") == {"A-1": "created"}
    assert len({taken.body for taken in sender.foreign.received}) == 1


def test_an_order_refused_in_the_same_words_ten_minutes_later_is_refused(sender: Sender) -> None:
    """Never shown in all that time, and not taken: it is told as refused, so that what the merchant has mended can go out."""
    sender.foreign.answers["A-1"] = [Cut(recorded=False), Refuse([SHORT]), Refuse([SHORT]), Refuse([SHORT])]
    assert sender.submit("b1", ["A-1"]) == {"A-1": "in_doubt"}
    sender.foreign.asks["A-1"] = [(200, b'{"code": 0, "data": []}')] * 2
    assert sender.resume("b1") == {"A-1": "in_doubt"}
    sender.clock.slept += 600
    assert sender.resume("b1") == {"A-1": "rejected"}
    assert sender.message("b1", "A-1").startswith("领星拒绝了这一单：可用库存不足。")
    assert sender.submit("b2", [sender.order("A-1", {"msku": "msku-1", "quantity_shipped": 2})]) == {"A-1": "created"}


def test_an_order_of_a_store_that_is_gone_stays_in_doubt(sender: Sender) -> None:
    """It cannot be looked up and is not sent again, with a sentence; the others are sent, and it is settled when the store is back."""
    stores = sender.foreign.stores
    sender.foreign.answers["A-1"] = [Cut(recorded=True)]
    sender.foreign.stores = [("other", "美国")]
    assert sender.submit("b1", THREE) == {"A-1": "in_doubt", "A-2": "created", "A-3": "created"}
    assert sender.foreign.tried() == dict.fromkeys(THREE, 1)
    assert "没有这个店铺" in sender.message("b1", "A-1")
    sender.foreign.answers["B-1"] = [Cut(recorded=True)]
    assert set(sender.submit("b2", ["B-1"]).values()) == {"in_doubt"}
    sender.foreign.stores = stores
    assert set(sender.resume("b1", "b2").values()) == {"created"}


@pytest.mark.parametrize("recorded", [True, False])
@pytest.mark.parametrize(("status", "remedy"), [(302, "base_url"), (401, "授权"), (403, "授权"), (404, "base_url"), (405, "base_url")])
def test_a_status_that_is_not_the_remotes_stops_the_account_and_leaves_doubt(
    sender: Sender, status: int, remedy: str, recorded: bool
) -> None:
    """Something in between has answered: nothing more is sent, what to do is said, and `resume` asks before it sends the order again."""
    sender.foreign.answers["A-1"] = [Broken(status, b"<html>", recorded=recorded)]
    assert sender.submit("b1", THREE) == {"A-1": "in_doubt", "A-2": "unsent", "A-3": "unsent"}
    assert sender.foreign.calls[CREATE] == 1
    assert remedy in sender.told.lines[-1]
    assert remedy in sender.message("b1", "A-1")
    assert sender.message("b1", "A-3").endswith("。")
    assert set(sender.resume("b1").values()) == {"created"}
    assert sender.foreign.tried()["A-1"] == (1 if recorded else 2)


def test_three_unclear_answers_are_asked_about_before_the_fourth_order_leaves(sender: Sender) -> None:
    """What a failing remote gets is look-ups; one that answers them is sent orders again."""
    sender.foreign.answers = {f"A-{number}": [Broken(503, recorded=True)] for number in range(3)}
    sender.foreign.asks = {f"A-{number}": [(503, b"down")] * 3 for number in range(3)}
    assert set(sender.submit("b1", numbers(5)).values()) == {"created"}
    third, fourth = [number for number, path in enumerate(sender.foreign.arrivals) if path == CREATE][2:4]
    assert sender.foreign.arrivals[third:fourth].count(ORDERS) >= 10  # nine of them without an answer
    assert sender.foreign.tried() == dict.fromkeys(numbers(5), 1)


def test_ten_unclear_answers_in_a_row_end_the_run(sender: Sender) -> None:
    """Twenty orders at a remote that answers look-ups alone: ten in doubt at most, the rest unsent; all created when it works."""
    names = numbers(20)
    sender.foreign.always[CREATE] = Broken(502)
    first = list(sender.submit("b1", names).values())
    assert first.count("in_doubt") <= 10
    assert first.count("in_doubt") + first.count("unsent") == 20
    assert sender.foreign.calls[CREATE] == 10
    assert "10 次" in sender.told.text
    sender.foreign.always.clear()
    assert set(sender.resume("b1").values()) == {"created"}
    assert sorted(sender.foreign.sent()) == sorted(names)


# -- what is told of the time ------------------------------------------------------------------------------------------------------
def test_the_estimate_comes_after_the_first_order_or_before_it(sender: Sender) -> None:
    """Of an account of which nothing is known the first order tells; later the line is there before anything is sent."""
    sender.foreign.delay = 0.1
    sender.submit("b1", numbers(10))
    ((orders, seconds),) = sender.told.estimates
    assert (orders, sender.told.answered_before) == (10, 1)
    assert 1.0 <= seconds <= 6.0
    known = kept_pace(sender.app.journal, sender.account.gate)
    assert known is not None
    assert 0.1 <= known <= 0.5

    sender.submit("b2", [f"B-{number}" for number in range(4)])
    ((orders, seconds),) = sender.told.estimates
    assert (orders, sender.told.answered_before) == (4, 0)
    assert seconds == pytest.approx(4 * known)


def test_no_estimate_where_there_is_nothing_to_wait_for(sender: Sender) -> None:
    """A single order of an unknown account, an account that is paused, a run with nothing to send."""
    sender.submit("b1", ["A-1"])
    assert sender.told.estimates == []
    assert kept_pace(sender.app.journal, sender.account.gate) is not None
    sender.run("b1")
    assert sender.told.estimates == []
    pause(sender.app.journal, sender.account.gate, sender.clock.now())
    sender.submit("b2", ["B-1"])
    assert sender.told.estimates == []


def test_waiting_is_no_part_of_the_pace(sender: Sender) -> None:
    """What the remote refused as too fast, and the wait for it, say nothing of how long an order takes."""
    sender.foreign.busy = 10
    sender.submit("b1", THREE)
    assert sender.clock.slept > 10
    known = kept_pace(sender.app.journal, sender.account.gate)
    assert known is not None
    assert known < 1


def test_an_order_in_two_of_the_batches_counts_once(sender: Sender) -> None:
    """`resume` of both: the line says how many orders there are to be sent."""
    sender.submit("b0", ["Z-1"])
    sender.release("b1", THREE)
    sender.release("b2", THREE)
    sender.run("b1", "b2")
    assert [orders for orders, _ in sender.told.estimates] == [3]


# -- held by somebody else ---------------------------------------------------------------------------------------------------------
class Leaping(QuickClock):
    """A clock on which every wait is a long one."""

    def sleep(self, seconds: float) -> None:
        """Takes ten times as much as slept."""
        super().sleep(10 * seconds)


def test_a_holder_who_says_nothing_of_himself_is_not_waited_for_without_end(sender: Sender) -> None:
    """Frozen, and nobody knows who it is: left after `read_timeout` + 10 s + `settle_seconds`, with a sentence, nothing sent."""
    sender.clock = Leaping()
    sender.configure(read_timeout=5, settle_seconds=5)
    sender.release("b1", THREE)
    with hold(sender.app.journal, sender.account.gate, sender.clock.now()) as held:
        assert held is not None
        held.path.unlink()
        assert set(sender.run("b1").values()) == {"unsent"}
    assert 20 <= sender.clock.slept < 60
    assert "很久没有动静" in sender.told.text
    assert sender.foreign.calls.total() == 0


# -- paused by a person ------------------------------------------------------------------------------------------------------------
def test_a_paused_account_sends_nothing_but_asks(sender: Sender) -> None:
    """New orders stay unsent with a sentence; one in doubt is looked up, since that sends nothing."""
    sender.foreign.answers["A-1"] = [Cut()]
    sender.foreign.always[ORDERS] = Gateway("2001004", "unauthorized")
    sender.release("b1", THREE)
    pause(sender.app.journal, sender.account.gate, sender.clock.now())
    assert sender.run("b1") == dict.fromkeys(THREE, "unsent")
    assert sender.foreign.calls.total() == 0
    assert "accounts unpause" in sender.told.text
    assert "accounts unpause" in sender.message("b1", "A-1")
    unpause(sender.app.journal, sender.account.gate)
    assert sender.run("b1") == {"A-1": "in_doubt", "A-2": "created", "A-3": "created"}
    pause(sender.app.journal, sender.account.gate, sender.clock.now())
    sender.foreign.always.clear()
    assert sender.run("b1")["A-1"] == "created"
    assert sender.foreign.tried()["A-1"] == 1


# -- clocks that are set -------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seconds", [-7200.0, 7200.0])
def test_a_clock_that_is_set_between_runs_holds_nobody_up(sender: Sender, seconds: float) -> None:
    """What is due in two hours by a clock that was set back is due now; what is in doubt is settled as if nothing had happened."""
    sender.foreign.always[CREATE] = Broken(502)
    sender.submit("b1", numbers(12))
    sender.foreign.always = {CREATE: Gateway("3001008", "busy"), ORDERS: Gateway("3001008", "busy")}
    sender.resume("b1")
    sender.foreign.always.clear()
    sender.clock.set_by += seconds
    before = sender.clock.slept
    assert set(sender.resume("b1").values()) == {"created"}
    assert sender.clock.slept - before < 600


@pytest.mark.parametrize("seconds", [-7200.0, 7200.0, -400 * 86400.0])
@pytest.mark.parametrize("fault", [Cut(recorded=False), Gateway("3001008", "busy")], ids=["doubt", "busy"])
def test_a_clock_that_is_set_during_a_run_holds_nobody_up(sender: Sender, seconds: float, fault: Cut | Gateway) -> None:
    """Somebody sets the clock while an order waits for its time: the run goes on by the time that has really passed."""
    sender.foreign.answers["A-2"] = [fault]
    sender.clock.will_be_set_by = seconds
    assert set(sender.submit("b1", THREE).values()) == {"created"}
    assert sender.clock.set_by == seconds
    assert (SETTLED if isinstance(fault, Cut) else 0) <= sender.clock.slept < 1800


def test_an_order_sent_in_the_future_is_settled(sender: Sender) -> None:
    """The clock was two hours ahead when its answer failed to come: it is looked up, and sent again after the settling time, not sooner."""
    sender.clock.set_by = 7200
    sender.foreign.answers["A-1"] = [Cut(recorded=False)] * 3
    assert sender.submit("b1", ["A-1"]) == {"A-1": "in_doubt"}
    sender.clock.set_by = 0
    before = sender.clock.slept
    assert sender.resume("b1") == {"A-1": "created"}
    assert SETTLED <= sender.clock.slept - before < 600


# -- who may not ask ---------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("path", [ORDERS, STORES])
@pytest.mark.parametrize("code", ["2001004", "404"])
def test_an_account_that_may_not_ask_leaves_doubt_to_a_person(sender: Sender, path: str, code: str) -> None:
    """The look-up or the list of stores is not open to it: in doubt, with a sentence on what to do; the others are sent."""
    sender.foreign.always[path] = Gateway(code, "unauthorized") if code != "404" else Gateway("500", "404 NOT_FOUND")
    sender.foreign.answers["A-1"] = [Doubtful(100)]
    assert sender.submit("b1", THREE) == {"A-1": "in_doubt", "A-2": "created", "A-3": "created"}
    assert sender.foreign.tried() == dict.fromkeys(THREE, 1)
    assert "核对" in sender.message("b1", "A-1")
    sender.foreign.always.clear()
    sender.resume("b1")
    assert sender.fates("b1") == dict.fromkeys(THREE, "created")


def test_chance_is_the_apps(sender: Sender) -> None:
    """What is tested here is the same each time."""
    assert sender.app.chance.random() == random.Random(7).random()


def test_an_interrupt_before_the_first_order_is_told_like_any_other(sender: Sender) -> None:
    """The batch is there: the run says that it was interrupted, so that its results are written; nothing was sent."""
    sender.told.is_interrupted = True
    assert sender.submit("b1", THREE) == dict.fromkeys(THREE, "unsent")
    assert sender.foreign.calls.total() == 0
    sender.told.is_interrupted = False
    assert set(sender.resume("b1").values()) == {"created"}
