"""Run in a mount namespace of its own: runs of the program on a disk with ever more pages left, and what came of each.

`full_disk.py PROVIDER ORDERS STEP`: 0, STEP, 2 STEP ... pages are left, before there is a journal and again where there is one, until
a run is clean; for each run one line of JSON.
"""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from ledger import audit
from stage import Stage, stage

from bulkorders.errors import BulkordersError
from bulkorders.providers import load_providers

PAGE = 4096
MOST_PAGES = 2000
"""More than any run of a few orders needs."""
DISK = "/mnt"
BALLAST = "ballast"


def main(provider: str, orders: int, step: int) -> None:
    """Mounts a small disk over a folder that nobody else sees, and walks over its pages."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "small", DISK], check=True)
    for is_fresh in (True, False):
        for pages in range(0, MOST_PAGES, step):
            found = on_a_new_folder(provider, orders, pages, is_fresh=is_fresh)
            print(json.dumps(found, ensure_ascii=False), flush=True)
            if found["code"] == 0:
                break


def on_a_new_folder(provider: str, orders: int, pages: int, *, is_fresh: bool) -> dict[str, Any]:
    """One run with nothing left of the last one."""
    folder = Path(DISK) / "run"
    folder.mkdir()
    try:
        with stage(load_providers()[provider], folder, settle_seconds=5) as at:
            return {"fresh": is_fresh, "pages": pages, **try_out(at, orders, pages, is_fresh=is_fresh)}
    finally:
        shutil.rmtree(folder)


def try_out(at: Stage, orders: int, pages: int, *, is_fresh: bool) -> dict[str, Any]:
    """One run on the full disk, then the disk is freed and the work is finished."""
    if not is_fresh:
        with at.program() as app:
            assert app.journal.id
    fill(at.folder, pages)
    code, said = 0, ""
    try:
        ran = at.submit_new(orders)
        code, said = ran.code, " ".join(ran.said)
    except BulkordersError as error:
        code, said = error.exit_code, error.zh
    (at.folder / BALLAST).unlink()
    arrived = {call.order for call in at.witness.creates}
    found = {"code": code, "said": said, "arrived": len(arrived), "unknown": sorted(map(str, arrived - sending(at.journal)))}
    at.runs.clear()  # what that run could tell, it has told
    at.finish()
    last = at.submit_new(orders)
    assert (last.code, last.statuses | {"skipped", "created"}) == (0, {"skipped", "created"}), last
    return {**found, "repeated": audit(at, orders).repeated}


def fill(folder: Path, pages: int) -> None:
    """Leaves so many pages of the disk."""
    with (folder / BALLAST).open("wb", buffering=0) as ballast, suppress(OSError):
        while True:
            ballast.write(bytes(PAGE))
    with (folder / BALLAST).open("r+b") as ballast:
        ballast.truncate(max((folder / BALLAST).stat().st_size - pages * PAGE, 0))


def sending(journal: str) -> set[str]:
    """The orders of which the journal says that they were about to be sent."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(journal)) as book:
        asked = "SELECT display FROM orders JOIN events ON events.order_id = orders.id WHERE events.after = 'sending'"
        return {display for (display,) in book.execute(asked)}
    return set()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
