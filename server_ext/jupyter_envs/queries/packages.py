"""``package``: every version of one name that can be installed, from all sources."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import msgspec

from jupyter_envs.engine.models.origins import CONDA, INTERPRETER, PYPI
from jupyter_envs.engine.prefix.python import python_version_of
from jupyter_envs.engine.sources.base import from_rattler
from jupyter_envs.engine.sources.interpreter import find_interpreters
from jupyter_envs.engine.sources.pypi_versions import conda_version
from jupyter_envs.engine.sources.well_known import SUMMARIES
from jupyter_envs.errors import EnvsError, NotFoundError
from jupyter_envs.queries.catalogue import OpenChannel, SourceProblem
from jupyter_envs.queries.projects import OfferedVersion, releases

if TYPE_CHECKING:
    from rattler import RepoDataRecord

    from jupyter_envs.queries.desk import Desk

CHANNEL_WAIT = 20.0
INDEX_WAIT = 15.0
MOST = 500


async def package(desk: Desk, *, name: str, source: str = "", environment: str | None = None) -> dict[str, Any]:
    """Return the versions of a package, the newest first.

    Parameters
    ----------
    desk : Desk
        The sources.
    name : str
        Its name.
    source : str
        ``conda``, ``pypi`` or ``interpreter``, or all of them when empty.
    environment : str, optional
        The path of an environment whose sources are asked, and for whose Python wheels are chosen.

    Raises
    ------
    NotFoundError
        No source has it, and all have answered.
    """
    channels, sources = desk.places(environment)
    asked = {source} if source else set(sources)
    opened, problems = await desk.catalogue.open(channels if CONDA in asked else (), CHANNEL_WAIT)
    versions = [version for channel in opened for version in await _of_channel(channel, name, problems)]
    if INTERPRETER in asked and name == "python":
        versions += _borrowed()
    if PYPI in asked and name != "python":
        versions += await _of_index(desk, name, environment, problems)
    if not versions and not problems:
        raise NotFoundError(f"no source has a package {name}", hint="check how it is spelled", code="not_found.package")
    return {
        "name": name,
        "versions": msgspec.to_builtins(versions[:MOST]),
        "summary": SUMMARIES.get(name, ""),
        "complete": not problems,
        "problems": msgspec.to_builtins(problems),
    }


async def _of_channel(channel: OpenChannel, name: str, problems: list[SourceProblem]) -> list[OfferedVersion]:
    if name not in channel.names:
        return []
    try:
        records = await channel.records(name)
    except EnvsError as error:
        problems.append(SourceProblem(channel=channel.ref.shown, message=error.message, hint=error.hint))
        return []
    return [_offered(record, channel) for record in _best_builds(records)]


def _best_builds(records: Iterable[RepoDataRecord]) -> list[RepoDataRecord]:
    """Return one record for each version, that of the highest build, the newest version first."""
    ordered = sorted(records, key=lambda record: (record.version, record.build_number), reverse=True)
    return list({str(record.version): record for record in reversed(ordered)}.values())[::-1]


def _offered(record: RepoDataRecord, channel: OpenChannel) -> OfferedVersion:
    ours = from_rattler(record)
    return OfferedVersion(
        version=ours.version,
        build=ours.build,
        source=CONDA,
        channel=channel.ref.name,
        size=ours.size or 0,
        timestamp=_milliseconds(ours.timestamp),
        license=ours.license or "",
        depends=ours.depends,
    )


def _milliseconds(timestamp: float | None) -> int | None:
    """Return a repodata timestamp in milliseconds; the oldest records have seconds."""
    if timestamp is None:
        return None
    return int(timestamp) if timestamp > 253402300799 else int(timestamp * 1000)


def _borrowed() -> list[OfferedVersion]:
    """Return the Pythons of this machine that environments can be made with."""
    found = [info for info in find_interpreters(os.environ) if info.usable]
    return [OfferedVersion(version=info.version, source=INTERPRETER, build=info.executable) for info in found]


async def _of_index(
    desk: Desk, name: str, environment: str | None, problems: list[SourceProblem]
) -> list[OfferedVersion]:
    found, problem = await desk.projects.find(name, INDEX_WAIT)
    if problem is not None:
        problems.append(problem)
    versions: list[OfferedVersion] = []
    for _, project in found:
        usable = await asyncio.to_thread(releases, project, desk.settings, pythons(environment))
        for release in usable:
            file = release.wheels[0].file
            versions.append(
                OfferedVersion(
                    version=conda_version(release.version), source=PYPI, size=file.size or 0, timestamp=file.uploaded
                )
            )
    return versions


def pythons(environment: str | None) -> tuple[str, ...]:
    """Return the Python that wheels are chosen for: an environment's own, else those of this machine."""
    own = python_version_of(environment) if environment else None
    return (own,) if own else tuple(info.version for info in find_interpreters(os.environ) if info.usable)
