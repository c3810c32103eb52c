"""What people do on the pages, without a script: forms that are posted, each answered by a page to go to."""

from collections.abc import Mapping, Sequence

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from bulkorders.core.words import Words
from bulkorders.errors import JournalError, SettingsError, UsageError
from bulkorders.journal.gate import pause, unpause
from bulkorders.pipeline.drafts import drop, submit_drafts
from bulkorders.pipeline.users import Session, session_of, sign_in, sign_out

from .language import lang_of
from .pages import OwnBatch, show_batch
from .problems import nothing_there
from .received import Form, read_fields
from .rendering import render
from .sessions import COOKIE, CSRF_FIELD, TheAdmin, TheFields, TheSite, TheVisitor, check_csrf, end_session, set_session
from .site import Site
from .uploading import take_upload
from .view import login_page

router = APIRouter(include_in_schema=False)


# -- in and out ----------------------------------------------------------------------------------------------------------------
@router.get("/login")
def read_login(request: Request, site: TheSite) -> Response:
    """The page to sign in; who has done so goes on."""
    to = own_path(request.query_params.get("to", "/"))
    if session_of(site.app, request.cookies.get(COOKIE, "")):
        return RedirectResponse(to, 303)
    return render(request, None, "login.html", login_page(lang_of(request), to=to))


@router.post("/login")
async def log_in(request: Request, site: TheSite) -> Response:
    """Lets somebody in, or says why not."""
    fields = await read_fields(request)
    name, password = fields.get("name", ""), fields.get("password", "")
    to, address = own_path(fields.get("to", "/")), request.client.host if request.client else ""
    found = await site.at_door(lambda: sign_in(site.app, name, password, address))
    if not isinstance(found, Session):
        return render(request, None, "login.html", login_page(lang_of(request), found, name, to), 401)
    response = RedirectResponse(to, 303)
    set_session(response, request, found)
    return response


@router.post("/logout")
def log_out(request: Request, site: TheSite, fields: TheFields) -> Response:  # noqa: ARG001  # one of our own forms
    """Ends the session, here and in the journal."""
    sign_out(site.app, request.cookies.get(COOKIE, ""))
    response = RedirectResponse("/login", 303)
    end_session(response, request)
    return response


def own_path(to: str) -> str:
    """A path of ours to go to: no other site, whatever a browser takes for a slash."""
    is_ours = to.startswith("/") and not to.startswith("//") and "\\" not in to and to.isprintable() and len(to) < 2000
    return to if is_ours and not to.startswith(("/login", "/logout")) else "/"


# -- files and batches ---------------------------------------------------------------------------------------------------------
@router.post("/uploads")
async def upload(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """Takes a workbook, which waits for its check then."""

    def check(form: Form) -> None:
        check_csrf(visitor.session, form.fields.get(CSRF_FIELD))

    found = await take_upload(request, site, visitor, check)
    return RedirectResponse(f"/uploads/{found.id}", 303)


@router.post("/batches/{batch}/submit")
def submit(batch: OwnBatch, request: Request, site: TheSite, visitor: TheVisitor, fields: TheFields) -> Response:
    """Releases a draft, as it was when its page was loaded."""
    found = _submitted(site, batch, fields)
    if isinstance(found, Words):
        return show_batch(request, site, visitor, batch, found, 409)
    site.worker.wake(found)
    return RedirectResponse(f"/batches/{batch}", 303)


def _submitted(site: Site, batch: str, fields: Mapping[str, str]) -> Sequence[str] | Words:
    """What was released, or why nothing was: that is said beside the orders as they are now."""
    seen = fields.get("seen", "")
    try:
        return submit_drafts(
            site.app, batch, only_good=_is_ticked(fields, "only_good"), update=_is_ticked(fields, "update"),
            keep_going=_is_ticked(fields, "keep_going"), seen=int(seen) if seen.isascii() and seen.isdecimal() and len(seen) < 19 else None,
        )  # fmt: skip
    except (JournalError, SettingsError):
        raise
    except UsageError as error:
        return Words(error.zh, error.en)


def _is_ticked(fields: Mapping[str, str], name: str) -> bool:
    return fields.get(name) == "1"


@router.get("/batches/{batch}/submit")
@router.get("/batches/{batch}/drop")
@router.get("/batches/{batch}/resume")
def read_form(batch: OwnBatch) -> Response:
    """Who loads an address again that a form was posted to means its page."""
    return RedirectResponse(f"/batches/{batch}", 303)


@router.post("/batches/{batch}/drop")
def drop_batch(batch: OwnBatch, site: TheSite, fields: TheFields) -> Response:  # noqa: ARG001  # one of our own forms
    """Forgets a draft."""
    drop(site.app, batch)
    return RedirectResponse("/", 303)


@router.post("/batches/{batch}/resume")
def resume(batch: OwnBatch, site: TheSite, fields: TheFields) -> Response:
    """Goes on with a batch."""
    site.worker.resume(batch, keep_going=_is_ticked(fields, "keep_going"))
    return RedirectResponse(f"/batches/{batch}", 303)


# -- accounts ------------------------------------------------------------------------------------------------------------------
@router.post("/accounts/{name}/pause")
def pause_account(name: str, site: TheSite, visitor: TheAdmin, fields: TheFields) -> Response:  # noqa: ARG001  # an administrator's
    """Nothing of an account is sent any more, by anybody."""
    pause(site.app.journal, _gate(site, name), site.app.clock.now())
    return RedirectResponse("/accounts", 303)


@router.post("/accounts/{name}/unpause")
def unpause_account(name: str, site: TheSite, visitor: TheAdmin, fields: TheFields) -> Response:  # noqa: ARG001  # an administrator's
    """Its orders leave again."""
    unpause(site.app.journal, _gate(site, name))
    return RedirectResponse("/accounts", 303)


def _gate(site: Site, name: str) -> str:
    account = site.app.accounts.get(name)
    if account is None:
        raise nothing_there()
    return account.gate
