"""A third provider is a folder and no edited line: an invented one, from a folder of its own, does all that the two built in do.

The folder `third` lies outside the package. It is copied elsewhere and put on the path on which the program looks for providers; that is
all that the program hears of it.
"""

import json
import os
import signal
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import Any

import openpyxl
import pytest
import test_contract
from defusedxml.ElementTree import parse

import bulkorders

ROOT = Path(__file__).parents[2]
THIRD = Path(__file__).with_name("third")
PACKAGE = Path(bulkorders.__file__).parent
NAME, TEMPLATE = "parcels", "parcels-out"
VISIBLE = "import bulkorders.providers\nbulkorders.providers.__path__.append({folder!r})\n"
RUN = "from bulkorders.cli import main\nmain({arguments!r})\n"
SECONDS = 120
LABELS = ("运单号", "商品")
ROWS = [(f"N-{number}", f"GOODS-{line}") for number in range(1, 9) for line in range(1, 2 + number % 3)]
"""Eight parcels of one to three lines."""


@dataclass(frozen=True)
class Beyond:
    """A folder beside the package: `providers`, with `sample_data` beside it as in the repository, and a plugin that makes it visible."""

    folder: Path

    @property
    def visible(self) -> str:
        """The line that makes the providers visible."""
        return VISIBLE.format(folder=str(self.folder / "providers"))

    @property
    def sample(self) -> Path:
        """The good sample."""
        return self.folder / "sample_data" / TEMPLATE / "orders.xlsx"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the tester's own settings, and nothing of the test run that this one is."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BULKORDERS", "XDG_", "PYTHON", "PYTEST", "COV"))}
        return {**kept, "HOME": str(self.folder / "home"), "PYTHONPATH": str(self.folder / "plugins"), "LANG": "C.UTF-8"}

    def command(self, *arguments: str | Path, visible: bool = True) -> list[str]:
        """How the program is started where the providers are visible, or not."""
        return [sys.executable, "-c", (self.visible if visible else "") + RUN.format(arguments=[str(each) for each in arguments])]

    def run(self, at: Path, *arguments: str | Path, code: int = 0, visible: bool = True) -> str:
        """Runs the program in a folder; gives what it prints, or the sentence that says why not."""
        command = self.command(*arguments, visible=visible)
        ran = subprocess.run(command, cwd=at, env=self.environment, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS)
        assert ran.returncode == code, ran.stderr
        assert "Traceback" not in ran.stderr
        return ran.stderr if code == 2 else ran.stdout


def write_orders(path: Path, rows: Sequence[tuple[str, ...]], labels: Sequence[str] = LABELS) -> Path:
    """A workbook of the template."""
    book = openpyxl.Workbook()
    sheet = book.worksheets[0]
    for row in (labels, *rows):
        sheet.append(list(row))
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


@pytest.fixture(scope="module")
def beyond(tmp_path_factory: pytest.TempPathFactory) -> Beyond:
    """A copy of the provider, far from the repository, and a sample for it."""
    found = Beyond(tmp_path_factory.mktemp("beyond"))
    copytree(THIRD, found.folder / "providers", ignore=ignore_patterns("__pycache__"))
    (found.folder / "plugins").mkdir()
    (found.folder / "plugins" / "third_provider_is_visible.py").write_text(found.visible, encoding="utf-8")
    write_orders(found.sample, ROWS)
    return found


def test_every_promise_of_the_contract_is_kept(beyond: Beyond, tmp_path: Path) -> None:
    """The very tests of the built-in providers run for it, each of them, and none fails or is skipped."""
    report = tmp_path / "report.xml"
    options = ["-n", "0", "-p", "third_provider_is_visible", "-p", "no:cacheprovider", "-k", NAME, "--basetemp", str(tmp_path / "inner")]
    command = [sys.executable, "-m", "pytest", str(Path(test_contract.__file__)), *options, f"--junitxml={report}"]
    ran = subprocess.run(command, cwd=ROOT, env=beyond.environment, capture_output=True, text=True, encoding="utf-8", timeout=SECONDS)
    assert ran.returncode == 0, ran.stdout
    outcomes = {case.attrib["name"]: [child.tag for child in case] for case in parse(report).iter("testcase")}
    assert {name: found for name, found in outcomes.items() if found} == {}
    assert all(NAME in name for name in outcomes)
    promises = {name: 1 for name in vars(test_contract) if name.startswith("test_")}
    promises["test_every_fault_is_taken_for_what_it_proves"] = len(test_contract.FAULTS)
    assert Counter(name.partition("[")[0] for name in outcomes) == promises


