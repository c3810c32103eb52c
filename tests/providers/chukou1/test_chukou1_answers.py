"""What Chukou1's answers prove, in all the forms that were seen."""

import json
from typing import Any

import pytest

from bulkorders.core.outcome import Verdict
from bulkorders.core.words import Words
from bulkorders.providers.chukou1.answers import classify_create, classify_status_of
from bulkorders.remote.client import Answer, Failure

TICKET = "6f9619ff-8b86-d011-b42d-00c04fc964ff"
ENVELOPE = {"Errors": [{"Code": "800F1533", "Message": "货件编号不存在"}], "TicketId": TICKET, "UtcDateTime": "2026-11-23T01:02:03Z"}


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    """An answer; a body that is no bytes goes as JSON."""
    return Answer(status, headers, body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode())


def status(**fields: Any) -> Answer:
    """The status of P-1."""
    return answer(200, {"PackageId": "P-1", "Ck1PackageId": "CK1", "Status": "Created", "TrackingNumber": "1Z", **fields})


@pytest.mark.parametrize("body", [b"", b"null", b" \r\n", b"{}", b'""', b'{"Ck1PackageId": "CK1"}'])
@pytest.mark.parametrize(("code", "verdict"), [(201, Verdict.ACCEPTED), (200, Verdict.IGNORED)])
def test_success_has_no_body_that_counts(code: int, verdict: Verdict, body: bytes) -> None:
    """201 was submitted, 200 was there before; whether it is created only the status tells."""
    assert classify_create(answer(code, body)).verdict is verdict


@pytest.mark.parametrize("body", [b"<html>ok</html>", b'{"Errors": [', b"ok", json.dumps(ENVELOPE).encode()])
def test_what_does_not_read_like_success_proves_nothing(body: bytes) -> None:
    """A page of a proxy, half a body, an error beside a good status."""
    assert {classify_create(answer(code, body)).verdict for code in (200, 201)} == {Verdict.UNCLEAR}


@pytest.mark.parametrize("code", [400, 412])
@pytest.mark.parametrize(
    ("body", "says", "ticket"),
    [
        (ENVELOPE, "货件编号不存在", TICKET),
        ({**ENVELOPE, "Errors": []}, "HTTP", TICKET),
        ({"TicketId": TICKET, "DateTime": "x"}, "HTTP", TICKET),
        ({"Code": "1", "Message": "参数错误"}, "参数错误", None),
        ({"Errors": [{"Code": None, "Message": "甲"}, "乙", {"Message": "甲"}, {"Message": "丙"}]}, "甲；丙", None),
        ("Bad request: 数量".encode(), "Bad request: 数量", None),
        (b"<html><body>400</body></html>", "HTTP", None),
        (b"\xff\xfe", "", None),
        ({"Errors": {"a": 1}, "TicketId": 7}, "HTTP", "7"),
    ],
)
def test_a_refusal_is_told_in_the_remotes_words(code: int, body: Any, says: str, ticket: str | None) -> None:
    """With its ticket where it has one; a web page is not quoted."""
    outcome = classify_create(answer(code, body))
    assert (outcome.verdict, outcome.request_id) == (Verdict.REJECTED, ticket)
    assert outcome.message is not None
    assert says in outcome.message.zh
    assert "<" not in outcome.message.zh


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (answer(401), Verdict.STOPPED), (answer(404), Verdict.STOPPED), (answer(403, ENVELOPE), Verdict.STOPPED),
        (answer(429), Verdict.NOT_PROCESSED), (answer(500, ENVELOPE), Verdict.UNCLEAR), (answer(503), Verdict.UNCLEAR),
        (answer(405, {"TicketId": TICKET}), Verdict.STOPPED), (answer(202), Verdict.UNCLEAR),
        (Failure(False, Words("x", "x")), Verdict.NOT_PROCESSED), (Failure(True, Words("x", "x")), Verdict.UNCLEAR),
    ],
)  # fmt: skip
def test_other_answers_prove_what_they_prove(found: Answer | Failure, verdict: Verdict) -> None:
    """Only what proves "not processed" lets an order go again."""
    assert classify_create(found).verdict is verdict


@pytest.mark.parametrize("found", [answer(302, b"", location="https://example.com"), answer(403), answer(405, b"<html>"), answer(410, {})])
def test_a_status_that_the_vendor_does_not_give_stops_the_account_and_proves_nothing(found: Answer) -> None:
    """Something in between answered, perhaps after it had passed the order on: in doubt, and what to do is said of the account."""
    outcome = classify_create(found)
    assert outcome.verdict is Verdict.UNCLEAR
    assert outcome.stop is not None
    assert outcome.stop.zh.endswith("。")


def test_a_server_error_keeps_its_ticket_and_too_fast_its_wait() -> None:
    """The merchant's support case needs the one, the pace the other."""
    assert classify_create(answer(500, ENVELOPE)).request_id == TICKET
    assert classify_create(answer(429, **{"retry-after": "7"})).wait == 7.0


def test_created_needs_a_number() -> None:
    """`Created` with a blank number does occur: keep asking."""
    assert classify_status_of(status(), "P-1").verdict is Verdict.CREATED
    for blank in (None, "", "  "):
        assert classify_status_of(status(TrackingNumber=blank), "P-1").verdict is Verdict.ACCEPTED
    for word in ("Creating", "Auditing", "", None, 7, ["Created"]):
        assert classify_status_of(status(Status=word), "P-1").verdict is Verdict.ACCEPTED


def test_a_failed_creation_says_most_first() -> None:
    """ExtendMessage, then the reason and its code; whatever of them there is."""
    reason = {"ReasonCode": "R1", "ReasonText": "创建失败", "ExtendMessage": "邮编不对"}
    found = classify_status_of(status(Status="CreateFailed", CreateFailedReason=reason), "P-1")
    assert found.verdict is Verdict.REJECTED
    assert found.message is not None
    assert found.message.zh.startswith("邮编不对（创建失败，R1）")
    for odd in (None, {}, "x", {"ReasonText": None}):
        assert classify_status_of(status(Status="CreateFailed", CreateFailedReason=odd), "P-1").verdict is Verdict.REJECTED


def test_only_a_literal_false_says_that_the_number_may_change() -> None:
    """An absent or null mark is no news."""
    assert classify_status_of(status(IsFinalTrackingNumber=False), "P-1").may_change
    assert not any(classify_status_of(status(IsFinalTrackingNumber=mark), "P-1").may_change for mark in (None, True, 0))


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (answer(404, ENVELOPE), Verdict.ABSENT), (answer(200, b"<html>"), Verdict.UNCLEAR), (answer(200, [1]), Verdict.UNCLEAR),
        (answer(200, ENVELOPE), Verdict.UNCLEAR), (answer(500), Verdict.UNCLEAR), (status(PackageId="P-2"), Verdict.STOPPED),
        (status(PackageId="p-1"), Verdict.CREATED), (status(PackageId=None), Verdict.CREATED),
    ],
)  # fmt: skip
def test_a_status_that_is_none_says_nothing_of_the_order(found: Answer, verdict: Verdict) -> None:
    """404 is absent; another order's answer stops the account; what cannot be read proves nothing."""
    assert classify_status_of(found, "P-1").verdict is verdict


def test_an_order_that_has_ended_is_told() -> None:
    """Created once, and cancelled or returned since: created, with what the remote shows now."""
    for word, said in (("Cancel", "取消"), ("Return", "退回")):
        found = classify_status_of(status(HandleStatus=word), "P-1")
        assert found.verdict is Verdict.CREATED
        assert found.message is not None
        assert said in found.message.zh
