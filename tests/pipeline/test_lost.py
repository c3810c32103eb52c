"""A journal that does not know everything: each order is looked up before it leaves, and nothing is there twice."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from foreign import CREATE, ORDERS, STORES, Cut, Gateway, Refuse
from making import NOW, new_batch
from making import submit as put
from sender import ITEM, Sender, make_sender  # noqa: F401  # a fixture

from bulkorders.journal.batches import add_draft
from bulkorders.journal.journal import declare_complete, open_journal

MORE = {"msku": "msku-2", "quantity_shipped": 3}


def delete(sender: Sender) -> None:
    """Somebody has deleted the journal."""
    (sender.folder / "journal.db").unlink()


def delete_all(sender: Sender) -> None:
    """Somebody has deleted the journal with its side file; the folder beside it is left."""
    delete(sender)
    (sender.folder / "journal.db.side").unlink()


def roll_back(sender: Sender) -> None:
    """Somebody has put back a copy from before these orders."""
    (sender.folder / "yesterday.db").replace(sender.folder / "journal.db")


def roll_back_all(sender: Sender) -> None:
    """Somebody has put back such a copy, and has deleted the side file."""
    roll_back(sender)
    (sender.folder / "journal.db.side").unlink()


def replace_by_another(sender: Sender) -> None:
    """Somebody has put the journal of another machine in its place, which knows more orders than this one."""
    other = sender.folder / "other"
    other.mkdir()
    with closing(open_journal(str(other / "journal.db"))) as journal:
        add_draft(journal, new_batch("elsewhere", *(sender.order(f"Z-{number}") for number in range(30))), NOW)
    (other / "journal.db").replace(sender.folder / "journal.db")


def lose(sender: Sender, *orders: str, how: Callable[[Sender], None] = delete) -> None:
    """Creates orders, and then makes the journal forget them."""
    sender.submit("b0", ["Y-1"])
    sender.close()
    shutil.copy(sender.folder / "journal.db", sender.folder / "yesterday.db")
    assert set(sender.submit("b1", list(orders)).values()) <= {"created"}
    sender.close()
    how(sender)
    sender.foreign.arrivals.clear()


@pytest.mark.parametrize("how", [delete, delete_all, roll_back, roll_back_all, replace_by_another], ids=lambda how: how.__name__)
def test_a_lost_journal_sends_nothing_twice(sender: Sender, how: Callable[[Sender], None]) -> None:
    """What is there with equal lines is skipped, with others changed, what is not there is created: each looked up before it leaves."""
    lose(sender, "A-1", "A-2", how=how)
    orders = [sender.order("A-1", {**ITEM}), sender.order("A-2", ITEM, MORE), sender.order("A-3")]
    assert sender.submit("b2", orders) == {"A-1": "skipped", "A-2": "changed", "A-3": "created"}
    assert "流水账" in sender.told.lines[0]
    assert "先到平台上查过" in sender.told.lines[0]
    assert "没有再发" in sender.message("b2", "A-1")
    assert "换一个新的编号" in sender.message("b2", "A-2")
    assert {order.attempts for order in sender.placed("b2").values()} == {0, 1}
    assert sorted(sender.foreign.sent()) == ["A-1", "A-2", "A-3", "Y-1"]
    assert [path for path in sender.foreign.arrivals if path in (CREATE, ORDERS)] == [ORDERS, ORDERS, ORDERS, CREATE]

    # and again at each new submit, by any process: it may be gone there by then
    sender.close()
    sender.foreign.ledger = [taken for taken in sender.foreign.ledger if taken.order != "A-1"]
    assert sender.submit("b3", orders) == {"A-1": "created", "A-2": "changed", "A-3": "skipped"}
    assert sender.foreign.arrivals.count(ORDERS) == 5  # the third is known to be created
    assert sender.foreign.tried() == {"A-1": 2, "A-2": 1, "A-3": 1, "Y-1": 1}


@pytest.mark.parametrize("path", [ORDERS, STORES])
def test_a_lost_journal_that_may_not_ask_sends_nothing(sender: Sender, path: str) -> None:
    """Two orders the same would be worse than none: all unsent, with what to do; once it may ask, or a person has vouched, they go out."""
    lose(sender, "A-1")
    sender.foreign.always[path] = Gateway("2001004", "unauthorized")
    assert set(sender.submit("b2", ["A-1", "A-2", "A-3"]).values()) == {"unsent"}
    assert sender.foreign.arrivals.count(CREATE) == 0
    assert "开通查询接口" in sender.message("b2", "A-3")
    assert "journal check --complete" in sender.told.lines[-1]
    assert set(sender.resume("b2").values()) == {"unsent"}
    assert sender.foreign.arrivals.count(path) == 2  # one look-up a run is enough to know
    sender.foreign.always.clear()
    assert sender.resume("b2") == {"A-1": "skipped", "A-2": "created", "A-3": "created"}

    declare_complete(sender.app.journal)
    sender.close()
    asked = sender.foreign.arrivals.count(ORDERS)
    assert sender.submit("b4", ["A-4"]) == {"A-4": "created"}
    assert sender.foreign.arrivals.count(ORDERS) == asked
    assert sender.told.lines == []


def test_a_look_up_without_an_answer_is_waited_for(sender: Sender) -> None:
    """Busy, cut off, unreadable: no create leaves before the order itself was answered for; none of it counts as an attempt."""
    lose(sender, "A-1")
    ordered = [(503, b"down"), (200, b"<html>"), (200, b'{"code": "3001008", "msg": "busy", "data": null}')]
    sender.foreign.asks = {"A-1": list(ordered), "A-2": [each for each in ordered for _ in range(2)]}
    assert sender.submit("b2", ["A-1", "A-2"]) == {"A-1": "skipped", "A-2": "created"}
    assert {order.attempts for order in sender.placed("b2").values()} == {0, 1}
    assert sender.foreign.tried() == {"Y-1": 1, "A-1": 1, "A-2": 1}


def test_an_unclear_create_of_a_lost_journal_is_ours(sender: Sender) -> None:
    """It was not there, then its create was cut: found there afterwards it is created, not somebody else's."""
    lose(sender, "A-1")
    sender.foreign.answers["A-2"] = [Cut()]
    assert sender.submit("b2", ["A-2"]) == {"A-2": "created"}


