"""Checks extracted packages against their own ``info/paths.json`` and removes damaged ones.

A hard link lets whoever edits a file in one environment change it in the cache and in all others; this finds it.
"""

from __future__ import annotations

import os
import stat

import msgspec

from jupyter_envs.engine.fetch.digests import Promise, verify_file
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry, RepodataRecord
from jupyter_envs.engine.package_cache import disk
from jupyter_envs.engine.package_cache.layout import COMPILED
from jupyter_envs.engine.package_cache.manifest import read_manifest
from jupyter_envs.engine.removal import remove_tree
from jupyter_envs.errors import ArchiveError, IntegrityError, StorageError


class Damage(msgspec.Struct, frozen=True, kw_only=True):
    """One file that is not as the package promised. ``kind`` is ``missing``, ``type``, ``size`` or ``digest``."""

    path: str
    kind: str
    expected: str = ""
    actual: str = ""


def find_damage(manifest: PackageManifest) -> list[Damage]:
    """Return every file of an extracted package that is missing or has other content."""
    found = (_check(manifest.directory, entry) for entry in manifest.paths)
    return [damage for damage in found if damage is not None]


def is_damaged(record: RepodataRecord, stored: RepodataRecord, directory: str) -> bool:
    """Tell whether a package's metadata or any of its files is not as it was extracted."""
    try:
        return bool(find_damage(read_manifest(record, stored, directory)))
    except ArchiveError:
        return True


def discard(pkgs: str, directory: str) -> None:
    """Remove a package directory and what was compiled from it; environments keep the files they have linked."""
    name = directory.rpartition("/")[2]
    try:
        temporary = disk.make_temporary(pkgs)
        disk.put_away(directory, f"{temporary}/{name}")
        for tag in disk.names(f"{pkgs}/{COMPILED}"):
            remove_tree(f"{pkgs}/{COMPILED}/{tag}/{name}")
        remove_tree(temporary)
    except OSError as error:
        raise StorageError.from_os_error(error, f"removing {name} from the package cache") from error


def _check(directory: str, entry: PathsEntry) -> Damage | None:
    path = f"{directory}/{entry.path}"
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return Damage(path=entry.path, kind="missing")
    wanted = {"softlink": stat.S_ISLNK, "directory": stat.S_ISDIR}.get(entry.path_type or "", stat.S_ISREG)
    if not wanted(mode):
        return Damage(path=entry.path, kind="type", expected=entry.path_type or "hardlink", actual=stat.filemode(mode))
    if not stat.S_ISREG(mode):
        return None
    try:
        verify_file(path, Promise(size=entry.size_in_bytes, sha256=entry.sha256), entry.path)
    except IntegrityError as error:
        kind = "size" if error.code == "integrity.size" else "digest"
        return Damage(
            path=entry.path, kind=kind, expected=str(error.detail["expected"]), actual=str(error.detail["actual"])
        )
    return None
