"""A folder that is watched, at a desk: what is dropped into it, and where everything lies in the end."""

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import openpyxl
from desk import Desk, Ran
from foreign import line

QUIET = 2.0
"""The shortest time that a file may be asked not to have changed."""
SECONDS = 60.0
PARTS = ("inbox", "processing", "done", "failed", "results")


@dataclass
class Box:
    """One folder. `names`: what its parts are called."""

    desk: Desk
    root: Path
    names: Mapping[str, str] = field(default_factory=lambda: {part: part for part in PARTS})

    def __getattr__(self, part: str) -> Path:
        """One of its parts."""
        if part not in PARTS:
            raise AttributeError(part)
        return self.root / self.names[part]

    def configure(self, **settings: object) -> None:
        """Adds the folder to the settings, looked at quickly."""
        config = self.desk.folder / "bulkorders.toml"
        table = {"path": str(self.root), "quiet_seconds": QUIET, "poll_seconds": 0.2, **settings}
        names = ", ".join(f'{part} = "{name}"' for part, name in self.names.items())
        lines = [f"{key} = {value!r}".replace("'", '"') for key, value in table.items()]
        with config.open("a", encoding="utf-8") as file:
            file.write("\n".join(["[[folders]]", *lines, f"names = {{ {names} }}", ""]))
        self.inbox.mkdir(parents=True, exist_ok=True)

    def drop(self, name: str, *orders: str, rows: Sequence[Mapping[str, Any]] = ()) -> Path:
        """A workbook, whole at once: written elsewhere and moved in."""
        draft = self.desk.write("draft.xlsx", [*(line(order) for order in orders), *rows])
        return draft.replace(self.inbox / name)

    def copy(self, source: Path, name: str) -> Path:
        """The same content under another name."""
        draft = shutil.copy(source, self.desk.folder / "copied")
        return Path(draft).replace(self.inbox / name)

    def once(self, *options: str, code: int | None = None, **environment: str) -> Ran:
        """`watch --once`."""
        return self.desk.run("watch", str(self.root), "--once", *options, code=code, **environment)

    def start(self, *options: str, **environment: str) -> "subprocess.Popen[bytes]":
        """`watch`, left running."""
        return self.desk.start("watch", str(self.root), *options, **environment)

    # -- where everything lies -----------------------------------------------------------------------------------------
    def lies(self) -> dict[str, str]:
        """Each file that was dropped, by the part in which it lies; a file that lies in two fails the test."""
        found = [(path.name, part) for part in PARTS[:4] for path in getattr(self, part).rglob("*") if path.is_file()]
        assert [name for name, count in Counter(name for name, _ in found).items() if count > 1] == []
        return dict(found)

    def told(self, results: str) -> dict[str, str]:
        """The fate of each order, as a results workbook tells it."""
        heading, *rows = openpyxl.load_workbook(self.results / results)["Sheet"].iter_rows(values_only=True)
        order, fate = heading.index("订单号"), heading.index("提交状态")
        return {str(row[order]): str(row[fate]) for row in rows if row[order]}

    def note(self, results: str) -> str:
        """What a note says."""
        return (self.results / results).read_text(encoding="utf-8-sig")

    def until(self, happens: Callable[[], object], seconds: float = SECONDS) -> float:
        """Waits for something; gives how long that took."""
        start = time.monotonic()
        while not happens():
            assert time.monotonic() - start < seconds, self.lies()
            time.sleep(0.05)
        return time.monotonic() - start

    def is_over(self) -> bool:
        """Whether nothing waits in it any more."""
        return not any(getattr(self, part).exists() and any(getattr(self, part).iterdir()) for part in PARTS[:2])
