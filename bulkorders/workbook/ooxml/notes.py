"""Cell comments of a sheet: the comments part, changed at the exact places that are ours, and the drawing that shows them."""

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import unescape

from openpyxl.utils.cell import coordinate_to_tuple

from bulkorders.core.cell import column_letter

from .edits import NoteParts, UnsureError
from .note_shapes import is_bare, redrawn
from .note_text import ATTRIBUTES, AUTHOR, NAME, appended, is_threaded, own, without_ours

_NAMESPACES = ("http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://purl.oclc.org/ooxml/spreadsheetml/main")
_NEW = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<comments xmlns="{_NAMESPACES[0]}">'
    "<authors></authors><commentList></commentList></comments>"
)
_EMPTY = re.compile(rf"<({NAME}(?:authors|commentList))({ATTRIBUTES})/>")
_AUTHOR = rf"\s*+<{NAME}author{ATTRIBUTES}(?:/>|>[^<]*+</{NAME}author\s*>)"
_HEAD = re.compile(
    rf"\ufeff?(?:<\?xml\s(?P<declared>[^<>]*+)>)?\s*<(?P<prefix>{NAME})comments(?P<root>{ATTRIBUTES})>"
    rf"\s*<{NAME}authors{ATTRIBUTES}>(?P<authors>(?:{_AUTHOR})*+)\s*</{NAME}authors\s*>\s*<{NAME}commentList{ATTRIBUTES}>"
)
_ENCODING = re.compile(r"""encoding\s*=\s*["'](?!utf-?8["'])""", re.IGNORECASE)
_NAMESPACE = re.compile(rf"""=\s*["'](?:{"|".join(map(re.escape, _NAMESPACES))})["']""")
_AUTHORS = re.compile(_AUTHOR.replace("[^<]*+", "([^<]*+)"))
_LIST_END = re.compile(rf"\s*</{NAME}commentList\s*>")
_COMMENT = re.compile(rf"\s*+(?P<start>)<{NAME}comment(?P<attributes>{ATTRIBUTES})>\s*<(?P<prefix>{NAME})text{ATTRIBUTES}(?P<close>/?>)")
_TEXT_END, _COMMENT_END = re.compile(rf"</{NAME}text\s*>"), re.compile(rf"</{NAME}comment\s*>")
_CELL = re.compile(r"""\sref\s*=\s*["']([A-Z]{1,3}[1-9][0-9]{0,6})["']""")
_AUTHOR_NUMBER = re.compile(r"""\sauthorId\s*=\s*["']([0-9]{1,9})["']""")

_Cell = tuple[int, int]
_Edit = tuple[int, int, str]
"""What stands in a text from one place to another, and what comes there instead."""


def write_notes(comments: bytes | None, drawing: bytes | None, texts: Mapping[_Cell, str]) -> NoteParts:
    """A sheet's comments with ours for the cells (row, column) of `texts`; our earlier ones go, the merchant's stay.

    `comments`, `drawing`: the sheet's parts as they are, None where it has none. A merchant's comment on a cell of `texts` gets our text
    as a paragraph behind it, and the next call takes it out again. A cell with a thread of comments gets nothing. Raises UnsureError.
    """
    if not texts and (comments is None or AUTHOR.encode() not in comments):
        return NoteParts(comments or b"", drawing or b"")
    part = _read(_decoded(comments) if comments else _NEW)
    bodies = [_changed(comment, texts.get(comment.cell), part.prefix) for comment in part.comments]
    gone = {comment.cell for comment, body in zip(part.comments, bodies, strict=True) if body is None}
    stay = {comment.cell for comment in part.comments} - gone
    added = sorted(cell for cell in texts if cell not in stay)
    if not drawing and added and stay:
        raise UnsureError("the sheet has comments, and no drawing that shows them")
    shapes = redrawn(drawing, gone, [(cell, texts[cell]) for cell in added])
    if not (stay or added):
        return NoteParts(b"", b"" if is_bare(shapes) else shapes)
    edits = [edit for comment, body in zip(part.comments, bodies, strict=True) for edit in comment.edits(body)]
    if comments and not (edits or added):
        return NoteParts(comments, shapes)
    used = {comment.author_number for comment in part.comments if comment.cell in stay}
    return NoteParts(_patched(part.source, edits + _additions(part, used, [(cell, texts[cell]) for cell in added])).encode(), shapes)


