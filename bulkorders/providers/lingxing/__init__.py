"""Lingxing ERP (领星): Amazon multi-channel orders."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bulkorders.core.order import Order
from bulkorders.core.provider import Account, Clock, TokenStore
from bulkorders.core.words import Words

from .fields import TEMPLATES

if TYPE_CHECKING:
    from .api import LingxingApi, LingxingSettings
    from .sandbox import LingxingSandbox


class Lingxing:
    """The provider. What is heavy is imported when it is first needed."""

    name = "lingxing"
    title = "领星 ERP"
    templates = TEMPLATES
    endpoint = "/order/amzod/api/createOrder"
    test_hosts: frozenset[str] = frozenset()
    updates = False
    tracks = False
    undo = Words(
        "要撤销，请在领星的多渠道订单里按订单号找到它，逐单取消；已经发货的不能撤销。",
        "To cancel, find each order by its number among Lingxing's multi-channel orders; what has shipped cannot be cancelled.",
    )

    def settings(self, raw: Mapping[str, Any]) -> "LingxingSettings":
        """The account's table, validated. Raises pydantic.ValidationError, SettingsError."""
        from .api import read_settings

        return read_settings(raw)

    def principal(self, settings: "LingxingSettings") -> str:
        """Host and AppID."""
        return f"lingxing|{settings.host}|{settings.app_id}"

    def serves(self, settings: "LingxingSettings", order: Order) -> bool | None:
        """By 店铺名 where the account lists stores."""
        return None if settings.stores is None else order.key["store_name"] in settings.stores

    def encode(self, payload: Mapping[str, Any], settings: "LingxingSettings | None" = None) -> bytes:  # one form for all
        """Nested keys sorted, compact, raw UTF-8: the one form whose signature every verifier accepts (vendor's guidance, part 2)."""
        from .sign import encode_body

        return encode_body(payload)

    def connect(self, account: Account, tokens: TokenStore, clock: Clock) -> "LingxingApi":
        """The account's remote."""
        from .api import LingxingApi

        return LingxingApi(account.settings, account.principal, tokens, clock)

    def imitate(self) -> "LingxingSandbox":
        """A fresh sandbox."""
        from .sandbox import LingxingSandbox

        return LingxingSandbox()


PROVIDER = Lingxing()
