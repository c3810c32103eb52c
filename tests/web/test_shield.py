"""Hosts, origins and headers: what stands before every route."""

from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from wire import Wire, head, listening

from bulkorders.web.security import HEADERS, LOOPBACK, Shield, bare

NAME = "orders.example.com"


def say(_: Request) -> Response:
    """Whatever is asked."""
    return PlainTextResponse("here")


@pytest.fixture(name="port", scope="module")
def serve() -> Iterator[int]:
    """A server that answers to this machine's names and to one more."""
    routes = [Route("/", say, methods=["GET", "POST", "PUT", "PATCH", "DELETE"]), Route("/static/a.css", say)]
    with listening(Shield(Starlette(routes=routes), (*LOOPBACK, NAME))) as port:
        yield port


@pytest.fixture(name="caller", scope="module")
def make_caller(port: int) -> Iterator[httpx.Client]:
    """Who calls it."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        yield client


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST:{port}", "[::1]:{port}", NAME, f"{NAME}.:443", "127.0.0.1:1"])
def test_our_own_names_are_answered(caller: httpx.Client, port: int, host: str) -> None:
    """At whatever port: a proxy in front of us may listen at another."""
    assert caller.get("/", headers={"host": host.format(port=port)}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "127.0.0.1.evil.example", "localhost.evil.example", f"{NAME}.evil.example", f"evil-{NAME}", "10.0.0.1", "0.0.0.0",  # noqa: S104
        "127.0.0.1@evil.example", "127.0.0.1:80:80", "127.0.0.1/", "127.0.0.1, evil.example", "[::1", "2130706433", "0x7f000001", "127.1",
        "[::ffff:127.0.0.1]", "localhost:x", "null",
    ],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/", "/api/v1/batches", "/static/a.css"])
def test_no_other_name_is_answered(caller: httpx.Client, host: str, path: str) -> None:
    """Somebody's page whose name was turned to our address gets 421, whatever it asks for."""
    found = caller.get(path, headers={"host": host})
    assert found.status_code == 421
    assert "here" not in found.text


def test_a_request_without_a_host_is_none(port: int) -> None:
    """HTTP/1.1 without a Host, with two, or HTTP/1.0 without one."""
    for lines in ("GET / HTTP/1.1", f"GET / HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nhost: evil.example", "GET / HTTP/1.0"):
        with Wire(port) as connection:
            connection.send(f"{lines}\r\n\r\n".encode())
            assert connection.answer().status in (400, 421), lines


def sent(caller: httpx.Client, method: str = "POST", **headers: str) -> int:
    """The status of a request with these headers; `_` is a hyphen."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return caller.request(method, "/", headers=named).status_code


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"}, {"origin": "null"}, {"origin": "http://127.0.0.1:1"}, {"origin": "http://localhost:{port}"},
        {"origin": "https://127.0.0.1:{port}"}, {"origin": "http://127.0.0.1:{port}.evil.example"}, {"origin": ""}, {"origin": "http://["},
        {"sec_fetch_site": "cross-site"}, {"sec_fetch_site": "same-site"}, {"sec_fetch_site": "cross-site", "origin": "http://127.0.0.1:{port}"},
        {"origin": "https://evil.example", "authorization": "Bearer bo_x", "cookie": "bulkorders=x"},
    ],
)  # fmt: skip
def test_other_sites_pages_change_nothing(caller: httpx.Client, port: int, method: str, headers: dict[str, str]) -> None:
    """Whatever changes something is refused when the browser says that another page has sent it."""
    assert sent(caller, method, **{name: value.format(port=port) for name, value in headers.items()}) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"origin": "http://127.0.0.1:{port}"}, {"origin": "http://127.0.0.1:{port}", "sec_fetch_site": "same-origin"},
        {"sec_fetch_site": "none"}, {"authorization": "Bearer bo_x", "origin": "https://other.example"},
        {"origin": f"http://{NAME}", "host": NAME}, {"origin": f"http://{NAME}", "host": f"{NAME}:80"},
    ],
)  # fmt: skip
def test_our_own_pages_and_programs_pass(caller: httpx.Client, port: int, headers: dict[str, str]) -> None:
    """Same origin, no browser at all, or a token that no page can make a browser send."""
    assert sent(caller, **{name: value.format(port=port) for name, value in headers.items()}) == 200


def test_looking_is_allowed_from_anywhere(caller: httpx.Client) -> None:
    """A link on another site leads here."""
    assert sent(caller, "GET", origin="https://evil.example", sec_fetch_site="cross-site") == 200


@pytest.mark.parametrize(("method", "path", "host"), [("GET", "/", ""), ("GET", "/nowhere", ""), ("POST", "/", "evil.example")])
def test_every_answer_has_the_headers(caller: httpx.Client, method: str, path: str, host: str) -> None:
    """Errors too; nothing of it is kept by a cache."""
    found = caller.request(method, path, headers={"host": host} if host else {})
    assert {name: found.headers[name] for name in HEADERS} == HEADERS
    assert found.headers["cache-control"] == "no-store"


def test_the_policy_lets_no_foreign_script_in() -> None:
    """No inline script, no other origin, no frame around us."""
    rules = dict(rule.split(" ", 1) for rule in HEADERS["content-security-policy"].split("; "))
    assert rules == {
        "default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self' data:", "connect-src": "'self'",
        "form-action": "'self'", "frame-ancestors": "'none'", "base-uri": "'none'",
    }  # fmt: skip


def test_static_files_may_be_kept(caller: httpx.Client) -> None:
    """Their addresses change with their content; one that is not there is not kept."""
    assert "immutable" in caller.get("/static/a.css").headers["cache-control"]
    assert caller.get("/static/b.css").headers["cache-control"] == "no-store"


def test_a_target_that_names_another_host_leads_nowhere(port: int) -> None:
    """The form that proxies are asked in."""
    with Wire(port) as connection:
        connection.send(head("GET", "http://evil.example/", port))
        assert connection.answer().status == 404


@pytest.mark.parametrize(
    ("host", "name"),
    [("Example.COM:80", "example.com"), ("::1", "::1"), ("[::1]:8765", "::1"), ("a b", "a b"), ("a@b", ""), ("a:b", ""), ("", "")],
)
def test_a_host_is_compared_without_its_port(host: str, name: str) -> None:
    """In small letters."""
    assert bare(host) == name
