"""The stores of a Lingxing account: which 店铺名 and 店铺国家 there are, and which of them can take orders."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from bulkorders.core.codes import STORE_STOPPED, UNKNOWN_STORE
from bulkorders.core.issue import Problem
from bulkorders.core.order import Order
from bulkorders.core.template import Finding
from bulkorders.core.words import Words

from .codes import MARKETS

_STATUS = {"0": Words("已停用", "stopped"), "2": Words("授权异常", "not authorised"), "3": Words("欠费", "in arrears")}
"""States in which a store takes no orders (vendor's page of the seller list)."""
_FORMER = "former"
"""Our own state of a store that was listed once: what was sent there is looked up there still."""


@dataclass(frozen=True)
class Stores:
    """The seller list: `sid`, `name`, `country` (Chinese), `status` of each store; and those that were listed before."""

    known: Sequence[Mapping[str, Any]]

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """The stores that are listed now."""
        return [row for row in self.known if row["status"] != _FORMER]

    def find(self, name: str, country: str, *, former: bool = False) -> Mapping[str, Any] | None:
        """The store of a 店铺名 and 店铺国家, or the one that had it before; markets with two Chinese names are one."""
        wanted, rows = _key(name, country), self.known if former else self.rows
        return next((row for row in rows if str(row["sid"]).isdecimal() and _key(row["name"], row["country"]) == wanted), None)

    def vet(self, orders: Sequence[Order]) -> list[tuple[int, Finding]]:
        """The orders of stores that are not there or cannot be used; an empty list tells nothing."""
        if not self.rows:
            return []
        return [(number, finding) for number, order in enumerate(orders) for finding in self._find_wrong(order)]

    def _find_wrong(self, order: Order) -> Iterator[Finding]:
        name, country = (str(order.root.values[field]) for field in ("store_name", "country"))
        row = self.find(name, country)
        if row is None:
            nearest = max(self.rows, key=lambda each: _likeness(each, name, country))
            field = "country" if str(nearest["name"]).strip() == name.strip() else "store_name"
            yield Finding(field, Problem(UNKNOWN_STORE, {"store": _called(name, country), "nearest": _called(**_named(nearest))}))
        elif state := _STATUS.get(str(row["status"])):
            yield Finding("store_name", Problem(STORE_STOPPED, {"store": _called(name, country), "state": state}))

    def describe(self) -> list[Words]:
        """A line for each store."""
        lines = []
        for row in self.rows:
            state = _STATUS.get(str(row["status"]), Words("", ""))
            lines.append(Words(f"{row['name']}（{row['country']}）{state.zh}", f"{row['name']} ({row['country']}) {state.en}".strip()))
        return lines


def remember(listed: Sequence[Mapping[str, Any]], before: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The stores that are listed, then those known before by names that are listed no more: renamed, or taken away."""
    names = {_key(row["name"], row["country"]) for row in listed}
    return [*listed, *({**row, "status": _FORMER} for row in before if _key(row["name"], row["country"]) not in names)]


def _key(name: object, country: object) -> tuple[str, str]:
    market = str(country).strip()
    return str(name).strip(), MARKETS.get(market, market)


def _named(row: Mapping[str, Any]) -> dict[str, str]:
    return {"name": str(row["name"]), "country": str(row["country"])}


def _called(name: str, country: str) -> str:
    return f"{name}（{country}）"


def _likeness(row: Mapping[str, Any], name: str, country: str) -> tuple[float, bool]:
    """How near a store is to what was written: by its name, then by its country."""
    own, market = _key(row["name"], row["country"])
    return SequenceMatcher(None, own.casefold(), name.strip().casefold()).ratio(), market == _key(name, country)[1]
