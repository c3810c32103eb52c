"""Who is let in: no route without a session, no change without its token, nothing of somebody else's."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from house import ANNA, BEN, PASSWORD, ROOT, Guest, House, house, make_shared, orders  # noqa: F401  # fixture
from starlette.routing import Mount

from bulkorders.pipeline.users import disable_user, find_user
from bulkorders.web.api import ROUTERS
from bulkorders.web.security import HEADERS

OPEN = {("GET", "/login"), ("POST", "/login")}
"""The only routes for who has not signed in, beside the static files."""


def routes_of(found: House) -> list[tuple[str, str]]:
    """Method and path of every route of the application, each name in a path filled in."""
    walked = []
    for part in found.made.routes:
        if isinstance(part, Mount):
            assert part.path == "/static"
            continue
        router: Any = getattr(part, "original_router", None)
        for route in router.routes:
            assert isinstance(route, APIRoute)
            walked += [(method, route.path) for method in sorted(route.methods or ())]
    return walked


def filled(path: str, values: Mapping[str, str]) -> str:
    """A path with its names filled in."""
    return re.sub(r"\{(\w+)\}", lambda name: values.get(name.group(1), "0"), path)


@pytest.fixture(name="routes", scope="module")
def make_routes(shared: House) -> list[tuple[str, str]]:
    """All routes."""
    found = routes_of(shared)
    assert len(found) > 30
    assert {path for _, path in found} >= {
        "/",
        "/login",
        "/history",
        "/batches/{batch}",
        "/api/v1/batches/{batch}/stream",
        "/api/v1/openapi.json",
    }
    return found


def is_shut(answer: httpx.Response, path: str) -> bool:
    """Whether it leads to the page to sign in, or says 401."""
    if path.startswith("/api/"):
        return answer.status_code == 401 and answer.json()["code"] == "signed_out"
    return answer.status_code == 303 and answer.headers["location"].startswith("/login")


@pytest.mark.parametrize("cookie", ["", "bulkorders=", "bulkorders=x", "bulkorders=" + "a" * 43, "bulkorders=" + "x" * 5000])
def test_no_route_without_a_session(shared: House, routes: list[tuple[str, str]], cookie: str) -> None:
    """Every route of the application, for who has no session or one that is none."""
    stranger = shared.stranger(**({"cookie": cookie} if cookie else {}))
    body = {"json": {}, "headers": {"x-csrf-token": "x"}}
    for method, path in routes:
        if (method, path) in OPEN:
            continue
        more = body if path.startswith("/api/") and method in ("POST", "PATCH") and "upload" not in path else {}
        answer = stranger.client.request(method, filled(path, {"name": "lingxing"}), **more)  # type: ignore[arg-type]
        if answer.status_code == 422 and method == "PATCH":  # its body is read first
            continue
        assert is_shut(answer, path), (method, path, answer.status_code, answer.text)


@pytest.mark.parametrize("token", ["Bearer x", "Bearer", "Bearer bo_" + "a" * 43, "Basic YTpi", "bo_x", "Bearer bo_x, Bearer y"])
def test_no_route_with_a_token_that_is_none(shared: House, routes: list[tuple[str, str]], token: str) -> None:
    """A wrong token is not made good by a session's cookie."""
    signed_in = shared.guest(ANNA)
    for cookies in (httpx.Cookies(), signed_in.client.cookies):
        with httpx.Client(base_url=shared.url, cookies=cookies, trust_env=False) as client:
            for method, path in routes:
                if path.startswith("/api/") and method == "GET":
                    answer = client.request(method, filled(path, {}), headers={"authorization": token})
                    assert answer.status_code == 401, (path, answer.text)


def test_a_token_is_no_session(shared: House) -> None:
    """Pages are for people: a program's token opens none."""
    program = shared.program(ANNA)
    assert program.call("GET", "/batches").status_code == 200
    assert program.get("/").status_code == 303


