"""`bulkorders service`: what starts `bulkorders watch` by itself, printed or written: unit, cron line, task, container."""

import getpass
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bulkorders.core.words import Words
from bulkorders.errors import UsageError, os_reason

from .options import common
from .words import Command, Group, option, say

if TYPE_CHECKING:
    from bulkorders.settings import Settings

    from .units import Files, Plan

_OWN = frozenset({"BULKORDERS_CONFIG", "BULKORDERS_JOURNAL", "BULKORDERS_LANG"})
_NOBODY = 10001


@click.group(
    cls=Group,
    words=Words(
        "让 watch 自己运行：打印 systemd 单元、cron 行、Windows 计划任务或容器的文件；-o 写成文件。",
        "Have watch run by itself: prints a systemd unit, a cron line, a Windows task or the files of a container; -o writes them.",
    ),
)
def service() -> None:
    """Nothing is installed and nothing is sent."""


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What all of them take."""
    path = click.Path(path_type=Path)
    for each in (
        common,
        option(
            "-o", "--output", metavar="DIR", type=path, zh="写到哪个文件夹；不写就打印", en="The folder to write to; else it is printed."
        ),
        option("--user", metavar="NAME", zh="用哪个用户运行", en="The user to run as."),
        option("--folder", metavar="DIR", type=path, zh="看哪个文件夹；不写就是配置里的全部", en="The folder; else all of the settings."),
    ):
        command = each(command)
    return command


_ONCE = option("--once", is_flag=True, zh="不一直运行，隔几分钟跑一次 watch --once", en="A watch --once every few minutes instead.")
_MINUTES = option(
    "--minutes", type=click.Choice(("1", "2", "5", "10", "15", "20", "30", "60")), default="5", show_default=True,
    zh="隔几分钟", en="How many minutes apart.",
)  # fmt: skip


@service.command("systemd", cls=Command, words=Words("Linux：systemd 单元；--once 另有定时器。", "Linux: a unit; with --once and a timer."))
@_options
@_ONCE
@_MINUTES
def print_systemd(output: Path | None, once: bool, minutes: str, user: str | None, **given: Any) -> int:
    """For /etc/systemd/system."""
    from .units import systemd

    plan = _plan(user=user or _me(), once=once, minutes=minutes, **given)
    if plan.user is None:
        raise UsageError("不知道用哪个用户运行：请写 --user。", "as which user? Give --user.")
    _tell_missing(plan.journal.parent, *plan.folders)
    _tell_forbidden(plan)
    if plan.user == "root":
        _note("服务会用 root 运行：请用 --user 写一个普通用户。", "It will run as root: name another with --user.")
    return _give(systemd(plan), output)


@service.command("cron", cls=Command, words=Words("一行 cron，隔几分钟跑一次。", "A cron line: a round every few minutes."))
@_options
@_MINUTES
def print_cron(output: Path | None, minutes: str, user: str | None, **given: Any) -> int:
    """For one's own crontab; with a user for /etc/cron.d."""
    from .units import cron

    plan = _plan(user=user, once=True, minutes=minutes, **given)
    _tell_missing(*plan.folders)
    _tell_forbidden(plan)
    return _give(cron(plan), output)


@service.command("windows", cls=Command, words=Words("Windows 计划任务，给 schtasks 用。", "A Windows task, for schtasks."))
@_options
@_ONCE
@_MINUTES
def print_windows(output: Path | None, once: bool, minutes: str, user: str | None, **given: Any) -> int:
    """From the start of the machine on, or every few minutes."""
    from .units import windows

    plan = _plan(user=user, once=once, minutes=minutes, **given)
    if os.name != "nt":
        _note(
            "这台机器不是 Windows：里面的路径是这台机器的，请在要运行它的 Windows 上生成。",
            "made on another system: its paths are of that.",
        )
    _tell_missing(*plan.folders)
    return _give(windows(plan), output, encoding="utf-16")


@service.command("compose", cls=Command, words=Words("Docker：compose 文件和 Dockerfile。", "Docker: a compose file and its Dockerfile."))
@_options
def print_compose(output: Path | None, user: str | None, **given: Any) -> int:
    """The journal and the folders are the machine's own."""
    import bulkorders

    from .units import compose
    from .units.rights import Person, forbidden

    if os.name != "posix":
        raise UsageError("compose 文件请在要运行它的 Linux 上生成。", "make the compose file on the Linux machine that is to run it.")
    plan = _plan(user=None, once=False, minutes="5", **given)
    root = Path(bulkorders.__file__).absolute().parents[1]
    uid, gid = _numbers(user, plan.journal.parent if plan.journal.parent.is_dir() else plan.config)
    _tell_missing(plan.journal.parent, *plan.folders)
    _tell_in_the_way(f"{uid}:{gid}", forbidden(Person(uid, frozenset({gid})), plan, with_program=False))
    source = root if (root / "pyproject.toml").is_file() else None
    return _give(compose(plan, source, (output or Path()).absolute(), uid, gid), output)


