"""Labels: spellings of one heading fold to one text, units in brackets are kept, slips are told from other headings."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from making import CARTONS

from bulkorders.core.field import Field
from bulkorders.core.label import distance, fold, is_near, likeness, read_label
from bulkorders.core.template import Template
from bulkorders.core.unit import conversion, read_unit
from bulkorders.providers.lingxing.fields import MCF_ORDERS

FIELDS = [(template, field) for template in (MCF_ORDERS, CARTONS) for field in template.fields]
VENDOR_WORDS = [
    "是否使用无品牌包装箱（“是”/“否”，默认为“否”）",
    "是否阻止亚马逊物流（“是”/“否”，默认为“否”）", "收货地址国家/地区（输入国家/地区简码）",
    "城市（日本市场非必填，其他市场必填）", "配送操作（“立即配送”/“保留订单”）", "配送服务（“标准配送”/“加急配送”/“优先配送”）",
]  # fmt: skip
WIDE = {code - 0xFEE0: code for code in range(0xFF01, 0xFF5F)}


@pytest.mark.parametrize(
    "text",
    [
        "*发货量", "发货量*", "＊发货量", "发货量（必填）", "发货量(必填)", "发货量【必填】",
        "发货量[必填]", "（必填）发货量", "发货量：", "发货量:",
        "发\n货\n量", "发 货 量", "  发货量\u3000", "发货量\r\n（必填，整数）", "\ufeff发货量", "发货量\u200b", "发货量(件)",
        "发货数量", "quantity_shipped",
        "QUANTITY_SHIPPED", "Quantity Shipped", "item_list.quantity_shipped", "item_list>>quantity_shipped", "item_list[].quantity_shipped",
        "ｑｕａｎｔｉｔｙ＿ｓｈｉｐｐｅｄ",
    ],
)  # fmt: skip
def test_spellings_of_a_heading(text: str) -> None:
    """Marks, notes, line breaks, blanks, width and case do not matter; aliases and the API's names mean the field."""
    label = read_label(text)
    assert label is not None
    assert MCF_ORDERS.headings[label.folded] is MCF_ORDERS["quantity_shipped"]


@pytest.mark.parametrize("text", VENDOR_WORDS)
def test_the_vendor_pages_own_words_are_headings(text: str) -> None:
    """A heading copied from the vendor's page with its note in brackets is understood."""
    label = read_label(text)
    assert label is not None
    assert MCF_ORDERS.headings[label.folded].label == text.partition("（")[0]
    assert label.unit is None


@given(st.sampled_from(FIELDS), st.data())
def test_every_heading_may_be_decorated(which: tuple[Template, Field], data: st.DataObject) -> None:
    """Property: any field's label, alias or full API path with marks, notes, blanks, other width or case means that field."""
    template, field = which
    text = data.draw(st.sampled_from([field.label, field.name, field.path, *field.aliases, field.api_labels[-1]]))
    if data.draw(st.booleans()):
        text = text.translate({code: wide for code, wide in WIDE.items() if chr(code) not in "()[]"})
    text = data.draw(st.sampled_from([text.upper(), text.lower(), text]))
    breaks = data.draw(st.integers(0, len(text)))
    blank = data.draw(st.sampled_from(["", " ", "\n", "\u3000"]))
    text = text[:breaks] + blank + text[breaks:]
    text = (
        data.draw(st.sampled_from(["", "*", "＊ ", "（必填）"]))
        + text
        + data.draw(st.sampled_from(["", "*", "：", "（选填）", "\n[必填]"]))
    )
    assert template.headings[fold(text)] is field


@pytest.mark.parametrize("raw", [None, "", " \n ", "\u3000", "填" * 61])
def test_blanks_and_instructions_are_no_headings(raw: object) -> None:
    """An empty cell and a text longer than any heading are none."""
    assert read_label(raw) is None


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("箱重(kg)", "kg"), ("箱重（KG）", "kg"), ("箱重(千克)", "kg"), ("箱重(公斤)", "kg"), ("箱重（㎏）", "kg"),
        ("箱重[单位：kg]", "kg"),
        ("箱重(必填)(g)", "g"), ("箱重（必填，克）", "g"), ("箱长(mm)", "mm"), ("箱长(毫米)", "mm"), ("箱长(厘米)", "cm"),
        ("箱长(米)", "m"),
        ("箱重(lb)", "lb"), ("箱重(磅)", "lb"), ("箱长(in)", "in"), ("箱长(英寸)", "in"), ("申报价值(USD)", "USD"),
        ("申报价值($)", "USD"),
        ("申报价值（美元）", "USD"), ("申报价值(RMB)", "CNY"), ("申报价值(人民币)", "CNY"),
        ("申报价值(元)", "CNY"), ("申报价值（￥）", "CNY"),
        ("备注(选填)", None), ("发货量（件）", None), ("箱重", None), ("收货地址国家/地区（输入国家/地区简码）", None),
    ],
)  # fmt: skip
def test_a_unit_in_brackets_is_kept_in_its_one_spelling(text: str, unit: str | None) -> None:
    """A note is dropped only if it names no unit and no currency."""
    label = read_label(text)
    assert label is not None
    assert label.unit == unit


@pytest.mark.parametrize(
    ("found", "asked", "factor"),
    [
        ("kg", "kg", "1"), ("g", "kg", "0.001"), ("t", "kg", "1000"), ("mg", "kg", "0.000001"), ("mm", "cm", "0.1"), ("m", "cm", "100"),
        ("dm", "cm", "10"), ("cm", "m", "0.01"), ("lb", "kg", None), ("in", "cm", None), ("CNY", "USD", None), ("cm", "kg", None),
        ("kg", "USD", None),
    ],
)  # fmt: skip
def test_only_metric_relatives_are_converted(found: str, asked: str, factor: str | None) -> None:
    """A factor is exact, and there is none between systems, dimensions and currencies."""
    assert conversion(found, asked) == (Decimal(factor) if factor else None)


@pytest.mark.parametrize("text", ["", "件", "必填", "xyz", "选填", "1"])
def test_other_notes_are_no_units(text: str) -> None:
    """Only units and currencies that are known count."""
    assert read_unit(text) is None


@pytest.mark.parametrize(
    ("typed", "label"), [("發貨量", "发货量"), ("電話號碼", "电话号码"), ("收件人姓名", "收件人姓"), ("装箱单-定单日期", "装箱单-订单日期")]
)
def test_slips_of_a_heading_are_near(typed: str, label: str) -> None:
    """Traditional characters and single wrong characters are slips."""
    assert is_near(fold(typed), fold(label))


@pytest.mark.parametrize(
    ("typed", "label"), [("地址3", "地址2"), ("城镇", "城市"), ("平台", "城市"), ("总价", "申报价值"), ("发货仓库", "发货量")]
)
def test_other_headings_are_not_near(typed: str, label: str) -> None:
    """Another number, and another word, is another column."""
    assert not is_near(fold(typed), fold(label))


@given(st.text(max_size=12), st.text(max_size=12))
def test_likeness_is_a_measure(one: str, other: str) -> None:
    """From 0 to 1, the same both ways, 1 only for equal spellings; a distance of 0 likewise."""
    assert 0 <= likeness(one, other) <= 1
    assert distance(one, other) == distance(other, one) <= max(len(one), len(other))
    assert likeness(one, one) == 1
