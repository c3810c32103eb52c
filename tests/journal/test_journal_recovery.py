"""A journal that is gone, older, another one, torn by a power cut, damaged by a disk, or held by somebody else."""

import random
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from making import GATE, NOW, draft, submit
from sqlalchemy import event, select

from bulkorders.core.order import Status
from bulkorders.core.words import Words
from bulkorders.errors import JournalError
from bulkorders.journal.backup import COPIED, back_up
from bulkorders.journal.journal import Journal, open_journal
from bulkorders.journal.queue import claim, settle
from bulkorders.journal.records import Settled
from bulkorders.journal.side import GONE, LOOSE, OLDER
from bulkorders.journal.tables import metadata, orders
from bulkorders.journal.views import list_batches

DB, LOG, SIDE = "journal.db", "journal.db-wal", "journal.db.side"


@contextmanager
def opened(folder: Path) -> Iterator[Journal]:
    """The journal of a folder, closed at the end."""
    journal = open_journal(str(folder / DB))
    try:
        yield journal
    finally:
        journal.close()


def add(folder: Path, name: str, orders_: int = 2) -> None:
    """A process that submits a batch and ends."""
    with opened(folder) as journal:
        submit(journal, name, *(draft(f"{name}-{number}") for number in range(orders_)))


def told(folder: Path) -> tuple[Words | None, bool]:
    """Why the journal may not know all orders, and whether that was found now."""
    with opened(folder) as journal:
        return journal.incomplete, journal.noticed


# -- gone, older, another one ------------------------------------------------------------------------------------------------


def delete(folder: Path) -> None:
    """Somebody has deleted the journal."""
    (folder / DB).unlink()


def roll_back(folder: Path) -> None:
    """Somebody has put yesterday's copy in its place."""
    shutil.copy(folder / DB, folder / "yesterday")
    add(folder, "b2")
    (folder / "yesterday").replace(folder / DB)


def replace_by_another(folder: Path) -> None:
    """Somebody has put the journal of another machine in its place, which knows more orders."""
    (folder / "other").mkdir()
    add(folder / "other", "b9", 20)
    (folder / "other" / DB).replace(folder / DB)


def garble(content: bytes) -> Callable[[Path], None]:
    """The side file holds something else."""

    def change(folder: Path) -> None:
        (folder / SIDE).write_bytes(content)

    return change


CHANGES: dict[str, tuple[Callable[[Path], None], Words]] = {
    "deleted": (delete, GONE),
    "rolled back": (roll_back, OLDER),
    "another one": (replace_by_another, GONE),
    "side file empty": (garble(b""), GONE),
    "side file cut": (garble(b"0123"), GONE),
    "side file garbled": (garble(b"\xff\x00\xfe" * 18), GONE),
    "side file without a number": (garble(b"0" * 32 + b" soon\n"), GONE),
}


@pytest.mark.parametrize(("change", "why"), CHANGES.values(), ids=CHANGES)
def test_a_journal_that_lacks_orders_is_noticed_once_and_stays_incomplete(tmp_path: Path, change: Any, why: Words) -> None:
    """It is opened, since results and new orders need it; it says that it is incomplete then and for ever after."""
    add(tmp_path, "b1")
    change(tmp_path)
    assert told(tmp_path) == (why, True)
    assert told(tmp_path) == (why, False)
    add(tmp_path, "b3")
    assert told(tmp_path) == (why, False)


def test_a_new_journal_in_an_empty_place_is_complete(tmp_path: Path) -> None:
    """Nothing was sent from there before, so nothing is lost; locks that were held for a moment say nothing else."""
    assert told(tmp_path) == (None, False)
    (tmp_path / DB).unlink()
    (tmp_path / SIDE).unlink()
    assert told(tmp_path) == (None, False)


def test_a_journal_without_its_side_file_is_incomplete(tmp_path: Path) -> None:
    """A plain copy put back looks like that: nothing tells whether orders were created since."""
    add(tmp_path, "b1")
    (tmp_path / SIDE).unlink()
    assert told(tmp_path) == (LOOSE, True)
    assert told(tmp_path) == (LOOSE, False)


@pytest.mark.parametrize("trace", ["0" * 64 + ".xlsx", "gate-0123456789abcdef0123.lock"])
def test_a_new_journal_where_another_one_lay_is_incomplete(tmp_path: Path, trace: str) -> None:
    """Journal and side file are gone, but a merchant's file or a gate's lock is left: orders were sent from there."""
    (tmp_path / f"{DB}.files").mkdir()
    (tmp_path / f"{DB}.files" / trace).touch()
    assert told(tmp_path) == (GONE, True)
    assert told(tmp_path) == (GONE, False)