def test_a_number_that_exists_though_it_was_not_shown_is_in_doubt_and_compared(sender: Sender) -> None:
    """A remote that shows orders late: neither said to be another's nor sent a third time; once shown it is told as what it is."""
    lose(sender, "A-1", "A-2", "A-3", "A-4")
    empty = (200, b'{"code": 0, "data": []}')
    sender.foreign.asks = {"A-1": [empty] * 3, "A-2": [empty] * 3, "A-3": [empty] * 99, "A-4": [empty] * 99}
    orders = [sender.order("A-1"), sender.order("A-2", MORE), sender.order("A-3"), sender.order("A-4")]
    expected = {"A-1": "created", "A-2": "changed", "A-3": "in_doubt", "A-4": "in_doubt"}
    assert sender.submit("b2", orders) == expected
    assert sender.foreign.tried() == {"Y-1": 1, **dict.fromkeys(expected, 2)}
    sender.foreign.asks.clear()
    assert sender.resume("b2") == {**expected, "A-3": "created", "A-4": "created"}
    assert sender.foreign.tried() == {"Y-1": 1, **dict.fromkeys(expected, 2)}


def test_a_refusal_of_what_was_looked_up_in_vain_is_one(sender: Sender) -> None:
    """It was not there, and the remote does not take it: there is nothing to doubt, and it can be mended."""
    lose(sender, "A-1")
    sender.foreign.answers["A-2"] = [Refuse(["库存不足"])]
    assert sender.submit("b2", ["A-2"]) == {"A-2": "rejected"}
    assert sender.submit("b3", [sender.order("A-2", MORE)]) == {"A-2": "created"}


