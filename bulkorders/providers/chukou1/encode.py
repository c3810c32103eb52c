"""The request body: the page's JSON, with the weight of cartons in the unit that the account's remote reads.

A carton's weight is almost certainly read as whole grams while that of a SKU is read as kilograms, and the page names neither:
so the sheet has kilograms everywhere, and the unit of the body is a setting.
"""

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal
from typing import Any, Literal

from bulkorders.core.payload import encode

WeightUnit = Literal["g", "kg"]
GRAMS = 1000


def encode_body(payload: Mapping[str, Any], unit: WeightUnit) -> bytes:
    """An order's payload with cartons weighed in kg, as the bytes of a request."""
    cartons = [{**carton, "Weight": _weight(carton["Weight"], unit)} for carton in payload["ContainerInfos"]]
    return encode({**payload, "ContainerInfos": cartons})


def _weight(kilograms: Decimal, unit: WeightUnit) -> Decimal:
    """Whole grams, rounded up: never less than the scales at the warehouse will say."""
    return kilograms if unit == "kg" else (kilograms * GRAMS).to_integral_value(ROUND_CEILING)
