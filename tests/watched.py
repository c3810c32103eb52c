"""Runs the real program and watches what it costs: wall time, and the memory of all its processes at once."""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_PAUSE = 0.02
_KIBIBYTE = 1024


@dataclass(frozen=True)
class Watched:
    """A run that has ended. `code` is None where it had to be ended."""

    code: int | None
    out: str
    err: str
    seconds: float
    processor: float
    """Seconds of processor time, of it and of all that it waited for; the wall's are more on a busy machine."""
    memory: int
    """Bytes: the most that its processes held, each at its own peak; 0 where the system does not tell."""


def check(file: Path, seconds: float) -> Watched:
    """`check FILE --json` in a folder of its own, without settings of the tester's; ended after so many seconds."""
    return watch(["check", str(file), "--json"], seconds)


def watch(arguments: Sequence[str], seconds: float) -> Watched:
    """The program with arguments, in a folder of its own; ended after so many seconds."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BULKORDERS", "XDG_"))}
        start = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, "-m", "bulkorders", *arguments],
            cwd=folder, env={**kept, "HOME": folder}, stdin=subprocess.DEVNULL, stdout=out, stderr=err,
        )  # fmt: skip
        clock = threading.Timer(seconds, process.kill)
        clock.start()
        memory = _peak(process.pid)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        clock.cancel()
        taken = time.monotonic() - start
        out.seek(0)
        err.seek(0)
        code = None if taken >= seconds else process.returncode
        said, complained = (stream.read().decode("utf-8", "replace") for stream in (out, err))
        return Watched(code, said, complained, taken, used.ru_utime + used.ru_stime, memory)


def _peak(root: int) -> int:
    """Waits until a process has ended; gives the sum of the peaks of it and of all that it started."""
    peaks: dict[int, int] = {}
    while os.waitid(os.P_PID, root, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
        for pid in _tree(root):
            peaks[pid] = max(peaks.get(pid, 0), _high_water(pid))
        time.sleep(_PAUSE)
    return sum(peaks.values())


def _tree(pid: int) -> Iterator[int]:
    yield pid
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in _read(path).split():
            yield from _tree(int(child))


def _high_water(pid: int) -> int:
    """The most memory that a process has held so far: the system keeps it, so that nothing between two looks is missed."""
    line = next((line for line in _read(Path(f"/proc/{pid}/status")).splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) * _KIBIBYTE


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it has ended
        return ""
