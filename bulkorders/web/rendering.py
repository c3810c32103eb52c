"""A page as an answer, in the caller's language."""

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from starlette.responses import HTMLResponse, Response

from .language import COOKIE, LANGUAGES, lang_of
from .problems import API, Problem, answer_json
from .sessions import Caller
from .templating import render_page
from .view import error_page, frame

KEPT_SECONDS = 365 * 24 * 60 * 60
"""For how long a browser remembers which language was chosen."""


def render(
    request: Request, caller: Caller | None, template: str, page: Mapping[str, Any], status: int = 200, at: str = ""
) -> Response:  # fmt: skip
    """A page with all that stands around it; the language that the address asks for is remembered. `at`: see `frame`."""
    query = {name: value for name, value in request.query_params.items() if name != COOKIE}
    user, csrf = (caller.user, caller.csrf) if caller else (None, None)
    around = frame(lang_of(request), user, csrf, request.url.path, query, at)
    response = HTMLResponse(render_page(template, {**around, **page}), status)
    if (chosen := request.query_params.get(COOKIE)) in LANGUAGES:
        response.set_cookie(
            COOKIE, str(chosen), KEPT_SECONDS, path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax"
        )
    return response


def answer_problem(request: Request, error: Exception) -> Response:
    """A problem as JSON for programs, as a page for people."""
    if not isinstance(error, Problem):
        raise error
    if request.url.path.startswith(API):
        return answer_json(error, lang_of(request))
    page = error_page(lang_of(request), error.status_code, error.words)
    response = render(request, getattr(request.state, "visitor", None), "error.html", page, error.status_code)
    for name, value in (error.headers or {}).items():
        response.headers[name] = value
    return response
