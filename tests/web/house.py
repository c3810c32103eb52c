"""The upload page as people use it: a real server on a socket, its journal in a folder, accounts at the built-in sandbox, some users."""

import re
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from fastapi import FastAPI
from foreign import LABELS, line
from wire import listening

from bulkorders.core.words import Words
from bulkorders.pipeline.app import App
from bulkorders.pipeline.service import opened
from bulkorders.pipeline.users import Role, add_user, find_user, make_token
from bulkorders.providers import load_providers
from bulkorders.sandbox import Server
from bulkorders.settings import Settings
from bulkorders.web.app import make_app
from bulkorders.web.site import MEBIBYTE, Options

PASSWORD = "correct horse battery"
ANNA, BEN, ROOT = "anna", "本", "root"
"""Two operators and an administrator."""
SECONDS = 60.0
MESSY = Path(__file__).parents[2] / "sample_data"


@dataclass
class Log:
    """Remembers what it was told."""

    lines: list[str] = field(default_factory=list)

    def tell(self, event: str, words: Words, **facts: object) -> None:
        """One line."""
        self.lines.append(f"{event} {words.zh} {facts}")


@dataclass
class Guest:
    """Somebody at a browser, or a program with a token."""

    client: httpx.Client
    csrf: str = ""

    def get(self, path: str, **more: Any) -> httpx.Response:
        """Looks at something."""
        return self.client.get(path, **more)

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Calls the API as one of our scripts does."""
        headers = {**({"x-csrf-token": self.csrf} if self.csrf else {}), **more.pop("headers", {})}
        return self.client.request(method, f"/api/v1{path}", headers=headers, **more)

    def post(self, path: str, **fields: str) -> httpx.Response:
        """Posts one of our forms."""
        return self.client.post(path, data={"csrf": self.csrf, **fields})

    def upload(self, name: str, content: bytes, **fields: str) -> dict[str, Any]:
        """Uploads a file; it waits for its check."""
        answer = self.call("POST", "/uploads", files={"file": (name, content)}, data=fields)
        assert answer.status_code == 202, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def checked(self, name: str, content: bytes) -> dict[str, Any]:
        """Uploads a file and waits until it was checked or refused."""
        return self.until(f"/uploads/{self.upload(name, content)['id']}", "state", "checked", "refused")

    def draft(self, name: str, content: bytes) -> str:
        """Uploads a file that becomes one draft."""
        (batch,) = self.checked(name, content)["batches"]
        return str(batch)

    def until(self, path: str, key: str, *wanted: str) -> dict[str, Any]:
        """Asks until a key of the answer has one of these values."""
        until = time.monotonic() + SECONDS
        while True:
            found: dict[str, Any] = self.call("GET", path).json()
            if found[key] in wanted:
                return found
            assert time.monotonic() < until, found
            time.sleep(0.1)


@dataclass
class House:
    """A server with its parts."""

    app: App
    made: FastAPI
    port: int
    log: Log
    sandbox: Server
    _clients: ExitStack

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def stranger(self, **headers: str) -> Guest:
        """Somebody who has not signed in."""
        client = httpx.Client(base_url=self.url, headers=headers, trust_env=False, timeout=SECONDS)
        return Guest(self._clients.enter_context(client))

    def guest(self, name: str) -> Guest:
        """A user who has signed in with his browser."""
        found = self.stranger()
        answer = found.client.post("/login", data={"name": name, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        found.csrf = csrf_in(found.get("/").text)
        return found

    def program(self, name: str) -> Guest:
        """A program that acts for a user."""
        token = make_token(self.app, find_user(self.app, name), f"test {time.monotonic_ns()}")
        return self.stranger(authorization=f"Bearer {token}")


def csrf_in(page: str) -> str:
    """What the forms of a page carry."""
    found = re.search(r'name="csrf" value="([0-9a-f]{64})"', page)
    assert found is not None, page
    return found.group(1)


@contextmanager
def house(
    folder: Path, *, most_upload_bytes: int = 2 * MEBIBYTE, journal: Path | None = None, also: Sequence[str] = (), **wanted: Any
) -> Iterator[House]:  # fmt: skip
    """A server at work. `also`: names of further accounts at Chukou1, which the sandbox does not let in; `wanted`: more of its options."""
    log, stopping = Log(), threading.Event()
    began: list[float] = []

    def interrupted() -> float | None:
        return time.monotonic() - began[0] if stopping.is_set() else None

    with Server({name: provider.imitate() for name, provider in load_providers().items()}) as sandbox:
        accounts = {name: {**sandbox.account(name), "follow_minutes": 1} for name in load_providers()}
        accounts |= {name: {**accounts["chukou1"], "token": f"token of {name}"} for name in also}
        settings = Settings(journal=str(journal or folder / "journal.db"), accounts=accounts)
        with opened(App(settings, is_test=True)) as app, ExitStack() as clients:
            _ = app.journal, app.accounts, app.limits, app.timezone
            for name, role in ((ANNA, Role.OPERATOR), (BEN, Role.OPERATOR), (ROOT, Role.ADMIN)):
                add_user(app, name, role, PASSWORD)
            made = make_app(app, Options(log, (), most_upload_bytes, interrupted=interrupted, **wanted))
            with listening(made, lifespan=True) as port:
                yield House(app, made, port, log, sandbox, clients)
                began.append(time.monotonic())
                stopping.set()


@pytest.fixture(name="shared", scope="module")
def make_shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server for all tests of a module that do one another no harm."""
    with house(tmp_path_factory.mktemp("house")) as found:
        yield found


def book(rows: Sequence[Mapping[str, Any]], folder: Path) -> bytes:
    """A workbook with these rows below the template's labels."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    sheet.append(list(LABELS))
    for row in rows:
        sheet.append([row.get(label) for label in LABELS])
    path = folder / f"{time.monotonic_ns()}.xlsx"
    made.save(path)
    return path.read_bytes()


def orders(folder: Path, *numbers: str, **changed: object) -> bytes:
    """A workbook with an order for each of these numbers."""
    return book([line(number, **changed) for number in numbers], folder)
