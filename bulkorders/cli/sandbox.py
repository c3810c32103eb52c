"""`bulkorders sandbox`: the imitated remotes under one local server, to try things out and to develop against."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from bulkorders.core.words import Words
from bulkorders.errors import UsageError

from .words import Command, lang, option, say

if TYPE_CHECKING:
    from bulkorders.core.imitation import Imitation

USUAL_SHARE = 0.2
"""Of the creates, where none is named."""


class _Sandbox(Command):
    """The command, whose help lists the faults; for that it needs the imitations, which nothing else of its help does."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The faults by name: those of one remote alone under its name."""
        rows = _fault_rows(_imitations())
        with formatter.section(say("故障", "Faults")):
            formatter.write_dl([(name, words.say(lang())) for name, words in rows.items()])


@click.command(
    cls=_Sandbox,
    words=Words(
        "启动模拟平台，打印可用的账号配置；Ctrl-C 停止。\n\n"
        "运行中也可以用 HTTP：GET、POST、DELETE /_faults 看、加、清故障，GET /_ledger 看实际受理了哪些订单。",
        "Start the sandbox and print accounts for it; Ctrl-C stops it.\n\n"
        "It also listens to HTTP: GET, POST and DELETE /_faults list, add and clear faults, GET /_ledger tells what was accepted.",
    ),
)
@option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, zh="端口；0 为任选", en="The port; 0 for any.")
@option(
    "--fault", "faults", multiple=True, metavar="[PROVIDER:]NAME[=SHARE]",
    zh=f"让一部分下单请求出故障，可以写几次；SHARE 为 0 到 1，不写为 {USUAL_SHARE}",
    en=f"Let a share of the creates meet a fault, {USUAL_SHARE} unless said otherwise; may be given several times.",
)  # fmt: skip
@option(
    "--seed", type=int, default=0, show_default=True, zh="故障的随机种子：相同则重现", en="The seed of the faults: the same repeats them."
)
@option(
    "--service-time", type=click.FloatRange(0, 3600), default=0.0, metavar="SECONDS",
    zh="每次下单请求用几秒", en="How many seconds a create takes.",
)  # fmt: skip
@option("--lang", type=click.Choice(("zh", "en")), expose_value=False, zh="提示的语言：zh 或 en", en="Language of messages.")
def sandbox(port: int, faults: Sequence[str], seed: int, service_time: float) -> int:
    """Binds to this machine alone."""
    from bulkorders.sandbox import Server

    imitations = _imitations()
    _prepare(imitations, [_asked(text, seed) for text in faults], service_time)
    try:
        server = Server(imitations, port=port)
    except OSError as error:
        raise UsageError(f"端口 {port} 用不了：请用 --port 换一个。", f"port {port} cannot be used: choose another with --port.") from error
    for name in imitations:
        click.echo(f"[accounts.{name}]")
        for key, value in server.account(name).items():
            click.echo(f"{key} = {json.dumps(value, ensure_ascii=False)}")  # of these values TOML writes what JSON does
        click.echo()
    click.echo(
        say(f"模拟平台已启动：{server.port} 端口，Ctrl-C 停止。", f"The sandbox listens on port {server.port}; Ctrl-C stops it."), err=True
    )
    server.serve_forever()
    return 0


def _imitations() -> dict[str, "Imitation"]:
    """A fresh one of each remote."""
    from bulkorders.providers import load_providers

    return {name: provider.imitate() for name, provider in load_providers().items()}


def _fault_rows(imitations: dict[str, "Imitation"]) -> dict[str, Words]:
    """What each fault does, by its name."""
    from bulkorders.core.catalogue import CATALOGUE
    from bulkorders.core.control import Control

    rows = {name: kind.words for name, kind in CATALOGUE.items()}
    for provider, imitation in Control(imitations).imitations.items():
        own = {name: kind for name, kind in imitation.faults.catalogue.items() if name not in CATALOGUE}
        rows |= {f"{provider}:{name}": kind.words for name, kind in own.items()}
    return rows


def _asked(text: str, seed: int) -> dict[str, Any]:
    """What `--fault` asks for. Raises UsageError for a share that is no number."""
    name, _, share = text.partition("=")
    provider, colon, fault = name.rpartition(":")
    try:
        return {"provider": provider if colon else None, "fault": fault, "share": float(share or USUAL_SHARE), "seed": seed}
    except ValueError:
        raise UsageError(f"--fault {text}：{share} 不是数字。", f"--fault {text}: {share} is not a number.") from None


def _prepare(imitations: dict[str, "Imitation"], asked: Sequence[dict[str, Any]], service_time: float) -> None:
    """Puts the faults into force. Raises UsageError."""
    from bulkorders.core.control import Control

    control = Control(imitations)
    for one in asked:
        control.add(one, now=0.0)  # a share has no end, so the time does not matter
    for imitation in control.imitations.values():
        imitation.service_time = service_time
