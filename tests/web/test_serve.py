"""`bulkorders serve` as a process: what it says, what it refuses, how it ends, and that it goes on where it was."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import openpyxl
import pytest
from desk import Desk, Ran, make_bare, make_desk  # noqa: F401  # fixtures
from foreign import CANARIES, CREATE, Refuse, Slow, line
from house import PASSWORD, Guest, csrf_in
from wire import Wire, head

from bulkorders.pipeline.app import App
from bulkorders.pipeline.service import opened
from bulkorders.pipeline.users import Role, add_user, make_token
from bulkorders.settings import Settings

NAMES = [f"A-{number}" for number in range(1, 7)]


@dataclass
class Served:
    """A server that was started, and the address that it has printed."""

    desk: Desk
    process: "subprocess.Popen[bytes]"
    url: str
    user: str = "root"
    password: str = PASSWORD
    clients: ExitStack = field(default_factory=ExitStack)

    def client(self, **more: Any) -> httpx.Client:
        """A browser."""
        return self.clients.enter_context(httpx.Client(base_url=self.url, trust_env=False, timeout=60, **more))

    def guest(self) -> Guest:
        """Somebody who has signed in."""
        client = self.client()
        answer = client.post("/login", data={"name": self.user, "password": self.password})
        assert answer.status_code == 303, answer.text
        return Guest(client, csrf_in(client.get("/").text))

    def end(self, number: signal.Signals = signal.SIGTERM, code: int = 0) -> Ran:
        """Asks it to end, which takes at most ten seconds."""
        began = time.monotonic()
        os.kill(self.process.pid, number)
        ran = self.desk.finish(self.process, code)
        assert time.monotonic() - began < 10.5
        return ran


@contextmanager
def serving(desk: Desk, *options: str, lines: int = 1) -> Iterator[Served]:
    """A server at work; `lines`: how many it prints."""
    process = desk.start("serve", "--port", "0", *options)
    served = Served(desk, process, "")
    try:
        assert process.stdout is not None
        said = [process.stdout.readline().decode().strip() for _ in range(lines)]
        served.url = said[0].rstrip("/")
        if lines == 3:
            served.user, served.password = (re.sub(r"^\S+?[：:]\s*", "", text) for text in said[1:])
        _until_it_answers(served)
        yield served
    finally:
        served.clients.close()
        process.kill()
        process.wait(10)


def _until_it_answers(served: Served) -> None:
    until = time.monotonic() + 60
    with httpx.Client(base_url=served.url, trust_env=False) as client:
        while time.monotonic() < until:
            assert served.process.poll() is None, served.process.communicate()
            try:
                if client.get("/login").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
    pytest.fail("it does not answer")


def journal_of(desk: Desk) -> str:
    """The options for a journal in the desk's folder, with an administrator in it."""
    path = desk.folder / "journal.db"
    if not path.exists():
        with opened(App(Settings(journal=str(path)))) as app:
            add_user(app, "root", Role.ADMIN, PASSWORD)
    return str(path)


