"""How far an order of the imitation of Chukou1 has come, and what its status says.

It shares no code with the client, so that a mistake there cannot hide here. Where the pages are silent it does the
plain thing, and a comment says so.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

UNKNOWN_SERVICE = "NOSUCH"
"""An order whose ServiceCode begins so is accepted and then ends as CreateFailed."""
LATE_SERVICE = "LATE"
LATE_SECONDS = 5.0
"""An order whose ServiceCode begins with LATE has its final number so much later than others."""


@dataclass(frozen=True)
class Entry:
    """One accepted submission, as it came in."""

    time: float
    """Unix seconds by the server's clock."""
    package_id: str
    body: bytes
    payload: dict[str, Any]
    modifies: bool
    """Whether the PackageId was known: the order that it had until then is cancelled."""
    ck1_package_id: str
    """The handling number, new with each entry."""


@dataclass(frozen=True)
class Steps:
    """Seconds after acceptance: when an order is Created, when it has a number, and for how long that may still change."""

    creating_for: float
    number_after: float
    final_after: float


def progress(entry: Entry, steps: Steps, now: float) -> dict[str, Any]:
    """The fields of a status that change. No page says what HandleStatus is when, nor null or empty: both occur here."""
    age, service = now - entry.time, entry.payload["ServiceCode"]
    has_failed = service.startswith(UNKNOWN_SERVICE)
    row: dict[str, Any] = dict.fromkeys(("TrackingNumber", "ExtraTrackNumber", "ShippingProvider", "CreateFailedReason"))
    row |= {"Status": "Creating", "HandleStatus": "Initial", "IsFinalTrackingNumber": False, "ShippingCosts": []}
    if age < steps.creating_for:
        return row
    if has_failed:
        return row | {"Status": "CreateFailed", "HandleStatus": None, "CreateFailedReason": _reason(service)}
    row |= {"Status": "Created", "HandleStatus": "Submitted", "TrackingNumber": "", "ShippingCosts": _costs(entry)}
    if age < steps.number_after:
        return row
    is_final = age >= steps.number_after + steps.final_after + (LATE_SECONDS if service.startswith(LATE_SERVICE) else 0.0)
    number = ("1Z" if is_final else "TEMP") + entry.ck1_package_id
    return row | {"TrackingNumber": number, "IsFinalTrackingNumber": is_final, "ShippingProvider": "UPS"}


def facts(entry: Entry) -> dict[str, Any]:
    """The fields of a status that stay. Nothing is ever measured here; the last field is on no page, and there may be such."""
    measured = dict.fromkeys(("Weight", "Length", "Width", "Height"))
    containers = [
        {"CustomContainerNo": one["CustomContainerNo"], **{f"{name}Init": one[name] for name in measured}, **measured}
        for one in entry.payload["ContainerInfos"]
    ]
    names = {"PackageId": entry.package_id, "Ck1PackageId": entry.ck1_package_id, "CreatedTime": moment(entry.time)}
    return {**names, "ContainerInfos": containers, "FieldOnNoPage": {"Any": ["thing"]}}


def moment(now: float) -> str:
    """A time as the remote writes it."""
    return datetime.fromtimestamp(now, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _reason(service: str) -> dict[str, str]:
    return {"ReasonCode": "ServiceNotFound", "ReasonText": "创建失败", "ExtendMessage": f"发货服务代码不存在：{service}"}


def _costs(entry: Entry) -> list[dict[str, Any]]:
    """One cost at a made-up price: 0.04 CNY for each gram."""
    grams = sum(one["Weight"] for one in entry.payload["ContainerInfos"])
    return [{"Money": round(grams * 0.04, 2), "Currency": "CNY", "Type": "运费", "Remark": ""}]
