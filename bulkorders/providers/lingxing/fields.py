"""The template `lingxing-mcf`: every field of the vendor's page createOrder (创建亚马逊多渠道订单), and the rules that span them.

Sources: required, types and words are the vendor page's; the limits that only warn are Amazon's, published for
createFulfillmentOrder, the call that Lingxing makes.
"""

import re
from collections.abc import Iterator

from bulkorders.core.field import Field
from bulkorders.core.issue import Code, Problem, Severity
from bulkorders.core.kinds import Choice, Date, Decimal, Flag, Integer, Text
from bulkorders.core.numbers import LETTERS_LIKE_DIGITS
from bulkorders.core.order import Element
from bulkorders.core.template import Finding, Rule, Template
from bulkorders.core.words import Words

from .codes import COUNTRY_CODES, CURRENCIES, CURRENCY_WORDS, MARKETS

MOST_LINES = 100
MOST_UNITS = 250
ITEMS = "item_list[]"

CITY_MISSING = Code(
    "city_missing",
    Severity.ERROR,
    "缺少城市",
    Words(
        "{where}是空的，日本以外必须填写：请填写收货城市。",
        "{where} is empty; outside Japan it is required: fill in the city.",
    ),
)
CITY_DOUBTFUL = Code(
    "city_doubtful",
    Severity.WARNING,
    "城市可能要填",
    Words(
        "{where}是空的，店铺和收货地只有一个在日本，平台可能要求填写：请核对。",
        "{where} is empty, and only one of store and address is in Japan: the remote may ask for it.",
    ),
)
CURRENCY_MISSING = Code(
    "currency_missing",
    Severity.ERROR,
    "有申报价值没有币种",
    Words(
        "{where}是空的，但这一行填了申报价值：请填写币种，例如 USD。",
        "{where} is empty but a value is declared: fill in the currency, such as USD.",
    ),
)
VALUE_MISSING = Code(
    "value_missing",
    Severity.ERROR,
    "有币种没有申报价值",
    Words(
        "{where}是空的，但这一行填了申报货币：请填写申报价值，或清空币种。",
        "{where} is empty but a currency is given: fill in the value.",
    ),
)
ZERO_LOST = Code(
    "zero_lost",
    Severity.ERROR,
    "邮编少了前面的 0",
    Words("{where}的「{value}」位数不够，前面的 0 可能丢了，应为 {proposal}？请设为“文本”格式后改正。",
          '{where}: "{value}" has too few digits, its leading zero may be lost: {proposal}? Format the cell as text.'),
)  # fmt: skip
LETTER_FOR_DIGIT = Code(
    "letter_for_digit",
    Severity.ERROR,
    "邮编里的字母应是数字",
    Words("{where}的「{value}」里有字母，像是把数字 0、1 写成了字母，应为 {proposal}？请改正。",
          '{where}: "{value}" has a letter where a digit 0 or 1 was meant: {proposal}?'),
)  # fmt: skip
TOO_MANY_LINES = Code(
    "too_many_lines",
    Severity.WARNING,
    "一单明细太多",
    Words("订单「{value}」有 {count} 行商品，亚马逊一单最多 {most} 行，可能被拒绝：请拆成几单。",
          "Order {value} has {count} lines, Amazon takes {most} at most: split it."),
)  # fmt: skip
TOO_MANY_UNITS = Code(
    "too_many_units",
    Severity.WARNING,
    "一单件数太多",
    Words("订单「{value}」共 {count} 件，亚马逊一单最多 {most} 件，可能被拒绝：请拆成几单。",
          "Order {value} has {count} units, Amazon takes {most} at most: split it."),
)  # fmt: skip


def check_city(order: Element) -> Iterator[Finding]:
    """City is not required in the Japanese market (vendor page); whether the store's or the address's market counts is not said."""
    if order.values["city"] is not None:
        return
    japanese = (order.values["country"] == "日本", order.values["country_code"] == "JP")
    if not any(japanese):
        yield Finding("city", Problem(CITY_MISSING))
    elif not all(japanese):
        yield Finding("city", Problem(CITY_DOUBTFUL))


