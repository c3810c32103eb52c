"""What we write opens in a real spreadsheet program, and says there what it should."""

import csv
import subprocess
from pathlib import Path

import pytest
from making import CARTONS, carton_row, sheet
from programs import require

from bulkorders.core.result import RESULT_COLUMNS
from bulkorders.pipeline.app import all_templates
from bulkorders.workbook.blank import write_blank
from bulkorders.workbook.results import write_results

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


def test_a_results_workbook_opens_and_computes_nothing(tmp_path: Path) -> None:
    """Cells that begin like formulas are shown as they were typed, beside what became of the order."""
    risky = ["=1+1", "+86", "-5", "@SUM(A1)", '=HYPERLINK("http://example.com")']
    table = sheet(CARTONS, [carton_row(remark=text) for text in risky])
    told = {"fate": "created", "status": "已创建", "reason": "=2+2", "rows": "2", "request_id": "R", "submitted_at": "", "batch": "b"}
    rows = {str(number): told for number in range(2, len(risky) + 2)}
    columns = [name for name in RESULT_COLUMNS if name in told]
    about = {"Sheet1": {"header_row": 1, "columns": columns, "formats": {}, "bad": {}, "rows": rows}}
    book = tmp_path / "results.xlsx"
    write_results([table], {"is_test": False, "summary": [], "counts": [["已创建", 1, "", "created"]], "sheets": about}, book)
    shown = opened(book, tmp_path)["Sheet1"]
    column, reason = shown[0].index("备注"), shown[0].index(RESULT_COLUMNS["reason"])
    assert [row[column] for row in shown[1 : len(risky) + 1]] == risky
    assert {row[reason] for row in shown[1 : len(risky) + 1]} == {"=2+2"}


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
