"""Robots and webhooks: what goes out is what the vendors ask for, and what comes back is judged by the vendors' own codes."""

import base64
import datetime as dt
import hashlib
import json
import socket
import time
from collections.abc import Sequence
from contextlib import closing
from urllib.parse import parse_qs, unquote_plus

import pytest
from bots import WELL, Request, Robot, robot
from test_client import Peer

from bulkorders.remote.notice import CALL_SECONDS, Count, Message, Told
from bulkorders.remote.notify import BOTS, Bot

NOW = dt.datetime(2025, 4, 9, 6, 30, 45, 678000, tzinfo=dt.UTC)
SECRET = "SEC7f3a00000000000000000000000000000000"
TOKEN = "token7f3a-4b1e-8c2d"
PATHS = {
    "wecom": f"/cgi-bin/webhook/send?key={TOKEN}",
    "dingtalk": f"/robot/send?access_token={TOKEN}",
    "feishu": f"/open-apis/bot/v2/hook/{TOKEN}",
    "webhook": f"/hooks/{TOKEN}",
}
SIGNING = ["dingtalk", "feishu", "webhook"]


def message(text: str = "订单.xlsx：3 单已创建", number: int = 1) -> Message:
    """A notice."""
    return Message(f"journal-{number}", text, NOW, [Count("20250409-abcdef", {"read": 3, "created": 3})])


def bot(kind: str, at: Robot | str, secret: str | None = None) -> Bot:
    """A sender to a robot."""
    url = at if isinstance(at, str) else at.url
    return BOTS[kind](url + PATHS[kind], secret)


def sent(kind: str, *texts: str, secret: str | None = None, now: dt.datetime = NOW) -> Request:
    """The request that tells some texts."""
    with robot(usual=(200, b'{"errcode":0,"code":0}')) as at:
        assert bot(kind, at, secret).send([message(text, number) for number, text in enumerate(texts)], now) == Told(True)
        (request,) = at.requests
    return request


# -- signatures: HMAC as RFC 2104 writes it down, put together as the vendors' pages say ------------------------------------------------
def rfc2104(key: bytes, text: bytes) -> bytes:
    """HMAC-SHA256: H(key xor opad, H(key xor ipad, text))."""
    padded = (hashlib.sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in padded) + text).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in padded) + inner).digest()


def test_the_tests_own_hmac_is_the_published_one() -> None:
    """RFC 4231, test case 2: else two wrongs would agree."""
    assert rfc2104(b"Jefe", b"what do ya want for nothing?").hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


MOMENTS = [NOW + dt.timedelta(seconds=number) for number in range(8)]
"""Among so many signatures are some with `+` and `/`, which a query must not hold as they are."""


def test_dingtalk_is_signed_as_its_page_says() -> None:
    """Milliseconds and a line feed and the secret, by the secret; base64, URL-encoded, beside the token in the query."""
    signs = []
    for now in MOMENTS:
        request = sent("dingtalk", "x", secret=SECRET, now=now)
        millis = str(round(now.timestamp() * 1000))
        named = dict(part.split("=", 1) for part in request.query.split("&"))
        assert named["access_token"] == TOKEN
        assert named["timestamp"] == millis
        signs.append(unquote_plus(named["sign"]))
        assert not set(named["sign"]) & set("+/=")
        assert base64.b64decode(signs[-1], validate=True) == rfc2104(SECRET.encode(), f"{millis}\n{SECRET}".encode())
        assert parse_qs(request.query)["sign"] == [signs[-1]]
    assert {"+", "/"} <= set("".join(signs))


def test_feishu_is_signed_as_its_page_says() -> None:
    """HMAC of nothing, by seconds and a line feed and the secret; base64, in the body, the seconds as text beside it."""
    for now in MOMENTS[:2]:
        body = sent("feishu", "x", secret=SECRET, now=now).json
        seconds = str(int(now.timestamp()))
        assert body["timestamp"] == seconds
        assert base64.b64decode(body["sign"], validate=True) == rfc2104(f"{seconds}\n{SECRET}".encode(), b"")


