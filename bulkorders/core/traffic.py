"""What an imitation counts of its calls."""

from collections import Counter
from typing import Any


class Traffic:
    """Calls by path, the most that were in flight at once by path, and refusals by code. Not thread-safe: its owner holds a lock."""

    def __init__(self) -> None:
        self.requests: Counter[str] = Counter()
        self.max_in_flight: Counter[str] = Counter()
        self.refusals: Counter[str] = Counter()
        self._in_flight: Counter[str] = Counter()

    def begins(self, path: str) -> None:
        """A call has come."""
        self.requests[path] += 1
        self._in_flight[path] += 1
        self.max_in_flight[path] = max(self.max_in_flight[path], self._in_flight[path])

    def ends(self, path: str) -> None:
        """A call is over."""
        self._in_flight[path] -= 1

    def told(self) -> dict[str, Any]:
        """The counters, as JSON has them."""
        return {"requests": dict(self.requests), "max_in_flight": dict(self.max_in_flight), "refusals": dict(self.refusals)}
