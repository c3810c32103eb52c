"""The legacy drawing of a sheet, which shows its comments: shapes of ours are taken out and added, and nothing else is touched.

It is looked at as bytes and not as XML: an old Excel leaves `<br>` open in it, and names no encoding.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from bulkorders.workbook.style import line_count

from .edits import UnsureError
from .note_text import OWN_LINE, shortened

WIDTH = 200
"""Points."""
_LETTERS = 38
"""How many Excel's units of a font of nine points stand in a line of that width; a Chinese sign takes two."""
_LINE, _EDGES, _TALLEST = 14, 12, 409
"""Points."""
_COLUMN, _ROW = 48, 15
"""Points of a column and a row that nobody changed."""
_FIRST_ID = 1025
_IDS_OF_A_BLOCK = 1024

_NAMESPACES = {
    "v": "urn:schemas-microsoft-com:vml",
    "o": "urn:schemas-microsoft-com:office:office",
    "x": "urn:schemas-microsoft-com:office:excel",
}
_NAME = rb"(?:[A-Za-z_][\w.-]*+:)?"
_ATTRIBUTES = rb"""(?:\s(?:[^<>"'/]|"[^"]*+"|'[^']*+')*+)?"""
_ROOT = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml\s([^<>]*+)>)?\s*<([A-Za-z_][\w.:-]*+)(" + _ATTRIBUTES + rb")>")
_ENCODING = re.compile(rb"""encoding\s*=\s*["']([\w.-]+)["']""")
_LIKE_ASCII = re.compile(rb"(?:utf-8|us-ascii|ascii|gb2312|gbk|gb18030|big5|iso-8859-\d+|windows-125\d)\Z", re.IGNORECASE)
_DECLARED = re.compile(rb"""xmlns:([\w.-]+)\s*=\s*["']([^"']*)["']""")
_SHAPE = re.compile(rb"<" + _NAME + rb"shape" + _ATTRIBUTES + rb"(/?)>")
_SHAPE_END = re.compile(rb"</" + _NAME + rb"shape\s*>")
_IS_NOTE = re.compile(rb"""\sObjectType\s*=\s*["']Note["']""")
_PLACE = re.compile(rb"<" + _NAME + rb"(Row|Column)\s*>\s*([0-9]{1,7})\s*</")
_ID = re.compile(rb"_x0000_s([0-9]+)")
_TYPE = re.compile(rb"<" + _NAME + rb"""shapetype\s(?:[^<>"']|"[^"]*+"|'[^']*+')*?\bid\s*=\s*["']_x0000_t202["']""")
_ELEMENT = re.compile(rb"<" + _NAME + rb"([A-Za-z]\w*+)")
_FRAME = frozenset(b"shapelayout idmap shapetype stroke path formulas f lock fill".split())
"""Elements of a drawing that shows nothing."""

_Cell = tuple[int, int]


def redrawn(drawing: bytes | None, gone: Collection[_Cell], added: Sequence[tuple[_Cell, str]]) -> bytes:
    """The drawing without the comments of the cells `gone`, and with those of `added` and their texts. Raises UnsureError."""
    if not added and not (gone and drawing):
        return drawing or b""
    drawing = drawing or _new(len(added))
    root = _Root.read(drawing)
    shapes = [shape for shape in _shapes(drawing, root) if shape.cell]
    parts, place = [], 0
    for shape in shapes:
        if shape.cell in gone:
            parts.append(drawing[place : shape.start])
            place = shape.end
    kept, end = b"".join(parts) + drawing[place : root.end], drawing[root.end :]
    there = {shape.cell for shape in shapes} - set(gone)
    return _with_ours(kept, root, [(cell, text) for cell, text in added if cell not in there]) + end


def is_bare(drawing: bytes) -> bool:
    """Whether nothing that shows is left in a drawing."""
    return not drawing or set(_ELEMENT.findall(drawing, _Root.read(drawing).start)) <= _FRAME


@dataclass(frozen=True)
class _Root:
    """The drawing's root: where its content begins and ends, and the prefixes that it declares for the three namespaces."""

    start: int
    end: int
    prefixes: Mapping[str, str]

    @classmethod
    def read(cls, drawing: bytes) -> "_Root":
        found = _ROOT.match(drawing)
        encoding = _ENCODING.search(found[1] or b"") if found else None
        closed = re.compile(rb"</" + re.escape(found[2]) + rb"\s*>\s*\Z").search(drawing, max(len(drawing) - 200, 0)) if found else None
        if not (found and closed) or b"<!" in drawing or b"\0" in drawing or (encoding and not _LIKE_ASCII.match(encoding[1])):
            raise UnsureError("the drawing of the comments is written in a way that is not known")
        declared = {uri.decode("latin-1"): prefix.decode("latin-1") for prefix, uri in _DECLARED.findall(found[3])}
        return cls(found.end(), closed.start(), {key: declared[uri] for key, uri in _NAMESPACES.items() if uri in declared})

    def dress(self, shape: str) -> bytes:
        """An element written with the usual prefixes, as it can stand in this root; what the root does not declare, it declares itself."""
        missing = "".join(f' xmlns:{key}="{uri}"' for key, uri in _NAMESPACES.items() if key not in self.prefixes)
        shape = re.sub(r"(?<=[</ ])[vox](?=:)", lambda found: self.prefixes.get(found[0], found[0]), shape)
        return re.sub(r"(?<=[\w])(?= )", lambda _: missing, shape, count=1).encode("ascii")


