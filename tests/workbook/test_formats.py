"""The same orders in every format and as every program writes it are the same payloads; what a file is is told by its content."""

import datetime as dt
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from books import LABELS, ROWS, VARIANTS, cell_of, codes, patched, payloads, plain, read, refused
from making import mcf_row
from openpyxl.styles import Font
from openpyxl.utils.datetime import CALENDAR_MAC_1904
from openpyxl.worksheet.worksheet import Worksheet
from programs import require

from bulkorders.providers.lingxing.fields import MCF_ORDERS
from bulkorders.workbook.read import read_tables


@pytest.mark.parametrize("change", VARIANTS.values(), ids=VARIANTS)
def test_a_workbook_is_read_alike_whoever_wrote_it(change: Callable[[str, bytes], bytes], tmp_path: Path) -> None:
    """Strict OOXML, prefixed XML, absolute names, UTF-16, a dimension that lies: the payloads of the plain one."""
    source = plain(tmp_path / "plain.xlsx")
    assert payloads(patched(source, tmp_path / "other.xlsx", change)) == payloads(source)


REFERENCES = ("1:4", "", "A1:", "xyz", "$A$1:$B$2", "A1:B2:C3", "Sheet1!A1", "A:B", "A0")


@pytest.mark.parametrize("reference", [*(f' ref="{each}"' for each in REFERENCES), ""])
@pytest.mark.parametrize("change", [VARIANTS["absolute"], VARIANTS["utf16"], VARIANTS["prefixed"]], ids=["absolute", "utf16", "prefixed"])
def test_a_dimension_that_is_no_reference_does_not_matter(change: Callable[[str, bytes], bytes], reference: str, tmp_path: Path) -> None:
    """Excel opens such a file, and so do we: in every form that the XML may have."""

    def misled(name: str, content: bytes) -> bytes:
        return change(name, re.sub(rb'<dimension ref="[^"]*"', f"<dimension{reference}".encode(), content))

    source = plain(tmp_path / "plain.xlsx")
    assert payloads(patched(source, tmp_path / "other.xlsx", misled)) == payloads(source)


@pytest.mark.parametrize("change", VARIANTS.values(), ids=VARIANTS)
def test_what_a_bare_value_does_not_tell_is_seen_in_every_form(change: Callable[[str, bytes], bytes], tmp_path: Path) -> None:
    """An error cell, a formula without a result, zeros of a number format, a hidden row: in other XML as in the usual one."""
    source = plain(tmp_path / "plain.xlsx", damage)
    found = codes(patched(source, tmp_path / "other.xlsx", change))
    assert {"error_cell", "uncached", "padded", "rows_hidden"} <= set(found)


def damage(sheet: Worksheet) -> None:
    """One of each in a plain workbook."""
    error, formula, postcode = cell_of(sheet, 2, "receiver"), cell_of(sheet, 3, "quantity_shipped"), cell_of(sheet, 4, "postcode")
    error.value, error.data_type = "#REF!", "e"
    formula.value = "=1+1"
    postcode.value, postcode.number_format = 2116, "00000"
    sheet.row_dimensions[4].hidden = True


@pytest.mark.parametrize("error", ["#SPILL!", "#CALC!", "#ERROR!", "Err:509", "#BLOCKED!"])
def test_an_error_that_only_newer_programs_know_is_one_of_its_cell(error: str, tmp_path: Path) -> None:
    """It spoils its order and no other, and is told as it is shown; the results can be written too."""
    source = plain(tmp_path / "plain.xlsx", damage)
    path = patched(source, tmp_path / "other.xlsx", lambda _, content: content.replace(b"<v>#REF!</v>", f"<v>{error}</v>".encode()))
    assert [issue.value for issue in read(path).issues if issue.code == "error_cell"] == [error]
    assert isinstance(read_tables(path, with_marks=False), list)


