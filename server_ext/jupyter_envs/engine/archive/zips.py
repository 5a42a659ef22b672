"""A reader of zip files: the directory at their end, stored and deflated entries, zip64.

Refuses, before an entry is read: more entries than the guard admits, entries that lie over each other (how small files
become huge ones), encryption, other compressions, names that are not UTF-8. An entry never yields more bytes than
announced.
"""

from __future__ import annotations

import calendar
import os
import struct
import zlib
from collections.abc import Iterator

import msgspec

from jupyter_envs.engine.archive.guard import Guard, refuse
from jupyter_envs.engine.archive.tar import corrupt, truncated

CHUNK = 1 << 16
END = struct.Struct("<4s4H2LH")
END64 = struct.Struct("<4sQ2H2L4Q")
LOCATOR64 = struct.Struct("<4sLQL")
CENTRAL = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")
UNIX = 3


class Entry(msgspec.Struct, frozen=True):
    """One file or directory of a zip; ``offset`` is its local header's."""

    name: str
    method: int
    crc: int
    compressed: int
    size: int
    offset: int
    mode: int
    mtime: float


class ZipReader:
    """Reads one zip file; a context manager that closes it.

    Parameters
    ----------
    path : str
        The file.
    guard : Guard
        Asked about the number of entries before they are read.
    name : str
        The archive's name, for messages.
    checked : bool
        Whether each entry's CRC is compared; the digest of the whole file says more, where that was.
    """

    def __init__(self, path: str, guard: Guard, name: str, *, checked: bool = True) -> None:
        self._name = name
        self._checked = checked
        self._fd = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        try:
            self._length = os.fstat(self._fd).st_size
            self.entries = self._read_directory(guard)
        except BaseException:
            os.close(self._fd)
            raise

    def __enter__(self) -> ZipReader:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def chunks(self, entry: Entry) -> Iterator[bytes]:
        """Yield an entry's content; its size and, if asked for, its CRC are compared at the end."""
        header = os.pread(self._fd, LOCAL.size, entry.offset)
        if len(header) < LOCAL.size or header[:4] != b"PK\3\4":
            raise corrupt(self._name, f"{entry.name!r} is not where the directory says")
        name_length, extra_length = struct.unpack_from("<2H", header, 26)
        start = entry.offset + LOCAL.size + name_length + extra_length
        raw = self._raw(start, entry.compressed)
        content = raw if entry.method == 0 else self._inflate(raw, entry)
        crc, size = 0, 0
        for chunk in content:
            if self._checked:
                crc = zlib.crc32(chunk, crc)
            size += len(chunk)
            if size > entry.size:
                raise corrupt(self._name, f"{entry.name!r} is longer than announced")
            yield chunk
        if size != entry.size or (self._checked and crc != entry.crc):
            raise corrupt(self._name, f"{entry.name!r} has a wrong checksum")

    def read(self, entry: Entry, limit: int = 64 << 20) -> bytes:
        """Return an entry's whole content, refusing more than ``limit`` bytes."""
        if entry.size > limit:
            raise refuse(self._name, f"has an implausibly large {entry.name!r}", "archive.bomb")
        return b"".join(self.chunks(entry))

    def _raw(self, start: int, length: int) -> Iterator[bytes]:
        end = start + length
        while start < end:
            chunk = os.pread(self._fd, min(CHUNK, end - start), start)
            if not chunk:
                raise truncated(self._name)
            start += len(chunk)
            yield chunk

    def _inflate(self, raw: Iterator[bytes], entry: Entry) -> Iterator[bytes]:
        inflater = zlib.decompressobj(-15)
        try:
            for chunk in raw:
                data = chunk
                while data:
                    out = inflater.decompress(data, CHUNK)
                    data = inflater.unconsumed_tail
                    if out:
                        yield out
            while not inflater.eof:
                out = inflater.decompress(b"", CHUNK)
                if not out:
                    raise truncated(self._name)
                yield out
        except zlib.error as error:
            raise corrupt(self._name, f"{entry.name!r} cannot be decompressed") from error

    def _read_directory(self, guard: Guard) -> tuple[Entry, ...]:
        count, size, offset = self._find_directory()
        guard.admit_count(count)
        data = os.pread(self._fd, size, offset)
        if len(data) != size:
            raise truncated(self._name)
        entries, at = [], 0
        for _ in range(count):
            if data[at : at + 4] != b"PK\1\2" or at + CENTRAL.size > size:
                raise corrupt(self._name, "its directory is damaged")
            entry, at = self._parse_central(data, at)
            entries.append(entry)
        self._refuse_overlap(entries)
        return tuple(entries)

    def _find_directory(self) -> tuple[int, int, int]:
        tail_at = max(0, self._length - END.size - 0xFFFF)
        tail = os.pread(self._fd, self._length - tail_at, tail_at)
        at = tail.rfind(b"PK\5\6")
        if at < 0 or at + END.size > len(tail):
            raise corrupt(self._name, "it is not a zip file, or its end is missing")
        _, disk, _, _, count, size, offset, _ = END.unpack_from(tail, at)
        if 0xFFFF in (count, disk) or 0xFFFFFFFF in (size, offset):
            count, size, offset = self._find_directory64(tail_at + at)
        if offset + size > tail_at + at:
            raise corrupt(self._name, "its directory is not where its end says")
        return count, size, offset

    def _find_directory64(self, end_at: int) -> tuple[int, int, int]:
        locator = os.pread(self._fd, LOCATOR64.size, max(0, end_at - LOCATOR64.size))
        if locator[:4] != b"PK\6\7":
            raise corrupt(self._name, "its zip64 directory is missing")
        record = os.pread(self._fd, END64.size, LOCATOR64.unpack(locator)[2])
        if len(record) != END64.size or record[:4] != b"PK\6\6":
            raise corrupt(self._name, "its zip64 directory is missing")
        fields = END64.unpack(record)
        return fields[7], fields[8], fields[9]

    def _parse_central(self, data: bytes, at: int) -> tuple[Entry, int]:
        fields = CENTRAL.unpack_from(data, at)
        made_by, flags, method = fields[1] >> 8, fields[3], fields[4]
        crc, compressed, size = fields[7:10]
        name_length, extra_length, comment_length = fields[10:13]
        external, offset = fields[15], fields[16]
        start = at + CENTRAL.size
        raw_name = data[start : start + name_length]
        try:
            name = raw_name.decode()
        except UnicodeDecodeError:
            raise refuse(self._name, f"holds a name that is not UTF-8: {raw_name!r}", "archive.name") from None
        if flags & 1 or method not in (0, 8):
            raise refuse(self._name, f"holds {name!r} encrypted or compressed in an unknown way", "archive.kind")
        if 0xFFFFFFFF in (size, compressed, offset):
            extra = data[start + name_length : start + name_length + extra_length]
            size, compressed, offset = _zip64(extra, size, compressed, offset)
        mode = external >> 16 if made_by == UNIX else 0
        entry = Entry(name, method, crc, compressed, size, offset, mode, _mtime(fields[6], fields[5]))
        return entry, start + name_length + extra_length + comment_length

    def _refuse_overlap(self, entries: list[Entry]) -> None:
        end = 0
        for entry in sorted(entries, key=lambda one: one.offset):
            if entry.offset < end:
                raise refuse(self._name, f"holds entries that lie over each other: {entry.name!r}", "archive.bomb")
            end = entry.offset + LOCAL.size + entry.compressed
        if end > self._length:
            raise truncated(self._name)


def _zip64(extra: bytes, size: int, compressed: int, offset: int) -> tuple[int, int, int]:
    values: list[int] = []
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<2H", extra, at)
        if kind == 1:
            values = [value for (value,) in struct.iter_unpack("<Q", extra[at + 4 : at + 4 + length // 8 * 8])]
        at += 4 + length
    taken = iter(values)
    wide = [next(taken, value) if value == 0xFFFFFFFF else value for value in (size, compressed, offset)]
    return wide[0], wide[1], wide[2]


def _mtime(date: int, clock: int) -> float:
    parts = ((date >> 9) + 1980, (date >> 5) & 15, date & 31, clock >> 11, (clock >> 5) & 63, (clock & 31) * 2)
    return float(calendar.timegm((*parts, 0, 0, 0))) if 1 <= parts[1] <= 12 and parts[2] else 315532800.0
