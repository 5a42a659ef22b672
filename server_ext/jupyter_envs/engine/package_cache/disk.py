"""The few things the cache does to its directories: temporary ones, locks, removal."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import resource
import secrets
import time
from collections.abc import Iterator

from jupyter_envs.engine.file_systems import machine
from jupyter_envs.engine.models.events import CancelToken
from jupyter_envs.engine.package_cache.layout import LAST_WRITTEN, LOCKS, TEMPORARY
from jupyter_envs.engine.removal import remove_tree
from jupyter_envs.errors import LockedError

NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
WAIT_SECONDS = 0.05
PATIENCE_SECONDS = 3600.0
"""Longer than anybody downloads; on a network mount the lock of a machine that is gone may stay for ever."""
FOREIGN_SECONDS = 24 * 3600
MOST_LOCKS = 5000


def make_temporary(pkgs: str) -> str:
    """Make ``.tmp-<pid>-<machine><random>/`` in a cache directory; only this process writes there."""
    path = f"{pkgs}/.tmp-{os.getpid()}-{machine()}{secrets.token_hex(4)}"
    os.mkdir(path, 0o700)
    return path


def names(path: str) -> list[str]:
    """Return the names in a directory, sorted; none when it is not there."""
    try:
        return sorted(os.listdir(path))
    except FileNotFoundError:
        return []


def put_away(path: str, aside: str) -> None:
    """Take a directory from its name, under which it must not be seen half removed: to ``aside``, which goes soon.

    A directory in a lower layer of an overlay (the image of a container) cannot be renamed. There the record goes
    first, which makes it a package.
    """
    try:
        os.rename(path, aside)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        for last in LAST_WRITTEN:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{path}/{last}")
        remove_tree(path)


def remove_stale(pkgs: str) -> list[str]:
    """Remove what processes that are gone left behind; return what was removed."""
    removed = []
    for name in stale_names(pkgs):
        remove_tree(f"{pkgs}/{name}")
        removed.append(name)
    return removed


def stale_names(pkgs: str) -> list[str]:
    """Return the temporary directories whose process is gone."""
    found = []
    for name in names(pkgs):
        match = TEMPORARY.fullmatch(name)
        if match is not None and not is_alive(int(match.group(1)), match.group(2), f"{pkgs}/{name}"):
            found.append(name)
    return found


def is_alive(pid: int, where: str, path: str) -> bool:
    """Tell whether the process that made ``path`` may still run.

    Processes of other machines cannot be looked up: they count as running for a day after they last wrote there.
    """
    if where == machine():
        return process_exists(pid)
    try:
        return time.time() - os.stat(path).st_mtime < FOREIGN_SECONDS
    except FileNotFoundError:
        return False


def process_exists(pid: int) -> bool:
    """Tell whether a process of this machine has this number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def locked(pkgs: str, name: str, cancel: CancelToken | None, *, patience: float = PATIENCE_SECONDS) -> Iterator[bool]:
    """Hold the lock of one package directory.

    Parameters
    ----------
    pkgs, name : str
        The cache directory, and the name of the package's directory in it.
    cancel : CancelToken or None
        ``None``: do not wait, yield ``False`` when another process has it. Else wait, asking the token meanwhile.
    patience : float
        Seconds to wait.

    Raises
    ------
    LockedError
        ``cache.locked``: another process has had it for all that time.
    """
    os.makedirs(f"{pkgs}/{LOCKS}", exist_ok=True)
    path = f"{pkgs}/{LOCKS}/{name}"
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        yield _lock(fd, cancel, path, patience)
    finally:
        os.close(fd)


def locks_at_once() -> int:
    """Return how many locks a process may hold: half of the files that it may have open; each lock is one."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST_LOCKS if files == resource.RLIM_INFINITY else max(1, min(files // 2, MOST_LOCKS))


def _held(path: str, patience: float) -> LockedError:
    return LockedError(
        f"another process has been at work in the package cache for {patience:.0f} seconds ({os.path.basename(path)})",
        hint=f"let it finish; when it is gone, with its machine perhaps, remove {path}",
        code="cache.locked",
        detail={"path": path},
    )


def _lock(fd: int, cancel: CancelToken | None, path: str, patience: float) -> bool:
    until = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if cancel is None:
                return False
            cancel.check()
            if time.monotonic() >= until:
                raise _held(path, patience) from None
            time.sleep(WAIT_SECONDS)
        except OSError as error:
            if error.errno not in NO_LOCKS:
                raise
            return True  # no locks here: the work may be done twice, the rename still decides
        else:
            return True
