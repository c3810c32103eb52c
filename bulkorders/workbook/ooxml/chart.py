"""One simple bar chart: a drawing part that places it, and a chart part with ranges and the values they have now.

With the values in it, programs that read no ranges (viewers, previews) show it too. It refers to nothing outside the workbook.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from xml.sax.saxutils import escape

from openpyxl.utils import range_boundaries

from bulkorders.core.cell import shown
from bulkorders.workbook.style import clean

from .edits import Chart, NewRow

Relationship = tuple[str, str]
"""The type of a relationship, and the part that it leads to."""
Parts = dict[str, tuple[str, bytes, Mapping[str, Relationship]]]
"""Parts by name: content type, bytes, and their own relationships."""

RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_CHARTS = "http://schemas.openxmlformats.org/drawingml/2006/chart"
_SHAPES = "http://schemas.openxmlformats.org/drawingml/2006/main"
_PLACES = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
_DRAWING_TYPE = "application/vnd.openxmlformats-officedocument.drawing+xml"
_CHART_TYPE = "application/vnd.openxmlformats-officedocument.drawingml.chart+xml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_EMU = 9525
"""DrawingML's units in a pixel."""
_INK, _FAINT = "262626", "BFBFBF"
_CATEGORIES, _VALUES = 50010001, 50010002
"""The axes' numbers."""


def chart_parts(chart: Chart, rows: Sequence[NewRow], free_name: Callable[[str], str]) -> tuple[Relationship, Parts]:
    """The relationship of the sheet to its drawing, and the parts: the drawing, and the chart on it."""
    drawing, name = free_name("/xl/drawings/drawing{}.xml"), free_name("/xl/charts/chart{}.xml")
    parts: Parts = {
        drawing: (_DRAWING_TYPE, _drawing(chart).encode(), {"rId1": (f"{RELATIONSHIPS}/chart", name)}),
        name: (_CHART_TYPE, _chart(chart, rows).encode(), {}),
    }
    return (f"{RELATIONSHIPS}/drawing", drawing), parts


def _drawing(chart: Chart) -> str:
    (row, column), (width, height) = chart.anchor, chart.size
    return (
        f'{_HEAD}<xdr:wsDr xmlns:xdr="{_PLACES}" xmlns:a="{_SHAPES}"><xdr:oneCellAnchor>'
        f"<xdr:from><xdr:col>{column - 1}</xdr:col><xdr:colOff>0</xdr:colOff>"
        f"<xdr:row>{row - 1}</xdr:row><xdr:rowOff>0</xdr:rowOff></xdr:from>"
        f'<xdr:ext cx="{width * _EMU}" cy="{height * _EMU}"/>'
        f'<xdr:graphicFrame macro=""><xdr:nvGraphicFramePr><xdr:cNvPr id="2" name="{_text(chart.title)}"/><xdr:cNvGraphicFramePr/>'
        '</xdr:nvGraphicFramePr><xdr:xfrm><a:off x="0" y="0"/><a:ext cx="0" cy="0"/></xdr:xfrm>'
        f'<a:graphic><a:graphicData uri="{_CHARTS}"><c:chart xmlns:c="{_CHARTS}" xmlns:r="{RELATIONSHIPS}" r:id="rId1"/>'
        "</a:graphicData></a:graphic></xdr:graphicFrame><xdr:clientData/></xdr:oneCellAnchor></xdr:wsDr>"
    )


def _chart(chart: Chart, rows: Sequence[NewRow]) -> str:
    """Bars from left to right, the first at the top, each in its colour with its number beside it."""
    return (
        f'{_HEAD}<c:chartSpace xmlns:c="{_CHARTS}" xmlns:a="{_SHAPES}" xmlns:r="{RELATIONSHIPS}"><c:roundedCorners val="0"/><c:chart>'
        f'{_title(chart.title)}<c:autoTitleDeleted val="0"/><c:plotArea><c:layout/>'
        '<c:barChart><c:barDir val="bar"/><c:grouping val="clustered"/><c:varyColors val="0"/>'
        f"{_series(chart, rows)}"
        f'<c:gapWidth val="45"/><c:axId val="{_CATEGORIES}"/><c:axId val="{_VALUES}"/></c:barChart>{_axes()}</c:plotArea>'
        '<c:plotVisOnly val="0"/><c:dispBlanksAs val="gap"/></c:chart>'
        f'<c:spPr><a:solidFill><a:srgbClr val="FFFFFF"/></a:solidFill>{_line(_FAINT)}</c:spPr></c:chartSpace>'
    )


