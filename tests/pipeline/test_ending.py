"""A run that was asked to end: ten seconds, shared between the call in flight and the results."""

import math
from dataclasses import dataclass
from pathlib import Path

import pytest
from openpyxl import Workbook
from sender import QuickClock

from bulkorders.errors import BulkordersError
from bulkorders.pipeline.ending import BOOK_SECONDS, LONGEST_CALL, ROW_SECONDS, SHORTEST_CALL, STOP_SECONDS, Ending
from bulkorders.workbook.isolated import write_results


@dataclass
class Somebody:
    """Asked the run to end so many seconds ago."""

    ago: float | None = None

    def interrupted(self) -> float | None:
        """So it is."""
        return self.ago


def ending(rows: int, ago: float | None = 0.0, books: int = 1) -> Ending:
    """A run whose batches have so many rows."""
    return Ending(QuickClock(), Somebody(ago), rows, books)


def test_a_run_that_nobody_interrupts_has_all_the_time() -> None:
    """Its results may take as long as they take."""
    assert not ending(10**6, None).has_begun
    assert ending(10**6, None).for_results() == math.inf


def test_an_exception_begins_the_end_like_a_signal() -> None:
    """Where nobody notes signals, the seconds run from when Python's own interrupt came through."""
    found = ending(4, None)
    found.begin()
    found.clock.sleep(3)
    assert found.has_begun
    assert found.for_results() < STOP_SECONDS - 3


@pytest.mark.parametrize("rows", [0, 4, 100, 1000, 4000, 18_000])
@pytest.mark.parametrize("books", [1, 2])
def test_the_larger_the_batch_the_shorter_the_call_is_waited_for(rows: int, books: int) -> None:
    """The call and then the results, as long as they are expected to take, are over in ten seconds."""
    call = ending(rows, books=books).for_call()
    writing = BOOK_SECONDS * books + ROW_SECONDS * rows
    assert SHORTEST_CALL <= call <= LONGEST_CALL
    assert call == SHORTEST_CALL or call + writing < STOP_SECONDS
    assert call >= ending(rows + 500, books=books).for_call()


def test_what_cannot_be_written_in_time_takes_nothing_from_the_call() -> None:
    """The results of thirty thousand rows would come too late anyway."""
    assert ending(30_000).for_call() > ending(18_000).for_call()


@pytest.mark.parametrize("ago", [0.0, 0.5, 3.0, 9.0, 9.9, 60.0])
@pytest.mark.parametrize("rows", [4, 3000, 15_000, 10**6])
def test_no_wait_goes_beyond_the_ten_seconds(rows: int, ago: float) -> None:
    """However late the run comes to it, and however large its batches are."""
    assert 0 <= ending(rows, ago).for_call() <= max(0.0, STOP_SECONDS - ago)


@pytest.mark.parametrize("seconds", [0.0, 0.02])
def test_results_that_come_too_late_are_given_up_without_a_trace(tmp_path: Path, seconds: float) -> None:
    """The process that writes them is ended, the old results stay, no draft lies beside them, and a sentence says so."""
    book = Workbook()
    assert book.active is not None
    for number in range(5000):
        book.active.append([f"A-{number}", "x" * 50])
    book.save(tmp_path / "in.xlsx")
    (tmp_path / "out.xlsx").write_bytes(b"yesterday's")
    counting = iter([seconds, seconds / 2, 0.0])
    told = {"is_test": False, "summary": [], "counts": [], "sheets": {}}
    with pytest.raises(BulkordersError, match="来不及"):
        write_results(tmp_path / "in.xlsx", told, tmp_path / "out.xlsx", lambda: next(counting))
    assert (tmp_path / "out.xlsx").read_bytes() == b"yesterday's"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.xlsx", "out.xlsx"]
