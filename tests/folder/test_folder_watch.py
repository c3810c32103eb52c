"""The import at work: two at once, a folder that vanishes, an end that was asked for, a remote that stops, orders that are followed."""

import json
import shutil
import signal
import sqlite3
import time
from collections import Counter
from pathlib import Path

import pytest
from box import Box
from desk import Desk, make_desk  # noqa: F401  # a fixture
from fba_desk import FbaDesk, make_fba, shipment  # noqa: F401  # a fixture
from foreign import BUYER, CREATE, SECRET, Refuse, line
from foreign_chukou1 import created, creating, failed

from bulkorders.core.words import Words
from bulkorders.folder.watch import Watch
from bulkorders.pipeline.app import App
from bulkorders.pipeline.service import opened
from bulkorders.pipeline.work import Work
from bulkorders.settings import load_settings

MOMENT = 0.01
"""So many minutes of following are over at once."""


@pytest.fixture(name="box")
def make_box(desk: Desk) -> Box:
    """A folder in the settings."""
    box = Box(desk, desk.folder / "drop")
    box.configure()
    return box


def events(err: str) -> Counter[tuple[str, str]]:
    """What a log in JSON says: kinds of things and files."""
    found = [json.loads(entry) for entry in err.splitlines()]
    return Counter((entry["event"], str(entry.get("file"))) for entry in found)


def test_two_watchers_share_a_folder_and_end_when_asked(box: Box) -> None:
    """Each file is taken by one of them; SIGTERM ends both within ten seconds, with 130."""
    watchers = [box.start("--log", "json") for _ in range(2)]
    names = [f"w{number}.xlsx" for number in range(4)]
    for number, name in enumerate(names):
        box.drop(name, f"W-{number}-1", f"W-{number}-2")
    box.until(lambda: len(box.desk.foreign.sent()) == 8 and box.is_over())
    for watcher in watchers:
        watcher.send_signal(signal.SIGTERM)
    at = time.monotonic()
    said = Counter[tuple[str, str]]()
    for watcher in watchers:
        ran = box.desk.finish(watcher, 130)
        assert ran.out == ""
        said += events(ran.err)
    assert time.monotonic() - at < 10
    assert {name: (said["claimed", name], said["done", name]) for name in names} == dict.fromkeys(names, (1, 1))
    assert box.lies() == dict.fromkeys(names, "done")
    assert len(set(box.desk.foreign.sent())) == 8


@pytest.mark.parametrize("seconds", [3, pytest.param(30, marks=pytest.mark.slow)])
def test_a_folder_that_vanishes_and_comes_back_goes_on(box: Box, seconds: float) -> None:
    """Even while a file of it is on its way: said once, nothing made in its place, and all goes on when it is back."""
    box.desk.foreign.delay = 0.15
    watcher = box.start()
    box.drop("a.xlsx", *(f"A-{number}" for number in range(30)))
    box.until(lambda: box.desk.foreign.calls[CREATE] > 3)
    away = box.root.rename(box.root.with_name("away"))
    time.sleep(seconds)
    assert not box.root.exists()
    book = box.desk.write("b.xlsx", [line("B-1")])
    shutil.move(book, away / "inbox" / "b.xlsx")
    away.rename(box.root)
    box.until(lambda: set(box.lies().values()) == {"done"} and len(box.lies()) == 2)
    watcher.terminate()
    ran = box.desk.finish(watcher, 130)
    assert ran.err.count("现在不在") == ran.err.count("回来了") == 1
    assert len(set(box.desk.foreign.sent())) == 31
    assert set(box.told("a_结果.xlsx").values()) == {"已创建"}


def test_an_end_while_it_sends_loses_nothing(box: Box) -> None:
    """The call that is underway is answered, the file stays where it is worked on, the next start goes on."""
    box.desk.foreign.delay = 0.2
    watcher = box.start()
    box.drop("a.xlsx", *(f"A-{number}" for number in range(25)))
    box.until(lambda: box.desk.foreign.calls[CREATE] > 3)
    watcher.terminate()
    at = time.monotonic()
    ran = box.desk.finish(watcher, 130)
    assert time.monotonic() - at < 10
    assert "接着做" in ran.err
    assert box.lies() == {"a.xlsx": "processing"}
    sent = len(box.desk.foreign.sent())
    assert 3 < sent < 25
    box.desk.foreign.delay = 0.0
    box.once(code=0)
    assert box.lies() == {"a.xlsx": "done"}
    assert box.desk.foreign.tried() == {f"A-{number}": 1 for number in range(25)}


def test_a_remote_that_stops_keeps_the_file_until_it_goes_on(box: Box) -> None:
    """Results say why; whoever mends it needs do nothing more; an end by hand writes nothing into the inbox."""
    box.desk.configure(app_secret="wrong")
    box.configure()
    box.drop("a.xlsx", "A-1")
    box.once(code=5)
    assert box.lies() == {"a.xlsx": "processing"}
    assert box.told("a_结果.xlsx") == {"A-1": "未发送"}
    box.desk.configure(app_secret=SECRET)
    box.configure()
    resumed = box.desk.resume(code=0)
    assert resumed.one["results"] is None
    assert "bulkorders watch" in resumed.err
    assert list(box.inbox.iterdir()) == []
    box.once(code=0)
    assert box.lies() == {"a.xlsx": "done"}
    assert box.told("a_结果.xlsx") == {"A-1": "已创建"}
    assert [path.name for path in box.results.iterdir()] == ["a_结果.xlsx"]


