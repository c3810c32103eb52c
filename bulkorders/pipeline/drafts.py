"""Drafts that somebody has looked at: released, which sends their orders, or dropped."""

from collections.abc import Sequence
from itertools import chain

from bulkorders.core.result import Fate
from bulkorders.core.words import Words
from bulkorders.errors import UsageError
from bulkorders.journal.batches import drop_drafts, release
from bulkorders.journal.fates import counted, groups_of
from bulkorders.journal.kept import discard
from bulkorders.journal.records import Batch
from bulkorders.journal.views import batches_of_workbook, get_batch

from .app import App, find_provider

_SENT = Words("这份表格已经提交过了，不用再提交。", "The workbook was submitted already.")
_MOVED = ("这份草稿刚刚被别人提交或删除了：请刷新页面看看。", "The draft was submitted or dropped just now: load the page anew.")
_INVALID = Words(
    "有 {count} 单数据有误：请先改好，或选择“只提交没有问题的订单”。",
    "{count} orders are invalid: correct them, or submit only the good ones.",
)
_NOTHING = Words("没有可以提交的订单：请先改好标红的格子。", "There is no order to submit: correct the red cells first.")
_NO_UPDATE = Words("{title}不能修改已有的订单：请不要选“修改”。", "{title} cannot modify orders: submit without updating.")


def submit_drafts(
    app: App, batch: str, *, only_good: bool, update: bool = False, keep_going: bool = False, seen: int | None = None
) -> Sequence[str] | Words:  # fmt: skip
    """Releases all drafts of a batch's workbook, whose orders are then sent by whoever sends; gives their names, or why not.

    `seen`: the number of the newest correction of what somebody has looked at. Raises UsageError where there is no such batch, or its
    orders were changed since; JournalError.
    """
    drafts = [get_batch(app.journal, name) for name in drafts_of(app, batch)]
    if not drafts:
        return _SENT
    if (why := _why_not(app, drafts, only_good=only_good, update=update)) is not None:
        return why
    names = [draft.id for draft in drafts]
    released = release(app.journal, names, app.clock.now(), update=update, keep_going=keep_going, whole=not only_good, seen=seen)
    if not released:
        raise UsageError(*_MOVED)
    return released


def _why_not(app: App, drafts: Sequence[Batch], *, only_good: bool, update: bool) -> Words | None:
    counts = counted(chain.from_iterable(groups_of(app.journal, drafts, app.finished).values()))
    invalid = counts[Fate.INVALID]
    if invalid == sum(counts.values()):
        return _NOTHING
    if invalid and not only_good:
        return _INVALID.fill(count=invalid)
    providers = (find_provider(draft.template) for draft in drafts)
    rigid = next((provider for provider in providers if not provider.updates), None)
    return _NO_UPDATE.fill(title=rigid.title) if update and rigid else None


def drop(app: App, batch: str) -> None:
    """Forgets all drafts of a batch's workbook, and its file where nobody else needs it. Raises UsageError where it was submitted."""
    names = drafts_of(app, batch)
    if not names:
        raise UsageError("这份表格已经提交过了，不能删除。", "the workbook was submitted already and cannot be dropped.")
    content_hash = get_batch(app.journal, batch).content_hash
    if not drop_drafts(app.journal, names):
        raise UsageError(*_MOVED)
    discard(app.journal, content_hash)


def drafts_of(app: App, batch: str) -> list[str]:
    """The drafts of a batch's workbook, this one first; none where it was released. Raises UsageError where there is no such batch."""
    found = get_batch(app.journal, batch)
    return [] if found.is_released else _siblings(app, found)


def _siblings(app: App, batch: Batch) -> list[str]:
    return [batch.id, *(name for name in batches_of_workbook(app.journal, batch) if name != batch.id)]
