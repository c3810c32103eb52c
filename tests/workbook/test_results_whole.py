"""Results are written whole or not at all, and nothing of the work stays behind."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from making import CARTONS, carton_row, sheet
from openpyxl import Workbook, load_workbook
from told import HEADER, about, book, report, result, tables_of, write

from bulkorders.core.refusal import Refusal
from bulkorders.errors import BulkordersError
from bulkorders.workbook import isolated
from bulkorders.workbook.sniff import sniff

BAD = report({"订单": about({"2": {"fate": "created"}})})
"""A report without what a row's cells say."""


def source(folder: Path) -> Path:
    """A merchant's workbook in a folder of its own."""
    (folder / "his").mkdir()
    return book(folder / "his" / "in.xlsx", {"订单": [HEADER, ["A1", "x", 1]]})


def names(folder: Path) -> list[str]:
    """What is in a folder."""
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("told", [BAD, report({"订单": about(columns=["unknown"])})], ids=["rows", "columns"])
def test_an_old_file_is_intact_when_writing_fails(told: dict[str, Any], tmp_path: Path) -> None:
    """The new one takes its place in one step; what was begun is gone."""
    given, target = source(tmp_path), tmp_path / "out.xlsx"
    target.write_bytes(b"old")
    with pytest.raises(KeyError):
        write(given, told, target)
    assert target.read_bytes() == b"old"
    assert names(tmp_path) == ["his", "out.xlsx"]


def test_nothing_is_left_behind_when_the_target_cannot_be_replaced(tmp_path: Path) -> None:
    """A folder in its place, or Excel's lock on Windows: the error is told, the draft removed."""
    given = source(tmp_path)
    (tmp_path / "out.xlsx").mkdir()
    with pytest.raises(OSError, match=r"out\.xlsx"):
        write(given, report({"订单": about({"2": result()})}), tmp_path / "out.xlsx")
    assert names(tmp_path) == ["his", "out.xlsx"]


@pytest.mark.parametrize("told", [report({"订单": about({"2": result()})}), BAD], ids=["good", "bad"])
def test_no_scratch_file_stays(told: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whichever way it is written, and whether or not it is: what was begun holds buyers' addresses."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    (tmp_path / "in.csv").write_text("单号,名称,数量\nA1,x,1\n", encoding="utf-8")
    for given in (source(tmp_path), tmp_path / "in.csv"):
        whole = {**told, "sheets": {tables_of(given)[0].sheet: told["sheets"]["订单"]}}
        with pytest.raises(KeyError) if told is BAD else nullcontext():
            write(given, whole, tmp_path / "out.xlsx")
    assert names(scratch) == []


def test_results_may_take_the_place_of_their_own_source(tmp_path: Path) -> None:
    """The results of `x_结果.xlsx` are written to it anew."""
    given = source(tmp_path)
    assert write(given, report({"订单": about({"2": result()})}), given) == "patched"
    assert load_workbook(given)["订单"]["D2"].value == "已创建"
    assert names(given.parent) == ["in.xlsx"]


def child(folder: Path) -> Path:
    """A workbook of another template."""
    made, table = Workbook(), sheet(CARTONS, [carton_row(package="0007")])
    made.worksheets[0].title = "Sheet1"
    for row in table.frame.itertuples(index=False, name=None):
        made.worksheets[0].append(row)
    made.save(folder / "in.xlsx")
    return folder / "in.xlsx"


def test_a_child_process_writes_it(tmp_path: Path) -> None:
    """The way it is called: the merchant's file is read and written outside the program's own process, and the way is told."""
    told = report({"Sheet1": about({"2": result()})})
    assert isolated.write_results(child(tmp_path), told, tmp_path / "out.xlsx") == "patched"
    assert load_workbook(tmp_path / "out.xlsx")["Sheet1"]["B2"].value == "0007"
    assert names(tmp_path) == ["in.xlsx", "out.xlsx"]


def test_a_child_process_writes_rows_that_are_handed_over(tmp_path: Path) -> None:
    """Where the merchant's file is no longer kept."""
    told = report({"订单": about({"2": result()})})
    assert isolated.write_results(None, told, tmp_path / "out.xlsx", sheets=[["订单", [HEADER, ["007", "x", 1.5]]]]) == "fresh"
    assert [cell.value for cell in load_workbook(tmp_path / "out.xlsx")["订单"][2]][:4] == ["007", "x", 1.5, "已创建"]


def test_a_target_that_the_child_cannot_write_is_an_error_of_the_system(tmp_path: Path) -> None:
    """As the caller would have met it himself."""
    (tmp_path / "out.xlsx").mkdir()
    with pytest.raises(OSError, match="directory") as raised:
        isolated.write_results(child(tmp_path), report({"Sheet1": about({"2": result()})}), tmp_path / "out.xlsx")
    assert raised.value.errno
    assert names(tmp_path) == ["in.xlsx", "out.xlsx"]


def test_a_source_that_cannot_be_read_any_more_is_told(tmp_path: Path) -> None:
    """In one sentence; no target is made of it."""
    path = tmp_path / "in.xlsx"
    path.write_bytes(b"PK\3\4" + bytes(200))
    assert isinstance(sniff(path), Refusal)
    with pytest.raises(BulkordersError, match="结果表没有写成"):
        isolated.write_results(path, report({"Sheet1": about()}), tmp_path / "out.xlsx")
    assert names(tmp_path) == ["in.xlsx"]
