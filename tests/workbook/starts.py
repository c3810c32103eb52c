"""The workbooks that damage starts from: of several writers, with all that a reader looks at."""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import openpyxl
import xlsxwriter
from mutate import pack
from tiny_xls import Error, Formatted, write_xls

from bulkorders.core.template import Template
from bulkorders.pipeline.app import all_templates

SAMPLES = Path(__file__).parents[2] / "sample_data"
ROWS = 6


@cache
def starts() -> tuple[tuple[str, bytes], ...]:
    """File names and contents, the same in every run."""
    return tuple(_samples()) + tuple(_made())


def _samples() -> Iterator[tuple[str, bytes]]:
    for path in sorted(SAMPLES.glob("*/*.xlsx")):
        yield f"{path.parent.name}-{path.name}", path.read_bytes()


def _made() -> Iterator[tuple[str, bytes]]:
    with TemporaryDirectory() as folder:
        for template in all_templates():
            for write, suffix in ((_openpyxl, ".xlsx"), (_xlsxwriter, ".xlsx"), (_xls, ".xls"), (_csv, ".csv"), (_csv_gb18030, ".csv")):
                path = Path(folder) / f"{template.name}{write.__name__}{suffix}"
                write(path, template)
                yield path.name, _timeless(path.read_bytes())


def _timeless(content: bytes) -> bytes:
    """An archive without the times that its writer put into it; any other file as it is."""
    if not content.startswith(b"PK"):
        return content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = [(name, re.sub(rb"T\d\d:\d\d:\d\dZ|\d{4}-\d\d-\d\d(?=T)", b"", archive.read(name))) for name in archive.namelist()]
    return pack(parts)


def grid(template: Template) -> list[list[Any]]:
    """A header and some valid rows, with numbers as numbers."""
    rows: list[list[Any]] = [[field.label for field in template.fields]]
    for number in range(ROWS):
        row: list[Any] = [field.example or None for field in template.fields]
        row[[field.name for field in template.fields].index(template.display)] = f"A{number // 2}"
        rows.append([float(cell) if field.kind.is_amount and cell else cell for field, cell in zip(template.fields, row, strict=True)])
    return rows


def _openpyxl(path: Path, template: Template) -> None:
    """Formulas, error cells, dates, formats, merged cells, hidden rows and sheets, comments, a table, drop-downs."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in grid(template):
        sheet.append(row)
    width = len(template.fields)
    extra: Sequence[Any] = ("=1+1", "#REF!", dt.datetime(2025, 4, 9, 14, 30, 45), dt.date(2025, 4, 9), True, 12)  # noqa: DTZ001  # a cell
    for at, value in enumerate(extra, 2):
        sheet.cell(at, width + 1, value)
    sheet.cell(7, width + 1).number_format = "00000"
    sheet.merge_cells(start_row=2, start_column=1, end_row=3, end_column=1)
    sheet.row_dimensions[4].hidden = True
    book.create_sheet("hidden").sheet_state = "hidden"
    book.create_sheet("empty")
    book.save(path)


def _xlsxwriter(path: Path, template: Template) -> None:
    """Texts in the cells themselves, formulas with values, rich text, the 1904 system."""
    with xlsxwriter.Workbook(path, {"constant_memory": True, "date_1904": True}) as book:
        sheet = book.add_worksheet("订单")
        mask, bold = book.add_format({"num_format": '"FBA"000'}), book.add_format({"bold": True})
        for at, row in enumerate(grid(template)):
            for column, cell in enumerate(row):
                if cell is not None:
                    sheet.write(at, column, cell)
            sheet.write_formula(at, len(row), "=1+1", None, 2)
            sheet.write_number(at, len(row) + 1, at, mask)
            sheet.write_rich_string(at, len(row) + 2, "a", bold, "b", "c")


def _xls(path: Path, template: Template) -> None:
    rows = grid(template)
    rows[2].append(Error())
    rows[3].append(Formatted(12))
    write_xls(path, rows, merges=[(1, 2, 0, 0)], hidden_rows=[3])


def _text(template: Template) -> str:
    quoted = (['"' + str("" if cell is None else cell).replace('"', '""') + '"' for cell in row] for row in grid(template))
    return "\r\n".join(",".join(row) for row in quoted) + "\r\n"


def _csv(path: Path, template: Template) -> None:
    path.write_bytes(_text(template).encode("utf-8-sig"))


def _csv_gb18030(path: Path, template: Template) -> None:
    path.write_bytes(_text(template).replace('"', "").replace(",", "\t").encode("gb18030"))
