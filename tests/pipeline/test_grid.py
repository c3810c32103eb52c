"""The cells of a draft, page by page: as people see them, with corrections and marks; whatever lies in the files, the server survives."""

import os
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from foreign import LABELS, line
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sender import Sender, make_sender  # noqa: F401  # a fixture
from uploader import SHEET, WHO, await_check, change, checked, letter, sent, uploaded, write_book

from bulkorders.core.table import make_table
from bulkorders.errors import UsageError
from bulkorders.journal.kept import kept_path
from bulkorders.journal.views import get_batch
from bulkorders.pipeline.grid import LONGEST_LINE, MOST_BYTES, GridPage, Grids, _opened, marks_of
from bulkorders.pipeline.uploads import Checker, add_upload
from bulkorders.workbook.grid import ENTRY, LONGEST_SHOWN, write_grid

QUANTITY, NAME = letter("发货量"), letter("收件人")
Spoil = Callable[[bytes], bytes]


def page_of(sender: Sender, batch: str, first: int = 1, count: int = 100, sheet: str = SHEET) -> GridPage:
    """A page of new grids."""
    with Grids(sender.app) as grids:
        return grids.page(sender.app, batch, sheet, first, count)


def column(page: GridPage, label: str) -> list[str]:
    """The texts of a column."""
    return [cells[LABELS.index(label)] for _, cells in page.rows]


def test_a_page_shows_the_cells_as_people_see_them(sender: Sender) -> None:
    """Header, numbers, dates and padded numbers as text; empty rows too; all of the sheet's columns by their letters."""
    path = write_book(sender.folder / "x1.xlsx", [line("A-1", 邮编=501, 发货量=2.0), {}, line("A-2", 收件人="<b>=x")])
    book = openpyxl.load_workbook(path)
    book[SHEET][f"{letter('邮编')}2"].number_format = "00000"
    book.save(path)
    (batch,) = checked(sender, path).batches
    page = page_of(sender, batch)
    assert (page.first, page.last, page.header_row) == (1, 4, 1)
    assert page.columns == tuple(map(letter, LABELS))
    assert [row for row, _ in page.rows] == [1, 2, 3, 4]
    assert list(page.rows[0][1]) == list(LABELS)
    assert column(page, "邮编") == ["邮编", "00501", "", "36003"]
    assert column(page, "发货量") == ["发货量", "2", "", "1"]
    assert column(page, "收件人")[3] == "<b>=x"


def test_corrections_are_laid_over(sender: Sender) -> None:
    """At once, on rows that were empty, too; the marks are those of the last check."""
    batch = uploaded(sender, [line("A-1", 发货量="x"), line("A-2")])
    with Grids(sender.app) as grids:
        assert column(grids.page(sender.app, batch, SHEET, 2, 1), "发货量") == ["x"]
        assert [mark["code"] for mark in marks_of(sender.app, batch, SHEET, 1, 9)[2][QUANTITY]] == ["not_number"]
        change(sender, batch, **{f"{QUANTITY}2": "7", f"{NAME}3": ""})
        assert column(grids.page(sender.app, batch, SHEET, 2, 2), "发货量") == ["7", "1"]
        assert column(grids.page(sender.app, batch, SHEET, 2, 2), "收件人")[1] == ""
        found = marks_of(sender.app, batch, SHEET, 1, 9)
        assert list(found) == [3]
        (mark,) = found[3][NAME]
        assert (mark["severity"], mark["code"]) == ("error", "required")
        assert "必填" in mark["message"].zh
    assert marks_of(sender.app, batch, SHEET, 4, 9) == {}
    assert marks_of(sender.app, batch, "other", 1, 9) == {}


def test_what_is_said_of_a_row_stands_under_the_empty_letter(sender: Sender) -> None:
    """It has no cell."""
    batch = uploaded(sender, [line("A-1"), {"店铺名": "合计"}])
    assert [mark["code"] for mark in marks_of(sender.app, batch, SHEET, 3, 3)[3][""]] == ["footer_row"]


def test_pages_beyond_the_end_are_empty_and_no_page_is_longer_than_500_rows(sender: Sender) -> None:
    """Whatever is asked for."""
    batch = uploaded(sender, [line(f"A-{number}") for number in range(600)])
    with Grids(sender.app) as grids:
        assert grids.page(sender.app, batch, SHEET, 10_000, 100).rows == ()
        assert [row for row, _ in grids.page(sender.app, batch, SHEET, 600, 100).rows] == [600, 601]
        assert len(grids.page(sender.app, batch, SHEET, -5, 10**9).rows) == 500
        assert grids.page(sender.app, batch, SHEET, 2, 0).rows == ()
        with pytest.raises(UsageError, match="没有读取这张工作表"):
            grids.page(sender.app, batch, "汇总", 1, 1)


def test_a_batch_that_was_sent_can_still_be_looked_at_until_its_file_is_deleted(sender: Sender) -> None:
    """Then there is a sentence."""
    batch = uploaded(sender, [line("A-1", 发货量="x")])
    change(sender, batch, **{f"{QUANTITY}2": "3"})
    sent(sender, batch)
    assert column(page_of(sender, batch, 2, 1), "发货量") == ["3"]
    kept_path(sender.app.journal, get_batch(sender.app.journal, batch).content_hash).unlink()
    with pytest.raises(UsageError, match="过了保存期"):
        page_of(sender, batch)


