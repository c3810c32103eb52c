"""What cannot be worked on: it is said, tried again, and never passed off as done."""

import datetime as dt
import os
import sqlite3
from pathlib import Path

import pytest
from box import Box
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import Refuse, line


@pytest.fixture(name="box")
def make_box(desk: Desk) -> Box:
    """A folder in the settings."""
    box = Box(desk, desk.folder / "drop")
    box.configure(notify=["ops"])
    with (desk.folder / "bulkorders.toml").open("a", encoding="utf-8") as file:
        file.write('[notify.ops]\nkind = "webhook"\nurl = "http://127.0.0.1:9"\n')
    return box


def notices(box: Box) -> list[str]:
    """What people are to be told."""
    with sqlite3.connect(next((box.desk.folder / "home").rglob("journal.db"))) as connection:
        return [text for (text,) in connection.execute("SELECT zh FROM notices ORDER BY id")]


def test_what_is_in_the_way_is_named_and_the_file_waits(box: Box) -> None:
    """Results that cannot be written: exit 5, where it lies is said, people are told once it goes on for a while; then it goes on."""
    box.drop("a.xlsx", "A-1")
    box.once(code=0)
    (box.results / "a_结果.xlsx").rename(box.root / "mine.xlsx")
    box.results.rmdir()
    box.results.symlink_to(box.desk.folder)  # a link, which nothing is written through
    box.drop("b.xlsx", "B-1")
    assert str(box.results) in box.once(code=2).err
    assert box.lies() == {"a.xlsx": "done", "b.xlsx": "inbox"}
    box.results.unlink()
    box.once(code=0)
    assert box.lies() == {"a.xlsx": "done", "b.xlsx": "done"}


def test_a_file_that_fails_for_a_while_calls_somebody_once(box: Box) -> None:
    """Its day's folder is a file: said with its path, tried again, exit 5; one notice however often."""
    box.drop("a.xlsx", "A-1")
    box.done.mkdir(parents=True)
    days = [(dt.datetime.now(dt.UTC) + dt.timedelta(days=more)).date().isoformat() for more in (0, 1)]
    for day in days:
        (box.done / day).touch()
    assert str(box.done) in box.once(code=5).err
    assert box.lies() | dict.fromkeys(days, "") == {"a.xlsx": "processing"} | dict.fromkeys(days, "")
    assert notices(box) == []
    with sqlite3.connect(next((box.desk.folder / "home").rglob("journal.db"))) as connection:
        connection.execute("UPDATE drops SET at = datetime(at, '-2 minutes') || '.000000'")
    for _ in range(2):
        box.once(code=5)
    assert [text for text in notices(box) if "处理不了" in text] == notices(box)[:1]
    for day in days:
        (box.done / day).unlink()
    box.once(code=0)
    assert box.lies() == {"a.xlsx": "done"}


def test_a_replaced_file_needs_nobody_any_more(box: Box) -> None:
    """What was refused and stopped is corrected and dropped: the first file lies with the done ones then, and nobody is called."""
    orders = [f"A-{number}" for number in range(4)]
    for order in orders[:2]:
        box.desk.foreign.answers[order] = [Refuse(["MSKU不存在"])]
    box.drop("a.xlsx", *orders)
    box.once(code=5)
    assert box.lies() == {"a.xlsx": "processing"}
    assert "停下了" in notices(box)[0]
    assert "resume --keep-going" in notices(box)[0]
    book = box.desk.write("draft.xlsx", [line(order, MSKU="S-9") for order in orders])
    book.replace(box.inbox / "b.xlsx")
    box.once(code=0)
    box.once(code=0)
    assert box.lies() == {"a.xlsx": "done", "b.xlsx": "done"}
    assert sorted(box.desk.foreign.sent()) == orders
    assert [text for text in notices(box) if "有订单要处理" in text] == []


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_tried_again(box: Box) -> None:
    """Another program may hold it for a while."""
    path = box.drop("a.xlsx", "A-1")
    path.chmod(0)
    assert "a.xlsx" in box.once(code=5).err
    assert box.lies() == {"a.xlsx": "processing"}
    (Path(box.processing) / "a.xlsx").chmod(0o600)
    box.once(code=0)
    assert box.lies() == {"a.xlsx": "done"}
