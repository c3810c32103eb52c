"""Files out: under a name that is right in every browser, whatever the merchant called his own."""

import asyncio
import os
import unicodedata
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from tempfile import mkstemp
from urllib.parse import quote

from starlette.responses import FileResponse, Response
from starlette.types import Receive, Scope, Send

from .limits import WHOLE_SECONDS

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def disposition(name: str) -> str:
    """A Content-Disposition by RFC 6266: the name in UTF-8, and before it one in ASCII for who reads no other."""
    plain = "".join(" " if unicodedata.category(letter) in _HIDDEN or letter in '\\/"' else letter for letter in name).strip()
    stem, dot, ending = plain.rpartition(".")
    letters = "".join(letter if letter.isascii() and letter != "%" else "_" for letter in stem if dot).strip("_ ") or "bulkorders"
    fallback = f"{letters}.{ending if ending.isascii() and ending.isalnum() else 'xlsx'}"
    return f"attachment; filename=\"{fallback}\"; filename*=UTF-8''{quote(plain or fallback, safe='')}"


class SentOnce(FileResponse):
    """A file that is gone afterwards, however that ends. It is sent whole: who asks again gets another, which no part of this one fits.

    `place`: taken as long as it is sent. Who does not read it within so many seconds is no longer waited for.
    """

    def __init__(self, path: Path, name: str, place: AbstractContextManager[None], seconds: float = WHOLE_SECONDS) -> None:
        super().__init__(path, media_type=XLSX, headers={"content-disposition": disposition(name), "accept-ranges": "none"})
        self._place, self._seconds = place, seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends it."""
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
        try:
            with self._place, suppress(TimeoutError):
                async with asyncio.timeout(self._seconds):
                    await super().__call__({**scope, "headers": headers}, receive, send)
        finally:
            remove(Path(self.path))


def workbook_bytes(name: str, content: bytes) -> Response:
    """A workbook."""
    return Response(content, media_type=XLSX, headers={"content-disposition": disposition(name)})


def remove(path: Path) -> None:
    """It is gone."""
    path.unlink(missing_ok=True)


def written(folder: Path, write: Callable[[Path], object]) -> Path:
    """What was written to a new file of the folder; nothing is left there of what could not be."""
    handle, name = mkstemp(dir=folder, suffix=".xlsx")
    os.close(handle)
    path = Path(name)
    try:
        write(path)
    except BaseException:
        remove(path)
        raise
    return path
