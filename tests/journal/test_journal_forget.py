"""Forgetting: what is personal goes when its time is over, all of it; what makes an order the same order stays."""

import datetime as dt
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from making import GATE, NOW, draft, new_batch, submit
from sqlalchemy import select, update

from bulkorders.core.issue import Issue, Severity
from bulkorders.core.order import Status
from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.crash import VARIABLE
from bulkorders.journal.batches import add_draft, digest_of, release
from bulkorders.journal.check import check_journal
from bulkorders.journal.forget import DRAFT_DAYS, FORGOTTEN, drop_old_drafts, forget, is_time, spare_files
from bulkorders.journal.journal import Journal, open_journal
from bulkorders.journal.kept import discard, keep, kept_path
from bulkorders.journal.queue import claim, settle
from bulkorders.journal.records import Draft, NewBatch, Settled
from bulkorders.journal.tables import batches, meta, orders
from bulkorders.journal.views import batch_issues, list_batches, placed_orders

KEEP_DAYS = 90
LATER = NOW + dt.timedelta(days=KEEP_DAYS, seconds=1)
DAY = dt.timedelta(days=1)
CANARY = "Canary Queen-Ørsted"


def strip(_template: str, payload: bytes) -> bytes:
    """Leaves all but the name."""
    return json.dumps({name: value for name, value in json.loads(payload).items() if name != "receiver"}).encode()


def impersonal(_template: str) -> frozenset[str]:
    """All fields of the template but one."""
    return frozenset({"order_id", "quantity"})


def forget_at(journal: Journal, now: dt.datetime) -> list[str]:
    """Forgets what is over by then."""
    return forget(journal, now, KEEP_DAYS, strip, impersonal)


def personal(number: str = "A1", content: str = "one") -> Draft:
    """An order with somebody's name in its payload."""
    payload = json.dumps({"content": content, "receiver": f"{CANARY} {number} " + "x" * 300}, ensure_ascii=False).encode()
    return draft(number, content, payload=payload)


def send_all(journal: Journal, status: Status = Status.CREATED, *, due: dt.datetime | None = None) -> None:
    """Sends all that waits; the remote's sentence quotes the name."""
    said = Words(f"平台：{CANARY} 的地址。", f"The address of {CANARY}.")
    while order := claim(journal, GATE, NOW):
        settle(journal, order, Settled(status, NOW, "0", said, "r.1", remote_id="R1", due=due), GATE, go_on=False)


def payload_of(journal: Journal, number: str = "A1") -> bytes:
    """The newest payload of an identity."""
    newest = select(orders.c.payload).where(orders.c.identity == f"id-{number}").order_by(orders.c.revision.desc()).limit(1)
    with journal.read() as connection:
        return bytes(connection.execute(newest).scalar_one())


def bytes_beside(journal: Journal) -> bytes:
    """All that stands in the journal's files, in its log, and in its folder."""
    path = Path(str(journal.engine.url.database))
    files = [*path.parent.glob(f"{path.name}*"), *journal.folder.iterdir()]
    return b"".join(file.read_bytes() for file in files if file.is_file())


def keep_file(journal: Journal, name: str, at: dt.datetime = NOW) -> str:
    """Keeps a merchant's file as it was kept at a time; gives its hash."""
    original = journal.folder.parent / f"{name}.xlsx"
    original.write_text(f"{name} {CANARY}", encoding="utf-8")
    content_hash, path = keep(journal, original)
    original.unlink()
    os.utime(path, (at.timestamp(), at.timestamp()))
    return content_hash


def delete_spare(journal: Journal, now: dt.datetime) -> None:
    """Deletes the files that nobody needs."""
    for path in spare_files(journal, now):
        path.unlink()


# -- what goes and what stays ------------------------------------------------------------------------------------------------


