"""What one call told us about an order."""

from dataclasses import dataclass
from enum import StrEnum

from .words import Words


class Verdict(StrEnum):
    """What an answer proves."""

    CREATED = "created"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_PROCESSED = "not_processed"
    """The remote did not touch the order: the same bytes may go again."""
    STOPPED = "stopped"
    """Not processed either, and no order of this account will be, until a person has done something."""
    UNCLEAR = "unclear"
    """Nobody knows: never sent again before it is settled."""


@dataclass(frozen=True)
class Outcome:
    """An answer, understood. `code` is the remote's own; `wait` the least seconds until the next call, where the remote named them."""

    verdict: Verdict
    code: str | None = None
    message: Words | None = None
    request_id: str | None = None
    remote_id: str | None = None
    wait: float | None = None
