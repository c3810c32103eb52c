"""The worker inside a server: it sends and follows all that the journal has, whoever else is at work, and goes on after whatever fails."""

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from fba_desk import FbaDesk, make_fba, shipment  # noqa: F401  # a fixture
from foreign import APP_ID, CREATE, SECRET, TOKEN, Foreign, Gateway, Refuse, Slow, serve
from foreign_chukou1 import created, creating
from making import new_batch
from sender import QuickClock, Sender

from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.errors import UsageError
from bulkorders.journal.batches import add_draft, go_on
from bulkorders.journal.gate import pause, unpause
from bulkorders.journal.views import placed_orders
from bulkorders.pipeline.app import App
from bulkorders.pipeline.progress import State, progress
from bulkorders.pipeline.senders import Worker
from bulkorders.pipeline.service import opened
from bulkorders.settings import Settings, load_settings

SECONDS, AT_ONCE = 40.0, 20.0
"""How long anything may take on a busy machine, and what does not wait for the next round, which is half a minute later."""


class RealClock(QuickClock):
    """The machine's own time."""

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


@dataclass
class Noted:
    """A log that remembers."""

    lines: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, event: str, words: Words, **facts: object) -> None:
        """One more line."""
        assert SECRET not in words.zh + words.en + str(facts)
        self.lines.append((event, words.zh))


@dataclass
class Desk:
    """A journal, an account, its server, and workers."""

    sender: Sender
    log: Noted = field(default_factory=Noted)

    @property
    def foreign(self) -> Foreign:
        """The server."""
        return self.sender.foreign

    @property
    def app(self) -> App:
        """The program."""
        return self.sender.app

    def worker(self) -> Worker:
        """One that notes what it says."""
        return Worker(self.app, self.log)

    def state(self, batch: str) -> State:
        """How a batch stands."""
        return progress(self.app, batch).state

    def until(self, happens: Callable[[], object], seconds: float = SECONDS) -> float:
        """Waits for something; gives how long that took."""
        start = time.monotonic()
        while not happens():
            assert time.monotonic() - start < seconds, (self.foreign.calls, self.log.lines)
            time.sleep(0.02)
        return time.monotonic() - start


