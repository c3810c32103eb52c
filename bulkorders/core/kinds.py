"""What the cells of a column may hold: Text, Integer, Decimal, Date, Choice, Flag.

A kind does four things: `parse` turns a raw cell into a typed value or says why not; `constraints` are what a typed value must
fulfil; `describe` says both to people; `encode` gives the value as it stands in the payload. Nothing else knows kinds apart.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal as Exact
from functools import cached_property
from typing import Any, Protocol

from . import codes
from .cell import SIGNIFICANT, half_width, is_blank, plain, shown, trim
from .dates import read_date
from .issue import Code, Problem
from .numbers import guess_number, read_number
from .words import NOTHING, Words


@dataclass(frozen=True, slots=True)
class Reading:
    """What a cell says: a typed value (None for blank), or `bad`; and what there is to say about it."""

    value: Any = None
    problems: tuple[Problem, ...] = ()
    bad: bool = False


BLANK = Reading()
"""The one reading of every blank cell."""


def bad(code: Code, **values: object) -> Reading:
    """An unreadable cell."""
    return Reading(None, (Problem(code, values),), bad=True)


@dataclass(frozen=True)
class Constraint:
    """What a typed value must fulfil: `holds` is asked for each value that is not blank."""

    code: Code
    holds: Callable[[Any], bool]
    values: Callable[[Any], Mapping[str, object]] = field(default=lambda _: {})


class Kind(Protocol):
    """What all kinds can do."""

    @property
    def number_format(self) -> str:
        """Excel's number format for the column; `@` is text."""
        ...

    @property
    def choices(self) -> Sequence[str]:
        """The words of a drop-down, or none."""
        ...

    @property
    def is_identifier(self) -> bool:
        """Whether its digits count as they are shown."""
        ...

    @property
    def is_amount(self) -> bool:
        """Whether its values are numbers that add up: a total has them too, and a merged cell could mean each or all."""
        ...

    @property
    def is_measure(self) -> bool:
        """Whether its values can be converted to another unit."""
        ...

    def parse(self, raw: Any) -> Reading:
        """Reads a raw cell."""
        ...

    def constraints(self) -> Sequence[Constraint]:
        """What a value must fulfil."""
        ...

    def describe(self) -> Words:
        """What may be typed, in a few words."""
        ...

    def encode(self, value: Any) -> Any:
        """The value in the payload: str, int, bool or `decimal.Decimal`."""
        ...

    def limited(self, limit: Exact) -> "Kind":
        """The same kind with another limit, beyond which is warned. Raises ValueError where the kind has none."""
        ...


class _Kind:
    """What most kinds have in common."""

    @property
    def choices(self) -> Sequence[str]:
        return ()

    @property
    def is_identifier(self) -> bool:
        return False

    @property
    def is_amount(self) -> bool:
        return False

    @property
    def is_measure(self) -> bool:
        return False

    def constraints(self) -> Sequence[Constraint]:
        return ()

    def encode(self, value: Any) -> Any:
        return value

    def limited(self, limit: Exact) -> "Kind":
        raise ValueError(f"{type(self).__name__} has no limit, {limit}")