@dataclass(frozen=True)
class _Shape:
    """A shape and where it stands; `cell`: of the comment that it shows, None for other shapes."""

    start: int
    end: int
    cell: _Cell | None


def _shapes(drawing: bytes, root: _Root) -> Iterator[_Shape]:
    place = root.start
    while found := _SHAPE.search(drawing, place, root.end):
        closed = found if found[1] else _SHAPE_END.search(drawing, found.end(), root.end)
        if closed is None:
            raise UnsureError("a shape of the drawing does not end")
        place = closed.end()
        yield _Shape(found.start(), place, _cell(drawing[found.start() : place]))


def _cell(shape: bytes) -> _Cell | None:
    places = {name: int(number) + 1 for name, number in _PLACE.findall(shape)}
    return (places[b"Row"], places[b"Column"]) if len(places) == 2 and _IS_NOTE.search(shape) else None


def _with_ours(drawing: bytes, root: _Root, added: Sequence[tuple[_Cell, str]]) -> bytes:
    """A drawing, without its end, and our shapes."""
    shape_type = root.dress(_SHAPE_TYPE)
    if not added:
        return drawing if drawing.count(b"#_x0000_t202") else drawing.replace(shape_type, b"")
    ids = _ID.findall(drawing)
    if any(len(number) > 9 for number in ids):
        raise UnsureError("a shape of the drawing has too large a number")
    first = max([int(number) for number in ids], default=0) + 1
    form = root.dress(_FORM)
    shapes = [form % _filling(cell, text, number) for number, (cell, text) in enumerate(added, max(first, _FIRST_ID))]
    return b"".join([drawing, b"" if _TYPE.search(drawing) else shape_type, *shapes])


_SHAPE_TYPE = (
    '<v:shapetype id="_x0000_t202" coordsize="21600,21600" o:spt="202" path="m,l,21600r21600,l21600,xe">'
    '<v:stroke joinstyle="miter"/><v:path gradientshapeok="t" o:connecttype="rect"/></v:shapetype>'
)


# There is no `Anchor`: it counts in columns and rows, so that a hidden or wide one would squeeze or stretch the shape. Without it programs
# take the size as it is, and show the shape beside the cell that is pointed at; the margins serve who has all of them shown at once.
_FORM = (
    '<v:shape id="_x0000_s%d" type="#_x0000_t202" style="position:absolute;margin-left:%dpt;margin-top:%dpt;width:%dpt;height:%dpt;'
    'z-index:1;visibility:hidden" fillcolor="#ffffe1" o:insetmode="auto"><v:fill color2="#ffffe1"/><v:shadow color="black" obscured="t"/>'
    '<v:path o:connecttype="none"/><v:textbox style="mso-direction-alt:auto"><div style="text-align:left"></div></v:textbox>'
    '<x:ClientData ObjectType="Note"><x:MoveWithCells/><x:SizeWithCells/><x:AutoFill>False</x:AutoFill>'
    "<x:Row>%d</x:Row><x:Column>%d</x:Column></x:ClientData></v:shape>"
)


def _filling(cell: _Cell, text: str, number: int) -> tuple[int, ...]:
    row, column = cell
    height = min(_EDGES + _LINE * line_count(f"{OWN_LINE}\n{shortened(text)}", _LETTERS + 2), _TALLEST)
    return number, column * _COLUMN + 8, max((row - 1) * _ROW - 6, 2), WIDTH, round(height), row - 1, column - 1


def _new(count: int) -> bytes:
    """A drawing without shapes; its numbers are given out by the thousand, and all thousands that are used are listed."""
    blocks = ",".join(str(block) for block in range(1, (count + _FIRST_ID - 1) // _IDS_OF_A_BLOCK + 1))
    declared = " ".join(f'xmlns:{key}="{uri}"' for key, uri in _NAMESPACES.items())
    return (f'<xml {declared}><o:shapelayout v:ext="edit"><o:idmap v:ext="edit" data="{blocks}"/></o:shapelayout></xml>').encode("ascii")
