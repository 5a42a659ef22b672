"""Brings what was written to the disk: single files, a directory's names, or all of a file system at once.

Owns the choice between them. Few files are synced one by one, so that nobody waits for what others write. For many, one
``syncfs`` takes less than an ``fsync`` for each, and it holds for what an ``fsync`` of files does not reach: hard and
soft links, and the names in every directory. Also owns replacing one small file whole. Refuses nothing; what the disk
refuses is the caller's ``OSError``.
"""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from collections.abc import Callable, Sequence

MANY = 16


def sync_files(paths: Sequence[str], root: str) -> None:
    """Bring files and directories to the disk, and with them the names below ``root``, which is on the same one.

    Parameters
    ----------
    paths : sequence of str
        What was written or renamed. Files must be readable.
    root : str
        A directory above all of them.
    """
    if len(paths) > MANY:
        sync_filesystem(root)
        return
    for path in paths:
        _sync(path)
    sync_directory(root)


def sync_filesystem(path: str) -> None:
    """Bring all that was written to a directory's file system to the disk; on tmpfs there is nothing to do."""
    fd = os.open(path, os.O_RDONLY)
    try:
        syncfs = _find_syncfs()
        if syncfs is None:
            os.sync()
        elif code := syncfs(fd):
            raise OSError(code, os.strerror(code), path)
    finally:
        os.close(fd)


def sync_directory(path: str | os.PathLike[str]) -> None:
    """Make renames in a directory durable, where the platform lets a directory be opened."""
    if os.name != "nt":
        _sync(path)


def replace_file(path: str | os.PathLike[str], data: bytes, mode: int = 0o600) -> None:
    """Put a file in place of another, by rename: whoever reads it finds the old bytes or the new ones.

    Parameters
    ----------
    path : path
        Where it goes. Its directory is there; a symbolic link of that name is replaced, not followed.
    data : bytes
        All of it.
    mode : int
        Its permission bits.
    """
    descriptor, temporary = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".new-")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, mode)
        os.replace(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _sync(path: str | os.PathLike[str]) -> None:
    fd = os.open(path, os.O_RDONLY if os.name != "nt" else os.O_RDWR)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@functools.cache
def _find_syncfs() -> Callable[[int], int] | None:
    import ctypes

    function = getattr(ctypes.CDLL(None, use_errno=True), "syncfs", None)
    if function is None:
        return None
    function.argtypes = [ctypes.c_int]

    def syncfs(fd: int) -> int:
        return ctypes.get_errno() if function(fd) != 0 else 0

    return syncfs
