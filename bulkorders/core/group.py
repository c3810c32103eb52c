"""Checked to orders: rows with equal keys are one order, level by level, and one bad row holds its whole order.

Rows are grouped before any is dropped, so that never a part of an order is sent.
"""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

from . import codes
from .cell import shown
from .checked import Checked, MergedField
from .field import Field
from .issue import Issue, Problem, issue_at
from .order import Element, Order, Place
from .template import Level, Rule, Template
from .words import NOTHING, Words

Key = tuple[str | None, ...]


@dataclass(frozen=True)
class Orders:
    """A workbook's orders of one template in the sheet's order, all issues in the sheet's order, and its rows counted."""

    template: Template
    orders: tuple[Order, ...]
    issues: tuple[Issue, ...]
    rows: Mapping[str, int]

    @property
    def valid(self) -> tuple[Order, ...]:
        """The orders that may be sent."""
        return tuple(order for order in self.orders if order.is_valid)


@dataclass
class _Grouping:
    """The work in hand: what is found about each order while the tree of its elements is built."""

    template: Template
    checked: Checked
    found: dict[Key, list[Issue]] = field(default_factory=lambda: defaultdict(list))

    def report(self, key: Key, row: int, name: str, problem: Problem, value: Any = None) -> None:
        """Adds an issue at a field's cell of a row to the order of `key`."""
        self.found[key].append(self.issue(row, name, problem, value, order=_display(self.template, key)))

    def issue(self, row: int, name: str, problem: Problem, value: Any = None, order: str | None = None) -> Issue:
        place, label = self.checked.places[row], self.template[name].label
        heading = self.checked.heading(place.sheet, name)
        return issue_at(
            problem,
            sheet=place.sheet, row=place.row, column=heading.letter if heading else None,
            label=heading.label if heading else label, field=name, value=self.written(row, name, value) or None, order=order,
        )  # fmt: skip

    def display(self, key: Key | None) -> str | None:
        """What people know an order by."""
        return _display(self.template, key) if key else None

    def written(self, row: int, name: str, value: Any) -> str:
        """A value of a row as it stands in the sheet."""
        heading = self.checked.heading(self.checked.places[row].sheet, name)
        return heading.written(value) if heading else shown(value)


def group(template: Template, checked: Checked) -> Orders:
    """Groups a checked workbook. A refused one has no orders."""
    work = _Grouping(template, checked)
    keys = _keys(template, checked)
    loose = [row for row, key in enumerate(keys) if key is None]
    members: dict[Key, list[int]] = defaultdict(list)
    for row, key in enumerate(keys):
        if key is not None:
            members[key].append(row)
    roots = {key: _element(work, key, template.root, rows) for key, rows in members.items()}
    unowned = [*_check_merges(work, keys), *_hold_above(work, loose, keys)]
    for key, rows in members.items():
        _warn_apart(work, key, rows)
    unowned += _hand_out(work, keys)
    orders = tuple(_order(work, key, root) for key, root in roots.items())
    return _balanced(work, orders, unowned)


def _text(checked: Checked, row: int, name: str) -> str | None:
    """A cell as a key: its value's text, or what an unreadable cell shows."""
    value = checked.value(row, name)
    return shown(value) if value is not None else checked.bad.get((row, name))


def _keys(template: Template, checked: Checked) -> list[Key | None]:
    """The order key of each row; None for a row without the display key.

    A blank cell of another key takes the value of the nearest row above with the same display key, else of the nearest below.
    """
    names = [key.name for key in template.root.keys]
    displays = [_text(checked, row, template.display) for row in range(len(checked.places))]
    columns = []
    for name in names:
        own = [_text(checked, row, name) for row in range(len(displays))]
        down = _inherit(displays, own)
        columns.append(displays if name == template.display else _inherit(displays[::-1], down[::-1])[::-1])
    rows = zip(*columns, strict=True)
    return [None if display is None else key for display, key in zip(displays, rows, strict=True)]


def _inherit(displays: Sequence[str | None], values: Sequence[str | None]) -> list[str | None]:
    """Blank values taken from the last one before with the same display key."""
    last: dict[str | None, str] = {}
    filled = []
    for display, value in zip(displays, values, strict=True):
        if value is not None and display is not None:
            last[display] = value
        filled.append(value if value is not None or display is None else last.get(display))
    return filled


def _display(template: Template, key: Key) -> str:
    names = [each.name for each in template.root.keys]
    return key[names.index(template.display)] or ""


def _element(work: _Grouping, key: Key, level: Level, rows: Sequence[int]) -> Element:
    """One element of its rows, with all that lies within."""
    asked = _asked(work.checked, level, rows)
    values = {each.name: _agreed(work, key, each, rows, is_asked=each.name in asked) for each in level.fields}
    children = {
        child.path: tuple(_element(work, key, child, own) for own in _partition(work.checked, child, rows)) for child in level.children
    }
    element = Element(values, tuple(rows), children)
    for rule in work.template.rules:
        if rule.level == level.path:
            _apply(work, key, rule, element)
    return element


