"""What a plan will take on the disk and give back, before it is carried out.

An estimate where packages are not extracted yet. Reads the package cache and asks the disk which directories are
there. Shared files cost nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from jupyter_envs.engine.link.actions import LinkTarget
from jupyter_envs.engine.link.directories import parents
from jupyter_envs.engine.link.paths import directories_of
from jupyter_envs.engine.link.plan import place_directories
from jupyter_envs.engine.models.plan import PackageChange
from jupyter_envs.engine.models.records import PackageManifest, PrefixRecord, RepodataRecord
from jupyter_envs.engine.package_cache.cache import PackageCache
from jupyter_envs.engine.prefix.records import META_DIRECTORY

EXTRACTED_RATIO = 3.5
"""Extracted bytes for each archive byte: what conda packages and wheels come to on average; used before extraction."""

DIRECTORIES_EACH = 3
BYTES_A_DIRECTORY = 64 << 10
"""A package brings three directories, and one more for so many bytes of its archive: used before extraction."""


def disk_cost(
    changes: Iterable[PackageChange], missing: Sequence[RepodataRecord], target: LinkTarget, cache: PackageCache
) -> int:
    """Return the bytes that a change adds to the disk.

    Parameters
    ----------
    changes : iterable of PackageChange
        What is linked is what they end with.
    missing : sequence of RepodataRecord
        Those whose packages are not in the cache.
    target : LinkTarget
        The environment.
    cache : PackageCache
        Asked for what is in the others.
    """
    absent = {record.dist for record in missing}
    after = [change.after for change in changes if change.after is not None and change.after.dist not in absent]
    manifests = [cache.manifest(record, None) for record in after if cache.find(record)]
    own = sum(
        entry.size_in_bytes or 0
        for manifest in manifests
        for entry in manifest.paths
        if entry.prefix_placeholder or entry.no_link
    )
    archives = sum(record.size or 0 for record in missing)
    unknown = DIRECTORIES_EACH * len(missing) + archives // BYTES_A_DIRECTORY
    return own + int(EXTRACTED_RATIO * archives) + _directory_cost(manifests, unknown, target, cache)


def freed_bytes(prefix: Path, before: Sequence[PrefixRecord], changes: Iterable[PackageChange]) -> int:
    """Return the bytes that the packages give back that a change removes.

    Files with another link stay on the disk: they are the cache's, or another environment's.

    Parameters
    ----------
    prefix : Path
        The environment.
    before : sequence of PrefixRecord
        What is in it now.
    changes : iterable of PackageChange
        Only removals count.
    """
    going = {change.name for change in changes if change.kind == "removed"}
    if not going:
        return 0
    leaving = [record for record in before if record.name in going]
    files = [path for record in leaving for path in (*record.files, f"{META_DIRECTORY}/{record.dist}.json")]
    kept = parents(directories_of(path for record in before if record.name not in going for path in record.files))
    directories = parents(directories_of(files)) - kept - {META_DIRECTORY}
    return sum(_own_bytes(prefix / path, links=1) for path in files) + sum(
        _own_bytes(prefix / path) for path in directories
    )


def _own_bytes(path: Path, links: int | None = None) -> int:
    """Return what a path takes on the disk, 0 when it is not there or does not have so many links."""
    try:
        status = os.lstat(path)
    except OSError:
        return 0
    return 0 if links is not None and status.st_nlink != links else getattr(status, "st_blocks", 0) * 512


def _directory_cost(manifests: Iterable[PackageManifest], unknown: int, target: LinkTarget, cache: PackageCache) -> int:
    """Return the bytes of directories, which no two environments share; on tmpfs they take none.

    ``unknown`` is how many the packages bring that are not extracted yet.
    """
    each = _bytes_of_a_directory(Path(target.prefix))
    if not each:
        return 0
    found: set[str] = set()
    for manifest in manifests:
        compiled = cache.manifest(manifest.record, target.cache_tag).pyc
        directories = directories_of(entry.path for entry in (*manifest.paths, *compiled))
        found.update(place_directories(directories, target, noarch=manifest.noarch))
    new = sum(not os.path.isdir(f"{target.prefix}/{path}") for path in parents(found))
    return each * (new + unknown)


def _bytes_of_a_directory(prefix: Path) -> int:
    place = next(place for place in (prefix, *prefix.parents) if place.is_dir())
    return getattr(os.stat(place), "st_blocks", 0) * 512
