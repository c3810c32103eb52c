"""A person's hand on an account: paused, unpaused, taken away from a process that is frozen; and who waits for whom."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import CREATE, Slow, line
from shapes import assert_sentence


def numbers(prefix: str, count: int) -> list[str]:
    """Some order numbers."""
    return [f"{prefix}-{number}" for number in range(count)]


def until_called(desk: Desk, process: subprocess.Popen[bytes], creates: int) -> None:
    """Waits until the process has made so many creates."""
    while desk.foreign.calls[CREATE] < creates:
        time.sleep(0.02)
        assert process.poll() is None


@contextmanager
def frozen(desk: Desk, book: Path, creates: int) -> Iterator["subprocess.Popen[bytes]"]:
    """A submit that the system has stopped in the middle of a create: it keeps its gate and shows nothing."""
    process = desk.start("submit", "--json", book)
    try:
        until_called(desk, process, creates)
        time.sleep(0.1)
        os.kill(process.pid, signal.SIGSTOP)
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_paused_account_sends_nothing_until_it_is_unpaused(desk: Desk) -> None:
    """`submit` and `resume` end with exit 5 and a sentence, nothing is created, the list shows it; then `resume` sends all."""
    assert "暂停" in desk.run("accounts", "pause", "main", code=0).out
    book = desk.write("a.xlsx", [line("A-1"), line("A-2")])
    ran = desk.submit(book, code=5)
    resumed = desk.resume(code=5)
    for each in (ran, resumed):
        assert set(each.fates.values()) == {"unsent"}
        assert "accounts unpause" in each.said
        for outcome in each.one["outcomes"]:
            assert_sentence(outcome["message"])
            assert "accounts unpause" in outcome["message"]
    assert desk.foreign.calls[CREATE] == 0
    assert "已暂停" in desk.run("accounts", code=0).out
    assert "没有账号" in desk.run("accounts", "pause", "nobody", code=2).said

    desk.run("accounts", "unpause", "main", code=0)
    assert "已暂停" not in desk.run("accounts", "list", code=0).out
    assert set(desk.resume(code=0).fates.values()) == {"created"}


def test_a_run_at_work_stops_when_its_account_is_paused(desk: Desk) -> None:
    """Within about two seconds, the call in flight answered and told; after `unpause` the rest goes out, each order once."""
    desk.foreign.delay = 0.3
    names = numbers("A", 60)
    process = desk.start("submit", "--json", desk.write("a.xlsx", [line(name) for name in names]))
    until_called(desk, process, 3)
    desk.run("accounts", "pause", "main", code=0)
    at, before = time.monotonic(), desk.foreign.calls[CREATE]
    while desk.foreign.calls[CREATE] - before < 20 and process.poll() is None:
        time.sleep(0.05)
    took = time.monotonic() - at
    ran = desk.finish(process, 5)
    assert took < 5  # the results are among it
    assert desk.foreign.calls[CREATE] - before <= 2.2 / desk.foreign.delay
    fates = list(ran.fates.values())
    sent = fates.count("created")
    assert fates == ["created"] * sent + ["unsent"] * (60 - sent)
    assert desk.foreign.sent() == names[:sent]
    assert "accounts unpause" in ran.err

    desk.foreign.delay = 0
    desk.run("accounts", "unpause", "main", code=0)
    assert set(desk.resume(code=0).fates.values()) == {"created"}
    assert desk.foreign.sent() == names


def test_a_run_that_waits_for_a_busy_remote_stops_when_its_account_is_paused(desk: Desk) -> None:
    """It is not sent one order more, though the remote was asked for patience for longer than a person waits."""
    desk.foreign.busy = 10**6
    process = desk.start("submit", "--json", desk.write("a.xlsx", [line("A-1"), line("A-2")]))
    until_called(desk, process, 4)
    desk.run("accounts", "pause", "main", code=0)
    time.sleep(1.5)
    before = desk.foreign.calls[CREATE]
    at = time.monotonic()
    ran = desk.finish(process, 5)
    assert time.monotonic() - at < 4
    assert desk.foreign.calls[CREATE] == before
    assert "accounts unpause" in ran.one["outcomes"][0]["message"]


def test_a_frozen_process_is_ended_by_a_person_and_its_order_settled(desk: Desk) -> None:
    """Others say who holds the account; `release` ends him only with `--force` while he may be at work, and never on another host."""
    desk.configure(settle_seconds=0.5)
    desk.foreign.answers["A-1"] = [Slow(0.5, given_up=True)]
    book = desk.write("a.xlsx", [line(name) for name in numbers("A", 4)])
    assert "没有被占用" in desk.run("accounts", "release", "main", code=0).out
    with frozen(desk, book, 2) as process:
        listed = desk.run("accounts", code=0).out
        assert f"进程 {process.pid}" in listed
        ran = desk.submit("--no-wait", desk.write("b.xlsx", [line("B-1")]), code=5)
        assert ran.one["accounts"][0]["holder"]["pid"] == process.pid
        assert str(process.pid) in ran.said
        assert socket.gethostname() in ran.said

        refused = desk.run("accounts", "release", "main", code=2)
        assert str(process.pid) in refused.said
        assert "--force" in refused.said
        (told,) = desk.folder.rglob("gate-*.json")
        here = told.read_text(encoding="utf-8")
        told.write_text(json.dumps({**json.loads(here), "host": "elsewhere"}), encoding="utf-8")
        assert "elsewhere" in desk.run("accounts", "release", "main", "--force", code=2).said
        told.write_text(here, encoding="utf-8")
        assert process.poll() is None

        released = desk.run("accounts", "release", "main", "--force", code=0)
        assert "resume" in released.out
        assert process.wait(10) == -signal.SIGKILL
    desk.foreign.forgive()
    resumed = desk.resume(code=0)
    assert resumed.fates == {**dict.fromkeys(numbers("A", 4), "created"), "B-1": "created"}
    assert desk.foreign.tried() == dict.fromkeys([*numbers("A", 4), "B-1"], 1)


@pytest.mark.slow
def test_who_waits_for_a_frozen_process_ends_and_says_so(desk: Desk) -> None:
    """After `read_timeout` + 10 s + `settle_seconds` without a sign: exit 5, the holder named, nothing sent; `release` needs no force."""
    desk.configure(read_timeout=0.5, settle_seconds=0.5)
    desk.foreign.answers["A-1"] = [Slow(0.2, given_up=True)]
    with frozen(desk, desk.write("a.xlsx", [line(name) for name in numbers("A", 3)]), 2) as process:
        at = time.monotonic()
        ran = desk.submit(desk.write("b.xlsx", [line("B-1")]), code=5)
        assert 11 <= time.monotonic() - at < 30
        assert ran.fates == {"B-1": "unsent"}
        assert ran.one["accounts"][0]["holder"]["pid"] == process.pid
        assert ran.err.count(f"进程 {process.pid}") == 2  # whom he waits for, and that he waits no longer
        assert "accounts release main" in ran.err
        assert desk.foreign.tried()["B-1"] == 0
        desk.run("accounts", "release", "main", code=0)
        assert process.wait(10) == -signal.SIGKILL
    desk.foreign.forgive()
    assert set(desk.resume(code=0).fates.values()) == {"created"}
    assert desk.foreign.tried() == dict.fromkeys([*numbers("A", 3), "B-1"], 1)


@pytest.mark.slow
def test_a_process_that_wakes_up_goes_on(desk: Desk) -> None:
    """Frozen for longer than anybody waits, then continued: its own call is settled, the rest goes out, nothing is there twice."""
    desk.configure(read_timeout=1, settle_seconds=0.5)
    desk.foreign.answers["A-1"] = [Slow(0.2, given_up=True)]
    names = numbers("A", 3)
    process = desk.start("submit", "--json", desk.write("a.xlsx", [line(name) for name in names]))
    until_called(desk, process, 2)
    os.kill(process.pid, signal.SIGSTOP)
    try:
        desk.submit(desk.write("b.xlsx", [line("B-1"), line("A-2")]), code=5)
    finally:
        os.kill(process.pid, signal.SIGCONT)
    assert set(desk.finish(process, 0).fates.values()) == {"created"}
    assert set(desk.resume(code=0).fates.values()) <= {"created"}  # unless who woke up has sent it already
    assert sorted(desk.foreign.sent()) == [*names, "B-1"]
