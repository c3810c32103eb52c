"""Reports as the pipeline gives them, merchants' workbooks made with openpyxl, and the results that are written from both."""

import re
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from openpyxl import Workbook, load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from bulkorders.core.result import FATE_MEANING, FATE_WORDS, RESULT_COLUMNS, TRACKING_COLUMNS, Fate
from bulkorders.core.table import Table
from bulkorders.workbook.read import read_tables
from bulkorders.workbook.results import write_results

HEADER = ["单号", "名称", "数量"]
COLUMNS = [name for name in RESULT_COLUMNS if name not in TRACKING_COLUMNS]
LABELS = [RESULT_COLUMNS[name] for name in COLUMNS]
RED, AMBER = "FFFF6B6B", "FFFFE066"
Rows = Sequence[Any]
"""Rows of cells."""


# -- what is told ---------------------------------------------------------------------------------------------------------------
def result(fate: Fate = Fate.CREATED, **changed: str) -> dict[str, str]:
    """What the report says of a row."""
    told = {"fate": fate.value, "status": FATE_WORDS[fate].zh, "reason": "", "rows": "2", "request_id": "R-1"}
    return {**told, "submitted_at": "2026-11-23 14:03:05", "batch": "b1", **changed}


def about(rows: Mapping[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """What the report says of a sheet."""
    return {"header_row": 1, "columns": COLUMNS, "formats": {}, "bad": {}, "notes": {}, "rows": rows or {}, **changed}


def report(sheets: Mapping[str, Any] | None = None, **changed: Any) -> dict[str, Any]:
    """A report of a workbook."""
    return {"is_test": False, "summary": [], "counts": counts(), "sheets": sheets or {}, "failures": [], "created": [], **changed}


def counts(**numbers: int) -> list[list[Any]]:
    """All fates with their counts."""
    return [[FATE_WORDS[fate].zh, numbers.get(fate.value, 0), FATE_MEANING[fate].zh, fate.value] for fate in Fate]


def failures(sheet: str, row: int, letter: str = "A", title: str = "订单") -> list[dict[str, Any]]:
    """One failed order of a row, in a template of one column, which stands at a letter of the merchant's."""
    column = {"field": "no", "heading": "单号", "number_format": "@", "colour": 0, "is_required": True}
    column |= {"is_identifier": True, "is_amount": False}
    return [{"title": title, "columns": [column], "places": {sheet: {"no": [letter, "1"]}}, "orders": [[[sheet, row]]]}]


def created(text: str = "A1") -> list[dict[str, Any]]:
    """One order that was created."""
    orders = [{"fate": "created", "status": text, "cells": [text, text]}]
    return [{"unit": "订单", "title": text, "how": text, "labels": ["单号", "账号"], "orders": orders}]


# -- the merchant's workbook ------------------------------------------------------------------------------------------------------
def book(path: Path, sheets: Mapping[str, Rows], change: Callable[[Workbook], object] | None = None) -> Path:
    """A workbook of some sheets, changed before it is saved."""
    made = Workbook()
    made.remove(made.worksheets[0])
    for name, rows in sheets.items():
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(list(row))
    if change:
        change(made)
    made.save(path)
    return path


def tables_of(source: Path) -> list[Table]:
    """The sheets of a workbook, as the results are told them."""
    tables = read_tables(source)
    assert isinstance(tables, list), tables
    return tables


# -- the results ------------------------------------------------------------------------------------------------------------------
def write(source: Path, told: Mapping[str, Any], target: Path) -> str:
    """Writes the results of a workbook; gives the way that was taken."""
    return write_results(source, tables_of(source), told, target, target.with_name(".draft.tmp"))


def written(folder: Path, sheets: Mapping[str, Rows], told: Mapping[str, Any], change: Callable[[Workbook], object] | None = None) -> Any:
    """The results of a workbook of some sheets, which is patched; read again."""
    assert write(book(folder / "in.xlsx", sheets, change), told, folder / "out.xlsx") == "patched"
    return load_workbook(folder / "out.xlsx")


def one_sheet(folder: Path, *rows: Sequence[Any], change: Callable[[Worksheet], object] | None = None, **told: Any) -> Any:
    """The results on a sheet: its rows as they were, and what the report says of it."""
    return written(folder, {"订单": rows}, report({"订单": about(**told)}), lambda made: change and change(made["订单"]))["订单"]


def texts(cells: Any) -> list[Any]:
    """The values of cells."""
    return [cell.value for cell in cells]


def parts(path: Path) -> dict[str, bytes]:
    """The parts of a container."""
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def paper(cell: Any) -> str | None:
    """The colour of a filled cell."""
    return str(cell.fill.fgColor.rgb) if cell.fill.fill_type == "solid" else None


def shown_colour(sheet: Worksheet, at: str) -> tuple[str, str] | None:
    """The ink and paper that a cell has by a conditional format, as a spreadsheet program would show it."""
    text = str(sheet[at].value or "")
    formats = [each for each in sheet.conditional_formatting if at in each.cells]
    rules = sorted((rule for each in formats for rule in each.rules), key=lambda rule: rule.priority)
    for rule in rules:
        assert rule.type == "beginsWith"
        assert re.fullmatch(rf'LEFT\([A-Z]+\d+,LEN\("{rule.text}"\)\)="{rule.text}"', rule.formula[0])
        if text.startswith(rule.text):
            return rule.dxf.font.color.rgb[2:], rule.dxf.fill.bgColor.rgb[2:]
    return None
