"""`bulkorders check`: says what is wrong with workbooks, sends nothing."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bulkorders.core.words import Words
from bulkorders.errors import UsageError

from .options import ACCOUNT, FILES, JSON, common, open_app
from .words import Command, lang, option, printing, say

if TYPE_CHECKING:
    from bulkorders.core.provider import Account
    from bulkorders.pipeline.app import App
    from bulkorders.pipeline.ingest import Checkup


@click.command(
    cls=Command,
    words=Words("检查表格：逐格指出错误，不发送任何订单。", "Check workbooks: every mistake, nothing sent."),
)
@FILES
@JSON
@option("--payloads", is_flag=True, zh="同时输出将要发送的内容（配合 --json）", en="Print what would be sent, too (with --json).")
@ACCOUNT
@option(
    "--results", metavar="PATH", type=click.Path(path_type=Path),
    zh="把检查结果标在一份表格里，写到这里；几个文件时写文件夹", en="Write the marked workbook here; a folder for several files.",
)  # fmt: skip
@common
def check(
    files: Sequence[Path], as_json: bool, payloads: bool, account: str | None, results: Path | None, config: Path | None,
    journal: str | None,
) -> int:  # fmt: skip
    """Exit code 0, 3 for a refused file, 4 for errors."""
    from bulkorders.core.result import first_exit_code

    if results and len(files) > 1 and results.suffix.casefold() == ".xlsx" and not results.is_dir():
        raise UsageError("有几个文件时，--results 要写文件夹。", "with several files --results must be a folder.")
    with open_app(config, journal) as app:  # the journal is not touched
        if account is not None:
            app.account(account)
        accounts = app.accounts if payloads else {}
        found = [(file, checkup) for file in files for checkup in _checked(app, file, results)]
    with printing():
        if as_json:
            _print_json(found, accounts if payloads else None, account)
        else:
            from .show import show_checkup

            for _, checkup in found:
                show_checkup(checkup)
    return first_exit_code(_exit_code(checkup) for _, checkup in found)


def _checked(app: "App", file: Path, results: Path | None) -> "Sequence[Checkup]":
    """What a file says; marked in a workbook, where that is asked for."""
    from bulkorders.pipeline.ingest import check_file
    from bulkorders.pipeline.preview import copied, write_checked

    if results is None:
        return check_file(file, app.limits)
    with copied(file, app.limits) as (copy, found):
        written = write_checked(app, copy, found, results)
    if written is None:
        click.echo(say(f"{file.name} 里没有可以标的订单，没有写结果表。", f"{file.name}: no orders to mark."), err=True)
    else:
        click.echo(say(f"检查结果表：{written.path}", f"marked workbook: {written.path}"), err=True)
    return found


def _exit_code(checkup: "Checkup") -> int:
    if checkup.refused:
        return 3
    return 4 if any(issue.is_error for issue in checkup.issues) else 0


def _print_json(found: Sequence[tuple[Path, "Checkup"]], accounts: Mapping[str, "Account"] | None, named: str | None) -> None:
    from bulkorders.pipeline.app import path_text
    from bulkorders.pipeline.objects import check_json, dumps, payloads_json
    from bulkorders.pipeline.route import fitting_ones

    for file, checkup in found:
        payloads: Sequence[Mapping[str, Any]] | None = None
        if accounts is not None:
            orders = checkup.orders
            payloads = payloads_json(orders, fitting_ones(orders, accounts, named)) if orders else []
        sys.stdout.buffer.write(dumps(check_json(checkup, path_text(file), lang(), payloads)))
    sys.stdout.flush()
