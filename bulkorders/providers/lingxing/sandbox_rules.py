"""What the imitation of Lingxing demands of an order: the field table of the vendor's page.

It shares no code with the client, so that a mistake there cannot hide here. Where the page is silent it does the plain
thing, and a comment says so.
"""

import re
from datetime import datetime
from typing import Any

REQUIRED = (
    "store_name", "country", "order_id", "receiver", "country_code", "region", "address1", "postcode",
    "buyers_mailbox", "order_id_for_packing", "date_for_packing", "item_list",
)  # fmt: skip
TEXTS = (
    *REQUIRED[:-1], "is_blank_box", "is_block_amzl", "city", "address2", "phone_number", "remark_for_packing",
    "delivery_operation", "delivery_service", "remark",
)  # fmt: skip
CHOICES = {
    "is_blank_box": ("是", "否"),
    "is_block_amzl": ("是", "否"),
    "delivery_operation": ("立即配送", "保留订单"),
    "delivery_service": ("标准配送", "加急配送", "优先配送"),
}
PACKING_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2})?", re.ASCII)


def wrong_types(payload: dict[str, Any]) -> str:
    """The first name whose JSON type is wrong; an absent or null value is no matter of type."""
    items = payload.get("item_list")
    if items is not None and not (isinstance(items, list) and all(isinstance(item, dict) for item in items)):
        return "item_list"
    texts = [(name, payload.get(name)) for name in TEXTS]
    texts += [(name, item.get(name)) for item in items or () for name in ("msku", "declared_currency")]
    numbers = [item.get(name) for item in items or () for name in ("quantity_shipped", "declared_value")]
    if any(value is not None and type(value) not in (int, float) for value in numbers):
        return "quantity_shipped, declared_value"
    return next((name for name, value in texts if not isinstance(value, str | None)), "")


def missing(payload: dict[str, Any]) -> list[str]:
    """What is required and absent. The page leaves open whose Japan frees from naming a city, so either does."""
    in_japan = payload.get("country") == "日本" or payload.get("country_code") == "JP"
    names = [name for name in (*REQUIRED, *(() if in_japan else ("city",))) if _blank(payload.get(name))]
    names += [
        f"item_list.{name}" for item in payload.get("item_list") or () for name in ("msku", "quantity_shipped") if _blank(item.get(name))
    ]
    return [f"{name}不能为空" for name in names]


def _blank(value: Any) -> bool:
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def wrong_values(payload: dict[str, Any]) -> list[str]:
    """What is there and outside the page's values."""
    wrong = [name for name, choices in CHOICES.items() if payload.get(name) not in (None, "", *choices)]
    if not _is_packing_date(payload["date_for_packing"]):
        wrong.append("date_for_packing")
    if not all(type(item["quantity_shipped"]) is int and item["quantity_shipped"] > 0 for item in payload["item_list"]):
        wrong.append("item_list.quantity_shipped")
    return [f"{name}取值错误" for name in wrong]


def _is_packing_date(text: str) -> bool:
    """Whether it is one of the page's two forms, and a day that exists."""
    try:
        return bool(PACKING_DATE.fullmatch(text) and datetime.fromisoformat(text))
    except ValueError:
        return False
