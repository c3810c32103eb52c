"""Table to Checked: every cell parsed into a typed value, every typed column checked by pandera.

Cells are parsed first, so that one unreadable cell does not hide the other faults of its column; each distinct cell is parsed once.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from . import codes
from .cell import Mark, MarkKind, column_letter, is_blank, shown
from .checked import Checked, Heading, MergedField
from .field import Field
from .header import Column, Match
from .issue import Issue, Problem, Severity, issue_at
from .kinds import Constraint, Reading, bad
from .merges import fill_down, merges_down, within
from .order import Place, row_ranges
from .rows import RowKind, sort_rows
from .sheets import choose
from .spoilt import spoilt
from .table import Table
from .template import Template
from .worded import converted, read_worded

SHOWN_ROWS = 100
"""Rows with errors whose cells are kept to be shown; a person reads no more."""
FIRST_ROWS = 300
"""Rows whose cells are kept in any case: what is wrong with an order as a whole is found only when it is grouped."""


def check(tables: Sequence[Table], templates: Sequence[Template]) -> list[Checked]:
    """A workbook's sheets as the templates that they belong to: one `Checked` a template, or a single refused one."""
    chosen = choose(tables, templates)
    if isinstance(chosen, Checked):
        return [chosen]
    used = [template for template in templates if any(found.template is template for found in chosen.matches)]
    return [_check_template(template, [found for found in chosen.matches if found.template is template], chosen.notes) for template in used]


def _check_template(template: Template, matches: Sequence[Match], notes: Sequence[Issue]) -> Checked:
    checked = Checked(
        template.name,
        headings={found.table.sheet: _headings(found) for found in matches},
        header_rows={found.table.sheet: found.header_row for found in matches},
        spans={found.table.sheet: (found.first_row, max(int(found.table.frame.index[-1]), found.first_row)) for found in matches},
    )
    checked.issues.extend(notes)
    blank = 0
    for found in matches:
        checked.issues.extend(found.issues)
        blank += _check_sheet(checked, found)
    checked.issues.extend(_constraint_issues(template, checked))
    _keep_shown(checked, matches)
    return replace(checked, blank=blank)


def _headings(found: Match) -> dict[str, Heading]:
    return {name: Heading(column.letter, column.label, column.factor) for name, column in found.columns.items()}


def _check_sheet(checked: Checked, found: Match) -> int:
    """Adds a sheet's rows to `checked`; gives the number of empty rows between them."""
    raw, filled = _cells(found)
    readings = {name: _parse_column(found.columns[name], cells) for name, cells in raw.items()}
    sorted_rows = sort_rows(found, raw, readings, filled)
    checked.issues.extend(sorted_rows.issues)
    rows = [row for row, kind in sorted_rows.kinds.items() if kind is RowKind.DATA]
    if not rows:
        checked.issues.append(issue_at(Problem(codes.NO_ORDERS), sheet=found.table.sheet))
    checked.issues.extend(_hidden(found.table, rows))
    checked.issues.extend(_unnamed(found, rows))
    start = len(checked.places)
    checked.places.extend(Place(found.table.sheet, row) for row in rows)
    for field in found.template.fields:
        column = checked.columns.setdefault(field.name, [None] * start)
        cells = readings.get(field.name)
        column.extend([cells[row].value for row in rows] if cells else [None] * len(rows))
    _note_cells(checked, found, rows, start, readings, raw)
    _note_merges(checked, found, rows, start, raw)
    return sorted_rows.blank


def _hidden(table: Table, rows: Sequence[int]) -> Iterable[Issue]:
    """Says that rows are read which the merchant may not see."""
    unseen = set(table.hidden_rows)
    if hidden := [Place(table.sheet, row) for row in rows if row in unseen]:
        yield issue_at(Problem(codes.ROWS_HIDDEN, {"rows": row_ranges(hidden)}), sheet=table.sheet)


def _unnamed(found: Match, rows: Sequence[int]) -> Iterable[Issue]:
    """Says that columns without a heading are not used, though they have something in the rows of data."""
    named = {column.number for column in (*found.columns.values(), *found.others)} | found.ours
    others = [number for number in map(int, found.table.frame.columns) if number not in named]
    frame = found.table.frame.loc[list(rows), others]
    filled = [column_letter(number) for number in others if not all(map(is_blank, frame[number].tolist()))]
    if filled:
        yield issue_at(Problem(codes.COLUMN_UNNAMED, {"columns": "、".join(filled)}), sheet=found.table.sheet)


def _cells(found: Match) -> tuple[dict[str, dict[int, Any]], set[tuple[int, str]]]:
    """The raw cells of each matched column by row, merged ones filled down; and which cells were filled."""
    frame = found.table.frame.loc[found.first_row :]
    index = [int(row) for row in frame.index]
    raw = {name: dict(zip(index, frame[column.number].tolist(), strict=True)) for name, column in found.columns.items()}
    return raw, fill_down(found, raw, index)


def _parse_column(column: Column, cells: Mapping[int, Any]) -> dict[int, Reading]:
    """Reads a column; equal cells share one reading."""
    field = column.field
    assert field is not None  # noqa: S101  # matched columns have one
    known: dict[tuple[type, Any], Reading] = {}
    readings = {}
    for row, raw in cells.items():
        key = (type(raw), raw)
        reading = known.get(key)
        if reading is None:
            reading = known[key] = _read(field, raw, column.factor)
        readings[row] = reading
    return readings


