"""The merchants' files, kept under the hash of their content; tokens; what the journal says of batches."""

import datetime as dt
import hashlib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from making import NOW, draft, new_batch, submit

from bulkorders.core.issue import Issue, Severity
from bulkorders.core.order import Place
from bulkorders.core.provider import Token
from bulkorders.core.words import Words
from bulkorders.errors import UsageError
from bulkorders.journal.batches import add_draft
from bulkorders.journal.journal import Journal, open_journal
from bulkorders.journal.kept import discard, keep, kept_path
from bulkorders.journal.records import NewBatch
from bulkorders.journal.tokens import Tokens
from bulkorders.journal.views import batch_issues, get_batch, list_batches, placed_orders


def workbook(folder: Path, content: bytes, name: str = "orders.xlsx") -> Path:
    """A file of a merchant."""
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_file_is_kept_under_the_hash_of_its_content(journal: Journal, tmp_path: Path) -> None:
    """Byte by byte, whatever becomes of the original, and nothing else is left lying."""
    content = os.urandom(3 * 1024 * 1024 + 17)
    original = workbook(tmp_path, content)
    found, path = keep(journal, original)
    original.unlink()
    assert found == hashlib.sha256(content).hexdigest()
    assert path == kept_path(journal, found)
    assert path.read_bytes() == content
    assert path.parent == journal.folder
    assert list(journal.folder.glob("incoming-*")) == []


def test_the_same_content_is_kept_once(journal: Journal, tmp_path: Path) -> None:
    """Under whatever name it comes."""
    assert keep(journal, workbook(tmp_path, b"x", "a.xlsx")) == keep(journal, workbook(tmp_path, b"x", "b.xlsx"))
    assert keep(journal, workbook(tmp_path, b"y"))[0] != keep(journal, workbook(tmp_path, b"x"))[0]
    assert len(list(journal.folder.glob("*.xlsx"))) == 2


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_kept_files_are_for_their_owner_alone(journal: Journal, tmp_path: Path) -> None:
    """They hold buyers' addresses."""
    _, path = keep(journal, workbook(tmp_path, b"x"))
    assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0


def test_a_file_that_cannot_be_read_leaves_nothing(journal: Journal, tmp_path: Path) -> None:
    """No half copy stays behind."""
    before = set(journal.folder.iterdir())
    with pytest.raises(OSError, match="missing"):
        keep(journal, tmp_path / "missing.xlsx")
    assert set(journal.folder.iterdir()) == before


def test_a_file_without_a_batch_is_let_go_and_one_of_a_batch_stays(journal: Journal, tmp_path: Path) -> None:
    """Files are kept for batches; letting go twice is no error."""
    used, _ = keep(journal, workbook(tmp_path, b"used"))
    unused, _ = keep(journal, workbook(tmp_path, b"unused"))
    batch = new_batch("b1", draft())
    add_draft(journal, NewBatch(**{**vars(batch), "content_hash": used}), NOW)
    for each in (used, unused, unused):
        discard(journal, each)
    assert kept_path(journal, used).read_bytes() == b"used"
    assert not kept_path(journal, unused).exists()


# -- tokens ------------------------------------------------------------------------------

ZONES = st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=8))])
TIMES = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2100, 1, 1), timezones=ZONES)  # noqa: DTZ001  # bounds have none
SECRETS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=40)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(principal=SECRETS, token=st.builds(Token, SECRETS, st.none() | SECRETS, TIMES))
def test_tokens_come_back_as_they_were_stored(journal: Journal, principal: str, token: Token) -> None:
    """Property: a pair of any principal, at any zone's time, round trips, and the newest is the one that is given."""
    tokens = Tokens(journal)
    tokens.put(principal, Token("older", None, NOW))
    tokens.put(principal, token)
    assert tokens.get(principal) == token


def test_a_text_that_cannot_be_written_is_not_called_a_damaged_journal(journal: Journal) -> None:
    """Nobody is sent to restore a good journal from a backup; what is there stays."""
    tokens = Tokens(journal)
    tokens.put("p", Token("older", None, NOW))
    with pytest.raises(UnicodeEncodeError):
        tokens.put("p", Token("\ud800", None, NOW))
    assert tokens.get("p") == Token("older", None, NOW)


def test_each_principal_has_its_own_tokens(journal: Journal, tmp_path: Path) -> None:
    """One that never had any has none; another process sees what is stored."""
    Tokens(journal).put("a", Token("A", "ra", NOW))
    other = open_journal(str(tmp_path / "journal.db"))
    assert Tokens(other).get("a") == Token("A", "ra", NOW)
    assert Tokens(other).get("b") is None
    other.close()


def test_a_token_is_no_part_of_what_is_printed() -> None:
    """Neither in a log nor in a traceback."""
    assert "secret" not in repr(Token("secret", "secret", NOW))


# -- views ------------------------------------------------------------------------------


def test_batches_are_listed_the_newest_first(journal: Journal) -> None:
    """Each with what was said of it."""
    for number in range(3):
        submit(journal, f"b{number}", draft(f"A{number}"), now=NOW + dt.timedelta(minutes=number))
    assert [batch.id for batch in list_batches(journal)] == ["b2", "b1", "b0"]
    assert get_batch(journal, "b1").created_at == NOW + dt.timedelta(minutes=1)
    assert get_batch(journal, "b1").rows == {"read": 1, "blank": 0, "valid": 1, "invalid": 0}


def test_a_batch_that_is_not_there_is_named(journal: Journal) -> None:
    """In one sentence, with where to look."""
    with pytest.raises(UsageError, match="b9"):
        get_batch(journal, "b9")


def test_orders_and_issues_come_back_in_the_workbooks_order(journal: Journal) -> None:
    """Places, keys and every part of an issue survive the journal."""
    where = Issue("too_small", Severity.ERROR, Words("太小。", "Too small."), "一", 3, "V", "发货量", "quantity_shipped", "0", "A2")
    note = Issue("column_unknown", Severity.NOTE, Words("未知。", "Unknown."), "一", 1, "X", "跟单员")
    places = [Place("一", 2), Place("二", 9)]
    add_draft(journal, new_batch("b1", draft("A1", places=places), draft("A2"), issues=[(None, note), (1, where)]), NOW)
    assert [(placed.position, placed.display, placed.account) for placed in placed_orders(journal, "b1")] == [
        (0, "A1", "main"),
        (1, "A2", "main"),
    ]
    assert placed_orders(journal, "b1")[0].places == tuple(places)
    assert placed_orders(journal, "b1")[0].key == {"订单号": "A1"}
    assert list(batch_issues(journal, "b1")) == [(None, note), (1, where)]


def test_times_without_a_zone_are_refused(journal: Journal) -> None:
    """The journal's times are UTC: a local time would be off by hours."""
    with pytest.raises(Exception, match="without a zone"):
        add_draft(journal, new_batch("b1"), NOW.replace(tzinfo=None))
