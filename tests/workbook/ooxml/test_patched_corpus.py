"""Real workbooks of other projects, where they are at hand: patched, they are what they were, and our cells are in them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from corpus import sample
from real_books import faults, patched

from bulkorders.workbook.ooxml.edits import UnsureError

BESIDE = Path(__file__).parents[4] / "shared" / "corpus"
FOLDER = Path(os.environ.get("BULKORDERS_CORPUS") or BESIDE)
EACH = 85
NAMES = [name for name in sample(FOLDER, EACH) if name.startswith("xlsx/")] if FOLDER.is_dir() else []
"""About half of them hold a table from their first row on and are small enough."""
SHARE = 0.9
MOST_CELLS = 20_000
"""Of the first sheet; openpyxl takes long for more."""
LIBREOFFICE = shutil.which("soffice")

pytestmark = [
    pytest.mark.skipif(not NAMES, reason="the corpus is not part of this project: BULKORDERS_CORPUS names its folder"),
    pytest.mark.filterwarnings("ignore"),  # openpyxl's, about what it does not carry
]


def test_most_real_workbooks_are_patched_and_stay_what_they_were() -> None:
    """Parts, values and styles as before, our cells and marks there, and twice the same as once; for the rest the patcher says no."""
    found: dict[str, list[str]] = {}
    unsure = []
    for name in NAMES:
        try:
            run = patched(FOLDER / name, MOST_CELLS)
        except UnsureError as error:
            unsure.append(f"{name}: {error}")
            continue
        if run is not None:
            found[name] = list(faults(run))
    assert {name: wrong for name, wrong in found.items() if wrong} == {}
    assert len(found) >= 40
    assert len(unsure) <= (len(found) + len(unsure)) * (1 - SHARE), unsure


@pytest.mark.skipif(LIBREOFFICE is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_what_was_patched(tmp_path: Path) -> None:
    """It writes each again as a workbook of its own."""
    books: list[Path] = []
    for name in NAMES:
        try:
            run = patched(FOLDER / name, MOST_CELLS)
        except UnsureError:
            continue
        if run is not None:
            books.append(tmp_path / f"{len(books)}.xlsx")
            books[-1].write_bytes(run.content)
        if len(books) == 2:
            break
    out = tmp_path / "out"
    command = [str(LIBREOFFICE), "--headless", "--convert-to", "xlsx", "--outdir", str(out), *map(str, books)]
    subprocess.run(command, env={**os.environ, "HOME": str(tmp_path)}, capture_output=True, timeout=120, check=True)
    assert len(list(out.iterdir())) == 2
