"""What an HTTP status proves, for every provider; the body's own codes are the provider's."""

import re
from dataclasses import replace
from email.utils import parsedate_to_datetime

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.words import Words

from .client import Answer, Failure

_TEXT_LIMIT = 300
_CODE = re.compile(r"[A-Za-z0-9_.-]{1,40}")
LONGEST_RETRY_AFTER = 300.0
"""Seconds; a remote that asks for more is asked again all the same, rather than holding a run for a day."""


def classify_failure(failure: Failure) -> Outcome:
    """A call without an answer: not processed where it never arrived, unclear otherwise."""
    verdict = Verdict.UNCLEAR if failure.arrived else Verdict.NOT_PROCESSED
    return Outcome(verdict, message=failure.reason)


def classify_status(answer: Answer) -> Outcome | None:
    """What a status alone proves; None for 2xx, where the body must tell."""
    if 200 <= answer.status < 300:
        return None
    code = f"HTTP {answer.status}"
    if answer.status == 429:
        return Outcome(Verdict.NOT_PROCESSED, code, Words("平台说太快了", "the remote says: too fast"), wait=retry_after(answer))
    if answer.status in (401, 403):
        message = Words("平台不接受这个账号：请核对账号配置和授权。", "the remote refuses the account: check its settings.")
        return Outcome(Verdict.STOPPED, code, message)
    if 300 <= answer.status < 400 or answer.status in (400, 404, 405, 410):
        message = Words(f"平台地址不对（{code}）：请核对 base_url。", f"the remote's address is wrong ({code}): check base_url.")
        return Outcome(Verdict.STOPPED, code, message)
    return Outcome(Verdict.UNCLEAR, code, Words(f"平台出错（{code}）", f"the remote failed ({code})"), wait=retry_after(answer))


def doubt_status(outcome: Outcome) -> Outcome:
    """What a status that the API itself never gives proves of a create: something in between answered, perhaps after it had passed it on.

    The account stops as for any other call, but the order that met it is in doubt.
    """
    if outcome.verdict is not Verdict.STOPPED or outcome.message is None:
        return outcome
    return replace(outcome, verdict=Verdict.UNCLEAR, message=outcome.message.first_sentence(), stop=outcome.message)


def retry_after(answer: Answer) -> float | None:
    """The seconds that the remote asks to wait, if it says a number of them, or until when by its own clock."""
    text = answer.headers.get("retry-after", "")
    if text.isdecimal() and len(text) < 20:
        return min(float(text), LONGEST_RETRY_AFTER)
    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(answer.headers["date"])
        return min(max((until - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER)
    except (KeyError, ValueError, TypeError):
        return None


def read_code(value: object) -> str | None:
    """A code of the remote's own, which may be said anywhere: one short word or number. None for anything else."""
    return str(value) if not isinstance(value, bool) and isinstance(value, str | int) and _CODE.fullmatch(str(value)) else None


def read_text(value: object) -> str | None:
    """A text or number of the remote as one line; None where it is blank, or neither."""
    return (one_line(str(value)) or None) if isinstance(value, str | int) and not isinstance(value, bool) else None


def one_line(text: str) -> str:
    """A text of the remote, fit for a table, a terminal and a log: one line, no control characters, not endless."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())[:_TEXT_LIMIT]