def _series(chart: Chart, rows: Sequence[NewRow]) -> str:
    points = "".join(
        f'<c:dPt><c:idx val="{at}"/><c:invertIfNegative val="0"/><c:bubble3D val="0"/><c:spPr>{_fill(colour)}</c:spPr></c:dPt>'
        for at, colour in enumerate(chart.colours)
    )
    shows = "".join(
        f'<c:{name} val="{name == "showVal":d}"/>'
        for name in ("showLegendKey", "showVal", "showCatName", "showSerName", "showPercent", "showBubbleSize")
    )
    bare = "<c:spPr><a:noFill/><a:ln><a:noFill/></a:ln></c:spPr>"
    labels = f'<c:dLbls>{bare}{_letters(1100, bold=True)}<c:dLblPos val="outEnd"/>{shows}</c:dLbls>'
    first = chart.colours[0] if chart.colours else _FAINT
    return (
        f'<c:ser><c:idx val="0"/><c:order val="0"/><c:tx><c:v>{_text(chart.title)}</c:v></c:tx><c:spPr>{_fill(first)}</c:spPr>'
        f'<c:invertIfNegative val="0"/>{points}{labels}'
        f"<c:cat><c:strRef><c:f>{escape(chart.labels)}</c:f><c:strCache>{_cache(chart.labels, rows)}</c:strCache></c:strRef></c:cat>"
        f"<c:val><c:numRef><c:f>{escape(chart.values)}</c:f><c:numCache><c:formatCode>General</c:formatCode>"
        f"{_cache(chart.values, rows)}</c:numCache></c:numRef></c:val></c:ser>"
    )


def _axes() -> str:
    """Names at the left, the first at the top; the numbers stand at the bars, so their axis is not shown."""
    return (
        f'<c:catAx><c:axId val="{_CATEGORIES}"/><c:scaling><c:orientation val="maxMin"/></c:scaling><c:delete val="0"/>'
        '<c:axPos val="l"/><c:numFmt formatCode="General" sourceLinked="0"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/>'
        f'<c:tickLblPos val="low"/><c:spPr>{_line(_FAINT)}</c:spPr>{_letters(1100)}'
        f'<c:crossAx val="{_VALUES}"/><c:crosses val="autoZero"/><c:auto val="0"/><c:lblAlgn val="ctr"/><c:lblOffset val="100"/>'
        '<c:noMultiLvlLbl val="0"/></c:catAx>'
        f'<c:valAx><c:axId val="{_VALUES}"/><c:scaling><c:orientation val="minMax"/><c:min val="0"/></c:scaling><c:delete val="1"/>'
        '<c:axPos val="t"/><c:numFmt formatCode="General" sourceLinked="0"/><c:majorTickMark val="none"/><c:minorTickMark val="none"/>'
        f'<c:tickLblPos val="nextTo"/><c:crossAx val="{_CATEGORIES}"/><c:crosses val="autoZero"/><c:crossBetween val="between"/></c:valAx>'
    )


def _title(text: str) -> str:
    size = _size(1300, bold=True)
    run = f'<a:r><a:rPr lang="zh-CN" {size}>{_fill(_INK)}</a:rPr><a:t>{_text(text)}</a:t></a:r>'
    paragraph = f"<a:p><a:pPr><a:defRPr {size}/></a:pPr>{run}</a:p>"
    return f'<c:title><c:tx><c:rich><a:bodyPr/><a:lstStyle/>{paragraph}</c:rich></c:tx><c:overlay val="0"/></c:title>'


def _letters(size: int, *, bold: bool = False) -> str:
    return (
        f"<c:txPr><a:bodyPr/><a:lstStyle/><a:p><a:pPr><a:defRPr {_size(size, bold=bold)}>{_fill(_INK)}</a:defRPr></a:pPr>"
        '<a:endParaRPr lang="zh-CN"/></a:p></c:txPr>'
    )


def _size(size: int, *, bold: bool) -> str:
    return f'sz="{size}" b="{bold:d}"'


def _fill(colour: str) -> str:
    return f'<a:solidFill><a:srgbClr val="{colour}"/></a:solidFill>'


def _line(colour: str) -> str:
    return f'<a:ln w="9525">{_fill(colour)}</a:ln>'


def _cache(place: str, rows: Sequence[NewRow]) -> str:
    """What the cells of a range hold."""
    values = list(_values(place, rows))
    points = "".join(f'<c:pt idx="{at}"><c:v>{_text(text)}</c:v></c:pt>' for at, text in enumerate(values))
    return f'<c:ptCount val="{len(values)}"/>{points}'


def _values(place: str, rows: Sequence[NewRow]) -> Iterator[str]:
    left, top, right, bottom = (each or 0 for each in range_boundaries(place.rpartition("!")[2]))
    for number in range(top, bottom + 1):
        for column in range(left, right + 1):
            cell = rows[number - 1].cells.get(column)
            yield shown(cell.value) if cell else ""


def _text(text: str) -> str:
    return escape(clean(text), {'"': "&quot;"})
