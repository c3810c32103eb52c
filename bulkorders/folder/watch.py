"""The import of some folders: once, or on and on.

Looking, entering, sending and settling are done side by side and meet in the journal alone, so that a large file, a slow remote or a
folder that is gone holds up none of the others.
"""

import datetime as dt
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from bulkorders.core.result import exit_code
from bulkorders.core.words import Words
from bulkorders.errors import JournalError, UsageError
from bulkorders.journal.drops import (
    Drop,
    End,
    Stage,
    batches_with_news,
    claimed_drops,
    get_drop,
    has_drops,
    newest_event,
    open_drops,
)  # fmt: skip
from bulkorders.journal.standings import Standing, standings
from bulkorders.pipeline.app import find_template
from bulkorders.pipeline.keeping import tidy
from bulkorders.pipeline.report import report_batch
from bulkorders.pipeline.senders import Senders
from bulkorders.pipeline.work import FIRST_REST, LONGEST_REST, Rests, Work, words_of
from bulkorders.settings import FolderSettings

from .claim import Claims
from .enter import enter_drop, release_drafts
from .place import GoneError, Place, is_there, place_of, prepare, sweep
from .settle import settle, tell_failing, waits

ENTERERS = 2
"""Files of one folder that are examined side by side: most of it is done by processes of their own."""
STEP_SECONDS = 0.5
ONCE_TRIES = 60
TIDY_SECONDS = 3600.0
FAILING = dt.timedelta(minutes=1)
"""How long a file fails until people are told: most of what fails passes."""
UNFINISHED, SOME_FAILED, REFUSED, USAGE = 5, 4, 3, 2
_GONE = Words(
    "文件夹 {folder} 现在不在（网络盘断开了？），连上了接着做。", "The folder {folder} is not there now; it goes on when it is back."
)
_ABSENT = Words("没有文件夹 {folder}：请先建好，或核对路径。", "There is no folder {folder}: make it, or check the path.")
_BACK = Words("文件夹 {folder} 回来了，继续。", "The folder {folder} is back.")
_STARTS = Words("开始看文件夹 {folder}：把表格放进 {inbox}。", "Watching {folder}: drop workbooks into {inbox}.")


