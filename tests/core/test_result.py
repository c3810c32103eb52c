"""What an earlier results workbook brought, known again by its labels and titles."""

import pytest

from bulkorders.core.cell import Mark, MarkKind
from bulkorders.core.result import (
    FAILURES_SHEET,
    FAILURES_TITLE,
    ORIGIN_LABEL,
    RESULT_COLUMNS,
    SUMMARY_SHEET,
    SUMMARY_TITLE,
    UNDO_SHEET,
    UNDO_TITLE,
    is_ours,
    our_labels,
)

SHEETS = {SUMMARY_SHEET: SUMMARY_TITLE, FAILURES_SHEET: FAILURES_TITLE, UNDO_SHEET: UNDO_TITLE}
UNTRACKED = [label for name, label in RESULT_COLUMNS.items() if name not in ("tracking_number", "carrier")]


@pytest.mark.parametrize("name", SHEETS)
def test_a_sheet_of_ours_is_known_by_its_name_and_its_title(name: str) -> None:
    """Both begin with what we wrote; a number behind the name, and what the title goes on to say, do not matter."""
    title = SHEETS[name]
    for sheet, cell in ((name, title), (f"{name} (2)", title), (name, f" {title}：3 单"), (name, f"{title}（测试）")):
        assert is_ours(sheet, cell)
    others = ((name, None), (name, ""), (name, "订单号"), (name, 3), ("Sheet1", title), (f"我的{name}", title), (name, f"我的{title}"))
    for sheet, other in others:
        assert not is_ours(sheet, other)
    assert not is_ours(name, Mark(MarkKind.ERROR, "#REF!"))


def test_a_summary_of_the_merchants_own_is_his() -> None:
    """汇总 is a common name, and another sheet's title makes none of it."""
    assert not is_ours(SUMMARY_SHEET, UNDO_TITLE)
    assert not is_ours(SUMMARY_SHEET, SUMMARY_SHEET)


@pytest.mark.parametrize("deleted", UNTRACKED)
def test_our_columns_are_known_though_one_was_deleted(deleted: str) -> None:
    """Whichever it was: the others are still ours."""
    left = [label for label in UNTRACKED if label != deleted]
    assert our_labels(["订单号", *left, "备注"]) == frozenset(left)


def test_the_columns_of_failed_orders_are_ours() -> None:
    """They have the status, the reason and where a row comes from."""
    ours = [RESULT_COLUMNS["status"], RESULT_COLUMNS["reason"], ORIGIN_LABEL]
    assert our_labels(["MSKU", *ours]) == frozenset(ours)
    assert our_labels(ours[1:]) == frozenset(ours[1:])


@pytest.mark.parametrize(
    "own", [["批次"], ["订单行"], ["提交状态"], ["跟踪号", "服务商", "提交时间", "批次"], ["订单行", "批次", "跟踪号"]]
)
def test_columns_of_the_merchants_own_are_his(own: list[str]) -> None:
    """What many a sheet has is not ours, however much of it there is; one telling label alone is not enough either."""
    assert our_labels(["订单号", *own]) == frozenset()
