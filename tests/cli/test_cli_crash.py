"""The program dies at every point there is, and is started again: nothing is lost, nothing is twice, and what is told is true."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import openpyxl
import pytest
from desk import Desk, Ran, make_desk  # noqa: F401  # a fixture
from fba_desk import FbaDesk, make_fba, shipment  # noqa: F401  # a fixture
from foreign import line

from bulkorders.crash import VARIABLE

ORDERS = 3
MOST_POINTS = 200
"""More than any run of three orders passes."""
WORDS = {"已创建", "已跳过"}


class Remote(Protocol):
    """What both foreign servers tell."""

    def sent(self) -> list[str]:
        """The orders in the ledger."""
        ...


def walk(desk: Desk, remote: Remote, book_of: "Writer", first: int) -> int:
    """Crashes at every other point until a run ends by itself; gives how many points there were."""
    for number in itertools.count(first, 2):
        assert number < MOST_POINTS
        names = [f"N{number}-{order}" for order in range(ORDERS)]
        book = book_of(f"book{number}.xlsx", names)
        counter = desk.folder / f"passed{number}"
        crashed = desk.run("submit", "--json", book, code=None, **{VARIABLE: f"{counter}:{number}"})
        is_clean = counter.stat().st_size < number
        ran = crashed if is_clean else finish(desk, book, number)
        assert_told_as_it_is(desk, remote, names, ran, book)
        if is_clean:
            return number - 1
    raise AssertionError("endless")


class Writer(Protocol):
    """Writes a workbook of some orders."""

    def __call__(self, name: str, orders: Sequence[str]) -> Path:
        """Its path."""
        ...


RESUMED, SUBMITTED = 1, 2
"""The first point of a walk whose crashes an ops person goes on after, and of one where the merchant submits again: odd, even."""
both_halves = pytest.mark.parametrize("first", [RESUMED, SUBMITTED], ids=["resumed", "submitted"])


def finish(desk: Desk, book: Path, number: int) -> Ran:
    """Goes on after a crash, as an ops person would or as a merchant would, until everything is done."""
    if number % 2 == RESUMED:
        resumed = desk.run("resume", "--json", code=0)
        if resumed.lines:
            return resumed
    return desk.run("submit", "--json", book, code=0)


def assert_told_as_it_is(desk: Desk, remote: Remote, names: Sequence[str], ran: Ran, book: Path) -> None:
    """Each order once in the ledger; told as created, in the JSON and in the results workbook."""
    sent = [order for order in remote.sent() if order in names]
    assert sorted(sent) == sorted(names), ran
    assert set(ran.fates) == set(names)
    assert set(ran.fates.values()) <= {"created", "skipped"}, ran
    sheet = openpyxl.load_workbook(desk.folder / f"{book.stem}_结果.xlsx")["Sheet"]
    heading, *rows = sheet.iter_rows(values_only=True)
    assert {row[heading.index("提交状态")] for row in rows} <= WORDS


@both_halves
def test_a_crash_at_any_point_loses_and_doubles_nothing_at_lingxing(desk: Desk, first: int) -> None:
    """N = 1, 2, 3 ...: every journal write, call, answer and file write, until a run passes them all."""
    desk.configure(settle_seconds=0.1)
    points = walk(desk, desk.foreign, lambda name, orders: desk.write(name, [line(order) for order in orders]), first)
    assert points >= 25


@both_halves
def test_a_crash_at_any_point_loses_and_doubles_nothing_at_chukou1(fba: FbaDesk, first: int) -> None:
    """The same where orders are looked up first, accepted, and followed."""
    fba.configure(settle_seconds=0.1, max_per_second=50)  # the pace has tests of its own
    points = walk(fba, fba.remote, lambda name, orders: fba.write(name, [shipment(order) for order in orders]), first)
    assert points >= 35
