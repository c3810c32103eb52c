"""The sample workbooks say what their `.expected.json` says; `BULKORDERS_WRITE=1` writes it anew."""

import json
import os
from pathlib import Path

import orjson
import pytest

from bulkorders.pipeline.ingest import check_file
from bulkorders.pipeline.objects import check_json, payloads_json

SAMPLES = Path(__file__).parents[1] / "sample_data"
WORKBOOKS = sorted(path for path in SAMPLES.glob("*/*.xlsx") if "结果" not in path.name)


def check_all(workbook: Path) -> list[object]:
    """What `check --json --payloads` prints, without the file's name."""
    lines = []
    for checkup in check_file(workbook):
        payloads = payloads_json(checkup.orders, {}) if checkup.orders else []
        found = orjson.loads(orjson.dumps(check_json(checkup, "", "zh", payloads)))
        del found["file"]
        lines.append(found)
    return lines


def test_there_are_good_mistaken_and_untidy_workbooks() -> None:
    """Each template shows a good workbook, one with mistakes, and one as untidy as real ones."""
    for folder in (path for path in SAMPLES.iterdir() if path.is_dir()):
        names = {path.name for path in WORKBOOKS if path.parent == folder}
        assert {"orders.xlsx", "mistakes.xlsx", "untidy.xlsx"} <= names


@pytest.mark.parametrize("workbook", WORKBOOKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_sample_says_what_is_expected_of_it(workbook: Path) -> None:
    """Every row, issue and payload of a sample is written down beside it."""
    expected = workbook.with_suffix(".expected.json")
    found = check_all(workbook)
    if os.environ.get("BULKORDERS_WRITE"):
        expected.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(expected.read_text(encoding="utf-8"))
