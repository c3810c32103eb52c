"""XML as bytes: where elements begin and end, so that a part can be changed at one place and stay as it was everywhere else.

Nothing is interpreted: comments, CDATA, document types and what is not well formed raise UnsureError. Every pattern goes on without
looking back, so a hostile part costs no more than its length.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from .edits import UnsureError

MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships"
STRICT_MAIN = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
STRICT_RELATIONS = b"http://purl.oclc.org/ooxml/officeDocument/relationships"

NAME = rb"[A-Za-z_][\w.\-]*+(?::[A-Za-z_][\w.\-]*+)?+"
ATTRIBUTES = rb"""(?:\s++%s\s*+=\s*+(?:"[^"<]*+"|'[^'<]*+'))*+""" % NAME
_ATTRIBUTE = re.compile(rb"""(?<!\s)\s++(%s)\s*+=\s*+(?:"([^"<]*+)"|'([^'<]*+)')""" % NAME)
_TAG = re.compile(rb"<(/?)(%s)(%s)\s*+(/?)>" % (NAME, ATTRIBUTES))
_PROLOGUE = re.compile(rb"(?:\xef\xbb\xbf)?\s*+(?:<\?xml([^<>?]*+)\?>\s*+)?")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([\w.-]+)["']""")
_ENTITY = re.compile(r"&(?:#x([0-9A-Fa-f]{1,6})|#([0-9]{1,7})|(amp|lt|gt|quot|apos));")
_ENTITIES = {"amp": "&", "lt": "<", "gt": ">", "quot": '"', "apos": "'"}
_DEEPEST = 256


@dataclass(frozen=True)
class Element:
    """An element in `data`: from `start` to `end`, what is in it from `opened` to `closed`. `name` with its prefix, as it stands there."""

    data: bytes
    name: bytes
    start: int
    opened: int
    closed: int
    end: int

    @property
    def local(self) -> bytes:
        """The name without its prefix."""
        return self.name.rpartition(b":")[2]

    @property
    def is_empty(self) -> bool:
        """Whether it is a tag of its own: `<cols/>`."""
        return self.opened == self.end

    @property
    def tag(self) -> bytes:
        """Its start tag."""
        return self.data[self.start : self.opened]

    @property
    def source(self) -> bytes:
        """All of it as it stands there."""
        return self.data[self.start : self.end]

    @cached_property
    def attributes(self) -> Mapping[str, str]:
        """Its attributes, prefixes as they are."""
        return read_attributes(self.tag)

    @cached_property
    def children(self) -> Sequence["Element"]:
        """The elements directly in it."""
        return children(self.data, self.opened, self.closed)

    def child(self, local: bytes) -> "Element | None":
        """The first element of a name directly in it."""
        return next((each for each in self.children if each.local == local), None)


@dataclass(frozen=True)
class Root:
    """The start tag of a part's outermost element. `prefix`: `x:` in `<x:worksheet>`, else nothing."""

    name: bytes
    prefix: bytes
    start: int
    opened: int
    namespaces: Mapping[bytes, bytes]
    is_empty: bool

    @property
    def namespace(self) -> bytes:
        """Its own namespace."""
        return self.namespaces.get(self.prefix.rstrip(b":"), b"")

    @property
    def is_strict(self) -> bool:
        """Whether it is of the strict kind of OOXML."""
        return self.namespace.startswith(b"http://purl.oclc.org/ooxml/")

    def relation_attribute(self) -> tuple[bytes, bytes]:
        """How `r:id` is spelt here, and the declaration it needs."""
        wanted = STRICT_RELATIONS if self.is_strict else RELATIONS
        prefix = next((prefix for prefix, uri in self.namespaces.items() if prefix and uri == wanted), None)
        return (prefix + b":id", b"") if prefix else (b"r:id", b' xmlns:r="' + wanted + b'"')


def read_root(data: bytes, local: bytes) -> Root:
    """The root of a part, which has to be of a name and in UTF-8."""
    prologue = _PROLOGUE.match(data)
    declared = _ENCODING.search(prologue[1] or b"") if prologue else None
    if declared and declared[1].lower() not in (b"utf-8", b"us-ascii", b"utf8"):
        raise UnsureError(f"encoding {declared[1].decode('latin-1')}")
    tag = _TAG.match(data, prologue.end() if prologue else 0)
    if tag is None or tag[1] or tag[2].rpartition(b":")[2] != local:
        raise UnsureError(f"the root is no {local.decode()}")
    attributes = {found[1]: found[2] if found[2] is not None else found[3] for found in _ATTRIBUTE.finditer(tag[3])}
    namespaces = {name[6:]: value for name, value in attributes.items() if name == b"xmlns" or name.startswith(b"xmlns:")}
    prefix, colon, _ = tag[2].rpartition(b":")
    return Root(tag[2], prefix + colon, tag.start(), tag.end(), namespaces, is_empty=bool(tag[4]))


def read_document(data: bytes, local: bytes) -> tuple[Root, Element]:
    """A whole part: its root, and the root as an element."""
    root = read_root(data, local)
    top = children(data, root.start, len(data))
    if len(top) != 1:
        raise UnsureError(f"not one {local.decode()}")
    return root, top[0]


def children(data: bytes, start: int, end: int) -> list[Element]:
    """The elements between two places, without those in them. Raises UnsureError where they are not well formed."""
    found: list[Element] = []
    stack: list[tuple[bytes, int, int]] = []
    count = 0
    for tag in _TAG.finditer(data, start, end):
        count += 1
        name = tag[2]
        if tag[1]:
            if not stack or stack[-1][0] != name:
                raise UnsureError(f"{name.decode()} ends where it was not begun")
            _, begun, opened = stack.pop()
            if not stack:
                found.append(Element(data, name, begun, opened, tag.start(), tag.end()))
        elif not tag[4]:
            stack.append((name, tag.start(), tag.end()))
        elif not stack:
            found.append(Element(data, name, tag.start(), tag.end(), tag.end(), tag.end()))
        if len(stack) > _DEEPEST:
            raise UnsureError("nested too deeply")
    if stack or count != data.count(b"<", start, end):
        raise UnsureError("comments, or no well-formed XML")
    return found


# -- attributes --------------------------------------------------------------------------------------------------------------------
def read_attributes(tag: bytes) -> dict[str, str]:
    """The attributes of a start tag, or of a piece of one."""
    found = {}
    for each in _ATTRIBUTE.finditer(tag):
        name, value = each[1].decode(), each[2] if each[2] is not None else each[3]
        if name in found:
            raise UnsureError(f"{name} twice")
        found[name] = unescape(value.decode())
    return found


def with_attributes(tag: bytes, changes: Mapping[str, str | None]) -> bytes:
    """A start tag with attributes set, or taken off (None); the others stay as they are."""
    left = dict(changes)

    def change(found: re.Match[bytes]) -> bytes:
        name = found[1].decode()
        if name not in changes:
            return found[0]
        value = left.pop(name)
        return b"" if value is None else _attribute(name, value)

    changed = _ATTRIBUTE.sub(change, tag)
    new = b"".join(_attribute(name, value) for name, value in left.items() if value is not None)
    end = len(changed) - (2 if changed.endswith(b"/>") else 1)
    return changed[:end].rstrip() + new + changed[end:]


def _attribute(name: str, value: str) -> bytes:
    return f' {name}="{escape(value)}"'.encode()


def escape(text: str) -> str:
    """A text as it stands in XML, in an attribute too."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")
    return text.replace("\n", "&#10;").replace("\t", "&#9;").replace("\r", "&#13;")


def unescape(text: str) -> str:
    """The text of an attribute."""
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda found: _ENTITIES[found[3]] if found[3] else _sign(int(found[1] or found[2], 16 if found[1] else 10)), text)


def _sign(number: int) -> str:
    if number > 0x10FFFF:
        raise UnsureError("no such sign")
    return chr(number)


def whole(text: str | None, default: int | None = None) -> int:
    """A number as an attribute has it: not negative, and no longer than any place or count."""
    if text is None and default is not None:
        return default
    text = (text or "").strip()
    if not (text.isascii() and text.isdigit() and len(text) < 11):
        raise UnsureError(f"no number: {text[:20]}")
    return int(text)


# -- changes -----------------------------------------------------------------------------------------------------------------------
Change = tuple[int, int, bytes]
"""From where to where, and what stands there now."""


def spliced(data: bytes, changes: Iterable[Change]) -> bytes:
    """Data with changes, which must not overlap; of several at one place the first stands first."""
    pieces: list[bytes] = []
    at = 0
    for start, end, new in sorted(changes, key=lambda change: change[:2]):
        if start < at:
            raise UnsureError("two changes at one place")
        pieces += (data[at:start], new)
        at = end
    return b"".join((*pieces, data[at:]))


def appended(element: Element, xml: bytes, attributes: Mapping[str, str | None]) -> bytes:
    """An element with more at its end, and attributes (its count) set."""
    tag = with_attributes(element.tag, attributes)
    if element.is_empty:
        return tag[:-2].rstrip() + b">" + xml + b"</" + element.name + b">"
    return tag + element.data[element.opened : element.closed] + xml + element.data[element.closed : element.end]


def place_for(local: bytes, siblings: Sequence[Element], order: Sequence[bytes], start: int) -> int:
    """Where an element belongs among others by the schema's order: behind the last one that comes before it, else at `start`."""
    rank = {name: at for at, name in enumerate(order)}
    before = [each.end for each in siblings if rank.get(each.local, len(order)) < rank[local]]
    return max(before, default=start)