def test_the_cells_of_what_was_checked_are_there_before_anybody_asks(sender: Sender) -> None:
    """Who comes to the preview waits for no child process; a refused file has none."""
    good = add_upload(sender.app, write_book(sender.folder / "x1", [line("A-1")]), "a.xlsx", WHO)
    (sender.folder / "x2").write_bytes(b"PK\x03\x04 broken")
    broken = add_upload(sender.app, sender.folder / "x2", "b.xlsx", WHO)
    with Grids(sender.app) as grids:
        with Checker(sender.app, then=grids.prepare):
            (batch,) = await_check(sender, good).batches
            assert await_check(sender, broken).state == "refused"
        kept_path(sender.app.journal, good.content_hash).unlink()
        assert column(grids.page(sender.app, batch, SHEET, 1, 10), "订单号") == ["订单号", "A-1"]


def test_the_least_recently_used_are_let_go_and_made_again(sender: Sender) -> None:
    """And nothing is left on the disk."""
    batches = [uploaded(sender, [line(f"{name}-1")]) for name in "ABC"]
    with Grids(sender.app, most=2) as grids:
        for batch in (*batches, *batches):
            assert len(grids.page(sender.app, batch, SHEET, 1, 5).rows) == 2
        assert list(sender.app.journal.folder.glob("grid-*")) == []


def test_a_large_sheet_is_paged_in_no_time(tmp_path: Path) -> None:
    """100,000 rows: a page anywhere in less than 50 ms."""
    write_grid([make_table("s", ([f"r{row}", "x" * 20, row] for row in range(1, 100_001)))], ["s"], tmp_path)
    sheet = _opened(tmp_path, 0)
    began = time.perf_counter()
    for first in range(1, 100_001, 10_000):
        assert sheet.read(first, 200).rows[first] == [f"r{first}", "x" * 20, str(first)]
    assert (time.perf_counter() - began) / 10 < 0.05
    sheet.rows.close()
    sheet.index.close()


# -- what a child may have written ---------------------------------------------------------------------------------------------------
def written(folder: Path, rows: int = 5, text: str = "x") -> Path:
    """The files of a small sheet."""
    write_grid([make_table("s", [[f"r{row}", text] for row in range(rows)])], ["s"], folder)
    return folder


def read(folder: Path, first: int = 1, count: int = 500) -> Any:
    """What the server makes of the files: a piece, or nothing but the errors that it knows."""
    try:
        sheet = _opened(folder, 0)
    except (OSError, ValueError):
        return None
    try:
        return sheet.read(first, count)
    except (OSError, ValueError):
        return None
    finally:
        sheet.rows.close()
        sheet.index.close()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(rows=st.binary(max_size=200), index=st.binary(max_size=200), first=st.integers(1, 2**31), count=st.integers(0, 500))
def test_any_bytes_are_survived(tmp_path: Path, rows: bytes, index: bytes, first: int, count: int) -> None:
    """As a page, or as one of the errors that become a sentence."""
    (tmp_path / "0.rows").write_bytes(rows)
    (tmp_path / "0.index").write_bytes(index)
    read(tmp_path, first, count)


@pytest.mark.parametrize(
    "line_",
    [
        b"[1,[" + b"[" * 100_000, b'[1,["x"', b'[2,["x"]]\n', b'["1",["x"]]\n', b"[1,[1]]\n", b'{"1":2}\n', b'[1,["\\ud800"]]\n',
        b"[1,null]\n", b'[1,["x","y","z"]]\n', b"\xff\xfe\n", b'[1,["x"],2]\n', b"1e999\n",
    ],
)  # fmt: skip
def test_a_line_that_is_no_row_is_refused(line_: bytes, tmp_path: Path) -> None:
    """Only a list of the row's number and its texts is one."""
    (tmp_path / "0.rows").write_bytes(line_)
    (tmp_path / "0.index").write_bytes(ENTRY.pack(1, 0) + ENTRY.pack(0, 2))
    assert read(tmp_path) is None


def test_a_file_of_any_size_costs_no_more_than_a_page(tmp_path: Path) -> None:
    """Lines that never end, an index of the same row again and again, a sheet of any width."""
    with (written(tmp_path) / "0.rows").open("r+b") as rows:
        rows.truncate(LONGEST_LINE * 8)
    (tmp_path / "0.index").write_bytes(ENTRY.pack(1, 0) + ENTRY.pack(0, 2))
    assert read(tmp_path) is None
    (tmp_path / "0.rows").write_bytes(b'[1,["x"]]\n')
    (tmp_path / "0.index").write_bytes(ENTRY.pack(1, 0) * 100_000 + ENTRY.pack(0, 2))
    assert read(tmp_path) is None
    (tmp_path / "0.index").write_bytes(ENTRY.pack(1, 0) + struct.pack("<QQ", 0, 2**63))
    assert read(tmp_path) is None


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_what_is_no_plain_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe that nobody writes to, a link to another file, a folder."""
    makers: list[Callable[[Path], Any]] = [os.mkfifo, lambda path: path.symlink_to("/etc/hostname"), Path.mkdir]
    for number, make in enumerate(makers):
        folder = tmp_path / str(number)
        folder.mkdir()
        make(folder / "0.rows")
        (folder / "0.index").write_bytes(ENTRY.pack(1, 0) + ENTRY.pack(0, 2))
        assert read(folder) is None


def test_long_rows_make_short_pages(tmp_path: Path) -> None:
    """A page ends before it is too large; the next one begins there."""
    write_grid([make_table("s", [["字" * 5000] * 300 for _ in range(9)])], ["s"], tmp_path)
    first = read(tmp_path)
    assert 0 < len(first.rows) < 9
    assert first.until == max(first.rows)
    assert min(read(tmp_path, first.until + 1).rows) == first.until + 1
    assert first.rows[1][0] == "字" * (LONGEST_SHOWN - 1) + "…"
    assert sum(len(text.encode()) for texts in first.rows.values() for text in texts) < MOST_BYTES
