"""Calls that change no order: they may be asked again, and a failure of theirs sends nothing."""

from collections.abc import Callable
from dataclasses import replace

import stamina

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.words import Words

from .client import Answer, Failure

ATTEMPTS = 3


class _TransientError(Exception):
    """A read that may be asked again."""


def ask(call: Callable[[], Answer | Failure | Outcome], seconds: float) -> Answer | Failure | Outcome:
    """The answer to a read, asked up to three times within so many seconds while the remote cannot be reached or fails."""
    answer: Answer | Failure | Outcome = Failure(False, Words("", ""))
    try:
        for attempt in stamina.retry_context(on=_TransientError, attempts=ATTEMPTS, timeout=seconds):
            with attempt:
                answer = call()
                if isinstance(answer, Failure) or (isinstance(answer, Answer) and answer.status >= 500):
                    raise _TransientError
    except _TransientError:
        return answer
    return answer


def nothing_sent(outcome: Outcome) -> Outcome:
    """What a failed read proves of the order it was for: whatever became of the read, the order was not sent."""
    return replace(outcome, verdict=Verdict.NOT_PROCESSED) if outcome.verdict is Verdict.UNCLEAR else outcome
