"""Headings to fields: finds the header row of a sheet and says which column is which field.

The header is the row, among the first 30, with the most separate short cells that a template knows, so titles, notes and blank
rows above it do not matter. A sheet with at least half of a template's required labels belongs to that template.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from . import codes
from .cell import column_letter, is_blank, shown
from .field import Field
from .heading import header_end, read_headings
from .issue import Issue, Problem, issue_at
from .label import Label, fold, is_near, likeness
from .refusal import BestHeader
from .result import our_labels
from .table import Merge, Table
from .template import Template
from .unit import conversion, read_unit
from .words import Words

SEARCHED_ROWS = 30
COUNTING = frozenset({"件", "个", "箱", "只", "套", "片", "pcs", "pc", "piece", "pieces"})
"""What a row of units has beneath a column of counts."""
LIKE = 0.3
"""From this likeness on, a heading is worth naming as the nearest one."""


@dataclass(frozen=True)
class Column:
    """A column of the sheet: Excel's number, its heading as shown, and its field with the factor of its unit; or no field."""

    number: int
    label: str
    field: Field | None = None
    factor: Decimal = Decimal(1)

    @property
    def letter(self) -> str:
        """Excel's letter."""
        return column_letter(self.number)


@dataclass(frozen=True)
class Match:
    """A sheet read as a template: header row, first row of data, columns by field name, the other columns, and what is wrong.

    `ours`: the numbers of the columns that an earlier results workbook brought.
    """

    template: Template
    table: Table
    header_row: int
    first_row: int
    columns: Mapping[str, Column]
    others: tuple[Column, ...]
    issues: tuple[Issue, ...]
    ours: frozenset[int] = frozenset()

    @property
    def best_header(self) -> BestHeader:
        """How far the header goes, for a refusal."""
        present = {column.field.label for column in self.columns.values() if column.field}
        missing = tuple(label for label in self.template.required_labels if label not in present)
        matched = tuple(column.field.label for column in self.columns.values() if column.field)
        return BestHeader(self.table.sheet, self.header_row, matched, missing)

    @property
    def belongs(self) -> bool:
        """Whether the sheet is one of this template's: at least half of the required labels are there."""
        required = len(self.template.required_labels)
        return 2 * (required - len(self.best_header.missing)) >= required


def _searched(table: Table) -> list[int]:
    """The rows that may be a header."""
    return [int(row) for row in table.frame.index[:SEARCHED_ROWS] if row <= SEARCHED_ROWS]


def _searched_merges(table: Table) -> Mapping[int, Sequence[Merge]]:
    """The merged ranges that may be part of a header, by their first column; below it a sheet may have ten thousands."""
    found: dict[int, list[Merge]] = defaultdict(list)
    for merge in dict.fromkeys(table.merges):
        if merge.top <= SEARCHED_ROWS:
            found[merge.left].append(merge)
    return found


def nearest(table: Table, templates: Sequence[Template]) -> BestHeader:
    """How far the most heading-like row of a sheet goes, however little that is; one without cells lacks everything."""
    best: tuple[int, int, BestHeader] | None = None
    merges = _searched_merges(table)
    for template in templates:
        for row in _searched(table):
            labels = read_headings(table, row, template.headings, merges)
            known = {field.label for label in labels.values() if (field := template.headings.get(label.folded))}
            if best is None or (len(known), len(labels)) > best[:2]:
                matched = tuple(label for label in (field.label for field in template.fields) if label in known)
                missing = tuple(label for label in template.required_labels if label not in known)
                best = (len(known), len(labels), BestHeader(table.sheet, row, matched, missing))
    return best[2] if best else BestHeader(table.sheet, 1, (), templates[0].required_labels)


def match(table: Table, templates: Iterable[Template]) -> Match | None:
    """The best reading of a sheet's header, or None where no row is like one of any template.

    A template that has all its required labels comes before one that knows more of the others.
    """
    best: tuple[tuple[bool, int], int, Template, Mapping[int, Label]] | None = None
    merges = _searched_merges(table)
    for template in templates:
        for row in _searched(table):
            labels = read_headings(table, row, template.headings, merges)
            rank = _rank(template, labels)
            if rank is not None and (best is None or rank > best[0]):
                best = (rank, row, template, labels)
    return _read(table, best[2], best[1], best[3]) if best else None


def _rank(template: Template, labels: Mapping[int, Label]) -> tuple[bool, int] | None:
    """How good a row is as a template's header: whether nothing is missing, and the number of labels; one alone is none of several."""
    found = {field.label for label in labels.values() if (field := template.headings.get(label.folded))}
    if len(found) < min(2, len(template.fields)):
        return None
    return found.issuperset(template.required_labels), len(found)


def _read(table: Table, template: Template, row: int, labels: Mapping[int, Label]) -> Match:
    fields = [number for number, label in labels.items() if label.folded in template.headings]
    units, first_row = _unit_row(table, header_end(table, row, fields), labels)
    columns: dict[str, Column] = {}
    others: list[Column] = []
    issues: list[Issue] = []
    for number, label in labels.items():
        field = template.headings.get(label.folded)
        if field is None:
            others.append(Column(number, label.text))
        elif field.name in columns:
            issues.append(_duplicate(table.sheet, row, number, label, field, columns[field.name]))
        else:
            beneath = units.get(number) or label.unit
            factor = _factor(label.unit or beneath, field) if label.unit in (None, beneath) else None
            columns[field.name] = Column(number, label.text, field, factor or Decimal(1))
            written = (label.unit_text if label.unit == beneath else beneath) or ""
            issues.extend(_unit_issues(table.sheet, row, columns[field.name], written, factor))
    known = our_labels(column.label for column in others)
    ours = frozenset(column.number for column in others if column.label in known)
    others = [column for column in others if column.number not in ours]
    absent = [field for field in template.fields if field.name not in columns]
    issues.extend(_missing(table.sheet, row, absent, others, tuple(columns.values())))
    issues.extend(_near_labels(table.sheet, row, absent, others))
    issues.extend(_unknown(table.sheet, row, others, issues))
    return Match(template, table, row, first_row, columns, tuple(others), tuple(issues), ours)