def test_a_side_file_that_is_behind_is_no_alarm(tmp_path: Path) -> None:
    """It is never synced: after a power cut it is older than the journal."""
    add(tmp_path, "b1")
    before = (tmp_path / SIDE).read_bytes()
    add(tmp_path, "b2")
    (tmp_path / SIDE).write_bytes(before)
    assert told(tmp_path) == (None, False)
    assert (tmp_path / SIDE).read_bytes() != before


def test_a_backup_says_of_itself_that_it_is_incomplete(tmp_path: Path) -> None:
    """On a new machine nothing else would tell that orders were created since."""
    add(tmp_path, "b1")
    with opened(tmp_path) as journal:
        back_up(journal, tmp_path / "copy")
        assert journal.incomplete is None
    (tmp_path / "new").mkdir()
    (tmp_path / "copy").rename(tmp_path / "new" / DB)
    assert told(tmp_path / "new") == (COPIED, False)
    assert told(tmp_path) == (None, False)


def test_a_log_without_its_journal_is_refused(tmp_path: Path) -> None:
    """It would be taken for the log of a new journal; moved away as the sentence says, the journal is opened and is incomplete."""
    with opened(tmp_path) as journal:
        submit(journal, "b1", draft())
        shutil.copy(tmp_path / LOG, tmp_path / "log")
    (tmp_path / DB).unlink()
    (tmp_path / "log").rename(tmp_path / LOG)
    with pytest.raises(JournalError, match=LOG):
        open_journal(str(tmp_path / DB))
    assert not (tmp_path / DB).exists()
    (tmp_path / LOG).unlink()
    assert told(tmp_path) == (GONE, True)


# -- a power cut ---------------------------------------------------------------------------------------------------------------

SECTOR = 512


@pytest.fixture(name="cut")
def make_cut(tmp_path: Path) -> tuple[Path, int]:
    """Journal, log and side file as they are on the disk when the power fails in a commit: the folder, and where the commit begins."""
    add(tmp_path, "b1")
    folder = tmp_path / "cut"
    folder.mkdir()
    with opened(tmp_path) as journal:
        submit(journal, "b2", draft("b2-0"))
        begins = (tmp_path / LOG).stat().st_size
        shutil.copy(tmp_path / SIDE, folder)
        assert claim(journal, GATE, NOW) is not None
        for name in (DB, LOG):
            shutil.copy(tmp_path / name, folder)
    return folder, begins


def cut_off(log: bytes, at: int) -> bytes:
    """Nothing from there on was written."""
    return log[:at]


def zeros(log: bytes, at: int) -> bytes:
    """The file is as long as it should be, but was not filled from there on."""
    return log[:at] + bytes(len(log) - at)


def lost_sector(log: bytes, at: int) -> bytes:
    """All was written but this one sector, which holds something older."""
    return log[:at] + b"\xa5" * SECTOR + log[at + SECTOR :]