def test_the_cookie_is_for_the_server_alone(shared: House) -> None:
    """No script reads it, no other site sends it, and its value is not guessed."""
    answers = [shared.stranger().client.post("/login", data={"name": ANNA, "password": PASSWORD}) for _ in range(2)]
    cookies = [answer.headers["set-cookie"] for answer in answers]
    values = [cookie.split(";")[0].partition("=")[2] for cookie in cookies]
    assert len(set(values)) == 2
    assert all(len(value) >= 43 for value in values)
    flags = {flag.strip().lower() for flag in cookies[0].split(";")[1:]}
    assert flags == {"httponly", "samesite=lax", "path=/"}


def test_signing_out_ends_the_session(shared: House) -> None:
    """Here and in the journal: the cookie is worth nothing afterwards."""
    anna = shared.guest(ANNA)
    kept = str(anna.client.cookies["bulkorders"])
    answer = anna.post("/logout")
    assert answer.status_code == 303
    assert 'bulkorders=""' in answer.headers["set-cookie"]
    again = shared.stranger(cookie=f"bulkorders={kept}")
    assert again.get("/").status_code == 303
    assert again.call("GET", "/batches").status_code == 401


def test_who_is_disabled_is_out_at_once(tmp_path: Path) -> None:
    """Browser and program alike."""
    with house(tmp_path) as found:
        browser, program = found.guest(BEN), found.program(BEN)
        disable_user(found.app, find_user(found.app, BEN))
        assert browser.get("/").status_code == 303
        assert program.call("GET", "/batches").status_code == 401
        assert found.stranger().client.post("/login", data={"name": BEN, "password": PASSWORD}).status_code == 401


@pytest.mark.parametrize("kind", ["guest", "program"])
def test_who_is_out_hears_no_more_of_his_batches(tmp_path: Path, kind: str) -> None:
    """A page that was open when its user was disabled: its stream ends, too, though it may last ten minutes."""
    with house(tmp_path, ask_seconds=0.0) as found:
        ben = found.guest(BEN) if kind == "guest" else found.program(BEN)
        batch = ben.draft("a.xlsx", orders(tmp_path, "B-1", "B-2", "B-3"))
        with ben.client.stream("GET", f"/api/v1/batches/{batch}/stream") as stream:
            lines = stream.iter_lines()
            assert any(line.startswith("data: ") for line in lines)
            disable_user(found.app, find_user(found.app, BEN))
            found.guest(ROOT).call("POST", f"/batches/{batch}/submit", json={})  # something to hear of
            assert not any(line.startswith("data: ") for line in lines)


def test_a_wrong_name_and_a_wrong_password_look_alike(shared: House) -> None:
    """The same status, the same page but for what was typed."""
    pages = []
    for name in (ANNA, "nobody"):
        answer = shared.stranger().client.post("/login", data={"name": name, "password": "wrong wrong wrong"})
        assert answer.status_code == 401
        pages.append(answer.text.replace(name, "?"))
        assert "wrong wrong wrong" not in answer.text
    assert pages[0] == pages[1]


def test_ten_wrong_tries_make_a_wait(tmp_path: Path) -> None:
    """The right password is not let in then, either; the other users are, from elsewhere."""
    with house(tmp_path) as found:
        stranger = found.stranger()
        for _ in range(10):
            assert stranger.client.post("/login", data={"name": ANNA, "password": "wrong"}).status_code == 401
        answer = stranger.client.post("/login", data={"name": ANNA, "password": PASSWORD})
        assert answer.status_code == 401
        assert "分钟后再试" in answer.text


