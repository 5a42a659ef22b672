"""What files, links, directories and records take on the disk: whole blocks, which are more than their bytes.

Asks the file system at one place what a directory and a link of each length take there: nothing on some, a block on
others.
"""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from jupyter_envs.engine.models.records import PackageManifest

BLOCK_BYTES = 4096
"""What nearly all file systems give out; what a mount says of itself (a megabyte on NFS) is what it likes to move."""

_RECORD_BYTES = 1500
_RECORD_BYTES_A_FILE, _RECORD_BYTES_A_COMPILED = 223, 39
"""Of ``conda-meta/<dist>.json``, beside the path of each file, which stands there twice (CEP 32)."""


def in_blocks(size: int) -> int:
    """Return what a file of so many bytes takes.

    >>> in_blocks(1), in_blocks(4097), in_blocks(0)
    (4096, 8192, 0)
    """
    return -(-size // BLOCK_BYTES) * BLOCK_BYTES


def existing(path: str) -> Path:
    """Return the nearest directory at or above a path that is there."""
    return next(place for place in (Path(path), *Path(path).parents) if place.is_dir())


def taken_bytes(path: str | Path) -> int:
    """Return what a file, a link or a directory itself takes, 0 when it is not there; directories on tmpfs take 0."""
    try:
        return getattr(os.lstat(path), "st_blocks", 0) * 512
    except OSError:
        return 0


def links_bytes(place: Path, lengths: Iterable[int]) -> int:
    """Return what symbolic links to paths of these lengths take at a place: tried with one of each, which is removed.

    A short one fits into its inode. Where nothing can be written the answer is 0: what stands in the way is said when
    files are linked.
    """
    counted = Counter(lengths)
    try:
        with tempfile.TemporaryDirectory(prefix=".jupyter-envs-probe-", dir=place) as folder:
            return sum(_link_bytes(folder, length) * count for length, count in counted.items())
    except OSError:
        return 0


def _link_bytes(folder: str, length: int) -> int:
    path = f"{folder}/{length}"
    os.symlink("x" * length, path)
    return taken_bytes(path)


def record_bytes(manifest: PackageManifest, site_packages: str | None) -> int:
    """Return what the record of a package takes in an environment with such a directory for Python's packages."""
    longer = len(site_packages or "") - len("site-packages") if manifest.noarch == "python" else 0
    paths = sum(len(entry.path) for entry in manifest.paths) + sum(len(entry.path) for entry in manifest.pyc)
    files, compiled = len(manifest.paths), len(manifest.pyc)
    each = files * _RECORD_BYTES_A_FILE + compiled * _RECORD_BYTES_A_COMPILED
    return in_blocks(_RECORD_BYTES + each + 2 * (paths + longer * (files + compiled)))
