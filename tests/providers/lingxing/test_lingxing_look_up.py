"""What Lingxing's look-up proves of one order, and its list of stores: every shape that an answer may have."""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from foreign import APP_ID, CREATE, ORDERS, SECRET, STORES, TOKEN, Broken, Cut, Foreign, Gateway, Refuse, serve
from hypothesis import given
from hypothesis import strategies as st
from making import mcf_row, orders_of, sheet

from bulkorders.core.codes import UNKNOWN_STORE
from bulkorders.core.issue import issue_at
from bulkorders.core.order import Order
from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.template import Finding
from bulkorders.journal.journal import Journal
from bulkorders.journal.tokens import Tokens
from bulkorders.pipeline.app import SystemClock
from bulkorders.providers.lingxing import PROVIDER
from bulkorders.providers.lingxing.api import FRESH_SECONDS, STORES_SECONDS, LingxingApi, read_settings
from bulkorders.providers.lingxing.fields import MCF_ORDERS
from bulkorders.providers.lingxing.look_up import read_order
from bulkorders.providers.lingxing.stores import Stores

SID = 7
ITEMS = [{"msku": "msku-1", "quantity_shipped": 2}, {"msku": "msku-2", "quantity_shipped": 1}]
SENT = {"order_id": "1000796", "item_list": ITEMS}
LINES = [{"msku": "msku-1", "quantity": 2}, {"msku": "msku-2", "quantity": 1}]


def row(lines: Any = LINES, **changed: Any) -> dict[str, Any]:
    """What the remote shows of the order."""
    shown = {"sid": SID, "store_name": "8speed-US", "seller_fulfillment_order_id": "1000796", "order_status": "PLANNING"}
    return {**shown, "listing_detail_info": lines, **changed}


def verdict(data: Any) -> Verdict:
    """What an answer proves."""
    return read_order(data, SENT, SID).verdict


# -- which order ---------------------------------------------------------------------------------------------------------------
def test_the_order_with_its_lines_is_created() -> None:
    """This very order: of this number, in this store, with the lines that were sent."""
    assert read_order([row()], SENT, SID) == Outcome(Verdict.CREATED, "0", is_same=True)


@pytest.mark.parametrize("data", [[], None, ""])
def test_no_order_is_absent(data: Any) -> None:
    """An empty list, or none at all."""
    assert verdict(data) is Verdict.ABSENT


@pytest.mark.parametrize(
    "other",
    [row(seller_fulfillment_order_id="1000797"), row(sid=8), row(sid=None), row(seller_fulfillment_order_id=None), {}, {"sid": SID}],
)
def test_an_answer_about_another_order_stops(other: dict[str, Any]) -> None:
    """Another number, another store, or no name at all: it proves nothing of this order, and something is wrong."""
    found = read_order([other], SENT, SID)
    assert found.verdict is Verdict.STOPPED
    assert found.message is not None
    assert "另一单" in found.message.zh


def test_the_order_is_found_among_others() -> None:
    """An answer that holds more than was asked for is read as far as it is about this order."""
    others = [row(seller_fulfillment_order_id="1000797"), row([{"msku": "x", "quantity": 9}], sid=8)]
    assert verdict([*others, row()]) is Verdict.CREATED
    assert verdict([*others, row([])]) is Verdict.UNCLEAR


@pytest.mark.parametrize("changed", [{"seller_fulfillment_order_id": " 1000796 "}, {"seller_fulfillment_order_id": 1000796}, {"sid": "7"}])
def test_numbers_as_texts_and_texts_as_numbers_are_the_same(changed: dict[str, Any]) -> None:
    """How JSON writes them does not matter."""
    assert verdict([row(**changed)]) is Verdict.CREATED


