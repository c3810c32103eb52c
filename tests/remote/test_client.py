"""One call over a real socket: what is sent, what counts as an answer, and what a failure proves."""

import contextlib
import datetime as dt
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from bulkorders.remote.classify import classify_failure, classify_status
from bulkorders.remote.client import MOST_BYTES, Answer, Client, Failure

SECRET = "token-7f3a"
Talk = Callable[[socket.socket], None]


class Peer:
    """A server of one talk a connection, on a real socket; it keeps what it was sent."""

    def __init__(self, talk: Talk) -> None:
        self.talk = talk
        self.heads: list[str] = []
        self.bodies: list[bytes] = []
        self.done = threading.Event()
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.socket.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self) -> None:
        """Takes connections until the socket is closed."""
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                with connection, contextlib.suppress(OSError):
                    connection.settimeout(30)
                    self.receive(connection)
                    self.talk(connection)
                self.done.set()

    def receive(self, connection: socket.socket) -> None:
        """Reads one request whole."""
        received = b""
        while b"\r\n\r\n" not in received:
            received += connection.recv(65536) or b"\r\n\r\n"
        head, _, body = received.partition(b"\r\n\r\n")
        self.heads.append(head.decode("latin-1"))
        length = int(self.headers["content-length"] or 0)
        while len(body) < length:
            body += connection.recv(65536)
        self.bodies.append(body)

    @property
    def line(self) -> str:
        """The first line of the last request."""
        return self.heads[-1].partition("\r\n")[0]

    @property
    def headers(self) -> Message:
        """The headers of the last request."""
        return BytesParser(policy=HTTP).parsebytes(self.heads[-1].partition("\r\n")[2].encode("latin-1"))

    def close(self) -> None:
        """Takes no more connections."""
        with contextlib.suppress(OSError):
            self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(30)


def reply(status: str = "200 OK", body: bytes = b"{}", *headers: str) -> Talk:
    """A whole answer."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return lambda connection: connection.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


@contextmanager
def talking(talk: Talk, read_timeout: float = 20) -> Iterator[tuple[Peer, Client]]:
    """A server and a client of it."""
    peer = Peer(talk)
    with closing(peer), closing(Client(peer.url, read_timeout)) as client:
        yield peer, client


def failed(result: Answer | Failure) -> Failure:
    """A result that must be a failure, whose reason names neither URL nor secrets."""
    assert isinstance(result, Failure)
    for text in result.reason:
        assert text
        assert SECRET not in text
        assert "127.0.0.1" not in text
        assert "http" not in text.casefold()
    return result


def answered(result: Answer | Failure) -> Answer:
    """A result that must be an answer."""
    assert isinstance(result, Answer)
    return result


# -- what is sent ------------------------------------------------------------------------------


def test_the_body_goes_out_byte_by_byte() -> None:
    """What was signed is what is sent, under the content type that was asked for."""
    body = '{"a":"é中 \\"x\\"","n":1.230}'.encode()
    with talking(reply()) as (peer, client):
        client.call("POST", "/order/create", headers={"Content-Type": "application/json"}, content=body)
    assert peer.bodies == [body]
    assert peer.headers["content-type"] == "application/json"


def test_the_query_goes_out_as_it_was_encoded() -> None:
    """Encoded once, by who signed it: neither again nor anew."""
    query = "access_token=a%2Fb%2Bc&app_key=k&timestamp=1720408272&sign=oQ%2Br9%3D%3D"
    with talking(reply()) as (peer, client):
        client.call("POST", "/order/create", query=query, content=b"{}")
    assert peer.line == f"POST /order/create?{query} HTTP/1.1"


@pytest.mark.parametrize(("base", "path"), [("", "/a/b"), ("/", "/a/b"), ("/", "a/b"), ("", "a/b")])
def test_base_and_path_are_joined_by_one_slash(base: str, path: str) -> None:
    """A doubled slash answers 404 NOT_FOUND."""
    with talking(reply()) as (peer, client), closing(Client(peer.url + base, client.read_timeout)) as other:
        other.call("GET", path)
    assert peer.line == "GET /a/b HTTP/1.1"


def test_a_form_goes_out_as_multipart() -> None:
    """Plain fields, no file names."""
    with talking(reply()) as (peer, client):
        client.call("POST", "/token", form={"appId": "ak", "appSecret": SECRET})
    kind = peer.headers["content-type"]
    assert kind.startswith("multipart/form-data; boundary=")
    parts = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {kind}\r\n\r\n".encode() + peer.bodies[0]).iter_parts()
    told = {part.get_param("name", header="content-disposition"): (part.get_filename(), part.get_content().strip()) for part in parts}
    assert told == {"appId": (None, "ak"), "appSecret": (None, SECRET)}


def test_proxies_of_the_environment_are_not_used_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loopback is never sent through a proxy."""
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with talking(reply()) as (_, client):
        assert answered(client.call("GET", "/x")).status == 200


