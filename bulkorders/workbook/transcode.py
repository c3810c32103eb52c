"""Containers whose XML is UTF-16, as Excel for phones writes them: no reader here takes them, so they are written anew as UTF-8."""

import codecs
import re
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import BinaryIO, cast

_WORKBOOK = "xl/workbook.xml"
_BYTE_ORDER_MARKS = (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)
_DECLARED = re.compile(r"""(\A\s*<\?xml[^>]{0,100}encoding=["'])[\w-]+""")
_CHUNK = 1024 * 1024


def as_utf8(path: Path) -> Path:
    """The workbook itself, or a copy of it in the process's temporary folder whose XML is UTF-8. Raises what zipfile raises."""
    with zipfile.ZipFile(path) as archive:
        if _WORKBOOK not in archive.namelist() or not _is_utf16(archive, _WORKBOOK):
            return path
        with (
            tempfile.NamedTemporaryFile(suffix=".xlsx", delete=False) as target,
            zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as copy,
        ):
            for name in dict.fromkeys(archive.namelist()):
                with archive.open(name) as source, copy.open(name, "w", force_zip64=True) as written:
                    _copy(cast("BinaryIO", source), cast("BinaryIO", written), is_utf16=_is_utf16(archive, name))
        return Path(target.name)


def _is_utf16(archive: zipfile.ZipFile, name: str) -> bool:
    with archive.open(name) as part:
        return part.read(2) in _BYTE_ORDER_MARKS


def _copy(source: BinaryIO, target: BinaryIO, *, is_utf16: bool) -> None:
    if not is_utf16:
        shutil.copyfileobj(source, target, _CHUNK)
        return
    text = codecs.getreader("utf-16")(source)
    piece = _DECLARED.sub(r"\1UTF-8", text.read(_CHUNK), count=1)
    while piece:
        target.write(piece.encode())
        piece = text.read(_CHUNK)
