"""What cannot be worked on: it is said, tried again, and never passed off as done."""

import contextlib
import datetime as dt
import os
import sqlite3
import subprocess
from pathlib import Path

import pytest
from box import Box
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import Refuse, line

from bulkorders.errors import UsageError
from bulkorders.folder.place import make_part


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


def test_names_that_are_chosen_at_once_are_never_the_same(box: Box) -> None:
    """`x.xlsx` for the second time becomes `x (2).xlsx`, which is dropped, too: every file and every note is still there."""
    for number in range(12):
        (box.inbox / f"s{number}.xlsx").write_bytes(b"PK\x03\x04first" + bytes([number]))
    box.once(code=3)
    for number in range(12):
        for name in (f"s{number}.xlsx", f"s{number} (2).xlsx", f"s{number}.csv"):
            (box.inbox / name).write_bytes(b"PK\x03\x04" + name.encode())
    watchers = [box.start() for _ in range(2)]
    box.until(lambda: not any(box.inbox.iterdir()) and box.is_over())
    for watcher in watchers:
        watcher.terminate()
        box.desk.finish(watcher, 130)
    contents = [path.read_bytes() for path in box.failed.rglob("s*") if path.is_file()]
    assert (len(contents), len(set(contents))) == (48, 48)
    assert len(list(box.results.iterdir())) == 48


def test_a_file_that_is_laid_back_blocks_nobody(box: Box) -> None:
    """It was taken out while it was worked on, and is put back when all is over: it is one more file, of the same content."""
    box.desk.configure(app_secret="wrong")
    box.configure()
    box.drop("a.xlsx", "A-1")
    box.once(code=5)
    away = (box.processing / "a.xlsx").rename(box.desk.folder / "away.xlsx")
    box.desk.configure()
    box.configure()
    box.once(code=0)
    away.rename(box.processing / "a.xlsx")
    box.drop("b.xlsx", "B-1")
    box.once(code=0)
    assert box.lies() == {"a (2).xlsx": "done", "b.xlsx": "done"}
    assert sorted(box.desk.foreign.sent()) == ["A-1", "B-1"]


def test_a_lost_mark_is_made_anew(box: Box) -> None:
    """A folder that was copied without its hidden files is still this journal's, as its parts show; a damaged mark says what to do."""
    box.drop("a.xlsx", "A-1")
    box.once(code=0)
    (box.root / ".bulkorders").write_text("{", encoding="utf-8")
    assert "删掉这个文件，再运行一次" in box.once(code=2).said
    (box.root / ".bulkorders").unlink()
    box.drop("b.xlsx", "B-1")
    box.once(code=0)
    assert box.lies() == {"a.xlsx": "done", "b.xlsx": "done"}


def test_a_stopped_file_that_is_dropped_again_goes_on(box: Box) -> None:
    """The stock is there again: the same file is no copy to be skipped, and nothing is sent twice."""
    for number in (0, 1):
        box.desk.foreign.answers[f"A-{number}"] = [Refuse(["库存不足"])]
    content = box.drop("a.xlsx", *(f"A-{number}" for number in range(5))).read_bytes()
    box.once(code=5)
    assert box.desk.foreign.sent() == []
    (box.inbox / "again.xlsx").write_bytes(content)
    box.once()
    box.once(code=0)
    assert sorted(box.desk.foreign.sent()) == [f"A-{number}" for number in range(5)]
    assert box.lies() == {"a.xlsx": "done", "again.xlsx": "done"}


def test_a_folder_that_cannot_be_used_stops_no_other(box: Box) -> None:
    """Two folders, one of them a link inside: the other's files go out, and the exit code says that something is wrong."""
    other = Box(box.desk, box.desk.folder / "other")
    other.configure()
    (other.root / "done").symlink_to(box.desk.folder)
    box.drop("a.xlsx", "A-1")
    assert "链接" in box.desk.run("watch", "--once", code=2).err
    assert box.lies() == {"a.xlsx": "done"}


def test_results_are_written_into_no_link(tmp_path: Path) -> None:
    """A part that was replaced by a link since the last look: nothing is written out of the folder."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "results").symlink_to(tmp_path / "outside")
    with pytest.raises(UsageError, match="链接"):
        make_part(tmp_path / "results")
    make_part(tmp_path / "new")
    make_part(tmp_path / "new")
    with pytest.raises(FileNotFoundError):
        make_part(tmp_path / "gone" / "results")


def test_who_does_not_read_the_log_keeps_nobody_from_ending(box: Box) -> None:
    """A pipe that is full: SIGTERM ends it within ten seconds all the same."""
    box.inbox.mkdir(exist_ok=True)
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    process = subprocess.Popen(
        [*box.desk.command, "watch", str(box.root)], cwd=box.desk.folder, env=box.desk.environment, stdout=subprocess.DEVNULL, stderr=writer
    )
    os.close(writer)
    box.drop("a.xlsx", "A-1")
    box.until(lambda: box.desk.foreign.sent() == ["A-1"])
    process.terminate()
    try:
        assert process.wait(12) == 130
    finally:
        process.kill()
        os.close(reader)
