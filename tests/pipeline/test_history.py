"""Earlier batches are found by what people remember of them, each user's by himself alone."""

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from making import NOW, draft, new_batch
from sender import QuickClock
from sqlalchemy import insert, select

from bulkorders.core.order import Status
from bulkorders.core.result import Fate
from bulkorders.errors import UsageError
from bulkorders.journal.batches import add_draft, release
from bulkorders.journal.queue import claim, settle
from bulkorders.journal.records import Settled
from bulkorders.journal.tables import batches
from bulkorders.journal.views import get_batch
from bulkorders.pipeline.app import App
from bulkorders.pipeline.browse import order_at
from bulkorders.pipeline.history import STATUSES, history
from bulkorders.settings import Settings

GATE = "lingxing|h|a|create"
DAY = dt.timedelta(days=1)


@pytest.fixture(name="app")
def make_app(tmp_path: Path) -> Iterator[App]:
    """A program with some batches: two of 小王's, one of 小李's, one of nobody's."""
    app = App(Settings(journal=(tmp_path / "journal.db").as_posix()), QuickClock())
    put(app, "b1", "订单_1.xlsx", "小王", NOW, ["A-1", "A-2"])
    put(app, "b2", "/srv/A-9/Orders 50%.xlsx", "小王", NOW + DAY, ["B_1"], released=False)
    put(app, "b3", "订单_2.xlsx", "小李", NOW + 2 * DAY, ["A-1", "C-1"])
    put(app, "b4", "four.csv", None, NOW + 3 * DAY, ["D-1"])
    yield app
    app.close()


def put(app: App, batch: str, file: str, by_whom: str | None, at: dt.datetime, numbers: Sequence[str], *, released: bool = True) -> None:
    """A batch that somebody has brought."""
    made = replace(new_batch(batch, *(draft(number, gate=GATE) for number in numbers)), file=file, by_whom=by_whom)
    add_draft(app.journal, made, at)
    if released:
        release(app.journal, [batch], at)


def found(app: App, by_whom: str | None = None, **wanted: Any) -> list[str]:
    """The batches of the only page."""
    page = history(app, by_whom=by_whom, **wanted)
    assert page.total == len(page.lines)
    return [line.batch for line in page.lines]


def answer(app: App, *statuses: Status) -> None:
    """The next orders are answered."""
    for status in statuses:
        order = claim(app.journal, GATE, NOW)
        assert order is not None
        settle(app.journal, order, Settled(status, NOW), GATE, go_on=False)


def test_each_user_finds_his_own_and_the_administrator_all(app: App) -> None:
    """The newest first; nobody's are the administrator's alone."""
    assert found(app) == ["b4", "b3", "b2", "b1"]
    assert found(app, "小王") == ["b2", "b1"]
    assert found(app, "小李") == ["b3"]
    assert found(app, "小") == []
    assert found(app, "") == []
    assert get_batch(app.journal, "b1").by_whom == "小王"


@pytest.mark.parametrize(
    ("text", "batches"),
    [
        ("A-1", ["b3", "b1"]), ("a-", ["b3", "b1"]), ("订单_2", ["b3"]), ("订单", ["b3", "b1"]), ("50%", ["b2"]), ("%", ["b2"]),
        ("_", ["b3", "b2", "b1"]), ("B_1", ["b2"]), ("B?1", []), ("srv", []), ("/", []), ("'; DROP TABLE batches; --", []),
        ("  four ", ["b4"]), ("\ud800", []), ("\\", []),
    ],
)  # fmt: skip
def test_text_is_part_of_an_orders_number_or_of_the_files_name(app: App, text: str, batches: list[str]) -> None:
    """Letter by letter: no sign in it means anything else, and folders are no part of a name."""
    assert found(app, text=text) == batches


def test_the_orders_that_were_looked_for_are_named(app: App) -> None:
    """The first of them with their positions; none where only the file's name has the text, or nothing was looked for."""
    lines = {line.batch: line.orders for line in history(app, by_whom=None, text="A-1").lines}
    assert lines["b1"]
    assert all("a-1" in order.casefold() for orders in lines.values() for _, order in orders)
    assert all(order_at(app, batch, position) for batch, orders in lines.items() for position, _ in orders)
    assert [line.orders for line in history(app, by_whom=None, text="four").lines] == [()]
    assert {line.orders for line in history(app, by_whom=None).lines} == {()}


