"""What goes wrong in a route, as a problem: exceptions of the pipeline, fields that are wrong, addresses that lead nowhere."""

from collections.abc import Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bulkorders.core.words import Words
from bulkorders.errors import BulkordersError, JournalError, SettingsError, UsageError

from .problems import Problem, nothing_there, wrong_method
from .rendering import answer_problem
from .sessions import SignInFirst, to_sign_in

_WRONG_FIELDS = Words("请求里有不对的地方：{fields}。请核对接口说明。", "The request is wrong: {fields}. See the API's description.")
_NOT_JSON = Words("请求不是有效的 JSON：请核对引号和括号。", "The request is not valid JSON.")
_UNREADABLE = Words("请求读不懂：请核对接口说明。", "The request cannot be read: see the API's description.")


def register(app: FastAPI) -> None:
    """Every failure ends as an answer."""
    app.add_exception_handler(Problem, answer_problem)
    app.add_exception_handler(BulkordersError, _stopped)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _from_framework)
    app.add_exception_handler(SignInFirst, to_sign_in)


def _stopped(request: Request, error: Exception) -> Response:
    """The pipeline could not go on."""
    if not isinstance(error, BulkordersError):
        raise error
    words = Words(error.zh, error.en)
    if isinstance(error, UsageError) and not isinstance(error, JournalError | SettingsError):
        return answer_problem(request, Problem(409, "not_possible", words))
    code = "journal" if isinstance(error, JournalError) else "settings" if isinstance(error, SettingsError) else "failed"
    return answer_problem(request, Problem(503, code, words))


def _invalid(request: Request, error: Exception) -> Response:
    """Fields are unknown, missing or wrong; they are named, what stands in them is not."""
    if not isinstance(error, RequestValidationError):
        raise error
    found = error.errors()
    if any(each["type"] == "json_invalid" for each in found):
        return answer_problem(request, Problem(400, "not_json", _NOT_JSON))
    return answer_problem(request, Problem(422, "wrong_fields", _WRONG_FIELDS.fill(fields=_named([each["loc"] for each in found]))))


def _named(places: Sequence[Sequence[object]]) -> str:
    """Fields by their place, `body.0.row`; what a caller has made up is cut."""
    names = dict.fromkeys(".".join(str(part)[:40] for part in place) for place in places[:20])
    return ", ".join("".join(letter if letter.isprintable() else "?" for letter in name) for name in names)


def _from_framework(request: Request, error: Exception) -> Response:
    """What the framework says by a status alone."""
    if not isinstance(error, HTTPException):
        raise error
    problem = {404: nothing_there, 405: wrong_method}.get(error.status_code)
    found = problem() if problem else Problem(error.status_code, "unreadable", _UNREADABLE)
    found.headers = {**(found.headers or {}), **(error.headers or {})}
    return answer_problem(request, found)
