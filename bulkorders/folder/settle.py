"""What has become of a file: its results are written, it is put away, and people are told.

Each step can be done again after a kill: results name a path that the journal has reserved, a move is written before it is made, and a
notice is about a thing that is told once.
"""

import errno
import os
import stat
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from bulkorders.core.order import Status
from bulkorders.core.result import Fate, exit_code
from bulkorders.core.words import Words
from bulkorders.crash import crash_point
from bulkorders.journal.drops import Drop, End, Stage, get_drop, hold_drop, newest_event, save
from bulkorders.journal.standings import Standing, standings, statuses_now
from bulkorders.pipeline.report import BatchReport, fate_words, report_batch
from bulkorders.pipeline.results import results_path, write_workbook
from bulkorders.pipeline.work import Work

from .look import look_at
from .place import GoneError, Place, free_path, is_there

UNFINISHED = frozenset({Fate.IN_DOUBT, Fate.UNSENT})
_UNDERWAY, _THERE = frozenset({Status.PENDING, Status.SENDING, Status.IN_DOUBT}), frozenset({Status.CREATED, Status.ACCEPTED})
NOTE_ENDING = "_结果.txt"
_BOM = "\ufeff"
_DONE = Words("{name}：{counts}。结果见 {results}。", "{name}: {counts}; see {results}.")
_REFUSED_NOTICE = Words(
    "文件夹 {folder}：{name} 没有收下，一单也没有发。原因写在 {results}，改正后请重新放进 {inbox}。",
    "Folder {folder}: {name} was refused, nothing of it was sent. {results} says why; correct it and drop it into {inbox} again.",
)
_DONE_NOTICE = Words(
    "文件夹 {folder}：{name} 已完成：{counts}。批次 {batch}，结果见 {results}。",
    "Folder {folder}: {name} is done: {counts}. Batch {batch}, see {results}.",
)
_REPLACED_NOTICE = Words(
    "文件夹 {folder}：{name} 里没成的单，后来的表格都已经建好，不用再管。批次 {batch}。",
    "Folder {folder}: what failed of {name} was created by later workbooks. Batch {batch}.",
)
_FAILED_NOTICE = Words(
    "文件夹 {folder}：{name} 有订单要处理：{counts}。批次 {batch}；请打开 {results}，改正后把它重新放进 {inbox}。",
    "Folder {folder}: {name} has orders that need somebody: {counts}. Batch {batch}; open {results}, correct it, drop it into {inbox}.",
)
_STUCK_NOTICE = Words(
    "文件夹 {folder}：{name} 还没做完：{counts}。批次 {batch}；程序会接着核实和发送，原因见 {results}。",
    "Folder {folder}: {name} is unfinished: {counts}. Batch {batch}; it goes on by itself, {results} says why.",
)
_PAUSED_NOTICE = Words(
    "文件夹 {folder}：{name} 停下了：{counts}。批次 {batch}；请打开 {results}，改正后把它重新放进 {inbox}；"
    "不用改、确实要照发的，请管理员运行 bulkorders resume --keep-going {batch}。",
    "Folder {folder}: {name} was stopped: {counts}. Batch {batch}; open {results}, correct it, drop it into {inbox}; to send it all "
    "the same, run bulkorders resume --keep-going {batch}.",
)
_FAILING_NOTICE = Words(
    "文件夹 {folder}：{name} 一直处理不了，请管理员看日志；程序会接着试。",
    "Folder {folder}: {name} cannot be worked on, see the log; it is tried again.",
)


def finish(work: Work, place: Place, drop: Drop, end: End, words: Words, lines: Sequence[Words] = ()) -> Drop:
    """Puts away a file that became no batch, with a note that says why. Raises GoneError, BulkordersError, OSError."""
    if drop.results is None:
        drop = _with_name(work, place, drop, place.results / f"{Path(drop.path).stem}{NOTE_ENDING}", NOTE_ENDING)
    if not (place.root / str(drop.results)).exists():
        _write_note(place.root / str(drop.results), [words, *lines])
    drop = _put_away(work, place, replace(drop, message=words), end)
    if end is End.FAILED:
        _notify(work, place, drop, "refused", _REFUSED_NOTICE, "")
    crash_point()
    drop = save(work.app.journal, replace(drop, stage=Stage.FINISHED, finished_at=work.app.clock.now()))
    work.log.tell(end.value, Words(f"{drop.name}：{words.zh}", f"{drop.name}: {words.en}"), **_facts(drop))
    return drop