def _asked(checked: Checked, level: Level, rows: Sequence[int]) -> set[str]:
    """The fields that must be there, by name: of an element without its key the key alone, since what else is absent may stand at its
    fellows."""  # fmt: skip
    absent = {each.name for each in level.keys if all(_text(checked, row, each.name) is None for row in rows)}
    return absent or {each.name for each in level.fields}


def _partition(checked: Checked, level: Level, rows: Sequence[int]) -> list[list[int]]:
    """The rows of each element of a level: those with equal keys, or each row by itself. A row without its key stands alone."""
    if not level.keys:
        return [[row] for row in rows]
    parts: dict[Hashable, list[int]] = defaultdict(list)
    for row in rows:
        texts = tuple(_text(checked, row, each.name) for each in level.keys)
        parts[texts if None not in texts else row].append(row)
    return list(parts.values())


def _agreed(work: _Grouping, key: Key, each: Field, rows: Sequence[int], *, is_asked: bool) -> Any:
    """The value on which all rows of an element agree; blanks take it, other values are conflicts, none at all may be missing."""
    column = work.checked.columns.get(each.name)
    given = [(row, column[row]) for row in rows if column[row] is not None] if column else []
    if not given:
        if is_asked and each.required and not any((row, each.name) in work.checked.bad for row in rows):
            work.report(key, rows[0], each.name, Problem(codes.REQUIRED, {"hint": _such_as(each)}))
        return None
    first, value = given[0]
    for row, other in given[1:]:
        if other != value:
            _conflict(work, key, each, row, first, other, value)
    return value


FEW_CHOICES = 6


def _such_as(each: Field) -> Words:
    """What to fill in where nothing is."""
    if 0 < len(each.kind.choices) <= FEW_CHOICES:
        words = each.kind.describe()
        return Words(f"，可以是：{words.zh}", f": {words.en}")
    return Words(f"，例如 {each.example}", f", such as {each.example}") if each.example else NOTHING


def _conflict(work: _Grouping, key: Key, each: Field, row: int, first: int, other: Any, value: Any) -> None:
    level = next((one for one in work.template.root.walk() if one.path == each.level), work.template.root)
    named = next((one for one in level.keys if one.name == work.template.display), level.keys[0] if level.keys else each)
    place = work.checked.places[first]
    here = work.checked.places[row].sheet == place.sheet
    problem = Problem(
        codes.CONFLICT,
        {
            "other": place.row if here else f"{place.row}（{place.sheet}）",
            "first": work.written(first, each.name, value),
            "unit": work.template.unit if not each.level else named.label,
            "key": named.label,
        },
    )
    work.report(key, row, each.name, problem, other)


