"""The child process that touches workbooks: `python -I -m bulkorders.workbook.child`, one task each, JSON in, a pickle of plain data out.

It has limits of memory and time and dies with its parent: standard input stays open for as long as the parent lives.
"""

import errno
import importlib
import json
import os
import pickle
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from bulkorders.core.checked import Checked
from bulkorders.core.correction import Correction, at_its_place, laid_over, placed
from bulkorders.core.refusal import NO_SHEET, UNREADABLE, Refusal, refuse
from bulkorders.core.table import Table, make_table
from bulkorders.core.template import Template

OUR_FAULT = 70
"""Exit code of a child that failed by a mistake of ours: the sysexits.h word for it is EX_SOFTWARE."""


def main() -> None:
    """Does the task that standard input names."""
    answer = _take_standard_output()
    request = json.loads(sys.stdin.buffer.readline())
    threading.Thread(target=_die_with_parent, daemon=True).start()
    _limit(request["memory"], request["seconds"])
    try:
        done = _TASKS[request["task"]](request)
    except MemoryError:
        os._exit(_say("MemoryError", 1))
    except Exception as error:  # noqa: BLE001  # our own mistake: told by its place, never by the cells that it may quote
        os._exit(_say(f"{type(error).__name__} {_place_of(error)}", OUR_FAULT))
    pickle.dump(done, answer, protocol=5)
    answer.flush()
    os._exit(0)  # at once: no reader's thread or destructor has a say


def _say(line: str, code: int) -> int:
    print(line, file=sys.stderr, flush=True)
    return code


def _place_of(error: Exception) -> str:
    """Where in our code an error came up: file and line, without the values at hand."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "bulkorders" in frame.filename]
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""


def _take_standard_output() -> BinaryIO:
    """Keeps standard output for the answer: what a library prints goes to standard error."""
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return answer


def _die_with_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(1)


def _limit(memory: int, seconds: int) -> None:
    """Limits of the operating system, where it has them; elsewhere the parent's clock alone ends the child."""
    try:
        import resource
    except ImportError:
        return
    limits = ((resource.RLIMIT_AS, memory, memory), (resource.RLIMIT_CPU, seconds, seconds + 1), (resource.RLIMIT_CORE, 0, 0))
    for limit, soft, hard in limits:
        with suppress(ValueError, OSError):  # macOS has some of them in name only
            resource.setrlimit(limit, (soft, hard))


def _read(path: str, *, with_marks: bool) -> list[Table] | Refusal:
    """The tables of a workbook. Whatever a reader throws is the file's fault, calamine's panics too, which are no Exception."""
    from .read import read_tables

    try:
        return read_tables(Path(path), with_marks=with_marks) or refuse(NO_SHEET)
    except MemoryError:
        raise
    except BaseException:  # noqa: BLE001  # see above; nobody can interrupt this process but its parent, which ends it
        return refuse(UNREADABLE)


def _check(request: dict[str, Any]) -> list[Checked]:
    from bulkorders.core.check import check

    tables = _read(request["path"], with_marks=True)
    if isinstance(tables, Refusal):
        return [Checked(None, tables)]
    corrections = [Correction(*each) for each in request["corrections"]]
    moved = placed(tables, corrections)
    if isinstance(moved, Refusal):
        return [Checked(None, moved)]
    limits = {name: {field: Decimal(limit) for field, limit in own.items()} for name, own in request["limits"].items()}
    templates = _load_templates(request["provider_paths"], request["templates"])
    corrected = laid_over(tables, [at_its_place(each, moved) for each in corrections])
    found = check(corrected, [template.limited(limits.get(template.name, {})) for template in templates])
    return [replace(each, moved=moved) for each in found]


def _load_templates(provider_paths: list[str], modules: list[str]) -> list[Template]:
    """The templates of modules named by their import names; providers may lie in folders of their own."""
    providers = importlib.import_module("bulkorders.providers")
    providers.__path__ = [*dict.fromkeys([*providers.__path__, *provider_paths])]
    return [template for name in modules for template in importlib.import_module(name).TEMPLATES]


def _write_results(request: dict[str, Any]) -> Refusal | int | str:
    """The way in which they were written, else why not: a refusal of the source, or the number of the system's error at the target."""
    from .result_sheets import corrections_in
    from .results import write_results

    source = Path(request["path"]) if request["path"] else None
    tables = [make_table(*sheet) for sheet in request["sheets"]] if source is None else _read(request["path"], with_marks=True)
    if isinstance(tables, Refusal):
        return tables
    report = request["report"]
    corrections, amounts = corrections_in(report)
    tables = laid_over(tables, corrections, amounts)
    try:
        return write_results(source, tables, report, Path(request["target"]), Path(request["draft"]))
    except OSError as error:
        return error.errno or errno.EIO


def _write_grid(request: dict[str, Any]) -> Refusal | int:
    """0 where the cells were written, else why not: a refusal of the source, or the number of the system's error at the folder."""
    from .grid import write_grid

    tables = _read(request["path"], with_marks=True)
    if isinstance(tables, Refusal):
        return tables
    try:
        write_grid(tables, request["sheets"], Path(request["folder"]))
    except OSError as error:
        return error.errno or errno.EIO
    return 0


_TASKS = {"check": _check, "results": _write_results, "grid": _write_grid}

if __name__ == "__main__":
    main()
