"""Tokens are few, calls are one at a time, and an account that does not work says why."""

from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import CREATE, REFRESH, SECRET, TOKEN, Gateway, line

OTHER = "ak_other00000000"


def test_one_token_serves_every_run(desk: Desk) -> None:
    """A token is fetched once and kept; when the remote says that it is expired, it is renewed and no order fails."""
    desk.submit(desk.write("a.xlsx", [line(f"A-{number}") for number in range(4)]), code=0)
    desk.submit(desk.write("b.xlsx", [line(f"B-{number}") for number in range(2)]), code=0)
    assert desk.foreign.calls[TOKEN] + desk.foreign.calls[REFRESH] == 1

    desk.foreign.expire_every = 4
    ran = desk.submit(desk.write("c.xlsx", [line(f"C-{number}") for number in range(5)]), code=0)
    assert set(ran.fates.values()) == {"created"}
    assert {outcome["attempts"] for outcome in ran.one["outcomes"]} == {1}
    assert desk.foreign.calls[TOKEN] + desk.foreign.calls[REFRESH] == 3
    assert len(desk.foreign.sent()) == 11


def test_a_wrong_secret_sends_nothing(desk: Desk) -> None:
    """Every order stays unsent after one call, and a sentence says what to do; the account's test says the same."""
    desk.configure(app_secret="canary-secret-7f3a-wrong")
    ran = desk.submit(desk.write("a.xlsx", [line("A-1"), line("A-2")]), code=5)
    assert ran.fates == {"A-1": "unsent", "A-2": "unsent"}
    assert all("app_secret" in outcome["message"] for outcome in ran.one["outcomes"])
    assert desk.foreign.calls == {TOKEN: 1}

    tested = desk.run("accounts", "test", code=2)
    assert "main" in tested.said
    assert "app_secret" in tested.said

    desk.configure()
    assert "8speed-US" in desk.run("accounts", "test", "main", code=0).out
    assert desk.resume(code=0).fates == {"A-1": "created", "A-2": "created"}


def test_codes_that_stop_the_account(desk: Desk) -> None:
    """An IP that is not allowed, no authorisation: the order is unsent, the next ones are not even tried."""
    desk.foreign.answers["A-1"] = [Gateway("3001002", "ip not permit"), Gateway("2001004", "unauthorized")]
    ran = desk.submit(desk.write("a.xlsx", [line("A-1"), line("A-2")]), code=5)
    assert ran.fates == {"A-1": "unsent", "A-2": "unsent"}
    assert all("IP" in outcome["message"] and outcome["attempts"] == 0 for outcome in ran.one["outcomes"])

    again = desk.resume(code=5)
    assert all("权限" in outcome["message"] for outcome in again.one["outcomes"])
    assert desk.foreign.calls[CREATE] == 2
    assert desk.foreign.received == []


def test_two_runs_at_once_take_turns(desk: Desk) -> None:
    """Two processes on one journal, with answers of "too fast" in between: each order once, never two calls at a time."""
    desk.foreign.delay, desk.foreign.busy = 0.05, 2
    both = [line("S-1"), line("S-2")]
    books = [desk.write(f"{name}.xlsx", [*both, *(line(f"{name}-{number}") for number in range(10))]) for name in ("L", "R")]
    running = [desk.start("submit", "--json", book) for book in books]
    ran = [desk.finish(process, 0) for process in running]

    assert sorted(desk.foreign.sent()) == sorted(["S-1", "S-2"] + [f"{name}-{number}" for name in "LR" for number in range(10)])
    assert all(set(each.fates.values()) <= {"created", "skipped"} for each in ran)
    assert desk.foreign.most_at_once[CREATE] == 1
    assert desk.foreign.calls[TOKEN] == 1


def test_stores_route_orders_to_accounts(desk: Desk) -> None:
    """Each order goes to the account that lists its store; a store that nobody lists is an error of its orders alone."""
    desk.configure_all({
        "one": {"provider": "lingxing", "base_url": desk.url, "app_id": desk.foreign.app_id, "app_secret": SECRET, "stores": ["8speed-US"]},
        "two": {"provider": "lingxing", "base_url": f"{desk.url}/", "app_id": OTHER, "app_secret": SECRET, "stores": ["second-US"]},
    })  # fmt: skip
    rows = [line("A-1"), line("A-2", 店铺名="second-US"), line("A-3", 店铺名="third-US")]
    book = desk.write("a.xlsx", rows)

    ran = desk.submit(book, code=5)  # the server knows the first app only

    assert ran.fates == {"A-1": "created", "A-2": "unsent", "A-3": "invalid"}
    assert [outcome["account"] for outcome in ran.one["outcomes"]] == ["one", "two", None]
    assert [account["name"] for account in ran.one["accounts"]] == ["one", "two"]
    assert "third-US" in ran.one["outcomes"][2]["message"]
    desk.foreign.app_id = OTHER
    assert desk.resume(code=4).fates == {"A-1": "created", "A-2": "created", "A-3": "invalid"}
    assert desk.submit(book, "--account", "two", code=4).one["outcomes"][0]["status"] == "invalid"


def test_a_slash_at_the_end_of_the_address_does_no_harm(desk: Desk) -> None:
    """Base and path are joined with one slash; a wrong path is told as a wrong base_url, and nothing was created."""
    desk.configure(base_url=f"{desk.url}/")
    desk.submit(desk.write("a.xlsx", [line("A-1")]), code=0)
    desk.configure(base_url=f"{desk.url}/wrong")
    ran = desk.submit(desk.write("b.xlsx", [line("A-2")]), code=5)
    assert "base_url" in ran.one["outcomes"][0]["message"]
