"""How much may go on at once: some for each user, some for all together, so that one who sends 500 files holds up nobody else."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .problems import busy, too_many


@dataclass
class Slots:
    """Counts what goes on. Used in the event loop alone, so that nothing has to be locked."""

    each: int
    all: int
    _taken: Counter[str] = field(default_factory=Counter)

    def check(self, who: str) -> None:
        """Raises a Problem where one more is too many."""
        if self._taken[who] >= self.each:
            raise too_many()
        if self._taken.total() >= self.all:
            raise busy()

    @contextmanager
    def take(self, who: str) -> Iterator[None]:
        """One more for the block, which was checked before."""
        self._taken[who] += 1
        try:
            yield
        finally:
            self._taken[who] -= 1
            if not self._taken[who]:
                del self._taken[who]
