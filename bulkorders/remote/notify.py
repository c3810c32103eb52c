"""Group robots of 企业微信, 钉钉 and 飞书, and plain webhooks: one call each, judged by the vendor's own code.

Sources: developer.work.weixin.qq.com/document/path/91770, open.dingtalk.com/document/robots/custom-robot-access and
.../customize-robot-security-settings, open.feishu.cn/document/client-docs/bot-v3/add-custom-bot.
"""

import base64
import datetime as dt
import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, quote_plus, urlsplit

from bulkorders.core.words import Words

from .classify import read_code, read_text
from .client import Answer, Client, Failure
from .mask import Mask
from .notice import CALL_SECONDS, Message, Told

MOST_LINES = 20
"""Notices in one message of a chat: a robot takes 20 messages a minute, and people read none of a flood."""
_HARMLESS = str.maketrans("<>", "＜＞")
"""`<@name>` and `<at ...>` call people in a chat, and a file may be named like that."""

_URL = Words(
    "机器人的网址不对，或机器人已被移出群、停用：请重新复制 Webhook 地址", "the robot's URL is wrong, or it was removed: copy it anew"
)
_FAST = Words("发得太快", "too many messages")
_SAFETY = Words(
    "机器人的安全设置不让发：请核对 secret 和电脑时间；用关键词的，请把关键词设成 bulkorders；用 IP 名单的，请加上本机的 IP",
    "the robot's security settings refuse it: check the secret and the clock; make bulkorders its keyword; allow this machine's IP",
)
_SIGN = Words("签名不对：请核对 secret 和电脑时间", "the signature is refused: check the secret and the clock")
_KEYWORD = Words("机器人要求关键词：请把关键词设成 bulkorders", "the robot asks for a keyword: make it bulkorders")
_IP = Words("机器人不许这台机器的 IP：请把它加进 IP 名单", "the robot does not allow this machine's IP: add it to its list")


@dataclass(frozen=True)
class Call:
    """What goes out to a bot: more of the query, already encoded, more headers, the body."""

    content: bytes = field(repr=False)
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    secrets: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True)
class Bot(ABC):
    """A URL that takes messages by POST. The URL is a secret itself; `secret` signs, where there is one."""

    url: str = field(repr=False)
    secret: str | None = field(default=None, repr=False)

    title: ClassVar[str]
    most: ClassVar[int] = MOST_LINES
    pause: ClassVar[float] = 3.0
    room: ClassVar[int] = 8000
    longest: ClassVar[int] = 18_000
    """Bytes that the vendor takes of a text."""
    advice: ClassVar[Mapping[str, Words]] = {}
    """What to do about a code of the vendor."""

    def send(self, messages: Sequence[Message], now: dt.datetime) -> Told:
        """Makes one call."""
        call, parts = self.call(messages, now), urlsplit(self.url)
        query = "&".join(each for each in (parts.query, call.query) if each)
        mask = Mask().hiding(self.url, self.secret, *_secret_parts(self.url), *call.secrets)
        headers = {"Content-Type": "application/json; charset=utf-8", **call.headers}
        with closing(Client(f"{parts.scheme}://{parts.netloc}", CALL_SECONDS, mask=mask, grace=0.0)) as client:
            answer = client.call("POST", parts.path, query=query, headers=headers, content=call.content)
        return _unanswered(answer) if isinstance(answer, Failure) else self.judge(answer)

    @abstractmethod
    def call(self, messages: Sequence[Message], now: dt.datetime) -> Call:
        """The request."""

    def judge(self, answer: Answer) -> Told:
        """What an answer says: HTTP 200 with another code than 0 is a failure."""
        said = answer.json()
        code = _code(said) if isinstance(said, dict) else None
        is_well = 200 <= answer.status < 300
        if is_well and code == "0":
            return Told(True)
        if code is None or code == "0":
            return Told(False, _UNREADABLE if is_well else _STATUS.fill(status=answer.status))
        return Told(False, self._reason(code, read_text(_first(said, "errmsg", "msg", "StatusMessage"))))

    def _reason(self, code: str, said: str | None) -> Words:
        known = self.advice.get(code)
        if known is not None:
            return Words(f"{known.zh}（{self.title} {code}）", f"{known.en} ({self.title} {code})")
        return Words(f"{self.title}说：{said or '没有说明'}（{code}）", f"{self.title} says: {said or 'nothing'} ({code})")


_UNREADABLE = Words("对方的回答看不懂，网址可能不对", "the answer cannot be read; the URL may be wrong")
_STATUS = Words("对方答 HTTP {status}", "the answer was HTTP {status}")


def _unanswered(failure: Failure) -> Told:
    reason = Words(failure.reason.zh.replace("平台", "对方"), failure.reason.en)
    return Told(False, reason, failure.arrived)