@dataclass(frozen=True)
class _Comment:
    """A comment of the part, with its places: of itself, of the end of the tag `text`, and of the `body`, which stands in that."""

    cell: _Cell
    author: str
    author_number: int
    start: int
    end: int
    close: int
    body_start: int
    body: str
    text_prefix: str
    is_closed: bool

    def edits(self, body: str | None) -> Iterator[_Edit]:
        """What to change for another body, None for no comment at all."""
        if body is None:
            yield self.start, self.end, ""
        elif body != self.body and self.is_closed:
            yield self.close, self.body_start, f">{body}</{self.text_prefix}text>"
        elif body != self.body:
            yield self.body_start, self.body_start + len(self.body), body


@dataclass(frozen=True)
class _Part:
    """A comments part; `authors_end` and `list_end`: where one more of each is put in. `prefix`: of its elements, with the colon."""

    source: str
    prefix: str
    authors: Sequence[str]
    authors_end: int
    comments: Sequence[_Comment]
    list_end: int


def _decoded(part: bytes) -> str:
    """The part's text, with its byte-order mark."""
    if part.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnsureError("the comments are written in UTF-16")
    try:
        return part.decode()
    except UnicodeDecodeError as error:
        raise UnsureError("the comments are not written in UTF-8") from error


def _read(source: str) -> _Part:
    source = _EMPTY.sub(r"<\1\2></\1>", source)
    head = _HEAD.match(source)
    if not head or "<!" in source or _ENCODING.search(head["declared"] or "") or not _NAMESPACE.search(head["root"]):
        raise UnsureError("the comments are written in a way that is not known")
    authors = [unescape(name) for name in _AUTHORS.findall(head["authors"])]
    comments = list(_comments(source, head.end(), authors))
    if len({comment.cell for comment in comments}) < len(comments):
        raise UnsureError("a cell has several comments")
    list_end = comments[-1].end if comments else head.end()
    return _Part(source, head["prefix"], authors, head.end("authors"), comments, list_end)


def _comments(source: str, place: int, authors: Sequence[str]) -> Iterator[_Comment]:
    while not _LIST_END.match(source, place):
        comment = _comment(source, place, authors)
        yield comment
        place = comment.end


def _comment(source: str, place: int, authors: Sequence[str]) -> _Comment:
    found = _COMMENT.match(source, place)
    end = _COMMENT_END.search(source, found.end()) if found else None
    if not found or not end:
        raise UnsureError("there is something else than comments among them")
    is_closed = found["close"] == "/>"
    text_end = found if is_closed else _TEXT_END.search(source, found.end(), end.start())
    cell, number = _CELL.search(found["attributes"]), _AUTHOR_NUMBER.search(found["attributes"])
    if not (text_end and cell and number) or int(number[1]) >= len(authors):
        raise UnsureError("a comment has no cell, no text or no author")
    body = "" if is_closed else source[found.end() : text_end.start()]
    return _Comment(
        coordinate_to_tuple(cell[1]), authors[int(number[1])], int(number[1]), found.start("start"), end.end(), found.start("close"),
        found.end(), body, found["prefix"], is_closed,
    )  # fmt: skip


def _changed(comment: _Comment, text: str | None, prefix: str) -> str | None:
    """What is to stand in a comment: without our earlier text, with the new one. None where nothing is left."""
    if is_threaded(comment.body, comment.author):
        return comment.body
    left = without_ours(comment.body)
    if left and left.is_gone:
        return None
    body = left.body if left else comment.body
    return body if text is None else appended(body, text, prefix)


def _additions(part: _Part, used: set[int], added: Sequence[tuple[_Cell, str]]) -> list[_Edit]:
    """Our comments, and their author; where none of them is left, he goes if he came last, so that nobody else gets another number."""
    author = f"<{part.prefix}author>{AUTHOR}</{part.prefix}author>"
    if not added:
        last = len(part.authors) - 1
        came_last = part.source.endswith(author, 0, part.authors_end) and last not in used
        return [(part.authors_end - len(author), part.authors_end, "")] if came_last else []
    edits = [] if AUTHOR in part.authors else [(part.authors_end, part.authors_end, author)]
    number = part.authors.index(AUTHOR) if AUTHOR in part.authors else len(part.authors)
    whole = "".join(_written(cell, number, text, part.prefix) for cell, text in added)
    return [*edits, (part.list_end, part.list_end, whole)]


def _written(cell: _Cell, author: int, text: str, prefix: str) -> str:
    place = f'ref="{column_letter(cell[1])}{cell[0]}" authorId="{author}" shapeId="0"'
    return f"<{prefix}comment {place}><{prefix}text>{own(text, prefix)}</{prefix}text></{prefix}comment>"


def _patched(source: str, edits: Sequence[_Edit]) -> str:
    parts, place = [], 0
    for start, end, new in sorted(edits):
        parts += [source[place:start], new]
        place = end
    return "".join(parts) + source[place:]
