"""The checker: what the program tells, and what its calls were, against the sandbox's ledger of truth (invariants I1 to I7)."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from stage import Ran, Stage, Told
from stage_books import names
from witness import Call, most_within

THERE = frozenset({"created", "accepted", "skipped"})
"""What is told of orders that the remote has."""
NOT_THERE = frozenset({"rejected", "invalid", "unsent"})
LIVE, FAILED = "live", "failed"
"""States of an entry of the ledger: an order, and one that the remote took and then could not make. Any other was cancelled."""
USUAL_RATE = {"lingxing": None, "chukou1": 2.0}
"""Calls a second, where the settings say nothing else."""


@dataclass(frozen=True)
class Figures:
    """What a run and those after it cost. `repeated`: creates beyond the first of each order; `blind`: of an order that was there."""

    orders: int
    runs: int
    calls: int
    creates: int
    repeated: int
    blind: int
    most_attempts: int
    seconds: float

    def tell(self, what: str) -> None:
        """Prints them, for the table of figures."""
        print(f"{what}: {self}")


def audit(stage: Stage, orders: int) -> Figures:
    """Checks all that was done on a stage for the usual workbook of so many orders, and that it is finished."""
    check(stage, names(orders))
    figures = measure(stage, orders)
    assert_a_rerun_sends_nothing(stage, stage.submit_new(orders))
    return figures


def check(stage: Stage, wanted: Sequence[str]) -> None:
    """Holds what was told, and what was sent, against the ledger."""
    told, held = last_told(stage.runs), held_by(stage)
    _assert_all_told(wanted, told, stage.runs)
    _assert_nothing_twice(stage, held, wanted)
    _assert_told_as_it_is(told, held)
    _assert_frozen(stage.witness.creates)
    _assert_paced(stage)
    _assert_ended(stage.runs)


def held_by(stage: Stage) -> Counter[str]:
    """How many live orders of each number the remote has."""
    return Counter(entry["order"] for entry in truth(stage) if entry["state"] == LIVE)


def truth(stage: Stage) -> list[dict[str, str]]:
    """The ledger, when all late effects have come."""
    while stage.witness.truth(stage.clock.true())["pending"]:
        stage.clock.sleep(10)
    entries: list[dict[str, str]] = stage.witness.truth(stage.clock.true())["orders"]
    return entries


def last_told(runs: Sequence[Ran]) -> dict[str, Told]:
    """What was told of each order last."""
    return {order: told for ran in runs for order, told in ran.orders.items()}


def _assert_all_told(wanted: Sequence[str], told: Mapping[str, Told], runs: Sequence[Ran]) -> None:
    """I1, I6: each order of the workbook is told, once in each run, and where it was not created with a reason."""
    assert sorted(told) == sorted(wanted)
    assert [ran for ran in runs if ran.orders and sorted(ran.orders) != sorted(wanted)] == []
    assert [order for order, each in told.items() if each.status not in ("created", "skipped") and not each.message] == []


def _assert_nothing_twice(stage: Stage, held: Counter[str], wanted: Sequence[str]) -> None:
    """I2: no order number has two live orders, and none was modified, which would cancel the first."""
    assert [order for order, count in held.items() if count > 1] == []
    assert [entry["order"] for entry in truth(stage) if entry["state"] not in (LIVE, FAILED)] == []
    assert set(held) <= set(wanted)


def _assert_told_as_it_is(told: Mapping[str, Told], held: Counter[str]) -> None:
    """I3: what is told equals the ledger, and nothing is left in doubt."""
    assert [(order, each) for order, each in told.items() if each.status in THERE and order not in held] == []
    assert [(order, each) for order, each in told.items() if each.status in NOT_THERE and order in held] == []
    assert [(order, each) for order, each in told.items() if each.status not in THERE | NOT_THERE] == []


def _assert_frozen(creates: Sequence[Call]) -> None:
    """I4: every create of an order has the same bytes."""
    bodies: dict[str | None, set[bytes]] = defaultdict(set)
    for call in creates:
        bodies[call.order].add(call.body)
    assert [order for order, sent in bodies.items() if len(sent) > 1] == []


def _assert_paced(stage: Stage) -> None:
    """I5: never two creates in flight, and in no second more calls than allowed."""
    assert stage.witness.most_at_once <= 1
    rate = stage.settings.get("max_per_second", USUAL_RATE[stage.provider.name])
    for ran in stage.runs:
        # Chukou1's limit holds for all calls, Lingxing counts each path for itself
        calls = ran.calls if stage.provider.name == "chukou1" else ran.creates
        assert rate is None or most_within(1.0, calls) <= float(str(rate))


def _assert_ended(runs: Sequence[Ran]) -> None:
    """I7: each run had the exit code of its orders' fates. That it ended was seen when it ran."""
    for ran in runs:
        unfinished = bool(ran.statuses & {"in_doubt", "unsent", "accepted"})
        needed = bool(ran.statuses & {"invalid", "changed", "rejected"})
        assert ran.code == (5 if unfinished else 4 if needed else 0), ran


def assert_a_rerun_sends_nothing(stage: Stage, rerun: Ran) -> None:
    """I6: the finished workbook submitted again creates nothing that is there."""
    held = held_by(stage)
    before = {order for ran in stage.runs[:-1] for order, told in ran.orders.items() if told.status in THERE}
    assert {call.order for call in rerun.creates} & before == set()
    assert {rerun.orders[order].status for order in before} <= {"skipped"}
    assert max(held.values(), default=0) <= 1


def measure(stage: Stage, orders: int) -> Figures:
    """What it cost."""
    creates, first = stage.witness.creates, {entry["order"]: float(entry["time"]) for entry in reversed(truth(stage))}
    attempts = [Counter(call.order for call in ran.creates) for ran in stage.runs]
    return Figures(
        orders=orders,
        runs=len(stage.runs),
        calls=len(stage.witness.calls),
        creates=len(creates),
        repeated=len(creates) - len({call.order for call in creates}),
        blind=sum(call.order is not None and call.at > first.get(call.order, float("inf")) for call in creates),
        most_attempts=max((max(each.values(), default=0) for each in attempts), default=0),
        seconds=sum(ran.seconds for ran in stage.runs),
    )
