"""What the server reads of environments itself: names of files, small files, the jobs store. Blocking; called off the
loop.

Owns what is remembered between two questions: names and package lists by the time their directories changed, measured
sizes by the time they were measured. Refuses heavy work: hashing, walking whole trees and everything native is
``queries``' part.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_envs.engine.api import Engine
from jupyter_envs.engine.history.generations import find_latest
from jupyter_envs.engine.planning_rules import package_name
from jupyter_envs.engine.prefix.discovery import EnvironmentInfo, describe_environment, find_environments
from jupyter_envs.engine.prefix.inventory import Inventory, read_inventory
from jupyter_envs.engine.prefix.meta_names import RememberedNames
from jupyter_envs.engine.prefix.pinned import read_pinned
from jupyter_envs.engine.prefix.python import site_packages
from jupyter_envs.engine.prefix.state import read_state
from jupyter_envs.jobs.client import JobClient
from jupyter_envs.jobs.models import LIVE_STATES, Job
from jupyter_envs.kernels.directory import is_environment
from jupyter_envs.kernels.sync import visible_kernels
from jupyter_envs.server.identifiers import no_environment, path_of
from jupyter_envs.server.wire.environments import environment_json, kernel_names
from jupyter_envs.settings import Settings

REMEMBERED = 8
PASSIVE = ("plan", "compile")  # jobs that leave their environment as it is


class Packages(NamedTuple):
    """What is installed, and the specs that were asked for, by package name."""

    inventory: Inventory
    requested: dict[str, str]


class Reading:
    """Answers questions about environments from the disk.

    Parameters
    ----------
    settings : Settings
        Where things are.
    jobs : JobClient
        Which environments are being changed.
    directory : str
        Whose project environments are listed, besides those of ``settings``: where the server's files are.
    """

    def __init__(self, settings: Settings, jobs: JobClient, directory: str) -> None:
        self.settings = settings
        self.jobs = jobs
        self.engine = Engine(settings)
        self.directory = directory
        self._names = RememberedNames()
        self._packages: OrderedDict[str, tuple[object, Packages]] = OrderedDict()
        self._sizes: dict[str, tuple[float, int]] = {}
        self._lock = threading.Lock()

    def find(self, identifier: str) -> Path:
        """Return the prefix of an id; raises ``NotFoundError`` when no environment is there (any more)."""
        path = path_of(identifier)
        if not is_environment(path):
            raise no_environment(path)
        return Path(path)

    def environments(self) -> list[dict[str, Any]]:
        """Return the list of environments."""
        names = kernel_names(visible_kernels(self.settings))
        changing = {job.prefix: job.id for job in reversed(self.changing())}
        return [
            environment_json(info, kernels=names.get(info.path, ()), job=changing.get(info.path), size=self._size(info))
            for info in find_environments(self.settings, os.environ, cwd=self.directory, read=self._names)
        ]

    def environment(self, identifier: str) -> dict[str, Any]:
        """Return one environment with what it was asked to hold."""
        prefix = self.find(identifier)
        info = describe_environment(prefix, self.settings)
        if info is None:
            raise no_environment(str(prefix))
        kernels = kernel_names(visible_kernels(self.settings)).get(info.path, ())
        job = next((job.id for job in self.changing() if job.prefix == info.path), None)
        line = environment_json(info, kernels=kernels, job=job, size=self._size(info))
        return line | self._details(prefix, info)

    def _details(self, prefix: Path, info: EnvironmentInfo) -> dict[str, Any]:
        latest = find_latest(prefix) if info.kind != "venv" else None
        return {
            "requested": list(self.engine.requested(prefix)) if info.kind != "venv" else [],
            "channels": list(latest.channels if latest and latest.channels else self.settings.channels),
            "sources": list(latest.sources if latest and latest.sources else self.settings.sources),
            "variables": read_state(prefix),
            "pinned": list(read_pinned(prefix)),
        }

    def changing(self, prefix: str = "") -> list[Job]:
        """Return the live jobs that change an environment, the newest first; of one prefix, or of all."""
        live = self.jobs.store.jobs(states=LIVE_STATES, prefix=prefix)
        return [job for job in live if job.kind not in PASSIVE]

    def packages(self, prefix: Path) -> Packages:
        """Return the packages of an environment; read again only when its records or its site-packages changed."""
        stamp = _stamp(prefix)
        with self._lock:
            known = self._packages.get(str(prefix))
        if known is not None and known[0] == stamp:
            return known[1]
        requested = {package_name(spec): spec for spec in self.engine.requested(prefix)}
        found = Packages(read_inventory(prefix), requested)
        with self._lock:
            self._packages[str(prefix)] = (stamp, found)
            self._packages.move_to_end(str(prefix))
            while len(self._packages) > REMEMBERED:
                self._packages.popitem(last=False)
        return found

    def remember_size(self, path: str, unique: int) -> None:
        """Keep a measured size for the list, until the environment is changed."""
        info = describe_environment(path, self.settings)
        if info is not None:
            self._sizes[path] = info.modified, unique

    def _size(self, info: EnvironmentInfo) -> int | None:
        modified, unique = self._sizes.get(info.path, (0.0, 0))
        return unique if modified and modified == info.modified else None


def _stamp(prefix: Path) -> object:
    """Return what changes when packages come or go: the times of conda-meta and site-packages."""
    places = [prefix / "conda-meta", prefix / "conda-meta" / "history", site_packages(prefix)]
    return tuple(_modified(place) for place in places if place is not None)


def _modified(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
