"""The faults that every imitation can be asked for by name. Those of one remote alone stand with its sandbox.

A name that ends in `_accepted` is the same fault after the order was taken.
"""

import math
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import reduce
from itertools import repeat
from random import Random

from .faults import FaultKind
from .imitation import Fault, Reply
from .words import Words

ELSEWHERE = "/_elsewhere"
"""Where a redirect leads to: a path of the same server that is no imitation's."""
LATE = (0.5, 3.0)
"""Seconds, at least and at most, after which a late commit comes."""
HIDDEN_SECONDS = 10.0
SLOW_SECONDS = 5.0
BYTE_SECONDS = 1.0
RETRY_AFTER_SECONDS = 2.0
HUGE_PIECE, HUGE_PIECES = b"x" * 65536, 1600
"""100 MiB."""
ZEROS, BOMB_PIECES = bytes(1024 * 1024), 512
"""512 MiB, in half a megabyte when compressed."""
GZIP_HEAD, LAST_BLOCK = b"\x1f\x8b\x08" + bytes(7), b"\x03\x00"
WRONG_TYPES = (b"[]", b'"ok"', b"0", b"null", b'[{"code":0}]', b'{"code":{"value":0},"message":["ok"],"error_details":1}')
REDIRECT = Fault(status=302, body=b"", headers={"location": ELSEWHERE})
NOT_UTF8 = '{"code":0,"message":"操作成功"}'.encode("gb18030")

Make = Callable[[Random, float | None], Fault]


def _lost(fault: Fault) -> Fault:
    """The fault without the call's effect: one that leaves the remote's own answer as it is gets another to work on."""
    return replace(fault, body=b"{}") if fault.takes_effect else fault


def _or(delay: float | None, usual: float) -> float:
    return usual if delay is None else delay


def _late(dice: Random, delay: float | None) -> Fault:
    return Fault(status=504, late=dice.uniform(*LATE) if delay is None else delay)


def _wait(_: Random, delay: float | None) -> Fault:
    return Fault(status=429, headers={"retry-after": str(math.ceil(_or(delay, RETRY_AFTER_SECONDS)))})


def _hidden(_: Random, delay: float | None) -> Fault:
    return Fault(hides=_or(delay, HIDDEN_SECONDS))


def _drip(_: Random, delay: float | None) -> Fault:
    return Fault(edit=lambda reply: replace(reply, gap=_or(delay, BYTE_SECONDS)))


def _endless_headers(_: Random, delay: float | None) -> Fault:
    return Fault(edit=lambda reply: replace(reply, gap=_or(delay, BYTE_SECONDS), endless_headers=True))


def _endless_body(_: Random, delay: float | None) -> Fault:
    return Fault(edit=lambda reply: replace(reply, gap=_or(delay, BYTE_SECONDS), stream=repeat(b" " * 1024)))


def _huge(reply: Reply) -> Reply:
    return replace(reply, stream=repeat(HUGE_PIECE, HUGE_PIECES))


def _bomb(reply: Reply) -> Reply:
    return replace(reply, stream=_squeezed(), headers={**reply.headers, "content-encoding": "gzip"})


def _squeezed() -> Iterator[bytes]:
    """Zeros in gzip's form: one block over and over. In one piece, so that a careless reader unpacks much of it at once."""
    press = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    block = press.compress(ZEROS) + press.flush(zlib.Z_FULL_FLUSH)
    checksum = reduce(lambda so_far, _: zlib.crc32(ZEROS, so_far), range(BOMB_PIECES), 0)
    yield GZIP_HEAD + block * BOMB_PIECES + LAST_BLOCK + struct.pack("<II", checksum, len(ZEROS) * BOMB_PIECES)


def _always(fault: Fault) -> Make:
    return lambda _dice, _delay: fault


def _twins(name: str, zh: str, en: str, make: Make) -> dict[str, FaultKind]:
    """A fault of calls that were not accepted, and the same of calls that were."""
    lost, taken = Words(f"{zh}；订单没有受理", f"{en}; the order is not taken"), Words(f"{zh}；订单已经受理", f"{en}; the order is taken")
    return {
        name: FaultKind(lost, lambda dice, delay: _lost(make(dice, delay))),
        f"{name}_accepted": FaultKind(taken, lambda dice, delay: replace(make(dice, delay), entered=True)),
    }


TWINS: tuple[tuple[str, str, str, Make], ...] = (
    ("cut_before", "回答之前断线", "cut before the answer", _always(Fault(drop="before"))),
    ("cut_headers", "断在响应头中间", "cut within the headers", _always(Fault(drop="headers"))),
    ("cut_after_headers", "断在响应头之后、正文之前", "cut between headers and body", _always(Fault(drop="after_headers"))),
    ("cut_body", "断在正文中间", "cut within the body", _always(Fault(drop="body"))),
    ("http_5xx", "HTTP 500、502 或 503", "HTTP 500, 502 or 503", lambda dice, _: Fault(status=dice.choice((500, 502, 503)))),
    ("html", "HTTP 200 的网页", "a web page with HTTP 200", _always(Fault(body=b"<html>ok</html>", headers={"content-type": "text/html"}))),
    ("cut_json", "JSON 不完整", "JSON that is cut off", _always(Fault(body=b'{"code": 0, "mess'))),
    ("wrong_type", "JSON 的类型不对", "JSON of a wrong type", lambda dice, _: Fault(body=dice.choice(WRONG_TYPES))),
    ("empty", "HTTP 200 而正文为空", "HTTP 200 with an empty body", _always(Fault(body=b""))),
    ("wrong_charset", "声明 UTF-8 而正文是 GB18030", "GB18030 that says it is UTF-8", _always(Fault(body=NOT_UTF8))),
    ("slow_answer", "5 秒后才回答", "the answer comes 5 s late", lambda _, delay: Fault(delay=_or(delay, SLOW_SECONDS))),
    ("slow_bytes", "回答每秒一个字节", "the answer comes a byte each second", _drip),
    ("endless_headers", "响应头没完没了，每秒一个字节", "headers without end, a byte each second", _endless_headers),
    ("endless_body", "正文没完没了，每秒一个字节", "a body without end, a byte each second", _endless_body),
    ("huge_body", "正文 100 MB", "a body of 100 MB", _always(Fault(edit=_huge))),
    ("gzip_bomb", "gzip 正文，解压后 512 MB", "a gzip body that unpacks to 512 MB", _always(Fault(edit=_bomb))),
)
"""Faults that a call may meet before or after it has taken its effect."""
SINGLE: tuple[tuple[str, str, str, Make], ...] = (
    ("late_commit", "立即回 HTTP 504，订单 0.5 到 3 秒后才生效", "HTTP 504 at once, the order is taken 0.5 to 3 s later", _late),
    ("http_429", "HTTP 429，订单没有受理", "HTTP 429; the order is not taken", _always(Fault(status=429))),
    ("http_429_retry_after", "HTTP 429，要求 2 秒后再来；订单没有受理", "HTTP 429 with Retry-After: 2; the order is not taken", _wait),
    ("redirect", "HTTP 302 转到别处，订单没有受理", "HTTP 302 to elsewhere; the order is not taken", _always(REDIRECT)),
    ("hidden", "订单受理后 10 秒内查不到", "look-ups do not show the order for 10 s", _hidden),
)

CATALOGUE: dict[str, FaultKind] = {
    **{name: kind for row in TWINS for name, kind in _twins(*row).items()},
    **{name: FaultKind(Words(zh, en), make) for name, zh, en, make in SINGLE},
}
"""Where a description names seconds, a delay that is asked for takes their place."""
