"""A reader of tar streams: POSIX ustar, pax and GNU long names, nothing else.

Owns the format; what a member may be called or point to is the guard's business. The standard library's ``tarfile``
takes longer for each member than writing it does; this loop takes a fraction of that. Refuses what packages never hold:
devices, pipes, sparse files, several volumes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from zlib import adler32

import msgspec

from jupyter_envs.engine.archive.guard import refuse
from jupyter_envs.errors import ArchiveError

BLOCK = 512
WINDOW = 1 << 18
MAX_HEADER_BYTES = 1 << 20
EMPTY = bytes(BLOCK)
ENDS = b"\0 "
KINDS = {b"0": "file", b"\0": "file", b"7": "file", b"5": "directory", b"2": "symlink", b"1": "hardlink"}

ReadInto = Callable[[memoryview], int | None]


class Member(msgspec.Struct):
    """One entry; ``kind`` is ``file``, ``directory``, ``symlink`` or ``hardlink``, ``chunks`` a file's content.

    The chunks are views of a buffer that is filled again: each is good until the next is asked for.
    """

    name: str
    kind: str
    size: int
    mode: int
    mtime: float
    target: str
    chunks: Iterable[memoryview]


class _Stream:
    """A window over a decompressor's output. What it gives is a view of the window, good until the next call.

    One buffer is filled again and again, small enough to stay in the processor's cache: content goes from the
    decompressor to the file without being copied in between.
    """

    def __init__(self, readinto: ReadInto, archive: str) -> None:
        self._readinto = readinto
        self._view = memoryview(bytearray(WINDOW))
        self._at = self._end = 0
        self.archive = archive

    def take(self, count: int) -> memoryview:
        """Return exactly ``count`` bytes (at most the window), fewer only at the end."""
        if self._end - self._at < count:
            self._fill(count)
        at = self._at
        self._at = min(at + count, self._end)
        return self._view[at : self._at]

    def _fill(self, count: int) -> None:
        view = self._view
        end = self._end - self._at
        view[:end] = view[self._at : self._end]
        while end < count:
            more = self._readinto(view[end:])
            if not more:
                break
            end += more
        self._at, self._end = 0, end

    def content(self, size: int) -> Iterable[memoryview]:
        """Return the next ``size`` bytes, their padding skipped: in one piece when they fit in the window."""
        padded = size + -size % BLOCK
        if padded > WINDOW:
            return self._pieces(size, padded)
        whole = self.take(padded)
        if len(whole) < size:
            raise truncated(self.archive)
        return (whole[:size],) if size else ()

    def _pieces(self, size: int, padded: int) -> Iterator[memoryview]:
        left = size
        while left > 0:
            piece = self.take(min(left, self._end - self._at or min(left, WINDOW)))
            if not piece:
                raise truncated(self.archive)
            left -= len(piece)
            yield piece
        self.take(padded - size)


def truncated(archive: str) -> ArchiveError:
    """Return the error for an archive that ends too early."""
    return refuse(archive, "ends too early", "archive.corrupt", "download it again; the file is incomplete")


def corrupt(archive: str, what: str) -> ArchiveError:
    """Return the error for an archive that cannot be read."""
    return refuse(archive, f"cannot be read: {what}", "archive.corrupt", "download it again; the file is damaged")


def iter_members(readinto: ReadInto, archive: str, admit_bytes: Callable[[int], None]) -> Iterator[Member]:
    """Yield the members of a tar stream; each one's ``chunks`` must be used up before the next is asked for.

    Parameters
    ----------
    readinto : callable
        Puts the next bytes of the uncompressed stream into a buffer and tells how many, 0 at the end.
    archive : str
        The archive's name, for messages.
    admit_bytes : callable
        Told each member's size before a byte of it is read; raises when it is too much.
    """
    stream = _Stream(readinto, archive)
    overrides: dict[str, str] = {}
    defaults: dict[str, str] = {}
    while True:
        header = bytes(stream.take(BLOCK))
        if len(header) < BLOCK:
            raise truncated(archive)
        if header == EMPTY:
            while len(stream.take(WINDOW)) == WINDOW:  # to the end, where the compression's own checksum is compared
                admit_bytes(WINDOW)
            return
        typeflag = header[156:157]
        size = _number(header[124:136], archive)
        if typeflag in b"xgLK":
            if size > MAX_HEADER_BYTES:
                raise corrupt(archive, "a header is too long")
            admit_bytes(size)
            _check(header, archive)
            _extend(typeflag, b"".join(stream.content(size)), defaults if typeflag == b"g" else overrides, archive)
            continue
        member = _member(header, size, {**defaults, **overrides} if overrides or defaults else {}, archive)
        admit_bytes(member.size)
        overrides = {}
        member.chunks = content = stream.content(member.size)
        yield member
        for _ in content:  # whatever the caller left unread
            pass


def _member(header: bytes, size: float, overrides: dict[str, str], archive: str) -> Member:
    _check(header, archive)
    typeflag = header[156:157]
    kind = KINDS.get(typeflag)
    if kind is None or "GNU.sparse.major" in overrides:
        what = f"holds an entry of a kind that packages must not have (tar type {typeflag!r})"
        raise refuse(archive, what, "archive.kind")
    name = overrides.get("path") or _name(header, archive)
    if kind == "file" and name.endswith("/"):
        kind = "directory"
    target = overrides.get("linkpath") or _text(header[157:257], archive) if kind in ("symlink", "hardlink") else ""
    size = _pax_number(overrides, "size", archive) if "size" in overrides else size
    mtime = _pax_number(overrides, "mtime", archive) if "mtime" in overrides else _number(header[136:148], archive)
    return Member(
        name=name,
        kind=kind,
        size=int(size) if kind == "file" else 0,
        mode=int(_number(header[100:108], archive)),
        mtime=mtime,
        target=target,
        chunks=(),
    )


def _name(header: bytes, archive: str) -> str:
    name = _text(header[0:100], archive)
    if header[257:263] == b"ustar\0" and header[345:346] != b"\0":
        return f"{_text(header[345:500], archive)}/{name}"
    return name


def _text(field: bytes, archive: str) -> str:
    try:
        return field.split(b"\0", 1)[0].decode()
    except UnicodeDecodeError:
        raise refuse(archive, f"holds a name that is not UTF-8: {field!r}", "archive.name") from None


def _number(field: bytes, archive: str) -> int:
    try:
        return int(field.rstrip(ENDS), 8)
    except ValueError:
        return _unusual_number(field, archive)


def _unusual_number(field: bytes, archive: str) -> int:
    if field[0] & 0x80:  # GNU base-256, for sizes beyond 8 GiB and negative times
        value = int.from_bytes(field, "big", signed=True)
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big") if value < 0 and field[0] == 0x80 else value
    try:
        return int(field.rstrip(b" \0").split(b"\0", 1)[0] or b"0", 8)
    except ValueError:
        raise corrupt(archive, "a number in a header is not one") from None


def _pax_number(overrides: dict[str, str], key: str, archive: str) -> float:
    try:
        return int(overrides[key]) if key == "size" else float(overrides[key])
    except ValueError:
        raise corrupt(archive, f"a pax header has a bad {key}") from None


def _check(header: bytes, archive: str) -> None:
    # The low half of an Adler-32 is the sum of all bytes plus one, modulo 65521: tar's own sum, computed in C.
    stored = _number(header[148:156], archive)
    if (stored - 256 + sum(header[148:156]) + 1 - (adler32(header) & 0xFFFF)) % 65521:
        raise corrupt(archive, "a header's checksum is wrong")


def _extend(typeflag: bytes, data: bytes, overrides: dict[str, str], archive: str) -> None:
    if typeflag in b"LK":
        overrides["path" if typeflag == b"L" else "linkpath"] = _text(data, archive)
        return
    at = 0
    while at < len(data) and data[at : at + 1] != b"\0":
        space = data.find(b" ", at)
        length = data[at:space]
        if space < 0 or not length.isdigit() or int(length) <= space - at + 1:
            raise corrupt(archive, "a pax header cannot be read")
        key, equals, value = data[space + 1 : at + int(length) - 1].partition(b"=")
        if not equals:
            raise corrupt(archive, "a pax header cannot be read")
        overrides[_text(key, archive)] = _text(value, archive) if b"\0" not in value else _refuse_nul(archive)
        at += int(length)


def _refuse_nul(archive: str) -> str:
    raise refuse(archive, "holds a name with a NUL byte", "archive.name")
