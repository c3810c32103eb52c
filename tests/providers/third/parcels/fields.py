"""The template `parcels-out`: two columns, three levels. The boxes between parcel and line have no column of their own."""

from bulkorders.core.field import Field
from bulkorders.core.kinds import Text
from bulkorders.core.template import Template
from bulkorders.core.words import Words

PARCELS_OUT = Template(
    "parcels-out",
    title="出库包裹",
    unit="包裹",
    display="number",
    fields=(
        Field(
            "number",
            "运单号",
            Text(
                identifier=True, pattern=r"[A-Z0-9-]{1,20}", pattern_words=Words("最多 20 个大写字母、数字", "up to 20 capitals and digits")
            ),
            "number",
            key=True,
            example="EXAMPLE-1",
        ),
        Field("code", "商品", Text(identifier=True, max_length=40), "boxes[].lines[].code", example="GOODS-1"),
    ),
    notes=("一行是一箱里的一个商品；运单号相同的几行是一个包裹。",),
)

TEMPLATES = (PARCELS_OUT,)
