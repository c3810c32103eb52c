"""`kill -9` while a folder is worked through, started again until all is done: each file in its one place, nothing lost, nothing twice."""

import random
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from box import Box
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import line

MOST_STARTS = 12


@dataclass
class Expected:
    """What was dropped: where each file belongs, and which orders it brings to the remote."""

    parts: dict[str, str]
    orders: list[str]
    told: dict[str, dict[str, str]]


def fill(box: Box, tag: str, sets: int = 1) -> Expected:
    """Good, bad, doubled and hostile files."""
    expected = Expected({}, [], {})
    for number in range(sets):
        name = f"{tag}-{number}"
        good = box.drop(f"好{name}.xlsx", f"{name}-1", f"{name}-2")
        box.copy(good, f"好{name} 副本.xlsx")
        box.drop(f"坏{name}.xlsx", f"{name}-3", rows=[line(f"{name}-4", 发货量="x")])
        (box.inbox / f"毒{name}.xlsx").write_bytes(b"PK\x03\x04" + name.encode())
        expected.parts |= {f"好{name}.xlsx": "done", f"好{name} 副本.xlsx": "done", f"坏{name}.xlsx": "failed", f"毒{name}.xlsx": "failed"}
        expected.orders += [f"{name}-{order}" for order in range(1, 4)]
        expected.told |= {f"好{name}_结果.xlsx": {f"{name}-1": "已创建", f"{name}-2": "已创建"}}
        expected.told |= {f"坏{name}_结果.xlsx": {f"{name}-3": "已创建", f"{name}-4": "数据有误"}}
    return expected


def assert_right(box: Box, expected: Expected) -> None:
    """Each file lies where it belongs and nowhere else, is told once, and its orders are there once."""
    lies = box.lies()
    assert lies == expected.parts
    ours = {order.rpartition("-")[0] for order in expected.orders}
    assert sorted(order for order in box.desk.foreign.sent() if order.rpartition("-")[0] in ours) == sorted(expected.orders)
    names = {path.name for path in box.results.iterdir() if not path.name.startswith(".")}
    notes = {Path(name).stem + "_结果.txt" for name in lies if name.startswith("毒") or "副本" in name}
    assert names == set(expected.told) | notes
    for name, fates in expected.told.items():
        told = {order: fate.replace("已跳过", "已创建") for order, fate in box.told(name).items()}
        assert told == fates


def finish(box: Box) -> None:
    """Starts it again until nothing is left to do."""
    for _ in range(MOST_STARTS):
        box.once()
        if box.is_over():
            return
    raise AssertionError(f"not over: {box.lies()}")


def walk(desk: Desk, first: int, step: int, sets: int) -> int:
    """Crashes at every so many points until a run ends by itself; gives how many points there were."""
    number = first
    while True:
        box = Box(desk, desk.folder / f"drop{number}")
        desk.configure(settle_seconds=0.1)
        box.configure()
        expected = fill(box, f"N{number}", sets)
        counter = desk.folder / f"passed{number}"
        box.once(BULKORDERS_CRASH=f"{counter}:{number}")
        is_clean = counter.stat().st_size < number
        finish(box)
        assert_right(box, expected)
        if is_clean:
            return counter.stat().st_size
        number += step


@pytest.mark.parametrize(
    ("first", "step"), [pytest.param(9, 55, id="some"), pytest.param(1, 1, id="all", marks=pytest.mark.slow)]
)  # fmt: skip
def test_a_crash_at_any_point_leaves_each_file_in_one_place(desk: Desk, first: int, step: int) -> None:
    """N = 1, 2, 3 ...: every journal write, rename, call, answer and file write."""
    points = walk(desk, first, step, 1)
    print(f"{points} crash points")
    assert points >= 60


@pytest.mark.parametrize(
    ("kills", "sets"), [pytest.param(4, 1, id="4"), pytest.param(50, 8, id="50", marks=pytest.mark.slow)]
)  # fmt: skip
def test_kills_at_random_instants_leave_each_file_in_one_place(desk: Desk, kills: int, sets: int) -> None:
    """While it runs on, killed at any moment and started again; new files come all the time."""
    desk.configure(settle_seconds=0.1)
    desk.foreign.delay = 0.02
    box, chance, killed, rounds = Box(desk, desk.folder / "drop"), random.Random(20261127), 0, 0
    box.configure()
    expected = Expected({}, [], {})
    while killed < kills:
        if box.is_over():
            rounds += 1
            added = fill(box, f"R{rounds}", sets)
            expected = Expected(expected.parts | added.parts, expected.orders + added.orders, expected.told | added.told)
        process = box.start()
        until = time.monotonic() + chance.uniform(0.2, 6.0)
        while time.monotonic() < until and not box.is_over():
            time.sleep(0.05)
        process.kill()
        process.communicate()
        killed += 1
    finish(box)
    assert_right(box, expected)
    print(f"{killed} kills over {len(expected.parts)} files, {len(expected.orders)} orders: each file in its one place, 0 lost, 0 double")
