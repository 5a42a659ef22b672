"""The Python index as a source of records for the solve.

Owns ``PypiSource``: asked by the solver for one name at a time, it finds the project, chooses releases, reads metadata
and answers with records. Takes a name only when no conda channel has it, or when it is forced. Refuses source
distributions; what could not be had, and why, is kept in ``unavailable`` for the explanation of a failed solve.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.sources.base import to_rattler
from jupyter_envs.engine.sources.names import (
    conda_name,
    is_pypi_name,
    normalize_name,
    pypi_names,
    split_extra_record_name,
)
from jupyter_envs.engine.sources.pypi_cache import IndexCache, WheelMetadata
from jupyter_envs.engine.sources.pypi_config import PipConfig, read_pip_config
from jupyter_envs.engine.sources.pypi_explain import OFFLINE_CODES, explain
from jupyter_envs.engine.sources.pypi_http import IndexHttp
from jupyter_envs.engine.sources.pypi_index import IndexClient, Project
from jupyter_envs.engine.sources.pypi_metadata import MetadataReader
from jupyter_envs.engine.sources.pypi_records import extra_records, wheel_records
from jupyter_envs.engine.sources.pypi_select import Limits, Release, Selection, Target, Wheel, select
from jupyter_envs.engine.sources.pypi_versions import find_version
from jupyter_envs.errors import SourceError, SpecError
from jupyter_envs.settings import Settings

if TYPE_CHECKING:
    from rattler import PackageName, RepoDataRecord, Subdir, VersionSpec

DEFAULT_WINDOW = 12
PROJECTS_AT_ONCE = 8
REQUESTS_AT_ONCE = 16
NEVER_FROM_THE_INDEX = frozenset({"python", "python_abi"})


async def nothing_claimed(name: str) -> bool:
    """Say that no conda channel has a name: for solves without channels."""
    return False


class PypiSource:
    """Wheels of the configured Python indexes as records (rattler's ``RepoDataSource``).

    Parameters
    ----------
    settings : Settings
        Where the cache is (``pypi_directory``), proxies and certificates.
    subdir : str
        The conda platform, such as ``linux-64``.
    python_versions : sequence of str
        The Pythons that the solve may choose, such as ``("3.11.7", "3.12")``; only their minor versions count.
    virtual_packages : Mapping
        Names and versions, such as ``{"__glibc": "2.36"}``.
    offline : bool
        Use only what is cached and local folders.
    exclude_newer : datetime, optional
        Leave out files uploaded later, and those whose upload time is unknown.
    forced : frozenset of str
        Conda names that are taken from here although a channel has them (``pypi::name``).
    claimed : callable
        Whether a conda channel has a name.
    window : int
        How many versions of a name, newest first; a solve that fails may ask again with more (``truncated``).
    wanted : Mapping
        Conda version specifications that the request puts on names, such as ``{"pandas": ["<2"]}``.
    environ : Mapping, optional
        Where pip's configuration is looked for; the process's environment by default.

    Attributes
    ----------
    warnings : list of PlanWarning
        What the person should see in any case.
    truncated : set of str
        Names with more versions than the window.
    missing_offline : set of str
        Names that were asked for and are not cached.
    unavailable : dict of str to PlanWarning
        Names without a usable record, and why.
    """

    def __init__(  # noqa: PLR0913  (each is a part of the request, given by name)
        self,
        settings: Settings,
        *,
        subdir: str,
        python_versions: Sequence[str],
        virtual_packages: Mapping[str, str] | None = None,
        offline: bool = False,
        exclude_newer: datetime | None = None,
        forced: frozenset[str] = frozenset(),
        claimed: Callable[[str], Awaitable[bool]] = nothing_claimed,
        window: int = DEFAULT_WINDOW,
        wanted: Mapping[str, Sequence[str]] | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        config = read_pip_config(os.environ if environ is None else environ)
        self._target = Target(
            subdir=subdir,
            minors=minor_versions(python_versions),
            virtual_packages=dict(virtual_packages or {}),
            exclude_newer=_milliseconds(exclude_newer),
            prereleases=config.prereleases,
        )
        self._forced = forced
        self._claimed = claimed
        self._window = window
        self._wanted = {name: tuple(texts) for name, texts in (wanted or {}).items()}
        self._index, self._metadata = _readers(settings, config, offline=offline)
        self._projects = ThreadPoolExecutor(PROJECTS_AT_ONCE, thread_name_prefix="pypi-project")
        self._requests = ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix="pypi-metadata")
        self._lock = threading.Lock()
        self._seen: dict[str, dict[str, None]] = {}
        self._pending: dict[str, asyncio.Future[tuple[RepodataRecord, ...]]] = {}
        self._found: dict[str, tuple[RepodataRecord, ...]] = {}
        self.warnings: list[PlanWarning] = []
        self.truncated: set[str] = set()
        self.missing_offline: set[str] = set()
        self.unavailable: dict[str, PlanWarning] = {}

    def package_names(self, platform: Subdir) -> list[str]:
        """Return nothing: an index is not listed, it is asked for one name at a time."""
        return []

    async def fetch_package_records(self, platform: Subdir, name: PackageName) -> list[RepoDataRecord]:
        """Return the records of one name on one platform; the solver calls it as it reaches the name."""
        records = await self.records(name.normalized)
        return [to_rattler(record) for record in records if record.subdir == str(platform)]

    async def records(self, name: str) -> tuple[RepodataRecord, ...]:
        """Return the records of one name on the target platform and ``noarch``, newest first; computed once."""
        if name in self._found:
            return self._found[name]
        if name not in self._pending:
            self._pending[name] = asyncio.ensure_future(self._make(name))
        try:
            self._found[name] = await self._pending[name]
        finally:
            self._pending.pop(name, None)
        return self._found[name]

    def close(self) -> None:
        """Let the threads go."""
        self._projects.shutdown(cancel_futures=True)
        self._requests.shutdown(cancel_futures=True)

    async def _make(self, name: str) -> tuple[RepodataRecord, ...]:
        extra = split_extra_record_name(name)
        base = extra[0] if extra is not None else name
        projects = pypi_names(base)
        if base in NEVER_FROM_THE_INDEX or base.startswith("__") or not projects:
            return ()
        if extra is None and name not in self._forced and await self._claimed(name):
            return ()
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._projects, self._load, base, projects, extra[1] if extra else "")

    def _load(self, name: str, projects: Sequence[str], extra: str) -> tuple[RepodataRecord, ...]:
        """Find, choose, read and translate; runs in a thread."""
        problems: list[SourceError | SpecError] = []
        try:
            project = _together([self._index.project(project) for project in projects])
        except SourceError as error:
            self._note_nothing(name, [error], None)
            return ()
        finally:
            self._note_warnings()
        selection = select(project.wheels, project.sdists, self._target, self._limits(name), version_matches)
        if selection.truncated:
            self.truncated.add(name)
        records = self._translate(name, selection, extra, problems)
        if not records:
            said = explain(project, selection, self._target)
            self._note_nothing(name, problems, said)
        self._note_dependencies(records)
        return tuple(records)

    def _limits(self, name: str) -> Limits:
        """Return the limits known by now; a name reached as a dependency, whose limits count, gets half the window."""
        with self._lock:
            seen = tuple(self._seen.get(name, ()))
        window = max(self._window // 2, 1) if seen else self._window
        return Limits(wanted=self._wanted.get(name, ()), seen=seen, window=window)

    def _translate(
        self, name: str, selection: Selection, extra: str, problems: list[SourceError | SpecError]
    ) -> list[RepodataRecord]:
        """Return the records of the chosen releases; a release that cannot be used is one of the ``problems``."""
        sources = {url: wheel for release in selection.releases for url, wheel in _metadata_sources(release).items()}
        unique = list({wheel.file.url: wheel for wheel in sources.values()}.values())
        read = dict(zip((wheel.file.url for wheel in unique), self._read(unique, problems), strict=True))
        records: list[RepodataRecord] = []
        for release in selection.releases:
            known = [(wheel, read[sources[wheel.file.url].file.url]) for wheel in release.wheels]
            usable = [(wheel, metadata) for wheel, metadata in known if metadata is not None]
            try:
                records += self._of_release(name, release, usable, extra)
            except (SourceError, SpecError) as error:
                problems.append(error)
        return records

    def _of_release(
        self, name: str, release: Release, wheels: Sequence[tuple[Wheel, WheelMetadata]], extra: str
    ) -> list[RepodataRecord]:
        if extra:
            return [
                record
                for wheel, metadata in wheels[:1]
                for record in extra_records(name, extra, release, wheel, metadata, self._target)
            ]
        return [
            record
            for wheel, metadata in wheels
            for record in wheel_records(name, release, wheel, metadata, self._target)
        ]

    def _read(self, wheels: Sequence[Wheel], problems: list[SourceError | SpecError]) -> list[WheelMetadata | None]:
        """Return the metadata of wheels, in their order; what is not cached is read at once by several threads."""

        def find(place: int) -> WheelMetadata | None:
            try:
                return self._metadata.find(wheels[place].file)
            except SourceError as error:
                problems.append(error)
                return None

        found = [self._metadata.cached(wheel.file) for wheel in wheels]
        missing = [place for place, metadata in enumerate(found) if metadata is None]
        for place, metadata in zip(missing, self._requests.map(find, missing), strict=True):
            found[place] = metadata
        return found

    def _note_dependencies(self, records: Sequence[RepodataRecord]) -> None:
        """Remember which versions of other names are asked for, for when those names are reached."""
        with self._lock:
            for record in records:
                for text in record.depends:
                    name, _, specification = text.partition(" ")
                    version = specification.partition(" ")[0]
                    if version:
                        self._seen.setdefault(name, {})[version] = None

    def _note_nothing(self, name: str, problems: Sequence[SourceError | SpecError], said: PlanWarning | None) -> None:
        """Remember why a name has no record: what went wrong, else what the index has instead."""
        if problems:
            first = problems[0]
            said = PlanWarning(code=first.code, message=first.message, hint=first.hint)
        if said is None:
            return
        with self._lock:
            self.unavailable[name] = said
            if said.code in OFFLINE_CODES:
                self.missing_offline.add(name)

    def _note_warnings(self) -> None:
        with self._lock:
            self.warnings[:] = self._index.warnings.values()


def minor_versions(python_versions: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Return the minor versions of ``3.11.7`` or ``3.12``, sorted, each once; ``SpecError`` for what is no version."""
    minors = set()
    for text in python_versions:
        version = find_version(text)
        if version is None:
            raise SpecError(f"{text!r} is not a Python version", hint="write it as 3.11 or 3.11.7")
        minors.add((version.major, version.minor))
    return tuple(sorted(minors))


@lru_cache(maxsize=65536)
def version_matches(specification: str, version: str) -> bool:
    """Whether a conda version specification accepts a conda version (rattler's order; CEP 29, 33)."""
    from rattler import Version

    return _version_spec(specification).matches(Version(version))


@lru_cache(maxsize=8192)
def _version_spec(specification: str) -> VersionSpec:
    from rattler import VersionSpec

    return VersionSpec(specification)


class FoundProjects(NamedTuple):
    """Projects with their conda names, and the indexes that did not answer when others did."""

    found: tuple[tuple[str, Project], ...]
    warnings: tuple[PlanWarning, ...]


def search_pypi_project(name: str, settings: Settings, *, offline: bool = False) -> FoundProjects:
    """Return the projects that a person may mean by a name; an index has no search.

    Parameters
    ----------
    name : str
        As a person writes it. Only spellings of this very name are looked up, and the table of known exceptions.
    settings : Settings
        Where the cache is, proxies and certificates.
    offline : bool
        Look in the cache and local folders only.

    Raises
    ------
    SourceError
        When no index answers.
    """
    if not is_pypi_name(name):
        return FoundProjects((), ())
    index, _ = _readers(settings, read_pip_config(os.environ), offline=offline)
    names = dict.fromkeys((*pypi_names(name), normalize_name(name)))
    projects = [index.project(project) for project in names]
    found = tuple((conda_name(project.name), project) for project in projects if project.found)
    return FoundProjects(found, tuple(index.warnings.values()))


def _readers(settings: Settings, config: PipConfig, *, offline: bool) -> tuple[IndexClient, MetadataReader]:
    http = IndexHttp(settings, config)
    cache = IndexCache(settings.pypi_directory)
    return IndexClient(config, http, cache, offline=offline), MetadataReader(http, cache, offline=offline)


def _together(projects: Sequence[Project]) -> Project:
    """Return several projects that are one conda package as one."""
    if len(projects) == 1:
        return projects[0]
    return Project(
        projects[0].name,
        any(project.found for project in projects),
        tuple(file for project in projects for file in project.wheels),
        tuple(version for project in projects for version in project.sdists),
        any(project.missing_offline for project in projects),
    )


def _metadata_sources(release: Release) -> dict[str, Wheel]:
    """Return, for each wheel's URL, the wheel whose metadata stands for it.

    The wheels of one release that are built for this platform say the same but for their tags, so one of them is read
    for all. A pure wheel, and a file whose digest only reading it tells, speaks for itself.
    """
    shared: Wheel | None = None
    sources: dict[str, Wheel] = {}
    for wheel in release.wheels:
        if wheel.choice.pure or wheel.file.sha256 is None:
            sources[wheel.file.url] = wheel
        else:
            shared = shared or wheel
            sources[wheel.file.url] = shared
    return sources


def _milliseconds(moment: datetime | None) -> int | None:
    if moment is None:
        return None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)
