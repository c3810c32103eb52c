"""Tokens in use: one pair for each principal, shared by all processes, refreshed by one of them at a time."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Clock, Token, TokenStore
from bulkorders.core.words import Words

MARGIN = dt.timedelta(minutes=5)
"""How long before its end a token is no longer used."""


@dataclass
class TokenKeeper:
    """Gives a usable access token. `fetch` gets a new pair, by a refresh token where there is one, or says why it cannot."""

    principal: str
    store: TokenStore
    clock: Clock
    fetch: Callable[[str | None], Token | Outcome]
    _known: Token | None = None

    @property
    def in_hand(self) -> Token | None:
        """The pair last used, as long as it is good; nobody is asked for another."""
        return self._known if self._is_fresh(self._known) else None

    def current(self) -> Token | Outcome:
        """The pair last used, else the stored one, else a new one; none that ends soon."""
        token = self.in_hand or self.store.get(self.principal)
        if token is None or not self._is_fresh(token):
            return self.renew(token)
        self._known = token
        return token

    def renew(self, used: Token | None) -> Token | Outcome:
        """A pair other than `used`: what another process has stored meanwhile, or a new one, stored before it is used."""
        try:
            return self._renew(used)
        except TimeoutError:
            return Outcome(Verdict.NOT_PROCESSED, message=Words("另一个程序一直在取令牌", "another process is getting a token"))

    def _renew(self, used: Token | None) -> Token | Outcome:
        with self.store.locked(self.principal):
            stored = self.store.get(self.principal)
            if stored and self._is_fresh(stored) and (used is None or stored.access != used.access):
                self._known = stored
                return stored
            fetched = self.fetch(stored.refresh if stored else None)
            if isinstance(fetched, Token):
                fetched = self._shortened(fetched)
                self.store.put(self.principal, fetched)
                self._known = fetched
            return fetched

    def _shortened(self, token: Token) -> Token:
        """The pair with the end up to which it may be used: never its last minutes, in which a call could outlive it."""
        lifetime = token.expires_at - self.clock.now()
        return replace(token, expires_at=token.expires_at - min(MARGIN, lifetime / 5))

    def _is_fresh(self, token: Token | None) -> bool:
        return token is not None and token.expires_at > self.clock.now()


_HOUR = dt.timedelta(hours=1)
_LONGEST = dt.timedelta(days=115)


def refresh_token(raw: Any) -> str | None:
    """A refresh token as its remote gave it; None for what cannot be one."""
    return raw if isinstance(raw, str) and raw else None


def lifetime(raw: Any, unit: dt.timedelta = dt.timedelta(seconds=1)) -> dt.timedelta:
    """How long a token lives, as its remote says in some unit; what cannot be read, or cannot be, counts as an hour."""
    try:
        found = float(raw) * unit
    except (TypeError, ValueError, OverflowError):
        return _HOUR
    return found if dt.timedelta(0) < found < _LONGEST else _HOUR
