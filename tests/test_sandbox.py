"""The local server: prefixes, keep-alive, delays and cuts, over real sockets."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from bulkorders.core.imitation import Fault, Reply, Request
from bulkorders.sandbox import LARGEST_BODY, Server


class Echo:
    """Answers with its path; `reply` replaces the next answers. It keeps what it was asked and what was done."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.done_with: list[Request] = []
        self.reply: Reply | None = None
        self.over = threading.Event()
        self.ledger: list[Any] = []

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        raise NotImplementedError

    def handle(self, request: Request) -> Reply:
        self.requests.append(request)
        return self.reply or Reply(200, request.path.encode(), {"x-imitation": "echo"})

    def done(self, request: Request) -> None:
        self.done_with.append(request)
        self.over.set()

    def account(self, base_url: str) -> dict[str, Any]:
        return {"provider": "echo", "base_url": base_url}


@pytest.fixture
def echo() -> Echo:
    """The imitation behind the server."""
    return Echo()


@pytest.fixture
def server(echo: Echo) -> Iterator[Server]:
    """A server with one imitation and a clock that stands still."""
    with Server({"echo": echo}, clock=lambda: 1_700_000_000.5) as server:
        yield server


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """A client whose base URL is the imitation's."""
    with httpx.Client(base_url=server.url("echo"), trust_env=False, timeout=5) as client:
        yield client


def exchange(server: Server, sent: bytes) -> bytes:
    """Everything the server says to these bytes until it ends the connection."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(sent)
        return b"".join(iter(lambda: connection.recv(65536), b""))


def test_the_imitation_gets_the_path_without_its_prefix(client: httpx.Client, echo: Echo) -> None:
    """The mounted name is the server's business alone."""
    answer = client.get("/a/b")

    assert (answer.text, answer.headers["x-imitation"], echo.requests[0].path) == ("/a/b", "echo", "/a/b")


def test_doubled_slashes_reach_the_imitation_as_they_are(server: Server, echo: Echo) -> None:
    """A client that joins base and path wrongly must not be helped."""
    httpx.get(server.url("echo") + "//a//b", trust_env=False)

    assert echo.requests[0].path == "//a//b"


def test_a_request_is_handed_over_whole(client: httpx.Client, echo: Echo) -> None:
    """The query is decoded once, header names are in lower case, the body is raw, the time is the server's clock's."""
    client.post("/a", params={"sign": "a+b/c=%2B", "empty": ""}, content="中".encode(), headers={"X-Thing": "Ab"})

    request = echo.requests[0]
    assert request.query == {"sign": "a+b/c=%2B", "empty": ""}
    assert (request.method, request.headers["x-thing"], request.body) == ("POST", "Ab", "中".encode())
    assert request.now == 1_700_000_000.5


def test_a_bare_plus_in_the_query_is_a_blank(server: Server, echo: Echo) -> None:
    """Form decoding, as servers do it: a signature that was not escaped shows itself."""
    httpx.get(server.url("echo") + "/a?sign=a+b", trust_env=False)

    assert echo.requests[0].query == {"sign": "a b"}


def test_an_unknown_name_is_404(server: Server, echo: Echo) -> None:
    """No imitation is asked."""
    assert httpx.get(f"http://127.0.0.1:{server.port}/other/a", trust_env=False).status_code == 404
    assert echo.requests == []
    with pytest.raises(KeyError):
        server.url("other")


def test_keep_alive_reuses_one_connection(client: httpx.Client) -> None:
    """Sequential calls go over the socket of the first."""
    ports = {client.get("/a").extensions["network_stream"].get_extra_info("client_addr") for _ in range(20)}

    assert len(ports) == 1


def test_the_account_names_the_imitations_url(server: Server) -> None:
    """The settings that the command prints work as they are."""
    assert server.account("echo") == {"provider": "echo", "base_url": f"http://127.0.0.1:{server.port}/echo"}


