"""What is to be told to people, and what a bot or a mail server answers to it: what all senders have in common."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from bulkorders.core.words import Words

CALL_SECONDS = 5.0
"""How long a sender may take for one call."""


@dataclass(frozen=True)
class Count:
    """A batch by its name, and its orders counted by fate (`read` is their sum)."""

    batch: str
    counts: dict[str, int]


@dataclass(frozen=True)
class Message:
    """One notice on its way. `id` stays the same however often it is sent, so that a receiver can tell a repetition."""

    id: str
    text: str
    at: dt.datetime
    batches: Sequence[Count] = field(default=())


@dataclass(frozen=True)
class Told:
    """What came of a call. `reason`: why it failed, or what else is to be said of it; it never holds a secret or an address.

    `may_have_arrived`: it failed, but the answer alone may be what was lost.
    """

    is_sent: bool
    reason: Words | None = None
    may_have_arrived: bool = False


class Sender(Protocol):
    """One bot, webhook or mail server. `most` messages and `room` bytes of text go into one call."""

    @property
    def most(self) -> int:
        """How many messages one call takes at most."""
        ...

    @property
    def room(self) -> int:
        """How many bytes of text they may have together."""
        ...

    @property
    def pause(self) -> float:
        """How many seconds it rests after a call, so that a flood becomes a few messages of many lines."""
        ...

    def send(self, messages: Sequence[Message], now: dt.datetime) -> Told:
        """Makes one call. Raises nothing for a bad remote."""
        ...
