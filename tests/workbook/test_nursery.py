"""Children are forked where that can be: each clean, each with its own limits, none left behind."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from making import CARTONS

from bulkorders.errors import SettingsError
from bulkorders.providers import template_modules
from bulkorders.workbook.blank import write_blank
from bulkorders.workbook.isolated import check_workbook
from bulkorders.workbook.nursery import Forked, Nursery, is_possible

pytestmark = pytest.mark.skipif(not is_possible(), reason="children are forked on Linux only")
SECONDS = 30


@pytest.fixture(name="nursery")
def make_nursery() -> Iterator[Nursery]:
    """A nursery that waits as long as a test takes."""
    nursery = Nursery(idle_seconds=SECONDS)
    yield nursery
    for number in processes("bulkorders.workbook.nursery"):
        if nursery._address and nursery._address in command(number):
            os.kill(number, signal.SIGKILL)


def command(number: int) -> str:
    """A process's command; nothing of one that has ended."""
    try:
        return Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""


def folder_of(number: int) -> Path | None:
    """A process's folder; None of one that has ended."""
    try:
        return Path(f"/proc/{number}/cwd").readlink()
    except OSError:
        return None


def processes(word: str) -> list[int]:
    """The processes whose command has a word in it."""
    numbers = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [number for number in numbers if word in command(number)]


def told(child: Forked, task: bytes) -> tuple[int, bytes]:
    """What a child makes of a task: its exit code, and what it says."""
    with child:
        child.stdin.write(task + b"\n")
        child.stdin.flush()
        said = child.stderr.read()
        return child.wait(SECONDS), said


def wait_until(is_so: "object") -> None:
    """Waits for something that comes soon."""
    assert callable(is_so)
    until = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_child_has_the_environment_and_the_folder_of_who_asks(nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A relative path means for it what it means for the parent."""
    monkeypatch.chdir(tmp_path)
    child = nursery.fork({**os.environ, "BULKORDERS_ANY": "x"})
    with child:
        wait_until(lambda: tmp_path in {folder_of(each) for each in children()})
        child.kill()
        assert child.wait(SECONDS) == -signal.SIGKILL


def children() -> list[int]:
    """Forked children: they have the nursery's command and a parent that has it, too."""
    found = processes("bulkorders.workbook.nursery")
    return [number for number in found if _parent(number) in found]


def _parent(number: int) -> int:
    try:
        return int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def test_a_fault_of_one_child_is_not_another_ones(nursery: Nursery) -> None:
    """Each ends with its own code: what is no task is a bug of ours, told by its place."""
    codes = [told(nursery.fork(dict(os.environ)), b'{"task": "no", "memory": 4294967296, "seconds": 5}')[0] for _ in range(3)]
    assert codes == [70, 70, 70]


def test_a_nursery_that_has_ended_is_started_again() -> None:
    """It ends by itself when nobody asks; its folder goes with it."""
    nursery = Nursery(idle_seconds=0.2)
    for _ in range(2):
        with nursery.fork(dict(os.environ)) as child:
            child.kill()
            child.wait(SECONDS)
        wait_until(lambda: not Path(nursery._address).parent.exists())


def test_nurseries_that_have_ended_leave_nothing_behind() -> None:
    """A server starts one after each quiet half minute: over the years no process and no open file of theirs is kept."""
    counts = []
    for _ in range(4):
        nursery = Nursery(idle_seconds=0.2)
        with nursery.fork(dict(os.environ)) as child:
            child.kill()
            child.wait(SECONDS)
        wait_until(lambda: ended() and not Path(nursery._address).parent.exists())  # noqa: B023  # waited for at once
        counts.append((len(ended()), len(list(Path("/proc/self/fd").iterdir()))))
    assert len(set(counts)) == 1, counts


def ended() -> list[int]:
    """Children of this process that were not reaped yet."""
    found = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    return [number for number in map(int, found) if Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"]


def test_several_files_are_checked_at_once(tmp_path: Path) -> None:
    """Each in a child of its own, whichever thread asks."""
    write_blank(CARTONS, tmp_path / "blank.xlsx")
    with ThreadPoolExecutor(4) as workers:
        found = list(workers.map(lambda _: check_workbook(tmp_path / "blank.xlsx", [], template_modules()), range(4)))
    assert [[checked.refused is not None for checked in each] for each in found] == [[True]] * 4


def test_nothing_is_left_when_the_parent_is_killed() -> None:
    """Neither the nursery nor a child that is at work."""
    program = (
        "import os, sys, time\n"
        "from bulkorders.workbook.nursery import Nursery\n"
        "nursery = Nursery(idle_seconds=600)\n"
        "child = nursery.fork(dict(os.environ))\n"
        "print(nursery._address, flush=True)\n"
        "time.sleep(600)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    address = parent.stdout.readline().strip()
    wait_until(lambda: len(processes(address)) == 2)
    parent.kill()
    parent.communicate()
    wait_until(lambda: not processes(address))


def test_a_child_without_its_nursery_ends_and_is_told_as_killed(nursery: Nursery) -> None:
    """Whoever kills the nursery, for want of memory say, leaves no child that nobody waits for."""
    with nursery.fork(dict(os.environ)) as child:
        (keeper,) = [number for number in processes(nursery._address) if number not in children()]
        os.kill(keeper, signal.SIGKILL)
        assert child.wait(SECONDS) == -signal.SIGKILL
    wait_until(lambda: not processes(nursery._address))


def test_without_a_temporary_folder_no_workbook_is_to_blame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As under a service that may write nowhere: it is said as what it is."""
    book = tmp_path / "a.xlsx"
    write_blank(CARTONS, book)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(SettingsError, match="临时文件夹"):
        check_workbook(book, [], template_modules())
