"""Parts that several pages show: fates with their counts, issues with their places, refusals, states."""

from collections.abc import Mapping
from pathlib import PurePath
from typing import Any

from bulkorders.core.issue import Issue
from bulkorders.core.result import FATE_MEANING, FATE_WORDS, Fate
from bulkorders.core.words import Words
from bulkorders.pipeline.report import fate_words, issue_json

TONES: Mapping[Fate, str] = {
    Fate.CREATED: "good", Fate.SKIPPED: "good", Fate.ACCEPTED: "busy", Fate.INVALID: "bad", Fate.CHANGED: "bad", Fate.REJECTED: "bad",
    Fate.IN_DOUBT: "open", Fate.UNSENT: "open",
}  # fmt: skip
"""How a fate is meant: good, busy (the remote is at work), bad (somebody has to do something), open (not settled)."""

_STATES: Mapping[str, tuple[Words, str]] = {
    "queued": (Words("排队中", "queued"), "busy"),
    "checking": (Words("正在检查", "being checked"), "busy"),
    "checked": (Words("已检查", "checked"), "good"),
    "refused": (Words("没有收下", "refused"), "bad"),
    "draft": (Words("草稿，还没有提交", "draft, not submitted"), "open"),
    "sending": (Words("正在发送", "being sent"), "busy"),
    "paused": (Words("已停下", "paused"), "bad"),
    "unfinished": (Words("没有发完", "unfinished"), "open"),
    "done": (Words("已完成", "done"), "good"),
}


def state_words(state: str) -> tuple[Words, str]:
    """The word and the tone of an upload's or a batch's state."""
    return _STATES[state]


def counted(lang: str, counts: Mapping[Fate, int], *, is_test: bool = False) -> list[dict[str, Any]]:
    """Every fate with its count, word and meaning."""
    return [
        {
            "fate": fate.value, "tone": TONES[fate], "count": counts.get(fate, 0), "meaning": FATE_MEANING[fate].say(lang),
            "word": (fate_words(fate, is_test) if is_test else FATE_WORDS[fate]).say(lang),
        }
        for fate in Fate
    ]  # fmt: skip


def issue_line(lang: str, issue: Issue, batch: str) -> dict[str, Any]:
    """An issue with the address of its cell; without one where the whole sheet or file is meant."""
    is_place = issue.sheet is not None and issue.row is not None
    return {
        **issue_json(issue, lang),
        "href": f"/batches/{batch}#grid" if is_place else None,
        "place": f"{issue.column or ''}{issue.row}" if is_place else "",
    }


def refusal(lang: str, refused: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Why a file was refused, from what the journal keeps of it."""
    if refused is None:
        return None
    return {"code": refused["code"], "message": refused["en" if lang == "en" else "zh"], "best_header": refused.get("best_header")}


def file_name(path: str) -> str:
    """The name of a file without its folder, whichever system it came from."""
    return PurePath(path.replace("\\", "/")).name or path
