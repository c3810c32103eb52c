"""A batch's page: before it is submitted what was found and what will be sent; afterwards how it goes, then what became of it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bulkorders.core.duration import duration
from bulkorders.core.issue import Severity
from bulkorders.core.order import row_ranges
from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.journal.records import Placed
from bulkorders.pipeline.app import App, find_provider, find_template
from bulkorders.pipeline.overview import Overview
from bulkorders.pipeline.report import fate_words, shown_time

from .given import Latest, Progress, Suggestion
from .view_parts import TONES, counted, drop_zone, file_name, issue_line, state_words
from .worded import said


def batch_page(
    app: App, lang: str, overviews: Sequence[Overview], progress: Progress, *, by_whom: str | None = None,
    suggestions: Sequence[Suggestion] = (), corrections: int = 0, paused: Sequence[str] = (), notice: Words | None = None, seen: int = 0,
    most_mb: int = 100,
) -> dict[str, Any]:  # fmt: skip
    """A batch. `overviews`: it first, then those of the other templates in its workbook. While it is being sent nothing but their batches
    is looked at; afterwards nothing else of the others.

    `progress`: of the first. `corrections`: how many cells were corrected. `paused`: the names of paused accounts. `notice`: what a form
    could not do. `seen`: the last of the corrections.
    """
    overview, batch = overviews[0], overviews[0].batch
    template = find_template(batch.template)
    word, tone = state_words(progress.state)
    page = {
        "batch": {
            "id": batch.id, "file": file_name(batch.file), "title": template.title, "template": template.name, "unit": template.unit,
            "is_test": batch.is_test, "rows": dict(batch.rows), "created_at": shown_time(app, batch.created_at),
            "released_at": shown_time(app, batch.released_at), "by_whom": by_whom, "state": progress.state, "word": word.say(lang),
            "tone": tone,
        },
        "siblings": [_sibling(each, batch.id) for each in overviews] if len(overviews) > 1 else [],
        "notice": notice.say(lang) if notice else None, "corrections": corrections, "seen": seen,
        "draft": None, "progress": None, "result": None,
    }  # fmt: skip
    if progress.state == "draft":
        return {**page, "draft": _draft(app, lang, overviews, progress, suggestions, paused)}
    page["progress"] = _progress(app, lang, overview, progress)
    return page if progress.state == "sending" else {
        **page, "result": _result(lang, overview, progress),
        "drop_zone": drop_zone(app, most_mb, next(iter(overview.targets)) if len(overview.targets) == 1 else None),
    }  # fmt: skip


def _sibling(overview: Overview, current: str) -> dict[str, Any]:
    batch = overview.batch
    return {"id": batch.id, "title": find_template(batch.template).title, "is_current": batch.id == current}


# -- before it is submitted ----------------------------------------------------------------------------------------------------
def _draft(
    app: App, lang: str, overviews: Sequence[Overview], progress: Progress, suggestions: Sequence[Suggestion], paused: Sequence[str]
) -> dict[str, Any]:  # fmt: skip
    overview = overviews[0]
    return {
        "orders": {"read": overview.good + overview.bad, "valid": overview.good, "invalid": overview.bad},
        "takes": duration(progress.seconds_left).say(lang) if progress.seconds_left else None,
        "errors": _issues(lang, overview, Severity.ERROR),
        "warnings": _issues(lang, overview, Severity.WARNING),
        "notes": _issues(lang, overview, Severity.NOTE),
        "sheets": [
            {"name": name, "header_row": known["header_row"], "errors": overview.errors.get(name, 0)}
            for name, known in overview.batch.sheets.items()
        ],
        "suggestions": [_suggestion(lang, each) for each in suggestions],
        "submit": _submit(app, overviews, paused),
    }  # fmt: skip


def _issues(lang: str, overview: Overview, severity: Severity) -> dict[str, Any]:
    shown, count = overview.issues.get(severity, ()), overview.counts.get(severity, 0)
    return {"count": count, "shown": [issue_line(lang, issue, overview.batch.id) for issue in shown], "more": count - len(shown)}


def _suggestion(lang: str, found: Suggestion) -> dict[str, Any]:
    return {
        "sheet": found.sheet, "row": found.row, "column": found.column, "text": found.text, "message": found.message.say(lang),
    }  # fmt: skip


def _submit(app: App, overviews: Sequence[Overview], paused: Sequence[str]) -> dict[str, Any]:
    """What will happen: how many orders of the whole workbook go to which account."""
    counts: Counter[str] = Counter()
    for each in overviews:
        counts.update(each.targets)
    providers = [find_provider(each.batch.template) for each in overviews]
    return {
        "good": sum(each.good for each in overviews), "bad": sum(each.bad for each in overviews),
        "there": sum(each.there for each in overviews), "differs": sum(each.differs for each in overviews),
        "is_test": all(each.batch.is_test for each in overviews),
        "accounts": [_target(app, name, count, paused) for name, count in counts.items()],
        "can_update": all(provider.updates for provider in providers),
    }  # fmt: skip


def _target(app: App, name: str, count: int, paused: Sequence[str]) -> dict[str, Any]:
    account = app.accounts.get(name)
    return {
        "name": name, "count": count, "is_test": account.is_test if account else app.is_test, "is_paused": name in paused,
        "provider": account.provider.title if account else "",
    }  # fmt: skip


# -- afterwards ----------------------------------------------------------------------------------------------------------------
def _progress(app: App, lang: str, overview: Overview, progress: Progress) -> dict[str, Any]:
    counts = progress.counts
    settled = progress.read - counts.get(Fate.UNSENT, 0) - counts.get(Fate.IN_DOUBT, 0) - counts.get(Fate.ACCEPTED, 0)
    return {
        "read": progress.read, "settled": settled, "percent": 100 * settled // progress.read if progress.read else 100,
        "counts": counted(lang, counts, is_test=overview.batch.is_test), "bar": _bar(counts, progress.read),
        "per_minute": f"{progress.per_minute:,.0f}" if progress.per_minute else None,
        "left": duration(progress.seconds_left).say(lang) if progress.seconds_left else None,
        "latest": [_latest(app, lang, each) for each in progress.latest], "paused": said(progress.paused, lang),
        "sum": sum(counts.values()),
    }  # fmt: skip


def _latest(app: App, lang: str, found: Latest) -> dict[str, Any]:
    return {
        "order": found.order, "word": found.word.say(lang), "tone": TONES[found.status], "at": shown_time(app, found.at),
        "message": said(found.message, lang),
    }  # fmt: skip


BAR = 1000
"""How long the bar is, in units of its drawing."""


def _bar(counts: Mapping[Fate, int], read: int) -> list[dict[str, Any]]:
    """The bar's parts, one beside the other: a fate each, in the order of their words."""
    parts, start = [], 0.0
    for fate in Fate:
        width = BAR * counts.get(fate, 0) / read if read else 0.0
        parts.append({"fate": fate.value, "tone": TONES[fate], "x": f"{start:.2f}", "width": f"{width:.2f}"})
        start += width
    return parts