# -- what counts as an answer ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "404 Not Found", "429 Too Many Requests", "500 Oops", "503 Busy"])
def test_every_status_is_an_answer(status: str) -> None:
    """What it proves is another's matter; header names are lower case, the body is whole."""
    with talking(reply(status, b'{"code":0}', "Retry-After: 7")) as (_, client):
        result = answered(client.call("GET", "/x"))
    assert result.status == int(status[:3])
    assert result.headers["retry-after"] == "7"
    assert result.json() == {"code": 0}


@pytest.mark.parametrize("status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"])
def test_redirects_are_not_followed(status: str) -> None:
    """A signed request with a token goes nowhere else."""
    with talking(reply()) as (elsewhere, _), talking(reply(status, b"", f"Location: {elsewhere.url}/stolen")) as (peer, client):
        assert answered(client.call("POST", "/x", query=f"access_token={SECRET}", content=b"{}")).status == int(status[:3])
    assert len(peer.heads) == 1
    assert elsewhere.heads == []


@pytest.mark.parametrize(("size", "fits"), [(MOST_BYTES, True), (MOST_BYTES + 1, False)])
def test_an_answer_may_have_five_megabytes(size: int, fits: bool) -> None:
    """What is longer is no answer of an API; the request has arrived all the same."""
    assert MOST_BYTES == 5 * 1024 * 1024
    with talking(reply("200 OK", b"x" * size)) as (_, client):
        result = client.call("GET", "/x")
    if fits:
        assert len(answered(result).body) == size
    else:
        assert failed(result).arrived


