"""How a batch is getting on: counted as the report counts it, order by order, and told without loading any."""

import datetime as dt
import itertools
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from making import NOW, draft, new_batch
from sender import QuickClock
from sqlalchemy import event, insert, update

from bulkorders.core.order import Status
from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.errors import UsageError
from bulkorders.journal.batches import add_draft, go_on, pause_batch, release
from bulkorders.journal.follow import answered, to_ask
from bulkorders.journal.gate import hold, is_held, keep_pace, pause, unpause
from bulkorders.journal.queue import claim, settle, tell_waiting
from bulkorders.journal.records import Settled
from bulkorders.journal.tables import batches, orders, placements
from bulkorders.pipeline.app import App
from bulkorders.pipeline.history import history
from bulkorders.pipeline.progress import Progress, State, newest_event, progress
from bulkorders.pipeline.report import report_batch
from bulkorders.settings import Settings

ACCOUNT = {"provider": "lingxing", "base_url": "https://openapi.lingxing.com", "app_id": "ak_testAppId0001", "app_secret": "s" * 16}
LATER = dt.timedelta(hours=1)


class Standing(QuickClock):
    """A clock that stands still unless it is set."""

    at: dt.datetime = NOW

    def now(self) -> dt.datetime:
        """The time that was set."""
        return self.at


@pytest.fixture(name="app")
def make_app(tmp_path: Path) -> Iterator[App]:
    """A program with an account `main`."""
    app = App(Settings(journal=(tmp_path / "journal.db").as_posix(), accounts={"main": ACCOUNT}), Standing())
    yield app
    app.close()


def gate(app: App) -> str:
    """The account's gate."""
    return app.account("main").gate


def put(app: App, batch: str, *numbers: str, released: bool = True, content: str = "one") -> None:
    """A batch of some orders."""
    add_draft(app.journal, new_batch(batch, *(draft(number, content, gate=gate(app)) for number in numbers)), app.clock.now())
    if released:
        release(app.journal, [batch], app.clock.now())


def answer(app: App, status: Status = Status.CREATED, *, after: float = 0.0, said: str = "", **more: object) -> None:
    """The next order is sent and answered so many seconds later."""
    order = claim(app.journal, gate(app), app.clock.now())
    assert order is not None
    wait(app, after)
    message = Words(said, said + " in English") if said else None
    settle(app.journal, order, Settled(status, app.clock.now(), message=message, **more), gate(app), go_on=False)  # type: ignore[arg-type]


def wait(app: App, seconds: float) -> None:
    """Sets the clock on."""
    assert isinstance(app.clock, Standing)
    app.clock.at += dt.timedelta(seconds=seconds)


def counts(app: App, batch: str) -> dict[str, int]:
    """The counts that are not 0, of the progress; those of the report and of the history must be the same."""
    found = progress(app, batch)
    report = report_batch(app, batch).totals
    assert dict(found.counts) == dict(report.by_fate)
    assert found.read == report.read
    (line,) = [line for line in history(app, by_whom=None).lines if line.batch == batch]
    assert (dict(line.counts), line.read, line.state) == (dict(found.counts), found.read, found.state)
    return {fate.value: count for fate, count in found.counts.items() if count}


# -- fates ----------------------------------------------------------------------------------------------------------------
FATES = (None, *Fate)
STATUSES = (None, *Status)
FINGERPRINTS = ("same", "other", None)