def test_a_webhook_is_signed_over_time_and_body() -> None:
    """As the README says, so that a receiver can tell who sent it, and when."""
    request = sent("webhook", "x", secret=SECRET)
    seconds = request.headers["x-bulkorders-timestamp"]
    assert seconds == str(int(NOW.timestamp()))
    expected = rfc2104(SECRET.encode(), seconds.encode() + b"." + request.body).hex()
    assert request.headers["x-bulkorders-signature"] == f"sha256={expected}"


@pytest.mark.parametrize("kind", SIGNING)
def test_without_a_secret_nothing_is_signed(kind: str) -> None:
    """A robot that knows a keyword or an IP instead."""
    request = sent(kind, "x")
    assert "sign" not in request.query + request.body.decode() + " ".join(request.headers)


# -- what goes out ---------------------------------------------------------------------------------------------------------------------
def test_each_vendor_is_sent_a_text_of_its_own_form() -> None:
    """To the robot's own address, as JSON in UTF-8, named for robots that ask for a keyword."""
    wecom, dingtalk, feishu = (sent(kind, "订单.xlsx：3 单") for kind in ("wecom", "dingtalk", "feishu"))
    text = "【bulkorders】订单.xlsx：3 单"
    assert wecom.json == {"msgtype": "text", "text": {"content": text}} == dingtalk.json
    assert feishu.json == {"msg_type": "text", "content": {"text": text}}
    for kind, request in {"wecom": wecom, "dingtalk": dingtalk, "feishu": feishu}.items():
        assert request.path + (f"?{request.query}" if request.query else "") == PATHS[kind]
        assert request.headers["content-type"] == "application/json; charset=utf-8"
        assert "订单" in request.body.decode()


def test_a_webhook_is_sent_all_that_is_known() -> None:
    """Text, time, batches with their counts, and an id that tells a repetition."""
    assert sent("webhook", "订单.xlsx：3 单").json == {
        "id": "journal-0",
        "at": "2025-04-09T06:30:45+00:00",
        "text": "订单.xlsx：3 单",
        "batches": [{"batch": "20250409-abcdef", "counts": {"read": 3, "created": 3}}],
    }


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
def test_a_files_name_calls_nobody_in_a_chat(kind: str) -> None:
    """`<@all>` and `<at user_id="all">` are how a robot's text wakes up a whole group."""
    (text,) = [sent(kind, '<@all><at user_id="all"></at>.xlsx：3 单').json]
    assert "<" not in json.dumps(text)
    assert "＜@all＞" in json.dumps(text, ensure_ascii=False)


def test_several_notices_are_one_message_of_lines() -> None:
    """A robot takes 20 messages a minute; 企业微信 takes 2048 bytes, and a sign is never cut in two."""
    assert sent("wecom", "一", "二").json["text"]["content"] == "【bulkorders】\n一\n二"
    long = sent("wecom", "单" * 1500).json["text"]["content"]
    assert len(long.encode()) in (2046, 2047, 2048)
    assert set(long.removeprefix("【bulkorders】")) == {"单"}


# -- what comes back -------------------------------------------------------------------------------------------------------------------
ANSWERS = [
    ("wecom", 200, {"errcode": 0, "errmsg": "ok"}, None),
    ("wecom", 200, {"errcode": 93000, "errmsg": "invalid webhook url, hint: [1]"}, "Webhook 地址"),
    ("wecom", 200, {"errcode": 45009, "errmsg": "api freq out of limit"}, "太快"),
    ("wecom", 200, {"errcode": 40058, "errmsg": "invalid Request Parameter"}, "invalid Request Parameter（40058）"),
    ("wecom", 200, {"errmsg": "ok"}, "看不懂"),
    ("wecom", 200, {"errcode": False}, "看不懂"),
    ("wecom", 200, [0], "看不懂"),
    ("wecom", 200, "<html>log in</html>", "看不懂"),
    ("wecom", 500, {"errcode": 0}, "HTTP 500"),
    ("wecom", 302, "", "HTTP 302"),
    ("dingtalk", 200, {"errcode": 0, "errmsg": "ok"}, None),
    ("dingtalk", 200, {"errcode": 310000, "errmsg": "keywords not in content"}, "关键词设成 bulkorders"),
    ("dingtalk", 200, {"errcode": "300001", "errmsg": "token is not exist"}, "Webhook 地址"),
    ("dingtalk", 200, {"errcode": 130101, "errmsg": "send too fast"}, "太快"),
    ("feishu", 200, {"code": 0, "msg": "success", "data": {}}, None),
    ("feishu", 200, {"StatusCode": 0, "StatusMessage": "success"}, None),
    ("feishu", 200, {"code": 19021, "msg": "sign match fail or timestamp is not within one hour"}, "电脑时间"),
    ("feishu", 400, {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}, "Webhook 地址"),
    ("feishu", 200, {"code": 19024, "msg": "Key Words Not Found"}, "关键词"),
    ("feishu", 200, {"code": 19022, "msg": "Ip Not Allowed"}, "IP"),
    ("webhook", 204, "", None),
    ("webhook", 200, {"errcode": 7}, None),
    ("webhook", 404, "", "HTTP 404"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "status", "body", "reason"), ANSWERS)
