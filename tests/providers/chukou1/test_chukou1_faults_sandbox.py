"""The imitation of Chukou1 under faults that are asked for by name, over real sockets."""

from contextlib import suppress
from typing import Any

import httpx
import pytest
from chukou1_caller import FIRST, ORDER, Caller, Clock, make_caller, make_clock, make_sandbox  # noqa: F401  # fixtures

from bulkorders.core.catalogue import CATALOGUE
from bulkorders.core.control import Control, Controlled
from bulkorders.providers.chukou1.sandbox import CREATE, LABEL, LOCATIONS, STATUS, Chukou1Sandbox

UNENDING = ("slow_bytes", "endless_headers", "endless_body", "huge_body", "gzip_bomb", "slow_answer")
"""Faults whose wire is tested elsewhere, and that a plain client would wait for."""
NAMES = [name for name in CATALOGUE if not name.startswith(UNENDING)]


def ask(sandbox: Chukou1Sandbox, fault: str, **asked: Any) -> None:
    """Puts a fault into force."""
    Control({"chukou1": sandbox}).add({"fault": fault, **asked}, 0.0)


def states(sandbox: Chukou1Sandbox, clock: Clock) -> list[tuple[str, str]]:
    """Each accepted submission, and what became of it."""
    return [(order["order"], order["state"]) for order in sandbox.truth(clock.now)["orders"]]


@pytest.mark.parametrize("name", NAMES)
def test_the_order_is_taken_where_the_fault_says_so(caller: Caller, sandbox: Chukou1Sandbox, name: str) -> None:
    """And the next create is well, or is ignored since the order exists."""
    ask(sandbox, name)
    with suppress(httpx.TransportError):
        caller.create()

    is_taken = name.endswith("_accepted") or name == "hidden"
    assert len(sandbox.ledger) == is_taken
    assert sandbox.faults.met == {name: 1}
    assert caller.create() == (200 if is_taken else 201)


def test_it_can_be_controlled(sandbox: Chukou1Sandbox) -> None:
    """By name, over HTTP, with its truth told."""
    assert isinstance(sandbox, Controlled)


def test_a_late_commit_of_equal_data_is_ignored(caller: Caller, sandbox: Chukou1Sandbox, clock: Clock) -> None:
    """The order that was sent again in the meantime stays the only one."""
    ask(sandbox, "late_commit", delay=2)
    assert (caller.create(), caller.create()) == (504, 201)
    clock.now += 2

    assert states(sandbox, clock) == [(FIRST, "live")]


def test_a_late_commit_of_other_data_modifies_what_is_there(caller: Caller, sandbox: Chukou1Sandbox, clock: Clock) -> None:
    """As the remote does with any changed data: the order that came in between is cancelled."""
    ask(sandbox, "late_commit", delay=2)
    assert (caller.create(Remark="first"), caller.create(Remark="second")) == (504, 201)
    clock.now += 2

    assert states(sandbox, clock) == [(FIRST, "modified"), (FIRST, "live")]


def test_a_rotated_token_is_refused_from_then_on(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """Those that OAuth gave out; a new one works."""
    caller.login()
    ask(sandbox, "rotate_token")

    assert (caller.create(), caller.create()) == (401, 401)
    caller.login()
    assert (caller.create(), len(sandbox.ledger)) == (201, 1)


def test_the_fixed_token_is_never_rotated(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """The vendor issues it once."""
    ask(sandbox, "rotate_token")

    assert caller.create() == 201


def test_a_status_may_be_that_of_another_order(caller: Caller, sandbox: Chukou1Sandbox) -> None:
    """Creates are no look-ups, and the next look-up is right again."""
    ask(sandbox, "wrong_order")
    caller.create()

    assert [caller.status()["PackageId"] for _ in range(2)] == [f"{FIRST}-other", FIRST]


@pytest.mark.parametrize("path", [CREATE, STATUS, LABEL, LOCATIONS])
def test_an_answer_without_an_order_is_not_mixed_up(caller: Caller, sandbox: Chukou1Sandbox, path: str) -> None:
    """Whatever path the fault was asked for."""
    ask(sandbox, "wrong_order", path=path)
    answers = {
        CREATE: lambda: caller.create(),
        STATUS: lambda: caller.send("GET", "/v1/fbaOrder/none/status").status_code,
        LABEL: lambda: caller.send("POST", LABEL, b"{}").status_code,
        LOCATIONS: lambda: caller.send("GET", LOCATIONS).status_code,
    }

    assert answers[path]() == {CREATE: 201, STATUS: 404, LABEL: 400, LOCATIONS: 200}[path]


def test_one_order_may_be_hidden_for_a_while(caller: Caller, sandbox: Chukou1Sandbox, clock: Clock) -> None:
    """Others are not; its PackageId is taken at once."""
    ask(sandbox, "hidden", delay=30)
    assert (caller.create(), caller.create(), caller.create(PackageId="2")) == (201, 200, 201)

    clock.now += 29
    assert caller.send("GET", STATUS.replace("*", FIRST)).status_code == 404
    assert caller.status("2")["PackageId"] == "2"
    clock.now += 1
    assert caller.status()["PackageId"] == FIRST


def test_the_truth_has_every_accepted_submission(caller: Caller, sandbox: Chukou1Sandbox, clock: Clock) -> None:
    """In order, as it came, with what became of it: modified since, failed, or live; and the counters."""
    caller.create()
    caller.create(Remark="other")
    caller.create(PackageId="2", ServiceCode="NOSUCH")
    caller.post({**ORDER, "Location": ""})
    clock.now += 1
    truth = sandbox.truth(clock.now)

    entry = sandbox.ledger[0]
    told = {"order": FIRST, "number": entry.ck1_package_id, "time": clock.now - 1, "body": entry.body.decode(), "state": "modified"}
    assert truth["orders"][0] == told
    assert states(sandbox, clock) == [(FIRST, "modified"), (FIRST, "live"), ("2", "failed")]
    assert (truth["requests"], truth["max_in_flight"], truth["refusals"], truth["pending"]) == ({CREATE: 4}, {CREATE: 1}, {"400": 1}, 0)
