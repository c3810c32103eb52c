"""A claimed file becomes batches: examined, written down as drafts, its batches noted, released; or put away with the reason."""

import datetime as dt
import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bulkorders.core.result import exit_code
from bulkorders.core.words import Words
from bulkorders.crash import crash_point
from bulkorders.errors import BulkordersError, UsageError
from bulkorders.journal.batches import release
from bulkorders.journal.drops import Drop, End, Stage, get_drop, hold_claims, hold_content, hold_drop, identify, save, unclaim
from bulkorders.journal.standings import standings
from bulkorders.pipeline.app import find_template
from bulkorders.pipeline.ingest import Checkup, Examined, Ingested, cannot_open, enter, examined
from bulkorders.pipeline.work import Work, words_of

from .look import Look, look_at
from .place import GoneError, Place, check, is_there
from .settle import finish

UNREADABLE = dt.timedelta(minutes=10)
"""How long a file that may not be read is tried again before it is refused."""
_CHUNK = 1024 * 1024
_TWIN = Words(
    "内容和 {twin} 完全相同，跳过，没有再发；结果见 {results}。",
    "the same content as {twin}; skipped, not sent again; see {results}.",
)
_EMPTY = Words("里面没有订单。", "there are no orders in it.")
_OTHER = Words(
    "这个文件夹只收“{title}”的表格，这份是“{found}”：请放进对应的文件夹。",
    "this folder takes workbooks of {title} only, this one is of {found}: drop it into the folder of that.",
)
_SETTINGS = Words(
    "{reason}（管理员：用哪个账号写在配置 [[folders]] 的 account 里，再把文件重新放进来。）",
    "{reason} (Administrator: the account belongs into [[folders]], then drop the file again.)",
)
_LINK = Words(
    "不是普通的文件（可能是快捷方式或链接），没有读：请放文件本身。", "it is no plain file and was not read: drop the file itself."
)


@dataclass(frozen=True)
class _Refused:
    """Why a file became no batch, with all that its results should say."""

    end: End
    words: Words
    lines: Sequence[Words] = ()


def enter_drop(work: Work, place: Place, number: int) -> bool:
    """Enters one claimed file; gives False where somebody else does, or it is not yet time. Raises GoneError, BulkordersError, OSError."""
    journal = work.app.journal
    with hold_drop(journal, number) as is_held:
        drop = get_drop(journal, number) if is_held else None
        if drop is None or drop.stage is not Stage.CLAIMED:
            return False
        if drop.goes is not None:  # on its way out when the program was killed
            finish(work, place, drop, drop.end or End.FAILED, drop.message or Words("", ""))
            return True
        return _enter(work, place, drop)


def _enter(work: Work, place: Place, drop: Drop) -> bool:
    path, journal = place.root / drop.path, work.app.journal
    if not is_there(place, journal):
        raise GoneError
    before = look_at(path)
    if before is None and not os.path.lexists(path):
        return _forget(work, place, drop)
    if before is None:
        _refuse(work, place, drop, _Refused(End.FAILED, _LINK))
        return True
    try:
        content_hash = _hash_of(path)
    except OSError as error:
        if isinstance(error, PermissionError) and not _is_young(work, drop):
            _refuse(work, place, drop, _Refused(End.FAILED, Words(*cannot_open(path, error))))
            return True
        identify(journal, drop, f"?{drop.id}")  # nobody waits for what cannot be read
        raise
    with hold_content(journal, content_hash) as is_held:  # of two that are the same, one after the other
        drop, twin, unread = identify(journal, drop, content_hash)
        may_be_first = any(_size_of(place.root / other.path) == before.size for other in unread)
        if not is_held or may_be_first or (twin is not None and twin.stage is Stage.CLAIMED):
            return False
        crash_point()
        is_twin = twin is not None and not _is_paused(work, twin)
        found = _as_twin(place, twin) if twin is not None and is_twin else _examine(work, place, drop, path, before)
    if look_at(path) != before:  # it was still being written to
        return False
    if isinstance(found, _Refused):
        _refuse(work, place, drop, found)
    return True


def _forget(work: Work, place: Place, drop: Drop) -> bool:
    """Forgets a claim whose file somebody has taken away; gives False where it may be on its way, as a claim is written before it moves."""
    with hold_claims(work.app.journal, place.key) as is_held:
        if not is_held or os.path.lexists(place.root / drop.path):
            return False
        check(place, work.app.journal)  # of a folder that is gone, no file is missing
        unclaim(work.app.journal, drop.id)
    return True


