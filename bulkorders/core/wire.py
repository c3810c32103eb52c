"""A reply as the bytes that go out over a connection, one piece after the other: the usual whole answer, and the ill-behaved ones."""

from collections.abc import Iterable
from http import HTTPStatus
from itertools import chain, repeat

from .imitation import Reply

PHRASES = {status.value: status.phrase for status in HTTPStatus}
MORE_HEADERS = b"x-more: and more\r\n"


def wire(reply: Reply) -> Iterable[bytes]:
    """The pieces, in order; single bytes where there is a gap between them. An answer that nothing is wrong with is one piece.

    Where the reply has a `drop`, the connection is to be cut after the last.
    """
    pieces = _pieces(reply)
    return (bytes((byte,)) for piece in pieces for byte in piece) if reply.gap else pieces


def _pieces(reply: Reply) -> Iterable[bytes]:
    head = _head(reply)
    if reply.drop:
        return (_until_cut(head, reply),)
    if reply.endless_headers:
        return chain((head.removesuffix(b"\r\n"),), repeat(MORE_HEADERS))
    if reply.stream is not None:
        return chain((head,), map(_chunk, filter(None, reply.stream)), (_chunk(b""),))
    return (head + reply.body,)


def _until_cut(head: bytes, reply: Reply) -> bytes:
    """The part of the answer that `drop` leaves."""
    parts = {
        "before": b"",
        "headers": head[: len(head) // 2],
        "after_headers": head,
        "body": head + reply.body[: len(reply.body) // 2],
    }
    return parts[reply.drop]


def _head(reply: Reply) -> bytes:
    """Status line and headers, with the length of the whole body unless it is a stream."""
    length = {"content-length": str(len(reply.body))} if reply.stream is None else {"transfer-encoding": "chunked"}
    lines = [f"HTTP/1.1 {reply.status} {PHRASES.get(reply.status, '')}"]
    lines += [f"{name}: {value}" for name, value in {**reply.headers, **length}.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _chunk(piece: bytes) -> bytes:
    """One piece of a chunked body; the empty one is the last."""
    return b"%x\r\n%b\r\n" % (len(piece), piece)
