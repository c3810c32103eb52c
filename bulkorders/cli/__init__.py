"""The command line: options to one pipeline call, to words, to an exit code."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

import click

from bulkorders import __version__
from bulkorders.core.words import Words
from bulkorders.errors import BulkordersError, bug_said

from . import interrupts
from .accounts import accounts
from .batches import results, status
from .check import check
from .journal import journal
from .notify import notify
from .sandbox import sandbox
from .serve import serve
from .service import service
from .streams import prepare_streams
from .submit import resume, submit
from .templates import columns, template
from .users import users
from .watch import watch
from .words import LANGUAGES, Group, choose_lang, lang, option, say, usage_message

INTERRUPTED = 130
_GRAVER = (1, 2)
"""Exit codes that say more than that the run was interrupted."""


@click.group(
    cls=Group,
    words=Words(
        "把填好的 Excel 表格变成订单：检查、合并、提交，结果写回表格。",
        "Orders from filled workbooks: checked, grouped, submitted, with results written back.",
    ),
)
@option("--lang", type=click.Choice(LANGUAGES), expose_value=False, zh="提示的语言：zh 或 en", en="Language of messages.")
@click.version_option(__version__, prog_name="bulkorders", message="%(prog)s %(version)s", help="显示版本")
def root() -> None:
    """All commands."""


_COMMANDS = (
    template, columns, check, submit, resume, status, results, accounts, watch, serve, users, notify, journal, service, sandbox,
)  # fmt: skip
for _command in _COMMANDS:
    root.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Runs one command and ends the process with its exit code: one sentence for each problem, never a traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    choose_lang(given)
    prepare_streams()
    interrupts.listen()
    code = _run(given)
    interrupts.end()
    sys.exit(INTERRUPTED if interrupts.since() is not None and code not in _GRAVER else code)


def _run(arguments: Sequence[str]) -> int:
    try:
        with root.make_context("bulkorders", list(arguments)) as context:
            code = root.invoke(context)
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "")
        return 0
    except click.ClickException as error:
        return _fail(usage_message(error), 2)
    except (click.Abort, KeyboardInterrupt):
        return _fail(say("已中断。", "Interrupted."), INTERRUPTED)
    except BulkordersError as error:
        return _fail(error.message(lang()), error.exit_code)
    except BrokenPipeError:
        sys.stderr.close()  # nobody reads on; Python would complain about it at the end
        os._exit(0)
    except Exception as error:  # noqa: BLE001  # a bug of ours ends as one sentence, too
        if isinstance(error.__cause__ or error.__context__, KeyboardInterrupt):  # caught by a library on its way
            return _fail(say("已中断。", "Interrupted."), INTERRUPTED)
        return _fail(say(*bug_said(error)), 1)
    return code if isinstance(code, int) else 0


def _fail(sentence: str, code: int) -> int:
    click.echo(sentence, err=True)
    return code