@dataclass
class Folder:
    """One folder at work. `codes`: exit codes of files that became no batch; `entered`: drops that did, in this process."""

    work: Work
    place: Place
    claims: Claims = field(init=False)
    rests: Rests = field(init=False)
    is_gone: bool = False
    is_refused: bool = False
    handled: set[int] = field(default_factory=set)
    _news: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.claims, self.rests = Claims(self.work, self.place), Rests(self.work)

    # -- the four steps, each done again and again ---------------------------------------------------------------------
    def look(self) -> None:
        """Claims what is complete."""
        self.attempt("look", self.claims.go)

    def enter(self) -> None:
        """Enters what is claimed, the oldest first."""
        self.attempt("enter", self._enter_all)

    def settle(self, given_up: Iterable[tuple[str, str]]) -> None:
        """Tells and puts away what is over."""
        self.attempt("settle", lambda: self._settle_all(frozenset(given_up)))

    def release(self) -> None:
        """What an earlier process has entered but not released goes on. Raises JournalError."""
        for drop in open_drops(self.work.app.journal, self.place.key, (Stage.ENTERED,)):
            release_drafts(self.work, drop)
        sweep(self.place)

    def attempt(self, what: object, act: Callable[[], object]) -> bool:
        """Does something that may fail for a reason that passes: said once, tried again later; gives whether it was done."""
        if self.rests.is_resting(what):
            return False
        try:
            act()
        except GoneError:
            self._set_gone(True)
            return False
        except Exception as error:  # noqa: BLE001  # a bug of ours at one file is no reason to leave the others
            if isinstance(error, OSError) and not is_there(self.place, self.work.app.journal):
                self._set_gone(True)
            else:
                self._fail(what, error)
            return False
        self.rests.succeed(what)
        if what == "look":
            self._set_gone(False)
        return True

    def _fail(self, what: object, error: Exception) -> None:
        drop, words = self._drop(what) if isinstance(what, int) else None, words_of(error)
        file = f"{drop.name}：" if drop else ""
        if drop and self.work.app.clock.now() - drop.at >= FAILING:
            self.attempt(("notify", drop.id), lambda: tell_failing(self.work, self.place, drop))
        self.is_refused = self.is_refused or (what == "look" and isinstance(error, UsageError))
        longest = LONGEST_REST if isinstance(what, int) else FIRST_REST
        self.rests.fail(what, Words(file + words.zh, file + words.en), longest, folder=self.place.key)

    def _drop(self, number: int) -> Drop | None:
        try:
            return get_drop(self.work.app.journal, number)
        except JournalError:
            return None

    def _set_gone(self, gone: bool) -> None:
        with self._lock:
            if gone is not self.is_gone:
                self.is_gone = gone
                is_new = gone and not has_drops(self.work.app.journal, self.place.key)
                words = _ABSENT if is_new else _GONE if gone else _BACK
                self.work.log.tell("gone" if gone else "back", words.fill(folder=self.place.root), folder=self.place.key)

    def has_claimed(self) -> bool:
        """Whether a file still waits to be entered that has not failed just now."""
        found: list[int] = []
        self.attempt("claimed", lambda: found.extend(claimed_drops(self.work.app.journal, self.place.key)))
        return any(not self.rests.is_resting(number) for number in found)

    # -- files, one by one ----------------------------------------------------------------------------------------------
    def _enter_all(self) -> None:
        for number in claimed_drops(self.work.app.journal, self.place.key):
            if self.work.is_ending or self.is_gone:
                return
            self.attempt(number, lambda number=number: self._enter_one(number))  # type: ignore[misc]  # bound at once

    def _enter_one(self, number: int) -> None:
        if enter_drop(self.work, self.place, number):
            self.handled.add(number)

    def _settle_all(self, given_up: frozenset[tuple[str, str]]) -> None:
        """Entered files are looked at each time, those that are only followed when there is news of them."""
        journal, after = self.work.app.journal, self._news
        self._news = newest_event(journal)
        news = batches_with_news(journal, after) if self._news > after else set()
        drops = open_drops(journal, self.place.key, (Stage.ENTERED, Stage.FOLLOWED))
        waiting = self._waiting(drops, given_up)
        for drop in drops:
            if drop.id in waiting:
                self.handled.add(drop.id)
                continue
            if self.work.is_ending or self.is_gone:
                self._news = after
                return
            is_due = drop.stage is Stage.ENTERED or not after or not news.isdisjoint(drop.batches)
            if is_due and not self.attempt(drop.id, lambda drop=drop: self._settle_one(drop, given_up)):  # type: ignore[misc]
                self._news = after  # it is looked at again

    def _settle_one(self, drop: Drop, given_up: frozenset[tuple[str, str]]) -> None:
        if settle(self.work, self.place, drop.id, given_up) != drop or drop.stage is Stage.ENTERED:
            self.handled.add(drop.id)

    def _waiting(self, drops: Sequence[Drop], given_up: frozenset[tuple[str, str]]) -> set[int]:
        """Entered files whose orders are still underway."""
        entered = [drop for drop in drops if drop.stage is Stage.ENTERED and drop.goes is None]
        found = standings(self.work.app.journal, [batch for drop in entered for batch in drop.batches])
        return {drop.id for drop in entered if waits(drop, found, given_up)}

    # -- what came of it ------------------------------------------------------------------------------------------------
    def exit_codes(self) -> Iterable[int]:
        """The codes of the files that were worked on, as `submit` would have them."""
        if self.is_refused or self.is_gone:
            yield USAGE
        if self.rests.has_failed or self.claims.stuck or claimed_drops(self.work.app.journal, self.place.key):
            yield UNFINISHED
        for number in sorted(self.handled):
            drop = get_drop(self.work.app.journal, number)
            if drop is None:
                continue
            if drop.message is not None and drop.end is End.FAILED:
                yield REFUSED
            for batch in drop.batches:
                report = report_batch(self.work.app, batch)
                code = exit_code((order.fate for order in report.orders), errors=report.has_errors)
                if code != SOME_FAILED or drop.end is not End.DONE:  # what failed was brought by later files
                    yield code