def test_nothing_personal_is_left_on_the_disk(journal: Journal) -> None:
    """Payloads, cells, messages, what the remote said, the file: not even in the freed pages or in the log."""
    issue = Issue("longer_than_limit", Severity.WARNING, Words(f"「{CANARY}」太长。", "long"), "S", 2, "F", "收件人", "receiver", CANARY)
    invalid = draft("Z", identity=None, payload=None, gate=None, fate=Fate.INVALID, message=Words(f"「{CANARY}」错。", f"{CANARY}"))
    drafts = [*(personal(f"A{number}") for number in range(300)), invalid]
    batch = new_batch("b1", *drafts, issues=[(number, issue) for number in range(300)])
    add_draft(journal, replace(batch, content_hash=keep_file(journal, "a")), NOW)
    release(journal, ["b1"], NOW)
    send_all(journal)
    assert CANARY.encode() in bytes_beside(journal)
    assert forget_at(journal, LATER) == ["b1"]
    delete_spare(journal, LATER)
    assert CANARY.encode() not in bytes_beside(journal)


def test_what_makes_an_order_the_same_order_stays(journal: Journal) -> None:
    """Number, status, remote id and request id are still told; the same content is skipped, other content is told as changed."""
    submit(journal, "b1", personal("A1"), personal("A2"))
    send_all(journal)
    before = placed_orders(journal, "b1")
    forget_at(journal, LATER)
    assert [replace(placed, message=None) for placed in placed_orders(journal, "b1")] == [
        replace(placed, message=None) for placed in before
    ]
    assert {placed.message for placed in placed_orders(journal, "b1")} == {FORGOTTEN}
    submit(journal, "b2", personal("A1"), personal("A2", "other"), now=LATER)
    assert [placed.fate for placed in placed_orders(journal, "b2")] == [Fate.SKIPPED, Fate.CHANGED]
    assert claim(journal, GATE, LATER) is None


def test_a_stripped_payload_has_its_own_digest(journal: Journal) -> None:
    """What was taken out on purpose is no damage."""
    submit(journal, "b1", personal())
    send_all(journal)
    forget_at(journal, LATER)
    assert json.loads(payload_of(journal)) == {"content": "one"}
    with journal.read() as connection:
        assert connection.execute(select(orders.c.digest)).scalar_one() == digest_of(payload_of(journal))


def test_cells_that_say_nothing_of_a_person_stay(journal: Journal) -> None:
    """An issue at such a field, or at none without a cell's text, is kept as it was; every other keeps its place and code alone."""
    quantity = Issue("too_small", Severity.WARNING, Words("太小。", "Too small."), "S", 2, "V", "发货量", "quantity", "0", "A1")
    header = Issue("column_unknown", Severity.NOTE, Words("不认识。", "Unknown."), "S", 1, "X", "跟单员")
    name = Issue("too_long", Severity.WARNING, Words("太长。", "Too long."), "S", 2, "F", "收件人", "receiver", CANARY, "A1")
    loose = Issue("footer_row", Severity.NOTE, Words("表尾。", "Footer."), "S", 9, value=CANARY)
    add_draft(journal, new_batch("b1", personal(), issues=[(0, quantity), (None, header), (0, name), (None, loose)]), NOW)
    release(journal, ["b1"], NOW)
    send_all(journal)
    forget_at(journal, LATER)
    assert [issue for _, issue in batch_issues(journal, "b1")] == [
        quantity,
        header,
        replace(name, value=None, message=FORGOTTEN),
        replace(loose, value=None, message=FORGOTTEN),
    ]


# -- when ----------------------------------------------------------------------------------------------------------------------


def test_a_batch_is_kept_to_the_end_of_its_time(journal: Journal) -> None:
    """Counted from its release."""
    submit(journal, "b1", personal())
    send_all(journal)
    assert forget_at(journal, NOW + dt.timedelta(days=KEEP_DAYS)) == []
    assert CANARY.encode() in payload_of(journal)
    assert forget_at(journal, LATER) == ["b1"]
    assert forget_at(journal, LATER) == []


def leave_sending(journal: Journal) -> None:
    """A process was killed in the middle of a call."""
    assert claim(journal, GATE, NOW) is not None


OPEN: list[Callable[[Journal], None]] = [
    lambda _: None,
    leave_sending,
    lambda journal: send_all(journal, Status.ACCEPTED, due=NOW),
    lambda journal: send_all(journal, Status.ACCEPTED),
    lambda journal: send_all(journal, Status.IN_DOUBT),
    lambda journal: send_all(journal, Status.CREATED, due=NOW),
]


