"""What a plan costs where packages cannot be hard-linked: a shared cache of another owner, another file system.

Asks each layer of the cache once. What is not in the cache yet will be the user's own: that is linked where the cache
is on the environment's file system, and estimated where not.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from jupyter_envs.engine.disk_use import existing, in_blocks, links_bytes
from jupyter_envs.engine.link.actions import LinkOptions, LinkTarget
from jupyter_envs.engine.link.bring import is_own
from jupyter_envs.engine.link.probe import Method, probe_method
from jupyter_envs.engine.models.amounts import human_bytes
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry
from jupyter_envs.engine.reflinks import inode_bytes


class LinkCost(NamedTuple):
    """The bytes that are not shared with the cache, and what to say about it before it is done."""

    bytes: int
    warnings: tuple[PlanWarning, ...] = ()


def link_cost(manifests: Iterable[PackageManifest], target: LinkTarget, options: LinkOptions) -> LinkCost:
    """Return what the plain files of packages cost.

    Parameters
    ----------
    manifests : iterable of PackageManifest
        Of packages in the cache, with the compiled files that are linked along.
    target : LinkTarget
        The environment, which may not exist yet.
    options : LinkOptions
        How files may be brought in.
    """
    place = existing(os.path.dirname(target.prefix))
    layers: dict[str, list[PackageManifest]] = {}
    for manifest in manifests:
        layers.setdefault(os.path.dirname(manifest.directory), []).append(manifest)
    total, warnings = 0, []
    for layer, found in layers.items():
        method = probe_method(found[0].directory, str(place), options)
        files = [file for manifest in found for file in _plain_files(manifest, layer)] if method != "hardlink" else []
        size = 0
        if method == "copy":
            size = sum(in_blocks(file.size) for file in files)
        elif method == "reflink":
            size = len(files) * inode_bytes(str(place))
        elif method == "softlink":
            # A program finds its prefix from the real path of its file, so these are copied all the same.
            copied = [file for file in files if _is_program(file.entry, target)]
            size = sum(in_blocks(file.size) for file in copied)
            size += links_bytes(place, (file.length for file in files if not _is_program(file.entry, target)))
        total += size
        if warning := _warning(layer, method, len(found), human_bytes(size), options):
            warnings.append(warning)
    return LinkCost(total, tuple(warnings))


def absent_cost(count: int, size: int, layer: str, target: LinkTarget, options: LinkOptions) -> LinkCost:
    """Return what it costs to bring packages into an environment that are extracted into the user's own cache first.

    Parameters
    ----------
    count, size : int
        How many packages, and the bytes that they will have there.
    layer : str
        The directory that they are extracted into, which may not exist yet.
    target : LinkTarget
        The environment, which may not exist yet.
    options : LinkOptions
        How files may be brought in.
    """
    if not count:
        return LinkCost(0)
    info = os.stat(existing(layer))
    same = is_own(info) and info.st_dev == os.stat(existing(os.path.dirname(target.prefix))).st_dev
    if same and not options.always_copy:
        return LinkCost(0)
    method: Method = "softlink" if options.allow_softlinks and not options.always_copy else "copy"
    warning = _warning(layer, method, count, f"about {human_bytes(size)} more", options)
    return LinkCost(size if method == "copy" else 0, (warning,) if warning else ())


class _File(NamedTuple):
    """A file that would be linked; ``length`` is that of its path in the cache."""

    entry: PathsEntry
    size: int
    length: int


def _plain_files(manifest: PackageManifest, layer: str) -> Iterator[_File]:
    """Yield the files that would be linked; what is patched is counted elsewhere."""
    for entry in manifest.paths:
        if entry.path_type in (None, "hardlink") and not entry.prefix_placeholder and not entry.no_link:
            yield _File(entry, entry.size_in_bytes or 0, len(manifest.directory) + 1 + len(entry.path))
    if manifest.pyc_directory and manifest.pyc_directory.startswith(f"{layer}/"):
        for entry in manifest.pyc:
            yield _File(entry, entry.size_in_bytes or 0, len(manifest.pyc_directory) + 1 + len(entry.path))


def _is_program(entry: PathsEntry, target: LinkTarget) -> bool:
    return entry.path.startswith((f"{target.layout.bin_directory}/", "python-scripts/"))


def _warning(layer: str, method: Method, count: int, size: str, options: LinkOptions) -> PlanWarning | None:
    packages, come, are = ("1 package", "comes", "is") if count == 1 else (f"{count} packages", "come", "are")
    if method == "softlink":
        return PlanWarning(
            code="link.soft",
            message=f"{packages} of {layer} {come} as symbolic links",
            hint="they break when the package is removed there",
        )
    if method != "copy" or options.always_copy:
        return None
    return PlanWarning(
        code="link.copied",
        message=f"{packages} of {layer} cannot be linked here and {are} copied: {size}",
        hint="" if options.allow_softlinks else "with `allow_softlinks: true` in .condarc they come as symbolic links",
    )
