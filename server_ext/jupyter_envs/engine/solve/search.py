"""Looking names up: those of the channels by pattern, the Python index by exact name.

Owns what a search text means: a glob where it has a star, else a part of the name. Refuses to list an index.
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
from jupyter_envs.errors import SourceError
from jupyter_envs.settings import Settings

NAMES_SHOWN = 50
VERSIONS_SHOWN = 20


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
    if "pypi" in sources and not opened.claims(text.lower()):
        found = await _indexed(text, settings, offline=offline) + found
    return found


def matching_names(text: str, names: Iterable[str]) -> list[str]:
    """Return the names that a search text means: the exact one, then those that begin with it, then the others."""
    text = text.strip().lower()
    if not text:
        return []
    if any(sign in text for sign in "*?["):
        return sorted(fnmatch.filter(names, text))
    found = [name for name in names if text in name]
    return sorted(found, key=lambda name: (name != text, not name.startswith(text), name))


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


async def _indexed(text: str, settings: Settings, *, offline: bool) -> list[RepodataRecord]:
    """Return the records of one project of the Python index, for the Pythons of this machine."""
    from jupyter_envs.engine.sources.interpreter import find_interpreters
    from jupyter_envs.engine.sources.names import canonical_name, is_pypi_name
    from jupyter_envs.engine.sources.pypi import PypiSource
    from jupyter_envs.engine.sources.virtual_packages import detect_virtual_packages

    if not is_pypi_name(text):
        return []
    virtual = detect_virtual_packages(settings.subdir, os.environ)
    source = PypiSource(
        settings,
        subdir=settings.subdir,
        python_versions=[str(info.version) for info in find_interpreters(os.environ)],
        virtual_packages={name: version for name, (version, _) in virtual.items()},
        offline=offline,
    )
    try:
        records = await source.records(canonical_name(text))
    finally:
        source.close()
    return list({record.version: record for record in reversed(records)}.values())[::-1]
