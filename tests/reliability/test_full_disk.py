"""A disk that is full: what cannot be written down is not sent, it is said in one sentence, and afterwards all goes on."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import full_disk
import pytest
from merchant import Merchant, merchant
from stage import at_each_remote

from bulkorders.core.provider import Provider

NAMESPACE = ["unshare", "--map-root-user", "--mount"]
PAGE = 4096


def can_mount() -> bool:
    """Whether this system lets us have a small disk of our own."""
    with suppress(OSError):
        command = [*NAMESPACE, "mount", "-t", "tmpfs", "-o", "size=1m", "small", "/mnt"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    return False


needs_a_small_disk = pytest.mark.skipif(not can_mount(), reason="no mount namespace of one's own here (unshare -r -m)")


@needs_a_small_disk
@at_each_remote
@pytest.mark.parametrize("step", [24, pytest.param(1, marks=pytest.mark.slow)])
def test_a_disk_that_fills_up_anywhere_loses_and_doubles_nothing(provider: Provider, step: int) -> None:
    """F15: 0, 1, 2 ... pages are left, until a run passes: every create that left was journalled before, and all is finished later."""
    script = str(Path(full_disk.__file__))
    ran = subprocess.run([*NAMESPACE, sys.executable, script, provider.name, "4", str(step)], capture_output=True, check=False)
    assert ran.returncode == 0, ran.stderr.decode()[-3000:]
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    failed = [each for each in found if each["code"] != 0]
    assert [each for each in found if each["unknown"]] == []
    assert [each for each in failed if each["code"] not in (2, 5) or "磁盘" not in each["said"]] == []
    assert {0} < {each["arrived"] for each in failed}  # before the first create, and in the middle
    assert [each["code"] for each in found].count(0) == 2
    print(f"F15 {provider.name}: {len(failed)} full disks, {sum(each['arrived'] for each in failed)} creates before them, all known")


class SmallDisk:
    """A disk of a few megabytes that the program's processes have for their folder. Outside it is seen through `/proc`."""

    def __init__(self, merchant: Merchant, orders: int) -> None:
        inside = merchant.folder
        mount = f"mount -t tmpfs -o size=8m small '{inside}' && echo ready && exec sleep 1000"
        self.holder = subprocess.Popen([*NAMESPACE, "sh", "-c", mount], stdout=subprocess.PIPE)
        assert self.holder.stdout is not None
        assert self.holder.stdout.readline() == b"ready\n"
        self.folder = Path(f"/proc/{self.holder.pid}/root{inside}")
        merchant.folder = self.folder
        merchant.prepare(orders, seen=inside)
        enter = ["nsenter", "--user", "--mount", "--preserve-credentials", "--target", str(self.holder.pid)]
        merchant.wrap = [*enter, "env", f"TMPDIR={inside}", "sh", "-c", f"cd '{inside}' && exec \"$@\"", "sh"]

    def fill(self, pages: int) -> None:
        """Leaves so many pages."""
        full_disk.fill(self.folder, pages)

    def free(self) -> None:
        """Somebody has tidied up."""
        (self.folder / full_disk.BALLAST).unlink()

    def close(self) -> None:
        """The disk goes with the last process that sees it."""
        self.holder.kill()
        self.holder.communicate()


@contextmanager
def small_disk(merchant: Merchant, orders: int) -> Iterator[SmallDisk]:
    """Puts the merchant's folder on a small disk."""
    disk = SmallDisk(merchant, orders)
    try:
        yield disk
    finally:
        disk.close()


ORDERS = 4
FEW_POINTS = (78,)


@needs_a_small_disk
@at_each_remote
@pytest.mark.parametrize("points", [FEW_POINTS, pytest.param(range(0, 132, 6), marks=pytest.mark.slow)], ids=["few", "many"])
def test_a_program_on_a_full_disk_says_so_and_goes_on_later(provider: Provider, points: range, tmp_path: Path) -> None:
    """F15 as real processes, with the kept workbook, its reader's scratch and the results on the same disk: exit 2 or 5, one sentence."""
    for pages in points:
        folder = tmp_path / str(pages)
        folder.mkdir()
        with merchant(provider, folder, ORDERS) as at, small_disk(at, ORDERS) as disk:
            disk.fill(pages)
            full = at.run("submit", "--json", "orders.xlsx")
            print(f"F15 {provider.name} {pages} pages: exit {full.code}, {len(at.creates)} creates, {full.said}")
            assert any("磁盘" in sentence for sentence in full.said) or full.code == 0
            assert full.code in (0, 2, 5)
            assert len(full.statuses) == (0 if full.code == 2 else ORDERS)  # what was on its way is told, whatever the disk does
            disk.free()
            resumed = at.run("resume", "--json")
            assert resumed.code == 0, resumed
            last = at.run("submit", "--json", "orders.xlsx")
            assert (last.code, set(last.statuses.values()) | {"created", "skipped"}) == (0, {"created", "skipped"}), last
            at.assert_each_created_once(ORDERS)
            assert (disk.folder / "orders_结果.xlsx").is_file()
