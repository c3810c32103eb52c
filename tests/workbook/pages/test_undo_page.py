"""撤销清单: what this batch created, an order a row, and how to cancel it."""

from pathlib import Path
from typing import Any

from containers import pack, texts_of
from openpyxl import load_workbook

from bulkorders.core.result import UNDO_SHEET, UNDO_TITLE
from bulkorders.workbook.pages.page import TEST_BANNER
from bulkorders.workbook.pages.undo import DONE_BY_HAND, STATUS, undo_sheet


def order(*cells: str | None, fate: str = "created") -> dict[str, Any]:
    """An order of the report."""
    return {"fate": fate, "status": {"created": "已创建", "accepted": "已受理"}[fate], "cells": list(cells)}


def batch(*orders: dict[str, Any], labels: tuple[str, ...] = ("订单号", "店铺名", "跟踪号"), unit: str = "订单") -> dict[str, Any]:
    """What a batch created."""
    return {"title": "多渠道订单", "unit": unit, "how": "到后台取消。", "labels": list(labels), "orders": list(orders)}


def report(*batches: dict[str, Any], is_test: bool = False) -> dict[str, Any]:
    """A report."""
    return {"is_test": is_test, "created": list(batches)}


def test_nothing_created_is_no_sheet() -> None:
    """A list without lines helps nobody."""
    assert undo_sheet(report(), []) is None
    assert undo_sheet({"is_test": False}, []) is None
    assert undo_sheet(report(batch()), []) is None


def test_each_order_is_a_row() -> None:
    """With what the merchant and the remote know it by; what nobody has is left out; a column to tick."""
    sheet = undo_sheet(report(batch(order("00123", "店一", None), order("=1", "店一", None, fate="accepted"))), [UNDO_SHEET])
    assert sheet is not None
    assert sheet.name == "撤销清单 (2)"
    title, how, *table = texts_of(sheet)
    assert str(title[0]).startswith(UNDO_TITLE)
    assert "2 单" in str(title[0])
    assert str(how[0]).endswith("到后台取消。")
    assert table == [
        ["订单号", STATUS, "店铺名", DONE_BY_HAND], ["00123", "已创建", "店一", None], ["=1", "已受理", "店一", None],
    ]  # fmt: skip
    assert (sheet.frozen_row, sheet.filter) == (3, "A3:D5")


def test_numbers_of_orders_stay_text(tmp_path: Path) -> None:
    """Zeros too, and what begins like a formula."""
    sheet = undo_sheet(report(batch(order("00123", "a", "b"), order("=1", "a", "b"))), [])
    assert sheet is not None
    found = load_workbook(pack(tmp_path / "a.xlsx", sheet))[UNDO_SHEET]
    assert [(found.cell(row, 1).value, found.cell(row, 1).data_type) for row in (4, 5)] == [("00123", "s"), ("=1", "s")]


def test_batches_stand_below_each_other() -> None:
    """Each with its own columns and its own way to cancel."""
    fba = batch(order("P1", "T1"), labels=("包裹ID", "请求ID"), unit="货件")
    sheet = undo_sheet(report(batch(order("1", "a", "t")), fba, is_test=True), [])
    assert sheet is not None
    rows = texts_of(sheet)
    assert [row[0] for row in rows if row] == [
        "撤销清单：这次建了 2 单", TEST_BANNER, "多渠道订单，1 单。到后台取消。", "订单号", "1",
        "多渠道订单，1 个货件。到后台取消。", "包裹ID", "P1",
    ]  # fmt: skip
    assert (sheet.filter, sheet.frozen_row) == (None, 0)
    assert len(sheet.rows) == len(rows)


def test_a_text_too_wide_makes_its_row_taller() -> None:
    """Nothing is cut off."""
    sheet = undo_sheet(report(batch(order("1", "a", "t"), order("2", "x" * 200, "t"))), [])
    assert sheet is not None
    assert (sheet.rows[-1].height or 0) > 4 * (sheet.rows[-2].height or 0)