# -- which lines -----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "lines",
    [
        [LINES[1], LINES[0]],
        [{"msku": "msku-1", "quantity": 1}, LINES[1], {"msku": "msku-1", "quantity": 1}],
        [{"msku": "msku-1", "quantity": "2"}, {"msku": " msku-2 ", "quantity": "1.0"}],
        [{"msku": "msku-1", "quantity": 2.0, "title": None}, {"msku": "msku-2", "quantity": 1}],
        [*LINES, {"msku": "msku-3", "quantity": 0}],
    ],
)
def test_equal_lines_are_equal_however_they_are_written(lines: list[dict[str, Any]]) -> None:
    """In another order, split and summed by MSKU, quantities as text or with a decimal point, more members, a line of none."""
    assert verdict([row(lines)]) is Verdict.CREATED


def test_lines_that_were_sent_split_are_summed_too() -> None:
    """The sheet may name an item twice."""
    sent = {**SENT, "item_list": [{"msku": "msku-1", "quantity_shipped": 1}, *ITEMS]}
    assert read_order([row([{"msku": "msku-1", "quantity": 3}, LINES[1]])], sent, SID).verdict is Verdict.CREATED
    assert read_order([row()], sent, SID).verdict is Verdict.FOREIGN


@pytest.mark.parametrize(
    "lines",
    [
        LINES[:1], [*LINES, {"msku": "msku-3", "quantity": 1}], [{"msku": "msku-1", "quantity": 1}, {"msku": "msku-2", "quantity": 2}],
        [{"msku": "MSKU-1", "quantity": 2}, LINES[1]], [{"msku": None, "quantity": 2}, LINES[1]],
    ],
)  # fmt: skip
def test_other_lines_are_another_order(lines: list[dict[str, Any]]) -> None:
    """Fewer, more, other quantities or other letters: told as somebody else's, with what to do; never taken for ours."""
    found = read_order([row(lines)], SENT, SID)
    assert (found.verdict, found.is_same) == (Verdict.FOREIGN, False)
    assert found.message is not None
    assert "换一个新的订单号" in found.message.zh


@pytest.mark.parametrize(
    "lines",
    [
        None, [], {}, "msku-1", 5, [None], ["msku-1"], [{"msku": "msku-1"}], [{"quantity": 2}], [{"msku": "msku-1", "quantity": None}],
        [{"msku": "msku-1", "quantity": "two"}], [{"msku": "msku-1", "quantity": True}], [{"msku": "msku-1", "quantity": [2]}],
        [{"msku": "msku-1", "quantity": "NaN"}], [{"msku": "msku-1", "quantity": "sNaN"}],
        [{"msku": "msku-1", "quantity": "2.5"}, LINES[1]], [{"msku": "msku-1", "quantity": -2}, LINES[1]],
        [{"msku": "msku-1", "quantity": "1e999999999"}, LINES[1]], [{"msku": "msku-1", "quantity": float("inf")}, LINES[1]],
    ],
)  # fmt: skip
def test_lines_that_cannot_be_read_prove_nothing(lines: Any) -> None:
    """The number is there, but not what was ordered under it: asked again, neither created nor somebody else's."""
    assert verdict([row(lines)]) is Verdict.UNCLEAR


@pytest.mark.parametrize("data", [{"list": [row()]}, "x", 5, True, [row(), None], [[row()]], ["1000796"]])
def test_an_answer_of_another_shape_proves_nothing(data: Any) -> None:
    """Not the list of the vendor's page: neither absent nor there."""
    assert verdict(data) is Verdict.UNCLEAR


MEMBERS = st.sampled_from(["sid", "seller_fulfillment_order_id", "listing_detail_info", "msku", "quantity"])
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@given(st.recursive(PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner)))
def test_no_answer_of_any_shape_breaks_the_reading_or_passes_for_the_order(data: Any) -> None:
    """Whatever stands where the lines belong, or in place of all: only the order itself is created."""
    for found in (read_order(data, SENT, SID), read_order([row(data)], SENT, SID)):
        assert found.verdict in (Verdict.ABSENT, Verdict.STOPPED, Verdict.FOREIGN, Verdict.UNCLEAR)


