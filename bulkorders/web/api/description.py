"""The API's own description."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from bulkorders.web.sessions import SignedInRoute, TheCaller

from .answers import V1, answer

router = APIRouter(prefix=V1, route_class=SignedInRoute)


@router.get("/openapi.json", include_in_schema=False)
def read_description(request: Request, caller: TheCaller) -> Response:  # noqa: ARG001  # nobody but who is signed in
    """OpenAPI."""
    return answer(request.app.openapi())
