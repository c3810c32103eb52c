"""The child process that reads workbooks, without its imports: a process that has made them forks, and the fork is the child.

A file then costs a tenth of a second and not two. What runs is the child's own entry under its own limits, in a process of its own
for each file: whatever a hostile file does to it is seen by its exit code, as the program sees it.
"""

import atexit
import base64
import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, NoReturn

import pytest

from bulkorders.core.checked import Checked
from bulkorders.core.group import group
from bulkorders.core.refusal import Refusal
from bulkorders.pipeline.app import find_template
from bulkorders.pipeline.ingest import Checkup
from bulkorders.pipeline.objects import check_json, dumps, payloads_json
from bulkorders.providers import template_modules
from bulkorders.workbook.isolated import LEAST_MEMORY, understand

SECONDS = 60
"""Of processor time that a file may take; the program allows twice as many."""
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork a process")


def exit_code(path: Path, scratch: Path) -> int:
    """The exit code of `check FILE --json --payloads`: 0, 3, 4. Raises what the program would have to say is a mistake of its own."""
    checkups = [_checkup(path, checked) for checked in read(path, scratch).checked]
    for checkup in checkups:
        payloads = payloads_json(checkup.orders, {}) if checkup.orders else []
        dumps(check_json(checkup, path.name, "zh", payloads))
    if any(checkup.refused for checkup in checkups):
        return 3
    return 4 if any(issue.is_error for checkup in checkups for issue in checkup.issues) else 0


def _checkup(path: Path, checked: Checked) -> Checkup:
    grouped = group(find_template(checked.template), checked) if checked.template and not checked.refused else None
    return Checkup(path, checked, grouped)


@dataclass(frozen=True)
class Read:
    """What the child made of a file, and what it used: seconds of the processor, bytes of memory at its peak."""

    checked: list[Checked]
    said: str
    seconds: float
    memory: int

    @property
    def refused(self) -> Refusal | None:
        """Why the file was refused, if it was."""
        return next((checked.refused for checked in self.checked if checked.refused), None)


def read(path: Path, scratch: Path) -> Read:
    """As `isolated.check_workbook`, with a folder for what the child leaves behind."""
    request = {
        "task": "check", "path": str(path), "provider_paths": [], "templates": template_modules(), "limits": {}, "corrections": [],
        "memory": LEAST_MEMORY, "seconds": SECONDS, "scratch": str(scratch),
    }  # fmt: skip
    asked, told = _warm()
    asked.write(json.dumps(request) + "\n")
    asked.flush()
    done = json.loads(told.readline())
    said = base64.b64decode(done["said"])
    answer: Any = understand(done["code"], base64.b64decode(done["answer"]), said, SECONDS)
    checked = [Checked(None, answer)] if isinstance(answer, Refusal) else answer
    return Read(checked, said.decode("utf-8", "replace"), done["seconds"], done["memory"])


@cache
def _warm() -> tuple[IO[str], IO[str]]:
    """The process that forks: started once for each process of tests."""
    process = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )  # fmt: skip
    atexit.register(process.kill)
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


# -- the warm process --------------------------------------------------------------------------------------------------------------
def serve() -> None:
    """Makes the imports, then forks for each request."""
    import pandera.pandas  # noqa: F401  # these three belong to the child's own imports
    import python_calamine  # noqa: F401
    import xlrd  # noqa: F401

    import bulkorders.core.check
    import bulkorders.workbook.read_text
    import bulkorders.workbook.read_xls
    import bulkorders.workbook.read_xlsx  # noqa: F401

    gc.freeze()
    for line in sys.stdin:
        scratch = Path(json.loads(line)["scratch"])
        answer, said = scratch / "answer", scratch / "said"
        kept, given = os.pipe()
        os.write(given, line.encode())  # and stays open: the child dies when it is closed
        pid = os.fork()
        if pid == 0:
            os.close(given)
            _become(kept, answer, said, str(scratch))
        os.close(kept)
        done = {**_wait(pid), "answer": _encoded(answer), "said": _encoded(said)}
        os.close(given)
        print(json.dumps(done), flush=True)


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def _wait(pid: int) -> dict[str, float]:
    """Waits for a child to end; one that sleeps for ever is ended as its parent would."""
    end = time.monotonic() + 2 * SECONDS
    while True:
        done, status, used = os.wait4(pid, os.WNOHANG)
        if done:
            seconds = used.ru_utime + used.ru_stime
            return {"code": os.waitstatus_to_exitcode(status), "seconds": seconds, "memory": used.ru_maxrss * 1024}
        if time.monotonic() > end:
            os.kill(pid, signal.SIGXCPU)
        time.sleep(0.002)


def _become(stdin: int, answer: Path, said: Path, scratch: str) -> NoReturn:
    """The child."""
    tempfile.tempdir = scratch
    out, err = (os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC) for path in (answer, said))
    for number, stream in enumerate((stdin, out, err)):
        os.dup2(stream, number)
    sys.stdin = os.fdopen(0, closefd=False)
    from bulkorders.workbook.child import main

    try:
        main()
    finally:
        os._exit(1)


if __name__ == "__main__":
    serve()
