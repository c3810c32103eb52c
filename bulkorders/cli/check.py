"""`bulkorders check`: says what is wrong with workbooks, sends nothing."""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bulkorders.core.words import Words

from .options import ACCOUNT, FILES, JSON, common, open_app
from .words import Command, lang, option, printing

if TYPE_CHECKING:
    from bulkorders.core.provider import Account
    from bulkorders.pipeline.ingest import Checkup


@click.command(
    cls=Command,
    words=Words("检查表格：逐格指出错误，不发送任何订单。", "Check workbooks: every mistake, nothing sent."),
)
@FILES
@JSON
@option("--payloads", is_flag=True, zh="同时输出将要发送的内容（配合 --json）", en="Print what would be sent, too (with --json).")
@ACCOUNT
@common
def check(files: Sequence[Path], as_json: bool, payloads: bool, account: str | None, config: Path | None, journal: str | None) -> int:
    """Exit code 0, 3 for a refused file, 4 for errors."""
    from bulkorders.core.result import first_exit_code
    from bulkorders.pipeline.ingest import check_file

    with open_app(config, journal) as app:  # the journal is not touched
        if account is not None:
            app.account(account)
        accounts = app.accounts if payloads else {}
        limits = app.limits
    found = [(file, checkup) for file in files for checkup in check_file(file, limits)]
    with printing():
        if as_json:
            _print_json(found, accounts if payloads else None, account)
        else:
            from .show import show_checkup

            for _, checkup in found:
                show_checkup(checkup)
    return first_exit_code(_exit_code(checkup) for _, checkup in found)


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
