"""How busy one account keeps its remote, and what an order costs: `python tests/benchmarks/busy.py [ORDERS] [SERVICE_SECONDS]`.

The remote is a process of its own, takes one call at a time, and works so long on each. Printed: the share of the time in which it was
busy, of what a round trip allows at best; refusals; CPU of journal and client for each order, and of a bare httpx call beside it. A round
trip is how long the remote idles between two calls of a client that does nothing else, the plainest there is.
"""

import http.client
import itertools
import json
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "reliability")]

import httpx  # noqa: E402  # the tests' own modules are found from here on
import openpyxl  # noqa: E402
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
    """What one run showed. `busy`, `allowed`: shares of the time; `trip`: a round trip, in seconds; `cpu`, `bare`: ms an order, a call."""

    orders: int
    service: float
    per_minute: float
    busy: float
    allowed: float
    trip: float
    refusals: int
    at_once: int
    cpu: float
    bare: float

    def tell(self) -> None:
        """Prints them."""
        print(f"{self.orders} orders, {self.service * 1000:.0f} ms of service: {self.per_minute:.0f} orders a minute")
        print(f"the remote was busy {self.busy:.1%} of the time; a round trip takes {self.trip * 1000:.2f} ms")
        print(f"that is {self.busy / self.allowed:.1%} of what that round trip allows")
        print(f"{self.refusals} refusals, at most {self.at_once} call at once; CPU of journal and client {self.cpu:.2f} ms an order")
        print(f"a bare call of httpx costs {self.bare:.2f} ms on this machine: that is {self.cpu / self.bare:.1f} of them")


BARE_CALLS = 100
BODY = b'{"order_id":"%s"}' % (b"x" * 600)


def measure(orders: int, seconds: float) -> Figures:
    """Sends so many orders to a remote that works so long on each."""
    with tempfile.TemporaryDirectory() as folder:
        cpu, seen = at_remote(seconds, lambda url: send(Path(folder), url, orders))
    _, plain = at_remote(seconds, call_plainly)
    bare, _ = at_remote(0.0, call_barely)
    worked = seen["worked"]
    busy, whole = sum(end - start for start, end in worked), worked[-1][1] - worked[0][0]
    trip = statistics.median(idle(plain["worked"]))
    allowed = busy / (busy + trip * (len(worked) - 1))
    return Figures(
        orders=orders, service=seconds, per_minute=60 * orders / whole, busy=busy / whole, allowed=allowed, trip=trip,
        refusals=len(worked) - seen["sent"], at_once=seen["most"][CREATE], cpu=1000 * cpu / orders, bare=1000 * bare / BARE_CALLS,
    )  # fmt: skip


def at_remote(seconds: float, work: Callable[[str], float]) -> tuple[float, Any]:
    """Does something at a fresh remote; gives its CPU seconds and what the remote saw."""
    command = [sys.executable, __file__, "--remote", str(seconds)]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    cpu = work(server.stdout.readline().strip())
    out, _ = server.communicate()
    return cpu, json.loads(out)


def idle(worked: Sequence[tuple[float, float]]) -> list[float]:
    """Seconds between the end of each call and the beginning of the next."""
    return [later[0] - earlier[1] for earlier, later in itertools.pairwise(worked)]


def call_plainly(url: str) -> float:
    """Calls that leave as soon as the answer is in, over one socket."""
    line = http.client.HTTPConnection(urlsplit(url).netloc)
    line.connect()
    line.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for _ in range(BARE_CALLS):
        line.request("POST", CREATE, BODY, {"Content-Type": "application/json"})
        line.getresponse().read()
    return 0.0


def call_barely(url: str) -> float:
    """CPU seconds of as many calls of an httpx client."""
    with httpx.Client(trust_env=False) as client:
        client.post(url + CREATE, content=BODY)
        cpu = time.process_time()
        for _ in range(BARE_CALLS):
            client.post(url + CREATE, content=BODY)
        return time.process_time() - cpu


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