@dataclass(frozen=True)
class Text(_Kind):
    """Text. `identifier`: a code or number whose digits count, never a quantity; full-width letters are folded.

    `max_length` and `pattern` must be fulfilled; `mistaken` are forms that people put here for something else, each with the code
    that explains it. `limit` (characters), `unusual` (a form found within, what it means) and `usual` (the form of the whole) only warn.
    """

    identifier: bool = False
    max_length: int | None = None
    pattern: str | None = None
    pattern_words: Words = NOTHING
    mistaken: tuple[tuple[str, Code], ...] = ()
    limit: int | None = None
    unusual: tuple[tuple[str, Words], ...] = ()
    usual: tuple[str, Words] | None = None

    number_format = "@"

    @property
    def is_identifier(self) -> bool:
        """Whether its digits count as they are shown."""
        return self.identifier

    def parse(self, raw: Any) -> Reading:
        if is_blank(raw):
            return BLANK
        if isinstance(raw, dt.date | dt.time | dt.timedelta):
            return bad(codes.DATE_FOUND)
        if isinstance(raw, str):
            return self._explained(self._parse_text(trim(raw)))
        if self.identifier and isinstance(raw, int | float) and abs(raw) >= 10**SIGNIFICANT:
            return bad(codes.DIGITS_LOST)
        return Reading(shown(raw))

    def _explained(self, reading: Reading) -> Reading:
        """A reading, or what explains a form that is mistaken for one of this column."""
        code = next((code for form, code in self.mistaken if reading.value and re.fullmatch(form, reading.value)), None)
        return bad(code) if code else reading

    def _parse_text(self, text: str) -> Reading:
        if self.identifier:
            return self._parse_identifier(text)
        if "\n" in text or "\r" in text:
            return Reading(text, (Problem(codes.LINE_BREAK),))
        return Reading(text)

    def _parse_identifier(self, text: str) -> Reading:
        # the apostrophe that makes a cell text in Excel stays where it was pasted or exported
        folded = re.sub(r"\A'(?=[A-Za-z0-9])", "", half_width(text))
        if re.fullmatch(r"[0-9](?:\.[0-9]+[eE]\+?|[eE]\+)[0-9]{2,3}", folded):
            return bad(codes.DIGITS_LOST)
        notes = [Problem(codes.FOLDED, {"read": folded})] if folded != text else []
        notes += [Problem(codes.LINE_BREAK)] if re.search(r"[\r\n]", folded) else []
        return Reading(trim(folded), tuple(notes))

    def constraints(self) -> Sequence[Constraint]:
        found = []
        if self.max_length is not None:
            most = self.max_length
            found.append(Constraint(codes.TOO_LONG, lambda text: len(text) <= most, lambda text: {"length": len(text), "maximum": most}))
        if self.pattern is not None:
            form = re.compile(self.pattern)
            words = {"pattern": self.pattern_words}
            found.append(Constraint(codes.PATTERN, lambda text: form.fullmatch(text) is not None, lambda _: words))
        if self.limit is not None:
            limit = self.limit
            found.append(
                Constraint(
                    codes.LONGER_THAN_LIMIT,
                    lambda text: len(text) <= limit,
                    lambda text: {"length": len(text), "limit": limit},
                )
            )
        found.extend(_unusual(pattern, why) for pattern, why in self.unusual)
        if self.usual is not None:
            pattern, why = self.usual
            found.append(_unusual(rf"\A(?!(?:{pattern})\Z)", why))
        return found

    def limited(self, limit: Exact) -> "Text":
        return replace(self, limit=int(limit))

    def describe(self) -> Words:
        parts = [Words("编号（文本）", "identifier (text)") if self.identifier else Words("文本", "text")]
        if self.pattern:
            parts = [self.pattern_words]
        if self.max_length:
            parts.append(Words(f"最多 {self.max_length} 个字符", f"at most {self.max_length} characters"))
        if self.limit:
            parts.append(Words(f"建议不超过 {self.limit} 个字符", f"better no more than {self.limit} characters"))
        return _joined(parts)


def _unusual(pattern: str, why: Words) -> Constraint:
    form = re.compile(pattern)
    return Constraint(codes.UNUSUAL, lambda text: form.search(text) is None, lambda _: {"why": why})


@dataclass(frozen=True)
class Integer(_Kind):
    """A whole number from `minimum` to `maximum`."""

    minimum: int = 0
    maximum: int = 2**31 - 1

    number_format = "0"

    @property
    def is_amount(self) -> bool:
        return True

    def parse(self, raw: Any) -> Reading:
        if is_blank(raw):
            return BLANK
        number = read_number(raw)
        if number is None:
            return bad(codes.NOT_NUMBER, hint=_guess(raw))
        if number != number.to_integral_value():
            return bad(codes.NOT_INTEGER)
        return Reading(int(number), _folded(raw, number))

    def constraints(self) -> Sequence[Constraint]:
        return _bounds(self.minimum, self.maximum)

    def describe(self) -> Words:
        return Words(f"整数，至少 {self.minimum}", f"whole number, at least {self.minimum}")


@dataclass(frozen=True)
class Plausible:
    """Where measures lie as a rule. What lies outside is probably in a unit `factor` times smaller or larger: grams for kilograms."""

    least: Exact
    most: Exact
    factor: int = 1000

    def holds(self, number: Exact) -> bool:
        """Whether a measure lies within."""
        return self.least <= number <= self.most

    def other(self, number: Exact) -> Exact:
        """What a measure outside would be in the other unit."""
        return number / self.factor if number > self.most else number * self.factor


@dataclass(frozen=True)
class Decimal(_Kind):
    """An exact decimal of at most `places` decimals (None: any), from `minimum` (or above it, where it is `exclusive`) to `maximum`.

    What is over `limit` or not `plausible` is only warned of.
    """

    minimum: int = 0
    maximum: int = 10**9
    places: int | None = None
    exclusive: bool = False
    limit: Exact | None = None
    plausible: Plausible | None = None

    number_format = "General"

    @property
    def is_amount(self) -> bool:
        return True

    @property
    def is_measure(self) -> bool:
        return True

    def parse(self, raw: Any) -> Reading:
        if is_blank(raw):
            return BLANK
        number = read_number(raw)
        if number is None:
            return bad(codes.NOT_NUMBER, hint=_guess(raw))
        return Reading(number, _folded(raw, number))

    def constraints(self) -> Sequence[Constraint]:
        found = list(_bounds(self.minimum, self.maximum))
        if self.exclusive:
            least = self.minimum
            found[0] = Constraint(codes.NOT_ABOVE, lambda number: number > least, lambda _: {"minimum": least})
        if self.places is not None:
            most = self.places
            found.append(Constraint(codes.TOO_MANY_PLACES, lambda number: _places(number) <= most, lambda _: {"places": most}))
        return [*found, *self._warnings()]

    def _warnings(self) -> Iterator[Constraint]:
        """What may be right and yet is worth a look; one warning a cell."""
        usual, limit = self.plausible, self.limit
        if usual is not None:
            yield Constraint(codes.DOUBTFUL_UNIT, usual.holds, lambda number: {"other": plain(usual.other(number))})
        if limit is not None:
            yield Constraint(
                codes.OVER_LIMIT,
                lambda number: number <= limit or (usual is not None and not usual.holds(number)),
                lambda _: {"limit": plain(limit)},
            )

    def limited(self, limit: Exact) -> "Decimal":
        return replace(self, limit=limit)

    def describe(self) -> Words:
        parts = [Words(f"数字，至少 {self.minimum}", f"number, at least {self.minimum}")]
        if self.exclusive:
            parts = [Words(f"数字，大于 {self.minimum}", f"number above {self.minimum}")]
        if self.places is not None:
            parts.append(Words(f"最多 {self.places} 位小数", f"at most {self.places} decimals"))
        if self.limit is not None:
            parts.append(Words(f"建议不超过 {plain(self.limit)}", f"better no more than {plain(self.limit)}"))
        return _joined(parts)