def _read(field: Field, raw: Any, factor: Decimal) -> Reading:
    """A cell as its field reads it, in the field's own unit; a marked one says more than its value: what is no amount is what it shows."""
    if not isinstance(raw, Mark):
        found = spoilt(field, raw) if isinstance(raw, str) else None
        return found or converted(field.kind.parse(raw), factor)
    if raw.kind is MarkKind.ERROR:
        return bad(codes.ERROR_CELL)
    if raw.kind is MarkKind.UNCACHED:
        return bad(codes.UNCACHED)
    if field.kind.is_amount:
        return read_worded(field, raw, factor) if raw.kind is MarkKind.WORDED else converted(field.kind.parse(raw.number), factor)
    reading, code = field.kind.parse(raw.text), codes.PADDED if raw.kind is MarkKind.PADDED else codes.AS_SHOWN
    return replace(reading, problems=(*reading.problems, Problem(code, {"read": raw.text})))


def _note_cells(
    checked: Checked,
    found: Match,
    rows: Sequence[int],
    start: int,
    readings: Mapping[str, Mapping[int, Reading]],
    raw: Mapping[str, Mapping[int, Any]],
) -> None:
    """Issues of single cells, and which of them are unreadable."""
    sheet = found.table.sheet
    for name, cells in readings.items():
        column = found.columns[name]
        for number, row in enumerate(rows, start):
            reading = cells[row]
            if not reading.problems:
                continue
            value = shown(raw[name][row])
            if reading.bad:
                checked.bad[number, name] = value
            for problem in reading.problems:
                checked.issues.append(
                    issue_at(problem, sheet=sheet, row=row, column=column.letter, label=column.label, field=name, value=value)
                )


def _note_merges(checked: Checked, found: Match, rows: Sequence[int], start: int, raw: Mapping[str, Mapping[int, Any]]) -> None:
    """Merged cells that go down several rows: what they mean is seen when the rows are grouped."""
    numbers = {row: number for number, row in enumerate(rows, start)}
    for name, merge in merges_down(found):
        spanned = tuple(numbers[row] for row in within(rows, merge.top, merge.bottom))
        if len(spanned) > 1 and shown(raw[name].get(merge.top)):
            checked.merged.append(MergedField(name, spanned, merge.text))


def _constraint_issues(template: Template, checked: Checked) -> Iterable[Issue]:
    """What pandera finds in the typed columns, each failure as an issue at its cell; a cell with an error is not warned of besides."""
    constraints = {field.name: tuple(field.kind.constraints()) for field in template.fields}
    by_code = {(name, constraint.code.name, at): constraint for name, own in constraints.items() for at, constraint in enumerate(own)}
    found = [(name, at, by_code[name, *code], value) for name, at, code, value in _failures(checked, constraints)]
    wrong = {(name, at) for name, at, constraint, _ in found if constraint.code.severity is Severity.ERROR}
    for name, at, constraint, value in found:
        if constraint.code.severity is Severity.ERROR or (name, at) not in wrong:
            yield _constraint_issue(checked, template[name], at, constraint, value)


def _constraint_issue(checked: Checked, field: Field, position: int, constraint: Constraint, value: Any) -> Issue:
    place = checked.places[position]
    heading = checked.headings[place.sheet][field.name]
    written, measured = heading.written(value), {}
    if field.unit and field.kind.is_measure:
        typed = f"{shown(value)} {field.unit}"
        measured = {"value": typed if heading.factor == 1 else f"{written}（{typed}）", "unit": f" {field.unit}"}
    return issue_at(
        Problem(constraint.code, {**measured, **constraint.values(value)}),
        sheet=place.sheet, row=place.row, column=heading.letter, label=heading.label, field=field.name, value=written,
    )  # fmt: skip


def load_libraries() -> None:
    """Makes the imports that the first check would make, for who forks afterwards."""
    import pandera.pandas  # noqa: F401


def _failures(checked: Checked, constraints: Mapping[str, tuple[Constraint, ...]]) -> Iterable[tuple[str, int, tuple[str, int], Any]]:
    """Field, row number, (code, number of the constraint), value of every cell that fails."""
    import pandas as pd
    import pandera.pandas as pa

    present = {name: own for name, own in constraints.items() if own and any(value is not None for value in checked.columns.get(name, ()))}
    if not present:
        return
    frame = pd.DataFrame({name: pd.Series(checked.columns[name], dtype=object) for name in present})
    schema = pa.DataFrameSchema(
        {
            name: pa.Column(
                object,
                [pa.Check(_vectorised(each.holds), error=f"{each.code.name}:{at}", name=each.code.name) for at, each in enumerate(own)],
                nullable=True,
            )
            for name, own in present.items()
        }
    )
    try:
        schema.validate(frame, lazy=True)
    except pa.errors.SchemaErrors as failed:
        cases = failed.failure_cases
        for name, index, check_name, value in zip(cases["column"], cases["index"], cases["check"], cases["failure_case"], strict=True):
            code, _, at = str(check_name).partition(":")
            yield str(name), int(index), (code, int(at)), value


def _vectorised(holds: Callable[[Any], bool]) -> Callable[[Any], Any]:
    """A column's check that asks for each distinct value once."""
    return lambda series: series.map({value: holds(value) for value in series.unique()}).astype(bool)


def _keep_shown(checked: Checked, matches: Sequence[Match]) -> None:
    """Keeps the cells of the first rows, and of the first rows with errors, as the merchant sees them."""
    sheets = {found.table.sheet: found for found in matches}
    faulty = dict.fromkeys(
        Place(issue.sheet, issue.row) for issue in checked.issues if issue.is_error and issue.sheet in sheets and issue.row
    )
    for place in dict.fromkeys((*checked.places[:FIRST_ROWS], *list(faulty)[:SHOWN_ROWS])):
        found = sheets[place.sheet]
        cells = found.table.frame.loc[place.row]
        checked.shown[place] = {column.letter: shown(cells[column.number]) for column in found.columns.values()}
