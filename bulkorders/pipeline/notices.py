"""People told: notices go into the journal's outbox, and from there to their targets, from a thread of each target's own.

A notice is claimed, sent, and marked. Who dies in between leaves a claim that ends by itself, and the notice is sent again: it is never
lost, and twice only where its answer was, since to be told twice does no harm, and not to be told that a person is needed does.
"""

import datetime as dt
import hashlib
import math
import re
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self

from bulkorders.core.words import Words
from bulkorders.errors import BulkordersError, UsageError, bug_said
from bulkorders.journal import notices
from bulkorders.journal.journal import Journal
from bulkorders.journal.notices import LONGEST_WAIT, Notice, Waiting
from bulkorders.remote.mask import drop_halves
from bulkorders.remote.notice import CALL_SECONDS, Count, Message, Told

from .app import App
from .report import report_batch

if TYPE_CHECKING:
    from .targets import Target

FIRST_WAIT = dt.timedelta(seconds=30)
"""After a failure; doubled with each further one, up to an hour."""
CLAIM = dt.timedelta(minutes=1)
"""How long a claim holds: longer than any call takes."""
GIVE_UP = dt.timedelta(days=3)
LEAST_TRIES = 6
"""Before anything is given up: a machine that was off for days finds its network down for a moment. It is also how often a notice is sent
whose answer is lost each time: whoever takes it all and never answers has probably shown it."""
POLL_SECONDS = 1.0
TEXT_LENGTH = 500
"""Characters of a notice: what does not fit into a robot's message would never be sent."""
KEY_LENGTH = 300
_BATCH = re.compile(r"\d{8}-[a-z2-9]{6}")

_FAILED = Words("通知 {name} 没有发出：{reason}；会再试。", "notify.{name} failed: {reason}; it is tried again.")
_SENT_BUT = Words("通知 {name}：{reason}。", "notify.{name}: {reason}.")
_TEST = Words("测试通知：收到就说明配置好了。", "A test: that it arrived shows that the settings are right.")
_GIVEN_UP = Words(
    "有 {count} 条通知一直发不出去，没有再试（{names}）：请运行 notify test 看原因。",
    "{count} notices could not be sent and were given up ({names}): run notify test to see why.",
)
_OUT = Words("通知暂时发不了：{reason}", "Notices cannot be sent now: {reason}")


def enqueue(journal: Journal, target: str, key: str, words: Words, now: dt.datetime) -> bool:
    """Has a target told something, once for each `key`; gives False where it is told of that already. Raises JournalError.

    A webhook is told how the batches stand whose names the key holds, as in `ended 20250409-abcdef`.
    """
    return notices.enqueue(journal, target, _short(key), Words(_clean(words.zh), _clean(words.en)), now)


def _short(key: str) -> str:
    """A key that the journal takes: a file's name within may have halves of letters, or be endless."""
    whole = drop_halves(key)
    return whole if len(whole) <= KEY_LENGTH else f"{whole[: KEY_LENGTH - 65]} {hashlib.sha256(whole.encode()).hexdigest()}"


def _clean(text: str) -> str:
    """A text that any chat, mail and journal takes: no control characters, which a file's name may have, and not endless."""
    lines = ["".join(sign if sign.isprintable() else " " for sign in drop_halves(line)).strip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line)[:TEXT_LENGTH]


@dataclass(frozen=True)
class Round:
    """One call to a target: what was claimed, and what came of it."""

    taken: Sequence[Notice]
    told: Told


def deliver(app: App, now: dt.datetime | None = None) -> list[Round]:
    """One call to each target that has something due. Raises JournalError and SettingsError, nothing for a bad bot."""
    rounds = [deliver_to(app, target, now) for target in app.targets.values()]
    return [each for each in rounds if each is not None]


def deliver_to(app: App, target: "Target", now: dt.datetime | None = None) -> Round | None:
    """One call to a target, and what came of it in the journal; None where nothing is due."""
    now = now or app.clock.now()
    if not notices.is_due(app.journal, target.name, now):
        return None
    taken = notices.claim(app.journal, target.name, now, now + CLAIM, target.sender.most, target.sender.room)
    if not taken:
        return None
    told = target.sender.send([_message(app, target, each) for each in taken], now)
    _settle(app.journal, target.name, taken, told, now)
    return Round(taken, told)