@dataclass
class Watch:
    """The folders at work, with all that they share."""

    work: Work
    settings: Sequence[FolderSettings]
    folders: list[Folder] = field(init=False)
    senders: Senders = field(init=False)
    stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.folders = [Folder(self.work, place_of(settings)) for settings in self.settings]
        self.senders = Senders(self.work, self._standings)

    def _standings(self) -> Mapping[str, Standing]:
        """How the batches stand that the files became."""
        journal = self.work.app.journal
        drops = [drop for folder in self.folders for drop in open_drops(journal, folder.place.key, (Stage.ENTERED, Stage.FOLLOWED))]
        return standings(journal, [batch for drop in drops for batch in drop.batches])

    def begin(self, *, is_named: bool) -> None:
        """Makes sure that all can be used before anything is done; a folder that is not there now may come, unless it was named.

        Raises UsageError and its kin.
        """
        app = self.work.app
        twice = [key for key, count in Counter(folder.place.key for folder in self.folders).items() if count > 1]
        if twice:
            raise UsageError(f"文件夹 {twice[0]} 写了两次：请只留一个。", f"the folder {twice[0]} is listed twice.")
        for folder in self.folders:
            settings = folder.place.settings
            if settings.account is not None:
                app.account(settings.account)
            if settings.template is not None:
                find_template(settings.template)
            try:
                prepare(folder.place, app.journal)
            except GoneError as error:
                if is_named:
                    raise UsageError(f"没有文件夹 {settings.path}：请核对路径。", f"there is no folder {settings.path}.") from error
        # made before the threads that share them
        _ = app.journal, app.accounts, app.limits, app.timezone
        for folder in self.folders:
            folder.attempt("release", folder.release)
            inbox = folder.place.settings.names.inbox
            self.work.log.tell("starts", _STARTS.fill(folder=folder.place.root, inbox=inbox), folder=folder.place.key)

    def run_on(self) -> None:
        """Goes on until somebody asks it to end."""
        for folder in self.folders:
            self._repeat(folder.look, folder.place.settings.poll_seconds)
        self._start_steps()
        self._oversee(lambda: False)

    def run_once(self) -> None:
        """Takes what is complete, and works until nothing of it can go on now."""
        for folder in self.folders:
            folder.look()
        quiet = max((folder.place.settings.quiet_seconds for folder in self.folders if folder.claims.has_seen), default=0.0)
        self._pause(quiet)
        for folder in self.folders:
            if not self.work.is_ending:
                folder.look()
        entering = self._enter_once()
        self._start_steps(enters=False)
        self._oversee(lambda: not any(thread.is_alive() for thread in entering))
        for folder in self.folders:
            if not self.work.is_ending:
                folder.settle(self.senders.given_up)

    def _enter_once(self) -> list[threading.Thread]:
        entering = [
            threading.Thread(target=self._until_entered, args=(folder,), daemon=True) for folder in self.folders for _ in range(ENTERERS)
        ]
        for thread in entering:
            thread.start()
        return entering

    def _until_entered(self, folder: Folder) -> None:
        """Enters what is claimed now, until each file of it was entered or has failed; one that is still written to is left."""
        for _ in range(ONCE_TRIES):
            folder.enter()
            if folder.is_gone or self.work.is_ending or not folder.has_claimed():
                return
            self._pause(STEP_SECONDS)  # what waits for a file of the same content

    def _start_steps(self, *, enters: bool = True) -> None:
        for folder in self.folders:
            for _ in range(ENTERERS if enters else 0):
                self._repeat(folder.enter, STEP_SECONDS)
            self._repeat(lambda folder=folder: folder.settle(self.senders.given_up), STEP_SECONDS)  # type: ignore[misc]

    def _repeat(self, act: Callable[[], object], seconds: float) -> None:
        """Does something again and again in a thread of its own."""

        def go() -> None:
            while not self.stop.is_set():
                act()
                self.stop.wait(seconds)

        self._threads.append(threading.Thread(target=go, daemon=True))
        self._threads[-1].start()

    def _oversee(self, is_over: Callable[[], bool]) -> None:
        """Starts runs until somebody asks it to end, or all is over and no run is underway; then waits for what is underway."""
        tidied = float("-inf")
        clock = self.work.app.clock
        while not self.work.is_ending:
            if clock.monotonic() - tidied > TIDY_SECONDS:
                tidied = clock.monotonic()
                self._first.attempt("tidy", self._tidy)
            was_over = is_over()  # before it is looked what there is to send
            is_done = self._first.attempt("send", self.senders.step)
            if is_done and was_over and self.senders.is_idle:
                break
            self._pause(STEP_SECONDS)
        self.stop.set()
        for thread in self._threads:
            thread.join(max(0.0, min(self.work.left(), threading.TIMEOUT_MAX)))
        self.senders.join()

    @property
    def _first(self) -> Folder:
        return self.folders[0]

    def _tidy(self) -> None:
        if (left := tidy(self.work.app)) is not None:
            self.work.log.tell("left", left)

    def _pause(self, seconds: float) -> None:
        """Waits, unless somebody asks it to end."""
        until = self.work.app.clock.monotonic() + seconds
        while not self.work.is_ending and (rest := until - self.work.app.clock.monotonic()) > 0:
            self.stop.wait(min(rest, 0.1))