@pytest.mark.parametrize("status", ["CANCELLED", "Cancelled", "cancelled", " canceled ", "Canceled"])
def test_a_cancelled_order_is_told(status: str) -> None:
    """It was created, so it is not sent again; that it is cancelled now is said, in whatever letters the remote says it."""
    found = read_order([row(order_status=status)], SENT, SID)
    assert (found.verdict, found.is_same) == (Verdict.CREATED, True)
    assert found.message is not None
    assert "已取消" in found.message.zh


@pytest.mark.parametrize("status", ["PLANNING", "Processing", "COMPLETE", "", None, 5, ["Cancelled"]])
def test_other_statuses_are_no_news(status: Any) -> None:
    """Nothing has to be done about them."""
    assert read_order([row(order_status=status)], SENT, SID).message is None


# -- stores ----------------------------------------------------------------------------------------------------------------------
KNOWN = Stores(
    [
        {"sid": 1, "name": "8speed-US", "country": "美国", "status": 1},
        {"sid": 2, "name": "8speed-US", "country": "日本", "status": 1},
        {"sid": 3, "name": "oz", "country": "澳洲", "status": 1},
        {"sid": 4, "name": "stopped", "country": "美国", "status": 0},
        {"sid": 5, "name": "unauthorised", "country": "美国", "status": 2},
        {"sid": 6, "name": "indebted", "country": "美国", "status": 3},
        {"sid": 8, "name": " blanks ", "country": " 美国 ", "status": 1},
        {"sid": 9, "name": "far", "country": "火星", "status": 1},
    ]
)


def order(name: str = "8speed-US", country: str = "美国") -> Order:
    """An order of a store."""
    (only,) = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row(store_name=name, country=country)])).orders
    return only


def three_bodies() -> list[bytes]:
    """The payloads of three orders."""
    return [PROVIDER.encode({"order_id": f"A-{number}", "item_list": [{"msku": "m", "quantity_shipped": 1}]}) for number in range(3)]


def findings(stores: Stores, *orders: Order) -> list[tuple[int, str, str]]:
    """What is wrong: order, field, code."""
    return [(number, found.field, found.problem.code.name) for number, found in stores.vet(orders)]


def said(stores: Stores, wrong: Order) -> str:
    """The sentence about the only order."""
    ((_, finding),) = stores.vet([wrong])
    assert isinstance(finding, Finding)
    return issue_at(finding.problem).message.zh


@pytest.mark.parametrize(
    ("name", "country", "sid"),
    [
        ("8speed-US", "美国", 1), ("8speed-US", "日本", 2), ("oz", "澳洲", 3), ("oz", "澳大利亚", 3), ("blanks", "美国", 8),
        ("far", "火星", 9), (" 8speed-US ", " 美国", 1), ("stopped", "美国", 4),
    ],
)  # fmt: skip
def test_a_store_is_found_by_name_and_country(name: str, country: str, sid: int) -> None:
    """Both names of a market are one; blanks around do not count; a stopped store has its orders all the same."""
    found = KNOWN.find(name, country)
    assert found is not None
    assert found["sid"] == sid


@pytest.mark.parametrize(
    ("name", "country"), [("8speed-us", "美国"), ("8speed-US", "德国"), ("8speed", "美国"), ("oz", "奥地利"), ("", "")]
)
def test_another_store_is_not_found(name: str, country: str) -> None:
    """Other letters, another market: not this store."""
    assert KNOWN.find(name, country) is None


@pytest.mark.parametrize("sid", ["1", 1])
def test_a_number_of_a_store_may_be_a_text(sid: object) -> None:
    """Remotes that write numbers as texts have the same stores."""
    stores = Stores([{"sid": sid, "name": "one", "country": "美国", "status": "1"}])
    found = stores.find("one", "美国")
    assert found is not None
    assert str(found["sid"]) == "1"
    assert findings(stores, order("one")) == []


