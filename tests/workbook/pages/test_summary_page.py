"""汇总: counts that add up, in words that say what to do, with a chart of what occurred."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from containers import pack, texts_of
from openpyxl import load_workbook

from bulkorders.core.result import FATE_MEANING, FATE_WORDS, SUMMARY_SHEET, SUMMARY_TITLE, Fate
from bulkorders.workbook import style
from bulkorders.workbook.pages.page import TEST_BANNER
from bulkorders.workbook.pages.summary import TOTAL, summary_sheet

LINES = [["文件", "单.xlsx"], ["批次", "b1"], ["读取的行", 3]]


def report(counts: Mapping[Fate, int], **changed: Any) -> dict[str, Any]:
    """A report with so many orders of each fate."""
    rows = [[FATE_WORDS[fate].zh, counts.get(fate, 0), FATE_MEANING[fate].zh, fate.value] for fate in Fate]
    return {"is_test": False, "summary": LINES, "counts": rows, **changed}


def test_the_first_cell_is_known_again() -> None:
    """By it an earlier summary is told from a sheet of the merchant's."""
    assert summary_sheet(report({}), []).rows[0].cells[1].value == SUMMARY_TITLE


def test_counts_add_up(tmp_path: Path) -> None:
    """All fates with their counts, those that occurred first, and their sum."""
    sheet = summary_sheet(report({Fate.CREATED: 5, Fate.REJECTED: 2}), [])
    found = {row[0]: row[1] for row in load_workbook(pack(tmp_path / "a.xlsx", sheet))[SUMMARY_SHEET].iter_rows(values_only=True) if row[0]}
    assert {fate: found[FATE_WORDS[fate].zh] for fate in Fate} == {fate: {"created": 5, "rejected": 2}.get(fate, 0) for fate in Fate}
    assert found[TOTAL] == 7
    assert [word for word in found if word in {words.zh for words in FATE_WORDS.values()}][:2] == ["已创建", "被拒绝"]


@pytest.mark.parametrize(
    ("counts", "said", "paper"),
    [
        ({}, "表里没有订单。", "FFEB9C"),
        ({Fate.CREATED: 4, Fate.SKIPPED: 1}, "共 5 单，全部完成。", "C6EFCE"),
        ({Fate.CREATED: 1, Fate.UNSENT: 2}, "共 3 单：完成 1 单；2 单还没有结果。", "FFEB9C"),
        ({Fate.INVALID: 2}, "共 2 单：2 单没有成功，要您处理。", "FFC7CE"),
    ],
)
def test_one_sentence_says_how_it_went(counts: Mapping[Fate, int], said: str, paper: str) -> None:
    """In the colour of the worst."""
    verdict = summary_sheet(report(counts), []).rows[1].cells[1]
    assert (verdict.value, verdict.look.paper) == (said, paper)


def test_the_sentence_names_the_sheet_of_failed_orders() -> None:
    """Where there is one."""
    assert "失败明细" in str(summary_sheet(report({Fate.INVALID: 2}, failures=[{}]), []).rows[1].cells[1].value)


def test_a_test_says_so() -> None:
    """Nobody takes it for real."""
    sheet = summary_sheet(report({Fate.CREATED: 1}, is_test=True), [])
    assert (sheet.rows[1].cells[1].value, sheet.rows[1].cells[1].look) == (TEST_BANNER, style.BANNER)


def test_lines_of_several_batches_stand_apart() -> None:
    """One block for each."""
    rows = texts_of(summary_sheet(report({}, summary=LINES * 2), []))
    last = [row[0] if row else None for row in rows][-7:]
    assert last == ["文件", "批次", "读取的行", None, "文件", "批次", "读取的行"]


def test_the_chart_shows_what_occurred() -> None:
    """Names and counts by range, zeros left out; none where nothing occurred."""
    sheet = summary_sheet(report({Fate.CREATED: 5, Fate.REJECTED: 2}), [SUMMARY_SHEET])
    assert sheet.name == "汇总 (2)"
    assert sheet.chart is not None
    assert (sheet.chart.labels, sheet.chart.values) == ("'汇总 (2)'!$A$5:$A$6", "'汇总 (2)'!$B$5:$B$6")
    assert [sheet.rows[row - 1].cells[1].value for row in (5, 6)] == ["已创建", "被拒绝"]
    assert len(sheet.chart.colours) == 2
    assert summary_sheet(report({}), []).chart is None
