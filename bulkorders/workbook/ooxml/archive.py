"""The zip archive under a workbook: parts that do not change go over as they are packed, without being unpacked."""

import os
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, cast

from .edits import UnsureError

_CHUNK = 256 * 1024
_LEVEL = 1
_KEPT_IN_MEMORY = 32 * 1024 * 1024
_LOCAL, _ENTRY, _END = b"PK\3\4", b"PK\1\2", b"PK\5\6"
_LOCAL_SIZE = 30
_ENCRYPTED, _UTF8 = 0x1, 0x800
_DATE = (1980, 1, 1, 0, 0, 0)
_MOST = 0xFFFF_FFFF
"""Bytes of an archive that needs no zip64; the limits of what is read are lower."""
_MOST_ENTRIES = 0xFFFE


@dataclass
class Packed:
    """A part that is packed already. `info` says its sizes and its checksum."""

    info: zipfile.ZipInfo
    content: BinaryIO


class Archive:
    """A workbook's archive, to read."""

    def __init__(self, path: Path) -> None:
        self._zip = zipfile.ZipFile(path)
        self._file = path.open("rb")
        self._size = path.stat().st_size
        self.entries = self._zip.infolist()
        for info in self.entries:
            if info.flag_bits & _ENCRYPTED or info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                self.close()
                raise UnsureError(f"packed in another way: {info.filename}")

    def close(self) -> None:
        """Lets go of the file."""
        self._zip.close()
        self._file.close()

    def read(self, info: zipfile.ZipInfo) -> bytes:
        """A part's content, whole."""
        return self._zip.read(info)

    def chunks(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """A part's content in pieces."""
        with self._zip.open(info) as part:
            while chunk := part.read(_CHUNK):
                yield chunk

    def packed(self, info: zipfile.ZipInfo) -> Iterator[bytes]:
        """A part as it is packed."""
        self._file.seek(info.header_offset)
        header = self._file.read(_LOCAL_SIZE)
        if len(header) < _LOCAL_SIZE or not header.startswith(_LOCAL):
            raise UnsureError(f"no part where the directory says: {info.filename}")
        start = info.header_offset + _LOCAL_SIZE + sum(struct.unpack_from("<HH", header, 26))
        if start + info.compress_size > self._size:
            raise UnsureError(f"cut off: {info.filename}")
        self._file.seek(start)
        left = info.compress_size
        while left and (chunk := self._file.read(min(_CHUNK, left))):
            left -= len(chunk)
            yield chunk


def pack(name: str, chunks: Iterable[bytes]) -> Packed:
    """Packs what a part is to hold; large ones are kept in a temporary file."""
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, 0, 0
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
    content = cast("BinaryIO", SpooledTemporaryFile(_KEPT_IN_MEMORY))  # noqa: SIM115 - closed when it is written
    info.CRC = 0
    try:
        for chunk in chunks:
            info.CRC, info.file_size = zlib.crc32(chunk, info.CRC), info.file_size + len(chunk)
            content.write(packer.compress(chunk))
        content.write(packer.flush())
    except BaseException:
        content.close()
        raise
    info.compress_size = content.tell()
    content.seek(0)
    return Packed(info, content)


def unpacked(packed: Packed) -> bytes:
    """What was packed."""
    packed.content.seek(0)
    return zlib.decompress(packed.content.read(), -15)


@dataclass
class ArchiveWriter:
    """Writes an archive from front to back; no part has a data descriptor, none needs zip64."""

    target: BinaryIO
    at: int = 0
    entries: list[zipfile.ZipInfo] = field(default_factory=list)

    def add(self, info: zipfile.ZipInfo, packed: Iterable[bytes]) -> None:
        """A part that is packed already."""
        entry = copy(info)
        entry.flag_bits &= _UTF8
        entry.header_offset = self.at
        name, flags = _encoded(entry)
        header = struct.pack("<4sHHH", _LOCAL, 20, flags, entry.compress_type) + _moment(entry) + _sizes(entry)
        self._write(header + struct.pack("<HH", len(name), 0) + name)
        start = self.at
        for chunk in packed:
            self._write(chunk)
        if self.at - start != entry.compress_size:
            raise UnsureError(f"cut off: {entry.filename}")
        self.entries.append(entry)

    def close(self) -> None:
        """Writes the directory."""
        start = self.at
        for entry in self.entries:
            name, flags = _encoded(entry)
            header = struct.pack("<4sBBHHH", _ENTRY, 20, entry.create_system & 0xFF, 20, flags, entry.compress_type)
            rest = struct.pack("<HHHHHLL", len(name), 0, 0, 0, entry.internal_attr, entry.external_attr, entry.header_offset)
            self._write(header + _moment(entry) + _sizes(entry) + rest + name)
        count = len(self.entries)
        if count > _MOST_ENTRIES:
            raise UnsureError("too many parts")
        self._write(struct.pack("<4sHHHHLLH", _END, 0, 0, count, count, self.at - start, start, 0))

    def _write(self, data: bytes) -> None:
        self.at += len(data)
        if self.at > _MOST:
            raise UnsureError("too large")
        self.target.write(data)


def _encoded(entry: zipfile.ZipInfo) -> tuple[bytes, int]:
    """A name as it stood in the archive that it was read from."""
    if entry.flag_bits & _UTF8 or entry.orig_filename.isascii():
        return entry.orig_filename.encode(), entry.flag_bits & _UTF8
    return entry.orig_filename.encode("cp437"), 0


def _moment(entry: zipfile.ZipInfo) -> bytes:
    year, month, day, hour, minute, second = entry.date_time
    return struct.pack("<HH", hour << 11 | minute << 5 | second // 2, max(year - 1980, 0) << 9 | month << 5 | day)


def _sizes(entry: zipfile.ZipInfo) -> bytes:
    if max(entry.compress_size, entry.file_size) > _MOST:
        raise UnsureError(f"too large: {entry.filename}")
    return struct.pack("<LLL", entry.CRC, entry.compress_size, entry.file_size)


def copy_out(content: BinaryIO) -> Iterator[bytes]:
    """A file's content in pieces, from its beginning."""
    content.seek(0, os.SEEK_SET)
    while chunk := content.read(_CHUNK):
        yield chunk
