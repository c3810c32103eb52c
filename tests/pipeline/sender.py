"""A sender without workbooks: a journal, an account at somebody else's server, a clock on which sleeping takes no time."""

import datetime as dt
import random
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pytest
from foreign import APP_ID, SECRET, Foreign, serve
from making import draft, new_batch

from bulkorders.core.outcome import Verdict
from bulkorders.core.provider import Account
from bulkorders.core.words import Words
from bulkorders.journal.batches import add_draft, go_on, release
from bulkorders.journal.records import Draft, Placed
from bulkorders.journal.views import placed_orders
from bulkorders.pipeline.app import App, SystemClock
from bulkorders.pipeline.submit import Run
from bulkorders.providers.lingxing import PROVIDER
from bulkorders.settings import Settings

ITEM = {"msku": "msku-1", "quantity_shipped": 1}


class QuickClock(SystemClock):
    """The machine's time, but sleeping takes none: what was slept is added to it.

    `set_by`: seconds by which somebody has set it; `will_be_set_by`: what he sets it by while the program next sleeps.
    """

    def __init__(self) -> None:
        self.slept = self.set_by = self.will_be_set_by = 0.0

    def now(self) -> dt.datetime:
        """The time as if everybody had slept, as the clock was set."""
        return super().now() + dt.timedelta(seconds=self.slept + self.set_by)

    def monotonic(self) -> float:
        """Seconds, those slept included; who sets the clock does not change them."""
        return time.monotonic() + self.slept

    def sleep(self, seconds: float) -> None:
        """Takes the seconds as slept."""
        self.slept += seconds
        self.set_by, self.will_be_set_by = self.set_by + self.will_be_set_by, 0.0


@dataclass
class Told:
    """A watcher that remembers. `lines`: why something waited; `estimates`: orders and seconds; `answers`: one for each call."""

    lines: list[str] = field(default_factory=list)
    estimates: list[tuple[int, float]] = field(default_factory=list)
    answers: list[Verdict] = field(default_factory=list)
    answered_before: int = -1
    """The answers there were when the first estimate was told."""
    is_interrupted: bool = False
    """Somebody ends the program at the first thing that it tells."""

    def starts(self, orders: int) -> None:
        """Not remembered."""
        if self.is_interrupted:
            raise KeyboardInterrupt

    def settled(self, account: str, verdict: Verdict) -> None:
        """One more answer."""
        self.answers.append(verdict)

    def waits(self, account: str, reason: Words) -> None:
        """One more line."""
        self.lines.append(f"{account}：{reason.zh}")

    def expects(self, account: str, orders: int, seconds: float) -> None:
        """One more estimate."""
        if not self.estimates:
            self.answered_before = len(self.answers)
        self.estimates.append((orders, seconds))

    def releases(self) -> None:
        """Says nothing."""

    def interrupted(self) -> float | None:
        """Nobody interrupts."""
        return None

    def follows(self, account: str, orders: int, minutes: float) -> None:
        """Not remembered."""

    @property
    def text(self) -> str:
        """All lines."""
        return "\n".join(self.lines)


@dataclass
class Sender:
    """Submits drafts and runs, as the program does between its workbooks and its results."""

    folder: Path
    foreign: Foreign
    url: str
    clock: QuickClock = field(default_factory=QuickClock)
    told: Told = field(default_factory=Told)

    @cached_property
    def app(self) -> App:
        """The wiring of an account `main`; `configure` makes it anew."""
        return self._app()

    def _app(self, **settings: object) -> App:
        table = {"provider": "lingxing", "base_url": self.url, "app_id": APP_ID, "app_secret": SECRET, **settings}
        known = Settings(journal=(self.folder / "journal.db").as_posix(), accounts={"main": table})
        return App(known, self.clock, chance=random.Random(7))

    def configure(self, **settings: object) -> None:
        """Another program start, with other settings of the account."""
        self.close()
        self.app = self._app(**settings)

    def close(self) -> None:
        """The end of a program: the journal is let go."""
        if "app" in self.__dict__:
            self.app.close()
            del self.app

    @property
    def account(self) -> Account:
        """The account."""
        return self.app.account("main")

    def order(self, number: str, *items: dict[str, object], **changed: object) -> Draft:
        """An order with its frozen request."""
        payload = {"store_name": "8speed-US", "country": "美国", "order_id": number, "item_list": list(items) or [ITEM], **changed}
        body = PROVIDER.encode(payload)
        return draft(number, body.decode(), gate=self.account.gate, payload=body)

    def release(self, batch: str, orders: Sequence[Draft | str], *, keep_going: bool = False) -> None:
        """A batch of orders, released and not yet sent."""
        drafts = [self.order(each) if isinstance(each, str) else each for each in orders]
        add_draft(self.app.journal, new_batch(batch, *drafts), self.clock.now())
        release(self.app.journal, [batch], self.clock.now(), keep_going=keep_going)

    def submit(self, batch: str, orders: Sequence[Draft | str], *, keep_going: bool = False) -> dict[str, str]:
        """`submit` of a batch; gives the fates."""
        self.release(batch, orders, keep_going=keep_going)
        return self.run(batch)

    def resume(self, *batches: str, keep_going: bool = False) -> dict[str, str]:
        """`resume` of some batches; gives the fates."""
        go_on(self.app.journal, batches, keep_going=keep_going)
        return self.run(*batches)

    def run(self, *batches: str) -> dict[str, str]:
        """Sends what there is to be sent of some batches; gives the fates."""
        self.told = Told(is_interrupted=self.told.is_interrupted)
        assert Run(self.app, batches, self.told).go() is not self.told.is_interrupted
        return self.fates(*batches)

    def placed(self, batch: str) -> dict[str, Placed]:
        """A batch's orders as it sees them."""
        return {order.display: order for order in placed_orders(self.app.journal, batch)}

    def fates(self, *batches: str) -> dict[str, str]:
        """The fate of each order."""
        return {display: order.fate.value for batch in batches for display, order in self.placed(batch).items()}

    def message(self, batch: str, order: str) -> str:
        """What is said of an order."""
        said = self.placed(batch)[order].message
        return said.zh if said else ""


@contextmanager
def sending(folder: Path) -> Iterator[Sender]:
    """A sender at a fresh server that has the sender's time; at the end nothing wrong was ever asked of it."""
    foreign = Foreign()
    with serve(foreign) as url:
        sender = Sender(folder, foreign, url)
        foreign.clock = lambda: sender.clock.now().timestamp()
        yield sender
        sender.close()
        foreign.assert_in_order()


@pytest.fixture(name="sender")
def make_sender(tmp_path: Path) -> Iterator[Sender]:
    """A sender at a fresh server."""
    with sending(tmp_path) as sender:
        yield sender