def check_postcode(order: Element) -> Iterator[Finding]:
    """A US postcode has five digits, or nine; one or two less have lost their zeros on the way through a number, and O and I are none."""
    postcode = order.values["postcode"]
    if order.values["country_code"] != "US" or postcode is None:
        return
    digits = postcode.translate(LETTERS_LIKE_DIGITS)
    if short := re.fullmatch("([0-9]{3,4})(?:-?([0-9]{4}))?", postcode):
        proposal = "-".join((short[1].zfill(5), *filter(None, (short[2],))))
        yield Finding("postcode", Problem(ZERO_LOST, {"proposal": proposal}))
    elif digits != postcode and re.fullmatch("[0-9]{5}(?:-?[0-9]{4})?", digits):
        yield Finding("postcode", Problem(LETTER_FOR_DIGIT, {"proposal": digits}))


def check_declared_value(item: Element) -> Iterator[Finding]:
    """Amazon's declared value is an amount with its currency: one without the other cannot be sent."""
    value, currency = item.values["declared_value"], item.values["declared_currency"]
    if value is not None and currency is None:
        yield Finding("declared_currency", Problem(CURRENCY_MISSING))
    if currency is not None and value is None:
        yield Finding("declared_value", Problem(VALUE_MISSING))


def check_size(order: Element) -> Iterator[Finding]:
    """Amazon takes at most 100 lines and 250 units an order."""
    items = order.below(ITEMS)
    units = sum(item.values["quantity_shipped"] or 0 for item in items)
    if len(items) > MOST_LINES:
        yield Finding("order_id", Problem(TOO_MANY_LINES, {"count": len(items), "most": MOST_LINES}))
    if units > MOST_UNITS:
        yield Finding("order_id", Problem(TOO_MANY_UNITS, {"count": units, "most": MOST_UNITS}))


_PLUS = (r"\+", Words("含有“+”，亚马逊不收", "holds a +, which Amazon refuses"))
_BLANKS = (r"\s\s", Words("含有连续的空格", "holds several blanks in a row"))

