"""The upload page as people see it: a real server process at a desk, and real Chromium in front of it."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
from desk import Desk, Ran
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Error, Page, Request, expect, sync_playwright
from programs import require

PASSWORD = "correct horse battery"
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync"
).split()
WIDE, NARROW = 1280, 390
MILLISECONDS = 60_000
"""How long a page may take to show what is waited for; far more than it needs."""
RAN = "a script ran"
FAILED_LOAD = re.compile(r"Failed to load resource: (the server responded with a status of (401|403|404|409)|net::ERR_)")
"""What the browser says of answers that are meant to be refusals, and of a server that is down: not an error of the page."""
_MARK = f"globalThis.ran = (what) => console.error('{RAN}: ' + what);"


# -- the browser -------------------------------------------------------------------------------------------------------------------
@pytest.fixture(name="chromium", scope="module")
def start_chromium() -> Iterator[Browser]:
    """One browser for all tests of a module; each opens windows of its own."""
    path = require("chromium", "chromium")
    expect.set_options(timeout=MILLISECONDS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Window:
    """A window of somebody's own, with all that went wrong in it."""

    url: str
    page: Page
    wrong: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> None:
        """Goes to a page, and waits until it is there."""
        self.page.goto(self.url + path)
        self.settle()

    def settle(self) -> None:
        """Waits until the page is there, and its sheet if it has one. (No `wait_for_function`: the page's policy lets nobody evaluate.)"""
        self.page.wait_for_load_state("load")
        expect(self.page.locator(".grid-wait .spinner")).to_have_count(0)

    def sign_in(self, name: str, password: str = PASSWORD) -> None:
        """As people do, with the keyboard."""
        self.open("/login")
        self.page.keyboard.type(name)
        self.page.keyboard.press("Tab")
        self.page.keyboard.type(password)
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(re.compile("^(?!.*/login)"))

    def upload(self, name: str, content: bytes) -> None:
        """Chooses a file on the page that is shown; goes on to its check, and to the preview."""
        kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        self.page.set_input_files("#file", {"name": name, "mimeType": kind, "buffer": content})
        expect(self.page.locator("main[data-batch], main[data-state=refused]")).to_have_count(1)
        self.settle()

    @property
    def batch(self) -> str:
        """The batch that is shown."""
        return urlsplit(self.page.url).path.split("/")[2]

    def text(self, selector: str) -> str:
        """What people read there, blanks folded."""
        return " ".join(self.page.inner_text(selector).split())

    def focused(self) -> str:
        """The element that has the focus, as a word: its id, else its tag and classes."""
        found: str = self.page.evaluate(
            "(() => { const it = document.activeElement; return it.id || `${it.tagName.toLowerCase()}.${it.className}`; })()"
        )
        return found

    def overflow(self) -> int:
        """How many pixels the page is wider than its window."""
        found: int = self.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        return found


@contextmanager
def window(browser: Browser, url: str, *, width: int = WIDE, bypass_csp: bool = False) -> Iterator[Window]:
    """Somebody's window; at its end nothing went wrong in it. His browser asks for English, as on many a merchant's Windows.

    `bypass_csp`: the policy of the page does not help it.
    """
    context = browser.new_context(viewport={"width": width, "height": 900}, locale="en-US", bypass_csp=bypass_csp)
    try:
        yield (found := _watched(context, url))
        assert found.wrong == []
    finally:
        context.close()


def _watched(context: BrowserContext, url: str) -> Window:
    context.set_default_timeout(MILLISECONDS)
    context.add_init_script(_MARK)
    found = Window(url, context.new_page())

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not FAILED_LOAD.search(message.text):
            found.wrong.append(f"{urlsplit(found.page.url).path}: {message.text}")

    def asked(dialog: Dialog) -> None:
        found.wrong.append(f"{urlsplit(found.page.url).path}: dialog {dialog.message}")
        dialog.dismiss()

    def failed(error: Error) -> None:
        found.wrong.append(f"{urlsplit(found.page.url).path}: {error.message}")

    def went(request: Request) -> None:
        if not request.url.startswith((f"{url}/", "data:", "blob:")):
            found.wrong.append(f"fetched from elsewhere: {request.url}")

    context.on("console", said)
    context.on("dialog", asked)
    context.on("weberror", lambda error: failed(error.error))
    context.on("request", went)
    return found


# -- the server --------------------------------------------------------------------------------------------------------------------
@dataclass
class Served:
    """A server process that can be killed and started anew at the same address."""

    desk: Desk
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it, and waits until it listens."""
        self.process = self.desk.start("serve", "--port", str(self.port))
        assert self.process.stdout is not None
        line = self.process.stdout.readline().decode()
        assert line.strip().rstrip("/") == self.url, line
        until = time.monotonic() + 30
        while not self._answers():
            assert time.monotonic() < until
            time.sleep(0.05)

    def _answers(self) -> bool:
        with socket.socket() as line:
            return line.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self) -> None:
        """As a power cut does."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait(10)
        self.process.communicate()

    def end(self) -> Ran:
        """Asks it to end; it leaves without an error."""
        assert self.process is not None
        os.kill(self.process.pid, signal.SIGTERM)
        return self.desk.finish(self.process, 0)


@contextmanager
def served(desk: Desk, *users: tuple[str, bool]) -> Iterator[Served]:
    """A server at the desk's journal and account, with these users: a name, and whether he is an administrator."""
    settings = desk.folder / "bulkorders.toml"
    settings.write_text('journal = "journal.db"\n' + settings.read_text(encoding="utf-8"), encoding="utf-8")
    for name, is_admin in users:
        add_user(desk, name, is_admin=is_admin)
    found = Served(desk, _free_port())
    found.start()
    try:
        yield found
    finally:
        if found.process is not None:
            found.process.kill()
            found.process.wait(10)


def add_user(desk: Desk, name: str, *, is_admin: bool = False) -> None:
    """As an administrator does on the server: the password goes in through a pipe."""
    command = [*desk.command, "users", "add", *(["--admin"] if is_admin else []), "--", name]
    subprocess.run(command, cwd=desk.folder, env=desk.environment, input=f"{PASSWORD}\n".encode(), check=True, capture_output=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found: int = taken.getsockname()[1]
    return found
