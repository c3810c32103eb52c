"""What is answered where a request cannot be: a status, a code for programs, a sentence for people."""

from collections.abc import Mapping

import orjson
from starlette.exceptions import HTTPException
from starlette.responses import Response

from bulkorders.core.words import Words

from .worded import said

API = "/api/"
"""How the paths begin that programs call."""


class Problem(HTTPException):
    """Ends a request: it is answered with a status, and with a sentence in the caller's language."""

    def __init__(self, status: int, code: str, words: Words, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, words.zh, dict(headers or {}))
        self.code = code
        self.words = words


def unknown_host() -> Problem:
    """The Host is none that we answer to: somebody's page may have had our address put behind its own name."""
    words = Words(
        "这个服务不认这个地址：请用启动时显示的地址打开，或请管理员用 --name 加上这个域名。",
        "This server does not answer to that host: use the address it printed, or have --name added for it.",
    )
    return Problem(421, "unknown_host", words)


def foreign() -> Problem:
    """The request was sent by another site's page."""
    return Problem(
        403, "cross_site", Words("这个请求来自别的网站，没有执行：请在本页面里操作。", "Sent by another site's page: not carried out.")
    )


def without_csrf() -> Problem:
    """The request does not carry the session's own token."""
    words = Words("页面已过期，没有执行：请刷新页面再试一次。", "The page is out of date, nothing was done: reload it and try again.")
    return Problem(403, "csrf", words)


def signed_out() -> Problem:
    """Nobody has signed in, or no longer."""
    words = Words("请先登录；程序请带上有效的令牌。", "Sign in first; programs send a valid token.")
    return Problem(401, "signed_out", words, {"www-authenticate": "Bearer"})


def not_admin() -> Problem:
    """Only an administrator may."""
    return Problem(403, "not_admin", Words("只有管理员可以这样做：请找管理员。", "Only an administrator may do that: ask one."))


def nothing_there() -> Problem:
    """There is no such thing, or it is somebody else's."""
    return Problem(404, "not_found", Words("没有这个页面或记录：请核对网址。", "There is nothing here: check the address."))


def wrong_method() -> Problem:
    """The address is right, what is asked of it is not."""
    words = Words(
        "这个地址不能直接打开：请从首页进入；程序请核对接口说明。",
        "Nothing to look at here: begin at the start page; programs see the API's description.",
    )
    return Problem(405, "wrong_method", words)


def too_large(most_bytes: int) -> Problem:
    """The body is larger than what is taken."""
    most = f"{most_bytes // (1024 * 1024)} MB" if most_bytes >= 1024 * 1024 else f"{most_bytes // 1024} KB"
    words = Words("内容太大，最多 {most}：请拆成几份。", "Too large, at most {most}: split it up.").fill(most=most)
    return Problem(413, "too_large", words)


def too_slow() -> Problem:
    """The body did not come within its time."""
    words = Words("没有收到完整的内容：网络太慢或中断了，请再试一次。", "It did not arrive in time: try again.")
    return Problem(408, "too_slow", words)


def bad_form() -> Problem:
    """What came is no form, or has more parts than ours have."""
    words = Words("表单的格式不对：一次只能上传一个文件。", "Not a form as expected: one file at a time.")
    return Problem(400, "bad_form", words)


def wrong_type() -> Problem:
    """The content type is none that is taken here."""
    words = Words("内容的类型不对：上传文件请用 multipart/form-data。", "Wrong content type: files come as multipart/form-data.")
    return Problem(415, "wrong_type", words)


def no_file() -> Problem:
    """A form without the file that it is for."""
    return Problem(422, "no_file", Words("没有选文件：请先选一个表格。", "No file was chosen: choose a workbook."))


def too_many(seconds: int = 5) -> Problem:
    """One user does too much at once."""
    words = Words("同时进行的太多了：请等前面的做完再试。", "Too much at once: try again when the others are done.")
    return Problem(429, "too_many", words, {"retry-after": str(seconds)})


def busy(seconds: int = 5) -> Problem:
    """The server cannot take on more now."""
    words = Words("服务器正忙：请过几秒再试。", "The server is busy: try again in some seconds.")
    return Problem(503, "busy", words, {"retry-after": str(seconds)})


def no_room() -> Problem:
    """The disk is nearly full: what is left is for the orders."""
    words = Words(
        "服务器的磁盘快满了，暂时不收新的表格；已经提交的照常发送：请告诉管理员，腾出空间以后再上传。",
        "The server's disk is nearly full, no workbook is taken now; what was submitted is sent all the same: tell the administrator.",
    )
    return Problem(503, "disk", words)


def answer_json(problem: Problem, lang: str) -> Response:
    """A problem as programs read it."""
    found = {"code": problem.code, "message": said(problem.words, lang)}
    return Response(orjson.dumps(found), problem.status_code, problem.headers, "application/json")


def answer_plainly(problem: Problem, lang: str) -> Response:
    """A problem as one sentence, where no page can be made."""
    return Response(said(problem.words, lang), problem.status_code, problem.headers, "text/plain; charset=utf-8")
