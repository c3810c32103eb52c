"""Which rows of a sheet are data: not the empty ones, not the template's example, not the footer."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from . import codes
from .cell import is_blank, shown, trim
from .header import Match
from .issue import Issue, Problem, issue_at
from .kinds import BLANK, Reading
from .label import fold
from .template import Template

_FOOTER = re.compile(
    r"(?:(?:合计|总计|小计|共计|总数|累计|合計|總計|小計|制单人?员?|制表人?|填表人?|审核人?|复核人?|经办人?|签字|签名|日期|说明|填写说明"
    r"|备注|注意?|注意事项)(?:$|[\s:：;；(（0-9=])|(?:grand )?total$|(?:grand )?total[\s:：]"
    r"|subtotal$|subtotal[\s:：]|sum$|note[:：]|以上)",
    re.IGNORECASE,
)
"""How a footer begins: its word, alone or with a sign behind it, so that an MSKU `SUMMER-1` or an order `SUM001` is none."""


class RowKind(Enum):
    """What a row is."""

    DATA = "data"
    BLANK = "blank"
    EXAMPLE = "example"
    FOOTER = "footer"
    OUTSIDE = "outside"
    HEADER = "header"


@dataclass(frozen=True)
class SortedRows:
    """The kind of each row by Excel's number, what there is to say, and how many empty rows lie between rows of data."""

    kinds: Mapping[int, RowKind]
    issues: tuple[Issue, ...]
    blank: int


def sort_rows(
    found: Match,
    raw: Mapping[str, Mapping[int, Any]],
    readings: Mapping[str, Mapping[int, Reading]],
    filled: set[tuple[int, str]],
) -> SortedRows:
    """Sorts the rows below the header. A row whose only content was filled down from a merged cell is empty."""
    rows = list(next(iter(raw.values()), ()))
    columns = [(name, readings[name]) for name in raw]
    own = {row: [name for name, cells in columns if cells[row] is not BLANK and (row, name) not in filled] for row in rows}
    outside = _rows_outside(found, rows)
    kinds: dict[int, RowKind] = {}
    issues: list[Issue] = []
    for row in rows:
        kinds[row], problem = _kind(found, row, own[row], raw, readings, row in outside)
        if problem is not None:
            issues.append(_at(found, row, problem))
    data = [row for row, kind in kinds.items() if kind is RowKind.DATA]
    return SortedRows(kinds, tuple(issues), _count_blank(kinds, data))


def _count_blank(kinds: Mapping[int, RowKind], data: Sequence[int]) -> int:
    """Empty rows between the first row of data and the last, those that no reader gave too."""
    if not data:
        return 0
    others = sum(kind is not RowKind.BLANK and data[0] <= row <= data[-1] for row, kind in kinds.items())
    return data[-1] - data[0] + 1 - others


def _rows_outside(found: Match, rows: list[int]) -> set[int]:
    """Rows with content in columns that are no field; what an earlier results workbook says of a row is none."""
    inside = {column.number for column in found.columns.values()} | found.ours
    others = [number for number in map(int, found.table.frame.columns) if number not in inside]
    if not others:
        return set()
    frame = found.table.frame.loc[rows, others]
    return {row for number in others for row, raw in zip(rows, frame[number].tolist(), strict=True) if not is_blank(raw)}


def _kind(
    found: Match,
    row: int,
    own: list[str],
    raw: Mapping[str, Mapping[int, Any]],
    readings: Mapping[str, Mapping[int, Reading]],
    outside: bool,
) -> tuple[RowKind, Problem | None]:
    if not own:
        return (RowKind.OUTSIDE, Problem(codes.ROW_OUTSIDE)) if outside else (RowKind.BLANK, None)
    if _is_header(found, row, own, raw):
        return RowKind.HEADER, Problem(codes.HEADER_ROW)
    key = trim(shown(raw.get(found.template.display, {}).get(row)))
    if key == found.template.display_field.example and key:
        if _is_example(found.template, row, own, readings):
            return RowKind.EXAMPLE, Problem(codes.EXAMPLE_ROW)
        return RowKind.DATA, Problem(codes.EXAMPLE_CHANGED, {"key": found.template.display_field.label})
    if _is_footer(found, row, key) and not _has_goods(found.template, row, own, raw):
        return RowKind.FOOTER, Problem(codes.FOOTER_ROW)
    return RowKind.DATA, None


def _is_header(found: Match, row: int, own: list[str], raw: Mapping[str, Mapping[int, Any]]) -> bool:
    """Whether the header stands here once more, as at the top of a printed page."""
    texts = ((found.columns[name].label, shown(raw[name][row])) for name in own)
    return len(own) > 1 and all(fold(text) == fold(label) for label, text in texts)


def _is_example(template: Template, row: int, own: list[str], readings: Mapping[str, Mapping[int, Reading]]) -> bool:
    """Whether every cell of the row says what the template's example row says."""
    return all(readings[name][row].value == template[name].kind.parse(template[name].example or None).value for name in own)


def _is_footer(found: Match, row: int, key: str) -> bool:
    """Whether a row without an order key, or with a footer's word in its place, begins like a footer."""
    if key and not _FOOTER.match(key):
        return False
    cells = zip(map(int, found.table.frame.columns), found.table.frame.loc[row], strict=True)
    first = next((text for number, raw in cells if number not in found.ours and (text := trim(shown(raw)))), "")
    return _FOOTER.match(first) is not None


def _has_goods(template: Template, row: int, own: list[str], raw: Mapping[str, Mapping[int, Any]]) -> bool:
    """Whether a row names what is to be sent, so that it is a line of an order whatever its first cell says.

    That is a required text of a level where each row is an element: an MSKU, not a quantity, which a total has too.
    """
    fields = (template[name] for name in own)
    goods = (field for field in fields if field.required and field.level in template.row_levels and not field.kind.is_amount)
    return any(not _FOOTER.match(trim(shown(raw[field.name][row]))) for field in goods)


def _at(found: Match, row: int, problem: Problem) -> Issue:
    if problem.code is not codes.EXAMPLE_CHANGED:
        return issue_at(problem, sheet=found.table.sheet, row=row)
    column = found.columns[found.template.display]
    example = found.template.display_field.example
    return issue_at(
        problem,
        sheet=found.table.sheet, row=row, column=column.letter, label=column.label, field=found.template.display, value=example,
    )  # fmt: skip
