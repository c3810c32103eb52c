"""`bulkorders status` and `bulkorders results`: what the journal says, at any time."""

import sys
from pathlib import Path

import click

from bulkorders.core.words import Words

from .options import JSON, common, open_app
from .words import Command, option, say


@click.command(cls=Command, words=Words("看各批次的情况；写上批次只看那一个。", "Show the batches, or one of them."))
@click.argument("batch", required=False, metavar="[BATCH]")
@JSON
@common
def status(batch: str | None, as_json: bool, config: Path | None, journal: str | None) -> int:
    """Reads the journal only."""
    from bulkorders.journal.views import list_batches
    from bulkorders.pipeline.notices import given_up
    from bulkorders.pipeline.objects import batch_json, dumps
    from bulkorders.pipeline.report import report_batch

    from .words import lang

    with open_app(config, journal) as app:
        if (unsent := given_up(app)) is not None:
            click.echo(unsent.say(lang()), err=True)
        names = [batch] if batch else [found.id for found in list_batches(app.journal)]
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