def _settle(journal: Journal, target: str, taken: Sequence[Notice], told: Told, now: dt.datetime) -> None:
    if told.is_sent:
        notices.sent(journal, taken, now)
        return
    over = [each for each in taken if each.tries + 1 >= LEAST_TRIES and (told.may_have_arrived or now - each.at >= GIVE_UP)]
    notices.give_up(journal, over, now)
    notices.put_off(journal, target, [each for each in taken if each not in over], now + _wait(taken[0].tries), now + FIRST_WAIT)


def _wait(tries: int) -> dt.timedelta:
    return min(FIRST_WAIT * float(1 << min(tries, 20)), LONGEST_WAIT)


def _message(app: App, target: "Target", notice: Notice) -> Message:
    counts = _counts(app, notice.key) if target.kind == "webhook" else []
    return Message(f"{app.journal.id[:12]}-{notice.id}", notice.words.say(target.lang), notice.at.astimezone(app.timezone), counts)


def _counts(app: App, key: str) -> list[Count]:
    """The batches that a key names, as they stand now."""
    found = []
    for batch in _BATCH.findall(key):
        try:
            found.append(Count(batch, report_batch(app, batch).totals.as_json()))
        except UsageError:  # a word that only looks like one
            continue
    return found


def try_target(app: App, target: "Target") -> Told:
    """Sends a target a test, past the outbox."""
    now = app.clock.now()
    text = _TEST.say(target.lang)
    return target.sender.send([Message(f"test-{secrets.token_hex(6)}", text, now.astimezone(app.timezone))], now)


def given_up(app: App) -> Words | None:
    """What is to be said of notices that were never sent; None where there are none. Raises JournalError."""
    names = {name: each.given_up for name, each in notices.waiting(app.journal).items() if each.given_up}
    if not names:
        return None
    return _GIVEN_UP.fill(count=sum(names.values()), names=Words("、".join(names), ", ".join(names)))


def outbox(app: App) -> dict[str, Waiting]:
    """What lies in the outbox for each configured target, and for those that are configured no more. Raises JournalError."""
    return {**dict.fromkeys(app.targets, Waiting()), **notices.waiting(app.journal)}


@dataclass
class Deliverer:
    """Sends what is due until it is closed: a thread for each target, so that a bad one delays no other, and nobody waits for any."""

    app: App
    left: Callable[[], float] = lambda: math.inf
    """Seconds until all has to be let go of."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _finish: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Self:
        """Starts. Raises JournalError and SettingsError."""
        _ = self.app.journal  # opened once, before several threads ask for it
        for target in self.app.targets.values():
            self._threads.append(threading.Thread(target=self._work, args=(target,), name=f"notify-{target.name}", daemon=True))
            self._threads[-1].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Ends; a call that is on its way may still be answered."""
        self._stop.set()
        self._join(min(CALL_SECONDS + 1, self.left()))

    def finish(self, seconds: float) -> None:
        """Waits until all that is due now was sent or has failed, but no longer than that."""
        self._finish.set()
        self._join(seconds)

    def _join(self, seconds: float) -> None:
        until = self.app.clock.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(until - self.app.clock.monotonic(), 0.0))

    def _work(self, target: "Target") -> None:
        said: Words | None = None
        while not self._stop.is_set():
            found, reason = self._round(target)
            if reason is not None and reason != said:
                self.app.tell(reason)
            said = reason if found or reason else said
            if found is None and self._finish.is_set():
                return
            self._stop.wait(target.sender.pause if found else POLL_SECONDS)

    def _round(self, target: "Target") -> tuple[Round | None, Words | None]:
        """One call, if any is due, and what is to be said of it: whatever goes wrong, it ends neither the thread nor the program."""
        try:
            found = deliver_to(self.app, target)
        except BulkordersError as error:
            return None, _OUT.fill(reason=Words(error.zh, error.en))
        except Exception as error:  # noqa: BLE001  # a bug of ours, which must not stop what others are told
            return None, Words(*bug_said(error))
        if found is None or found.told.reason is None:
            return found, None
        return found, (_SENT_BUT if found.told.is_sent else _FAILED).fill(name=target.name, reason=found.told.reason)
