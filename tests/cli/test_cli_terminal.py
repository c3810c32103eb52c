"""What a person at a terminal sees: a real one, of the operating system."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bulkorders.providers.lingxing.sandbox import LingxingSandbox
from bulkorders.sandbox import Server

pty = pytest.importorskip("pty", reason="terminals of this kind are Unix's")
SAMPLES = Path(__file__).parents[2] / "sample_data" / "lingxing-mcf"


def seen(folder: Path, *arguments: str) -> str:
    """All that the program writes to a terminal."""
    mine, its = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "140", "HOME": str(folder)}
    process = subprocess.Popen(
        [sys.executable, "-m", "bulkorders", *arguments], cwd=folder, env=environment, stdin=its, stdout=its, stderr=its
    )
    os.close(its)
    written = b""
    while True:
        try:
            piece = os.read(mine, 65536)
        except OSError:  # the program has closed its end
            break
        if not piece:
            break
        written += piece
    os.close(mine)
    process.wait(timeout=60)
    return written.decode()


def test_check_shows_bad_rows_as_the_sheet(tmp_path: Path) -> None:
    """The cell on red beneath its heading, the sentence beneath the row."""
    shown = seen(tmp_path, "check", str(SAMPLES / "mistakes.xlsx"))
    heading, cell, sentence = shown.index("V *发货量"), shown.index("\x1b[1;37;41m3件"), shown.index("V5「发货量」")
    assert heading < cell < sentence


def test_submit_shows_how_far_it_is_and_the_time_left(tmp_path: Path) -> None:
    """A bar with the orders done and the time that the others will take."""
    with Server({"lingxing": LingxingSandbox(service_time=0.2)}) as server:
        settings = "".join(f"{name} = '{value}'\n" for name, value in server.account("lingxing").items())
        (tmp_path / "bulkorders.toml").write_text(f"journal = 'journal.db'\n[accounts.main]\n{settings}", encoding="utf-8")
        shown = seen(tmp_path, "submit", str(SAMPLES / "orders.xlsx"), "--results", "results.xlsx")
    assert "剩余" in shown
    assert " 7/15" in shown
    assert "已创建 15" in shown
