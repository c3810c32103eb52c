"""The results workbook of a file's batches, written at any time: from the merchant's kept file, later from what was sent."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bulkorders.errors import UsageError, os_reason
from bulkorders.journal.kept import kept_path
from bulkorders.workbook.isolated import write_results

from .app import App, path_text
from .content import workbook_content
from .remembered import remembered
from .report import BatchReport

ENDING, TEST_ENDING = "_结果", "_测试结果"


class Results(NamedTuple):
    """Where results were written, and how: `patched`, `rewritten` or `fresh`."""

    path: Path
    way: str


def results_path(file: Path, is_test: bool) -> Path:
    """Where a file's results go: beside it; results of a results workbook go to itself, but a test never over a real one."""
    stem = path_text(Path(file.stem)).removesuffix(TEST_ENDING).removesuffix(ENDING)
    return file.with_name(f"{stem}{TEST_ENDING if is_test else ENDING}.xlsx")


def write_workbook(app: App, reports: Sequence[BatchReport], target: Path, left: Callable[[], float] = lambda: math.inf) -> Results:
    """Writes the results of a file's batches. Raises UsageError where they cannot be written there.

    Where the file is no longer kept, the rows are those that were sent, without what is personal. `left`: seconds until it has to be
    written. Raises BulkordersError where that is too soon.
    """
    source = Path(reports[0].batch.file)
    if target.exists() and source.exists() and target.samefile(source) and target.name != results_path(source, is_test=False).name:
        raise UsageError(f"{target} 是原来的表格，没有覆盖：请换一个名字。", f"{target} is the workbook itself: choose another name.")
    kept: Path | None = kept_path(app.journal, reports[0].batch.content_hash)
    sheets = None
    if kept and not kept.exists():
        kept, (reports, sheets) = None, remembered(app, reports)
    return write_at(target, lambda name: write_results(kept, workbook_content(app, reports, note=sheets is not None), name, left, sheets))


def write_at(target: Path, write: Callable[[Path], str]) -> Results:
    """Writes a workbook to a path, or beside it where Excel has it open. Raises UsageError where that cannot be done."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        for name in _names(target.absolute()):
            if name != target.absolute() and name.exists():
                continue  # somebody else's
            try:
                way = write(name)
            except PermissionError:
                if not name.exists():
                    raise
                continue  # open in Excel: the next name
            return Results(target if name == target.absolute() else name, way)
    except OSError as error:
        zh, en = os_reason(error)
        raise UsageError(f"结果表 {target} 写不了：{zh}。", f"{target} cannot be written: {en}.") from error
    raise UsageError(f"结果表 {target} 写不了：没有权限，或正被 Excel 打开。", f"{target} cannot be written: no rights, or open in Excel.")


def _names(target: Path) -> list[Path]:
    """The target, and other names to take where it is locked."""
    return [target, *(target.with_name(f"{target.stem} ({number}){target.suffix}") for number in range(2, 6))]
