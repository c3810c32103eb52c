"""`bulkorders service`: what it prints is what systemd, cron, Windows and Docker read, whatever blanks and quotes the paths have."""

import os
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest
import yaml
from desk import Desk, make_bare  # noqa: F401  # a fixture
from programs import require

from bulkorders.cli.units import Plan, compose, cron, cron_command, systemd, systemd_word, windows
from bulkorders.cli.units.rights import ENTER, READ, WRITE, Person, forbidden
from bulkorders.errors import UsageError

ODD = '领星 单据 100% o\'clock "A" $HOME & <b> #1;*'
"""A folder as people name them, and worse."""
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


def plan(at: Path, *, once: bool = False, python: str = sys.executable, **changed: Any) -> Plan:
    """A service over an oddly named folder."""
    folder, config = at / ODD, at / "配置 1" / "bulkorders.toml"
    words = ["watch", str(folder), *(["--once"] if once else []), "--config", str(config)]
    values: dict[str, Any] = {
        "words": words, "folders": [folder], "journal": at / "账 本" / "journal.db", "config": config, "reads": [at / "密 钥"],
        "user": "bulkorders", "minutes": 5, "zone": "Asia/Shanghai",
    }  # fmt: skip
    return Plan(python=python, once=once, **{**values, **changed})


def setting(unit: str, name: str) -> str:
    """A setting of a unit."""
    (found,) = re.findall(rf"^{name}=(.*)$", unit, re.MULTILINE)
    return str(found)


def systemd_words(text: str) -> list[str]:
    """Words as systemd.syntax(7) says: blanks part them but for those in quotes, a backslash takes the next letter, %% is a %."""
    words, word, quote, signs = list[str](), "", "", iter(text + " ")
    for sign in signs:
        if sign == "\\":
            word += next(signs)
        elif quote or sign in "\"'":
            word, quote = (word, sign) if not quote else (word, "") if sign == quote else (word + sign, quote)
        elif sign == " ":
            words, word = [*words, word] if word else words, ""
        else:
            word += sign
    assert not quote
    assert all("%" not in word.replace("%%", "") for word in words)
    return [word.replace("%%", "%") for word in words]


# -- systemd -----------------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("once", [False, True])
def test_systemd_takes_the_unit(tmp_path: Path, once: bool) -> None:
    """Its own program finds nothing wrong with it, with a Python whose path has blanks, too."""
    verify = require("systemd-analyze", "systemd")
    at = tmp_path / "运 行 100%"
    for folder in (at / ODD, at / "配置 1"):
        folder.mkdir(parents=True)
    python = at / "py thon"
    python.symlink_to(sys.executable)
    files = systemd(plan(at, once=once, python=str(python)))
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    ran = subprocess.run(
        [verify, "verify", *(str(tmp_path / name) for name in files)],
        capture_output=True, text=True, check=False, env={**os.environ, "SYSTEMD_LOG_LEVEL": "info"},
    )  # fmt: skip
    assert [line for line in ran.stderr.splitlines() if "bulkorders" in line or str(tmp_path) in line] == []
    assert ran.returncode == 0
    assert sorted(files) == (["bulkorders-once.service", "bulkorders-once.timer"] if once else ["bulkorders-watch.service"])
    if once:
        assert setting(files["bulkorders-once.timer"], "OnUnitInactiveSec") == "5min"


def test_a_unit_names_the_paths_as_they_are(tmp_path: Path) -> None:
    """The command, and what may be written to: the folders and the journal's, nothing else."""
    found = plan(tmp_path)
    unit = systemd(found)["bulkorders-watch.service"]
    assert [word.replace("$$", "$") for word in systemd_words(setting(unit, "ExecStart"))] == found.command
    assert systemd_words(setting(unit, "ReadWritePaths"))[:2] == [f"-{found.journal.parent}", f"-{found.folders[0]}"]
    assert setting(unit, "WorkingDirectory") == str(found.config.parent)
    assert (setting(unit, "NoNewPrivileges"), setting(unit, "ProtectSystem"), setting(unit, "User")) == ("yes", "strict", "bulkorders")
    assert "@" not in unit.replace("@system-service", "")