FIELDS = (
    Field("store_name", "店铺名", Text(), "store_name", key=True,
          said=("店铺名称", "店铺不存在", "找不到店铺", "未找到店铺"), example="8speed-US",
          note=Words("与领星里的店铺名完全一致", "exactly as in Lingxing")),
    Field("country", "店铺国家", Choice(tuple(MARKETS), others=r"[\u4e00-\u9fff]{2,10}"), "country",
          said=("国家", "Country"), example="美国",
          note=Words("店铺所在的国家，用中文", "the store's country, in Chinese")),
    Field("order_id", "订单号", Text(identifier=True, limit=40, unusual=(_PLUS, _BLANKS)), "order_id", key=True,
          said=("SellerFulfillmentOrderId",), example="示例1000796",
          note=Words("同一订单的每一行都填同一个订单号", "the same on every row of an order")),
    Field("is_blank_box", "是否使用无品牌包装箱", Flag("是", "否"), "is_blank_box", required=False, said=("无品牌包装箱",), example="否",
          note=Words("不填时平台按“否”", "否 if left blank")),
    Field("is_block_amzl", "是否阻止亚马逊物流", Flag("是", "否"), "is_block_amzl", required=False, said=("阻止亚马逊物流",), example="否",
          note=Words("不填时平台按“否”", "否 if left blank")),
    Field("receiver", "收件人", Text(limit=50), "receiver",
          said=("收件人姓名", "收货人姓名", "收货人"), example="Jack Smith", personal=True),
    Field("country_code", "收货地址国家/地区",
          Choice(COUNTRY_CODES, proposals=MARKETS, others="[A-Za-z]{2}", listed=False,
                 listed_words=Words("两个字母的国家/地区简码，如 US", "a two-letter country code such as US")),
          "country_code",
          said=("国家/地区", "国家", "国家代码", "国家简码", "Country"), aliases=("收货国家", "收货国家/地区"), example="US",
          note=Words("国家/地区简码，如 US、GB、DE、JP", "country code such as US, GB, DE, JP")),
    Field("region", "地区", Text(limit=150), "region",
          said=("StateOrRegion", "State", "省份"), aliases=("省/州", "州/省"), example="AL-Alabama",
          note=Words("州、省或地区", "state or region"), personal=True),
    Field("city", "城市", Text(limit=50), "city", required=False, said=("City",), example="Autaugaville",
          note=Words("日本以外必填", "required outside Japan"), personal=True),
    Field("address1", "地址1", Text(limit=60), "address1",
          said=("AddressLine1", "地址一", "地址", "收货地址", "收件地址"), example="123 Example Street", personal=True),
    Field("address2", "地址2", Text(limit=60), "address2", required=False,
          said=("AddressLine2", "地址二", "地址", "收货地址", "收件地址"), example="Unit 4", personal=True),
    Field("postcode", "邮编", Text(identifier=True, limit=20), "postcode",
          said=("PostalCode", "Postcode", "ZipCode", "zip code", "postal code"), aliases=("邮政编码",), example="36003",
          note=Words("以 0 开头的邮编要保留 0", "keep leading zeros"), personal=True),
    Field("phone_number", "电话号码", Text(identifier=True, limit=20), "phone_number", required=False,
          said=("Phone", "phone number", "手机号码", "手机号", "联系电话"), aliases=("电话",),
          example="2025550123", personal=True),
    Field("buyers_mailbox", "买家邮箱",
          Text(identifier=True, limit=64, pattern=r"[^@\s]+@[^@\s]+\.[^@\s]+",
          pattern_words=Words("邮箱地址，如 name@example.com", "a mail address")),
          "buyers_mailbox", said=("邮箱", "Email"), example="name@example.com", personal=True),
    Field("order_id_for_packing", "装箱单-订单号", Text(identifier=True, limit=40), "order_id_for_packing",
          said=("DisplayableOrderId",), example="1802"),
    Field("date_for_packing", "装箱单-订单日期", Date(), "date_for_packing",
          said=("装箱单-日期", "DisplayableOrderDate"), example="2022-12-09"),
    Field("remark_for_packing", "装箱单-装箱单备注", Text(limit=750), "remark_for_packing", required=False,
          said=("备注", "DisplayableOrderComment"), aliases=("装箱单备注",),
          example="Thank you for your order", personal=True),
    Field("delivery_operation", "配送操作", Choice(("立即配送", "保留订单")), "delivery_operation", required=False,
          said=("FulfillmentAction",), example="保留订单"),
    Field("delivery_service", "配送服务", Choice(("标准配送", "加急配送", "优先配送")), "delivery_service", required=False,
          said=("ShippingSpeedCategory",), example="标准配送"),
    Field("remark", "订单备注", Text(), "remark", required=False, said=("备注",), example="示例行，不会提交", personal=True),
    Field("msku", "MSKU", Text(identifier=True, limit=50), "item_list[].msku", said=("SKU", "SellerSKU"), example="msku123",
          note=Words("一行一个 MSKU；一单几个商品就写几行", "one MSKU a row")),
    Field("quantity_shipped", "发货量", Integer(minimum=1), "item_list[].quantity_shipped",
          said=("数量", "Quantity"), aliases=("发货数量",), example="1"),
    Field("declared_value", "申报价值", Decimal(), "item_list[].declared_value", required=False,
          said=("PerUnitDeclaredValue",), example="1.23",
          note=Words("与申报货币一起填", "together with the currency")),
    Field("declared_currency", "申报货币",
          Choice(CURRENCIES, proposals=CURRENCY_WORDS, listed=False,
                 listed_words=Words("三个字母的货币代码，如 USD", "a three-letter currency code such as USD")),
          "item_list[].declared_currency", required=False, said=("币种", "货币", "CurrencyCode"), aliases=("申报币种",), example="USD",
          note=Words("与申报价值一起填", "together with the value")),
)  # fmt: skip

MCF_ORDERS = Template(
    "lingxing-mcf",
    title="亚马逊多渠道订单",
    unit="订单",
    display="order_id",
    fields=FIELDS,
    rules=(
        Rule("", check_city),
        Rule("", check_postcode),
        Rule("", check_size),
        Rule(ITEMS, check_declared_value),
    ),
    codes=(CITY_MISSING, CITY_DOUBTFUL, CURRENCY_MISSING, VALUE_MISSING, ZERO_LOST, LETTER_FOR_DIGIT, TOO_MANY_LINES, TOO_MANY_UNITS),
    notes=(
        "一行是一个商品；同一店铺、同一订单号的几行合成一个订单。",
        "订单的内容（收件人、地址等）写在第一行就行，下面的行可以留空；每一行都要有订单号。",
        "同一订单里同一列写了不同的内容会报错，不会只取第一行。",
    ),
)

TEMPLATES = (MCF_ORDERS,)
