"""The template `chukou1-fba`: every field of the vendor's page fbaOrder (创建FBA订单): the order, its cartons, their SKUs.

Sources: required, lengths and forms are the vendor page's; the limits that only warn are Amazon's for shipments to its warehouses.
"""

from collections.abc import Iterator
from decimal import Decimal as Exact

from bulkorders.core.field import Field
from bulkorders.core.issue import Code, Problem, Severity
from bulkorders.core.kinds import Decimal, Flag, Integer, Plausible, Text
from bulkorders.core.order import Element
from bulkorders.core.template import Finding, Rule, Template
from bulkorders.core.words import Words

from .places import WITHOUT_ASIN, market_of

CARTONS = "ContainerInfos[]"
SKUS = "ContainerInfos[].SkuInfos[]"
CARTON_KG = Exact("22.68")
"""50 lb: Amazon's limit of a carton that one person lifts."""
CARTON_SIDE_CM = Exact("63.5")
"""25 in: Amazon's limit of a carton's side."""

INTERNAL_SHIPMENT = Code(
    "internal_shipment",
    Severity.ERROR,
    "不是货件编号",
    Words("{where}的「{value}」是亚马逊接口内部的编号：请改成卖家后台货件页面上以 FBA 开头的货件编号。",
          '{where}: "{value}" is the internal id of Amazon\'s API: use the shipment id that begins with FBA.'),
)  # fmt: skip
PICTURE_ITSELF = Code(
    "picture_itself",
    Severity.ERROR,
    "不是图片链接",
    Words(
        "{where}里是图片本身：请把图片放到网上，再填它的网址。", "{where} holds the image itself: put it online and fill in its address."
    ),
)
ASIN_MISSING = Code(
    "asin_missing",
    Severity.WARNING,
    "可能要填 ASIN",
    Words("{where}是空的，美国、加拿大、日本以外的仓库（{warehouse} 在{market}）一般要填：请核对。",
          "{where} is empty; warehouses outside US, CA and JP ({warehouse} is in {market}) usually need it."),
)  # fmt: skip


def check_asin(order: Element) -> Iterator[Finding]:
    """An ASIN is not needed for the US, Canada and Japan (vendor page); elsewhere a blank one is worth a look."""
    warehouse = order.values["warehouse_code"]
    market = market_of(warehouse or "")
    if market is None or market in WITHOUT_ASIN:
        return
    blank = next((sku for sku in order.below(SKUS) if sku.values["asin"] is None), None)
    if blank is not None:
        yield Finding("asin", Problem(ASIN_MISSING, {"warehouse": warehouse, "market": market}), blank)


_ENGLISH = Text(unusual=((r"[\u4e00-\u9fff]", Words("含有中文，这一列要用英文", "holds Chinese")),))
_CHINESE = Text(usual=(r"(?s:.*[\u4e00-\u9fff].*)", Words("里没有中文", "holds no Chinese")))
_FORM = Words("字母、数字、- 和 _", "letters, digits, - and _")
_SIDE = Decimal(places=2, maximum=999_999, exclusive=True, limit=CARTON_SIDE_CM)

