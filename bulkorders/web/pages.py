"""The pages that people look at: each calls the pipeline and hands on what it got."""

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import RedirectResponse, Response

from bulkorders.core.words import Words
from bulkorders.journal.gate import holder, paused_at
from bulkorders.journal.views import batches_of_workbook, get_batch, order_events
from bulkorders.pipeline.browse import is_seen_by, order_at
from bulkorders.pipeline.corrections import corrections_of, suggestions
from bulkorders.pipeline.history import STATUSES, history
from bulkorders.pipeline.overview import Overview, overview
from bulkorders.pipeline.progress import State, progress
from bulkorders.pipeline.uploads import ahead, latest_uploads

from .blanks import blank_workbook
from .problems import nothing_there
from .rendering import render
from .results import results_of
from .sessions import Caller, TheAdmin, TheSite, TheVisitor
from .site import MEBIBYTE, Site
from .uploading import own_upload
from .view import accounts_page, history_page, order_page, start_page, upload_page
from .view_batch import batch_page

router = APIRouter(include_in_schema=False)
PER_PAGE = 50


@router.get("/")
def read_start(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """The blank templates, where to drop a file, and the last uploads."""
    page = start_page(site.app, visitor.lang, latest_uploads(site.app, visitor.user.name), most_mb(site))
    return render(request, visitor, "start.html", page)


@router.get("/uploads/{upload}")
def read_upload(upload: str, request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """A file that waits for its check, or was refused; what was checked is looked at as a batch."""
    found = own_upload(site, visitor, upload)
    if found.batches:
        return RedirectResponse(f"/batches/{found.batches[0]}", 303)
    page = upload_page(site.app, visitor.lang, found, ahead(site.app, found), most_mb(site), found.account)
    return render(request, visitor, "upload.html", page)


def most_mb(site: Site) -> int:
    """How large a file may be."""
    return site.options.most_upload_bytes // MEBIBYTE


def own_batch(batch: str, site: TheSite, visitor: TheVisitor) -> str:
    """The name of a batch that the visitor may see. Raises a Problem."""
    if not is_seen_by(site.app, batch, visitor.sees):
        raise nothing_there()
    return batch


OwnBatch = Annotated[str, Depends(own_batch)]


@router.get("/batches/{batch}")
def read_batch(batch: OwnBatch, request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """A batch: its preview, how far it is, or what became of it."""
    return show_batch(request, site, visitor, batch)


def show_batch(
    request: Request, site: Site, visitor: Caller, batch: str, notice: Words | None = None, status: int = 200
) -> Response:  # fmt: skip
    """The batch's page. `notice`: what a form could not do."""
    app = site.app
    corrected, seen = corrections_of(app, batch)  # before all else: what is corrected meanwhile may be on the page or not
    found, known = progress(app, batch), get_batch(app.journal, batch)
    is_draft = found.state is State.DRAFT
    others = [name for name in batches_of_workbook(app.journal, known) if name != batch]
    # while it is being sent, its orders and issues are not looked at, and those of its workbook's other templates only before that
    looked_at = [Overview(known) if found.state is State.SENDING else overview(app, batch)]
    looked_at += [overview(app, name) if is_draft else Overview(get_batch(app.journal, name)) for name in others]
    page = batch_page(
        app, visitor.lang, looked_at, found, by_whom=known.by_whom, suggestions=suggestions(app, batch) if is_draft else (),
        corrections=len(corrected), paused=paused_accounts(site) if is_draft else (), notice=notice, seen=seen,
        most_mb=most_mb(site),
    )  # fmt: skip
    return render(request, visitor, "batch.html", page, status, f"/batches/{batch}")


def paused_accounts(site: Site) -> list[str]:
    """The names of the accounts that are paused."""
    return [account.name for account in site.app.accounts.values() if paused_at(site.app.journal, account.gate)]


@router.get("/batches/{batch}/orders/{position}")
def read_order(batch: OwnBatch, position: str, request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """One order of a batch, and all that happened to it."""
    found = order_at(site.app, batch, int(position)) if position.isascii() and position.isdecimal() and len(position) < 9 else None
    if found is None:
        raise nothing_there()
    seen, issues = found
    events = order_events(site.app.journal, batch, seen.order.position)
    page = order_page(site.app, visitor.lang, get_batch(site.app.journal, batch), seen.order, events, seen.values, issues)
    return render(request, visitor, "order.html", page)


@router.get("/batches/{batch}/results.xlsx")
async def read_results(batch: OwnBatch, site: TheSite, visitor: TheVisitor) -> Response:
    """The results workbook."""
    return await results_of(site, batch, visitor.user.name)


@router.get("/templates/{name}.xlsx")
def read_template(name: str, site: TheSite, visitor: TheVisitor) -> Response:  # noqa: ARG001  # nobody but who is signed in
    """A blank workbook."""
    return blank_workbook(site, name)


@router.get("/history")
def read_history(request: Request, site: TheSite, visitor: TheVisitor) -> Response:
    """All batches that the visitor may see; what was typed wrongly into the address is not looked for."""
    asked = {name: request.query_params.get(name, "")[:200] for name in ("text", "status", "since", "until")}
    since, until = _day(asked["since"]), _day(asked["until"])
    asked |= {"since": since.isoformat() if since else "", "until": until.isoformat() if until else ""}
    page = _number(request.query_params.get("page", ""))
    found = history(
        site.app, by_whom=visitor.sees, text=asked["text"], status=asked["status"] if asked["status"] in STATUSES else None,
        since=since, until=until, page=page, per_page=PER_PAGE,
    )  # fmt: skip
    return render(
        request, visitor, "history.html",
        history_page(site.app, visitor.lang, found, asked, page, PER_PAGE, shows_all=visitor.is_admin),
    )  # fmt: skip


def _number(text: str) -> int:
    return max(int(text), 1) if text.isascii() and text.isdecimal() and len(text) < 6 else 1


def _day(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        return None


@router.get("/accounts")
def read_accounts(request: Request, site: TheSite, visitor: TheAdmin) -> Response:
    """The accounts, and whether they may send."""
    journal = site.app.journal
    standings = [(account, paused_at(journal, account.gate), holder(journal, account.gate)) for account in site.app.accounts.values()]
    return render(request, visitor, "accounts.html", accounts_page(site.app, standings))
