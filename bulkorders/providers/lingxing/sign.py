"""The signature of Lingxing's business calls: MD5 over the sorted parameters, then AES-ECB with the AppID as key.

Source: the vendor's guidance on signatures; nested keys are sorted and serialised once, and those very bytes are signed and sent.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import orjson
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from bulkorders.core.payload import encode

KEY_LENGTHS = (16, 24, 32)
"""Bytes that an AppID may have: it is an AES key."""


def encode_body(payload: Mapping[str, Any]) -> bytes:
    """The request body: keys sorted at every depth, compact, raw UTF-8, decimals plain."""
    return encode(payload, sort_keys=True)


class _Number(str):
    """A number's JSON text, kept as it was sent."""

    __slots__ = ()


def canonical_text(body: bytes, public: Mapping[str, str]) -> str:
    """`k=v` of all top-level keys, sorted, joined with `&`, nothing escaped; empty strings and null take no part."""
    fields = json.loads(body, parse_int=_Number, parse_float=_Number) if body else {}
    values = {name: text for name, value in fields.items() if (text := _text(value))}
    return "&".join(f"{name}={value}" for name, value in sorted({**values, **public}.items()))


def _text(value: Any) -> str:
    """A top-level value: a string as it is, a number as its JSON text, anything nested as compact JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return orjson.dumps(value, default=_fragment, option=orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_SUBCLASS).decode()


def _fragment(value: Any) -> Any:
    if isinstance(value, _Number):
        return orjson.Fragment(str(value))
    raise TypeError(type(value).__name__)


def sign(text: str, app_id: str) -> str:
    """MD5 in upper-case hex, AES-ECB with PKCS7 under the AppID's bytes, Base64. Raises ValueError for an AppID of another length."""
    digest = hashlib.md5(text.encode(), usedforsecurity=False).hexdigest().upper()
    padder = padding.PKCS7(algorithms.AES.block_size).padder()
    padded = padder.update(digest.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(app_id.encode()), modes.ECB()).encryptor()  # noqa: S305  # the vendor's scheme
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def signed_query(body: bytes, app_id: str, access_token: str, timestamp: int) -> str:
    """The query string of a call: exactly the four public parameters, each URL-encoded once."""
    public = {"access_token": access_token, "app_key": app_id, "timestamp": str(timestamp)}
    return urlencode({**public, "sign": sign(canonical_text(body, public), app_id)}, quote_via=quote, safe="")
