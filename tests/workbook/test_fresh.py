"""A fresh container: the merchant's values at their places, as he knows them, where there is nothing of his to patch."""

import datetime as dt
import zipfile
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from making import CARTONS, carton_row, orders_of, sheet
from openpyxl import load_workbook
from told import HEADER, about, tables_of, texts

from bulkorders.core.cell import Mark, MarkKind, column_letter
from bulkorders.core.result import SUMMARY_SHEET
from bulkorders.core.table import Merge, Table, make_table
from bulkorders.workbook.fresh import write_fresh


def fresh(folder: Path, *tables: Table, **sheets: Mapping[str, Any]) -> Any:
    """The workbook, read again."""
    write_fresh(tables, sheets, folder / "out.xlsx")
    return load_workbook(folder / "out.xlsx")


def orders(*rows: Sequence[Any], merges: Sequence[Merge] = ()) -> Table:
    """A sheet with its header in row 1."""
    return make_table("订单", [HEADER, *rows], merges)


def one(folder: Path, table: Table, **told: Any) -> Any:
    """The only sheet, of which a report tells."""
    return fresh(folder, table, **{table.sheet: about(**told)})[table.sheet]


# -- values ----------------------------------------------------------------------------------------------------------------------
def test_cells_stand_at_their_own_rows_and_columns(tmp_path: Path) -> None:
    """Titles, empty rows and unknown columns too: a message that names V5 is true in the results."""
    table = make_table("订单", [["标题", "", ""], ["", "", ""], HEADER, ["A1", "", 1.0], ["", "", ""], ["", "说明", ""]])
    found = one(tmp_path, table, header_row=3)
    assert {cell.coordinate: cell.value for row in found["A1:C6"] for cell in row if cell.value is not None} == {
        "A1": "标题", "A3": "单号", "B3": "名称", "C3": "数量", "A4": "A1", "C4": 1, "B6": "说明",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("raw", "shown", "number_format"),
    [
        (dt.date(2026, 11, 9), dt.datetime(2026, 11, 9), "yyyy-mm-dd"),  # noqa: DTZ001
        (dt.datetime(2026, 11, 9), dt.datetime(2026, 11, 9), "yyyy-mm-dd"),  # noqa: DTZ001
        (dt.datetime(2026, 11, 9, 14, 30, 45), dt.datetime(2026, 11, 9, 14, 30, 45), "yyyy-mm-dd hh:mm:ss"),  # noqa: DTZ001
        (dt.time(14, 30), dt.time(14, 30), "hh:mm:ss"),
        (0.1, 0.1, "General"),
        (3.0, 3, "General"),
        (True, True, "General"),
        ("007", "007", "General"),
        (float("inf"), "inf", "General"),
    ],
)
def test_values_keep_their_type(raw: Any, shown: Any, number_format: str, tmp_path: Path) -> None:
    """Dates are dates, with the time if there is one; numbers numbers; text text."""
    cell = one(tmp_path, orders(["A1", raw, 1]))["B2"]
    assert (cell.value, cell.number_format) == (shown, number_format)


@pytest.mark.parametrize(
    ("raw", "asked", "number_format"),
    [("007", "@", "@"), (36003.0, "@", "@"), (3.0, "0", "0"), (2.5, "0", "General"), (20261109.0, "yyyy-mm-dd", "General")],
)
def test_matched_columns_have_their_number_format(raw: Any, asked: str, number_format: str, tmp_path: Path) -> None:
    """Unless it would show another number than the cell holds."""
    found = one(tmp_path, orders(["A1", raw, 1]), formats={"B": asked})
    assert found["B2"].number_format == number_format
    assert found.column_dimensions["B"].number_format == asked


