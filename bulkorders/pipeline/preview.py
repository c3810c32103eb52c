"""A checked workbook with its marks, though nothing of it was submitted: what the results would say of each row."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from bulkorders.core.group import Orders, count_rows
from bulkorders.core.order import Order
from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.errors import UsageError
from bulkorders.journal.records import Batch, Placed
from bulkorders.workbook.isolated import Limits, write_results

from .app import App, path_text
from .content import workbook_content
from .ingest import Checkup, cannot_open, check_file, join, known_sheets, numbered
from .report import BatchReport
from .results import Results, write_at

ENDING = "_检查结果"
_SOUND = Words("检查通过，还没有提交。", "It is valid; not submitted yet.")


@contextmanager
def copied(file: Path, limits: Limits) -> Iterator[tuple[Path, list[Checkup]]]:
    """A copy of a file and what was found in that copy, so that marks stand where they belong, whatever becomes of the file meanwhile.

    Raises UsageError for a file that cannot be opened.
    """
    with TemporaryDirectory(prefix="bulkorders-", ignore_cleanup_errors=True) as folder:
        try:
            copy = Path(shutil.copyfile(file, Path(folder) / "workbook"))
        except OSError as error:
            raise UsageError(*cannot_open(file, error)) from error
        yield copy, [replace(found, file=file) for found in check_file(copy, limits)]


def write_checked(app: App, copy: Path, checkups: Sequence[Checkup], target: Path) -> Results | None:
    """Writes what was found beside the rows of a workbook; None where there is no order and no error in it. Raises UsageError.

    `target`: a file, or a folder.
    """
    reports = [_report(app, found, found.orders) for found in checkups if found.orders and _has_something_to_say(found)]
    if not reports:
        return None
    file = checkups[0].file
    if target.is_dir() or target.suffix.casefold() != ".xlsx":
        target = target / f"{path_text(Path(file.stem)).removesuffix(ENDING)}{ENDING}.xlsx"
    if target.exists() and target.samefile(file):
        raise UsageError("--results 不能写成原来的表格：请换一个名字。", "--results must not be the workbook itself: choose another name.")
    return write_at(target, lambda name: write_results(copy, workbook_content(app, reports), name))


def _has_something_to_say(found: Checkup) -> bool:
    is_empty = not found.orders or not found.orders.orders
    return not found.refused and (not is_empty or any(issue.is_error for issue in found.issues))


def _report(app: App, checkup: Checkup, orders: Orders) -> BatchReport:
    """A checkup as if it were a batch of which nothing was sent."""
    batch = Batch(
        id="", file=path_text(checkup.file), content_hash="", template=orders.template.name, is_released=False, is_test=False,
        rows=count_rows(checkup.checked, checkup.issues), sheets=known_sheets(checkup), created_at=app.clock.now(), released_at=None,
    )  # fmt: skip
    placed = [_placed(number, order) for number, order in enumerate(orders.orders)]
    return BatchReport(batch, placed, numbered(checkup.issues, orders))


def _placed(number: int, order: Order) -> Placed:
    errors = [issue.message for issue in order.issues if issue.is_error]
    fate, message = (Fate.UNSENT, _SOUND) if order.is_valid else (Fate.INVALID, join(errors))
    return Placed(number, order.display, order.labelled_key, tuple(order.places), None, fate, message)
