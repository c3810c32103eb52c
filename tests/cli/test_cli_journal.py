"""`bulkorders journal`: copied while a submit runs, looked through, and never made by looking."""

import hashlib
import os
import shutil
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest
from desk import Desk, Ran, make_bare, make_desk  # noqa: F401  # fixtures
from foreign import CREATE, Slow, line
from shapes import assert_sentence


def journal_of(desk: Desk) -> Path:
    """Where the desk's journal lies."""
    return desk.folder / "home" / "data" / "bulkorders" / "journal.db"


def refused(ran: Ran, *names: str) -> None:
    """Exit 2, nothing on standard output, one sentence that names these."""
    assert (ran.code, ran.out) == (2, ""), ran
    assert_sentence(ran.said)
    for name in names:
        assert name in ran.said, ran.said


def statuses(journal: Path) -> list[str]:
    """What the orders of a journal stand at."""
    with closing(sqlite3.connect(journal)) as connection:
        return [status for (status,) in connection.execute("SELECT status FROM orders ORDER BY id")]


def test_a_backup_is_made_while_a_submit_runs(desk: Desk) -> None:
    """It has the orders as they stood then, and all that is needed to write their results; the submit goes on as if nothing was."""
    desk.foreign.answers["A-2"] = [Slow(4.0)]
    running = desk.start("submit", "--json", desk.write("a.xlsx", [line(f"A-{number}") for number in range(1, 4)]))
    while desk.foreign.calls[CREATE] < 2:
        time.sleep(0.02)
        assert running.poll() is None
    said = desk.run("journal", "backup", "copy.db", code=0).out
    assert running.poll() is None
    assert statuses(desk.folder / "copy.db") == ["created", "sending", "pending"]
    assert "copy.db：1 个批次，3 单" in said
    assert "保留的表格 1 份" in said
    assert list(desk.finish(running, 0).fates.values()) == ["created"] * 3

    shutil.rmtree(journal_of(desk).parent)
    (batch,) = (found["batch"] for found in desk.run("status", "--json", "--journal", "copy.db", code=0).lines)
    desk.run("results", batch, "-o", "again.xlsx", "--journal", "copy.db", code=0)
    assert (desk.folder / "again.xlsx").is_file()
    found = desk.run("journal", "check", "--json", "--journal", "copy.db", code=0).one
    assert (found["problems"], found["orders"]["sending"]) == ([], 1)
    assert "备份" in found["incomplete"]


def test_a_journal_in_order(desk: Desk) -> None:
    """Exit 0: counted by fate, for people and for programs."""
    desk.submit(desk.write("a.xlsx", [line("A-1"), line("A-2"), line("A-3", 发货量=0)]), code=4)
    told = desk.run("journal", "check", code=0).out.splitlines()
    assert told == ["1 个批次，2 单", "  已创建 2", "流水账没有问题。"]
    assert "in order" in desk.run("journal", "check", "--lang", "en", code=0).out
    found = desk.run("journal", "check", "--json", code=0).one
    assert list(found) == ["journal", "batches", "orders", "incomplete", "problems"]
    counts = dict.fromkeys(("pending", "sending", "created", "accepted", "rejected", "in_doubt"), 0)
    assert found == {"journal": str(journal_of(desk)), "batches": 1, "orders": {**counts, "created": 2}, "incomplete": None, "problems": []}


def test_each_problem_is_told_and_the_exit_code_is_2(desk: Desk) -> None:
    """An order that somebody has changed in the journal, and a file that is gone."""
    desk.submit(desk.write("a.xlsx", [line("A-1"), line("A-2")]), code=0)
    with closing(sqlite3.connect(journal_of(desk))) as connection:
        connection.execute("UPDATE orders SET payload = CAST('{}' AS BLOB) WHERE display = 'A-2'")
        connection.commit()
    for path in journal_of(desk).with_name("journal.db.files").glob("*.xlsx"):
        path.unlink()
    _, _, *told = desk.run("journal", "check", code=2).out.splitlines()
    assert len(told) == 2
    for sentence in told:
        assert_sentence(sentence)
    assert "A-2" in told[0]
    assert desk.run("journal", "check", "--json", code=2).one["problems"] == told


def test_a_damaged_journal_is_refused(desk: Desk) -> None:
    """By every command, in one sentence, and it is left as it is; nothing is sent."""
    book = desk.write("a.xlsx", [line("A-1")])
    desk.submit(book, code=0)
    content = bytearray(journal_of(desk).read_bytes())
    content[8192:16384] = b"\xa5" * 8192
    journal_of(desk).write_bytes(content)
    for arguments in (["check"], ["check", "--json"], ["backup", "copy.db"]):
        refused(desk.run("journal", *arguments), "损坏")
    refused(desk.run("submit", desk.write("b.xlsx", [line("B-1")])), "损坏")
    assert journal_of(desk).read_bytes() == content
    assert not list(desk.folder.glob("copy*"))
    assert desk.foreign.sent() == ["A-1"]


@pytest.mark.parametrize("arguments", [["check"], ["backup", "copy.db"]])
def test_a_journal_that_is_not_there_is_not_made(bare: Desk, arguments: list[str]) -> None:
    """An empty one would be in order, and a copy of it would look like a backup."""
    refused(bare.run("journal", *arguments, "--journal", "gone.db"), "gone.db")
    assert [path.name for path in bare.folder.iterdir()] == []


def test_a_backup_never_replaces_a_file(desk: Desk) -> None:
    """Neither an earlier backup, nor the journal itself."""
    desk.submit(desk.write("a.xlsx", [line("A-1")]), code=0)
    desk.run("journal", "backup", "copy.db", code=0)
    before = (desk.folder / "copy.db").read_bytes()
    refused(desk.run("journal", "backup", "copy.db"), "copy.db")
    refused(desk.run("journal", "backup", journal_of(desk)), "journal.db")
    assert (desk.folder / "copy.db").read_bytes() == before


@pytest.mark.skipif(os.name != "posix", reason="limits of Unix")
@pytest.mark.parametrize("kilobytes", [40, 400])
def test_a_backup_without_space_leaves_nothing(desk: Desk, kilobytes: int) -> None:
    """No room for the journal, or for the files beside it: one sentence, and no half copy that looks like a whole one."""
    book = desk.write("a.xlsx", [line("A-1")])
    desk.submit(book, code=0)
    content_hash = hashlib.sha256(book.read_bytes()).hexdigest()
    journal_of(desk).with_name("journal.db.files").joinpath(f"{content_hash}.xlsx").write_bytes(bytes(1_000_000))
    before = sorted(desk.folder.iterdir())
    command = f"ulimit -f {kilobytes}; exec {' '.join(desk.command)} journal backup copy.db"
    ran = subprocess.run(["bash", "-c", command], cwd=desk.folder, env=desk.environment, capture_output=True, text=True, check=False)
    refused(Ran(ran.returncode, ran.stdout, ran.stderr), "copy.db")
    assert sorted(desk.folder.iterdir()) == before
