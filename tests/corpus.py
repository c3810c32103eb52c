"""Checks every file of a folder of real spreadsheets with the program, and prints what came out: `python tests/corpus.py FOLDER`.

Without an argument the folder is that of `BULKORDERS_CORPUS`. Files in the folder's own folders belong to the category of that name.
Ends with 1 where a target is missed.
"""

import json
import os
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

from watched import Watched, check

CODES = (0, 3, 4)
SECONDS = 20
MEMORY = 2200 * 1000 * 1000
SHARE = 0.98
AT_A_TIME = 2
GIVEN_UP_AFTER = 180
OPENS = """
import resource, sys, warnings
resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
warnings.simplefilter("ignore")
import openpyxl
openpyxl.load_workbook(sys.argv[1])
"""
"""A program that ends with 0 if openpyxl, which others use, can open a file."""


@dataclass(frozen=True)
class Case:
    """What became of one file. `opens`: whether openpyxl opens an .xlsx or .xlsm file that was not read."""

    name: str
    watched: Watched
    opens: bool = False

    @property
    def category(self) -> str:
        """The folder that it lies in."""
        return self.name.partition("/")[0] if "/" in self.name else "(none)"

    @property
    def counts(self) -> bool:
        """Whether it is of the kinds that are to be read."""
        return self.name.lower().endswith((".xlsx", ".xlsm"))

    @property
    def refusals(self) -> list[str]:
        """The codes for which it was refused."""
        return [str(refused["code"]) for refused in self._refused if refused]

    @property
    def is_read(self) -> bool:
        """Whether it was read: not refused, or only because no row of it is a template's header, the nearest of which is named."""
        return bool(self._refused) and all(refused is None or refused["best_header"] is not None for refused in self._refused)

    @property
    def _refused(self) -> list[dict[str, object] | None]:
        try:
            return [json.loads(line)["refused"] for line in self.watched.out.splitlines()]
        except (ValueError, KeyError):
            return []

    @property
    def faults(self) -> list[str]:
        """What it should not have done."""
        run = self.watched
        found = {
            f"exit code {run.code}": run.code not in CODES,
            "a traceback": "Traceback" in run.err,
            "no JSON": not self._refused,
            f"{run.seconds:.1f} s": run.seconds >= SECONDS,
            f"{run.memory / 1e6:.0f} MB": run.memory >= MEMORY,
        }
        return [fault for fault, is_there in found.items() if is_there]


def files(folder: Path) -> list[str]:
    """The files of the folder and below it, but for the list of them, by their paths within it."""
    found = (path for path in folder.rglob("*") if path.is_file() and path != folder / "index.csv")
    return sorted(path.relative_to(folder).as_posix() for path in found)


def sample(folder: Path, each: int) -> list[str]:
    """Some files of every category, the same ones each time, evenly over their names."""
    categories: dict[str, list[str]] = defaultdict(list)
    for name in files(folder):
        categories[name.partition("/")[0]].append(name)
    return [names[at] for names in categories.values() for at in sorted({len(names) * number // each for number in range(each)})]


def examine(folder: Path, names: Sequence[str]) -> list[Case]:
    """Checks files, two at a time."""
    with ThreadPoolExecutor(AT_A_TIME) as workers:
        return list(workers.map(lambda name: examine_one(folder, name), names))


def examine_one(folder: Path, name: str) -> Case:
    """Checks a file."""
    case = Case(name, check(folder / name, GIVEN_UP_AFTER))
    return replace(case, opens=case.counts and not case.is_read and _opens(folder / name))


def _opens(path: Path) -> bool:
    try:
        return subprocess.run([sys.executable, "-c", OPENS, str(path)], capture_output=True, timeout=120, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


def table(cases: Sequence[Case]) -> str:
    """What came out, by category."""
    categories: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        categories[case.category].append(case)
    rows = [_row(name, own) for name, own in sorted(categories.items())]
    head = ("category", "files", "exit codes", "slowest", "most CPU", "memory", "refusals")
    rows = [head, *rows, _row("all", cases)]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines)


def _row(name: str, cases: Sequence[Case]) -> tuple[str, ...]:
    codes = Counter(str(case.watched.code) for case in cases)
    refusals = Counter(code for case in cases for code in case.refusals)
    slowest = max(case.watched.seconds for case in cases)
    busiest = max(case.watched.processor for case in cases)
    memory = max(case.watched.memory for case in cases)
    return name, str(len(cases)), _counts(codes), f"{slowest:.1f} s", f"{busiest:.1f} s", f"{memory / 1e6:.0f} MB", _counts(refusals)


def _counts(counted: Counter[str]) -> str:
    return ", ".join(f"{what}: {count}" for what, count in counted.most_common())


def unread(cases: Iterable[Case]) -> tuple[list[str], int]:
    """The readable files that were not read, and how many are readable: by this program, or by openpyxl."""
    readable = [case for case in cases if case.counts and (case.is_read or case.opens)]
    return [case.name for case in readable if not case.is_read], len(readable)


def missed(cases: Sequence[Case]) -> list[str]:
    """Every target that is missed, one a line."""
    found = [f"{case.name}: {', '.join(case.faults)}" for case in cases if case.faults]
    names, readable = unread(cases)
    return [*found, *([f"not read: {', '.join(names)}"] if len(names) > readable * (1 - SHARE) else [])]


def main() -> int:
    """Prints the table."""
    named = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("BULKORDERS_CORPUS", "")
    folder = Path(named)
    if not named or not folder.is_dir():
        print("name a folder, or set BULKORDERS_CORPUS", file=sys.stderr)
        return 2
    cases = examine(folder, files(folder))
    names, readable = unread(cases)
    print(table(cases))
    print(f"read: {readable - len(names)} of {readable} readable .xlsx and .xlsm files ({1 - len(names) / max(readable, 1):.1%})")
    for case in cases:
        if case.name in names:
            print(f"  not read: {case.name} ({', '.join(case.refusals)})")
    for line in missed(cases):
        print(f"missed: {line}")
    return 1 if missed(cases) else 0


if __name__ == "__main__":
    sys.exit(main())
