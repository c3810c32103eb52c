"""The merchant's own cells as cells of a sheet in template form: what is read back from them is what was read from his."""

import datetime as dt
import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Context, Decimal
from typing import Any

from openpyxl.utils.datetime import to_excel

from bulkorders.core.cell import SIGNIFICANT, Mark, MarkKind, shown
from bulkorders.core.numbers import read_number
from bulkorders.core.unit import named_unit
from bulkorders.workbook.ooxml.added import ErrorCell
from bulkorders.workbook.ooxml.edits import Written
from bulkorders.workbook.style import TEXT, Look, format_of

NOT_CALCULATED = "#N/A"
"""Stands for a formula without a result: as unreadable as that, since no formula is written."""
_EXACT = Context(prec=100)
_WHOLE, _PERCENT, _QUOTE = "0", "0.########%", '"'


@dataclass(frozen=True)
class Target:
    """The column that a cell goes to: its number format, whether its digits count as shown, its numbers' factor if any."""

    number_format: str
    is_identifier: bool
    factor: Decimal | None = None

    @classmethod
    def of(cls, column: Mapping[str, Any], factor: str = "1") -> "Target":
        """The target of a column as `headings.template_columns` gives it."""
        return cls(column["number_format"], column["is_identifier"], Decimal(factor) if Decimal(factor) != 1 else None)


def written(raw: Any, target: Target, look: Look) -> Written:
    """A raw cell in its column: texts as texts, numbers in the template's unit, identifiers as text, errors as errors."""
    if isinstance(raw, str) and target.factor is None:
        return Written(raw, look, target.number_format)
    if raw is None or raw != raw:  # NaN is how a frame shows a cell that is not there
        return Written(None, look, target.number_format)
    if isinstance(raw, Mark):
        return _marked(raw, target, look)
    if isinstance(raw, dt.date | dt.time | dt.timedelta):
        return _day(raw, target, look)
    if target.factor is not None and (number := read_number(raw)) is not None:
        return _number(float(_EXACT.multiply(number, target.factor)), target, look)
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        return Written(raw if isinstance(raw, bool) else shown(raw), look, target.number_format)
    return _number(raw, target, look)


def _marked(mark: Mark, target: Target, look: Look) -> Written:
    """A cell that a bare value would not tell: an error as an error, and a number with words in a format that shows them again."""
    match mark.kind:
        case MarkKind.ERROR:
            return ErrorCell(mark.text, look)
        case MarkKind.UNCACHED:
            return ErrorCell(NOT_CALCULATED, look)
        case MarkKind.PADDED:
            return written(mark.text if target.is_identifier or mark.number is None else mark.number, target, look)
        case MarkKind.WORDED:
            if target.number_format == TEXT or mark.number is None:
                return written(mark.text, target, look)
            if mark.words == "%":
                return Written(mark.number, look, _PERCENT)
            own = target.factor if target.factor and named_unit(mark.words) is None else 1  # a unit of its own wins over the heading's
            shown_number = float(_EXACT.multiply(Decimal(repr(mark.number)), mark.scale * own))
            return Written(shown_number, look, f'General"{mark.words.replace(_QUOTE, "")}"')


def _day(raw: dt.date | dt.time | dt.timedelta, target: Target, look: Look) -> Written:
    """A day or a time as Excel counts it; what lies before its first day is text."""
    counted: float = to_excel(raw)  # type: ignore[no-untyped-call]
    return Written(counted, look, format_of(raw, target.number_format)) if counted >= 0 else Written(shown(raw), look, TEXT)


def _number(number: float, target: Target, look: Look) -> Written:
    """A number; in a column of texts as the text that it shows, unless it has lost digits: that must stay to be seen."""
    if not math.isfinite(number):
        return Written(str(number), look, TEXT)
    if target.number_format == TEXT:
        is_sound = abs(number) < 10**SIGNIFICANT
        return Written(shown(number), look, TEXT) if is_sound else Written(number, look, _WHOLE)
    return Written(int(number) if float(number).is_integer() else number, look, format_of(number, target.number_format))
