"""The invented remote itself, in memory. It shares no code with the client."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, replace
from threading import RLock
from typing import Any
from urllib.parse import unquote

from bulkorders.core.imitation import Fault, Reply, Request

UNKNOWN_GOODS = "NOSUCH"
"""Goods whose code begins so are answered as unknown."""


@dataclass(frozen=True)
class Entry:
    """One parcel, as it came in."""

    number: str
    parcel: str
    body: bytes


class ParcelsSandbox:
    """The remote for one customer."""

    def __init__(self) -> None:
        self.customer, self.api_key = "C-1", secrets.token_hex(16)
        self.ledger: list[Entry] = []
        self.faults: list[Fault] = []
        self._lock = RLock()

    def account(self, base_url: str) -> dict[str, Any]:
        """The settings of the customer's account."""
        return {"provider": "parcels", "base_url": base_url, "customer": self.customer, "api_key": self.api_key}

    def fail_next(self, fault: Fault, times: int = 1) -> None:
        """The next calls that the fault fits meet it."""
        with self._lock:
            self.faults.extend([fault] * times)

    def handle(self, request: Request) -> Reply:
        """Answers one request."""
        with self._lock:
            if request.headers.get("x-api-key") != self.api_key:
                return _error(401, "key", "wrong key")
            fault = next((fault for fault in self.faults if fault.path in ("", request.path)), None)
            if fault is None:
                return self._serve(request)
            self.faults.remove(fault)
            served = self._serve(request) if fault.takes_effect else Reply(200, b"{}")
            return replace(_spoiled(fault) if fault.replaces else served, delay=fault.delay, drop=fault.drop)

    def done(self, request: Request) -> None:
        """Nothing is held."""

    def _serve(self, request: Request) -> Reply:
        match request.method, request.path.split("/")[1:]:
            case "POST", ["parcels"]:
                return self._create(request.body)
            case "GET", ["parcels", number]:
                found = self._find(unquote(number))
                return _json(200, _told(found)) if found else _error(404, "unknown", "no such parcel")
            case "GET", ["customer"]:
                return _json(200, {"name": f"customer {self.customer}"})
            case _:
                return _error(404, "path", "no such path")

    def _find(self, number: str) -> Entry | None:
        return next((entry for entry in self.ledger if entry.number == number), None)

    def _create(self, body: bytes) -> Reply:
        try:
            number, codes = _read(json.loads(body))
        except (ValueError, TypeError, KeyError):
            return _error(422, "malformed", "not a parcel")
        if any(code.startswith(UNKNOWN_GOODS) for code in codes):
            return _error(422, "goods", "unknown goods")
        if self._find(number):
            return _error(409, "exists", "the number is taken")
        entry = Entry(number, f"P{len(self.ledger) + 1:06d}", body)
        self.ledger.append(entry)
        return _json(201, _told(entry))


def _read(parcel: Any) -> tuple[str, list[str]]:
    """Number and codes of a parcel with nothing missing and nothing besides. Raises ValueError, TypeError, KeyError."""
    boxes = parcel["boxes"]
    codes = [line["code"] for box in boxes for line in box["lines"]]
    is_plain = parcel == {
        "number": parcel["number"],
        "boxes": [{"lines": [{"code": line["code"]} for line in box["lines"]]} for box in boxes],
    }
    if not is_plain or not boxes or not all(box["lines"] for box in boxes):
        raise ValueError
    if not all(isinstance(text, str) and text for text in (parcel["number"], *codes)):
        raise TypeError
    return parcel["number"], codes


def _told(entry: Entry) -> dict[str, str]:
    return {"parcel": entry.parcel, "number": entry.number, "tracking": f"T{entry.parcel}"}


def _spoiled(fault: Fault) -> Reply:
    """The fault's own answer. An error of the remote's own is never answered with 200: it becomes 422."""
    if fault.code is None:
        return Reply(fault.status, fault.body or b"", {"content-type": "text/html"})
    reply = _error(422 if fault.status == 200 else fault.status, str(fault.code), "; ".join(fault.details))
    return reply if fault.body is None else replace(reply, body=fault.body)


def _json(status: int, value: Mapping[str, str]) -> Reply:
    return Reply(status, json.dumps(value).encode(), {"content-type": "application/json"})


def _error(status: int, code: str, text: str) -> Reply:
    return _json(status, {"error": code, "text": text})
