"""The pace of calls that leave one after the other: as fast as a remote takes them, and hardly ever faster.

What is configured holds for calls as they arrive. Sending every 1/r seconds wastes a third of the pace to refusals, since the way
there takes now longer, now shorter. So the next call is anchored to the last answer: that call was counted by the remote at least a way
back ago, and the next one is counted a way there later, which together make the shortest round trip.

What the remote bears beyond that is learnt from its refusals, since few remotes say it. Without a refusal there is no interval at all:
the next call leaves as soon as the answer is in, which is ideal where a remote counts calls in flight, not calls a second.
"""

from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from bulkorders.core.provider import Clock

MARGIN = 0.01
"""Between what is configured and what is done, as a part of the time between two calls."""
SURE_TRIPS = 5
"""Round trips that must have been seen before the shortest counts: the first one opens a connection, or meets a busy machine."""
EASING_SECONDS, EASING_CALLS = 30.0, 150
"""Until an interval has eased to what was refused, whichever is longer: each time costs a refusal or two, and a second of waiting."""
LEAST_EASING = 0.08
"""How far it eases at least in that time, as a part of the interval."""
SOON_SECONDS, SOON_CALLS = 10.0, 15
"""An interval that is refused again within so long, whichever is longer, is in doubt."""
RUNS_WITHOUT = 3
"""From refusal to refusal, once the interval has proved useless."""


@dataclass(frozen=True)
class Interval:
    """Seconds from the sending of one call to that of the next, as a refusal has taught them.

    `refused` was too short, `safe` seems long enough. It eases like the window of TCP's CUBIC (RFC 9438): quickly from `safe` towards
    `refused`, slowly about there, then faster and faster, so that what was learnt wrongly, or no longer holds, goes away.
    """

    refused: float
    safe: float
    since: float

    def at(self, now: float) -> float:
        """What is left of it; in the end nothing, and less than nothing."""
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
    _trips: int = 0  # that were seen
    _run: int = 0  # calls accepted since the last refusal
    _began: float = field(init=False)  # when that was
    _interval: Interval | None = None
    _without: int = 0  # runs that are still to go without it

    def __post_init__(self) -> None:
        self._began = self.clock.monotonic()

    def __enter__(self) -> Self:
        """Waits until the call may leave."""
        if (rest := self._next - self.clock.monotonic()) > 0:
            self.clock.sleep(rest)
        self._shortest = min(self._shortest, self._trip)
        self._trips += self._trip < float("inf")
        self._sent = self.clock.monotonic()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """The answer is in, or the call has failed; it counts as accepted unless `slow_down` says otherwise."""
        now = self.clock.monotonic()
        self._trip = now - self._sent
        self._run += 1
        self._plan(now)

    def slow_down(self) -> None:
        """The call just made was refused as too fast; to back off is the caller's business.

        It teaches only if the call before was accepted: after a back-off it was no question of the interval, but of a token that
        another machine holds, or that a call given up has left out.
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
        ahead = min(self._shortest, self._trip) if self._trips >= SURE_TRIPS else 0.0
        configured = now - ahead + self._least if self.per_second else now
        self._next = max(now, configured, self._sent + self._learnt(now))

    @property
    def _least(self) -> float:
        """Seconds between two calls that the configuration asks for."""
        return (1 + MARGIN) / self.per_second if self.per_second else 0.0

    def _learnt(self, now: float) -> float:
        return self._interval.at(now) if self._interval and not self._without else 0.0

    def _learn(self, run: int, seconds: float, now: float) -> None:
        """From refusal to refusal the remote's tokens go from none to none: it makes one in `seconds / run`.

        Or sooner, where some did not fit into its bucket during the back-off, or nothing was sent: so the interval at most doubles.
        """
        unpaced = max(self._shortest, self._least)
        refused = max(unpaced, self._learnt(now))
        if refused > unpaced and run > 1 and seconds < max(SOON_SECONDS, SOON_CALLS * refused):
            self._without = 1
        self._interval = Interval(refused, min(2 * refused, seconds / run), now)

    def _compare(self, interval: Interval, run: int, seconds: float) -> None:
        """A remote that takes more calls without the interval than with it refuses for somebody else's calls, not for the pace.

        Counted from the refused interval, at which it should take fewer still, and from one token that may have been there before.
        """
        self._without -= 1
        if seconds <= (run - 1) * interval.refused:
            self._without = RUNS_WITHOUT
