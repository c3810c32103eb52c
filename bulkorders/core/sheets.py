"""Which sheets of a workbook hold orders: found by their headers, not by their position; or why none does."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from . import codes
from .cell import is_blank, shown, trim
from .checked import Checked
from .header import Match, match, nearest
from .issue import Issue, Problem, issue_at
from .merges import overlaps
from .refusal import NO_HEADER, BestHeader, Refusal, listed, refuse
from .result import FAILURES_SHEET, is_ours
from .table import Table
from .template import Template
from .words import Words

_EXAMPLE = re.compile(r"示例|样例|样表|范例|例子|填写样本|^\s*(?:examples?|samples?|demo)\s*$", re.IGNORECASE)
_FAILURES = re.compile(rf"{FAILURES_SHEET}(?: \([0-9]+\))?")


@dataclass(frozen=True)
class Chosen:
    """The sheets that are read, and what there is to say about the others."""

    matches: Sequence[Match]
    notes: Sequence[Issue]


def choose(tables: Sequence[Table], templates: Sequence[Template]) -> Chosen | Checked:
    """The sheets with a template's header, or a refused `Checked` where there is none, or a header is wrong.

    Of the sheets that an earlier results workbook brought nothing is said: the summary and the list of what was created are never read,
    and the failed orders only where no other sheet holds the orders of their template.
    """
    visible = [table for table in tables if not table.hidden and not (_is_ours(table) and not table.sheet.startswith(FAILURES_SHEET))]
    matches = [found for table in visible if (found := match(table, templates))]
    examples = [found.table for found in matches if found.belongs and _EXAMPLE.search(found.table.sheet)]
    belonging = [found for found in matches if found.belongs and found.table not in examples]
    matching, doubled = _without_doubles([replace(found, issues=(*found.issues, *overlaps(found))) for found in belonging])
    notes = [issue_at(Problem(codes.SHEET_HIDDEN), sheet=table.sheet) for table in tables if table.hidden]
    notes += [issue_at(Problem(codes.SHEET_EXAMPLE), sheet=table.sheet) for table in examples]
    if not matching:
        return _without_header(matches, visible or tables, templates, notes)
    told = {found.table.sheet for found in (*matching, *doubled)} | {table.sheet for table in examples}
    notes += [issue_at(Problem(codes.SHEET_FAILURES), sheet=found.table.sheet) for found in doubled if not _is_ours(found.table)]
    notes += [issue_at(Problem(codes.SHEET_PASSED), sheet=each.sheet) for each in visible if each.sheet not in told and not _is_ours(each)]
    faulty = [found for found in matching if any(issue.is_error for issue in found.issues)]
    return _refused(faulty, notes) if faulty else Chosen(matching, notes)


def _is_ours(table: Table) -> bool:
    """Whether an earlier results workbook brought a sheet; its title is the first cell that holds something."""
    if table.frame.empty:
        return False
    return is_ours(table.sheet, next((raw for raw in table.frame.iloc[0] if not is_blank(raw)), None))


def _without_doubles(matches: Sequence[Match]) -> tuple[list[Match], list[Match]]:
    """The sheets to read, and those of failed orders that stand on one of them too: read twice, all quantities would be doubled."""
    chosen = [found for found in matches if not _is_failures(found)]
    doubled: list[Match] = []
    for found in filter(_is_failures, matches):
        is_double = any(other.template is found.template and _holds_orders(other) for other in chosen)
        (doubled if is_double else chosen).append(found)
    return [found for found in matches if all(found is not each for each in doubled)], doubled


def _is_failures(found: Match) -> bool:
    """Whether a sheet is one of failed orders: by its title, or, where that was deleted, by its very name and our columns in it."""
    return _is_ours(found.table) or (_FAILURES.fullmatch(found.table.sheet) is not None and bool(found.ours))


def _holds_orders(found: Match) -> bool:
    """Whether any row has an order's key that is not the template's example."""
    display = found.columns.get(found.template.display)
    if display is None:
        return True  # it is refused
    keys = (trim(shown(raw)) for raw in found.table.frame.loc[found.first_row :, display.number])
    return any(key and key != found.template.display_field.example for key in keys)


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
