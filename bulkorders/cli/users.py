"""`bulkorders users`: who may sign in to the upload page, and the tokens with which other programs act for them."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bulkorders.core.words import Words
from bulkorders.errors import UsageError

from .options import common, open_app
from .words import Command, Group, option, say

if TYPE_CHECKING:
    from bulkorders.pipeline.users import User

LONGEST_LINE = 8000
"""Bytes of a password that comes from a pipe, its end of line included."""
_NAME = click.argument("name", metavar="NAME")


@click.group(
    cls=Group,
    words=Words(
        "上传页面的用户：列出、新建、改密码、停用、启用、发 API 令牌。",
        "Users of the upload page: list, add, password, disable, enable, API tokens.",
    ),
    invoke_without_command=True,
)
@click.pass_context
def users(context: click.Context) -> int:
    """Without a command it lists."""
    return 0 if context.invoked_subcommand else int(context.invoke(list_users))


@users.command("list", cls=Command, words=Words("列出用户。", "List the users."))
@option("--json", "as_json", is_flag=True, zh="输出 JSON，一个用户一行", en="Print JSON, one line each.")
@common
def list_users(as_json: bool = False, config: Path | None = None, journal: str | None = None) -> int:
    """Name, role, since when, whether disabled, and the names of his tokens."""
    from bulkorders.pipeline.users import all_users

    with open_app(config, journal) as app:
        found = [(user, user.created_at.astimezone(app.timezone), tokens) for user, tokens in all_users(app)]
    for user, since, tokens in found:
        _tell(user, since.isoformat(timespec="seconds"), tokens, as_json=as_json)
    if not found:
        click.echo(say("还没有用户：用 users add 名字 新建。", "There are no users: add one with users add NAME."), err=True)
    return 0


def _tell(user: "User", since: str, tokens: list[str], *, as_json: bool) -> None:
    from bulkorders.pipeline.objects import dumps

    is_disabled = user.disabled_at is not None
    if as_json:
        told = {"name": user.name, "role": user.role.value, "created_at": since, "disabled": is_disabled, "tokens": tokens}
        click.echo(dumps(told).decode(), nl=False)
        return
    role = say("管理员", "administrator") if user.role.value == "admin" else say("操作员", "operator")
    states = [say("已停用", "disabled")] if is_disabled else []
    states += [say(f"令牌 {'、'.join(tokens)}", f"tokens {', '.join(tokens)}")] if tokens else []
    click.echo("\t".join([user.name, role, since, *states]))


@users.command(
    "add",
    cls=Command,
    words=Words(
        "新建用户；密码在终端里输两次，没有终端时从标准输入读一行。",
        "Add a user; the password is asked for twice at the terminal, or read as one line from a pipe.",
    ),
)
@_NAME
@option("--admin", is_flag=True, zh="管理员：看得到所有人的批次，能暂停账号", en="An administrator: sees all batches, may pause accounts.")
@common
def add_user(name: str, admin: bool, config: Path | None, journal: str | None) -> int:
    """A password is never an option: those stand in the list of processes, and in the shell's history."""
    from bulkorders.pipeline.users import Role
    from bulkorders.pipeline.users import add_user as add

    with open_app(config, journal) as app:
        user = add(app, name, Role.ADMIN if admin else Role.OPERATOR, read_password())
    click.echo(say(f"用户 {user.name} 建好了。", f"user {user.name} was added."))
    return 0


@users.command("password", cls=Command, words=Words("改密码；他会在各处退出登录。", "Change a password; its user is signed out."))
@_NAME
@common
def change_password(name: str, config: Path | None, journal: str | None) -> int:
    """Wrong tries are forgotten, too."""
    from bulkorders.pipeline.users import change_password as change
    from bulkorders.pipeline.users import find_user

    with open_app(config, journal) as app:
        user = find_user(app, name)
        change(app, user, read_password())
    click.echo(say(f"用户 {user.name} 的密码改好了。", f"the password of user {user.name} was changed."))
    return 0


@users.command("disable", cls=Command, words=Words("停用：马上退出登录，令牌作废。", "Disable: signed out at once, tokens end."))
@_NAME
@common
def disable(name: str, config: Path | None, journal: str | None) -> int:
    """His batches stay."""
    from bulkorders.pipeline.users import disable_user, find_user

    with open_app(config, journal) as app:
        user = find_user(app, name)
        disable_user(app, user)
    click.echo(say(f"用户 {user.name} 已停用。", f"user {user.name} is disabled."))
    return 0


@users.command("enable", cls=Command, words=Words("启用；也让输错太多次的人马上再试。", "Enable; also ends the wait after wrong tries."))
@_NAME
@common
def enable(name: str, config: Path | None, journal: str | None) -> int:
    """With the password that he had; his tokens have to be made anew."""
    from bulkorders.pipeline.users import enable_user, find_user

    with open_app(config, journal) as app:
        user = find_user(app, name)
        enable_user(app, user)
    click.echo(say(f"用户 {user.name} 可以登录了。", f"user {user.name} may sign in."))
    return 0


@users.command("token", cls=Command, words=Words("发一个 API 令牌，只显示这一次。", "Make an API token, which is shown this once."))
@_NAME
@option("--name", "label", default="api", show_default=True, metavar="TEXT", zh="令牌的名字，说明给谁用", en="What it is for.")
@option("--end", "ends", metavar="TEXT", zh="作废这个名字的令牌", en="End the token of that name instead.")
@common
def make_token(name: str, label: str, ends: str | None, config: Path | None, journal: str | None) -> int:
    """The token alone goes to standard output."""
    from bulkorders.pipeline.users import end_token, find_user
    from bulkorders.pipeline.users import make_token as make

    with open_app(config, journal) as app:
        user = find_user(app, name)
        if ends is not None:
            end_token(app, user, ends)
            click.echo(say(f"用户 {user.name} 的令牌 {ends} 已作废。", f"token {ends} of user {user.name} was ended."), err=True)
            return 0
        click.echo(make(app, user, label))
    click.echo(
        say(
            f"请现在存好，以后不再显示；调用时写 Authorization: Bearer 加上它；作废请用 users token {user.name} --end {label}。",
            f"keep it, it is not shown again; send it as Authorization: Bearer; users token {user.name} --end {label} ends it.",
        ),
        err=True,
    )
    return 0


def read_password() -> str:
    """A password that somebody types, or that comes through a pipe. Raises UsageError for two that differ, or none."""
    if sys.stdin.isatty():
        first = click.prompt(
            say("密码（至少 10 个字符，输入时不显示）", "Password (at least 10 characters, not shown)"), hide_input=True, err=True
        )
        again = click.prompt(say("再输一次", "Once more"), hide_input=True, err=True)
        if first != again:
            raise UsageError("两次输入的密码不一样：请再运行一次。", "the two passwords differ: run it again.")
        return str(first)
    try:
        line = sys.stdin.buffer.readline(LONGEST_LINE).decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise UsageError("标准输入里的密码不是 UTF-8：请换一种写法。", "the password on standard input is not UTF-8.") from error
    if not line:
        raise UsageError(
            "没有读到密码：请在终端里运行，或从标准输入给一行。", "there is no password: run it at a terminal, or pipe one line."
        )
    return line
