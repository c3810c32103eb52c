"""The results workbook: the merchant's own, patched with what became of each order; a summary and two lists behind his sheets.

There is one writer, the patcher. Where a container is not one that it is sure of, openpyxl rewrites it first; where there is none, or
that fails too, a fresh one is made of the values.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bulkorders.core.result import is_ours
from bulkorders.core.table import Table
from bulkorders.crash import crash_point

from .ooxml.edits import NewSheet, UnsureError
from .ooxml.patch import patch
from .pages.failures import failure_sheets
from .pages.summary import summary_sheet
from .pages.undo import undo_sheet
from .result_sheets import sheet_edits
from .sniff import Format, sniff

PATCHED, REWRITTEN, FRESH = "patched", "rewritten", "fresh"

Tables = Mapping[str, Table]
Make = Callable[[], tuple[Path, Mapping[str, str]]]
"""Gives a container, and the names that sheets have in it where those differ from the merchant's."""


def write_results(source: Path | None, tables: Sequence[Table], report: Mapping[str, Any], target: Path, draft: Path) -> str:
    """Writes the results workbook to `target`, whole or not at all; gives the way that was taken.

    `tables` are all sheets of the workbook `source`, corrections laid over them; without a source the results are made of the tables
    alone. `report` has `is_test`, `summary`, `counts`, `failures` and `created` (see the pages), `sheets` and perhaps `corrections` (see
    `sheet_edits`). `draft`: where it is written first,
    beside the target. Raises OSError; PermissionError where `target` is locked.
    """
    with TemporaryDirectory(prefix="bulkorders-", ignore_cleanup_errors=True) as folder:
        try:
            way = _write(source, tables, report, draft, Path(folder))
            crash_point()
            draft.replace(target)
            crash_point()
            return way
        finally:
            draft.unlink(missing_ok=True)


def _write(source: Path | None, tables: Sequence[Table], report: Mapping[str, Any], draft: Path, folder: Path) -> str:
    dropped = {table.sheet for table in tables if _is_ours(table)} - report["sheets"].keys()
    own = {table.sheet: table for table in tables if table.sheet not in dropped}
    with draft.open("xb") as file:
        for way, make in _ways(source, list(own.values()), report, folder):
            try:
                base, names = make()
                file.seek(0)
                file.truncate()
                edits = {names.get(name, name): edit for name, edit in sheet_edits(own, report).items()}
                patch(base, edits, _added(own, report, [names.get(name, name) for name in own]), file, dropped)
            except UnsureError:
                if way == FRESH:
                    raise
                continue
            file.flush()
            os.fsync(file.fileno())
            return way
    raise AssertionError("a fresh one is the last way")


def _is_ours(table: Table) -> bool:
    """Whether we added the sheet to an earlier results workbook; where it is read for orders itself, it is the merchant's by now."""
    return not table.frame.empty and is_ours(table.sheet, table.frame.iat[0, 0])


def _ways(source: Path | None, tables: Sequence[Table], report: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, Make]]:
    """The ways to a container, the best first."""
    if source is not None and sniff(source) is Format.XLSX:
        yield PATCHED, lambda: (source, {})
        yield REWRITTEN, lambda: (_rewritten(source, folder / "rewritten.xlsx"), {})
    yield FRESH, lambda: _fresh(tables, report, folder / "fresh.xlsx")


def _rewritten(source: Path, target: Path) -> Path:
    """The workbook as openpyxl reads and saves it. Raises UnsureError where it cannot."""
    from openpyxl import load_workbook

    try:
        load_workbook(source).save(target)
    except MemoryError:
        raise
    except Exception as error:
        raise UnsureError("openpyxl cannot rewrite it") from error
    return target


def _fresh(tables: Sequence[Table], report: Mapping[str, Any], target: Path) -> tuple[Path, Mapping[str, str]]:
    from .fresh import write_fresh

    return target, write_fresh(tables, report["sheets"], target)


def _added(tables: Tables, report: Mapping[str, Any], names: Sequence[str]) -> list[NewSheet]:
    """Our sheets, in the order in which they stand behind the merchant's."""
    added = [summary_sheet(report, names)]
    added += failure_sheets(report, tables, [*names, *(sheet.name for sheet in added)])
    undo = undo_sheet(report, [*names, *(sheet.name for sheet in added)])
    return [*added, undo] if undo else added