@pytest.mark.parametrize("leave", OPEN, ids=["pending", "sending", "accepted", "not asked for", "in doubt", "number may change"])
def test_a_batch_with_an_order_that_is_not_final_is_kept(journal: Journal, leave: Callable[[Journal], None]) -> None:
    """It may still be sent or asked for, with these very bytes."""
    submit(journal, "b1", personal())
    leave(journal)
    assert forget_at(journal, LATER) == []
    assert CANARY.encode() in payload_of(journal)


def test_an_order_is_kept_as_long_as_one_of_its_batches(journal: Journal) -> None:
    """A younger batch skipped it and its file says the same: the payload goes with the last of them."""
    submit(journal, "b1", personal())
    send_all(journal)
    submit(journal, "b2", personal(), now=NOW + DAY)
    assert forget_at(journal, LATER) == ["b1"]
    assert CANARY.encode() in payload_of(journal)
    assert forget_at(journal, LATER + DAY) == ["b2"]
    assert CANARY.encode() not in payload_of(journal)


def test_each_revision_goes_with_its_own_batches(journal: Journal) -> None:
    """A refused order that was submitted again is two orders to the journal."""
    submit(journal, "b1", personal())
    send_all(journal, Status.REJECTED)
    submit(journal, "b2", personal(), now=NOW + DAY)
    send_all(journal)
    forget_at(journal, LATER)
    with journal.read() as connection:
        payloads = connection.execute(select(orders.c.payload).order_by(orders.c.revision)).scalars().all()
    assert [CANARY.encode() in payload for payload in payloads] == [False, True]


def test_tidying_up_is_for_once_a_day(journal: Journal) -> None:
    """Not again within a day; again after it, after the clock was set back, and where what was noted cannot be read."""
    assert is_time(journal, NOW)
    assert not is_time(journal, NOW)
    assert not is_time(journal, NOW + DAY - dt.timedelta(seconds=1))
    assert is_time(journal, NOW + DAY)
    assert is_time(journal, NOW - DAY)
    with journal.write() as connection:
        connection.execute(update(meta).where(meta.c.name == "tidied_at").values(value="nonsense"))
    assert is_time(journal, NOW)


# -- drafts and files ------------------------------------------------------------------------------------------------------------


def test_drafts_that_nobody_released_are_dropped_whole(journal: Journal) -> None:
    """After a week, with their file; younger ones and released batches stay."""
    old, young = keep_file(journal, "old"), keep_file(journal, "young")
    add_draft(journal, replace(new_batch("old", personal("A1")), content_hash=old), NOW)
    add_draft(journal, replace(new_batch("young", personal("A2")), content_hash=young), NOW + DAY)
    submit(journal, "released", personal("A3"))
    now = NOW + dt.timedelta(days=DRAFT_DAYS, seconds=1)
    drop_old_drafts(journal, now)
    delete_spare(journal, now)
    assert {batch.id for batch in list_batches(journal)} == {"young", "released"}
    assert [kept_path(journal, name).exists() for name in (old, young)] == [False, True]


def test_a_draft_is_never_forgotten_in_part(journal: Journal) -> None:
    """It is dropped in its own time."""
    add_draft(journal, new_batch("b1", personal()), NOW)
    assert forget_at(journal, LATER) == []


def test_a_file_stays_as_long_as_a_batch_needs_it(journal: Journal) -> None:
    """The same content, submitted again later, is kept with the later batch."""
    name = keep_file(journal, "a")
    for number, batch in enumerate(["b1", "b2"]):
        add_draft(journal, replace(new_batch(batch, personal()), content_hash=name), NOW)
        release(journal, [batch], NOW + number * DAY)
        send_all(journal)
    for now, is_there in ((LATER, True), (LATER + DAY, False)):
        forget_at(journal, now)
        delete_spare(journal, now)
        assert kept_path(journal, name).exists() is is_there


