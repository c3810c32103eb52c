"""Something wrong with a cell, a row or a header, at its place.

A `Code` is a kind of trouble, declared once. A `Problem` is one that a kind or a rule has found, without its place. An `Issue`
is a problem at its place in the workbook.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from .words import Words, in_language


class Severity(StrEnum):
    """How much an issue weighs: an error holds its order, a warning and a note do not."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True)
class Code:
    """One kind of trouble: `name` for programs, `title` for tables, `message` for people (`{where}` is filled with the place)."""

    name: str
    severity: Severity
    title: str
    message: Words


@dataclass(frozen=True)
class Problem:
    """A code with the values of its message, found in a value whose place the finder does not know."""

    code: Code
    values: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Issue:
    """A problem at its place. `row` is Excel's number, `column` its letter; both are None where the whole sheet is meant.

    `field` is the field's name, `label` the heading as the merchant wrote it, `value` the cell as shown, `order` the display key
    of the order it belongs to.
    """

    code: str
    severity: Severity
    message: Words
    sheet: str | None = None
    row: int | None = None
    column: str | None = None
    label: str | None = None
    field: str | None = None
    value: str | None = None
    order: str | None = None

    @property
    def is_error(self) -> bool:
        """Whether it holds its order."""
        return self.severity is Severity.ERROR

    def of_order(self, order: str) -> "Issue":
        """The same issue, told to belong to an order."""
        return replace(self, order=order)


def issue_at(
    problem: Problem,
    *,
    sheet: str | None = None,
    row: int | None = None,
    column: str | None = None,
    label: str | None = None,
    field: str | None = None,
    value: str | None = None,
    order: str | None = None,
) -> Issue:
    """Puts a problem at its place and fills its message."""
    code, place = problem.code, where(row, column, label)
    values = {"value": shorten(value or ""), "sheet": sheet, "row": row, **problem.values}
    message = Words(_fill(code.message.zh, values, place.zh, "zh"), _fill(code.message.en, values, place.en, "en"))
    return Issue(code.name, code.severity, message, sheet, row, column, label, field, value, order)


def _fill(sentence: str, values: Mapping[str, object], place: str, lang: str) -> str:
    """The sentence with its names filled; one that nobody gave is left out."""
    return sentence.format_map(defaultdict(str, in_language(values, lang), where=place)).strip().replace("？。", "？").replace("?.", "?")


def where(row: int | None, column: str | None, label: str | None) -> Words:
    """The place in words: `V5「发货量」`, `第 5 行`, or nothing."""
    if row is not None and column:
        name = shorten((label or "").strip("*＊ "), 30)
        return Words(f"{column}{row}「{name}」", f'{column}{row} "{name}"') if label else Words(f"{column}{row}", f"{column}{row}")
    if row is not None:
        return Words(f"第 {row} 行", f"row {row}")
    return Words("", "")


def shorten(text: str, most: int = 40) -> str:
    """A text short enough to stand inside a sentence, on one line."""
    line = re.sub(r"[\r\n\t]+", " ", text).strip()
    return line if len(line) <= most else line[: most - 1] + "…"