def _secret_parts(url: str) -> list[str]:
    """What is secret of a URL: the values of its query, and the last part of its path, where tokens stand."""
    parts = urlsplit(url)
    raw = [part.partition("=")[2] for part in parts.query.split("&")]  # as they stand there, which a server may say again
    return [*(value for _, value in parse_qsl(parts.query)), *filter(None, raw), parts.path.rstrip("/").rpartition("/")[2]]


def _code(said: Mapping[str, Any]) -> str | None:
    return read_code(_first(said, "errcode", "code", "StatusCode"))


def _first(said: Mapping[str, Any], *names: str) -> object:
    return next((said[name] for name in names if said.get(name) is not None), None)


def chat_text(messages: Sequence[Message], most_bytes: int) -> str:
    """What people read in a chat. It names the program, which may be a robot's keyword, and calls nobody."""
    texts = [each.text.translate(_HARMLESS) for each in messages]
    text = "【bulkorders】" + ("\n" if len(texts) > 1 else "") + "\n".join(texts)
    return text.encode()[:most_bytes].decode("utf-8", "ignore")


def _body(content: Mapping[str, object]) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _hmac(key: str, message: bytes) -> bytes:
    return hmac.digest(key.encode(), message, hashlib.sha256)


class Wecom(Bot):
    """企业微信's group robot: no signature, its key stands in the URL; at most 2048 bytes of text."""

    title = "企业微信"
    room, longest = 1900, 2048
    advice: ClassVar[Mapping[str, Words]] = {"93000": _URL, "93008": _URL, "45009": _FAST, "45033": _FAST}

    def call(self, messages: Sequence[Message], now: dt.datetime) -> Call:
        """A text."""
        return Call(_body({"msgtype": "text", "text": {"content": chat_text(messages, self.longest)}}))


class Dingtalk(Bot):
    """钉钉's custom robot. With a secret the query has the milliseconds, and HMAC-SHA256 of them, "\\n" and the secret, by the secret."""

    title = "钉钉"
    advice: ClassVar[Mapping[str, Words]] = {
        "310000": _SAFETY, "300001": _URL, "300005": _URL, "400101": _URL, "400102": _URL, "400013": _URL,
        "130101": _FAST, "410100": _FAST,
    }  # fmt: skip

    def call(self, messages: Sequence[Message], now: dt.datetime) -> Call:
        """A text."""
        content = _body({"msgtype": "text", "text": {"content": chat_text(messages, self.longest)}})
        if self.secret is None:
            return Call(content)
        millis = str(int(now.timestamp() * 1000))
        sign = base64.b64encode(_hmac(self.secret, f"{millis}\n{self.secret}".encode())).decode()
        return Call(content, f"timestamp={millis}&sign={quote_plus(sign)}", secrets=[sign])


class Feishu(Bot):
    """飞书's custom robot. With a secret the body has the seconds, and HMAC-SHA256 of nothing, by the seconds, "\\n" and the secret."""

    title = "飞书"
    advice: ClassVar[Mapping[str, Words]] = {"19001": _URL, "19021": _SIGN, "19022": _IP, "19024": _KEYWORD, "11232": _FAST}

    def call(self, messages: Sequence[Message], now: dt.datetime) -> Call:
        """A text."""
        content = {"msg_type": "text", "content": {"text": chat_text(messages, self.longest)}}
        if self.secret is None:
            return Call(_body(content))
        seconds = str(int(now.timestamp()))
        sign = base64.b64encode(_hmac(f"{seconds}\n{self.secret}", b"")).decode()
        return Call(_body({"timestamp": seconds, "sign": sign, **content}), secrets=[sign])


class Webhook(Bot):
    """A program of one's own: JSON, one notice a call; any 2xx is success.

    With a secret `X-Bulkorders-Signature` is `sha256=` and HMAC-SHA256 in hex of `X-Bulkorders-Timestamp` (seconds), a dot, the body.
    """

    title = "webhook"
    most, pause = 1, 0.0

    def call(self, messages: Sequence[Message], now: dt.datetime) -> Call:
        """All that is known of the notice."""
        (message,) = messages
        counted = [{"batch": each.batch, "counts": each.counts} for each in message.batches]
        content = _body({"id": message.id, "at": message.at.isoformat(timespec="seconds"), "text": message.text, "batches": counted})
        if self.secret is None:
            return Call(content)
        seconds = str(int(now.timestamp()))
        sign = _hmac(self.secret, seconds.encode() + b"." + content).hex()
        headers = {"X-Bulkorders-Timestamp": seconds, "X-Bulkorders-Signature": f"sha256={sign}"}
        return Call(content, headers=headers, secrets=[sign])

    def judge(self, answer: Answer) -> Told:
        """Its status tells."""
        is_well = 200 <= answer.status < 300
        return Told(True) if is_well else Told(False, _STATUS.fill(status=answer.status))


BOTS: Mapping[str, type[Bot]] = {"wecom": Wecom, "dingtalk": Dingtalk, "feishu": Feishu, "webhook": Webhook}
"""By the `kind` of the settings."""
