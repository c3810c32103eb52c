"""The README says what the program does; `BULKORDERS_WRITE=1` writes its tables anew."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from bulkorders.cli import root
from bulkorders.core.result import FATE_MEANING, FATE_WORDS
from bulkorders.pipeline.app import all_templates
from bulkorders.pipeline.describe import code_rows, field_rows, markdown, status_diagram

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
SUBMIT = "pip install uv && uv run bulkorders submit sample_data/lingxing-mcf/orders.xlsx --sandbox"
TEST = "pip install uv && uv run pytest"


def fate_table() -> str:
    """The fates, in words."""
    rows = [(f"`{fate.value}`", words.zh, FATE_MEANING[fate].zh) for fate, words in FATE_WORDS.items()]
    return markdown([("fate", "表里写", "意思"), *rows])


TABLES = {
    "fields": "\n\n".join(f"### {each.name}：{each.title}\n\n{markdown(field_rows(each))}" for each in all_templates()),
    "codes": markdown(code_rows()),
    "fates": fate_table(),
    "statuses": status_diagram(),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_tables_of_the_readme_are_the_programs_own(name: str) -> None:
    """A table that somebody typed would be wrong after the next change."""
    text = README.read_text(encoding="utf-8")
    block = re.compile(rf"(<!-- {re.escape(name)} -->\n)(.*?)(<!-- end -->)", re.DOTALL)
    if os.environ.get("BULKORDERS_WRITE"):
        text = block.sub(lambda found: f"{found[1]}{TABLES[name]}\n{found[3]}", text)
        README.write_text(text, encoding="utf-8")
    found = block.search(text)
    assert found is not None
    assert found[2] == TABLES[name] + "\n"


def test_the_readme_names_every_command_and_no_other() -> None:
    """Who reads the README finds all that the program can do."""
    named = set(re.findall(r"^\| `bulkorders (\w+)", README.read_text(encoding="utf-8"), re.MULTILINE))
    assert named == set(root.commands)


def test_the_readmes_two_commands_are_the_ones_that_ci_runs() -> None:
    """What a new user types is what every change is tested with."""
    text = README.read_text(encoding="utf-8")
    assert SUBMIT in text
    assert TEST in text
    assert TEST in (ROOT / ".ci" / "run").read_text(encoding="utf-8").splitlines()


def test_the_settings_examples_of_the_readme_are_accepted(tmp_path: Path) -> None:
    """An example that fails would cost each new user an hour; together they are one configuration."""
    example = "\n".join(re.findall(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL))
    config = tmp_path / "bulkorders.toml"
    config.write_text(
        re.sub(r"^journal = .*$", f'journal = "{(tmp_path / "j.db").as_posix()}"', example, flags=re.MULTILINE), encoding="utf-8"
    )
    listed = subprocess.run(
        [sys.executable, "-m", "bulkorders", "accounts", "list", "--config", str(config)], capture_output=True, text=True, check=False
    )
    assert listed.returncode == 0, listed.stderr
    assert {line.split("\t")[0] for line in listed.stdout.splitlines()} == {"main", "fba"}
    told = subprocess.run(
        [sys.executable, "-m", "bulkorders", "notify", "list", "--config", str(config)], capture_output=True, text=True, check=False
    )
    assert told.returncode == 0, told.stderr
    assert [line.split("\t")[1] for line in told.stdout.splitlines()] == ["wecom", "dingtalk", "mail", "webhook"]
    sample = ROOT / "sample_data" / "chukou1-fba" / "orders.xlsx"
    checked = subprocess.run(
        [sys.executable, "-m", "bulkorders", "check", "--config", str(config), str(sample)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
