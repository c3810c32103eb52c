"""How long things are kept: what the templates call personal goes after `keep_days`, once a day, and nobody's submit fails of it."""

import datetime as dt
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from making import GATE, NOW, draft, mcf_row, new_batch, orders_of, sheet
from openpyxl import load_workbook
from sqlalchemy import select, update

from bulkorders.core.issue import Issue, Severity
from bulkorders.core.order import Status
from bulkorders.core.payload import build, encode
from bulkorders.core.result import FATE_WORDS
from bulkorders.core.template import Template
from bulkorders.core.words import Words
from bulkorders.journal.batches import add_draft, release
from bulkorders.journal.forget import FORGOTTEN
from bulkorders.journal.journal import Journal
from bulkorders.journal.kept import keep, kept_path
from bulkorders.journal.queue import claim, settle
from bulkorders.journal.records import Settled
from bulkorders.journal.tables import batches, orders
from bulkorders.journal.views import batch_issues
from bulkorders.pipeline.app import App, SystemClock, all_templates, find_template
from bulkorders.pipeline.keeping import tidy
from bulkorders.pipeline.report import report_batch
from bulkorders.pipeline.results import write_workbook
from bulkorders.providers.lingxing.fields import MCF_ORDERS
from bulkorders.settings import Settings

LONG_AFTER = NOW + dt.timedelta(days=30, seconds=1)
PERSONAL = {
    "lingxing-mcf": {
        "receiver", "region", "city", "address1", "address2", "postcode", "phone_number", "buyers_mailbox", "remark_for_packing", "remark",
    },
    "chukou1-fba": {"custom", "vat_code", "remark"},
}  # fmt: skip


@dataclass
class Calendar(SystemClock):
    """A clock that stands where it is put."""

    at: dt.datetime = NOW

    def now(self) -> dt.datetime:
        """Where it stands."""
        return self.at


@pytest.fixture(name="app")
def make_app(tmp_path: Path) -> Iterator[App]:
    """An app that keeps things for 30 days, with a batch of one order that was created, its file, and a remark on a name."""
    app = App(Settings(journal=str(tmp_path / "journal.db"), keep_days=30), clock=Calendar())
    (order,) = orders_of(MCF_ORDERS, sheet(MCF_ORDERS, [mcf_row()])).orders
    (tmp_path / "orders.xlsx").write_text("a merchant's file")
    content_hash, path = keep(app.journal, tmp_path / "orders.xlsx")
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    where = Issue("too_long", Severity.WARNING, Words("长。", "Long."), "S", 2, "F", "收件人", "receiver", "Jack")
    batch = new_batch("b1", draft(payload=encode(build(order))), issues=[(0, where), (0, replace(where, field="msku"))])
    add_draft(app.journal, replace(batch, content_hash=content_hash), NOW)
    release(app.journal, ["b1"], NOW)
    claimed = claim(app.journal, GATE, NOW)
    assert claimed is not None
    settle(app.journal, claimed, Settled(Status.CREATED, NOW), GATE)
    yield app
    app.close()


def payload(journal: Journal) -> dict[str, object]:
    """The payload of the one order."""
    with journal.read() as connection:
        found: dict[str, object] = json.loads(connection.execute(select(orders.c.payload)).scalar_one())
    return found


def test_what_a_template_calls_personal_goes_after_keep_days(app: App) -> None:
    """From the payload, the cells and the disk; the rest of the payload stays as it was sent."""
    before = payload(app.journal)
    tidy(app)
    assert payload(app.journal) == before
    app.clock = Calendar(LONG_AFTER)
    assert tidy(app) is None
    personal = {MCF_ORDERS[name].path for name in PERSONAL["lingxing-mcf"]}
    assert payload(app.journal) == {name: value for name, value in before.items() if name not in personal}
    assert [issue.value for _, issue in batch_issues(app.journal, "b1")] == [None, "Jack"]
    assert list(app.journal.folder.glob("*.xlsx")) == []


def test_it_is_done_once_a_day(app: App) -> None:
    """A batch whose time is over an hour later waits for the next day."""
    app.clock = Calendar(LONG_AFTER - dt.timedelta(hours=1))
    tidy(app)
    app.clock = Calendar(LONG_AFTER)
    tidy(app)
    assert "receiver" in payload(app.journal)
    app.clock = Calendar(LONG_AFTER + dt.timedelta(days=1))
    tidy(app)
    assert "receiver" not in payload(app.journal)


def test_of_a_template_that_is_gone_nothing_is_left(app: App) -> None:
    """Nobody can say any more which of its fields were personal."""
    with app.journal.write() as connection:
        connection.execute(update(orders).values(template="gone"))
        connection.execute(update(batches).values(template="gone"))
    app.clock = Calendar(LONG_AFTER)
    tidy(app)
    assert payload(app.journal) == {}
    assert [(issue.value, issue.message) for _, issue in batch_issues(app.journal, "b1")] == [(None, FORGOTTEN)] * 2


def test_a_file_that_cannot_be_deleted_is_told_and_stops_nobody(app: App) -> None:
    """It is named, and tried again the next day."""
    stuck = app.journal.folder / f"{'a' * 64}.xlsx"  # a folder cannot be deleted as a file
    stuck.mkdir()
    os.utime(stuck, (0, 0))
    told = tidy(app)
    assert told is not None
    assert str(stuck) in told.zh
    assert str(stuck) in told.en
    stuck.rmdir()
    app.clock = Calendar(LONG_AFTER)
    assert tidy(app) is None


def test_results_of_a_forgotten_batch_are_made_of_what_was_sent_and_say_so(app: App, tmp_path: Path) -> None:
    """Its order on a row of the template's form, without what is personal."""
    app.clock = Calendar(LONG_AFTER)
    tidy(app)
    report = report_batch(app, "b1")
    assert not kept_path(app.journal, report.batch.content_hash).exists()
    assert write_workbook(app, [report], tmp_path / "results.xlsx").way == "fresh"
    book = load_workbook(tmp_path / "results.xlsx")
    template = find_template(report.batch.template)
    header, row = list(book[template.title].iter_rows(values_only=True))
    told = dict(zip(header, row, strict=True))
    assert told[template.display_field.label] == report.orders[0].display
    assert told["提交状态"] == FATE_WORDS[report.orders[0].fate].zh
    assert {told[field.label] for field in template.fields if field.personal} == {None}
    assert any("过了保存期" in str(cell) for line in book["汇总"].iter_rows(values_only=True) for cell in line)


@pytest.mark.parametrize("template", all_templates(), ids=lambda template: template.name)
def test_a_key_says_nothing_of_a_person(template: Template) -> None:
    """It stays for ever: in the journal, and in every list of orders."""
    assert [field.name for field in template.fields if field.key and field.personal] == []


@pytest.mark.parametrize("template", [each for each in all_templates() if each.name in PERSONAL], ids=lambda template: template.name)
def test_the_personal_fields_of_each_template(template: Template) -> None:
    """Whoever adds a field has to say here whether it is about a person."""
    assert {field.name for field in template.fields if field.personal} == PERSONAL[template.name]
