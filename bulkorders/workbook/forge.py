"""A process that has made the child's imports, and forks a child for each task: a program that runs on for long spares most of the time.

What runs is the child's own entry under its own limits, in a process of its own for each task, as without it. The process has one
thread, so that it can be forked; it listens to its parent alone, and ends with it. Systems without fork have none.
"""

import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import IO, NoReturn, Self

CAN_FORK = hasattr(os, "fork") and hasattr(socket, "send_fds")
LOOK_SECONDS = 0.005
_LONGEST = 1024 * 1024
_CODE = struct.Struct("!i")


# -- the parent ------------------------------------------------------------------------------------------------------------
class Forge:
    """A process that forks children. Raises OSError where it cannot be started, or has ended."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._line, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "bulkorders.workbook.forge"],
                stdin=theirs.fileno(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(environment),
            )  # fmt: skip

    def start(self, environment: Mapping[str, str]) -> "Forged":
        """Forks a child. Raises OSError."""
        return Forged(self._line, environment)

    def close(self) -> None:
        """Ends it; children that are at work go on."""
        self._line.close()
        self._process.kill()
        self._process.wait()


class Forged:
    """A child that was forked: what is used of `subprocess.Popen`."""

    args = "bulkorders.workbook.child"

    def __init__(self, line: socket.socket, environment: Mapping[str, str]) -> None:
        self.returncode: int | None = None
        (in_, to), (from_, out), (heard, err) = os.pipe(), os.pipe(), os.pipe()
        self._line, theirs = socket.socketpair()
        try:
            with theirs:
                asked = json.dumps(dict(environment)).encode()
                socket.send_fds(line, [asked], [in_, out, err, theirs.fileno()])
        except OSError:
            for number in (to, from_, heard):
                os.close(number)
            self._line.close()
            raise
        finally:
            for number in (in_, out, err):
                os.close(number)
        self.stdin: IO[bytes] = os.fdopen(to, "wb")
        self.stdout: IO[bytes] = os.fdopen(from_, "rb")
        self.stderr: IO[bytes] = os.fdopen(heard, "rb")

    def poll(self) -> int | None:
        """The exit code, if it has ended."""
        with suppress(subprocess.TimeoutExpired):
            return self.wait(0.0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._line], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            told = self._line.recv(_CODE.size)
            self.returncode = _CODE.unpack(told)[0] if len(told) == _CODE.size else -signal.SIGKILL
        return self.returncode

    def kill(self) -> None:
        """Ends it at once, if it has not ended."""
        if self.returncode is None:
            with suppress(OSError):
                self._line.shutdown(socket.SHUT_WR)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(OSError):  # what it did not read
            self.stdin.close()
        self.stdout.close()
        self.stderr.close()
        self.kill()
        self.wait()
        self._line.close()


# -- the process that forks ------------------------------------------------------------------------------------------------
def main() -> None:
    """Makes the imports, then forks for each that is asked for, until nobody can ask any more."""
    line = socket.socket(fileno=os.dup(0))
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, 0)
    _import_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        asked, streams, _, _ = socket.recv_fds(line, _LONGEST, 4)
        if not asked:
            os._exit(0)
        if os.fork() == 0:
            line.close()
            _attend(json.loads(asked), streams)
        for stream in streams:
            os.close(stream)


def _import_all() -> None:
    import gc

    import bulkorders.workbook.fresh
    import bulkorders.workbook.read_text
    import bulkorders.workbook.read_xls
    import bulkorders.workbook.read_xlsx
    import bulkorders.workbook.results  # noqa: F401
    from bulkorders.core.check import load_libraries

    load_libraries()
    gc.freeze()


def _attend(environment: dict[str, str], streams: list[int]) -> NoReturn:
    """Forks the child, ends it when that is asked for, and tells its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    *pipes, number = streams
    line = socket.socket(fileno=number)
    child = os.fork()
    if child == 0:
        line.close()
        _become(environment, pipes)
    for pipe in pipes:
        os.close(pipe)
    is_told = False
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        if is_told:
            time.sleep(LOOK_SECONDS)
        elif select.select([line], [], [], LOOK_SECONDS)[0]:  # nobody waits for it any more
            is_told = True
            os.kill(child, signal.SIGKILL)
    with suppress(OSError):
        line.sendall(_CODE.pack(os.waitstatus_to_exitcode(ended[1])))
    os._exit(0)


def _become(environment: dict[str, str], pipes: list[int]) -> NoReturn:
    """The child."""
    from .child import main as work

    try:
        os.environ.clear()
        os.environ.update(environment)
        tempfile.tempdir = None
        for number, pipe in enumerate(pipes):
            os.dup2(pipe, number)
            os.close(pipe)
        sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
        work()
    finally:
        os._exit(1)


if __name__ == "__main__":
    main()
