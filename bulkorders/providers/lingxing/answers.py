"""What Lingxing's answers prove: two envelopes, one table of codes.

Sources: the vendor's code table and page createOrder; what is tagged as seen in production is treated with the same care.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.words import Words
from bulkorders.remote.classify import classify_failure, classify_status, doubt_status, one_line, read_code, read_text
from bulkorders.remote.client import Answer, Failure

TOKEN_CODES = frozenset({"2001003", "2001005", "2001008", "2001009"})
OLD_SIGNATURE = "2001007"
BUSY = "3001008"
THROTTLED = "103"
THROTTLED_SECONDS = 30.0
"""How long to send nothing after 103 (vendor's guidance)."""
DUPLICATE = "订单号已经存在"
_TRANSPORT = ("请求连接异常", "超时", "timeout", "timed out", "connection", "网络异常", "服务器异常", "系统繁忙", "系统异常")


def _stopped(*codes: str, zh: str, en: str) -> dict[str, Outcome]:
    return {code: Outcome(Verdict.STOPPED, code, Words(f"领星：{zh}（{code}）。", f"Lingxing: {en} ({code}).")) for code in codes}


_STOPPED: Mapping[str, Outcome] = {
    **_stopped("2001001", "2001002", "0001001", zh="AppID 或密钥不对，请核对 app_id 和 app_secret", en="app_id or app_secret is wrong"),
    **_stopped(*sorted(TOKEN_CODES), zh="令牌一再失效，是否有别的程序在用同一个 AppID？请停掉它", en="another program replaces the token"),
    **_stopped("2001006", zh="签名不对，请核对 app_id，再联系技术支持", en="the signature is refused"),
    **_stopped("2001007", zh="签名过期，请核对这台电脑的时间", en="the signature is too old: check this machine's clock"),
    **_stopped("2001004", "401", "403", zh="这个应用没有权限，请在领星里开通接口授权", en="the app is not authorised"),
    **_stopped("3001002", zh="本机的 IP 不在白名单里，请在领星里加上", en="this machine's IP is not on the white list"),
    **_stopped("3001001", "102", "400", zh="请求的格式不被接受，请核对 base_url，再联系技术支持", en="the request is malformed"),
    **_stopped("404", zh="接口地址不对，请核对 base_url", en="the address is wrong: check base_url"),
}  # fmt: skip


@dataclass(frozen=True)
class Envelope:
    """An answer's envelope, of the gateway or of the service."""

    code: str
    message: str
    details: tuple[str, ...]
    request_id: str | None
    data: Any

    @property
    def text(self) -> str:
        """What it says, for a person."""
        return "；".join(self.details) or self.message


def read_envelope(answer: Answer | Failure) -> Envelope | Outcome:
    """The envelope of an answer; or what is proved by an answer that has none."""
    if isinstance(answer, Failure):
        return classify_failure(answer)
    body = answer.json()
    code = read_code(body.get("code")) if isinstance(body, dict) else None
    if code is None:
        unreadable = Outcome(Verdict.UNCLEAR, message=Words("平台的回答看不懂", "the answer cannot be read"))
        return classify_status(answer) or unreadable
    if answer.status >= 500:
        return classify_status(answer) or Outcome(Verdict.UNCLEAR)
    message = body.get("message") or body.get("msg") or ""
    request_id = read_text(body.get("request_id")) or read_text(body.get("requestId"))
    return Envelope(code, one_line(str(message)), _details(body.get("error_details")), request_id, body.get("data"))


def _details(raw: Any) -> tuple[str, ...]:
    """`error_details` in all the forms it was seen in: a list of texts or of objects with `message`, or one text."""
    items = raw if isinstance(raw, list) else [raw] if raw else []
    texts = (
        (item.get("message") or item.get("msg") or json.dumps(item, ensure_ascii=False)) if isinstance(item, dict) else item
        for item in items
        if item is not None
    )
    return tuple(line for text in texts if (line := one_line(str(text))))


def classify_create(answer: Answer | Failure) -> Outcome:
    """What an answer to createOrder proves about the order. Lingxing's own come with HTTP 200, or prove by their code what they say."""
    envelope = read_envelope(answer)
    if isinstance(envelope, Outcome):
        return doubt_status(envelope)
    is_failed = classify_status(answer) if isinstance(answer, Answer) else None
    return (classify_refusal(envelope) or doubt_status(is_failed)) if is_failed else _classify(envelope)


def _classify(envelope: Envelope) -> Outcome:
    if envelope.code == "0" and not envelope.details:
        return Outcome(Verdict.CREATED, "0", None, envelope.request_id)
    if (stopped := classify_refusal(envelope)) is not None:
        return stopped
    if envelope.code == "500" and DUPLICATE in envelope.text:
        return Outcome(Verdict.EXISTS, envelope.code, _EXISTS, envelope.request_id)
    if envelope.code == "500" and envelope.details and not _is_transport(envelope.text):
        return Outcome(Verdict.REJECTED, "500", request_id=envelope.request_id).quoting(_REFUSED, envelope.text)
    wait = THROTTLED_SECONDS if envelope.code == THROTTLED else None
    unclear = Outcome(Verdict.UNCLEAR, envelope.code, request_id=envelope.request_id, wait=wait)
    return unclear.quoting(_UNCLEAR, envelope.text or envelope.code)


_NOT_OPEN = frozenset({"2001004", "401", "403", "404", "400", "102", "3001001"})
"""Codes that may concern the one path alone: the app may create orders all the same."""


def classify_read(answer: Answer | Failure) -> Envelope | Outcome:
    """The answer to a call that changes nothing, or the outcome that says why there is none."""
    envelope = read_envelope(answer)
    if isinstance(envelope, Outcome):
        return envelope
    if envelope.code == "0":
        return envelope
    refused = classify_refusal(envelope)
    if refused is not None and refused.code in _NOT_OPEN:
        said = Words(f"领星没有对这个应用开放查询接口（{envelope.code}）", f"Lingxing does not let this app ask ({envelope.code})")
        return Outcome(Verdict.WITHHELD, envelope.code, said, envelope.request_id)
    unclear = Outcome(Verdict.UNCLEAR, envelope.code, request_id=envelope.request_id)
    return refused or unclear.quoting(_NO_ANSWER, envelope.text or envelope.code)


def classify_refusal(envelope: Envelope) -> Outcome | None:
    """What proves of any call that it was not processed; None where the code does not prove it."""
    if envelope.code == BUSY:
        return Outcome(Verdict.NOT_PROCESSED, BUSY, Words("平台正忙", "the remote is busy"), envelope.request_id)
    if envelope.code == "500" and not envelope.details and "404 NOT_FOUND" in envelope.message:
        return _STOPPED["404"]
    return _STOPPED.get(envelope.code)


def _is_transport(text: str) -> bool:
    return any(word in text.casefold() for word in _TRANSPORT)


_EXISTS = Words(
    "领星里已经有这个订单号，流水账里没有建过它的记录：请到领星核对商品和数量，是同一单就不用再发，确认是另一单才改订单号。",
    "Lingxing has this order number already, and the journal does not know of it: compare the lines there; nothing is to be sent if it is "
    "this order, and only if it is another one, change the number.",
)
_REFUSED = Words("领星拒绝了这一单：{said}。请按提示改好再提交。", "Lingxing refused it: {said}.")
_UNCLEAR = Words("平台回答不清楚（{said}）", "the answer is unclear ({said})")
_NO_ANSWER = Words("领星没有答出来（{said}）", "Lingxing gave no answer ({said})")