def test_it_has_a_blank_template(beyond: Beyond, tmp_path: Path) -> None:
    """`template` lists it and writes its workbook."""
    assert f"{TEMPLATE}\t出库包裹" in beyond.run(tmp_path, "template").splitlines()
    beyond.run(tmp_path, "template", TEMPLATE)
    sheet = openpyxl.load_workbook(tmp_path / f"{TEMPLATE}.xlsx").worksheets[0]
    assert [[cell.value for cell in row] for row in sheet.iter_rows(max_row=2)] == [["*运单号", "*商品"], ["EXAMPLE-1", "GOODS-1"]]


def test_its_columns_are_described(beyond: Beyond, tmp_path: Path) -> None:
    """`columns` says of each column what it holds and where it goes."""
    _, *rows = (line.split("\t") for line in beyond.run(tmp_path, "columns", TEMPLATE).splitlines())
    assert [(row[0], row[1], row[-1]) for row in rows] == [("运单号", "是", "number"), ("商品", "是", "boxes[].lines[].code")]


def test_its_workbooks_are_checked_in_the_child_process(beyond: Beyond, tmp_path: Path) -> None:
    """The process that reads workbooks finds the template too; a level without a column of its own is in the payload all the same."""
    book = write_orders(tmp_path / "a.xlsx", [("A-1", "X"), ("A-1", "Y"), ("a 2", "X")])
    found = json.loads(beyond.run(tmp_path, "check", "--json", "--payloads", book, code=4))
    assert (found["template"], found["refused"]) == (TEMPLATE, None)
    assert found["orders"] == {"read": 2, "valid": 1, "invalid": 1}
    assert [(issue["row"], issue["column"], issue["code"], issue["order"]) for issue in found["issues"]] == [(4, "A", "pattern", "a 2")]
    (order,) = found["payloads"]
    assert (order["order"], order["key"], order["account"]) == ("A-1", {"运单号": "A-1"}, None)
    assert order["payload"] == {"number": "A-1", "boxes": [{"lines": [{"code": "X"}]}, {"lines": [{"code": "Y"}]}]}


def test_a_sheet_with_all_of_its_columns_is_its_own(beyond: Beyond, tmp_path: Path) -> None:
    """Other columns beside them do no harm, even if a larger template knows more of those."""
    labels = [field.label for template in test_contract.TEMPLATES for field in template.fields if field.label not in LABELS][:3]
    book = write_orders(tmp_path / "a.xlsx", [("A-1", "X", "1", "2", "3")], (*LABELS, *labels))
    found = json.loads(beyond.run(tmp_path, "check", "--json", book))
    assert (found["template"], found["refused"], found["orders"]["valid"]) == (TEMPLATE, None, 1)
    assert {issue["code"] for issue in found["issues"]} == {"column_unknown"}


def test_its_orders_go_to_its_sandbox_and_into_the_results(beyond: Beyond, tmp_path: Path) -> None:
    """`submit --sandbox` creates what is right, tells what is refused, and writes both beside each row of the workbook."""
    book = write_orders(tmp_path / "a.xlsx", [("A-1", "X"), ("A-1", "Y"), ("A-2", "NOSUCH-1"), ("A-3", "Z")])
    found = json.loads(beyond.run(tmp_path, "submit", "--sandbox", "--json", book, code=4))
    assert {name: count for name, count in found["orders"].items() if count} == {"read": 3, "created": 2, "rejected": 1}
    assert found["accounts"] == [{"name": NAME, "holder": None}]
    told = [(each["order"], each["status"], each["remote_id"], each["tracking_number"]) for each in found["outcomes"]]
    assert told == [("A-1", "created", "P000001", "TP000001"), ("A-2", "rejected", None, None), ("A-3", "created", "P000002", "TP000002")]

    heading, *rows = openpyxl.load_workbook(tmp_path / "a_测试结果.xlsx")["Sheet"].iter_rows(values_only=True)
    results = [dict(zip(map(str, heading), row, strict=True)) for row in rows]
    shown = [tuple(row[label] or "" for label in ("运单号", "商品", "提交状态", "跟踪号", "服务商")) for row in results]
    assert shown == [
        ("A-1", "X", "已创建（测试）", "TP000001", "包裹站"),
        ("A-1", "Y", "已创建（测试）", "TP000001", "包裹站"),
        ("A-2", "NOSUCH-1", "被拒绝", "", ""),
        ("A-3", "Z", "已创建（测试）", "TP000002", "包裹站"),
    ]
    assert "unknown goods" in str(results[2]["结果说明"])


