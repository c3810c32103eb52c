"""What the program says, as it is done here: the journal's sentences name commands, the pages have buttons."""

import re
from collections.abc import Mapping
from typing import Any

from bulkorders.core.words import Words

_ZH = {
    "请运行 accounts unpause，再 resume": "请管理员在「账号」页恢复发送",
    "请运行 accounts release": "请管理员在服务器上运行 bulkorders accounts release",
    "请运行 journal check": "请管理员在服务器上运行 bulkorders journal check",
    "运行 resume --keep-going": "点「继续发送」",
    "稍后运行 resume 再查": "程序会接着查",
    "稍后运行 resume 会更新": "程序会接着更新",
    "请稍后运行 resume": "稍后会自动接着做，也可以点「继续发送」",
    "运行 resume": "点「继续发送」",
    "再 resume": "再点「继续发送」",
    "加 --update 再提交": "重新上传，提交时勾选「按这次的修改」",
    "请用 --account 指定一个": "请在上传时选一个账号",
    "请用 --account 换一个": "请在上传时换一个账号",
    "请在 bulkorders.toml 里加上，再用 --account 指定；想先试一试可以加 --sandbox": "请管理员在配置里加上",
    "请改好配置": "请管理员改好配置",
}
_EN = {
    "run accounts unpause, then resume": "an administrator can let it send again",
    "run accounts release": "have an administrator run bulkorders accounts release",
    "run journal check": "have an administrator run bulkorders journal check",
    "resume --keep-going": 'press "Go on sending"',
    "run resume later": "it goes on later by itself",
    "run resume in ten minutes": 'press "Go on sending" in ten minutes',
    "run resume": 'press "Go on sending"',
    "then resume": 'then press "Go on sending"',
    "and resume": 'and press "Go on sending"',
    "submit with --update to modify it": "upload it again and choose to modify it",
    "name one with --account": "choose one when you upload",
    "choose another with --account": "choose another when you upload",
    "add one and name it with --account, or try --sandbox": "have an administrator add one",
    "mend the configuration": "have an administrator mend the configuration",
}


def said(words: Words | None, lang: str) -> str | None:
    """A sentence as the pages say it; None where there is none."""
    return here(words).say(lang) if words else None


def here(words: Words) -> Words:
    """A sentence in both languages as the pages say it."""
    return Words(_instead(words.zh, _ZH), _instead(words.en, _EN))


def refusal(lang: str, refused: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Why a file was refused, from what the journal keeps of it."""
    if refused is None:
        return None
    message = said(Words(refused["zh"], refused["en"]), lang)
    return {"code": refused["code"], "message": message, "best_header": refused.get("best_header")}


def _instead(text: str, instead: Mapping[str, str]) -> str:
    pattern = "|".join(re.escape(each) for each in sorted(instead, key=len, reverse=True))
    return re.sub(pattern, lambda found: instead[found[0]], text)
