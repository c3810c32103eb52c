"""What stands in a comment: our text is put in as runs of its own, and told and taken out again later, whoever saved the file in between.

Ours is told by its text, from a line of ours to a closing sign, and not by its author: LibreOffice keeps no authors, the blank templates
have comments of the same author, and openpyxl and LibreOffice cut the runs anew. What people typed before or behind it is theirs.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import unescape
from itertools import chain
from xml.sax.saxutils import escape

from bulkorders.workbook.style import clean

from .edits import UnsureError

AUTHOR = "bulkorders"
OWN_LINE = f"{AUTHOR}："
"""The first line of a comment that is wholly ours."""
SHARED_LINE = f"—— {AUTHOR} ——"
"""The line between a comment of the merchant's and what we add to it."""
END = "\u200b"
"""Closes our text. It is not seen: whoever types into a comment in Excel begins at its end, and so behind it."""
LONGEST = 2000
"""Signs; a longer text is cut."""

NAME = r"(?:[A-Za-z_][\w.-]*+:)?"
"""A prefix, or none, before the name of an element."""
ATTRIBUTES = r"""(?:\s(?:[^<>"'/]|"[^"<]*"|'[^'<]*')*+)?"""

_BREAK = r"(?:\r|_x000[Dd]_)?\n"
_REST = rf"(?:{_BREAK}[^{END}]*+)?"
_OURS = re.compile(
    rf"\A(?:{OWN_LINE}|{SHARED_LINE})(?P<whole>){_REST}(?:{END}(?:{_BREAK})?|\Z)"
    rf"|{_BREAK}{SHARED_LINE}{_REST}(?:{END}|\Z)|{_BREAK}{OWN_LINE}(?:[^{END}\n]|\n(?!{OWN_LINE}))*+{END}"
)
_T = rf"<{NAME}t{ATTRIBUTES}(?:/>|>(?P<raw>[^<]*+)</{NAME}t\s*>)"
_PIECE = re.compile(rf"\s*+(?P<piece>)(?P<run><{NAME}r{ATTRIBUTES}>(?:(?!</{NAME}r[\s>]).)*?)?{_T}(?(run)\s*</{NAME}r\s*>)", re.DOTALL)
_PHONETIC = re.compile(rf"<{NAME}(?:rPh|phoneticPr)[\s/>]")
_WRAPPED = re.compile(rf"<{NAME}r >(<{NAME}t{ATTRIBUTES}(?:/>|>[^<]*+</{NAME}t\s*>))</{NAME}r >")
_THREADED = re.compile(r"(?:\s|<[^<>]*+>)*+\[Threaded comment\]")
_SIGN = re.compile(r"&[^;&<]*+;|[^&]|&", re.DOTALL)
_FONT = '<{0}sz val="9"/><{0}color indexed="81"/><{0}rFont val="Microsoft YaHei"/><{0}family val="2"/><{0}charset val="134"/>'


@dataclass(frozen=True)
class Left:
    """What is left of a comment without our text; `was_ours`: it began with ours, so that nothing needs to stay where nothing is left."""

    body: str
    was_ours: bool

    @property
    def is_gone(self) -> bool:
        return self.was_ours and not any(piece.raw for piece in _pieces(self.body))


def shortened(text: str) -> str:
    """A text of ours as it is shown: not longer than allowed, and without the closing sign, which texts copied from web pages have."""
    text = text.replace(END, "")
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def own(text: str, prefix: str) -> str:
    """The runs of a comment that is wholly ours. `prefix`: of the part's elements, with its colon."""
    return _runs(OWN_LINE, text, prefix)


def appended(body: str, text: str, prefix: str) -> str:
    """A merchant's comment with our text as a paragraph of its own behind it. `body`: what stands in its `text`."""
    parts, place = [], 0
    for piece in _pieces(body):
        whole = body[piece.start : piece.end]
        # a text beside runs is not read by all programs; the blanks in the tags tell later that the run is not the merchant's
        parts += [body[place : piece.start], whole if piece.is_run else f"<{prefix}r >{whole}</{prefix}r >"]
        place = piece.end
    return "".join(parts) + _runs(f"\n{SHARED_LINE}", text, prefix) + body[place:]


def without_ours(body: str) -> Left | None:
    """A comment without our text; None where there is none of ours in it."""
    if AUTHOR not in body:  # no program that was tried splits or escapes the word
        return None
    pieces = list(_pieces(body))
    found = list(_OURS.finditer("".join(chain.from_iterable(piece.signs for piece in pieces))))
    if not found:
        return None
    cut = _cut(body, pieces, {place for match in found for place in range(*match.span())})
    return Left(_WRAPPED.sub(r"\1", cut), found[0]["whole"] is not None)


def is_threaded(body: str, author: str) -> bool:
    """Whether a comment only stands in for a thread of Excel 365, which overwrites it."""
    return author.startswith("tc={") or "fwlink/?linkid=870924" in body or bool(_THREADED.match(body))


def _runs(line: str, text: str, prefix: str) -> str:
    font = _FONT.format(prefix)
    shown = escape(f"\n{clean(shortened(text))}{END}")
    return "".join(
        f'<{prefix}r><{prefix}rPr>{bold}{font}</{prefix}rPr><{prefix}t xml:space="preserve">{part}</{prefix}t></{prefix}r>'
        for bold, part in ((f"<{prefix}b/>", line), ("", shown))
    )


@dataclass(frozen=True)
class _Piece:
    """A run, or a text without one: where it stands, and its text as it is written, `raw`, from `place` on."""

    start: int
    end: int
    place: int
    raw: str
    is_run: bool

    @cached_property
    def written(self) -> Sequence[str]:
        """The signs of the text as they are written."""
        return _SIGN.findall(self.raw) if "&" in self.raw else self.raw

    @cached_property
    def signs(self) -> Sequence[str]:
        return [unescape(sign)[:1] or " " for sign in self.written] if "&" in self.raw else self.raw


def _pieces(body: str) -> Iterator[_Piece]:
    """The runs and texts, without the phonetic ones behind them. Raises UnsureError where something else is among them."""
    phonetic = _PHONETIC.search(body)
    place, end = 0, phonetic.start() if phonetic else len(body)
    while found := _PIECE.match(body, place, end):
        place = found.end()
        yield _Piece(found.start("piece"), place, found.start("raw"), found["raw"] or "", found["run"] is not None)
    if body[place:end].strip():
        raise UnsureError("a comment holds something else than texts")


def _cut(body: str, pieces: Sequence[_Piece], ours: Collection[int]) -> str:
    """The body without the signs of its text at the places `ours`; a run that held nothing else goes with them."""
    parts, place, before = [], 0, 0
    for piece in pieces:
        kept = "".join(sign for at, sign in enumerate(piece.written, before) if at not in ours)
        before += len(piece.written)
        if kept == piece.raw:
            continue
        parts.append(body[place : piece.place] + kept if kept else body[place : piece.start])
        place = piece.place + len(piece.raw) if kept else piece.end
    return "".join(parts) + body[place:]
