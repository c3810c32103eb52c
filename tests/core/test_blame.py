"""Blame: which fields, elements and values a remote's refusal speaks of, and when it speaks of none."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from making import CARTONS

from bulkorders.core.blame import Blame, blamed_rows, find_blames
from bulkorders.core.sent import sent_values
from bulkorders.core.template import Template
from bulkorders.providers.chukou1.fields import FBA_ORDERS
from bulkorders.providers.lingxing.fields import MCF_ORDERS

TEMPLATES = (MCF_ORDERS, FBA_ORDERS, CARTONS)


def goods(sku: str) -> dict[str, Any]:
    """A SKU of a carton, its other values those of the template's example."""
    names = {field.api_name: field.example for field in FBA_ORDERS.fields if field.level.endswith("SkuInfos[]")}
    return {**names, "Sku": sku, "Charged": False, "Quantity": 10, "Weight": 0.12}


def carton(number: str, *skus: str) -> dict[str, Any]:
    """A carton of some SKUs."""
    size = {"Weight": 12500, "Length": 50, "Width": 40, "Height": 30}
    return {"CustomContainerNo": number, **size, "SkuInfos": [goods(sku) for sku in skus]}


LINES = [
    {"msku": "ABC-1", "quantity_shipped": 1, "declared_value": 1.2, "declared_currency": "USD"},
    {"msku": "XYZ-22", "quantity_shipped": 100},
    {"msku": "XYZ-22-RED", "quantity_shipped": 3},
    {"msku": "XYZ-22", "quantity_shipped": 2},
]
MCF = {field.api_name: field.example for field in MCF_ORDERS.fields if not field.level} | {"order_id": "1000796", "item_list": LINES}
FBA = {field.api_name: field.example for field in FBA_ORDERS.fields if not field.level} | {
    "ContainerInfos": [carton("1", "A-1", "B-2"), carton("2", "B-2", "C-3")]
}
MCF_SENT = sent_values(MCF_ORDERS, json.dumps(MCF).encode())
FBA_SENT = sent_values(FBA_ORDERS, json.dumps(FBA).encode())
FBA_ROWS = ((0, 0), (0, 1), (1, 0), (1, 1))


def lingxing(text: str) -> list[Blame]:
    """What a refusal of an order by Lingxing blames."""
    return list(find_blames(text, MCF_ORDERS, MCF_SENT))


def chukou1(text: str) -> list[Blame]:
    """What a refusal of an order by Chukou1 blames."""
    return list(find_blames(text, FBA_ORDERS, FBA_SENT))


def fields(blames: list[Blame]) -> list[str]:
    """The fields alone, where nothing more is said."""
    assert all(blame == Blame(blame.field) for blame in blames)
    return [blame.field for blame in blames]


