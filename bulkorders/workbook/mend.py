"""Containers that Excel opens and no reader here takes, written anew: XML in UTF-16, as Excel for phones writes it, becomes UTF-8; a
sheet's dimension that is no reference, as some exports write it, is left out, since it says nothing that the cells do not; an error
that only newer programs know (`#SPILL!`) becomes one that all know.
"""

import codecs
import re
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, cast

from .scan import ERROR, pieces

_WORKBOOK = "xl/workbook.xml"
_SHEETS = "xl/worksheets/"
_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)
_DECLARED = re.compile(r"""(\A\s*<\?xml[^>]{0,100}encoding=["'])[\w-]+""")
_ANY_ERROR = b"#N/A"
_ERRORS = frozenset((b"", _ANY_ERROR, b"#NULL!", b"#DIV/0!", b"#VALUE!", b"#REF!", b"#NAME?", b"#NUM!"))
_CHUNK = 1024 * 1024
_HEAD = 64 * 1024
"""Bytes in which a sheet has its dimension: only its properties stand before it."""
_DIMENSION = re.compile(rb"<(?:[A-Za-z]\w*:)?dimension[\s/][^<>]*>")
_REFERENCE = re.compile(rb"""\sref\s*=\s*["'][A-Za-z]{1,3}[1-9][0-9]{0,6}(?::[A-Za-z]{1,3}[1-9][0-9]{0,6})?["']""")


def readable(path: Path) -> Path:
    """The workbook itself, or a copy of it in the process's temporary folder that readers take. Raises what zipfile raises."""
    with zipfile.ZipFile(path) as archive:
        names = dict.fromkeys(archive.namelist())
        looked_at = [name for name in names if name == _WORKBOOK or name.startswith(_SHEETS)]
        if _WORKBOOK not in names or not any(_needs_mending(archive, name) for name in looked_at):
            return path
        return _copied(archive, _mended)


def with_known_errors(path: Path) -> Path | None:
    """A copy of a workbook whose error cells all have errors that readers know; None where they have. Raises what zipfile raises."""
    with zipfile.ZipFile(path) as archive:
        sheets = [name for name in archive.namelist() if name.startswith(_SHEETS)]
        strange = any(_known(piece) != piece for name in sheets for piece in pieces(archive, name))
        return _copied(archive, _with_known_errors) if strange else None


def _copied(archive: zipfile.ZipFile, content: Callable[[zipfile.ZipFile, str], Iterator[bytes]]) -> Path:
    """A copy in the process's temporary folder, each part with the content that is given for it."""
    with (
        tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as target,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy,
    ):
        for name in dict.fromkeys(archive.namelist()):
            with copy.open(name, "w", force_zip64=True) as written:
                written.writelines(content(archive, name))
    return Path(target.name)


def _head(archive: zipfile.ZipFile, name: str) -> bytes:
    with archive.open(name) as part:
        return part.read(_HEAD)


def _needs_mending(archive: zipfile.ZipFile, name: str) -> bool:
    head = _head(archive, name)
    return head.startswith(_BYTE_ORDER_MARKS) or _without_dimension(head) != head


def _without_dimension(head: bytes) -> bytes:
    """The beginning of a part without a dimension that is no reference."""
    return _DIMENSION.sub(lambda found: found[0] if _REFERENCE.search(found[0]) else b"", head)


def _mended(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    head = _head(archive, name)
    with archive.open(name) as part:
        source = cast("BinaryIO", part)
        if head.startswith(_BYTE_ORDER_MARKS):
            rest = _as_utf8(source)
            head = next(rest, b"")
        else:
            rest = iter(partial(source.read, _CHUNK), b"")
            source.read(len(head))
        yield _without_dimension(head)
        yield from rest


def _as_utf8(source: BinaryIO) -> Iterator[bytes]:
    text = codecs.getreader("utf-16")(source)
    piece = _DECLARED.sub(r"\1UTF-8", text.read(_CHUNK), count=1)
    while piece:
        yield piece.encode()
        piece = text.read(_CHUNK)


def _with_known_errors(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    if name.startswith(_SHEETS):
        yield from map(_known, pieces(archive, name))
    else:
        with archive.open(name) as part:
            yield from iter(partial(part.read, _CHUNK), b"")


def _known(piece: bytes) -> bytes:
    """A piece of a sheet whose error cells have no other errors than those of old."""
    return ERROR.sub(_as_known, piece)


def _as_known(cell: re.Match[bytes]) -> bytes:
    if (cell[2] or b"") in _ERRORS:
        return cell[0]
    start, end = cell.start(2) - cell.start(), cell.end(2) - cell.start()
    return cell[0][:start] + _ANY_ERROR + cell[0][end:]
