"""The upload page on a busy morning: `python tests/benchmarks/busy_page.py [USERS] [ROWS]` prints how long its pages took.

A real server and a remote in processes of their own. Every user has a draft, and a batch that is being sent, with four progress pages
open on it. Then all upload a workbook at once, and go on opening pages: the start, the upload that waits, the history, the preview, its
cells, how the batch goes. What was checked is submitted, and in the end each order has to be once in the remote's ledger.
"""

import asyncio
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / name) for name in ("", "cli", "web")]

import httpx  # noqa: E402  # the tests' own modules are found from here on
import openpyxl  # noqa: E402
from desk import Desk  # noqa: E402
from foreign import LABELS, Foreign, line, serve  # noqa: E402

from bulkorders.pipeline.app import App  # noqa: E402
from bulkorders.pipeline.service import opened  # noqa: E402
from bulkorders.pipeline.users import Role, add_user  # noqa: E402
from bulkorders.settings import Settings  # noqa: E402

PASSWORD = "correct horse battery"
STREAMS = 4
"""Progress pages that each user has open."""
EARLIER = 40
"""Orders of the batch that is being sent before it begins."""
THINKS = 1.0
"""Seconds between the answer to a page and the next page, of each user; half more or less."""
AFTERWARDS = 20.0
"""Seconds for which pages are opened after the last workbook was submitted, while all of them are being sent."""
MISTAKE = 50
"""One row of so many is wrong."""
SERVICE = 0.05
"""How long the remote works on an order until the pages were measured."""
SECONDS = 3600.0
REQUEST = re.compile(r" \d{3} \d+ ms$")
"""How a line of the log ends that tells of a request."""


# -- the remote: a process of its own --------------------------------------------------------------------------------------------
def remote() -> None:
    """Serves until nobody holds its standard input; a line of that is a new time of service. Then tells what is in the ledger."""
    foreign = Foreign(delay=SERVICE)
    with serve(foreign) as url:
        print(url, flush=True)
        for said in sys.stdin:
            foreign.delay = float(said)
    foreign.assert_in_order()
    print(json.dumps(foreign.sent()))


# -- a user and his browser ------------------------------------------------------------------------------------------------------
@dataclass
class Measured:
    """Seconds that the pages took, by kind and time of the day; and what did not answer as it should."""

    seconds: dict[tuple[str, str], list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)
    part: str = "idle"


