"""What the pages show: plain dicts made from the pipeline's records, in one language.

Each page is a template and the function that makes what it needs; `web/pages.py` calls the pipeline, and hands on what it got::

    login.html     login_page(lang, message=None, name="", to="/")
    start.html     start_page(app, lang, uploads, most_mb=100)                 uploads: my last 10, the newest first
    upload.html    upload_page(app, lang, upload, ahead, most_mb=100)          queued, checking, refused; checked goes to its batch
    batch.html     batch_page(app, lang, reports, progress, ...)               see `view_batch`: preview, progress, result
    order.html     order_page(app, lang, batch, order, events, values, issues) values: as `GET .../orders` gives them, see below
    history.html   history_page(app, lang, found, asked, page, per_page, shows_all=)   asked: text, status, since, until as they were typed
    accounts.html  accounts_page(app, standings)                         standings: (Account, paused_at | None, Holder | None)
    error.html     error_page(lang, status, message)

All take `frame(lang, user, csrf, path, query)` besides; `templating.render_page(name, {**frame(...), **page(...)})` gives the HTML. Forms
post the field `csrf`; scripts send it as `X-CSRF-Token` (they read it from `<meta name="csrf">`).

The scripts read the rest from `/api/v1`, as `api/models.py` describes it.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from bulkorders.core.issue import Issue
from bulkorders.core.order import Status, row_ranges
from bulkorders.core.provider import Account
from bulkorders.core.result import FATE_WORDS
from bulkorders.core.words import Words
from bulkorders.journal.gate import Holder
from bulkorders.journal.records import Batch, Placed
from bulkorders.pipeline.app import App, all_templates, find_template
from bulkorders.pipeline.report import fate_words, shown_time

from .given import Event, Found, Line, Upload, User
from .view_parts import TONES, counted, drop_zone, file_name, issue_line, refusal, state_words
from .worded import said

_STATUS_WORDS = {
    Status.PENDING: Words("等发送", "waiting"),
    Status.SENDING: Words("正在发送", "being sent"),
    Status.CREATED: Words("已创建", "created"),
    Status.ACCEPTED: Words("已受理", "accepted"),
    Status.REJECTED: Words("被拒绝", "rejected"),
    Status.IN_DOUBT: Words("待核实", "in doubt"),
}
_STATUS_TONES = {
    Status.PENDING: "open", Status.SENDING: "busy", Status.CREATED: "good", Status.ACCEPTED: "busy", Status.REJECTED: "bad",
    Status.IN_DOUBT: "open",
}  # fmt: skip
_KEY_LABELS = (Words("草稿", "drafts"), Words("正在发送", "being sent"), Words("已完成", "done"))


def frame(
    lang: str, user: User | None, csrf: str | None, path: str = "/", query: Mapping[str, str] | None = None, at: str = ""
) -> dict[str, Any]:  # fmt: skip
    """What stands around each page: who is signed in, and the same page in the other language. `at`: where, if not at this address."""
    other = "zh" if lang == "en" else "en"
    return {
        "lang": lang, "html_lang": "en" if lang == "en" else "zh-CN", "csrf": csrf, "path": path,
        "lang_href": f"{at}?{urlencode({**(query or {}), 'lang': other})}",  # never the path as it was asked for: `//other.example/`
        "user": {"name": user.name, "is_admin": str(user.role) == "admin"} if user else None,
    }  # fmt: skip


def login_page(lang: str, message: Words | None = None, name: str = "", to: str = "/") -> dict[str, Any]:
    """Signing in. `message`: why it did not work. `to`: where to go then, a path of ours."""
    return {"message": message.say(lang) if message else None, "name": name, "to": to}


def start_page(app: App, lang: str, uploads: Sequence[Upload], most_mb: int = 100) -> dict[str, Any]:
    """The blank templates, where to drop a file, and the last uploads."""
    return {
        "templates": _templates(),
        "drop_zone": drop_zone(app, most_mb),
        "uploads": [_upload_line(app, lang, upload) for upload in uploads],
    }


def _templates() -> list[dict[str, Any]]:
    return [{"name": each.name, "title": each.title, "unit": each.unit, "columns": len(each.fields)} for each in all_templates()]


def _upload_line(app: App, lang: str, upload: Upload) -> dict[str, Any]:
    href = f"/batches/{upload.batches[0]}" if upload.batches else f"/uploads/{upload.id}"
    word, tone = state_words(upload.state)
    refused = refusal(lang, upload.refused)
    return {
        "id": upload.id, "file": file_name(upload.file), "href": href, "state": upload.state, "word": word.say(lang), "tone": tone,
        "at": shown_time(app, upload.at), "message": refused["message"] if refused else None,
    }  # fmt: skip


def upload_page(
    app: App, lang: str, upload: Upload, ahead: int, most_mb: int = 100, account: str | None = None
) -> dict[str, Any]:  # fmt: skip
    """A file that waits for its check, or was refused. `ahead`: how many files are checked before it; `account`: where it was to go."""
    return {
        "upload": {**_upload_line(app, lang, upload), "ahead": ahead, "refused": refusal(lang, upload.refused)},
        "templates": _templates(), "drop_zone": drop_zone(app, most_mb, account),
    }  # fmt: skip


def order_page(
    app: App, lang: str, batch: Batch, order: Placed, events: Sequence[Event], values: Mapping[str, Any] | None,
    issues: Sequence[Issue] = (),
) -> dict[str, Any]:  # fmt: skip
    """One order of a batch: its fate, what was or will be sent, and all that happened to it."""
    template = find_template(batch.template)
    known = (
        (Words("平台单号", "number at the remote"), order.remote_id), (Words("跟踪号", "tracking number"), order.tracking_number),
        (Words("服务商", "carrier"), order.carrier), (Words("请求 ID", "request ID"), order.request_id),
        (Words("提交时间", "sent at"), shown_time(app, order.submitted_at)),
        (Words("尝试次数", "attempts"), str(order.attempts) if order.attempts else None),
    )  # fmt: skip
    return {
        "batch": {"id": batch.id, "file": file_name(batch.file), "title": template.title, "is_test": batch.is_test},
        "order": {
            "display": order.display, "position": order.position, "account": order.account, "rows": row_ranges(order.places),
            "key": dict(order.key), "message": said(order.message, lang),
            "fate": order.fate.value, "tone": TONES[order.fate], "word": fate_words(order.fate, batch.is_test).say(lang),
            "ids": [{"label": label.say(lang), "value": value} for label, value in known if value], "unit": template.unit,
        },
        "values": values, "issues": [issue_line(lang, issue, batch.id) for issue in issues],
        "events": [_event(app, lang, event) for event in events],
    }  # fmt: skip


def _event(app: App, lang: str, event: Event) -> dict[str, Any]:
    status = Status(event.after)
    message = said(Words(event.message, event.message), "zh") if event.message else None
    return {
        "at": shown_time(app, event.at), "word": _STATUS_WORDS[status].say(lang), "tone": _STATUS_TONES[status],
        "attempt": event.attempt, "code": event.code, "message": message, "request_id": event.request_id,
    }  # fmt: skip


def history_page(
    app: App, lang: str, found: Found, asked: Mapping[str, str], page: int = 1, per_page: int = 50, *, shows_all: bool = False
) -> dict[str, Any]:  # fmt: skip
    """All batches. `asked`: what is looked for, as it was typed. `shows_all`: those of other people too."""
    pages = max(1, -(-found.total // per_page))
    given = {name: value for name, value in asked.items() if value}
    states = zip(("draft", "sending", "done"), _KEY_LABELS, strict=True)
    return {
        "lines": [_line(app, lang, line) for line in found.lines], "total": found.total, "asked": {**_NOT_ASKED, **given},
        "is_search": bool(given), "shows_all": shows_all, "page": page, "pages": pages,
        "previous": _turned(given, page - 1) if page > 1 else None, "next": _turned(given, page + 1) if page < pages else None,
        "states": [{"value": value, "word": words.say(lang)} for value, words in states],
        "fates": [{"value": fate.value, "word": words.say(lang)} for fate, words in FATE_WORDS.items()],
    }  # fmt: skip


_NOT_ASKED = {"text": "", "status": "", "since": "", "until": ""}


def _turned(asked: Mapping[str, str], page: int) -> str:
    return f"/history?{urlencode({**asked, 'page': page})}"


_SOME_FAILED = Words("已完成，有失败", "done, some failed")


def _line(app: App, lang: str, line: Line) -> dict[str, Any]:
    word, tone = state_words(line.state)
    if line.state == "done" and any(count and TONES[fate] == "bad" for fate, count in line.counts.items()):
        word, tone = _SOME_FAILED, "bad"
    return {
        "batch": line.batch, "file": file_name(line.file), "title": line.title.say(lang) if isinstance(line.title, Words) else line.title,
        "by_whom": line.by_whom, "read": line.read, "at": shown_time(app, line.created_at), "word": word.say(lang), "tone": tone,
        "state": line.state, "is_test": line.is_test,
        "orders": [{"order": order, "href": f"/batches/{line.batch}/orders/{position}"} for position, order in line.orders],
        "counts": [each for each in counted(lang, line.counts) if each["count"]],
    }  # fmt: skip


Standing = tuple[Account, dt.datetime | None, Holder | None]
"""An account, since when it is paused, and who sends for it now."""


def accounts_page(app: App, standings: Sequence[Standing]) -> dict[str, Any]:
    """The accounts, and whether they may send."""
    return {"accounts": [_account(app, *standing) for standing in standings]}


def _account(app: App, account: Account, paused_at: dt.datetime | None, holder: Holder | None) -> dict[str, Any]:
    return {
        "name": account.name, "provider": account.provider.title, "host": account.settings.hostname, "is_test": account.is_test,
        "paused_at": shown_time(app, paused_at), "is_sending": holder is not None,
    }  # fmt: skip


_TITLES = {
    400: Words("请求不对", "Bad request"),
    401: Words("请先登录", "Please sign in"),
    403: Words("没有权限", "Not allowed"),
    404: Words("找不到", "Not found"),
    409: Words("现在不能这样做", "Not possible now"),
    413: Words("文件太大", "The file is too large"),
    429: Words("太频繁了", "Too often"),
    503: Words("暂时不能用", "Not available now"),
}


def error_page(lang: str, status: int, message: Words | str) -> dict[str, Any]:
    """What went wrong, and what to do."""
    title = _TITLES.get(status, Words("出错了", "Something went wrong"))
    return {"status": status, "title": title.say(lang), "message": said(message, lang) if isinstance(message, Words) else message}