def test_wrong_stores_are_told_at_their_cell() -> None:
    """An unknown name at the name, a known name in another country at the country, a store that cannot be used at the name."""
    unusable = [order("stopped"), order("unauthorised"), order("indebted")]
    wrong = [order(), order("8speed-UK"), order("8speed-US", "德国"), *unusable, order("oz", "澳大利亚")]
    assert findings(KNOWN, *wrong) == [
        (1, "store_name", "unknown_store"), (2, "country", "unknown_store"), (3, "store_name", "store_stopped"),
        (4, "store_name", "store_stopped"), (5, "store_name", "store_stopped"),
    ]  # fmt: skip
    assert [word in said(KNOWN, each) for each, word in zip(unusable, ("停用", "授权", "欠费"), strict=True)] == [True] * 3


@pytest.mark.parametrize(
    ("name", "country", "nearest"),
    [
        ("8speed-UK", "美国", "8speed-US（美国）"), ("8speed-UK", "日本", "8speed-US（日本）"), ("8Speed-us", "美国", "8speed-US（美国）"),
        ("8speed-US", "德国", "8speed-US（美国）"), ("OZ", "澳大利亚", "oz（澳洲）"), ("stoped", "美国", "stopped（美国）"),
    ],
)  # fmt: skip
def test_the_nearest_store_is_named(name: str, country: str, nearest: str) -> None:
    """By its name first, by its country among equals."""
    assert f"「{nearest}」" in said(KNOWN, order(name, country))


def test_an_empty_list_tells_nothing() -> None:
    """An account whose stores are not shown is not one without stores."""
    assert findings(Stores([]), order()) == []


def test_rows_that_are_odd_break_nothing() -> None:
    """Members that are missing or of another kind: such a store is not there, the others are."""
    odd: list[dict[str, object]] = [
        {"sid": None, "name": None, "country": None, "status": None},
        {"sid": 1, "name": 5, "country": [], "status": {}},
    ]
    stores = Stores([*odd, {"sid": 2, "name": "8speed-US", "country": "美国", "status": []}])
    assert findings(stores, order()) == []
    assert findings(stores, order("x")) == [(0, "store_name", "unknown_store")]
    assert len(stores.describe()) == 3


# -- asked for -------------------------------------------------------------------------------------------------------------------
class Set(SystemClock):
    """The machine's time, moved by hand."""

    moved = 0.0

    def now(self) -> dt.datetime:
        """The time."""
        return super().now() + dt.timedelta(seconds=self.moved)


@pytest.fixture(name="foreign")
def make_foreign() -> Foreign:
    """Somebody else's server."""
    return Foreign()


@pytest.fixture(name="clock")
def make_clock() -> Set:
    """The time of both."""
    return Set()


Connect = Callable[..., LingxingApi]
"""Gives an api of the account: that of another process, as far as it can tell."""


@pytest.fixture(name="connect")
def make_connect(foreign: Foreign, clock: Set, journal: Journal) -> Iterator[Connect]:
    """Apis of one account at that server, closed at the end."""
    foreign.clock = lambda: clock.now().timestamp()
    with serve(foreign) as url, ExitStack() as stack:

        def connect(**settings: Any) -> LingxingApi:
            table = {"provider": "lingxing", "name": "main", "base_url": url, "app_id": APP_ID, "app_secret": SECRET}
            known = read_settings({**table, **settings})
            return stack.enter_context(closing(LingxingApi(known, PROVIDER.principal(known), Tokens(journal), clock)))

        yield connect
    foreign.assert_in_order()


def test_the_list_is_asked_for_once_a_minute(foreign: Foreign, connect: Connect, clock: Set) -> None:
    """By all processes together; one that lacks a store is asked for again after some seconds, and what was added is found."""
    for _ in range(3):
        assert connect().vet([order()]) == []
    assert foreign.calls[STORES] == 1
    clock.moved += STORES_SECONDS + 1
    assert connect().vet([order()]) == []
    assert foreign.calls[STORES] == 2

    def wrong() -> list[int]:
        found = connect().vet([order(), order("new-US")])
        assert not isinstance(found, Outcome)
        return [number for number, _ in found]

    assert [wrong(), wrong()] == [[1], [1]]
    assert foreign.calls[STORES] == 2
    foreign.stores = [*foreign.stores, ("new-US", "美国")]
    clock.moved += FRESH_SECONDS + 1
    assert wrong() == []
    assert foreign.calls[STORES] == 3
    assert foreign.calls[TOKEN] == 1


