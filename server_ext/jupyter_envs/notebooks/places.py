"""Places on the network that a notebook takes packages from and the settings do not name: asked about before contacted.

Settings' own channels and indexes need no question, nor do folders of this machine, nor packages that are in the
cache. A spec that names a channel counts (``channel::name``), and so does where each locked package lies. Refuses to
contact a foreign place; whether a host is that of the own index is asked of the own index.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.models.origins import CONDA, PYPI, source_of
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.sources.conda_urls import ChannelRef, channel_refs, is_local
from jupyter_envs.errors import SourceError, SpecError
from jupyter_envs.settings import SOURCES, Settings


def foreign_channels(request: ChangeRequest, engine: Engine) -> tuple[str, ...]:
    """Return the channels, as URLs without credentials, that planning or building would contact and are not one's own.

    Raises
    ------
    SpecError
        A channel or a spec cannot be read.
    """
    settings = engine.settings
    own = channel_refs(settings.channels, settings)
    if request.records:
        urls = (record.url for record in _to_fetch(request.records, engine) if source_of(record) == CONDA)
        places = (_channel_of(url) for url in urls if not any(ref.holds(url) for ref in own))
        return tuple(dict.fromkeys(place for place in places if not is_local(place)))
    if CONDA not in (request.sources if request.sources is not None else settings.sources):
        return ()
    asked = channel_refs((*(request.channels or ()), *_named_in(request.specs, own)), settings)
    known = {_plain(ref.url) for ref in own}
    return tuple(
        dict.fromkeys(_plain(ref.url) for ref in asked if _plain(ref.url) not in known and not is_local(ref.url))
    )


def _named_in(specs: Iterable[str], own: Sequence[ChannelRef]) -> list[str]:
    """Return the channels that stand before ``::`` in specs."""
    from jupyter_envs.engine.solve.specs import parse_specs

    named = [spec.source for spec in parse_specs(specs) if spec.source and spec.source not in SOURCES]
    return [name for name in named if not any(ref.is_called(name) for ref in own)]


def _plain(url: str) -> str:
    from jupyter_envs.engine.fetch.urls import without_login

    return without_login(url).rstrip("/")


def _channel_of(url: str) -> str:
    """Return the channel that an archive lies in: its URL without platform and file."""
    return _plain(url.rsplit("/", 2)[0])


def _to_fetch(records: Sequence[RepodataRecord], engine: Engine) -> list[RepodataRecord]:
    return engine.cache.to_fetch(engine.cache.missing(records))


def download_hosts(request: ChangeRequest, engine: Engine) -> tuple[str, ...]:
    """Return the servers that locked packages would be downloaded from, whosever they are."""
    hosts = (_host(record.url) for record in _to_fetch(request.records, engine))
    return tuple(sorted({host for host in hosts if host}))


def foreign_hosts(records: Sequence[RepodataRecord], engine: Engine) -> tuple[str, ...]:
    """Return the hosts of wheels to download that are neither an own index's nor where that keeps its files.

    Asks the own index for one project of each host that is not obviously its own.
    """
    from jupyter_envs.engine.sources.pypi_config import read_pip_config

    wheels: dict[str, RepodataRecord] = {}
    for record in _to_fetch(records, engine):
        if source_of(record) == PYPI and not is_local(record.url):
            wheels.setdefault(_host(record.url), record)
    if not wheels:
        return ()
    config = read_pip_config(os.environ)
    own = {_host(address.url) for address in (*config.indexes, *config.find_links) if address.url}
    return tuple(
        host for host, record in wheels.items() if host not in own and not _keeps(host, record, engine.settings)
    )


def _keeps(host: str, wheel: RepodataRecord, settings: Settings) -> bool:
    """Tell whether the settings' own index has files of a wheel's project on this host."""
    from jupyter_envs.engine.sources.pypi import search_pypi_project

    project = wheel.fn.partition("-")[0].replace("_", "-")
    try:
        found = search_pypi_project(project, settings, offline=settings.offline).found
    except (SourceError, SpecError):
        return False
    return any(_host(file.url) == host for _, each in found for file in each.wheels)


def _host(url: str) -> str:
    return urlsplit(url).netloc.rpartition("@")[2].lower()
