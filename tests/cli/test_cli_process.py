"""The program as a process: what it imports, what it leaves behind, how it stops."""

import os
import signal
import subprocess
import sys
import time

import pytest
from desk import Desk, make_bare, make_desk  # noqa: F401  # fixtures
from foreign import CREATE, SECRET, Foreign, Slow, line, serve

HEAVY = ("pandas", "pandera", "openpyxl", "httpx", "sqlalchemy", "rich", "numpy", "pydantic", "alembic", "fastapi", "uvicorn", "jinja2")
WATCHED = """
import atexit, sys
def said(names={names!r}):
    print("imported:", *(name for name in names if name in sys.modules), file=sys.stderr)
atexit.register(said)
from bulkorders.cli import main
main({arguments!r})
"""


def imported(at: Desk, *arguments: str, names: tuple[str, ...] = HEAVY) -> list[str]:
    """Which of these a run has imported by its end."""
    code = WATCHED.format(names=names, arguments=list(arguments))
    ran = subprocess.run([sys.executable, "-c", code], cwd=at.folder, env=at.environment, capture_output=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    return ran.stderr.decode().rpartition("imported:")[2].split()


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["submit", "--help"], ["serve", "--help"], []])
def test_help_is_quick(bare: Desk, arguments: list[str]) -> None:
    """Help and version import click alone."""
    assert imported(bare, *arguments) == []


def test_the_journal_is_read_without_pandas(desk: Desk) -> None:
    """`status`, `resume`, `results` and the parent of `check` do not import what only the child needs."""
    batch = desk.submit(desk.write("a.xlsx", [line("A-1")]), code=0).one["batch"]
    for arguments in (["status", "--json"], ["resume", batch], ["results", batch, "-o", "again.xlsx"], ["check", "a.xlsx"]):
        assert imported(desk, *arguments, names=("pandas", "pandera", "numpy", "openpyxl")) == [], arguments


def test_the_sandbox_needs_nothing_and_leaves_nothing(bare: Desk) -> None:
    """A try-out needs no settings, writes results that are marked as a test, and no journal."""
    bare.write("orders.xlsx", [line("A-1"), line("A-2")])
    ran = bare.run("submit", "--json", "--sandbox", "orders.xlsx", code=0)
    assert ran.fates == {"A-1": "created", "A-2": "created"}
    assert ran.one["results"] == "orders_测试结果.xlsx"
    assert (bare.folder / "orders_测试结果.xlsx").is_file()
    assert not (bare.folder / "orders_结果.xlsx").exists()
    assert [path for path in (bare.folder / "home").rglob("*") if path.is_file()] == []
    again = bare.run("submit", "--sandbox", "orders.xlsx", code=0)
    assert "已创建（测试） 2" in again.out


@pytest.mark.parametrize("seconds", [2.0, pytest.param(60.0, marks=pytest.mark.slow)])
def test_an_interrupt_keeps_everything(desk: Desk, seconds: float) -> None:
    """Ctrl-C in a slow call: exit 130 within 10 s, the object printed, the call's order created or in doubt, the rest unsent."""
    desk.foreign.answers["A-2"] = [Slow(seconds)]
    book = desk.write("a.xlsx", [line(f"A-{number}") for number in range(1, 5)])
    process = desk.start("submit", "--json", book)
    while desk.foreign.calls[CREATE] < 2:
        time.sleep(0.02)
        assert process.poll() is None
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    at = time.monotonic()
    ran = desk.finish(process, 130)
    assert time.monotonic() - at < 10
    fates = list(ran.fates.values())
    assert fates == ["created", "created" if seconds < 8 else "in_doubt", "unsent", "unsent"]

    if seconds > 8:
        desk.foreign.forgive()
    resumed = desk.resume(code=0 if seconds < 8 else 5)
    assert list(resumed.fates.values()) == [*fates[:2], "created", "created"]
    assert desk.foreign.tried() == {f"A-{number}": 1 for number in range(1, 5)}


