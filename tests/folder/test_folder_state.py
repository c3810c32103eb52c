"""`status --folders`: what monitoring reads."""

import datetime as dt
import json

from box import Box
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import Cut, line


def test_monitoring_sees_what_waits_and_when_was_looked(desk: Desk) -> None:
    """Before the first look, with files waiting and open, after all is done; and no words when there is nothing."""
    assert desk.run("status", "--folders", code=0).out == ""
    box = Box(desk, desk.folder / "drop")
    box.configure()
    box.drop("a.xlsx", "A-1", "A-2")
    box.drop("b.xlsx", "B-1")
    (box.inbox / "~$b.xlsx").write_bytes(b"lock")
    before = desk.run("status", "--folders", "--json", code=0).lines
    assert [{**each, "oldest": None} for each in before] == [
        {
            "folder": str(box.root), "is_there": False, "looked_at": None, "waiting": 0, "locked": 0, "oldest": None,
            "claimed": 0, "entered": 0, "followed": 0,
        }
    ]  # fmt: skip
    box.once(code=0)
    after = json.loads(desk.run("status", "--folders", "--json", code=0).out)
    assert (after["is_there"], after["waiting"], after["locked"], after["claimed"], after["entered"]) == (True, 1, 1, 0, 0)
    now = dt.datetime.now(dt.UTC)
    assert now - dt.timedelta(minutes=1) < dt.datetime.fromisoformat(after["looked_at"]) <= now
    assert dt.datetime.fromisoformat(after["oldest"]) <= now
    assert "等着 1（正被打开 1）" in desk.run("status", "--folders", code=0).out


def test_a_folder_that_was_only_named_is_shown_too(desk: Desk) -> None:
    """`watch DIR` needs no settings."""
    box = Box(desk, desk.folder / "drop")
    box.inbox.mkdir(parents=True)
    box.drop("a.xlsx", "A-1")
    box.once(code=0)
    assert [each["folder"] for each in desk.run("status", "--folders", "--json", code=0).lines] == [str(box.root)]


def test_status_can_leave_out_what_is_finished(desk: Desk) -> None:
    """Monitoring wants nothing of batches of last year."""
    desk.configure(follow_minutes=0, settle_seconds=0)
    desk.submit(desk.write("a.xlsx", [line("A-1")]), code=0)
    desk.foreign.answers["B-1"] = [Cut(recorded=False)] * 9
    desk.foreign.has_look_up = False
    batch = desk.submit(desk.write("b.xlsx", [line("B-1")]), code=5).one["batch"]
    assert [each["batch"] for each in desk.run("status", "--json", "--unfinished", code=0).lines] == [batch]
    assert len(desk.run("status", "--json", code=0).lines) == 2
