"""What all parts of a program share that goes on and on: the app, who is told, and how long they may go on."""

import math
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from bulkorders.core.words import Words
from bulkorders.errors import BulkordersError, bug_said, os_reason

from .app import App, path_text
from .ending import END_SECONDS, STOP_SECONDS

FIRST_REST, LONGEST_REST = 15.0, 600.0
"""Seconds until something that failed is tried again: doubled each time."""


class Log(Protocol):
    """Who hears how it goes. Called from several threads."""

    def tell(self, event: str, words: Words, **facts: object) -> None:
        """Something has happened: what kind of thing, the sentence, and what programs read of it."""
        ...


Enqueue = Callable[[str, str, Words], object]
"""Has somebody told something: the name of a [notify.*], what it is about, the words. What it is about is told once."""


def nobody() -> float | None:
    """Nobody has asked it to end."""
    return None


@dataclass(frozen=True)
class Work:
    """`interrupted`: seconds since somebody has asked it to end; None where nobody has."""

    app: App
    log: Log
    enqueue: Enqueue
    interrupted: Callable[[], float | None] = nobody

    @property
    def is_ending(self) -> bool:
        """Whether somebody has asked it to end."""
        return self.interrupted() is not None

    def left(self) -> float:
        """Seconds until all has to be let go of; endless where nobody has asked it to end."""
        since = self.interrupted()
        return math.inf if since is None else STOP_SECONDS - END_SECONDS - since


@dataclass
class Rests:
    """What has failed rests for a while: nobody is helped by trying it each second. Told once until it fails otherwise."""

    work: Work
    _until: dict[object, float] = field(default_factory=dict)
    _gaps: dict[object, float] = field(default_factory=dict)
    _said: dict[object, str] = field(default_factory=dict)

    @property
    def has_failed(self) -> bool:
        """Whether anything has failed and has not been done since."""
        return bool(self._until)

    def is_resting(self, what: object) -> bool:
        """Whether it is not yet time to try it again."""
        return time.monotonic() < self._until.get(what, 0.0)

    def fail(self, what: object, words: Words, longest: float = LONGEST_REST, **facts: object) -> None:
        """It has failed: it rests, longer each time."""
        self._until[what] = time.monotonic() + self._gaps.setdefault(what, FIRST_REST)
        self._gaps[what] = min(self._gaps[what] * 2, longest)
        if self._said.get(what) != words.zh and not self.work.is_ending:
            self._said[what] = words.zh
            self.work.log.tell("failed", words, **facts)

    def succeed(self, what: object) -> None:
        """It has not failed."""
        for memory in (self._until, self._gaps, self._said):
            memory.pop(what, None)


def words_of(error: Exception) -> Words:
    """An exception as a sentence."""
    if isinstance(error, BulkordersError):
        return Words(error.zh, error.en)
    if isinstance(error, OSError):
        zh, en = os_reason(error)
        at = f"{path_text(Path(os.fsdecode(error.filename)))}：" if isinstance(error.filename, str | bytes) else ""
        return Words(f"{at}{zh}，过一会儿再试。", f"{at}{en}; tried again later.")
    return Words(*bug_said(error))
