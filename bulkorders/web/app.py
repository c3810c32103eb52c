"""The web application, whole: its routes, and what stands before them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.staticfiles import StaticFiles

from bulkorders import __version__
from bulkorders.pipeline.app import App

from . import failures, forms, pages
from .access import Access
from .api import ROUTERS
from .limits import BodyLimit
from .problems import API
from .security import LOOPBACK, Shield
from .site import MEBIBYTE, Options, Site
from .templating import STATIC

ENVELOPE_BYTES = 64 * 1024
"""What an upload may have beside its file."""
MOST_JSON_BYTES = MEBIBYTE
MOST_FORM_BYTES = 64 * 1024


def make_app(app: App, options: Options) -> FastAPI:
    """The application for one journal and its accounts. What runs beside the routes starts and ends with it."""
    site = Site(app, options)

    def most_bytes(path: str) -> int:
        if path in ("/uploads", "/api/v1/uploads"):
            return options.most_upload_bytes + ENVELOPE_BYTES
        return MOST_JSON_BYTES if path.startswith(API) else MOST_FORM_BYTES

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with site.running():
            yield

    made = FastAPI(
        title="bulkorders", version=__version__, lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None,
        redirect_slashes=False, telemetry={"tracing": False, "metrics": False},
        middleware=[
            Middleware(Access, log=options.log), Middleware(Shield, hosts=(*LOOPBACK, *options.hosts)),
            Middleware(BodyLimit, most_bytes=most_bytes),
        ],
    )  # fmt: skip
    made.state.site = site
    failures.register(made)
    for router in (*ROUTERS, pages.router, forms.router):
        made.include_router(router)
    made.mount("/static", StaticFiles(directory=STATIC))
    return made
