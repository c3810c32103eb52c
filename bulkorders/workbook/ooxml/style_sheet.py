"""The groups of a styles part (fonts, fills, cell styles ...) as lists of elements, and the part again with what was appended."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .edits import UnsureError
from .markup import MAIN, STRICT_MAIN, Change, Element, appended, children, place_for, read_document, read_root, spliced

_ORDER = tuple(b"numFmts fonts fills borders cellStyleXfs cellXfs cellStyles dxfs tableStyles colors extLst".split())
_ITEM = {
    "numFmts": b"numFmt",
    "fonts": b"font",
    "fills": b"fill",
    "borders": b"border",
    "cellStyleXfs": b"xf",
    "cellXfs": b"xf",
    "dxfs": b"dxf",
}
_FIRST: dict[str, tuple[str, ...]] = {
    "fonts": ('<font><sz val="11"/><color theme="1"/><name val="Calibri"/><family val="2"/><scheme val="minor"/></font>',),
    "fills": ('<fill><patternFill patternType="none"/></fill>', '<fill><patternFill patternType="gray125"/></fill>'),
    "borders": ("<border><left/><right/><top/><bottom/><diagonal/></border>",),
    "cellXfs": ('<xf numFmtId="0" fontId="0" fillId="0" borderId="0"/>',),
}
"""What cells without a style look like: what has to stand in front of ours where a group is missing."""
EMPTY = (
    f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<styleSheet xmlns="{MAIN.decode()}">'
    + "".join(f'<{name} count="{len(items)}">{"".join(items)}</{name}>' for name, items in _FIRST.items() if name != "cellXfs")
    + '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/></cellXfs>'
    '<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>'
).encode()
"""For a workbook without styles."""
_OPENED = re.compile(r"<(/?)(?=\w)")


@dataclass
class Group:
    """The elements of a group, ours behind the workbook's own. `element`: the group as it stands in the part."""

    element: Element | None
    items: list[bytes]
    own: int
    _places: dict[bytes, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for at, item in enumerate(self.items):
            self._places.setdefault(item, at)

    def place(self, xml: bytes) -> int:
        """The number of an element; it is appended where there is none like it."""
        if xml not in self._places:
            self._places[xml] = len(self.items)
            self.items.append(xml)
        return self._places[xml]


class StyleSheet:
    """A styles part."""

    def __init__(self, data: bytes) -> None:
        root = read_root(data, b"styleSheet")
        if root.is_empty:
            data = data[: root.opened - 2] + b"></" + root.name + b">"
        self._data = data
        self._root, self._top = read_document(data, b"styleSheet")
        if self._root.namespace not in (MAIN, STRICT_MAIN):
            raise UnsureError("styles of another kind")
        self._groups = {name: self._read(name) for name in _ITEM}

    def group(self, name: str) -> Group:
        """A group by its name: `cellXfs`."""
        return self._groups[name]

    def prefixed(self, xml: str) -> bytes:
        """XML of ours with the part's prefix."""
        prefix = self._root.prefix.decode()
        return (_OPENED.sub(rf"<\g<1>{prefix}", xml) if prefix else xml).encode()

    def elements(self, xml: bytes) -> Sequence[Element]:
        """The elements within an element of a group."""
        return [inner for each in children(xml, 0, len(xml)) for inner in each.children]

    def data(self) -> bytes:
        """The part with what was appended. With a style of ours, fonts, fills and borders are there too, since it names them."""
        grown = {name for name, group in self._groups.items() if len(group.items) > (group.own or len(self._first(name)))}
        changes: list[Change] = []
        for name, group in self._groups.items():
            new = b"".join(group.items[group.own :])
            if not (name in grown or (grown and new)):
                continue
            if group.element is None:
                changes.append(self._new_group(name, group))
            else:
                count = {"count": str(len(group.items))}
                changes.append((group.element.start, group.element.end, appended(group.element, new, count)))
        return spliced(self._data, changes)

    def _new_group(self, name: str, group: Group) -> Change:
        at = place_for(name.encode(), self._top.children, _ORDER, self._top.opened)
        xml = self.prefixed(f'<{name} count="{len(group.items)}">') + b"".join(group.items) + self.prefixed(f"</{name}>")
        return at, at, xml

    def _read(self, name: str) -> Group:
        found = [each for each in self._top.children if each.local == name.encode()]
        if len(found) > 1 or any(each.local != _ITEM[name] for group in found for each in group.children):
            raise UnsureError(f"{name} of another kind")
        own = [each.source for each in found[0].children] if found else []
        items = own or self._first(name)
        return Group(found[0] if found else None, list(items), len(own))

    def _first(self, name: str) -> list[bytes]:
        return [self.prefixed(xml) for xml in _FIRST.get(name, ())]
