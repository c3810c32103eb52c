"""What starts `bulkorders watch` by itself: a systemd unit, a cron line, a Windows task, a container. The texts lie beside this file.

Each system reads a path its own way, so that blanks, quotes, `%` and `$` in it are written as that system wants them.
"""

import json
import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

from bulkorders import __version__
from bulkorders.errors import UsageError

TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108  # where a unit sees other files than everybody else
CRON_LENGTH = 990
"""Characters of a command: what is longer is cut off by cron."""


@dataclass(frozen=True)
class Plan:
    """What is to run. `words`: the program's arguments. `folders`, `journal`, `config`: absolute paths. `reads`: further files it reads."""

    python: str
    words: Sequence[str]
    folders: Sequence[Path]
    journal: Path
    config: Path
    reads: Sequence[Path]
    user: str | None
    once: bool
    minutes: int
    zone: str

    @property
    def command(self) -> list[str]:
        """The whole command line."""
        return [self.python, "-m", "bulkorders", *self.words]


Files = Mapping[str, str]
"""Texts by the names of their files."""


def _text(name: str, **values: object) -> str:
    """A text with its `@names@` filled; `@@` stands for one `@`."""
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return re.sub(r"@(?:(\w+)@|@)", lambda found: str(values[found[1]]) if found[1] else "@", text)


def check_words(words: Sequence[str]) -> None:
    """Raises UsageError for what none of these systems can be told."""
    for word in words:
        if not word.isprintable():
            raise UsageError(f"路径里有换行之类的符号，写不进去：{word!r}。", f"a path holds control characters: {word!r}.")


# -- systemd -----------------------------------------------------------------------------------------------------------------------------
def systemd(plan: Plan) -> Files:
    """A unit that runs on, or with `once` one that a timer starts."""
    if "$" in plan.python:
        raise UsageError(
            f"systemd 启动不了路径带 $ 的程序：{plan.python}。", f"systemd starts no program whose path holds $: {plan.python}."
        )
    values = {
        "user": plan.user, "folder": _percent(str(plan.config.parent)), "hardening": _hardening(plan),
        "command": " ".join([systemd_word(plan.python), *(systemd_word(word).replace("$", "$$") for word in plan.command[1:])]),
    }  # fmt: skip
    if not plan.once:
        return {"bulkorders-watch.service": _text("bulkorders-watch.service", **values)}
    timer = _text("bulkorders-once.timer", minutes=plan.minutes)
    return {"bulkorders-once.service": _text("bulkorders-once.service", **values), "bulkorders-once.timer": timer}


def _hardening(plan: Plan) -> str:
    """What the program may write to is its journal and its folders; one that is not there yet keeps it from nothing."""
    writable = [plan.journal.parent, *plan.folders]
    used = [*writable, plan.config, Path(plan.python), *plan.reads]
    is_private = not any(path.is_relative_to(place) for path in used for place in TEMPORARY)
    writable += [] if is_private else TEMPORARY  # children lay down there what they are at work on
    paths = " ".join(systemd_word(f"-{path}") for path in dict.fromkeys(writable))
    return _text("hardening.txt", writable=paths, private="PrivateTmp=yes\n" if is_private else "")


def systemd_word(text: str) -> str:
    """One word of a unit's setting (systemd.syntax(7), "Quoting")."""
    escaped = _percent(text).replace("\\", "\\\\").replace('"', '\\"')
    return escaped if re.fullmatch(r"[\w./:=@%,+-]+", text, re.ASCII) else f'"{escaped}"'


def _percent(text: str) -> str:
    return text.replace("%", "%%")


# -- cron --------------------------------------------------------------------------------------------------------------------------------
def cron(plan: Plan) -> Files:
    """One line: of one's own crontab, or with a user of /etc/cron.d."""
    command = cron_command(plan.command)
    if len(command) > CRON_LENGTH:
        raise UsageError("cron 的命令太长了：请把文件夹写进配置的 [[folders]]，或换短一点的路径。", "the command is too long for cron.")
    user = f"{plan.user} " if plan.user else ""
    how = "安装：sudo cp bulkorders /etc/cron.d/" if plan.user else "安装：运行 crontab -e，加上下面这一行"
    when = "0 * * * *" if plan.minutes == 60 else f"*/{plan.minutes} * * * *"
    return {"bulkorders": _text("crontab", install=how, when=when, user=user, command=command)}