@pytest.mark.parametrize(
    "text", ["=1+1", '=HYPERLINK("http://example.com")', "+1-555-0100", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "=", "＝1"]
)
def test_no_text_becomes_a_formula(text: str, tmp_path: Path) -> None:
    """In no sheet and no header; and it stays text when somebody edits it."""
    sheets = fresh(tmp_path, make_table("订单", [["单号", text], ["A1", text]]), make_table("备忘", [[text]]), 订单=about())
    with zipfile.ZipFile(tmp_path / "out.xlsx") as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist() if "worksheets" in name)
    assert b"<f" not in everything
    assert b"<hyperlink" not in everything
    cells = [sheets["订单"]["B1"], sheets["订单"]["B2"], sheets["备忘"]["A1"]]
    assert {(cell.data_type, cell.number_format, bool(cell.quotePrefix)) for cell in cells} == {("s", "@", True)}


MESSY = [
    carton_row(package=Mark(MarkKind.PADDED, "00123", 123)),
    carton_row(package="00123", sku=Mark(MarkKind.PADDED, "00045", 45), quantity=Mark(MarkKind.PADDED, "007", 7)),
    carton_row(remark=Mark(MarkKind.ERROR, "#REF!")),
    carton_row(remark=Mark(MarkKind.UNCACHED, ""), length=Mark(MarkKind.ERROR, "#DIV/0!")),
    carton_row(weight=Mark(MarkKind.WORDED, "500 g", 500, "g"), length=Mark(MarkKind.WORDED, "0.4 m", 0.4, "m")),
    carton_row(weight=Mark(MarkKind.WORDED, "0.5 kg", 500, "kg", Decimal("0.001")), worth=Mark(MarkKind.WORDED, "¥3", 3, "¥")),
    carton_row(package=456.0, carton=2.0, quantity="３", worth=1.25, day=dt.date(2025, 4, 9)),
    carton_row(quantity="三", remark=12, insured=True, day="2025/4/9"),
    carton_row(sku=1234567890123456.0, remark=dt.datetime(2025, 4, 9, 14, 30)),  # noqa: DTZ001
    carton_row(weight=None, remark="  两行\n地址 "),
]


@pytest.mark.parametrize("row", MESSY)
def test_what_is_read_back_is_what_the_merchant_had(row: Mapping[str, Any], tmp_path: Path) -> None:
    """Zeros in front, units, errors: else an order would be another one, or a bad field empty, when the results are sent in again."""
    table = sheet(CARTONS, [row])
    formats = {column_letter(number): field.kind.number_format for number, field in enumerate(CARTONS.fields, 1)}
    write_fresh([table], {"Sheet1": about(formats=formats)}, tmp_path / "out.xlsx")
    before, after = (orders_of(CARTONS, *tables) for tables in ([table], tables_of(tmp_path / "out.xlsx")))
    assert [(order.key, order.root) for order in after.orders] == [(order.key, order.root) for order in before.orders]
    said = [
        [(issue.code.replace("uncached", "error_cell"), issue.field) for issue in each.issues if issue.is_error] for each in (before, after)
    ]
    assert said[0] == said[1]


def test_a_column_that_nobody_knows_keeps_what_it_shows(tmp_path: Path) -> None:
    """A number with zeros in front as text, an error as an error; on sheets without orders too."""
    cells = [Mark(MarkKind.PADDED, "00123", 123), Mark(MarkKind.ERROR, "#N/A")]
    made = fresh(tmp_path, orders(["A1", *cells]), make_table("备忘", [cells]), 订单=about())
    for found in (made["订单"][2][1:3], made["备忘"][1]):
        assert [(cell.value, cell.data_type) for cell in found] == [("00123", "s"), ("#N/A", "e")]


def test_characters_that_xml_forbids_are_left_out(tmp_path: Path) -> None:
    """They would make the file unreadable."""
    assert texts(one(tmp_path, orders(["A\x00\x0b1", "x\ud800\uffffy", 1]))[2])[:2] == ["A1", "xy"]


# -- sheets ----------------------------------------------------------------------------------------------------------------------
def test_sheets_keep_their_names_and_their_order(tmp_path: Path) -> None:
    """Sheets that were passed over are copied too; hidden ones, whose cells are not read, and empty ones are not."""
    tables = [make_table("备忘", [["电话"]]), orders(["A1", "", 1]), make_table("暗", [], hidden=True), make_table("空", [])]
    assert fresh(tmp_path, *tables, 订单=about()).sheetnames == ["备忘", "订单"]


