"""`journal check` and `journal backup`, seen from the journal: each kind of trouble is one sentence; a copy is whole or not there."""

import hashlib
import os
import sqlite3
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from making import GATE, NOW, draft, new_batch, submit

from bulkorders.core.order import Status
from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.errors import JournalError, UsageError
from bulkorders.journal.backup import back_up
from bulkorders.journal.batches import add_draft, release
from bulkorders.journal.check import NAMED, check_journal
from bulkorders.journal.journal import Journal, open_journal
from bulkorders.journal.kept import keep, kept_path
from bulkorders.journal.queue import claim, settle
from bulkorders.journal.records import Draft, Settled
from bulkorders.journal.views import list_batches, placed_orders

FILE = hashlib.sha256(b"a merchant's file").hexdigest()


def add(journal: Journal, name: str, *drafts: Draft) -> None:
    """A batch of the kept file, released."""
    add_draft(journal, replace(new_batch(name, *drafts), content_hash=FILE), NOW)
    release(journal, [name], NOW)


@pytest.fixture(name="filled")
def fill(journal: Journal, tmp_path: Path) -> Journal:
    """A journal with a kept file, an order of each status, one that was skipped, an invalid one, and a draft."""
    (tmp_path / "a.xlsx").write_text("a merchant's file")
    keep(journal, tmp_path / "a.xlsx")
    invalid = draft("Z", identity=None, payload=None, gate=None, fate=Fate.INVALID, message=Words("错。", "Wrong."))
    drafts = [*(draft(f"A{number}") for number in range(6)), invalid]
    for name in ("b1", "b2"):
        add(journal, name, *drafts)
        for status in (Status.CREATED, Status.ACCEPTED, Status.REJECTED, Status.IN_DOUBT) if name == "b1" else ():
            order = claim(journal, GATE, NOW)
            assert order is not None
            settle(journal, order, Settled(status, NOW), GATE, go_on=False)
    assert claim(journal, GATE, NOW) is not None
    add_draft(journal, new_batch("b3", draft("D")), NOW)
    return journal


def problems(journal: Journal) -> list[str]:
    """What is wrong, in Chinese; both languages are one line."""
    found = check_journal(journal, NOW).problems
    assert all("\n" not in text and "{" not in text for words in found for text in words)
    return [words.zh for words in found]


def execute(journal: Journal, statement: str) -> None:
    """Changes the journal behind its back."""
    with closing(sqlite3.connect(str(journal.engine.url.database))) as connection:
        connection.execute(statement)
        connection.commit()


def test_a_journal_in_order_has_no_problems(filled: Journal) -> None:
    """Whatever its orders stand at; they are counted."""
    found = check_journal(filled, NOW)
    assert found.problems == []
    assert found.batches == 3
    assert found.orders == {
        Status.PENDING: 2, Status.SENDING: 1, Status.CREATED: 1, Status.ACCEPTED: 1, Status.REJECTED: 1, Status.IN_DOUBT: 1,
    }  # fmt: skip


SPOILED = {
    "UPDATE orders SET status = 'lost' WHERE display = 'A0'": ("状态不认识（A0）", "最后一条记录不符（A0）"),
    "UPDATE orders SET status = 'created' WHERE display = 'A1'": ("最后一条记录不符（A1）",),
    "DELETE FROM events WHERE order_id = (SELECT id FROM orders WHERE display = 'A1')": ("最后一条记录不符（A1）",),
    "UPDATE placements SET fate = 'gone' WHERE batch = 'b1' AND display = 'A2'": ("没有去向（A2）",),
    "UPDATE placements SET fate = NULL WHERE batch = 'b1' AND display = 'Z'": ("没有去向（Z）",),
    "DELETE FROM placements WHERE batch = 'b1' AND position = 1": ("批次的订单不齐（b1）",),
    "DELETE FROM placements WHERE display = 'A0'": ("不属于任何批次（A0）", "批次的订单不齐（b1、b2）"),
    "UPDATE orders SET payload = CAST('{}' AS BLOB) WHERE display = 'A3'": ("磁盘改坏了（A3）",),
    "UPDATE batches SET created_at = 'yesterday' WHERE id = 'b1'": ("读不出的内容（batches）",),
    "UPDATE orders SET \"key\" = '{' WHERE display = 'A3'": ("读不出的内容（orders）",),
}


@pytest.mark.parametrize(("statement", "said"), SPOILED.items(), ids=range(len(SPOILED)))
def test_each_kind_of_trouble_is_one_sentence(filled: Journal, statement: str, said: tuple[str, ...]) -> None:
    """It names what is concerned, and says nothing else."""
    execute(filled, statement)
    found = problems(filled)
    assert len(found) == len(said)
    assert all(part in sentence for part, sentence in zip(said, found, strict=True)), found


