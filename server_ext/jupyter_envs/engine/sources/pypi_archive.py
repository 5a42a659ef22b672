"""The one ``*.dist-info/METADATA`` of a wheel, without an object for each of its thousands of members.

Owns the ordinary case: one disk, no comment, no ZIP64, stored or deflated. Refuses everything else by returning
``None``, and what is damaged, too: then ``zipfile`` is to read it, and to say what is wrong.
"""

from __future__ import annotations

import struct
import zlib
from typing import Protocol

_END = struct.Struct("<4s6xHIIH")
_MEMBER = struct.Struct("<4s4xHH4xIIIHHH8xI")
_LOCAL = struct.Struct("<4s22xHH")
_METADATA = b".dist-info/METADATA"
_STORED, _DEFLATED = 0, 8
_LARGE, _MANY = 0xFFFFFFFF, 0xFFFF
_ENCRYPTED = 1


class Archive(Protocol):
    """What can be read anywhere: a file, or one on a server."""

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """Set the position and return it."""

    def read(self, size: int = -1, /) -> bytes:
        """Return bytes from the position on."""


def find_metadata(archive: Archive, limit: int) -> bytes | None:
    """Return the metadata of a wheel; ``None`` where that is not ordinary, or has more than ``limit`` bytes."""
    directory = _directory(archive)
    member = _only_member(*directory) if directory is not None else None
    if member is None:
        return None
    flags, method, digest, packed, size, offset = member
    if flags & _ENCRYPTED or method not in (_STORED, _DEFLATED) or _LARGE in (packed, size, offset) or size > limit:
        return None
    archive.seek(offset)
    header = archive.read(_LOCAL.size)
    if len(header) != _LOCAL.size:
        return None
    mark, name, extra = _LOCAL.unpack(header)
    archive.seek(offset + _LOCAL.size + name + extra)
    body = _unpacked(archive.read(packed), size) if method == _DEFLATED else archive.read(packed)
    sound = mark == b"PK\3\4" and body is not None and len(body) == size and zlib.crc32(body) == digest
    return body if sound else None


def _directory(archive: Archive) -> tuple[bytes, int] | None:
    """Return the central directory and how many members it has."""
    place = archive.seek(0, 2) - _END.size
    if place < 0:
        return None
    archive.seek(place)
    mark, count, length, start, comment = _END.unpack(archive.read(_END.size))
    if mark != b"PK\5\6" or comment or count == _MANY or start + length != place:
        return None
    archive.seek(start)
    directory = archive.read(length)
    return (directory, count) if len(directory) == length else None


def _only_member(directory: bytes, count: int) -> tuple[int, int, int, int, int, int] | None:
    """Return flags, method, CRC, packed and unpacked size and place of the one metadata file at the archive's root."""
    place, found = 0, []
    try:
        for _ in range(count):
            mark, flags, method, digest, packed, size, name, extra, comment, offset = _MEMBER.unpack_from(
                directory, place
            )
            end = place + _MEMBER.size + name
            if mark != b"PK\1\2":
                return None
            if directory.endswith(_METADATA, place, end) and directory.count(b"/", place + _MEMBER.size, end) == 1:
                found.append((flags, method, digest, packed, size, offset))
            place = end + extra + comment
    except struct.error:
        return None
    odd = place != len(directory) or b"METADATA\0" in directory
    return found[0] if len(found) == 1 and not odd else None


def _unpacked(data: bytes, size: int) -> bytes | None:
    try:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, size + 1)
    except zlib.error:
        return None
