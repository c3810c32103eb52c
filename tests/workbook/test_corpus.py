"""Real spreadsheets of other projects, where they are at hand: each ends by itself, with an exit code that says what it is."""

import os
from dataclasses import replace
from pathlib import Path

import pytest
from corpus import CODES, GIVEN_UP_AFTER, Case, examine_one, files, missed, sample, table
from watched import Watched

BESIDE = Path(__file__).parents[3] / "shared" / "corpus"
FOLDER = Path(os.environ.get("BULKORDERS_CORPUS") or BESIDE)
EACH = 3
NAMES = sample(FOLDER, EACH) if FOLDER.is_dir() and hasattr(os, "waitid") else []
LINE = '{"refused":null}'


@pytest.mark.skipif(not NAMES, reason="the corpus is not part of this project: BULKORDERS_CORPUS names its folder")
@pytest.mark.parametrize("name", NAMES or ["none"])
def test_a_real_spreadsheet_is_read_or_refused(name: str) -> None:
    """Exit code 0, 3 or 4, no traceback, JSON, bounded time and memory. `python tests/corpus.py` checks all of them.

    The time is the processor's here: the suite shares the machine.
    """
    case = examine_one(FOLDER, name)
    assert replace(case, watched=replace(case.watched, seconds=case.watched.processor)).faults == []


def made(
    name: str, *, code: int | None = 0, out: str = LINE, err: str = "", seconds: float = 1.0, memory: int = 1, opens: bool = False
) -> Case:
    """A case without a file."""
    return Case(name, Watched(code, out, err, seconds, seconds, memory), opens)


def test_a_file_that_crashes_the_program_is_a_miss() -> None:
    """Another exit code, a traceback, no answer, too long, too much memory: each is named."""
    assert missed([made("a/fine.xlsx", code=code) for code in CODES]) == []
    assert missed([made("a/x.xlsx", code=1, err="Traceback ...", out="")]) == ["a/x.xlsx: exit code 1, a traceback, no JSON"]
    assert missed([made("a/x.xlsx", code=None, seconds=GIVEN_UP_AFTER)]) == ["a/x.xlsx: exit code None, 180.0 s"]
    assert missed([made("a/x.xlsx", memory=3_000_000_000)]) == ["a/x.xlsx: 3000 MB"]


def test_a_share_of_the_readable_files_has_to_be_read() -> None:
    """Read is what is not refused, or refused with the nearest header; a file that openpyxl cannot open either does not count."""
    refused = '{"refused":{"code":"no_header","best_header":{"sheet":"S","row":1,"matched":[],"missing":[]}}}'
    unread = '{"refused":{"code":"unreadable","best_header":null}}'
    read = [made(f"a/{number}.xlsx", code=3, out=refused) for number in range(98)]
    assert missed([*read, made("a/x.xlsx", code=3, out=unread, opens=True), made("a/y.csv", code=3, out=unread)]) == []
    assert missed([*read[:48], made("a/x.xlsm", code=3, out=unread, opens=True)]) == ["not read: a/x.xlsm"]
    assert missed([*read[:48], made("a/x.xlsm", code=3, out=unread, opens=False)]) == []


def test_the_sample_is_the_same_each_time_and_of_every_category(tmp_path: Path) -> None:
    """Evenly over the names of each folder; the list of files is none of them."""
    for name in ("index.csv", "a/1.csv", "b/1.xls", "b/2.xls", "b/3.xls", "b/4.xls"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert files(tmp_path) == ["a/1.csv", "b/1.xls", "b/2.xls", "b/3.xls", "b/4.xls"]
    assert sample(tmp_path, 2) == ["a/1.csv", "b/1.xls", "b/3.xls"]


def test_the_table_counts_codes_and_refusals_by_category() -> None:
    """One line a category, and one for all."""
    refused = '{"refused":{"code":"broken_file","best_header":null}}'
    lines = table([made("a/1.csv"), made("b/1.xls", code=3, out=refused, seconds=2.0, memory=5_000_000)]).splitlines()
    assert [line.split()[:2] for line in lines[1:]] == [["a", "1"], ["b", "1"], ["all", "2"]]
    assert "broken_file: 1" in lines[-1]
    assert "2.0 s" in lines[-1]