def test_an_order_got_ready_is_signed_anew_where_it_leaves_later(foreign: Foreign, connect: Connect, clock: Set) -> None:
    """A signature holds for two minutes, a wait for the account may be longer; one that leaves at once goes out as it was signed."""
    bodies = three_bodies()
    api = connect()
    upcoming = iter([*bodies[1:], None])
    api.look_ahead(lambda: next(upcoming))
    for seconds, body in zip((0, 0, 600), bodies, strict=True):
        clock.moved += seconds
        assert api.create(body).verdict is Verdict.CREATED
    assert foreign.calls[CREATE] == len(foreign.sent()) == 3


def test_a_clock_that_was_set_back_does_not_keep_an_old_list(foreign: Foreign, connect: Connect, clock: Set) -> None:
    """A list of the future is as good as none."""
    connect().vet([order()])
    clock.moved -= 3600
    connect().vet([order()])
    assert foreign.calls[STORES] == 2


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Gateway("2001004", "unauthorized"), Verdict.WITHHELD), (Gateway("500", "404 NOT_FOUND"), Verdict.WITHHELD),
        (Gateway("3001002", "ip"), Verdict.STOPPED), (Gateway("2001006", "sign"), Verdict.STOPPED), (Cut(), Verdict.UNCLEAR),
        (Broken(503), Verdict.UNCLEAR), (Broken(200, b"<html>"), Verdict.UNCLEAR), (Gateway("3001008", "busy"), Verdict.NOT_PROCESSED),
        (Broken(200, b'{"code":0,"data":{"x":1}}'), Verdict.UNCLEAR), (Broken(200, b'{"code":1,"message":"x"}'), Verdict.UNCLEAR),
    ],
)  # fmt: skip
def test_a_list_that_is_not_given_is_no_empty_list(
    foreign: Foreign, connect: Connect, answer: Gateway | Cut | Broken, expected: Verdict
) -> None:
    """Why there is none is said; it is not kept, and it proves of no order that it is absent."""
    foreign.always[STORES] = answer
    api = connect(read_timeout=0.2)
    found = api.vet([order("unknown")])
    assert isinstance(found, Outcome)
    assert found.verdict is expected
    looked = api.look_up(json.dumps({**SENT, "store_name": "8speed-US", "country": "美国"}).encode())
    assert looked.verdict is expected
    foreign.always.clear()
    assert api.vet([order()]) == []


def test_who_does_not_check_stores_asks_for_none(foreign: Foreign, connect: Connect) -> None:
    """`check_stores = false`: not a call."""
    assert connect(check_stores=False).vet([order("unknown")]) == []
    assert foreign.calls.total() == 0


def test_an_order_is_looked_up_in_its_own_store(foreign: Foreign, connect: Connect) -> None:
    """By both names of a market, after a fresh list for a store that was added; of a store that was never there nothing can be told."""
    foreign.stores = [("oz", "澳大利亚")]
    api = connect()
    sent = {"order_id": "A-1", "country": "澳大利亚", "store_name": "oz", "item_list": [{"msku": "m", "quantity_shipped": 1}]}
    assert api.create(PROVIDER.encode(sent)).verdict is Verdict.CREATED
    assert api.look_up(PROVIDER.encode({**sent, "country": "澳洲"})).verdict is Verdict.CREATED
    assert api.look_up(PROVIDER.encode({**sent, "order_id": "A-2"})).verdict is Verdict.ABSENT
    assert foreign.calls[STORES] == 1
    foreign.stores = [*foreign.stores, ("new", "美国")]
    assert api.look_up(PROVIDER.encode({**sent, "store_name": "new", "country": "美国"})).verdict is Verdict.ABSENT
    assert foreign.calls[ORDERS] == 3
    assert api.look_up(PROVIDER.encode({**sent, "store_name": "nowhere"})).verdict is Verdict.UNLISTED
    assert foreign.calls[ORDERS] == 3


