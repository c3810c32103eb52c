"""A journal opened: made, upgraded, reopened, or refused in one sentence."""

import os
import re
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from making import GATE, NOW, draft, new_batch, submit
from sqlalchemy import insert, select

from bulkorders.core.order import Status
from bulkorders.errors import JournalError
from bulkorders.journal.backup import back_up
from bulkorders.journal.batches import add_draft, release
from bulkorders.journal.gate import hold
from bulkorders.journal.journal import Journal, open_journal
from bulkorders.journal.kept import keep
from bulkorders.journal.migrate import configure
from bulkorders.journal.queue import claim, settle
from bulkorders.journal.records import Settled
from bulkorders.journal.tables import HEAD, meta, metadata
from bulkorders.journal.tokens import Tokens
from bulkorders.journal.views import list_batches


def pragma(journal: Journal, name: str) -> object:
    """A setting of a connection."""
    with journal.engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


def test_a_migrated_journal_has_the_schema_of_the_tables(journal: Journal) -> None:
    """The migrations and the tables that the program uses say the same."""
    with journal.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata) == []
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() == HEAD


def test_the_programs_version_is_the_newest_migration() -> None:
    """A migration without its HEAD would be run at each opening."""
    assert ScriptDirectory.from_config(configure()).get_current_head() == HEAD


def test_a_connection_is_set_up_as_measured(journal: Journal) -> None:
    """WAL, every commit on the disk, foreign keys enforced, patience when others write."""
    assert (pragma(journal, "journal_mode"), pragma(journal, "synchronous"), pragma(journal, "foreign_keys")) == ("wal", 2, 1)
    assert pragma(journal, "busy_timeout") == 30_000


@pytest.mark.parametrize("spelling", ["sqlite:///{}", "{}"])
def test_a_journal_reopens_as_it_was_left(tmp_path: Path, spelling: str) -> None:
    """By URL or by path: same id, same batches."""
    first = open_journal(str(tmp_path / "deep" / "er" / "journal.db"))
    submit(first, "b1", draft())
    first.close()
    again = open_journal(spelling.format(tmp_path / "deep" / "er" / "journal.db"))
    assert again.id == first.id
    assert [batch.id for batch in list_batches(again)] == ["b1"]
    again.close()


def test_two_journals_have_two_ids(tmp_path: Path) -> None:
    """One is told from the other."""
    journals = [open_journal(str(tmp_path / name)) for name in ("a.db", "b.db")]
    assert journals[0].id != journals[1].id
    for each in journals:
        each.close()


def test_an_exception_rolls_a_transaction_back(journal: Journal) -> None:
    """All of it, or nothing."""

    class StopError(Exception):
        """Anything that stops."""

    def stop() -> None:
        with journal.write() as connection:
            connection.execute(insert(meta).values(name="x", value="1"))
            raise StopError

    with pytest.raises(StopError):
        stop()
    with journal.read() as connection:
        assert connection.execute(select(meta).where(meta.c.name == "x")).all() == []


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_journal_and_all_beside_it_are_for_its_owner_alone(tmp_path: Path, umask: int) -> None:
    """Buyers' names and addresses lie in it: 0600 for every file of a batch from its first byte to its backup, 0700 for the folders."""
    (tmp_path / "orders.xlsx").write_text("a merchant's file")
    before, folder = os.umask(umask), tmp_path / "at"
    try:
        folder.mkdir()
        open_journal(str(folder / "journal.db")).close()  # made now, checked the next time
        modes = modes_while_sending(open_journal(str(folder / "journal.db")), tmp_path / "orders.xlsx")
    finally:
        os.umask(before)
    assert {path for path, (is_folder, _) in modes.items() if is_folder} == {"journal.db.files", "copy.db.files"}
    assert {path: oct(mode) for path, (is_folder, mode) in modes.items() if mode != (0o700 if is_folder else 0o600)} == {}
    kinds = {re.sub("[0-9a-f]{20,}", "*", path) for path in modes}
    assert kinds >= {"journal.db", "journal.db-wal", "journal.db-shm", "journal.db.side", "copy.db", "copy.db.files/*.xlsx"}
    assert kinds >= {
        f"journal.db.files/{name}" for name in ("*.xlsx", "checked", "open.lock", "gate-*.lock", "gate-*.json", "token-*.lock")
    }


