"""How busy one account keeps its remote, and what an order costs: `python tests/benchmarks/busy.py [ORDERS] [SERVICE_SECONDS]`.

The remote is a process of its own, takes one call at a time, and works so long on each. Printed: the share of the time in which it was
busy, of what a round trip allows at best; refusals; CPU of journal and client for each order.
"""

import itertools
import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "reliability")]

import openpyxl  # noqa: E402  # the tests' own modules are found from here on
from foreign import CREATE, LABELS, SECRET, Foreign, line, serve  # noqa: E402
from stage import Listener  # noqa: E402

from bulkorders.journal.batches import release  # noqa: E402
from bulkorders.pipeline.app import App  # noqa: E402
from bulkorders.pipeline.ingest import enter, examined  # noqa: E402
from bulkorders.pipeline.submit import Run  # noqa: E402
from bulkorders.settings import Settings  # noqa: E402


@dataclass
class Timed(Foreign):
    """A remote that notes when it begins and ends to work on each create."""

    def __post_init__(self) -> None:
        self.worked: list[tuple[float, float]] = []

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> tuple[int, bytes] | None:
        """The answer, with its times."""
        start = time.monotonic()
        try:
            return super().answer(method, target, headers, body)
        finally:
            if target.startswith(CREATE):
                self.worked.append((start, time.monotonic()))


def remote(seconds: float) -> None:
    """The other process: serves until nobody holds its standard input, then tells what it saw."""
    foreign = Timed(delay=seconds)
    with serve(foreign) as url:
        print(url, flush=True)
        sys.stdin.read()
    print(json.dumps({"worked": foreign.worked, "calls": foreign.calls, "sent": len(foreign.sent()), "most": foreign.most_at_once}))


@dataclass(frozen=True)
class Figures:
    """What one run showed. `busy` and `allowed`: shares of the time; `trip`: the quickest turn-round, in seconds; `cpu`: ms an order."""

    orders: int
    service: float
    per_minute: float
    busy: float
    allowed: float
    trip: float
    refusals: int
    at_once: int
    cpu: float

    def tell(self) -> None:
        """Prints them."""
        print(f"{self.orders} orders, {self.service * 1000:.0f} ms of service: {self.per_minute:.0f} orders a minute")
        print(f"the remote was busy {self.busy:.1%} of the time; the quickest turn-round was {self.trip * 1000:.2f} ms")
        print(f"that is {self.busy / self.allowed:.1%} of what that turn-round allows")
        print(f"{self.refusals} refusals, at most {self.at_once} call at once; CPU of journal and client {self.cpu:.2f} ms an order")


def measure(orders: int, seconds: float) -> Figures:
    """Sends so many orders to a remote that works so long on each."""
    command = [sys.executable, __file__, "--remote", str(seconds)]
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        cpu = send(Path(folder), server.stdout.readline().strip(), orders)
        out, _ = server.communicate()
    seen = json.loads(out)
    worked = seen["worked"]
    busy, whole = sum(end - start for start, end in worked), worked[-1][1] - worked[0][0]
    idle = sorted(later[0] - earlier[1] for earlier, later in itertools.pairwise(worked))
    trip = idle[len(idle) // 20]
    return Figures(
        orders=orders, service=seconds, per_minute=60 * orders / whole, busy=busy / whole, allowed=busy / (busy + trip * len(idle)),
        trip=trip, refusals=len(worked) - seen["sent"], at_once=seen["most"][CREATE], cpu=1000 * cpu / orders,
    )  # fmt: skip


def send(folder: Path, url: str, orders: int) -> float:
    """CPU seconds of the sending alone."""
    account = {"provider": "lingxing", "base_url": url, "app_id": Foreign.app_id, "app_secret": SECRET}
    app = App(Settings(journal=(folder / "journal.db").as_posix(), accounts={"main": account}))
    with examined(app, [write(folder, orders)]) as files:
        batches = [found.batch for file in files for found in enter(app, file) if found.batch]
        release(app.journal, batches, app.clock.now())
    cpu = time.process_time()
    Run(app, batches, Listener()).go()
    cpu = time.process_time() - cpu
    app.close()
    return cpu


def write(folder: Path, orders: int) -> Path:
    """A workbook of so many orders."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet")
    sheet.append(LABELS)
    for number in range(orders):
        row = line(f"B-{number}")
        sheet.append([row.get(label) for label in LABELS])
    book.save(folder / "orders.xlsx")
    return folder / "orders.xlsx"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--remote"]:
        remote(float(sys.argv[2]))
    else:
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 500, float(sys.argv[2]) if len(sys.argv) > 2 else 0.05).tell()
