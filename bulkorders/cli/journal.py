"""`bulkorders journal`: the journal copied, and looked through."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkorders.core.words import Words
from bulkorders.errors import UsageError

from .options import common, open_app
from .words import Command, Group, lang, option, say

if TYPE_CHECKING:
    from bulkorders.journal.check import Condition
    from bulkorders.journal.journal import Journal
    from bulkorders.pipeline.app import App


@click.group(cls=Group, words=Words("流水账：备份、检查。", "The journal: back it up, check it."))
def journal() -> None:
    """Nothing is sent, and no journal is made."""


@journal.command(
    "backup",
    cls=Command,
    words=Words(
        "备份流水账和保留的表格；别的程序可以照常运行。", "Copy the journal and the files it keeps, while others go on."
    ),
)  # fmt: skip
@click.argument("path", metavar="PATH", type=click.Path(path_type=Path))
@common
def back_up(path: Path, config: Path | None, journal: str | None) -> int:
    """Never over a file that is there."""
    from bulkorders.journal import backup
    from bulkorders.pipeline.app import path_text

    with _open_known(config, journal) as app:
        made = backup.back_up(app.journal, path.absolute())
    name, size = path_text(path), f"{made.size / 1_000_000:.1f} MB"
    click.echo(
        say(
            f"已备份到 {name}：{made.batches} 个批次，{made.orders} 单，{size}；保留的表格 {made.files} 份，在 {name}.files。",
            f"copied to {name}: {made.batches} batches, {made.orders} orders, {size}; {made.files} kept workbooks in {name}.files.",
        )
    )
    return 0


@journal.command("check", cls=Command, words=Words("检查流水账有没有损坏、对不上的地方。", "Look the journal through for damage."))
@option("--json", "as_json", is_flag=True, zh="输出 JSON", en="Print JSON.")
@option(
    "--complete",
    is_flag=True,
    zh="换过或恢复过的流水账，已在平台上核对过所有订单：以后不再先查再发",
    en="Declare a restored journal complete: orders are no longer looked up first.",
)
@common
def check(as_json: bool, complete: bool, config: Path | None, journal: str | None) -> int:
    """Exit code 2 where anything is wrong."""
    from bulkorders.journal.check import check_journal
    from bulkorders.journal.journal import declare_complete

    with _open_known(config, journal) as app:
        found = check_journal(app.journal, app.clock.now())
        if complete and not found.problems:
            declare_complete(app.journal)
        (_tell_json if as_json else _tell_people)(app.journal, found)
    return 2 if found.problems else 0


@contextmanager
def _open_known(config: Path | None, journal: str | None) -> Iterator["App"]:
    """An app whose journal is there: a new one would have nothing to copy, and nothing wrong."""
    from bulkorders.journal.journal import journal_path

    with open_app(config, journal) as app:
        path = journal_path(app.settings.journal_url)
        if not path.exists():
            raise UsageError(f"没有流水账 {path}：请核对 --journal 或配置里的 journal。", f"there is no journal {path}.")
        yield app


def _tell_json(journal: "Journal", found: "Condition") -> None:
    from bulkorders.journal.journal import journal_path
    from bulkorders.pipeline.objects import dumps

    told = {
        "journal": str(journal_path(str(journal.engine.url))),
        "batches": found.batches,
        "orders": {status.value: count for status, count in found.orders.items()},
        "incomplete": journal.incomplete and journal.incomplete.say(lang()),
        "problems": [problem.say(lang()) for problem in found.problems],
    }
    sys.stdout.buffer.write(dumps(told))
    sys.stdout.flush()


def _tell_people(journal: "Journal", found: "Condition") -> None:
    from bulkorders.core.result import FATE_WORDS, fate_of

    total = sum(found.orders.values())
    click.echo(say(f"{found.batches} 个批次，{total} 单", f"{found.batches} batches, {total} orders"))
    for status, count in found.orders.items():
        if count:
            click.echo(f"  {FATE_WORDS[fate_of(status)].say(lang())} {count}")
    if journal.incomplete:
        click.echo(say(f"注意：{journal.incomplete.zh}。", f"note: {journal.incomplete.en}."))
    for problem in found.problems:
        click.echo(problem.say(lang()))
    if not found.problems:
        click.echo(say("流水账没有问题。", "The journal is in order."))