@pytest.fixture(name="desk")
def make_desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk at a fresh server; at the end nothing wrong was ever asked of it."""
    foreign = Foreign()
    with serve(foreign) as url:
        sender = Sender(tmp_path, foreign, url, RealClock())
        yield Desk(sender)
        sender.close()
        foreign.assert_in_order()


def test_what_was_left_and_what_is_released_later_is_sent(desk: Desk) -> None:
    """Drafts are left alone, as are orders of an account that is not configured; what is new is begun within a second."""
    desk.sender.release("left", ["L-1", "L-2"])
    drafted = new_batch("draft", desk.sender.order("D-1"))
    add_draft(desk.app.journal, drafted, desk.app.clock.now())
    desk.sender.release("other", [replace(desk.sender.order("O-1"), gate="lingxing|elsewhere")])
    with desk.worker():
        desk.until(lambda: desk.state("left") is State.DONE)
        time.sleep(1)
        before = desk.foreign.calls[CREATE]
        desk.sender.release("new", ["N-1"])
        took = desk.until(lambda: desk.foreign.calls[CREATE] > before)
        desk.until(lambda: desk.state("new") is State.DONE)
    assert took < 3  # a second, on a machine that has nothing else to do
    assert sorted(desk.foreign.sent()) == ["L-1", "L-2", "N-1"]
    assert (desk.state("draft"), desk.state("other")) == (State.DRAFT, State.UNFINISHED)


def test_small_batches_do_not_wait_behind_large_ones(desk: Desk) -> None:
    """What is released while another is sent takes its turn at once."""
    desk.foreign.delay = 0.05
    desk.sender.release("large", [f"L-{number}" for number in range(200)])
    with desk.worker():
        desk.until(lambda: desk.foreign.calls[CREATE] > 3)
        desk.sender.release("small", ["S-1"])
        desk.until(lambda: desk.state("small") is State.DONE)
        assert len(desk.foreign.sent()) < 150


def test_an_account_that_was_refused_rests_and_goes_on_when_somebody_asks(desk: Desk) -> None:
    """It is not tried each second; said once; `resume` tries at once, and another batch does as well."""
    desk.foreign.always[TOKEN] = Gateway("9999", "no such app")
    desk.sender.release("b1", ["A-1"])
    with desk.worker() as worker:
        desk.until(lambda: progress(desk.app, "b1").paused is not None and desk.state("b1") is State.UNFINISHED, 60)
        calls = desk.foreign.calls[TOKEN]
        time.sleep(2)
        assert desk.foreign.calls[TOKEN] == calls
        desk.sender.release("b2", ["B-1"])
        desk.until(lambda: desk.foreign.calls[TOKEN] > calls)
        desk.until(lambda: desk.state("b2") is State.UNFINISHED)
        time.sleep(1)
        del desk.foreign.always[TOKEN]
        worker.resume("b1")
        desk.until(lambda: desk.state("b1") is desk.state("b2") is State.DONE, AT_ONCE)
    assert sorted(desk.foreign.sent()) == ["A-1", "B-1"]
    assert len([line for line in desk.log.lines if line[0] == "waits"]) == 1


def test_a_batch_that_is_refused_alike_is_paused_and_the_others_go_on(desk: Desk) -> None:
    """Whoever lets it go on sees it go on within a second or two."""
    names = [f"R-{number}" for number in range(12)]
    desk.foreign.answers = {name: [Refuse(["库存不足"])] for name in names[:6]}
    desk.sender.release("refused", names)
    with desk.worker():
        desk.until(lambda: desk.state("refused") is State.PAUSED)
        desk.sender.release("fine", ["F-1"])
        desk.until(lambda: desk.state("fine") is State.DONE)
        told = progress(desk.app, "refused")
        assert told.paused is not None
        assert "都被平台拒绝" in told.paused.zh
        time.sleep(1.5)
        assert len(desk.foreign.sent()) == 1
        go_on(desk.app.journal, ["refused"], keep_going=True)  # by whatever process
        desk.until(lambda: desk.state("refused") is State.DONE, AT_ONCE)
    assert sorted(desk.foreign.sent()) == ["F-1", *sorted(names[6:])]


def test_a_paused_account_goes_on_when_it_is_unpaused(desk: Desk) -> None:
    """By whatever process: the journal says so."""
    gate = desk.sender.account.gate
    pause(desk.app.journal, gate, desk.app.clock.now())
    desk.sender.release("b1", ["A-1"])
    with desk.worker():
        time.sleep(2)
        assert desk.state("b1") is State.PAUSED
        assert desk.foreign.sent() == []
        unpause(desk.app.journal, gate)
        assert desk.until(lambda: desk.state("b1") is State.DONE) < 10


def test_drafts_and_unknown_batches_do_not_go_on(desk: Desk) -> None:
    """One sentence each; nothing of them is sent."""
    add_draft(desk.app.journal, new_batch("draft", desk.sender.order("D-1")), desk.app.clock.now())
    with desk.worker() as worker:
        with pytest.raises(UsageError, match="草稿"):
            worker.resume("draft")
        with pytest.raises(UsageError, match="没有批次"):
            worker.resume("nope")
        worker.wake(["draft", "nope"])
    assert desk.foreign.sent() == []


def test_an_end_is_orderly(desk: Desk) -> None:
    """The call in flight is answered and written down, nothing more is sent, within ten seconds; the next worker goes on."""
    desk.foreign.delay = 1.0
    desk.sender.release("b1", [f"A-{number}" for number in range(20)])
    with desk.worker():
        desk.until(lambda: desk.foreign.calls[CREATE] >= 2)
        began = time.monotonic()
    assert time.monotonic() - began < 10
    sent = desk.foreign.calls[CREATE]
    assert set(desk.sender.fates("b1").values()) == {"created", "unsent"}
    time.sleep(1.5)
    assert desk.foreign.calls[CREATE] == sent
    desk.foreign.delay = 0.0
    with desk.worker():
        desk.until(lambda: desk.state("b1") is State.DONE)
    assert desk.foreign.tried() == {f"A-{number}": 1 for number in range(20)}


def test_a_call_that_is_not_answered_holds_up_the_end_ten_seconds_at_most(desk: Desk) -> None:
    """Its order is in doubt, and is settled by the next worker."""
    desk.foreign.answers["A-1"] = [Slow(30, given_up=True)]
    desk.sender.configure(settle_seconds=0.2)
    desk.sender.release("b1", ["A-1", "A-2"])
    with desk.worker():
        desk.until(lambda: desk.foreign.calls[CREATE] == 1)
        time.sleep(0.3)
        began = time.monotonic()
    assert time.monotonic() - began < 10.5
    assert desk.sender.fates("b1") == {"A-1": "in_doubt", "A-2": "unsent"}


@pytest.mark.slow
def test_a_journal_that_fails_for_a_while_stops_nothing_for_good(desk: Desk) -> None:
    """Said once, tried again."""
    path = desk.sender.folder / "journal.db"
    with desk.worker():
        time.sleep(1)
        with sqlite3.connect(path) as connection:
            connection.execute("ALTER TABLE orders RENAME TO away")
        desk.until(lambda: ("failed", f"流水账 {path} 用不了：数据库出错。") in desk.log.lines)
        time.sleep(2)
        with sqlite3.connect(path) as connection:
            connection.execute("ALTER TABLE away RENAME TO orders")
        desk.sender.release("b1", ["A-1"])
        desk.until(lambda: desk.state("b1") is State.DONE, 60)
    assert len([line for line in desk.log.lines if line[0] == "failed"]) == 1


# -- other processes -----------------------------------------------------------------------------------------------------------
PROGRAM = """
import json, sys, time
from bulkorders.journal.views import placed_orders
from bulkorders.pipeline.app import App
from bulkorders.pipeline.senders import Worker
from bulkorders.pipeline.service import opened
from bulkorders.settings import Settings, load_settings
settings = json.loads(sys.argv[1])
with Worker(App(Settings(journal=settings["journal"], accounts={"main": settings["account"]}))):
    print("open", flush=True)
    sys.stdin.read()
