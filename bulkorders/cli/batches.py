"""`bulkorders status` and `bulkorders results`: what the journal says, at any time."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkorders.core.words import Words

from .options import JSON, common, open_app
from .words import Command, option, say

if TYPE_CHECKING:
    from bulkorders.pipeline.app import App


@click.command(cls=Command, words=Words("看各批次的情况；写上批次只看那一个。", "Show the batches, or one of them."))
@click.argument("batch", required=False, metavar="[BATCH]")
@option("--unfinished", is_flag=True, zh="只看没做完的批次", en="Only batches that are not finished.")
@option(
    "--folders",
    is_flag=True,
    zh="看自动导入的文件夹：等着的、在做的、上次看的时间",
    en="The watched folders instead: what waits, what is worked on, when last looked at.",
)
@JSON
@common
def status(batch: str | None, unfinished: bool, folders: bool, as_json: bool, config: Path | None, journal: str | None) -> int:
    """Reads the journal, and for folders what lies in them."""
    from bulkorders.journal.queue import unfinished as unfinished_of
    from bulkorders.journal.views import list_batches
    from bulkorders.pipeline.notices import given_up
    from bulkorders.pipeline.objects import batch_json, dumps
    from bulkorders.pipeline.report import report_batch

    from .words import lang

    with open_app(config, journal) as app:
        if (unsent := given_up(app)) is not None:
            click.echo(unsent.say(lang()), err=True)
        if folders:
            return _show_folders(app, as_json=as_json)
        names = [batch] if batch else unfinished_of(app.journal) if unfinished else [found.id for found in list_batches(app.journal)]
        reports = [report_batch(app, name) for name in names]
        if as_json:
            for report in reports:
                sys.stdout.buffer.write(dumps(batch_json(app, report, lang(), outcomes=False)))
            sys.stdout.flush()
            return 0
        from .show import show_batch, show_problems

        for report in reports:
            click.echo(Path(report.batch.file).name)
            show_batch(report, None)
            if batch:
                show_problems(report)
    return 0


def _show_folders(app: "App", *, as_json: bool) -> int:
    from bulkorders.folder.state import states
    from bulkorders.pipeline.objects import dumps

    found = states(app)
    for state in found:
        if as_json:
            click.echo(dumps(state.as_json(app.timezone)).decode(), nl=False)
            continue
        looked = f"{state.looked_at.astimezone(app.timezone):%Y-%m-%d %H:%M:%S}" if state.looked_at else say("还没看过", "never")
        there = "" if state.is_there else say("（现在不在）", " (not there now)")
        click.echo(
            say(
                f"{state.folder}{there}：等着 {state.waiting}（正被打开 {state.locked}）、在处理 {state.claimed + state.entered}、"
                f"在跟踪 {state.followed}，上次看：{looked}",
                f"{state.folder}{there}: waiting {state.waiting} (open {state.locked}), worked on {state.claimed + state.entered}, "
                f"followed {state.followed}, last looked at: {looked}",
            )
        )
    if not found:
        click.echo(say("还没有配置文件夹：在配置里写 [[folders]]。", "No folders: add [[folders]] to the settings."), err=True)
    return 0


@click.command(cls=Command, words=Words("按流水账重新写一份批次的结果表。", "Write a batch's results workbook again, from the journal."))
@click.argument("batch", metavar="BATCH")
@option("-o", "--output", metavar="PATH", required=True, type=click.Path(path_type=Path), zh="写到哪里", en="Where to write it.")
@common
def results(batch: str, output: Path, config: Path | None, journal: str | None) -> int:
    """Nothing is sent."""
    from bulkorders.pipeline.report import report_batch, report_workbook
    from bulkorders.pipeline.results import results_path, write_workbook

    with open_app(config, journal) as app:
        report = report_batch(app, batch)
        if output.is_dir():
            output = output / results_path(Path(report.batch.file), report.batch.is_test).name
        written = write_workbook(app, report_workbook(app, report), output).path
        click.echo(say(f"结果表：{written}", f"results: {written}"))
    return 0
