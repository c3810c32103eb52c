"""Numbers that their number format shows with words: `500g`, `¥100`, `50%`. Never read otherwise than they are shown without saying so."""

from dataclasses import replace
from decimal import Context, Decimal

from . import codes
from .cell import Mark, plain
from .field import Field
from .header import COUNTING
from .issue import Problem
from .kinds import Reading, bad
from .unit import conversion, is_currency, named_unit

_EXACT = Context(prec=100)
"""Precise enough for the longest number that is read, so that a conversion loses no digit."""


def read_worded(field: Field, mark: Mark, factor: Decimal) -> Reading:
    """A number with words, in the field's own unit. `factor`: what the heading's unit asks for where the words name none."""
    reading = field.kind.parse(mark.number)
    if reading.bad or reading.value is None:
        return reading
    unit = named_unit(mark.words)
    if unit is None or (field.unit is None and is_currency(unit)):
        return _told(mark, converted(reading, factor))
    if field.unit is None:
        return bad(codes.CELL_UNIT_UNWANTED, found=mark.words, name=field.label)
    own = conversion(unit, field.unit)
    whole = _EXACT.multiply(own or 0, mark.scale)
    if own is None or (whole != 1 and not field.kind.is_measure):
        return bad(codes.CELL_UNIT_MISMATCH, found=mark.words, name=field.label, asked=field.unit)
    reading = converted(reading, whole)
    if whole == factor:
        return reading
    values = {"found": mark.words, "asked": field.unit, "read": plain(Decimal(reading.value))}
    return replace(reading, problems=(*reading.problems, Problem(codes.CELL_UNIT_CONVERTED, values)))


def converted(reading: Reading, factor: Decimal) -> Reading:
    """A reading multiplied, exactly."""
    if factor == 1 or reading.value is None:
        return reading
    return Reading(_EXACT.multiply(reading.value, factor), reading.problems)


def _told(mark: Mark, reading: Reading) -> Reading:
    """A number whose words are no unit; a word of counting says nothing that the number does not."""
    if mark.words.casefold() in COUNTING and mark.scale == 1:
        return reading
    note = Problem(codes.CELL_WORDS, {"words": mark.words, "read": plain(Decimal(reading.value))})
    return replace(reading, problems=(*reading.problems, note))
