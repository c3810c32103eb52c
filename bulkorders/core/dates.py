"""Dates as people type them; what can be read in two ways is not read at all."""

import datetime as dt
import re
import unicodedata
from typing import Any

from .cell import plain, trim
from .numbers import read_number

_TIME = r"(?:[T ]\s*(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:\.0+)?)?)?"
_YEAR_FIRST = re.compile(r"(?P<year>[0-9]{4})(?P<mark>[-/.])(?P<month>[0-9]{1,2})(?P=mark)(?P<day>[0-9]{1,2})" + _TIME)
_CHINESE = re.compile(r"(?P<year>[0-9]{4})\s*年\s*(?P<month>[0-9]{1,2})\s*月\s*(?P<day>[0-9]{1,2})\s*日" + _TIME.replace("[T ]", "[T ]?"))
_COMPACT = re.compile(r"(?P<year>(?:19|20)[0-9]{2})(?P<month>[0-9]{2})(?P<day>[0-9]{2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
_LONGEST = 40


def read_date(raw: Any) -> dt.date | dt.datetime | tuple[dt.date, dt.date] | None:
    """The day or the time in a cell; two days where both readings are possible; None where there is none.

    A time at midnight is a day: an Excel date cell carries no more.
    """
    if isinstance(raw, dt.datetime):
        return _day_or_time(raw)
    if isinstance(raw, dt.date):
        return raw
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        number = read_number(raw)
        return _from_parts(_COMPACT.fullmatch(plain(number))) if number is not None else None
    return _from_text(raw) if isinstance(raw, str) and len(raw) <= _LONGEST else None


def _from_text(raw: str) -> dt.date | dt.datetime | tuple[dt.date, dt.date] | None:
    text = trim(unicodedata.normalize("NFKC", raw))
    for form in (_YEAR_FIRST, _CHINESE, _COMPACT):
        if found := form.fullmatch(text):
            return _from_parts(found)
    found = _YEAR_LAST.fullmatch(text)
    return _either(int(found[1]), int(found[3]), int(found[4])) if found else None


def _from_parts(found: re.Match[str] | None) -> dt.date | dt.datetime | None:
    if found is None:
        return None
    parts = {name: int(value) for name, value in found.groupdict().items() if name != "mark" and value is not None}
    try:
        return _day_or_time(dt.datetime(**parts)) if "hour" in parts else dt.date(**parts)  # type: ignore[arg-type]  # noqa: DTZ001  # all are int; a sheet's time has no zone
    except ValueError:
        return None


def _either(first: int, second: int, year: int) -> dt.date | tuple[dt.date, dt.date] | None:
    """Month first or day first: one of them, both, or neither."""
    readings = []
    for month, day in ((first, second), (second, first)):
        try:
            readings.append(dt.date(year, month, day))
        except ValueError:
            continue
    unique = list(dict.fromkeys(readings))
    if len(unique) == 2:
        return unique[0], unique[1]
    return unique[0] if unique else None


def _day_or_time(value: dt.datetime) -> dt.date | dt.datetime:
    bare = value.replace(tzinfo=None)
    half = dt.timedelta(microseconds=500_000 if bare < dt.datetime.max.replace(microsecond=0) else 0)  # noqa: DTZ901  # a sheet's time
    rounded = (bare + half).replace(microsecond=0)
    return rounded.date() if rounded.time() == dt.time() else rounded
