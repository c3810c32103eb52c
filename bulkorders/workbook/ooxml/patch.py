"""Patches a workbook's container: the sheets that are edited, what they need, and sheets of ours; all else stays byte for byte."""

import zlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO
from zipfile import BadZipFile

from .added import write_sheet
from .book import Book
from .edits import NewSheet, SheetEdits, UnsureError
from .macros import drop_macros, drop_signatures
from .notes import write_notes
from .package import ROOT, Package
from .places import Area, read_area
from .sheet import SheetStream
from .style_sheet import EMPTY
from .styles import Styles

_OFFICE = "application/vnd.openxmlformats-officedocument."
_SHEET, _STYLES, _COMMENTS = (f"{_OFFICE}spreadsheetml.{kind}+xml" for kind in ("worksheet", "styles", "comments"))
_DRAWING = f"{_OFFICE}vmlDrawing"
_AUTHOR = b"bulkorders"
_BROKEN = (BadZipFile, zlib.error, EOFError, NotImplementedError, UnicodeError)


def patch(
    source: Path, edits: Mapping[str, SheetEdits], added: Sequence[NewSheet], target: BinaryIO, dropped: Collection[str] = ()
) -> None:
    """Writes the container of `source` with its edits to `target`. Raises UnsureError; OSError.

    `edits`: by the names of the merchant's sheets. `added`: sheets that are put behind them. `dropped`: sheets of ours from an earlier
    time, which are taken out first; names that are not there are passed over. After UnsureError what stands in `target` is worth nothing.
    """
    try:
        package = Package(source)
        try:
            _Patch(package).run(edits, added, dropped)
            package.save(target)
        finally:
            package.close()
    except _BROKEN as error:
        raise UnsureError(f"not readable: {error}") from error


class _Patch:
    """One run over one container."""

    def __init__(self, package: Package) -> None:
        self._package = package
        self._book = Book(package.read(package.workbook))
        self._styles_name, self._styles = _styles(package)

    def run(self, edits: Mapping[str, SheetEdits], added: Sequence[NewSheet], dropped: Collection[str]) -> None:
        """All of it, up to what is saved."""
        drop_signatures(self._package)
        drop_macros(self._package)
        self._drop(dropped)
        parts = self._parts()
        for name, edit in edits.items():
            if name not in parts:
                raise UnsureError(f"no sheet {name}")
            self._edit(name, parts[name], edit)
        for sheet in added:
            self._add(sheet)
        self._package.write(self._package.workbook, self._book.data)
        self._package.write(self._styles_name, self._styles.data)

    # -- sheets that are there
    def _parts(self) -> dict[str, str]:
        """The parts of the sheets by the sheets' names."""
        relations = self._package.rels(self._package.workbook).all
        found = {sheet.name: relations.get(sheet.relation) for sheet in self._book.sheets}
        return {
            name: relation.target for name, relation in found.items() if relation and relation.target and self._package.has(relation.target)
        }

    def _edit(self, name: str, part: str, edit: SheetEdits) -> None:
        stream = SheetStream(edit, self._styles, lambda drawing: self._draw(part, edit, drawing))
        self._package.stream(part, stream.pieces(self._package.chunks(part)))
        if stream.grown is not None and self._book.has_filter_name(name):
            self._book.set_filter(name, stream.grown.fixed)
        if stream.lost_formula:
            self._drop_calculation()

    def _drop_calculation(self) -> None:
        """The order of calculation names a cell that is no formula any more; programs work it out anew."""
        for part in self._package.unrelate(self._package.workbook, "calcChain"):
            self._package.drop(part)

    # -- comments
    def _draw(self, part: str, edit: SheetEdits, drawing: str | None) -> str | None:
        """Writes the comments of a sheet; gives the id of the relationship to their drawing."""
        comments = self._package.related(part, "comments")
        name = comments.target if comments else None
        old = self._package.read(name) if name else None
        if not edit.notes and (old is None or _AUTHOR not in old):
            return drawing
        shown = self._package.rels(part).all.get(drawing) if drawing else None
        if drawing and (shown is None or shown.target is None):
            raise UnsureError("a drawing of comments that is not there")
        shown_name = shown.target if shown else None
        new = write_notes(old, self._package.read(shown_name) if shown_name else None, edit.notes)
        self._put(part, "comments", name, new.comments, ("/xl/comments{}.xml", _COMMENTS))
        self._package.types.set_default("vml", _DRAWING)
        return self._put(part, "vmlDrawing", shown_name, new.drawing, ("/xl/drawings/vmlDrawing{}.vml", _DRAWING))

    def _put(self, part: str, kind: str, name: str | None, content: bytes, fresh: tuple[str, str]) -> str | None:
        """Writes a part that a sheet needs, makes it, or takes it out; gives the id of the relationship to it."""
        relations = self._package.rels(part)
        relation = next((each for each in relations.of_kind(kind) if name and each.target == name), None)
        if name is None or relation is None:
            if not content:
                return None
            new = self._package.free_name(fresh[0])
            self._package.add(new, content, fresh[1])
            return self._package.relate(part, kind, new)
        if content:
            self._package.write(name, content)
            return relation.id
        relations.remove(relation.id)
        self._package.drop(name)
        return None

    # -- sheets of ours
    def _drop(self, names: Collection[str]) -> None:
        """Takes sheets out, with all that only they led to."""
        parts = {name: part for name, part in self._parts().items() if name in names}
        if not parts:
            return
        relations = {sheet.name: sheet.relation for sheet in self._book.sheets}
        before = self._package.reachable()
        self._book.drop(parts.keys())
        for name in parts:
            self._package.rels(self._package.workbook).remove(relations[name])
        after = self._package.reachable()
        for part in before - after:
            self._package.drop(part)
        self._drop_calculation()

    def _add(self, sheet: NewSheet) -> None:
        package = self._package
        folder = package.workbook.rpartition("/")[0]
        name = package.free_name(folder + "/worksheets/sheet{}.xml")
        new = write_sheet(sheet, self._styles, package.free_name, is_1904=self._book.is_1904)
        package.add(name, new.sheet, _SHEET)
        for part, (content_type, content, _) in new.parts.items():
            package.add(part, content, content_type)
        for source, relations in ((name, new.rels), *((part, own) for part, (_, _, own) in new.parts.items())):
            for identifier, (kind, target) in relations.items():
                package.rels(source).add(package.office_type(kind.rpartition("/")[2]), target, identifier)
        self._book.add(sheet.name, package.relate(package.workbook, "worksheet", name))
        if sheet.filter:
            area = read_area(sheet.filter)
            self._book.set_filter(sheet.name, Area(area.top, area.left, area.bottom, area.right).fixed)


def _styles(package: Package) -> tuple[str, Styles]:
    """The styles part, which is made where there is none."""
    relation = package.related(package.workbook, "styles")
    if relation is not None and relation.target is not None:
        return relation.target, Styles(package.read(relation.target), forgetful=_is_of_libreoffice(package))
    plain = package.workbook.rpartition("/")[0] + "/styles.xml"  # some readers look for it here
    name = package.free_name(plain.replace(".xml", "{}.xml")) if package.has(plain) else plain
    package.add(name, EMPTY, _STYLES)
    package.relate(package.workbook, "styles", name)
    return name, Styles(package.read(name))


def _is_of_libreoffice(package: Package) -> bool:
    """Whether LibreOffice wrote the workbook, or another program of that family."""
    said = package.related(ROOT, "extended-properties")
    data = package.read(said.target) if said is not None and said.target and package.has(said.target) else b""
    return b"Office.org" in data or b"LibreOffice" in data