@dataclass
class Visitor:
    """Somebody at his browser."""

    name: str
    url: str
    measured: Measured
    client: httpx.AsyncClient
    chance: random.Random
    csrf: str = ""
    draft: str = ""
    sent: str = ""
    upload: str = ""
    events: int = 0
    waited: float = 0.0
    is_submitted: bool = False

    async def sign_in(self) -> None:
        """With his password."""
        answer = await self.client.post("/login", data={"name": self.name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        found = re.search(r'name="csrf" value="([0-9a-f]{64})"', (await self.client.get("/")).text)
        assert found is not None
        self.csrf = found.group(1)

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """As one of our scripts does."""
        answer = await self.client.request(method, f"/api/v1{path}", headers={"x-csrf-token": self.csrf}, **more)
        assert answer.status_code < 300, f"{method} {path} {answer.status_code} {answer.text}"
        return answer.json()

    async def open(self, kind: str, path: str) -> None:
        """Opens a page, measured."""
        part, began = self.measured.part, time.monotonic()
        try:
            answer = await self.client.get(path)
        except httpx.HTTPError as error:
            self.measured.failures.append(f"{kind} {error!r}")
            return
        self.measured.seconds[part, kind].append(time.monotonic() - began)
        if answer.status_code not in (200, 303):
            self.measured.failures.append(f"{kind} {answer.status_code} {answer.text[:100]}")

    async def look_around(self) -> None:
        """Opens one page after the other."""
        while True:
            first = self.chance.randrange(1, 1900)
            pages = [
                ("start", "/"), ("history", "/history"), ("history", "/history?status=sending"), ("preview", f"/batches/{self.draft}"),
                ("cells", f"/api/v1/batches/{self.draft}/cells?first={first}&count=100"),
                ("progress page", f"/batches/{self.sent}"), ("progress", f"/api/v1/batches/{self.sent}/progress"),
                *([("upload", f"/uploads/{self.upload}")] if self.upload and not self.is_submitted else []),
            ]  # fmt: skip
            await self.open(*self.chance.choice(pages))
            await asyncio.sleep(THINKS * self.chance.uniform(0.5, 1.5))

    async def listen(self) -> None:
        """Has a progress page open on the batch that is being sent, whichever that is."""
        cookie = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        host, port = self.url.removeprefix("http://").split(":")
        while True:
            batch = self.sent
            reader, writer = await asyncio.open_connection(host, int(port))
            writer.write(f"GET /api/v1/batches/{batch}/stream HTTP/1.1\r\nhost: {host}:{port}\r\ncookie: {cookie}\r\n\r\n".encode())
            try:
                while self.sent == batch and (piece := await asyncio.wait_for(reader.read(65536), 30)):
                    self.events += piece.count(b"event: progress")
            except (TimeoutError, OSError) as error:
                self.measured.failures.append(f"stream {error!r}")
            finally:
                writer.close()

    async def send_in(self, name: str, content: bytes) -> str:
        """Uploads a workbook and waits for its draft."""
        began, pause = time.monotonic(), 0.7
        self.upload = (await self.call("POST", "/uploads", files={"file": (name, content)}))["id"]
        while (found := await self.call("GET", f"/uploads/{self.upload}"))["state"] not in ("checked", "refused"):
            await asyncio.sleep(pause)
            pause = min(pause * 1.2, 3.0)  # as the page does
        self.waited = time.monotonic() - began
        assert found["state"] == "checked", found
        (batch,) = found["batches"]
        return str(batch)

    async def prepare(self, earlier: bytes, draft: bytes) -> None:
        """What he has before the day begins."""
        batch = await self.send_in("earlier.xlsx", earlier)
        self.draft = await self.send_in("draft.xlsx", draft)
        await self.call("POST", f"/batches/{batch}/submit", json={})
        self.sent, self.upload = batch, ""

    async def order(self, name: str, content: bytes) -> str:
        """Uploads a workbook, looks at what it became, submits it."""
        batch = await self.send_in(name, content)
        await self.open("preview", f"/batches/{batch}")
        await self.open("cells (first)", f"/api/v1/batches/{batch}/cells?count=100")
        self.draft = batch
        await asyncio.sleep(2 * THINKS)
        began = time.monotonic()
        await self.call("POST", f"/batches/{batch}/submit", json={"only_good": True})
        self.measured.seconds[self.measured.part, "submit"].append(time.monotonic() - began)
        self.sent, self.is_submitted = batch, True
        return batch


# -- the server ------------------------------------------------------------------------------------------------------------------
@dataclass
class Watch:
    """The server's memory, and that of its children, in bytes; looked at four times a second."""

    pid: int
    idle: int = 0
    most: int = 0
    most_of_all: int = 0

    async def go_on(self) -> None:
        """Looks again and again."""
        while True:
            sizes = [_memory(pid) for pid in _tree(self.pid)]
            self.most, self.most_of_all = max(self.most, sizes[0]), max(self.most_of_all, sum(sizes))
            await asyncio.sleep(0.25)


def _memory(pid: int) -> int:
    with suppress(OSError, StopIteration):
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) * 1024
    return 0


def _tree(pid: int) -> list[int]:
    found = [pid]
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text(encoding="ascii").split():
                found += _tree(int(child))
    return found


def _cpu(pid: int) -> float:
    """Seconds that a process and its ended children have had of the processors."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")


def write(folder: Path, who: str, rows: int) -> bytes:
    """A workbook of so many orders, some of them wrong."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet")
    sheet.append(LABELS)
    for number in range(1, rows + 1):
        wrong = {"发货量": "两个"} if number % MISTAKE == 0 else {}
        row = line(f"{who}-{number}", **wrong)
        sheet.append([row.get(label) for label in LABELS])
    path = folder / f"{who}.xlsx"
    book.save(path)
    return path.read_bytes()


# -- the day ---------------------------------------------------------------------------------------------------------------------
@dataclass
class Figures:
    """What was seen."""

    measured: Measured
    visitors: Sequence[Visitor]
    watch: Watch
    checking: float = 0.0
    drained: float = 0.0
    cpu: float = 0.0
    wanted: int = 0
    lost: int = 0
    twice: int = 0
    load: list[float] = field(default_factory=list)

    def tell_pages(self) -> None:
        """Prints what was seen until the workbooks were submitted, and some time after."""
        print(f"{os.cpu_count()} cores; load average before, after the checks, some time after: {_all(self.load, '.1f')}")
        for part in ("idle", "checking", "sending"):
            kinds = {kind: times for (when, kind), times in self.measured.seconds.items() if when == part}
            every = [seconds for found in kinds.values() for seconds in found]
            for kind, times in [*sorted(kinds.items()), ("ALL", every)]:
                shares = " ".join(f"{_share(times, share) * 1000:6.0f}" for share in (0.5, 0.95, 0.99, 1.0))
                print(f"{part:9} {kind:14} {len(times):5} answers   50/95/99/100 %: {shares} ms")
        waited = [_share([visitor.waited for visitor in self.visitors], share) for share in (0.0, 0.5, 1.0)]
        print(f"all checked and submitted after {self.checking:.1f} s; waited for a check {_all(waited, '.1f')} s (least, median, most)")
        done = sum(visitor.is_submitted for visitor in self.visitors)
        print(f"submitted: {done} of {len(self.visitors)} uploads; the server and its children used {self.cpu:.0f} s of CPU")
        memory = _all([each / 2**20 for each in (self.watch.idle, self.watch.most, self.watch.most_of_all)], ".0f")
        print(f"memory: {memory} MiB (the server before, at most, at most with its children)")
        print(f"progress events: {sum(visitor.events for visitor in self.visitors)} on {STREAMS * len(self.visitors)} streams")
        print(f"failures: {len(self.measured.failures)} {self.measured.failures[:5]}", flush=True)

    def tell_orders(self) -> None:
        """Prints what became of the orders."""
        print(f"{self.wanted} orders: {self.lost} lost, {self.twice} twice; all were sent after {self.drained:.0f} s")


