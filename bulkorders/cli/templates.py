"""`bulkorders template` and `bulkorders columns`: blank workbooks, and what their columns mean."""

from pathlib import Path

import click

from bulkorders.core.words import Words
from bulkorders.errors import UsageError

from .options import common
from .words import Command, lang, option, say


@click.command(
    cls=Command,
    words=Words("写一份空白模板；不写名字就列出有哪些模板。", "Write a blank template; without NAME list the templates."),
)
@click.argument("name", required=False, metavar="[NAME]")
@option(
    "-o",
    "--output",
    metavar="PATH",
    type=click.Path(path_type=Path),
    zh="写到哪里（文件或文件夹）",
    en="Where to write it (file or folder).",
)
@common
def template(name: str | None, output: Path | None, config: Path | None, journal: str | None) -> int:  # noqa: ARG001  # common options
    """Never over a file that is there: a merchant may have filled it in."""
    from bulkorders.pipeline.app import all_templates, find_template
    from bulkorders.pipeline.blanks import write_template

    if name is None:
        for each in all_templates():
            click.echo(f"{each.name}\t{each.title}")
        return 0
    found = find_template(name)
    target = output or Path(f"{name}.xlsx")
    target = target / f"{name}.xlsx" if target.is_dir() else target
    if target.exists():
        raise UsageError(
            f"{target} 已经存在，没有覆盖：请用 -o 换一个名字。", f"{target} exists and was not overwritten: choose another with -o."
        )
    write_template(found, target)
    click.echo(say(f"空白模板：{target}", f"blank template: {target}"))
    return 0


@click.command(cls=Command, words=Words("列出一个模板的各列：填什么、是否必填。", "List a template's columns."))
@click.argument("name", metavar="NAME")
@common
def columns(name: str, config: Path | None, journal: str | None) -> int:  # noqa: ARG001  # common options
    """The same table as in the README."""
    from bulkorders.pipeline.app import find_template
    from bulkorders.pipeline.describe import field_rows

    from .show import make_table, stdout

    heading, *rows = field_rows(find_template(name), lang())
    console = stdout()
    if not console.is_terminal:
        for row in (heading, *rows):
            click.echo("\t".join(row))
        return 0
    table = make_table(*heading)
    for row in rows:
        table.add_row(*row)
    console.print(table)
    return 0
