"""A merchant's folder and the program as real processes in it, at a sandbox of this process."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from stage_books import names, write_book
from stage_clock import StageClock
from witness import Call, Witness, most_within

from bulkorders.core.provider import Provider
from bulkorders.sandbox import Server

SECONDS = 120.0
FAST: Mapping[str, object] = {"read_timeout": 10, "settle_seconds": 1, "max_per_second": 100}


@dataclass(frozen=True)
class Done:
    """A process that has ended. It printed no traceback: that is seen before."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The objects of `--json`."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def statuses(self) -> dict[str, str]:
        """What became of each order."""
        return {outcome["order"]: outcome["status"] for line in self.lines for outcome in line["outcomes"]}

    @cached_property
    def said(self) -> list[str]:
        """The sentences on standard error."""
        return self.err.splitlines()


@dataclass
class Merchant:
    """A folder with settings, a journal and workbooks. `wrap`: what a process is started with, such as a namespace."""

    provider: Provider
    folder: Path
    witness: Witness
    server: Server
    wrap: Sequence[str] = ()
    settings: Mapping[str, object] = field(default_factory=dict)

    def prepare(self, orders: int, *, seen: Path | None = None) -> None:
        """Writes the settings and a workbook of so many orders; `seen`: where the folder is for the processes, if elsewhere."""
        account = {**self.server.account(self.provider.name), **FAST, **self.settings}
        lines = [f"{name} = {json.dumps(value)}" for name, value in account.items()]
        text = "\n".join([f'journal = "sqlite:///{seen or self.folder}/journal.db"', "[accounts.main]", *lines])
        (self.folder / "bulkorders.toml").write_text(text, encoding="utf-8")
        (template,) = self.provider.templates
        write_book(template, self.folder / "orders.xlsx", names(orders))

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the tester's own settings; proxies and certificates are what a test says."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("BULKORDERS", "PYTHON", "COV"))}
        return {**kept, "LANG": "C.UTF-8", "TZ": "UTC"}

    def start(self, *arguments: str | Path, **environment: str) -> "subprocess.Popen[bytes]":
        """Starts the program and leaves it running."""
        return subprocess.Popen(
            [*self.wrap, sys.executable, "-m", "bulkorders", *map(str, arguments)],
            cwd=None if self.wrap else self.folder, env={**self.environment, **environment}, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def finish(self, process: "subprocess.Popen[bytes]") -> Done:
        """Waits for the program, which has to end by itself and without a traceback."""
        try:
            out, err = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
        done = Done(process.returncode, out.decode(), err.decode())
        assert "Traceback" not in done.err, done
        assert done.code in (0, 2, 3, 4, 5, 130), done
        return done

    def run(self, *arguments: str | Path, **environment: str) -> Done:
        """Runs the program to its end."""
        return self.finish(self.start(*arguments, **environment))

    def assert_each_created_once(self, orders: int) -> None:
        """Against the ledger: each order of the workbook is there, once, and its creates had the same bytes, never two at once."""
        live = [entry["order"] for entry in self.witness.truth(self.witness.clock.true())["orders"] if entry["state"] == "live"]
        assert sorted(live) == sorted(names(orders))
        assert max(Counter(order for order, _ in {(call.order, call.body) for call in self.creates}).values()) == 1
        assert self.witness.most_at_once == 1

    @property
    def creates(self) -> list[Call]:
        """The creates that arrived."""
        return self.witness.creates

    def most_in_a_second(self) -> int:
        """The most creates within any second."""
        return most_within(1.0, self.creates)


@contextmanager
def merchant(provider: Provider, folder: Path, orders: int, **settings: object) -> Iterator[Merchant]:
    """A folder with a workbook of so many orders, at a fresh sandbox."""
    imitation: Any = provider.imitate()
    if provider.tracks:  # orders are ready at once, since here time is real
        imitation.creating_for = imitation.number_after = 0.0
    clock = StageClock()
    witness = Witness(provider, clock, imitation)
    with Server({provider.name: witness}, clock=clock.true) as server:
        found = Merchant(provider, folder, witness, server, settings=settings)
        found.prepare(orders)
        yield found
