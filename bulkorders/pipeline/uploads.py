"""Uploaded files in: kept, checked in turn, and written down as drafts of whoever uploaded them."""

import math
import os
import re
import secrets
import threading
import time
import unicodedata
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path, PureWindowsPath
from types import TracebackType
from typing import Any

from bulkorders.core.cell import trim
from bulkorders.core.codes import NO_ORDERS
from bulkorders.core.refusal import BestHeader
from bulkorders.core.words import Words
from bulkorders.errors import BulkordersError, bug_said, os_reason
from bulkorders.journal import uploads
from bulkorders.journal.kept import discard, keep, kept_path
from bulkorders.journal.uploads import QUEUED, Upload, hold_checks, insert_upload

from .app import App
from .ending import END_SECONDS, STOP_SECONDS
from .ingest import Ingested, enter, examine
from .turns import Turns

__all__ = ["Checker", "Upload", "add_upload", "ahead", "clean_name", "count_waiting", "get_upload", "latest_uploads"]

LONGEST_NAME = 200
"""Bytes of a file's name in UTF-8."""
POLL_SECONDS = 0.2
CORES = os.cpu_count() or 1
READING = Turns(CORES)
"""Taken while a workbook is read: no more are read at once than there are cores."""
_NAMELESS = "表格.xlsx"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_FAILED = Words("文件没有检查：{reason}。请稍后再上传一次。", "The file was not checked: {reason}. Upload it again later.")
_EMPTY = Words("表里没有订单：请在表头下面填写，再上传一次。", "The workbook holds no orders: fill them in and upload it again.")
_GONE = Words("上传的文件不见了：请再上传一次。", "The uploaded file is gone: upload it again.")


def add_upload(app: App, path: Path, name: str, by_whom: str, account: str | None = None) -> Upload:
    """Keeps a file that was received and queues it for its check. `path`: where it was received; `name`: what the sender calls it.

    Raises UsageError where there is no such account; OSError, which is the machine's fault and not the sender's; SettingsError,
    JournalError.
    """
    if account is not None:
        app.account(account)
    upload = Upload(
        id=secrets.token_urlsafe(18), by_whom=by_whom, file=clean_name(name), state=QUEUED, refused=None, batches=(), at=app.clock.now(),
        content_hash=keep(app.journal, path)[0], account=account,
    )  # fmt: skip
    insert_upload(app.journal, upload)
    if not kept_path(app.journal, upload.content_hash).exists():  # somebody let go of the same file just before
        keep(app.journal, path)
    return upload


def clean_name(name: str) -> str:
    """A file's name as it can be shown anywhere: without folders, signs that are not seen or turn the text round, and not too long."""
    bare = PureWindowsPath(unicodedata.normalize("NFC", name).replace("\0", "")).name  # knows both kinds of slashes
    bare = "".join(sign for sign in bare if unicodedata.category(sign) not in _UNSEEN)
    bare = trim(re.sub(r"\s+", " ", bare)).rstrip(". ")
    stem, dot, ending = bare.rpartition(".")
    if not dot or not 0 < len(ending) <= 10:
        stem, dot, ending = bare, "", ""
    tail = (dot + ending).encode()
    return (stem.encode()[: LONGEST_NAME - len(tail)].decode("utf-8", "ignore") + dot + ending).strip() or _NAMELESS


def get_upload(app: App, upload: str) -> Upload | None:
    """One upload; None where there is none of that name."""
    return uploads.get_upload(app.journal, upload)


def latest_uploads(app: App, by_whom: str, count: int = 10) -> list[Upload]:
    """The newest uploads of a user."""
    return uploads.latest_uploads(app.journal, by_whom, count)


def count_waiting(app: App, by_whom: str) -> int:
    """How many uploads of a user are not checked yet."""
    return uploads.count_waiting(app.journal, by_whom)


def ahead(app: App, upload: Upload) -> int:
    """How many uploads are checked now or will be before this one; 0 for one that waits no more."""
    return uploads.ahead(app.journal, upload.id, app.clock.now())


