"""The parts of a workbook's container by name, and a new container of them: what was not changed goes over byte for byte."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from zipfile import ZipInfo

from .archive import Archive, ArchiveWriter, Packed, copy_out, pack, unpacked
from .edits import UnsureError
from .markup import Root, read_root
from .relations import OFFICE, STRICT_OFFICE, ContentTypes, Relation, Relations, rels_name

ROOT = "/"
_TYPES = "/[Content_Types].xml"
_LONGEST = 256 * 1024 * 1024
"""Bytes of a part that is read whole."""
_STRICT = tuple(
    (b"http://schemas.openxmlformats.org/" + here, b"http://purl.oclc.org/ooxml/" + there)
    for here, there in (
        (b"spreadsheetml/2006/main", b"spreadsheetml/main"),
        (b"officeDocument/2006/relationships", b"officeDocument/relationships"),
        (b"drawingml/2006/main", b"drawingml/main"),
        (b"drawingml/2006/chart", b"drawingml/chart"),
        (b"drawingml/2006/spreadsheetDrawing", b"drawingml/spreadsheetDrawing"),
    )
)
"""Namespaces of the usual kind of OOXML, and of the strict kind."""


@dataclass
class _Part:
    """A part under its name in the archive: as it was, or what it holds now."""

    name: str
    content: ZipInfo | Packed | bytes


class Package:
    """A workbook's container. Part names are those of the standard: `/xl/workbook.xml`, capitals no matter."""

    def __init__(self, path: Path) -> None:
        self._archive = Archive(path)
        self._parts: dict[str, _Part] = {}
        try:
            self._parts = _by_name(self._archive.entries)
            self._rels: dict[str, Relations] = {}
            self.types = ContentTypes(self.read(_TYPES))
            self.workbook = self._find_workbook()
            self.is_strict = self.root(self.workbook, b"workbook").is_strict
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Lets go of the file, and of what was packed."""
        self._archive.close()
        for part in self._parts.values():
            if isinstance(part.content, Packed):
                part.content.content.close()

    # -- parts
    def has(self, name: str) -> bool:
        """Whether there is a part."""
        return name.lower() in self._parts

    def read(self, name: str) -> bytes:
        """A part as it is now."""
        match self._part(name).content:
            case bytes() as content:
                return content
            case Packed() as packed:
                return unpacked(packed)
            case info:
                if info.file_size > _LONGEST:
                    raise UnsureError(f"too large: {name}")
                return self._archive.read(info)

    def chunks(self, name: str) -> Iterator[bytes]:
        """A part as it was, in pieces."""
        content = self._part(name).content
        if isinstance(content, ZipInfo):
            yield from self._archive.chunks(content)
        else:
            yield self.read(name)

    def root(self, name: str, local: bytes) -> Root:
        """The root of a part."""
        return read_root(self.read(name), local)

    def write(self, name: str, content: bytes) -> None:
        """Changes a part; one that stays the same is left as it was packed."""
        if self.read(name) != content:
            self._part(name).content = content

    def stream(self, name: str, chunks: Iterable[bytes]) -> None:
        """Changes a large part by what it is to hold."""
        part = self._part(name)
        old, part.content = part.content, pack(part.name, chunks)
        if isinstance(old, Packed):
            old.content.close()

    def add(self, name: str, content: bytes, content_type: str) -> None:
        """A new part."""
        if self.has(name):
            raise UnsureError(f"{name} twice")
        self._parts[name.lower()] = _Part(name.lstrip("/"), self.translated(content))
        if content_type:
            self.types.set(name, content_type)

    def drop(self, name: str) -> None:
        """Takes out a part and its own relationships; those that lead to it are the caller's."""
        for each in (name, rels_name(name)):
            self._parts.pop(each.lower(), None)
        self._rels.pop(name.lower(), None)
        self.types.remove(name)

    def free_name(self, pattern: str) -> str:
        """A part's name that nobody has: `/xl/comments{}.xml`."""
        names = (pattern.format(number) for number in range(1, len(self._parts) + 2))
        return next(name for name in names if not self.has(name))

    def names(self) -> list[str]:
        """The names of all parts, in small letters."""
        return list(self._parts)

    def translated(self, content: bytes) -> bytes:
        """A part of ours in the workbook's kind of OOXML."""
        for usual, strict in _STRICT if self.is_strict else ():
            content = content.replace(b'"' + usual + b'"', b'"' + strict + b'"')
        return content

    # -- relationships
    def rels(self, name: str) -> Relations:
        """The relationships of a part, or of the package (`ROOT`)."""
        if name.lower() not in self._rels:
            where = rels_name(name)
            self._rels[name.lower()] = Relations(name, self.read(where) if self.has(where) else None)
        return self._rels[name.lower()]

    def office_type(self, kind: str) -> str:
        """The type of a relationship of the standard, in the workbook's kind of OOXML."""
        return (STRICT_OFFICE if self.is_strict else OFFICE) + kind

    def related(self, name: str, kind: str) -> Relation | None:
        """The only relationship of a kind that a part has."""
        found = self.rels(name).of_kind(kind)
        if len(found) > 1:
            raise UnsureError(f"{len(found)} {kind} of {name}")
        return found[0] if found else None

    def relate(self, name: str, kind: str, target: str) -> str:
        """A new relationship of the standard to a part; gives its id."""
        return self.rels(name).add(self.office_type(kind), target)

    def unrelate(self, name: str, kind: str) -> list[str]:
        """Takes out all relationships of a kind; gives the parts that they led to."""
        gone = self.rels(name).of_kind(kind)
        for each in gone:
            self.rels(name).remove(each.id)
        return [each.target for each in gone if each.target and self.has(each.target)]

    def reachable(self) -> set[str]:
        """The parts that are there and that a relationship leads to, from the package on."""
        found: set[str] = set()
        left = [ROOT]
        while left:
            targets = (each.target.lower() for each in self.rels(left.pop()).all.values() if each.target)
            new = {target for target in targets if target in self._parts} - found
            found |= new
            left += new
        return found

    # -- the container
    def save(self, target: BinaryIO) -> None:
        """Writes the container: parts in the order in which they stood, new ones behind them."""
        for relations in self._rels.values():
            self._put(rels_name(relations.source), relations.data, relations.is_changed)
        self._put(_TYPES, self.types.data, self.types.is_changed)
        writer = ArchiveWriter(target)
        for part in self._parts.values():
            content = part.content
            if isinstance(content, ZipInfo):
                writer.add(content, self._archive.packed(content))
                continue
            packed = pack(part.name, [content]) if isinstance(content, bytes) else content
            with packed.content:
                writer.add(packed.info, copy_out(packed.content))
        writer.close()

    def _put(self, name: str, data: bytes, is_changed: bool) -> None:
        if is_changed and self.has(name):
            self.write(name, data)
        elif is_changed:
            self._parts[name.lower()] = _Part(name.lstrip("/"), data)

    def _part(self, name: str) -> _Part:
        part = self._parts.get(name.lower())
        if part is None:
            raise UnsureError(f"no part {name}")
        return part

    def _find_workbook(self) -> str:
        relation = self.related(ROOT, "officeDocument")
        if relation is None or relation.target is None or not self.has(relation.target):
            raise UnsureError("no workbook part")
        return relation.target


def _by_name(entries: Iterable[ZipInfo]) -> dict[str, _Part]:
    found: dict[str, _Part] = {}
    for info in entries:
        name = "/" + info.filename.replace("\\", "/").lstrip("/").lower()
        if name in found:
            raise UnsureError(f"{info.filename} twice")
        found[name] = _Part(info.filename, info)
    return found
