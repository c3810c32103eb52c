"""`bulkorders serve`: the upload page and the HTTP API."""

import ipaddress
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkorders.core.words import Words
from bulkorders.errors import UsageError

from . import interrupts
from .options import SANDBOX, common, open_app
from .words import Command, option, say

if TYPE_CHECKING:
    from bulkorders.pipeline.app import App

_ANYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104  # what --host may say
_STOPPED = Words("已停下：没发完的下次启动接着发。", "Stopped; what is unfinished goes on at the next start.")
_STOPPED_TRIAL = Words("已停下：这是试用，什么都没有留下。", "Stopped; it was a trial, nothing of it is kept.")


@click.command(
    cls=Command,
    words=Words(
        "启动上传网页和 HTTP 接口；Ctrl-C 停止。\n\n用户由 bulkorders users add 添加；只想试试请用 --sandbox。",
        "Start the upload page and the HTTP API; Ctrl-C stops it.\n\nUsers are added with bulkorders users add; try it with --sandbox.",
    ),
)
@option("--host", default="127.0.0.1", show_default=True, metavar="ADDRESS", zh="在哪个地址上监听", en="The address to listen on.")
@option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, zh="端口；0 为任选", en="The port; 0 for any.")
@option(
    "--name", "names", multiple=True, metavar="HOST",
    zh="别人用来打开它的域名，可以写几次", en="A host name that it is opened by; may be given several times.",
)  # fmt: skip
@option(
    "--proxy", metavar="ADDRESS",
    zh="前面的反向代理的 IP 地址：只相信它说的 X-Forwarded-For 和 X-Forwarded-Proto",
    en="The address of the proxy in front of it, whose X-Forwarded-For and -Proto are believed.",
)  # fmt: skip
@SANDBOX
@option(
    "--log", "log_as", type=click.Choice(("text", "json")), default="text", show_default=True,
    zh="日志写成文字，还是每行一个 JSON", en="Log as text, or as one JSON object a line.",
)  # fmt: skip
@common
def serve(
    host: str, port: int, names: Sequence[str], proxy: str | None, sandbox: bool, log_as: str, config: Path | None, journal: str | None
) -> int:  # fmt: skip
    """Addresses, and of a try-out the user, go to standard output; the log goes to standard error."""
    _check(names, proxy)
    with open_app(config, journal, sandbox=sandbox) as app:
        _ = app.journal, app.accounts, app.limits, app.timezone  # made before the threads that share them
        if not sandbox:
            _refuse_strangers(app, host)
        from bulkorders.web.serve import Address, bind
        from bulkorders.web.serve import serve as serve_app
        from bulkorders.web.site import MEBIBYTE, Options

        from .watch import Log

        listening = bind(Address(host, port))
        with closing(listening), closing(Log(app, as_json=log_as == "json")) as log:
            _introduce(app, host, listening.getsockname()[1], is_sandbox=sandbox)
            app.tell = lambda words: log.tell("note", words)
            own = () if host in _ANYWHERE else (host,)
            options = Options(log, (*own, *names), app.settings.upload_mb * MEBIBYTE, interrupted=interrupts.since)
            interrupts.note()
            serve_app(app, options, Address(host, port, proxy), listening)
            interrupts.forget()  # to end is what it was asked for
            log.tell("stopped", _STOPPED_TRIAL if sandbox else _STOPPED)
    return 0


def _check(names: Sequence[str], proxy: str | None) -> None:
    """Raises UsageError for what is no name of a host, or no address."""
    from bulkorders.web.security import bare, is_address

    for name in names:
        if not name or bare(name) != name.casefold():
            raise UsageError(f"--name {name} 不是域名：只写域名本身，例如 orders.example.com。", f"--name {name} is no host name.")
    if proxy is not None and not is_address(proxy):
        raise UsageError(f"--proxy {proxy} 不是 IP 地址：例如 127.0.0.1。", f"--proxy {proxy} is no IP address.")


def _refuse_strangers(app: "App", host: str) -> None:
    """Raises UsageError where everybody could try to come in and nobody may."""
    from bulkorders.pipeline.users import has_users

    if has_users(app):
        return
    if not _is_loopback(host):
        raise UsageError(
            f"还没有用户，不能在 {host} 上对外开放：请先运行 bulkorders users add 用户名 --admin。",
            f"there are no users, so it does not listen on {host}: run bulkorders users add NAME --admin first.",
        )
    click.echo(say("还没有用户：请运行 bulkorders users add 用户名 --admin。", "No users yet: run bulkorders users add."), err=True)


def _introduce(app: "App", host: str, port: int, *, is_sandbox: bool) -> None:
    """Says where it is; of a try-out also who may come in."""

    shown = "localhost" if host in _ANYWHERE else f"[{host}]" if ":" in host else host
    click.echo(f"http://{shown}:{port}/")
    if is_sandbox:
        from bulkorders.pipeline.users import one_time_user

        name, password = one_time_user(app)
        click.echo(say(f"用户：{name}", f"user: {name}"))
        click.echo(say(f"密码：{password}", f"password: {password}"))


def _is_loopback(host: str) -> bool:
    from bulkorders.web.security import is_address

    return host == "localhost" or (is_address(host) and ipaddress.ip_address(host).is_loopback)
