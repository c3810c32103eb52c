"""What our sheets are put together from: rows, texts across the width, and rows that are made only when they are asked for."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, overload

from bulkorders.core.table import Merge
from bulkorders.workbook.ooxml.edits import NewRow, Written
from bulkorders.workbook.style import TEXT, Look, height_of, line_count

TEST_BANNER = "测试结果：没有真实下单"
HEADLINE = Look(bold=True, size=16)
ADVICE = Look("404040", wraps=True)
HEADING = Look("FFFFFF", "44546A", bold=True, wraps=True, boxed=True, across="center")
"""Of a column that is ours."""


@dataclass
class Page:
    """Takes rows from top to bottom, and knows where it is."""

    widths: Sequence[float]
    rows: list[NewRow] = field(default_factory=list)
    merges: list[Merge] = field(default_factory=list)

    @property
    def row(self) -> int:
        """The number of the last row."""
        return len(self.rows)

    def add(self, *cells: Written, height: float | None = None) -> None:
        """A row of cells from column A on."""
        self.rows.append(NewRow(dict(enumerate(cells, 1)), height))

    def across(self, text: str, look: Look, *, least: float = 0, last: int = 0) -> None:
        """A text over the columns up to `last` (0: all), as tall as it needs; at least so many points."""
        last = last or len(self.widths)
        needed = height_of(line_count(text, sum(self.widths[:last]) * _share(look)))
        self.add(Written(text, look, TEXT), *(Written(None, look) for _ in range(last - 1)), height=max(needed, least))
        self.merge(1, last)

    def merge(self, left: int, right: int) -> None:
        """Merges columns of the last row."""
        self.merges.append(Merge(self.row, left, self.row, right))


_SCREEN = 110
"""The width that a screen shows without scrolling."""


def last_readable(widths: Sequence[float]) -> int:
    """The last column of those that a screen shows at once: a text above a wide table goes no further."""
    reached, last = 0.0, 0
    while last < len(widths) and (not last or reached + widths[last] <= _SCREEN):
        reached, last = reached + widths[last], last + 1
    return last


def _share(look: Look) -> float:
    """How much of a width large letters leave."""
    return 11 / look.size


@dataclass(frozen=True)
class Lines(Sequence[NewRow]):
    """Some rows, and behind them rows that are made one at a time: a hundred thousand of them would fill the memory."""

    head: Sequence[NewRow]
    others: int
    make: Callable[[int], NewRow]

    def __len__(self) -> int:
        return len(self.head) + self.others

    @overload
    def __getitem__(self, at: int) -> NewRow: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[NewRow]: ...
    def __getitem__(self, at: int | slice) -> Any:
        if isinstance(at, slice):
            return [self[each] for each in range(*at.indices(len(self)))]
        if not -len(self) <= at < len(self):
            raise IndexError(at)
        at %= len(self)
        return self.head[at] if at < len(self.head) else self.make(at - len(self.head))
