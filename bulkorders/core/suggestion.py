"""Sure corrections: what a cell was surely meant to say, where its issue asks for nothing else."""

import re

from . import codes
from .cell import half_width, plain, trim
from .field import Field
from .issue import Issue, Severity
from .kinds import Choice
from .numbers import guess_number

SURE = frozenset({codes.MADE_A_NUMBER.name, codes.NOT_CHOICE.name, codes.NOT_NUMBER.name})
"""The codes of which some issues have a sure correction."""
_ZEROS = re.compile(r"'?([0-9]+)\.0+")


def sure_text(field: Field, issue: Issue) -> str | None:
    """The text that mends an issue at a cell of a field; None where only the merchant knows."""
    text = _meant(field, issue.code, issue.value or "")
    return text if text is not None and _is_good(field, text) else None


def _meant(field: Field, code: str, value: str) -> str | None:
    bare = trim(half_width(trim(value)))
    if code == codes.MADE_A_NUMBER.name:
        found = _ZEROS.fullmatch(bare)
        return found[1] if found else None
    if code == codes.NOT_CHOICE.name and isinstance(field.kind, Choice):
        return field.kind.proposals.get(bare) or field.kind.proposals.get(bare.casefold())
    if code == codes.NOT_NUMBER.name:
        number = guess_number(value)
        return plain(number) if number is not None else None
    return None


def _is_good(field: Field, text: str) -> bool:
    """Whether a cell of the field with the text has no error."""
    reading = field.kind.parse(text)
    errors = (constraint for constraint in field.kind.constraints() if constraint.code.severity is Severity.ERROR)
    return not reading.bad and reading.value is not None and all(constraint.holds(reading.value) for constraint in errors)
