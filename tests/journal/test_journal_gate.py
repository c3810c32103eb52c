"""The gate: one holder across processes, freed when the holder dies."""

import datetime as dt
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from filelock import FileLock
from making import GATE, NOW

from bulkorders.journal.gate import Holder, hold, holder
from bulkorders.journal.journal import Journal

HOLDER = """
import datetime, sys
from bulkorders.journal.gate import hold
from bulkorders.journal.journal import open_journal
with hold(open_journal(sys.argv[1]), sys.argv[2], datetime.datetime(2025, 4, 9, tzinfo=datetime.UTC)) as held:
    print(held is not None, flush=True)
    sys.stdin.readline()
"""


@contextmanager
def held_elsewhere(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the gate until it is told to let go."""
    command = [sys.executable, "-c", HOLDER, str(path / "journal.db"), GATE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        try:
            yield process
        finally:
            process.kill()


def is_free(journal: Journal, gate: str = GATE) -> bool:
    """Whether the gate can be held now."""
    with hold(journal, gate, NOW) as held:
        return held is not None


def test_a_gate_is_held_by_one_process_only(journal: Journal, tmp_path: Path) -> None:
    """While another holds it nobody else does, and who that is and since when is told; other gates are free."""
    with held_elsewhere(tmp_path) as process:
        assert not is_free(journal)
        assert is_free(journal, "another gate")
        assert holder(journal, GATE) == Holder(socket.gethostname(), process.pid, dt.datetime(2025, 4, 9, tzinfo=dt.UTC))
        process.communicate("\n", timeout=60)
        assert is_free(journal)
        assert holder(journal, GATE) is None


def test_a_gate_is_free_when_its_holder_is_killed(journal: Journal, tmp_path: Path) -> None:
    """The operating system lets it go: no time has to pass, and nobody is told to hold it any more."""
    with held_elsewhere(tmp_path) as process:
        process.kill()
        process.wait(timeout=60)
        assert is_free(journal)
        assert holder(journal, GATE) is None


def test_nobody_holds_the_gate_of_a_killed_process(journal: Journal, tmp_path: Path) -> None:
    """Who looks before anybody else has held it is not told of the dead."""
    with held_elsewhere(tmp_path) as process:
        process.kill()
        process.wait(timeout=60)
        assert holder(journal, GATE) is None


def test_a_second_hold_in_the_same_process_does_not_get_it(journal: Journal) -> None:
    """Threads side by side are kept apart too, and the holder's name is not lost by the one who asked."""
    with hold(journal, GATE, NOW) as first, hold(journal, GATE, NOW + dt.timedelta(hours=1)) as second:
        assert (first is not None, second) == (True, None)
        assert holder(journal, GATE) == Holder(socket.gethostname(), os.getpid(), NOW)
    assert is_free(journal)


def test_an_exception_lets_the_gate_go(journal: Journal) -> None:
    """Whatever ends the block ends the hold, also of one who did not get it."""

    def stop(error: Exception) -> None:
        with hold(journal, GATE, NOW) as held:
            assert (held is not None) is isinstance(error, KeyError)
            if held:
                with pytest.raises(ValueError, match="inner"):
                    stop(ValueError("inner"))
            raise error

    with pytest.raises(KeyError):
        stop(KeyError("outer"))
    assert is_free(journal)


def test_a_look_at_a_free_gate_does_not_make_it_held(journal: Journal) -> None:
    """Who looks whether a lock is free has it for a moment: the gate is got all the same, and nobody is told to hold it."""
    with hold(journal, GATE, NOW):
        (path,) = journal.folder.glob("gate-*.lock")

    def looked_at(attempt: Callable[[], bool]) -> bool:
        lock = FileLock(path, thread_local=False)
        lock.acquire()
        looker = threading.Timer(0.02, lock.release)
        looker.start()
        try:
            return attempt()
        finally:
            looker.join()

    for attempt in (lambda: is_free(journal), lambda: holder(journal, GATE) is None):
        assert any(looked_at(attempt) for _ in range(3))  # a busy machine may let a looker sleep


def test_a_holder_who_could_not_say_who_he_is_says_it_later(journal: Journal) -> None:
    """A disk that was full, somebody who tidied up: with the next sign of work others know him again."""
    with hold(journal, GATE, NOW) as held:
        assert held is not None
        held.path.unlink()
        assert holder(journal, GATE) is None
        assert held.beat()
        assert holder(journal, GATE) == Holder(socket.gethostname(), os.getpid(), NOW)


def test_a_gates_name_may_hold_any_signs(journal: Journal) -> None:
    """Slashes, colons and bars of a principal are no path."""
    names = ["a/b", "a:b", "../x", "a|b", "键" * 100]
    assert all(is_free(journal, name) for name in names)
    assert {path.parent for path in journal.folder.rglob("gate-*")} == {journal.folder}


def test_what_cannot_be_read_names_no_holder(journal: Journal) -> None:
    """A half-written or foreign file beside the lock is nobody."""
    with hold(journal, GATE, NOW):
        (said,) = journal.folder.glob("gate-*.json")
        for text in ("", "{", "{}", "[]", "null", '{"host":1}', '{"host":"h","pid":1,"since":"soon"}', '{"host":"h","pid":1,"since":5}'):
            said.write_text(text)
            assert holder(journal, GATE) is None
