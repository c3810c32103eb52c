"""`bulkorders accounts`: which accounts are configured, whether they work, and a person's hand on them: pause, unpause, release."""

from pathlib import Path

import click

from bulkorders.core.words import Words
from bulkorders.errors import RemoteError

from .options import common, open_app
from .words import Command, Group, lang, option, say


@click.group(
    cls=Group,
    words=Words("账号：列出、测试、暂停、恢复、解除占用。", "Accounts: list, test, pause, unpause, release."),
    invoke_without_command=True,
)
@click.pass_context
def accounts(context: click.Context) -> int:
    """Without a command it lists."""
    return 0 if context.invoked_subcommand else int(context.invoke(list_accounts))


@accounts.command("list", cls=Command, words=Words("列出配置好的账号。", "List the configured accounts."))
@common
def list_accounts(config: Path | None = None, journal: str | None = None) -> int:
    """Name, provider, host, whether it is real, and what keeps it from sending; no secrets."""
    from bulkorders.journal.gate import holder, paused_at

    with open_app(config, journal) as app:
        for account in app.accounts.values():
            kind = say("测试", "test") if account.is_test else say("正式", "real")
            other = holder(app.journal, account.gate)
            states = [say("已暂停", "paused")] if paused_at(app.journal, account.gate) else []
            states += [say(f"进程 {other.pid} 正在发送", f"process {other.pid} is sending")] if other else []
            click.echo("\t".join([account.name, account.provider.title, account.settings.base_url, kind, *states]))
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
            click.echo(say(f"账号 {account.name} 可以用", f"account {account.name} works") + (say("：", ":") if found else say("。", ".")))
            for line in found:
                click.echo(f"  {line.say(lang())}")
    return 0


@accounts.command("pause", cls=Command, words=Words("暂停账号：之后谁都不再发送它的订单。", "Pause an account: nothing of it is sent."))
@click.argument("name", metavar="NAME")
@common
def pause_account(name: str, config: Path | None, journal: str | None) -> int:
    """The call in flight ends; the rest stays unsent until `unpause`."""
    from bulkorders.journal.gate import pause

    with open_app(config, journal) as app:
        pause(app.journal, app.account(name).gate, app.clock.now())
        said = say(
            f"账号 {name} 已暂停；恢复请用 accounts unpause {name}。", f"account {name} is paused; accounts unpause {name} ends that."
        )
        click.echo(said)
    return 0


@accounts.command("unpause", cls=Command, words=Words("恢复暂停的账号。", "Let a paused account send again."))
@click.argument("name", metavar="NAME")
@common
def unpause_account(name: str, config: Path | None, journal: str | None) -> int:
    """Nothing is sent by this command."""
    from bulkorders.journal.gate import unpause

    with open_app(config, journal) as app:
        unpause(app.journal, app.account(name).gate)
        click.echo(say(f"账号 {name} 已恢复；没发完的请运行 resume。", f"account {name} may send again; run resume for what is left."))
    return 0


@accounts.command("release", cls=Command, words=Words("结束一个卡住的、占着账号的进程。", "End a frozen process that holds an account."))
@click.argument("name", metavar="NAME")
@option("--force", is_flag=True, zh="它还在工作也结束它", en="End it even though it is at work.")
@common
def release_account(name: str, force: bool, config: Path | None, journal: str | None) -> int:
    """The process is killed, since a frozen one could wake up and send; what it had in flight is then in doubt, and looked up."""
    from bulkorders.pipeline.release import release_gate

    with open_app(config, journal) as app:
        click.echo(release_gate(app, name, force=force).say(lang()))
    return 0
