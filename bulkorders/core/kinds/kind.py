"""What all kinds can do, and what they give: a reading of a cell, and the constraints of a typed value."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal as Exact
from typing import Any, Protocol

from bulkorders.core.issue import Code, Problem
from bulkorders.core.words import Words


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


class UsualKind:
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


def joined(parts: Sequence[Words]) -> Words:
    """Several descriptions as one."""
    return Words("，".join(part.zh for part in parts), ", ".join(part.en for part in parts))