@pytest.mark.parametrize(("folder", "is_private"), [("srv", True), ("tmp", False), ("var/tmp", False)])
def test_a_folder_below_tmp_is_the_one_that_everybody_sees(folder: str, is_private: bool) -> None:
    """A unit with a /tmp of its own would watch an empty one; one without may write to that of all, as its children do."""
    at = Path("/srv")
    unit = systemd(plan(at, folders=[Path("/") / folder / "orders"], python="/opt/venv/bin/python"))["bulkorders-watch.service"]
    assert ("PrivateTmp=yes" in unit) == is_private
    assert ({"-/tmp", "-/var/tmp"} <= {*systemd_words(setting(unit, "ReadWritePaths"))}) != is_private


def test_systemd_starts_no_python_with_a_dollar() -> None:
    """There is no way to write it; that is said."""
    with pytest.raises(UsageError, match=r"路径带 \$"):
        systemd(plan(Path("/srv"), python="/opt/a$b/python"))


@pytest.mark.parametrize("text", ["plain", "two words", 'a"b', "a'b", "a\\b", "100%", "a;b", "#", "", "单"])
def test_a_word_is_quoted_as_systemd_reads_it(text: str) -> None:
    """Whatever it holds."""
    assert systemd_words(f"a {systemd_word(text)} b") == (["a", text, "b"] if text else ["a", "b"])


# -- cron --------------------------------------------------------------------------------------------------------------------------------
SHOW = '#!/bin/sh\nprintf "%s\\n" "$@"\n'


def test_a_shell_runs_what_cron_takes_out_of_the_line(tmp_path: Path) -> None:
    """Five times, a command; cron takes `\\%` for `%`, and the shell gives the program its words whole."""
    python = tmp_path / "蟒 蛇's 100%"
    python.write_text(SHOW)
    python.chmod(0o755)
    found = plan(tmp_path, python=str(python), once=True, user=None)
    comment, line = cron(found)["bulkorders"].splitlines()
    assert comment.startswith("# ")
    *times, command = line.split(" ", 5)
    assert times == ["*/5", "*", "*", "*", "*"]
    assert not re.search(r"(?<!\\)%", command)
    said = subprocess.run(
        ["sh", "-c", command.replace(r"\%", "%").replace("| logger -t bulkorders", "| cat")], capture_output=True, check=True
    )
    assert said.stdout.decode().splitlines() == found.command[1:]


def test_a_line_of_cron_d_has_the_user_and_ends_the_line() -> None:
    """The sixth word is the user there; a last line that does not end is not read."""
    text = cron(plan(Path("/srv"), user="orders", minutes=60))["bulkorders"]
    assert text.endswith("\n")
    assert text.splitlines()[1].split()[:7] == ["0", "*", "*", "*", "*", "orders", "PYTHONUTF8=1"]
    assert cron_command(["a b", "c%d"]) == r"'a b' c\%d"
    with pytest.raises(UsageError, match="太长"):
        cron(plan(Path("/" + "长" * 200 + "/" + "x" * 800)))


