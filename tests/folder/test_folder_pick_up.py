"""When a file is picked up: whole, soon, and by one; slow writers are waited for."""

import datetime as dt
import os
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from bulkorders.core.words import Words
from bulkorders.errors import UsageError
from bulkorders.folder.claim import Claims
from bulkorders.folder.enter import enter_drop
from bulkorders.folder.look import Looks, is_open, look
from bulkorders.folder.place import GoneError, clean_name, place_of, prepare
from bulkorders.journal.drops import Stage, claim, hold_claims, open_drops
from bulkorders.journal.journal import Journal, open_journal
from bulkorders.pipeline.app import App
from bulkorders.pipeline.service import opened
from bulkorders.pipeline.work import Work
from bulkorders.settings import FolderNames, FolderSettings, Settings


@dataclass
class Heard:
    """A log that remembers the kinds of things that happened, and to which file."""

    events: list[tuple[str, object]] = field(default_factory=list)

    def tell(self, event: str, words: Words, **facts: object) -> None:
        """Remembers it."""
        assert words.zh
        self.events.append((event, facts.get("file")))


@contextmanager
def claims_of(root: Path, journal: Path, **settings: object) -> Iterator[Claims]:
    """Who claims the files of a folder, with a journal of its own."""
    root.mkdir(exist_ok=True)
    usual = {"quiet_seconds": 2.0, **settings}
    with opened(App(Settings(journal=journal.as_posix()))) as app:
        claims = Claims(Work(app, Heard(), lambda *_: None), place_of(FolderSettings(path=root, **usual)))  # type: ignore[arg-type]
        prepare(claims.place, app.journal)
        yield claims


# -- looks -----------------------------------------------------------------------------------------------------------------
def test_a_file_is_ready_when_two_looks_see_it_alike(tmp_path: Path) -> None:
    """Size and time unchanged for as long as asked; every change begins anew; the oldest first."""
    looks, new, old = Looks(2.0), tmp_path / "a.xlsx", tmp_path / "b.xlsx"
    new.write_bytes(b"1")
    old.write_bytes(b"2")
    os.utime(old, (1, 1))
    assert looks.ready(look(tmp_path), 0.0) == []
    assert looks.ready(look(tmp_path), 1.9) == []
    assert looks.ready(look(tmp_path), 2.0) == ["b.xlsx", "a.xlsx"]
    os.utime(old, (2, 2))  # the same size
    new.write_bytes(b"11")
    assert looks.ready(look(tmp_path), 3.0) == []
    assert looks.ready(look(tmp_path), 4.9) == []
    assert looks.ready(look(tmp_path), 5.0) == ["b.xlsx", "a.xlsx"]
    new.unlink()
    looks.ready(look(tmp_path), 6.0)
    new.write_bytes(b"11")
    assert "a.xlsx" not in looks.ready(look(tmp_path), 7.0)


def test_a_copy_comes_behind_the_file_that_it_was_made_of(tmp_path: Path) -> None:
    """Windows copies the time too: the one that is skipped then is the copy."""
    looks, names = Looks(0.0), ["单.xlsx", "单 - 副本.xlsx", "单 - 副本 (2).xlsx"]
    for name in names:
        (tmp_path / name).write_bytes(b"1")
        os.utime(tmp_path / name, (1, 1))
    assert looks.ready(look(tmp_path), 0.0) == names


@pytest.mark.parametrize("lock", ["~$é.xlsx", ".~lock.é.xlsx#", ".~é.xlsx"], ids=["excel", "libreoffice", "wps"])
def test_an_open_workbook_waits(tmp_path: Path, lock: str) -> None:
    """A lock file in composed letters stands for a name in decomposed ones."""
    (tmp_path / "e\u0301.xlsx").write_bytes(b"1")
    (tmp_path / lock).write_bytes(b"x")
    looks = Looks(2.0)
    looks.ready(look(tmp_path), 0.0)
    assert looks.ready(look(tmp_path), 9.0) == []
    (tmp_path / lock).unlink()
    assert looks.ready(look(tmp_path), 9.5) == ["e\u0301.xlsx"]


@pytest.mark.parametrize(
    ("hours", "at", "expected"),
    [
        (None, "03:00", True), ("08:00-22:00", "08:00", True), ("08:00-22:00", "22:00", False), ("08:00-22:00", "07:59", False),
        ("22:00-06:00", "23:59", True), ("22:00-06:00", "05:59", True), ("22:00-06:00", "06:00", False), ("22:00-06:00", "12:00", False),
    ],
)  # fmt: skip
def test_hours_may_pass_midnight(hours: str | None, at: str, expected: bool) -> None:
    """From the first minute, until before the last."""
    assert is_open(hours, dt.time.fromisoformat(at)) is expected


