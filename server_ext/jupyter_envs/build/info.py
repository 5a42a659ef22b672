"""The ``info/`` directory of a package (CEP 34): index, paths, about, run exports, licences, recipe. Pure: bytes out.

JSON is written with sorted keys, so that the same package has the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from jupyter_envs import __version__
from jupyter_envs.build.models import Output, RenderedRecipe, RunExports
from jupyter_envs.build.recipe.meta_sections import dependency_name
from jupyter_envs.engine.models.records import PrefixPathsEntry, RepodataRecord

_PLATFORMS = {"64": "x86_64", "32": "x86"}


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a package when its files are: requirements as texts, digests, and what it was made with."""

    depends: tuple[str, ...]
    constrains: tuple[str, ...]
    run_exports: RunExports
    paths: tuple[PrefixPathsEntry, ...]
    epoch: int
    build_records: tuple[RepodataRecord, ...] = ()
    host_records: tuple[RepodataRecord, ...] = ()
    compilers: dict[str, str] = {}
    channels: tuple[str, ...] = ()


def dump(value: object) -> bytes:
    """Return JSON with sorted keys."""
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def info_files(recipe: RenderedRecipe, output: Output, done: Finished) -> dict[str, bytes]:
    """Return the files of ``info/`` but licences and the recipe's own files, by path."""
    entries = [msgspec.to_builtins(entry) for entry in done.paths]
    links = [entry for entry in done.paths if entry.prefix_placeholder]
    files = {
        "info/index.json": dump(index_json(output, done)),
        "info/paths.json": dump({"paths": entries, "paths_version": 1}),
        "info/files": "".join(f"{entry.path}\n" for entry in done.paths if entry.path_type != "directory").encode(),
        "info/about.json": dump(about_json(recipe, output, done)),
        "info/hash_input.json": dump(output.variant),
        "info/recipe/rendered_recipe.json": dump(rendered_json(recipe, output, done)),
    }
    if links:
        lines = [f'"{entry.prefix_placeholder}" {entry.file_mode} "{entry.path}"\n' for entry in links]
        files["info/has_prefix"] = "".join(lines).encode()
    unlinked = [f"{entry.path}\n" for entry in done.paths if entry.no_link]
    if unlinked:
        files["info/no_link"] = "".join(unlinked).encode()
    exports = msgspec.to_builtins(done.run_exports)
    if exports:
        files["info/run_exports.json"] = dump(exports)
    if output.noarch == "python":
        noarch = {"type": "python", "entry_points": list(output.entry_points)}
        files["info/link.json"] = dump({"noarch": noarch, "package_metadata_version": 1})
    return files


def index_json(output: Output, done: Finished) -> dict[str, Any]:
    """Return ``info/index.json``."""
    system, _, arch = output.subdir.partition("-")
    optional = {
        "license": output.about.get("license"),
        "license_family": output.about.get("license_family"),
        "noarch": output.noarch,
        "track_features": " ".join(output.track_features) or None,
        "python_site_packages_path": output.python_site_packages_path or None,
    }
    return {
        "name": output.name,
        "version": output.version,
        "build": output.build_string,
        "build_number": output.build_number,
        "depends": list(done.depends),
        "constrains": list(done.constrains),
        "subdir": output.subdir,
        "arch": None if output.any_platform else _PLATFORMS.get(arch, arch),
        "platform": None if output.any_platform else system,
        "timestamp": done.epoch * 1000,
        **{key: value for key, value in optional.items() if value},
    }


def about_json(recipe: RenderedRecipe, output: Output, done: Finished) -> dict[str, Any]:
    """Return ``info/about.json``: what the recipe says, and from what and with what it was made (CEP 31)."""
    sources = [
        {
            key: value
            for key, value in msgspec.to_builtins(source).items()
            if key in ("urls", "sha256", "git", "revision")
        }
        for source in recipe.sources
    ]
    provenance = {
        "tool": f"jupyter-envs {__version__}",
        "channels": [channel for channel in done.channels if not channel.startswith(("/", "file:"))],
        "build_environment": sorted(record.dist for record in done.build_records),
        "host_environment": sorted(record.dist for record in done.host_records),
        "system_compilers": done.compilers,
        "sources": [source for source in sources if source],
    }
    return {**output.about, "extra": dict(recipe.extra), "provenance": provenance}


def rendered_json(recipe: RenderedRecipe, output: Output, done: Finished) -> dict[str, Any]:
    """Return the rendered recipe (CEP 40's purpose) without paths of the machine that built it."""
    value: dict[str, Any] = msgspec.to_builtins(output)
    value["finalized"] = {"depends": list(done.depends), "constrains": list(done.constrains)}
    value["sources"] = [msgspec.to_builtins(source) for source in recipe.sources]
    return value


def needs_of(depends: Sequence[str]) -> frozenset[str]:
    """Return the names that requirements ask for."""
    return frozenset(map(dependency_name, depends))


def merged_exports(
    output: Output, build: Mapping[str, RunExports], host: Mapping[str, RunExports]
) -> tuple[list[str], list[str]]:
    """Return the requirements and constraints that run exports add (CEP 12).

    Parameters
    ----------
    output : Output
        ``ignore`` and ``ignore_from`` are heeded; noarch packages take only what is meant for them.
    build, host : mapping
        Run exports of the packages that the recipe itself asks for, by name.
    """
    depends: list[str] = []
    constrains: list[str] = []
    for environment, others in (("build", build), ("host", host)):
        for name, exports in others.items():
            if name in output.requirements.ignore_from:
                continue
            if output.any_platform:
                depends += map(str, exports.noarch)
                continue
            depends += map(str, (*exports.strong, *(exports.weak if environment == "host" else ())))
            constrains += map(
                str, (*exports.strong_constrains, *(exports.weak_constrains if environment == "host" else ()))
            )
    ignored = {name.lower() for name in output.requirements.ignore}
    return (
        [text for text in depends if dependency_name(text) not in ignored],
        [text for text in constrains if dependency_name(text) not in ignored],
    )