# -- names --------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("订单号已经存在", ["order_id"]),
        ("邮编不能为空；城市不能为空", ["postcode", "city"]),
        ("邮政编码格式错误", ["postcode"]),
        ("收货地址国家/地区不正确", ["country_code"]),
        ("收货地址国家地区不正确", ["country_code"]),
        ("地区不正确", ["region"]),
        ("请检查邮编、城市是否正确", ["postcode", "city"]),
        ("收件人和邮编不能为空", ["receiver", "postcode"]),
        ("收件人电话不能为空", ["phone_number"]),
        ("商品的数量必须大于0", ["quantity_shipped"]),
        ("收货国家不在配送范围内", ["country_code"]),
        ("申报价值与申报货币必须同时填写", ["declared_value", "declared_currency"]),
        ("装箱单-订单号不能为空", ["order_id_for_packing"]),
        ("装箱单的订单号不能为空", ["order_id_for_packing"]),
        ("该订单号已存在", ["order_id"]),
        ("手机号不正确", ["phone_number"]),
        ("店铺不存在", ["store_name"]),
        ("store_name不能为空", ["store_name"]),
        ("postcode不能为空", ["postcode"]),
        ("postal_code is required", ["postcode"]),
        ("item_list.msku不能为空", ["msku"]),
        ("item_list>>quantity_shipped取值错误", ["quantity_shipped"]),
        ("quantity_shipped, declared_value: 参数类型或取值错误", ["quantity_shipped", "declared_value"]),
        ("country不能为空", ["country"]),
        ("The city is required", ["city"]),
        ("'city' may not be blank", ["city"]),
        ("The following required parameters are missing: [PostalCode, City]", ["postcode", "city"]),
        ("the SellerSKU for Item Id: xxxx-0 is invalid.", ["msku"]),
        ("Reason: Country field is missing, Name field is missing, AddressLine1 field is missing.", ["address1"]),
        ("领星拒绝了这一单：邮编不能为空。请按提示改好再提交。", ["postcode"]),
    ],
)
def test_what_lingxing_names_is_blamed(text: str, names: list[str]) -> None:
    """By label, alias, the API's name, a path, the words of Amazon behind it; several are possible; ours around it do no harm."""
    assert fields(lingxing(text)) == names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("PackageId已存在", ["package_id"]),
        ("ShipmentId长度不能超过15", ["shipment_id"]),
        ("The field ShipmentId must be a string with a maximum length of 15.", ["shipment_id"]),
        ("The Quantity field is required.", ["quantity"]),
        ("The field Length must be between 1 and 100.", ["container_length"]),
        ("SkuInfos.Weight必须大于0", ["piece_weight"]),
        ("ContainerInfos.SkuInfos.Weight必须大于0", ["piece_weight"]),
        ("SkuInfos中Weight必须大于0", ["piece_weight"]),
        ("箱子的重量超过限制", ["container_weight"]),
        ("SKU的重量不正确", ["piece_weight"]),
        ("DeclareNameEN不能为空", ["declare_name_en"]),
        ("英文申报名称不能为空", ["declare_name_en"]),
        ("HS Code 无效，海关编码必须是6到10位", ["hs_code"]),
        ("FBA仓库代码不正确", ["warehouse_code"]),
        ("英文材质/英文用途不能为空", ["material_en", "purpose_en"]),
        ("DeclareValue(申报价值)不能为空", ["declare_value"]),
        ("Custom field is too long", ["custom"]),
        ("发货服务代码不存在：XYZ（创建失败，ServiceNotFound）", ["service_code"]),
        ("出口易拒绝了这个货件：VAT号不能为空。请按提示改好再提交。", ["vat_code"]),
        ("包裹ID格式不正确：出口易没有建成这个货件，请改好内容再提交，原样再提交会被忽略。", ["package_id"]),
    ],
)
def test_what_chukou1_names_is_blamed(text: str, names: list[str]) -> None:
    """What two levels call alike is told apart by the list, or by what it belongs to."""
    assert fields(chukou1(text)) == names


@pytest.mark.parametrize(
    "text",
    [
        "",
        "系统繁忙，请稍后再试",
        "Invalid Input",
        "Value  for parameter SellerId is invalid. Reason: InvalidValue.",
        "Capacity exceeded in this statement of state",
        "this region is not supported",
        "the country is far away",
        "该地区不支持配送",
        "国家不支持",
        "备注过长",
        "备注：库存不足",
        "收件人信息不完整",
        "收件人地址不完整",
        "收货地址无法送达",
        "店铺授权已失效",
        "平台订单号已存在",
        "请电话联系客服",
        "库存数量不足",
        "订单数量超过限制",
        "包裹的数量不对",
        "SKU数量超过100",
        "item_list数量不能超过50",
        "不支持该收货地区",
        "账号权限不足，请联系客户经理，电话：400-123-4567",
        "当前店铺未授权多渠道配送，请先到亚马逊后台开通",
        "Delivery is not possible to the city, please choose another address",
        "订单号 1000796 创建失败",
        "1000796 创建失败",
    ],
)
def test_what_lingxing_leaves_open_blames_nothing(text: str) -> None:
    """A wrong blame is worse than none: 国家 may be the store's or the address's, and an order's number is named in any refusal."""
    assert lingxing(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "重量不正确",
        "Weight must be greater than 0",
        "申报名称不能为空",
        "材质不能为空",
        "custom clearance failed at this location",
        "Internal error, reference id: 12-34",
        "No HTTP resource was found that matches the request URI '/v1/fbaOrder'.",
        "箱数量超过限制",
        "SkuInfos数量不能超过50",
        "未找到目的仓库",
        "客户余额不足",
        "ContainerInfos不能为空",
        "ContainerInfos[1]不能为空",
        "ContainerInfos[0].Product.Weight必须大于0",
        "SKU A-1 所在箱的重量超限",
        "请求内容不是有效的JSON对象",
        "包裹不存在",
        "仓库ABE2不支持该服务",
        "MyShipmentIdentifier is wrong",
        "品牌授权书缺失",
    ],
)
def test_what_chukou1_leaves_open_blames_nothing(text: str) -> None:
    """A part of a longer word is no name, nor is an English word that is only spelt like a key."""
    assert [blame for blame in chukou1(text) if blame.value is None] == []