def modes_while_sending(journal: Journal, file: Path) -> dict[str, tuple[bool, int]]:
    """All that lies beside a journal when an order has been sent, its gate is still held and a copy was made: is it a folder, its mode."""
    folder = Path(str(journal.engine.url.database)).parent
    content_hash, _ = keep(journal, file)
    add_draft(journal, replace(new_batch("b1", draft()), content_hash=content_hash), NOW)
    release(journal, ["b1"], NOW)
    with hold(journal, GATE, NOW), Tokens(journal).locked("principal"):
        order = claim(journal, GATE, NOW)
        assert order is not None
        settle(journal, order, Settled(Status.CREATED, NOW), GATE)
        back_up(journal, folder / "copy.db")
        found = {str(path.relative_to(folder)): (path.is_dir(), stat.S_IMODE(path.stat().st_mode)) for path in folder.rglob("*")}
    journal.close()
    return found


OPENER = "import sys; from bulkorders.journal.journal import open_journal; print(open_journal(sys.argv[1]).id)"


def test_processes_that_open_a_new_journal_at_once_share_it(tmp_path: Path) -> None:
    """Creation and migration are under a lock: no one fails, all see one journal."""
    command = [sys.executable, "-c", OPENER, str(tmp_path / "journal.db")]
    openers = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    told = [opener.communicate(timeout=120) for opener in openers]
    assert [error for _, error in told] == ["", "", ""]
    assert len({identifier for identifier, _ in told}) == 1


# -- refused ------------------------------------------------------------------------------


def no_database(path: Path) -> None:
    """A text under the journal's name."""
    path.write_text("dear diary, this is no database at all\n" * 100)


def newer(path: Path) -> None:
    """A journal that stands at a migration we do not know."""
    open_journal(str(path)).close()
    connection = sqlite3.connect(path)
    connection.execute("UPDATE alembic_version SET version_num = 'zzzz'")
    connection.commit()
    connection.close()


def truncated(path: Path) -> None:
    """A journal of which the end is gone."""
    open_journal(str(path)).close()
    path.write_bytes(path.read_bytes()[:5000])


def a_folder(path: Path) -> None:
    """A folder under the journal's name."""
    path.mkdir()


@pytest.mark.parametrize("spoil", [no_database, newer, truncated, a_folder], ids=lambda spoil: str(spoil.__name__))
def test_a_file_that_is_not_ours_to_use_is_refused_in_one_sentence(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    """JournalError with exit code 2, both languages, nothing of SQL in it; and the file is left as it was."""
    path = tmp_path / "journal.db"
    spoil(path)
    before = path.read_bytes() if path.is_file() else b""
    with pytest.raises(JournalError) as refused:
        open_journal(str(path))
    assert_sentence(refused.value)
    assert (path.read_bytes() if path.is_file() else b"") == before


def assert_sentence(error: JournalError) -> None:
    """One line, without a statement or a class's name."""
    assert error.exit_code == 2
    for text in (error.message("zh"), error.message("en")):
        assert text
        assert "\n" not in text
        assert not {"SELECT", "sqlalche", "Traceback", "sqlite3."} & {
            word for word in ("SELECT", "sqlalche", "Traceback", "sqlite3.") if word in text
        }


def test_a_journal_of_a_newer_version_says_so(tmp_path: Path) -> None:
    """The remedy is to upgrade the program."""
    newer(tmp_path / "journal.db")
    with pytest.raises(JournalError, match="升级"):
        open_journal(str(tmp_path / "journal.db"))


def test_a_path_below_a_file_is_refused(tmp_path: Path) -> None:
    """No folder can be made there."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(JournalError) as refused:
        open_journal(str(tmp_path / "file" / "journal.db"))
    assert_sentence(refused.value)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    """Nothing can be made there."""
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(JournalError) as refused:
        open_journal(str(folder / "journal.db"))
    assert_sentence(refused.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/db", "postgres ql://x", "sqlite:///"])
def test_what_is_no_file_of_sqlite_is_refused(url: str) -> None:
    """The sentence shows what a journal's URL looks like."""
    with pytest.raises(JournalError) as refused:
        open_journal(url)
    assert_sentence(refused.value)


def test_a_refused_journal_is_let_go_of(tmp_path: Path) -> None:
    """The file can be taken away at once, and a good one put in its place."""
    path = tmp_path / "journal.db"
    no_database(path)
    with pytest.raises(JournalError):
        open_journal(str(path))
    path.unlink()
    open_journal(str(path)).close()


def test_who_has_no_patience_does_not_wait(journal: Journal) -> None:
    """Where somebody writes, he is told at once; the next who writes waits as ever."""
    with journal.write(), pytest.raises(JournalError), journal.write(0.05):
        pass
    with journal.write(0.05) as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 50
    with journal.write() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000
