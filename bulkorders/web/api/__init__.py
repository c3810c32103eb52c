"""The HTTP API at /api/v1: the page's scripts and other systems call it; its JSON is the command line's."""

from fastapi import APIRouter

from . import accounts, batches, cells, description, sending, templates, uploads

router = APIRouter(prefix="/api/v1")
for _part in (uploads, batches, cells, sending, templates, accounts, description):
    router.include_router(_part.router)
