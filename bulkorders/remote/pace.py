"""The pace of calls that leave one after the other: as fast as a remote takes them, and hardly ever faster.

What is configured is a promise about calls as they arrive. Sending every 1/r seconds would break it a third of the time, since the
way there takes now longer, now shorter. So the next call is anchored to the last answer: what is answered by now was counted by the
remote at least as long ago as the rest of the shortest round trip takes.

What the remote allows beyond that is learnt from its refusals alone, since few remotes say it, and most count in tokens: where none
is refused, the next call leaves as soon as the answer is in.
"""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from bulkorders.core.provider import Clock

MARGIN = 0.01
"""Between what is configured and what is done, as a part of the time between two calls."""
EASING_SECONDS, EASING_CALLS = 30.0, 150
"""How long an interval eases until it is again at what was refused, whichever is longer: one refusal costs about a second of waiting,
and one in so many calls stays well below 2 %."""
LEAST_EASING = 0.08
"""How far it eases at least in that time, as a part of the interval."""
SOON_SECONDS, SOON_CALLS = 10.0, 3
"""A refusal that comes so soon after the last one, though not after fewer calls than these, puts the interval in doubt."""
USELESS = 4
"""Refusals that pass without an interval once it has proved useless."""


@dataclass(frozen=True)
class Interval:
    """Seconds from the sending of one call to that of the next, as a refusal has taught them.

    `refused` was too short, `safe` is long enough. It eases like TCP's CUBIC (RFC 9438): quickly from `safe` towards `refused`, long
    about there, then faster and faster below, so that what was learnt wrongly, or no longer holds, goes away.
    """

    refused: float
    safe: float
    since: float

    def at(self, now: float) -> float:
        """The seconds by now; in the end none, and less than none."""
        easing = max(EASING_SECONDS, EASING_CALLS * self.refused)
        above = max(self.safe - self.refused, LEAST_EASING * self.refused)
        return self.refused + above * (1 - (now - self.since) / easing) ** 3


@dataclass
class Pace:
    """When the next call may leave: enter it for each call, one at a time. Not for several threads.

    `per_second`: how many calls may arrive at most, None for as many as the remote takes.
    """

    per_second: float | None
    clock: Clock
    _next: float = float("-inf")
    _sent: float = 0.0
    _trip: float = float("inf")
    _shortest: float = float("inf")
    _run: int = 0
    _began: float = field(init=False)
    _interval: Interval | None = None
    _without: int = 0

    def __post_init__(self) -> None:
        self._began = self.clock.monotonic()

    def __enter__(self) -> Self:
        """Waits until the call may leave."""
        if (rest := self._next - self.clock.monotonic()) > 0:
            self.clock.sleep(rest)
        self._shortest = min(self._shortest, self._trip)
        self._sent = self.clock.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """The answer is in, or the call has failed; it counts as accepted unless `slow_down` says otherwise."""
        now = self.clock.monotonic()
        self._trip = now - self._sent
        self._run += 1
        self._plan(now)

    def slow_down(self) -> None:
        """The call just made was refused as too fast; how long to back off is the caller's business.

        It teaches only if the call before was accepted: after a back-off the interval was long enough, and the token is held by
        somebody else, or still out for a call that was abandoned.
        """
        now = self.clock.monotonic()
        self._trip = float("inf")  # a refusal is answered sooner than a call that is worked on
        run, self._run = self._run - 1, 0
        if run > 0:
            seconds, self._began = now - self._began, now
            if self._interval and self._without:
                self._compare(self._interval, run, seconds)
            else:
                self._learn(run, seconds, now)
            self._plan(now)

    def _plan(self, now: float) -> None:
        configured = now - min(self._shortest, self._trip) + self._least if self.per_second else now
        self._next = max(now, configured, self._sent + self._learnt(now))

    @property
    def _least(self) -> float:
        """Seconds between two calls that the configuration asks for."""
        return (1 + MARGIN) / self.per_second if self.per_second else 0.0

    def _learnt(self, now: float) -> float:
        return self._interval.at(now) if self._interval and not self._without else 0.0

    def _learn(self, run: int, seconds: float, now: float) -> None:
        """From one refusal to the next the remote's tokens go from none to none: it has brought forth one in `seconds / run`.

        But those of a small bucket spilt over during the back-off, and some of the time was not the remote's: so no more than double.
        """
        unpaced = max(self._shortest, self._least)
        refused = max(unpaced, self._learnt(now))
        if refused > unpaced and seconds < SOON_SECONDS and run >= SOON_CALLS:
            self._without = 1
        self._interval = Interval(refused, min(2 * refused, seconds / run), now)

    def _compare(self, interval: Interval, run: int, seconds: float) -> None:
        """What a run without the interval shows: it is no use if the remote took more calls than the interval would have let through.

        Such refusals are not about the pace, but another machine's calls. The first token may have been there already.
        """
        self._without -= 1
        if seconds <= (run - 1) * interval.refused:
            self._without = USELESS
