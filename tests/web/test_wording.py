"""What the pages say instead of the command line's words."""

import importlib
import pkgutil

import bulkorders
from bulkorders.core.words import Words
from bulkorders.web.wording import here, refusal, said

ELSEWHERE = ("bulkorders.cli", "bulkorders.folder", "bulkorders.sandbox", "bulkorders.web", "bulkorders.workbook.child")
"""Rooms whose sentences no page shows."""
COMMANDS = ("resume", " --", "bulkorders.toml")


def sentences() -> list[Words]:
    """All that the program has to say below its doors."""
    names = [each.name for each in pkgutil.walk_packages(bulkorders.__path__, "bulkorders.")]
    modules = [importlib.import_module(name) for name in names if not name.startswith(ELSEWHERE) and not name.endswith("__main__")]
    return [value for module in modules for value in vars(module).values() if isinstance(value, Words)]


def test_no_sentence_on_a_page_asks_for_a_command_of_the_merchant() -> None:
    """A merchant has buttons; where somebody has to type something, it is the administrator."""
    found = sentences()
    assert sum("resume" in words.zh for words in found) > 10
    for words in map(here, found):
        assert not any(command in words.zh for command in COMMANDS) or "管理员" in words.zh, words.zh
        assert not any(command in words.en for command in COMMANDS) or "administrator" in words.en, words.en


def test_what_is_refused_is_said_in_the_page_s_words() -> None:
    """With its code, and the nearest header."""
    several = {"code": "failed", "zh": "有几个账号都可以用（a、b）：请用 --account 指定一个。", "en": "name one with --account."}
    assert refusal("zh", several) == {
        "code": "failed",
        "message": "有几个账号都可以用（a、b）：请在上传时选一个账号。",
        "best_header": None,
    }
    assert refusal("en", several) == {"code": "failed", "message": "choose one when you upload.", "best_header": None}
    assert refusal("zh", None) is None
    assert said(None, "zh") is None
