"""Who is told: the tables `[notify.NAME]` of the settings, validated, each with its sender."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from bulkorders.errors import SettingsError
from bulkorders.remote.mail import Mail
from bulkorders.remote.notice import Sender
from bulkorders.remote.notify import BOTS
from bulkorders.settings import LOOPBACK, describe_errors, read_secret


@dataclass(frozen=True)
class Target:
    """Somebody to tell. `where` is fit to be shown: a host, or mail addresses."""

    name: str
    kind: str
    where: str
    lang: str
    sender: Sender


class TargetSettings(BaseModel):
    """What every target has."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str
    kind: str
    lang: Literal["zh", "en"] = "zh"
    """The language of what it is told."""


class UrlSettings(TargetSettings):
    """A robot or webhook: its URL is a secret."""

    url: SecretStr

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: SecretStr) -> SecretStr:
        """Notices go out only over TLS, but within this machine."""
        try:
            parts = urlsplit(url.get_secret_value().strip())
            host, user, _ = parts.hostname, parts.username, parts.port
        except ValueError:
            host, user = None, None
        if not host or parts.scheme not in ("http", "https"):
            raise ValueError("不是网址，应以 https:// 开头，照机器人给的地址填|is no URL")
        if parts.scheme == "http" and host not in LOOPBACK:
            raise ValueError("必须以 https:// 开头，不然密钥会明文传输|must begin with https://")
        if user is not None:
            raise ValueError("里不能写用户名和密码|must not hold a user or password")
        return SecretStr(parts._replace(fragment="").geturl())

    def target(self) -> Target:
        """The target."""
        url = self.url.get_secret_value()
        return Target(self.name, self.kind, urlsplit(url).netloc, self.lang, BOTS[self.kind](url, self.signing))

    @property
    def signing(self) -> str | None:
        """What it signs with."""
        return None


class SignedSettings(UrlSettings):
    """One that can sign."""

    secret: SecretStr | None = Field(None, min_length=1)

    @property
    def signing(self) -> str | None:
        """The secret."""
        return self.secret.get_secret_value() if self.secret else None


_ADDRESS = re.compile(r"[!#-'*+./0-9=?A-Z^-~-]+@[A-Za-z0-9.-]+")
_PORTS = {"tls": 465, "starttls": 587, "none": 25}


class MailSettings(TargetSettings):
    """Mail. Without `port` the usual one of `security`."""

    host: str = Field(min_length=1)
    port: int | None = Field(None, ge=1, le=65_535)
    security: Literal["tls", "starttls", "none"] = "tls"
    user: str | None = None
    password: SecretStr | None = None
    sender: str
    to: tuple[str, ...] = Field(min_length=1)

    @field_validator("sender", "to")
    @classmethod
    def _check_addresses(cls, given: str | tuple[str, ...]) -> str | tuple[str, ...]:
        """Plain addresses, one each."""
        if not all(_ADDRESS.fullmatch(address) for address in ([given] if isinstance(given, str) else given)):
            raise ValueError("不是邮箱地址，应像 name@example.com|is no mail address")
        return given

    @model_validator(mode="after")
    def _check_security(self) -> "MailSettings":
        if self.security == "none" and self.host not in LOOPBACK:
            raise ValueError("security 只有本机的邮件服务器才能写 none，不然密码会明文传输|security may be none only within this machine")
        if (self.user is None) != (self.password is None):
            raise ValueError("user 和 password 要么都写，要么都不写|user and password belong together")
        return self

    def target(self) -> Target:
        """The target."""
        password = self.password.get_secret_value() if self.password else None
        port = self.port or _PORTS[self.security]
        mail = Mail(self.host, port, self.security, self.sender, self.to, self.user, password)
        return Target(self.name, self.kind, "、".join(self.to), self.lang, mail)


_MODELS: Mapping[str, tuple[type[UrlSettings] | type[MailSettings], tuple[str, ...]]] = {
    "wecom": (UrlSettings, ("url",)),
    "dingtalk": (SignedSettings, ("url", "secret")),
    "feishu": (SignedSettings, ("url", "secret")),
    "webhook": (SignedSettings, ("url", "secret")),
    "mail": (MailSettings, ("password",)),
}
"""By kind: the settings, and which of them are secrets."""


def read_target(name: str, raw: Mapping[str, Any]) -> Target:
    """A table `[notify.NAME]`. Raises SettingsError."""
    found = _MODELS.get(str(raw.get("kind")))
    if found is None:
        known = "、".join(_MODELS)
        raise SettingsError(f"通知 {name} 的 kind 只能是：{known}。", f"notify.{name}: kind must be one of {', '.join(_MODELS)}.")
    model, secrets = found
    table: Mapping[str, Any] = {**raw, "name": f"notify.{name}"}  # as the keyring calls it
    for secret in secrets:
        table = read_secret(table, secret)
    try:
        return model(**{**table, "name": name}).target()
    except ValidationError as error:
        raise SettingsError(*describe_errors(f"通知 {name} ", error)) from error
