"""Merged ranges that go down a matched column: what they give to the rows beneath their first, and what is wrong with them.

The work is bounded by the rows that have cells, however many ranges there are and however far they reach.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any

from . import codes
from .cell import is_blank
from .header import Match
from .issue import Issue, Problem, issue_at
from .table import Merge


def merges_down(found: Match) -> list[tuple[str, Merge]]:
    """The merged ranges that go down a matched column from a row of data, each once, by the name of its field."""
    by_column = {column.number: name for name, column in found.columns.items()}
    return [
        (by_column[merge.left], merge)
        for merge in sorted(set(found.table.merges))
        if merge.left in by_column and merge.bottom > merge.top >= found.first_row
    ]


def overlaps(found: Match) -> list[Issue]:
    """Where two ranges have cells in common: the first such pair of each column. No cell of them can be said to be one or the other's."""
    by_field = sorted(merges_down(found), key=lambda pair: pair[0])
    issues = []
    for name, own in groupby(by_field, key=lambda pair: pair[0]):
        pair = next(((one, other) for (_, one), (_, other) in pairwise(own) if other.top <= one.bottom), None)
        if pair is not None:
            column = found.columns[name]
            problem = Problem(codes.MERGES_OVERLAP, {"one": pair[0].text, "other": pair[1].text})
            issues.append(issue_at(problem, sheet=found.table.sheet, row=pair[1].top, column=column.letter, label=column.label, field=name))
    return issues


def fill_down(found: Match, raw: Mapping[str, dict[int, Any]], rows: Sequence[int]) -> set[tuple[int, str]]:
    """Gives blank cells of `raw` the value that is merged over them; gives which those are. `rows` ascend."""
    filled = set()
    for name, merge in merges_down(found):
        cells = raw[name]
        for row in within(rows, merge.top + 1, merge.bottom):
            if is_blank(cells[row]):
                cells[row] = cells.get(merge.top)
                filled.add((row, name))
    return filled


def within(rows: Sequence[int], first: int, last: int) -> Sequence[int]:
    """Those of ascending rows that lie between two, ends included."""
    return rows[bisect_left(rows, first) : bisect_right(rows, last)]