class Checker:
    """Checks the journal's uploads while it is open, in as many threads as there are cores; each becomes drafts or is refused.

    One process does so at a time: another waits for its end. What was being checked when that one ended is checked again.
    `then`: hears of each upload that became drafts, which somebody will look at in a moment.
    """

    def __init__(self, app: App, threads: int = CORES, then: Callable[[str], object] = lambda _: None) -> None:
        self._app, self._number, self._then = app, threads, then
        self._stop = threading.Event()
        self._asked_at = math.inf
        self._main = threading.Thread(target=self._hold, daemon=True, name="checks")

    def __enter__(self) -> "Checker":
        self._main.start()
        return self

    def __exit__(self, _kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None) -> None:
        self.end()
        self._main.join(max(0.0, self._asked_at + STOP_SECONDS - END_SECONDS - time.monotonic()))

    def end(self) -> None:
        """No more is checked from now on: the time runs that an end may take. Leaving the block waits for it."""
        self._asked_at = min(self._asked_at, time.monotonic())
        self._stop.set()

    def _hold(self) -> None:
        """Waits until no other process checks, then works until the end."""
        while not self._stop.is_set():
            with suppress(BulkordersError, OSError), hold_checks(self._app.journal) as is_held:  # or it is tried again
                if is_held:
                    uploads.put_back(self._app.journal)
                    self._work_side_by_side()
            self._stop.wait(POLL_SECONDS)

    def _work_side_by_side(self) -> None:
        threads = [threading.Thread(target=self._work, daemon=True, name=f"check-{number}") for number in range(self._number)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _work(self) -> None:
        untold: list[str] = []  # what the journal could not be told of, as on a full disk: it is checked again
        while not self._stop.is_set():
            is_idle = True
            with suppress(BulkordersError, OSError):
                if untold:
                    uploads.put_back(self._app.journal, untold)
                    untold.clear()
                is_idle = not self._check_next(untold)
            if is_idle:
                self._stop.wait(POLL_SECONDS)

    def _check_next(self, untold: list[str]) -> bool:
        """Checks the upload whose turn it is; gives False where none waits."""
        upload = uploads.take(self._app.journal, self._app.clock.now())
        if upload is None:
            return False
        untold.append(upload.id)
        refused = self._checked(upload)
        if self._stop.is_set() and refused is not None:  # cut short, most likely: whoever checks next does it again
            return False
        if refused is not None:
            uploads.refuse(self._app.journal, upload.id, refused, self._app.clock.now())
        untold.clear()
        discard(self._app.journal, upload.content_hash)
        if refused is None:
            self._then(upload.id)
        return True

    def _checked(self, upload: Upload) -> dict[str, Any] | None:
        """Why an upload was refused; None for one that became drafts. Whatever happens is a sentence."""
        try:
            return self._entered(upload)
        except BulkordersError as error:
            return _said("failed", Words(error.zh, error.en))
        except OSError as error:
            return _said("failed", _FAILED.fill(reason=Words(*os_reason(error))))
        except Exception as error:  # noqa: BLE001  # a bug of ours is this file's alone; the next one is checked
            return _said("failed", Words(*bug_said(error)))

    def _entered(self, upload: Upload) -> dict[str, Any] | None:
        copy = kept_path(self._app.journal, upload.content_hash)
        if not copy.exists():
            return _said("failed", _GONE)
        with READING.in_turn():
            file = examine(self._app, Path(upload.file), copy, upload.content_hash, account=upload.account, left=self._time_left)
        ingested = enter(self._app, file, by_whom=upload.by_whom, name=upload.file, upload=upload.id)
        return None if any(found.batch for found in ingested) else _why_not(ingested)

    def _time_left(self) -> float:
        return 0.0 if self._stop.is_set() else math.inf


def _why_not(ingested: Sequence[Ingested]) -> dict[str, Any]:
    """Why a file became no draft: it was refused, or holds no orders."""
    for found in ingested:
        if found.refused:
            return _said(found.refused.code, found.refused.message, found.refused.best_header)
    issues = sorted((issue for found in ingested for issue in found.checkup.issues), key=lambda issue: not issue.is_error)
    telling = (issue for issue in issues if issue.is_error or issue.code == NO_ORDERS.name)
    first = next(telling, None)
    return _said(first.code, first.message) if first else _said(NO_ORDERS.name, _EMPTY)


def _said(code: str, message: Words, header: BestHeader | None = None) -> dict[str, Any]:
    best = header and {"sheet": header.sheet, "row": header.row, "matched": list(header.matched), "missing": list(header.missing)}
    return {"code": code, "zh": message.zh, "en": message.en, "best_header": best}
