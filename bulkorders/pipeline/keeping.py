"""How long things are kept: once a day, what has had its time is forgotten."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from bulkorders.core.payload import strip
from bulkorders.core.template import Template
from bulkorders.core.words import Words
from bulkorders.journal.forget import DRAFT_DAYS, drop_old_drafts, forget, is_time, spare_files
from bulkorders.journal.uploads import forget_uploads

from .app import App, all_templates, path_text

_LEFT = Words(
    "{count} 份过了保存期的表格删不掉（如 {path}）：请手动删除。",
    "{count} workbooks whose time is over cannot be deleted (such as {path}): delete them by hand.",
)


def tidy(app: App) -> Words | None:
    """Forgets what has been kept for its time, at most once a day; says what could not be deleted. Raises JournalError.

    A file that cannot be deleted stops nobody: it is tried again the next day, and `journal check` names it.
    """
    now = app.clock.now()
    if not is_time(app.journal, now):
        return None
    forget(app.journal, now, app.settings.keep_days, _strip, _impersonal)
    drop_old_drafts(app.journal, now)
    forget_uploads(app.journal, now - dt.timedelta(days=max(app.settings.keep_days, DRAFT_DAYS)))
    left = [path for path in spare_files(app.journal, now) if not _deleted(path)]
    return _LEFT.fill(count=len(left), path=path_text(left[0])) if left else None


def _deleted(path: Path) -> bool:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        return False
    return True


def _strip(template: str, payload: bytes) -> bytes:
    """Of a template that is no longer there nothing is known to be impersonal."""
    found = _find(template)
    return strip(found[0], payload) if found else b"{}"


def _impersonal(template: str) -> frozenset[str]:
    return frozenset(field.name for each in _find(template) for field in each.fields if not field.personal)


def _find(template: str) -> Sequence[Template]:
    return [each for each in all_templates() if each.name == template]
