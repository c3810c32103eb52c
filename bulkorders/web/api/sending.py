"""What is done with a batch: submitted, gone on with, dropped."""

from typing import Annotated

from fastapi import APIRouter, Body
from starlette.responses import Response

from bulkorders.core.words import Words
from bulkorders.pipeline.drafts import drop, submit_drafts
from bulkorders.pipeline.progress import progress
from bulkorders.web.problems import Problem
from bulkorders.web.sessions import SignedInRoute, TheCaller, TheSite
from bulkorders.web.told import progress_json

from .answers import V1, OwnBatch, answer, described
from .models import Progress, Resumption, Submission, Submitted

router = APIRouter(prefix=f"{V1}/batches/{{batch}}", tags=["sending"], route_class=SignedInRoute)


@router.post("/submit", status_code=202, responses=described(202, Submitted, "They are on their way", 409))
def submit(batch: OwnBatch, site: TheSite, how: Annotated[Submission, Body()] = Submission()) -> Response:  # noqa: B008  # frozen
    """Releases a draft, with the drafts of the other templates in its workbook."""
    found = submit_drafts(site.app, batch, only_good=how.only_good, update=how.update, keep_going=how.keep_going)
    if isinstance(found, Words):
        raise Problem(409, "not_submitted", found)
    site.worker.wake(found)
    return answer({"batches": list(found)}, 202)


@router.post("/resume", status_code=202, responses=described(202, Progress, "It goes on", 409))
def resume(batch: OwnBatch, site: TheSite, caller: TheCaller, how: Annotated[Resumption, Body()] = Resumption()) -> Response:  # noqa: B008
    """Goes on with a batch that was stopped after refusals, or that an account could not finish."""
    site.worker.resume(batch, keep_going=how.keep_going)
    return Response(progress_json(site.app, progress(site.app, batch), caller.lang), 202, media_type="application/json")


@router.delete("", status_code=204, responses={**described(204, None, "It is gone", 409)})
def delete(batch: OwnBatch, site: TheSite) -> Response:
    """Drops a draft, with the drafts of the other templates in its workbook."""
    drop(site.app, batch)
    return Response(status_code=204)
