"""The language of the terminal: Chinese, or English with `--lang en`; click's own words included.

Imports click alone: `--help` must be quick.
"""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import click

from bulkorders.core.words import Words
from bulkorders.errors import os_reason

_in_force = ["zh"]
"""The language of this process, for all its threads."""
LANGUAGES = ("zh", "en")


def lang() -> str:
    """The language in force."""
    return _in_force[0]


def choose_lang(arguments: Sequence[str]) -> None:
    """Takes `--lang`, wherever it stands, else `BULKORDERS_LANG`: known before click prints anything."""
    found = os.environ.get("BULKORDERS_LANG", "zh")
    for number, argument in enumerate(arguments):
        if argument == "--lang" and number + 1 < len(arguments):
            found = arguments[number + 1]
        elif argument.startswith("--lang="):
            found = argument.removeprefix("--lang=")
    _in_force[0] = found if found in LANGUAGES else "zh"


def say(zh: str, en: str) -> str:
    """One of the two, by the language in force."""
    return en if lang() == "en" else zh


class Option(click.Option):
    """An option whose help is in both languages."""

    def __init__(self, *args: Any, words: Words, **kwargs: Any) -> None:
        self.words = words
        super().__init__(*args, **kwargs)

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Its line in the help."""
        self.help = self.words.say(lang())
        return super().get_help_record(ctx)


class _Speaking(click.Command):
    """A command whose help is in both languages."""

    def __init__(self, *args: Any, words: Words, **kwargs: Any) -> None:
        self.words = words
        super().__init__(*args, **kwargs)

    def get_short_help_str(self, limit: int = 45) -> str:  # its first sentence, whole
        """Its line in the list of commands."""
        return self.words.say(lang()).splitlines()[0]

    def format_help_text(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Its description."""
        self.help = self.words.say(lang())
        super().format_help_text(ctx, formatter)

    def format_usage(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The line of usage."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=say("用法：", "Usage: "))

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of options, and of commands for a group."""
        options = (parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option))
        records = [record for each in options if (record := each.get_help_record(ctx))]
        with formatter.section(say("选项", "Options")):
            formatter.write_dl(records)
        if isinstance(self, click.Group):
            self.format_commands(ctx, formatter)

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """`--help`, in the language in force."""
        option = super().get_help_option(ctx)
        if option is not None:
            option.help = say("显示帮助", "Show this help.")
        return option

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """What stands behind the command's name."""
        pieces = [say("[选项]", "[OPTIONS]"), *(piece for each in self.get_params(ctx) for piece in each.get_usage_pieces(ctx))]
        return [*pieces, say("命令 [参数]…", "COMMAND [ARGS]...")] if isinstance(self, click.Group) else pieces


class Command(_Speaking):
    """A command."""


class Group(_Speaking, click.Group):
    """A group of commands."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, in the order in which they were added."""
        with formatter.section(say("命令", "Commands")):
            formatter.write_dl([(name, command.get_short_help_str()) for name, command in self.commands.items()])


def option(*names: str, zh: str, en: str, **kwargs: Any) -> Callable[[Any], Any]:
    """An option with its help in both languages."""
    return click.option(*names, cls=Option, words=Words(zh, en), **kwargs)


@contextmanager
def printing() -> Iterator[None]:
    """Prints as long as somebody reads: that nobody does changes nothing of what became of the orders, nor the exit code."""
    try:
        yield
        if sys.stdout is not None:
            sys.stdout.flush()
    except (BrokenPipeError, AttributeError):  # the reader has gone, or there never was a standard output
        _say_nothing_more()
    except OSError as error:
        zh, en = os_reason(error)
        click.echo(say(f"结果没有全部印出来：{zh}。", f"Not all was printed: {en}."), err=True)
        _say_nothing_more()


def _say_nothing_more() -> None:
    """What is still buffered goes nowhere, so that Python does not complain about it at the end."""
    sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123  # open to the end of the process
    with suppress(OSError):
        os.dup2(sys.stdout.fileno(), 1)


def usage_message(error: click.ClickException) -> str:
    """What click found wrong with the command line, as one sentence."""
    if lang() == "en":
        return error.format_message()
    match error:
        case click.exceptions.NoSuchCommand():
            return f"没有命令 {error.command_name}：用 bulkorders --help 看有哪些命令。"
        case click.NoSuchOption():
            return f"没有选项 {error.option_name}：用 --help 看有哪些选项。"
        case click.MissingParameter():
            name = error.param.human_readable_name if error.param else error.param_hint
            return f"缺少参数 {name}：用 --help 看怎么写。"
        case click.BadParameter():
            name = error.param.human_readable_name if error.param else error.param_hint
            return f"参数 {name} 写得不对：用 --help 看怎么写。"
        case click.BadOptionUsage():
            return f"选项 {error.option_name} 写得不对：用 --help 看怎么写。"
        case click.UsageError():
            return "命令写得不对：用 bulkorders --help 看有哪些命令和选项。"
        case _:
            return error.format_message()
