"""One process at a time changes a prefix: an advisory lock, and who holds it.

Owns ``conda-meta/jupyter-envs/lock`` of a prefix that exists and ``<locks>/<digest>.lock`` for one that does not yet.
The operating system drops the lock when its holder dies, so a stale file never blocks.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from jupyter_envs.errors import LockedError, StorageError

PREFIX_LOCK = "conda-meta/jupyter-envs/lock"


def lock_path(prefix: Path, locks_directory: Path) -> Path:
    """Return the lock file that guards a prefix."""
    if (prefix / "conda-meta").is_dir():
        return prefix / PREFIX_LOCK
    digest = hashlib.sha256(os.fsencode(os.path.abspath(prefix))).hexdigest()[:16]
    return locks_directory / f"{digest}.lock"


def find_holder(path: Path) -> dict[str, object] | None:
    """Return what the holder of a lock wrote about itself, if anything."""
    try:
        holder = json.loads(path.with_name(path.name + ".holder").read_text())
    except (OSError, ValueError):
        return None
    return holder if isinstance(holder, dict) else None


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
    from filelock import FileLock, Timeout

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path)
        lock.acquire(timeout=timeout)
    except Timeout:
        holder = find_holder(path) or {}
        who = f" (process {holder['pid']}: {holder['command']})" if "pid" in holder and "command" in holder else ""
        raise LockedError(
            f"{prefix.name} is being changed by another process{who}",
            hint="wait until it has finished (`jupyter envs jobs` shows it), or cancel it",
            detail={"prefix": str(prefix), **holder},
        ) from None
    except OSError as error:
        raise StorageError.from_os_error(error, f"locking {prefix}") from error
    holder_path = path.with_name(path.name + ".holder")
    try:
        holder_path.write_text(json.dumps({"pid": os.getpid(), "command": command}))
        yield
    except OSError as error:
        raise StorageError.from_os_error(error, f"changing {prefix}") from error
    finally:
        holder_path.unlink(missing_ok=True)
        lock.release()


def is_locked(path: Path) -> bool:
    """Tell whether somebody holds the lock right now, without waiting and without making the file."""
    if not path.exists():
        return False
    from filelock import FileLock, Timeout

    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        # A lock file that may not be opened belongs to somebody else; nothing can be said but "not by us".
        return False
