"""What one call told us about an order."""

from dataclasses import dataclass, replace
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
    IGNORED = "ignored"
    """The remote has the order already and left it as it is."""
    ABSENT = "absent"
    """Looked up, and the remote does not have it."""
    EXISTS = "exists"
    """Refused, since the remote has an order of that number: ours or not, it does not say."""
    FOREIGN = "foreign"
    """The remote has an order of that number that is not this one: not sent, or not taken."""
    WITHHELD = "withheld"
    """Not looked up: the remote does not let this account ask."""
    UNLISTED = "unlisted"
    """Not looked up: the account has no such place where this one order could be. Nothing follows for the others."""


@dataclass(frozen=True)
class Outcome:
    """An answer, understood. `code` is the remote's own; `wait` the least seconds until the next call, where the remote named them.

    `carrier` is who brings the goods, `tracking_number` theirs; `may_change`: the number is not the last one yet. `is_same`: what the
    remote has was compared with what was to be sent, and is the same. `stop`: whatever became of this order, no other of the account is
    sent until a person has done something, and what.

    `message` stands in the order's own row, and may quote what the remote says of this order: buyers' names, too. `aloud` is then the
    same without its words.
    """

    verdict: Verdict
    code: str | None = None
    message: Words | None = None
    request_id: str | None = None
    remote_id: str | None = None
    wait: float | None = None
    tracking_number: str | None = None
    carrier: str | None = None
    may_change: bool = False
    is_same: bool = False
    stop: Words | None = None
    aloud: Words | None = None

    @property
    def reason(self) -> Words | None:
        """Why, for whoever is not the order's own row: standard error, and the rows of other orders."""
        return self.aloud or self.message

    def quoting(self, words: Words, said: Words | str) -> "Outcome":
        """With a message that quotes the remote where `words` has its `{said}`; aloud, the code stands there."""
        return replace(self, message=words.fill(said=said), aloud=words.fill(said=self.code or "?"))