"""


def another(desk: Desk) -> "subprocess.Popen[str]":
    """A worker in a process of its own."""
    account = {"provider": "lingxing", "base_url": desk.sender.url, "app_id": APP_ID, "app_secret": SECRET, "settle_seconds": 0.2}
    said = json.dumps({"journal": (desk.sender.folder / "journal.db").as_posix(), "account": account})
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, said], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "open\n"
    return process


def ended(process: "subprocess.Popen[str]") -> None:
    """Ends it in an orderly way."""
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_workers_of_several_processes_share_the_work(desk: Desk) -> None:
    """Each order is sent once, whoever sends it, while batches come from all sides."""
    processes = [another(desk) for _ in range(2)]
    with desk.worker():
        for number in range(6):
            desk.sender.release(f"b{number}", [f"{number}-{each}" for each in range(8)])
            time.sleep(0.2)
        desk.until(lambda: all(desk.state(f"b{number}") is State.DONE for number in range(6)), 60)
    for process in processes:
        ended(process)
    assert sorted(desk.foreign.sent()) == sorted(f"{number}-{each}" for number in range(6) for each in range(8))
    assert set(desk.foreign.tried().values()) == {1}


def test_what_a_killed_worker_has_left_is_settled_by_the_next(desk: Desk) -> None:
    """One order in doubt at most, looked up before anything is sent again: none is lost, none is sent twice."""
    desk.foreign.delay = 0.1
    desk.sender.configure(settle_seconds=0.2)
    names = [f"K-{number}" for number in range(40)]
    desk.sender.release("b1", names)
    process = another(desk)
    desk.until(lambda: desk.foreign.calls[CREATE] > 5)
    process.kill()
    process.communicate()
    assert len(desk.foreign.sent()) < 40
    desk.foreign.forgive()
    with desk.worker():
        desk.until(lambda: desk.state("b1") is State.DONE, 60)
    assert sorted(desk.foreign.sent()) == sorted(names)
    assert set(desk.sender.fates("b1").values()) == {"created"}


def test_two_accounts_are_sent_side_by_side(desk: Desk, tmp_path: Path) -> None:
    """One that does not answer holds up no other."""
    second = Foreign(app_id="ak_second0000000")
    with serve(second) as url:
        first = desk.app.settings.accounts["main"]
        accounts = {"main": first, "two": {**first, "base_url": url, "app_id": second.app_id}}
        desk.sender.close()
        desk.sender.app = app = App(Settings(journal=(tmp_path / "journal.db").as_posix(), accounts=accounts))
        desk.foreign.answers["A-1"] = [Slow(8)]
        desk.sender.release("b1", ["A-1", replace(desk.sender.order("B-1"), gate=app.account("two").gate, account="two")])
        with Worker(app):
            desk.until(lambda: second.sent() == ["B-1"])
            assert desk.sender.fates("b1")["A-1"] == "in_doubt"
            desk.until(lambda: desk.state("b1") is State.DONE)


def test_what_the_command_line_left_accepted_is_followed(fba: FbaDesk) -> None:
    """Until the remote has created it. Nothing is sent again."""
    fba.remote.timelines = {"P-1": [creating()], "P-2": [created("1Z-first", final=False)]}
    book = fba.write("a.xlsx", [shipment("P-1"), shipment("P-2")])
    ran = fba.submit("--no-follow", "--journal", "journal.db", book, code=0)
    assert set(ran.fates.values()) == {"accepted"}
    batch = ran.one["batch"]
    with opened(App(load_settings(fba.folder / "bulkorders.toml", (fba.folder / "journal.db").as_posix()))) as app, Worker(app):
        until = time.monotonic() + 2 * SECONDS
        while progress(app, batch).counts[Fate.CREATED] < 1 and time.monotonic() < until:
            time.sleep(0.05)
        assert progress(app, batch).state is State.SENDING
        fba.remote.timelines = {"P-1": [created("1Z-one")], "P-2": [created("1Z-last")]}
        while progress(app, batch).state is not State.DONE and time.monotonic() < until:
            time.sleep(0.05)
        assert {order.display: order.fate for order in placed_orders(app.journal, batch)} == {"P-1": Fate.CREATED, "P-2": Fate.CREATED}
    assert sorted(fba.remote.sent()) == ["P-1", "P-2"]
