"""Connections on which nobody asks for anything: they end, and keep nobody else waiting."""

import time
from collections.abc import Iterator

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from wire import Wire, head, listening

from bulkorders.web.connections import Connection


class Hasty(Connection):
    """One that waits only for a moment."""

    head_seconds = 1.0


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """Answers after a while."""
    while (await receive()).get("more_body", False):
        pass
    await PlainTextResponse("hello")(scope, receive, send)


@pytest.fixture(name="port", scope="module")
def make_port() -> Iterator[int]:
    """A server that waits only for a moment."""
    with listening(hello, http=Hasty) as port:
        yield port


def test_a_head_that_comes_letter_by_letter_is_not_waited_for(port: int) -> None:
    """Each letter in time, the whole not: the connection ends about when it should."""
    with Wire(port) as connection:
        began = time.monotonic()
        assert connection.send_until_refused_slowly(b"x", 0.1, 10.0)
        assert 0.9 < time.monotonic() - began < 5


def test_who_says_nothing_is_not_waited_for(port: int) -> None:
    """Neither at first nor after an answer, when he has sent half of the next head."""
    with Wire(port) as silent:
        assert silent.rest() == b""
    with Wire(port) as connection:
        connection.send(head("GET", "/", port))
        assert connection.answer().body == b"hello"
        connection.send(b"GET / HT")
        assert connection.rest() == b""


def test_a_request_at_work_is_waited_for(port: int) -> None:
    """Its body may take longer than its head; several requests on one connection are answered."""
    with Wire(port) as connection:
        connection.send(head("POST", "/", port, content_length="4"))
        for _ in range(4):
            time.sleep(0.4)
            connection.send(b"x")
        assert connection.answer().body == b"hello"
        connection.send(head("GET", "/", port) * 2)
        assert [connection.answer().status, connection.answer().status] == [200, 200]


def test_hundreds_of_silent_connections_keep_nobody_waiting(port: int) -> None:
    """Five hundred that trickle: who asks for something has it at once."""
    slow = [Wire(port) for _ in range(500)]
    try:
        for connection in slow:
            connection.send(b"GET / HTTP/1.1\r\nx: ")
        times = []
        for _ in range(20):
            began = time.monotonic()
            with Wire(port) as connection:
                connection.send(head("GET", "/", port))
                assert connection.answer().status == 200
            times.append(time.monotonic() - began)
        assert sorted(times)[-2] < 1
    finally:
        for connection in slow:
            connection.socket.close()
