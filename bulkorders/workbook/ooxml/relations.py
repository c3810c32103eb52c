"""Relationships of a part (`_rels/x.xml.rels`), and the list of content types: changed at the places that change."""

from collections.abc import Mapping
from dataclasses import dataclass
from posixpath import basename, dirname, join, normpath, relpath
from urllib.parse import unquote

from .edits import UnsureError
from .markup import Element, appended, escape, read_document, spliced

_NAMESPACE = "http://schemas.openxmlformats.org/package/2006/relationships"
_EMPTY = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="{_NAMESPACE}"></Relationships>'.encode()
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
STRICT_OFFICE = "http://purl.oclc.org/ooxml/officeDocument/relationships/"


@dataclass(frozen=True)
class Relation:
    """One relationship. `kind`: the last word of its type. `target`: a part's name from the root, None for what lies outside."""

    id: str
    type: str
    target: str | None

    @property
    def kind(self) -> str:
        """`worksheet`, `comments`: transitional and strict types differ in front of it."""
        return self.type.rpartition("/")[2]


def rels_name(part: str) -> str:
    """Where a part's relationships lie."""
    return join(dirname(part), "_rels", basename(part) + ".rels")


class Relations:
    """The relationships of a part; `source` is "/" for those of the package."""

    def __init__(self, source: str, data: bytes | None) -> None:
        self.source = source
        self.data = data or _EMPTY
        self.is_changed = False
        self._read: dict[str, Relation] | None = None

    @property
    def all(self) -> Mapping[str, Relation]:
        """By their ids."""
        if self._read is None:
            self._read = self._read_all()
        return self._read

    def _read_all(self) -> dict[str, Relation]:
        found: dict[str, Relation] = {}
        for element in self._elements():
            attributes = element.attributes
            if attributes.get("Id", "") in found:
                raise UnsureError(f"relationship {attributes.get('Id')} twice")
            outside = attributes.get("TargetMode") == "External"
            target = None if outside else _resolved(self.source, attributes.get("Target", ""))
            found[attributes.get("Id", "")] = Relation(attributes.get("Id", ""), attributes.get("Type", ""), target)
        return found

    def of_kind(self, kind: str) -> list[Relation]:
        """All of a kind, as they stand."""
        return [each for each in self.all.values() if each.kind == kind]

    def add(self, type_: str, target: str, wanted: str | None = None) -> str:
        """A new relationship to a part; gives its id."""
        taken = self.all
        new = wanted or next(name for name in (f"rId{number}" for number in range(1, len(taken) + 2)) if name not in taken)
        if new in taken:
            raise UnsureError(f"relationship {new} twice")
        root, top = read_document(self.data, b"Relationships")
        path = escape(relpath(target, dirname(self.source) or "/"))
        xml = b"<%bRelationship" % root.prefix + f' Id="{escape(new)}" Type="{escape(type_)}" Target="{path}"/>'.encode()
        self._set(spliced(self.data, [(top.start, top.end, appended(top, xml, {}))]))
        return new

    def remove(self, gone: str) -> None:
        """Takes a relationship out."""
        self._set(spliced(self.data, [(each.start, each.end, b"") for each in self._elements() if each.attributes.get("Id") == gone]))

    def _elements(self) -> list[Element]:
        top = read_document(self.data, b"Relationships")[1]
        return [each for each in top.children if each.local == b"Relationship"]

    def _set(self, data: bytes) -> None:
        self.data, self.is_changed, self._read = data, True, None


def _resolved(source: str, target: str) -> str:
    path = unquote(target.replace("\\", "/")).partition("#")[0]
    return normpath(path if path.startswith("/") else join(dirname(source), path))


class ContentTypes:
    """`[Content_Types].xml`: what each part is, by its name or by the ending of its name."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.is_changed = False
        self._read: list[Element] | None = None

    def of(self, part: str) -> str:
        """A part's content type; "" where none is said."""
        override = self._override(part)
        if override is not None:
            return override.attributes.get("ContentType", "")
        default = self._default(part.rpartition(".")[2])
        return default.attributes.get("ContentType", "") if default is not None else ""

    def set(self, part: str, content_type: str) -> None:
        """Says a part's content type by its name."""
        if self.of(part) != content_type:
            self.remove(part)
            self._append(b"Override", f' PartName="{escape(part)}" ContentType="{escape(content_type)}"')

    def set_default(self, ending: str, content_type: str) -> None:
        """Says the content type of all parts with an ending, where none is said for it."""
        if self._default(ending) is None:
            self._append(b"Default", f' Extension="{escape(ending)}" ContentType="{escape(content_type)}"')

    def remove(self, part: str) -> None:
        """Says no longer what a part is."""
        override = self._override(part)
        if override is not None:
            self._set(spliced(self.data, [(override.start, override.end, b"")]))

    def endings_of(self, content_type: str) -> list[str]:
        """The endings that mean a content type."""
        return [
            each.attributes.get("Extension", "")
            for each in self._elements(b"Default")
            if each.attributes.get("ContentType") == content_type
        ]

    def remove_default(self, ending: str) -> None:
        """Says no longer what parts with an ending are."""
        default = self._default(ending)
        if default is not None:
            self._set(spliced(self.data, [(default.start, default.end, b"")]))

    def _append(self, local: bytes, attributes: str) -> None:
        root, top = read_document(self.data, b"Types")
        xml = b"<" + root.prefix + local + attributes.encode() + b"/>"
        self._set(spliced(self.data, [(top.start, top.end, appended(top, xml, {}))]))

    def _elements(self, local: bytes) -> list[Element]:
        if self._read is None:
            self._read = list(read_document(self.data, b"Types")[1].children)
        return [each for each in self._read if each.local == local]

    def _override(self, part: str) -> Element | None:
        wanted = part.lower()
        return next((each for each in self._elements(b"Override") if each.attributes.get("PartName", "").lower() == wanted), None)

    def _default(self, ending: str) -> Element | None:
        wanted = ending.lower()
        return next((each for each in self._elements(b"Default") if each.attributes.get("Extension", "").lower() == wanted), None)

    def _set(self, data: bytes) -> None:
        self.data, self.is_changed, self._read = data, True, None
