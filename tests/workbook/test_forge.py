"""Children that are forked do what children that are started do: the same answers, the same limits, the same end."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkorders.errors import BulkordersError
from bulkorders.pipeline.ingest import check_file
from bulkorders.workbook import isolated
from bulkorders.workbook.forge import CAN_FORK

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="this system cannot fork a process")
SAMPLE = Path(__file__).parents[2] / "sample_data" / "lingxing-mcf" / "orders.xlsx"


@pytest.fixture(scope="module", autouse=True)
def _warm() -> Iterator[None]:
    """One process that forks, for all of them."""
    with isolated.warm_children():
        yield


def test_a_forked_child_says_what_a_started_one_says(tmp_path: Path) -> None:
    """A good file and a damaged one, with the process that forks and without it."""
    damaged = tmp_path / "damaged.xlsx"
    damaged.write_bytes(SAMPLE.read_bytes()[:2000])
    warm = [check_file(path)[0].checked for path in (SAMPLE, damaged)]
    forges, isolated._forges[:] = isolated._forges[:], []
    try:
        cold = [check_file(path)[0].checked for path in (SAMPLE, damaged)]
    finally:
        isolated._forges[:] = forges
    assert warm[1].refused is not None
    assert warm == cold


def test_a_forked_child_ends_when_nobody_waits_for_it() -> None:
    """At once, and nothing is left open."""
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0  # noqa: PTH208
    start = time.monotonic()
    with pytest.raises(BulkordersError, match="没有检查完"):
        check_file(SAMPLE, left=lambda: 0.0)
    assert time.monotonic() - start < 5
    assert check_file(SAMPLE)[0].refused is None
    after = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").exists() else 0  # noqa: PTH208
    assert after == before


def test_without_the_process_that_forks_children_are_started() -> None:
    """It may be ended by a system that is short of memory."""
    (forge,) = isolated._forges
    forge._process.kill()
    forge._process.wait()
    assert check_file(SAMPLE)[0].refused is None