def _is_paused(work: Work, twin: Drop) -> bool:
    """Whether a file of the same content was stopped: to drop it again is to have it go on."""
    found = standings(work.app.journal, twin.batches).values()
    return any(standing.paused for standing in found) and not any(standing.active for standing in found)


def _is_young(work: Work, drop: Drop) -> bool:
    """Whether a file may yet become readable: another program holds it for a while."""
    return work.app.clock.now() - drop.at < UNREADABLE


def _size_of(path: Path) -> int | None:
    found = look_at(path)
    return found.size if found else None


def _hash_of(path: Path) -> str:
    """What is in a file; a link is not followed. Raises OSError."""
    digest = hashlib.sha256()
    with os.fdopen(os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)), "rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _examine(work: Work, place: Place, drop: Drop, path: Path, before: Look) -> _Refused | None:
    """Makes batches of a file that looks as it did before, else gives why there are none."""
    try:
        settings = place.settings
        with examined(work.app, [path], account=settings.account, template=settings.template, left=work.left) as (file,):
            crash_point()
            if look_at(path) != before or file.content_hash != drop.content_hash:
                return None
            named = _as_dropped(place, drop, file)
            taken = _only(named, settings.template)
            if isinstance(taken, _Refused):
                return taken
            return _bring_in(work, place, drop, taken)
    except UsageError as error:
        cause = error.__cause__
        if isinstance(cause, OSError) and (not isinstance(cause, PermissionError) or _is_young(work, drop)):
            raise cause from error
        if type(error) is not UsageError:
            raise  # the journal's or the settings' fault, not the file's
        return _Refused(End.FAILED, _SETTINGS.fill(reason=words_of(error)) if cause is None else words_of(error))
    except BulkordersError as error:
        if work.is_ending or error.exit_code != BulkordersError.exit_code:
            raise
        return _Refused(End.FAILED, words_of(error))


def _as_twin(place: Place, twin: Drop) -> _Refused:
    return _Refused(End.SKIPPED, _TWIN.fill(twin=twin.name, results=twin.results or place.settings.names.results))


def _as_dropped(place: Place, drop: Drop, file: Examined) -> Examined:
    """The file under the name by which people know it."""
    path = place.inbox / drop.name
    return replace(file, path=path, parts=[(replace(checkup, file=path), routes) for checkup, routes in file.parts])


def _only(file: Examined, template: str | None) -> Examined | _Refused:
    """What of a file is of the folder's template."""
    if template is None:
        return file
    others = [checkup for checkup, _ in file.parts if checkup.orders and checkup.orders.template.name != template]
    own = [(checkup, routes) for checkup, routes in file.parts if checkup not in others]
    if others and not own:
        found = others[0].orders.template.title if others[0].orders else ""
        return _Refused(End.FAILED, _OTHER.fill(title=find_template(template).title, found=found))
    return replace(file, parts=own)


def _bring_in(work: Work, place: Place, drop: Drop, file: Examined) -> _Refused | None:
    """Drafts, then the drop that knows them, then their release: what is killed in between is done again, or goes on."""
    app = work.app
    ingested = enter(app, file, by_whom=place.settings.owner)
    batches = [found.batch for found in ingested if found.batch]
    refused = [found for found in ingested if found.refused]
    crash_point()
    if not batches:
        return _no_batch(ingested)
    # of a file that is refused in part, the rest is sent, and the file lies with those that need somebody
    end = End.FAILED if refused else None
    message = refused[0].refused.message if refused and refused[0].refused else None
    save(app.journal, replace(drop, stage=Stage.ENTERED, batches=tuple(batches), end=end, message=message))
    crash_point()
    release(app.journal, batches, app.clock.now())
    crash_point()
    return None


def _no_batch(ingested: Sequence[Ingested]) -> _Refused:
    """Why no batch was made: it was refused, or holds no orders."""
    lines = [issue.message for found in ingested for issue in found.checkup.issues if issue.severity.value != "note"]
    reasons = [found.refused.message for found in ingested if found.refused]
    if reasons:
        return _Refused(End.FAILED, reasons[0], [*reasons[1:], *lines])
    code = exit_code((), errors=any(_has_errors(found.checkup) for found in ingested))
    return _Refused(End.FAILED if code else End.DONE, _EMPTY, lines)


def _has_errors(checkup: Checkup) -> bool:
    return any(issue.is_error for issue in checkup.issues)


def _refuse(work: Work, place: Place, drop: Drop, why: _Refused) -> None:
    finish(work, place, drop, why.end, why.words, why.lines)
