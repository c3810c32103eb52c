"""Order to JSON by path, what is left of that when it is forgotten, and the fingerprint of what an order says."""

import hashlib
import json
from decimal import Decimal
from typing import Any

import orjson

from .cell import plain, shown
from .order import Element, Order
from .template import Level, Template

FINGERPRINT_VERSION = "1"


def build(order: Order) -> dict[str, Any]:
    """The payload: each field at its path, encoded by its kind; what is blank is left out, at every depth."""
    return _object(order.template.root, order.root)


def _object(level: Level, element: Element) -> dict[str, Any]:
    """One element as a JSON object."""
    found = {field.api_name: field.kind.encode(value) for field in level.fields if (value := element.values.get(field.name)) is not None}
    for child in level.children:
        found[child.api_name] = [_object(child, each) for each in element.children.get(child.path, ())]
    return found


def encode(payload: Any, *, sort_keys: bool = False) -> bytes:
    """Compact JSON in raw UTF-8. Decimals are written plain and exact: no exponent, no trailing zeros."""
    return orjson.dumps(payload, default=_number, option=orjson.OPT_SORT_KEYS if sort_keys else 0)


def _number(value: Any) -> Any:
    if isinstance(value, Decimal):
        return orjson.Fragment(plain(value))
    raise TypeError(f"{type(value).__name__} has no JSON form")


def strip(template: Template, payload: bytes) -> bytes:
    """What is left of a payload's bytes without what is personal: the template's other fields, and nothing of what it does not know."""
    try:
        found = json.loads(payload, parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        found = None
    return encode(_impersonal(template.root, found))


def _impersonal(level: Level, found: Any) -> dict[str, Any]:
    names = {field.api_name for field in level.fields if not field.personal}
    children = {child.api_name: child for child in level.children}
    left: dict[str, Any] = {}
    for name, value in found.items() if isinstance(found, dict) else ():
        if name in children and isinstance(value, list):
            left[name] = [_impersonal(children[name], each) for each in value]
        elif name in names and not isinstance(value, dict | list):
            left[name] = value
    return left


def fingerprint(order: Order) -> str:
    """A versioned hash over the order's typed values by field name.

    The elements of each level are sorted first, so a re-sorted sheet is the same order; and it is taken over the values rather than
    the payload, so that a change of a setting or a release does not make every order look changed.
    """
    text = orjson.dumps(_canonical(order.template.root, order.root))
    return f"{FINGERPRINT_VERSION}:{hashlib.sha256(text).hexdigest()}"


def identity(principal: str, order: Order) -> str:
    """What makes an order the same order for ever: who the remote takes us for, the template, and the values of its key."""
    text = orjson.dumps([principal, order.template.name, sorted(order.key.items())])
    return hashlib.sha256(text).hexdigest()


def _canonical(level: Level, element: Element) -> list[Any]:
    values = {field.name: _typed(element.values.get(field.name)) for field in level.fields if element.values.get(field.name) is not None}
    children = {
        child.path: sorted((_canonical(child, each) for each in element.children.get(child.path, ())), key=orjson.dumps)
        for child in level.children
    }
    return [sorted(values.items()), sorted(children.items())]


def _typed(value: Any) -> str:
    return f"{'b' if isinstance(value, bool) else 'n' if isinstance(value, int | Decimal) else 't'}:{shown(value)}"
