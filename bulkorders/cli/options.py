"""Options that several commands share, and the app that they ask for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .words import LANGUAGES, lang, option

if TYPE_CHECKING:
    from bulkorders.pipeline.app import App

FILES = click.argument("files", nargs=-1, required=True, metavar="FILE…", type=click.Path(path_type=Path))
JSON = option("--json", "as_json", is_flag=True, zh="输出 JSON，一个文件和模板一行", en="Print JSON, one line per file and template.")
ACCOUNT = option("--account", metavar="NAME", zh="用哪个账号", en="The account to use.")
SANDBOX = option("--sandbox", is_flag=True, zh="在自带的模拟平台上试跑，不会真的下单", en="Try it at the built-in sandbox.")
RESULTS = option(
    "--results", metavar="PATH", type=click.Path(path_type=Path),
    zh="结果表写到哪里；几个文件时写文件夹", en="Where to write the results; a folder for several files.",
)  # fmt: skip
NO_WAIT = option(
    "--no-wait",
    is_flag=True,
    zh="账号正被别的程序使用时，不等，交给它发送",
    en="If another process holds the account, leave the rest to it.",
)
KEEP_GOING = option("--keep-going", is_flag=True, zh="连续被平台拒绝也照发，不停下", en="Go on however many orders are refused alike.")
NO_FOLLOW = option("--no-follow", is_flag=True, zh="平台受理后不再跟踪", en="Do not follow accepted orders.")


def common(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--config`, `--journal`, `--lang`."""
    for each in (
        option("--lang", type=click.Choice(LANGUAGES), expose_value=False, zh="提示的语言：zh 或 en", en="Language of messages."),
        option("--journal", metavar="URL", zh="流水账的位置，如 sqlite:///journal.db", en="The journal, such as sqlite:///journal.db."),
        option("--config", metavar="PATH", type=click.Path(path_type=Path), zh="配置文件的位置", en="The configuration file."),
    ):
        command = each(command)
    return command


@contextmanager
def open_app(config: Path | None, journal: str | None, *, sandbox: bool = False) -> Iterator["App"]:
    """The app that the options ask for, closed at the end. Raises SettingsError."""
    from bulkorders.pipeline.app import App
    from bulkorders.pipeline.service import opened
    from bulkorders.settings import load_settings

    if sandbox:
        with _open_sandbox(config) as app:
            yield app
        return
    with opened(App(load_settings(config, journal), tell=lambda words: click.echo(words.say(lang()), err=True))) as app:
        yield app


@contextmanager
def _open_sandbox(config: Path | None) -> Iterator["App"]:
    """An app whose accounts all work at the built-in sandbox, on a journal that is thrown away."""
    import tempfile

    from bulkorders.pipeline.app import App
    from bulkorders.pipeline.service import opened
    from bulkorders.providers import load_providers
    from bulkorders.sandbox import Server
    from bulkorders.settings import load_settings

    settings = load_settings(config)
    with (
        tempfile.TemporaryDirectory(prefix="bulkorders-", ignore_cleanup_errors=True) as folder,
        Server({name: provider.imitate() for name, provider in load_providers().items()}) as server,
    ):
        accounts = {name: server.account(name) for name in load_providers()}
        test = settings.model_copy(update={"journal": (Path(folder) / "journal.db").as_posix(), "accounts": accounts})
        with opened(App(test, is_test=True)) as app:
            yield app
