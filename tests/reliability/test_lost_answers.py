"""Creates whose answer is lost: each order is there once in the end, and told as it is."""

from pathlib import Path

from ledger import audit
from stage import at_each_remote, in_two_sizes, stage

from bulkorders.core.imitation import Fault
from bulkorders.core.provider import Provider

CUTS = ("cut_before", "cut_headers", "cut_after_headers", "cut_body")
LATE_SECONDS = (5, 30, 60, 90, 120)
SETTLE_SECONDS = 60.0
FEW = 20


@at_each_remote
@in_two_sizes
def test_orders_that_were_taken_before_the_line_broke_are_there_once(provider: Provider, orders: int, tmp_path: Path) -> None:
    """F5: of a fifth of all creates the order is taken and the answer cut, at four places: none is sent again, none is left in doubt."""
    with stage(provider, tmp_path) as at:
        for number, cut in enumerate(CUTS):
            at.fault(f"{cut}_accepted", share=0.05, seed=number)
        at.submit_new(orders)
        at.finish()
        figures = audit(at, orders)
        assert figures.repeated == 0
        figures.tell(f"F5 {provider.name} {orders}")


@at_each_remote
@in_two_sizes
def test_orders_that_were_not_taken_when_the_line_broke_are_all_sent(provider: Provider, orders: int, tmp_path: Path) -> None:
    """F6: a fifth of all creates is cut before it takes effect."""
    with stage(provider, tmp_path, settle_seconds=30) as at:
        for number, cut in enumerate(CUTS):
            at.fault(cut, share=0.05, seed=number)
        at.submit_new(orders)
        at.finish()
        figures = audit(at, orders)
        figures.tell(f"F6 {provider.name} {orders}")


@at_each_remote
@in_two_sizes
def test_orders_that_are_taken_after_a_504_are_there_once(provider: Provider, orders: int, tmp_path: Path) -> None:
    """F7: HTTP 504 at once, the order comes 5 to 120 s later."""
    with stage(provider, tmp_path) as at:
        for number, seconds in enumerate(LATE_SECONDS):
            at.fault("late_commit", share=0.04, delay=seconds, seed=number)
        at.submit_new(orders)
        at.finish()
        figures = audit(at, orders)
        figures.tell(f"F7 {provider.name} {orders}")


@at_each_remote
def test_an_order_that_look_ups_hide_for_a_while_is_not_doubled(provider: Provider, tmp_path: Path) -> None:
    """F5: not shown for almost as long as doubt lasts: only a remote that takes it for the same is sent it again."""
    with stage(provider, tmp_path, settle_seconds=SETTLE_SECONDS) as at:
        hidden = Fault(path=provider.endpoint, drop="before", entered=True, hides=SETTLE_SECONDS - 1)
        for number in range(3, FEW, 5):
            at.at_create(number, lambda: at.witness.fail_next(hidden))
        at.submit_new(FEW)
        at.finish()
        figures = audit(at, FEW)
        assert provider.updates or figures.repeated == 0
        figures.tell(f"F5 hidden {provider.name}")