# -- elements and values ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "blames"),
    [
        ("item_list[1].quantity_shipped 必须大于0", [Blame("quantity_shipped", (1,))]),
        ("item_list.1.msku 不能为空", [Blame("msku", (1,))]),
        ("item_list[1][msku]不能为空", [Blame("msku", (1,))]),
        ("item_list[0].msku不能为空, item_list[2].msku不能为空", [Blame("msku", (0,)), Blame("msku", (2,))]),
        ("item_list[1]：发货量必须大于0", [Blame("quantity_shipped", (1,))]),
        ("第2行MSKU不存在", [Blame("msku", (1,))]),
        ("第 2 个商品的数量必须大于0", [Blame("quantity_shipped", (1,))]),
        ("申报货币不正确（第2行）", [Blame("declared_currency", (1,))]),
        ("quantity_shipped is invalid in line 3", [Blame("quantity_shipped", (2,))]),
        ("第2行的订单号重复", [Blame("order_id")]),
        ("第0行MSKU不存在", [Blame("msku")]),
    ],
)
def test_an_element_that_is_named_is_blamed_alone(text: str, blames: list[Blame]) -> None:
    """Paths count from 0, people from 1; the order's own fields stand in no element."""
    assert lingxing(text) == blames


@pytest.mark.parametrize(
    ("text", "blames"),
    [
        ("ContainerInfos[0].SkuInfos[1].HsCode不能为空", [Blame("hs_code", (0, 1))]),
        ("fbaOrder.ContainerInfos[1].SkuInfos[0].Picture: The field is invalid", [Blame("picture", (1, 0))]),
        ("/ContainerInfos/1/SkuInfos/0/HsCode is required", [Blame("hs_code", (1, 0))]),
        ("$.ContainerInfos[1].Weight", [Blame("container_weight", (1,))]),
        ("ContainerInfos[1].BoxNo不能为空", [Blame("container_no", (1,))]),
        ("SkuInfos[0] HsCode不能为空", [Blame("hs_code", (None, 0))]),
        ("ContainerInfos[1] SkuInfos[0]: HsCode不能为空", [Blame("hs_code", (1, 0))]),
        ("fbaOrder.ContainerInfos[0].Weight: Error converting value 12.5 to type 'System.Int32'.", [Blame("container_weight", (0,))]),
        ("SKU: A-1, HsCode 不正确", [Blame("hs_code", (0, 0))]),
        ("第2箱的重量超过限制", [Blame("container_weight", (1,))]),
        ("第2箱第1个SKU的海关编码不正确", [Blame("hs_code", (1, 0))]),
        ("SKU A-1 的重量不正确", [Blame("piece_weight", (0, 0))]),
        ("SKU B-2 的海关编码不正确", [Blame("hs_code", (0, 1)), Blame("hs_code", (1, 0))]),
        ("箱号 2 的SKU B-2 的海关编码不正确", [Blame("hs_code", (1, 0))]),
        ("箱号 2 的重量超过限制", [Blame("container_weight", (1,))]),
        ("货件编号 FBA15D0EXAMP 的箱号重复", [Blame("container_no")]),
        ("ContainerInfos中CustomContainerNo重复：2", [Blame("container_no", None, "2")]),
    ],
)
def test_an_element_within_another_is_named_by_both(text: str, blames: list[Blame]) -> None:
    """By a path, by a number, or by the values of the keys that tell elements apart."""
    assert chukou1(text) == blames


@pytest.mark.parametrize(
    ("text", "blames"),
    [
        ("MSKU ABC-1 不存在", [Blame("msku", None, "ABC-1")]),
        ("ABC-1 不存在", [Blame("msku", None, "ABC-1")]),
        ("MSKU不存在：XYZ-22", [Blame("msku", None, "XYZ-22")]),
        ("MSKU「ＡＢＣ－１」与平台不匹配", [Blame("msku", None, "ABC-1")]),
        ("XYZ-22-RED库存不足", [Blame("msku", None, "XYZ-22-RED")]),
        ("Invalid item for MSKU XYZ-22 with reason COVID19_LIMIT_EXCEEDED.", [Blame("msku", None, "XYZ-22")]),
        ("The following MSKUs are not valid: [ABC-1, XYZ-22].", [Blame("msku", None, "ABC-1"), Blame("msku", None, "XYZ-22")]),
        ("MSKU ABC-1 的申报价值不能为空", [Blame("declared_value", (0,))]),
        ("订单号 1000796 的邮编不正确", [Blame("postcode")]),
        ("MSKU[ABC-1]在店铺8speed-US中不存在", [Blame("msku", None, "ABC-1")]),
        ("邮编36003与城市Autaugaville不匹配", [Blame("postcode", None, "36003"), Blame("city", None, "Autaugaville")]),
        ("订单号 1000796 已存在", [Blame("order_id", None, "1000796")]),
        ("订单号已存在，MSKU ABC-1 不存在", [Blame("order_id"), Blame("msku", None, "ABC-1")]),
        ("Request has invalid parameter: {Address.StateOrRegion=AL-Alabama}", [Blame("region", None, "AL-Alabama")]),
        ("发货数量不能超过100", [Blame("quantity_shipped")]),
        ("ABC-19 不存在", []),
    ],
)
def test_a_value_that_is_quoted_is_known(text: str, blames: list[Blame]) -> None:
    """Whole values only, of a cell of this order; a limit that some quantity happens to equal is none, and a value may only say where."""
    assert lingxing(text) == blames


