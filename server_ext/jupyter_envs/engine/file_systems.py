"""What kind of file system a path is on, as Linux says it (``statfs``); looking anew at what other machines changed.

A client of NFS answers for some seconds, up to a minute, from what it knows of a directory. Who holds the lock of an
environment has to see what the last holder did. On other systems nothing is known, and nothing is looked at anew.
Also owns what tells machines apart, and which mounts keep their locks to one of them.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from pathlib import Path

BTRFS, XFS = 0x9123683E, 0x58465342
_NETWORK = frozenset(
    {
        0x6969,  # NFS
        0x517B,  # SMB
        0xFE534D42,  # SMB2
        0xFF534D42,  # CIFS
        0x00C36400,  # Ceph
        0x0BD00BD0,  # Lustre
        0x47504653,  # GPFS
        0x19830326,  # BeeGFS
        0x01021997,  # 9p
        0x5346414F,  # AFS
        0x6B414653,  # AFS, of the kernel
    }
)


def kind_of(path: str | os.PathLike[str]) -> int:
    """Return the number of the kind of file system that a path is on; 0 where nothing says it."""
    function = _find_statfs()
    if function is None:
        return 0
    import ctypes

    buffer = ctypes.create_string_buffer(512)
    if function(os.fsencode(path), buffer) != 0:
        return 0
    return int(ctypes.c_long.from_buffer(buffer).value) & 0xFFFFFFFF


def is_network(path: str | os.PathLike[str]) -> bool:
    """Tell whether other machines may write to the file system of a path, so that no memory is shared with them."""
    return kind_of(path) in _NETWORK


def local_locks_option(mountinfo: str, device: int) -> str:
    """Return the mount option by which locks hold on this machine alone, empty where there is none (pure).

    Parameters
    ----------
    mountinfo : str
        The content of ``/proc/self/mountinfo``; of two mounts of a device the later counts.
    device : int
        ``st_dev`` of a path on the mount.
    """
    found = ""
    for line in mountinfo.splitlines():
        mount, _, source = line.partition(" - ")
        fields = mount.split()
        if len(fields) < 6 or fields[2] != f"{os.major(device)}:{os.minor(device)}":
            continue
        options = {option for part in (fields[5], *source.split()[-1:]) for option in part.split(",")}
        found = next((option for option in sorted(options) if _keeps_locks_local(option)), "")
    return found


def _keeps_locks_local(option: str) -> bool:
    """Tell whether an option of NFS, Lustre or SMB keeps ``flock`` or the locks of SQLite from the server."""
    name, _, value = option.partition("=")
    return option in ("nolock", "localflock", "nobrl") or (name == "local_lock" and value != "none")


def find_local_locks(path: str | os.PathLike[str]) -> str:
    """Return the option of a network mount by which locks hold on this machine alone; empty on any other mount."""
    place = os.path.abspath(path)
    while not os.path.exists(place):
        place = os.path.dirname(place)
    if not is_network(place):
        return ""
    try:
        mounts = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        return local_locks_option(mounts, os.stat(place).st_dev)
    except OSError:
        return ""  # nothing says it


@functools.cache
def machine() -> str:
    """Return four hex digits that tell machines (and containers) apart that share a file system."""
    import hashlib

    try:
        namespace = os.readlink("/proc/self/ns/pid")
    except OSError:  # not Linux
        namespace = ""
    return hashlib.sha256(f"{os.uname().nodename} {namespace}".encode()).hexdigest()[:4]


@functools.cache
def _find_statfs() -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    import ctypes

    function: Callable[..., int] | None = getattr(ctypes.CDLL(None), "statfs", None)
    return function


_HERE, _FORCE_SYNC, _BASIC = -100, 0x2000, 0x7FF
"""AT_FDCWD, AT_STATX_FORCE_SYNC, STATX_BASIC_STATS"""


def refresh(path: str | os.PathLike[str]) -> None:
    """Let the kernel ask the server about a directory: what others did in it is seen from then on.

    On a local file system this costs microseconds. What is not there is no error.
    """
    function = _find_statx()
    if function is not None:
        import ctypes

        function(_HERE, os.fsencode(path), _FORCE_SYNC, _BASIC, ctypes.create_string_buffer(256))


def refresh_tree(directory: str | os.PathLike[str]) -> None:
    """Do as ``refresh`` with a directory and all below it, parents first: one question to the server for each."""
    pending = [os.fspath(directory)]
    while pending:
        current = pending.pop()
        refresh(current)
        try:
            with os.scandir(current) as listing:
                pending += [entry.path for entry in listing if entry.is_dir(follow_symlinks=False)]
        except OSError:
            continue


@functools.cache
def _find_statx() -> Callable[..., int] | None:
    if sys.platform != "linux":
        return None
    import ctypes

    function: Callable[..., int] | None = getattr(ctypes.CDLL(None), "statx", None)
    return function
