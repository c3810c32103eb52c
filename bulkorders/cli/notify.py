"""`bulkorders notify`: who is told of batches that end or need a person, whether that works, and what has not been sent yet."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkorders.core.words import Words
from bulkorders.errors import RemoteError, UsageError

from .options import common, open_app
from .words import Command, Group, option, say

if TYPE_CHECKING:
    from bulkorders.journal.notices import Waiting
    from bulkorders.pipeline.app import App
    from bulkorders.pipeline.targets import Target


@click.group(
    cls=Group,
    words=Words("通知：列出、测试群机器人和邮件。", "Notices: list and test group robots, webhooks and mail."),
    invoke_without_command=True,
)
@click.pass_context
def notify(context: click.Context) -> int:
    """Without a command it lists."""
    return 0 if context.invoked_subcommand else int(context.invoke(list_targets))


@notify.command("list", cls=Command, words=Words("列出配置好的通知，和还没发出的。", "List who is told, and what has not been sent yet."))
@option("--json", "as_json", is_flag=True, zh="输出 JSON，一个通知一行", en="Print JSON, one line each.")
@common
def list_targets(as_json: bool = False, config: Path | None = None, journal: str | None = None) -> int:
    """Name, kind, host, and what waits; no secrets."""
    from bulkorders.pipeline.notices import outbox

    with open_app(config, journal) as app:
        for name, waiting in outbox(app).items():
            _tell(app, name, app.targets.get(name), waiting, as_json=as_json)
        if not app.targets:
            click.echo(
                say("还没有配置通知：在配置里写 [notify.名字]。", "Nobody is to be told: add [notify.NAME] to the settings."), err=True
            )
    return 0


def _tell(app: "App", name: str, target: "Target | None", waiting: "Waiting", *, as_json: bool) -> None:
    from bulkorders.pipeline.objects import dumps

    since = waiting.since.astimezone(app.timezone).isoformat(timespec="seconds") if waiting.since else None
    if as_json:
        kind, where = (target.kind, target.where) if target else (None, None)
        told = {"name": name, "kind": kind, "where": where, "waiting": waiting.waiting, "since": since, "given_up": waiting.given_up}
        click.echo(dumps(told).decode(), nl=False)
        return
    known = [target.kind, target.where] if target else [say("配置里没有了", "no longer configured")]
    states = [say(f"等发送 {waiting.waiting} 条，最早 {since}", f"{waiting.waiting} waiting, since {since}")] if waiting.waiting else []
    states += [say(f"没有发出 {waiting.given_up} 条", f"{waiting.given_up} given up")] if waiting.given_up else []
    click.echo("\t".join([name, *known, *states]))


@notify.command("test", cls=Command, words=Words("发一条测试通知；不写名字就发给全部。", "Send a test notice to one, or to all."))
@click.argument("name", required=False, metavar="[NAME]")
@common
def test_targets(name: str | None, config: Path | None, journal: str | None) -> int:
    """It does not go through the outbox: what is wrong is said at once."""
    from bulkorders.pipeline.notices import try_target

    with open_app(config, journal) as app:
        if name is not None and name not in app.targets:
            known = "、".join(app.targets) or "（还没有配置通知）"
            raise UsageError(f"没有通知 {name}，现有：{known}。", f"there is no notify.{name}; known: {', '.join(app.targets) or 'none'}.")
        tried = {target.name: try_target(app, target) for target in ([app.targets[name]] if name else app.targets.values())}
    for each, told in tried.items():
        if told.is_sent:
            click.echo(say(f"通知 {each} 发出了，请到那边看一眼。", f"notify.{each} was sent; look there."))
        if told.reason is not None:
            click.echo(say(f"通知 {each}：{told.reason.zh}。", f"notify.{each}: {told.reason.en}."), err=True)
    return 0 if all(told.is_sent for told in tried.values()) else RemoteError.exit_code
