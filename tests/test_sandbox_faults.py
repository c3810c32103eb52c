"""Each fault of the catalogue, as a client sees it over a real socket."""

import json
import socket
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from threading import RLock
from typing import Any

import httpx
import pytest

from bulkorders.core.catalogue import CATALOGUE, ELSEWHERE
from bulkorders.core.control import Controlled
from bulkorders.core.faults import Faults
from bulkorders.core.imitation import Fault, Reply, Request
from bulkorders.sandbox import Server

CREATE = "/orders"
TWINS = sorted(name for name in CATALOGUE if f"{name}_accepted" in CATALOGUE)
NOW = 1_720_408_272.0
HEAD_END = b"\r\n\r\n"
ENOUGH = 4096
"""Bytes of an answer that has no end."""


class Shop:
    """An imitation that takes anything for an order; its own answer is JSON."""

    def __init__(self) -> None:
        self.faults = Faults(CATALOGUE, creates=CREATE)
        self.service_time = 0.0
        self.ledger: list[Any] = []
        self._lock = RLock()

    def handle(self, request: Request) -> Reply:
        with self._lock:
            self._settle(request.now)
            fault = self.faults.take(request.now, request.path)
            return self.faults.carry_out(fault, request, self._serve, lambda _: Reply(400, b"")) if fault else self._serve(request)

    def done(self, request: Request) -> None:
        """Nothing is held."""

    def account(self, base_url: str) -> dict[str, Any]:
        return {"provider": "shop", "base_url": base_url}

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        self.faults.add_next(fault, times)

    def truth(self, now: float) -> dict[str, Any]:
        with self._lock:
            self._settle(now)
            return {"orders": [{"body": body.decode()} for body in self.ledger], **self.faults.told()}

    def _settle(self, now: float) -> None:
        for late in self.faults.due(now):
            self._serve(late)

    def _serve(self, request: Request) -> Reply:
        if request.path == CREATE and request.body not in self.ledger:
            self.ledger.append(request.body)
        return Reply(200, b'{"code":0,"message":"well"}', {"content-type": "application/json"})


class Clock:
    """Seconds that move when told to."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    """The server's time."""
    return Clock()


@pytest.fixture
def shop() -> Shop:
    """The imitation behind the server."""
    return Shop()


@pytest.fixture
def server(shop: Shop, clock: Clock) -> Iterator[Server]:
    """A server whose threads are all gone in the end."""
    before = threading.active_count()
    with Server({"shop": shop}, clock=clock) as server:
        yield server
    wait_until(lambda: threading.active_count() <= before)


@pytest.fixture
def client(server: Server) -> Iterator[httpx.Client]:
    """A client whose base URL is the shop's."""
    with httpx.Client(base_url=server.url("shop"), trust_env=False, timeout=5) as client:
        yield client


def wait_until(is_so: Callable[[], bool], seconds: float = 5.0) -> None:
    """Waits for what must become so."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.01)


def ask(server: Server, fault: str, **asked: Any) -> None:
    """Puts a fault into force, at the start of a test."""
    server.control.add({"fault": fault, **asked}, NOW)


def create(server: Server, most: int = 10**9, body: bytes = b"A") -> tuple[bytes, bool]:
    """What the server says to one order until it ends the connection, or at most so much; and whether it ended with RST."""
    said = bytearray()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(
            b"POST /shop/orders HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        )
        try:
            while len(said) < most and (piece := connection.recv(65536)):
                said += piece
        except ConnectionResetError:
            return bytes(said), True
    return bytes(said), False


def parts(said: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer."""
    head, _, body = said.partition(HEAD_END)
    status, *lines = head.decode().split("\r\n")
    return int(status.split()[1]), dict(line.split(": ", 1) for line in lines), body


def test_the_shop_can_be_controlled(shop: Shop) -> None:
    """What these tests take for an imitation is one that the sandbox takes for one, too."""
    assert isinstance(shop, Controlled)


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("accepted", [False, True])
def test_the_order_is_taken_exactly_where_the_name_says_so(server: Server, shop: Shop, name: str, accepted: bool) -> None:
    """Whatever becomes of the answer; the next call is well."""
    ask(server, f"{name}_accepted" if accepted else name, delay=0)
    create(server, ENOUGH)

    assert shop.ledger == [b"A"] * accepted
    assert parts(create(server)[0])[::2] == (200, b'{"code":0,"message":"well"}')