FIELDS = (
    Field("warehouse_code", "FBA仓库代码",
          Text(identifier=True, usual=(r"[A-Z]{3}[0-9]{1,2}", Words("不像亚马逊的仓库代码（如 ABE2）", "is not like ABE2"))),
          "WarehouseCode",
          said=("仓库编码",), aliases=("仓库代码", "FBA仓库"), example="ABE2", note=Words("收货的亚马逊仓库", "Amazon's warehouse")),
    Field("shipment_id", "货件编号",
          Text(identifier=True, max_length=15, mistaken=((r"\S{38}", INTERNAL_SHIPMENT),),
               usual=(r"FBA[0-9A-Z]{7,12}", Words("不像亚马逊的货件编号（如 FBA15D0ABCDE）", "is not like FBA15D0ABCDE"))),
          "ShipmentId", aliases=("FBA Shipment ID", "FBA货件编号", "货件号"), example="FBA15D0EXAMP",
          note=Words("卖家后台货件页面上以 FBA 开头的编号", "begins with FBA")),
    Field("reference_id", "亚马逊参考编号",
          Text(identifier=True, max_length=12,
               usual=(r"[0-9A-Z]{8}", Words("不像亚马逊的参考编号（一般是 8 位字母和数字）", "is not 8 letters and digits"))),
          "ReferenceId", aliases=("Amazon Reference ID", "参考编号"), example="1ABCDEFG",
          note=Words("卖家后台的 Amazon Reference ID", "the Amazon Reference ID")),
    Field("package_id", "包裹ID",
          Text(identifier=True, max_length=50, pattern=r"[a-zA-Z0-9_-]+", pattern_words=_FORM),
          "PackageId", key=True, said=("包裹编号",), aliases=("包裹号",), example="EXAMPLE-001",
          note=Words("自己编的编号，一个货件一个，不能重复；同一货件的每一行都填", "your own number, the same on every row of a shipment")),
    Field("location", "处理点", Text(identifier=True, max_length=20), "Location", said=("处理中心",), example="GZ",
          note=Words("出口易的处理中心", "Chukou1's site")),
    Field("service_code", "发货服务代码", Text(identifier=True, max_length=30), "ServiceCode",
          said=("服务编码",), aliases=("服务代码",), example="CUE"),
    Field("custom", "客户自定义", Text(max_length=1000), "Custom", required=False, example="bag-red",
          note=Words("可以印在地址标签的 Custom 区域", "may be printed on the label"), personal=True),
    Field("vat_code", "VAT号", Text(identifier=True), "VatCode", required=False, aliases=("VAT税号",), example="GB123456789",
          personal=True),
    Field("remark", "备注", Text(max_length=1000), "Remark", required=False, example="示例行，不会提交", personal=True),
    Field("container_no", "箱号", Text(identifier=True), "ContainerInfos[].CustomContainerNo", key=True,
          said=("箱子-编号", "BoxNo"), example="1",
          note=Words("同一货件里箱号相同的几行是同一箱", "rows with the same number are one carton")),
    Field("container_weight", "箱重(kg)",
          Decimal(maximum=1_000_000, exclusive=True, limit=CARTON_KG, plausible=Plausible(Exact("0.1"), Exact(100))),
          "ContainerInfos[].Weight", unit="kg",
          said=("重量", "箱子-重量"), example="12.5", note=Words("整箱的重量，填公斤", "the whole carton, in kg")),
    Field("container_length", "箱长(cm)", _SIDE, "ContainerInfos[].Length", unit="cm", said=("箱子-长度",), example="50"),
    Field("container_width", "箱宽(cm)", _SIDE, "ContainerInfos[].Width", unit="cm", said=("箱子-宽度",), example="40"),
    Field("container_height", "箱高(cm)", _SIDE, "ContainerInfos[].Height", unit="cm", said=("箱子-高度",), example="30.5"),
    Field("sku", "SKU", Text(identifier=True, max_length=100), "ContainerInfos[].SkuInfos[].Sku", example="SKU-RED-01",
          note=Words("一行一个 SKU；一箱几个 SKU 就写几行", "one SKU a row")),
    Field("picture", "图片链接",
          Text(max_length=200, mistaken=((r"(?s:data:.*)|[A-Za-z0-9+/=\s]{60,}", PICTURE_ITSELF),), pattern=r"(?i:https?)://\S+",
               pattern_words=Words("以 http:// 或 https:// 开头的图片网址", "an image's address that begins with http:// or https://")),
          "ContainerInfos[].SkuInfos[].Picture", said=("图片地址", "图片URL"), example="https://example.com/red.jpg",
          note=Words("图片的网址，不是图片本身", "the address of an image")),
    Field("charged", "是否带电", Flag(yes=True, no=False), "ContainerInfos[].SkuInfos[].Charged", required=False,
          said=("带电",), example="否"),
    Field("asin", "ASIN", Text(identifier=True, max_length=50), "ContainerInfos[].SkuInfos[].ASINCode", required=False,
          example="B00EXAMPLE", note=Words("美国、加拿大、日本的仓库可以不填", "not needed for US, CA and JP")),
    Field("model_name", "型号", Text(), "ContainerInfos[].SkuInfos[].ModelName", example="M-100"),
    Field("declare_name_en", "英文申报名称", _ENGLISH, "ContainerInfos[].SkuInfos[].DeclareNameEN",
          said=("英文申报名", "英文品名", "申报名称", "品名"), example="Phone case"),
    Field("declare_name_cn", "中文申报名称", _CHINESE, "ContainerInfos[].SkuInfos[].DeclareNameCN",
          said=("中文申报名", "中文品名", "申报名称", "品名"), example="手机壳"),
    Field("quantity", "数量", Integer(minimum=1), "ContainerInfos[].SkuInfos[].Quantity", example="100",
          note=Words("这一箱里这个 SKU 的件数", "pieces in this carton")),
    Field("declare_value", "申报价值(USD)", Decimal(places=2), "ContainerInfos[].SkuInfos[].DeclareValue", unit="USD", example="1.5",
          note=Words("一件的申报价值，填美元", "of one piece, in US dollars")),
    Field("material_en", "英文材质", _ENGLISH, "ContainerInfos[].SkuInfos[].MaterialEN", said=("材质",), example="Plastic"),
    Field("material_cn", "中文材质", _CHINESE, "ContainerInfos[].SkuInfos[].MaterialCN", said=("材质",), example="塑料"),
    Field("purpose_en", "英文用途", _ENGLISH, "ContainerInfos[].SkuInfos[].PurposeEN", said=("用途",), example="Protection"),
    Field("purpose_cn", "中文用途", _CHINESE, "ContainerInfos[].SkuInfos[].PurposeCN", said=("用途",), example="保护手机"),
    Field("brand_name", "品牌", Text(), "ContainerInfos[].SkuInfos[].BrandName", example="Example"),
    Field("piece_weight", "单件重量(kg)",
          Decimal(maximum=1_000_000, exclusive=True, plausible=Plausible(Exact(0), Exact(100))),
          "ContainerInfos[].SkuInfos[].Weight", unit="kg",
          said=("重量", "单件-重量"), example="0.12", note=Words("一件的重量，填公斤", "of one piece, in kg")),
    Field("packing", "包装尺寸(cm)",
          Text(usual=(r"(?i:[0-9.]+(?:\s*[*x×]\s*[0-9.]+){2}\s*(?:cm)?)",
                      Words("不像尺寸（一般写成 长*宽*高，如 16*9*2）", "is not like 16*9*2"))),
          "ContainerInfos[].SkuInfos[].Packing", unit="cm", example="16*9*2",
          note=Words("一件的 长*宽*高", "length*width*height of a piece")),
    Field("hs_code", "海关编码",
          Text(identifier=True, usual=(r"[0-9]{6,10}", Words("不像海关编码（一般是 6 到 10 位数字）", "is not 6 to 10 digits"))),
          "ContainerInfos[].SkuInfos[].HsCode", aliases=("HS编码", "HS Code"), example="3926909090",
          note=Words("进口国的海关编码", "of the import country")),
)  # fmt: skip

FBA_ORDERS = Template(
    "chukou1-fba",
    title="FBA头程货件",
    unit="货件",
    display="package_id",
    fields=FIELDS,
    rules=(Rule("", check_asin),),
    codes=(INTERNAL_SHIPMENT, PICTURE_ITSELF, ASIN_MISSING),
    notes=(
        "一行是一箱里的一个 SKU；包裹ID 相同的几行是一个货件，其中箱号相同的几行是同一箱。",
        "货件的内容（仓库、编号等）写在货件的第一行就行，箱子的重量和尺寸写在这一箱的第一行就行。",
        "每一行都要有包裹ID 和箱号，也可以合并单元格。",
        "重量一律填公斤，尺寸填厘米，申报价值填美元；表头改成 箱重(g)、箱长(mm) 也可以，会自动换算，并在结果里说明。",
        "同一货件或同一箱里同一列写了不同的内容会报错，不会只取第一行。",
    ),
)

TEMPLATES = (FBA_ORDERS,)