@pytest.mark.parametrize(
    "to", ["https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "/a\nb"]
)
def test_signing_in_leads_to_no_other_site(shared: House, to: str) -> None:
    """Whatever the address asks for."""
    answer = shared.stranger().client.post("/login", data={"name": ANNA, "password": PASSWORD, "to": to})
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def test_signing_in_leads_back(shared: House) -> None:
    """To the page that was asked for first, with its query."""
    stranger = shared.stranger()
    asked = stranger.get("/history?text=A-1&page=2")
    assert asked.headers["location"] == "/login?to=%2Fhistory%3Ftext%3DA-1%26page%3D2"
    answer = stranger.client.post("/login", data={"name": ANNA, "password": PASSWORD, "to": "/history?text=A-1&page=2"})
    assert answer.headers["location"] == "/history?text=A-1&page=2"


# -- changes -------------------------------------------------------------------------------------------------------------------
def test_nothing_changes_without_the_sessions_own_token(tmp_path: Path) -> None:
    """Every route that changes something, forms and API alike; another user's token is none. It is a draft of one's own."""
    with house(tmp_path) as found:
        root, ben = found.guest(ROOT), found.guest(BEN)
        batch = root.draft("a.xlsx", orders(tmp_path, "A-1"))
        for method, path in routes_of(found):
            if method == "GET" or (method, path) in OPEN:
                continue
            at = filled(path, {"batch": batch, "name": "lingxing"})
            for token in (None, "", "0" * 64, ben.csrf, root.csrf[:-1], root.csrf + "0"):
                answer = root.client.request(method, at, **_request_of(method, path, token))
                assert answer.status_code == 403, (method, path, answer.status_code, answer.text)
                assert not path.startswith("/api/") or answer.json()["code"] == "csrf"
        assert root.call("GET", "/batches").json()["total"] == 1
        assert root.call("GET", f"/batches/{batch}/progress").json()["state"] == "draft"
        assert not any(account["paused"] for account in root.call("GET", "/accounts").json())
        assert list(found.made.state.site.folder.iterdir()) == []


def _request_of(method: str, path: str, token: str | None) -> dict[str, Any]:
    """A request as it has to be, but for the token."""
    is_api, has_file = path.startswith("/api/"), path.endswith("/uploads")
    found: dict[str, Any] = {"files": {"file": ("a.xlsx", b"x")}} if has_file else {"json": _json_for(method)} if is_api else {}
    if is_api:
        return {**found, "headers": {} if token is None else {"x-csrf-token": token}}
    return {**found, "data": {"x": "1"} if token is None else {"csrf": token}}


def _json_for(method: str) -> Any:
    return [{"sheet": "S", "row": 1, "column": "A", "text": "x"}] if method == "PATCH" else {}


# -- what is somebody else's ---------------------------------------------------------------------------------------------------
@pytest.fixture(name="owned", scope="module")
def make_owned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, dict[str, str]]]:
    """A server where an operator has a draft, a submitted batch and uploads."""
    folder = tmp_path_factory.mktemp("owned")
    with house(folder) as found:
        anna = found.guest(ANNA)
        upload = anna.checked("secret-name.xlsx", orders(folder, "A-1"))
        sent = anna.draft("sent-name.xlsx", orders(folder, "A-2"))
        assert anna.call("POST", f"/batches/{sent}/submit", json={}).status_code == 202
        yield found, {"upload": upload["id"], "draft": upload["batches"][0], "sent": sent}


@pytest.mark.parametrize("which", ["draft", "sent"])
def test_what_is_somebody_elses_is_not_there(owned: tuple[House, dict[str, str]], which: str) -> None:
    """Every route that names a batch or an upload answers 404 to another operator, as it does for one that nobody has."""
    found, ids = owned
    ben, ben_program = found.guest(BEN), found.program(BEN)
    named = [(method, path) for method, path in routes_of(found) if "{batch}" in path or "{upload}" in path]
    assert len(named) > 15
    for guest in (ben, ben_program):
        for method, path in named:
            if guest is ben_program and not path.startswith("/api/"):
                continue
            answers = [
                _asked(guest, method, path, {"batch": batch, "upload": upload})
                for batch, upload in ((ids[which], ids["upload"]), ("no", "no"))
            ]
            assert [answer.status_code for answer in answers] == [404, 404], (method, path, [answer.text for answer in answers])
            assert answers[0].text.replace(ids[which], "no").replace(ids["upload"], "no") == answers[1].text, path
    anna = found.guest(ANNA)
    assert anna.call("GET", f"/batches/{ids['draft']}/progress").json()["state"] == "draft"


