"""``search``, ``sources`` and ``module``: names, not versions; quick, with what has answered so far.

A name comes from the channels that are open, from the index when it is exactly one of its projects, and from the
shipped list of well-known projects, so that typing a few letters offers something where no channel can be asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from jupyter_envs.engine.prefix.records import iter_record_names
from jupyter_envs.engine.sources.modules import find_packages, packages_of
from jupyter_envs.engine.sources.names import conda_name
from jupyter_envs.engine.sources.well_known import SUMMARIES
from jupyter_envs.errors import SpecError
from jupyter_envs.queries.catalogue import OpenChannel
from jupyter_envs.queries.projects import newest_version
from jupyter_envs.queries.ranking import Names, folded, rank

if TYPE_CHECKING:
    from jupyter_envs.queries.desk import Desk
    from jupyter_envs.queries.projects import Found

CHANNEL_WAIT = 1.5  # seconds that a question waits for a channel that is being opened
INDEX_WAIT = 0.4
VERSION_WAIT = 0.02
VERSIONS_ASKED = 12
SHORTEST_PROJECT = 3  # shorter texts are beginnings, rarely names

_WELL_KNOWN = Names(SUMMARIES)


async def search(desk: Desk, *, text: str, limit: int, environment: str | None = None) -> dict[str, Any]:
    """Return names that fit a text, and whether every source has answered.

    Parameters
    ----------
    desk : Desk
        The sources.
    text : str
        A part of a name.
    limit : int
        How many names at most.
    environment : str, optional
        The path of an environment whose sources are asked, and whose packages are marked as installed.
    """
    channels, sources = desk.places(environment)
    opened, problems = await desk.catalogue.open(channels, CHANNEL_WAIT)
    origin = _channel_names(opened, text, limit)
    found: Found = ()
    if "pypi" in sources and len(text.strip()) >= SHORTEST_PROJECT and folded(text) not in map(folded, origin):
        found, problem = await desk.projects.find(text.strip(), INDEX_WAIT)
        problems += [problem] if problem is not None else []
    indexed = {name: newest_version(project) for name, project in found}
    listed = _listed(text, origin, indexed, limit) if "pypi" in sources else ()
    chosen = rank(text, [*origin, *indexed, *listed], SUMMARIES, limit)
    versions = await _versions(origin, chosen)
    installed = _installed(environment)
    results = [
        {
            "name": name,
            "version": versions.get(name) or indexed.get(name, ""),
            "source": "conda" if name in origin else "pypi",
            "channel": origin[name].ref.name if name in origin else "",
            "installed": installed.get(name),
            "summary": SUMMARIES.get(name, ""),
        }
        for name in chosen
    ]
    return {"results": results, "complete": not problems, "problems": msgspec.to_builtins(problems)}


def _channel_names(opened: Sequence[OpenChannel], text: str, enough: int) -> dict[str, OpenChannel]:
    """Return the matching names and the first channel that has each."""
    origin: dict[str, OpenChannel] = {}
    for channel in opened:
        for name in channel.names.matching(text, enough):
            origin.setdefault(name, channel)
    return origin


def _listed(text: str, origin: Mapping[str, object], indexed: Mapping[str, str], enough: int) -> list[str]:
    """Return well-known projects that fit a text, or are imported under it, and that no source has named."""
    names = [*_WELL_KNOWN.matching(text, enough), *find_packages(text)]
    taken = {*origin, *indexed}
    return [name for name in dict.fromkeys(names) if name not in taken and conda_name(name) not in taken]


async def _versions(origin: Mapping[str, OpenChannel], chosen: Sequence[str]) -> dict[str, str]:
    """Return the newest versions of the first names, as far as they are known at once."""
    by_channel: dict[int, tuple[OpenChannel, list[str]]] = {}
    for name in chosen[:VERSIONS_ASKED]:
        if name in origin:
            by_channel.setdefault(id(origin[name]), (origin[name], []))[1].append(name)
    versions: dict[str, str] = {}
    for channel, names in by_channel.values():
        versions |= await channel.newest(names, VERSION_WAIT)
    return versions


def _installed(environment: str | None) -> dict[str, str]:
    if not environment:
        return {}
    return {record.name: record.version for record in iter_record_names(environment)}


async def sources(desk: Desk) -> dict[str, Any]:
    """Return why channels cannot be used, as far as it is known; opens them, so that a search finds them ready."""
    channels, _ = desk.places(None)
    _, problems = await desk.catalogue.open(channels, CHANNEL_WAIT)
    return {"problems": msgspec.to_builtins(problems)}


async def module(desk: Desk, *, name: str, environment: str | None = None) -> dict[str, Any]:
    """Return the package that brings a module, by the spelling of the first source that has it, and other guesses.

    Parameters
    ----------
    desk : Desk
        The sources.
    name : str
        What was imported; only the top-level name counts, but for namespaces such as ``google.protobuf``.
    environment : str, optional
        The path of the environment that is to import it.

    Raises
    ------
    SpecError
        Nothing can be imported by such a name.
    """
    guesses = packages_of(name)
    if not guesses:
        raise SpecError(f"not the name of a module: {name!r}", hint="give what was imported", code="spec.module")
    channels, _ = desk.places(environment)
    opened, _ = await desk.catalogue.open(channels, CHANNEL_WAIT)
    spelled = [other for guess in guesses for other in dict.fromkeys((guess, conda_name(guess)))]
    claimed = [guess for guess in spelled if any(guess in channel.names for channel in opened)]
    ordered = list(dict.fromkeys([*claimed, *guesses]))
    return {"module": name, "package": ordered[0], "alternatives": ordered[1:]}
