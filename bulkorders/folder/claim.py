"""Files in: what is complete is written down in the journal and moved out of the inbox, at once.

A claim is written before its file is renamed. After a kill, a claim whose file did not come is forgotten, since the file still lies in
the inbox; a file among those that are worked on that the journal does not know is claimed where it lies.
"""

import math
import os
from dataclasses import dataclass, field
from pathlib import Path

from bulkorders.core.words import Words
from bulkorders.crash import crash_point
from bulkorders.errors import os_reason
from bulkorders.journal.drops import claim, hold_claims, open_paths, unclaim
from bulkorders.pipeline.app import path_text
from bulkorders.pipeline.work import Work

from .look import Looks, Seen, is_open, look
from .place import Place, check, clean_name, free_path, prepare

_CLAIMED = Words("{name}：收到，开始处理。", "{name}: picked up.")
_LOCKED = Words("{name}：正被别的程序打开，等它关闭再处理。", "{name}: open in another program; waits until it is closed.")
_CLOSED = Words("{name}：已放好，到收文件的时间（{hours}）再处理。", "{name}: complete; picked up within the hours {hours}.")
_STUCK = Words("{name}：移不进处理中的文件夹（{reason}），过一会儿再试。", "{name}: cannot be moved ({reason}); tried again later.")


@dataclass
class Claims:
    """Claims the files of one folder."""

    work: Work
    place: Place
    inbox: Looks = field(init=False)
    strays: Looks = field(init=False)
    stuck: set[str] = field(default_factory=set)
    """Files that could not be moved at the last look."""
    _told: set[tuple[str, str]] = field(default_factory=set)
    _recovered: float = -math.inf

    def __post_init__(self) -> None:
        self.inbox, self.strays = Looks(self.place.settings.quiet_seconds), Looks(self.place.settings.quiet_seconds)

    def go(self) -> int:
        """Looks once, and claims what is complete; gives how many files that were. Raises GoneError, UsageError, OSError."""
        app = self.work.app
        prepare(self.place, app.journal)
        seen, now = look(self.place.inbox), app.clock.monotonic()
        ready = self.inbox.ready(seen, now)
        self._tell_locked(seen)
        if not is_open(self.place.settings.hours, app.clock.now().astimezone(app.timezone).time()):
            for name in ready:
                self._tell_once("closed", name, _CLOSED.fill(name=path_text(Path(name)), hours=self.place.settings.hours))
            ready = []
        self.stuck.clear()
        with hold_claims(app.journal, self.place.key) as is_held:
            if not is_held:  # by another watcher, who claims them
                return 0
            is_due = ready or now - self._recovered >= self.place.settings.quiet_seconds
            recovered = self._recover(now) if is_due else 0
            return recovered + sum(self._claim(name) for name in ready if not self.work.is_ending)

    @property
    def has_seen(self) -> bool:
        """Whether the last look has found any file that may become complete."""
        return self.inbox.has_seen or self.strays.has_seen

    def _tell_locked(self, seen: Seen) -> None:
        """Forgets, too, what was said of files that are no longer like that: the next of a name is told of again."""
        is_still = {"locked": seen.locked, "closed": seen.files.keys(), "stuck": self.stuck}
        self._told = {(kind, name) for kind, name in self._told if name in is_still[kind]}
        for name in sorted(seen.locked):
            self._tell_once("locked", name, _LOCKED.fill(name=path_text(Path(name))))

    def _tell_once(self, kind: str, name: str, words: Words) -> None:
        if (kind, name) not in self._told:
            self._told.add((kind, name))
            self.work.log.tell(kind, words, folder=self.place.key, file=path_text(Path(name)))

    def _recover(self, now: float) -> int:
        """Claims that came to nothing are forgotten, files without a claim get one. There may be thousands: they are compared as texts."""
        self._recovered = now
        journal, part = self.work.app.journal, self.place.inside(self.place.processing)
        claims, seen = open_paths(journal, self.place.key), look(self.place.processing)
        here = {f"{part}/{name}" for name in seen.files}
        missing = [each for each in claims if each.is_waiting and each.path not in here]
        missing = [each for each in missing if not os.path.lexists(self.place.root / each.path)]
        check(self.place, journal)  # of a folder that is gone, no file is missing
        for each in missing:
            unclaim(journal, each.id)
        known = {path for each in claims for path in (each.path, each.goes)}
        unknown = [name for name in self.strays.ready(seen, now) if f"{part}/{path_text(Path(name))}" not in known]
        return sum(self._adopt(name) for name in unknown)

    def _adopt(self, name: str) -> bool:
        """A file that somebody has laid among those that are worked on, or of which the journal has lost the claim."""
        here = self.place.processing / name
        target = free_path(self.place, self.work.app.journal, here.with_name(clean_name(name))) if clean_name(name) != name else here
        return self._move(here, target)

    def _claim(self, name: str) -> bool:
        """Moves one file; gives False where it is no longer there, or cannot be moved now."""
        target = free_path(self.place, self.work.app.journal, self.place.processing / clean_name(name))
        return self._move(self.place.inbox / name, target)

    def _move(self, source: Path, target: Path) -> bool:
        app, name = self.work.app, path_text(Path(source.name))
        crash_point()
        drop = claim(app.journal, self.place.key, name, self.place.inside(target), app.clock.now())
        try:
            if source != target:
                crash_point()
                source.rename(target)
                crash_point()
        except OSError as error:
            unclaim(app.journal, drop.id)
            if not isinstance(error, FileNotFoundError):  # else somebody has taken it away
                self.stuck.add(source.name)
                self._tell_once("stuck", source.name, _STUCK.fill(name=name, reason=Words(*os_reason(error))))
            return False
        self.work.log.tell("claimed", _CLAIMED.fill(name=name), folder=self.place.key, file=name)
        return True
