"""An invented remote that takes parcels: a provider that comes in a folder of its own."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bulkorders.core.order import Order
from bulkorders.core.payload import encode
from bulkorders.core.provider import Account, Clock, TokenStore
from bulkorders.core.words import Words

from .fields import TEMPLATES

if TYPE_CHECKING:
    from .api import ParcelsApi, ParcelsSettings
    from .sandbox import ParcelsSandbox


class Parcels:
    """The provider. It answers at once, with a tracking number, and can be asked again."""

    name = "parcels"
    title = "包裹站"
    templates = TEMPLATES
    endpoint = "/parcels"
    test_hosts: frozenset[str] = frozenset({"test.parcels.example"})
    updates = False
    tracks = True
    undo = Words("要撤销，请打电话。", "Call them to cancel.")

    def settings(self, raw: Mapping[str, Any]) -> "ParcelsSettings":
        """The account's table, validated. Raises pydantic.ValidationError, SettingsError."""
        from .api import read_settings

        return read_settings(raw)

    def principal(self, settings: "ParcelsSettings") -> str:
        """Host and customer."""
        return f"parcels|{settings.host}|{settings.customer}"

    def serves(self, settings: "ParcelsSettings", order: Order) -> bool | None:  # every account takes every order
        """Nothing in an order says which account it is for."""
        return None

    def encode(self, payload: Mapping[str, Any], settings: "ParcelsSettings | None" = None) -> bytes:  # one form for all
        """Compact JSON."""
        return encode(payload)

    def connect(self, account: Account, tokens: TokenStore, clock: Clock) -> "ParcelsApi":  # its key needs no token store
        """The account's remote."""
        from .api import ParcelsApi

        return ParcelsApi(account.settings, clock)

    def imitate(self) -> "ParcelsSandbox":
        """A fresh sandbox."""
        from .sandbox import ParcelsSandbox

        return ParcelsSandbox()


PROVIDER = Parcels()
