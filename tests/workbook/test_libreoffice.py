"""What we write opens in a real spreadsheet program, and says there what it should."""

import csv
import subprocess
from collections.abc import Callable
from pathlib import Path

import books
import pytest
from openpyxl import Workbook
from programs import require
from told import about, book, counts, created, failures, report, result, write

from bulkorders.core.result import FAILURES_SHEET, SUMMARY_SHEET, UNDO_SHEET
from bulkorders.pipeline.app import all_templates
from bulkorders.workbook.blank import write_blank

OURS = (SUMMARY_SHEET, FAILURES_SHEET, UNDO_SHEET)
ALL_SHEETS = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"


def opened(book: Path, folder: Path) -> dict[str, list[list[str]]]:
    """The sheets of a workbook as LibreOffice shows them, by name."""
    soffice = require("soffice", "libreoffice-calc")
    profile = (folder / "profile").as_uri()
    subprocess.run(
        [soffice, "--headless", f"-env:UserInstallation={profile}", "--convert-to", ALL_SHEETS, "--outdir", str(folder), str(book)],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    found = {}
    for path in folder.glob(f"{book.stem}-*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            found[path.stem.removeprefix(f"{book.stem}-")] = list(csv.reader(file))
    return found


RISKY = ["=1+1", "+86", "-5", "@SUM(A1)", '=HYPERLINK("http://example.com")']


@pytest.mark.parametrize("change", [None, books.utf16], ids=["patched", "rewritten"])
def test_a_results_workbook_opens_and_computes_nothing(change: Callable[[str, bytes], bytes] | None, tmp_path: Path) -> None:
    """Cells that begin like formulas are shown as they were typed, beside what became of the order; our sheets are there."""
    source = book(tmp_path / "in.xlsx", {"订单": [["单号", "备注"], *([number, text] for number, text in enumerate(RISKY))]}, _as_text)
    if change:
        source = books.patched(source, tmp_path / "other.xlsx", change)
    rows = {str(number): result(reason=f"={number}+2") for number in range(2, len(RISKY) + 2)}
    told = report({"订单": about(rows)}, counts=counts(created=5), failures=failures("订单", 2, "B"), created=created("=3+3"))
    assert write(source, told, tmp_path / "results.xlsx") == ("rewritten" if change else "patched")
    found = opened(tmp_path / "results.xlsx", tmp_path)
    assert set(found) == {"订单", *OURS}
    header, *lines = found["订单"]
    assert [line[1] for line in lines] == RISKY
    assert [line[header.index("结果说明")] for line in lines] == [f"={number}+2" for number in range(2, len(RISKY) + 2)]
    assert found["撤销清单"][3][:2] == ["=3+3", "=3+3"]
    assert found["失败明细"][3][0] == RISKY[0]


def _as_text(made: Workbook) -> None:
    for (cell,) in made["订单"]["B2:B6"]:
        cell.data_type = "s"


@pytest.mark.parametrize("template", all_templates(), ids=lambda template: template.name)
def test_a_blank_template_opens_with_all_its_columns(template: object, tmp_path: Path) -> None:
    """Every label stands in the first row, the example below it."""
    from bulkorders.core.template import Template

    assert isinstance(template, Template)
    book = tmp_path / "blank.xlsx"
    write_blank(template, book)
    header, example = opened(book, tmp_path)[template.title][:2]
    assert [label.lstrip("*") for label in header] == [field.label for field in template.fields]
    assert example == [field.example for field in template.fields]
