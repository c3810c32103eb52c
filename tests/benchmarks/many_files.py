"""Many small files dropped at once: `python tests/benchmarks/many_files.py [FILES]` prints how many a minute, and the memory."""

import sys
import tempfile
import time
from collections.abc import Sequence
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
    """What it took: seconds in all, and the program's memory after each tenth of the files."""

    files: int
    seconds: float
    memory: Sequence[int]

    def tell(self) -> None:
        """Prints it."""
        memory = ", ".join(f"{each / MEBIBYTE:.0f}" for each in self.memory)
        print(f"{self.files} files in {self.seconds:.0f} s: {60 * self.files / self.seconds:.0f} a minute; MiB after each tenth: {memory}")


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
        memory = []
        for tenth in range(1, 11):
            box.until(lambda tenth=tenth: sum(1 for _ in box.done.rglob("*.xlsx")) >= files * tenth // 10, SECONDS)  # type: ignore[misc]
            memory.append(_memory(watcher.pid))
            print(f"{tenth}/10 {memory[-1] / MEBIBYTE:.0f} MiB {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)
        box.until(box.is_over, SECONDS)
        seconds = time.monotonic() - start
        watcher.terminate()
        desk.finish(watcher, 130)
        assert box.lies() == {f"{number:05}.xlsx": "done" for number in range(files)}
        assert sorted(foreign.sent()) == sorted(f"F-{number}" for number in range(files))
        assert len(list(box.results.iterdir())) == files
        foreign.assert_in_order()
    return Found(files, seconds, memory)


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
