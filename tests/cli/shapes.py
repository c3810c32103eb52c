"""The JSON that programs rely on: which keys, in which order, of which types."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from typing import Any

FATES = ("created", "skipped", "accepted", "invalid", "changed", "rejected", "in_doubt", "unsent")
CHECK = ["file", "template", "refused", "rows", "orders", "issues", "payloads"]
BATCH = ["batch", "file", "template", "refused", "accounts", "rows", "issues", "orders", "results", "written", "outcomes"]
ROWS = ["read", "blank", "valid", "invalid"]
ISSUE = ["sheet", "row", "column", "label", "field", "order", "code", "severity", "value", "message"]
PAYLOAD = ["order", "key", "account", "rows", "payload"]
OUTCOME = [
    "order", "key", "account", "rows", "status", "message", "remote_id", "tracking_number", "request_id", "attempts", "submitted_at",
]  # fmt: skip
HEADER = ["sheet", "row", "matched", "missing"]
Json = Mapping[str, Any]


def assert_check(line: Json, *, payloads: bool) -> None:
    """One line of `check --json`."""
    assert list(line) == CHECK
    _assert_common(line)
    orders = line["orders"]
    assert list(orders) == ["read", "valid", "invalid"]
    assert orders["read"] == orders["valid"] + orders["invalid"]
    assert (line["payloads"] is not None) == payloads
    for each in line["payloads"] or ():
        assert list(each) == PAYLOAD
        _assert_rows(each["rows"])
    if payloads:
        assert len(line["payloads"]) == orders["valid"]


def assert_batch(line: Json, *, outcomes: bool = True) -> None:
    """One line of `submit --json`, `resume --json` or, without outcomes, `status --json`."""
    assert list(line) == (BATCH if outcomes else BATCH[:-1])
    _assert_common(line)
    assert [list(account) for account in line["accounts"]] == [["name", "holder"]] * len(line["accounts"])
    for account in line["accounts"]:
        assert account["holder"] is None or list(account["holder"]) == ["host", "pid", "since"]
    orders = line["orders"]
    assert list(orders) == ["read", *FATES]
    assert orders["read"] == sum(orders[fate] for fate in FATES)
    if outcomes:
        assert Counter(outcome["status"] for outcome in line["outcomes"]) == {fate: orders[fate] for fate in FATES if orders[fate]}
        for outcome in line["outcomes"]:
            _assert_outcome(outcome)


def _assert_common(line: Json) -> None:
    rows = line["rows"]
    assert list(rows) == ROWS
    assert rows["read"] == rows["valid"] + rows["invalid"]
    if line["refused"] is not None:
        assert list(line["refused"]) == ["code", "message", "best_header"]
        assert line["refused"]["best_header"] is None or list(line["refused"]["best_header"]) == HEADER
        assert_sentence(line["refused"]["message"])
    for issue in line["issues"]:
        assert list(issue) == ISSUE
        assert issue["severity"] in ("error", "warning", "note")
        assert issue["row"] is None or type(issue["row"]) is int
        assert issue["column"] is None or issue["column"].isupper()
        assert_sentence(issue["message"])


def _assert_outcome(outcome: Json) -> None:
    assert list(outcome) == OUTCOME
    assert list(outcome["key"]) == ["店铺名", "订单号"]
    assert outcome["key"]["订单号"] == outcome["order"]
    assert (outcome["status"] == "invalid") == (outcome["account"] is None)
    assert type(outcome["attempts"]) is int
    _assert_rows(outcome["rows"])
    if outcome["status"] == "created":
        assert outcome["request_id"]
        assert outcome["submitted_at"]
    if outcome["status"] != "created" and (outcome["status"] != "unsent" or outcome["message"]):
        assert_chinese(outcome["message"])
    if outcome["submitted_at"] is not None:
        at = dt.datetime.fromisoformat(outcome["submitted_at"])
        assert at.utcoffset() == dt.timedelta(hours=8)
        assert abs(dt.datetime.now(dt.UTC) - at) < dt.timedelta(minutes=5)
    assert outcome["remote_id"] is None
    assert outcome["tracking_number"] is None


def _assert_rows(rows: Any) -> None:
    assert rows
    assert [list(row) for row in rows] == [["sheet", "row"]] * len(rows)


def assert_sentence(text: Any) -> None:
    """A plain Chinese sentence on one line, ended as a sentence is."""
    assert_chinese(text)
    assert text.endswith(("。", "？", "）", "！")), text


def assert_chinese(text: Any) -> None:
    """Chinese on one line, with nothing of the program's insides."""
    assert isinstance(text, str)
    assert any("\u4e00" <= sign <= "\u9fff" for sign in text), text
    assert text == text.strip()
    assert "\n" not in text
    assert not any(word in text for word in ("Traceback", "Error", "Exception", "None", "{", "}")), text