def test_names_are_cut_to_what_file_systems_take() -> None:
    """Whatever a name holds, what is named after it fits."""
    assert clean_name("a\x00b\x1b[31m\u202e.xlsx") == "a_b_[31m_.xlsx"
    assert len(clean_name("长" * 85 + ".xlsx").encode()) <= 200
    assert clean_name("长" * 85 + ".xlsx").endswith(".xlsx")
    assert len(clean_name("x." + "长" * 80).encode()) <= 200


# -- claims ----------------------------------------------------------------------------------------------------------------
@dataclass
class Writer:
    """Writes a file slowly; `ended` is when its last byte was written."""

    path: Path
    size: int
    rate: int
    stall: float
    chance: random.Random
    is_preset: bool
    ended: float | None = None

    def go(self) -> None:
        """Some bytes at a time, with a long stall now and then."""
        with self.path.open("wb", buffering=0) as file:
            if self.is_preset:  # as Explorer does: the size first, then the content
                file.truncate(self.size)
            stalls = set(self.chance.sample(range(1, 20), 2))
            for part in range(20):
                if part in stalls:
                    time.sleep(self.stall)
                file.write(self.path.name[:1].encode() * (self.size // 20))
                time.sleep(self.size / 20 / self.rate)
        self.ended = time.monotonic()


@pytest.mark.parametrize(
    ("files", "rate", "quiet", "stall"),
    [pytest.param(8, 200_000, 2.0, 1.2, id="8"), pytest.param(50, 50_000, 5.0, 3.0, id="50", marks=pytest.mark.slow)],
)
def test_a_slow_writer_is_waited_for(tmp_path: Path, files: int, rate: int, quiet: float, stall: float) -> None:
    """None is read early, each is picked up within ten seconds of its last byte."""
    chance, size = random.Random(1), 200_000
    with claims_of(tmp_path / "drop", tmp_path / "j.db", quiet_seconds=quiet) as claims:
        inbox, processing = claims.place.inbox, claims.place.processing
        writers = [Writer(inbox / f"{number}.xlsx", size, rate, stall, chance, number % 2 == 0) for number in range(files)]
        for writer in writers:
            threading.Thread(target=writer.go, daemon=True).start()
        found: dict[str, float] = {}
        while len(found) < files:
            claims.go()
            for writer in writers:
                if (processing / writer.path.name).exists() and writer.path.name not in found:
                    assert writer.ended is not None, f"{writer.path.name} was read early"
                    found[writer.path.name] = time.monotonic() - writer.ended
            time.sleep(0.2)
    longest = max(found.values())
    print(f"{files} slow writers: none read early, picked up {longest:.1f} s after the last byte at most")
    assert longest < 10


def test_a_claim_that_a_kill_has_cut_is_undone_or_done(tmp_path: Path) -> None:
    """A claim whose file did not come is forgotten; a file without a claim gets one when it is complete."""
    with claims_of(tmp_path / "drop", tmp_path / "j.db") as claims:
        app, place = claims.work.app, claims.place
        claim(app.journal, place.key, "a.xlsx", "processing/a.xlsx", app.clock.now())
        (place.inbox / "a.xlsx").write_bytes(b"1")
        (place.processing / "b.xlsx").write_bytes(b"2")
        claims.go()
        assert open_drops(app.journal, place.key) == []
        time.sleep(2.1)
        assert claims.go() == 2
        assert {(drop.name, drop.path, drop.stage) for drop in open_drops(app.journal, place.key)} == {
            ("a.xlsx", "processing/a.xlsx", Stage.CLAIMED), ("b.xlsx", "processing/b.xlsx", Stage.CLAIMED),
        }  # fmt: skip


def test_a_file_is_read_after_an_earlier_one_that_may_be_the_same(tmp_path: Path) -> None:
    """Of two that are the same, the one that came first is entered, whoever is quicker; one of another size waits for nobody."""
    with claims_of(tmp_path / "drop", tmp_path / "j.db", quiet_seconds=2.0) as claims:
        work, place, now = claims.work, claims.place, claims.work.app.clock.now()
        for name in ("a.xlsx", "b.xlsx", "c.xlsx"):
            (place.processing / name).write_bytes(b"PK" + name[:1].encode() * (1 + (name == "c.xlsx")))
        first, second, third = (
            claim(work.app.journal, place.key, name, f"processing/{name}", now).id for name in ("a.xlsx", "b.xlsx", "c.xlsx")
        )
        assert not enter_drop(work, place, second)
        assert enter_drop(work, place, third)
        assert enter_drop(work, place, first)
        assert enter_drop(work, place, second)


def test_a_claim_whose_file_is_still_to_be_moved_is_not_forgotten(tmp_path: Path) -> None:
    """It is written before its file is moved: who wants to enter it then waits; where nobody moves it, it was taken away."""
    with claims_of(tmp_path / "drop", tmp_path / "j.db") as claims:
        work, place, journal = claims.work, claims.place, claims.work.app.journal
        drop = claim(journal, place.key, "a.xlsx", "processing/a.xlsx", work.app.clock.now())
        with hold_claims(journal, place.key):  # as whoever moves it does
            assert not enter_drop(work, place, drop.id)
        assert open_drops(journal, place.key) == [drop]
        assert enter_drop(work, place, drop.id)
        assert open_drops(journal, place.key) == []


def test_a_folder_that_is_gone_loses_no_claim(tmp_path: Path) -> None:
    """Of an empty mount point nothing is concluded, and nothing is made in it."""
    root = tmp_path / "drop"
    with claims_of(root, tmp_path / "j.db") as claims:
        (claims.place.inbox / "a.xlsx").write_bytes(b"1")
        claims.go()
        time.sleep(2.1)
        assert claims.go() == 1
        away = root.rename(tmp_path / "away")
        with pytest.raises(GoneError):
            claims.go()
        root.mkdir()
        with pytest.raises(GoneError):
            claims.go()
        assert list(root.iterdir()) == []
        root.rmdir()
        away.rename(root)
        claims.go()
        assert [drop.name for drop in open_drops(claims.work.app.journal, claims.place.key)] == ["a.xlsx"]


def test_a_folder_of_another_journal_is_refused(tmp_path: Path, journal: Journal) -> None:
    """Two journals would send everything twice."""
    with claims_of(tmp_path / "drop", tmp_path / "mine.db") as claims:
        with pytest.raises(UsageError, match="另一份流水账"):
            prepare(claims.place, journal)
        (tmp_path / "drop" / ".bulkorders").write_text("{", encoding="utf-8")
        with pytest.raises(UsageError, match="损坏"):
            claims.go()


def test_a_part_that_is_a_link_is_refused(tmp_path: Path, journal: Journal) -> None:
    """Nothing is followed out of a folder."""
    root, outside = tmp_path / "drop", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (root / "done").symlink_to(outside)
    with pytest.raises(UsageError, match="链接"):
        prepare(place_of(FolderSettings(path=root)), journal)


def test_outside_its_hours_nothing_is_picked_up(tmp_path: Path) -> None:
    """It waits in the inbox."""
    now = dt.datetime.now(dt.timezone(dt.timedelta(hours=8)))
    hours = f"{now + dt.timedelta(hours=2):%H:%M}-{now + dt.timedelta(hours=3):%H:%M}"
    with claims_of(tmp_path / "drop", tmp_path / "j.db", hours=hours) as claims:
        (claims.place.inbox / "a.xlsx").write_bytes(b"1")
        claims.go()
        time.sleep(2.1)
        assert claims.go() == 0
        assert (claims.place.inbox / "a.xlsx").exists()


def test_one_claims_at_a_time(tmp_path: Path) -> None:
    """Who comes second leaves it to the first."""
    with claims_of(tmp_path / "drop", tmp_path / "j.db") as claims:
        (claims.place.inbox / "a.xlsx").write_bytes(b"1")
        claims.go()
        time.sleep(2.1)
        other = open_journal((tmp_path / "j.db").as_posix())
        with hold_claims(other, claims.place.key) as is_held:
            assert is_held
            assert claims.go() == 0
        other.close()
        assert claims.go() == 1


@pytest.mark.parametrize("names", [{"inbox": "results"}, {"done": "../x"}, {"failed": ".x"}, {"inbox": "É", "done": "e\u0301"}])
def test_parts_are_folders_of_their_own(names: dict[str, str]) -> None:
    """Results that lay in the inbox would be read again."""
    with pytest.raises(ValueError, match="名字"):
        FolderNames(**names)