def test_every_order_is_counted_as_the_report_sees_it(app: App) -> None:
    """Each fate that a placement may have, with each status of its order, of its own content and of another, or without an order."""
    kinds = list(itertools.product(FATES, STATUSES, FINGERPRINTS))
    with app.journal.write() as connection:
        for number, (fate, status, fingerprint) in enumerate(kinds):
            batch, order = f"b{number}", None
            connection.execute(insert(batches).values(
                id=batch, file="f", content_hash="0" * 64, template="lingxing-mcf", status="released", is_test=False, rows={}, sheets={},
                created_at=NOW, released_at=NOW,
            ))  # fmt: skip
            if status:
                order = connection.execute(insert(orders).values(
                    identity=batch, revision=1, gate="g", template="lingxing-mcf", display="d", key={}, payload=b"", fingerprint="same",
                    status=status.value, attempts=1, waits=0, batch=batch,
                ).returning(orders.c.id)).scalar_one()  # fmt: skip
            connection.execute(insert(placements).values(
                batch=batch, position=0, display="d", key={}, rows=[["S", 2]], order_id=order, fate=fate and fate.value,
                fingerprint=fingerprint, account="main", gate="g",
            ))  # fmt: skip
    for number, kind in enumerate(kinds):
        found = progress(app, f"b{number}")
        assert dict(found.counts) == dict(report_batch(app, f"b{number}").totals.by_fate), kind
        (left,) = [fate for fate, count in found.counts.items() if count]
        assert (found.state is State.DONE) == (left not in (Fate.UNSENT, Fate.IN_DOUBT, Fate.ACCEPTED)), kind


def test_counts_follow_the_orders_through_all_that_happens(app: App) -> None:
    """Skipped, changed, renewed, refused, in doubt, accepted; in every state the report says the same."""
    put(app, "b1", *(f"A{number}" for number in range(6)))
    assert counts(app, "b1") == {"unsent": 6}
    for status in (Status.CREATED, Status.ACCEPTED, Status.REJECTED, Status.IN_DOUBT):
        answer(app, status)
    answer(app, Status.REJECTED, fate=Fate.CHANGED)
    assert counts(app, "b1") == {"created": 1, "accepted": 1, "rejected": 1, "in_doubt": 1, "changed": 1, "unsent": 1}
    put(app, "b2", *(f"A{number}" for number in range(6)))
    assert counts(app, "b2") == {"skipped": 1, "accepted": 1, "in_doubt": 1, "unsent": 3}
    put(app, "b3", *(f"A{number}" for number in range(6)), content="other")
    assert counts(app, "b3")["changed"] == 2
    assert counts(app, "b2")["changed"] == 3
    assert counts(app, "b1") == {"created": 1, "accepted": 1, "rejected": 1, "in_doubt": 1, "changed": 2}
    claim(app.journal, gate(app), NOW)
    assert counts(app, "b3")["in_doubt"] == 2


def test_a_batch_that_is_done_is_counted_once(app: App) -> None:
    """Nothing can become of it; what is not done, and a draft, which may be corrected, are counted each time."""
    put(app, "b1", "A1")
    put(app, "d1", "D1", released=False)
    with app.journal.write() as connection:
        connection.execute(update(placements).where(placements.c.batch == "d1").values(fate="invalid"))
    assert (counts(app, "b1"), counts(app, "d1")) == ({"unsent": 1}, {"invalid": 1})
    answer(app)
    assert counts(app, "b1") == {"created": 1}
    with app.journal.write() as connection:
        connection.execute(update(placements).values(fate=None))
        connection.execute(update(orders).values(status="rejected"))  # which never happens
    assert progress(app, "b1").counts[Fate.CREATED] == 1
    assert counts(app, "d1") == {"unsent": 1}


# -- the state ---------------------------------------------------------------------------------------------------------------
def state(app: App, batch: str = "b1") -> str:
    """The state of a batch."""
    return progress(app, batch).state.value


def test_a_batch_is_sent_as_long_as_somebody_holds_the_account(app: App) -> None:
    """And in the first seconds, before anybody has begun; then nothing is going on."""
    put(app, "b1", "A1", released=False)
    assert state(app) == "draft"
    release(app.journal, ["b1"], app.clock.now())
    assert state(app) == "sending"
    wait(app, 10)
    assert state(app) == "unfinished"
    with hold(app.journal, gate(app), app.clock.now()) as held:
        assert held is not None
        assert state(app) == "sending"
        held.path.touch()
        old = time.time() - 60
        os.utime(held.path, (old, old))  # in a long call
        assert state(app) == "sending"
        left = held.path.read_bytes()
    held.path.write_bytes(left)
    os.utime(held.path, (old, old))
    assert state(app) == "unfinished"  # killed
    held.path.unlink()
    answer(app)
    assert state(app) == "done"


