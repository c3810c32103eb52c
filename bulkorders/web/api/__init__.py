"""The HTTP API at /api/v1: the page's scripts and other systems call it; its JSON is the command line's."""

from . import accounts, batches, cells, description, sending, templates, uploads

ROUTERS = (uploads.router, batches.router, cells.router, sending.router, templates.router, accounts.router, description.router)
