"""Numbers: Integer for counts, Decimal for weights, sizes and money. Both are exact; what is surely a slip is proposed, never guessed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal as Exact
from typing import Any

from bulkorders.core import codes
from bulkorders.core.cell import half_width, is_blank, plain, trim
from bulkorders.core.issue import Problem
from bulkorders.core.numbers import guess_number, read_number
from bulkorders.core.words import Words

from .kind import BLANK, Constraint, Reading, UsualKind, bad, joined


@dataclass(frozen=True)
class Integer(UsualKind):
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
class Decimal(UsualKind):
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
        return joined(parts)


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
