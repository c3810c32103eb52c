"""The same refusal, order after order, pauses its batch; who wants the rest sent says so."""

from dataclasses import replace

import pytest
from foreign import CREATE, EXISTS, Foreign, Refuse
from making import GATE
from sender import Sender, make_sender  # noqa: F401  # a fixture

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.words import Words
from bulkorders.journal.records import Claimed
from bulkorders.pipeline.refusals import MOST_ALIKE, MOST_AT_FIRST, Refusals

WRONG = "店铺未授权"


def refuse(foreign: Foreign, *orders: str, reason: str = WRONG, times: int = 1) -> None:
    """The remote refuses these orders, each with its number and item in the text."""
    for order in orders:
        foreign.answers[order] = [Refuse([reason.format(order=order)]) for _ in range(times)]


def numbers(prefix: str, count: int) -> list[str]:
    """Some order numbers."""
    return [f"{prefix}-{number}" for number in range(count)]


# -- what is alike ---------------------------------------------------------------------------------------------------------------
def claimed(number: str, batch: str = "b1", *, taken: bool = False) -> Claimed:
    """An order that was sent."""
    return Claimed(1, number, b'{"item_list":[{"msku":"RED-SHIRT"}]}', 0, 0, batch=batch, taken=taken)


def refused(text: str, verdict: Verdict = Verdict.REJECTED) -> Outcome:
    """What the remote said."""
    return Outcome(verdict, "500", Words(text, text))


def test_a_batch_that_is_refused_alike_from_the_start_is_stopped_after_two() -> None:
    """The first order goes out alone as a canary; the second proves that it was not the order's own fault."""
    refusals = Refusals()
    assert refusals.count(claimed("A-1"), refused(WRONG)) == 0
    assert refusals.count(claimed("A-2"), refused(WRONG)) == MOST_AT_FIRST == 2


def test_where_something_was_taken_it_takes_five_in_a_row() -> None:
    """One order that was taken shows that the batch is not wrong as a whole; another one in between begins anew."""
    refusals = Refusals()
    assert refusals.count(claimed("A-0"), Outcome(Verdict.CREATED, "0")) == 0
    for _ in range(2):
        assert [refusals.count(claimed(f"A-{number}"), refused(WRONG)) for number in range(4)] == [0] * 4
        assert refusals.count(claimed("A-5"), Outcome(Verdict.ACCEPTED)) == 0
    assert [refusals.count(claimed(f"A-{number}"), refused(WRONG)) for number in range(5)] == [0, 0, 0, 0, MOST_ALIKE]


def test_different_refusals_are_the_orders_own() -> None:
    """Two reasons in turn never stop a batch; after a second reason the batch is known not to be refused alike from the start."""
    refusals = Refusals()
    assert [refusals.count(claimed("A-1"), refused(text)) for text in (WRONG, "库存不足") * 10] == [0] * 20
    assert [refusals.count(claimed("A-1"), refused("地址不对")) for _ in range(5)] == [0, 0, 0, 0, 5]


@pytest.mark.parametrize(
    "text",
    [
        "订单 {order} 的 MSKU 不存在", "MSKU【sku_{order}/x.9】库存不足", "第 {order} 行有误", "{order}",
        "SKU {order} 库存为 -3，需要 12.50", "订单号（{order}）的商品RED-SHIRT-{order}未配对", "{order}：Invalid MSKU {order}",
    ],
)  # fmt: skip
@pytest.mark.parametrize("orders", [("A-1", "A-2"), ("1000796", "1000797"), ("8x", "9x"), ("订单甲", "订单乙")])
def test_numbers_and_names_of_one_order_make_no_other_reason(text: str, orders: tuple[str, str]) -> None:
    """The same sentence about another order, item or quantity is the same refusal."""
    refusals = Refusals()
    assert [refusals.count(claimed(order), refused(text.format(order=order))) for order in orders] == [0, 2]


def test_other_numbers_in_the_text_make_no_other_reason() -> None:
    """Quantities, times and numbers of the remote's own differ from order to order."""
    refusals = Refusals()
    texts = ["库存 3 不足，请求 a9f-11（2025-04-09 12:00:01）", "库存 0.5 不足，请求 77b/c（2025-04-10 07:59:59）"]
    assert [refusals.count(claimed("A-1"), refused(text)) for text in texts] == [0, 2]


def test_items_without_a_digit_make_no_other_reason() -> None:
    """A merchant may call his goods by words alone."""
    refusals = Refusals()
    told = []
    for number, item in enumerate(["RED-SHIRT", "Blue Shirt", "手机壳红", "green_shirt.L"]):
        order = Claimed(number, f"A-{number}", f'{{"item_list":[{{"msku":"{item}","quantity_shipped":1}}]}}'.encode(), 0, 0, batch="b1")
        told.append(refusals.count(order, refused(f"MSKU【{item}】不存在")))
    assert told == [0, 2, 3, 4]


def test_batches_are_counted_each_for_itself() -> None:
    """Two batches in turn: what one is refused says nothing of the other."""
    refusals = Refusals()
    assert refusals.count(claimed("A-1", "b1"), refused(WRONG)) == 0
    assert refusals.count(claimed("B-1", "b2"), Outcome(Verdict.CREATED)) == 0
    assert refusals.count(claimed("A-2", "b1"), refused(WRONG)) == 2


