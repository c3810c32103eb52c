"""What a file is, by its content and not by its name, and whether it is within limits: asked before any reader sees it."""

import zipfile
from pathlib import Path

from bulkorders.core.refusal import BROKEN, EMPTY_FILE, ENCRYPTED, NOT_WORKBOOK, TOO_LARGE_FILE, Refusal, refuse
from bulkorders.core.words import Words

MEBIBYTE = 1024 * 1024
MOST_BYTES = 200 * MEBIBYTE
MOST_UNPACKED = 2048 * MEBIBYTE
MOST_MEMBERS = 2000
MOST_RATIO = 200
RATIO_FROM = 10 * MEBIBYTE
"""Unpacked bytes from which on the ratio counts: small files of equal cells pack well and are harmless."""

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_MAGIC: tuple[tuple[bytes, Words], ...] = (
    (b"%PDF", Words("PDF 文档", "a PDF document")),
    (b"\x89PNG", Words("图片", "a picture")),
    (b"\xff\xd8\xff", Words("图片", "a picture")),
    (b"GIF8", Words("图片", "a picture")),
    (b"Rar!", Words("压缩包", "an archive")),
    (b"7z\xbc\xaf", Words("压缩包", "an archive")),
    (b"\x1f\x8b", Words("压缩包", "an archive")),
    (b"\x09\x08", Words("很旧的 .xls 表格", "a very old .xls workbook")),
)
_MEMBERS: tuple[tuple[str, Words], ...] = (
    ("xl/workbook.bin", Words(".xlsb 表格", "an .xlsb workbook")),
    ("word/document.xml", Words("Word 文档", "a Word document")),
    ("ppt/presentation.xml", Words("PowerPoint 文档", "a PowerPoint document")),
    ("Index/Document.iwa", Words("Numbers 表格", "a Numbers workbook")),
    ("mimetype", Words("OpenDocument 表格", "an OpenDocument file")),
)


def sniff(path: Path) -> Refusal | None:
    """Why a file cannot be read as an `.xlsx` workbook, or None where nothing speaks against it. Raises OSError."""
    size = path.stat().st_size
    if size == 0:
        return refuse(EMPTY_FILE)
    if size > MOST_BYTES:
        return _too_large(Words("文件大小", "its size"), f"{size // MEBIBYTE} MB", f"{MOST_BYTES // MEBIBYTE} MB")
    with path.open("rb") as file:
        head = file.read(4096)
    if head.startswith(b"PK"):
        return _sniff_zip(path)
    if head.startswith(_OLE):
        is_encrypted = _ENCRYPTED in path.read_bytes()
        return refuse(ENCRYPTED) if is_encrypted else refuse(NOT_WORKBOOK, found=Words("旧的 .xls 表格", "an .xls workbook"))
    return refuse(NOT_WORKBOOK, found=_name_of(head))


def _name_of(head: bytes) -> Words:
    for magic, words in _MAGIC:
        if head.startswith(magic):
            return words
    text = head.lstrip(b"\xef\xbb\xbf \r\n\t").lower()
    if text.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")):
        return Words("网页（HTML）", "a web page (HTML)")
    return Words("文本文件（CSV）", "a text file (CSV)") if b"\0" not in head else Words("别的文件", "another kind of file")


def _sniff_zip(path: Path) -> Refusal | None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError):
        return refuse(BROKEN)
    names = {member.filename.replace("\\", "/").lstrip("/") for member in members}
    if not any(name.startswith("xl/") for name in names) or "xl/workbook.bin" in names:
        found = next((words for member, words in _MEMBERS if member in names), Words("压缩包", "an archive"))
        return refuse(NOT_WORKBOOK, found=found)
    if any(member.flag_bits & 1 for member in members):
        return refuse(ENCRYPTED)
    return _check_limits(members)


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
