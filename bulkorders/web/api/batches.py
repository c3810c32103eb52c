"""Batches out: the list, one of them, its issues and orders piece by piece, how far it is, and its results."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from bulkorders.pipeline.browse import issues_page, orders_page
from bulkorders.pipeline.history import history
from bulkorders.pipeline.progress import progress
from bulkorders.pipeline.report import issue_json
from bulkorders.web.results import results_of
from bulkorders.web.sessions import SignedInRoute, TheCaller, TheSite, is_in
from bulkorders.web.told import batch_answer, line_json, order_json, progress_json

from .answers import V1, OwnBatch, answer, described, workbook
from .models import AskedBatch, AskedHistory, AskedOrders, AskedPart, Batch, Issues, Lines, Orders, Progress

router = APIRouter(prefix=f"{V1}/batches", tags=["batches"], route_class=SignedInRoute)


@router.get("", responses=described(200, Lines, "A page of 50"))
def list_batches(site: TheSite, caller: TheCaller, asked: Annotated[AskedHistory, Query()]) -> Response:
    """The batches, the newest first."""
    found = history(
        site.app, by_whom=caller.sees, text=asked.text, status=asked.status, since=asked.since, until=asked.until, page=asked.page
    )
    return answer({"total": found.total, "batches": [line_json(site.app, line) for line in found.lines]})


@router.get("/{batch}", responses=described(200, Batch, "The batch", 429))
async def read_batch(batch: OwnBatch, site: TheSite, caller: TheCaller, asked: Annotated[AskedBatch, Query()]) -> Response:
    """One batch, as `submit --json` has it."""

    def told() -> dict[str, Any]:
        return batch_answer(site.app, batch, caller.lang, outcomes=asked.outcomes)

    return answer(await (site.patiently(caller.user.name, told) if asked.outcomes else run_in_threadpool(told)))


@router.get("/{batch}/issues", responses=described(200, Issues, "A part of them"))
def read_issues(batch: OwnBatch, site: TheSite, caller: TheCaller, asked: Annotated[AskedPart, Query()]) -> Response:
    """What is wrong, in the sheet's order."""
    total, issues = issues_page(site.app, batch, asked.start, asked.count)
    return answer({"total": total, "issues": [issue_json(issue, caller.lang) for issue in issues]})


@router.get("/{batch}/orders", responses=described(200, Orders, "A part of them"))
def read_orders(batch: OwnBatch, site: TheSite, caller: TheCaller, asked: Annotated[AskedOrders, Query()]) -> Response:
    """The orders as they were or will be sent."""
    total, orders = orders_page(site.app, batch, asked.start, asked.count, asked.status)
    return answer({"total": total, "orders": [order_json(each, caller.lang) for each in orders]})


@router.get("/{batch}/progress", responses=described(200, Progress, "How far it is"))
def read_progress(batch: OwnBatch, site: TheSite, caller: TheCaller) -> Response:
    """How far a batch is."""
    found = progress(site.app, batch)
    return Response(progress_json(site.app, found, caller.lang), media_type="application/json")


@router.get("/{batch}/stream", responses={**described(200, None, "Events", 429), 200: {"content": {"text/event-stream": {}}}})
async def read_stream(batch: OwnBatch, request: Request, site: TheSite, caller: TheCaller) -> Response:
    """How far a batch is, as server-sent events: `progress` with its JSON whenever that is another. It ends after ten minutes."""
    site.listeners.check(caller.user.name)
    events = site.listen(caller.user.name, batch, caller.lang, lambda: is_in(request))
    return StreamingResponse(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})


@router.get("/{batch}/results", responses=workbook("The results workbook, written from the journal as it is now"))
async def read_results(batch: OwnBatch, site: TheSite, caller: TheCaller) -> Response:
    """The merchant's workbook with what became of each row."""
    return await results_of(site, batch, caller.user.name)