@pytest.mark.parametrize("accepted", ["", "_accepted"])
def test_a_cut_is_a_reset_at_its_place(server: Server, accepted: str) -> None:
    """Before any byte, inside the headers, between headers and body, inside the body."""
    said = {}
    for place in ("before", "headers", "after_headers", "body"):
        ask(server, f"cut_{place}{accepted}")
        said[place], was_reset = create(server)
        assert was_reset

    assert said["before"] == b""
    assert said["headers"].startswith(b"HTTP/1.1 200 ")
    assert HEAD_END not in said["headers"]
    assert said["after_headers"].endswith(HEAD_END)
    _, headers, body = parts(said["body"])
    assert 0 < len(body) < int(headers["content-length"])


def test_a_late_commit_takes_effect_after_its_answer(server: Server, shop: Shop, clock: Clock) -> None:
    """HTTP 504 at once; the order is there at the next look from its time on."""
    ask(server, "late_commit", delay=2)

    assert parts(create(server)[0])[0] == 504
    clock.now += 1.9
    truth = shop.truth(clock.now)
    assert (truth["orders"], truth["pending"]) == ([], 1)
    clock.now += 0.1
    truth = shop.truth(clock.now)
    assert (truth["orders"], truth["pending"]) == ([{"body": "A"}], 0)


def test_a_late_commit_comes_within_three_seconds_unless_asked_otherwise(server: Server, shop: Shop, clock: Clock) -> None:
    """And not before half a second."""
    ask(server, "late_commit", times=20)
    for number in range(20):
        create(server, body=b"%d" % number)

    assert shop.truth(clock.now + 0.49)["orders"] == []
    assert len(shop.truth(clock.now + 3.0)["orders"]) == 20


def test_a_late_commit_comes_before_the_next_call_is_served(server: Server, shop: Shop, clock: Clock) -> None:
    """The remote's rules then see it."""
    ask(server, "late_commit", delay=2)
    create(server, body=b"late")
    clock.now += 2
    create(server, body=b"next")

    assert shop.ledger == [b"late", b"next"]


def test_a_burst_of_server_errors_is_of_several_kinds(server: Server, shop: Shop) -> None:
    """500, 502 and 503; nothing is taken."""
    ask(server, "http_5xx", times=30)

    assert {parts(create(server)[0])[0] for _ in range(30)} == {500, 502, 503}
    assert shop.ledger == []
    assert parts(create(server)[0])[0] == 200


def test_a_burst_may_last_for_a_time(server: Server, clock: Clock) -> None:
    """Every call meets it until the seconds are over."""
    ask(server, "http_5xx", seconds=60)

    assert all(parts(create(server)[0])[0] >= 500 for _ in range(5))
    clock.now += 60
    assert parts(create(server)[0])[0] == 200


@pytest.mark.parametrize(
    ("name", "delay", "waits"), [("http_429", None, None), ("http_429_retry_after", None, "2"), ("http_429_retry_after", 6.5, "7")]
)
def test_too_many_requests_may_come_with_retry_after(server: Server, shop: Shop, name: str, delay: float | None, waits: str | None) -> None:
    """In whole seconds; the order is not taken."""
    ask(server, name, delay=delay)
    status, headers, _ = parts(create(server)[0])

    assert (status, headers.get("retry-after"), shop.ledger) == (429, waits, [])


def is_json_object(body: bytes) -> bool:
    """Whether a client could take it for an answer."""
    try:
        return isinstance(json.loads(body), dict)
    except ValueError:
        return False


@pytest.mark.parametrize(
    ("name", "content_type"),
    [
        ("html", "text/html"),
        ("cut_json", "application/json;charset=UTF-8"),
        ("wrong_charset", "application/json;charset=UTF-8"),
        ("empty", "application/json;charset=UTF-8"),
    ],
)
def test_garbage_is_no_json_and_has_status_200(server: Server, name: str, content_type: str) -> None:
    """The status alone would look well."""
    ask(server, name)
    status, headers, body = parts(create(server)[0])

    assert (status, headers["content-type"], len(body)) == (200, content_type, int(headers["content-length"]))
    assert not is_json_object(body)
    assert (body == b"") is (name == "empty")


def test_json_of_a_wrong_type_is_json_all_the_same(server: Server) -> None:
    """Lists, texts, numbers, null, and an object whose values are not what they should be."""
    ask(server, "wrong_type", times=50)
    said = {type(json.loads(parts(create(server)[0])[2])) for _ in range(50)}

    assert said == {list, str, int, type(None), dict}


