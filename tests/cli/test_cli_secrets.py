"""Nothing secret and nothing personal is in a log line, an error, or the list of processes, whatever goes wrong."""

import subprocess
import sys
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from desk import Desk, make_desk  # noqa: F401  # a fixture
from foreign import CANARIES, GARBAGE, SECRET, Broken, Cut, Doubtful, Gateway, Refuse, line

TALKATIVE = "import logging, sys; logging.basicConfig(level=1, filename=sys.argv[1]); from bulkorders.cli import main; main(sys.argv[2:])"
"""The program with every logger of every library at its most talkative."""


def watch(stop: threading.Event, seen: set[str]) -> None:
    """Collects the command lines and environments of all processes until told to stop."""
    while not stop.wait(0.05):
        for name in ("cmdline", "environ"):
            for path in Path("/proc").glob(f"[0-9]*/{name}"):
                try:
                    seen.add(path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace"))
                except OSError:  # it has ended
                    continue


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the list of processes is read from /proc")
def test_no_secret_and_no_buyer_is_in_logs_errors_and_processes(desk: Desk) -> None:
    """Faults of every kind, all loggers at their most talkative: no token, secret, signature, name, address, phone or mail."""
    desk.configure(settle_seconds=0.2, read_timeout=1)
    desk.foreign.expire_every = 5
    desk.foreign.answers = {
        "S-1": [Cut()], "S-2": [Broken(500, f"{SECRET} Canary Lane".encode())], "S-3": [GARBAGE], "S-4": [Refuse(["SKU不存在"])],
        "S-5": [Gateway("3001008", "busy")], "S-6": [Doubtful(100)], "S-7": [Gateway("2001005", "expired")], "S-8": [Cut(recorded=False)],
    }  # fmt: skip
    book = desk.write("a.xlsx", [line(f"S-{number}") for number in range(12)])
    log, stop, seen = desk.folder / "talk.log", threading.Event(), set[str]()
    watcher = threading.Thread(target=watch, args=(stop, seen))
    watcher.start()
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", TALKATIVE, str(log), "submit", str(book)],
            cwd=desk.folder, env=desk.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        ran = desk.finish(process, 4)
    finally:
        stop.set()
        watcher.join()
    assert log.stat().st_size > 1000
    tokens = [*desk.foreign.tokens, *desk.foreign.signatures, *(quote(sign, safe="") for sign in desk.foreign.signatures)]
    for text in (log.read_text(encoding="utf-8"), ran.err, *seen):
        assert [secret for secret in (*CANARIES, *tokens) if secret and secret in text] == []
