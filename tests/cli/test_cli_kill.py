"""`kill -9` at random instants, started again until all is done: nothing lost, nothing twice, one order in doubt at most for each kill."""

import random
import sqlite3
import statistics
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import CREATE, line

ANYWHERE = 0.3
"""The share of kills that may come before the first create, while files are read and the journal is opened."""
RESUME_SECONDS = 5.0


@dataclass
class Killer:
    """Starts the program and kills it, again and again. `first_calls`: from a start after a kill to the first create.

    Most kills come within `longest` seconds of the first create: how long a machine takes to get there is no matter of chance.
    """

    desk: Desk
    chance: random.Random
    orders: int
    longest: float
    kills: int = 0
    books: int = 0
    killed_before: int = 0
    first_calls: list[float] = field(default_factory=list)

    def go(self, kills: int) -> None:
        """Kills so often, over as many workbooks as it takes, and lets the last one end by itself."""
        while self.kills < kills:
            self.books += 1
            book = self.desk.write(f"book{self.books}.xlsx", [line(name) for name in self.names()])
            process = self.desk.start("submit", "--json", book)
            self.killed_before = self.kills
            while self.kill(process) and self.kills < kills:
                process = self.desk.start("resume", "--json")
            self.desk.run("resume", "--json", code=0)
            ran = self.desk.run("submit", "--json", book, code=0)
            assert set(ran.fates.values()) <= {"skipped", "created"}  # created, where it was killed before there was a batch
            assert set(ran.fates) == set(self.names())

    def names(self) -> list[str]:
        """The orders of the workbook at hand."""
        return [f"K{self.books}-{number}" for number in range(self.orders)]

    def kill(self, process: "subprocess.Popen[bytes]") -> bool:
        """Kills at a random instant; gives whether it came before the end."""
        start, is_resumed = time.monotonic(), self.kills > self.killed_before
        if self.chance.random() >= ANYWHERE and self.awaits_create(process) and is_resumed:
            self.first_calls.append(time.monotonic() - start)
        until = time.monotonic() + self.chance.uniform(0.0, self.longest)
        while time.monotonic() < until and process.poll() is None:
            time.sleep(0.005)
        is_killed = process.poll() is None
        process.kill()
        process.communicate()
        self.kills += is_killed
        assert self.count_sending() <= 1
        return is_killed

    def awaits_create(self, process: "subprocess.Popen[bytes]") -> bool:
        """Whether the process makes a create before it ends."""
        before = self.desk.foreign.calls[CREATE]
        while process.poll() is None:
            if self.desk.foreign.calls[CREATE] > before:
                return True
            time.sleep(0.002)
        return False

    def count_sending(self) -> int:
        """How many orders nobody knows about."""
        path = next(Path(self.desk.folder / "home").rglob("journal.db"), None)
        if path is None:
            return 0
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        try:
            return int(connection.execute("SELECT count(*) FROM orders WHERE status = 'sending'").fetchone()[0])
        except sqlite3.OperationalError:  # killed before the journal was made
            return 0
        finally:
            connection.close()


@pytest.mark.parametrize(
    ("kills", "orders", "longest"), [pytest.param(10, 150, 1.6, id="10"), pytest.param(200, 500, 4.0, id="200", marks=pytest.mark.slow)]
)
def test_kills_at_random_instants_lose_and_double_nothing(desk: Desk, kills: int, orders: int, longest: float) -> None:
    """Each order once in the ledger, and told as created."""
    desk.configure(settle_seconds=0.2)
    desk.foreign.delay = 0.02
    killer = Killer(desk, random.Random(20250409), orders, longest)
    killer.go(kills)
    sent = desk.foreign.sent()
    assert len(sent) == len(set(sent)) == killer.books * orders
    assert killer.first_calls
    assert statistics.median(killer.first_calls) < RESUME_SECONDS
    print(f"{killer.kills} kills over {len(sent)} orders; first call after {max(killer.first_calls):.1f} s at most")
