"""What a plan will take on the disk and give back, before it is carried out.

An estimate where packages are not extracted yet. Reads the package cache and asks the disk which directories are
there. Shared files cost nothing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from pathlib import Path

from jupyter_envs.engine.disk_use import BLOCK_BYTES, existing, in_blocks, record_bytes, taken_bytes
from jupyter_envs.engine.link.actions import LinkTarget
from jupyter_envs.engine.link.directories import parents
from jupyter_envs.engine.link.paths import directories_of
from jupyter_envs.engine.link.plan import place_directories
from jupyter_envs.engine.models.plan import PackageChange
from jupyter_envs.engine.models.records import PackageManifest, PrefixRecord, RepodataRecord
from jupyter_envs.engine.package_cache.cache import PackageCache
from jupyter_envs.engine.prefix.records import META_DIRECTORY
from jupyter_envs.engine.reflinks import Reflinks

EXTRACTED_RATIO, NOARCH_RATIO = 3.5, 4.0
"""Bytes in whole blocks for each byte of an archive, and of one without a platform: of small files. Averages.

Used before extraction. Single packages differ: thousands of small files can come to eight times their archive.
"""

INFO_BYTES = 24 << 10
"""What each package takes beside its own files: what the cache and the environment know of it."""

DIRECTORIES_EACH = 3
BYTES_A_DIRECTORY = 64 << 10
"""A package brings three directories, and one more for so many bytes of its archive: used before extraction."""


GENERATION_BYTES_A_PACKAGE = 900
"""What each package of the new state takes in the file of its generation."""


def disk_cost(
    changes: Iterable[PackageChange],
    missing: Sequence[RepodataRecord],
    target: LinkTarget,
    cache: PackageCache,
    packages: int,
) -> int:
    """Return the bytes that a change adds to the disk, but for files that could be linked (``planning_links``).

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
    packages : int
        How many the environment will have.
    """
    absent = {record.dist for record in missing}
    after = [change.after for change in changes if change.after is not None and change.after.dist not in absent]
    manifests = [cache.manifest(record, target.cache_tag) for record in after if cache.find(record)]
    own = sum(
        in_blocks(entry.size_in_bytes or 0)
        for manifest in manifests
        for entry in manifest.paths
        if entry.prefix_placeholder or entry.no_link
    )
    scripts = sum(len(manifest.entry_points) for manifest in manifests) * BLOCK_BYTES
    records = sum(record_bytes(manifest, target.site_packages) for manifest in manifests)
    records += in_blocks(GENERATION_BYTES_A_PACKAGE * packages) if after or missing else 0
    unknown = DIRECTORIES_EACH * len(missing) + archive_bytes(missing) // BYTES_A_DIRECTORY
    directories = _directory_cost(manifests, unknown, target)
    return own + scripts + records + extracted_bytes(missing) + directories


def archive_bytes(records: Iterable[RepodataRecord]) -> int:
    """Return the bytes of packages' archives, as far as these are known."""
    return sum(record.size or 0 for record in records)


def extracted_bytes(records: Iterable[RepodataRecord]) -> int:
    """Return about what packages take that are not extracted yet."""
    return sum(_extracted(record) for record in records)


def _extracted(record: RepodataRecord) -> int:
    ratio = NOARCH_RATIO if record.subdir == "noarch" else EXTRACTED_RATIO
    return INFO_BYTES + int(ratio * (record.size or 0))


def freed_bytes(prefix: Path, before: Sequence[PrefixRecord], changes: Iterable[PackageChange]) -> int:
    """Return the bytes that the packages give back that a change removes.

    Files with another link stay on the disk, and blocks that another file has: they are the cache's, or another
    environment's.

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
    reflinks = Reflinks()
    return sum(_own_bytes(f"{prefix}/{path}", reflinks) for path in files) + sum(
        taken_bytes(prefix / path) for path in directories
    )


def _own_bytes(path: str, reflinks: Reflinks) -> int:
    """Return what a file alone takes on the disk, 0 when it is not there."""
    try:
        info = os.lstat(path)
    except OSError:
        return 0
    if info.st_nlink != 1:
        return 0
    shared = reflinks.bytes(path, info) if stat.S_ISREG(info.st_mode) else 0
    return getattr(info, "st_blocks", 0) * 512 - shared


def _directory_cost(manifests: Iterable[PackageManifest], unknown: int, target: LinkTarget) -> int:
    """Return the bytes of directories, which no two environments share; on tmpfs they take none.

    ``unknown`` is how many the packages bring that are not extracted yet.
    """
    each = taken_bytes(existing(target.prefix))
    if not each:
        return 0
    found: set[str] = set()
    for manifest in manifests:
        directories = directories_of(entry.path for entry in (*manifest.paths, *manifest.pyc))
        found.update(place_directories(directories, target, noarch=manifest.noarch))
    new = sum(not os.path.isdir(f"{target.prefix}/{path}") for path in parents(found))
    return each * (new + unknown)
