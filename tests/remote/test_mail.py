"""Notices by mail, to a server on a real socket: over TLS, judged by the server's codes, nothing secret said."""

import base64
import datetime as dt
import socket
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from bots import Post, post

from bulkorders.remote.mail import Mail
from bulkorders.remote.notice import Message, Told

NOW = dt.datetime(2025, 4, 9, 14, 30, 45, tzinfo=dt.timezone(dt.timedelta(hours=8)))
PASSWORD = "canary-password-7f3a"
TEXT = "订单.xlsx：3 单，已创建 3\n结果表在 results 文件夹"


def mail(at: Post, **changed: Any) -> Mail:
    """A sender to a server."""
    values: dict[str, Any] = {"host": "127.0.0.1", "port": at.port, "security": at.security, "sender": "from@example.com"}
    values |= {"receivers": ("ops@example.com", "boss@example.com")}
    values |= {"user": "from@example.com", "password": PASSWORD} if at.password else {}
    return Mail(**{**values, **changed})


def send(at: Post, text: str = TEXT, **changed: Any) -> Told:
    """Sends one notice."""
    return mail(at, **changed).send([Message("journal-7", text, NOW)], NOW)


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_a_notice_is_one_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, security: str) -> None:
    """Logged in, over TLS where that is wanted, to all addresses; the text whole, its first line as the subject."""
    with post(tmp_path, security=security, password=PASSWORD) as at:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "server.pem"))
        assert send(at) == Told(True)
        assert send(at) == Told(True)
    assert at.logins == [["from@example.com", PASSWORD]] * 2
    assert at.envelopes[0] == ["mail FROM:<from@example.com>", "rcpt TO:<ops@example.com>", "rcpt TO:<boss@example.com>"]
    first, again = at.mails
    assert first["Subject"] == "[bulkorders] 订单.xlsx：3 单，已创建 3"
    assert first.get_content().splitlines() == TEXT.splitlines()
    assert (first["From"], first["To"], first["Auto-Submitted"]) == (
        "from@example.com",
        "ops@example.com, boss@example.com",
        "auto-generated",
    )
    assert first["Date"].datetime == NOW
    assert first["Message-ID"] == "<journal-7@example.com>" == again["Message-ID"]  # a mailbox can tell the repetition


def test_a_server_that_cannot_show_who_it_is_gets_nothing(tmp_path: Path) -> None:
    """No password goes to a certificate that nobody vouches for."""
    with post(tmp_path, security="tls", password=PASSWORD) as at:
        told = send(at)
    assert (told.is_sent, told.may_have_arrived) == (False, False)
    assert told.reason is not None
    assert "证书" in told.reason.zh
    assert at.logins == []


def test_a_server_without_tls_gets_no_password(tmp_path: Path) -> None:
    """STARTTLS is asked for; one that has none is not logged in to."""
    with post(tmp_path, password=PASSWORD) as at:
        told = send(at, security="starttls")
    assert not told.is_sent
    assert told.reason is not None
    assert "security" in told.reason.zh
    assert at.logins == []


REFUSALS = [
    ({"AUTH": "535 5.7.8 no"}, "授权码"),
    ({"MAIL": "550 sender from@example.com unknown"}, "sender *** unknown（550）"),
    ({"RCPT": "550 no such user ops@example.com"}, "no such user ***（550）"),
    ({"DATA": "452 full"}, "full（452）"),
    ({".": f"554 spam\t{PASSWORD}"}, "spam ***（554）"),
]  # fmt: skip


@pytest.mark.parametrize(("says", "reason"), REFUSALS)
def test_a_refusal_is_said_without_addresses_and_passwords(tmp_path: Path, says: dict[str, str], reason: str) -> None:
    """It has not arrived, whichever step was refused."""
    with post(tmp_path, says=says, password=PASSWORD) as at:
        told = send(at)
    assert (told.is_sent, told.may_have_arrived) == (False, False)
    assert told.reason is not None
    assert reason in told.reason.zh


def test_one_address_that_is_refused_stops_no_other(tmp_path: Path) -> None:
    """The mail goes to the rest, and that is said."""
    with post(tmp_path, says={"rcpt TO:<boss@example.com>": "550 unknown"}) as at:
        told = send(at)
    assert told.is_sent
    assert told.reason is not None
    assert "1 个收件地址" in told.reason.zh
    assert at.envelopes == [["mail FROM:<from@example.com>", "rcpt TO:<ops@example.com>"]]


@pytest.mark.parametrize(("says", "may_have_arrived"), [({"MAIL": ""}, False), ({"RCPT": ""}, False), ({".": ""}, True)])
def test_what_never_arrived_is_told_from_what_may_have(tmp_path: Path, says: dict[str, str], may_have_arrived: bool) -> None:
    """A server that hangs up before the text was there has no mail; after it, nobody knows."""
    with post(tmp_path, says=says) as at:
        told = send(at)
    assert (told.is_sent, told.may_have_arrived) == (False, may_have_arrived)


def test_a_farewell_that_fails_changes_nothing(tmp_path: Path) -> None:
    """The mail was taken."""
    with post(tmp_path, says={"QUIT": ""}) as at:
        assert send(at) == Told(True)


def test_nobody_listens(tmp_path: Path) -> None:
    """It is said, without the address."""
    with post(tmp_path) as at:
        pass
    told = send(at)
    assert told == Told(False, told.reason, False)
    assert told.reason is not None
    assert "127.0.0.1" not in told.reason.zh


def test_a_server_that_drips_is_left() -> None:
    """Each byte comes in time, and the greeting never ends: the mail's own time ends it."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        line, _ = listener.accept()
        with line:
            try:
                while True:
                    line.sendall(b"2")
                    time.sleep(0.1)
            except OSError:  # it has been left
                return

    thread = threading.Thread(target=drip, daemon=True)
    thread.start()
    start = time.monotonic()
    told = send(Post(port=listener.getsockname()[1]), longest=1.0)
    assert time.monotonic() - start < 4
    assert (told.is_sent, told.may_have_arrived) == (False, False)
    listener.close()
    thread.join(30)


def test_a_name_that_would_make_a_header_makes_none(tmp_path: Path) -> None:
    """A file's name stands in the subject, and nothing of it is a header or a second mail."""
    with post(tmp_path) as at:
        send(at, "a\r\nBcc: thief@example.com\r\n.\r\nQUIT\r\n")
    (only,) = at.mails
    assert only["Bcc"] is None
    assert only["Subject"] == "[bulkorders] a"
    assert b"thief" in base64.b64decode(str(only.get_payload()))
