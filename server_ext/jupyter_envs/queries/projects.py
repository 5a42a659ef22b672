"""Projects of the Python index, by exact name: which versions have a wheel for a Python of this machine.

Owns what was asked already and the patience with the index; pages are kept on disk by the index's own client. Refuses
to list or to guess: an index is asked about the names that somebody typed, and about those that are installed.
"""

from __future__ import annotations

import asyncio
import os
import time

import msgspec

from jupyter_envs.engine.sources.names import is_pypi_name, normalize_name
from jupyter_envs.engine.sources.pypi import (
    FoundProjects,
    minor_versions,
    search_pypi_project,
    version_matches,
)
from jupyter_envs.engine.sources.pypi_index import Project
from jupyter_envs.engine.sources.pypi_select import Limits, Release, Target, select
from jupyter_envs.engine.sources.pypi_versions import conda_version, find_version
from jupyter_envs.engine.sources.virtual_packages import detect_virtual_packages
from jupyter_envs.errors import EnvsError
from jupyter_envs.queries.catalogue import SourceProblem
from jupyter_envs.settings import Settings

FRESH_SECONDS = 600.0
ALL_VERSIONS = 500
AT_ONCE = 8

Found = tuple[tuple[str, Project], ...]


class Projects:
    """Asks the configured indexes, each name once in a while.

    Parameters
    ----------
    settings : Settings
        Proxies, certificates, the cache, ``offline``.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._asked: dict[str, tuple[float, asyncio.Task[FoundProjects]]] = {}
        self._places = asyncio.Semaphore(AT_ONCE)

    async def find(self, name: str, wait: float) -> tuple[Found, SourceProblem | None]:
        """Return the projects that a name means (with their conda names), and what some index has not told, and why."""
        if not is_pypi_name(name):
            return (), None
        task = self._task(normalize_name(name))
        await asyncio.wait([task], timeout=wait)
        if not task.done():
            return (), SourceProblem(channel="pypi", message="the Python index has not answered yet")
        error = task.exception()
        if error is None:
            found, warnings = task.result()
            problems = [SourceProblem(channel="pypi", message=each.message, hint=each.hint) for each in warnings]
            return found, next(iter(problems), None)
        hint = error.hint if isinstance(error, EnvsError) else ""
        return (), SourceProblem(channel="pypi", message=str(error), hint=hint)

    def _task(self, name: str) -> asyncio.Task[FoundProjects]:
        known = self._asked.get(name)
        now = time.monotonic()
        if known is not None and now - known[0] < FRESH_SECONDS and not _failed(known[1]):
            return known[1]
        task = asyncio.get_running_loop().create_task(self._ask(name))
        self._asked[name] = (now, task)
        return task

    async def _ask(self, name: str) -> FoundProjects:
        async with self._places:
            return await asyncio.to_thread(search_pypi_project, name, self._settings, offline=self._settings.offline)


def _failed(task: asyncio.Task[FoundProjects]) -> bool:
    """Tell whether an index has not answered: it is asked again."""
    return task.done() and (task.exception() is not None or bool(task.result().warnings))


def newest_version(project: Project) -> str:
    """Return the newest version that has a wheel, final ones first; empty when there is none. Pure."""
    parts = (file.filename.split("-", 2) for file in project.wheels if not file.yanked)
    versions = {version for part in parts if len(part) == 3 and (version := find_version(part[1])) is not None}
    final = [version for version in versions if not version.is_prerelease]
    return conda_version(max(final or versions)) if versions else ""


def releases(project: Project, settings: Settings, python_versions: tuple[str, ...]) -> tuple[Release, ...]:
    """Return the releases of a project that have a wheel for this platform and these Pythons, newest first."""
    virtual = detect_virtual_packages(settings.subdir, os.environ)
    target = Target(
        subdir=settings.subdir,
        minors=minor_versions(python_versions),
        virtual_packages={name: version for name, (version, _) in virtual.items()},
    )
    limits = Limits(window=ALL_VERSIONS)
    return select(project.wheels, project.sdists, target, limits, version_matches).releases


class OfferedVersion(msgspec.Struct, frozen=True, kw_only=True):
    """One version that can be installed; ``timestamp`` is milliseconds since 1970, ``size`` bytes of the archive."""

    version: str
    source: str
    build: str = ""
    channel: str = ""
    size: int = 0
    timestamp: int | None = None
    license: str = ""
    depends: tuple[str, ...] = ()
