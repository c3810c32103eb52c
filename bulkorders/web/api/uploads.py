"""Files in: they are received to disk, and wait for their check."""

from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from bulkorders.web.sessions import SignedInRoute, TheCaller, TheSite
from bulkorders.web.told import upload_json
from bulkorders.web.uploading import own_upload, take_upload

from .answers import V1, answer, described
from .models import Upload

router = APIRouter(prefix=V1, tags=["uploads"], route_class=SignedInRoute)
_FORM = {
    "type": "object", "required": ["file"], "additionalProperties": False,
    "properties": {
        "file": {"type": "string", "format": "binary"},
        "account": {"type": "string", "description": "the only account that its orders may go to"},
    },
}  # fmt: skip
_BODY: dict[str, Any] = {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": _FORM}}}}


@router.post("/uploads", status_code=202, responses=described(202, Upload, "It waits for its check", 409, 415, 429), openapi_extra=_BODY)
async def post_upload(request: Request, site: TheSite, caller: TheCaller) -> Response:
    """Uploads a workbook; it is checked as soon as it is its turn."""
    upload = await take_upload(request, site, caller)
    return answer(upload_json(site.app, upload, caller.lang), 202)


@router.get("/uploads/{upload}", responses=described(200, Upload, "How it stands"))
def read_upload(upload: str, site: TheSite, caller: TheCaller) -> Response:
    """Whether an upload was checked, and which drafts it has become."""
    return answer(upload_json(site.app, own_upload(site, caller, upload), caller.lang))
