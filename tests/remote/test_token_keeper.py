"""Tokens in use: one pair for all processes, got by one of them at a time, never one a request."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from making import NOW

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Token
from bulkorders.journal.journal import Journal, open_journal
from bulkorders.journal.tokens import Tokens
from bulkorders.remote.tokens import MARGIN, TokenKeeper

LIFE = dt.timedelta(hours=2)
STOPPED = Outcome(Verdict.STOPPED, "2001002")


class Hands:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.time = NOW

    def now(self) -> dt.datetime:
        """What it shows."""
        return self.time

    def monotonic(self) -> float:
        """Seconds of what it shows."""
        return self.time.timestamp()

    def sleep(self, seconds: float) -> None:
        """Moves it."""
        self.time += dt.timedelta(seconds=seconds)


class Remote:
    """Gives pairs, numbered; knows which refresh token it was asked with."""

    def __init__(self, clock: Hands) -> None:
        self.clock, self.asked, self.lock = clock, list[str | None](), threading.Lock()
        self.refuses: Outcome | None = None

    def fetch(self, refresh: str | None) -> Token | Outcome:
        """A new pair."""
        with self.lock:
            self.asked.append(refresh)
            number = len(self.asked)
        return self.refuses or Token(f"access-{number}", f"refresh-{number}", self.clock.now() + LIFE)


def keeper(journal: Journal, remote: Remote, principal: str = "p") -> TokenKeeper:
    """One process's keeper."""
    return TokenKeeper(principal, Tokens(journal), remote.clock, remote.fetch)


def access(found: Token | Outcome) -> str:
    """The access token of what must be a pair."""
    assert isinstance(found, Token)
    return found.access


def test_a_token_is_fetched_once_and_used_until_it_ends(journal: Journal) -> None:
    """Never one a request; five minutes before its end the next is got, by the refresh token."""
    remote = Remote(Hands())
    one = keeper(journal, remote)
    assert {access(one.current()) for _ in range(5)} == {"access-1"}
    remote.clock.time = NOW + LIFE - MARGIN - dt.timedelta(seconds=1)
    assert access(one.current()) == "access-1"
    remote.clock.time = NOW + LIFE - MARGIN
    assert access(one.current()) == "access-2"
    assert remote.asked == [None, "refresh-1"]


def test_processes_share_the_stored_pair(journal: Journal, tmp_path: Path) -> None:
    """A second process, or the next run, fetches none: it would rotate the first one's away."""
    remote = Remote(Hands())
    assert access(keeper(journal, remote).current()) == "access-1"
    other = open_journal(str(tmp_path / "journal.db"))
    assert access(keeper(other, remote).current()) == "access-1"
    other.close()
    assert len(remote.asked) == 1


def test_a_refused_token_is_renewed_once_for_all(journal: Journal) -> None:
    """Who comes later with the same refused token takes what another has got meanwhile."""
    remote = Remote(Hands())
    keepers = [keeper(journal, remote) for _ in range(3)]
    used = [one.current() for one in keepers]
    renewed = [one.renew(token) for one, token in zip(keepers, used, strict=True) if isinstance(token, Token)]
    assert [access(token) for token in renewed] == ["access-2"] * 3
    assert [access(one.current()) for one in keepers] == ["access-2"] * 3
    assert remote.asked == [None, "refresh-1"]


def test_threads_that_need_a_token_at_once_fetch_one(journal: Journal) -> None:
    """One asks, the others wait for its pair."""
    remote = Remote(Hands())
    together = threading.Barrier(6)

    def ask() -> str:
        one = keeper(journal, remote)
        together.wait(30)
        return access(one.current())

    with ThreadPoolExecutor(6) as pool:
        found = [done.result() for done in [pool.submit(ask) for _ in range(6)]]
    assert set(found) == {"access-1"}
    assert len(remote.asked) == 1


def test_a_pair_is_stored_before_it_is_used(journal: Journal) -> None:
    """A refresh token is good for one use: one that was lost with its process cannot be had again."""
    remote = Remote(Hands())
    found = keeper(journal, remote).current()
    assert Tokens(journal).get("p") == found


def test_a_refusal_is_given_back_and_nothing_is_stored(journal: Journal) -> None:
    """The pair of before stays; each principal has its own."""
    remote = Remote(Hands())
    one = keeper(journal, remote)
    first = one.current()
    assert isinstance(first, Token)
    remote.refuses = STOPPED
    assert one.renew(first) is STOPPED
    assert Tokens(journal).get("p") == first
    assert keeper(journal, remote, "q").current() is STOPPED
    assert Tokens(journal).get("q") is None
