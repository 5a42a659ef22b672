"""One process at a time changes a prefix: an advisory lock, and who holds it.

Owns ``conda-meta/jupyter-envs/lock`` of a prefix that exists and ``<locks>/<digest>.lock`` for one that does not yet.
The operating system drops the lock when its holder dies, so a stale file never blocks. It refuses to wait by default:
whoever comes second is told who is first. Whoever comes after another machine looks anew at the whole prefix.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from jupyter_envs.engine.file_systems import machine, refresh, refresh_tree
from jupyter_envs.errors import LockedError, StorageError

PREFIX_LOCK = "conda-meta/jupyter-envs/lock"
_MOST_BYTES = 1 << 16


def lock_path(prefix: Path, locks_directory: Path) -> Path:
    """Return the lock file that guards a prefix."""
    if (prefix / "conda-meta").is_dir():
        return prefix / PREFIX_LOCK
    import hashlib

    digest = hashlib.sha256(os.fsencode(os.path.abspath(prefix))).hexdigest()[:16]
    return locks_directory / f"{digest}.lock"


def find_holder(path: Path) -> dict[str, object] | None:
    """Return what the holder of a lock wrote about itself, if anything: which process it is, and what it does."""
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, object])
    except (OSError, msgspec.DecodeError):
        return None
    found.pop("machine", None)
    return found or None


@contextmanager
def locked(path: Path, *, prefix: Path, command: str, timeout: float = 0.0) -> Iterator[None]:
    """Hold a lock file.

    Parameters
    ----------
    path : Path
        From ``lock_path``.
    prefix : Path
        The environment, for the message.
    command : str
        What is being done, shown to whoever comes second.
    timeout : float
        Seconds to wait for the holder to finish.

    Raises
    ------
    LockedError
        Another process holds it.
    StorageError
        The lock file cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise StorageError.from_os_error(error, f"locking {prefix}") from error
    try:
        try:
            acquired = _acquire(descriptor, timeout)
        except OSError as error:  # a network mount without locks
            raise StorageError.from_os_error(error, f"locking {prefix}") from error
        if not acquired:
            raise _held_by(path, prefix)
        refresh(prefix / "conda-meta")
        if _was_elsewhere(descriptor):
            refresh_tree(prefix)
        who = {"machine": machine()}
        _say_holder(descriptor, msgspec.json.encode({"pid": os.getpid(), "command": command, **who}))
        try:
            yield
        finally:
            _say_holder(descriptor, msgspec.json.encode(who))
    finally:
        # Closing drops the lock. The file stays: removing it would let two processes hold two different inodes. On NFS
        # it fails when the server has given the lock to another machine: what failed because of that has been said.
        with contextlib.suppress(OSError):
            os.close(descriptor)


def _say_holder(descriptor: int, text: bytes) -> None:
    """Write who holds the lock, for others to read. The lock holds without it, so a full disk does not matter here."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text, 0)


def _was_elsewhere(descriptor: int) -> bool:
    """Tell whether the last holder was on another machine: of what it did this one may not have heard."""
    try:
        before = msgspec.json.decode(os.pread(descriptor, _MOST_BYTES, 0), type=dict[str, object])
    except (OSError, msgspec.DecodeError):  # nobody yet, or a holder that was killed while it wrote
        return os.fstat(descriptor).st_size > 0
    return before.get("machine") not in (None, machine())


def _held_by(path: Path, prefix: Path) -> LockedError:
    holder = find_holder(path) or {}
    who = f" (process {holder['pid']}: {holder['command']})" if "pid" in holder and "command" in holder else ""
    return LockedError(
        f"{prefix.name} is being changed by another process{who}",
        hint="wait until it has finished (`jupyter envs jobs` shows it), or cancel it",
        detail={"prefix": str(prefix), **holder},
    )


def _acquire(descriptor: int, timeout: float) -> bool:
    until = time.monotonic() + timeout
    while not _try_lock(descriptor):
        if time.monotonic() >= until:
            return False
        time.sleep(0.05)
    return True


if sys.platform == "win32":
    import msvcrt

    def _try_lock(descriptor: int) -> bool:
        # The byte that is locked lies beyond the holder's text, which others must be able to read.
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def is_locked(path: Path) -> bool:
    """Tell whether somebody holds the lock right now, without waiting and without making the file."""
    try:
        descriptor = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return False
    except OSError:
        # A lock file that may not be opened belongs to somebody else; all that can be said is "not by us".
        return False
    try:
        return not _try_lock(descriptor)
    finally:
        os.close(descriptor)