def _unit_row(table: Table, header_end: int, labels: Mapping[int, Label]) -> tuple[Mapping[int, str], int]:
    """The units of a row beneath the header that holds nothing else, by column; and the first row of data."""
    if header_end + 1 not in table.frame.index:
        return {}, header_end + 1
    cells = {int(number): raw for number, raw in table.frame.loc[header_end + 1].items() if not is_blank(raw)}  # type: ignore[call-overload]  # columns are numbers
    units = {number: read_unit(shown(raw).strip("()（）")) for number, raw in cells.items() if number in labels}
    counted = {number for number in units if shown(cells[number]).strip("()（） ").casefold() in COUNTING}
    measured = {number: unit for number, unit in units.items() if number not in counted}
    if len(units) < len(cells.keys() & labels.keys()) or not measured or None in measured.values():
        return {}, header_end + 1
    return {number: unit for number, unit in measured.items() if unit}, header_end + 2


def _factor(unit: str | None, field: Field) -> Decimal | None:
    if unit is None:
        return Decimal(1)
    factor = conversion(unit, field.unit) if field.unit else None
    return factor if factor == 1 or field.kind.is_measure else None


def _unit_issues(sheet: str, row: int, column: Column, unit: str, factor: Decimal | None) -> list[Issue]:
    field = column.field
    if field is None or factor == 1:
        return []
    if factor is not None:
        problem = Problem(codes.UNIT_CONVERTED, {"found": unit, "asked": field.unit})
    elif field.unit:
        problem = Problem(codes.UNIT_MISMATCH, {"found": unit, "name": field.label, "asked": field.unit})
    else:
        problem = Problem(codes.UNIT_UNWANTED, {"found": unit, "name": field.label})
    return [issue_at(problem, sheet=sheet, row=row, column=column.letter, label=column.label, field=field.name)]


def _duplicate(sheet: str, row: int, number: int, label: Label, field: Field, first: Column) -> Issue:
    problem = Problem(codes.DUPLICATE_COLUMN, {"other": first.letter, "name": field.label})
    return issue_at(problem, sheet=sheet, row=row, column=column_letter(number), label=label.text, field=field.name)


def _near_labels(sheet: str, row: int, absent: Sequence[Field], others: Sequence[Column]) -> list[Issue]:
    """Unknown headings that are surely a slip of an absent optional field: never a silently empty column."""
    found = []
    for column, folded in _folded(others):
        near = [field for field in absent if not field.required and any(is_near(folded, heading) for heading in _spellings(field))]
        if near:
            field = max(near, key=lambda each: _likeness(folded, each))  # used at once
            problem = Problem(codes.NEAR_LABEL, {"proposal": field.label})
            found.append(issue_at(problem, sheet=sheet, row=row, column=column.letter, label=column.label, field=field.name))
    return found


def _missing(sheet: str, row: int, absent: Sequence[Field], others: Sequence[Column], known: Sequence[Column]) -> list[Issue]:
    """Required fields without a column, each with the heading that comes nearest."""
    found = []
    for field in absent:
        if field.required:
            nearest, other = _nearest(field, others), _nearest(field, known)
            problem = Problem(codes.MISSING_COLUMN, {"missing": field.label, "hint": _hint(row, field, nearest, other)})
            at = {"column": nearest.letter, "label": nearest.label} if nearest else {}
            found.append(issue_at(problem, sheet=sheet, row=row, field=field.name, **at))
    return found


def _hint(row: int, field: Field, nearest: Column | None, other: Column | None) -> Words | str:
    if nearest:
        return Words(
            f"；{nearest.letter}{row} 的「{nearest.label}」最接近，如果就是它，请把它改成「{field.label}」",
            f'; the nearest heading is "{nearest.label}" in {nearest.letter}{row}: rename it if it is the one',
        )
    if other:
        return Words(
            f"；表头里最接近的「{other.label}」（{other.letter}{row}）是另一列",
            f'; the nearest heading, "{other.label}" in {other.letter}{row}, is another column',
        )
    return ""


def _nearest(field: Field, columns: Sequence[Column]) -> Column | None:
    """The heading most like the field's, if any is like it at all."""
    likely = [(1.0 if folded == fold(field.api_name) else _likeness(folded, field), column) for column, folded in _folded(columns)]
    best = max(likely, key=lambda pair: pair[0], default=None)
    return best[1] if best and best[0] >= LIKE else None


def _folded(columns: Sequence[Column]) -> list[tuple[Column, str]]:
    """Columns with their folded headings."""
    return [(column, fold(column.label)) for column in columns]


def _spellings(field: Field) -> list[str]:
    return [fold(text) for text in (field.label, *field.aliases)]


def _likeness(folded: str, field: Field) -> float:
    return max(likeness(folded, heading) for heading in _spellings(field))


def _unknown(sheet: str, row: int, others: Sequence[Column], issues: Sequence[Issue]) -> list[Issue]:
    told = {issue.column for issue in issues}
    return [
        issue_at(Problem(codes.COLUMN_UNKNOWN), sheet=sheet, row=row, column=column.letter, label=column.label)
        for column in others
        if column.letter not in told
    ]