def test_a_held_account_is_left_to_its_holder(desk: Desk) -> None:
    """With `--no-wait` a second process leaves its orders to the holder and says who that is; `resume` finds them sent or sends them."""
    desk.foreign.answers["A-1"] = [Slow(6.0)]
    holder = desk.start("submit", "--json", desk.write("a.xlsx", [line("A-1")]))
    while not desk.foreign.calls[CREATE]:
        time.sleep(0.02)
        assert holder.poll() is None
    ran = desk.submit("--no-wait", desk.write("b.xlsx", [line("B-1")]), code=5)
    assert ran.fates == {"B-1": "unsent"}
    (account,) = ran.one["accounts"]
    assert account["holder"]["pid"] == holder.pid
    desk.finish(holder, 0)
    desk.resume(code=0)
    assert sorted(desk.foreign.sent()) == ["A-1", "B-1"]
    assert str(holder.pid) in ran.err + str(ran.one["outcomes"][0]["message"])  # people are told, too


@pytest.mark.slow
def test_an_interrupt_of_two_accounts_is_as_quick(desk: Desk) -> None:
    """Slow calls at two accounts: still 10 s until the run has ended."""
    other = Foreign(app_id="ak_other00000000", answers={"B-1": [Slow(60)]})
    desk.foreign.answers["A-1"] = [Slow(60)]
    with serve(other) as url:
        main = {"provider": "lingxing", "base_url": desk.url, "app_id": desk.foreign.app_id, "app_secret": SECRET, "stores": ["one"]}
        desk.configure_all({"main": main, "other": {**main, "base_url": url, "app_id": other.app_id, "stores": ["two"]}})
        process = desk.start("submit", "--json", desk.write("a.xlsx", [line("A-1", 店铺名="one"), line("B-1", 店铺名="two")]))
        while not (desk.foreign.calls[CREATE] and other.calls[CREATE]):
            time.sleep(0.02)
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        at = time.monotonic()
        ran = desk.finish(process, 130)
        assert time.monotonic() - at < 10
        assert ran.fates == {"A-1": "in_doubt", "B-1": "in_doubt"}


@pytest.mark.parametrize("how", ["closed pipe", "full disk", "no such stream"])
def test_a_broken_standard_error_stops_nothing(desk: Desk, how: str) -> None:
    """What is said there is a courtesy: all orders go out, the object is printed, the results are written, exit 0."""
    ear, mouth = os.pipe()
    os.close(ear)
    with open("/dev/full", "wb") as full, os.fdopen(mouth, "wb") as pipe:  # noqa: PTH123
        ran = subprocess.run(
            [*desk.command, "submit", "--json", str(desk.write("a.xlsx", [line(f"A-{number}") for number in range(3)]))],
            cwd=desk.folder, env=desk.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False, timeout=60,
            stderr=full if how == "full disk" else pipe, preexec_fn=(lambda: os.close(2)) if how == "no such stream" else None,
        )  # fmt: skip
    assert ran.returncode == 0
    assert b'"created":3' in ran.stdout
    assert len(desk.foreign.sent()) == 3
    assert (desk.folder / "a_结果.xlsx").is_file()


def test_a_reader_that_stops_reading_does_no_harm(desk: Desk) -> None:
    """`| head -0`: no traceback; the orders went out all the same."""
    process = desk.start("submit", "--json", desk.write("a.xlsx", [line("A-1")]))
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr:
        said = process.stderr.read().decode()
    process.wait(60)
    assert "Traceback" not in said
    assert "Error" not in said
    assert desk.foreign.sent() == ["A-1"]


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_a_gigabyte_of_memory_is_enough(desk: Desk) -> None:
    """F25: under `ulimit -v` the workbook's reader asks for no more than it may have, and the orders go out."""
    desk.write("a.xlsx", [line(f"A-{number}") for number in range(20)])
    command = f"ulimit -v 1048576; exec {' '.join(desk.command)} submit --json a.xlsx"
    ran = subprocess.run(["bash", "-c", command], cwd=desk.folder, env=desk.environment, capture_output=True, check=False, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert len(desk.foreign.sent()) == 20