def test_an_order_is_looked_up_in_a_store_that_was_renamed(foreign: Foreign, connect: Connect, clock: Set) -> None:
    """By the number that the store had under its old name, however often the list was asked for since; no new order may name it."""
    foreign.stores = [("old", "美国"), ("two", "美国")]
    sent = PROVIDER.encode({"order_id": "A-1", "country": "美国", "store_name": "old", "item_list": ITEMS})
    assert connect().vet([order("old")]) == []
    assert connect().create(sent).verdict is Verdict.CREATED
    foreign.stores = [("new", "美国"), ("two", "美国")]
    there = {"sid": 1, "seller_fulfillment_order_id": "A-1", "listing_detail_info": LINES}
    for _ in range(3):
        clock.moved += STORES_SECONDS + 1
        foreign.asks = {"A-1": [(200, json.dumps({"code": 0, "data": [there]}).encode())]}
        assert connect().look_up(sent).verdict is Verdict.CREATED
        found = connect().vet([order("old")])
        assert not isinstance(found, Outcome)
        assert [finding.problem.code for _, finding in found] == [UNKNOWN_STORE]
    described = connect().test()
    assert not isinstance(described, Outcome)
    assert len(described) == 2


def test_a_list_without_any_store_proves_of_no_order_that_it_is_absent(foreign: Foreign, connect: Connect) -> None:
    """An account that may not see its stores, or a remote that is not well: the order may be there all the same."""
    foreign.stores = []
    found = connect().look_up(PROVIDER.encode({"order_id": "A-1", "country": "美国", "store_name": "one", "item_list": ITEMS}))
    assert found.verdict is Verdict.UNCLEAR
    assert foreign.calls[ORDERS] == 0


def test_where_any_store_will_do_one_that_is_not_listed_has_nothing_yet(foreign: Foreign, connect: Connect) -> None:
    """`check_stores = false`: a sandbox that takes any store lists it with its first order."""
    sent = PROVIDER.encode({"order_id": "A-1", "country": "美国", "store_name": "nowhere", "item_list": ITEMS})
    for stores in (foreign.stores, []):
        foreign.stores = stores
        assert connect(check_stores=False).look_up(sent).verdict is Verdict.ABSENT


@pytest.mark.parametrize("hours", [-2, 2])
def test_the_remotes_own_time_is_learnt_from_a_refusal(foreign: Foreign, connect: Connect, clock: Set, hours: int) -> None:
    """A signature that is too old by the remote's clock is made anew by the time that it tells; then each call goes through at once."""
    foreign.clock = lambda: clock.now().timestamp() + 3600 * hours
    api = connect()
    bodies = three_bodies()
    assert [api.create(body).verdict for body in bodies] == [Verdict.CREATED] * 3
    assert foreign.calls[CREATE] == 4


def test_a_signature_that_stays_old_stops_and_names_the_clock(foreign: Foreign, connect: Connect) -> None:
    """Two calls, not more: what the remote tells of its time does not help."""
    foreign.always[CREATE] = Gateway("2001007", "api sign is expired")
    found = connect().create(PROVIDER.encode({"order_id": "A-1"}))
    assert found.verdict is Verdict.STOPPED
    assert found.message is not None
    assert "时间" in found.message.zh
    assert foreign.calls[CREATE] == 2


def test_a_refusal_of_the_business_is_not_signed_anew(foreign: Foreign, connect: Connect) -> None:
    """It has come through: once."""
    foreign.answers["A-1"] = [Refuse(["库存不足"])]
    assert connect().create(PROVIDER.encode({"order_id": "A-1"})).verdict is Verdict.REJECTED
    assert foreign.calls[CREATE] == 1
