"""`bulkorders sandbox`: the imitated remotes under one local server, to try things out and to develop against."""

import json

import click

from bulkorders.core.words import Words
from bulkorders.errors import UsageError

from .words import Command, option, say


@click.command(
    cls=Command,
    words=Words("启动模拟平台，打印可用的账号配置；Ctrl-C 停止。", "Start the sandbox and print accounts for it; Ctrl-C stops it."),
)
@option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, zh="端口；0 为任选", en="The port; 0 for any.")
@option("--lang", type=click.Choice(("zh", "en")), expose_value=False, zh="提示的语言：zh 或 en", en="Language of messages.")
def sandbox(port: int) -> int:
    """Binds to this machine alone."""
    from bulkorders.providers import load_providers
    from bulkorders.sandbox import Server

    try:
        server = Server({name: provider.imitate() for name, provider in load_providers().items()}, port=port)
    except OSError as error:
        raise UsageError(f"端口 {port} 用不了：请用 --port 换一个。", f"port {port} cannot be used: choose another with --port.") from error
    for name in load_providers():
        click.echo(f"[accounts.{name}]")
        for key, value in server.account(name).items():
            click.echo(f"{key} = {json.dumps(value, ensure_ascii=False)}")  # of these values TOML writes what JSON does
        click.echo()
    click.echo(
        say(f"模拟平台已启动：{server.port} 端口，Ctrl-C 停止。", f"The sandbox listens on port {server.port}; Ctrl-C stops it."), err=True
    )
    server.serve_forever()
    return 0