def test_others_orders_are_not_found(app: App) -> None:
    """A user who looks for a number of somebody else's finds his own alone."""
    assert found(app, "小王", text="A-1") == ["b1"]
    assert found(app, "小王", text="C-1") == []


def test_days_are_those_of_the_merchants_clock(app: App) -> None:
    """From the first day to the last, both included; in Shanghai a day begins at 16:00 UTC."""
    assert NOW.astimezone(app.timezone).date() == dt.date(2025, 4, 9)
    assert found(app, since=dt.date(2025, 4, 10), until=dt.date(2025, 4, 11)) == ["b3", "b2"]
    put(app, "late", "late.xlsx", None, dt.datetime(2025, 4, 20, 16, tzinfo=dt.UTC), [])
    put(app, "early", "early.xlsx", None, dt.datetime(2025, 4, 20, 15, 59, 59, tzinfo=dt.UTC), [])
    assert found(app, since=dt.date(2025, 4, 21)) == ["late"]
    assert found(app, since=dt.date(2025, 4, 20), until=dt.date(2025, 4, 20)) == ["early"]
    assert len(found(app, since=dt.date.min, until=dt.date.max)) == 6


def test_batches_are_found_by_what_became_of_their_orders(app: App) -> None:
    """A fate that one of its orders has; drafts; what is not done yet; what is."""
    assert (found(app, status="draft"), found(app, status="sending"), found(app, status="done")) == (["b2"], ["b4", "b3", "b1"], [])
    answer(app, Status.CREATED, Status.REJECTED, Status.IN_DOUBT)
    by_status = {status: found(app, status=status) for status in STATUSES}
    assert {status: batches for status, batches in by_status.items() if batches} == {
        "draft": ["b2"], "sending": ["b4", "b1"], "done": ["b3"],
        "created": ["b3", "b1"], "rejected": ["b3"], "in_doubt": ["b4"], "unsent": ["b2", "b1"],
    }  # fmt: skip
    for status in set(Fate):
        assert by_status[status.value] == [line.batch for line in history(app, by_whom=None).lines if line.counts[status]]
    answer(app, Status.CREATED)
    assert found(app, status="done") == ["b3", "b1"]
    with pytest.raises(UsageError, match="没有状态"):
        history(app, by_whom=None, status="nonsense")


def test_pages_are_whole_and_none_is_lost(app: App) -> None:
    """Every batch stands on one page; the total is that of all pages."""
    pages = [history(app, by_whom=None, page=number, per_page=3) for number in (1, 2, 3)]
    assert [[line.batch for line in page.lines] for page in pages] == [["b4", "b3", "b2"], ["b1"], []]
    assert {page.total for page in pages} == {4}
    for page, per_page in ((0, 50), (-1, 50), (10**30, 50), (1, 0), (1, 201)):
        with pytest.raises(UsageError):
            history(app, by_whom=None, page=page, per_page=per_page)


def test_a_line_says_what_the_list_shows(app: App) -> None:
    """The file without folders, the template's title, whose it is, the counts that sum to the orders read."""
    answer(app, Status.CREATED)
    lines = {line.batch: line for line in history(app, by_whom=None).lines}
    second = lines["b2"]
    assert (second.file, second.title, second.by_whom, second.state.value) == ("Orders 50%.xlsx", "亚马逊多渠道订单", "小王", "draft")
    assert (second.created_at, second.released_at) == (NOW + DAY, None)
    assert all(sum(line.counts.values()) == line.read for line in lines.values())


def test_a_template_that_is_no_longer_there_is_listed_by_its_name(app: App) -> None:
    """A provider's folder may be taken away; its batches stay."""
    with app.journal.write() as connection:
        row = connection.execute(select(batches).where(batches.c.id == "b1")).one()
        connection.execute(insert(batches).values(**{**row._mapping, "id": "old", "template": "gone", "created_at": NOW - DAY}))
    assert history(app, by_whom=None).lines[-1].title == "gone"
