"""The workbook part: its sheets, its defined names, and which sheet is open."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from .edits import UnsureError
from .markup import (
    RELATIONS,
    STRICT_RELATIONS,
    Change,
    Element,
    appended,
    escape,
    place_for,
    read_document,
    spliced,
    whole,
    with_attributes,
)

_ORDER = tuple(
    b"fileVersion fileSharing workbookPr AlternateContent revisionPtr absPath workbookProtection bookViews sheets functionGroups"
    b" externalReferences definedNames calcPr oleSize customWorkbookViews pivotCaches smartTagPr smartTagTypes webPublishing"
    b" fileRecoveryPr webPublishObjects extLst".split()
)
_FILTER = "_xlnm._FilterDatabase"
_MOST_SHEETS = 10_000


@dataclass(frozen=True)
class Sheet:
    """A sheet as the workbook names it. `relation`: the id of the relationship to its part."""

    name: str
    number: int
    relation: str
    is_visible: bool


class Book:
    """`workbook.xml`, changed at the places that change."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._root = read_document(data, b"workbook")[0]

    @property
    def sheets(self) -> list[Sheet]:
        """The sheets in their order."""
        found = [self._sheet(each) for each in self._sheet_elements()]
        if len({sheet.name.lower() for sheet in found}) != len(found):
            raise UnsureError("two sheets of one name")
        return found

    @property
    def is_1904(self) -> bool:
        """Whether its days are counted from 1904 on."""
        said = self._child(b"workbookPr")
        return said is not None and said.attributes.get("date1904") in ("1", "true")

    def add(self, name: str, relation: str) -> None:
        """A sheet behind the others."""
        sheets = self.sheets
        if len(sheets) >= _MOST_SHEETS or any(sheet.name.lower() == name.lower() for sheet in sheets):
            raise UnsureError(f"there is a sheet {name}")
        number = max((sheet.number for sheet in sheets), default=0) + 1
        attribute, declared = self._root.relation_attribute()
        xml = b"<%bsheet" % self._root.prefix + f' name="{escape(name)}" sheetId="{number}"'.encode()
        xml += b" " + attribute + f'="{escape(relation)}"'.encode() + declared + b"/>"
        sheets_element = self._child(b"sheets")
        if sheets_element is None:
            raise UnsureError("no sheets")
        self._change((sheets_element.start, sheets_element.end, appended(sheets_element, xml, {})))

    def drop(self, names: Collection[str]) -> None:
        """Takes sheets out; what counts the others by their place is told their new one."""
        elements = self._sheet_elements()
        gone = {at for at, each in enumerate(elements) if each.attributes.get("name", "") in names}
        if not gone:
            return
        if len(gone) == len(elements):
            raise UnsureError("no sheet is left")
        places = {old: new for new, old in enumerate(at for at in range(len(elements)) if at not in gone)}
        changes: list[Change] = [(elements[at].start, elements[at].end, b"") for at in gone]
        changes += self._moved_names(places)
        changes += self._moved_views(places, [self._sheet(each).is_visible for each in elements])
        self._change(*changes)
        self._drop_empty_names()

    def place(self, name: str) -> int:
        """Where a sheet stands, from 0."""
        return next(at for at, sheet in enumerate(self.sheets) if sheet.name == name)

    def set_filter(self, name: str, area: str) -> None:
        """Tells the hidden name of a sheet's autofilter what it covers now: `$A$1:$X$100`."""
        place = str(self.place(name))
        text = escape("'" + name.replace("'", "''") + "'!" + area).replace("&quot;", '"').encode()
        for each in self._names():
            if each.attributes.get("name") == _FILTER and each.attributes.get("localSheetId") == place:
                return self._change((each.opened, each.closed, text))
        attributes = f' name="{_FILTER}" localSheetId="{place}" hidden="1">'.encode()
        return self._add_name(b"<%bdefinedName" % self._root.prefix + attributes + text + b"</%bdefinedName>" % self._root.prefix)

    def has_filter_name(self, name: str) -> bool:
        """Whether a sheet's autofilter has its hidden name."""
        place = str(self.place(name))
        return any(each.attributes.get("name") == _FILTER and each.attributes.get("localSheetId") == place for each in self._names())

    # -- what stands there
    def _child(self, local: bytes) -> Element | None:
        return read_document(self.data, b"workbook")[1].child(local)

    def _sheet_elements(self) -> Sequence[Element]:
        sheets = self._child(b"sheets")
        if sheets is None or any(each.local != b"sheet" for each in sheets.children):
            raise UnsureError("no plain list of sheets")
        return sheets.children

    def _sheet(self, element: Element) -> Sheet:
        attributes = element.attributes
        relation = _relation(attributes, self._root.namespaces)
        return Sheet(
            attributes.get("name", ""), whole(attributes.get("sheetId")), relation, attributes.get("state", "visible") == "visible"
        )

    def _names(self) -> Sequence[Element]:
        names = self._child(b"definedNames")
        return names.children if names is not None else ()

    def _change(self, *changes: Change) -> None:
        self.data = spliced(self.data, changes)

    def _add_name(self, xml: bytes) -> None:
        names = self._child(b"definedNames")
        if names is not None:
            return self._change((names.start, names.end, appended(names, xml, {})))
        top = read_document(self.data, b"workbook")[1]
        at = place_for(b"definedNames", top.children, _ORDER, top.opened)
        prefix = self._root.prefix
        return self._change((at, at, b"<%bdefinedNames>" % prefix + xml + b"</%bdefinedNames>" % prefix))

    # -- after sheets were taken out
    def _moved_names(self, places: Mapping[int, int]) -> list[Change]:
        changes: list[Change] = []
        for each in self._names():
            local = each.attributes.get("localSheetId")
            if local is None:
                continue
            new = places.get(whole(local))
            if new is None:
                changes.append((each.start, each.end, b""))
            elif new != whole(local):
                changes.append((each.start, each.opened, with_attributes(each.tag, {"localSheetId": str(new)})))
        return changes

    def _drop_empty_names(self) -> None:
        names = self._child(b"definedNames")
        if names is not None and not names.children:
            self._change((names.start, names.end, b""))

    def _moved_views(self, places: Mapping[int, int], visible: Sequence[bool]) -> list[Change]:
        views = self._child(b"bookViews")
        changes: list[Change] = []
        for each in views.children if views is not None else ():
            attributes: dict[str, str | None] = {}
            active = whole(each.attributes.get("activeTab"), 0)
            if active:
                attributes["activeTab"] = str(_moved(active, places, visible)) if _moved(active, places, visible) else None
            if whole(each.attributes.get("firstSheet"), 0):
                attributes["firstSheet"] = None
            if attributes:
                changes.append((each.start, each.opened, with_attributes(each.tag, attributes)))
        return changes


def _moved(active: int, places: Mapping[int, int], visible: Sequence[bool]) -> int:
    """The open sheet's new place; where it is gone, the last visible one before it, else the first visible one."""
    if active in places:
        return places[active]
    left = [old for old in places if visible[old]]
    before = [old for old in left if old < active]
    return places[before[-1]] if before else places[left[0]] if left else 0


def _relation(attributes: Mapping[str, str], namespaces: Mapping[bytes, bytes]) -> str:
    """The id of the relationship, whatever its prefix is."""
    prefixes = {prefix.decode() for prefix, uri in namespaces.items() if uri in (RELATIONS, STRICT_RELATIONS)}
    prefixes |= {
        name[6:] for name, value in attributes.items() if name.startswith("xmlns:") and value.encode() in (RELATIONS, STRICT_RELATIONS)
    }
    found = [value for name, value in attributes.items() if name.endswith(":id") and name[:-3] in prefixes]
    if len(found) != 1:
        raise UnsureError("a sheet without its relationship")
    return found[0]
