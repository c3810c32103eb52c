"""What lies in a folder, and what becomes of it: every kind of file in its one right place, its results where people look."""

import json
import os
import unicodedata
from pathlib import Path

import pytest
from box import Box
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import Refuse, line

CHINESE = {"inbox": "待导入", "processing": "处理中", "done": "已完成", "failed": "失败", "results": "结果"}
NFD = unicodedata.normalize("NFD", "é订单.xlsx")
NFC = unicodedata.normalize("NFC", NFD)


@pytest.fixture(name="box")
def make_box(desk: Desk) -> Box:
    """A folder with Chinese names, in the settings."""
    box = Box(desk, desk.folder / "店铺 一", CHINESE)
    box.configure()
    return box


def test_every_kind_of_file_ends_in_its_one_place(box: Box) -> None:
    """Good, bad, refused in part, hostile, the same again, open in Excel, links: one run, then one that changes nothing."""
    box.desk.foreign.answers["R-1"] = [Refuse(["库存不足"])]
    good = box.drop("好.xlsx", "G-1", "G-2")
    box.copy(good, "好 - 副本.xlsx")
    box.drop("坏.xlsx", "B-1", "R-1", rows=[line("B-2", 发货量="x")])
    (box.inbox / "损坏.xlsx").write_bytes(b"PK\x03\x04garbage")
    box.drop("开着.xlsx", "O-1")
    (box.inbox / "~$开着.xlsx").write_bytes(b"lock")
    for name in ("half.xlsx.part", ".~x.xlsx", "a.tmp", ".hidden.xlsx"):
        (box.inbox / name).write_bytes(b"not yet")
    (box.inbox / "empty.xlsx").touch()
    outside = box.desk.write("outside.xlsx", [line("OUT-1")])
    (box.inbox / "link.xlsx").symlink_to(outside)
    (box.inbox / "folder.xlsx").mkdir()
    box.results.mkdir()
    before = box.desk.write("店铺 一/结果/好_结果.xlsx", [line("MINE")]).read_bytes()

    ran = box.once("--log", "json", code=3)
    assert {name: part for name, part in box.lies().items() if part != "inbox"} == {
        "好.xlsx": "done", "好 - 副本.xlsx": "done", "坏.xlsx": "failed", "损坏.xlsx": "failed",
    }  # fmt: skip
    assert sorted(path.name for path in box.inbox.iterdir()) == sorted(
        ["开着.xlsx", "~$开着.xlsx", "half.xlsx.part", ".~x.xlsx", "a.tmp", ".hidden.xlsx", "empty.xlsx", "link.xlsx", "folder.xlsx"]
    )
    assert sorted(box.desk.foreign.sent()) == ["B-1", "G-1", "G-2"]
    assert box.told("好 (2)_结果.xlsx") == {"G-1": "已创建", "G-2": "已创建"}
    assert (box.results / "好_结果.xlsx").read_bytes() == before
    assert box.told("坏_结果.xlsx") == {"B-1": "已创建", "B-2": "数据有误", "R-1": "被拒绝"}
    assert "完全相同" in box.note("好 - 副本_结果.txt")
    assert "另存为" in box.note("损坏_结果.txt")
    assert outside.exists()
    assert {entry["event"] for entry in map(json.loads, ran.err.splitlines())} >= {"claimed", "done", "failed", "skipped"}

    after = {path: path.stat().st_mtime_ns for path in box.root.rglob("*") if path.is_file()}
    (box.inbox / "~$开着.xlsx").unlink()
    box.once(code=0)
    assert box.lies()["开着.xlsx"] == "done"
    assert {path: at for path, at in after.items() if path.exists() and path.stat().st_mtime_ns != at} == {}
    assert sorted(box.desk.foreign.sent()) == ["B-1", "G-1", "G-2", "O-1"]


def test_names_in_whatever_form_and_names_that_come_twice(box: Box) -> None:
    """A name from a Mac, one as an old archive left it, control letters, one too long: kept, told apart, never written over."""
    box.drop(NFD, "N-1")
    box.drop(NFC, "N-2")
    Path(os.fsdecode(os.fsencode(box.inbox) + b"/" + "订单".encode("gbk") + b".xlsx")).write_bytes(
        box.desk.write("x.xlsx", [line("N-3")]).read_bytes()
    )
    box.drop("行\n\u202e换.xlsx", "N-4")
    box.drop("长" * 83 + ".xlsx", "N-5")
    box.once(code=0)
    lies = box.lies()
    assert set(lies.values()) == {"done"}
    assert {NFC, NFC.replace(".", " (2)."), "订单.xlsx", "行__换.xlsx"} < set(lies)
    assert sorted(box.desk.foreign.sent()) == [f"N-{number}" for number in range(1, 6)]
    assert {tuple(box.told(path.name).values()) for path in box.results.iterdir()} == {("已创建",)}
    assert len(list(box.results.iterdir())) == 5

    box.drop(NFC, "N-6")  # the same name on another day
    box.once(code=0)
    assert box.told(NFC.replace(".xlsx", " (3)_结果.xlsx")) == {"N-6": "已创建"}


def test_a_file_that_was_refused_may_be_dropped_again(box: Box) -> None:
    """The same content again: skipped where all of it is there, tried again where the remote refused something of it."""
    box.desk.foreign.answers["A-1"] = [Refuse(["库存不足"])]
    content = box.drop("a.xlsx", "A-1", "A-2").read_bytes()
    box.once(code=4)
    assert box.lies() == {"a.xlsx": "failed"}
    (box.inbox / "a.xlsx").write_bytes(content)
    box.once(code=0)
    assert sorted(box.desk.foreign.sent()) == ["A-1", "A-2"]
    assert box.told("a (2)_结果.xlsx") == {"A-1": "已创建", "A-2": "已跳过"}
    (box.inbox / "a.xlsx").write_bytes(content)
    box.once(code=0)
    assert "a.xlsx 完全相同" in box.note("a_结果.txt")
    assert sorted(box.desk.foreign.sent()) == ["A-1", "A-2"]
