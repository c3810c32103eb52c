"""Who calls: a person by his session's cookie, or a program by its token."""

import hmac
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from fastapi.security import APIKeyCookie, HTTPBearer
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from bulkorders.errors import JournalError
from bulkorders.pipeline.users import Role, Session, User, session_of, user_of_token

from .language import lang_of
from .problems import Problem, not_admin, signed_out, without_csrf
from .received import read_fields
from .security import SAFE_METHODS
from .site import Site

COOKIE = "bulkorders"
CSRF_HEADER, CSRF_FIELD = "x-csrf-token", "csrf"


class SignInFirst(Exception):  # noqa: N818  # no error: the answer is the page to sign in
    """A person has to sign in before the page is shown."""


@dataclass(frozen=True)
class Caller:
    """Somebody who is signed in. `session`: None of a program. `lang`: in which language he is answered."""

    user: User
    session: Session | None
    lang: str

    @property
    def is_admin(self) -> bool:
        """Whether he may see all batches, and the accounts."""
        return self.user.role is Role.ADMIN

    @property
    def sees(self) -> str | None:
        """Whose batches he sees; None: all."""
        return None if self.is_admin else self.user.name

    @property
    def csrf(self) -> str | None:
        """What his forms carry."""
        return self.session.csrf if self.session else None


def site_of(request: Request) -> Site:
    """The server's parts."""
    found: Site = request.app.state.site
    return found


async def _the_site(request: Request) -> Site:  # asynchronous, as all that does not wait: it takes no thread
    return site_of(request)


TheSite = Annotated[Site, Depends(_the_site)]
_BEARER = HTTPBearer(auto_error=False, scheme_name="token", description="`bulkorders users token NAME`")
_SESSION = APIKeyCookie(name=COOKIE, auto_error=False, scheme_name="session", description="with the header X-CSRF-Token")


class SignedInRoute(APIRoute):
    """A route of the API. Who calls is found out before anything of the body is read: a stranger's is not kept in memory."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """As FastAPI has it, behind the door."""
        handle = super().get_route_handler()

        async def let_in(request: Request) -> Response:
            request.state.caller = await run_in_threadpool(_caller, request)
            return await handle(request)

        return let_in


def _caller(request: Request) -> Caller:
    """Who calls the API. Raises a Problem where nobody is signed in, or a page's script does not carry the session's own token."""
    app = site_of(request).app
    if (given := request.headers.get("authorization")) is not None:
        scheme, _, token = given.partition(" ")
        user = user_of_token(app, token.strip()) if scheme.casefold() == "bearer" else None
        if user is None:
            raise signed_out()
        return Caller(user, None, lang_of(request))
    cookie = request.cookies.get(COOKIE)
    session = session_of(app, cookie) if cookie else None
    if session is None:
        raise signed_out()
    if request.method not in SAFE_METHODS:
        check_csrf(session, request.headers.get(CSRF_HEADER))
    return Caller(session.user, session, lang_of(request))


def is_in(request: Request) -> bool:
    """Whether who has called the API is still let in: a stream goes on for long after it was asked for."""
    try:
        _caller(request)
    except Problem:
        return False
    except JournalError:  # it cannot be read now: that says nothing of him
        return True
    return True


async def caller(request: Request, _token: Annotated[object, Depends(_BEARER)], _cookie: Annotated[object, Depends(_SESSION)]) -> Caller:
    """Who calls the API, see `SignedInRoute`; the ways to say so are named for its description."""
    found: Caller = request.state.caller
    return found


def check_csrf(session: Session | None, given: str | None) -> None:
    """Raises a Problem where what was given is not the session's own token."""
    if session is None or not hmac.compare_digest(session.csrf.encode(), (given or "").encode()):
        raise without_csrf()


def visitor(request: Request, site: TheSite) -> Caller:
    """Who looks at a page. Raises SignInFirst."""
    cookie = request.cookies.get(COOKIE)
    session = session_of(site.app, cookie) if cookie else None
    if session is None:
        raise SignInFirst
    request.state.visitor = found = Caller(session.user, session, lang_of(request))  # for the page that tells a problem
    return found


TheCaller = Annotated[Caller, Depends(caller)]
TheVisitor = Annotated[Caller, Depends(visitor)]


async def admin(found: TheVisitor) -> Caller:
    """An administrator who looks at a page. Raises a Problem."""
    if not found.is_admin:
        raise not_admin()
    return found


TheAdmin = Annotated[Caller, Depends(admin)]


async def own_fields(request: Request, found: TheVisitor) -> Mapping[str, str]:
    """The fields of a form that one of our pages has sent. Raises a Problem."""
    fields = await read_fields(request)
    check_csrf(found.session, fields.get(CSRF_FIELD))
    return fields


TheFields = Annotated[Mapping[str, str], Depends(own_fields)]


def to_sign_in(request: Request, _error: Exception) -> Response:
    """Leads to the page to sign in, and from there back."""
    query = f"?{request.url.query}" if request.url.query else ""
    back = f"?{urlencode({'to': request.url.path + query})}" if request.method == "GET" and request.url.path != "/" else ""
    return RedirectResponse(f"/login{back}", 303)


def set_session(response: Response, request: Request, session: Session) -> None:
    """The browser keeps the session until it is closed or signed out; the journal knows when it is over."""
    response.set_cookie(COOKIE, session.token, path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax")


def end_session(response: Response, request: Request) -> None:
    """The browser forgets it."""
    response.delete_cookie(COOKIE, path="/", secure=request.url.scheme == "https", httponly=True, samesite="lax")
