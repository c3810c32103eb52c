"""What a provider is: a folder that gives templates, settings, an api and a sandbox."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

from .imitation import Imitation
from .order import Order
from .outcome import Outcome
from .template import Finding, Template
from .words import Words


class Clock(Protocol):
    """Time, which the core never reads by itself."""

    def now(self) -> dt.datetime:
        """The time with its zone."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Waits."""
        ...


@dataclass(frozen=True)
class Token:
    """A pair of tokens of one principal, and when the access token ends."""

    access: str = field(repr=False)
    refresh: str | None = field(repr=False)
    expires_at: dt.datetime


class TokenStore(Protocol):
    """Where tokens are kept, durably and for all processes: the journal is one."""

    def get(self, principal: str) -> Token | None:
        """The newest pair."""
        ...

    def put(self, principal: str, token: Token) -> None:
        """Stores a pair before anybody uses it."""
        ...

    def locked(self, principal: str) -> AbstractContextManager[None]:
        """Held while one process gets a new pair."""
        ...

    def recall(self, principal: str, name: str, ask: Callable[[Any], Any], *, now: dt.datetime, seconds: float) -> Any:
        """What `ask` gave no longer ago than so many seconds, else what it makes now of what it gave last, if ever: one process at a time.

        Plain JSON, or an Outcome that says why there is none, which is not kept. Raises TimeoutError.
        """
        ...


@dataclass(frozen=True)
class Account:
    """A configured account. `principal` is what the remote knows the caller by: identity, gate, tokens and pace hang on it.

    `settings` is the provider's own model. `is_test`: what it creates is not real.
    """

    name: str
    provider: "Provider"
    principal: str
    settings: Any = field(repr=False)
    is_test: bool = False

    @property
    def gate(self) -> str:
        """The name of the one way through which its orders leave."""
        return f"{self.principal}|{self.provider.endpoint}"


class Api(Protocol):
    """The remote of one account, as far as orders need it."""

    def create(self, payload: bytes) -> Outcome:
        """Sends one order's frozen bytes, once."""
        ...

    def test(self) -> Outcome | Sequence[Words]:
        """Asks whether the account works: what it may do, line by line; or the outcome that says why not."""
        ...

    def close(self) -> None:
        """Ends its connections."""
        ...


@runtime_checkable
class LooksUp(Protocol):
    """A remote that can be asked for an order: for one that is in doubt, and for what it has accepted."""

    def look_up(self, payload: bytes) -> Outcome:
        """What the remote has of the order of these frozen bytes: absent, or created, accepted, rejected; or why it cannot tell.

        `foreign`: an order of that number with other content. `withheld`: this account may not ask. `unlisted`: it has no such place.
        """
        ...


@runtime_checkable
class LooksAhead(Protocol):
    """A remote whose calls take some work before they can leave, which can be done while the call before is under way."""

    def look_ahead(self, upcoming: Callable[[], bytes | None]) -> None:
        """From now on the order whose payload `upcoming` gives, if any, is got ready while another one's answer is awaited.

        It is only likely to be the next: what is created is what `create` is called with.
        """
        ...


@runtime_checkable
class Vets(Protocol):
    """A remote that tells before the first call which orders it could never create, such as those of a store that it does not have."""

    def vet(self, orders: Sequence[Order]) -> Outcome | Sequence[tuple[int, Finding]]:
        """What is wrong, each with the number of its order; or the outcome that says why nothing can be told."""
        ...


@runtime_checkable
class Decodes(Protocol):
    """A provider whose requests say some values in another unit than its template."""

    def decode(self, body: bytes, settings: Any = None) -> bytes:
        """The body with all values as the template has them, whatever else is left of it; for an account's settings or the defaults."""
        ...


@runtime_checkable
class TellsApart(Protocol):
    """A provider whose principals do not say all: what else shows that two accounts are one, or that they cannot be told apart."""

    def same(self, settings: Any, other: Any) -> Words | None:
        """Why two accounts with a principal each may not stand side by side, and what to do; None where they may."""
        ...


class Provider(Protocol):
    """One remote system: the object `PROVIDER` of a folder below `bulkorders.providers`."""

    name: str
    title: str
    templates: tuple[Template, ...]
    endpoint: str
    test_hosts: frozenset[str]
    """Hosts where orders are not real."""
    updates: bool
    """Whether sending an order again with other content modifies it. It is then looked up before it first goes there."""
    tracks: bool
    """Whether its orders get a tracking number."""
    undo: Words
    """How a person cancels an order there that was created by mistake: a sentence for the list of what was created."""

    def settings(self, raw: Mapping[str, Any]) -> Any:
        """The account's table, validated. Raises pydantic.ValidationError."""
        ...

    def principal(self, settings: Any) -> str:
        """What the remote knows the caller by."""
        ...

    def serves(self, settings: Any, order: Order) -> bool | None:
        """Whether an account takes an order: yes by name, no, or None where it takes what nobody else is named for."""
        ...

    def encode(self, payload: Mapping[str, Any], settings: Any = None) -> bytes:
        """The very bytes of an order's request body, for an account's settings or for the defaults."""
        ...

    def connect(self, account: Account, tokens: TokenStore, clock: Clock) -> Api:
        """The account's remote."""
        ...

    def imitate(self) -> Imitation:
        """A fresh sandbox."""
        ...
