"""What is kept of recipes' sources (``<root>/sources``), archives by digest and mirrors of git: giving them back.

When a build uses one, its time is set to now, so that what nobody builds any more is known by its age. Refuses to
remove anything while a build runs: what git checked out borrows its objects from the mirror.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from jupyter_envs.build.places import remove_tree
from jupyter_envs.engine.package_cache.prune import CacheEntry, PruneReport
from jupyter_envs.engine.prefix.disk import disk_usage
from jupyter_envs.errors import StorageError

SOURCES, MIRRORS = "sources", "git"
_DAY = 86_400


def used_now(path: Path | str) -> None:
    """Note that a build uses a source; it may be another user's, then the time stays."""
    with contextlib.suppress(OSError):
        os.utime(path)


def sources_bytes(root: Path | str) -> int:
    """Return what all sources take on the disk, in bytes."""
    return sum(_entry(path).freed for path in _iter_sources(Path(root, SOURCES)))


def prune_sources(root: Path | str, days: int, now: float, *, dry_run: bool) -> PruneReport:
    """Remove sources that no build has used for some days.

    Parameters
    ----------
    root : path
        The root.
    days : int
        0 means: all of them.
    now : float
        Seconds since 1970.
    dry_run : bool
        Only say what would go.

    Raises
    ------
    StorageError
        One cannot be removed; what was removed before is gone.
    """
    try:
        paths = list(_iter_sources(Path(root, SOURCES)))
        old = [path for path in paths if not days or path.lstat().st_mtime < now - days * _DAY]
        going = [] if old and _is_building(Path(root, "builds")) else old
        entries = tuple(_entry(path) for path in going)
        for path in [] if dry_run else going:
            remove_tree(path)
    except OSError as error:
        raise StorageError.from_os_error(error, "removing sources of recipes") from error
    freed = sum(entry.freed for entry in entries)
    return PruneReport(removed=entries, kept=len(paths) - len(going), freed_bytes=freed, dry_run=dry_run)


def _iter_sources(folder: Path) -> Iterator[Path]:
    for each in (folder, folder / MIRRORS):
        if each.is_dir():
            yield from (path for path in sorted(each.iterdir()) if path != folder / MIRRORS)


def _entry(path: Path) -> CacheEntry:
    size = path.lstat().st_blocks * 512 if not path.is_dir() else disk_usage([path])[0].total
    return CacheEntry(kind="source", path=str(path), bytes=size, freed=size, files=1)


def _is_building(builds: Path) -> bool:
    """Whether somebody holds the folder of a build."""
    for path in builds.glob(".*.lock"):
        with path.open("r") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
    return False