@pytest.mark.parametrize("tear", [cut_off, zeros, lost_sector], ids=lambda tear: str(tear.__name__))
def test_a_power_cut_loses_nothing_that_was_committed_before(cut: tuple[Path, int], tmp_path: Path, tear: Any) -> None:
    """F3: torn at each sector of the last commit it opens, is whole, complete, and has every earlier order."""
    folder, begins = cut
    log = (folder / LOG).read_bytes()
    for at in range(begins // SECTOR * SECTOR, len(log), SECTOR):
        torn = tmp_path / f"torn-{at}"
        shutil.copytree(folder, torn)
        (torn / LOG).write_bytes(tear(log, max(at, begins)))
        with opened(torn) as journal, journal.read() as connection:
            assert journal.incomplete is None
            found = connection.execute(select(orders.c.display, orders.c.status).order_by(orders.c.id)).all()
        assert found == [("b1-0", "pending"), ("b1-1", "pending"), ("b2-0", "pending")], at


def test_what_was_committed_is_there_after_a_power_cut(cut: tuple[Path, int]) -> None:
    """The whole log: the order that may have left stands at `sending`, though the side file does not know it yet."""
    with opened(cut[0]) as journal, journal.read() as connection:
        assert connection.execute(select(orders.c.status).order_by(orders.c.id)).scalars().all() == ["sending", "pending", "pending"]


# -- a disk that changes bytes -----------------------------------------------------------------------------------------------------

DECIDING = ("id", "identity", "revision", "gate", "status", "batch")
"""What decides whether an order is sent, and through which gate; beside its payload."""


@pytest.fixture(name="filled")
def make_filled(tmp_path: Path) -> Path:
    """The folder of a journal with orders of every status and payloads of some size, closed."""
    folder = tmp_path / "filled"
    folder.mkdir()
    ends = (Status.CREATED, Status.REJECTED, Status.IN_DOUBT, Status.ACCEPTED)
    with opened(folder) as journal:
        for name in ("b1", "b2", "b3"):
            submit(journal, name, *(draft(f"{name}-{number}", f"content {number} " * 20) for number in range(8)))
        for number in range(12):
            order = claim(journal, GATE, NOW)
            assert order is not None
            settle(journal, order, Settled(ends[number % 4], NOW, "0", Words("话。", "Words."), "r.1"), GATE, go_on=False)
    return folder


def read_all(journal: Journal) -> list[Any]:
    """Reads every row of every table; gives what decides of each order."""
    with journal.read() as connection:
        for table in metadata.sorted_tables:
            connection.execute(select(table)).all()
        return list(connection.execute(select(*(orders.c[name] for name in DECIDING)).order_by(orders.c.id)))


def payloads(journal: Journal) -> dict[int, bytes]:
    """The frozen bytes of each order."""
    with journal.read() as connection:
        return {row.id: row.payload for row in connection.execute(select(orders.c.id, orders.c.payload))}


def claim_all(journal: Journal) -> dict[int, bytes]:
    """What would be sent."""
    claimed = {}
    while order := claim(journal, GATE, NOW):
        claimed[order.id] = order.payload
    return claimed


@pytest.mark.parametrize("seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 100))])
def test_a_flipped_bit_never_sends_anything_else(filled: Path, tmp_path: Path, seed: int) -> None:
    """Wherever it is, it is refused in one sentence, or changes neither which orders are sent nor a byte of what is sent."""
    with opened(filled) as journal:
        whole, frozen = read_all(journal), payloads(journal)
    content = (filled / DB).read_bytes()
    chance, used = random.Random(seed), [at for at, byte in enumerate(content) if byte]
    for at in chance.sample(used, 30):
        damaged = tmp_path / str(at)
        shutil.copytree(filled, damaged)
        (damaged / DB).write_bytes(content[:at] + bytes([content[at] ^ 1 << chance.randrange(8)]) + content[at + 1 :])
        try:
            with opened(damaged) as journal:
                assert read_all(journal) == whole
                assert claim_all(journal).items() <= frozen.items()
        except JournalError as error:
            assert_sentence(error)


def test_a_damaged_payload_is_not_sent(filled: Path) -> None:
    """No index knows it: its digest does."""
    with closing(sqlite3.connect(filled / DB)) as connection:
        connection.execute("UPDATE orders SET payload = CAST(replace(payload, 'content', 'contemt') AS BLOB)")
        connection.commit()
    with opened(filled) as journal, pytest.raises(JournalError, match="没有发送"):
        claim(journal, GATE, NOW)


def assert_sentence(error: JournalError) -> None:
    """One line in both languages, with nothing of SQL in it."""
    for text in (error.zh, error.en):
        assert text.endswith(("。", "."))
        assert "\n" not in text
        assert "SELECT" not in text


# -- held by somebody else -----------------------------------------------------------------------------------------------------------


@contextmanager
def held(folder: Path, seconds: float) -> Iterator[None]:
    """Another program that holds the database for itself, and lets it go after some seconds."""
    with closing(sqlite3.connect(folder / DB, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        lets_go = threading.Timer(seconds, other.rollback)
        lets_go.start()
        try:
            yield
        finally:
            lets_go.cancel()
            lets_go.join()


def write(journal: Journal) -> None:
    """Any transaction that writes."""
    with journal.write():
        pass


def test_a_short_hold_is_waited_for(journal: Journal, tmp_path: Path) -> None:
    """Nobody is told of it; who only reads does not even wait."""
    with held(tmp_path, 0.5):
        at = time.monotonic()
        list_batches(journal)
        assert time.monotonic() - at < 0.3
        write(journal)
        assert time.monotonic() - at > 0.3


@pytest.mark.parametrize("patience", [0.5, pytest.param(30.0, marks=pytest.mark.slow)])
def test_a_long_hold_stops_the_program_in_one_sentence(journal: Journal, tmp_path: Path, patience: float) -> None:
    """F16: it waits as long as a connection has patience, then says that another program holds the journal."""
    if patience < 30:
        event.listen(journal.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA busy_timeout = {patience * 1000:.0f}"))
        journal.engine.dispose()
    with held(tmp_path, patience * 3):
        at = time.monotonic()
        with pytest.raises(JournalError, match="占用") as refused:
            write(journal)
        assert patience * 0.9 < time.monotonic() - at < patience * 2
    assert_sentence(refused.value)
    write(journal)
