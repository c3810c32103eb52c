"""Real workbooks with edits on their first sheet: what of them has to stay as it was, and how it is looked for."""

import io
import re
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.cell.cell import MergedCell
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from bulkorders.workbook.ooxml.edits import SheetEdits, UnsureError, Written
from bulkorders.workbook.ooxml.patch import patch
from bulkorders.workbook.style import DONE, HEAD, MIDDLE, WRONG

TEXTS = ("提交状态", "结果说明", "跟踪号")
MOST_CELLS = 400_000


@dataclass(frozen=True)
class Patched:
    """A workbook before and after."""

    source: Path
    edits: Mapping[str, SheetEdits]
    before: Any
    content: bytes


def edits_for(sheet: Any) -> SheetEdits | None:
    """Edits behind the last column; None where the first row holds no text."""
    header = [cell.value for (row, _), cell in sheet._cells.items() if row == 1]
    if not any(isinstance(value, str) and value.strip() for value in header):
        return None
    used = (column for (_, column), cell in sheet._cells.items() if cell.value is not None)
    first = max([*used, *(area.max_col for area in sheet.merged_cells.ranges)]) + 1
    last = min(sheet.max_row, 60) + 1
    columns = {first + at: 16.0 for at in range(len(TEXTS))}
    rows = {1: {first + at: Written(text, HEAD) for at, text in enumerate(TEXTS)}}
    for row in range(2, last + 1):
        look = WRONG if row % 3 else DONE
        rows[row] = {first: Written("已创建", look), first + 1: Written("=1+1", MIDDLE), first + 2: Written(f"  {row}<&> ", MIDDLE, "@")}
    papers = {row: {1: "error", max(first - 1, 1): "warning"} for row in (2, last)}
    notes = {(2, 1): "这里不对"}
    return SheetEdits(1, columns, rows, papers, notes, first, {"已创建": ("006100", "C6EFCE")})


def patched(path: Path, most_cells: int = MOST_CELLS) -> Patched | None:
    """A workbook with edits; None for one that openpyxl does not open, of more cells, or without texts in row 1. Raises UnsureError."""
    before = opened(path.read_bytes())
    if before is None or not before.worksheets:
        return None
    sheet = before.worksheets[0]
    if sheet.max_row * sheet.max_column > most_cells:
        return None
    edits = edits_for(sheet)
    if edits is None:
        return None
    content = io.BytesIO()
    patch(path, {sheet.title: edits}, [], content)
    return Patched(path, {sheet.title: edits}, before, content.getvalue())


def opened(content: bytes) -> Any:
    """A workbook by openpyxl, None where it does not open it."""
    try:
        return openpyxl.load_workbook(io.BytesIO(content), rich_text=True)
    except Exception:  # noqa: BLE001 - it raises what it likes
        return None


def faults(run: Patched) -> Iterator[str]:
    """What is not as it should be."""
    yield from _changed_parts(run)
    after = opened(run.content)
    if after is None:
        yield "openpyxl does not open it"
        return
    if after.sheetnames != run.before.sheetnames:
        yield "other sheets"
    for old, new in zip(run.before.worksheets, after.worksheets, strict=True):
        yield from _changed_cells(old, new, run.edits.get(old.title))
    yield from _again(run)


def _again(run: Patched) -> Iterator[str]:
    target = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "once.xlsx"
        path.write_bytes(run.content)
        patch(path, run.edits, [], target)
    once, twice = _parts(run.content), _parts(target.getvalue())
    if once != twice:
        yield f"twice is not once: {sorted(name for name in once.keys() | twice.keys() if once.get(name) != twice.get(name))}"


def _parts(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if archive.testzip() is not None:
            raise AssertionError("damaged")
        return {name: archive.read(name) for name in archive.namelist()}


def _changed_parts(run: Patched) -> Iterator[str]:
    """The sheet, the styles, and what comments need may change."""
    old, new = _parts(run.source.read_bytes()), _parts(run.content)
    changed = {name for name, part in old.items() if new.get(name) != part}
    may = (
        "styles",
        "[Content_Types]",
        "comments",
        "vmlDrawing",
        "_xmlsignatures",
        "vbaProject",
        "_rels/.rels",
        "calcChain",
        "workbook.xml",
        "VBAPROJECT",
    )
    sheets = {name for name in changed if "sheets/" in name}
    if len([name for name in sheets if "_rels" not in name]) > 1:
        yield f"changed sheets: {sorted(sheets)}"
    for name in sorted(changed - sheets):
        if not any(word in name for word in may):
            yield f"changed: {name}"


def _changed_cells(old: Any, new: Any, edits: SheetEdits | None) -> Iterator[str]:
    papers = edits.papers if edits else {}
    for cell in old._cells.values():
        if isinstance(cell, MergedCell) or (edits and cell.column in edits.columns):
            continue
        other = new.cell(cell.row, cell.column)
        if _value(cell) != _value(other) or cell.data_type != other.data_type:
            yield f"{cell.coordinate}: {cell.value!r} became {other.value!r}"
            return
        is_marked = cell.column in papers.get(cell.row, {})
        names = ("font", "border", "alignment", "number_format", "protection", *(() if is_marked else ("fill",)))
        if any(repr(getattr(cell, name)) != repr(getattr(other, name)) for name in names):
            yield f"{cell.coordinate}: another style"
            return
    for row, marks in papers.items():
        for column in marks:
            if not isinstance(new.cell(row, column), MergedCell) and new.cell(row, column).fill.fgColor.rgb not in ("FFFF6B6B", "FFFFE066"):
                yield f"{row}, {column}: not marked"
    for row_number, cells in (edits.rows if edits else {}).items():
        for column, written in cells.items():
            value = new.cell(row_number, column).value
            if str(value) != str(written.value) or new.cell(row_number, column).data_type not in ("s", "inlineStr"):
                yield f"ours at {row_number}, {column}: {value!r}"
                return


def _value(cell: Any) -> str:
    """What is in a cell; of a formula of several cells all that is known of it."""
    return str(vars(cell.value)) if isinstance(cell.value, ArrayFormula | DataTableFormula) else str(cell.value)


def reason(error: UnsureError) -> str:
    """Why, without what is of one file only."""
    return re.sub(r"[0-9]+", "n", str(error))[:60]