def test_a_late_answer_is_the_remotes_own(server: Server, shop: Shop) -> None:
    """After the seconds that were asked for."""
    ask(server, "slow_answer_accepted", delay=0.2)
    started = time.monotonic()
    said, _ = create(server)

    assert time.monotonic() - started >= 0.2
    assert (json.loads(parts(said)[2])["code"], len(shop.ledger)) == (0, 1)


def test_a_slow_answer_comes_byte_by_byte_and_is_whole(server: Server) -> None:
    """It blocks nobody else."""
    ask(server, "slow_bytes_accepted", delay=0.005)
    said: list[bytes] = []
    started = time.monotonic()
    caller = threading.Thread(target=lambda: said.append(create(server)[0]))
    caller.start()
    wait_until(lambda: not server.control.in_force(NOW))

    assert parts(create(server)[0])[0] == 200
    assert caller.is_alive()
    caller.join()
    assert json.loads(parts(said[0])[2]) == {"code": 0, "message": "well"}
    assert time.monotonic() - started >= 0.005 * (len(said[0]) - 1)


def test_headers_may_never_end(server: Server) -> None:
    """Line after line, and no blank one."""
    ask(server, "endless_headers", delay=0)
    said, _ = create(server, 100_000)

    assert len(said) >= 100_000
    assert HEAD_END not in said
    assert said.count(b"\r\nx-more: ") > 1000


def test_a_body_may_never_end(server: Server) -> None:
    """Chunk after chunk of what JSON passes over."""
    ask(server, "endless_body", delay=0)
    _, headers, body = parts(create(server, 100_000)[0])

    assert headers["transfer-encoding"] == "chunked"
    assert body.startswith((b"400\r\n" + b" " * 1024 + b"\r\n") * 50)


@pytest.mark.parametrize("name", ["slow_bytes", "endless_headers", "endless_body", "huge_body"])
def test_an_answer_ends_when_the_client_hangs_up(server: Server, name: str) -> None:
    """No thread goes on writing to nobody."""
    before = threading.active_count()
    ask(server, name, delay=0.001)
    create(server, 10)

    wait_until(lambda: threading.active_count() <= before)


@pytest.mark.parametrize(("name", "delay"), [("slow_bytes", 60), ("endless_headers", 60), ("endless_body", 0), ("huge_body", 0)])
def test_an_answer_ends_when_the_server_closes(shop: Shop, name: str, delay: float) -> None:
    """Though its client still waits, or has stopped reading."""
    before = threading.active_count()
    with Server({"shop": shop}) as server, socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        ask(server, name, delay=delay)
        connection.sendall(b"POST /shop/orders HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nA")
        assert connection.recv(1) == b"H"
        server.close()
        wait_until(lambda: threading.active_count() <= before)


def test_a_huge_body_is_never_held_in_memory(server: Server, client: httpx.Client) -> None:
    """100 MiB go out, a few at a time."""
    ask(server, "huge_body")
    tracemalloc.start()
    with client.stream("POST", CREATE, content=b"A") as response:
        size = sum(map(len, response.iter_raw()))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert size == 100 * 1024 * 1024
    assert peak < 5 * 1024 * 1024


def test_a_gzip_bomb_is_small_until_it_is_unpacked(server: Server, client: httpx.Client) -> None:
    """Under a megabyte on the wire, more than 500 MB after."""
    ask(server, "gzip_bomb")
    unpacking = zlib.decompressobj(wbits=31)
    with client.stream("POST", CREATE, content=b"A") as response:
        size = sum(len(unpacking.decompress(piece)) for piece in response.iter_raw(1024))

    assert response.headers["content-encoding"] == "gzip"
    assert response.num_bytes_downloaded < 1_000_000
    assert (size, unpacking.eof) == (512 * 1024 * 1024, True)


def test_who_follows_a_redirect_is_written_down(server: Server, shop: Shop, client: httpx.Client) -> None:
    """With what was carried along; who does not follow leaves no trace."""
    ask(server, "redirect", times=2)
    assert client.post(CREATE, content=b"A").headers["location"] == ELSEWHERE
    assert server.control.truth(NOW)["followed"] == []

    client.post(CREATE, content=b"A", headers={"authorization": "Bearer secret"}, follow_redirects=True)

    (followed,) = server.control.truth(NOW)["followed"]
    assert (followed["method"], followed["query"], followed["headers"]["authorization"]) == ("GET", {}, "Bearer secret")
    assert shop.ledger == []
