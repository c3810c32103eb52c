"""A clock for runs that would take hours: sleeping takes no time, alarms ring on the way, and the clock on the wall may be wrong."""

import datetime as dt
import time
from collections.abc import Callable
from threading import RLock

from bulkorders.pipeline.app import SystemClock


class StageClock(SystemClock):
    """The machine's time and all that was slept. `wrong`: seconds by which the client's wall clock is ahead of the true time."""

    def __init__(self) -> None:
        self.wrong = 0.0
        self._slept = 0.0
        self._alarms: list[tuple[float, Callable[[], None]]] = []
        self._lock = RLock()

    def now(self) -> dt.datetime:
        """What the client takes for the time."""
        return dt.datetime.fromtimestamp(self.true() + self.wrong, dt.UTC)

    def true(self) -> float:
        """Unix seconds, as the remote has them."""
        return time.time() + self._slept

    def monotonic(self) -> float:
        """Seconds that never go back, those slept included."""
        return time.monotonic() + self._slept

    def sleep(self, seconds: float) -> None:
        """Takes the seconds as slept; what was to happen meanwhile happens in its order."""
        until = self.true() + max(seconds, 0.0)
        with self._lock:
            while self._alarms and self._alarms[0][0] <= until:
                at, action = self._alarms.pop(0)
                self._slept += max(at - self.true(), 0.0)
                action()
            self._slept += max(until - self.true(), 0.0)

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Has something happen so many seconds from now, when somebody sleeps past it."""
        with self._lock:
            self._alarms.append((self.true() + seconds, action))
            self._alarms.sort(key=lambda alarm: alarm[0])
