"""A process that has made the child's imports and forks a child for each task: that takes milliseconds, where a start takes a second.

It never looks at a workbook itself, has no second thread, and forks only what is still clean. It ends when nobody has asked it for a while,
or when its starter is gone. Only on Linux: elsewhere libraries may not be forked, and each child is started.
"""

import gc
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

IDLE_SECONDS = 30.0
"""How long it waits for another task; it holds some 90 MB meanwhile."""
KILL = b"k"
MOST_ASKED = 1 << 20
"""Bytes of an environment and a folder, as JSON."""


def is_possible() -> bool:
    """Whether children can be forked here."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


@contextmanager
def deaf() -> Iterator[None]:
    """What is started here hears nobody who asks it to end, as a terminal and a service manager ask all processes: its parent ends it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM, signal.SIGHUP})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# -- who asks ---------------------------------------------------------------------------------------------------------------
class Forked:
    """A child that was forked: what is used of `subprocess.Popen`. Raises OSError where the nursery has ended."""

    args = "bulkorders.workbook.child"

    def __init__(self, address: str, environment: Mapping[str, str]) -> None:
        self.returncode: int | None = None
        self._line = socket.socket(socket.AF_UNIX)
        pipes: list[int] = []
        try:
            self._line.connect(address)
            pipes = [*os.pipe(), *os.pipe(), *os.pipe()]
            asked = json.dumps({"environment": dict(environment), "folder": os.getcwd()}).encode()  # noqa: PTH109  # as a child has it
            socket.send_fds(self._line, [len(asked).to_bytes(4)], [pipes[0], pipes[3], pipes[5]])
            self._line.sendall(asked)
        except OSError:
            self._line.close()
            for pipe in pipes:
                os.close(pipe)
            raise
        for pipe in (pipes[0], pipes[3], pipes[5]):
            os.close(pipe)
        self.stdin, self.stdout, self.stderr = os.fdopen(pipes[1], "wb"), os.fdopen(pipes[2], "rb"), os.fdopen(pipes[4], "rb")

    def poll(self) -> int | None:
        """The exit code, if it has ended."""
        with suppress(subprocess.TimeoutExpired):
            self.wait(0.0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, when it has ended. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._line.settimeout(timeout or 0.0)
            try:
                told = self._line.recv(4)
            except (BlockingIOError, TimeoutError):
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0) from None
            except ConnectionError:
                told = b""
            # a nursery that was killed takes its children with it: they end with what they read from
            self.returncode = int.from_bytes(told, signed=True) if len(told) == 4 else -signal.SIGKILL
        return self.returncode

    def kill(self) -> None:
        """Ends it, if it has not ended."""
        if self.returncode is None:
            with suppress(OSError):
                self._line.sendall(KILL)

    def __enter__(self) -> "Forked":
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.stdin, self.stdout, self.stderr):
            with suppress(OSError):
                stream.close()
        self._line.close()


@dataclass
class Nursery:
    """Where children come from; started when the first one is asked for. Threads, and forks of this process, may ask it at once."""

    idle_seconds: float = IDLE_SECONDS
    _address: str = ""

    def fork(self, environment: Mapping[str, str]) -> Forked:
        """A new child. Raises OSError where none can be had."""
        if self._address:
            with suppress(OSError):  # it has ended since
                return Forked(self._address, environment)
        self._address = self._start()
        return Forked(self._address, environment)

    def open(self) -> None:
        """Starts it already now: processes that are forked from this one share it."""
        self._address = self._start()

    def _start(self) -> str:
        folder = tempfile.mkdtemp(prefix="bulkorders-")
        address = str(Path(folder) / "line")
        with socket.socket(socket.AF_UNIX) as listener, deaf():
            listener.bind(address)
            listener.listen(64)
            os.set_inheritable(listener.fileno(), True)
            process = subprocess.Popen(  # noqa: S603  # our own module and our own path
                [sys.executable, "-I", "-m", "bulkorders.workbook.nursery", str(listener.fileno()), address, str(self.idle_seconds)],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=[listener.fileno()],
            )  # fmt: skip
        _keep(process)
        return address


_STARTED: "list[subprocess.Popen[bytes]]" = []
"""Nurseries of this process: their standard input stays open for as long as they live."""
_STARTED_LOCK = threading.Lock()


def _keep(process: "subprocess.Popen[bytes]") -> None:
    """Lets go of those that have ended meanwhile: a server starts one after each quiet half minute, for years."""
    with _STARTED_LOCK:
        for ended in [each for each in _STARTED if each.poll() is not None]:
            if ended.stdin:
                ended.stdin.close()
            _STARTED.remove(ended)
        _STARTED.append(process)


