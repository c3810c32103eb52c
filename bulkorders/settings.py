"""Settings: command line options > BULKORDERS_* > bulkorders.toml > defaults. Accounts stay raw tables here.

A provider validates its own accounts; what all of them have in common is `AccountSettings`.
"""

import os
import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from platformdirs import user_config_path, user_data_path
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from bulkorders.errors import SettingsError, os_reason

FILE_NAME = "bulkorders.toml"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_DOTS = str.maketrans("。．｡", "...")
"""What a Chinese keyboard writes for a dot; a browser and httpx take it for one."""


_HOURS = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])")


class FolderNames(BaseModel):
    """What the parts of a folder are called."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    inbox: str = "inbox"
    processing: str = "processing"
    done: str = "done"
    failed: str = "failed"
    results: str = "results"

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Each is a folder of its own, right within: results that lay in the inbox would be read again."""
        names = [unicodedata.normalize("NFC", name).casefold() for name in self.model_dump().values()]
        if len(set(names)) < len(names):
            raise ValueError("五个名字必须各不相同|the five names must differ")
        if any(not name.strip() or name.startswith(".") or re.search(r'[/\\\x00-\x1f:*?"<>|]', name) for name in names):
            raise ValueError('只能是文件夹的名字，不能为空、不能以点开头、不能带 / \\ : * ? " < >|must be plain names of folders')
        return self


class FolderSettings(BaseModel):
    """A folder whose workbooks are imported by themselves. Seconds may be fractions."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path
    account: str | None = None
    template: str | None = None
    """Where it is given, workbooks of other templates are refused."""
    hours: str | None = None
    """From when to when files are picked up, such as `08:00-22:00`; may pass midnight."""
    owner: str | None = None
    """Who is told to have brought its batches."""
    notify: tuple[str, ...] = ()
    names: FolderNames = FolderNames()
    poll_seconds: Annotated[float, Field(gt=0)] = 2.0
    """How often the folder is looked at."""
    quiet_seconds: Annotated[float, Field(ge=2)] = 5.0
    """How long a file must not have changed until it is taken for complete."""

    @field_validator("hours")
    @classmethod
    def _check_hours(cls, hours: str | None) -> str | None:
        if hours is not None and (not (found := _HOURS.fullmatch(hours)) or found.group(1, 2) == found.group(3, 4)):
            raise ValueError("应写成 08:00-22:00 这样|must be written as 08:00-22:00")
        return hours


class Settings(BaseSettings):
    """What the program as a whole is told. `accounts`: raw tables by name."""

    model_config = SettingsConfigDict(env_prefix="BULKORDERS_", env_nested_delimiter="__", extra="forbid")

    file: ClassVar[dict[str, Any]] = {}
    """What `bulkorders.toml` says."""

    journal: str | None = None
    timezone: str = "Asia/Shanghai"
    keep_days: Annotated[int, Field(ge=1, le=36_500)] = 90
    """For how many days merchants' files and what is personal are kept."""
    upload_mb: Annotated[int, Field(ge=1, le=200)] = 100
    """How large a file may be that is uploaded, in MB."""
    accounts: dict[str, dict[str, Any]] = Field(default_factory=dict)
    limits: dict[str, dict[str, Annotated[Decimal, Field(gt=0, lt=10**9)]]] = Field(default_factory=dict)
    """What is warned of, by template and column, where it differs from the template's own limits."""
    folders: tuple[FolderSettings, ...] = ()
    """Folders whose workbooks are imported by themselves."""
    notify: dict[str, dict[str, Any]] = Field(default_factory=dict)
    """Whom folders tell what has become of their files: raw tables by name."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Options, then the environment, then the file."""
        return init_settings, env_settings, InitSettingsSource(settings_cls, init_kwargs=cls.file)

    @model_validator(mode="after")
    def _check_folders(self) -> Self:
        """Folders are two of their own, and tell whom the settings know."""
        paths = [folder.path.resolve() for folder in self.folders]
        if len(set(paths)) < len(paths):
            raise ValueError("folders 里同一个文件夹写了两次|a folder is listed twice")
        unknown = sorted({name for folder in self.folders for name in folder.notify} - set(self.notify))
        if unknown:
            table = f"[notify.{toml_key(unknown[0])}]"
            raise ValueError(f"folders 的 notify 里的 {unknown[0]} 没有配置：请加上 {table}|no {table}")
        return self

    @field_validator("accounts", "notify")
    @classmethod
    def _join_names(cls, tables: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """Names from the environment come without their capitals: `MAIN__APP_SECRET` belongs to the account `Main`."""
        whole = {name.casefold(): name for name, table in tables.items() if _is_whole(table)}
        joined: dict[str, dict[str, Any]] = {}
        for name in sorted(tables, key=lambda name: not _is_whole(tables[name])):  # what the environment adds comes last
            joined.setdefault(whole.get(name.casefold(), name), {}).update(tables[name])
        return joined

    @property
    def journal_url(self) -> str:
        """The journal's URL; by default a SQLite file in the user's data folder."""
        return self.journal or f"sqlite:///{(user_data_path('bulkorders') / 'journal.db').as_posix()}"


def _is_whole(table: Mapping[str, Any]) -> bool:
    """Whether a table says what it is of, which one out of the environment need not do."""
    return "provider" in table or "kind" in table


def load_settings(config: Path | None = None, journal: str | None = None) -> Settings:
    """The settings in force. Raises SettingsError for a named file that is not there or says something unusable."""
    path = find_config(config)
    options = {"journal": journal} if journal else {}
    with_file = type("Settings", (Settings,), {"file": _read_toml(path) if path else {}})
    try:
        return with_file(**options)  # type: ignore[no-any-return]  # a class of Settings
    except ValidationError as error:
        raise SettingsError(*describe_errors("配置", error)) from error


def _read_toml(path: Path) -> dict[str, Any]:
    """The file's tables; a byte-order mark, as Windows editors leave it, does no harm. Raises SettingsError."""
    try:
        return _anchor(tomllib.loads(path.read_text(encoding="utf-8-sig")), path.absolute().parent)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f'配置文件 {path} 写得不对{_line_of(error)}：请核对引号、等号和方括号；中文的名字要加引号（[notify."运营群"]），'
            f"Windows 的路径用单引号（'D:\\订单'）。",
            f"{path} is not valid TOML: {error}.",
        ) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"配置文件 {path} 不是 UTF-8 编码：请另存为 UTF-8。", f"{path} is not UTF-8.") from error
    except OSError as error:
        zh, en = os_reason(error)
        raise SettingsError(f"配置文件 {path} 读不了：{zh}。", f"{path} cannot be read: {en}.") from error


