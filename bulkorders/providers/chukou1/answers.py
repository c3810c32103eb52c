"""What Chukou1's answers prove: HTTP codes, an error envelope in several forms, and the status of an order.

Sources: the vendor's pages of fbaOrder and of its status; the forms of the envelope are those that were seen.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.words import Words
from bulkorders.remote.classify import classify_failure, classify_status, doubt_status, one_line, read_code, read_text
from bulkorders.remote.client import Answer, Failure

SUBMITTED, EXISTS = 201, 200
REFUSED = frozenset({400, 412})
"""What is wrong lies in the order: it was not taken."""
UNAUTHORISED, UNKNOWN = 401, 404


@dataclass(frozen=True)
class Errors:
    """What an error answer says; all of it may be absent."""

    code: str | None = None
    text: str = ""
    ticket: str | None = None


def read_errors(answer: Answer) -> Errors:
    """`Errors` of the envelope, the flat form of OAuth, or the text of a body that is no JSON; a web page says nothing."""
    body = answer.json()
    if not isinstance(body, dict):
        text = one_line(answer.text()) if not answer.body.lstrip().startswith((b"<", b"{", b"[")) else ""
        return Errors(text=text)
    found = body.get("Errors")
    each = [one for one in (found if isinstance(found, list) else [body]) if isinstance(one, dict)]
    texts = [one_line(str(one["Message"])) for one in each if one.get("Message")]
    code = next((code for one in each if (code := read_code(one.get("Code")))), None)
    return Errors(code, "；".join(dict.fromkeys(texts)), read_text(body.get("TicketId")))


def classify_create(answer: Answer | Failure) -> Outcome:
    """What an answer to fbaOrder proves about the order. 201 means submitted: only its status tells whether it was created."""
    if isinstance(answer, Failure):
        return classify_failure(answer)
    if answer.status in (SUBMITTED, EXISTS):
        if not _is_plain(answer):
            return Outcome(Verdict.UNCLEAR, f"HTTP {answer.status}", Words("平台的回答看不懂", "the answer cannot be read"))
        return Outcome(Verdict.ACCEPTED if answer.status == SUBMITTED else Verdict.IGNORED, f"HTTP {answer.status}", ACCEPTED)
    if answer.status in REFUSED:
        errors = read_errors(answer)
        refused = Outcome(Verdict.REJECTED, errors.code or f"HTTP {answer.status}", request_id=errors.ticket)
        return refused.quoting(_REFUSED, errors.text or f"HTTP {answer.status}")
    trouble = classify_trouble(answer)
    return trouble if answer.status in (UNAUTHORISED, UNKNOWN) or _is_envelope(answer) else doubt_status(trouble)


def _is_envelope(answer: Answer) -> bool:
    """Whether an error answer is Chukou1's own, whatever its status: it names a code or a ticket."""
    errors = read_errors(answer)
    return errors.code is not None or errors.ticket is not None


def _is_plain(answer: Answer) -> bool:
    """Whether an answer of success is one: the pages give it no body, so it is empty or JSON, and names no error."""
    if answer.body.strip() in (b"", b"null"):
        return True
    found = answer.json()
    return found is not None and not (isinstance(found, dict) and read_errors(answer).text)


def classify_trouble(answer: Answer) -> Outcome:
    """What a status alone proves, with the ticket for the merchant's support case."""
    proved = classify_status(answer) or Outcome(Verdict.UNCLEAR, f"HTTP {answer.status}")
    errors = read_errors(answer)
    if proved.verdict is Verdict.UNCLEAR and errors.text:
        code = errors.code or proved.code
        proved = proved.quoting(_FAILED, Words(f"{errors.text}，{code}", f"{errors.text}, {code}"))
    return replace(proved, request_id=errors.ticket)


_REFUSED = Words("出口易拒绝了这个货件：{said}。请按提示改好再提交。", "Chukou1 refused it: {said}.")
_FAILED = Words("平台出错（{said}）", "the remote failed ({said})")


