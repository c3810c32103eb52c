"""What Lingxing's answers prove: the whole table of codes, every form of the envelope, and that nothing unclear counts as created."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.words import Words
from bulkorders.providers.lingxing.answers import Envelope, classify_create, classify_refusal, read_envelope
from bulkorders.remote.client import Answer, Failure

GATEWAY = ["2001001", "2001002", "0001001", "2001006", "2001004", "3001002", "3001001", "401", "403"]
"""Codes that prove "not processed" and stop the account."""
UNCLEAR = ["1", "100", "103", "104", "999", "-1", "200"]


def answer(body: Any, status: int = 200, **headers: str) -> Answer:
    """An answer with a JSON body, or with bytes as they are."""
    return Answer(status, headers, body if isinstance(body, bytes) else json.dumps(body).encode())


def service(code: int | str, details: Any = None, message: str = "失败", **more: Any) -> Answer:
    """An answer in the service's envelope."""
    body = {
        "code": code,
        "message": message,
        "error_details": details,
        "request_id": "r.1",
        "response_time": "2023-04-27 09:28:29",
        "total": 0,
    }
    return answer({**body, **more})


def gateway(code: int | str, msg: str = "error") -> Answer:
    """An answer in the gateway's envelope."""
    return answer({"code": code, "msg": msg, "data": None})


def verdict(of: Answer | Failure) -> str:
    """What an answer to createOrder proves."""
    return classify_create(of).verdict.value


# -- created ------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [0, "0"])
@pytest.mark.parametrize("details", [[], None, ""])
def test_zero_without_details_is_created(code: int | str, details: Any) -> None:
    """`code` as string or int; `error_details` empty, null or absent. The request id is kept."""
    outcome = classify_create(service(code, details, "操作成功"))
    assert outcome == Outcome(Verdict.CREATED, "0", None, "r.1")
    assert verdict(answer({"code": code, "message": "操作成功", "data": []})) == "created"


def test_the_success_of_the_vendors_page_is_created() -> None:
    """The sample answer of the page, as it stands there."""
    body = (
        '{"code": 0, "data": [], "error_details": [], "message": "操作成功", "response_time": "2023-04-27 09:28:29", '
        '"request_id": "212149f55784429aaa69fe7f0cab12e7.100.16825589067040171", "total": 0}'
    )
    assert classify_create(answer(body.encode())).request_id == "212149f55784429aaa69fe7f0cab12e7.100.16825589067040171"


@pytest.mark.parametrize("code", [0, "0"])
@pytest.mark.parametrize(
    "details", [["库存不足"], "库存不足", [{"message": "库存不足"}], {"message": "库存不足"}, [{"reason": "库存不足"}], [{"code": 7}], [7]]
)
def test_zero_with_details_is_unclear(code: int | str, details: Any) -> None:
    """Success that names faults in whatever form is looked up, not believed."""
    assert verdict(service(code, details, "操作成功")) == "unclear"


# -- the table of codes ------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [*GATEWAY, "102", "400", "2001003", "2001005", "2001007"])
def test_codes_that_prove_not_processed_stop_the_account(code: str) -> None:
    """Configuration, authorisation, form; and token or signature codes that stay after they were renewed. Each says what to do."""
    forms = [gateway(code), service(code)] + ([] if code.startswith("0") else [gateway(int(code)), service(int(code), ["x"])])
    for each in forms:
        outcome = classify_create(each)
        assert outcome.verdict is Verdict.STOPPED
        assert outcome.message is not None
        assert code in outcome.message.zh
        assert code in outcome.message.en


@pytest.mark.parametrize("code", ["3001008", 3001008])
@pytest.mark.parametrize("make", [gateway, service])
def test_no_token_in_the_bucket_is_not_processed(code: int | str, make: Any) -> None:
    """The same bytes may go again."""
    assert verdict(make(code)) == "not_processed"


@pytest.mark.parametrize("make", [gateway, service])
@pytest.mark.parametrize("code", UNCLEAR)
def test_other_codes_are_unclear(make: Any, code: str) -> None:
    """The backend's throttle, its own failures and codes that nobody has seen: the order is looked up, never resent blindly."""
    assert [verdict(make(each)) for each in (code, int(code))] == ["unclear", "unclear"]
    if make is service:
        assert verdict(service(code, ["x"])) == "unclear"


@pytest.mark.parametrize("code", ["500", 500])
def test_500_of_a_wrong_path_stops_the_account(code: int | str) -> None:
    """A doubled slash or a wrong base URL answers `404 NOT_FOUND`."""
    outcome = classify_create(gateway(code, "404 NOT_FOUND"))
    assert outcome.verdict is Verdict.STOPPED
    assert outcome.message is not None
    assert "base_url" in outcome.message.zh