def test_a_folder_takes_its_own_template_and_account_only(box: Box) -> None:
    """A workbook of another is refused with a sentence; the owner is who has brought the batch."""
    box.desk.configure()
    box.configure(template="lingxing-mcf", owner="小王", account="main")
    box.drop("a.xlsx", "A-1")
    shutil.copy(Path(__file__).parents[2] / "sample_data" / "chukou1-fba" / "orders.xlsx", box.inbox / "fba.xlsx")
    box.once(code=3)
    assert box.lies() == {"a.xlsx": "done", "fba.xlsx": "failed"}
    assert "只收" in box.note("fba_结果.txt")
    journal = next((box.desk.folder / "home").rglob("journal.db"))
    with sqlite3.connect(journal) as connection:
        assert connection.execute("SELECT by_whom, file FROM batches").fetchall() == [("小王", str(box.inbox / "a.xlsx"))]
    box.desk.configure()
    box.configure(account="other")
    assert "没有账号 other" in box.once(code=2).said


def test_accepted_orders_are_followed_and_their_results_refreshed(fba: FbaDesk) -> None:
    """A file lies with the done ones as soon as all is accepted; a number that comes later, or a refusal, is told when it comes."""
    fba.configure(follow_minutes=MOMENT)
    box = Box(fba, fba.folder / "drop")
    box.configure()
    fba.remote.timelines = {"P-1": [created("1Z-first", final=False)], "P-2": [creating()], "P-3": [creating()]}
    for number in (1, 2, 3):
        fba.write("draft.xlsx", [shipment(f"P-{number}")]).replace(box.inbox / f"p{number}.xlsx")
    box.once(code=5)
    assert box.lies() == {f"p{number}.xlsx": "done" for number in (1, 2, 3)}
    (first,) = fba.results("drop/results/p1_结果.xlsx")
    assert first["跟踪号"] == "1Z-first"
    assert fba.results("drop/results/p2_结果.xlsx")[0]["提交状态"] == "已受理"

    mine = (box.results / "p2_结果.xlsx").read_bytes() + b" "  # somebody writes into it
    (box.results / "p2_结果.xlsx").write_bytes(mine)
    fba.remote.timelines |= {"P-1": [created("1Z-last")], "P-2": [created("1Z-two")], "P-3": [failed("库存不足")]}
    fba.resume(code=4)
    box.once(code=4)
    assert box.lies() == {"p1.xlsx": "done", "p2.xlsx": "done", "p3.xlsx": "failed"}
    (last,) = fba.results("drop/results/p1_结果.xlsx")
    assert last["跟踪号"] == "1Z-last"
    assert fba.results("drop/results/p2 (2)_结果.xlsx")[0]["跟踪号"] == "1Z-two"
    assert (box.results / "p2_结果.xlsx").read_bytes() == mine
    assert fba.results("drop/results/p3_结果.xlsx")[0]["提交状态"] == "被拒绝"
    assert sorted(fba.remote.sent()) == ["P-1", "P-2", "P-3"]


def test_people_are_told_once_and_without_what_is_personal(box: Box) -> None:
    """Counts, names of files, batches and folders, and what to do; a second run tells nothing again."""
    box.desk.configure()
    with (box.desk.folder / "bulkorders.toml").open("a", encoding="utf-8") as file:
        file.write('[notify.ops]\nkind = "webhook"\nurl = "https://example.com"\n')
    box.configure(notify=["ops"])
    box.desk.foreign.answers["A-2"] = [Refuse(["收件人 canary 地址不对"])]
    box.drop("a.xlsx", "A-1", "A-2")
    box.drop("b.xlsx", "B-1")
    (box.inbox / "c.xlsx").write_bytes(b"PK\x03\x04")
    said: dict[tuple[str, str], list[Words]] = {}
    for _ in range(2):
        settings = load_settings(box.desk.folder / "bulkorders.toml", (box.desk.folder / "j.db").as_posix())
        with opened(App(settings)) as app:
            work = Work(app, Silent(), lambda target, key, words: said.setdefault((target, key), []).append(words))
            watch = Watch(work, settings.folders)
            watch.begin(is_named=False)
            watch.run_once()
    assert box.lies() == {"a.xlsx": "failed", "b.xlsx": "done", "c.xlsx": "failed"}
    assert {target for target, _ in said} == {"ops"}
    assert [len(words) for words in said.values()] == [1, 1, 1]
    texts = [words.zh for (words,) in said.values()]
    assert any("a.xlsx 有订单要处理：已创建 1、被拒绝 1" in text and "a_结果.xlsx" in text for text in texts)
    assert any("b.xlsx 已完成：已创建 1" in text for text in texts)
    assert any("c.xlsx 没有收下" in text for text in texts)
    assert [text for text in texts for value in [*BUYER.values(), "canary", "A-1", "A-2"] if str(value) in text] == []


class Silent:
    """A log that nobody reads."""

    def tell(self, event: str, words: Words, **facts: object) -> None:
        """Says nothing."""


def test_what_cannot_be_watched_is_said_at_once(desk: Desk) -> None:
    """Exit 2 with one sentence, before anything is done."""
    assert "没有要看的文件夹" in desk.run("watch", "--once", code=2).said
    assert "没有文件夹" in desk.run("watch", "nowhere", "--once", code=2).said
    box = Box(desk, desk.folder / "drop")
    box.configure()
    box.once(code=0)
    assert "另一份流水账" in box.once("--journal", "sqlite:///other.db", code=2).said
