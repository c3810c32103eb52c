"""A remote that takes fewer calls than it is sent: the run finds its pace, loses no order and hardly any time."""

from pathlib import Path
from random import Random

import pytest
from ledger import audit
from stage import PROVIDERS, Stage, stage
from witness import Call, most_within

from bulkorders.core.imitation import Fault
from bulkorders.core.provider import Provider

RATE = 1.0
"""Calls a second that the remote takes: half of what Chukou1's accounts are set to, a fraction of Lingxing's natural pace."""
LEARNING_SECONDS = 30.0
MOST_REFUSED, LEAST_THROUGHPUT = 0.02, 0.9
TOO_FAST = {
    "429": Fault(status=429, body=b"{}"),
    "429 with Retry-After": Fault(status=429, body=b"{}", headers={"retry-after": "1"}),
    "3001008": Fault(code="3001008"),
}
FEW = 200
"""Orders of the small runs: enough to learn for half a minute, and to be measured after that."""
MANY = ((500, 1, pytest.mark.slow), (500, 5, pytest.mark.slow))
USUAL = {"lingxing": "3001008", "chukou1": "429 with Retry-After"}
"""What each suite tries; the others are slow tests."""
CASES = [
    pytest.param(provider, name, orders, capacity, id=f"{provider.name}-{name}-{orders}-{capacity}", marks=marks)
    for provider in PROVIDERS
    for name in TOO_FAST
    for orders, capacity, marks in ((FEW, 1, () if name == USUAL[provider.name] else pytest.mark.slow), *MANY)
    if provider.name == "lingxing" or name != "3001008"
]


class Bucket:
    """The remote's bucket of tokens: one comes back every `1 / RATE` seconds. Lingxing has one for each path, Chukou1 one for all calls."""

    def __init__(self, at: Stage, fault: Fault, capacity: int) -> None:
        self.at, self.fault, self.capacity = at, fault, capacity
        self.tokens, self.since = float(capacity), at.clock.true()
        self.taken: list[Call] = []
        self.refused: list[Call] = []

    def meet(self, call: Call) -> None:
        """Lets one call in, or has it refused."""
        if call.order is None and self.at.provider.name == "lingxing":
            return
        self.tokens = min(self.capacity, self.tokens + (call.at - self.since) * RATE)
        self.since = call.at
        if self.tokens >= 1:
            self.tokens -= 1
            self.taken.append(call)
        else:
            self.refused.append(call)
            self.at.witness.fail_next(self.fault)

    def figures(self) -> tuple[float, float]:
        """The share of calls that were refused, and what part of the remote's rate was used, from the learning's end to the last create."""
        first = self.taken[0].at + LEARNING_SECONDS
        last = max(call.at for call in self.taken if call.order is not None)
        taken = sum(first < call.at <= last for call in self.taken)
        refused = sum(first < call.at <= last for call in self.refused)
        return refused / (refused + taken), taken / ((last - first) * RATE)


@pytest.mark.parametrize(("provider", "name", "orders", "capacity"), CASES)
def test_a_smaller_bucket_is_used_to_the_full(provider: Provider, name: str, orders: int, capacity: int, tmp_path: Path) -> None:
    """F9: no order fails; after half a minute hardly a call is refused, and nine tenths of what the remote takes are used."""
    with stage(provider, tmp_path) as at:
        bucket, chance = Bucket(at, TOO_FAST[name], capacity), Random(3)
        at.witness.before = bucket.meet
        at.witness.takes = lambda: chance.uniform(0.2, 0.6)
        ran = at.submit_new(orders)
        assert (ran.code, ran.statuses) == (0, {"created"})
        assert {told.attempts for told in ran.orders.values()} == {1}
        refused, throughput = bucket.figures()
        print(f"F9 {provider.name} {name} {orders} capacity {capacity}: refused {refused:.2%}, throughput {throughput:.1%}")
        assert refused <= MOST_REFUSED
        assert throughput >= LEAST_THROUGHPUT
        audit(at, orders)


def test_the_first_two_creates_keep_their_distance_however_long_the_token_took(tmp_path: Path) -> None:
    """I5: what the token's own call took is no part of the round trip after which the pace is measured."""
    (lingxing,) = (provider for provider in PROVIDERS if provider.name == "lingxing")
    with stage(lingxing, tmp_path, max_per_second=1) as at:
        at.witness.takes = lambda: 0.9 if at.witness.calls[-1].order is None else 0.01
        at.submit_new(3)
        assert most_within(1.0, at.witness.creates) == 1