def test_whether_a_gate_is_held_is_known_at_once(app: App) -> None:
    """It is asked each second for every page that is open: nobody waits for a lock."""
    put(app, "b1", "A1")
    with hold(app.journal, gate(app), app.clock.now()):
        began = time.monotonic()
        assert all(is_held(app.journal, gate(app)) for _ in range(100))
        assert time.monotonic() - began < 1
    assert not is_held(app.journal, gate(app))


def test_what_the_remote_is_at_work_on_is_followed_until_nobody_asks_any_more(app: App) -> None:
    """Accepted orders, when no run waits for them: they are asked for now and then."""
    put(app, "b1", "A1")
    answer(app, Status.ACCEPTED, due=app.clock.now() + LATER)
    wait(app, 60)
    assert state(app) == "sending"
    wait(app, 7200)
    assert state(app) == "unfinished"
    order = to_ask(app.journal, gate(app), app.clock.now())
    assert order is not None
    answered(app.journal, order, Settled(Status.CREATED, app.clock.now(), tracking_number="1Z"))
    assert state(app) == "done"


def test_a_pause_is_told_with_its_reason(app: App) -> None:
    """Of the account, by a person; of the batch, after refusals; a stopped account says why, an unknown one too."""
    put(app, "b1", "A1", "A2")
    wait(app, 10)
    pause(app.journal, gate(app), app.clock.now())
    found = progress(app, "b1")
    assert (found.state, found.paused) == (
        State.PAUSED,
        Words("账号 main 已暂停：恢复之后会接着发。", "Account main is paused; it goes on when it is unpaused."),
    )
    unpause(app.journal, gate(app))
    assert progress(app, "b1").paused is None
    pause_batch(app.journal, "b1", Words("连续被拒绝", "refused alike"))
    found = progress(app, "b1")
    assert (found.state, found.paused) == (State.PAUSED, Words("连续被拒绝", "refused alike"))
    go_on(app.journal, ["b1"])
    tell_waiting(app.journal, gate(app), Words("密钥不对", "wrong secret"))
    found = progress(app, "b1")
    assert (found.state, found.paused) == (State.UNFINISHED, Words("密钥不对", "wrong secret"))
    other = App(app.settings.model_copy(update={"accounts": {}}), app.clock)
    found = progress(other, "b1")
    other.close()
    assert found.state is State.UNFINISHED
    assert found.paused is not None
    assert "没有账号 main" in found.paused.zh


def test_a_batch_of_which_one_account_is_paused_is_still_sent(app: App) -> None:
    """The other account goes on, and the pause is told all the same."""
    mine, other = draft("A1", gate=gate(app)), draft("A2", gate="lingxing|elsewhere", account="two")
    add_draft(app.journal, new_batch("b1", mine, other), app.clock.now())
    release(app.journal, ["b1"], app.clock.now())
    wait(app, 10)
    pause(app.journal, gate(app), app.clock.now())
    with hold(app.journal, "lingxing|elsewhere", app.clock.now()):
        found = progress(app, "b1")
    assert found.state is State.SENDING
    assert found.paused is not None
    assert progress(app, "b1").state is State.PAUSED


def test_there_is_no_progress_of_what_is_not_there(app: App) -> None:
    """A batch that the journal does not have."""
    with pytest.raises(UsageError):
        progress(app, "nope")


# -- what has just happened ----------------------------------------------------------------------------------------------------
def test_the_latest_outcomes_are_told_newest_first(app: App) -> None:
    """Five at most, of this batch's own content alone, in both languages; retries and what only begins are none."""
    put(app, "b0", "A0")
    answer(app, said="earlier")
    wait(app, 1)
    put(app, "b1", "A0", *(f"A{number}" for number in range(1, 8)))
    assert progress(app, "b1").latest == []  # that was before it was released
    put(app, "b2", "A2", content="one")
    for number in range(1, 7):
        answer(app, Status.REJECTED if number == 6 else Status.CREATED, said=f"said {number}")
    answer(app, Status.PENDING, counts=False)
    found = progress(app, "b1")
    assert [(each.order, each.status.value) for each in found.latest] == [
        ("A6", "rejected"), *((f"A{number}", "created") for number in (5, 4, 3, 2)),
    ]  # fmt: skip
    assert found.latest[0].message == Words("said 6", "said 6 in English")
    assert found.latest[0].word == Words("被拒绝", "rejected")
    assert found.latest[0].at == app.clock.now()
    assert [each.order for each in progress(app, "b2").latest] == ["A2"]
    assert found.event == newest_event(app) > 0