# -- status ------------------------------------------------------------------------------------------------------------------
ACCEPTED = Words("出口易已收下，正在创建：稍后运行 resume 再查。", "Chukou1 has taken it and is creating it: run resume later.")
_WITHOUT_NUMBER = Words(
    "出口易已建好，还没有给跟踪号：稍后运行 resume 再查。", "created, the tracking number is not there yet: run resume later."
)
_MAY_CHANGE = Words("跟踪号还可能变，稍后运行 resume 会更新。", "The tracking number may still change: run resume later.")
_ENDED = {
    "cancel": Words("出口易显示这个货件已取消：请到出口易后台核对。", "Chukou1 shows it as cancelled: check it there."),
    "return": Words("出口易显示这个货件已退回：请到出口易后台核对。", "Chukou1 shows it as returned: check it there."),
}
_OTHERS = Words("出口易答的是另一个货件，已停止：请联系出口易技术支持。", "Chukou1 answered with another order; stopped: ask its support.")


def classify_status_of(answer: Answer | Failure, package: str) -> Outcome:
    """What the status of a PackageId says: created only when `Status` is Created and TrackingNumber is not blank."""
    if isinstance(answer, Failure):
        return classify_failure(answer)
    if answer.status == UNKNOWN:
        return Outcome(
            Verdict.ABSENT, "HTTP 404", Words("出口易里还查不到这个货件：稍后运行 resume 再查。", "Chukou1 does not show it yet.")
        )
    body = answer.json()
    if answer.status != EXISTS:
        return classify_trouble(answer)
    if not isinstance(body, dict) or not body.keys() & {"Status", "PackageId"}:
        return Outcome(Verdict.UNCLEAR, "HTTP 200", Words("平台的回答看不懂", "the answer cannot be read"))
    if isinstance(named := body.get("PackageId"), str) and named.casefold() != package.casefold():
        return Outcome(Verdict.STOPPED, "HTTP 200", _OTHERS)
    return replace(_read_status(body), code=read_text(body.get("Status")) or "HTTP 200", remote_id=read_text(body.get("Ck1PackageId")))


def _read_status(body: Mapping[str, Any]) -> Outcome:
    """A status; one that nobody knows yet means: still at work."""
    status, number = read_text(body.get("Status")) or "", read_text(body.get("TrackingNumber"))
    match status.casefold():
        case "createfailed":
            return Outcome(Verdict.REJECTED, status).quoting(_NOT_CREATED, _why(body.get("CreateFailedReason")))
        case "created" if number:
            may_change = body.get("IsFinalTrackingNumber") is False
            ended = _ENDED.get(str(body.get("HandleStatus")).casefold())
            message = ended or (_MAY_CHANGE if may_change else None)
            carrier = read_text(body.get("ShippingProvider"))
            return Outcome(Verdict.CREATED, message=message, tracking_number=number, carrier=carrier, may_change=may_change)
        case "created":
            return Outcome(Verdict.ACCEPTED, message=_WITHOUT_NUMBER)
        case "creating":
            return Outcome(Verdict.ACCEPTED, message=ACCEPTED)
        case _:
            words = Words(f"出口易的状态是「{status}」：稍后运行 resume 再查。", f'Its status is "{status}": run resume later.')
            return Outcome(Verdict.ACCEPTED, message=words)


_NOT_CREATED = Words(
    "{said}：出口易没有建成这个货件，请改好内容再提交，原样再提交会被忽略。",
    "{said}: Chukou1 did not create it; mend it and submit again, unchanged it would be ignored.",
)


def _why(reason: object) -> str:
    """Why it was not created: what says most comes first."""
    given = reason if isinstance(reason, Mapping) else {}
    texts = [text for name in ("ExtendMessage", "ReasonText", "ReasonCode") if (text := read_text(given.get(name)))]
    said, *more = texts or ["没有说明原因"]
    return f"{said}（{'，'.join(more)}）" if more else said