@pytest.mark.parametrize("code", [500, "500"])
@pytest.mark.parametrize(
    "details", [["MSKU 不存在"], "MSKU 不存在", [{"message": "MSKU 不存在"}], {"message": "MSKU 不存在"}, [{"msg": "MSKU 不存在"}]]
)
def test_500_with_details_is_a_refusal_that_quotes_them(code: int | str, details: Any) -> None:
    """A business refusal is final for this order, and the merchant reads the remote's own words, in whatever form they came."""
    outcome = classify_create(service(code, details))
    assert outcome.verdict is Verdict.REJECTED
    assert outcome.message is not None
    assert "MSKU 不存在" in outcome.message.zh
    assert (outcome.code, outcome.request_id) == ("500", "r.1")


def test_all_details_of_a_refusal_are_told() -> None:
    """Each on its own, in one line."""
    outcome = classify_create(service(500, ["城市\n不能为空", "邮编不对"]))
    assert outcome.message is not None
    assert "城市 不能为空；邮编不对" in outcome.message.zh


def test_a_number_that_exists_is_to_be_compared_and_not_said_to_be_anothers() -> None:
    """That the journal does not know of it does not prove whose it is: only who has compared it may take another number."""
    outcome = classify_create(service(500, ["订单号已经存在"]))
    assert outcome.verdict is Verdict.EXISTS
    assert outcome.message is not None
    assert "流水账里没有" in outcome.message.zh
    assert "不是本程序" not in outcome.message.zh
    assert "是同一单就不用再发" in outcome.message.zh


@pytest.mark.parametrize(
    "details", [[], None, "", ["请求连接异常"], "超时", ["调用接口超时，请重试"], [{"message": "Read timed out"}], ["请求连接异常", "x"]]
)
@pytest.mark.parametrize("message", ["失败", "请求连接异常", "操作超时", ""])
def test_500_without_a_business_reason_is_unclear(details: Any, message: str) -> None:
    """Empty details or a transport text prove nothing."""
    assert verdict(service(500, details, message)) == "unclear"


# -- statuses, bodies, failures ------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
@pytest.mark.parametrize(
    "body", [b"", b"<html>Bad Gateway</html>", b'{"code":0,"message":"ok"}', b'{"code":500,"error_details":["x"]}', b'{"code":"3001008"}']
)
def test_http_5xx_is_unclear_whatever_the_body(status: int, body: bytes) -> None:
    """The server failed somewhere: nobody knows."""
    assert verdict(answer(body, status)) == "unclear"


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 405, 409, 418, 422, 429, 500, 502])
def test_no_status_but_2xx_is_ever_created(status: int) -> None:
    """Both envelopes come with HTTP 200: a `0` under another status is no success of createOrder."""
    assert verdict(answer({"code": 0, "message": "操作成功", "error_details": []}, status)) != "created"


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (301, "base_url"), (302, "base_url"), (400, "base_url"), (404, "base_url"), (405, "base_url"), (410, "base_url"),
        (401, "授权"), (403, "授权"), (408, None), (409, None), (418, None), (422, None),
    ],
)  # fmt: skip
@pytest.mark.parametrize("body", [b"<html></html>", b'{"code":0,"message":"ok"}', b'{"code":500,"error_details":["x"]}'])
def test_statuses_of_something_in_between_are_unclear(status: int, expected: str | None, body: bytes) -> None:
    """Lingxing answers with HTTP 200, so the order may have been passed on; those that concern the account stop it and say what to do."""
    outcome = classify_create(answer(body, status))
    assert outcome.verdict is Verdict.UNCLEAR
    assert (outcome.stop is None) is (expected is None)
    assert expected is None or (outcome.stop and expected in outcome.stop.zh and outcome.stop.zh.endswith("。"))


def test_a_code_proves_what_it_says_under_any_status() -> None:
    """The gateway's own refusal beside a status of its own: not processed, and the order waits."""
    assert [verdict(answer({"code": code, "msg": "x"}, 403)) for code in ("3001002", "3001008")] == ["stopped", "not_processed"]
    assert verdict(answer(b"<html></html>", 429)) == "not_processed"


def test_too_many_requests_says_how_long_to_wait() -> None:
    """The remote's own number of seconds is kept, whatever else stands there is not."""
    assert classify_create(answer(b"", 429, **{"retry-after": "17"})).wait == 17
    assert classify_create(answer(b"", 429, **{"retry-after": "soon"})).wait is None
    assert classify_create(answer(b"", 429)).wait is None