def test_many_of_a_kind_are_still_one_sentence(journal: Journal) -> None:
    """With their number, and the first of them."""
    submit(journal, "b1", *(draft(f"A{number}") for number in range(NAMED + 1)))
    execute(journal, "DELETE FROM events")
    (sentence,) = problems(journal)[:1]
    assert f"有 {NAMED + 1} 单" in sentence
    assert "A4等）" in sentence
    assert "A5" not in sentence


def delete(path: Path) -> None:
    """The file is gone."""
    path.unlink()


def change(path: Path) -> None:
    """The file holds something else."""
    path.write_text("something else")


@pytest.mark.parametrize("spoil", [delete, change])
def test_a_kept_file_that_is_gone_or_changed_is_told(filled: Journal, spoil: Callable[[Path], None]) -> None:
    """Each batch that needs it is named."""
    spoil(kept_path(filled, FILE))
    (sentence,) = problems(filled)
    assert "（b1、b2）" in sentence


def test_a_file_whose_time_is_over_is_told(filled: Journal) -> None:
    """What nobody could delete must not be forgotten about."""
    spare = filled.folder / f"{'a' * 64}.xlsx"
    spare.touch()
    os.utime(spare, (0, 0))
    (sentence,) = problems(filled)
    assert str(spare) in sentence


def test_damaged_pages_are_found_by_an_open_journal(filled: Journal, tmp_path: Path) -> None:
    """All pages are looked at each time, however recently that was done."""
    filled.close()
    content = bytearray((tmp_path / "journal.db").read_bytes())
    content[8192:16384] = b"\xa5" * 8192
    (tmp_path / "journal.db").write_bytes(content)
    with pytest.raises(JournalError, match="损坏"):
        check_journal(filled, NOW)


# -- copies ------------------------------------------------------------------------------------------------------------------------


def test_a_copy_is_made_while_others_write(filled: Journal, tmp_path: Path) -> None:
    """It is one state of the journal: every order in it has its events, and nobody who writes is held up or fails."""
    stop, failures = threading.Event(), []

    def go_on() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            try:
                add(filled, f"w{number}", draft(f"W{number}"))
            except JournalError as error:
                failures.append(error)

    writer = threading.Thread(target=go_on)
    writer.start()
    made = [back_up(filled, tmp_path / f"copy-{number}.db") for number in range(5)]
    stop.set()
    writer.join()
    assert failures == []
    assert [one.orders for one in made] == sorted(one.orders for one in made)
    for number, one in enumerate(made):
        copy = open_journal(str(tmp_path / f"copy-{number}.db"))
        assert check_journal(copy, NOW).problems == []
        assert sum(check_journal(copy, NOW).orders.values()) == one.orders
        assert (one.files, kept_path(copy, FILE).read_text()) == (1, "a merchant's file")
        copy.close()


def test_a_copy_has_the_journals_orders(filled: Journal, tmp_path: Path) -> None:
    """As they stood."""
    back_up(filled, tmp_path / "copy.db")
    copy = open_journal(str(tmp_path / "copy.db"))
    assert list_batches(copy) == list_batches(filled)
    assert placed_orders(copy, "b1") == placed_orders(filled, "b1")
    copy.close()


@pytest.mark.parametrize("there", ["journal.db", "copy.db", "copy.db.files", "journal.db-wal", "."])
def test_a_copy_is_never_written_over_anything(filled: Journal, tmp_path: Path, there: str) -> None:
    """Not over the journal, not over its log, not over an earlier copy or its files, not into a folder."""
    (tmp_path / "copy.db.files").mkdir() if there == "copy.db.files" else (tmp_path / there).exists() or (tmp_path / there).write_text("x")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="没有覆盖"):
        back_up(filled, tmp_path / there.removesuffix(".files"))
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("path", ["nowhere/copy.db", "a.xlsx/copy.db", f"{'n' * 300}.db"])
def test_a_copy_that_cannot_be_made_leaves_nothing(filled: Journal, tmp_path: Path, path: str) -> None:
    """No such folder, no folder at all, no such name: one sentence."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="没有做成") as refused:
        back_up(filled, tmp_path / path)
    assert refused.value.exit_code == 2
    assert sorted(tmp_path.rglob("*")) == before


def test_a_file_that_is_no_longer_there_is_not_copied(filled: Journal, tmp_path: Path) -> None:
    """The copy is made all the same: the orders matter more."""
    kept_path(filled, FILE).unlink()
    assert back_up(filled, tmp_path / "copy.db").files == 0
