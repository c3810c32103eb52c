"""A journal that does not know everything: each order is looked up before it leaves, and nothing is there twice."""

import json
import shutil
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from foreign import CREATE, ORDERS, STORES, Cut, Gateway
from making import NOW, new_batch
from making import submit as put
from sender import ITEM, Sender, make_sender  # noqa: F401  # a fixture

from bulkorders.journal.batches import add_draft
from bulkorders.journal.journal import declare_complete, open_journal

MORE = {"msku": "msku-2", "quantity_shipped": 3}


def delete(sender: Sender) -> None:
    """Somebody has deleted the journal."""
    (sender.folder / "journal.db").unlink()


def roll_back(sender: Sender) -> None:
    """Somebody has put back a copy from before these orders."""
    (sender.folder / "yesterday.db").replace(sender.folder / "journal.db")


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


@pytest.mark.parametrize("how", [delete, roll_back, replace_by_another], ids=lambda how: how.__name__)
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
    """Where both are gone it is a new one: nobody can tell, and nothing is asked."""
    for name in ("first", "second"):
        with closing(open_journal(str(tmp_path / "journal.db"))) as journal:
            assert (journal.incomplete is None) is (name == "first")
            put(journal, name)
        (tmp_path / "journal.db").unlink()
    (tmp_path / "journal.db.side").unlink()
    with closing(open_journal(str(tmp_path / "journal.db"))) as journal:
        assert journal.incomplete is None
