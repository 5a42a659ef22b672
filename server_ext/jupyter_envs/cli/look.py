"""``list``, ``packages``, ``info``, ``search``: nothing here changes anything."""

from __future__ import annotations

import fnmatch
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from jupyter_envs.cli.options import Sources, environment, json_option, name_and_rest, source_options, words
from jupyter_envs.cli.session import Session
from jupyter_envs.cli.tables import human_time
from jupyter_envs.engine.exchange.additions import absolute_channel

if TYPE_CHECKING:
    from jupyter_envs.engine.models.records import PrefixRecord
    from jupyter_envs.engine.prefix.discovery import EnvironmentInfo


@click.command(name="list")
@click.option("--own", is_flag=True, help="Only environments made here.")
@json_option
def list_environments(own: bool, as_json: bool) -> None:
    """List the environments of this machine: own and shared ones, conda's, pixi's and venvs."""
    from jupyter_envs.engine.prefix.discovery import find_environments

    session = Session(as_json=as_json)
    found = [info for info in find_environments(session.settings, os.environ) if not own or info.kind == "own"]
    rows = [[_mark(info), info.name, info.python or "-", str(info.packages), _state(info), info.path] for info in found]
    if rows:
        session.output.table(["", "name", "python", "packages", "state", "path"], rows)
    else:
        session.output.text("no environments yet: jupyter envs create NAME python")
    session.output.result({"environments": msgspec.to_builtins(found)})


def _mark(info: EnvironmentInfo) -> str:
    return "*" if info.active else ""


def _state(info: EnvironmentInfo) -> str:
    """Return what is special about an environment, in words."""
    words_for = {
        "broken": info.broken,
        "interrupted": info.interrupted,
        "busy": info.busy,
        "frozen": info.frozen,
        "read-only": not info.writable and not info.broken,
        "no kernel": info.python is not None and not info.has_ipykernel and info.kind == "own",
    }
    said = [word for word, holds in words_for.items() if holds]
    return ", ".join([*([info.kind] if info.kind != "own" else []), *said]) or "ok"


@click.command()
@words("NAME [PATTERN]...")
@click.option("--requested", is_flag=True, help="Only packages that were asked for by name.")
@json_option
def packages(arguments: tuple[str, ...], prefix: str | None, requested: bool, as_json: bool) -> None:
    """List the packages of an environment, those of pip among them; PATTERN such as "numpy*" limits the list."""
    session = Session(as_json=as_json)
    name, patterns = name_and_rest(arguments, prefix)
    target = session.prefix(name, prefix)
    found = session.engine.packages(target)
    values = [package_json(record) for record in found] + pip_packages(target, found)
    values = [value for value in values if _wanted(value, patterns, requested=requested)]
    rows = [[str(value[key]) for key in ("name", "version", "build", "source")] for value in values]
    asked = [", ".join(map(str, value["requested"])) for value in values]
    table = [[*row, specs] for row, specs in zip(rows, asked, strict=True)]
    if table:
        session.output.table(["name", "version", "build", "source", "requested"], table)
    else:
        session.output.text(f"{session.name_of(target)} has no such package" if patterns else "no packages")
    session.output.result({"prefix": str(target), "packages": values})


def package_json(record: PrefixRecord) -> dict[str, Any]:
    """Return what is listed of a package with a record."""
    from jupyter_envs.engine.models.origins import origin_of

    specs = record.requested_specs or ((record.requested_spec,) if record.requested_spec else ())
    return {
        "name": record.name,
        "version": record.version,
        "build": record.build,
        "source": origin_of(record),
        "url": record.url,
        "sha256": record.sha256,
        "requested": list(specs),
    }


