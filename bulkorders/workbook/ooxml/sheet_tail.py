"""What stands behind a sheet's rows: its filter, conditional colours, and the drawing that shows comments."""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from bulkorders.core.cell import column_letter

from .edits import SheetEdits, UnsureError
from .markup import Change, Element, Root, children, escape, place_for, read_attributes, spliced, whole, with_attributes
from .places import Area, read_area, read_areas
from .sheet_head import ORDER
from .styles import Styles

_PRIORITY = re.compile(rb"""<(?:[A-Za-z_][\w.\-]*+:)?cfRule\s[^<>]*?\bpriority\s*=\s*["']([0-9]{1,9})["']""")


@dataclass
class Tail:
    """The tail of a sheet, from behind the end of its rows on. `grown`: what its autofilter covers now, where that is more than before."""

    root: Root
    data: bytes
    edits: SheetEdits
    grown: Area | None = None

    def edited(self, styles: Styles, last_row: int, draw: Callable[[str | None], str | None]) -> bytes:
        """The tail with what the edits ask for. `draw`: from the id of the drawing of comments that is there to that of the new one."""
        closing = b"</" + self.root.name
        end = self.data.rfind(closing)
        if end < 0 or self.data[end + len(closing) :].strip() != b">":
            raise UnsureError("the sheet does not end")
        elements = children(self.data, 0, end)
        columns, changes = frozenset(self.edits.columns), list[Change]()
        changes += self._filter(elements)
        changes += self._without_ours(elements, columns)
        changes += self._colours(elements, styles, last_row)
        changes += self._errors(elements, columns, last_row)
        changes += self._drawing(elements, draw)
        return spliced(self.data, changes)

    def _filter(self, elements: Sequence[Element]) -> list[Change]:
        """A filter over all of the merchant's columns grows over ours."""
        found = next((each for each in elements if each.local == b"autoFilter"), None)
        if found is None or not self.edits.columns or "ref" not in found.attributes:
            return []
        area = read_area(found.attributes["ref"])
        first, last = min(self.edits.columns), max(self.edits.columns)
        if area.top != self.edits.header_row or not first - 1 <= area.right < last:
            return []
        self.grown = Area(area.top, area.left, area.bottom, last)
        return [(found.start, found.opened, with_attributes(found.tag, {"ref": self.grown.text}))]

    def _without_ours(self, elements: Sequence[Element], columns: Collection[int]) -> list[Change]:
        """Conditional colours over our columns alone are ours of an earlier time."""
        gone = [each for each in elements if each.local == b"conditionalFormatting" and _lies_in(each, columns)]
        return [(each.start, each.end, b"") for each in gone]

    def _colours(self, elements: Sequence[Element], styles: Styles, last_row: int) -> list[Change]:
        column, first = self.edits.status_column, self.edits.header_row + 1
        if column is None or not self.edits.words or last_row < first:
            return []
        cell, p = f"{column_letter(column)}{first}", self.root.prefix.decode()
        priority = self._free_priority(elements, frozenset(self.edits.columns))
        rules = []
        for number, (word, (ink, paper)) in enumerate(self.edits.words.items()):
            quoted = escape('"' + word.replace('"', '""') + '"').replace("&quot;", '"')
            rules.append(
                f'<{p}cfRule type="beginsWith" dxfId="{styles.dxf(ink, paper)}" priority="{priority + number}" operator="beginsWith"'
                f' text="{escape(word)}"><{p}formula>LEFT({cell},LEN({quoted}))={quoted}</{p}formula></{p}cfRule>'
            )
        area = Area(first, column, last_row, column).text
        xml = f'<{p}conditionalFormatting sqref="{area}">{"".join(rules)}</{p}conditionalFormatting>'
        at = place_for(b"conditionalFormatting", elements, ORDER, 0)
        return [(at, at, xml.encode())]

    def _free_priority(self, elements: Sequence[Element], columns: Collection[int]) -> int:
        """Priorities behind those of the merchant's rules."""
        kept = [each for each in elements if each.local == b"conditionalFormatting" and not _lies_in(each, columns)]
        found = [whole(number.decode()) for each in kept for number in _PRIORITY.findall(each.source)]
        return max(found, default=0) + 1

    def _errors(self, elements: Sequence[Element], columns: Collection[int], last_row: int) -> list[Change]:
        """Numbers that we write as text are meant to be text: no green corners."""
        found = next((each for each in elements if each.local == b"ignoredErrors"), None)
        kept = [each for each in (found.children if found is not None else ()) if not _lies_in(each, columns)]
        inner = b"".join(each.source for each in kept if each.local == b"ignoredError")
        p = self.root.prefix.decode()
        if columns and last_row > self.edits.header_row:
            areas = " ".join(Area(self.edits.header_row, first, last_row, last).text for first, last in _runs(sorted(columns)))
            inner += f'<{p}ignoredError sqref="{areas}" numberStoredAsText="1"/>'.encode()
        inner += b"".join(each.source for each in kept if each.local != b"ignoredError")
        xml = b"<%bignoredErrors>%b</%bignoredErrors>" % (self.root.prefix, inner, self.root.prefix) if inner else b""
        if found is not None:
            return [] if len(kept) == len(found.children) and not columns else [(found.start, found.end, xml)]
        at = place_for(b"ignoredErrors", elements, ORDER, 0)
        return [(at, at, xml)]

    def _drawing(self, elements: Sequence[Element], draw: Callable[[str | None], str | None]) -> list[Change]:
        found = next((each for each in elements if each.local == b"legacyDrawing"), None)
        attribute, declared = self.root.relation_attribute()
        old = _relation(found) if found is not None else None
        new = draw(old)
        if new == old:
            return []
        xml = b"<%blegacyDrawing" % self.root.prefix + declared + b" " + attribute + f'="{escape(new)}"/>'.encode() if new else b""
        if found is not None:
            return [(found.start, found.end, xml)]
        at = place_for(b"legacyDrawing", elements, ORDER, 0)
        return [(at, at, xml)]


def _relation(element: Element) -> str:
    found = [value for name, value in read_attributes(element.tag).items() if name.endswith(":id")]
    if len(found) != 1:
        raise UnsureError("a drawing without its relationship")
    return found[0]


def _lies_in(element: Element, columns: Collection[int]) -> bool:
    """Whether all that an element is about lies in some columns."""
    try:
        areas = list(read_areas(element.attributes.get("sqref", "")))
    except UnsureError:
        return False
    return bool(areas) and all(column in columns for area in areas for column in (area.left, area.right))


def _runs(columns: Sequence[int]) -> list[tuple[int, int]]:
    """Columns beside each other, as first and last."""
    runs: list[tuple[int, int]] = []
    for column in columns:
        if runs and runs[-1][1] == column - 1:
            runs[-1] = (runs[-1][0], column)
        else:
            runs.append((column, column))
    return runs
