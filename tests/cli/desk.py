"""A merchant's desk: a folder with settings and workbooks, somebody else's server, and the program as a real process."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import warm
from foreign import CANARIES, LABELS, SECRET, Foreign, serve
from shapes import assert_batch

SECONDS = 90


@dataclass(frozen=True)
class Ran:
    """What a run of the program left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """Standard output, which must be one JSON object a line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def one(self) -> dict[str, Any]:
        """The only object printed."""
        (found,) = self.lines
        return found

    @property
    def fates(self) -> dict[str, str]:
        """The status of each order, over all lines."""
        return {outcome["order"]: outcome["status"] for line in self.lines for outcome in line["outcomes"]}

    @property
    def said(self) -> str:
        """The only sentence on standard error."""
        (sentence,) = self.err.splitlines()
        return sentence


@dataclass
class Desk:
    """Runs the program in a folder of its own, with a home of its own."""

    folder: Path
    foreign: Foreign = field(default_factory=Foreign)
    url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        """What the program gets to see: nothing of the tester's own settings."""
        home = self.folder / "home"
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BULKORDERS", "XDG_", "PYTHON", "COV"))}
        homes = {"HOME": home, "XDG_DATA_HOME": home / "data", "XDG_CONFIG_HOME": home / "config", "XDG_CACHE_HOME": home / "cache"}
        return {**kept, **{name: str(path) for name, path in homes.items()}, "TZ": "UTC", "LANG": "C.UTF-8"}

    def configure(self, **settings: object) -> None:
        """Writes `bulkorders.toml` with one account; `None` takes a setting away."""
        table = {"provider": "lingxing", "base_url": self.url, "app_id": self.foreign.app_id, "app_secret": SECRET, **settings}
        self.configure_all({"main": table})

    def configure_all(self, accounts: Mapping[str, Mapping[str, object]]) -> None:
        """Writes `bulkorders.toml` with several accounts."""
        text = ""
        for name, table in accounts.items():
            text += f"[accounts.{name}]\n"
            text += "".join(f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in table.items() if value is not None)
        (self.folder / "bulkorders.toml").write_text(text, encoding="utf-8")

    def write(self, name: str, rows: Sequence[Mapping[str, Any]], labels: Sequence[str] = LABELS, above: int = 0) -> Path:
        """A workbook with one sheet, the header below `above` empty rows."""
        book = openpyxl.Workbook()
        sheet = book.active
        assert sheet is not None
        for column, label in enumerate(labels, 1):
            sheet.cell(above + 1, column, label)
        for number, row in enumerate(rows, above + 2):
            for column, label in enumerate(labels, 1):
                sheet.cell(number, column, row.get(label))
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        book.save(path)
        return path

    @property
    def command(self) -> list[str]:
        """How the program is started."""
        return [sys.executable, "-m", "bulkorders"]

    def start(self, *arguments: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        """Starts the program and leaves it running."""
        return warm.start([*map(str, arguments)], self.folder, {**self.environment, **environment})

    def run(self, *arguments: str | Path, code: int | None = None, **environment: str) -> Ran:
        """Runs the program to its end; `code` is the exit code that it must have."""
        return self.finish(self.start(*arguments, **environment), code)

    def finish(self, process: subprocess.Popen[bytes], code: int | None = None) -> Ran:
        """Waits for the program. What holds for every run is asserted here: no traceback, nothing secret or personal said."""
        try:
            out, err = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
        ran = Ran(process.returncode, out.decode(), err.decode())
        assert "Traceback" not in ran.out + ran.err, ran
        assert [canary for canary in CANARIES if canary in ran.err] == []
        assert code is None or ran.code == code, ran
        return ran

    def submit(self, *arguments: str | Path, code: int | None = None) -> Ran:
        """`submit --json`."""
        return self._shaped(self.run("submit", "--json", *arguments, code=code))

    def resume(self, *arguments: str | Path, code: int | None = None) -> Ran:
        """`resume --json`."""
        return self._shaped(self.run("resume", "--json", *arguments, code=code))

    @staticmethod
    def _shaped(ran: Ran) -> Ran:
        for line in ran.lines:
            assert_batch(line)
        return ran


@pytest.fixture(name="desk")
def make_desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk with one account at a fresh server; at the end nothing wrong was ever asked of the server."""
    foreign = Foreign()
    with serve(foreign) as url:
        at = Desk(tmp_path, foreign, url)
        at.configure()
        yield at
        foreign.assert_in_order()


@pytest.fixture(name="bare")
def make_bare(tmp_path: Path) -> Desk:
    """A desk without settings and without a server."""
    return Desk(tmp_path)
