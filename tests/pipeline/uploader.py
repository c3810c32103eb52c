"""Somebody at the upload page without a browser: files go in, are checked, corrected, submitted, and come back as results."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
from foreign import LABELS
from openpyxl.utils import get_column_letter
from sender import Sender

from bulkorders.core.correction import Correction
from bulkorders.pipeline.corrections import correct
from bulkorders.pipeline.drafts import submit_drafts
from bulkorders.pipeline.report import BatchReport, report_batch, report_workbook
from bulkorders.pipeline.results import write_workbook
from bulkorders.pipeline.uploads import Checker, Upload, add_upload, get_upload

SECONDS = 60
SHEET = "Sheet"
WHO = "anna"


def letter(label: str, labels: Sequence[str] = LABELS) -> str:
    """The column of a label."""
    return get_column_letter(labels.index(label) + 1)


def write_book(path: Path, rows: Sequence[Mapping[str, Any]], labels: Sequence[str] = LABELS, name: str = SHEET) -> Path:
    """A workbook with one sheet, its header in the first row."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    sheet.title = name
    sheet.append(list(labels))
    for row in rows:
        sheet.append([row.get(label) for label in labels])
    book.save(path)
    return path


def checked(sender: Sender, path: Path, name: str = "orders.xlsx", who: str = WHO, account: str | None = None) -> Upload:
    """An upload after its check."""
    upload = add_upload(sender.app, path, name, who, account)
    with Checker(sender.app):
        return await_check(sender, upload)


def await_check(sender: Sender, upload: Upload) -> Upload:
    """Waits until an upload was checked."""
    until = time.monotonic() + SECONDS
    while True:
        found = get_upload(sender.app, upload.id)
        assert found is not None
        if found.state in ("checked", "refused"):
            return found
        assert time.monotonic() < until, found
        time.sleep(0.05)


def uploaded(sender: Sender, rows: Sequence[Mapping[str, Any]], labels: Sequence[str] = LABELS) -> str:
    """The draft of a workbook of some rows."""
    (batch,) = checked(sender, write_book(sender.folder / "received", rows, labels)).batches
    return batch


def change(sender: Sender, batch: str, who: str = WHO, sheet: str = SHEET, **cells: str) -> None:
    """Corrects cells by their places: `C2="x"`."""
    found = [
        Correction(sheet, int(place.strip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")), place.rstrip("0123456789"), text) for place, text in cells.items()
    ]
    correct(sender.app, batch, found, who)


def fates(sender: Sender, batch: str) -> dict[str, str]:
    """The fate of each order."""
    return {order.display: order.fate.value for order in report_batch(sender.app, batch).orders}


def codes(report: BatchReport) -> list[tuple[str, str]]:
    """Code and place of each issue that is no note."""
    return [(issue.code, f"{issue.column}{issue.row}") for _, issue in report.issues if issue.severity != "note"]


def sent(sender: Sender, batch: str, *, only_good: bool = False) -> dict[str, str]:
    """Submits a draft and sends its orders; gives the fates."""
    names = submit_drafts(sender.app, batch, only_good=only_good)
    assert isinstance(names, list), names
    return sender.run(*names)


def results(sender: Sender, batch: str, name: str = "results.xlsx") -> tuple[Path, str]:
    """The results workbook of a batch, and the way in which it was written."""
    written = write_workbook(sender.app, report_workbook(sender.app, report_batch(sender.app, batch)), sender.folder / name)
    return written.path, written.way
