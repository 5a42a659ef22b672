"""Looking names up: those of the channels by pattern, the Python index by exact name and for well-known projects.

Owns what a search text means: a glob where it has a star, else a part of the name. Refuses to list an index: it is
asked about the text itself, and about the few well-known projects that the text may mean.
"""

from __future__ import annotations

import asyncio
import fnmatch
import os
from collections.abc import Iterable, Sequence

from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.sources.base import from_rattler
from jupyter_envs.engine.sources.conda_channel import CondaChannels, missing_offline
from jupyter_envs.engine.sources.conda_urls import channel_refs
from jupyter_envs.engine.sources.modules import find_packages
from jupyter_envs.engine.sources.names import canonical_name, conda_name, is_pypi_name
from jupyter_envs.engine.sources.well_known import SUMMARIES
from jupyter_envs.errors import SourceError
from jupyter_envs.settings import Settings

NAMES_SHOWN = 50
VERSIONS_SHOWN = 20
INDEX_VERSIONS = 12  # for each the metadata of a wheel is read
WELL_KNOWN_ASKED = 8


def search(
    text: str,
    settings: Settings,
    *,
    channels: Sequence[str] | None = None,
    sources: Sequence[str] | None = None,
    offline: bool = False,
) -> list[RepodataRecord]:
    """Return packages whose name matches, best match first, newest version first.

    Parameters
    ----------
    text : str
        A name or a part of one; ``*`` and ``?`` as in file names.
    settings : Settings
        Channels, sources and caches.
    channels, sources : sequence of str, optional
        Instead of the settings' own.
    offline : bool
        Ask only local folders and the cache.

    Raises
    ------
    SourceError, OfflineError
        Nothing that was to be searched can be reached.
    """
    used = tuple(sources) if sources is not None else settings.sources
    return asyncio.run(_search(text, settings, channels, used, offline=offline or settings.offline))


async def _search(
    text: str, settings: Settings, channels: Sequence[str] | None, sources: Sequence[str], *, offline: bool
) -> list[RepodataRecord]:
    texts = channels if channels is not None else settings.channels
    refs = channel_refs(texts, settings) if "conda" in sources else ()
    opened = CondaChannels(refs, settings, offline=offline)
    await opened.open()
    if "pypi" not in sources and opened.states and not opened.usable:
        state = opened.states[0]
        if offline:
            raise missing_offline(state)
        raise SourceError(f"channel {state.ref.shown} cannot be reached: {state.problem}", hint="try again when it can")
    names = matching_names(text, {name for state in opened.usable for name in state.names})
    found = [record for name in names[:NAMES_SHOWN] for record in await _newest(opened, name)]
    if "pypi" not in sources:
        return found
    exact = () if opened.claims(text.lower()) else exact_project(text)
    guessed = [name for name in well_known_projects(text) if name not in exact and not opened.claims(name)]
    indexed = await _indexed(exact, settings, INDEX_VERSIONS, offline=offline)
    return indexed + found + await _indexed(guessed[:WELL_KNOWN_ASKED], settings, 1, offline=offline)


def matching_names(text: str, names: Iterable[str]) -> list[str]:
    """Return the names that a search text means: the exact one, then those that begin with it, then the others."""
    text = text.strip().lower()
    if not text:
        return []
    if any(sign in text for sign in "*?["):
        return sorted(fnmatch.filter(names, text))
    found = [name for name in names if text in name]
    return sorted(found, key=lambda name: (name != text, not name.startswith(text), name))


def exact_project(text: str) -> tuple[str, ...]:
    """Return the name, as conda has it, of the project that is called so; none when no project can be."""
    return (canonical_name(text),) if is_pypi_name(text) else ()


def well_known_projects(text: str) -> list[str]:
    """Return the well-known projects, by conda's names, that a search text fits or that are imported under it."""
    fitting = matching_names(text.replace("_", "-"), SUMMARIES)
    return list(dict.fromkeys(map(conda_name, (*find_packages(text), *fitting))))


async def _newest(channels: CondaChannels, name: str) -> list[RepodataRecord]:
    """Return one record per version of a name, the highest build of each, newest first."""
    records = sorted(await channels.query(name), key=lambda record: (record.version, record.build_number), reverse=True)
    seen: dict[str, RepodataRecord] = {}
    for record in records:
        version = str(record.version)
        if version not in seen:
            seen[version] = from_rattler(record)
        if len(seen) == VERSIONS_SHOWN:
            break
    return list(seen.values())


async def _indexed(names: Sequence[str], settings: Settings, versions: int, *, offline: bool) -> list[RepodataRecord]:
    """Return the newest records of projects of the Python index, for the Pythons of this machine, one per version."""
    from jupyter_envs.engine.sources.interpreter import find_interpreters
    from jupyter_envs.engine.sources.pypi import PypiSource
    from jupyter_envs.engine.sources.virtual_packages import detect_virtual_packages

    if not names:
        return []
    virtual = detect_virtual_packages(settings.subdir, os.environ)
    source = PypiSource(
        settings,
        subdir=settings.subdir,
        python_versions=[str(info.version) for info in find_interpreters(os.environ)],
        virtual_packages={name: version for name, (version, _) in virtual.items()},
        offline=offline,
        window=versions,
    )
    try:
        found = await asyncio.gather(*map(source.records, names))
    finally:
        source.close()
    return [record for records in found for record in _one_per_version(records)]


def _one_per_version(records: Sequence[RepodataRecord]) -> list[RepodataRecord]:
    return list({record.version: record for record in reversed(records)}.values())[::-1]