@pytest.mark.parametrize("drop", ["before", "headers", "body"])
def test_a_dropped_reply_is_an_error_for_the_client(client: httpx.Client, echo: Echo, drop: str) -> None:
    """Wherever the answer is cut, no client takes it for an answer, and the next call is well again."""
    echo.reply = Reply(200, b"x" * 1000, drop=drop)
    with pytest.raises(httpx.TransportError):
        client.get("/a")

    echo.reply = None
    assert client.get("/a").status_code == 200
    assert len(echo.done_with) == 2


def test_a_drop_is_a_reset_and_no_orderly_end(server: Server, echo: Echo) -> None:
    """The cut looks like a crashed peer."""
    echo.reply = Reply(200, b"", drop="before")

    with pytest.raises(ConnectionResetError):
        exchange(server, b"GET /echo/a HTTP/1.1\r\nHost: x\r\n\r\n")


def test_a_reply_is_delayed(client: httpx.Client, echo: Echo) -> None:
    """The delay lies between the request and the answer's first byte."""
    echo.reply = Reply(200, b"", delay=0.2)
    started = time.monotonic()
    client.get("/a")

    assert time.monotonic() - started >= 0.2


def test_done_comes_before_the_client_sees_the_answer(client: httpx.Client, echo: Echo) -> None:
    """Whoever has the whole answer may send the next call at once."""
    for calls in range(1, 101):
        client.get("/a")
        assert len(echo.done_with) == calls
    assert all(done is handled for done, handled in zip(echo.done_with, echo.requests, strict=True))


def test_done_comes_although_the_client_has_gone(client: httpx.Client, echo: Echo) -> None:
    """What a request holds is let go even if nobody waits for the answer."""
    echo.reply = Reply(200, b"", delay=0.2)
    with pytest.raises(httpx.ReadTimeout):
        client.get("/a", timeout=0.05)

    assert echo.over.wait(5)


def test_too_large_a_body_is_413(server: Server, echo: Echo) -> None:
    """The length in the head is enough: nothing is read."""
    answer = exchange(server, b"POST /echo/a HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (LARGEST_BODY + 1))

    assert answer.startswith(b"HTTP/1.1 413 ")
    assert echo.requests == []


def test_a_client_that_sends_too_large_a_body_can_read_why(client: httpx.Client) -> None:
    """The refusal is not lost in a cut connection."""
    assert client.post("/a", content=b"x" * (LARGEST_BODY + 1)).status_code == 413


def test_a_chunked_body_is_411(client: httpx.Client) -> None:
    """Bodies come with their length."""
    assert client.post("/a", content=iter([b"x"])).status_code == 411


def test_half_a_request_is_not_handed_over(server: Server, echo: Echo) -> None:
    """A body that ended too early is no request."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(b"POST /echo/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(100) == b""
    assert echo.requests == []


def test_a_closed_server_ends_kept_alive_connections_and_delays(echo: Echo) -> None:
    """After closing nothing is answered, not even a call that was waiting."""
    echo.reply = Reply(200, b"", delay=60)
    failures: list[Exception] = []

    def call(url: str) -> None:
        try:
            httpx.get(url, trust_env=False, timeout=30)
        except httpx.TransportError as error:
            failures.append(error)

    with Server({"echo": echo}) as server:
        caller = threading.Thread(target=call, args=(server.url("echo") + "/a",))
        caller.start()
        while caller.is_alive() and not echo.requests:
            time.sleep(0.01)
    caller.join(10)

    assert len(failures) == 1


def test_nothing_is_logged(client: httpx.Client, capfd: pytest.CaptureFixture[str]) -> None:
    """Requests carry tokens, names and addresses."""
    client.get("/a?access_token=secret")

    assert capfd.readouterr() == ("", "")


def test_a_taken_port_is_refused_at_once(server: Server) -> None:
    """The error comes when the server is made, not in a thread."""
    with pytest.raises(OSError, match="in use"):
        Server({}, port=server.port)