def test_a_try_out_needs_nothing(bare: Desk) -> None:
    """It prints its address, a user and a password; a workbook goes in and its results come out; nothing is left behind."""
    bare.write("orders.xlsx", [line("A-1"), line("A-2")])
    with serving(bare, "--sandbox", lines=3) as served:
        guest = served.guest()
        batch = guest.draft("orders.xlsx", (bare.folder / "orders.xlsx").read_bytes())
        assert guest.call("POST", f"/batches/{batch}/submit", json={}).status_code == 202
        found = guest.until(f"/batches/{batch}/progress", "state", "done")
        assert found["counts"]["created"] == 2
        results = guest.get(f"/batches/{batch}/results.xlsx")
        (bare.folder / "results.xlsx").write_bytes(results.content)
        assert "%E6%B5%8B%E8%AF%95%E7%BB%93%E6%9E%9C" in results.headers["content-disposition"]  # 测试结果
        ran = served.end()
    sheet = openpyxl.load_workbook(bare.folder / "results.xlsx")["Sheet"]
    heading, *rows = sheet.iter_rows(values_only=True)
    assert [row[heading.index("提交状态")] for row in rows] == ["已创建（测试）"] * 2
    assert served.password not in ran.err
    assert [path for path in (bare.folder / "home").rglob("*") if path.is_file()] == []
    with httpx.Client(trust_env=False) as client, pytest.raises(httpx.ConnectError):
        client.get(served.url)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_it_ends_when_it_is_asked_to(bare: Desk, number: signal.Signals) -> None:
    """With open streams, a request in the middle and an upload that trickles: exit 0 within ten seconds."""
    bare.write("orders.xlsx", [line("A-1")])
    with serving(bare, "--sandbox", lines=3) as served:
        guest = served.guest()
        batch = guest.draft("orders.xlsx", (bare.folder / "orders.xlsx").read_bytes())
        ended: list[bool] = []

        def listen() -> None:
            with guest.client.stream("GET", f"/api/v1/batches/{batch}/stream") as stream:
                for _ in stream.iter_bytes():
                    pass
            ended.append(True)

        threads = [threading.Thread(target=listen, daemon=True) for _ in range(3)]
        for thread in threads:
            thread.start()
        host, port = served.url.removeprefix("http://").split(":")
        slow = socket.create_connection((host, int(port)))
        cookie = f"bulkorders={guest.client.cookies['bulkorders']}"
        slow.sendall(
            f"POST /api/v1/uploads HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nx-csrf-token: {guest.csrf}\r\ncontent-length: 999\r\n"
            f"content-type: multipart/form-data; boundary=b\r\n\r\n--b\r\n".encode()
        )
        time.sleep(0.5)
        ran = served.end(number)
        for thread in threads:
            thread.join(5)
        slow.close()
        assert list(ended) == [True] * 3
    assert "Traceback" not in ran.err


def test_it_listens_to_others_only_with_users(bare: Desk) -> None:
    """Without one it is exit 2, and the sentence names the command."""
    ran = bare.run("serve", "--host", "0.0.0.0", "--port", "0", code=2)  # noqa: S104
    assert "bulkorders users add" in ran.said
    assert bare.run("serve", "--lang", "en", "--host", "192.0.2.1", "--port", "0", code=2).said.isascii()


@pytest.mark.parametrize(
    "options",
    [
        ["--name", "http://a.example"], ["--name", "a.example:80"], ["--name", ""], ["--proxy", "proxy"], ["--host", "no such host"],
        ["--port", "70000"],
    ],
)  # fmt: skip
def test_what_is_no_address_is_refused(bare: Desk, options: list[str]) -> None:
    """Exit 2 and one sentence."""
    assert bare.run("serve", *options, "--journal", journal_of(bare), code=2).said


