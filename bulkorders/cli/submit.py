"""`bulkorders submit` and `bulkorders resume`: orders out, results back."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkorders.core.words import Words

from .options import ACCOUNT, FILES, JSON, KEEP_GOING, NO_FOLLOW, NO_WAIT, RESULTS, SANDBOX, common, open_app
from .words import Command, lang, option, printing, say

if TYPE_CHECKING:
    from bulkorders.pipeline.app import App
    from bulkorders.pipeline.service import FileReport


@click.command(
    cls=Command,
    words=Words(
        "提交表格：检查、合并成订单、发送，结果写成 <文件名>_结果.xlsx。",
        "Submit workbooks: check, group into orders, send; results go to <name>_结果.xlsx.",
    ),
)
@FILES
@JSON
@ACCOUNT
@RESULTS
@SANDBOX
@option("--strict", is_flag=True, zh="有一单有误就整份都不发送", en="If any order is invalid, send nothing.")
@option(
    "--update",
    is_flag=True,
    zh="内容变了的订单按修改发送（平台支持才行）",
    en="Send changed orders as modifications.",
)
@KEEP_GOING
@NO_FOLLOW
@NO_WAIT
@common
def submit(
    files: Sequence[Path], as_json: bool, account: str | None, results: Path | None, sandbox: bool, strict: bool, update: bool,
    keep_going: bool, no_follow: bool, no_wait: bool, config: Path | None, journal: str | None,
) -> int:  # fmt: skip
    """The exit code is the fate of these orders."""
    from bulkorders.pipeline.service import Options, submit_files

    from .show import talk

    named = None if sandbox else account
    options = Options(named, results, strict=strict, update=update, wait=not no_wait, follow=not no_follow, keep_going=keep_going)
    with open_app(config, journal, sandbox=sandbox) as app:
        with talk() as told:
            reports = submit_files(app, files, options, told)
        return _tell(app, reports, as_json=as_json, follow=not no_follow)


@click.command(
    cls=Command,
    words=Words("继续没做完的批次；不写批次就继续全部。", "Go on with an unfinished batch; without BATCH with all of them."),
)
@click.argument("batch", required=False, metavar="[BATCH]")
@JSON
@RESULTS
@KEEP_GOING
@NO_FOLLOW
@NO_WAIT
@common
def resume(
    batch: str | None, as_json: bool, results: Path | None, keep_going: bool, no_follow: bool, no_wait: bool, config: Path | None,
    journal: str | None,
) -> int:  # fmt: skip
    """With nothing unfinished it prints nothing and ends with 0."""
    from bulkorders.pipeline.service import Options, resume_batches

    from .show import talk

    with open_app(config, journal) as app:
        with talk() as told:
            options = Options(results=results, wait=not no_wait, follow=not no_follow, keep_going=keep_going)
            reports = resume_batches(app, batch, options, told)
        return _tell(app, reports, as_json=as_json, follow=not no_follow)


def _tell(app: "App", reports: Sequence["FileReport"], *, as_json: bool, follow: bool) -> int:
    """Prints what became of the files, and gives the exit code."""
    from bulkorders.core.result import first_exit_code

    for report in reports:
        with printing():
            (_tell_json if as_json else _tell_people)(app, report)
        if report.unwritten:
            click.echo(report.unwritten.say(lang()), err=True)
    return first_exit_code(code for report in reports for code in report.exit_codes(follow=follow))


def _tell_json(app: "App", report: "FileReport") -> None:
    from bulkorders.pipeline.app import path_text
    from bulkorders.pipeline.objects import batch_json, dumps, refused_json

    for found in report.ingested:
        if found.batch is None:
            sys.stdout.buffer.write(dumps(refused_json(found, path_text(report.file), lang())))
    for batch in report.batches:
        line = batch_json(app, batch, lang(), file=path_text(report.file), results=report.results, holders=report.holders)
        sys.stdout.buffer.write(dumps(line))
    sys.stdout.flush()


def _tell_people(app: "App", report: "FileReport") -> None:  # noqa: ARG001  # the same shape as its twin above
    from .show import show_batch, show_checkup, show_problems

    for found in report.ingested:
        if found.batch is None:
            show_checkup(found.checkup)
            if found.refused and not found.checkup.refused:
                click.echo(found.refused.message.say(lang()), err=True)
    for batch in report.batches:
        show_problems(batch)
        show_batch(batch, report.results.path if report.results else None)
    if report.interrupted:
        click.echo(say("已中断，状态都记下了：运行 bulkorders resume 继续。", "Interrupted; go on with bulkorders resume."), err=True)
