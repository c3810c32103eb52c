"""Starts the program without its imports: a process that has made them forks, and the fork is the program.

That spares half a second for each of some hundred starts. All else is as with `python -m bulkorders`: a process of its own, in a
session of its own, with its own folder and environment, that can be killed at any moment. Where there is no fork, it is that command.
"""

import atexit
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import IO, NoReturn, cast

_NUMBER = struct.Struct("!i")


def start(arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Starts the program and leaves it running."""
    if hasattr(os, "fork"):
        return cast("subprocess.Popen[bytes]", Started(arguments, folder, environment))  # as far as tests use one
    command = [sys.executable, "-m", "bulkorders", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe)


# -- who asks ----------------------------------------------------------------------------------------------------------------------
@cache
def _address() -> str:
    """Where the warm process listens; started once for each process of tests."""
    path = Path(tempfile.mkdtemp(prefix="warm-")) / "socket"
    process = subprocess.Popen([sys.executable, __file__, str(path)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()  # it listens
    atexit.register(process.kill)
    return str(path)


class Started:
    """A program that was started: what tests use of `subprocess.Popen`."""

    def __init__(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str]) -> None:
        self.args = list(arguments)
        self.returncode: int | None = None
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(_address())
        (out, out_end), (err, err_end) = os.pipe(), os.pipe()
        asked = json.dumps({"arguments": self.args, "folder": str(folder), "environment": dict(environment)}).encode()
        socket.send_fds(self._line, [_NUMBER.pack(len(asked))], [out_end, err_end])
        self._line.sendall(asked)
        os.close(out_end)
        os.close(err_end)
        self.stdout, self.stderr = os.fdopen(out, "rb"), os.fdopen(err, "rb")
        self.pid = self._told()

    def _told(self) -> int:
        number: int = _NUMBER.unpack(_read(self._line, _NUMBER.size))[0]
        return number

    def poll(self) -> int | None:
        """The exit code, if it has ended."""
        return self._look(0.0)

    def _look(self, seconds: float | None) -> int | None:
        if self.returncode is None and select.select([self._line], [], [], seconds)[0]:
            self.returncode = self._told()
            self._line.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, when it has ended."""
        code = self._look(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        return code

    def communicate(self, timeout: float | None = None) -> tuple[bytes, bytes]:
        """All that it printed, when it has ended."""
        until = None if timeout is None else time.monotonic() + timeout
        found: dict[str, bytes] = {}
        readers = [threading.Thread(target=_collect, args=(stream, name, found), daemon=True) for name, stream in self._streams()]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(None if until is None else max(until - time.monotonic(), 0.0))
            if reader.is_alive():
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        self.wait(None if until is None else max(until - time.monotonic(), 0.0))
        return found.get("out", b""), found.get("err", b"")

    def _streams(self) -> list[tuple[str, IO[bytes]]]:
        return [(name, stream) for name, stream in (("out", self.stdout), ("err", self.stderr)) if not stream.closed]

    def send_signal(self, number: int) -> None:
        """Sends a signal, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kills it, if it has not ended."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Asks it to end, if it has not ended."""
        self.send_signal(signal.SIGTERM)

    def __del__(self) -> None:
        self._line.close()
        for _, stream in self._streams():
            stream.close()


def _collect(stream: IO[bytes], name: str, found: dict[str, bytes]) -> None:
    with stream:
        found[name] = stream.read()


def _read(line: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        part = line.recv(size - len(content))
        if not part:
            raise EOFError("the warm process has ended")
        content += part
    return content


# -- the warm process --------------------------------------------------------------------------------------------------------------
def serve(path: str) -> NoReturn:
    """Makes the imports, then forks for each that asks."""
    from bulkorders.workbook.isolated import NURSERY

    NURSERY.idle_seconds = 3600
    NURSERY.open()  # the programs share it
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(64)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # who waits for a program ends unheard
    print("listening", flush=True)
    while True:
        line, _ = listener.accept()
        if os.fork() == 0:
            listener.close()
            _attend(line)
        line.close()


def _attend(line: socket.socket) -> NoReturn:
    """Forks the program, tells its number, waits for it, tells its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, streams, _, _ = socket.recv_fds(line, _NUMBER.size, 2)
    asked = json.loads(_read(line, _NUMBER.unpack(head)[0]))
    number = os.fork()
    if number == 0:
        line.close()
        _become(asked["arguments"], asked["folder"], asked["environment"], streams)
    for stream in streams:
        os.close(stream)
    line.sendall(_NUMBER.pack(number))
    code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
    try:
        line.sendall(_NUMBER.pack(code))
    finally:
        os._exit(0)


def _become(arguments: list[str], folder: str, environment: dict[str, str], streams: list[int]) -> NoReturn:
    """The program."""
    os.setsid()
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    nowhere = os.open(os.devnull, os.O_RDONLY)
    for number, stream in enumerate((nowhere, *streams)):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)
    code: object = 1
    try:
        from bulkorders.cli import main

        main(arguments)
    except SystemExit as ended:
        code = ended.code
    finally:
        for each in (sys.stdout, sys.stderr):
            try:
                each.flush()
            except (OSError, ValueError):  # nobody reads, or it is closed
                continue
        os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    serve(sys.argv[1])