@pytest.mark.parametrize("name", ["orders.xlsm", "orders.xls", "orders.csv", "orders", "订单.wps"])
def test_the_name_says_nothing(name: str, tmp_path: Path) -> None:
    """A workbook is known by its content, whatever it is called."""
    assert payloads(plain(tmp_path / "plain.xlsx").rename(tmp_path / name))


# -- .xls, written by LibreOffice ------------------------------------------------------------------------------------------------
def convert(source: Path, kind: str) -> Path:
    """A workbook saved by LibreOffice in another format."""
    soffice = require("soffice", "libreoffice-calc")
    profile = (source.parent / "profile").as_uri()
    command = [soffice, "--headless", f"-env:UserInstallation={profile}", "--convert-to", kind, "--outdir", str(source.parent), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return source.with_suffix(f".{kind.partition(':')[0]}")


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An .xls with all that is special about one; LibreOffice calculates its formulas."""

    def change(sheet: Worksheet) -> None:
        cell_of(sheet, 2, "receiver").value = "=1/0"
        cell_of(sheet, 3, "quantity_shipped").value = "=1+1"
        postcode = cell_of(sheet, 4, "postcode")
        postcode.value, postcode.number_format = 2116, "00000"
        day = cell_of(sheet, 4, "date_for_packing")
        day.value, day.number_format = dt.datetime(2022, 12, 9), "yyyy/m/d"  # noqa: DTZ001  # cells have no zone
        cell_of(sheet, 4, "order_id").value = 1000796
        sheet.row_dimensions[4].hidden = True
        book = sheet.parent
        assert book is not None
        book.create_sheet("隐藏的").sheet_state = "hidden"

    return convert(plain(tmp_path_factory.mktemp("old") / "orders.xlsx", change), "xls")


def test_an_xls_is_read_as_its_xlsx(tmp_path: Path) -> None:
    """The format of Excel 97 to 2003, which WPS still writes."""
    source = plain(tmp_path / "plain.xlsx")
    assert payloads(convert(source, "xls")) == payloads(source)


def test_an_xls_tells_errors_zeros_hidden_rows_and_hidden_sheets(old: Path) -> None:
    """As an .xlsx does."""
    found = read(old)
    assert {"error_cell", "padded", "rows_hidden", "sheet_hidden"} <= {issue.code for issue in found.issues}
    assert (found.columns["quantity_shipped"][1], found.columns["postcode"][2]) == (2, "02116")
    assert (found.columns["order_id"][2], found.columns["date_for_packing"][2]) == ("1000796", dt.date(2022, 12, 9))


@pytest.mark.parametrize("kind", ["ods", "html", "fods", "pdf"])
def test_other_formats_are_refused_by_name(kind: str, tmp_path: Path) -> None:
    """Whatever they are called: one sentence that says what the file is and what to do."""
    path = convert(plain(tmp_path / "plain.xlsx"), kind)
    assert refused(path.rename(tmp_path / "orders.xls")) == "not_workbook"


def test_a_password_is_named_as_such(tmp_path: Path) -> None:
    """An .xlsx with a password is an OLE file that holds an encrypted package."""
    path = tmp_path / "orders.xlsx"
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + "EncryptedPackage".encode("utf-16-le") + bytes(512))
    assert refused(path) == "encrypted"


# -- what sheets hold beside values ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("epoch", [None, CALENDAR_MAC_1904], ids=["1900", "1904"])
def test_dates_of_both_systems_are_the_same_days(epoch: dt.datetime | None, tmp_path: Path) -> None:
    """Excel on a Mac used to count from 1904."""

    def change(sheet: Worksheet) -> None:
        book = sheet.parent
        assert book is not None
        if epoch is not None:
            book.epoch = epoch
        for row, day in ((2, dt.datetime(2022, 12, 9)), (4, dt.datetime(2025, 4, 9, 14, 30, 45))):  # noqa: DTZ001  # cells have no zone
            cell_of(sheet, row, "date_for_packing").value = day

    found = payloads(plain(tmp_path / "orders.xlsx", change))
    assert [payload["date_for_packing"] for payload in found] == ["2022-12-09", "2025-04-09T14:30:45"]


@pytest.mark.parametrize(
    ("number", "shown", "form"),
    [
        (2116, "02116", "00000"), (21160001, "02116-0001", "00000-0000"), (12, "FBA0012", '"FBA"0000'), (7, "A-007", r"\A\-000"),
        (5551234, "555-1234", "000-0000"),
    ],
)  # fmt: skip
def test_an_identifier_is_read_as_its_number_format_shows_it(number: int, shown: str, form: str, tmp_path: Path) -> None:
    """The merchant sees the zeros and signs of the format, and the note says that they were read."""

    def change(sheet: Worksheet) -> None:
        cell = cell_of(sheet, 2, "order_id_for_packing")
        cell.value, cell.number_format = number, form
        cell_of(sheet, 3, "order_id_for_packing").value = None

    path = plain(tmp_path / "orders.xlsx", change)
    assert payloads(path)[0]["order_id_for_packing"] == shown
    assert codes(path) == ["as_shown" if "A" in form else "padded"]


@pytest.mark.parametrize("form", ["General", "0", "#,##0", "0.00", '0"件"', "@", "0.00E+00", "yyyy"])
def test_an_amount_is_its_number_whatever_its_format_shows(form: str, tmp_path: Path) -> None:
    """Thousands, decimals, a word behind it: the quantity is the cell's number."""

    def change(sheet: Worksheet) -> None:
        cell = cell_of(sheet, 2, "quantity_shipped")
        cell.value, cell.number_format = 12, form

    path = plain(tmp_path / "orders.xlsx", change)
    if form == "yyyy":  # Excel takes the number for a day, and so is it shown
        assert "not_number" in codes(path)
    else:
        assert payloads(path)[0]["item_list"][0]["quantity_shipped"] == 12


def test_formats_down_to_the_last_row_cost_nothing(tmp_path: Path) -> None:
    """A sheet that says it has 1,048,576 rows and holds three is read as one of three."""

    def change(sheet: Worksheet) -> None:
        sheet.cell(1_048_576, 1).font = Font(bold=True)
        sheet.cell(700_000, 40).font = Font(bold=True)

    path = plain(tmp_path / "orders.xlsx", change)
    tables = read_tables(path)
    assert isinstance(tables, list)
    assert tables[0].frame.shape == (len(ROWS) + 1, len(LABELS))
    assert len(payloads(path)) == 2


def test_a_sheet_larger_than_the_limit_is_refused_before_a_reader_sees_it(tmp_path: Path) -> None:
    """Two cells far apart: readers ask for all the memory between them."""
    path = plain(tmp_path / "orders.xlsx", lambda sheet: sheet.cell(1_048_576, 300, "x"))
    found = read(path).refused
    assert found is not None
    assert found.code == "file_too_large"
    assert "40000000" in found.message.zh


def test_a_sheet_that_is_not_in_its_workbook_hides_no_other(tmp_path: Path) -> None:
    """The workbook names two sheets and holds one."""
    book = openpyxl.load_workbook(plain(tmp_path / "plain.xlsx"))
    book.create_sheet("空")
    book.save(tmp_path / "two.xlsx")
    path = patched(tmp_path / "two.xlsx", tmp_path / "one.xlsx", lambda _, content: content.replace(b"sheet2.xml", b"sheet9.xml"))
    assert len(payloads(path)) == 2


def test_all_matching_sheets_are_read_in_their_order(tmp_path: Path) -> None:
    """Wherever they stand among others."""

    def change(sheet: Worksheet) -> None:
        book = sheet.parent
        assert book is not None
        book.create_sheet("说明", 0)["A1"] = "填写说明"
        second = book.create_sheet("第二张")
        second.append(LABELS)
        second.append([mcf_row(order_id="B1").get(field.name) for field in MCF_ORDERS.fields])

    assert [payload["order_id"] for payload in payloads(plain(tmp_path / "orders.xlsx", change))] == ["A1", "A2", "B1"]