_ALL_WELL = Words("全部完成：{good} 单都已办好。", "All done: {good} orders are there.")
_SOME_BAD = Words("已经结束：{good} 单办好，{bad} 单需要您处理。", "Finished: {good} orders are there, {bad} need you.")
_ALL_BAD = Words("已经结束：{bad} 单都没有建成，需要您处理。", "Finished: none of the {bad} orders was created, they need you.")
_LEFT = Words("还没有完：{open} 单没有结果。", "Not finished: {open} orders are not settled.")


def _result(lang: str, overview: Overview, progress: Progress) -> dict[str, Any]:
    counts = progress.counts
    tones: dict[str, int] = dict.fromkeys(("good", "busy", "bad", "open"), 0)
    for fate, count in counts.items():
        tones[TONES[fate]] += count
    unsettled = tones["open"] + tones["busy"]
    verdict, tone = (_LEFT, "open") if unsettled else (_SOME_BAD, "bad") if tones["bad"] and tones["good"] else (_ALL_WELL, "good")
    if not unsettled and tones["bad"] and not tones["good"]:
        verdict, tone = _ALL_BAD, "bad"
    return {
        "verdict": verdict.fill(good=f"{tones['good']:,}", bad=f"{tones['bad']:,}", open=f"{unsettled:,}").say(lang), "tone": tone,
        "can_resume": progress.state in ("paused", "unfinished"), "can_keep_going": overview.batch.is_paused, "bad": tones["bad"],
        "needy": [_needy(lang, overview, order) for order in overview.needy], "more": overview.needy_count - len(overview.needy),
    }  # fmt: skip


def _needy(lang: str, overview: Overview, order: Placed) -> dict[str, Any]:
    return {
        "order": order.display, "href": f"/batches/{overview.batch.id}/orders/{order.position}", "rows": row_ranges(order.places),
        "word": fate_words(order.fate, overview.batch.is_test).say(lang), "tone": TONES[order.fate],
        "message": said(order.message, lang) or "", "account": order.account,
    }  # fmt: skip
