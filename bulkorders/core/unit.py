"""Units and currencies that headings name: which are the same, and which can be converted exactly."""

import re
import unicodedata
from decimal import Decimal

_MASS = {"mg": "0.001", "g": "1", "kg": "1000", "t": "1000000"}
_LENGTH = {"mm": "0.1", "cm": "1", "dm": "10", "m": "100"}
_METRIC = {unit: ("mass", Decimal(factor)) for unit, factor in _MASS.items()} | {
    unit: ("length", Decimal(factor)) for unit, factor in _LENGTH.items()
}
_ALIASES = {
    "毫克": "mg", "克": "g", "gram": "g", "grams": "g", "千克": "kg", "公斤": "kg", "kgs": "kg", "kilogram": "kg", "吨": "t",
    "毫米": "mm", "厘米": "cm", "公分": "cm", "分米": "dm", "米": "m", "公尺": "m",
    "磅": "lb", "lbs": "lb", "pound": "lb", "pounds": "lb", "盎司": "oz", "斤": "jin", "两": "liang", "英寸": "in", "inch": "in",
    "inches": "in", '"': "in", "英尺": "ft", "feet": "ft", "寸": "cun",
    "美元": "USD", "美金": "USD", "$": "USD", "us$": "USD", "人民币": "CNY", "rmb": "CNY", "元": "CNY", "￥": "CNY", "¥": "CNY",
    "欧元": "EUR", "€": "EUR",
    "英镑": "GBP", "£": "GBP", "日元": "JPY", "加元": "CAD", "澳元": "AUD", "港币": "HKD", "港元": "HKD",
}  # fmt: skip
_OTHERS = {"lb", "oz", "jin", "liang", "in", "ft", "cun"}
_CURRENCIES = {
    "USD",
    "CNY",
    "EUR",
    "GBP",
    "JPY",
    "CAD",
    "AUD",
    "HKD",
    "MXN",
    "SGD",
    "AED",
    "INR",
    "BRL",
    "SEK",
    "PLN",
    "TRY",
    "SAR",
}


def read_unit(text: str) -> str | None:
    """The unit or currency that a note names, in its one spelling: `KG`, `千克`, `公斤` are `kg`; None if it is none."""
    folded = unicodedata.normalize("NFKC", text).strip().casefold().removeprefix("单位").strip(" :：.")
    name = _ALIASES.get(folded) or _ALIASES.get(text.strip(), folded)
    if name in _METRIC or name in _OTHERS:
        return name
    return name.upper() if name.upper() in _CURRENCIES else None


def named_unit(words: str) -> str | None:
    """The unit or currency among the words beside a number: kg of `kg/箱`; a sign of a currency that we do not know is its own name."""
    parts = (words, *re.split(r"[\s()（）\[\],，、/;；:：]+", words))
    known = next((unit for part in parts if (unit := read_unit(part))), None)
    return known or next((part for part in parts[1:] if _is_money(part)), None)


def is_currency(unit: str) -> bool:
    """Whether a unit is a currency."""
    return unit in _CURRENCIES or _is_money(unit)


def _is_money(text: str) -> bool:
    return any(unicodedata.category(sign) == "Sc" for sign in text)


def conversion(found: str, asked: str) -> Decimal | None:
    """What a value in `found` is multiplied by to be in `asked`; None if that cannot be done exactly."""
    if found == asked:
        return Decimal(1)
    if found not in _METRIC or asked not in _METRIC:
        return None
    (dimension, factor), (wanted, divisor) = _METRIC[found], _METRIC[asked]
    return factor / divisor if dimension == wanted else None
