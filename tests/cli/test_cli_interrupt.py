"""Ctrl-C, SIGTERM, the end of a session, whenever they come: the program ends in time, tells what became of the orders, and loses none."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from desk import Desk, Ran, make_desk  # noqa: F401  # a fixture
from foreign import CREATE, STORES, Slow, line

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="children are found in /proc")
NAMES = [f"A-{number}" for number in range(4)]


def children(desk: Desk, process: subprocess.Popen[bytes]) -> list[int]:
    """The processes that work for it: in its folder, whoever has forked them."""
    return [int(path.name) for path in Path("/proc").glob("[0-9]*") if int(path.name) != process.pid and _folder(path) == desk.folder]


def _folder(process: Path) -> Path | None:
    try:
        return (process / "cwd").readlink()
    except OSError:  # it has ended
        return None


def until(process: subprocess.Popen[bytes], happens: Callable[[], object]) -> None:
    """Waits for a moment of a process at work."""
    while not happens():
        assert process.poll() is None
        time.sleep(0.005)


def interrupt(desk: Desk, process: subprocess.Popen[bytes], number: signal.Signals, seconds: float = 10, code: int | None = 130) -> Ran:
    """Signals the process and all that it has started, as a terminal and a service manager do; it must end with 130, and soon."""
    for child in children(desk, process):
        os.kill(child, number)
    os.killpg(process.pid, number)
    at = time.monotonic()
    ran = desk.finish(process, code)
    assert time.monotonic() - at < seconds
    return ran


def start(desk: Desk, *options: str) -> "subprocess.Popen[bytes]":
    """A submit of four orders."""
    return desk.start("submit", *options, desk.write("a.xlsx", [line(name) for name in NAMES]))


def assert_told(desk: Desk, ran: Ran) -> None:
    """The object was printed, and the results workbook is there and says the same."""
    words = {"created": "已创建", "in_doubt": "待核实", "unsent": "未发送"}
    sheet = openpyxl.load_workbook(desk.folder / "a_结果.xlsx")["Sheet"]
    heading, *rows = sheet.iter_rows(values_only=True)
    shown = {row[heading.index("订单号")]: row[heading.index("提交状态")] for row in rows}
    assert shown == {order: words[fate] for order, fate in ran.fates.items()}
    assert ran.one["results"] == str(desk.folder / "a_结果.xlsx")


def assert_all_created_once(desk: Desk) -> None:
    """`resume` goes on, and in the end each order is there once."""
    desk.foreign.forgive()
    assert set(desk.resume(code=0).fates.values()) <= {"created"}
    assert sorted(desk.foreign.sent()) == NAMES
    assert desk.foreign.tried() == dict.fromkeys(NAMES, 1)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_before_a_batch_exists_nothing_is_left(desk: Desk, number: signal.Signals) -> None:
    """While the workbook is read, or the remote is asked about stores: no order sent, no draft, a word that it was interrupted."""
    if number is signal.SIGINT:
        process = desk.start("submit", "--json", desk.write("a.xlsx", [line(f"A-{order}") for order in range(3000)]))
        until(process, lambda: children(desk, process))
        time.sleep(0.2)
    else:
        desk.foreign.always[STORES] = Slow(20)
        process = start(desk, "--json")
        until(process, lambda: desk.foreign.calls[STORES])
    ran = interrupt(desk, process, number, 3)
    assert ran.out == ""
    assert ran.said == "已中断。"
    assert desk.foreign.calls[CREATE] == 0
    assert desk.run("status", "--json", code=0).out == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_between_orders_what_is_in_flight_is_finished(desk: Desk, number: signal.Signals) -> None:
    """The call at hand is answered and told, the rest is unsent, the results are written; `resume` sends the rest."""
    desk.foreign.delay = 0.4
    process = start(desk, "--json")
    until(process, lambda: desk.foreign.calls[CREATE] == 2)
    ran = interrupt(desk, process, number)
    assert list(ran.fates.values()) == ["created"] * 2 + ["unsent"] * 2
    assert_told(desk, ran)
    assert_all_created_once(desk)


@pytest.mark.parametrize(("number", "seconds"), [(signal.SIGINT, 0.0), (signal.SIGTERM, 0.1), (signal.SIGHUP, 0.2)])
def test_while_results_are_written_they_are_written_to_their_end(desk: Desk, number: signal.Signals, seconds: float) -> None:
    """All orders are created and their results half written: the object and the workbook still come, and the exit code is 130."""
    book = openpyxl.load_workbook(desk.write("a.xlsx", [line(name) for name in NAMES]))
    memo = book.create_sheet("备忘")
    for row in range(20_000):  # which makes it long to write
        memo.append([f"记录 {row}"] * 8)
    book.save(desk.folder / "a.xlsx")
    process = desk.start("submit", "--json", desk.folder / "a.xlsx")
    until(process, lambda: desk.foreign.calls[CREATE] == len(NAMES) and children(desk, process))
    time.sleep(seconds)
    ran = interrupt(desk, process, number)
    assert list(ran.fates.values()) == ["created"] * 4
    assert_told(desk, ran)
    assert desk.resume(code=0).out == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_after_all_was_told_nothing_changes(desk: Desk, number: signal.Signals) -> None:
    """The object stands on stdout, the process is ending: it ends as it would have, or as interrupted, never as killed."""
    process = start(desk, "--json")
    assert process.stdout is not None
    said = process.stdout.readline()
    ran = interrupt(desk, process, number, code=None)
    assert ran.code in (0, 130)
    assert b'"created":4' in said


@pytest.mark.slow
def test_a_call_that_hangs_is_left_in_doubt(desk: Desk) -> None:
    """The remote takes the order and does not answer: 130 within ten seconds, the order in doubt; `resume` finds it there."""
    desk.configure(settle_seconds=0.5)
    desk.foreign.answers[NAMES[1]] = [Slow(40, given_up=True)]
    process = start(desk, "--json")
    until(process, lambda: desk.foreign.calls[CREATE] == 2)
    ran = interrupt(desk, process, signal.SIGTERM)
    assert list(ran.fates.values()) == ["created", "in_doubt", "unsent", "unsent"]
    assert_told(desk, ran)
    assert_all_created_once(desk)


@pytest.mark.slow
def test_a_call_that_hangs_leaves_a_large_batch_its_results(desk: Desk) -> None:
    """Three thousand orders, whose results take seconds to be written: the call is waited for the shorter, ten seconds hold."""
    names = [f"A-{number}" for number in range(3000)]
    desk.foreign.answers[names[1]] = [Slow(40, given_up=True)]
    process = desk.start("submit", "--json", desk.write("a.xlsx", [line(name) for name in names]))
    until(process, lambda: desk.foreign.calls[CREATE] == 2)
    ran = interrupt(desk, process, signal.SIGTERM)
    assert list(ran.fates.values()) == ["created", "in_doubt", *["unsent"] * 2998]
    assert_told(desk, ran)


@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_a_second_interrupt_changes_nothing(desk: Desk, seconds: float) -> None:
    """An impatient person, `timeout`, a service manager: the call in flight is still answered, the object and the workbook come."""
    desk.foreign.delay = 1.5
    process = start(desk, "--json")
    until(process, lambda: desk.foreign.calls[CREATE] == 2)
    process.send_signal(signal.SIGTERM)
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    ran = interrupt(desk, process, signal.SIGTERM)
    assert list(ran.fates.values()) == ["created"] * 2 + ["unsent"] * 2
    assert_told(desk, ran)


def test_a_signal_that_was_turned_off_ends_nothing(desk: Desk) -> None:
    """`nohup`, a shell that starts in the background: the terminal closes, and the run goes on to its end."""
    desk.foreign.delay = 0.3
    book = desk.write("a.xlsx", [line(name) for name in NAMES])
    process = subprocess.Popen(
        [*desk.command, "submit", "--json", str(book)], cwd=desk.folder, env=desk.environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN),
    )  # fmt: skip
    until(process, lambda: desk.foreign.calls[CREATE] == 2)
    process.send_signal(signal.SIGHUP)
    assert list(desk.finish(process, 0).fates.values()) == ["created"] * 4


def test_while_it_waits_it_ends_at_once(desk: Desk) -> None:
    """A remote that is busy, and a merchant who reads words: told that it was interrupted, and how to go on."""
    desk.foreign.busy = 10**6
    process = start(desk)
    until(process, lambda: desk.foreign.calls[CREATE] >= 3)
    ran = interrupt(desk, process, signal.SIGINT, 4)
    assert "未发送 4" in ran.out
    assert "bulkorders resume" in ran.err
    desk.foreign.busy = 0
    assert_all_created_once(desk)
