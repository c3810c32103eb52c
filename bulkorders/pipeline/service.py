"""The steps in their order: ingest, release, send, report. What the doors of the program call."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path

from bulkorders.core.result import exit_code
from bulkorders.core.words import Words
from bulkorders.errors import BulkordersError, UsageError
from bulkorders.journal.gate import Holder
from bulkorders.journal.queue import unfinished

from .app import App
from .ingest import Ingested, ingest, provider_of
from .report import BatchReport, report_batch, results_path, write_workbook
from .submit import Run, Watcher, release_all

INTERRUPTED = 130


@dataclass(frozen=True)
class Options:
    """How a run is wanted. `results`: a file, or with several workbooks a folder."""

    account: str | None = None
    results: Path | None = None
    strict: bool = False
    update: bool = False
    wait: bool = True
    follow: bool = True


@dataclass(frozen=True)
class FileReport:
    """What became of one workbook: a batch for each template in it, or none where it was refused."""

    file: Path
    ingested: Sequence[Ingested] = ()
    batches: Sequence[BatchReport] = ()
    results: Path | None = None
    unwritten: Words | None = None
    """Why there is no results workbook, where there should be one."""
    holders: dict[str, Holder] = field(default_factory=dict)
    interrupted: bool = False

    def exit_codes(self, *, follow: bool) -> Iterator[int]:
        """The code of each of its parts."""
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
    if len(files) > 1 and options.results and options.results.suffix:
        raise UsageError("有几个文件时，--results 要写文件夹。", "with several files --results must be a folder.")
    for file in files:
        if not file.is_file():
            raise UsageError(f"找不到文件 {file}：请核对路径。", f"there is no file {file}.")
    ingested = [(file, ingest(app, file, account=options.account, strict=options.strict)) for file in files]
    _refuse_update(options, ingested)
    batches = [found.batch for _, each in ingested for found in each if found.batch]
    release_all(app, batches)
    run = Run(app, batches, watcher, wait=options.wait)
    interrupted = _go(run)
    reports = [_report(app, file, each, options, run) for file, each in ingested]
    return [replace(report, interrupted=interrupted and bool(report.batches)) for report in reports]


def resume_batches(app: App, batch: str | None, options: Options, watcher: Watcher) -> list[FileReport]:
    """Goes on with one batch, or with every unfinished one. Raises UsageError for a batch that is not there."""
    batches = unfinished(app.journal) if batch is None else [report_batch(app, batch).batch.id]
    run = Run(app, batches, watcher, wait=options.wait)
    interrupted = _go(run)
    reports = [report_batch(app, each) for each in batches]
    found = []
    for file, group in groupby(reports, key=lambda report: report.batch.file):
        report = FileReport(Path(file), batches=tuple(group), holders=run.holders, interrupted=interrupted)
        found.append(_with_results(app, report, options))
    return found


def _refuse_update(options: Options, ingested: Sequence[tuple[Path, Sequence[Ingested]]]) -> None:
    """`--update` is for systems where sending again modifies an order."""
    if options.update:
        for _, each in ingested:
            for found in each:
                if found.checkup.orders and not provider_of(found.checkup.orders).updates:
                    title = provider_of(found.checkup.orders).title
                    raise UsageError(f"{title}不能修改已有的订单，请去掉 --update。", f"{title} cannot modify orders: leave out --update.")


def _go(run: Run) -> bool:
    """Runs; gives whether it was interrupted."""
    try:
        run.go()
    except KeyboardInterrupt:
        return True
    return False


def _report(app: App, file: Path, ingested: Sequence[Ingested], options: Options, run: Run) -> FileReport:
    batches = tuple(report_batch(app, found.batch) for found in ingested if found.batch)
    report = FileReport(file, tuple(ingested), batches, holders=run.holders)
    return _with_results(app, report, options) if batches else report


def _with_results(app: App, report: FileReport, options: Options) -> FileReport:
    """Writes the results workbook; that it cannot be written changes nothing of what became of the orders."""
    target = results_path(report.file, any(batch.batch.is_test for batch in report.batches))
    if options.results:
        target = options.results if options.results.suffix else options.results / target.name
    elif not target.parent.is_dir():
        return report
    try:
        return replace(report, results=write_workbook(app, report.batches, target))
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
