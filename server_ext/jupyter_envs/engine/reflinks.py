"""Which blocks of a file other files have too, by reflinks (Btrfs, XFS); what a file takes that is one.

Asks Linux, for each file: ``statfs`` for the kind of file system, FIEMAP for its extents. Where that cannot be told
(another system, a file that may not be read, a mount over the network) no block is shared.
"""

from __future__ import annotations

import os
import struct
from typing import NamedTuple

from jupyter_envs.engine.file_systems import BTRFS, XFS, kind_of

INODE_BYTES = {BTRFS: 1536, XFS: 672}
"""What a file takes whose blocks are all shared: inode, names, extents. Btrfs keeps these twice. Measured."""

_FIEMAP, _BTRFS_INFO = 0xC020660B, 0x8400941F
_FILE_SYSTEM_ID = slice(16, 32)
_HEADER, _EXTENT = struct.Struct("=QQIIII"), struct.Struct("=QQQ16xI12x")
_EXTENTS_AT_ONCE = 16
_LAST, _SHARED = 0x1, 0x2000
_WHOLE = 2**64 - 1


class Extent(NamedTuple):
    """A piece of a disk: of which file system, where on it, how many bytes."""

    file_system: int | bytes
    start: int
    length: int


class Reflinks:
    """Finds shared blocks; remembers of each file system whether it can share them."""

    def __init__(self) -> None:
        self._kinds: dict[int, int] = {}
        self._names: dict[int, int | bytes] = {}

    def extents(self, path: str, info: os.stat_result) -> list[Extent]:
        """Return the pieces of a regular file that other files have too.

        Parameters
        ----------
        path : str
            The file; a symbolic link is not followed.
        info : stat_result
            Of it, by ``lstat``.
        """
        if not info.st_blocks or self._kind(path, info.st_dev) not in INODE_BYTES:
            return []
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            return []
        try:
            return self._of_open(descriptor, info.st_dev)
        except OSError:
            return []
        finally:
            os.close(descriptor)

    def bytes(self, path: str, info: os.stat_result) -> int:
        """Return how many bytes of a regular file other files have too; at most what it takes."""
        return min(sum(extent.length for extent in self.extents(path, info)), info.st_blocks * 512)

    def _kind(self, path: str, device: int) -> int:
        if device not in self._kinds:
            self._kinds[device] = kind_of(os.path.dirname(path))
        return self._kinds[device]

    def _of_open(self, descriptor: int, device: int) -> list[Extent]:
        name = self._names.get(device)
        if name is None:
            name = self._names[device] = _name(descriptor, device)
        return [Extent(name, start, length) for start, length, flags in _extents(descriptor) if flags & _SHARED]


def inode_bytes(path: str) -> int:
    """Return about what a reflinked file takes on the file system of a path; 0 where it is not known."""
    return INODE_BYTES.get(kind_of(path), 0)


def _name(descriptor: int, device: int) -> int | bytes:
    """Return what tells a file system from others: subvolumes of Btrfs have devices of their own, and share blocks."""
    import fcntl

    answer = bytearray(1024)
    try:
        fcntl.ioctl(descriptor, _BTRFS_INFO, answer)
    except OSError:
        return device
    return bytes(answer[_FILE_SYSTEM_ID])


def _extents(descriptor: int) -> list[tuple[int, int, int]]:
    """Return start, length and flags of all extents of an open file."""
    import fcntl

    found: list[tuple[int, int, int]] = []
    position = 0
    while True:
        buffer = bytearray(_HEADER.size + _EXTENTS_AT_ONCE * _EXTENT.size)
        _HEADER.pack_into(buffer, 0, position, _WHOLE - position, 0, 0, _EXTENTS_AT_ONCE, 0)
        fcntl.ioctl(descriptor, _FIEMAP, buffer)
        count = _HEADER.unpack_from(buffer)[3]
        for number in range(count):
            logical, start, length, flags = _EXTENT.unpack_from(buffer, _HEADER.size + number * _EXTENT.size)
            found.append((start, length, flags))
            position = logical + length
            if flags & _LAST:
                return found
        if not count:
            return found