def _plan(
    *, user: str | None, once: bool, minutes: str, folder: Path | None, config: Path | None, journal: str | None
) -> "Plan":  # fmt: skip
    """What is to run, by options and settings. Raises UsageError."""
    from bulkorders.journal.journal import journal_path
    from bulkorders.settings import find_config, load_settings

    from .units import Plan, check_words

    found = find_config(config)
    if found is None:
        raise UsageError("没有找到配置文件：请用 --config 写明。", "there is no configuration file: name it with --config.")
    found, settings = found.absolute(), load_settings(config, journal)
    folders = [folder.absolute()] if folder else [each.path.absolute() for each in settings.folders]
    if not folders:
        raise UsageError("不知道看哪个文件夹：请写 --folder，或在配置里加 [[folders]]。", "no folder: give --folder, or add [[folders]].")
    if settings.journal is None and user not in (None, _me()):
        raise UsageError(
            f'配置里没有写 journal，{user} 会用自己的另一份流水账：请写上 journal = "sqlite:////…/journal.db"。',
            f"the settings name no journal, and {user} would use another one: set journal.",
        )
    kept = journal_path(settings.journal_url)
    words = ["watch", *([str(folder.absolute())] if folder else []), *(["--once"] if once else []), "--config", str(found)]
    if settings.journal is not None and settings.file.get("journal") != settings.journal:  # an option or the environment says it
        words += ["--journal", f"sqlite:///{kept.as_posix()}"]
    plan = Plan(sys.executable, words, folders, kept, found, _secret_files(settings), user, once, int(minutes), settings.timezone)
    check_words([*plan.command, *map(str, (*plan.folders, *plan.reads, kept)), user or ""])
    _tell_left_out()
    return plan


def _me() -> str | None:
    """The user at the terminal; None where the system has no name for him."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return None


def _secret_files(settings: "Settings") -> list[Path]:
    """The files with secrets that the settings name."""
    tables = [*settings.accounts.values(), *settings.notify.values()]
    return [Path(str(value)).absolute() for table in tables for name, value in table.items() if name.endswith("_file")]


def _tell_missing(*paths: Path) -> None:
    """What is not there when the service starts it may not be allowed to make."""
    for path in dict.fromkeys(paths):
        if not path.is_dir():
            _note(f"还没有文件夹 {path}：请先建好，让运行的用户能写。", f"there is no folder {path}: make it, writable for the user.")


def _tell_forbidden(plan: "Plan") -> None:
    """Who is to run it has to be there, and able to."""
    from .units.rights import forbidden, person

    if plan.user is None:
        return
    try:
        who = person(plan.user)
    except OSError:
        return
    if who is None:
        _note(f"还没有用户 {plan.user}：sudo useradd --system {plan.user}。", f"there is no user {plan.user}: add it with useradd.")
        return
    _tell_in_the_way(plan.user, forbidden(who, plan))


def _tell_in_the_way(who: str, paths: Sequence[Path]) -> None:
    for path in paths:
        _note(
            f"用户 {who} 用不了 {path}，服务会起不来：请改权限（chown、chmod），或装到别处。",
            f"{who} may not use {path}, so it would not start: change its rights, or its place.",
        )


def _tell_left_out() -> None:
    """What is set in this shell alone is not set where the service runs."""
    names = sorted(name for name in os.environ if name.startswith("BULKORDERS_") and name not in _OWN)
    if names:
        _note(f"环境变量 {'、'.join(names)} 不会带进去：请另外设置。", f"{', '.join(names)} of this shell will not be set there.")


def _numbers(user: str | None, own: Path) -> tuple[int, int]:
    """The user and group of a container: as named, else those to whom the journal belongs, but never root."""
    import pwd

    name, _, group = (user or "").partition(":")
    if name.isdecimal() and (group.isdecimal() or not group):
        return int(name), int(group or name)
    try:
        known = pwd.getpwnam(name) if name else pwd.getpwuid(own.stat().st_uid)
    except KeyError:
        raise UsageError(f"没有用户 {user}：请写用户名，或 1000:1000 这样的编号。", f"there is no user {user}.") from None
    return (known.pw_uid, known.pw_gid) if known.pw_uid else (_NOBODY, _NOBODY)


def _give(files: "Files", output: Path | None, encoding: str = "utf-8") -> int:
    """Prints the files, or writes them where nothing is yet. Raises UsageError."""
    if output is None:
        for name, text in files.items():
            click.echo(text if len(files) == 1 else f"# {name}\n{text}", nl=len(files) > 1)
        return 0
    targets = {output / name: text for name, text in files.items()}
    _refuse_over(list(targets))
    try:
        output.mkdir(parents=True, exist_ok=True)
        for path, text in targets.items():
            path.write_text(text, encoding=encoding)
            click.echo(say(f"已写好：{path}", f"written: {path}"))
    except OSError as error:
        zh, en = os_reason(error)
        raise UsageError(f"{output} 写不了：{zh}。", f"{output} cannot be written: {en}.") from error
    return 0


def _refuse_over(paths: Sequence[Path]) -> None:
    for path in paths:
        if path.exists():
            raise UsageError(f"{path} 已经存在，没有覆盖：请先移走，或换一个文件夹。", f"{path} exists and was not overwritten.")


def _note(zh: str, en: str) -> None:
    click.echo(say(f"注意：{zh}", f"Note: {en}"), err=True)
