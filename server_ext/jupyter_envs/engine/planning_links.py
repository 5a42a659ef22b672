"""What a plan costs where packages cannot be hard-linked: a shared cache of another owner, another file system.

Asks each layer of the cache once. Refuses to guess what is not in the cache yet: that will be the user's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from jupyter_envs.engine.link.actions import LinkOptions
from jupyter_envs.engine.link.probe import Method, probe_method
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import PackageManifest, PathsEntry


class LinkCost(NamedTuple):
    """The bytes that are copied instead of linked, and what to say about it before it is done."""

    bytes: int
    warnings: tuple[PlanWarning, ...]


def link_cost(manifests: Iterable[PackageManifest], prefix: Path, options: LinkOptions) -> LinkCost:
    """Return what the plain files of packages cost.

    Parameters
    ----------
    manifests : iterable of PackageManifest
        Of packages in the cache, with the compiled files that are linked along.
    prefix : Path
        The environment, which may not exist yet.
    options : LinkOptions
        How files may be brought in.
    """
    place = str(next(place for place in prefix.parents if place.is_dir()))
    layers: dict[str, list[PackageManifest]] = {}
    for manifest in manifests:
        layers.setdefault(os.path.dirname(manifest.directory), []).append(manifest)
    total, warnings = 0, []
    for layer, found in layers.items():
        method = probe_method(found[0].directory, place, options)
        size = sum(_plain_bytes(manifest, layer) for manifest in found)
        total += size if method == "copy" else 0
        if warning := _warning(layer, method, len(found), size, options):
            warnings.append(warning)
    return LinkCost(total, tuple(warnings))


def _plain_bytes(manifest: PackageManifest, layer: str) -> int:
    """Return the bytes of the files that would be linked; what is patched is counted elsewhere."""
    size = sum(entry.size_in_bytes or 0 for entry in manifest.paths if _is_plain(entry))
    if manifest.pyc_directory and manifest.pyc_directory.startswith(f"{layer}/"):
        size += sum(entry.size_in_bytes or 0 for entry in manifest.pyc)
    return size


def _is_plain(entry: PathsEntry) -> bool:
    return entry.path_type in (None, "hardlink") and not entry.prefix_placeholder and not entry.no_link


def _warning(layer: str, method: Method, count: int, size: int, options: LinkOptions) -> PlanWarning | None:
    packages = "1 package" if count == 1 else f"{count} packages"
    if method == "softlink":
        return PlanWarning(
            code="link.soft",
            message=f"{packages} of {layer} come as symbolic links",
            hint="they break when the package is removed there",
        )
    if method != "copy" or options.always_copy:
        return None
    return PlanWarning(
        code="link.copied",
        message=f"{packages} of {layer} cannot be linked here and are copied: {size / 1e6:.1f} MB",
        hint="" if options.allow_softlinks else "with `allow_softlinks: true` in .condarc they come as symbolic links",
    )
