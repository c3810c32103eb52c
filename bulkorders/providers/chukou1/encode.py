"""The request body: the page's JSON, with the weight of cartons in the unit that the account's remote reads.

A carton's weight is almost certainly read as whole grams while that of a SKU is read as kilograms, and the page names neither:
so the sheet has kilograms everywhere, and the unit of the body is a setting.
"""

import json
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


def decode_body(body: bytes, unit: WeightUnit) -> bytes:
    """The same with cartons weighed in kg again; what is missing, because its time is over, stays missing."""
    found = json.loads(body, parse_float=Decimal, parse_int=Decimal)
    cartons = found.get("ContainerInfos") if isinstance(found, dict) else None
    for carton in cartons if unit == "g" and isinstance(cartons, list) else ():
        if isinstance(carton.get("Weight"), Decimal):
            carton["Weight"] /= GRAMS
    return encode(found)


def _weight(kilograms: Decimal, unit: WeightUnit) -> Decimal:
    """Whole grams, rounded up: never less than the scales at the warehouse will say."""
    return kilograms if unit == "kg" else (kilograms * GRAMS).to_integral_value(ROUND_CEILING)
