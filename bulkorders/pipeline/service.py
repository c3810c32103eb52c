"""The steps in their order: ingest, release, send, report. What the doors of the program call."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bulkorders.core.result import Fate, exit_code
from bulkorders.core.words import Words
from bulkorders.errors import BulkordersError, JournalError, UnfinishedError, UsageError
from bulkorders.journal.batches import drop_drafts, go_on, release
from bulkorders.journal.drops import folder_of
from bulkorders.journal.gate import Holder
from bulkorders.journal.queue import gates_of, unfinished
from bulkorders.journal.records import Placed
from bulkorders.journal.views import newest_batch_of

from .app import App, find_provider
from .failure import Failure
from .ingest import Examined, Ingested, enter, examined
from .keeping import tidy
from .report import BatchReport, report_batch, report_workbook
from .results import Results, results_path, write_workbook
from .submit import Run, Watcher

INTERRUPTED = 130
_NOT_TOLD = Words(
    "{reason}：订单的去向现在说不了，请先排除，再运行 resume。",
    "{reason}: what became of the orders cannot be told now; mend that, then resume.",
)


_DROPPED = Words(
    "这份表格来自文件夹 {folder}：结果由 bulkorders watch 写进那里。",
    "The workbook was dropped into {folder}: bulkorders watch writes its results there.",
)

_UPLOADED = Words(
    "这份表格是在网页上传的：结果请在网页下载，或运行 bulkorders results {batch} -o 新文件.xlsx。",
    "The workbook was uploaded in a browser: download its results there, or run bulkorders results {batch} -o NEW.xlsx.",
)


@dataclass(frozen=True)
class Options:
    """How a run is wanted. `results`: a file, or with several workbooks a folder."""

    account: str | None = None
    results: Path | None = None
    strict: bool = False
    update: bool = False
    wait: bool = True
    follow: bool = True
    keep_going: bool = False


@dataclass(frozen=True)
class FileReport:
    """What became of one workbook: a batch for each template in it, or none where it was refused."""

    file: Path
    ingested: Sequence[Ingested] = ()
    batches: Sequence[BatchReport] = ()
    results: Results | None = None
    unwritten: Words | None = None
    """Why there is no results workbook, where there should be one."""
    holders: dict[str, Holder] = field(default_factory=dict)
    interrupted: bool = False
    failures: Sequence[Failure] = ()
    """What ended the work at one of the run's gates early."""

    def exit_codes(self, *, follow: bool) -> Iterator[int]:
        """The code of each of its parts."""
        if any(failure.is_bug for failure in self.failures):
            yield BulkordersError.exit_code
        if self.interrupted:
            yield INTERRUPTED
        for found in self.ingested:
            if found.refused:
                yield 3
            elif found.batch is None:
                yield exit_code((), errors=any(issue.is_error for issue in found.checkup.issues))
        for report in self.batches:
            yield exit_code((order.fate for order in report.orders), errors=report.has_errors, follow=follow)


def submit_files(app: App, files: Sequence[Path], options: Options, watcher: Watcher) -> list[FileReport]:
    """Checks files, sends their orders, and writes their results. Raises UsageError and its kin before anything is sent."""
    _check_paths(files, options)
    _tidy(app)
    ingested = _bring_in(app, files, options, watcher)
    stopped = {gate: reason for _, each in ingested for found in each for gate, reason in found.stopped.items()}
    run = Run(app, _batches(ingested), watcher, wait=options.wait, follows=options.follow, stopped=stopped)
    with _underway():
        is_whole = run.go()
        return _reports(app, ingested, options, run, interrupted=not is_whole)


@contextmanager
def _underway() -> Iterator[None]:
    """Batches are there: a journal that fails altogether from now on leaves them unfinished. Raises UnfinishedError."""
    try:
        yield
    except JournalError as error:
        raise UnfinishedError(*_NOT_TOLD.fill(reason=Words(error.zh, error.en).first_sentence())) from error


def _tidy(app: App) -> None:
    """What has been kept for its time is forgotten."""
    if (left := tidy(app)) is not None:
        app.tell(left)