def settle(work: Work, place: Place, number: int, given_up: Collection[tuple[str, str]]) -> Drop | None:
    """Does what can be done for an entered file now; gives how it stands. `given_up`: batches at gates where a run has ended.

    Raises GoneError, BulkordersError, OSError.
    """
    journal = work.app.journal
    with hold_drop(journal, number) as is_held:
        drop = get_drop(journal, number) if is_held else None
        if drop is None or drop.stage not in (Stage.ENTERED, Stage.FOLLOWED):
            return drop
        if not is_there(place, journal):
            raise GoneError
        found = standings(journal, drop.batches)
        if any(batch not in found or found[batch].is_draft for batch in drop.batches):
            return drop  # is released first
        if drop.stage is Stage.ENTERED and drop.goes is None and waits(drop, found, given_up):
            return drop
        return _settle(work, place, drop, list(found.values()))


def tell_failing(work: Work, place: Place, drop: Drop) -> None:
    """Has people told that a file fails again and again. Raises JournalError."""
    _notify(work, place, drop, "failing", _FAILING_NOTICE, "")


def waits(drop: Drop, found: Mapping[str, Standing], given_up: Collection[tuple[str, str]]) -> bool:
    """Whether a run has still something to do for a file's batches."""
    return any((batch, gate) not in given_up for batch in drop.batches if batch in found for gate in found[batch].active)


def _settle(work: Work, place: Place, drop: Drop, found: Sequence[Standing]) -> Drop:
    is_open = any(standing.is_open for standing in found)
    newest = newest_event(work.app.journal, drop.batches)
    if drop.stage is Stage.FOLLOWED and is_open and (drop.shown or "").startswith(f"{newest}:") and drop.goes is None:
        return drop  # nothing has happened
    reports = [report_batch(work.app, batch) for batch in drop.batches]
    fates = [order.fate for report in reports for order in report.orders]
    is_stuck = not UNFINISHED.isdisjoint(fates)
    drop, is_new = _publish(work, place, drop, reports, f"{newest}:{','.join(sorted(set(fates)))}")
    if is_stuck and drop.goes is None and drop.stage is Stage.ENTERED:
        is_paused = any(standing.paused for standing in found) and not any(standing.active for standing in found)
        _notify(work, place, drop, "stuck", _PAUSED_NOTICE if is_paused else _STUCK_NOTICE, _counts(reports))
        if is_new:
            _tell(work, "unfinished", drop, _counts(reports))
        return drop
    has_errors = drop.message is not None or any(report.has_errors for report in reports)
    code = exit_code(fates, errors=has_errors, follow=False)
    later = statuses_now(work.app.journal, drop.batches) if code and not has_errors else {None}
    if None not in later and not later.isdisjoint(_UNDERWAY) and drop.stage is Stage.ENTERED and drop.goes is None:
        return drop  # a later workbook brings what failed
    is_replaced = later <= _THERE
    end = drop.end if is_stuck and drop.end else End.FAILED if code and not is_replaced else End.DONE
    was = drop.end if drop.stage is Stage.FOLLOWED else None
    if end is not was or drop.goes is not None:
        drop = _put_away(work, place, drop, end)
        notice = _REPLACED_NOTICE if is_replaced else _FAILED_NOTICE if end is End.FAILED else _DONE_NOTICE
        _notify(work, place, drop, end.value, notice, _counts(reports))
    crash_point()
    stage = Stage.FOLLOWED if is_open else Stage.FINISHED
    drop = save(work.app.journal, replace(drop, stage=stage, finished_at=drop.finished_at or work.app.clock.now()))
    if is_new or end is not was:
        _tell(work, end.value, drop, _counts(reports))
    return drop


def _counts(reports: Sequence[BatchReport]) -> Words:
    """How many orders have met which fate."""
    parts = []
    for fate in Fate:
        count = sum(order.fate is fate for report in reports for order in report.orders)
        words = fate_words(fate, all(report.batch.is_test for report in reports))
        if count:
            parts.append(Words(f"{words.zh} {count}", f"{words.en} {count}"))
    return Words("、".join(part.zh for part in parts), ", ".join(part.en for part in parts))


def _tell(work: Work, event: str, drop: Drop, counts: Words) -> None:
    work.log.tell(event, _DONE.fill(name=drop.name, counts=counts, results=drop.results), **_facts(drop))


def _facts(drop: Drop) -> dict[str, object]:
    return {"folder": drop.folder, "file": drop.name, "path": drop.path, "batches": list(drop.batches), "results": drop.results}


