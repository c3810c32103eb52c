"""Many small files dropped at once: `python tests/benchmarks/many_files.py [FILES]` prints how many a minute, and the memory."""

import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS / name) for name in ("", "cli", "folder")]

from box import Box  # noqa: E402  # the tests' own modules are found from here on
from desk import Desk  # noqa: E402
from foreign import Foreign, serve  # noqa: E402

SECONDS = 3 * 3600.0
MEBIBYTE = 1024 * 1024


@dataclass(frozen=True)
class Found:
    """What it took: seconds in all, memory of the program after a tenth of the files and at the end."""

    files: int
    seconds: float
    early: int
    late: int

    def tell(self) -> None:
        """Prints it."""
        print(
            f"{self.files} files in {self.seconds:.0f} s: {60 * self.files / self.seconds:.0f} a minute; memory {self.early / MEBIBYTE:.0f}"
            f" MiB after a tenth, {self.late / MEBIBYTE:.0f} MiB at the end"
        )


def measure(files: int, folder: Path) -> Found:
    """Drops so many files of one order each, and checks that each was handled once."""
    foreign = Foreign()
    with serve(foreign) as url:
        desk = Desk(folder, foreign, url)
        desk.configure()
        box = Box(desk, folder / "drop")
        box.configure()
        for number in range(files):
            box.drop(f"{number:05}.xlsx", f"F-{number}")
        watcher, start = box.start(), time.monotonic()
        box.until(lambda: sum(1 for _ in box.done.rglob("*.xlsx")) >= max(files // 10, 1), SECONDS)
        early = _memory(watcher.pid)
        box.until(box.is_over, SECONDS)
        seconds, late = time.monotonic() - start, _memory(watcher.pid)
        watcher.terminate()
        desk.finish(watcher, 130)
        assert box.lies() == {f"{number:05}.xlsx": "done" for number in range(files)}
        assert sorted(foreign.sent()) == sorted(f"F-{number}" for number in range(files))
        assert len(list(box.results.iterdir())) == files
        foreign.assert_in_order()
    return Found(files, seconds, early, late)


def _memory(pid: int) -> int:
    """What a process holds, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS"))) * 1024


def main() -> None:
    """Prints the figures."""
    with tempfile.TemporaryDirectory() as folder:
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, Path(folder)).tell()


if __name__ == "__main__":
    main()
