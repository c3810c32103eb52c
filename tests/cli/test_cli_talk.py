"""What is told while a run is at work: one line for each thing, in words that people use."""

import io

import pytest
from rich.console import Console

from bulkorders.cli.show import Talk
from bulkorders.cli.words import choose_lang
from bulkorders.core.words import Words


def told(*seconds: float, lang: str = "zh") -> list[str]:
    """The lines of some estimates for 500 orders."""
    written = io.StringIO()
    talk = Talk(Console(file=written, width=200), None)
    choose_lang(["--lang", lang])
    try:
        for each in seconds:
            talk.expects("main", 500, each)
    finally:
        choose_lang([])
    return written.getvalue().splitlines()


@pytest.mark.parametrize(
    ("seconds", "zh", "en"),
    [
        (0.2, "约 1 秒", "about 1 s"), (59.6, "约 60 秒", "about 60 s"), (89.4, "约 89 秒", "about 89 s"),
        (90.0, "约 2 分钟", "about 2 min"), (1140, "约 19 分钟", "about 19 min"), (5370, "约 1 小时 30 分钟", "about 1 h 30 min"),
        (7260, "约 2 小时 1 分钟", "about 2 h 1 min"),
    ],
)  # fmt: skip
def test_an_estimate_is_one_line(seconds: float, zh: str, en: str) -> None:
    """The account, the orders, and a time as people say it."""
    assert told(seconds) == [f"账号 main：500 单，{zh}"]
    assert told(seconds, lang="en") == [f"account main: 500 orders, {en}"]


def test_the_same_line_is_said_once() -> None:
    """Until something else is said in between."""
    written = io.StringIO()
    talk = Talk(Console(file=written, width=200), None)
    for zh in ("平台正忙", "平台正忙", "连不上平台", "平台正忙"):
        talk.waits("main", Words(zh, zh))
    assert written.getvalue().splitlines() == ["账号 main：平台正忙", "账号 main：连不上平台", "账号 main：平台正忙"]