def _bounds(minimum: int, maximum: int) -> list[Constraint]:
    return [
        Constraint(codes.TOO_SMALL, lambda number: number >= minimum, lambda _: {"minimum": minimum}),
        Constraint(codes.TOO_LARGE, lambda number: number <= maximum, lambda _: {"maximum": maximum}),
    ]


def _places(number: Exact) -> int:
    return len(plain(number).partition(".")[2])


def _folded(raw: Any, number: Exact) -> tuple[Problem, ...]:
    """A note where a number was read from full-width signs: the merchant sees others than we send."""
    if isinstance(raw, str) and half_width(raw) != raw and trim(half_width(raw)) != trim(raw):
        return (Problem(codes.FOLDED, {"read": plain(number)}),)
    return ()


def _guess(raw: Any) -> Words | str:
    """`，应为 3？` where the number that was meant is plain to see."""
    number = guess_number(raw)
    return Words(f"，应为 {plain(number)}？", f"; {plain(number)}?") if number is not None else ""


@dataclass(frozen=True)
class Date(_Kind):
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


@dataclass(frozen=True)
class Choice(_Kind):
    """One of `values`. `proposals` are words that people type for one of them: refused, with the value to type.

    `others` is a pattern of values that are not in the list and yet may be right: they pass with a warning.
    """

    values: Sequence[str]
    proposals: Mapping[str, str] = field(default_factory=dict)
    others: str | None = None
    listed: bool = True
    """Whether the list is short enough to be a drop-down and to be named in a message."""
    listed_words: Words = NOTHING

    number_format = "@"

    @property
    def choices(self) -> Sequence[str]:
        return self.values if self.listed else ()

    @cached_property
    def _by_fold(self) -> dict[str, str]:
        return {half_width(value).casefold(): value for value in self.values}

    def parse(self, raw: Any) -> Reading:
        if is_blank(raw):
            return BLANK
        text = trim(half_width(trim(shown(raw))))
        value = self._by_fold.get(text.casefold())
        if value is not None:
            return Reading(
                value,
                (Problem(codes.FOLDED, {"read": value}),) if half_width(trim(shown(raw))) != trim(shown(raw)) else (),
            )
        proposal = self.proposals.get(text) or self.proposals.get(text.casefold())
        if proposal is None and self.others is not None and re.fullmatch(self.others, text):
            return Reading(text, (Problem(codes.UNKNOWN_CHOICE),))
        return bad(codes.NOT_CHOICE, remedy=Words(f"应为 {proposal}？", f"{proposal}?") if proposal else _choose(self.describe()))

    def describe(self) -> Words:
        if not self.listed:
            return self.listed_words
        return Words("、".join(self.values), ", ".join(self.values))


_YES = frozenset({"是", "y", "yes", "true", "1", "√", "对"})
_NO = frozenset({"否", "n", "no", "false", "0", "×", "不是"})


@dataclass(frozen=True)
class Flag(_Kind):
    """Yes or no: 是/否, Y/N, yes/no, TRUE/FALSE, 1/0. `yes` and `no` are what the payload has."""

    yes: Any
    no: Any

    number_format = "@"

    @property
    def choices(self) -> Sequence[str]:
        return ("是", "否")

    def parse(self, raw: Any) -> Reading:
        if is_blank(raw):
            return BLANK
        text = trim(half_width(shown(raw))).casefold()
        if text in _YES or text in _NO:
            return Reading(text in _YES)
        return bad(codes.NOT_CHOICE, remedy=_choose(self.describe()))

    def describe(self) -> Words:
        return Words("是 或 否", "是 (yes) or 否 (no)")

    def encode(self, value: Any) -> Any:
        return self.yes if value else self.no


def _choose(described: Words) -> Words:
    return Words(f"请改成：{described.zh}", f"choose {described.en}")


def _joined(parts: Sequence[Words]) -> Words:
    return Words("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))
