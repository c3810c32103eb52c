"""The wiring, whole: settings to accounts, the journal, the clock."""

import datetime as dt
import os
import random
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from bulkorders.core.label import fold
from bulkorders.core.provider import Account, Clock, Provider, TellsApart
from bulkorders.core.template import Template
from bulkorders.core.words import Words
from bulkorders.errors import SettingsError, UsageError
from bulkorders.journal.fates import Finished
from bulkorders.journal.journal import Journal, open_journal
from bulkorders.providers import load_providers
from bulkorders.settings import Settings, describe_errors

from .tries import Tries

if TYPE_CHECKING:
    from .targets import Target


class SystemClock:
    """The machine's own time."""

    def now(self) -> dt.datetime:
        """The time in UTC."""
        return dt.datetime.now(dt.UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Waits."""
        time.sleep(seconds)


_NOTICED = Words("注意：{reason}。", "Note: {reason}.")


@dataclass
class App:
    """One run of the program. `is_test`: every account of it is a sandbox's. `tell`: who is told what is no order's matter."""

    settings: Settings
    clock: Clock = field(default_factory=SystemClock)
    is_test: bool = False
    chance: random.Random = field(default_factory=random.Random)
    tell: Callable[[Words], object] = str  # nobody listens
    finished: Finished = field(default_factory=Finished)
    tries: Tries = field(default_factory=Tries)

    @cached_property
    def journal(self) -> Journal:
        """The journal, opened when first needed. Raises JournalError."""
        journal = open_journal(self.settings.journal_url)
        if journal.noticed and journal.incomplete is not None:
            self.tell(_NOTICED.fill(reason=journal.incomplete))
        return journal

    @cached_property
    def accounts(self) -> Mapping[str, Account]:
        """The configured accounts by name. Raises SettingsError."""
        accounts = {name: self._account(name, raw) for name, raw in self.settings.accounts.items()}
        for other, account in combinations(accounts.values(), 2):
            if (why := _why_one(other, account)) is not None:
                raise SettingsError(
                    f"账号 {other.name} 和 {account.name} {why.zh}。", f"accounts {other.name} and {account.name} {why.en}."
                )
        return accounts

    def _account(self, name: str, raw: Mapping[str, object]) -> Account:
        provider = load_providers().get(str(raw.get("provider")))
        if provider is None:
            known = "、".join(load_providers())
            raise SettingsError(f"账号 {name} 的 provider 只能是：{known}。", f"account {name}: provider must be one of {known}.")
        try:
            settings = provider.settings({**raw, "name": name})
        except ValidationError as error:
            zh, en = describe_errors(f"账号 {name} ", error)
            raise SettingsError(zh, en) from error
        is_test = self.is_test or settings.hostname in provider.test_hosts
        return Account(name, provider, provider.principal(settings), settings, is_test)

    @cached_property
    def targets(self) -> "Mapping[str, Target]":
        """Who is told, by name. Raises SettingsError."""
        from .targets import read_target

        return {name: read_target(name, raw) for name, raw in self.settings.notify.items()}

    def account(self, name: str) -> Account:
        """One account. Raises UsageError where there is none of that name."""
        if name not in self.accounts:
            known = "、".join(self.accounts) or "（还没有配置账号）"
            raise UsageError(
                f"没有账号 {name}，现有：{known}。", f"there is no account {name}; known: {', '.join(self.accounts) or 'none'}."
            )
        return self.accounts[name]

    @cached_property
    def limits(self) -> Mapping[str, Mapping[str, Decimal]]:
        """The configured limits by template and field name. Raises SettingsError for what is no limit of a template."""
        return {name: _limits(name, own) for name, own in self.settings.limits.items()}

    @cached_property
    def timezone(self) -> ZoneInfo:
        """The zone in which times are shown. Raises SettingsError."""
        try:
            return ZoneInfo(self.settings.timezone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            zone = self.settings.timezone
            raise SettingsError(f"没有时区 {zone}：请改成 Asia/Shanghai 这样的名字。", f"there is no timezone {zone}.") from error

    def new_batch_id(self) -> str:
        """A name that people can read out: the day, and six letters that nobody guesses twice."""
        letters = "".join(secrets.choice("abcdefghjkmnpqrstuvwxyz23456789") for _ in range(6))
        return f"{self.clock.now().astimezone(self.timezone):%Y%m%d}-{letters}"

    def close(self) -> None:
        """Lets go of the journal."""
        if "journal" in self.__dict__:
            self.journal.close()


_ONE = Words("是平台上的同一个账号：请只留一个", "are one at the remote: keep one")


def _why_one(account: Account, other: Account) -> Words | None:
    """Why two accounts would be two gates to one customer; None where they are two."""
    if account.principal == other.principal:
        return _ONE
    provider = account.provider
    if other.provider is not provider or not isinstance(provider, TellsApart):
        return None
    return provider.same(account.settings, other.settings)


def _limits(name: str, own: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """The limits of one template; a field may be named by its label, too."""
    found: dict[str, Decimal] = {}
    for text, limit in own.items():
        template = next((each for each in all_templates() if each.name == name), None)
        field = template.headings.get(fold(text)) if template else None
        try:
            if template is None or field is None:
                raise ValueError(text)
            template.limited({field.name: limit})
        except ValueError as error:
            raise SettingsError(
                f"配置 limits 里的 {name}、{text} 不是模板里有上限的列：请核对拼写。",
                f"limits: {text} of {name} is no column with a limit.",
            ) from error
        found[field.name] = limit
    return found


def find_template(name: str) -> Template:
    """A template by its name. Raises UsageError."""
    for template in all_templates():
        if template.name == name:
            return template
    known = "、".join(template.name for template in all_templates())
    raise UsageError(f"没有模板 {name}，现有：{known}。", f"there is no template {name}; known: {known}.")


def find_provider(template: str) -> Provider:
    """The provider of a template, by the template's name. Raises UsageError."""
    found = find_template(template)
    return next(provider for provider in load_providers().values() if found in provider.templates)


def all_templates() -> list[Template]:
    """Every provider's templates."""
    return [template for provider in load_providers().values() for template in provider.templates]


def path_text(path: Path) -> str:
    """A path as text that can be written down: a name in GBK, as archives from Windows leave them, is read as that."""
    return str(Path(*(_part_text(part) for part in path.parts)))


def _part_text(part: str) -> str:
    try:
        part.encode("utf-8")
    except UnicodeEncodeError:
        return os.fsencode(part).decode("gb18030", "replace")
    return part