def test_sheet_names_that_excel_refuses_are_made_good(tmp_path: Path) -> None:
    """Other programs write them; who adds to the workbook is told what they are now."""
    names = ["a/b", "A_B", "n" * 40, "'q'", SUMMARY_SHEET]
    told = write_fresh([make_table(name, [[1]]) for name in names], {}, tmp_path / "out.xlsx")
    assert dict(told) == dict(zip(names, ["a_b", "A_B (2)", "n" * 31, "q", SUMMARY_SHEET], strict=True))
    assert load_workbook(tmp_path / "out.xlsx").sheetnames == [*told.values()]


def test_a_workbook_without_a_cell_is_still_one(tmp_path: Path) -> None:
    """Excel opens none without a sheet."""
    assert len(fresh(tmp_path, make_table("空", [])).sheetnames) == 1


# -- how it looks ------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("text", "width"), [("a", 8), ("a" * 20, 22), ("订" * 10, 22), ("a" * 300, 45)])
def test_columns_are_as_wide_as_their_content(text: str, width: int, tmp_path: Path) -> None:
    """A Chinese sign counts two; no narrower than 8, no wider than 45."""
    table = make_table("订单", [["单", "x"], [text, 1]])
    found = one(tmp_path, table) if width > 8 else fresh(tmp_path, table)["订单"]
    assert found.column_dimensions["A"].width == width


def test_a_title_above_the_header_widens_no_column(tmp_path: Path) -> None:
    """It runs over the cells to its right."""
    table = make_table("订单", [["很长的标题" * 20, ""], ["单号", "数量"], ["A1", 1]])
    assert one(tmp_path, table, header_row=2).column_dimensions["A"].width < 12


def test_a_text_too_wide_makes_its_row_taller(tmp_path: Path) -> None:
    """An address of five lines is read in full; other rows stay as they are."""
    found = one(tmp_path, orders(["A1", "地址" * 60, 1], ["A2", "x", 1]))
    assert found["B2"].alignment.wrap_text
    assert found.row_dimensions[2].height > 5 * 15
    assert found.row_dimensions[3].height is None


def test_the_header_is_frozen_and_filtered(tmp_path: Path) -> None:
    """Titles stay above it; the filter reaches to the last row, and grows when results are added."""
    found = one(tmp_path, make_table("订单", [["标题", "", ""], HEADER, ["A1", "x", 1]]), header_row=2)
    assert (found.freeze_panes, found.auto_filter.ref) == ("A3", "A2:C3")


def test_a_header_far_down_is_not_frozen(tmp_path: Path) -> None:
    """Fifteen frozen rows leave no room to scroll on a small screen."""
    table = make_table("订单", [*[["说明", "", ""]] * 14, HEADER, ["A1", "x", 1]])
    assert one(tmp_path, table, header_row=15).freeze_panes is None


def test_merged_cells_are_merged_again(tmp_path: Path) -> None:
    """On order sheets and on others; a range of a single cell, which Excel calls damage, is left out."""
    merges = [Merge(2, 1, 3, 1), Merge(2, 3, 2, 3)]
    tables = [orders(["A1", "x", 1], ["", "y", 1], merges=merges), make_table("备忘", [["a", "b"]], [Merge(1, 1, 1, 2)])]
    made = fresh(tmp_path, *tables, 订单=about())
    assert [str(each) for each in made["订单"].merged_cells.ranges] == ["A2:A3"]
    assert [str(each) for each in made["备忘"].merged_cells.ranges] == ["A1:B1"]


def test_no_scratch_file_stays_when_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """openpyxl keeps rows in temporary files, and they hold buyers' addresses."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "out.xlsx").mkdir()
    with pytest.raises(OSError, match=r"out\.xlsx"):
        write_fresh([orders(["A1", "x", 1])], {}, tmp_path / "out.xlsx")
    assert [path.name for path in tmp_path.iterdir()] == ["out.xlsx"]
