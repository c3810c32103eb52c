"""How busy one account keeps its remote, and what an order costs: `python tests/benchmarks/busy.py [ORDERS] [SERVICE_SECONDS]`.

The remote is a process of its own, takes one call at a time, and works so long on each. Printed: the share of the time in which it was
busy, of what a round trip allows at best; refusals; CPU of journal and client for each order.
"""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import openpyxl
from foreign import CREATE, LABELS, SECRET, STORES, Foreign, line, serve

from bulkorders.pipeline.app import App
from bulkorders.pipeline.ingest import enter, examined
from bulkorders.pipeline.submit import Run
from bulkorders.journal.batches import release
from bulkorders.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "providers"))
from test_contract import Silent  # noqa: E402  # found by the line above


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


def main(orders: int, seconds: float) -> None:
    """Sends so many orders and prints the figures."""
    with tempfile.TemporaryDirectory() as folder:
        server = subprocess.Popen([sys.executable, __file__, "--remote", str(seconds)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        cpu, wall = send(Path(folder), url, orders)
        out, _ = server.communicate()
    seen = json.loads(out)
    worked = seen["worked"]
    busy = sum(end - start for start, end in worked)
    idle = [later[0] - earlier[1] for earlier, later in zip(worked, worked[1:], strict=False)]
    whole = worked[-1][1] - worked[0][0]
    trip = sorted(idle)[len(idle) // 20]
    print(f"{orders} orders, {seconds * 1000:.0f} ms of service: {wall:.1f} s, {60 * orders / whole:.0f} orders a minute")
    print(f"the remote was busy {100 * busy / whole:.1f} % of the time; the quickest turn-round (5 %) was {trip * 1000:.2f} ms")
    print(f"that is {100 * (busy / whole) / (busy / (busy + trip * len(idle))):.1f} % of what that round trip allows")
    print(f"{len(worked) - seen['sent']} refusals, {len(worked)} creates, at most {seen['most'][CREATE]} at once")
    print(f"CPU of journal and client: {1000 * cpu / orders:.2f} ms an order")


def send(folder: Path, url: str, orders: int) -> tuple[float, float]:
    """CPU and wall seconds of the sending alone."""
    account = {"provider": "lingxing", "base_url": url, "app_id": Foreign.app_id, "app_secret": SECRET}
    app = App(Settings(journal=(folder / "journal.db").as_posix(), accounts={"main": account}))
    with examined(app, [write(folder, orders)]) as files:
        batches = [found.batch for file in files for found in enter(app, file) if found.batch]
        release(app.journal, batches, app.clock.now())
    cpu, wall = time.process_time(), time.monotonic()
    Run(app, batches, Silent()).go()
    found = time.process_time() - cpu, time.monotonic() - wall
    app.close()
    return found


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
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 500, float(sys.argv[2]) if len(sys.argv) > 2 else 0.05)
