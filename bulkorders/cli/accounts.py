"""`bulkorders accounts`: which accounts are configured, and whether they work."""

from pathlib import Path

import click

from bulkorders.core.words import Words
from bulkorders.errors import RemoteError

from .options import common, open_app
from .words import Command, Group, lang, say


@click.group(cls=Group, words=Words("账号：列出、测试。", "Accounts: list and test them."), invoke_without_command=True)
@click.pass_context
def accounts(context: click.Context) -> int:
    """Without a command it lists."""
    return 0 if context.invoked_subcommand else int(context.invoke(list_accounts))


@accounts.command("list", cls=Command, words=Words("列出配置好的账号。", "List the configured accounts."))
@common
def list_accounts(config: Path | None = None, journal: str | None = None) -> int:
    """Name, provider, host; no secrets."""
    with open_app(config, journal) as app:
        for account in app.accounts.values():
            kind = say("测试", "test") if account.is_test else say("正式", "real")
            click.echo(f"{account.name}\t{account.provider.title}\t{account.settings.base_url}\t{kind}")
        if not app.accounts:
            click.echo(say("还没有配置账号。", "No account is configured."), err=True)
    return 0


@accounts.command("test", cls=Command, words=Words("测试账号能不能用；不写名字就测试全部。", "Test an account, or all of them."))
@click.argument("name", required=False, metavar="[NAME]")
@common
def test_accounts(name: str | None, config: Path | None, journal: str | None) -> int:
    """Fetches a token and the account's stores; creates nothing."""
    from bulkorders.core.outcome import Outcome
    from bulkorders.journal.tokens import Tokens

    with open_app(config, journal) as app:
        for account in [app.account(name)] if name else list(app.accounts.values()):
            api = account.provider.connect(account, Tokens(app.journal), app.clock)
            try:
                found = api.test()
            finally:
                api.close()
            if isinstance(found, Outcome):
                said = found.message or Words("平台没有回答", "no answer")
                raise RemoteError(f"账号 {account.name} 用不了：{said.zh}", f"account {account.name} does not work: {said.en}")
            click.echo(say(f"账号 {account.name} 可以用：", f"account {account.name} works:"))
            for line in found:
                click.echo(f"  {line.say(lang())}")
    return 0