def test_an_endless_answer_is_cut_off() -> None:
    """Without a length too: not read on until the memory is full."""

    def endless(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in range(1000):
            connection.sendall(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    with talking(endless) as (peer, client):
        assert failed(client.call("GET", "/x")).arrived
        assert peer.done.wait(30)


@pytest.mark.parametrize("body", [b"", b"<html>", b"\xff\xfe\x00", b"[" * 100_000, b"9" * 5000, b"{"], ids=range(6))
def test_a_body_that_is_no_json_is_none(body: bytes) -> None:
    """Reading it never raises."""
    assert Answer(200, {}, body).json() is None


# -- what a failure proves ------------------------------------------------------------------------------


def test_a_refused_connection_proves_that_nothing_arrived() -> None:
    """Nobody listens: the same bytes may go again."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with closing(Client(f"http://127.0.0.1:{port}", 5)) as client:
        assert not failed(client.call("POST", "/x", query=f"access_token={SECRET}", content=b"{}")).arrived


@pytest.mark.parametrize(
    "url", ["http://no-such-host.invalid", "nonsense", "ftp://127.0.0.1", "http://", "http://[::1", "http://127.0.0.1:99999"]
)
def test_an_address_that_leads_nowhere_proves_that_nothing_arrived(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever stands in the settings, a call ends in a value."""
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    try:
        client = Client(url, 2)
    except ValueError:
        return  # refused before any call
    with closing(client):
        assert not failed(client.call("POST", "/x", query=f"access_token={SECRET}", content=b"{}")).arrived


def test_a_peer_without_tls_proves_that_nothing_arrived() -> None:
    """No request leaves before the handshake is done."""
    peer = Peer(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    with closing(peer), closing(Client(peer.url.replace("http:", "https:"), 2)) as client:
        assert not failed(client.call("POST", "/x", content=b"{}")).arrived


CUT: dict[str, bytes] = {
    "before the answer": b"",
    "within the status line": b"HTTP/1.1 2",
    "within the headers": b"HTTP/1.1 200 OK\r\nContent-Le",
    "before the body": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n",
    "within the body": b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"code"',
    "within a chunk": b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{"code"',
    "no HTTP": b"SSH-2.0-OpenSSH_9.2\r\n",
    "broken length": b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n{}",
    "broken encoding": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("sent", CUT.values(), ids=CUT)
def test_a_connection_that_is_cut_after_the_request_proves_nothing(sent: bytes) -> None:
    """The request was there: the order may be."""
    with talking(lambda connection: connection.sendall(sent)) as (peer, client):
        assert failed(client.call("POST", "/x", query=f"access_token={SECRET}", content=b'{"order_id":"A1"}')).arrived
    assert peer.bodies[0] == b'{"order_id":"A1"}'


@pytest.mark.parametrize("sent", [b"", CUT["within the headers"], CUT["within the body"]], ids=["silence", "headers", "body"])
def test_an_answer_that_does_not_come_in_time_proves_nothing(sent: bytes) -> None:
    """The request was there; whether it was carried out nobody knows."""
    given_up = threading.Event()

    def stall(connection: socket.socket) -> None:
        connection.sendall(sent)
        given_up.wait(30)

    with talking(stall, read_timeout=0.2) as (peer, client):
        assert failed(client.call("POST", "/x", query=f"access_token={SECRET}", content=b"{}")).arrived
        given_up.set()
        assert len(peer.heads) == 1


def test_a_call_is_made_once() -> None:
    """A create is never blindly repeated, whatever happens to the connection."""
    with talking(lambda connection: connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")) as (peer, client):
        assert failed(client.call("POST", "/x", content=b"{}")).arrived
        assert peer.done.wait(30)
    assert len(peer.heads) == 1


def drip(head: bytes, drop: bytes) -> tuple[Talk, threading.Event]:
    """An answer that comes byte by byte, for much longer than a call may take; and whether it came to its end."""
    finished = threading.Event()

    def talk(connection: socket.socket) -> None:
        connection.sendall(head)
        for _ in range(250):
            connection.sendall(drop)
            time.sleep(0.1)
        finished.set()

    return talk, finished


@pytest.mark.slow
@pytest.mark.parametrize(
    ("head", "drop"),
    [(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"x"), (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x")],
    ids=["body", "headers"],
)
def test_an_answer_that_drips_is_given_up(head: bytes, drop: bytes) -> None:
    """The total deadline of a call is 10 s beyond its read timeout, wherever in the answer it drips."""
    talk, finished = drip(head, drop)
    with talking(talk, read_timeout=0.5) as (_, client):
        assert failed(client.call("GET", "/x")).arrived
        assert not finished.is_set()


def test_what_failures_and_statuses_prove() -> None:
    """What never arrived was not processed; what may have arrived, and a server's own failure, is unclear."""
    with talking(reply("503 Busy", b"")) as (_, client):
        busy = classify_status(answered(client.call("GET", "/x")))
    assert busy is not None
    assert busy.verdict == "unclear"
    with talking(lambda _: None) as (_, client):
        assert classify_failure(failed(client.call("GET", "/x"))).verdict == "unclear"


# -- what is told ------------------------------------------------------------------------------


def test_no_token_and_no_url_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Neither of calls that succeed nor of calls that fail, however much is logged."""
    caplog.set_level(logging.DEBUG)
    for talk in (reply(), reply("302 Found", b"", f"Location: http://127.0.0.1/{SECRET}"), lambda _: None):
        with talking(talk, read_timeout=2) as (peer, client):
            client.call("POST", "/path-of-it", query=f"access_token={SECRET}", headers={"X-Key": SECRET}, content=SECRET.encode())
            client.call("POST", "/path-of-it", form={"appSecret": SECRET})
            address = peer.url.removeprefix("http://")
        logged = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
        assert SECRET not in logged
        assert "path-of-it" not in logged
        assert address not in logged


def test_what_is_printed_of_an_answer_is_its_status() -> None:
    """Buyers' addresses and tokens stay out of tracebacks."""
    answer = Answer(200, {"set-cookie": SECRET}, SECRET.encode())
    assert SECRET not in repr(answer)
    assert "200" in repr(answer)


def test_a_certificate_that_is_not_trusted_is_told(tmp_path: Path) -> None:
    """Nothing is sent to a host whose certificate is not valid."""
    certificate = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    received: list[bytes] = []

    def serve(listener: socket.socket) -> None:
        with contextlib.suppress(OSError):
            connection, _ = listener.accept()
            with connection, context.wrap_socket(connection, server_side=True) as secure:
                received.append(secure.recv(1000))

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener,))
        thread.start()
        with closing(Client(f"https://127.0.0.1:{listener.getsockname()[1]}", 5)) as client:
            failure = failed(client.call("POST", "/x", query=f"access_token={SECRET}", content=b"{}"))
        thread.join(30)
    assert not failure.arrived
    assert "证书" in failure.reason.zh
    assert received in ([], [b""])


def self_signed(folder: Path) -> Path:
    """A certificate that nobody has signed, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    start = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    certificate = made.not_valid_before(start).not_valid_after(start + dt.timedelta(days=36500)).sign(key, hashes.SHA256())
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "server.pem"
    path.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return path
