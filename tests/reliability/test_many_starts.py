"""Many processes at the same instant on one workbook: one sends, the others wait and say for whom, and each order is there once."""

import json
import time
from pathlib import Path

import pytest
from merchant import Merchant, merchant
from stage import PROVIDERS

from bulkorders.core.provider import Provider

ORDERS = 12
RATE = 4
TAKEN_OVER_SECONDS = 10.0


@pytest.mark.parametrize(
    ("provider", "processes"),
    [
        pytest.param(provider, processes, marks=marks, id=f"{processes}-{provider.name}")
        for provider in PROVIDERS
        for processes, marks in ((5, () if provider.name == "lingxing" else pytest.mark.slow), (20, pytest.mark.slow))
    ],
)
def test_processes_started_at_once_create_each_order_once(provider: Provider, processes: int, tmp_path: Path) -> None:
    """F19: all exit 0, whoever sent the orders; never two calls in flight, nor more in a second than one process may make."""
    with merchant(provider, tmp_path, ORDERS, max_per_second=RATE) as at:
        started = [at.start("submit", "--json", "orders.xlsx", "--results", f"{number}.xlsx") for number in range(processes)]
        ended = [at.finish(process) for process in started]
        assert [done.code for done in ended] == [0] * processes, ended
        at.assert_each_created_once(ORDERS)
        fates = [set(done.statuses.values()) for done in ended]
        assert all(each <= {"created", "skipped"} for each in fates)
        assert len(at.creates) == ORDERS
        assert at.most_in_a_second() <= RATE
        waited, most = [done for done in ended if any(str(process.pid) in done.err for process in started)], at.most_in_a_second()
        print(f"F19 {provider.name}: {processes} at once, {len(at.creates)} creates, {most} in a second, {len(waited)} waited")
        assert waited


@pytest.mark.parametrize(
    "provider",
    [pytest.param(each, marks=() if each.name == "chukou1" else pytest.mark.slow, id=each.name) for each in PROVIDERS],
)
def test_a_dead_holder_is_followed_soon(provider: Provider, tmp_path: Path) -> None:
    """F19: the one that sends is killed in the middle; another that waits goes on within 10 s, and each order is there once."""
    with merchant(provider, tmp_path, ORDERS, max_per_second=RATE) as at:
        started = {process.pid: process for process in (at.start("submit", "--json", "orders.xlsx") for _ in range(2))}
        while len(at.creates) < ORDERS // 3:
            assert [process.poll() for process in started.values()] == [None, None]
            time.sleep(0.01)
        holder = started.pop(pid_of_holder(at))
        holder.kill()
        holder.communicate()
        before = len(at.creates)
        (ended,) = [at.finish(process) for process in started.values()]
        gap = at.creates[before].at - at.creates[before - 1].at
        print(f"F19 {provider.name}: taken over after {gap:.1f} s")
        assert (ended.code, set(ended.statuses.values()) | {"created", "skipped"}) == (0, {"created", "skipped"})
        at.assert_each_created_once(ORDERS)
        assert gap < TAKEN_OVER_SECONDS


def pid_of_holder(at: Merchant) -> int:
    """Who sends, as everybody may read beside the journal."""
    (told,) = (at.folder / "journal.db.files").glob("gate-*.json")
    return int(json.loads(told.read_text(encoding="utf-8"))["pid"])
