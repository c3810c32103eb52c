"""Files on their way in: whatever they are called, however many parts a form has, nothing is left behind."""

import os
import select
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from foreign import line
from house import ANNA, BEN, Guest, House, book, house
from wire import Wire, chunk, head

from bulkorders.web.site import OLD_SECONDS

MOST = 256 * 1024
NAMES = [
    "../../../etc/passwd", "..\\..\\boot.ini", "/etc/passwd", "C:\\Windows\\win.ini", "\\\\host\\share\\a.xlsx", "a\0b.xlsx", "CON",
    "NUL.xlsx", "x" * 3000 + ".xlsx", "订" * 300 + ".xlsx", "\u202excod.xslx", "a\u2066b\u2069.xlsx", "%2e%2e%2f%2e%2e%2fa.xlsx", ".", "..",
    " ", "~$a.xlsx", '"><script>alert(1)</script>.xlsx', "a';--.xlsx", "=cmd|' /C calc'!A0.xlsx", "a\x1b[31m.xlsx", "\ufeff.xlsx",
    "a/b", "-rf", "a\tb.xlsx",
]  # fmt: skip


@pytest.fixture(name="small", scope="module")
def make_small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server that takes a quarter of a megabyte."""
    with house(tmp_path_factory.mktemp("small"), most_upload_bytes=MOST) as found:
        yield found


@pytest.fixture(name="anna", scope="module")
def make_anna(small: House) -> Guest:
    """Somebody at a browser."""
    return small.guest(ANNA)


def raw(guest: Guest, body: bytes, boundary: str = "b", kind: str | None = None) -> int:
    """The status of an upload whose body is written by hand."""
    headers = {"content-type": kind or f"multipart/form-data; boundary={boundary}"}
    return guest.call("POST", "/uploads", content=body, headers=headers).status_code


def part(headers: str, content: bytes, boundary: str = "b") -> bytes:
    """A part of such a body."""
    return f"--{boundary}\r\n{headers}\r\n\r\n".encode() + content + b"\r\n"


FILE = 'content-disposition: form-data; name="file"; filename="a.xlsx"'
END = b"--b--\r\n"


def left_behind(found: House) -> list[Path]:
    """Files that were received and are still there."""
    return list(found.made.state.site.folder.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_only_a_name(small: House, anna: Guest, name: str) -> None:
    """It is kept under another one, shown without what nobody sees, and quoted on the page."""
    before = {path for path in small.app.journal.folder.parent.rglob("*") if path.suffix != ".lock"}
    upload = anna.upload(name, book([line(f"N-{NAMES.index(name)}")], small.app.journal.folder.parent))
    shown = upload["file"]
    assert shown.isprintable()
    assert 0 < len(shown.encode()) <= 200
    assert "/" not in shown
    assert "\\" not in shown
    page = anna.get(f"/uploads/{upload['id']}")
    assert page.status_code in (200, 303)
    assert "<script>alert" not in page.text
    assert "<script>alert" not in anna.get("/").text
    (batch,) = anna.until(f"/uploads/{upload['id']}", "state", "checked")["batches"]
    results = anna.call("GET", f"/batches/{batch}/results")
    assert results.status_code == 200
    said = results.headers["content-disposition"]
    assert said.isascii()
    assert said.isprintable()
    new = set(small.app.journal.folder.parent.rglob("*")) - before
    strange = [
        path
        for path in new
        if path.is_file() and path.parent == small.app.journal.folder and len(path.stem) != 64 and path.suffix == ".xlsx"
    ]
    assert strange == []
    _wait_until(lambda: left_behind(small) == [])


@pytest.mark.parametrize(
    "disposition",
    [
        'form-data; name="file"; filename="a.xlsx"; filename="../b.xlsx"',
        "form-data; name=file; filename*=UTF-8''..%2fb.xlsx; filename=a.xlsx",
        'form-data; name="file"; filename="a%0d%0aset-cookie: x=1.xlsx"', 'form-data; name="file"; filename="a\\"; name=\\"csrf.xlsx"',
        'attachment; name="file"; filename="a.xlsx"', "form-data; name=file; filename=a.xlsx",
    ],
)  # fmt: skip
def test_a_part_may_name_its_file_twice(small: House, anna: Guest, disposition: str) -> None:
    """One of the names is taken, as a name alone."""
    headers = {"content-type": "multipart/form-data; boundary=b"}
    answer = anna.call("POST", "/uploads", content=part(f"content-disposition: {disposition}", b"x") + END, headers=headers)
    assert answer.status_code == 202
    assert "/" not in answer.json()["file"]
    assert "set-cookie" not in answer.headers
    assert left_behind(small) == []


def test_forms_that_are_none(small: House, anna: Guest) -> None:
    """More parts than ours have, headers that are too long, parts without a name, bodies that end early."""
    many = b"".join(part(f'content-disposition: form-data; name="f{number}"', b"x") for number in range(1000))
    wrong = {
        "1,000 fields": many + END,
        "two files": part(FILE, b"x") + part(FILE, b"y") + END,
        "a file of many": part(FILE, b"x") + many + END,
        "a header of 100 KB": part(FILE + "; x=" + "y" * 100_000, b"x") + END,
        "100 headers": part("\r\n".join([FILE, *(f"x-{number}: y" for number in range(100))]), b"x") + END,
        "no name": part('content-disposition: form-data; filename="a.xlsx"', b"x") + END,
        "no disposition": part("content-type: text/plain", b"x") + END,
        "a field of 100 KB": part('content-disposition: form-data; name="account"', b"x" * 100_000) + END,
        "no end": part(FILE, b"x" * 1000),
        "half a part": b"--b\r\n" + FILE.encode(),
        "nothing": b"",
        "garbage": b"garbage" * 100,
    }
    found = {what: raw(anna, body) for what, body in wrong.items()}
    assert found == dict.fromkeys(wrong, 400)
    assert left_behind(small) == []


def test_a_form_without_a_file_is_told_so(small: House, anna: Guest) -> None:
    """No file, or the empty one that a browser sends for none."""
    field = part('content-disposition: form-data; name="account"', b"lingxing")
    none = part('content-disposition: form-data; name="file"; filename=""', b"")
    assert [raw(anna, field + END), raw(anna, none + END)] == [422, 422]
    assert left_behind(small) == []


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data", "multipart/form-data; boundary=", "multipart/mixed; boundary=b"]
)
def test_other_types_are_refused(anna: Guest, kind: str) -> None:
    """Only forms have files."""
    assert raw(anna, part(FILE, b"x") + END, kind=kind) == 415


def test_a_boundary_too_long_is_refused(anna: Guest) -> None:
    """RFC 2046 has at most 70 letters."""
    assert raw(anna, b"", boundary="b" * 2000) == 400


def test_an_account_that_is_not_there(small: House, anna: Guest) -> None:
    """It is said before anything is kept."""
    answer = anna.call("POST", "/uploads", files={"file": ("a.xlsx", b"x")}, data={"account": "nobody"})
    assert (answer.status_code, answer.json()["code"]) == (409, "no_account")
    assert left_behind(small) == []


def test_a_file_at_the_limit_passes_and_one_beyond_it_does_not(small: House, anna: Guest) -> None:
    """413 at the limit and 64 KB, by a length that is told and by one that is not; nothing is left of it."""
    assert raw(anna, part(FILE, b"x" * MOST) + END) == 202
    assert raw(anna, part(FILE, b"x" * (MOST + 65 * 1024)) + END) == 413
    with Wire(small.port) as connection:
        cookie = f"bulkorders={anna.client.cookies['bulkorders']}"
        first = head(
            "POST", "/api/v1/uploads", small.port, transfer_encoding="chunked", cookie=cookie, x_csrf_token=anna.csrf,
            content_type="multipart/form-data; boundary=b",
        )  # fmt: skip
        connection.send(first + chunk(f"--b\r\n{FILE}\r\n\r\n".encode()))
        for _ in range(MOST // 16384 + 6):
            connection.send(chunk(b"x" * 16384))
        answer = connection.answer()
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert left_behind(small) == []


def test_an_upload_that_is_cut_off_leaves_nothing(small: House, anna: Guest) -> None:
    """The connection ends in the middle of the file."""
    cookie = f"bulkorders={anna.client.cookies['bulkorders']}"
    with Wire(small.port) as connection:
        first = head(
            "POST", "/api/v1/uploads", small.port, content_length="200000", cookie=cookie, x_csrf_token=anna.csrf,
            content_type="multipart/form-data; boundary=b",
        )  # fmt: skip
        connection.send(first + f"--b\r\n{FILE}\r\n\r\n".encode() + b"x" * 50_000)
        _wait_until(lambda: len(left_behind(small)) == 1)
        (path,) = left_behind(small)
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    _wait_until(lambda: left_behind(small) == [])


def test_what_a_killed_server_has_left_goes(tmp_path: Path) -> None:
    """While the next one is up, not only when one begins: a file that is received now stays."""
    with house(tmp_path) as found:
        site = found.made.state.site
        old, fresh, cells = site.folder / "upload-1", site.folder / "upload-2", found.app.journal.folder / "grid-1"
        for path in (old, fresh, cells / "0.rows"):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(b"x")
        for path in (old, cells):
            os.utime(path, (time.time() - OLD_SECONDS - 1,) * 2)
        site.sweep()
        assert [path.exists() for path in (old, fresh, cells)] == [False, True, False]


def test_one_user_with_many_slow_uploads_keeps_nobody_waiting(small: House, anna: Guest) -> None:
    """Some of his are taken, for the rest he is told to wait; the other user's page and upload are answered at once."""
    cookie = f"bulkorders={anna.client.cookies['bulkorders']}"
    connections = []
    try:
        for _ in range(60):
            connection = Wire(small.port)
            connections.append(connection)
            first = head(
                "POST", "/api/v1/uploads", small.port, content_length="200000", cookie=cookie, x_csrf_token=anna.csrf,
                content_type="multipart/form-data; boundary=b",
            )  # fmt: skip
            connection.send(first + f"--b\r\n{FILE}\r\n\r\n".encode())
        refused: set[Wire] = set()
        until = time.monotonic() + 20
        while len(refused) < 56 and time.monotonic() < until:  # whoever was first
            ready, _, _ = select.select([each.socket for each in connections if each not in refused], [], [], 1)
            refused |= {each for each in connections if each.socket in ready}
        assert {each.answer().status for each in refused} == {429}
        assert len(refused) == 56
        ben = small.guest(BEN)
        assert ben.get("/").elapsed.total_seconds() < 1
        assert ben.upload("b.xlsx", b"x")["file"] == "b.xlsx"
        assert len(left_behind(small)) == 4
    finally:
        for connection in connections:
            connection.socket.close()
    _wait_until(lambda: left_behind(small) == [])
    assert raw(anna, part(FILE, b"x") + END) == 202


def _wait_until(holds: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_the_form_without_a_script_uploads_too(anna: Guest) -> None:
    """It leads to the page where its check is waited for."""
    answer = anna.client.post("/uploads", data={"csrf": anna.csrf}, files={"file": ("orders.xlsx", b"x" * 10)})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/uploads/")
