"""What breaks off, fails, or is done by two at once: a sentence for people, the reason for the log, and nothing half done."""

import asyncio
import hashlib
import re
import shutil
import threading
import time
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
from fastapi import FastAPI
from foreign import LABELS
from house import ANNA, BEN, ROOT, House, Log, house, make_shared, orders  # noqa: F401  # fixture
from wire import Wire, head

from bulkorders.core.cell import column_letter
from bulkorders.errors import JournalError, SettingsError
from bulkorders.journal.kept import kept_path
from bulkorders.pipeline.uploads import CORES, READING, latest_uploads
from bulkorders.web import failures
from bulkorders.web.problems import Problem
from bulkorders.web.site import Options, Site

PLACE = "/srv/secret/journal.db"


def _cookie(found: httpx.Client) -> str:
    return f"bulkorders={found.cookies['bulkorders']}"


@pytest.mark.parametrize("path", ["/api/v1/uploads", "/uploads", "/login"])
def test_a_sender_who_goes_away_is_no_bug(shared: House, path: str) -> None:
    """A browser that is closed in the middle of an upload or a form: a line of the log like any other, and nothing is left on disk."""
    anna = shared.guest(ANNA)
    kind = "application/x-www-form-urlencoded" if path == "/login" else "multipart/form-data; boundary=b"
    named = {"cookie": _cookie(anna.client), "x_csrf_token": anna.csrf, "content_type": kind, "content_length": "60000"}
    before = len(shared.log.lines)
    with Wire(shared.port) as connection:
        connection.send(head("POST", path, shared.port, **named))
        connection.send(b'--b\r\ncontent-disposition: form-data; name="file"; filename="a.xlsx"\r\n\r\n' + b"x" * 50_000)
        time.sleep(0.3)
    until = time.monotonic() + 10
    while not any(path in line for line in shared.log.lines[before:]):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert not any(line.startswith("failed") for line in shared.log.lines[before:])
    assert any(f"POST {path} 499" in line for line in shared.log.lines[before:])
    assert list(shared.made.state.site.folder.iterdir()) == []


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (JournalError(f"流水账 {PLACE} 用不了：磁盘满了。", f"the journal {PLACE} cannot be used: the disk is full."), "journal"),
        (SettingsError(f"配置 {PLACE} 不对。", f"settings {PLACE} are wrong."), "settings"),
        (OSError(28, "No space left on device", PLACE), "disk"),
    ],
)
def test_what_is_wrong_with_the_machine_is_for_the_log(error: Exception, code: str) -> None:
    """Who looks at a page is told what to do; where things lie on the server stands in the log alone."""
    log, made = Log(), FastAPI()
    made.state.site = SimpleNamespace(options=Options(log))
    failures.register(made)

    @made.get("/api/v1/x")
    def fail() -> None:
        raise error

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(made)
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            return await client.get("/api/v1/x")

    answer = asyncio.run(ask())
    assert (answer.status_code, answer.json()["code"]) == (503, code)
    assert "secret" not in answer.text
    assert len(log.lines) == 1
    assert code == "disk" or PLACE in log.lines[0]


def test_an_upload_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """Here the folder is gone: 503, and what to do, on the page and to programs."""
    with house(tmp_path) as found:
        anna = found.guest(ANNA)
        shutil.rmtree(found.made.state.site.folder)
        answer = anna.call("POST", "/uploads", files={"file": ("a.xlsx", b"x")})
        assert (answer.status_code, answer.json()["code"]) == (503, "disk")
        page = anna.client.post("/uploads", data={"csrf": anna.csrf}, files={"file": ("a.xlsx", b"x")})
        assert page.status_code == 503
        assert "请过几分钟再试" in page.text