def test_its_sandbox_is_served_and_its_accounts_are_known(beyond: Beyond, tmp_path: Path) -> None:
    """What `sandbox` prints is a configuration with which `accounts` and `submit` work."""
    printed = tmp_path / "bulkorders.toml"
    with printed.open("w", encoding="utf-8") as out:
        command = beyond.command("sandbox", "--port", "0")
        served = subprocess.Popen(command, cwd=tmp_path, env=beyond.environment, stdout=out, stderr=subprocess.PIPE)
    try:
        assert served.stderr is not None
        served.stderr.readline()  # it listens
        _assert_account_works(beyond, tmp_path, tomllib.loads(printed.read_text(encoding="utf-8"))["accounts"][NAME])
    finally:
        served.send_signal(signal.SIGINT)
        served.communicate(timeout=SECONDS)


def _assert_account_works(beyond: Beyond, tmp_path: Path, account: Mapping[str, Any]) -> None:
    """The account is listed and tested, orders go to it, and a second time they are skipped; its key is never said."""
    listed = beyond.run(tmp_path, "accounts", "list")
    assert f"{NAME}\t包裹站\t{account['base_url']}\t正式" in listed.splitlines()
    tested = beyond.run(tmp_path, "accounts", "test", NAME)
    assert "customer C-1" in tested
    assert account["api_key"] not in listed + tested
    arguments = ("submit", "--json", "--journal", (tmp_path / "journal.db").as_posix(), beyond.sample, "--results", "results")
    for fate in ("created", "skipped"):
        orders = json.loads(beyond.run(tmp_path, *arguments))["orders"]
        assert {name: count for name, count in orders.items() if count} == {"read": 8, fate: 8}


def test_its_settings_are_its_own(beyond: Beyond, tmp_path: Path) -> None:
    """A setting that only this provider has is asked for by name, and one that it does not have is refused."""
    table = '[accounts.main]\nprovider = "parcels"\ncustomer = "C-9"\n'
    (tmp_path / "bulkorders.toml").write_text(table, encoding="utf-8")
    assert "api_key 没有填" in beyond.run(tmp_path, "accounts", "list", code=2)
    (tmp_path / "bulkorders.toml").write_text(table + 'api_key = "k"\napp_id = "a"\n', encoding="utf-8")
    assert "app_id 不认识" in beyond.run(tmp_path, "accounts", "list", code=2)
    (tmp_path / "bulkorders.toml").write_text(table + 'api_key = "k"\nbase_url = "https://test.parcels.example"\n', encoding="utf-8")
    assert beyond.run(tmp_path, "accounts", "list") == "main\t包裹站\thttps://test.parcels.example\t测试\n"


def test_without_its_folder_the_program_does_not_know_it(beyond: Beyond, tmp_path: Path) -> None:
    """All of the above comes from the folder: no line of the package, and none of its files, says anything of it."""
    assert TEMPLATE in beyond.run(tmp_path, "columns", TEMPLATE, code=2, visible=False)
    told = [path for path in PACKAGE.rglob("*") if path.suffix in (".py", ".html", ".toml") and _mentions(path)]
    assert told == []


def _mentions(path: Path) -> bool:
    text = path.read_text(encoding="utf-8")
    return any(word in text for word in (NAME, NAME.capitalize(), *LABELS[:1]))