def pip_packages(target: Path, records: Sequence[PrefixRecord]) -> list[dict[str, Any]]:
    """Return what pip and its like put there: Python's distributions that no record owns; all those of a venv."""
    from jupyter_envs.engine.prefix.dist_infos import read_dist_infos

    owned = {file.split("/")[-2] for record in records for file in record.files if file.endswith(".dist-info/METADATA")}
    return [
        {
            "name": dist.name,
            "version": dist.version,
            "build": "",
            "source": f"{dist.installer or 'unknown'}, editable" if dist.editable else dist.installer or "unknown",
            "url": None,
            "sha256": None,
            "requested": [],
        }
        for dist in read_dist_infos(target)
        if Path(dist.path).name not in owned
    ]


def _wanted(value: Mapping[str, Any], patterns: tuple[str, ...], *, requested: bool) -> bool:
    matches = not patterns or any(fnmatch.fnmatch(value["name"], pattern) for pattern in patterns)
    return matches and (not requested or bool(value["requested"]))


@click.command()
@environment
@json_option
def info(name: str | None, prefix: str | None, as_json: bool) -> None:
    """Show one environment; without NAME, where everything is and what may be used."""
    session = Session(as_json=as_json)
    values = about_environment(session, session.prefix(name, prefix)) if name or prefix else about_settings(session)
    rows = [[key.replace("_", " "), _shown(key, value)] for key, value in values.items()]
    session.output.table(["", ""], rows)
    session.output.result(values)


def about_settings(session: Session) -> dict[str, object]:
    """Return the version, the places and the sources in use."""
    from jupyter_envs import __version__

    settings = session.settings
    return {
        "version": __version__,
        "root": settings.root,
        "environments": list(settings.envs_directories),
        "packages": list(settings.package_directories),
        "channels": list(settings.channels),
        "sources": list(settings.sources),
        "platform": settings.subdir,
        "offline": settings.offline,
        "python": sys.executable,
    }


def about_environment(session: Session, target: Path) -> dict[str, object]:
    """Return what is known of one environment."""
    from jupyter_envs.kernels.sync import visible_kernels

    found = session.engine.describe(target)
    values: dict[str, object] = msgspec.to_builtins(found)
    values["state"] = _state(found)
    if found.kind != "venv":
        values["requested"] = list(session.engine.requested(target))
        generations = session.engine.generations(target)
        if generations:
            values["channels"], values["sources"] = list(generations[-1].channels), list(generations[-1].sources)
    values["kernels"] = [kernel.name for kernel in visible_kernels(session.settings) if kernel.prefix == str(target)]
    return values


def _shown(key: str, value: object) -> str:
    if key == "modified" and isinstance(value, float):
        return human_time(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "-"
    return str(value) if value not in (None, "") else "-"


@click.command()
@click.argument("text")
@click.option("--versions", is_flag=True, help="Show every version, not only the newest of each source.")
@source_options
@json_option
def search(
    text: str,
    versions: bool,
    where: Sources,
    as_json: bool,
) -> None:
    """Search packages by name (a part of it, or a pattern such as "*polars*")."""
    from jupyter_envs.engine.models.origins import PYPI, origin_of
    from jupyter_envs.engine.solve.unknown import similar_names

    session = Session(as_json=as_json, offline=where.offline)
    found = session.engine.search(
        text,
        channels=tuple(map(absolute_channel, where.channels)) or None,
        sources=where.sources or None,
        offline=where.offline,
    )
    seen: set[tuple[str, str]] = set()
    rows = []
    for record in found:
        key = (record.name, origin_of(record))
        if versions or key not in seen:
            rows.append([record.name, record.version, record.build, key[1]])
        seen.add(key)
    if rows:
        session.output.table(["name", "version", "build", "source"], rows)
    else:
        session.output.text(f"no source has a package like {text}")
        if PYPI in (where.sources or session.settings.sources):
            session.output.text("the Python index is asked for exact names; only well-known ones are found by a part")
        if similar := similar_names(text.lower()):
            session.output.text(f"similar names: {', '.join(dict.fromkeys(similar))}")
    session.output.result(
        {"packages": [dict(zip(("name", "version", "build", "source"), row, strict=True)) for row in rows]}
    )