def _bring_in(app: App, files: Sequence[Path], options: Options, watcher: Watcher) -> list[tuple[Path, list[Ingested]]]:
    """Ingests and releases all files, or none: what ends this early leaves no draft behind."""
    ingested: list[tuple[Path, list[Ingested]]] = []
    with examined(app, files, account=options.account, strict=options.strict) as found:
        _refuse_update(options, found)
        try:
            for file in found:
                ingested.append((file.path, enter(app, file, strict=options.strict)))  # noqa: PERF401  # kept for below
            watcher.releases()
            release(app.journal, _batches(ingested), app.clock.now(), update=options.update, keep_going=options.keep_going)
        except BaseException:
            drop_drafts(app.journal, _batches(ingested))
            raise
    return ingested


def _batches(ingested: Sequence[tuple[Path, Sequence[Ingested]]]) -> list[str]:
    return [found.batch for _, each in ingested for found in each if found.batch]


def _reports(
    app: App, ingested: Sequence[tuple[Path, Sequence[Ingested]]], options: Options, run: Run, *, interrupted: bool
) -> list[FileReport]:
    reports: list[FileReport] = []
    for file, each in ingested:
        taken = {report.results.path for report in reports if report.results}
        report = _report(app, file, each, options, run, taken)
        reports.append(replace(report, interrupted=interrupted and bool(report.batches)))
    return reports


def resume_batches(app: App, batch: str | None, options: Options, watcher: Watcher) -> list[FileReport]:
    """Goes on with one batch, or with every unfinished one. Raises UsageError for a batch that is not there."""
    _tidy(app)
    batches = unfinished(app.journal) if batch is None else [_released(app, batch)]
    watcher.releases()
    with _underway():
        go_on(app.journal, batches, keep_going=options.keep_going)
        run = Run(app, batches, watcher, wait=options.wait, follows=options.follow)
        is_whole = run.go()
        return _resumed(app, batches, options, run, interrupted=not is_whole)


def _resumed(app: App, batches: Sequence[str], options: Options, run: Run, *, interrupted: bool) -> list[FileReport]:
    found: list[FileReport] = []
    for group in _by_file([_seen(app, each, run) for each in batches]):
        report = _file_report(Path(group[0].batch.file), group, run, interrupted=interrupted)
        found.append(_with_results(app, report, options, run, {each.results.path for each in found if each.results}))
    return found


def _by_file(reports: Sequence[BatchReport]) -> list[list[BatchReport]]:
    """The batches of each workbook that was ingested once: one for each of its templates, the oldest first."""
    groups: dict[tuple[str, str, dt.datetime], list[BatchReport]] = defaultdict(list)
    for report in reports:
        groups[report.batch.file, report.batch.content_hash, report.batch.created_at].append(report)
    return list(groups.values())


def _check_paths(files: Sequence[Path], options: Options) -> None:
    """Raises UsageError for a file that is not there, and for results that would be written over a merchant's file."""
    for file in files:
        if not file.is_file():
            raise UsageError(f"找不到文件 {file}：请核对路径。", f"there is no file {file}.")
    target = options.results
    if target is None or _is_folder(target):
        return
    if len(files) > 1:
        raise UsageError("有几个文件时，--results 要写文件夹。", "with several files --results must be a folder.")
    if target.exists() and target.samefile(files[0]):
        raise UsageError("--results 不能写成原来的表格：请换一个名字。", "--results must not be the workbook itself: choose another name.")


def _whole(app: App, report: FileReport) -> list[BatchReport]:
    """All batches of the workbook: those of this run as they were told, with those of its other templates."""
    told = {each.batch.id: each for each in report.batches}
    return [told.get(each.batch.id) or each for each in report_workbook(app, report.batches[0])]


def _is_outdated(app: App, report: FileReport) -> bool:
    """Whether the file was ingested again since, so that its results show newer rows."""
    newest = newest_batch_of(app.journal, report.batches[0].batch.file)
    return newest is not None and newest.content_hash != report.batches[0].batch.content_hash