def test_an_upload_that_cannot_be_kept_is_the_servers_fault(tmp_path: Path) -> None:
    """It was received whole: nothing is said against the file, nor of what it was called while it was received."""
    with house(tmp_path) as found:
        anna, content = found.guest(ANNA), orders(tmp_path, "A-1")
        (kept_path(found.app.journal, hashlib.sha256(content).hexdigest()) / "x").mkdir(parents=True)  # where it should lie
        answer = anna.call("POST", "/uploads", files={"file": ("a.xlsx", content)})
        assert (answer.status_code, answer.json()["code"]) == (503, "disk")
        assert "upload-" not in answer.text
        assert any(line.startswith("failed") for line in found.log.lines)
        assert latest_uploads(found.app, ANNA) == []


def test_a_disk_that_is_nearly_full_is_left_to_the_orders(tmp_path: Path) -> None:
    """Uploads are refused while the journal still has room to send what was submitted; nothing of them is received."""
    with house(tmp_path, spare_bytes=2**62) as found:
        anna = found.guest(ANNA)
        answer = anna.call("POST", "/uploads", files={"file": ("a.xlsx", orders(tmp_path, "A-1"))})
        assert (answer.status_code, answer.json()["code"]) == (503, "disk")
        assert "磁盘快满了" in anna.client.post("/uploads", data={"csrf": anna.csrf}, files={"file": ("a.xlsx", b"x")}).text
        assert latest_uploads(found.app, ANNA) == []


def test_one_user_does_not_fill_the_queue(tmp_path: Path) -> None:
    """Who has as many files waiting as he may is told to wait for them; another one is served."""
    with house(tmp_path, most_waiting=2) as found, ExitStack() as readers:
        anna, ben = found.guest(ANNA), found.guest(BEN)
        for _ in range(CORES):
            readers.enter_context(READING.at_once())  # nothing is checked meanwhile
        waiting = [anna.upload("a.xlsx", orders(tmp_path, f"A-{number}")) for number in range(2)]
        answer = anna.call("POST", "/uploads", files={"file": ("a.xlsx", b"x")})
        assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
        ben.upload("b.xlsx", orders(tmp_path, "B-1"))
        readers.close()
        for each in waiting:
            anna.until(f"/uploads/{each['id']}", "state", "checked")
        assert anna.draft("a.xlsx", orders(tmp_path, "A-3"))


@pytest.mark.parametrize("known", [{}, {"cookie": "bulkorders=" + "a" * 43}, {"authorization": "Bearer bo_" + "a" * 43}])
def test_nothing_of_a_strangers_body_is_awaited(shared: House, known: dict[str, str]) -> None:
    """Whoever is not signed in is told so when his head is in: he cannot make the server hold what he sends."""
    for method, path in (("PATCH", "/api/v1/batches/x/cells"), ("POST", "/api/v1/batches/x/submit"), ("POST", "/api/v1/uploads")):
        with Wire(shared.port) as connection:
            began = time.monotonic()
            connection.send(head(method, path, shared.port, content_type="application/json", content_length="500000", **known) + b"[")
            assert connection.answer().status == 401, path
            assert time.monotonic() - began < 5


def test_a_page_that_is_not_there_leads_to_no_other_site(shared: House) -> None:
    """The link to the other language is made of nothing that was asked for: `//other.example/` would be another site's address."""
    for path in ("//other.example/x", "///other.example", "/\\other.example"):
        with Wire(shared.port) as connection:
            connection.send(head("GET", path, shared.port))
            answer = connection.answer()
        assert answer.status == 404
        assert b'href="?lang=' in answer.body
        assert b"other.example" not in answer.body


def test_a_submission_that_is_refused_leads_back_to_its_batch(tmp_path: Path) -> None:
    """Also in the other language: the form's own address is none to look at."""
    with house(tmp_path) as found:
        anna = found.guest(ANNA)
        batch = anna.draft("a.xlsx", orders(tmp_path, "A-1", 发货量="x"))
        page = anna.post(f"/batches/{batch}/submit", only_good="0")
        assert page.status_code == 409
        assert f'href="/batches/{batch}?lang=en"' in page.text
        assert anna.get(f"/batches/{batch}?lang=en").status_code == 200