def test_a_code_that_follows_its_name_is_a_value_without_what_was_sent() -> None:
    """It must have a digit, so that no word of the sentence is taken for it."""
    assert find_blames("MSKU ABC-1 不存在", MCF_ORDERS) == (Blame("msku", None, "ABC-1"),)
    assert find_blames("MSKU is invalid", MCF_ORDERS) == (Blame("msku"),)


@pytest.mark.parametrize(
    ("blame", "rows"),
    [
        (Blame("service_code"), (0,)),
        (Blame("container_weight", (1,)), (2,)),
        (Blame("container_weight"), ()),
        (Blame("container_no", None, "2"), (2,)),
        (Blame("hs_code", (1, 0)), (2,)),
        (Blame("hs_code", (1, None)), ()),
        (Blame("hs_code", (None, 0)), ()),
        (Blame("sku", None, "B-2"), (1, 2)),
        (Blame("sku", None, "D-4"), ()),
        (Blame("sku", (5, 0)), ()),
    ],
)
def test_the_rows_of_a_blame_are_those_that_it_surely_means(blame: Blame, rows: tuple[int, ...]) -> None:
    """The first row of the element, each element with the value; none where the text leaves open which element it is."""
    assert blamed_rows(blame, FBA_ORDERS, FBA_ROWS, FBA_SENT) == rows


def test_what_stands_in_one_element_alone_needs_no_index() -> None:
    """An order of one carton has one weight of a carton, and the second SKU is the second of that carton."""
    rows = ((0, 0), (0, 1))
    assert blamed_rows(Blame("container_weight"), FBA_ORDERS, rows) == (0,)
    assert blamed_rows(Blame("hs_code", (None, 1)), FBA_ORDERS, rows) == (1,)
    assert blamed_rows(Blame("hs_code"), FBA_ORDERS, rows[:1]) == (0,)


# -- any label, any text ------------------------------------------------------------------------------------------------------
LABELS = [pytest.param(template, field.name, id=field.name) for template in TEMPLATES for field in template.fields]
LEADS = ("", "提交失败，", "参数错误：", "本次提交的", "请检查", "无效的", "收货地址有误:\n", "Error: ")
TAILS = ("不正确", "填写不正确", " 不正确，请修改", "的值不正确", "：不正确", "（必填）不正确")


@pytest.mark.parametrize(("template", "name"), LABELS)
@given(lead=st.sampled_from(LEADS), tail=st.sampled_from(TAILS))
def test_any_label_of_any_template_is_found_in_a_sentence(template: Template, name: str, lead: str, tail: str) -> None:
    """Property: 「…邮编…不正确」 blames 邮编 and nothing else, whatever stands around it; with the label's unit or without."""
    label = template[name].label
    for written in (label, label.partition("(")[0]):
        assert find_blames(f"{lead}{written}{tail}", template) == (Blame(name),)


@pytest.mark.parametrize(("template", "name"), LABELS)
def test_any_path_is_found_with_its_indices(template: Template, name: str) -> None:
    """Property: the field's own path, with an index at each list, names the field and the element."""
    field = template[name]
    depth = field.path.count("[]")
    path = field.path.replace("[]", "[3]")
    assert find_blames(f"{path}取值错误", template) == (Blame(name, (3,) * depth or None),)


@pytest.mark.parametrize(("template", "name"), LABELS)
def test_a_key_within_a_longer_word_is_no_name(template: Template, name: str) -> None:
    """Property: whole words only."""
    key = template[name].api_name
    for text in (f"x{key} is invalid", f"{key}x is invalid", f"my_{key}_x不能为空"):
        assert find_blames(text, template) == ()


@given(
    text=st.text(max_size=80)
    | st.lists(st.sampled_from([*"的:：.[]12 ；", "SKU", "第2箱", "重量", "Weight", "A-1", "SkuInfos"])).map("".join)
)
@example(text="SKU" * 800)
@example(text="[" * 3000)
def test_whatever_a_remote_says_is_borne(text: str) -> None:
    """Property: no text raises; what is blamed is a field of the template, with one index for each of its lists."""
    for blame in chukou1(text):
        depth = FBA_ORDERS[blame.field].path.count("[]")
        assert blame.indices is None or len(blame.indices) == depth
        assert all(0 <= row < len(FBA_ROWS) for row in blamed_rows(blame, FBA_ORDERS, FBA_ROWS, FBA_SENT))
