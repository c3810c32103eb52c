"""What a file is, by its content and not by its name, and whether it is within limits: asked before any reader sees it."""

import struct
import zipfile
from enum import Enum, auto
from pathlib import Path
from typing import BinaryIO

from bulkorders.core.refusal import BROKEN, EMPTY_FILE, ENCRYPTED, NOT_WORKBOOK, TOO_LARGE_FILE, Refusal, refuse
from bulkorders.core.words import Words

MEBIBYTE = 1024 * 1024
MOST_BYTES = 200 * MEBIBYTE
MOST_UNPACKED = 2048 * MEBIBYTE
MOST_MEMBERS = 2000
MOST_DIRECTORY = 4 * MEBIBYTE
"""Bytes of an archive's directory: looked at before it is read, since one of millions of parts takes a minute and gigabytes."""
MOST_RATIO = 200
RATIO_FROM = 10 * MEBIBYTE
"""Unpacked bytes from which on the ratio counts: small files of equal cells pack well and are harmless."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_BIFF = tuple(bytes([9, version, size, 0]) for version, size in ((0, 4), (2, 6), (4, 6), (8, 8), (8, 16)))
"""How the sheets of Excel 2 to 5 begin where they are in no compound document."""
_MAGIC: tuple[tuple[bytes, Words], ...] = (
    (b"%PDF", Words("一份 PDF 文档", "a PDF document")),
    (b"\x89PNG", Words("图片", "a picture")),
    (b"\xff\xd8\xff", Words("图片", "a picture")),
    (b"GIF8", Words("图片", "a picture")),
    (b"Rar!", Words("压缩包", "an archive")),
    (b"7z\xbc\xaf", Words("压缩包", "an archive")),
    (b"\x1f\x8b", Words("压缩包", "an archive")),
    (b"{\\rtf", Words("写字板文档（RTF）", "a text document (RTF)")),
    (b"SQLite format 3", Words("数据库文件", "a database")),
)
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_XML_SHEET = b"urn:schemas-microsoft-com:office:spreadsheet"
_MEMBERS: tuple[tuple[str, Words], ...] = (
    ("xl/workbook.bin", Words("一份 .xlsb 表格", "an .xlsb workbook")),
    ("word/document.xml", Words("一份 Word 文档", "a Word document")),
    ("ppt/presentation.xml", Words("一份 PowerPoint 文档", "a PowerPoint document")),
    ("Index/Document.iwa", Words("一份 Numbers 表格", "a Numbers workbook")),
    ("mimetype", Words("一份 OpenDocument 表格", "an OpenDocument file")),
)


class Format(Enum):
    """What can be read."""

    XLSX = auto()
    XLS = auto()
    TEXT = auto()


def sniff(path: Path) -> Format | Refusal:
    """How a file is to be read, or why it cannot be. Raises OSError."""
    size = path.stat().st_size
    if size == 0:
        return refuse(EMPTY_FILE)
    if size > MOST_BYTES:
        return _too_large(Words("文件大小", "its size"), f"{size // MEBIBYTE} MB", f"{MOST_BYTES // MEBIBYTE} MB")
    with path.open("rb") as file:
        head = file.read(4096)
        if head.startswith(b"PK"):
            return _sniff_zip(file)
    if head.startswith(_OLE):
        return refuse(ENCRYPTED) if _ENCRYPTED in path.read_bytes() else Format.XLS
    return Format.XLS if head.startswith(_BIFF) else _sniff_text(head)


def _sniff_text(head: bytes) -> Format | Refusal:
    for magic, words in _MAGIC:
        if head.startswith(magic):
            return refuse(NOT_WORKBOOK, found=words)
    text = head.lstrip(b"\xef\xbb\xbf\xff\xfe \r\n\t\0").replace(b"\0", b"").lower()
    if _XML_SHEET in text:
        return refuse(NOT_WORKBOOK, found=Words("一份 XML 表格", "an XML spreadsheet"))
    if text.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta", b"<head", b"<style", b"<!--", b"<div", b"mime-version:")):
        return refuse(NOT_WORKBOOK, found=Words("网页（HTML）", "a web page (HTML)"))
    if b"\0" in head and not head.startswith(_BYTE_ORDER_MARKS):
        return refuse(NOT_WORKBOOK, found=Words("别的文件", "another kind of file"))
    return Format.TEXT


def _sniff_zip(file: BinaryIO) -> Format | Refusal:
    try:
        if (size := _directory_size(file)) > MOST_DIRECTORY:
            return _too_large(Words("内部目录", "its directory"), f"{size // MEBIBYTE} MB", f"{MOST_DIRECTORY // MEBIBYTE} MB")
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error):
        return refuse(BROKEN)
    names = {member.filename.replace("\\", "/").lstrip("/") for member in members}
    if not any(name.startswith("xl/") for name in names) or "xl/workbook.bin" in names:
        found = next((words for member, words in _MEMBERS if member in names), Words("压缩包", "an archive"))
        return refuse(NOT_WORKBOOK, found=found)
    if any(member.flag_bits & 1 for member in members):
        return refuse(ENCRYPTED)
    return _check_limits(members) or Format.XLSX


_END, _END_64 = b"PK\5\6", b"PK\6\6"
_LONGEST_COMMENT = 0xFFFF


def _directory_size(file: BinaryIO) -> int:
    """Bytes of an archive's directory, as its end says (APPNOTE.TXT 4.3.14 and 4.3.16). Raises struct.error where there is no end."""
    start = max(file.seek(0, 2) - _LONGEST_COMMENT - 1024, 0)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(_END)
    sizes = [int(struct.unpack_from("<L", tail[at:] if at >= 0 else b"", 12)[0])]
    if (large := tail.rfind(_END_64)) >= 0:
        sizes.append(int(struct.unpack_from("<Q", tail, large + 40)[0]))
    return max(size for size in sizes if size != 0xFFFFFFFF or len(sizes) == 1)


def _check_limits(members: list[zipfile.ZipInfo]) -> Refusal | None:
    """Refuses what would unpack to more than a workbook has: told by the archive's own directory, before anything is unpacked."""
    unpacked, packed = sum(member.file_size for member in members), sum(member.compress_size for member in members)
    if len(members) > MOST_MEMBERS:
        return _too_large(Words("内部文件数", "the number of its parts"), str(len(members)), str(MOST_MEMBERS))
    if unpacked > MOST_UNPACKED:
        return _too_large(Words("解开后的大小", "its unpacked size"), f"{unpacked // MEBIBYTE} MB", f"{MOST_UNPACKED // MEBIBYTE} MB")
    if unpacked > RATIO_FROM and unpacked > MOST_RATIO * max(packed, 1):
        return _too_large(Words("压缩比", "its ratio of compression"), f"{unpacked // max(packed, 1)}:1", f"{MOST_RATIO}:1")
    return None


def _too_large(what: Words, found: str, limit: str) -> Refusal:
    return refuse(TOO_LARGE_FILE, what=what, found=found, limit=limit)
