"""Damaged workbooks: whatever is broken in a file, it is read, or refused with one sentence."""

import os
import time
from pathlib import Path
from random import Random

import pytest
from forked import exit_code, needs_fork
from mutate import mutate
from starts import starts
from watched import check

CODES = (0, 3, 4)
MOST_SECONDS = 20
"""For one file, on a machine that does other things besides."""
IN_A_TEST = 25

pytestmark = needs_fork


def damaged(seed: int) -> tuple[str, bytes]:
    """A damaged workbook: the same for a seed in every run."""
    random = Random(seed)
    name, content = random.choice(starts())
    return name, mutate(content, random)


def fates(seeds: range, folder: Path) -> tuple[dict[int, str], list[int]]:
    """What went wrong, by seed; and the exit codes."""
    wrong, codes = {}, []
    for seed in seeds:
        name, content = damaged(seed)
        path = folder / name
        path.write_bytes(content)
        start = time.monotonic()
        try:
            codes.append(exit_code(path, folder))
        except Exception as error:  # noqa: BLE001  # any is a fault, and the other files are to be seen too
            wrong[seed] = f"{name}: {type(error).__name__}: {error}"
        if (taken := time.monotonic() - start) > MOST_SECONDS:
            wrong[seed] = f"{name}: {taken:.0f} s"
        path.unlink()
    return wrong, codes


def test_the_workbooks_that_damage_starts_from_are_read(tmp_path: Path) -> None:
    """A start that were refused would try nothing; damage of it is to be seen."""
    for name, content in starts():
        path = tmp_path / name
        path.write_bytes(content)
        assert exit_code(path, tmp_path) in (0, 4), name


@pytest.mark.parametrize("first", range(0, 100, IN_A_TEST))
def test_a_damaged_workbook_is_read_or_refused(first: int, tmp_path: Path) -> None:
    """Only exit codes 0, 3 and 4, in bounded time; and both happen, or the damage would be too little or too much."""
    wrong, codes = fates(range(first, first + IN_A_TEST), tmp_path)
    assert wrong == {}
    assert set(codes) <= set(CODES)
    assert 3 in codes
    assert set(codes) > {3}


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 4000, 250))
def test_many_damaged_workbooks_are_read_or_refused(first: int, tmp_path: Path) -> None:
    """As above, three thousand times."""
    wrong, codes = fates(range(first, first + 250), tmp_path)
    assert wrong == {}
    assert set(codes) <= set(CODES)


@pytest.mark.skipif(not hasattr(os, "waitid"), reason="this system does not tell what a process has used")
@pytest.mark.parametrize("seed", range(5000, 5003))
def test_the_real_program_reads_or_refuses_a_damaged_workbook(seed: int, tmp_path: Path) -> None:
    """From end to end: one of the three exit codes, nothing on standard error, one JSON object a line."""
    name, content = damaged(seed)
    (tmp_path / name).write_bytes(content)
    ran = check(tmp_path / name, 90)
    assert ran.code in CODES
    assert ran.err == ""
    assert ran.out.startswith("{")