def _all(found: Sequence[float], how: str) -> str:
    return ", ".join(format(each, how) for each in found)


def _share(times: Sequence[float], share: float) -> float:
    found = sorted(times)
    return found[min(len(found) - 1, int(share * len(found)))] if found else 0.0


async def day(url: str, pid: int, folder: Path, users: int, rows: int, say: IO[str]) -> Figures:
    """From the first sign-in until the last order was sent."""
    measured, watch = Measured(), Watch(pid)
    limits = httpx.Limits(max_connections=10, keepalive_expiry=2)
    visitors = [
        Visitor(
            f"user-{number}", url, measured, httpx.AsyncClient(base_url=url, trust_env=False, timeout=120, limits=limits),
            random.Random(number),  # the same day each time
        )
        for number in range(users)
    ]  # fmt: skip
    figures = Figures(measured, visitors, watch)
    books = {visitor.name: write(folder, visitor.name, rows) for visitor in visitors}
    before = [(write(folder, f"{each.name}-earlier", EARLIER), write(folder, f"{each.name}-draft", rows)) for each in visitors]
    for visitor in visitors:
        await visitor.sign_in()
    await asyncio.gather(*(visitor.prepare(*own) for visitor, own in zip(visitors, before, strict=True)))
    watch.idle = _memory(pid)
    going = [asyncio.create_task(watch.go_on())]
    listening = [asyncio.create_task(visitor.listen()) for visitor in visitors for _ in range(STREAMS)]
    going += [asyncio.create_task(visitor.look_around()) for visitor in visitors]
    await asyncio.sleep(10)
    figures.load.append(os.getloadavg()[0])
    measured.part, began = "checking", time.monotonic()
    await asyncio.gather(*(visitor.order("orders.xlsx", books[visitor.name]) for visitor in visitors))
    figures.checking = time.monotonic() - began
    figures.load.append(os.getloadavg()[0])
    measured.part = "sending"
    await asyncio.sleep(AFTERWARDS)
    figures.cpu = _cpu(pid)
    figures.load.append(os.getloadavg()[0])
    figures.tell_pages()
    for task in going:
        task.cancel()
    print(0.0, file=say, flush=True)
    for visitor in visitors:  # a run that could not finish is followed by another
        while (await visitor.call("GET", f"/batches/{visitor.sent}/progress"))["state"] != "done":
            await asyncio.sleep(2)
    figures.drained = time.monotonic() - began
    for task in listening:
        task.cancel()
    return figures


def measure(users: int, rows: int, folder: Path) -> Figures:
    """One day."""
    other = subprocess.Popen([sys.executable, __file__, "--remote"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdin is not None
    assert other.stdout is not None
    desk = Desk(folder, Foreign(), other.stdout.readline().strip())
    desk.configure()
    journal = str(folder / "journal.db")
    with opened(App(Settings(journal=journal))) as app:
        for number in range(users):
            add_user(app, f"user-{number}", Role.OPERATOR, PASSWORD)
    with (folder / "log").open("w") as log:
        command = [*desk.command, "serve", "--port", "0", "--journal", journal]
        server = subprocess.Popen(command, cwd=folder, env=desk.environment, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            assert server.stdout is not None
            url = server.stdout.readline().strip().rstrip("/")
            figures = asyncio.run(asyncio.wait_for(day(url, server.pid, folder, users, rows, other.stdin), SECONDS))
        finally:
            server.terminate()
            server.wait(60)
    print(*(text for text in (folder / "log").read_text(encoding="utf-8").splitlines() if not REQUEST.search(text)), sep="\n")
    ledger = json.loads(other.communicate()[0])
    wanted = {f"user-{user}-{number}" for user in range(users) for number in range(1, rows + 1) if number % MISTAKE}
    wanted |= {f"user-{user}-earlier-{number}" for user in range(users) for number in range(1, EARLIER + 1)}
    figures.wanted, figures.lost, figures.twice = len(wanted), len(wanted - set(ledger)), len(ledger) - len(set(ledger))
    assert set(ledger) <= wanted
    return figures


def main() -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as folder:
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 20, int(sys.argv[2]) if len(sys.argv) > 2 else 2000, Path(folder)).tell_orders()


if __name__ == "__main__":
    remote() if sys.argv[1:] == ["--remote"] else main()
