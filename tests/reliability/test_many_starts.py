"""Many processes at the same instant on one workbook: one sends, the others wait and say for whom, and each order is there once."""

from pathlib import Path

import pytest
from merchant import merchant
from stage import at_each_remote

from bulkorders.core.provider import Provider

ORDERS = 12
RATE = 4


@at_each_remote
@pytest.mark.parametrize("processes", [5, pytest.param(20, marks=pytest.mark.slow)])
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
        waited = [done for done in ended if any(str(process.pid) in done.err for process in started)]
        print(f"F19 {provider.name}: {processes} at once, {len(at.creates)} creates, {at.most_in_a_second()} in a second, {len(waited)} waited")
        assert waited
