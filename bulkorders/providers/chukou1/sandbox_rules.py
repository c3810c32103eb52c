"""What the imitation of Chukou1 demands of a submitted order: the field tables of the vendor's page and of its SDK.

It shares no code with the client, so that a mistake there cannot hide here. Where the pages are silent it does the
plain thing, and a comment says so.
"""

import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

PACKAGE_ID = re.compile(r"[a-zA-Z0-9\-_]*", re.ASCII)

Check = Callable[[str, Any], list[str]]
"""Takes a value and the path that names it; gives what is wrong with it, in the remote's language."""


@dataclass(frozen=True)
class Rule:
    """One field: its name, what its value must be, and whether it must be there and not blank."""

    name: str
    check: Check
    required: bool = True


def read(body: bytes) -> dict[str, Any]:
    """The JSON object of a body, with fractions as they were written. ValueError for anything else.

    NaN, infinities and lone surrogates are no JSON in UTF-8, whatever Python says.
    """
    try:
        value = json.loads(body.decode(), parse_float=Decimal, parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False, default=str).encode()
    except (ArithmeticError, RecursionError) as error:
        raise ValueError("too large or too deep") from error
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def complaints(order: dict[str, Any]) -> list[str]:
    """Everything that is wrong with an order. Fields that no page names are passed over."""
    return _object(ORDER)("", order)


def _text(longest: int | None = None, pattern: re.Pattern[str] | None = None) -> Check:
    """Lengths are counted in characters; no page says how the remote counts those outside Unicode's first plane."""

    def check(path: str, value: Any) -> list[str]:
        if not isinstance(value, str):
            return [f"{path}必须是字符串"]
        if longest is not None and len(value) > longest:
            return [f"{path}长度不能超过{longest}"]
        return [f"{path}格式不正确"] if pattern and not pattern.fullmatch(value) else []

    return check


def _integer(path: str, value: Any) -> list[str]:
    """1.0 is no integer: the remote is written in a typed language."""
    return [] if type(value) is int and value >= 1 else [f"{path}必须是大于0的整数"]


def _decimal(places: int | None = None, below: int | None = None, zero: bool = False) -> Check:
    """A number. No page says what one below zero gets, nor a weight or length of zero: refused."""

    def check(path: str, value: Any) -> list[str]:
        if type(value) not in (int, Decimal):
            return [f"{path}必须是数字"]
        if value < 0 or (value == 0 and not zero):
            return [f"{path}必须大于0"]
        if places is not None and _places(value) > places:
            return [f"{path}最多{places}位小数"]
        return [f"{path}必须小于{below}"] if below is not None and value >= below else []

    return check


def _flag(path: str, value: Any) -> list[str]:
    return [] if isinstance(value, bool) else [f"{path}必须是布尔值"]


def _object(rules: tuple[Rule, ...]) -> Check:
    def check(path: str, value: Any) -> list[str]:
        if not isinstance(value, dict):
            return [f"{path}必须是对象"]
        prefix = f"{path}." if path else ""
        return [wrong for rule in rules for wrong in _field(rule, prefix + rule.name, value.get(rule.name))]

    return check


def _field(rule: Rule, path: str, value: Any) -> list[str]:
    if rule.required and _blank(value):
        return [f"{path}不能为空"]
    return [] if value is None else rule.check(path, value)


def _list(rules: tuple[Rule, ...], unique: str = "") -> Check:
    """Objects, of which no two have the same text in the field `unique`."""
    each = _object(rules)

    def check(path: str, value: Any) -> list[str]:
        if not isinstance(value, list):
            return [f"{path}必须是数组"]
        wrong = [fault for place, element in enumerate(value) for fault in each(f"{path}[{place}]", element)]
        names = Counter(name for element in value if isinstance(element, dict) and isinstance(name := element.get(unique), str))
        return wrong + [f"{path}中{unique}重复：{name}" for name, times in names.items() if times > 1]

    return check


def _blank(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def _places(value: int | Decimal) -> int:
    """Decimal places that count, however many digits there are: 1.10 has one."""
    _, digits, exponent = Decimal(value).as_tuple()
    written = "".join(map(str, digits))
    spare = len(written) - len(written.rstrip("0"))
    return max(0, -exponent - spare) if value and isinstance(exponent, int) else 0


def _no_number(name: str) -> None:
    raise ValueError(name)


# `Picture` is a URL, but no page says that the remote looks whether it is one.
SKU = (
    Rule("Sku", _text(100)),
    Rule("Picture", _text(200)),
    Rule("Charged", _flag, required=False),
    Rule("ASINCode", _text(50), required=False),
    *(Rule(name, _text()) for name in ("ModelName", "DeclareNameEN", "DeclareNameCN")),
    Rule("Quantity", _integer),
    Rule("DeclareValue", _decimal(places=2, zero=True)),  # USD
    *(Rule(name, _text()) for name in ("MaterialEN", "MaterialCN", "PurposeEN", "PurposeCN", "BrandName")),
    Rule("Weight", _decimal()),  # kg for one piece
    Rule("Packing", _text()),  # cm, free text
    Rule("HsCode", _text()),
)
CONTAINER = (
    Rule("CustomContainerNo", _text()),
    Rule("Weight", _integer),  # g
    *(Rule(name, _decimal(places=2, below=1_000_000)) for name in ("Length", "Width", "Height")),  # cm, decimal(8,2)
    Rule("SkuInfos", _list(SKU)),
)
ORDER = (
    Rule("WarehouseCode", _text()),
    Rule("ShipmentId", _text(15)),
    Rule("ReferenceId", _text(12)),
    Rule("PackageId", _text(50, PACKAGE_ID)),
    Rule("Location", _text(20)),
    Rule("ServiceCode", _text(30)),
    Rule("ContainerInfos", _list(CONTAINER, unique="CustomContainerNo")),
    Rule("Custom", _text(1000), required=False),
    Rule("VatCode", _text(), required=False),
    Rule("Remark", _text(1000), required=False),
)
