"""An account at Chukou1: a fixed token, or OAuth2 with a refresh token."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, SecretStr, model_validator

from bulkorders.settings import AccountSettings, read_secret

_OAUTH = ("client_id", "client_secret", "redirect_uri", "refresh_token")
_SECRETS = ("token", "client_secret", "refresh_token")


class Chukou1Settings(AccountSettings):
    """`token` is the fixed one that the vendor gives for one's own account; else the four of OAuth2, whose `refresh_token` is the
    first one: newer ones are kept in the journal. `customer_id` tells customers of one OAuth client apart.
    """

    base_url: str = "https://openapi.chukou1.cn"
    token: SecretStr | None = None
    client_id: str | None = None
    client_secret: SecretStr | None = None
    redirect_uri: str | None = None
    refresh_token: SecretStr | None = None
    customer_id: str | None = None
    max_per_second: float | None = Field(2.0, gt=0)
    """The vendor names no limit; one call at a time and two a second are known to be let in."""
    container_weight_unit: Literal["g", "kg"] = "g"
    """What a carton's `Weight` is in at the remote."""

    @classmethod
    def plain_hosts(cls) -> frozenset[str]:
        """The vendor's test host has no TLS."""
        return frozenset({"openapi.ck1info.com"})

    @model_validator(mode="after")
    def _check_credentials(self) -> Self:
        absent = [name for name in _OAUTH if not getattr(self, name)]
        given = len(absent) < len(_OAUTH)
        if self.token and given:
            raise ValueError("token 和 client_id 那一组只能用一种|has both a token and the settings of OAuth2")
        if not self.token and absent:
            names = "、".join(absent) if given else "token（或 client_id、client_secret、redirect_uri、refresh_token 四项）"
            names_en = ", ".join(absent) if given else "token (or client_id, client_secret, redirect_uri, refresh_token)"
            raise ValueError(f"还缺 {names}|lacks {names_en}")
        return self

    @property
    def authorisation(self) -> str:
        """What the customer has handed out to be used in his name: the fixed token, or the first refresh token."""
        given = self.token or self.refresh_token
        return given.get_secret_value().strip() if given else ""

    @property
    def secrets(self) -> list[SecretStr]:
        """Those that are given."""
        return [secret for secret in (self.token, self.client_secret, self.refresh_token) if secret]

    @property
    def customer(self) -> str:
        """Whose orders these are, as far as the settings tell."""
        if self.token:
            return f"name:{self.name}"
        return f"customer:{self.customer_id}" if self.customer_id else f"client:{self.client_id}"


def read_settings(raw: Mapping[str, Any]) -> Chukou1Settings:
    """An account's table, validated; secrets may lie in files. Raises pydantic.ValidationError, SettingsError."""
    for name in _SECRETS:
        raw = read_secret(raw, name)
    return Chukou1Settings.model_validate(raw)
