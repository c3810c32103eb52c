"""The sheet 撤销清单: what this batch created, an order a row, as a list to cancel by hand or to hand to the remote's support."""

import functools
from collections.abc import Collection, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from bulkorders.core.result import UNDO_SHEET, UNDO_TITLE
from bulkorders.core.table import Merge
from bulkorders.workbook import style
from bulkorders.workbook.ooxml.edits import NewRow, NewSheet, Written
from bulkorders.workbook.style import TEXT, height_of, line_count, needs_wrapping, text_width

from .fates import look_of
from .names import free_name
from .page import ADVICE, HEADING, HEADLINE, TEST_BANNER, Lines, Page, last_readable

STATUS, DONE_BY_HAND = "状态", "已撤销？"
_NARROWEST, _WIDEST, _STATUS_WIDTH, _TICK_WIDTH = 10, 46, 16, 12
_MEASURED = 500
"""Rows by which the columns' widths are found."""


def undo_sheet(report: Mapping[str, Any], names: Collection[str]) -> NewSheet | None:
    """The list; None where nothing was created. `names`: those of the workbook's other sheets.

    `report["created"]` is a list, one entry a batch: `unit` (订单), `title` (the template's), `how` (a sentence on cancelling by hand at
    that provider), `labels` (of the columns, the display key first, then the other keys, account, times, the remote's numbers), and
    `orders`, each with its `fate`, its `status` (the fate's word) and its `cells`, one for each label, texts or None. A column that is
    empty throughout is left out.
    """
    blocks = [_Block(each) for each in report.get("created", ()) if each["orders"]]
    if not blocks:
        return None
    page = Page(_widths(blocks))
    count = sum(len(block.orders) for block in blocks)
    page.across(f"{UNDO_TITLE}：这次建了 {count} 单", HEADLINE, least=34, last=last_readable(page.widths))
    if report["is_test"]:
        page.across(TEST_BANNER, style.BANNER, least=28, last=last_readable(page.widths))
    for block in blocks[:-1]:
        _add_head(page, block)
        page.rows.extend(block.row(number) for number in range(len(block.orders)))
        page.add()
    last = blocks[-1]
    _add_head(page, last)
    return NewSheet(
        free_name(UNDO_SHEET, names),
        Lines(page.rows, len(last.orders), last.row),
        dict(enumerate(page.widths, 1)),
        page.merges,
        frozen_row=page.row if len(blocks) == 1 else 0,
        filter=Merge(page.row, 1, page.row + len(last.orders), len(last.labels)).text if len(blocks) == 1 else None,
    )


@functools.lru_cache(maxsize=1000)
def _cell(text: str | None) -> Written:
    """A cell of a list; many of them are equal."""
    return Written(text, style.CELL, TEXT)


@functools.lru_cache(maxsize=100)
def _status(word: str, fate: str) -> Written:
    return Written(word, look_of(fate))


class _Block:
    """The orders of one batch, without the columns that nothing stands in."""

    def __init__(self, created: Mapping[str, Any]) -> None:
        self.created, self.orders = created, created["orders"]
        labels = created["labels"]
        self.kept = [at for at in range(len(labels)) if at == 0 or any(order["cells"][at] for order in self.orders)]
        self.widths = {at: self._width(at) for at in self.kept}
        self.labels = [labels[self.kept[0]], STATUS, *(labels[at] for at in self.kept[1:]), DONE_BY_HAND]

    def row(self, number: int) -> NewRow:
        """An order's row."""
        order = self.orders[number]
        texts = order["cells"]
        first, *others = [_cell(texts[at]) for at in self.kept]
        cells = (first, _status(order["status"], order["fate"]), *others, _cell(None))
        lines = [line_count(texts[at], self.widths[at]) for at in self.kept if texts[at] and needs_wrapping(texts[at], self.widths[at])]
        return NewRow(dict(enumerate(cells, 1)), height_of(max(lines, default=1)))

    def _width(self, at: int) -> float:
        """The width of a kept column."""
        texts = (order["cells"][at] or "" for order in self.orders[:_MEASURED])
        widest = max((text_width(text) for text in texts), default=0) + 3
        return min(max(widest, text_width(self.created["labels"][at]) + 5, _NARROWEST), _WIDEST)


def _add_head(page: Page, block: _Block) -> None:
    last = last_readable(page.widths)
    created = block.created
    page.across(f"{created['title']}，{len(block.orders)} {_counted(created['unit'])}。{created['how']}", ADVICE, last=last)
    page.add(*(Written(label, HEADING) for label in block.labels), height=height_of(1) + 4)


def _counted(unit: str) -> str:
    return "单" if unit == "订单" else f"个{unit}"


def _widths(blocks: Sequence[_Block]) -> list[float]:
    """The columns' widths, where blocks stand below each other those of the wider one."""
    each = []
    for block in blocks:
        first, *others = block.widths.values()
        each.append([first, _STATUS_WIDTH, *others, _TICK_WIDTH])
    return [max(column) for column in zip_longest(*each, fillvalue=0.0)]