class _Watched(dict[str, Any]):
    """Values that remember which of them were asked for."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        super().__init__(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> Any:
        self.asked.add(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        self.asked.add(name)
        return super().get(name, default)


def _apply(work: _Grouping, key: Key, rule: Rule, element: Element) -> None:
    """Asks a rule; what it says of a value that could not be read does not count."""
    values = _Watched(element.values)
    findings = list(rule.find(replace(element, values=values)))
    if any((row, name) in work.checked.bad for row in element.rows for name in values.asked):
        return
    for name, problem, within in findings:
        column, rows = work.checked.columns.get(name), (within or element).rows
        row = next((row for row in rows if column and column[row] is not None), rows[0])
        if (row, name) not in work.checked.bad:
            work.report(key, row, name, problem, work.checked.value(row, name))


def _check_merges(work: _Grouping, keys: Sequence[Key | None]) -> list[Issue]:
    """Merged cells: wrong where they span several orders, or where a number may be each row's or all rows' together; else told.

    Gives what belongs to no order.
    """
    unowned: list[Issue] = []
    filled: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for merged in work.checked.merged:
        first, key = merged.rows[0], keys[merged.rows[0]]
        spanned = {each: row for row in reversed(merged.rows) if (each := keys[row]) is not None}
        if len(spanned) > 1:
            problem = Problem(codes.MERGE_ACROSS_ORDERS, {"range": merged.text, "unit": work.template.unit})
            for each, row in spanned.items():
                work.report(each, row, merged.field, problem, work.checked.value(row, merged.field))
        elif _has_two_readings(work, merged):
            problem = Problem(codes.MERGE_OF_AMOUNT, {"range": merged.text})
            issue = work.issue(first, merged.field, problem, work.checked.value(first, merged.field), work.display(key))
            (work.found[key] if key else unowned).append(issue)
        elif heading := work.checked.heading(work.checked.places[first].sheet, merged.field):
            filled[merged.rows].append(heading.letter)
    for rows, letters in filled.items():
        key = keys[rows[0]]
        (work.found[key] if key else unowned).append(_merge_filled(work, rows, letters, key))
    return unowned


def _merge_filled(work: _Grouping, rows: Sequence[int], letters: Sequence[str], key: Key | None) -> Issue:
    first, last = work.checked.places[rows[0]], work.checked.places[rows[-1]]
    problem = Problem(codes.MERGE_FILLED, {"rows": f"{first.row}-{last.row}", "columns": "、".join(letters)})
    return issue_at(problem, sheet=first.sheet, row=first.row, order=work.display(key))


def _has_two_readings(work: _Grouping, merged: MergedField) -> bool:
    """Whether a merged number may be meant for each of several items or cartons, or for all of them together."""
    field = work.template[merged.field]
    if not field.kind.is_amount or not field.level:
        return field.kind.is_amount and field.level in work.template.row_levels
    level = next(level for level in work.template.root.walk() if level.path == field.level)
    return not level.keys or _spans_several(work.checked, level, merged.rows)


def _spans_several(checked: Checked, level: Level, rows: Sequence[int]) -> bool:
    """Whether rows of one order lie in several elements of a level with a key."""
    return len({tuple(_text(checked, row, each.name) for each in level.keys) for row in rows}) > 1


def _hold_above(work: _Grouping, loose: Sequence[int], keys: Sequence[Key | None]) -> list[Issue]:
    """Rows without an order are errors, and hold the nearest order above on their sheet: it may be their own."""
    unowned = []
    above_each = _keys_above(work.checked, keys)
    for row in loose:
        above = above_each[row]
        display = work.template.display_field
        held = _display(work.template, above) if above else None
        words = Words(
            f"；上面的{work.template.unit}「{held}」可能少了这一行，先不发送",
            f'; order "{held}" above is held, it may lack this row',
        )
        problem = Problem(codes.ROW_WITHOUT_ORDER, {"key": display.label, "unit": work.template.unit, "held": words if held else ""})
        place = work.checked.places[row]
        heading = work.checked.heading(place.sheet, display.name)
        issue = issue_at(
            problem,
            sheet=place.sheet, row=place.row, column=heading.letter if heading else None,
            label=heading.label if heading else display.label, field=display.name, order=held,
        )  # fmt: skip
        if above:
            work.found[above].append(issue)
        else:
            unowned.append(issue)
    return unowned


def _keys_above(checked: Checked, keys: Sequence[Key | None]) -> list[Key | None]:
    """For each row the order of the nearest row above it on its sheet that has one."""
    above: list[Key | None] = []
    last: Key | None = None
    sheet = None
    for place, key in zip(checked.places, keys, strict=True):
        if place.sheet != sheet:
            sheet, last = place.sheet, None
        above.append(last)
        last = key or last
    return above


def _warn_apart(work: _Grouping, key: Key, rows: Sequence[int]) -> None:
    """Rows of one order that are not adjacent, or on two sheets, are one order, with a warning at the first row apart."""
    places = work.checked.places
    for before, row in pairwise(rows):
        if row != before + 1 or places[row].sheet != places[before].sheet:
            problem = Problem(codes.ROWS_APART, {"order": _display(work.template, key), "unit": work.template.unit})
            work.report(key, row, work.template.display, problem, work.checked.value(row, work.template.display))
            return


def _hand_out(work: _Grouping, keys: Sequence[Key | None]) -> list[Issue]:
    """Gives each issue of a row to the row's order; the issues that belong to none are given back."""
    owners = {place: key for place, key in zip(work.checked.places, keys, strict=True) if key is not None}
    unowned = []
    for issue in work.checked.issues:
        key = owners.get(Place(issue.sheet, issue.row)) if issue.sheet and issue.row else None
        if key is None:
            unowned.append(issue)
        else:
            work.found[key].append(issue.of_order(_display(work.template, key)))
    return unowned


def _order(work: _Grouping, key: Key, root: Element) -> Order:
    names = [each.name for each in work.template.root.keys]
    return Order(
        template=work.template,
        display=_display(work.template, key),
        key={name: text or "" for name, text in zip(names, key, strict=True)},
        root=root,
        places=tuple(work.checked.places[row] for row in root.rows),
        issues=tuple(sorted(work.found[key], key=_position(work.checked))),
    )


def _position(checked: Checked) -> Callable[[Issue], tuple[int, int, int, str]]:
    """Sorts issues as the eye goes over the workbook: sheet, row, column."""
    sheets = {sheet: number for number, sheet in enumerate(checked.headings)}
    return lambda issue: (
        sheets.get(issue.sheet or "", -1),
        issue.row or 0,
        len(issue.column or ""),
        issue.column or "",
    )


def _balanced(work: _Grouping, orders: tuple[Order, ...], unowned: Sequence[Issue]) -> Orders:
    """All issues in order, and the rows counted: a valid row has no error of its own."""
    issues = sorted([*unowned, *(issue for order in orders for issue in order.issues)], key=_position(work.checked))
    rows = count_rows(work.checked, issues)
    return Orders(work.template, orders, tuple(issues), rows)


def count_rows(checked: Checked, issues: Iterable[Issue]) -> dict[str, int]:
    """The rows of a sheet counted: a valid row has no error of its own."""
    faulty = {Place(issue.sheet, issue.row) for issue in issues if issue.is_error and issue.sheet and issue.row}
    read, invalid = len(checked.places), len(faulty.intersection(checked.places))
    return {"read": read, "blank": checked.blank, "valid": read - invalid, "invalid": invalid}