def test_what_was_not_processed_is_looked_up_again_before_it_leaves(sender: Sender) -> None:
    """Between the two somebody else may have created it there: then it is his, and not sent."""
    lose(sender, "A-1")
    sender.foreign.answers["A-2"] = [Gateway("3001008", "busy")]
    row = {
        "sid": 1, "seller_fulfillment_order_id": "A-2", "listing_detail_info": [{"msku": "other", "quantity": 9}],
    }  # fmt: skip
    empty = (200, b'{"code": 0, "data": []}')
    sender.foreign.asks = {"A-2": [empty, (200, json.dumps({"code": 0, "data": [row]}).encode())]}
    assert sender.submit("b2", ["A-2"]) == {"A-2": "changed"}
    assert sender.foreign.arrivals.count(CREATE) == 1


def test_a_list_without_any_store_sends_nothing(sender: Sender) -> None:
    """It proves of no order that it is not there: all unsent until the remote lists its stores."""
    lose(sender, "A-1")
    stores, sender.foreign.stores = sender.foreign.stores, ()
    assert sender.submit("b2", ["A-1", "A-2"]) == {"A-1": "unsent", "A-2": "unsent"}
    assert sender.foreign.arrivals.count(CREATE) == 0
    sender.foreign.stores = stores
    assert sender.resume("b2") == {"A-1": "skipped", "A-2": "created"}


def test_an_order_of_a_store_that_is_not_listed_is_not_sent_and_holds_up_no_other(sender: Sender) -> None:
    """It cannot be looked up, so it does not leave; the reason says so, and the others go out."""
    lose(sender, "A-1")
    orders = [sender.order("A-2", store_name="nowhere"), sender.order("A-3")]
    assert sender.submit("b2", orders) == {"A-2": "rejected", "A-3": "created"}
    assert sender.foreign.tried() == {"Y-1": 1, "A-1": 1, "A-3": 1}
    assert "没有发送" in sender.message("b2", "A-2")
    assert sender.placed("b2")["A-2"].attempts == 0


def test_an_order_that_was_cancelled_there_is_said_to_be(sender: Sender) -> None:
    """It is there with the same lines, so it is not sent again; that it is cancelled is for the merchant to know."""
    lose(sender, "A-1")
    row = {
        "sid": 1, "seller_fulfillment_order_id": "A-1", "order_status": "CANCELLED",
        "listing_detail_info": [{"msku": ITEM["msku"], "quantity": ITEM["quantity_shipped"]}],
    }  # fmt: skip
    sender.foreign.asks = {"A-1": [(200, json.dumps({"code": 0, "data": [row]}).encode())]}
    assert sender.submit("b2", ["A-1"]) == {"A-1": "skipped"}
    assert "已取消" in sender.message("b2", "A-1")


def test_a_journal_that_is_complete_asks_for_nothing(sender: Sender) -> None:
    """An ordinary restart is no alarm."""
    sender.submit("b1", ["A-1"])
    sender.close()
    assert sender.submit("b2", ["A-1", "A-2"]) == {"A-1": "skipped", "A-2": "created"}
    assert sender.foreign.calls[ORDERS] == 0
    assert sender.told.lines == []


def test_a_journal_is_missed_by_the_file_beside_it(tmp_path: Path) -> None:
    """Where both are gone and nothing was ever sent from there it is a new one: nothing is asked."""
    for name in ("first", "second"):
        with closing(open_journal(str(tmp_path / "journal.db"))) as journal:
            assert (journal.incomplete is None) is (name == "first")
            put(journal, name)
        (tmp_path / "journal.db").unlink()
    (tmp_path / "journal.db.side").unlink()
    with closing(open_journal(str(tmp_path / "journal.db"))) as journal:
        assert journal.incomplete is None
