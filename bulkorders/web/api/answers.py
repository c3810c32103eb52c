"""How the API answers, and what its description says of errors."""

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import Depends
from starlette.responses import Response

from bulkorders.pipeline.browse import is_seen_by
from bulkorders.web.problems import nothing_there
from bulkorders.web.sessions import TheCaller, TheSite

from .models import Reason

V1 = "/api/v1"
_SAID = {
    400: "Not a request that can be read",
    401: "Nobody is signed in, or the token is not valid",
    403: "Sent by another site's page, or without the session's own token",
    404: "There is no such thing, or it is somebody else's",
    409: "It cannot be done as things stand",
    413: "The body is too large",
    415: "The body is of another type",
    421: "The server does not answer to that host",
    422: "A field is unknown, missing or wrong",
    429: "Too much at once",
    503: "The journal cannot be used now, or the server is busy",
}
_ALWAYS = (400, 401, 403, 404, 413, 421, 422, 503)


def described(status: int, model: Any, what: str, *also: int) -> dict[int | str, dict[str, Any]]:
    """What a route answers: this when all is well, and the errors that every route knows, with some of its own."""
    errors: dict[int | str, dict[str, Any]] = {code: {"model": Reason, "description": _SAID[code]} for code in (*_ALWAYS, *also)}
    return {status: {"model": model, "description": what}, **errors}


def workbook(what: str) -> dict[int | str, dict[str, Any]]:
    """A route that answers with a workbook."""
    content = {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": {"schema": {"type": "string", "format": "binary"}}}
    return {**described(200, None, what, 409, 429), 200: {"description": what, "content": content}}


def answer(found: Mapping[str, Any] | list[Any], status: int = 200) -> Response:
    """Plain values as JSON."""
    return Response(orjson.dumps(found), status, media_type="application/json")


def own_batch(batch: str, site: TheSite, caller: TheCaller) -> str:
    """The name of a batch that the caller may see. Raises a Problem for one that is not there, or is somebody else's."""
    if not is_seen_by(site.app, batch, caller.sees):
        raise nothing_there()
    return batch


OwnBatch = Annotated[str, Depends(own_batch)]
