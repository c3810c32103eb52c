"""Tokens that end in the middle of a run: one new pair for each end, no order fails, whoever asks for it."""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import stamina
from ledger import audit
from stage import ORDERS, Stage, at_each_remote, in_two_sizes, stage

from bulkorders.core.imitation import Fault
from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Provider
from bulkorders.journal.journal import open_journal
from bulkorders.journal.tokens import Tokens

EXPIRED = {
    "lingxing": Fault(path="/order/amzod/api/createOrder", code="2001005"),
    "chukou1": Fault(path="/v1/fbaOrder", status=401, body=b"{}"),
}
"""What a create gets whose access token has just ended."""
REFRESH = {"lingxing": "/api/auth-server/oauth/refresh", "chukou1": "/oauth2/token"}
FETCH = {"lingxing": "/api/auth-server/oauth/access-token", "chukou1": "/oauth2/token"}
WORKERS = 8


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    """Reads that are asked again do not wait in real seconds."""
    with stamina.set_testing(True, attempts=3, cap=True):
        yield


def stage_with_oauth(provider: Provider, folder: Path) -> AbstractContextManager[Stage]:
    """A stage whose account gets its tokens at the remote: Chukou1's fixed one never ends."""
    imitation: Any = provider.imitate()
    if provider.name == "lingxing":
        return stage(provider, folder, imitation)
    keys = {name: value for name, value in imitation.oauth_account("").items() if name not in ("provider", "base_url")}
    return stage(provider, folder, imitation, token=None, **keys)


def count_pairs(at: Stage) -> int:
    """How many new pairs of tokens were asked for."""
    return at.witness.count(*{REFRESH[at.provider.name], FETCH[at.provider.name]})


@at_each_remote
@in_two_sizes
def test_a_token_that_ends_is_renewed_once(provider: Provider, orders: int, tmp_path: Path) -> None:
    """F13: it ends at every 50th create (every 8th of few): one refresh each time, every order is created at its first attempt."""
    every = 50 if orders > ORDERS else 8
    with stage_with_oauth(provider, tmp_path) as at:
        turns = range(every, orders, every)
        for number in turns:
            at.at_create(number, lambda: at.witness.fail_next(EXPIRED[provider.name]))
        ran = at.submit_new(orders)
        assert (ran.code, ran.statuses) == (0, {"created"})
        assert {told.attempts for told in ran.orders.values()} == {1}
        assert count_pairs(at) == 1 + len(turns)
        audit(at, orders).tell(f"F13 {provider.name} {orders}: {len(turns)} ends, {count_pairs(at)} pairs")


@at_each_remote
@pytest.mark.parametrize("fault", ["http_5xx", "cut_before", "html"])
def test_a_refresh_that_fails_once_is_a_pause(provider: Provider, fault: str, tmp_path: Path) -> None:
    """F13: the run waits, asks again, and goes on; no order fails for it."""
    with stage_with_oauth(provider, tmp_path) as at:
        at.at_create(5, lambda: at.witness.fail_next(EXPIRED[provider.name]), lambda: at.fault(fault, path=REFRESH[provider.name]))
        ran = at.submit_new(ORDERS)
        assert (ran.code, ran.statuses) == (0, {"created"})
        assert at.witness.truth(at.clock.true())["faults"] == {fault: 1}
        audit(at, ORDERS).tell(f"F13 {provider.name} {fault}: {count_pairs(at)} pairs")


@at_each_remote
def test_a_refresh_that_is_refused_for_good_stops_the_account_and_no_order_fails(provider: Provider, tmp_path: Path) -> None:
    """F13: what waits is unsent, with a sentence on what to do; after that has been done `resume` sends it."""
    with stage_with_oauth(provider, tmp_path) as at:
        at.at_create(5, lambda: at.witness.fail_next(EXPIRED[provider.name]), lambda: refuse_all(at))
        ran = at.submit_new(ORDERS)
        assert (ran.code, ran.statuses) == (5, {"created" if provider.name == "lingxing" else "accepted", "unsent"})
        assert sum(told.status == "unsent" for told in ran.orders.values()) == ORDERS - 4
        assert "refresh_token" in ran.said[-1] or "app_secret" in ran.said[-1]
        at.end_faults()
        at.finish()
        audit(at, ORDERS)


def refuse_all(at: Stage) -> None:
    """From now on the remote gives nobody a token."""
    code = "2001002" if at.provider.name == "lingxing" else "invalid_grant"
    for path in {REFRESH[at.provider.name], FETCH[at.provider.name]}:
        at.witness.fail_next(Fault(path=path, code=code), times=10)


@at_each_remote
def test_workers_that_find_a_token_ended_at_once_renew_it_once(provider: Provider, tmp_path: Path) -> None:
    """F13: eight workers, each with a journal of its own on the same file: one gets the new pair, the others take it from the journal."""
    with stage_with_oauth(provider, tmp_path) as at, at.program() as app:
        account = app.accounts["main"]
        api = provider.connect(account, Tokens(app.journal), at.clock)
        assert not isinstance(api.test(), Outcome)
        api.close()
        before, start, found = count_pairs(at), threading.Barrier(WORKERS), []
        end_token(at)

        def work() -> None:
            journal = open_journal(at.journal)
            own = provider.connect(account, Tokens(journal), at.clock)
            start.wait()
            said = own.test()
            found.append(said.verdict if isinstance(said, Outcome) else None)
            own.close()
            journal.close()

        threads = [threading.Thread(target=work) for _ in range(WORKERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        # at Lingxing another program's pair has replaced ours, refresh token and all: one call that is refused, one that fetches
        assert count_pairs(at) - before == len({REFRESH[provider.name], FETCH[provider.name]})
        assert Verdict.STOPPED not in found
        print(f"F13 {provider.name}: {count_pairs(at) - before} token calls for {WORKERS} workers")


def end_token(at: Stage) -> None:
    """The access token in use is worth nothing from now on."""
    imitation: Any = at.witness.inner
    if at.provider.name == "lingxing":
        imitation.gateway.end_token(at.clock.true())
    else:
        imitation.expire_tokens()