def _asked(guest: Guest, method: str, path: str, values: Mapping[str, str]) -> httpx.Response:
    at = filled(path, values)
    if path.startswith("/api/"):
        more = {} if method in ("GET", "DELETE") else {"json": _json_for(method)}
        return guest.call(method, at.removeprefix("/api/v1"), **more)
    return guest.get(at) if method == "GET" else guest.post(at)


def test_what_is_somebody_elses_is_not_listed(owned: tuple[House, dict[str, str]]) -> None:
    """Neither on a page nor by a search for its order."""
    found, ids = owned
    ben = found.guest(BEN)
    for path in ("/", "/history", "/history?text=A-1", "/history?text=secret", "/history?status=draft"):
        page = ben.get(path).text
        assert not any(told in page for told in (*ids.values(), "secret-name", "sent-name")), path
    for query in ("", "?text=A-1", "?text=secret", "?status=draft"):
        assert ben.call("GET", f"/batches{query}").json() == {"total": 0, "batches": []}


def test_the_administrator_sees_all(owned: tuple[House, dict[str, str]]) -> None:
    """Whosoever it is."""
    found, ids = owned
    root = found.guest(ROOT)
    for batch in (ids["draft"], ids["sent"]):
        assert root.get(f"/batches/{batch}").status_code == 200
        assert root.call("GET", f"/batches/{batch}").json()["by_whom"] == ANNA
    assert root.call("GET", "/batches").json()["total"] == 2


def test_only_the_administrator_has_the_accounts(owned: tuple[House, dict[str, str]]) -> None:
    """Looking at them, and stopping them."""
    found, _ = owned
    anna = found.guest(ANNA)
    assert anna.get("/accounts").status_code == 403
    for what in ("pause", "unpause"):
        assert anna.post(f"/accounts/lingxing/{what}").status_code == 403
    assert not any(account["paused"] for account in anna.call("GET", "/accounts").json())


def test_ids_are_not_guessed(owned: tuple[House, dict[str, str]]) -> None:
    """An upload's is random; a batch's is made for people to read out, and checked against its owner."""
    _, ids = owned
    assert len(ids["upload"]) >= 24


def test_every_route_sends_the_headers(owned: tuple[House, dict[str, str]]) -> None:
    """Whatever it answers."""
    found, ids = owned
    root = found.guest(ROOT)
    values = {"batch": ids["sent"], "upload": ids["upload"], "name": "lingxing-mcf", "position": "0"}
    for method, path in routes_of(found):
        if method != "GET" or path.endswith("stream"):
            continue
        answer = root.get(filled(path, values))
        assert answer.status_code in (200, 303), (path, answer.text)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS, path
        assert answer.headers["cache-control"] == "no-store", path
        if "html" in answer.headers.get("content-type", ""):
            assert re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|javascript:|<style|\sstyle=", answer.text) is None, path


def test_all_routes_of_the_api_are_described(shared: House) -> None:
    """But for the description itself."""
    described = {
        (method.upper(), path) for path, known in shared.made.openapi()["paths"].items() for method in known
    }  # fmt: skip
    own = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    routes = {(method, route.path) for route in own for method in route.methods or ()}
    assert routes - described == {("GET", "/api/v1/openapi.json")}
    assert described <= routes


def test_the_log_says_nothing_of_anybody(owned: tuple[House, dict[str, str]]) -> None:
    """Patterns, statuses and times: no names, numbers, ids, files or tokens."""
    found, ids = owned
    anna = found.guest(ANNA)
    anna.get("/history?text=CANARY-1")
    anna.get("/batches/CANARY-2")
    anna.get("/CANARY-3")
    anna.call("GET", "/batches?text=CANARY-4")
    anna.client.request("CANARY5", "/")
    said = "\n".join(found.log.lines)
    secrets = (
        *ids.values(),
        "CANARY",
        ANNA,
        PASSWORD,
        "secret-name",
        str(anna.client.cookies["bulkorders"]),
        anna.csrf,
        "A-1",
        "127.0.0.1",
    )
    assert [each for each in secrets if each in said] == []
    assert "GET /batches/{batch} 404" in said
