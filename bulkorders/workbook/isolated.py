"""Work on workbooks in a child process, seen from the parent: whatever happens there ends as a value or one sentence."""

import io
import json
import math
import os
import pickle
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

from bulkorders.core.checked import Checked, Heading, MergedField
from bulkorders.core.correction import Correction
from bulkorders.core.issue import Issue, Severity
from bulkorders.core.order import Place
from bulkorders.core.refusal import TOO_MUCH_MEMORY, TOO_SLOW, UNREADABLE, BestHeader, Refusal, refuse
from bulkorders.core.words import Words
from bulkorders.errors import BulkordersError, SettingsError, os_reason

from .child import OUR_FAULT
from .nursery import Forked, Nursery, deaf, is_possible
from .sniff import MEBIBYTE

SECONDS = {"check": 120, "results": 600, "grid": 120}
"""Wall time of each task; writing is slower than reading and its input was read before."""
LEAST_MEMORY = 2048 * MEBIBYTE
MOST_MEMORY = 6144 * MEBIBYTE
END_SECONDS = 60.0
"""Until a child that was killed has ended, on a machine that is busy."""
LOOK_SECONDS = 0.2
"""How often it is asked whether there is still time."""
MEMORY_PER_BYTE = 40
"""Bytes of address space for each byte of the file, between the least and the most."""

NURSERY = Nursery()
"""Where the children of this process come from."""

_BUG = (
    "程序在处理表格时出错（{where}）：请把这句话和文件交给技术支持。",
    "The program failed on the workbook ({where}): pass this sentence and the file to support.",
)
_CUT_SHORT = ("结果表没有写：程序要马上停下，来不及写。", "The results were not written: the program has to end at once.")
_KNOWN = {
    (known.__module__, known.__qualname__): known
    for known in (Checked, Heading, MergedField, Issue, Severity, Place, BestHeader, Refusal, Words)
} | {("decimal", "Decimal"): None, ("datetime", "date"): None, ("datetime", "datetime"): None}


