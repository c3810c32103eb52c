"""Forms as they come in: the file to disk as it arrives, the few fields beside it in memory, and nothing beyond what our forms have."""

import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from urllib.parse import parse_qsl

import anyio.to_thread
from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header
from starlette.requests import Request

from .problems import bad_form, too_large, wrong_type

MOST_FIELDS, MOST_FILES = 8, 1
MOST_FIELD_BYTES = 64 * 1024
MOST_HEADERS, MOST_HEADER_BYTES = 8, 16 * 1024
WRITTEN_AT_ONCE = 1024 * 1024
"""Bytes of a file that wait in memory until they are written."""


@dataclass
class Form:
    """A form. `file`: where its file was written, `name`: what the sender calls that; None where it has none."""

    fields: dict[str, str] = field(default_factory=dict)
    file: Path | None = None
    name: str = ""


@asynccontextmanager
async def received(request: Request, folder: Path) -> AsyncIterator[Form]:
    """A form with the file that it may have, which is gone at the end. Raises a Problem."""
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    if kind == b"application/x-www-form-urlencoded":
        yield Form(fields=await _read_fields(request))
        return
    if kind != b"multipart/form-data" or not options.get(b"boundary"):
        raise wrong_type()
    taker = _Taker(folder)
    try:
        await _read_parts(request, options[b"boundary"], taker)
        yield taker.form
    finally:
        taker.throw_away()


async def read_fields(request: Request) -> Mapping[str, str]:
    """The fields of a form without a file. Raises a Problem."""
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    if kind != b"application/x-www-form-urlencoded":
        raise wrong_type()
    return await _read_fields(request)


async def _read_parts(request: Request, boundary: bytes, taker: "_Taker") -> None:
    try:
        parser = MultipartParser(
            boundary,
            {
                "on_part_begin": taker.begin, "on_part_data": taker.take, "on_part_end": taker.end, "on_header_field": taker.take_name,
                "on_header_value": taker.take_value, "on_header_end": taker.end_header, "on_headers_finished": taker.open,
            },
            max_header_count=MOST_HEADERS,
            max_header_size=MOST_HEADER_BYTES,
        )  # fmt: skip
        async for chunk in request.stream():
            parser.write(chunk)
            if len(taker.waiting) >= WRITTEN_AT_ONCE:
                await anyio.to_thread.run_sync(taker.write)
        parser.finalize()
    except FormParserError as error:
        raise bad_form() from error
    if not taker.is_complete:
        raise bad_form()
    await anyio.to_thread.run_sync(taker.write)


class _Taker:
    """Hears of the parts as they come. What our forms do not have raises a Problem."""

    def __init__(self, folder: Path) -> None:
        self.form = Form()
        self.waiting = bytearray()
        self.is_complete = False
        self._folder = folder
        self._file: IO[bytes] | None = None
        self._parts = 0
        self._header, self._value, self._disposition = bytearray(), bytearray(), b""
        self._field: str | None = None
        self._text = bytearray()

    def begin(self) -> None:
        """A part begins."""
        self._parts += 1
        self._disposition, self._field = b"", None
        self.is_complete = False
        if self._parts > MOST_FIELDS + MOST_FILES:
            raise bad_form()

    def take_name(self, data: bytes, start: int, end: int) -> None:
        """A piece of a header's name."""
        self._header += data[start:end]

    def take_value(self, data: bytes, start: int, end: int) -> None:
        """A piece of its value."""
        self._value += data[start:end]

    def end_header(self) -> None:
        """A header is whole."""
        if bytes(self._header).lower() == b"content-disposition":
            self._disposition = bytes(self._value)
        self._header.clear()
        self._value.clear()

    def open(self) -> None:
        """The headers are whole: the part is the file, or a field."""
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise bad_form()
        if b"filename" in options:
            if self._file is not None:
                raise bad_form()
            self.form.name = options[b"filename"].decode("utf-8", "replace")
            self._file = tempfile.NamedTemporaryFile(dir=self._folder, prefix="upload-", delete=False)  # noqa: SIM115  # see throw_away
            self.form.file = Path(self._file.name)
        else:
            self._field = options[b"name"].decode("utf-8", "replace")

    def take(self, data: bytes, start: int, end: int) -> None:
        """A piece of what a part holds."""
        if self._field is None:
            self.waiting += data[start:end]
        elif len(self._text) + end - start > MOST_FIELD_BYTES:
            raise bad_form()
        else:
            self._text += data[start:end]

    def end(self) -> None:
        """A part is whole."""
        self.is_complete = True
        if self._field is not None:
            self.form.fields[self._field] = self._text.decode("utf-8", "replace")
            self._text.clear()

    def write(self) -> None:
        """Writes what waits."""
        if self._file is not None:
            self._file.write(self.waiting)
            self._file.flush()
        self.waiting.clear()

    def throw_away(self) -> None:
        """The file is gone."""
        if self._file is not None:
            self._file.close()
            Path(self._file.name).unlink(missing_ok=True)


async def _read_fields(request: Request) -> dict[str, str]:
    """A form of fields alone, as browsers send it without a file."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FIELD_BYTES:
            raise too_large(MOST_FIELD_BYTES)
    try:
        found = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="replace")
    except ValueError as error:
        raise bad_form() from error
    return dict(found)
