"""Reads what an extracted package says of itself: ``info/index.json`` and its list of paths (CEP 34).

Imports nothing heavy, since linking from the cache comes through here. Refuses lists that name paths outside the
package or in ``conda-meta/``, whoever extracted it.
"""

from __future__ import annotations

import os

import msgspec

from jupyter_envs.engine.archive.guard import are_safe_paths, refuse
from jupyter_envs.engine.archive.legacy import legacy_paths
from jupyter_envs.engine.models.records import PackageRecord, PathsEntry, PathsJson

_PATHS_DECODER = msgspec.json.Decoder(PathsJson)
_INDEX_DECODER = msgspec.json.Decoder(PackageRecord)


def read_paths(root: str, name: str = "") -> tuple[PathsEntry, ...]:
    """Return the paths of an extracted package: of ``paths.json``, else of the files that came before it.

    Parameters
    ----------
    root : str
        The package's directory.
    name : str
        What messages call the package; the directory's name by default.

    Raises
    ------
    ArchiveError
        The list is unreadable, or names paths outside the package or in ``conda-meta/``.
    """
    try:
        with open(f"{root}/info/paths.json", "rb", buffering=0) as stream:  # noqa: PTH123  # hot path
            entries = _PATHS_DECODER.decode(stream.read()).paths
    except FileNotFoundError:
        entries = _read_legacy(root, name)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refuse(
            name or os.path.basename(root), f"has an unreadable paths.json ({_reason(error)})", "archive.metadata"
        ) from error
    if not are_safe_paths([entry.path for entry in entries]):
        raise refuse(name or os.path.basename(root), "lists paths that leave the package", "archive.escape")
    return entries


def read_index(root: str, name: str = "") -> PackageRecord:
    """Return ``info/index.json`` of an extracted package."""
    try:
        with open(f"{root}/info/index.json", "rb", buffering=0) as stream:  # noqa: PTH123  # hot path
            return _INDEX_DECODER.decode(stream.read())
    except (msgspec.DecodeError, FileNotFoundError, UnicodeDecodeError) as error:
        raise refuse(
            name or os.path.basename(root), f"has no readable info/index.json ({_reason(error)})", "archive.metadata"
        ) from error


def _read_legacy(root: str, name: str) -> tuple[PathsEntry, ...]:
    def text(file: str) -> str:
        try:
            with open(f"{root}/info/{file}", encoding="utf-8") as stream:  # noqa: PTH123  # plain strings
                return stream.read()
        except FileNotFoundError:
            return ""

    if not os.path.exists(f"{root}/info/files"):
        raise refuse(name or os.path.basename(root), "has neither info/paths.json nor info/files", "archive.metadata")
    files = text("files")
    links = frozenset(path for path in files.split("\n") if path and os.path.islink(f"{root}/{path}"))
    return legacy_paths(files, text("has_prefix"), text("no_link"), links)


def _reason(error: Exception) -> str:
    return error.strerror or "" if isinstance(error, OSError) else str(error)