class _PlainData(pickle.Unpickler):
    """Reads what the child may answer and nothing else: a child that a hostile file took over gains nothing here."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"{module}.{name}")
        return super().find_class(module, name)


Limits = Mapping[str, Mapping[str, Decimal]]
Left = Callable[[], float]
"""How many seconds there are left."""


def endless() -> float:
    """There is all the time that it takes."""
    return math.inf


NO_LIMITS: Limits = {}


def check_workbook(
    path: Path, provider_paths: Sequence[str], templates: Sequence[str], limits: Limits = NO_LIMITS, left: Left = endless,
    corrections: Sequence[Correction] = (),
) -> list[Checked]:  # fmt: skip
    """Reads, matches and checks a workbook: one `Checked` a template found in it, or a single refused one.

    `templates` are import names of modules with `TEMPLATES`, `limits` those that differ from the templates' own, by template and field.
    `corrections` are laid over its cells before these are read. Raises OSError where the file cannot be opened, BulkordersError where
    `left`, which says how many seconds there are, comes to an end.
    """
    request = {
        "task": "check", "path": str(path), "provider_paths": list(provider_paths), "templates": list(templates),
        "limits": {name: {field: str(limit) for field, limit in own.items()} for name, own in limits.items()},
        "corrections": [[each.sheet, each.row, each.column, each.text] for each in corrections],
    }  # fmt: skip
    answer = _run(request, path, left)
    return [Checked(None, answer)] if isinstance(answer, Refusal) else answer


def write_results(
    path: Path | None, report: Mapping[str, Any], target: Path, left: Left = endless, sheets: Sequence[Any] | None = None
) -> str:
    """Writes the results of a workbook to `target`, whole or not at all; gives the way: `patched`, `rewritten` or `fresh`.

    Without a path the workbook is made of `sheets`, each a name and rows from the first. `left` says how many seconds there are for it,
    asked all along. Raises BulkordersError, OSError.
    """
    draft = target.with_name(f".bulkorders-{secrets.token_hex(6)}.tmp")
    try:
        request = {"task": "results", "path": path and str(path), "sheets": sheets, "report": report}
        answer = _run({**request, "target": str(target), "draft": str(draft)}, path, left)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)  # of a child that was ended
    if isinstance(answer, int):
        raise OSError(answer, os.strerror(answer))
    if isinstance(answer, Refusal):
        raise BulkordersError(f"结果表没有写成：{answer.message.zh}", f"The results were not written: {answer.message.en}")
    return str(answer)


def write_grid(path: Path, sheets: Sequence[str], folder: Path) -> Refusal | None:
    """Writes the cells of a workbook's sheets to a folder (see `grid`); gives why the workbook is not read.

    Raises BulkordersError, OSError.
    What lies in the folder then is of the child's making: whatever it is, whoever reads it must survive it.
    """
    answer = _run({"task": "grid", "path": str(path), "sheets": list(sheets), "folder": str(folder)}, path)
    if isinstance(answer, int) and answer:
        raise OSError(answer, os.strerror(answer))
    return answer if isinstance(answer, Refusal) else None


def _run(request: Mapping[str, Any], path: Path | None, left: Left = endless) -> Any:
    """One task in a child. A child that fails, in whatever way, gives a refusal."""
    # what the child leaves when it is ended goes with its folder: openpyxl's drafts hold addresses
    with _scratch() as scratch:
        return _run_in(scratch, request, path, left)


def _scratch() -> "tempfile.TemporaryDirectory[str]":
    """A folder for what a child lays down meanwhile. Raises SettingsError where there is no room for one: no file is to blame for that."""
    try:
        return tempfile.TemporaryDirectory(prefix="bulkorders-", ignore_cleanup_errors=True)
    except OSError as error:
        zh, en = os_reason(error)
        raise SettingsError(
            f"没有能写的临时文件夹（{zh}）：请让运行的用户能写 /tmp，或用环境变量 TMPDIR 指定一个。",
            f"there is no temporary folder to write to ({en}): make /tmp writable, or name one with TMPDIR.",
        ) from error


def _run_in(scratch: str, request: Mapping[str, Any], path: Path | None, left: Left) -> Any:
    memory = min(max(LEAST_MEMORY, MEMORY_PER_BYTE * path.stat().st_size if path else 0), MOST_MEMORY)
    seconds = SECONDS[request["task"]]
    line = json.dumps({**request, "memory": memory, "seconds": seconds}).encode() + b"\n"
    places = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), scratch)
    with _start({**os.environ, **places, "OPENBLAS_NUM_THREADS": "1", "PYTHONIOENCODING": "utf-8"}) as child:
        try:
            answer, said = _converse(child, line, seconds, left)
        except subprocess.TimeoutExpired:
            return refuse(TOO_SLOW, seconds=seconds)
        finally:
            child.kill()
    return understand(child.wait(END_SECONDS), answer, said, seconds)


def _start(environment: Mapping[str, str]) -> "subprocess.Popen[bytes] | Forked":
    """A child: forked where that can be, else started."""
    with deaf():
        if is_possible():
            with suppress(OSError):  # no room for a socket, or no right to it
                return NURSERY.fork(environment)
        return subprocess.Popen(
            [sys.executable, "-I", "-m", "bulkorders.workbook.child"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0), env=environment,
        )  # fmt: skip


def _converse(child: "subprocess.Popen[bytes] | Forked", line: bytes, seconds: int, left: Left) -> tuple[bytes, bytes]:
    """Hands the child its task and reads all that it says; its standard input stays open, which tells it that we live.

    Raises subprocess.TimeoutExpired when it takes too long, BulkordersError when nobody waits for it any more; the child is then dead.
    """
    if child.stdin is None or child.stdout is None or child.stderr is None:
        raise ValueError("a child without pipes")
    with ThreadPoolExecutor(2) as readers:
        answer, said = readers.submit(child.stdout.read), readers.submit(child.stderr.read)
        try:
            with suppress(BrokenPipeError):
                child.stdin.write(line)
                child.stdin.flush()
            _await(child, seconds, left)
        finally:
            child.kill()
        return answer.result(), said.result()


def _await(child: "subprocess.Popen[bytes] | Forked", seconds: int, left: Left) -> None:
    """Waits until the child has ended."""
    until = time.monotonic() + seconds
    while child.poll() is None:
        if (rest := left()) <= 0:
            raise BulkordersError(*_CUT_SHORT)
        with suppress(subprocess.TimeoutExpired):
            child.wait(max(0.0, min(until - time.monotonic(), rest, LOOK_SECONDS)))
        if time.monotonic() > until:
            raise subprocess.TimeoutExpired(child.args, seconds)


def understand(code: int, answer: bytes, said: bytes, seconds: int) -> Any:
    """What a child that has ended did, by its exit code, its answer and what it said. Raises BulkordersError for a fault of ours."""
    if code == 0 and answer:
        with suppress(pickle.UnpicklingError, EOFError, AttributeError, ImportError, IndexError, TypeError):
            return _PlainData(io.BytesIO(answer)).load()
    return _failed(code, said, seconds)


def _failed(code: int, said: bytes, seconds: int) -> Refusal:
    """Why a child ended without an answer. Raises BulkordersError where the fault is ours and not the file's."""
    if b"MemoryError" in said or b"memory allocation" in said:
        return refuse(TOO_MUCH_MEMORY)
    if code == -getattr(signal, "SIGXCPU", 0):
        return refuse(TOO_SLOW, seconds=seconds)
    if code == OUR_FAULT:
        where = said.decode("utf-8", "replace").strip().splitlines()[-1:]
        raise BulkordersError(*(sentence.format(where="".join(where)) for sentence in _BUG))
    return refuse(UNREADABLE)
