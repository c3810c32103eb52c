"""The pipeline's sentences for people at a page, who have no command line: what that calls by its commands and options is called here by
what the page has. Sentences stay in the journal as they are; a server goes on by itself with what others have to resume."""  # fmt: skip

import re
from collections.abc import Sequence

from bulkorders.core.words import Words

Phrases = Sequence[tuple[str, str]]
"""Patterns, and what stands for them; the first that fits counts, so the longer ones come first."""

_ZH: Phrases = (
    (r"流水账 .{1,300}? ?(?=用不了：|打不开：)", "服务器的记录"),  # where that lies is nobody's business
    (r"请先排除，再运行 resume", "请告诉管理员，排除以后会接着发"),
    (r"请运行 journal check --complete，再运行 resume", "请管理员确认流水账完整，之后会接着发"),
    (r"要继续请运行 accounts unpause，再 resume", "管理员在「账号」页恢复以后会接着发"),
    (r"请改好配置，再运行 resume", "请管理员改好配置，之后会接着发"),
    (r"过十分钟运行 resume", "过十分钟按「继续发送」"),
    (r"请运行 resume --keep-going", "请勾选「再遇到相同的拒绝也不停」，按「继续发送」"),
    (r"请运行 resume，核实之前", "程序会先核实，核实之前"),
    (r"请稍后运行 resume", "稍后会自动再试，也可以按「继续发送」"),
    (r"稍后运行 resume 再查", "稍后会自动再查"),
    (r"稍后运行 resume 会更新", "以后会自动更新"),
    (r"后运行 resume", "后按「继续发送」"),
    (r"请加 --update 再提交", "请再上传一次，提交时勾选「改成这次的内容」"),
    (r"请在 bulkorders\.toml 里加上，再用 --account 指定；想先试一试可以加 --sandbox", "请管理员在服务器的设置里加上"),
    (r"请用 --account 指定一个", "请在上传时选一个账号"),
    (r"请用 --account 换一个", "请在上传时换一个账号"),
    (r"用 bulkorders status 看有哪些批次", "请到「记录」里看看"),
)
_EN: Phrases = (
    (r"the journal .{1,300}? (?=cannot be used:|cannot be opened:)", "the server's journal "),
    (r"mend that, then resume", "tell the administrator; it goes on when that is mended"),
    (r"then run journal check --complete and resume", "then have the administrator declare the journal complete"),
    (r"run accounts unpause, then resume", "it goes on when an administrator lets it"),
    (r"mend the configuration and run resume", "the administrator has to mend the configuration"),
    (r"or run resume in ten minutes, which", 'or press "Go on sending" in ten minutes, which'),
    (r"or resume --keep-going", 'or tick "also after equal refusals" and press "Go on sending"'),
    (r"while sending; run resume: it", "while sending; it"),
    (r"run resume later", 'it is tried again by itself, or press "Go on sending"'),
    (r"run resume", 'press "Go on sending"'),
    (r"submit with --update to modify it", "upload it again and tick the modification when submitting"),
    (r"add one and name it with --account, or try --sandbox", "the administrator adds one to the server's settings"),
    (r"name one with --account", "choose one when uploading"),
    (r"choose another with --account", "choose another when uploading"),
    (r"see bulkorders status", 'look under "History"'),
)


def worded(words: Words) -> Words:
    """A sentence as it is said at a page."""
    return Words(_worded(words.zh, _ZH), _worded(words.en, _EN))


def said(words: Words | None, lang: str) -> str | None:
    """The same in one language; None where there is nothing to say."""
    return worded(words).say(lang) if words else None


def _worded(text: str, phrases: Phrases) -> str:
    for pattern, instead in phrases:
        text = re.sub(pattern, instead, text)
    return text