@pytest.mark.parametrize(
    "body",
    [
        b"", b"0", b"null", b"[]", b'"ok"', b"{}", b"OK", b"\xff\xfe", b'{"code":null}',
        b'{"code":false}', b'{"code":true}', b'{"code":0.0}', b'{"code":[0]}',
        b'{"code":{"a":0}}', b'{"code":""}', b'{"code":"ok"}', b'{"success":true}', b'{"code":0', b"<html>0</html>",
        b"[" * 100_000, b'{"code":' + b"9" * 5000 + b"}",
        b'{"message":"\xe6\x93\x8d\xe4\xbd\x9c\xe6\x88\x90\xe5\x8a\x9f"}', b'{"Code":0}', b'{"data":{"code":0}}',
    ],
    ids=lambda body: repr(body[:20]),
)  # fmt: skip
def test_garbage_is_unclear(body: bytes) -> None:
    """What is no envelope of Lingxing's proves nothing, least of all success."""
    assert verdict(answer(body)) == "unclear"


@given(st.binary(max_size=60) | st.text(max_size=40).map(str.encode), st.integers(100, 599))
def test_random_bytes_are_never_created(body: bytes, status: int) -> None:
    """Property: no garbage under any status creates an order or refuses one."""
    assert classify_create(answer(body, status)).verdict not in (Verdict.CREATED, Verdict.REJECTED, Verdict.ACCEPTED)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3))


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("code", "message", "msg", "error_details", "request_id", "data"), JSON)))
def test_any_json_is_classified(body: dict[str, Any]) -> None:
    """Property: no form of the envelope raises, and only code 0 without details is created."""
    outcome = classify_create(answer(body))
    if outcome.verdict is Verdict.CREATED:
        assert body["code"] in (0, "0")
        assert not body.get("error_details")
    assert outcome.verdict is not Verdict.REJECTED or str(body["code"]) == "500"


@pytest.mark.parametrize(("arrived", "expected"), [(True, "unclear"), (False, "not_processed")])
def test_a_call_without_an_answer(arrived: bool, expected: str) -> None:
    """Not processed where it never arrived, unclear otherwise; the reason is told."""
    outcome = classify_create(Failure(arrived, Words("连接中断", "the connection broke")))
    assert outcome == Outcome(Verdict(expected), message=Words("连接中断", "the connection broke"))


def test_what_the_remote_says_is_fit_for_a_table() -> None:
    """One line, no control characters, not endless: neither a terminal nor a formula is driven by it."""
    envelope = read_envelope(service(500, ["\x1b[31mred\x00\nline" + "x" * 5000], "a\tb"))
    assert isinstance(envelope, Envelope)
    assert all(sign.isprintable() for sign in envelope.text + envelope.message)
    assert len(envelope.text) <= 400


@pytest.mark.parametrize("name", ["request_id", "requestId"])
@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("r.1", "r.1"), (5, "5"), ("a\x00b\x1b[31mX\nY", "a b [31mX Y"), ("\ud800r\udfff", "\ufffdr\ufffd"),
        ("x" * 100_000, "x" * 300), ({"a": 1}, None), (["z"], None), ("", None),
    ],
)  # fmt: skip
def test_a_request_id_is_one_printable_line(name: str, said: Any, kept: str | None) -> None:
    """Whatever stands there goes into the journal, the JSON and the workbook, and damages none of them."""
    outcome = classify_create(answer({"code": 0, name: said}))
    assert (outcome.verdict, outcome.request_id) == (Verdict.CREATED, kept)


@pytest.mark.parametrize("code", ["\ud800bad", "x\ny\x1b[31m", "z" * 5000, "0\n", " 0", "0\x00", "Canary Queen-Ørsted"])
def test_a_code_that_is_no_code_proves_nothing(code: str) -> None:
    """It is neither repeated nor taken for the code that it resembles."""
    outcome = classify_create(service(code, ["x"]))
    assert (outcome.verdict, outcome.code) == (Verdict.UNCLEAR, None)
    assert outcome.message == Words("平台的回答看不懂", "the answer cannot be read")


def test_refusals_of_other_calls_are_told_from_what_is_unclear() -> None:
    """For a read, only codes that prove "not processed" are an outcome; the rest is the caller's."""
    for code, expected in {"2001001": Verdict.STOPPED, "3001008": Verdict.NOT_PROCESSED, "103": None, "0": None}.items():
        envelope = read_envelope(gateway(code))
        assert isinstance(envelope, Envelope)
        refusal = classify_refusal(envelope)
        assert (refusal and refusal.verdict) == expected
