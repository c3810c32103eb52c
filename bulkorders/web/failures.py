"""What goes wrong in a route, as a problem: exceptions of the pipeline, fields that are wrong, addresses that lead nowhere."""

from collections.abc import Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bulkorders.core.words import Words
from bulkorders.errors import BulkordersError, JournalError, SettingsError, UsageError, os_reason

from .problems import Problem, nothing_there, wrong_method
from .rendering import answer_problem
from .sessions import SignInFirst, site_of, to_sign_in

_WRONG_FIELDS = Words("请求里有不对的地方：{fields}。请核对接口说明。", "The request is wrong: {fields}. See the API's description.")
_NOT_JSON = Words("请求不是有效的 JSON：请核对引号和括号。", "The request is not valid JSON.")
# what stands in these errors is for whoever runs the server, and goes to the log: paths, names of settings
_JOURNAL = Words(
    "服务器现在存取不了数据，可能正忙：请过几分钟再试；一直这样请告诉管理员。",
    "The server cannot use its records now, it may be busy: try again in some minutes, and tell the administrator if it stays so.",
)
_SETTINGS = Words("服务器的设置有问题：请告诉管理员。", "Something is wrong with the server's settings: tell the administrator.")
_DISK = Words(
    "服务器现在读写不了文件（{reason}）：请过几分钟再试；一直这样请告诉管理员。",
    "The server cannot read or write files now ({reason}): try again in some minutes, and tell the administrator if it stays so.",
)
_UNREADABLE = Words("请求读不懂：请核对接口说明。", "The request cannot be read: see the API's description.")


def register(app: FastAPI) -> None:
    """Every failure ends as an answer."""
    app.add_exception_handler(Problem, answer_problem)
    app.add_exception_handler(BulkordersError, _stopped)
    app.add_exception_handler(OSError, _unwritten)
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
    if isinstance(error, JournalError | SettingsError):
        site_of(request).options.log.tell("failed", words)
        code, words = ("journal", _JOURNAL) if isinstance(error, JournalError) else ("settings", _SETTINGS)
        return answer_problem(request, Problem(503, code, words))
    return answer_problem(request, Problem(503, "failed", words))


def _unwritten(request: Request, error: Exception) -> Response:
    """A file could not be written or read: what is sent in, or what was asked for."""
    if not isinstance(error, OSError):
        raise error
    words = _DISK.fill(reason=Words(*os_reason(error)))
    site_of(request).options.log.tell("failed", words)
    return answer_problem(request, Problem(503, "disk", words))


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