def test_a_port_that_is_taken_is_told(bare: Desk) -> None:
    """Exit 2."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = bare.run("serve", "--port", str(taken.getsockname()[1]), "--journal", journal_of(bare), code=2)
    assert "--port" in ran.said


def test_it_says_when_nobody_can_sign_in(bare: Desk) -> None:
    """On this machine alone it starts all the same: users can be added while it is up."""
    with serving(bare, "--journal", str(bare.folder / "empty.db")) as served:
        ran = served.end()
    assert "bulkorders users add" in ran.err


def test_names_and_a_proxy(bare: Desk) -> None:
    """It answers to the names that it was told; the scheme is the proxy's, so the cookie is for TLS alone and origins are of TLS."""
    with serving(bare, "--journal", journal_of(bare), "--name", "orders.example.com", "--proxy", "127.0.0.1") as served:
        headers = {"host": "orders.example.com", "x-forwarded-proto": "https", "x-forwarded-for": "203.0.113.9"}
        asked = {"name": "root", "password": PASSWORD}
        client = served.client(headers=headers)
        assert client.post("/login", data=asked, headers={"origin": "http://orders.example.com"}).status_code == 403
        answer = client.post("/login", data=asked, headers={"origin": "https://orders.example.com"})
        assert "secure" in answer.headers["set-cookie"].lower().split("; ")
        ran = served.end()
    assert "203.0.113.9" not in ran.err
    with serving(bare, "--journal", journal_of(bare), "--name", "orders.example.com") as served:
        answer = served.client().post("/login", data=asked, headers=headers)
        assert "secure" not in answer.headers["set-cookie"].lower().split("; ")  # nobody's word is taken for it


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_restart_goes_on(desk: Desk, number: signal.Signals) -> None:
    """Stopped or killed midway: the uploads that waited are checked, the batch goes out to its end, each order once."""
    desk.foreign.answers |= {name: [Slow(0.4)] for name in NAMES}
    options = "--journal", journal_of(desk)
    desk.write("a.xlsx", [line(name) for name in NAMES])
    content = (desk.folder / "a.xlsx").read_bytes()
    with serving(desk, *options) as served:
        guest = served.guest()
        batch = guest.draft("a.xlsx", content)
        assert guest.call("POST", f"/batches/{batch}/submit", json={}).status_code == 202
        while desk.foreign.calls[CREATE] < 2:
            time.sleep(0.02)
        waiting = [guest.upload(f"later-{number}.xlsx", content)["id"] for number in range(3)]
        cookies = dict(guest.client.cookies)
        if number is signal.SIGTERM:
            served.end()
        else:
            os.kill(served.process.pid, number)
            served.process.wait(10)
    if number is signal.SIGKILL:
        desk.foreign.forgive()
    with serving(desk, *options) as served:
        client = served.client(cookies=cookies)  # who was signed in still is
        again = Guest(client, csrf_in(client.get("/").text))
        found = again.until(f"/batches/{batch}/progress", "state", "done")
        assert found["counts"]["created"] == len(NAMES)
        assert [again.until(f"/uploads/{each}", "state", "checked")["file"] for each in waiting] == [f"later-{n}.xlsx" for n in range(3)]
        served.end()
    assert desk.foreign.tried() == dict.fromkeys(NAMES, 1)


@pytest.mark.parametrize("is_form", [True, False])
def test_who_is_stopped_by_refusals_goes_on_to_the_end(desk: Desk, is_form: bool) -> None:
    """Once, not again and again after each two: from the page, and by a program."""
    desk.foreign.answers |= {name: [Refuse(["地址无效"])] for name in NAMES}
    desk.write("a.xlsx", [line(name) for name in NAMES])
    with serving(desk, "--journal", journal_of(desk)) as served:
        guest = served.guest()
        batch = guest.draft("a.xlsx", (desk.folder / "a.xlsx").read_bytes())
        guest.call("POST", f"/batches/{batch}/submit", json={})
        guest.until(f"/batches/{batch}/progress", "state", "paused")
        if is_form:
            assert 'name="keep_going"' in guest.get(f"/batches/{batch}").text
            assert guest.post(f"/batches/{batch}/resume", keep_going="1").status_code == 303
        else:
            assert guest.call("POST", f"/batches/{batch}/resume", json={"keep_going": True}).status_code == 202
        assert guest.until(f"/batches/{batch}/progress", "state", "done")["counts"]["rejected"] == len(NAMES)
        served.end()
    assert desk.foreign.tried() == dict.fromkeys(NAMES, 1)


