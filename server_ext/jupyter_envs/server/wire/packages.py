"""Installed packages as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jupyter_envs.engine.prefix.dist_infos import DistInfo
from jupyter_envs.engine.prefix.inventory import InstalledPackage


def package_json(package: InstalledPackage, requested: Mapping[str, str], summary: str) -> dict[str, Any]:
    """Return one installed package.

    Parameters
    ----------
    package : InstalledPackage
        What its record says.
    requested : mapping
        The specs that were asked for, by package name.
    summary : str
        One line about it; empty when nothing is known.
    """
    return {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "subdir": package.subdir,
        "source": package.source,
        "channel": package.channel,
        "size": package.bytes,
        "requested": package.name in requested,
        "spec": requested.get(package.name, ""),
        "license": package.license,
        "depends": list(package.depends),
        "noarch": package.noarch,
        "summary": summary,
    }


def distribution_json(dist: DistInfo, summary: str) -> dict[str, Any]:
    """Return a Python distribution that no record owns: what pip or the like put there."""
    return {
        "name": dist.name,
        "version": dist.version,
        "build": "",
        "subdir": "",
        "source": f"{dist.installer or 'unknown'}, editable" if dist.editable else dist.installer or "unknown",
        "channel": "",
        "size": 0,
        "requested": False,
        "spec": "",
        "license": "",
        "depends": [],
        "noarch": "",
        "summary": summary,
    }
