"""`bulkorders users`: who may sign in, with passwords that stand in no list of processes and in no file."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from desk import Desk, Ran, make_bare  # noqa: F401  # a fixture

from bulkorders.pipeline.app import App
from bulkorders.pipeline.users import Role, Session, session_of, sign_in, user_of_token
from bulkorders.settings import Settings

SECRET = "canary horse 密码 7"


@pytest.fixture(name="at")
def make_at(bare: Desk) -> Desk:
    """A desk with a journal of its own."""
    (bare.folder / "bulkorders.toml").write_text('journal = "journal.db"\n', encoding="utf-8")
    return bare


def piped(at: Desk, *arguments: str, line: bytes = b"", code: int | None = 0) -> Ran:
    """The program with one line on its standard input."""
    ran = subprocess.run([*at.command, "users", *arguments], cwd=at.folder, env=at.environment, input=line, capture_output=True, timeout=60)
    found = Ran(ran.returncode, ran.stdout.decode(), ran.stderr.decode())
    assert "Traceback" not in found.err
    assert SECRET not in found.out + found.err
    assert code is None or found.code == code, found
    return found


def add(at: Desk, name: str, *options: str, password: str = SECRET) -> Ran:
    """A new user."""
    return piped(at, "add", name, *options, line=password.encode() + b"\n")


def app_of(at: Desk) -> App:
    """What the page runs on."""
    return App(Settings(journal=(at.folder / "journal.db").as_posix()))


def test_a_user_that_was_added_signs_in(at: Desk) -> None:
    """With the line that came through the pipe, its end left out; he is an operator unless he was made an administrator."""
    assert "还没有用户" in piped(at, "list").err
    assert add(at, "小王").out == "用户 小王 建好了。\n"
    piped(at, "add", "Boss", "--admin", line=b"\xef\xbb\xbf" + SECRET.encode() + b"\r\n")
    app = app_of(at)
    for name, role in (("小王", Role.OPERATOR), ("boss", Role.ADMIN)):
        session = sign_in(app, name, SECRET, "127.0.0.1")
        assert isinstance(session, Session)
        assert session.user.role is role
    app.close()
    listed = piped(at).out.splitlines()
    assert [line.split("\t")[:2] for line in listed] == [["小王", "操作员"], ["Boss", "管理员"]]
    found = [json.loads(line) for line in piped(at, "list", "--json").out.splitlines()]
    assert [(one["name"], one["role"], one["disabled"], one["tokens"]) for one in found] == [
        ("小王", "operator", False, []), ("Boss", "admin", False, []),
    ]  # fmt: skip
    assert set(found[0]) == {"name", "role", "created_at", "disabled", "tokens"}


def test_what_cannot_be_is_refused_with_one_sentence(at: Desk) -> None:
    """A name that is taken, a short password, none, one that is no text, a user who is not there, a password as an option."""
    add(at, "小王")
    assert "已经有用户" in piped(at, "add", "小王", line=SECRET.encode(), code=2).said
    assert "至少要 10" in piped(at, "add", "小李", line=b"short\n", code=2).said
    assert "没有读到密码" in piped(at, "add", "小李", code=2).said
    assert "UTF-8" in piped(at, "add", "小李", line=b"\xff\xfe\xfd\n", code=2).said
    assert "没有用户 小李" in piped(at, "disable", "小李", code=2).said
    assert piped(at, "add", "小李", "--password", "another horse", code=2).err.count("\n") == 1
    assert [line.split("\t")[0] for line in piped(at).out.splitlines()] == ["小王"]
    assert "there is no user Li" in piped(at, "enable", "Li", "--lang", "en", code=2).said


def test_a_user_is_disabled_enabled_and_given_another_password(at: Desk) -> None:
    """Each holds at once for whoever is signed in."""
    add(at, "小王")
    app = app_of(at)
    session = sign_in(app, "小王", SECRET, "127.0.0.1")
    assert isinstance(session, Session)
    piped(at, "disable", "小王")
    assert session_of(app, session.token) is None
    assert "已停用" in piped(at).out
    piped(at, "enable", "小王")
    session = sign_in(app, "小王", SECRET, "127.0.0.1")
    assert isinstance(session, Session)
    piped(at, "password", "小王", line=b"another horse\n")
    assert session_of(app, session.token) is None
    assert isinstance(sign_in(app, "小王", "another horse", "127.0.0.1"), Session)
    app.close()


def test_a_token_is_shown_once_alone_on_standard_output(at: Desk) -> None:
    """It can be put where it belongs by a script; ended, it lets nobody in."""
    add(at, "小王")
    made = piped(at, "token", "小王", "--name", "erp")
    token = made.out.removesuffix("\n")
    assert token.startswith("bo_")
    assert token not in made.err
    app = app_of(at)
    user = user_of_token(app, token)
    assert user is not None
    assert user.name == "小王"
    assert piped(at).out.endswith("\t令牌 erp\n")
    piped(at, "token", "小王", "--end", "erp")
    assert user_of_token(app, token) is None
    app.close()
    assert "没有令牌" in piped(at, "token", "小王", "--end", "erp", code=2).said
    kept = b"".join(path.read_bytes() for path in at.folder.rglob("*") if path.is_file())
    assert "小王".encode() in kept
    assert [secret for secret in (SECRET, token) if secret.encode() in kept] == []


@pytest.mark.parametrize("again", [SECRET, SECRET + "x"])
def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(at: Desk, again: str) -> None:
    """Two that differ are refused."""
    pytest.importorskip("pty", reason="terminals of this kind are Unix's")
    spawn = f"import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn({[*at.command, 'users', 'add', '小王']!r})))"
    process = subprocess.Popen(
        [sys.executable, "-c", spawn], cwd=at.folder, env=at.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    shown = b""
    for prompt, typed in (("密码", SECRET), ("再输一次", again)):
        while prompt.encode() not in shown or not shown.endswith(b": "):
            piece = os.read(process.stdout.fileno(), 4096)
            assert piece, shown
            shown += piece
        process.stdin.write(typed.encode() + b"\n")
        process.stdin.flush()
    shown += process.stdout.read()
    process.stdin.close()
    assert process.wait(timeout=60) == (0 if again == SECRET else 2)
    process.stdout.close()
    assert SECRET not in shown.decode()
    assert ("建好了" if again == SECRET else "不一样") in shown.decode()


def test_the_journal_is_its_owners_alone(at: Desk) -> None:
    """Nobody else of the machine reads the hashes."""
    add(at, "小王")
    paths = [path for path in Path(at.folder).glob("journal.db*") if path.is_file()]
    assert paths
    assert {oct(path.stat().st_mode & 0o077) for path in paths if path.suffix != ".side"} == {"0o0"}
