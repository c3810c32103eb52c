"""How a batch is getting on, cheap enough to be asked each second for every page that is open.

It changes with the journal's events, and without one when an account or the batch is paused or goes on, and when a sender comes or goes.
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from bulkorders.core.order import Status
from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.journal import drops, gate
from bulkorders.journal.fates import OPEN_FATES, Group, counted
from bulkorders.journal.progress import Answers, Gate, Snapshot, reason, snapshot

from . import told
from .app import App
from .report import fate_words

STARTS_SECONDS = 5.0
"""How long after its release a batch is taken for one that is sent, though nobody has begun yet."""
FOLLOWED = dt.timedelta(minutes=15)
"""How long after it was due to be asked for an order is taken for one that is followed."""
_PAUSED = Words("账号 {name} 已暂停：恢复之后会接着发。", "Account {name} is paused; it goes on when it is unpaused.")


class State(StrEnum):
    """`unfinished`: nothing is going on now, and something is left."""

    DRAFT = "draft"
    SENDING = "sending"
    PAUSED = "paused"
    UNFINISHED = "unfinished"
    DONE = "done"


@dataclass(frozen=True)
class Latest:
    """What has just become of an order."""

    order: str
    status: Fate
    word: Words
    message: Words | None
    at: dt.datetime


@dataclass(frozen=True)
class Progress:
    """A batch as it stands. `counts` names every fate; they sum to `read`. `paused`: why what is left does not go on, where that is known.

    `per_minute`: orders that were answered, over the last minute. `seconds_left`: until all that can be sent is; of a draft: would be.
    `event`: the journal's last event when this was read.
    """

    batch: str
    state: State
    read: int
    counts: Mapping[Fate, int]
    per_minute: float | None
    seconds_left: float | None
    latest: Sequence[Latest]
    paused: Words | None
    event: int


def progress(app: App, batch: str) -> Progress:
    """How a batch is getting on. Raises UsageError where there is none of that name, JournalError, SettingsError."""
    found = snapshot(app.journal, batch, app.clock.now(), app.finished)
    known = Gates.of(app, found.groups, {name for name, each in found.gates.items() if each.is_paused})
    state = state_of(found.groups, known, found.batch.released_at, app.clock.now())
    counts, pace = counted(found.groups), _per_minute(found.answers) if state is State.SENDING else None
    is_test = found.batch.is_test
    return Progress(
        batch, state, sum(counts.values()), counts, pace,
        _seconds_left(found, known, pace) if state in (State.DRAFT, State.SENDING) else None,
        [Latest(each.display, each.fate, fate_words(each.fate, is_test), each.message, each.at) for each in found.latest],
        _why(app, found, known, state), found.event,
    )  # fmt: skip


def newest_event(app: App) -> int:
    """The number of the journal's last event. Raises JournalError."""
    return drops.newest_event(app.journal)


def batches_with_news(app: App, after: int) -> set[str]:
    """The batches in which something has happened since an event. Raises JournalError."""
    return drops.batches_with_news(app.journal, after)


# -- the state ---------------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Gates:
    """What keeps orders at their gates, and what does not. `configured`: an account sends through them."""

    configured: Collection[str]
    paused: Collection[str]
    held: Collection[str]

    @classmethod
    def of(cls, app: App, groups: Iterable[Group], paused: Collection[str]) -> "Gates":
        """Looks at the gates of orders that may still become something else."""
        names = {group.gate for group in groups if group.gate and group.status and group.fate in OPEN_FATES}
        held = {name for name in names if gate.is_held(app.journal, name)}
        return cls({account.gate for account in app.accounts.values()}, paused, held)


def state_of(groups: Iterable[Group], known: Gates, released_at: dt.datetime | None, now: dt.datetime) -> State:
    """The state of a batch with these orders."""
    if released_at is None:
        return State.DRAFT
    left = [group for group in groups if group.fate in OPEN_FATES]
    starts = dt.timedelta(0) <= now - released_at < dt.timedelta(seconds=STARTS_SECONDS)
    moving = [group for group in left if not is_paused(group, known) and _moves(group, known, now, starts=starts)]
    if not left:
        return State.DONE
    if any(group.fate is not Fate.ACCEPTED for group in moving):
        return State.SENDING
    if any(is_paused(group, known) for group in left):
        return State.PAUSED
    return State.SENDING if moving else State.UNFINISHED


def is_paused(group: Group, known: Gates) -> bool:
    """Whether somebody has to let orders go on: they wait, and their batch or their account is paused."""
    return group.status is Status.PENDING and (group.is_paused or group.gate in known.paused)


def _moves(group: Group, known: Gates, now: dt.datetime, *, starts: bool) -> bool:
    """Whether somebody is at work on orders, or will be in a moment."""
    if group.status in (None, Status.REJECTED):  # other content has to be submitted again
        return False
    if group.gate in known.held:
        return True
    if group.gate not in known.configured:
        return False
    is_followed = group.status is Status.ACCEPTED and group.due is not None and now - group.due < FOLLOWED
    return is_followed or (starts and group.status is Status.PENDING)


def _why(app: App, found: Snapshot, known: Gates, state: State) -> Words | None:
    """Why what is left does not go on."""
    if state in (State.DRAFT, State.DONE):
        return None
    waiting = [group for group in found.groups if group.fate in OPEN_FATES and group.status is Status.PENDING]
    by_person = [group.account for group in waiting if group.gate in known.paused]
    if by_person:
        return _PAUSED.fill(name=by_person[0])
    if any(group.is_paused for group in waiting):
        return reason(app.journal, found.batch.id)
    if state is not State.UNFINISHED:
        return None
    unknown = [group.account for group in found.groups if group.fate in OPEN_FATES and group.gate and group.gate not in known.configured]
    return told.UNCONFIGURED.fill(name=unknown[0]) if unknown else reason(app.journal, found.batch.id)


# -- time --------------------------------------------------------------------------------------------------------------------
def _per_minute(answers: Answers) -> float | None:
    """From the first answer of the last minute to the last."""
    if answers.first is None or answers.last is None or answers.count < 2:
        return None
    seconds = (answers.last - answers.first).total_seconds()
    return round(60 * (answers.count - 1) / seconds, 1) if seconds > 0 else None


def _seconds_left(found: Snapshot, known: Gates, per_minute: float | None) -> float | None:
    """Until the slowest account is done, whose batches take turns: one of 5 orders does not wait for one of 5,000."""
    own: dict[str, int] = {}
    for group in found.groups:
        if group.fate is Fate.UNSENT and group.gate and group.status in (None, Status.PENDING) and not is_paused(group, known):
            own[group.gate] = own.get(group.gate, 0) + group.orders
    if not own:
        return None
    times = [_time(found.gates[name], count, found.batch.id, own, per_minute) for name, count in own.items()]
    longest = [time for time in times if time is not None]
    return round(max(longest), 1) if longest else None


def _time(known: Gate, count: int, batch: str, own: Mapping[str, int], per_minute: float | None) -> float | None:
    if known.seconds is not None:
        others = sum(min(count, waiting) for other, waiting in known.waiting.items() if other != batch)
        return known.seconds * (count + others)
    return 60 * sum(own.values()) / per_minute if per_minute else None
