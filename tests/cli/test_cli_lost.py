"""The journal is deleted, or yesterday's copy is put back: what was created since is found at the remote, and nothing is there twice."""

import shutil
from pathlib import Path

from desk import Desk, make_desk  # noqa: F401  # a fixture
from fba_desk import FbaDesk, make_fba, shipment  # noqa: F401  # a fixture
from foreign import CREATE, ORDERS, line
from foreign_chukou1 import CREATE as CREATE_FBA
from shapes import assert_sentence


def journal_of(desk: Desk) -> Path:
    """Where the desk's journal lies."""
    return desk.folder / "home" / "data" / "bulkorders" / "journal.db"


def test_a_deleted_journal(desk: Desk) -> None:
    """A sentence says that it is gone; each order is looked up first: the same is skipped, another changed, only the new one created."""
    desk.submit(desk.write("a.xlsx", [line("A-1"), line("A-2")]), code=0)
    journal_of(desk).unlink()
    desk.foreign.has_look_up = False
    book = desk.write("a.xlsx", [line("A-1"), line("A-2", 发货量=3), line("A-3")])
    refused = desk.submit(book, code=5)
    assert set(refused.fates.values()) == {"unsent"}
    assert desk.foreign.calls[CREATE] == 2

    desk.foreign.has_look_up = True
    ran = desk.submit(book, code=4)
    assert ran.fates == {"A-1": "skipped", "A-2": "changed", "A-3": "created"}
    for each in (refused, ran):
        assert "流水账" in each.err.splitlines()[0]
        assert "先到平台上查过" in each.err.splitlines()[0]
    for outcome in (*refused.one["outcomes"], *ran.one["outcomes"][:2]):
        assert_sentence(outcome["message"])
    assert desk.foreign.sent() == ["A-1", "A-2", "A-3"]
    asked = desk.foreign.calls[ORDERS]
    assert desk.submit(book, code=4).fates == {"A-1": "skipped", "A-2": "changed", "A-3": "skipped"}
    assert desk.foreign.calls[ORDERS] == asked + 2
    assert desk.foreign.tried() == dict.fromkeys(["A-1", "A-2", "A-3"], 1)


def test_a_copy_of_yesterday(fba: FbaDesk) -> None:
    """What was created since is `changed`, with what to do: whether it is the same cannot be told; nothing is modified."""
    fba.submit(fba.write("a.xlsx", [shipment("P-1")]), code=0)
    shutil.copy(journal_of(fba), fba.folder / "yesterday.db")
    fba.submit(fba.write("b.xlsx", [shipment("P-2")]), code=0)
    shutil.copy(fba.folder / "yesterday.db", journal_of(fba))
    ran = fba.submit(fba.write("c.xlsx", [shipment("P-1"), shipment("P-2", 数量=11), shipment("P-3")]), code=4)
    assert ran.fates == {"P-1": "skipped", "P-2": "changed", "P-3": "created"}
    assert "流水账" in ran.err.splitlines()[0]
    assert "--update" in ran.one["outcomes"][1]["message"]
    assert fba.remote.calls[CREATE_FBA] == 3
    assert [taken.version for taken in fba.remote.ledger] == [1, 1, 1]