def test_nobody_submits_what_he_has_not_seen(tmp_path: Path) -> None:
    """A cell was corrected in another window, or by the administrator: the page tells so, shows how it is now, and sends that."""
    with house(tmp_path) as found:
        anna, root = found.guest(ANNA), found.guest(ROOT)
        batch = anna.draft("a.xlsx", orders(tmp_path, "A-1"))

        def seen() -> str:
            return str(re.findall(r'name="seen" value="(\d+)"', anna.get(f"/batches/{batch}").text)[0])

        before = seen()
        cell = {"sheet": "Sheet", "row": 2, "column": column_letter(LABELS.index("发货量") + 1), "text": "50"}
        assert root.call("PATCH", f"/batches/{batch}/cells", json=[cell]).status_code == 200
        page = anna.post(f"/batches/{batch}/submit", only_good="0", seen=before)
        assert page.status_code == 409
        assert "表格又改过" in page.text
        assert anna.call("GET", f"/batches/{batch}/progress").json()["state"] == "draft"
        assert f'name="seen" value="{seen()}"' in page.text
        assert anna.post(f"/batches/{batch}/submit", only_good="0", seen=seen()).status_code == 303
        assert anna.until(f"/batches/{batch}/progress", "state", "done")["counts"]["created"] == 1


@pytest.mark.parametrize("part", ["bytes=zzz", "bytes=99999999-", "bytes=0-1", "x"])
def test_results_are_sent_whole_and_left_nowhere(shared: House, tmp_path: Path, part: str) -> None:
    """Also where a part of them is asked for: they are written for each who asks, and hold people's addresses."""
    anna = shared.guest(ANNA)
    batch = anna.draft("a.xlsx", orders(tmp_path, "A-1"))
    answer = anna.get(f"/batches/{batch}/results.xlsx", headers={"range": part})
    assert (answer.status_code, answer.content[:2]) == (200, b"PK")
    assert answer.headers["accept-ranges"] == "none"
    until = time.monotonic() + 5
    while list(shared.made.state.site.folder.iterdir()):
        assert time.monotonic() < until
        time.sleep(0.02)


def test_one_user_does_not_take_all_who_read_workbooks(shared: House) -> None:
    """Who has eight such requests underway is told to wait; another one is served."""
    site = Site(shared.app, Options(Log()))

    async def ask() -> str:
        stop = threading.Event()
        busy = [asyncio.create_task(site.patiently(ANNA, stop.wait)) for _ in range(8)]
        await asyncio.sleep(0.1)
        with pytest.raises(Problem) as refused:
            await site.patiently(ANNA, lambda: None)
        assert refused.value.status_code == 429
        found = await asyncio.wait_for(site.patiently("ben", lambda: "served"), 5)
        stop.set()
        await asyncio.gather(*busy)
        await site.patiently(ANNA, lambda: None)
        return found

    assert asyncio.run(ask()) == "served"


def test_of_submitting_and_dropping_at_once_one_is_done_and_told(tmp_path: Path) -> None:
    """Two browsers, one draft: it is sent or it is gone, and whoever came second hears so."""
    with house(tmp_path) as found:
        anna, other = found.guest(ANNA), found.guest(ANNA)
        for number in range(8):
            batch = anna.draft("a.xlsx", orders(tmp_path, f"A-{number}"))
            answers: dict[str, int] = {}

            def submit(batch: str = batch, answers: dict[str, int] = answers) -> None:
                answers["submit"] = anna.call("POST", f"/batches/{batch}/submit", json={}).status_code

            def drop(batch: str = batch, answers: dict[str, int] = answers) -> None:
                answers["drop"] = other.call("DELETE", f"/batches/{batch}").status_code

            both = [threading.Thread(target=act) for act in ((submit, drop) if number % 2 else (drop, submit))]
            for thread in both:
                thread.start()
            for thread in both:
                thread.join()
            left = anna.call("GET", f"/batches/{batch}/progress").status_code
            if left == 200:
                assert (answers["submit"], answers["drop"]) == (202, 409)
            else:
                assert left == 404
                assert (answers["drop"], answers["submit"]) in ((204, 409), (204, 404))
