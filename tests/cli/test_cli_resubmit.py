"""The same order twice is one order: a journal remembers what was created, whatever the workbook is called or how it is sorted."""

import openpyxl
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import Refuse, item, line

ROWS = [line("A-1"), item("A-1", "msku-2", 5), line("A-2", 发货量=3), line(3, MSKU="x")]


def test_created_orders_are_never_sent_again(desk: Desk) -> None:
    """Again, re-saved under another name, re-sorted: nothing is sent; a new order goes out alone; other content is told."""
    book = desk.write("orders.xlsx", ROWS)
    first = desk.submit(book, code=0)
    assert desk.foreign.sent() == ["A-1", "A-2", "3"]

    openpyxl.load_workbook(book).save(desk.folder / "另存.xlsx")
    shuffled = desk.write("sorted.xlsx", [ROWS[3], ROWS[2], item("A-1", "msku-2", 5.0), line("A-1")], above=2)
    again = desk.submit(book, "另存.xlsx", shuffled, code=0)
    assert desk.foreign.tried().total() == 3
    for printed in again.lines:
        assert {outcome["status"] for outcome in printed["outcomes"]} == {"skipped"}
        assert all(first.one["batch"] in outcome["message"] for outcome in printed["outcomes"])

    more = desk.submit(desk.write("orders.xlsx", [*ROWS, line("A-4")]), code=0)
    assert more.fates == {"A-1": "skipped", "A-2": "skipped", "3": "skipped", "A-4": "created"}
    assert desk.foreign.sent() == ["A-1", "A-2", "3", "A-4"]

    changed = desk.submit(desk.write("orders.xlsx", [line("A-2", 发货量=4), line("A-4")]), code=4)
    assert changed.fates == {"A-2": "changed", "A-4": "skipped"}
    assert first.one["batch"] in changed.one["outcomes"][0]["message"]
    assert desk.foreign.tried().total() == 4


def test_refused_orders_go_out_again(desk: Desk) -> None:
    """A refused order created nothing: unchanged it is tried again, corrected it is created, its sentence is the remote's."""
    desk.foreign.answers["B-1"] = [Refuse(["SKU不存在"]), Refuse(["SKU不存在", "库存不足"])]
    book = desk.write("orders.xlsx", [line("B-1", MSKU="typo"), line("B-2")])

    first = desk.submit(book, code=4)
    assert first.fates == {"B-1": "rejected", "B-2": "created"}
    assert "SKU不存在" in first.one["outcomes"][0]["message"]
    assert first.one["outcomes"][0]["attempts"] == 1

    second = desk.submit(book, code=4)
    assert second.fates == {"B-1": "rejected", "B-2": "skipped"}
    assert "库存不足" in second.one["outcomes"][0]["message"]

    third = desk.submit(desk.write("orders.xlsx", [line("B-1", MSKU="right"), line("B-2")]), code=0)
    assert third.fates == {"B-1": "created", "B-2": "skipped"}
    assert desk.foreign.tried() == {"B-1": 3, "B-2": 1}
    assert desk.foreign.payloads()["B-1"]["item_list"] == [{"msku": "right", "quantity_shipped": 1}]


def test_an_order_of_somebody_else_is_refused(desk: Desk) -> None:
    """An order number that exists without an attempt of ours is another's order: refused, and it says so."""
    desk.foreign.answers["C-1"] = [Refuse(["订单号已经存在"])]
    ran = desk.submit(desk.write("orders.xlsx", [line("C-1")]), code=4)
    assert ran.fates == {"C-1": "rejected"}
    assert "已经有这个订单号" in ran.one["outcomes"][0]["message"]
