"""Who may change a shared root: one service of a Hub, or any number of command lines; never both, never two services.

Owns the lock file ``<root>/.service/publishing.lock``. The service has it alone for as long as it lives (``take``);
a job that changes the root itself has it together with other jobs (``shared_with_jobs``). The operating system drops
it with the process that took it, however that ends; jobs of the service do not inherit it, so its successor can follow
them. Refuses to wait: whoever comes second is told who is first, and asks again.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from jupyter_envs.errors import EnvsError, LockedError, StorageError

SERVICE_DIRECTORY = ".service"
LOCK = "publishing.lock"


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """What a service wrote about itself. ``since`` is in seconds since the epoch."""

    pid: int
    machine: str
    since: float

    def __str__(self) -> str:
        moment = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(self.since))
        return f"process {self.pid} on {self.machine}, since {moment}"


class PublishingLock:
    """The lock of one shared root, for the service.

    Parameters
    ----------
    shared : Path
        The shared root; ``.service`` in it is made when it is not there.
    """

    def __init__(self, shared: Path) -> None:
        self.shared = shared
        self._descriptor: int | None = None

    @property
    def held(self) -> bool:
        """Whether this one has it."""
        return self._descriptor is not None

    def take(self) -> None:
        """Take the lock, if this one has it not yet.

        Raises
        ------
        LockedError
            ``locked.publishing``: a service, or a job of a command line, has it.
        StorageError
            The file cannot be made, or the file system gives no locks.
        """
        if self.held:
            return
        path = lock_path(self.shared)
        with _storage(self.shared):
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            with _storage(self.shared):
                if not _try_lock(descriptor, fcntl.LOCK_EX):
                    raise _taken(self.shared, by_jobs=_try_lock(descriptor, fcntl.LOCK_SH))
        except EnvsError:
            os.close(descriptor)
            raise
        _write(descriptor, msgspec.json.encode(Holder(pid=os.getpid(), machine=_machine(), since=time.time())))
        self._descriptor = descriptor

    def release(self) -> None:
        """Give it back; who has it not gives nothing back."""
        if self._descriptor is not None:
            _write(self._descriptor, b"")
            os.close(self._descriptor)  # the file stays: removing it would let two hold two different inodes
            self._descriptor = None


def lock_path(shared: Path) -> Path:
    """Return the lock file of a shared root."""
    return shared / SERVICE_DIRECTORY / LOCK


@contextlib.contextmanager
def shared_with_jobs(root: Path) -> Iterator[None]:
    """Hold the lock of a root together with other jobs; a root that no service ever published into has none.

    Raises
    ------
    LockedError
        ``locked.publishing``: a Hub's service publishes there.
    StorageError
        The file system gives no locks, or the file may not be read.
    """
    descriptor = _find_lock(root)
    if descriptor is None:
        yield
        return
    try:
        with _storage(root):
            mine = _try_lock(descriptor, fcntl.LOCK_SH)
        if not mine:
            holder = find_holder(root)
            raise LockedError(
                f"a Hub's service publishes into {root}" + (f" ({holder})" if holder else ""),
                hint="publish on the service's page, or stop the Hub first",
                code="locked.publishing",
                detail={"root": str(root)},
            )
        yield
    finally:
        os.close(descriptor)


def _find_lock(root: Path) -> int | None:
    with _storage(root):
        try:
            return os.open(lock_path(root), os.O_RDONLY)
        except (FileNotFoundError, NotADirectoryError):
            return None


def find_holder(shared: Path) -> Holder | None:
    """Return which service has the lock, ``None`` when none says so."""
    try:
        return msgspec.json.decode(lock_path(shared).read_bytes(), type=Holder)
    except (OSError, msgspec.DecodeError):
        return None


def _taken(shared: Path, *, by_jobs: bool) -> LockedError:
    if by_jobs:
        message, hint = f"a command line is changing {shared}", "try again in a moment"
    else:
        holder = find_holder(shared)
        message = f"another service publishes into {shared}" + (f" ({holder})" if holder else "")
        hint = "stop that one; this one takes over as soon as it has ended"
    return LockedError(message, hint=hint, code="locked.publishing", detail={"root": str(shared)})


def _try_lock(descriptor: int, mode: int) -> bool:
    try:
        fcntl.flock(descriptor, mode | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextlib.contextmanager
def _storage(shared: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:  # no permission, or a network mount without locks
        raise StorageError.from_os_error(error, f"locking {shared}") from error


def _write(descriptor: int, text: bytes) -> None:
    """Write who holds the lock, for others to read. The lock holds without it, so a full disk does not matter here."""
    with contextlib.suppress(OSError):
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, text, 0)


def _machine() -> str:
    return os.uname().nodename
