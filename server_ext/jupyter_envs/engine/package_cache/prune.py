"""What lies in the writable cache directory, and the removal of what no environment uses.

Used is a package that any environment shares a file with (a link count above the package's own), that a record names,
or that a running process announced. ``decide`` is pure and returns what would go; ``prune`` does it. Removed as well:
archives and parts of downloads, what dead processes left, and compiled files of packages that are gone. Links are never
followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence

import msgspec

from jupyter_envs.engine.package_cache import disk
from jupyter_envs.engine.package_cache.layout import ARCHIVES, COMPILED, DOWNLOADS, dist_of_download
from jupyter_envs.engine.package_cache.manifest import find_stored_record
from jupyter_envs.engine.package_cache.usage import PRUNE_LOCK, used_by_others
from jupyter_envs.engine.reflinks import Reflinks
from jupyter_envs.engine.removal import remove_tree
from jupyter_envs.errors import LockedError, StorageError


class CacheEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing in the cache.

    ``kind`` is ``package``, ``compiled``, ``archive``, ``download`` or ``temporary``; ``bytes`` is what lies on the
    disk for it, ``freed`` what its removal would free: what it shares with environments stays. ``dist`` is the
    package's.
    """

    kind: str
    path: str
    dist: str = ""
    bytes: int = 0
    freed: int = 0
    files: int = 0
    linked: bool = False


class PruneReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was removed, or would be in a dry run, and the bytes that frees.

    Beside the cache: ``swept`` are folders that killed creations and deletions left, ``unlisted`` the environments
    that are gone and were still in the list that tools share.
    """

    removed: tuple[CacheEntry, ...] = ()
    kept: int = 0
    freed_bytes: int = 0
    dry_run: bool = False
    swept: tuple[str, ...] = ()
    unlisted: tuple[str, ...] = ()


def list_entries(pkgs: str) -> list[CacheEntry]:
    """Return everything in a cache directory."""
    return list(_iter_entries(pkgs))


def decide(entries: Sequence[CacheEntry], keep: frozenset[str]) -> list[CacheEntry]:
    """Return the entries that no environment uses.

    Parameters
    ----------
    entries : sequence of CacheEntry
        All of a cache directory.
    keep : frozenset of str
        Dists that stay.
    """
    stay = {
        os.path.basename(entry.path)
        for entry in entries
        if entry.kind == "package" and (entry.linked or entry.dist in keep)
    }
    going = []
    for entry in entries:
        if entry.kind in ("package", "compiled") and os.path.basename(entry.path) in stay:
            continue
        if entry.kind == "download" and entry.dist in keep:
            continue
        going.append(entry)
    return going


def prune(pkgs: str, keep: frozenset[str], *, dry_run: bool) -> PruneReport:
    """Remove what no environment uses from a cache directory.

    Raises
    ------
    LockedError
        Another process is pruning.
    StorageError
        Something cannot be removed; what was removed before is gone.
    """
    if not os.path.isdir(pkgs):
        return PruneReport(dry_run=dry_run)
    try:
        with disk.locked(pkgs, PRUNE_LOCK, None) as mine:
            if not mine:
                raise LockedError(
                    "another process is cleaning or filling the package cache", hint="try again in a moment"
                )
            entries = list_entries(pkgs)
            going = decide(entries, keep | used_by_others(pkgs))
            if not dry_run:
                _remove(pkgs, going)
    except OSError as error:
        raise StorageError.from_os_error(error, "cleaning the package cache") from error
    return PruneReport(
        removed=tuple(going),
        kept=len(entries) - len(going),
        freed_bytes=sum(entry.freed for entry in going),
        dry_run=dry_run,
    )


def _remove(pkgs: str, going: Sequence[CacheEntry]) -> None:
    temporary = disk.make_temporary(pkgs)
    for number, entry in enumerate(going):
        if entry.kind == "package":
            disk.put_away(entry.path, f"{temporary}/{number}")
        elif os.path.isdir(entry.path):
            remove_tree(entry.path)
        else:
            os.unlink(entry.path)
    remove_tree(temporary)


def _iter_entries(pkgs: str) -> Iterator[CacheEntry]:
    stale, reflinks = set(disk.stale_names(pkgs)), Reflinks()
    for name in disk.names(pkgs):
        path = f"{pkgs}/{name}"
        if name in stale:
            yield _measure("temporary", path, reflinks)
        elif name.startswith("."):
            continue
        elif os.path.isdir(path):
            stored = find_stored_record(path)
            if stored is not None or os.path.isdir(f"{path}/info"):
                yield _measure("package", path, reflinks, stored.dist if stored else name)
        elif name.endswith(ARCHIVES):
            yield _measure("archive", path, reflinks)
    for tag in disk.names(f"{pkgs}/{COMPILED}"):
        for name in disk.names(f"{pkgs}/{COMPILED}/{tag}"):
            yield _measure("compiled", f"{pkgs}/{COMPILED}/{tag}/{name}", reflinks)
    for name in disk.names(f"{pkgs}/{DOWNLOADS}"):
        yield _measure("download", f"{pkgs}/{DOWNLOADS}/{name}", reflinks, dist_of_download(name))


def _measure(kind: str, path: str, reflinks: Reflinks, dist: str = "") -> CacheEntry:
    inodes: dict[tuple[int, int], _Inode] = {}
    for name, found in _iter_stats(path):
        inode = inodes.get((found.st_dev, found.st_ino))
        if inode is None:
            size = found.st_blocks * 512
            alone = size - reflinks.bytes(name, found) if stat.S_ISREG(found.st_mode) else size
            inode = inodes[found.st_dev, found.st_ino] = _Inode(size, alone, found.st_nlink)
        inode.names += 1
    return CacheEntry(
        kind=kind,
        path=path,
        dist=dist,
        bytes=sum(inode.bytes for inode in inodes.values()),
        freed=sum(inode.alone for inode in inodes.values() if inode.links <= inode.names),
        files=len(inodes),
        linked=any(inode.links > inode.names for inode in inodes.values()),
    )


class _Inode(msgspec.Struct):
    """A file: what it takes, what of that no other file has, how many names it has, and how many were seen."""

    bytes: int
    alone: int
    links: int
    names: int = 0


def _iter_stats(path: str) -> Iterator[tuple[str, os.stat_result]]:
    found = os.lstat(path)
    if not stat.S_ISDIR(found.st_mode):
        yield path, found
        return
    folders = [path]
    while folders:
        with os.scandir(folders.pop()) as listing:
            for entry in listing:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    yield entry.path, entry.stat(follow_symlinks=False)