def test_an_answer_is_judged_by_the_vendors_own_code(kind: str, status: int, body: object, reason: str | None) -> None:
    """HTTP 200 with another code than 0 is a failure, and it is said what to do about it; an answer is never a lost one."""
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    with robot(usual=(status, content)) as at:
        told = bot(kind, at).send([message()], NOW)
    assert told.is_sent == (reason is None)
    assert not told.may_have_arrived
    assert (reason or "") in (told.reason.zh if told.reason else "")


@pytest.mark.parametrize("kind", ["wecom", "dingtalk", "feishu"])
def test_what_a_robot_quotes_is_said_without_secrets_and_on_one_line(kind: str) -> None:
    """Its token, its secret, the signature, its whole URL."""
    with robot() as at:
        bot(kind, at, SECRET).send([message()], NOW)
        signs = [at.requests[0].query.partition("sign=")[2] or at.requests[0].json.get("sign", "")]
        quoted = [TOKEN, SECRET, at.url + PATHS[kind], *signs]
        at.usual = (200, json.dumps({"errcode": 1, "errmsg": f"bad\n\x1b[31m{' '.join(quoted)}"}).encode())
        told = bot(kind, at, SECRET).send([message()], NOW)
    assert told.reason is not None
    for text in told.reason:
        assert "bad" in text
        assert "***" in text
        assert [secret for secret in quoted if secret and secret in text] == []
        assert text.isprintable()
    assert SECRET not in repr(bot(kind, at, SECRET))
    assert TOKEN not in repr(bot(kind, at, SECRET))


# -- no answer -------------------------------------------------------------------------------------------------------------------------
def lost(told: Told, secrets: Sequence[str] = (TOKEN, "127.0.0.1")) -> bool:
    """Whether the answer alone may be what was lost, of a call that failed and says nothing secret."""
    assert not told.is_sent
    assert told.reason is not None
    assert [secret for secret in secrets if secret in told.reason.zh + told.reason.en] == []
    return told.may_have_arrived


def test_what_never_arrived_is_told_from_what_may_have() -> None:
    """Nobody listens: it has not arrived. The line is cut instead of an answer: it may have."""
    with robot(usual=None) as at:
        assert lost(bot("wecom", at).send([message()], NOW))
        assert len(at.requests) == 1
    assert not lost(bot("wecom", at).send([message()], NOW))


def drip(line: socket.socket) -> None:
    """An answer that never ends."""
    while True:
        line.sendall(b"H")
        time.sleep(0.2)


def test_a_call_is_over_in_its_time() -> None:
    """However the answer drips."""
    with closing(Peer(drip)) as peer:
        start = time.monotonic()
        assert lost(bot("wecom", peer.url).send([message()], NOW))
        assert time.monotonic() - start < CALL_SECONDS + 1


def test_a_redirect_is_not_followed() -> None:
    """The token is for one host alone."""
    with robot(usual=WELL) as other, closing(Peer(lambda line: line.sendall(_redirect(other.url)))) as peer:
        assert not bot("wecom", peer.url).send([message()], NOW).is_sent
    assert other.requests == []


def _redirect(url: str) -> bytes:
    return f"HTTP/1.1 307 Temporary Redirect\r\nLocation: {url}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