def test_what_is_no_refusal_neither_counts_nor_ends_a_row() -> None:
    """Unclear, busy, a number that exists from our own attempt, a resend that is refused: the batch is no better and no worse."""
    refusals = Refusals()
    assert refusals.count(claimed("A-1"), refused(WRONG)) == 0
    for outcome in (refused("x", Verdict.UNCLEAR), refused("x", Verdict.NOT_PROCESSED), refused("x", Verdict.FOREIGN)):
        assert refusals.count(claimed("A-2"), outcome) == 0
    assert refusals.count(claimed("A-3", taken=True), refused("x", Verdict.EXISTS)) == 0
    assert refusals.count(replace(claimed("A-3"), looked_up=True), refused("x", Verdict.EXISTS)) == 0
    assert refusals.count(replace(claimed("A-3"), attempts=1), refused(WRONG)) == 0
    assert refusals.count(claimed("A-4"), refused(WRONG)) == 2


# -- what follows ----------------------------------------------------------------------------------------------------------------
def test_a_batch_refused_alike_is_paused_with_its_reason(sender: Sender) -> None:
    """Two creates, the rest unsent and told where the reason stands; another batch is sent, the paused one is left by whoever runs."""
    names = numbers("A", 30)
    refuse(sender.foreign, *names)
    first = sender.submit("b1", names)
    assert list(first.values()) == ["rejected"] * 2 + ["unsent"] * 28
    assert sender.foreign.calls[CREATE] == 2
    for said in (sender.message("b1", "A-29"), sender.told.text):
        assert "连续 2 单" in said
        assert WRONG not in said  # the remote's words may name the buyer of one order: they stand in its own row
        assert "详见这几单" in said
        assert "resume --keep-going" in said
        assert "。请按提示改好再提交" not in said  # a quoted sentence is quoted without its advice
    assert WRONG in sender.message("b1", "A-0")

    assert set(sender.submit("b2", numbers("B", 8)).values()) == {"created"}
    assert sender.foreign.tried() == dict.fromkeys(["A-0", "A-1", *numbers("B", 8)], 1)
    assert "连续 2 单" in sender.message("b1", "A-29")

    sender.foreign.answers.clear()
    assert list(sender.resume("b1").values()) == ["rejected"] * 2 + ["created"] * 28


def test_a_batch_is_paused_after_five_where_one_was_taken(sender: Sender) -> None:
    """The sixth is not sent; the two orders that are left say so; `resume` without more is stopped by the next two."""
    names = numbers("A", 9)
    refuse(sender.foreign, *names[1:], times=9)
    assert list(sender.submit("b1", names).values()) == ["created"] + ["rejected"] * 5 + ["unsent"] * 3
    assert "连续 5 单" in sender.told.text
    assert list(sender.resume("b1").values()) == ["created"] + ["rejected"] * 7 + ["unsent"]


def test_refused_to_its_end_a_batch_is_not_called_paused(sender: Sender) -> None:
    """Where nothing is left to send there is nothing to go on with."""
    refuse(sender.foreign, "A-0", "A-1")
    assert set(sender.submit("b1", ["A-0", "A-1"]).values()) == {"rejected"}
    assert sender.told.lines == []


@pytest.mark.parametrize("moment", ["submit", "resume"])
def test_who_keeps_going_is_refused_to_the_end(sender: Sender, moment: str) -> None:
    """With `keep_going` each order gets its own answer, from the start or from a pause on."""
    names = numbers("A", 12)
    refuse(sender.foreign, *names[:-1])
    if moment == "submit":
        ran = sender.submit("b1", names, keep_going=True)
    else:
        assert list(sender.submit("b1", names).values()).count("unsent") == 10
        ran = sender.resume("b1", keep_going=True)
    assert list(ran.values()) == ["rejected"] * 11 + ["created"]
    assert sender.foreign.tried() == dict.fromkeys(names, 1)
    assert sender.told.lines == []


def test_a_paused_batch_submitted_again_is_sent(sender: Sender) -> None:
    """Instead of `resume` the same workbook again, or a corrected one: what was refused and what was paused goes out as it says now."""
    for prefix, changed in (("A", {}), ("B", {"remark": "改好了"})):
        names = numbers(prefix, 6)
        refuse(sender.foreign, *names)
        assert list(sender.submit(f"{prefix}1", names).values()).count("unsent") == 4
        sender.foreign.answers.clear()
        again = sender.submit(f"{prefix}2", [sender.order(name, **changed) for name in names])
        assert set(again.values()) == {"created"}
        assert all(sender.foreign.payloads()[name].get("remark") == changed.get("remark") for name in names)
        # the older batch sees what became of its orders; where the content was mended it is told so
        older = sender.resume(f"{prefix}1")
        assert set(list(older.values())[2:]) == ({"changed"} if changed else {"created"})


def test_a_batch_that_shares_an_order_with_a_paused_one_can_be_resumed(sender: Sender) -> None:
    """`resume` of a batch sends all that waits of it, whichever batch brought an order first."""
    names = numbers("A", 6)
    sender.release("b1", names)
    sender.release("b2", ["A-5", "B-1"])
    refuse(sender.foreign, *names[:5])
    assert list(sender.run("b1").values()).count("unsent") == 4
    assert sender.resume("b2") == {"A-5": "created", "B-1": "created"}
    assert sender.fates("b1")["A-4"] == "unsent"


def test_numbers_that_exist_elsewhere_are_refusals_like_others(sender: Sender) -> None:
    """A workbook that somebody has entered by hand already: told after two orders."""
    names = numbers("A", 7)
    refuse(sender.foreign, *names, reason=EXISTS)
    assert list(sender.submit("b1", names).values()) == ["rejected"] * 2 + ["unsent"] * 5
    assert "已经有这个订单号" in sender.told.text


def test_a_gate_of_making_is_not_the_senders(sender: Sender) -> None:
    """The sender's account is its own: nothing here is sent to the real host."""
    assert sender.account.gate != GATE
    assert sender.url in sender.account.settings.base_url
