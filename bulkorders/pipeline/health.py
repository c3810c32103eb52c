"""How an account's remote is doing, as far as its answers tell: when to rest, when to ask before more is sent, when to give up."""

from dataclasses import dataclass, field
from random import Random

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.provider import Clock
from bulkorders.core.retry import DOWN_AFTER, MOST_FIRST_WAITS, MOST_UNCLEAR, OUTAGE_SECONDS, Budget, backoff
from bulkorders.core.words import Words

BUSY = Words("平台正忙", "the remote is busy")
_OUTAGE = Words("{reason}，试了 {times} 次：请稍后运行 resume。", "{reason}, tried {times} times: run resume later.")
_UNCLEAR = Words(
    "平台连续 {times} 次没有答清楚，先停下：请稍后运行 resume。", "{times} unclear answers in a row, stopped: run resume later."
)


@dataclass
class Health:
    """The answers of one run to one account. `can_ask`: orders can be looked up."""

    clock: Clock
    chance: Random
    can_ask: bool
    has_reached: bool = False
    is_down: bool = False
    waits: int = 0
    unclear: int = 0
    stopped: Words | None = None
    _since: float = 0.0
    _budget: Budget = field(default_factory=Budget)

    def sent(self, outcome: Outcome) -> None:
        """An order was sent, or was not let in."""
        self._count(outcome)
        if outcome.verdict is Verdict.UNCLEAR:
            self.unclear += 1
            self.is_down = self.unclear >= DOWN_AFTER
            self._judge_unclear()
        elif outcome.verdict not in (Verdict.NOT_PROCESSED, Verdict.STOPPED):
            self.unclear = 0

    def asked(self, outcome: Outcome) -> None:
        """An order was looked up: an answer, whatever it says, shows that the remote is there again."""
        self._count(outcome)
        if outcome.verdict is Verdict.WITHHELD:
            self.can_ask = False
            self._judge_unclear()
        elif outcome.verdict not in (Verdict.NOT_PROCESSED, Verdict.STOPPED):
            self.is_down = False

    def _count(self, outcome: Outcome) -> None:
        is_waiting = outcome.verdict is Verdict.NOT_PROCESSED
        self._budget.count(self.clock.monotonic(), failed=outcome.verdict is Verdict.UNCLEAR or (is_waiting and outcome.code is None))
        self.has_reached = self.has_reached or outcome.code is not None
        if outcome.verdict is Verdict.STOPPED or outcome.stop is not None:
            self.stopped = outcome.stop or outcome.reason
        if not is_waiting:
            self.waits = 0
            return
        if not self.waits:
            self._since = self.clock.monotonic()
        self.waits += 1
        if (not self.has_reached and self.waits >= MOST_FIRST_WAITS) or self.clock.monotonic() - self._since > OUTAGE_SECONDS:
            self.stopped = _OUTAGE.fill(reason=outcome.reason or BUSY, times=self.waits)

    def _judge_unclear(self) -> None:
        if self.unclear >= (MOST_UNCLEAR if self.can_ask else DOWN_AFTER):
            self.stopped = _UNCLEAR.fill(times=self.unclear)

    def backoff(self, outcome: Outcome) -> float:
        """Seconds until a call that was not processed may leave again."""
        return backoff(max(self.waits - 1, 0), self.chance.random(), outcome.wait)

    def rest(self, outcome: Outcome) -> float:
        """Seconds to send nothing after an unclear answer: none after a single one, as long as few calls fail."""
        if outcome.verdict is not Verdict.UNCLEAR:
            return 0.0
        is_alone = self.unclear <= 1 and not self._budget.is_spent
        return outcome.wait or 0.0 if is_alone else backoff(max(self.unclear - 2, 0), self.chance.random(), outcome.wait)
