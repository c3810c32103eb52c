"""What Lingxing has of an order, read from its productInformation: absent, this very order, or another one of its number."""

from collections import Counter
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from bulkorders.core.outcome import Outcome, Verdict
from bulkorders.core.words import Words
from bulkorders.remote.classify import one_line

MOST_UNITS = 10**9
"""What says more is no quantity; a number like 1e999999999 would keep a machine busy for hours."""
UNREADABLE = Outcome(Verdict.UNCLEAR, message=Words("平台的回答看不懂", "the answer cannot be read"))
_ABSENT = Outcome(Verdict.ABSENT, "0", Words("领星里还查不到这一单。", "Lingxing does not show it."))
_OTHERS = Outcome(
    Verdict.STOPPED,
    "0",
    Words("领星答的是另一单，已停止：请联系领星技术支持。", "Lingxing answered with another order; stopped: ask its support."),
)
_OTHER_LINES = Outcome(
    Verdict.FOREIGN,
    "0",
    Words(
        "领星里已有这个订单号，商品或数量与这次不同：请到领星核对，要另建请换一个新的订单号。",
        "Lingxing has this number with other lines: check it there, or use another number.",
    ),
)
_CANCELLED = Words("领星显示这一单已取消：请到领星核对。", "Lingxing shows it as cancelled: check it there.")


def read_order(data: Any, order: Mapping[str, Any], sid: int) -> Outcome:
    """What the answer to a look-up of one order proves; lines are compared summed by MSKU."""
    if not isinstance(data, list) or not all(isinstance(row, dict) for row in data):
        return UNREADABLE if data else _ABSENT
    if not data:
        return _ABSENT
    row = next((row for row in data if _is_of(row, order["order_id"], sid)), None)
    if row is None:
        return _OTHERS
    lines = _there(row.get("listing_detail_info"))
    if lines is None:
        return UNREADABLE
    if lines != _sent(order["item_list"]):
        return _OTHER_LINES
    is_cancelled = one_line(str(row.get("order_status"))).casefold() in ("cancelled", "canceled")
    return Outcome(Verdict.CREATED, "0", _CANCELLED if is_cancelled else None, is_same=True)


def _is_of(row: Mapping[str, Any], number: str, sid: int) -> bool:
    return str(row.get("seller_fulfillment_order_id")).strip() == number.strip() and str(row.get("sid")) == str(sid)


def _sent(items: Sequence[Mapping[str, Any]]) -> Counter[str]:
    lines: Counter[str] = Counter()
    for item in items:
        lines[str(item["msku"]).strip()] += int(item["quantity_shipped"])
    return lines


def _there(rows: Any) -> Counter[str] | None:
    """The order's lines at the remote; None where it shows none that can be read."""
    lines: Counter[str] = Counter()
    try:
        for row in rows or ():
            quantity = Decimal(str(row["quantity"]))
            if not 0 <= quantity < MOST_UNITS or quantity % 1:
                return None
            lines[str(row["msku"]).strip()] += int(quantity)
    except (KeyError, TypeError, InvalidOperation):
        return None
    return lines or None