# -- the nursery ------------------------------------------------------------------------------------------------------------
@dataclass
class _Keeper:
    """Waits for who asks, for children that end, and for the end of its starter."""

    listener: socket.socket
    idle_seconds: float
    watched: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    children: dict[int, tuple[int, socket.socket]] = field(default_factory=dict)
    """By the descriptor of the process: its number, and who asked for it."""

    def run(self) -> None:
        """Until nobody needs it any more."""
        self.watched.register(self.listener, selectors.EVENT_READ)
        self.watched.register(0, selectors.EVENT_READ)
        while True:
            ready = [key.fileobj for key, _ in self.watched.select(self.idle_seconds)]
            if 0 in ready or (not ready and not self.children):
                return
            for each in ready:
                if each is self.listener:
                    self._accept()
                elif isinstance(each, int) and each in self.children:
                    self._reap(each)
                elif isinstance(each, socket.socket):
                    self._hear(each)

    def _accept(self) -> None:
        line, _ = self.listener.accept()
        line.settimeout(5.0)
        try:
            asked, streams = _receive(line)
        except (OSError, ValueError):
            line.close()
            return
        number = os.fork()
        if number == 0:
            self._become(line, asked, streams)
        for stream in streams:
            os.close(stream)
        process = os.pidfd_open(number)
        self.children[process] = number, line
        self.watched.register(process, selectors.EVENT_READ)
        self.watched.register(line, selectors.EVENT_READ)
        _import_the_rest()

    def _hear(self, line: socket.socket) -> None:
        """Who asked wants the child ended, or is gone himself."""
        self.watched.unregister(line)
        for process, (_, asker) in self.children.items():
            if asker is line:
                signal.pidfd_send_signal(process, signal.SIGKILL)

    def _reap(self, process: int) -> None:
        number, line = self.children.pop(process)
        code = os.waitstatus_to_exitcode(os.waitpid(number, 0)[1])
        self.watched.unregister(process)
        os.close(process)
        with suppress(KeyError):  # it was heard before
            self.watched.unregister(line)
        with suppress(OSError):
            line.sendall(code.to_bytes(4, signed=True))
        line.close()

    def _become(self, line: socket.socket, asked: Mapping[str, object], streams: list[int]) -> NoReturn:
        """The child."""
        try:
            self.watched.close()
            self.listener.close()
            for process, (_, other) in self.children.items():
                os.close(process)
                other.close()
            line.close()
            _move_in(asked, streams)
            from .child import main

            main()
        finally:
            os._exit(1)


def _receive(line: socket.socket) -> tuple[Mapping[str, object], list[int]]:
    """What is asked for, and the child's three streams. Raises OSError, ValueError."""
    head, streams, _, _ = socket.recv_fds(line, 4, 3)
    try:
        size, content = int.from_bytes(head), b""
        if len(streams) != 3 or not 0 < size <= MOST_ASKED:
            raise ValueError("not what is asked for")
        while len(content) < size:
            part = line.recv(size - len(content))
            if not part:
                raise ValueError("cut short")
            content += part
        found: Mapping[str, object] = json.loads(content)
    except (OSError, ValueError):
        for stream in streams:
            os.close(stream)
        raise
    return found, streams


def _move_in(asked: Mapping[str, object], streams: list[int]) -> None:
    """Folder, environment and streams of who asked."""
    environment = asked["environment"]
    if not isinstance(environment, dict):
        raise TypeError("no environment")
    os.chdir(str(asked["folder"]))
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = None
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0, closefd=False)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False)


def _import_for_checks() -> None:
    import bulkorders.workbook.read_text
    import bulkorders.workbook.read_xlsx  # noqa: F401
    from bulkorders.core.check import load_libraries

    load_libraries()


def _import_the_rest() -> None:
    """What the first child can do without, while that one is at work."""
    import bulkorders.workbook.read_xls
    import bulkorders.workbook.results  # noqa: F401

    gc.freeze()


def main() -> None:
    """Serves at the listening socket that its starter has opened."""
    number, address, seconds = sys.argv[1:]
    try:
        _import_for_checks()
        gc.freeze()  # what is shared with the children stays shared
        _Keeper(socket.socket(fileno=int(number)), float(seconds)).run()
    finally:
        Path(address).unlink(missing_ok=True)
        with suppress(OSError):
            Path(address).parent.rmdir()


if __name__ == "__main__":
    main()
