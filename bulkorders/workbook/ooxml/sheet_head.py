"""What stands in front of a sheet's rows: the size of the used range, and the widths of columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .edits import UnsureError
from .markup import MAIN, STRICT_MAIN, Change, Element, Root, children, escape, place_for, read_root, spliced, whole, with_attributes
from .places import LAST_COLUMN, Area, read_area

ORDER = tuple(
    b"sheetPr dimension sheetViews sheetFormatPr cols sheetData sheetCalcPr sheetProtection protectedRanges scenarios autoFilter sortState"
    b" dataConsolidate customSheetViews mergeCells phoneticPr conditionalFormatting dataValidations hyperlinks printOptions pageMargins"
    b" pageSetup headerFooter rowBreaks colBreaks customProperties cellWatches ignoredErrors smartTags drawing legacyDrawing"
    b" legacyDrawingHF drawingHF picture oleObjects controls webPublishItems tableParts extLst".split()
)
"""The elements of a worksheet in the order of the schema (ECMA-376 part 1, CT_Worksheet)."""


@dataclass(frozen=True)
class Head:
    """The head of a sheet. `column_styles`: first and last column and the style of cells that are not there."""

    root: Root
    data: bytes
    column_styles: Sequence[tuple[int, int, int]]

    def style_of(self, column: int) -> int:
        """The style of a cell that is not there."""
        return next((style for first, last, style in self.column_styles if first <= column <= last), 0)


def read_head(data: bytes) -> Head:
    """The head of a worksheet: all in front of its rows."""
    root = read_root(data, b"worksheet")
    if root.namespace not in (MAIN, STRICT_MAIN) or root.is_empty:
        raise UnsureError("no plain worksheet")
    cols = _child(root, data, b"cols")
    styles = [(*_span(each), whole(each.attributes.get("style"), 0)) for each in cols.children] if cols is not None else []
    return Head(root, data, [each for each in styles if each[2]])


def edited_head(head: Head, used: Area | None, widths: Mapping[int, float]) -> bytes:
    """The head with a larger used range, and with the widths of our columns."""
    changes: list[Change] = []
    dimension = _child(head.root, head.data, b"dimension")
    if dimension is not None and used is not None:
        changes.append((dimension.start, dimension.opened, _dimension(dimension, used)))
    if widths:
        changes.append(_cols(head, widths))
    return spliced(head.data, changes)


def _child(root: Root, data: bytes, local: bytes) -> Element | None:
    return next((each for each in children(data, root.opened, len(data)) if each.local == local), None)


def _dimension(dimension: Element, used: Area) -> bytes:
    """The used range, which is a hint; one that is no range of cells stays as it is."""
    try:
        old = read_area(dimension.attributes.get("ref", ""))
    except UnsureError:
        return dimension.tag
    new = Area(min(old.top, used.top), min(old.left, used.left), max(old.bottom, used.bottom), max(old.right, used.right))
    return dimension.tag if new == old else with_attributes(dimension.tag, {"ref": new.text})


def _span(column: Element) -> tuple[int, int]:
    first, last = whole(column.attributes.get("min")), whole(column.attributes.get("max"))
    if column.local != b"col" or not 1 <= first <= last:
        raise UnsureError("no plain columns")
    return first, last


def _cols(head: Head, widths: Mapping[int, float]) -> Change:
    """The columns with ours among them: one that spans ours too is split."""
    cols, prefix = _child(head.root, head.data, b"cols"), head.root.prefix
    pieces: list[tuple[int, bytes]] = []
    styles: dict[int, str] = {}
    end = 0
    for each in cols.children if cols is not None else ():
        first, last = _span(each)
        if first <= end:
            raise UnsureError("columns over each other")
        end = last
        ours = [column for column in sorted(widths) if first <= column <= last]
        styles |= {column: each.attributes["style"] for column in ours if "style" in each.attributes}
        pieces += _split(each, first, last, ours)
    pieces += [(column, _col(prefix, column, width, styles.get(column))) for column, width in widths.items()]
    xml = b"".join(piece for _, piece in sorted(pieces))
    if cols is not None:
        inner = b"<%bcols>" % prefix if cols.is_empty else cols.tag
        return cols.start, cols.end, inner + xml + b"</%bcols>" % prefix
    at = place_for(b"cols", children(head.data, head.root.opened, len(head.data)), ORDER, head.root.opened)
    return at, at, b"<%bcols>" % prefix + xml + b"</%bcols>" % prefix


def _split(column: Element, first: int, last: int, ours: Sequence[int]) -> list[tuple[int, bytes]]:
    """What is left of a column element without some columns in it."""
    if not ours:
        return [(first, column.source)]
    starts, ends = [first, *(each + 1 for each in ours)], [*(each - 1 for each in ours), last]
    spans = [(start, end) for start, end in zip(starts, ends, strict=True) if start <= end]
    attributes = [(start, {"min": str(start), "max": str(end)}) for start, end in spans]
    return [(start, with_attributes(column.tag, changes) + column.data[column.opened : column.end]) for start, changes in attributes]


def _col(prefix: bytes, column: int, width: float, style: str | None) -> bytes:
    if not 1 <= column <= LAST_COLUMN:
        raise UnsureError(f"no column {column}")
    dressed = f' style="{escape(style)}"' if style else ""
    return b"<%bcol" % prefix + f' min="{column}" max="{column}" width="{width:g}"{dressed} customWidth="1"/>'.encode()
