"""What a page shows of a batch: the same as if all of it were loaded, and none of it is."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from making import NOW
from overviews import overview_of
from sqlalchemy import insert

from bulkorders.core.issue import Severity
from bulkorders.core.order import Status
from bulkorders.core.result import Fate
from bulkorders.errors import UsageError
from bulkorders.journal.tables import batches, issues, orders, placements
from bulkorders.pipeline.app import App
from bulkorders.pipeline.browse import orders_page
from bulkorders.pipeline.overview import MOST_ISSUES, overview
from bulkorders.pipeline.report import report_batch
from bulkorders.settings import Settings

KINDS = list(itertools.product((None, *Fate), (None, *Status), ("same", "other", None), (None, "own"), (None, "the order's")))
"""Of orders: the fate of their placement, their status, whether they are of its content, what is said of the one and the other."""


@pytest.fixture(name="app")
def make_app(tmp_path: Path) -> Iterator[App]:
    """A journal with a batch of all kinds of orders and many issues, as a draft and released."""
    app = App(Settings(journal=(tmp_path / "journal.db").as_posix()))
    with app.journal.write() as connection:
        for batch, status in (("draft", "draft"), ("sent", "released")):
            connection.execute(insert(batches).values(
                id=batch, file="f", content_hash="0" * 64, template="lingxing-mcf", status=status, is_test=False, rows={}, sheets={},
                created_at=NOW, released_at=NOW if batch == "sent" else None,
            ))  # fmt: skip
            for position, (fate, status_of_order, fingerprint, own, said) in enumerate(KINDS):
                order = None
                if status_of_order:
                    order = connection.execute(insert(orders).values(
                        identity=f"{batch}{position}", revision=1, gate="g", template="lingxing-mcf", display="d", key={}, payload=b"{}",
                        fingerprint="same", status=status_of_order.value, attempts=1, waits=0, batch="other", zh=said, en=said,
                    ).returning(orders.c.id)).scalar_one()  # fmt: skip
                connection.execute(insert(placements).values(
                    batch=batch, position=position, display=f"d{position}", key={}, rows=[["S", 2]], order_id=order,
                    fate=fate and fate.value, fingerprint=fingerprint, account=("main", "other", None)[position % 3], gate="g", zh=own,
                    en=own,
                ))  # fmt: skip
            connection.execute(insert(issues), [
                {"batch": batch, "position": number if number % 5 else None, "code": "x", "severity": severity.value,
                 "sheet": ("S", "T", None)[number % 3], "row": number, "zh": "z", "en": "e"}
                for severity in Severity for number in range(MOST_ISSUES + 7)
            ])  # fmt: skip
    yield app
    app.close()


@pytest.mark.parametrize("batch", ["draft", "sent"])
def test_a_batch_is_seen_as_if_it_were_loaded_whole(app: App, batch: str) -> None:
    """Every kind of order, issues of each severity on several sheets and on none."""
    assert overview(app, batch) == overview_of(report_batch(app, batch))


@pytest.mark.parametrize("fate", [None, *Fate])
def test_orders_of_a_fate_are_turned_page_by_page(app: App, fate: Fate | None) -> None:
    """All of them, in the workbook's order, each once."""
    wanted = [order.position for order in report_batch(app, "sent").orders if fate in (None, order.fate)]
    found: list[int] = []
    while len(found) < len(wanted):
        total, seen = orders_page(app, "sent", len(found), 50, fate)
        assert total == len(wanted)
        assert seen
        found += [each.order.position for each in seen]
    assert found == wanted


def test_a_batch_that_is_not_there_is_told(app: App) -> None:
    """As everywhere."""
    with pytest.raises(UsageError):
        overview(app, "no")
