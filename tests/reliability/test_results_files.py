"""The results workbook: whole or not at all, under another name where its own is locked, and the same whenever it is written."""

import random
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import openpyxl
import pytest
from merchant import merchant
from stage import Stage, at_each_remote, stage
from stage_books import names, write_book

from bulkorders.core.provider import Provider
from bulkorders.crash import VARIABLE
from bulkorders.errors import BulkordersError
from bulkorders.pipeline.report import report_batch, report_workbook
from bulkorders.pipeline.results import write_workbook

ORDERS = 5
OLD = b"the results of yesterday"
MOST_POINTS = 10
Cells = dict[str, list[tuple[object, ...]]]


def cells(path: Path) -> Cells:
    """All values of a workbook by sheet."""
    return {sheet.title: list(sheet.iter_rows(values_only=True)) for sheet in openpyxl.load_workbook(path).worksheets}


def write_again(at: Stage, target: Path) -> Path:
    """What `bulkorders results BATCH -o TARGET` does, for the newest batch."""
    with at.program() as app, app.journal.read() as connection:
        batch = connection.exec_driver_sql("SELECT id FROM batches ORDER BY created_at DESC").scalar()
        return write_workbook(app, report_workbook(app, report_batch(app, str(batch))), target).path


def submitted(at: Stage) -> Path:
    """A workbook that was sent; gives where its results are."""
    (template,) = at.provider.templates
    book = write_book(template, at.folder / "orders.xlsx", names(ORDERS))
    at.submit_file(book)
    return at.folder / "orders_结果.xlsx"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """A file that nobody may replace, as one that is open in Excel."""
    chattr = shutil.which("chattr")
    path.touch()
    if chattr is None or subprocess.run([chattr, "+i", path], capture_output=True, check=False).returncode:
        pytest.skip("no file can be locked here (chattr +i)")
    try:
        yield
    finally:
        subprocess.run([chattr, "-i", path], check=True)


@at_each_remote
def test_results_written_again_have_the_same_cells(provider: Provider, tmp_path: Path) -> None:
    """F24: `results BATCH` reads the journal alone, and shows what the run showed."""
    with stage(provider, tmp_path) as at:
        first = submitted(at)
        (at.folder / "orders.xlsx").unlink()
        assert cells(write_again(at, at.folder / "again.xlsx")) == cells(first)


@at_each_remote
def test_results_whose_name_is_locked_get_another_one(provider: Provider, tmp_path: Path) -> None:
    """F24: the orders are sent all the same, and the locked file stays as it is."""
    with stage(provider, tmp_path) as at, locked(at.folder / "orders_结果.xlsx"):
        first = submitted(at)
        assert first.read_bytes() == b""
        assert at.runs[0].code == 0
        heading, *rows = cells(at.folder / "orders_结果 (2).xlsx")["Sheet"]
        assert [row[heading.index("提交状态")] for row in rows] == ["已创建"] * ORDERS


@at_each_remote
def test_a_crash_while_results_are_written_leaves_the_old_or_the_new_ones(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F24: at each point where the writer may die, one whole file is there."""
    with stage(provider, tmp_path) as at:
        whole = cells(submitted(at))
        target, seen = at.folder / "target.xlsx", []
        for number in range(1, MOST_POINTS):
            target.write_bytes(OLD)
            counter = at.folder / f"passed{number}"
            monkeypatch.setenv(VARIABLE, f"{counter}:{number}")
            try:
                write_again(at, target)
            except BulkordersError:
                seen.append("old" if target.read_bytes() == OLD else "new")
            else:
                assert counter.stat().st_size < number
                break
            assert target.read_bytes() == OLD or cells(target) == whole
        assert seen == ["old", "new"]
        assert cells(target) == whole


@pytest.mark.slow
@at_each_remote
def test_kills_while_results_are_written_leave_the_old_or_the_new_ones(provider: Provider, tmp_path: Path) -> None:
    """F24 as real processes, at random instants."""
    chance = random.Random(20250409)
    with merchant(provider, tmp_path, 200) as at:
        (line,) = at.run("submit", "--json", "orders.xlsx").lines
        whole, target, seen = cells(at.folder / "orders_结果.xlsx"), at.folder / "target.xlsx", []
        for _ in range(20):
            target.write_bytes(OLD)
            process = at.start("results", line["batch"], "-o", "target.xlsx")
            time.sleep(chance.uniform(0.2, 1.5))
            process.kill()
            process.communicate()
            time.sleep(0.3)  # its writer, which dies with it, is gone
            seen.append("old" if target.read_bytes() == OLD else "new")
            assert seen[-1] == "old" or cells(target) == whole
        print(f"F24 {provider.name}: {seen.count('old')} old, {seen.count('new')} new")