def _line_of(error: tomllib.TOMLDecodeError) -> str:
    found = re.search(r"line (\d+)", str(error))
    return f"（第 {found[1]} 行）" if found else ""


def toml_key(name: str) -> str:
    """A name as a table of a TOML file takes it."""
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _anchor(tables: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Relative paths in a file mean its own folder, wherever the program is started: two journals would send all orders twice."""
    if isinstance(journal := tables.get("journal"), str):
        path = journal.removeprefix("sqlite:///")
        if "://" not in path and path and not Path(path).is_absolute():
            tables["journal"] = f"sqlite:///{(folder / path).as_posix()}"
    for table in (each for name in ("accounts", "notify") for each in _tables(tables.get(name)) if isinstance(each, dict)):
        for name, value in table.items():
            if name.endswith("_file") and isinstance(value, str):
                table[name] = str(folder / Path(value).expanduser())
    for table in (each for each in _list(tables.get("folders")) if isinstance(each, dict)):
        if isinstance(named := table.get("path"), str):
            table["path"] = str(folder / Path(named).expanduser())
    return tables


def _tables(found: object) -> list[Any]:
    return list(found.values()) if isinstance(found, dict) else []


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []


def find_config(named: Path | None) -> Path | None:
    """The file in force: named, else `BULKORDERS_CONFIG`, else `./bulkorders.toml`, else the user's. Raises SettingsError."""
    if named is None and (variable := os.environ.get("BULKORDERS_CONFIG")):
        named = Path(variable)
    if named is not None:
        if not named.is_file():
            raise SettingsError(f"没有配置文件 {named}：请核对路径。", f"there is no configuration file {named}.")
        return named
    here, users = Path(FILE_NAME), user_config_path("bulkorders") / FILE_NAME
    return next((path for path in (here, users) if path.is_file()), None)


def describe_errors(where: str, error: ValidationError) -> tuple[str, str]:
    """What pydantic found, as one sentence in each language; values are never quoted, they may be secrets."""
    parts = [(_places(found["loc"], where), _reason(found)) for found in error.errors(include_input=False)]
    return (
        f"{where}里有 {len(parts)} 处不能用：" + "；".join(f"{name} {zh}" for (name, _), (zh, _) in parts) + "。",
        f"{len(parts)} settings of {where} cannot be used: " + "; ".join(f"{name} {en}" for (_, name), (_, en) in parts) + ".",
    )


def _places(path: Sequence[int | str], where: str) -> tuple[str, str]:
    """Where a setting stands; people count from one."""
    zh = ".".join(f"第 {part + 1} 个" if isinstance(part, int) else part for part in path)
    return zh or where, ".".join(str(part + 1) if isinstance(part, int) else part for part in path) or where


_REASONS = (
    ("missing", "没有填", "is missing"),
    ("extra_forbidden", "不认识，请核对拼写", "is unknown"),
    ("greater_than_equal", "不能小于 {ge}", "must be at least {ge}"),
    ("greater_than", "应大于 {gt}", "must be more than {gt}"),
    ("less_than_equal", "不能大于 {le}", "must be at most {le}"),
    ("less_than", "应小于 {lt}", "must be less than {lt}"),
    ("decimal", "应为数字", "must be a number"),
    ("float", "应为数字", "must be a number"),
    ("int", "应为整数", "must be a whole number"),
    ("string", "应为文字，要加引号", "must be text in quotes"),
    ("bool", "应为 true 或 false", "must be true or false"),
    ("tuple", '应为列表，如 ["a", "b"]', 'must be a list such as ["a", "b"]'),
    ("frozen_set", '应为列表，如 ["a", "b"]', 'must be a list such as ["a", "b"]'),
    ("dict", "应为一节设置，如 [accounts.main]", "must be a table such as [accounts.main]"),
)


def _reason(found: Mapping[str, Any]) -> tuple[str, str]:
    if found["type"] == "value_error":
        zh, _, en = str(found["ctx"]["error"]).partition("|")
        return zh, en or zh
    zh, en = next(((zh, en) for kind, zh, en in _REASONS if found["type"].startswith(kind)), ("的值不对", "is not valid"))
    limits = {name: f"{limit:g}" for name, limit in found.get("ctx", {}).items() if isinstance(limit, int | float | Decimal)}
    return zh.format_map(limits), en.format_map(limits)


class AccountSettings(BaseModel):
    """What every account has. Seconds may be fractions."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    name: str
    """The account's own name in the configuration."""
    provider: str
    base_url: str
    read_timeout: float = Field(90.0, gt=0)
    """Seconds without a byte until a call is given up; its total deadline is 10 s more."""
    settle_seconds: float = Field(120.0, ge=0)
    """How long after an unclear attempt "absent" proves nothing."""
    max_in_flight: int = Field(1, ge=1)
    """Of no effect beyond 1: both remotes ask for one call after the other."""
    max_per_second: float | None = Field(None, gt=0)
    follow_minutes: float = Field(30.0, ge=0)

    @field_validator("base_url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        """Secrets go out only over TLS, but for this machine itself."""
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("不是网址，应以 https:// 开头，照平台给的地址填|is no URL")
        if parts.scheme == "http" and parts.hostname not in LOOPBACK | cls.plain_hosts():
            raise ValueError("必须以 https:// 开头，不然密钥会明文传输|must begin with https://")
        return url.rstrip("/")

    @classmethod
    def plain_hosts(cls) -> frozenset[str]:
        """Hosts beside this machine that may be called without TLS."""
        return frozenset()

    @property
    def hostname(self) -> str:
        """The remote's name: one spelling for all that mean the same host."""
        return _hostname(self.base_url)

    @property
    def host(self) -> str:
        """Host and port of the remote, which every principal begins with; the scheme's own port is none."""
        parts = urlsplit(self.base_url)
        own = {"http": 80, "https": 443}.get(parts.scheme)
        return self.hostname + (f":{parts.port}" if parts.port not in (None, own) else "")


def _hostname(url: str) -> str:
    """The host of a URL in small letters, without the dot that may end a name in full."""
    return (urlsplit(url).hostname or "").translate(_DOTS).removesuffix(".")


def read_secret(table: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An account's table with its secret: as it stands there, else out of `<name>_file`, else out of the system's keyring.

    Raises SettingsError for a file that cannot be read.
    """
    path = table.get(f"{name}_file")
    if path is None:
        secret = None if name in table else _from_keyring(f"{table.get('name')}.{name}")
        return {**table, name: secret} if secret else table
    try:
        secret = Path(str(path)).expanduser().read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"密钥文件读不了：{path}。", f"the secret's file cannot be read: {path}.") from error
    rest = {key: value for key, value in table.items() if key != f"{name}_file"}
    return {**rest, name: secret}


def _from_keyring(entry: str) -> str | None:
    """A secret that the system's keyring holds for the service `bulkorders`, where the extra `keyring` is installed."""
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        return None
    try:
        found: str | None = keyring.get_password("bulkorders", entry)
    except KeyringError:
        return None
    return found