def test_the_log_has_no_secrets_and_nothing_personal(desk: Desk) -> None:
    """Neither buyers nor passwords, tokens, cookies, numbers of orders, names of files; as JSON each line is an object."""
    options = "--journal", journal_of(desk), "--log", "json"
    desk.write("personal-name.xlsx", [line(name) for name in NAMES[:2]])
    with opened(App(Settings(journal=journal_of(desk)))) as app:
        from bulkorders.pipeline.users import find_user

        token = make_token(app, find_user(app, "root"), "test")
    with serving(desk, *options) as served:
        guest = served.guest()
        batch = guest.draft("personal-name.xlsx", (desk.folder / "personal-name.xlsx").read_bytes())
        guest.call("POST", f"/batches/{batch}/submit", json={})
        guest.until(f"/batches/{batch}/progress", "state", "done")
        for path in (f"/batches/{batch}", f"/batches/{batch}/orders/0", f"/batches/{batch}/results.xlsx", "/history?text=A-1"):
            assert guest.get(path).status_code == 200
        served.client().get("/api/v1/batches?text=A-1", headers={"authorization": f"Bearer {token}"})
        cookie = guest.client.cookies["bulkorders"]
        ran = served.end()
    secrets = (*CANARIES, PASSWORD, token, cookie, guest.csrf, batch, "personal-name", "A-1")
    assert [each for each in secrets if each in ran.err] == []
    lines = [json.loads(text) for text in ran.err.splitlines()]
    assert {each["event"] for each in lines} >= {"request", "stopped"}
    asked = {(each["method"], each["route"], each["status"]) for each in lines if each["event"] == "request"}
    assert ("GET", "/batches/{batch}/orders/{position}", 200) in asked


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_memory_stays_flat(bare: Desk) -> None:
    """A hundred megabytes that are taken, and bodies that never end: less than 100 MB above idle, and nothing left on disk."""
    path = journal_of(bare)
    with serving(bare, "--journal", path) as served:
        guest = served.guest()
        guest.get("/history")
        idle = _memory(served.process.pid)
        block = b"\0" * (1024 * 1024)

        def body(megabytes: int) -> Iterator[bytes]:
            yield b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\n'
            for _ in range(megabytes):
                yield block
            yield b"\r\n--b--\r\n"

        def send(megabytes: int) -> int:
            headers = {"content-type": "multipart/form-data; boundary=b"}
            try:
                return guest.call("POST", "/uploads", content=body(megabytes), headers=headers).status_code
            except httpx.WriteError:  # it was cut before the answer was read
                return 413

        assert send(99) == 202
        assert [send(400), send(400)] == [413, 413]
        with Wire(int(served.url.rpartition(":")[2])) as connection:
            named = {"cookie": f"bulkorders={guest.client.cookies['bulkorders']}", "content_type": "multipart/form-data; boundary=b"}
            port = int(served.url.rpartition(":")[2])
            connection.send(head("POST", "/api/v1/uploads", port, content_length=str(10**12), x_csrf_token=guest.csrf, **named))
            assert connection.answer().status == 413
        assert _peak(served.process.pid) - idle < 100 * 1024
        assert list((Path(path + ".files") / "received").iterdir()) == []
        served.end()


def _memory(pid: int, name: str = "VmRSS") -> int:
    """Kilobytes."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found.group(1))


def _peak(pid: int) -> int:
    return _memory(pid, "VmHWM")


def test_it_ends_though_a_remote_hangs(bare: Desk) -> None:
    """A check that asks a remote for its stores, which never answers: it is checked anew at the next start."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        settings = {"provider": "lingxing", "base_url": f"http://127.0.0.1:{silent.getsockname()[1]}", "app_id": "ak_0123456789abc"}
        bare.configure_all({"main": {**settings, "app_secret": "0" * 16}})
        path = journal_of(bare)
        bare.write("a.xlsx", [line("A-1")])
        with serving(bare, "--journal", path) as served:
            guest = served.guest()
            upload = guest.upload("a.xlsx", (bare.folder / "a.xlsx").read_bytes())["id"]
            silent.settimeout(60)
            with silent.accept()[0]:  # it is asked
                served.end()
    with opened(App(Settings(journal=path))) as app:
        from bulkorders.pipeline.uploads import get_upload

        found = get_upload(app, upload)
        assert found is not None
        assert found.state in ("queued", "checking")
