"""What ends the work at one gate early: it is told of that gate's orders, and of no others."""

from dataclasses import dataclass

from bulkorders.core.words import Words
from bulkorders.errors import BulkordersError, bug_said, os_reason

_SYSTEM = Words(
    "{reason}，这个账号的订单没有发完：请先排除，再运行 resume。",
    "{reason}; the account's orders are not all sent: mend that, then resume.",
)


@dataclass(frozen=True)
class Failure:
    """Why a gate's orders were left. A bug of ours is one that no `resume` mends."""

    reason: Words
    is_bug: bool


def failure_of(error: BaseException) -> Failure:
    """An exception as a sentence: of the surroundings, such as a full disk or a journal that cannot be used, or of our own making."""
    if isinstance(error, BulkordersError) and error.exit_code != BulkordersError.exit_code:
        return Failure(Words(error.zh, error.en), is_bug=False)
    if isinstance(error, OSError):
        return Failure(_SYSTEM.fill(reason=Words(*os_reason(error))), is_bug=False)
    return Failure(Words(*bug_said(error)), is_bug=True)
