"""`bulkorders watch`: workbooks that are dropped into a folder go out by themselves."""

import json
import os
import queue
import sys
import threading
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkorders.core.words import Words
from bulkorders.errors import UsageError

from .interrupts import note, since
from .options import ACCOUNT, common, open_app
from .words import Command, lang, option, say

if TYPE_CHECKING:
    from bulkorders.pipeline.app import App
    from bulkorders.settings import FolderSettings

NOTICE_SECONDS = 10.0
"""How long `--once` waits at its end for notices to be sent; what is left is sent the next time."""
MOST_UNREAD = 10_000
"""Lines of the log that wait for a reader."""
FLUSH_SECONDS = 1.0
"""How long the end waits for one."""
_STOPPED = Words("已停下：没做完的下次启动接着做。", "Stopped; what is unfinished goes on at the next start.")


@click.command(
    cls=Command,
    words=Words(
        "看着文件夹：放进 inbox 的表格自动检查、提交，结果写进 results。\n\n不写 DIR 就看配置里的全部 [[folders]]；Ctrl-C 停止。",
        "Watch folders: workbooks dropped into inbox are checked and submitted, results go to results.\n\n"
        "Without DIR all [[folders]] of the settings; Ctrl-C stops it.",
    ),
)
@click.argument("folder", required=False, metavar="[DIR]", type=click.Path(path_type=Path))
@option("--once", is_flag=True, zh="只处理现在已经放好的文件，做完就结束", en="Take what is complete now, and end when it is done.")
@ACCOUNT
@option(
    "--log", "log_as", type=click.Choice(("text", "json")), default="text", show_default=True,
    zh="日志写成文字，还是每行一个 JSON", en="Log as text, or as one JSON object a line.",
)  # fmt: skip
@common
def watch(folder: Path | None, once: bool, account: str | None, log_as: str, config: Path | None, journal: str | None) -> int:
    """The log goes to standard error; the exit code of `--once` is the fate of the files."""
    from bulkorders.core.result import first_exit_code
    from bulkorders.folder.watch import Watch
    from bulkorders.pipeline.notices import Deliverer, enqueue
    from bulkorders.pipeline.work import Work

    with open_app(config, journal) as app:
        log = Log(app, as_json=log_as == "json")
        app.tell = lambda words: log.tell("note", words)
        work = Work(app, log, lambda target, key, words: enqueue(app.journal, target, key, words, app.clock.now()), since)
        with closing(log):
            watching = Watch(work, _chosen(app, folder, account))
            with Deliverer(app, work.left) as deliverer:  # raises for wrong targets before anything is picked up
                watching.begin(is_named=folder is not None)
                note()  # an interrupt breaks off nothing from now on
                if once:
                    watching.run_once()
                    deliverer.finish(NOTICE_SECONDS)
                    return first_exit_code(watching.exit_codes())
                watching.run_on()
            log.tell("stopped", _STOPPED)
    return 0


def _chosen(app: "App", folder: Path | None, account: str | None) -> "Sequence[FolderSettings]":
    """The folder that was named, with its settings if it has some, else all of the settings. Raises UsageError."""
    from bulkorders.settings import FolderSettings

    known = app.settings.folders
    if folder is not None:
        own = [each for each in known if each.path.resolve() == folder.resolve()]
        known = tuple(own) or (FolderSettings(path=folder),)
    if not known:
        raise UsageError(
            "没有要看的文件夹：请写 bulkorders watch 文件夹，或在 bulkorders.toml 里加 [[folders]]。",
            "there is no folder to watch: name one, or add [[folders]] to bulkorders.toml.",
        )
    return [each.model_copy(update={"account": account}) for each in known] if account else known


class Log:
    """Says what happens on standard error: a line each, whatever a file is called. Who does not read it holds up nothing."""

    def __init__(self, app: "App", *, as_json: bool) -> None:
        self._app, self._as_json = app, as_json
        self._lines: queue.Queue[str | None] = queue.Queue(MOST_UNREAD)
        self._writer = threading.Thread(target=self._write, daemon=True)
        self._writer.start()

    def tell(self, event: str, words: Words, **facts: object) -> None:
        """One line."""
        at = self._app.clock.now().astimezone(self._app.timezone)
        if self._as_json:
            found = {"time": at.isoformat(timespec="milliseconds"), "event": event, "message": words.say(lang()), **facts}
            line = json.dumps(found, ensure_ascii=False, default=str)
        else:
            folder = f"{Path(str(facts['folder'])).name}{say('：', ': ')}" if facts.get("folder") else ""
            line = f"{at:%Y-%m-%d %H:%M:%S} {folder}{words.say(lang())}"
        with suppress(queue.Full):  # nobody reads it
            self._lines.put_nowait("".join(letter if letter.isprintable() else " " for letter in line))

    def _write(self) -> None:
        while (line := self._lines.get()) is not None:
            try:
                self._write_line(line)
            except (OSError, ValueError):  # nobody is there to read it any more
                continue

    @staticmethod
    def _write_line(line: str) -> None:
        """Past Python's buffer, which is locked while nobody reads a pipe: the program could not end then."""
        if sys.stderr.isatty():
            print(line, file=sys.stderr, flush=True)
            return
        rest = f"{line}\n".encode(errors="replace")
        while rest:
            rest = rest[os.write(sys.stderr.fileno(), rest) :]

    def close(self) -> None:
        """Waits a moment until all is written."""
        with suppress(queue.Full):
            self._lines.put_nowait(None)
        self._writer.join(FLUSH_SECONDS)
