"""The imitation of Lingxing under faults that are asked for by name, over real sockets."""

from contextlib import suppress
from typing import Any

import httpx
import pytest
from lingxing_caller import ORDER, Caller, Clock, make_caller, make_clock, make_sandbox  # noqa: F401  # fixtures

from bulkorders.core.catalogue import CATALOGUE
from bulkorders.core.control import Control, Controlled
from bulkorders.core.imitation import Fault
from bulkorders.providers.lingxing.sandbox import CANCEL, CREATE, ORDERS, PRODUCTS, SELLERS, LingxingSandbox, Store

UNENDING = ("slow_bytes", "endless_headers", "endless_body", "huge_body", "gzip_bomb", "slow_answer")
"""Faults whose wire is tested elsewhere, and that a plain client would wait for."""
NAMES = [name for name in CATALOGUE if not name.startswith(UNENDING)]


def ask(sandbox: LingxingSandbox, fault: str, **asked: Any) -> None:
    """Puts a fault into force."""
    Control({"lingxing": sandbox}).add({"fault": fault, **asked}, 0.0)


def looked_up(caller: Caller, sandbox: LingxingSandbox) -> list[tuple[int, str]]:
    """Store and number of the orders that a look-up of the first order shows."""
    entry = sandbox.ledger[0]
    asked = {"order_info": [{"sid": entry.store.sid, "seller_fulfillment_order_id": entry.order_id}]}
    return [(row["sid"], row["seller_fulfillment_order_id"]) for row in caller.call(PRODUCTS, asked)["data"]]


@pytest.mark.parametrize("name", NAMES)
def test_the_order_is_taken_where_the_fault_says_so(caller: Caller, sandbox: LingxingSandbox, name: str) -> None:
    """And the next create is well, or is told that the number exists."""
    ask(sandbox, name)
    with suppress(httpx.TransportError, ValueError, TypeError):
        caller.create()

    is_taken = name.endswith("_accepted") or name == "hidden"
    assert len(sandbox.ledger) == is_taken
    assert sandbox.faults.met == {name: 1}
    assert caller.create()["code"] == (500 if is_taken else 0)


def test_it_can_be_controlled(sandbox: LingxingSandbox) -> None:
    """By name, over HTTP, with its truth told."""
    assert isinstance(sandbox, Controlled)


def test_without_a_list_of_stores_none_is_to_be_checked(sandbox: LingxingSandbox) -> None:
    """A client that looks for the store first would find none before its first order."""
    assert sandbox.account("")["check_stores"] is False
    assert "check_stores" not in LingxingSandbox(stores=[Store(7, "8speed-US1", "美国")]).account("")


def test_a_late_commit_of_a_number_that_exists_is_ignored(caller: Caller, sandbox: LingxingSandbox, clock: Clock) -> None:
    """The order that was sent again in the meantime stays the only one."""
    ask(sandbox, "late_commit", delay=2)
    with suppress(ValueError):
        caller.create()
    clock.now += 1
    assert caller.create(remark="again")["code"] == 0
    clock.now += 5
    orders = sandbox.truth(clock.now)["orders"]

    assert [(order["time"], order["state"]) for order in orders] == [(clock.now - 5, "live")]


def test_a_busy_bucket_refuses_with_its_own_code(caller: Caller, sandbox: LingxingSandbox) -> None:
    """In the gateway's envelope; the order is not taken."""
    ask(sandbox, "busy", times=2)

    assert [caller.create()["code"] for _ in range(3)] == ["3001008", "3001008", 0]
    assert sandbox.refusals == {"3001008": 2}


def test_a_rotated_token_is_refused_from_then_on(caller: Caller, sandbox: LingxingSandbox) -> None:
    """As if another program had fetched one: both tokens of the pair are worth nothing, and a new pair works."""
    ask(sandbox, "rotate_token")

    assert [caller.create()["code"], caller.call(SELLERS)["code"]] == ["2001005", "2001005"]
    assert caller.refresh(caller.pair["refresh_token"])["code"] == "2001009"
    caller.login()
    assert (caller.create()["code"], len(sandbox.ledger)) == (0, 1)


@pytest.mark.parametrize(("name", "other"), [("wrong_order", (1001, "1000796-other")), ("wrong_store", (1002, "1000796"))])
def test_a_look_up_may_answer_with_another_order(caller: Caller, sandbox: LingxingSandbox, name: str, other: tuple[int, str]) -> None:
    """Of another number, or of another store; creates are no look-ups."""
    ask(sandbox, name)
    caller.create()

    assert looked_up(caller, sandbox) == [other]
    assert looked_up(caller, sandbox) == [(1001, "1000796")]


@pytest.mark.parametrize("path", [CREATE, SELLERS])
def test_an_answer_without_orders_is_not_mixed_up(caller: Caller, sandbox: LingxingSandbox, path: str) -> None:
    """Whatever path the fault was asked for."""
    ask(sandbox, "wrong_order", path=path)

    assert caller.call(path, ORDER if path == CREATE else None)["data"] == []


def test_one_order_may_be_hidden_for_a_while(caller: Caller, sandbox: LingxingSandbox, clock: Clock) -> None:
    """Others are not; its number is taken at once."""
    ask(sandbox, "hidden", delay=30)
    assert (caller.create()["code"], caller.create()["code"], caller.create(order_id="2")["code"]) == (0, 500, 0)

    clock.now += 29
    assert (looked_up(caller, sandbox), caller.call(ORDERS, {})["total"]) == ([], 1)
    clock.now += 1
    assert (looked_up(caller, sandbox), caller.call(ORDERS, {})["total"]) == ([(1001, "1000796")], 2)


def test_the_truth_has_every_accepted_order(caller: Caller, sandbox: LingxingSandbox, clock: Clock) -> None:
    """In order, as it came, with what became of it; and the counters."""
    caller.create()
    caller.create(order_id="2")
    caller.create()
    caller.call(CANCEL, {"sid": sandbox.ledger[0].store.sid, "seller_fulfillment_order_id": "1000796"})
    truth = sandbox.truth(clock.now)

    body = sandbox.ledger[0].body.decode()
    told = {"order": "1000796", "store": "8speed-US1", "country": "美国", "time": clock.now, "body": body, "state": "cancelled"}
    assert truth["orders"][0] == told
    assert [(order["order"], order["state"]) for order in truth["orders"]] == [("1000796", "cancelled"), ("2", "live")]
    assert (truth["requests"][CREATE], truth["max_in_flight"][CREATE], truth["refusals"], truth["pending"]) == (3, 1, {"500": 1}, 0)


def test_a_fault_that_ends_the_token_spares_the_token_routes(caller: Caller, sandbox: LingxingSandbox) -> None:
    """They need none."""
    sandbox.fail_next(Fault(ends_token=True))

    assert caller.login()["code"] == "200"
    assert caller.create()["code"] == 0
