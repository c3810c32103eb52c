"""Bodies end at their limit, whatever their headers say."""

import time
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send
from wire import Wire, chunk, head, listening

from bulkorders.web.limits import BodyLimit
from bulkorders.web.problems import Problem, answer_json

MOST = 100_000
IDLE, WHOLE, LINGER = 0.6, 1.5, 0.4


class Counting:
    """Reads bodies and says how long they were; refuses the path `/no` without reading."""

    def __init__(self) -> None:
        self.read = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers."""
        self.read = 0
        response: Response
        try:
            if scope["path"] != "/no":
                async for piece in Request(scope, receive).stream():
                    self.read += len(piece)
            response = JSONResponse({"read": self.read}, 200 if scope["path"] != "/no" else 401)
        except Problem as problem:
            response = answer_json(problem, "zh")
        await response(scope, receive, send)


@pytest.fixture(name="counting")
def make_counting() -> Counting:
    """What stands behind the limit."""
    return Counting()


@pytest.fixture(name="port")
def serve(counting: Counting) -> Iterator[int]:
    """A server with a limit of 100 KB."""
    with listening(BodyLimit(counting, lambda _: MOST, IDLE, WHOLE, LINGER)) as port:
        yield port


def test_a_body_within_the_limit_passes(port: int) -> None:
    """Of a known length or of none, and the connection is used again."""
    with Wire(port) as connection:
        connection.send(head("POST", "/", port, content_length=str(MOST)) + b"x" * MOST)
        assert connection.answer().body == b'{"read":100000}'
        connection.send(head("POST", "/", port, transfer_encoding="chunked") + chunk(b"x" * MOST) + chunk(b""))
        answer = connection.answer()
        assert (answer.status, answer.body) == (200, b'{"read":100000}')
        connection.send(head("GET", "/", port))
        assert connection.answer().status == 200


def test_a_length_beyond_the_limit_is_refused_before_anything_is_read(port: int, counting: Counting) -> None:
    """The answer is there though no byte of the body was sent."""
    with Wire(port) as connection:
        connection.send(head("POST", "/", port, content_length=str(10**12)))
        answer = connection.answer()
    assert (answer.status, answer.headers["connection"], counting.read) == (413, "close", 0)


def test_an_endless_body_ends_at_the_limit(port: int, counting: Counting) -> None:
    """Chunk after chunk: 413 at the limit and 64 KB, the rest is thrown away for a moment, then the connection is cut."""
    began = time.monotonic()
    with Wire(port) as connection:
        connection.send(head("POST", "/", port, transfer_encoding="chunked"))
        sent = connection.send_until_refused(chunk(b"x" * 8192), 10**12)
    assert time.monotonic() - began < LINGER + 2
    assert sent > MOST
    assert counting.read <= MOST


def test_who_is_refused_reads_why(port: int) -> None:
    """Half a megabyte beyond the limit is on its way already, and the answer still arrives whole."""
    with Wire(port) as connection:
        connection.send(head("POST", "/", port, transfer_encoding="chunked") + chunk(b"x" * 600_000))
        answer = connection.answer()
    assert answer.status == 413
    assert b"too_large" in answer.body


@pytest.mark.parametrize("length", ["-1", "1e3", "0x10", "10, 20", "９", ""])
def test_a_length_that_is_none_is_no_request(port: int, length: str, counting: Counting) -> None:
    """A Content-Length that is no number never reaches us."""
    with Wire(port) as connection:
        connection.send(head("POST", "/", port, content_length=length) + b"x" * 50)
        assert connection.answer().status == 400
    assert counting.read == 0


def test_a_length_too_small_makes_the_rest_another_request(port: int) -> None:
    """What comes behind the declared bytes is no part of the body."""
    with Wire(port) as connection:
        connection.send(head("POST", "/", port, content_length="10") + b"x" * 10_000 + b"\r\n\r\n")
        assert connection.answer().body == b'{"read":10}'
        assert b"200 OK" not in connection.rest()


def test_a_body_that_stops_is_given_up(port: int) -> None:
    """A length that lies about what comes: 408 after the idle time."""
    with Wire(port) as connection:
        connection.send(head("POST", "/", port, content_length="5000") + b"x" * 100)
        began = time.monotonic()
        answer = connection.answer()
    assert answer.status == 408
    assert IDLE * 0.5 < time.monotonic() - began < IDLE + 2


def test_a_body_that_trickles_is_given_up(port: int) -> None:
    """A byte now and then keeps it open only until its whole time is over."""
    with Wire(port) as connection:
        connection.send(head("POST", "/", port, content_length="5000"))
        began = time.monotonic()
        connection.socket.settimeout(0.1)
        while time.monotonic() - began < WHOLE + 3:
            connection.send(b"x")
            try:
                if first := connection.socket.recv(1000):
                    break
            except TimeoutError:
                continue
    assert first.startswith(b"HTTP/1.1 408")
    assert time.monotonic() - began < WHOLE + 2


def test_who_is_refused_without_being_read_is_cut(port: int, counting: Counting) -> None:
    """An answer before the body came ends the connection: no refused caller keeps it busy."""
    began = time.monotonic()
    with Wire(port) as connection:
        connection.send(head("POST", "/no", port, content_length="90000"))
        answer = connection.answer()
        assert (answer.status, answer.headers["connection"]) == (401, "close")
        sent = connection.send_until_refused(b"x" * 100, 90_000)
    assert time.monotonic() - began < LINGER + 2
    assert sent <= 90_000
    assert counting.read == 0