# -- Windows -----------------------------------------------------------------------------------------------------------------------------
def windows_words(text: str) -> list[str]:
    """An argument string as Windows programs part it (CommandLineToArgvW)."""
    found = re.findall(r'(?:[^\s"\\]|\\+(?!["\\])|"(?:[^"\\]|\\(?!\\*")|(?:\\\\)*\\"|(?:\\\\)+(?="))*")+', text)
    return [re.sub(r'(\\*)"', lambda hit: "\\" * (len(hit[1]) // 2) + ('"' if len(hit[1]) % 2 else ""), word) for word in found]


@pytest.mark.parametrize("once", [False, True])
def test_a_task_is_xml_with_the_words_as_they_are(once: bool) -> None:
    """Python's own path, the arguments quoted, nothing of a path read as XML; every few minutes or from the start of the machine on."""
    python, share = r"C:\Program Files\Python & Co\python.exe", r"\\服务器\共享 文件夹\单据 <1>" + "\\"
    found = plan(Path("/srv"), once=once, python=python, words=["watch", share, "--config", r"C:\配 置\a.toml"], user=r"公司\张三")
    root = ET.fromstring(windows(found)["bulkorders.xml"])  # noqa: S314  # our own
    run = root.find(f"{TASK}Actions/{TASK}Exec")
    assert run is not None
    assert run.findtext(f"{TASK}Command") == python
    assert windows_words(run.findtext(f"{TASK}Arguments") or "") == ["-m", "bulkorders", *found.words]
    assert root.findtext(f"{TASK}Principals/{TASK}Principal/{TASK}UserId") == r"公司\张三"
    assert (root.findtext(f"{TASK}Triggers/{TASK}TimeTrigger/{TASK}Repetition/{TASK}Interval") == "PT5M") == once
    assert (root.find(f"{TASK}Triggers/{TASK}BootTrigger") is None) == once
    assert root.findtext(f"{TASK}Settings/{TASK}MultipleInstancesPolicy") == "IgnoreNew"


# -- containers --------------------------------------------------------------------------------------------------------------------------
def test_a_compose_file_is_yaml_with_the_paths_as_they_are(tmp_path: Path) -> None:
    """The journal and folders to write to, settings and secrets to read, nobody's root; `$$` is a `$` there."""
    found = plan(tmp_path)
    files = compose(found, Path("/src/bulk orders"), tmp_path, 1000, 1001)
    service = yaml.safe_load(files["compose.yaml"].replace("$$", "$"))["services"]["watch"]
    assert service["command"] == list(found.words)
    assert service["build"]["context"] == "/src/bulk orders"
    assert service["build"]["dockerfile"] == str(tmp_path / "Dockerfile")
    assert service["build"]["args"] == {"UID": "1000", "GID": "1001"}
    assert service["environment"]["TZ"] == "Asia/Shanghai"
    assert service["healthcheck"]["test"] == ["CMD", "bulkorders", "status", "--folders", "--json"]
    binds = service["volumes"]
    assert service["environment"]["BULKORDERS_JOURNAL"] == f"sqlite:///{found.journal}"
    assert service["environment"]["BULKORDERS_CONFIG"] == str(found.config)
    assert [(each["source"], each["read_only"]) for each in binds] == [
        (str(found.journal.parent), False), (str(found.folders[0]), False), (str(found.config), True), (str(found.reads[0]), True),
    ]  # fmt: skip
    assert all(each["source"] == each["target"] for each in binds)
    assert not re.search(r"(?<!\$)\$(?!\$)", files["compose.yaml"].replace("$$", ""))


def test_a_container_is_slim_and_runs_as_nobody_in_particular(tmp_path: Path) -> None:
    """A small image, a user of its own; from the program's files, or from an index by version."""
    lines = compose(plan(tmp_path), tmp_path, tmp_path, 1000, 1000)["Dockerfile"].splitlines()
    assert re.fullmatch(r"FROM python:3\.\d+-slim", lines[0])
    assert "USER ${UID}:${GID}" in lines
    assert 'ENTRYPOINT ["bulkorders"]' in lines
    assert any(line.startswith("COPY pyproject.toml") for line in lines)
    other = compose(plan(tmp_path), None, tmp_path, 1000, 1000)["Dockerfile"]
    assert "COPY" not in other
    assert re.search(r"bulkorders==\d", other)


# -- the command -------------------------------------------------------------------------------------------------------------------------
def test_paths_come_from_settings_and_options_and_are_whole(bare: Desk) -> None:
    """Relative ones mean the settings' folder; what is not there yet, and what the service will not see, is said."""
    config = bare.folder / "bulkorders.toml"
    config.write_text(
        'journal = "账本/journal.db"\n[[folders]]\npath = "单 据"\n[notify.ops]\nkind = "wecom"\nurl_file = "网址.txt"\n', encoding="utf-8"
    )
    ran = bare.run("service", "systemd", "--user", "nobody", code=0, BULKORDERS_NOTIFY__OPS__LANG="en")
    command = systemd_words(setting(ran.out, "ExecStart"))
    assert command == [sys.executable, "-m", "bulkorders", "watch", "--config", str(config)]
    assert systemd_words(setting(ran.out, "ReadWritePaths"))[:2] == [f"-{bare.folder / '账本'}", f"-{bare.folder / '单 据'}"]
    assert f"还没有文件夹 {bare.folder / '单 据'}" in ran.err
    assert "BULKORDERS_NOTIFY__OPS__LANG" in ran.err

    made = bare.run("service", "compose", "--user", "1000", "-o", "容器", code=0)
    assert len(made.out.splitlines()) == 2
    service = yaml.safe_load((bare.folder / "容器" / "compose.yaml").read_text(encoding="utf-8"))["services"]["watch"]
    assert [each["source"] for each in service["volumes"]] == [
        str(bare.folder / name) for name in ("账本", "单 据", "bulkorders.toml", "网址.txt")
    ]
    assert (Path(service["build"]["context"]) / "pyproject.toml").is_file()
    assert "没有覆盖" in bare.run("service", "compose", "-o", "容器", code=2).err

    bare.run("service", "windows", "-o", "任务", "--folder", "单 据", code=0)
    task = (bare.folder / "任务" / "bulkorders.xml").read_bytes()
    assert task.startswith((b"\xff\xfe", b"\xfe\xff"))  # as the file says of itself, and schtasks asks for
    arguments = ET.fromstring(task).findtext(f"{TASK}Actions/{TASK}Exec/{TASK}Arguments") or ""  # noqa: S314  # our own
    assert windows_words(arguments)[:4] == ["-m", "bulkorders", "watch", str(bare.folder / "单 据")]

    line = bare.run("service", "cron", "--minutes", "10", "--journal", "other.db", code=0).out.splitlines()[1]
    assert line.startswith("*/10 * * * * PYTHONUTF8=1 ")
    words = shlex.split(line)
    assert words[words.index("--journal") + 1] == f"sqlite:///{bare.folder / 'other.db'}"
    assert "--once" in line


def test_what_is_missing_is_said_in_one_sentence(bare: Desk) -> None:
    """No settings, no folder, a journal that another user would not share."""
    assert "--config" in bare.run("service", "systemd", "--folder", "x", code=2).said
    (bare.folder / "bulkorders.toml").write_text("", encoding="utf-8")
    assert "--folder" in bare.run("service", "cron", code=2).said
    assert "journal" in bare.run("service", "systemd", "--folder", "x", "--user", "nobody", code=2).said


@pytest.mark.skipif(os.name != "posix", reason="users by number")
def test_who_could_not_run_it_is_told_before(bare: Desk) -> None:
    """A user that is not there, and one that may not enter the settings' folder: a note each, what is in the way by its path."""
    (bare.folder / "bulkorders.toml").write_text('journal = "j/journal.db"\n[[folders]]\npath = "in"\n', encoding="utf-8")
    for name in ("j", "in"):
        (bare.folder / name).mkdir()
    assert "还没有用户 nobody-there" in bare.run("service", "systemd", "--user", "nobody-there", code=0).err
    bare.folder.chmod(0o700)
    assert "用户 nobody 用不了" in bare.run("service", "cron", "--user", "nobody", code=0).err
    (bare.folder / "j").chmod(0o755)
    owner, stranger = Person(os.getuid() or 1, frozenset({1})), Person(65534, frozenset({65534}))
    assert Person(0, frozenset()).may(bare.folder / "j", 7)
    assert [stranger.may(bare.folder / "j", need) for need in (READ | ENTER, WRITE)] == [True, False]
    if os.getuid():
        assert owner.may(bare.folder / "j", READ | WRITE | ENTER)
    in_the_way = forbidden(stranger, plan(bare.folder, folders=[bare.folder / "in"]), with_program=False)
    assert in_the_way
    assert all(path.is_relative_to("/") and (path == bare.folder or bare.folder.is_relative_to(path)) for path in in_the_way)
