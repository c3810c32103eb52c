"""Date: a day, or a day with its time; what can be read in two ways is refused with both."""

from dataclasses import dataclass
from typing import Any

from bulkorders.core import codes
from bulkorders.core.cell import is_blank
from bulkorders.core.dates import read_date
from bulkorders.core.words import Words

from .kind import BLANK, Reading, UsualKind, bad


@dataclass(frozen=True)
class Date(UsualKind):
    """A day, or a day with its time where the cell gives one; the payload has `2022-12-09` or `2025-04-09T14:30:45`."""

    number_format = "yyyy-mm-dd"

    def parse(self, raw: Any) -> Reading:
        if is_blank(raw):
            return BLANK
        found = read_date(raw)
        if isinstance(found, tuple):
            return bad(codes.AMBIGUOUS_DATE, first=found[0].isoformat(), second=found[1].isoformat())
        return Reading(found) if found is not None else bad(codes.NOT_DATE)

    def describe(self) -> Words:
        return Words("日期，如 2022-12-09；可带时间，如 2025-04-09 14:30:45", "date like 2022-12-09, may have a time")

    def encode(self, value: Any) -> Any:
        return value.isoformat()
