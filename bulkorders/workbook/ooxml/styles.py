"""Cell styles: what is needed is looked for among the workbook's own, and appended behind them where there is none.

A bad cell gets the style that it has, with a fill of ours. That fill can be told later, even when a spreadsheet program has
numbered all styles anew: a solid fill in one of our colours, whose background, which a solid fill does not show, keeps the colour
that the cell had before (`indexed="64"`: none). So the mark can be taken off again.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property

from openpyxl.styles.numbers import is_date_format

from bulkorders.workbook.formats import read_format
from bulkorders.workbook.style import AMBER, GENERAL, STRONG_RED, TEXT, Look

from .edits import UnsureError
from .markup import Element, escape, read_attributes, whole, with_attributes
from .style_sheet import StyleSheet

_PAPERS = {"error": f"FF{STRONG_RED}", "warning": f"FF{AMBER}"}
_OURS = frozenset(_PAPERS.values())
_NO_COLOUR = {"indexed": "64"}
_BUILT_IN = {
    GENERAL: 0, "0": 1, "0.00": 2, "#,##0": 3, "#,##0.00": 4, "0%": 9, "0.00%": 10, TEXT: 49,
}  # fmt: skip
_FIRST_FREE_FORMAT = 164
_PLAIN = frozenset({"0", "1", "2", "3", "4", "37", "38", "39", "40", "49"})
"""Built-in formats that show a number as it is."""
_EDGE = "BFBFBF"
_MOST_STYLES = 60_000
"""Cell styles; Excel takes 64,000."""


class Styles:
    """`styles.xml`, changed by appending only. The same request gives the same number.

    `forgetful`: the program that wrote the workbook puts colours of its own behind solid fills, as LibreOffice does. What such a mark
    kept is lost, then; one of ours since is known by `applyFill`, which LibreOffice does not write.
    """

    def __init__(self, data: bytes, *, forgetful: bool = False) -> None:
        self._sheet = StyleSheet(data)
        self._forgetful = forgetful
        self._restyled: dict[tuple[int, str], int] = {}
        self._looks: dict[tuple[Look, str, bool], int] = {}

    @property
    def data(self) -> bytes:
        """The part as it is now."""
        return self._sheet.data()

    @cached_property
    def marked(self) -> frozenset[int]:
        """The cell styles that carry a fill of ours."""
        fills = {at for at, _ in enumerate(self._sheet.group("fills").items) if self._mark(at) is not None}
        styles = self._sheet.group("cellXfs").items if fills else ()
        return frozenset(at for at, style in enumerate(styles) if whole(_tag(style).get("fillId"), 0) in fills)

    def restyled(self, base: int, paper: str) -> int:
        """The style of a cell like `base` with the fill of a bad one: "error" or "warning"."""
        key = (base, paper)
        if key not in self._restyled:
            style = self._style(base)
            before = self._colour(_tag(style))
            fill = self._sheet.group("fills").place(self._solid({"rgb": _PAPERS[paper]}, before))
            self._restyled[key] = self._with_fill(style, fill)
        return self._restyled[key]

    def unmarked(self, style: int) -> int:
        """The style of a cell without our fill: with the one that it had before."""
        key = (style, "")
        if key not in self._restyled:
            xml = self._style(style)
            before = self._kept(_tag(xml))
            self._restyled[key] = style if before is None else self._with_fill(xml, self._fill_of(before))
        return self._restyled[key]

    def quoted(self, style: int) -> int:
        """The style of a cell whose text stays text when somebody edits it."""
        key = (style, "quoted")
        if key not in self._restyled:
            xml = self._style(style)
            start = _start(xml)
            is_quoted = _tag(xml).get("quotePrefix") in ("1", "true")
            self._restyled[key] = (
                style if is_quoted else self._place_style(with_attributes(start, {"quotePrefix": "1"}) + xml[len(start) :])
            )
        return self._restyled[key]

    def shows_numbers(self, style: int) -> bool:
        """Whether a number is shown as it is in a cell of a style: not as a date, with words or with zeros in front."""
        number = _tag(self._style(style)).get("numFmtId", "0")
        if number in _PLAIN:
            return True
        known = (_tag(each) for each in self._sheet.group("numFmts").items)
        code = next((each.get("formatCode", "") for each in known if each.get("numFmtId") == number), None)
        return code is not None and read_format(code) is None and not is_date_format(code)

    def look(self, look: Look, number_format: str = GENERAL, *, quoted: bool = False) -> int:
        """The style of a cell of ours; `quoted`: its text stays text when somebody edits it."""
        key = (look, number_format, quoted)
        if key not in self._looks:
            self._looks[key] = self._place_style(self._dressed(look, number_format, quoted))
        return self._looks[key]

    def dxf(self, ink: str, paper: str) -> int:
        """A conditional format: the colour of the text and of the cell."""
        xml = self._tagged(
            f'<dxf><font><color rgb="FF{ink}"/></font><fill><patternFill><bgColor rgb="FF{paper}"/></patternFill></fill></dxf>'
        )
        return self._sheet.group("dxfs").place(xml)

    # -- cell styles
    def _style(self, number: int) -> bytes:
        styles = self._sheet.group("cellXfs").items
        if number >= len(styles):
            raise UnsureError(f"no cell style {number}")
        return styles[number]

    def _with_fill(self, style: bytes, fill: int) -> int:
        """The style with another fill; one that is there already, but for what it says of applying its fill, is taken."""
        wanted = _key(with_attributes(_start(style), {"fillId": str(fill)}), style)
        for at, each in self._by_key.get(wanted, ()):
            if fill == 0 or _tag(each).get("applyFill") not in ("0", "false"):
                return at
        start = _start(style)
        return self._place_style(with_attributes(start, {"fillId": str(fill), "applyFill": "1"}) + style[len(start) :])

    def _place_style(self, xml: bytes) -> int:
        group = self._sheet.group("cellXfs")
        if len(group.items) >= _MOST_STYLES:
            raise UnsureError("too many cell styles")
        by_key, new = self._by_key, len(group.items)
        number = group.place(xml)
        if number == new:
            by_key.setdefault(_key(_start(xml), xml), []).append((number, xml))
        return number

    @cached_property
    def _by_key(self) -> dict[object, list[tuple[int, bytes]]]:
        found: dict[object, list[tuple[int, bytes]]] = {}
        for at, style in enumerate(self._sheet.group("cellXfs").items):
            found.setdefault(_key(_start(style), style), []).append((at, style))
        return found

    def _dressed(self, look: Look, number_format: str, quoted: bool) -> bytes:
        font = self._sheet.group("fonts").place(self._font(look))
        fill = self._sheet.group("fills").place(self._solid({"rgb": f"FF{look.paper}"}, _NO_COLOUR)) if look.paper else 0
        border = self._sheet.group("borders").place(self._border()) if look.boxed else 0
        shown = self._format(number_format)
        applied = {"applyNumberFormat": shown, "applyFill": fill, "applyBorder": border}
        xml = f'<xf numFmtId="{shown}" fontId="{font}" fillId="{fill}" borderId="{border}"'
        xml += ' xfId="0"' if self._sheet.group("cellStyleXfs").items else ""
        xml += ' quotePrefix="1"' if quoted else ""
        xml += "".join(f' {name}="1"' for name, number in applied.items() if number)
        across = "" if look.across == "general" else f' horizontal="{look.across}"'
        wraps = ' wrapText="1"' if look.wraps else ""
        return self._tagged(f'{xml} applyFont="1" applyAlignment="1"><alignment{across} vertical="{look.upright}"{wraps}/></xf>')

    # -- fonts, borders, formats
    def _font(self, look: Look) -> bytes:
        """A font of ours, in the workbook's own typeface: its signs are in it, and our columns look at home."""
        bold, italic = "<b/>" if look.bold else "", "<i/>" if look.italic else ""
        xml = self._tagged(f'<font>{bold}{italic}<sz val="{look.size}"/><color rgb="FF{look.ink}"/>')
        return xml + self._typeface + self._tagged("</font>")

    @cached_property
    def _typeface(self) -> bytes:
        first = next(iter(self._sheet.group("fonts").items), b"")
        kept = [each.source for each in self._sheet.elements(first) if each.local in (b"name", b"family", b"charset")]
        return b"".join(kept) if any(b"name" in each for each in kept) else self._tagged('<name val="Calibri"/><family val="2"/>')

    def _border(self) -> bytes:
        edges = "".join(f'<{side} style="thin"><color rgb="FF{_EDGE}"/></{side}>' for side in ("left", "right", "top", "bottom"))
        return self._tagged(f"<border>{edges}<diagonal/></border>")

    def _format(self, number_format: str) -> int:
        if number_format in _BUILT_IN:
            return _BUILT_IN[number_format]
        group = self._sheet.group("numFmts")
        known = [_tag(each) for each in group.items]
        for each in known:
            if each.get("formatCode") == number_format:
                return whole(each.get("numFmtId"))
        number = max([_FIRST_FREE_FORMAT, *(whole(each.get("numFmtId")) + 1 for each in known)])
        group.place(self._tagged(f'<numFmt numFmtId="{number}" formatCode="{escape(number_format)}"/>'))
        return number

    # -- fills
    def _colour(self, style: Mapping[str, str]) -> Mapping[str, str]:
        """The colour that a mark has to keep: that of a solid fill, or the one that a mark of ours keeps already."""
        kept = self._kept(style)
        if kept is not None:
            return kept
        solid = self._pattern(whole(style.get("fillId"), 0))
        colour = solid.child(b"fgColor") if solid is not None else None
        return colour.attributes if colour is not None and colour.attributes else _NO_COLOUR

    def _kept(self, style: Mapping[str, str]) -> Mapping[str, str] | None:
        """The colour that a cell style with a mark of ours keeps; None for one without."""
        kept = self._mark(whole(style.get("fillId"), 0))
        return _NO_COLOUR if kept is not None and self._forgetful and "applyFill" not in style else kept

    def _mark(self, fill: int) -> Mapping[str, str] | None:
        """The colour that a fill of ours keeps; None for a fill that is not ours."""
        solid = self._pattern(fill)
        colour = solid.child(b"fgColor") if solid is not None else None
        if solid is None or colour is None or colour.attributes.get("rgb", "").upper() not in _OURS:
            return None
        before = solid.child(b"bgColor")
        return before.attributes if before is not None and before.attributes else _NO_COLOUR

    def _pattern(self, fill: int) -> Element | None:
        """What is in a solid fill."""
        fills = self._sheet.group("fills").items
        if fill >= len(fills):
            return None
        inner: Sequence[Element] = self._sheet.elements(fills[fill])
        solid = next((each for each in inner if each.local == b"patternFill"), None)
        return solid if solid is not None and solid.attributes.get("patternType") == "solid" else None

    def _fill_of(self, colour: Mapping[str, str]) -> int:
        """A fill of a colour, or none; the workbook's own one where it has one."""
        if colour == _NO_COLOUR:
            return 0
        group = self._sheet.group("fills")
        for at in range(len(group.items)):
            solid = self._pattern(at)
            own = solid.child(b"fgColor") if solid is not None else None
            if own is not None and own.attributes == colour and self._mark(at) is None:
                return at
        return group.place(self._solid(colour, _NO_COLOUR))

    def _solid(self, front: Mapping[str, str], back: Mapping[str, str]) -> bytes:
        colours = _element("fgColor", front) + _element("bgColor", back)
        return self._tagged(f'<fill><patternFill patternType="solid">{colours}</patternFill></fill>')

    def _tagged(self, xml: str) -> bytes:
        """XML of ours, with the prefix that the part has."""
        return self._sheet.prefixed(xml)


def _element(name: str, attributes: Mapping[str, str]) -> str:
    return f"<{name}" + "".join(f' {key}="{escape(value)}"' for key, value in attributes.items()) + "/>"


def _start(style: bytes) -> bytes:
    """The start tag of a cell style. No attribute of one has a `>` in it."""
    return style[: style.index(b">") + 1]


def _tag(style: bytes) -> dict[str, str]:
    return read_attributes(_start(style))


def _key(start: bytes, style: bytes) -> object:
    """What two cell styles have in common that look the same."""
    attributes = {name: value for name, value in read_attributes(start).items() if name != "applyFill"}
    inner = b"" if start.endswith(b"/>") else style[style.index(b">") + 1 :].strip()
    return tuple(sorted(attributes.items())), inner
