"""Many small files at once: each is handled once, and the memory stays as it is."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from many_files import MEBIBYTE, measure  # found from here on


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read in /proc")
def test_two_thousand_files_are_handled_once_each(tmp_path: Path) -> None:
    """Each in the ledger once, its results written; what the program holds at the end it held after a tenth of them."""
    found = measure(2000, tmp_path)
    found.tell()
    assert found.memory[-1] - found.memory[0] < 60 * MEBIBYTE