def test_what_a_killed_process_left_is_found(journal: Journal) -> None:
    """A half copy, and a file of which no batch was made: deleted when they are a day old, since another process may be at work on them."""
    name, half = keep_file(journal, "a"), journal.folder / "incoming-1234"
    half.write_text(CANARY)
    os.utime(half, (NOW.timestamp(), NOW.timestamp()))
    assert spare_files(journal, NOW + DAY) == []
    assert set(spare_files(journal, NOW + DAY + dt.timedelta(seconds=1))) == {kept_path(journal, name), half}


def test_files_that_are_not_the_journals_are_left_alone(journal: Journal) -> None:
    """Whatever else somebody has put into the folder."""
    for name in ("notes.xlsx", "orders.csv", "gate-1.lock", f"{'a' * 64}.txt"):
        (journal.folder / name).touch()
        os.utime(journal.folder / name, (0, 0))
    assert spare_files(journal, LATER) == []


def test_a_forgotten_batch_does_not_keep_a_file(journal: Journal) -> None:
    """A file of the same content that came later, and became no batch, is let go of at once."""
    name = keep_file(journal, "a")
    add_draft(journal, replace(new_batch("b1", personal()), content_hash=name), NOW)
    release(journal, ["b1"], NOW)
    send_all(journal)
    forget_at(journal, LATER)
    discard(journal, name)
    assert not kept_path(journal, name).exists()


# -- two at once, and killed in between -------------------------------------------------------------------------------------------


def fill(journal: Journal, count: int) -> None:
    """Several batches that are over, each with a file."""
    for number in range(count):
        batch: NewBatch = new_batch(f"b{number}", personal(f"A{number}"))
        add_draft(journal, replace(batch, content_hash=keep_file(journal, batch.id)), NOW)
        release(journal, [batch.id], NOW)
    send_all(journal)


def test_two_that_forget_at_once_do_each_others_work_no_harm(journal: Journal, tmp_path: Path) -> None:
    """Each batch is forgotten once, and the journal is in order afterwards."""
    fill(journal, 20)
    failures: list[BaseException] = []

    def go() -> None:
        other = open_journal(str(tmp_path / "journal.db"))
        try:
            forget_at(other, LATER)
        except BaseException as error:  # noqa: BLE001  # handed over to the test
            failures.append(error)
        finally:
            other.close()

    threads = [threading.Thread(target=go) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert_forgotten(journal)


TIDIER = """
import datetime, sys
sys.path[:0] = sys.argv[2:]
from making import NOW
from test_journal_forget import LATER, delete_spare, forget_at
from bulkorders.journal.journal import open_journal
journal = open_journal(sys.argv[1])
forget_at(journal, LATER)
delete_spare(journal, LATER)
journal.close()
"""


def test_a_kill_at_any_point_leaves_nothing_behind(journal: Journal, tmp_path: Path) -> None:
    """Killed before and after each commit, what is left is found by the next one."""
    fill(journal, 2)
    journal.close()
    for point in range(1, 20):
        folder = tmp_path / str(point)
        shutil.copytree(journal.folder, folder / journal.folder.name)
        shutil.copy(tmp_path / "journal.db", folder)
        command = [sys.executable, "-c", TIDIER, str(folder / "journal.db"), str(Path(__file__).parent), str(Path(__file__).parents[1])]
        ended = subprocess.run(command, env={**os.environ, VARIABLE: f"{tmp_path / 'passed'}{point}:{point}"}, check=False)
        left = open_journal(str(folder / "journal.db"))
        assert forget_at(left, LATER) or point > 1
        assert_forgotten(left)
        left.close()
        if ended.returncode != -signal.SIGKILL:
            break
    assert (ended.returncode, point) == (0, 5)  # two points in each of two commits


def assert_forgotten(journal: Journal) -> None:
    """Every batch is forgotten, nothing personal is left, and nothing contradicts anything."""
    delete_spare(journal, LATER)
    with journal.read() as connection:
        assert connection.execute(select(batches.c.id).where(batches.c.forgotten_at.is_(None))).all() == []
    assert CANARY.encode() not in bytes_beside(journal)
    assert check_journal(journal, LATER).problems == []