def _is_folder(path: Path) -> bool:
    """Whether a path for results means a folder: it is one, or has no name of a workbook."""
    return path.is_dir() or path.suffix.casefold() != ".xlsx"


def _free_name(target: Path, taken: Set[Path]) -> Path:
    """A name that no other workbook of this run has taken."""
    number, free = 1, target
    while free in taken:
        number += 1
        free = target.with_name(f"{target.stem} ({number}){target.suffix}")
    return free


def _refuse_update(options: Options, files: Sequence[Examined]) -> None:
    """`--update` is for systems where sending again modifies an order."""
    templates = {checkup.orders.template.name for file in files for checkup, _ in file.parts if checkup.orders} if options.update else set()
    for provider in (find_provider(template) for template in templates):
        if not provider.updates:
            title = provider.title
            raise UsageError(f"{title}不能修改已有的订单，请去掉 --update。", f"{title} cannot modify orders: leave out --update.")


def _released(app: App, batch: str) -> str:
    """The batch's name. Raises UsageError for a draft, which was never submitted."""
    if not report_batch(app, batch).batch.is_released:
        raise UsageError(f"批次 {batch} 还是草稿，没有提交过：请重新提交表格。", f"batch {batch} is a draft: submit the workbook again.")
    return batch


def _report(app: App, file: Path, ingested: Sequence[Ingested], options: Options, run: Run, taken: Set[Path]) -> FileReport:
    batches = [_seen(app, found.batch, run) for found in ingested if found.batch]
    report = replace(_file_report(file, batches, run), ingested=tuple(ingested))
    return _with_results(app, report, options, run, taken) if batches else report


def _file_report(file: Path, batches: Sequence[BatchReport], run: Run, *, interrupted: bool = False) -> FileReport:
    failures = tuple(run.failures.values())
    return FileReport(file, batches=tuple(batches), holders=run.holders, interrupted=interrupted, failures=failures)


def _seen(app: App, batch: str, run: Run) -> BatchReport:
    """A batch, with what the journal itself could not be told any more: why the orders of a gate were left."""
    report = report_batch(app, batch)
    reasons = {name: run.failures[gate].reason for gate, name in gates_of(app.journal, batch) if gate in run.failures}
    return replace(report, orders=[_left(order, reasons) for order in report.orders]) if reasons else report


def _left(order: Placed, reasons: Mapping[str, Words]) -> Placed:
    is_left = order.fate is Fate.UNSENT and order.account in reasons
    return replace(order, message=reasons[order.account]) if is_left and order.account else order


def _with_results(app: App, report: FileReport, options: Options, run: Run, taken: Set[Path]) -> FileReport:
    """Writes the results workbook; that it cannot be written changes nothing of what became of the orders."""
    if options.results is None and (home := folder_of(app.journal, report.batches[0].batch.id)):
        return replace(report, unwritten=_DROPPED.fill(folder=home))
    if options.results is None and not report.file.is_absolute() and not report.ingested:  # it has no place on this machine
        return replace(report, unwritten=_UPLOADED.fill(batch=report.batches[0].batch.id))
    whole = _whole(app, report)
    target = results_path(report.file, all(each.batch.is_test for each in whole))
    if options.results:
        target = options.results / target.name if _is_folder(options.results) else options.results
    elif not target.parent.is_dir():
        return report
    elif _is_outdated(app, report):  # a newer batch of this path has its results there
        target = target.with_name(f"{target.stem}_{report.batches[0].batch.id}{target.suffix}")
    target = _free_name(target, taken)
    try:
        return replace(report, results=write_workbook(app, whole, target, run.ending.for_results))
    except BulkordersError as error:
        batch = report.batches[0].batch.id
        said = Words(f"{error.zh}（bulkorders results {batch} -o 新文件.xlsx）", f"{error.en} (bulkorders results {batch} -o NEW.xlsx)")
        return replace(report, unwritten=said)


@contextmanager
def opened(app: App) -> Iterator[App]:
    """The app, closed at the end."""
    try:
        yield app
    finally:
        app.close()
