"""Chukou1 (出口易): FBA orders with containers and SKUs."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bulkorders.core.order import Order
from bulkorders.core.provider import Account, Clock, TokenStore
from bulkorders.core.words import Words

from .fields import TEMPLATES

if TYPE_CHECKING:
    from .api import Chukou1Api
    from .sandbox import Chukou1Sandbox
    from .settings import Chukou1Settings


class Chukou1:
    """The provider. What is heavy is imported when it is first needed."""

    name = "chukou1"
    title = "出口易"
    templates = TEMPLATES
    endpoint = "/v1/fbaOrder"
    test_hosts = frozenset({"openapi.ck1info.com"})
    updates = True
    tracks = True
    undo = Words(
        "要撤销，请把这张表交给出口易的客服，按包裹ID逐个取消；已经交货的不能撤销。",
        "To cancel, hand this list to Chukou1's support, who cancel each package; what was handed over cannot be cancelled.",
    )

    def settings(self, raw: Mapping[str, Any]) -> "Chukou1Settings":
        """The account's table, validated. Raises pydantic.ValidationError, SettingsError."""
        from .settings import read_settings

        return read_settings(raw)

    def principal(self, settings: "Chukou1Settings") -> str:
        """Host and customer; for a fixed token, which does not say whose it is, the account's own name."""
        return f"chukou1|{settings.host}|{settings.customer}"

    def same(self, settings: "Chukou1Settings", other: "Chukou1Settings") -> Words | None:
        """One token is one customer; one OAuth client may be several, but only where each account says which."""
        if settings.host != other.host:
            return None
        if settings.authorisation == other.authorisation:
            return Words("用的是同一个授权，是平台上的同一个账号：请只留一个", "have one authorisation and are one at the remote: keep one")
        is_told = settings.customer_id and other.customer_id
        return _UNTOLD if settings.client_id and settings.client_id == other.client_id and not is_told else None

    def serves(self, settings: "Chukou1Settings", order: Order) -> bool | None:  # every order may go to every account
        """Nothing in an order says which account it is for."""
        return None

    def encode(self, payload: Mapping[str, Any], settings: "Chukou1Settings | None" = None) -> bytes:
        """The page's JSON, with the weight of cartons in the account's unit."""
        from .encode import encode_body

        return encode_body(payload, settings.container_weight_unit if settings else "g")

    def decode(self, body: bytes, settings: "Chukou1Settings | None" = None) -> bytes:
        """The page's JSON with the weight of cartons in kg."""
        from .encode import decode_body

        return decode_body(body, settings.container_weight_unit if settings else "g")

    def connect(self, account: Account, tokens: TokenStore, clock: Clock) -> "Chukou1Api":
        """The account's remote."""
        from .api import Chukou1Api

        return Chukou1Api(account.settings, account.principal, tokens, clock)

    def imitate(self) -> "Chukou1Sandbox":
        """A fresh sandbox."""
        from .sandbox import Chukou1Sandbox

        return Chukou1Sandbox()


_UNTOLD = Words(
    "的 client_id 相同，分不清是不是同一个客户：请只留一个，或者都写上 customer_id",
    "share a client_id and may be one customer: keep one, or give each its customer_id",
)
PROVIDER = Chukou1()
