"""What environments take on the disk: bytes of their own, and bytes shared through hard links and reflinks.

Owns the counting: a file with several names is counted once per environment, and is *unique* when all its names lie in
that environment, else *shared*. Blocks that other files have too are shared, and counted once. Blocks are counted, not
lengths.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Sequence

import msgspec

from jupyter_envs.engine.reflinks import Extent, Reflinks

BLOCK = 512

Piece = tuple[int, int] | Extent
"""An inode, by device and number, or blocks that several have."""


class DiskUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of one tree. ``total`` = ``unique`` + ``shared``; deleting it alone frees ``unique``.

    ``files`` counts names (directories not); ``apparent`` sums the lengths of all names, as a copy would take.
    ``error`` says what could not be read.
    """

    path: str
    total: int = 0
    unique: int = 0
    shared: int = 0
    apparent: int = 0
    files: int = 0
    error: str = ""


class DiskReport(msgspec.Struct, frozen=True, kw_only=True):
    """Several trees and their sum without double counting.

    ``environments`` and ``packages`` are per tree. ``total`` is what all of them take together, ``environments_total``
    what the environments alone take together, ``saved`` what hard links and reflinks save against full copies.
    """

    environments: tuple[DiskUsage, ...]
    packages: tuple[DiskUsage, ...]
    total: int
    environments_total: int
    packages_total: int
    saved: int


class Holding(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes of several environments and one cache. ``total`` counts each inode once, ``environments`` theirs alone.

    ``alone`` has for each environment, in their order, what lies in it, or in it and the cache, and nowhere else: what
    goes with it when it is deleted and the cache is cleaned.
    """

    total: int
    environments: int
    alone: tuple[int, ...]


class _Tree:
    """The inodes of one tree, and what they share: bytes, and how many of their names lie in it."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.blocks: dict[Piece, int] = {}
        self.links: dict[Piece, int] = {}
        self.names: dict[Piece, int] = {}
        self._reflinks = Reflinks()
        self.apparent = 0
        self.files = 0
        self.errors: list[str] = []
        self._walk()

    def _walk(self) -> None:
        pending = [self.path]
        self._add_directory(self.path)
        while pending:
            directory = pending.pop()
            try:
                with os.scandir(directory) as entries:
                    for entry in entries:
                        info = entry.stat(follow_symlinks=False)
                        if entry.is_dir(follow_symlinks=False):
                            pending.append(entry.path)
                            self._count(entry.path, info, links=1)
                        else:
                            self.files += 1
                            self.apparent += info.st_size
                            self._count(entry.path, info, links=info.st_nlink)
            except OSError as error:
                self.errors.append(str(error))

    def _add_directory(self, path: str) -> None:
        try:
            self._count(path, os.lstat(path), links=1)
        except OSError as error:
            self.errors.append(str(error))

    def _count(self, path: str, info: os.stat_result, *, links: int) -> None:
        key = (info.st_dev, info.st_ino)
        if key in self.names:
            self.names[key] += 1
            return
        size = info.st_blocks * BLOCK if hasattr(info, "st_blocks") else info.st_size
        if stat.S_ISREG(info.st_mode):
            for extent in self._reflinks.extents(path, info):
                size = max(0, size - extent.length)
                self._add(extent, extent.length, links=sys.maxsize)  # how many have them is not known
        self._add(key, size, links=links)

    def _add(self, key: Piece, size: int, *, links: int) -> None:
        self.names[key] = self.names.get(key, 0) + 1
        self.links[key] = links
        self.blocks[key] = size

    def usage(self) -> DiskUsage:
        unique = sum(size for key, size in self.blocks.items() if self.names[key] >= self.links[key])
        total = sum(self.blocks.values())
        return DiskUsage(
            path=self.path,
            total=total,
            unique=unique,
            shared=total - unique,
            apparent=self.apparent,
            files=self.files,
            error="; ".join(self.errors[:3]),
        )


def disk_usage(
    prefixes: Sequence[str | os.PathLike[str]], package_directories: Iterable[str | os.PathLike[str]] = ()
) -> list[DiskUsage]:
    """Return the bytes of each prefix, then of each package directory that exists, in the order given."""
    paths = [*prefixes, *(path for path in package_directories if os.path.isdir(path))]
    return [_Tree(os.path.abspath(path)).usage() for path in paths]


def holding(prefixes: Sequence[str | os.PathLike[str]], package_directory: str | os.PathLike[str]) -> Holding:
    """Measure environments and the cache that they are linked from; what does not exist is empty."""
    cache = _Tree(os.path.abspath(package_directory))
    trees = [_Tree(os.path.abspath(path)) for path in prefixes]
    return Holding(
        total=_union([*trees, cache]),
        environments=_union(trees),
        alone=tuple(_alone(tree, cache) for tree in trees),
    )


def _alone(tree: _Tree, cache: _Tree) -> int:
    return sum(
        size for key, size in tree.blocks.items() if tree.names[key] + cache.names.get(key, 0) >= tree.links[key]
    )


def disk_report(
    prefixes: Sequence[str | os.PathLike[str]], package_directories: Iterable[str | os.PathLike[str]] = ()
) -> DiskReport:
    """Count prefixes and package directories and sum them, so that nothing is counted twice.

    Trees that do not exist count as empty, with their ``error`` set.
    """
    environments = [_Tree(os.path.abspath(path)) for path in prefixes]
    packages = [_Tree(os.path.abspath(path)) for path in package_directories if os.path.isdir(path)]
    everything = _union([*environments, *packages])
    return DiskReport(
        environments=tuple(tree.usage() for tree in environments),
        packages=tuple(tree.usage() for tree in packages),
        total=everything,
        environments_total=_union(environments),
        packages_total=_union(packages),
        saved=sum(sum(tree.blocks.values()) for tree in (*environments, *packages)) - everything,
    )


def _union(trees: Iterable[_Tree]) -> int:
    merged: dict[Piece, int] = {}
    for tree in trees:
        merged.update(tree.blocks)
    return sum(merged.values())