def cron_command(words: Sequence[str]) -> str:
    """A command as crontab(5) takes it: quoted for the shell, and `%`, which is a line break there, escaped."""
    return shlex.join(words).replace("%", r"\%")


# -- Windows -----------------------------------------------------------------------------------------------------------------------------
_BOOT = """    <BootTrigger>
      <Enabled>true</Enabled>
      <Delay>PT1M</Delay>
    </BootTrigger>"""
_OFTEN = """    <TimeTrigger>
      <Enabled>true</Enabled>
      <StartBoundary>2025-01-01T00:00:00</StartBoundary>
      <Repetition>
        <Interval>PT{minutes}M</Interval>
        <StopAtDurationEnd>false</StopAtDurationEnd>
      </Repetition>
    </TimeTrigger>"""
_RESTART = """    <RestartOnFailure>
      <Interval>PT1M</Interval>
      <Count>999</Count>
    </RestartOnFailure>
"""


def windows(plan: Plan) -> Files:
    """A task: from the start of the machine on, or with `once` every few minutes."""
    user = f"      <UserId>{escape(plan.user)}</UserId>\n" if plan.user else ""
    task = _text(
        "task.xml", user=user, python=escape(plan.python), folder=escape(str(plan.config.parent)),
        arguments=escape(subprocess.list2cmdline(plan.command[1:])),
        trigger=_OFTEN.format(minutes=plan.minutes) if plan.once else _BOOT, restart="" if plan.once else _RESTART,
    )  # fmt: skip
    return {"bulkorders.xml": task}


# -- containers --------------------------------------------------------------------------------------------------------------------------
_FROM_SOURCE = """WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY bulkorders bulkorders
RUN pip install --no-cache-dir uv && UV_PROJECT_ENVIRONMENT=/opt/bulkorders uv sync --no-dev --no-editable --no-cache
WORKDIR /"""
_FROM_INDEX = "RUN python -m venv /opt/bulkorders && /opt/bulkorders/bin/pip install --no-cache-dir bulkorders=={version}"


def compose(plan: Plan, source: Path | None, folder: Path, uid: int, gid: int) -> Files:
    """A compose file and its Dockerfile, which are to lie in `folder`. `source`: where the program's own files lie, if they do.

    Files and folders have the same paths within as without, so that the settings and the journal are those of the machine: with a
    journal of its own the container would not know what was sent before.
    """
    mounts = [*((path, False) for path in (plan.journal.parent, *plan.folders)), *((path, True) for path in (plan.config, *plan.reads))]
    health = ["CMD", "bulkorders", "status", "--folders", "--json"]
    words = [each for each in plan.words if each != "--once"]
    file = _text(
        "compose.yaml", context=yaml_word(source or folder), dockerfile=yaml_word(folder / "Dockerfile"), uid=uid, gid=gid,
        command=yaml_list(words), zone=yaml_word(plan.zone), health=yaml_list(health), config=yaml_word(plan.config),
        journal=yaml_word(f"sqlite:///{plan.journal.as_posix()}"), backup=plan.journal.parent.as_posix(),
        mounts="\n".join(_mount(path, read_only=read_only) for path, read_only in dict.fromkeys(mounts)),
    )  # fmt: skip
    install = _FROM_SOURCE if source else _FROM_INDEX.format(version=__version__)
    return {"compose.yaml": file, "Dockerfile": _text("Dockerfile", install=install)}


def _mount(path: Path, *, read_only: bool) -> str:
    lines = ["type: bind", f"source: {yaml_word(path)}", f"target: {yaml_word(path)}", f"read_only: {str(read_only).lower()}"]
    return "      - " + "\n        ".join([*lines, "bind:", "  create_host_path: false"])


def yaml_word(text: object) -> str:
    """A text as a compose file takes it: JSON's strings are YAML's, and a `$` would be a variable."""
    return json.dumps(str(text), ensure_ascii=False).replace("$", "$$")


def yaml_list(words: Sequence[str]) -> str:
    """Several of them."""
    return "[" + ", ".join(yaml_word(word) for word in words) + "]"
