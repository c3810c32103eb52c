"""Cells of drafts corrected: written down, the kept workbook checked again with all corrections, the drafts made anew."""

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from bulkorders.core.correction import Correction, at_its_place, is_too_long, latest, typed
from bulkorders.core.suggestion import SURE, sure_text
from bulkorders.core.words import NOTHING, Words
from bulkorders.errors import UsageError
from bulkorders.journal import corrections as kept
from bulkorders.journal.issues import issues_of_codes
from bulkorders.journal.kept import kept_path
from bulkorders.journal.records import Batch, NewBatch
from bulkorders.journal.uploads import upload_of
from bulkorders.journal.views import batches_of_workbook, get_batch

from .app import App, find_template
from .drafts import drafts_of
from .ingest import Checkup, drafted, examine, vetted
from .uploads import READING
from .vet import Vetted

__all__ = ["Correction", "Suggestion", "correct", "corrections_of", "suggestions"]

MOST = 20_000
"""Cells of a workbook that may be corrected; who has more of them corrects the workbook itself."""
MOST_SUGGESTED = 2_000
"""Sure corrections that are made at once."""
TRIES = 20
"""How often a check is made again because somebody else has corrected other cells meanwhile, in another process."""
_LOCKS: "WeakValueDictionary[tuple[str, ...], _Turn]" = WeakValueDictionary()
_LOCKS_LOCK = threading.Lock()


@dataclass(frozen=True)
class Suggestion(Correction):
    """A sure correction, and what is said of the cell now."""

    message: Words = NOTHING


def correct(app: App, batch: str, found: Sequence[Correction], who: str) -> None:
    """Corrects cells of a draft's workbook, all or none, and checks it again: its drafts then have the orders that it has now.

    Raises UsageError where it was submitted, where a cell is none that is read, or where the workbook would be refused; JournalError.
    """
    names = drafts_of(app, batch)
    if not names:
        raise UsageError("这份表格已经提交过了，不能再改。", "the workbook was submitted already and cannot be changed.")
    with _turn(app, names):
        for _ in range(TRIES):
            if _corrected(app, names, found, who):
                return
    raise UsageError("别人也在改这份表格，没有改成：请再试一次。", "others are changing the workbook, too; try again.")


def corrections_of(app: App, batch: str) -> tuple[list[Correction], int]:
    """The corrections of a batch's workbook, of each cell the last one, and the number of the newest, 0 where there is none.

    Raises UsageError where there is no such batch.
    """
    return kept.corrections_of(app.journal, batches_of_workbook(app.journal, get_batch(app.journal, batch)))


def suggestions(app: App, batch: str) -> list[Suggestion]:
    """What is surely meant in cells of a draft that are wrong, the first of them. Raises UsageError where there is no such batch."""
    template = find_template(get_batch(app.journal, batch).template)
    known = {field.name: field for field in template.fields}
    found = []
    for issue in issues_of_codes(app.journal, batch, SURE, MOST_SUGGESTED):
        text = sure_text(known[issue.field], issue) if issue.field in known else None
        if text is not None and issue.sheet and issue.row and issue.column:
            found.append(Suggestion(issue.sheet, issue.row, issue.column, text, issue.message))
    return found


class _Turn:
    """A lock that is forgotten when nobody has it or waits for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _turn(app: App, names: Sequence[str]) -> _Turn:
    """One correction of a workbook after the other: side by side all but one check would be for nothing."""
    with _LOCKS_LOCK:
        return _LOCKS.setdefault((app.journal.id, *sorted(names)), _Turn())


def _corrected(app: App, names: Sequence[str], found: Sequence[Correction], who: str) -> bool:
    """One check and its result; False where it knew not of all corrections."""
    drafts = [get_batch(app.journal, name) for name in names]
    earlier, seen = kept.corrections_of(app.journal, names)
    new = latest(_allowed(drafts, each) for each in found)
    every = latest([*earlier, *new])
    if len(every) > MOST:
        raise UsageError(
            f"改过的格子超过 {MOST} 个：请在原来的表格里改好，再重新上传。",
            f"more than {MOST} cells: correct the workbook and upload it again.",
        )
    parts = _checked(app, drafts[0], every)
    moved = parts[0][0].checked.moved
    added: dict[str, list[Correction]] = defaultdict(list)
    for each in latest(at_its_place(each, moved) for each in new):
        added[_owner(drafts, each.sheet).id].append(each)
    return kept.replace_drafts(app.journal, [_anew(app, draft, parts) for draft in drafts], added, seen, who, app.clock.now())


def _checked(app: App, draft: Batch, every: Sequence[Correction]) -> list[tuple[Checkup, Vetted]]:
    copy = kept_path(app.journal, draft.content_hash)
    if not copy.exists():
        raise UsageError("原来的表格不在了，不能再改：请重新上传。", "the workbook is no longer kept: upload it again.")
    upload = upload_of(app.journal, draft.id)
    account = upload.account if upload else None
    with READING.at_once():
        file = examine(app, Path(draft.file), copy, draft.content_hash, account=account, corrections=every)
    refused = next((checkup.refused for checkup, _ in file.parts if checkup.refused), None)
    if refused is not None:
        raise UsageError(refused.message.zh, refused.message.en)
    return vetted(app, file)


def _anew(app: App, draft: Batch, parts: Sequence[tuple[Checkup, Vetted]]) -> NewBatch:
    """A draft as its workbook is now. Rows that were emptied at the end may be filled again."""
    part = next(((checkup, found) for checkup, found in parts if checkup.checked.template == draft.template), None)
    if part is None:
        title = find_template(draft.template).title
        raise UsageError(f"这样改，表里就没有「{title}」的表头了：没有改。", f"the header of {title} would be gone: not changed.")
    new = drafted(app, part[0], part[1].routes, batch=draft.id, file=draft.file, content_hash=draft.content_hash)
    return replace(new, sheets={name: _widened(known, draft.sheets.get(name)) for name, known in new.sheets.items()})


def _widened(known: Mapping[str, Any], before: Mapping[str, Any] | None) -> dict[str, Any]:
    first, last = known["span"]
    return {**known, "span": [first, max(last, before["span"][1]) if before and "span" in before else last]}


def _owner(drafts: Sequence[Batch], sheet: str) -> Batch:
    found = next((draft for draft in drafts if sheet in draft.sheets), None)
    if found is None:
        raise UsageError("表格里没有读取这张工作表，不能改。", "no such sheet was read.")
    return found


def _allowed(drafts: Sequence[Batch], found: Correction) -> Correction:
    """The correction as it is kept. Raises UsageError for a cell that is not read, and for a text that no cell takes."""
    known = _owner(drafts, found.sheet).sheets[found.sheet]
    first, last = known.get("span", (known["header_row"] + 1, known["header_row"]))
    if not first <= found.row <= last:
        raise UsageError(f"只能改第 {first} 到 {last} 行的格子。", f"only cells of rows {first} to {last} can be changed.")
    if found.column not in {letter for letter, _ in known.get("fields", {}).values()}:
        raise UsageError("只能改模板里有的列，别的列没有使用。", "only cells in columns of the template can be changed.")
    text = typed(found.text)
    if is_too_long(text):
        raise UsageError("内容太长，一个格子放不下：请缩短。", "the text is too long for a cell: shorten it.")
    return Correction(found.sheet, found.row, found.column, text)
