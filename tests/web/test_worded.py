"""The pipeline's sentences at a page: nobody there has a command line."""

import ast
import re
from pathlib import Path

import pytest

import bulkorders
from bulkorders.core.words import Words
from bulkorders.web.worded import said, worded

ROOT = Path(bulkorders.__file__).parent
SPEAKERS = [
    "pipeline/told.py", "pipeline/health.py", "pipeline/failure.py", "pipeline/route.py", "pipeline/progress.py", "pipeline/drafts.py",
    "pipeline/corrections.py", "pipeline/refusals.py", "journal/queue.py", "journal/batches.py", "journal/views.py", "journal/gate.py",
    "providers/chukou1/answers.py", "providers/lingxing/answers.py",
]  # fmt: skip
"""Whose sentences stand beside orders, files and forms."""
COMMAND = re.compile(r"\bresume\b|--[a-z]|accounts unpause|bulkorders[ .]|journal check")


def texts(path: Path) -> list[str]:
    """All that a module may say: its strings, those with gaps too, and no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    left_out = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    left_out |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [text for node in ast.walk(tree) if id(node) not in left_out and (text := _text(node))]


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part) or "X" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


@pytest.mark.parametrize("name", SPEAKERS)
def test_no_sentence_at_a_page_names_a_command(name: str) -> None:
    """Whatever the pipeline says of orders and files, in both languages."""
    for text in texts(ROOT / name):
        found = worded(Words(text, text))
        assert not COMMAND.search(found.zh if re.search("[\u4e00-\u9fff]", text) else found.en), text


def test_nobody_hears_where_the_journal_lies() -> None:
    """That is for the server's log."""
    words = Words("流水账 /srv/a b/j.db 用不了：磁盘满了。", "the journal /srv/a b/j.db cannot be used: the disk is full.")
    assert said(words, "zh") == "服务器的记录用不了：磁盘满了。"
    assert said(words, "en") == "the server's journal cannot be used: the disk is full."
    assert said(None, "zh") is None


@pytest.mark.parametrize(
    ("told", "heard"),
    [
        ("出口易已收下，正在创建：稍后运行 resume 再查。", "出口易已收下，正在创建：稍后会自动再查。"),
        ("跟踪号还可能变，稍后运行 resume 会更新。", "跟踪号还可能变，以后会自动更新。"),
        ("程序会核对内容，请稍后运行 resume。", "程序会核对内容，稍后会自动再试，也可以按「继续发送」。"),
        ("请到平台上核对，或开通查询接口后运行 resume。", "请到平台上核对，或开通查询接口后按「继续发送」。"),
    ],
)
def test_a_longer_phrase_is_not_cut_up_by_a_shorter_one(told: str, heard: str) -> None:
    """What the server does by itself is not asked of anybody."""
    assert said(Words(told, ""), "zh") == heard
