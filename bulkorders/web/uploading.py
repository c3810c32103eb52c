"""One upload, from the form to its place in the queue; the page and the API take it alike."""

import shutil
from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request

from bulkorders.core.words import Words
from bulkorders.journal.uploads import Upload
from bulkorders.pipeline.uploads import add_upload, count_waiting, get_upload

from .limits import MOST_DIGITS
from .problems import Problem, no_file, no_room, nothing_there, too_many
from .received import Form, received
from .sessions import Caller
from .site import Site

COPIES = 2
"""How often a file lies on the disk for a moment: as it was received, and as it is kept."""
_NO_ACCOUNT = Words("没有这个账号：请换一个，或留空。", "There is no such account: choose another, or leave it out.")


async def take_upload(request: Request, site: Site, caller: Caller, check: Callable[[Form], None] = lambda _: None) -> Upload:
    """Receives a form with a file, which waits for its check then. `check`: looks at its fields first. Raises a Problem."""
    site.uploads.check(caller.user.name)
    with site.uploads.take(caller.user.name):
        await run_in_threadpool(_refuse_floods, site, request, caller.user.name)
        async with received(request, site.folder) as form:
            check(form)
            return await run_in_threadpool(_add, site, form, caller.user.name)


def _refuse_floods(site: Site, request: Request, by_whom: str) -> None:
    """Raises a Problem where a user has too many files waiting, or the disk has no room left for one: before anything of it is received."""
    if count_waiting(site.app, by_whom) >= site.options.most_waiting:
        raise too_many()
    declared = request.headers.get("content-length", "")
    size = int(declared) if declared.isdecimal() and len(declared) <= MOST_DIGITS else site.options.most_upload_bytes
    if shutil.disk_usage(site.folder).free < site.options.spare_bytes + COPIES * min(size, site.options.most_upload_bytes):
        raise no_room()


def own_upload(site: Site, caller: Caller, upload: str) -> Upload:
    """An upload that the caller may see. Raises a Problem."""
    found = get_upload(site.app, upload)
    if found is None or caller.sees not in (None, found.by_whom):
        raise nothing_there()
    return found


def _add(site: Site, form: Form, by_whom: str) -> Upload:
    account = form.fields.get("account", "").strip() or None
    if form.file is None or not (form.name.strip() or form.file.stat().st_size):  # a browser sends a file that was not chosen like this
        raise no_file()
    if account is not None and account not in site.app.accounts:
        raise Problem(409, "no_account", _NO_ACCOUNT)
    return add_upload(site.app, form.file, form.name, by_whom, account)