def _notify(work: Work, place: Place, drop: Drop, what: str, words: Words, counts: Words | str) -> None:
    """Has people told, each thing once: no buyers' data, no cells, no words of a remote."""
    said = words.fill(
        folder=place.root.name, name=drop.name, counts=counts, batch="、".join(drop.batches), results=drop.results,
        inbox=place.settings.names.inbox,
    )  # fmt: skip
    for target in place.settings.notify:
        crash_point()
        work.enqueue(target, " ".join(["drop", str(drop.id), what, *drop.batches]), said)


# -- results ---------------------------------------------------------------------------------------------------------------
def _publish(work: Work, place: Place, drop: Drop, reports: Sequence[BatchReport], state: str) -> tuple[Drop, bool]:
    """Writes the results workbook, if there is something new; what somebody has written into it since is not lost."""
    is_new = drop.shown is None or drop.shown.partition("|")[0] != _digest(state)
    if not is_new and drop.results and (place.root / drop.results).exists():
        return drop, False
    is_note = (drop.results or NOTE_ENDING).endswith(NOTE_ENDING)
    if is_note or (drop.shown is not None and _is_changed(place, drop)):
        wanted = results_path(Path(drop.path), all(report.batch.is_test for report in reports)).name
        ending = wanted[wanted.rindex("_") :]
        drop = _with_name(work, place, drop, place.results / wanted, ending)
    target = place.root / str(drop.results)
    crash_point()
    written = write_workbook(work.app, reports, target, work.left)
    crash_point()
    drop = replace(drop, results=place.inside(written.path))  # another, where Excel has it open
    return save(work.app.journal, replace(drop, shown=f"{_digest(state)}|{_print_of(written.path)}")), is_new


def _digest(state: str) -> str:
    return state[:24]


def _print_of(path: Path) -> str:
    found = look_at(path)
    return f"{found.size}:{found.time}" if found else ""


def _is_changed(place: Place, drop: Drop) -> bool:
    """Whether somebody has changed the results since they were written."""
    path = place.root / str(drop.results)
    return path.exists() and _print_of(path) != str(drop.shown).partition("|")[2]


def _with_name(work: Work, place: Place, drop: Drop, wanted: Path, ending: str) -> Drop:
    """Reserves a name for a file's results: nobody else's are written over."""
    path = free_path(place, work.app.journal, wanted, ending)
    crash_point()
    return save(work.app.journal, replace(drop, results=place.inside(path)))


def _write_note(path: Path, lines: Sequence[Words]) -> None:
    """Why a file became no orders, for who dropped it: Windows shows it as it is."""
    text = "".join(f"{line}\r\n" for line in dict.fromkeys(line.zh for line in lines if line.zh))
    draft = path.with_name(f".{path.name}.tmp")
    try:
        with draft.open("w", encoding="utf-8", newline="") as file:
            file.write(_BOM + text)
            file.flush()
            os.fsync(file.fileno())
        crash_point()
        draft.replace(path)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    crash_point()


# -- the move --------------------------------------------------------------------------------------------------------------
def _put_away(work: Work, place: Place, drop: Drop, end: End) -> Drop:
    """Moves a file to where it belongs in the end; the caller writes down that it lies there."""
    if drop.goes is not None and not os.path.lexists(place.root / drop.path):  # moved before a kill, or taken away by somebody
        moved = os.path.lexists(place.root / drop.goes)
        drop = replace(drop, path=drop.goes if moved else drop.path, goes=None)
        if drop.end is end or not moved:
            return replace(drop, end=end)
    if drop.goes is None or drop.end is not end or os.path.lexists(place.root / drop.goes):
        drop = replace(drop, goes=place.inside(_target(work, place, drop, end)), end=end)
    crash_point()
    drop = save(work.app.journal, drop)
    source, target = place.root / drop.path, place.root / str(drop.goes)
    if os.path.lexists(source):
        target.parent.mkdir(exist_ok=True)
        if not stat.S_ISDIR(target.parent.lstat().st_mode):
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        crash_point()
        source.rename(target)
        crash_point()
        drop = replace(drop, path=place.inside(target))
    return replace(drop, goes=None)


def _target(work: Work, place: Place, drop: Drop, end: End) -> Path:
    """A name that nobody has, under the day's date."""
    folder, name = place.put_away(end, work.app.clock.now().astimezone(work.app.timezone).date()), Path(drop.path).name
    return free_path(place, work.app.journal, folder / name)
