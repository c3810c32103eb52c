"""Containers that Excel opens and no reader here takes, written anew: XML in UTF-16, as Excel for phones writes it, becomes UTF-8; a
sheet's dimension that is no reference, as some exports write it, is left out, since it says nothing that the cells do not.
"""

import codecs
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

_WORKBOOK = "xl/workbook.xml"
_SHEETS = "xl/worksheets/"
_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)
_DECLARED = re.compile(r"""(\A\s*<\?xml[^>]{0,100}encoding=["'])[\w-]+""")
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
        with (
            tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as target,
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as copy,
        ):
            for name in names:
                with archive.open(name) as source, copy.open(name, "w", force_zip64=True) as written:
                    _copy(cast("BinaryIO", source), cast("BinaryIO", written), _head(archive, name))
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


def _copy(source: BinaryIO, target: BinaryIO, head: bytes) -> None:
    if head.startswith(_BYTE_ORDER_MARKS):
        pieces = _as_utf8(source)
        target.write(_without_dimension(next(pieces, b"")))
        target.writelines(pieces)
    else:
        source.read(len(head))
        target.write(_without_dimension(head))
        shutil.copyfileobj(source, target, _CHUNK)


def _as_utf8(source: BinaryIO) -> Iterator[bytes]:
    text = codecs.getreader("utf-16")(source)
    piece = _DECLARED.sub(r"\1UTF-8", text.read(_CHUNK), count=1)
    while piece:
        yield piece.encode()
        piece = text.read(_CHUNK)
