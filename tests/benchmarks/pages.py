"""How soon pages answer while many upload: `python tests/benchmarks/pages.py [USERS] [STREAMS] [ROWS]`.

The server is a process of its own, its accounts at the built-in sandbox in another. All users upload a workbook at once and submit it when
it was checked, and has its progress open in several pages for half a minute more; meanwhile some look at every kind of page, again and
again. Printed: how long each kind took at the median, at the 95th percentile and at most; how long until all was checked; what was lost.
"""

import asyncio
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "web")]

import httpx  # noqa: E402  # the tests' own modules are found from here on
import openpyxl  # noqa: E402
from foreign import LABELS, line  # noqa: E402

from bulkorders.pipeline.app import App  # noqa: E402
from bulkorders.pipeline.history import history  # noqa: E402
from bulkorders.pipeline.service import opened  # noqa: E402
from bulkorders.pipeline.users import Role, add_user  # noqa: E402
from bulkorders.settings import Settings  # noqa: E402

PASSWORD = "benchmark benchmark"
PERCENTILE = 0.95
LOOKERS = 4
RESTS = 0.25
SENDING_SECONDS = 30.0


@dataclass
class Load:
    """What is done to the server, and what it took."""

    url: str
    users: int
    streams: int
    books: Sequence[bytes]
    times: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failed: list[str] = field(default_factory=list)
    batches: dict[str, str] = field(default_factory=dict)
    events: int = 0
    checked: float = 0.0
    _is_over: bool = False

    async def run(self) -> None:
        """All of it."""
        limits = httpx.Limits(max_connections=None)
        async with asyncio.TaskGroup() as group:
            clients = [await self._sign_in(f"user{number}", limits) for number in range(self.users)]
            began = time.monotonic()
            lookers = [group.create_task(self._look(clients[number % self.users])) for number in range(LOOKERS)]
            uploads = [group.create_task(self._upload(client, book)) for client, book in zip(clients, self.books, strict=True)]
            await asyncio.gather(*uploads)
            self.checked = time.monotonic() - began
            pages = [group.create_task(self._listen(clients[number % self.users])) for number in range(self.streams)]
            await asyncio.gather(*pages)
            self._is_over = True
            await asyncio.gather(*lookers)
            for client in clients:
                await client.aclose()

    async def _sign_in(self, name: str, limits: httpx.Limits) -> httpx.AsyncClient:
        client = httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=300, limits=limits)
        answer = await client.post("/login", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        found = re.search(r'name="csrf" value="(\w+)"', (await client.get("/")).text)
        assert found is not None
        client.headers["x-csrf-token"] = found.group(1)
        return client

    async def _timed(self, client: httpx.AsyncClient, kind: str, path: str) -> httpx.Response:
        began = time.monotonic()
        answer = await client.get(path)
        self.times[kind].append(time.monotonic() - began)
        if answer.status_code >= 400:
            self.failed.append(f"{kind} {answer.status_code}")
        return answer

    async def _upload(self, client: httpx.AsyncClient, book: bytes) -> None:
        began = time.monotonic()
        answer = await client.post("/api/v1/uploads", files={"file": ("orders.xlsx", book)})
        self.times["upload"].append(time.monotonic() - began)
        upload = answer.json()
        while upload["state"] in ("queued", "checking"):
            await asyncio.sleep(RESTS)
            upload = (await self._timed(client, "wait for the check", f"/api/v1/uploads/{upload['id']}")).json()
        (batch,) = upload["batches"]
        await self._timed(client, "preview", f"/batches/{batch}")
        await self._timed(client, "cells", f"/api/v1/batches/{batch}/cells?count=200")
        began = time.monotonic()
        submitted = await client.post(f"/api/v1/batches/{batch}/submit", json={})
        self.times["submit"].append(time.monotonic() - began)
        if submitted.status_code != 202:
            self.failed.append(f"submit {submitted.text}")
        self.batches[client.headers["x-csrf-token"]] = batch

    async def _listen(self, client: httpx.AsyncClient) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(SENDING_SECONDS):
                await self._follow(client, self.batches[client.headers["x-csrf-token"]])

    async def _follow(self, client: httpx.AsyncClient, batch: str) -> None:
        async with client.stream("GET", f"/api/v1/batches/{batch}/stream") as stream:
            if stream.status_code != 200:
                self.failed.append(f"stream {stream.status_code}")
                return
            async for text in stream.aiter_lines():
                if text.startswith("data: "):
                    self.events += 1
                    if json.loads(text.removeprefix("data: "))["state"] == "done":
                        return

    async def _look(self, client: httpx.AsyncClient) -> None:
        """Somebody who looks at everything."""
        while not self._is_over:
            for kind, path in (("start", "/"), ("history", "/history"), ("search", "/history?text=B-1"), ("style", "/static/app.css")):
                await self._timed(client, kind, path)
                await asyncio.sleep(RESTS)
            if batch := self.batches.get(client.headers["x-csrf-token"]):
                await self._timed(client, "batch", f"/batches/{batch}")
                await self._timed(client, "order", f"/batches/{batch}/orders/0")
                await self._timed(client, "progress", f"/api/v1/batches/{batch}/progress")

    def tell(self, orders: int, read: int) -> None:
        """Prints what came of it."""
        print(f"{self.users} users, {self.streams} open pages: all checked and submitted after {self.checked:.1f} s")
        print(f"{orders - read} of {orders} orders lost; {self.events} events; failed: {self.failed or 'none'}")
        for kind, times in {**self.times, "all": [each for own in self.times.values() for each in own]}.items():
            told = statistics.median(times), sorted(times)[int(PERCENTILE * (len(times) - 1))], max(times)
            print(f"{kind:20} {len(times):6} " + " ".join(f"{1000 * each:8.0f} ms" for each in told))


def workbook(folder: Path, user: int, rows: int) -> bytes:
    """A workbook of so many orders, no two users' alike."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet("Sheet")
    sheet.append(LABELS)
    for number in range(rows):
        row: Mapping[str, object] = line(f"B-{user}-{number}")
        sheet.append([row.get(label) for label in LABELS])
    path = folder / f"{user}.xlsx"
    book.save(path)
    return path.read_bytes()


def measure(users: int, streams: int, rows: int) -> None:
    """Starts the processes, and does it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        books = [workbook(folder, user, rows) for user in range(users)]
        command = [sys.executable, "-m", "bulkorders"]
        sandbox = subprocess.Popen([*command, "sandbox", "--port", "0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        assert sandbox.stdout is not None
        settings = ""
        while settings.count("[accounts.") < 2 or not settings.endswith("\n\n"):
            settings += sandbox.stdout.readline()
        config = folder / "bulkorders.toml"
        config.write_text(f'journal = "{(folder / "journal.db").as_posix()}"\n{settings}', encoding="utf-8")
        with opened(App(Settings(journal=(folder / "journal.db").as_posix()))) as app:
            for user in range(users):
                add_user(app, f"user{user}", Role.OPERATOR, PASSWORD)
        server = subprocess.Popen(
            [*command, "serve", "--port", "0", "--config", str(config)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert server.stdout is not None
        load = Load(server.stdout.readline().strip().rstrip("/"), users, streams, books)
        try:
            asyncio.run(load.run())
        finally:
            server.terminate()
            server.wait(15)
            sandbox.kill()
            sandbox.wait()
        with opened(App(Settings(journal=(folder / "journal.db").as_posix()))) as app:
            read = sum(each.read for each in history(app, by_whom=None).lines if each.released_at)
        load.tell(users * rows, read)


if __name__ == "__main__":
    given = [int(text) for text in sys.argv[1:]]
    measure(*[*given, *(20, 80, 2000)[len(given) :]])
