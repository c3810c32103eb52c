"""Batches of the upload page, seen from the command line: their corrections are in the results, which are written where asked."""

from pathlib import Path

import openpyxl
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import LABELS, SECRET, line
from openpyxl.utils import get_column_letter

from bulkorders.core.correction import Correction
from bulkorders.journal.kept import keep
from bulkorders.pipeline.app import App
from bulkorders.pipeline.corrections import correct
from bulkorders.pipeline.drafts import submit_drafts
from bulkorders.pipeline.ingest import enter, examine
from bulkorders.settings import Settings

QUANTITY = get_column_letter(LABELS.index("发货量") + 1)


def corrected(desk: Desk, journal: Path) -> str:
    """A batch of the page: entered under a bare name, corrected, released, not sent yet."""
    account = {"provider": "lingxing", "base_url": desk.url, "app_id": desk.foreign.app_id, "app_secret": SECRET}
    app = App(Settings(journal=journal.as_posix(), accounts={"main": account}))
    content_hash, copy = keep(app.journal, desk.write("received", [line("A-1", 发货量="x"), line("A-2")]))
    (entered,) = enter(app, examine(app, Path("四月.xlsx"), copy, content_hash), by_whom="anna", name="四月.xlsx")
    assert entered.batch is not None
    correct(app, entered.batch, [Correction("Sheet", 2, QUANTITY, "4")], "anna")
    submit_drafts(app, entered.batch, only_good=False)
    app.close()
    return entered.batch


def test_resume_sends_the_corrected_orders_and_says_where_the_results_are(desk: Desk) -> None:
    """The workbook has no place on this machine: no results lie about; `results` writes them, corrections in them."""
    journal = desk.folder / "journal.db"
    batch = corrected(desk, journal)
    ran = desk.run("resume", "--json", "--journal", str(journal), code=0)
    assert ran.fates == {"A-1": "created", "A-2": "created"}
    assert desk.foreign.payloads()["A-1"]["item_list"][0]["quantity_shipped"] == 4
    assert f"bulkorders results {batch} -o" in ran.err
    assert list(desk.folder.glob("*结果*")) == []

    desk.run("results", batch, "-o", "out.xlsx", "--journal", str(journal), code=0)
    book = openpyxl.load_workbook(desk.folder / "out.xlsx")
    assert book["Sheet"][f"{QUANTITY}2"].value == 4
    assert "在网页上改过的格子" in [row[0] for row in book["汇总"].iter_rows(values_only=True)]
    again = desk.submit("out.xlsx", "--journal", str(journal), code=0)
    assert again.fates == {"A-1": "skipped", "A-2": "skipped"}