def test_what_was_sent_with_somebody_elses_content_is_not_told(app: App) -> None:
    """A batch that wanted other content sees neither the answer nor what it quotes."""
    put(app, "b1", "A1")
    order = claim(app.journal, gate(app), app.clock.now())
    put(app, "b2", "A1", content="other")
    assert order is not None
    settle(app.journal, order, Settled(Status.CREATED, app.clock.now(), message=Words("收件人 王", "to Wang")), gate(app), go_on=False)
    assert counts(app, "b2") == {"changed": 1}
    assert [each.order for each in progress(app, "b1").latest] == ["A1"]
    assert progress(app, "b2").latest == []


def test_a_fate_that_an_answer_brought_is_told_as_such(app: App) -> None:
    """The remote has the order already: skipped, not refused."""
    put(app, "b1", "A1")
    answer(app, Status.REJECTED, fate=Fate.SKIPPED, said="平台上已有")
    assert [(each.status.value, each.message) for each in progress(app, "b1").latest] == [
        ("skipped", Words("平台上已有", "平台上已有 in English"))
    ]


# -- time --------------------------------------------------------------------------------------------------------------------
def at_work(app: App, batch: str = "b1") -> Progress:
    """The progress while somebody sends."""
    with hold(app.journal, gate(app), app.clock.now()):
        return progress(app, batch)


def test_the_pace_is_that_of_the_last_minute(app: App) -> None:
    """Orders a minute, from the first answer to the last; none before the second, none once nothing is sent."""
    put(app, "b1", *(f"A{number}" for number in range(50)))
    assert at_work(app).per_minute is None
    answer(app, after=300)
    assert at_work(app).per_minute is None
    for _ in range(10):
        answer(app, after=3)
    assert at_work(app).per_minute == pytest.approx(20)
    assert at_work(app).seconds_left == pytest.approx(39 * 3)
    for _ in range(12):
        answer(app, after=6)
    assert at_work(app).per_minute == pytest.approx(10)
    assert progress(app, "b1").per_minute is None
    wait(app, 61)
    assert at_work(app).per_minute is None


def test_the_time_that_is_left_is_reckoned_with_the_accounts_own_pace(app: App) -> None:
    """Of a draft, too; batches take turns, so that 5 orders do not wait for 50, and what is paused delays nobody."""
    keep_pace(app.journal, gate(app), 2.0)
    put(app, "b1", *(f"A{number}" for number in range(5)), released=False)
    assert progress(app, "b1").seconds_left == 10
    put(app, "b2", *(f"B{number}" for number in range(50)))
    assert progress(app, "b1").seconds_left == 20
    assert progress(app, "b2").seconds_left == 100
    release(app.journal, ["b1"], app.clock.now())
    assert (at_work(app, "b1").seconds_left, at_work(app, "b2").seconds_left) == (20, 110)
    pause_batch(app.journal, "b2", Words("停", "stopped"))
    assert (at_work(app, "b1").seconds_left, at_work(app, "b2").seconds_left) == (10, None)
    pause(app.journal, gate(app), app.clock.now())
    assert at_work(app, "b1").seconds_left is None


def test_progress_takes_a_few_statements_however_many_orders_there_are(app: App) -> None:
    """It is asked each second for every page that is open: the database counts, and gives some rows."""
    taken: dict[int, list[str]] = {}
    for count in (3, 300):
        put(app, f"b{count}", *(f"{count}-{number}" for number in range(count)))
        answer(app)
        statements: list[str] = []

        def note(*said: object, statements: list[str] = statements) -> None:
            statements.append(str(said[2]))

        event.listen(app.journal.engine, "before_cursor_execute", note)
        at_work(app, f"b{count}")
        event.remove(app.journal.engine, "before_cursor_execute", note)
        taken[count] = statements
    assert taken[3] == taken[300]
    assert len(taken[300]) < 10
