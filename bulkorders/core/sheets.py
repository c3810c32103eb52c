"""Which sheets of a workbook hold orders: found by their headers, not by their position; or why none does."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from . import codes
from .checked import Checked
from .header import Match, match, nearest
from .issue import Issue, Problem, issue_at
from .merges import overlaps
from .refusal import NO_HEADER, BestHeader, Refusal, listed, refuse
from .result import SUMMARY_TITLE
from .table import Table
from .template import Template
from .words import Words

_EXAMPLE = re.compile(r"示例|样例|样表|范例|例子|填写样本|^\s*(?:examples?|samples?|demo)\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Chosen:
    """The sheets that are read, and what there is to say about the others."""

    matches: Sequence[Match]
    notes: Sequence[Issue]


def choose(tables: Sequence[Table], templates: Sequence[Template]) -> Chosen | Checked:
    """The sheets with a template's header, or a refused `Checked` where there is none, or a header is wrong."""
    visible = [table for table in tables if not table.hidden and not _is_summary(table)]
    matches = [found for table in visible if (found := match(table, templates))]
    examples = [found.table for found in matches if found.belongs and _EXAMPLE.search(found.table.sheet)]
    matching = [
        replace(found, issues=(*found.issues, *overlaps(found))) for found in matches if found.belongs and found.table not in examples
    ]
    notes = [issue_at(Problem(codes.SHEET_HIDDEN), sheet=table.sheet) for table in tables if table.hidden]
    notes += [issue_at(Problem(codes.SHEET_EXAMPLE), sheet=table.sheet) for table in examples]
    if not matching:
        return _without_header(matches, visible or tables, templates, notes)
    told = {found.table.sheet for found in matching} | {table.sheet for table in examples}
    notes += [issue_at(Problem(codes.SHEET_PASSED), sheet=table.sheet) for table in visible if table.sheet not in told]
    faulty = [found for found in matching if any(issue.is_error for issue in found.issues)]
    return _refused(faulty, notes) if faulty else Chosen(matching, notes)


def _is_summary(table: Table) -> bool:
    """Whether a sheet is the summary that an earlier results workbook brought."""
    return not table.frame.empty and bool(table.frame.iat[0, 0] == SUMMARY_TITLE)


def _without_header(matches: Sequence[Match], searched: Sequence[Table], templates: Sequence[Template], notes: list[Issue]) -> Checked:
    """Refused; the template is named where a row is like its header."""
    best = max(matches, key=lambda found: len(found.columns), default=None)
    unread = "".join(dict.fromkeys(issue.message.zh for issue in notes)), " ".join(dict.fromkeys(issue.message.en for issue in notes))
    if best is None:
        headers = (nearest(table, templates) for table in searched)
        return Checked(None, refuse(NO_HEADER, max(headers, key=_matched, default=None), near=Words(*unread)), issues=notes)
    header = best.best_header
    missing = listed(header.missing, 6)
    near = Words(
        f"最接近的是工作表「{header.sheet}」第 {header.row} 行，还缺{missing}。",
        f' The nearest is row {header.row} of sheet "{header.sheet}", which lacks {missing}.',
    )
    return Checked(best.template.name, refuse(NO_HEADER, header, near=near if header.missing else Words(*unread)), issues=notes)


def _matched(header: BestHeader) -> int:
    return len(header.matched)


def _refused(faulty: Sequence[Match], notes: list[Issue]) -> Checked:
    issues = [issue for found in faulty for issue in found.issues]
    first = next(issue for issue in issues if issue.is_error)
    best: BestHeader = faulty[0].best_header
    return Checked(faulty[0].template.name, Refusal(first.code, first.message, best), issues=notes + issues)
