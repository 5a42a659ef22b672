"""From a request to a plan: what will be, what changes, what it costs. Reads prefixes and caches, changes nothing.

Owns what each action means. It refuses to touch a frozen environment (CEP 22), to plan on top of an interrupted change
(the caller recovers first) and to guess: a name that is not there is an error with the nearest ones.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from jupyter_envs.engine.enforcement import Enforcement
from jupyter_envs.engine.file_systems import find_local_locks
from jupyter_envs.engine.history.generations import find_latest, read_generation
from jupyter_envs.engine.link.actions import LinkOptions
from jupyter_envs.engine.link.plan import link_target
from jupyter_envs.engine.models.events import CancelToken, Event, Reporter
from jupyter_envs.engine.models.plan import ChangePlan, ChangeRequest, PackageChange, PlanWarning
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.models.records import PrefixRecord, RepodataRecord
from jupyter_envs.engine.package_cache.cache import PackageCache
from jupyter_envs.engine.planning_costs import disk_cost, extracted_bytes, freed_bytes
from jupyter_envs.engine.planning_history import requested_of, undone_generation
from jupyter_envs.engine.planning_links import absent_cost, link_cost
from jupyter_envs.engine.planning_rules import after_removal, merge_requested, package_name
from jupyter_envs.engine.planning_scripts import scripts_of
from jupyter_envs.engine.preconditions import (
    check_borrowed,
    check_environment,
    check_free,
    check_installed,
    check_present,
)
from jupyter_envs.engine.prefix.borrowed import find_lost
from jupyter_envs.engine.prefix.frozen import check_not_frozen
from jupyter_envs.engine.prefix.pinned import read_pinned
from jupyter_envs.engine.prefix.records import fingerprint, read_records
from jupyter_envs.engine.prefix.state import read_state
from jupyter_envs.engine.transaction.diff import diff_packages
from jupyter_envs.errors import OfflineError, SpecError
from jupyter_envs.settings import SOURCES, Settings


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """The state that a plan leads to, before it is compared with what is installed."""

    records: tuple[RepodataRecord, ...]
    requested: tuple[str, ...]
    channels: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    warnings: tuple[PlanWarning, ...] = ()
    variables: dict[str, str] | None = None
    relink: tuple[str, ...] = ()
    restores: int | None = None
    sharing: tuple[str, ...] = ()


class Planner:
    """Makes plans.

    Parameters
    ----------
    settings : Settings
        Where packages are and what may be used.
    cache : PackageCache
        Asked for what is there already.
    reporter, cancel
        Watch and stop the solve.
    policy : Enforcement
        Its pins and its quarantine limit every solve.
    """

    def __init__(
        self,
        settings: Settings,
        cache: PackageCache,
        reporter: Reporter,
        cancel: CancelToken,
        policy: Enforcement,
    ) -> None:
        self._policy = policy
        self._settings = settings
        self._cache = cache
        self._reporter = reporter
        self._cancel = cancel

    def plan(self, request: ChangeRequest) -> ChangePlan:
        """Return the plan for a request.

        Raises
        ------
        SpecError, SolveError, SourceError, NotFoundError, AlreadyExistsError, FrozenError
            Nothing has changed.
        """
        prefix = Path(request.prefix)
        # Before anything is read: a change that commits meanwhile must make the plan stale, not part of it.
        base = fingerprint(prefix)
        if request.action in ("create", "clone"):
            check_free(prefix)
            before: list[PrefixRecord] = []
            target = self._clone(request) if request.action == "clone" else self._create(request)
        else:
            check_environment(prefix)
            check_not_frozen(prefix, override=request.override_frozen)
            before = read_records(prefix, on_broken=None if request.action != "repair" else lambda _finding: None)
            target = self._changed(request, prefix, before)
        self._cache.remember_channels(request.channels or ())
        self._cache.use_archives(request.archives)
        return self._compare(request, base, before, target)

    def _create(self, request: ChangeRequest) -> Target:
        specs = request.specs
        if request.records:
            check_borrowed(request.records, (), os.environ)
            return Target(
                records=in_linking_order(request.records),
                requested=specs,
                sources=("explicit",),
                variables=request.variables,
            )
        if request.add_ipykernel and not any(package_name(spec) == "ipykernel" for spec in specs):
            specs = (*specs, "ipykernel")
        return self._solved(request, merge_requested((), specs), installed=(), pinned=(), new=True)

    def _clone(self, request: ChangeRequest) -> Target:
        if request.clone_from is None:
            raise SpecError("clone needs an environment to clone", hint="`jupyter envs clone SOURCE NAME`")
        source = Path(request.clone_from)
        check_environment(source)
        latest = find_latest(source)
        records = read_records(source)
        return Target(
            records=ordered(record.repodata() for record in records),
            requested=requested_of(source, records),
            channels=latest.channels if latest else (),
            sources=latest.sources if latest else (),
            variables=read_state(source),
        )

    def _changed(self, request: ChangeRequest, prefix: Path, before: Sequence[PrefixRecord]) -> Target:
        requested = requested_of(prefix, before)
        if request.action in ("undo", "restore"):
            return self._restored(prefix, request, before)
        if request.action == "repair":
            return self._repaired(request, prefix, before, requested)
        if request.action == "remove":
            return self._removed(request, before, requested)
        names = [package_name(spec) for spec in request.specs]
        if request.records:
            check_borrowed(request.records, before, os.environ)
            merged = {record.name: record for record in (*(each.repodata() for each in before), *request.records)}
            return Target(records=ordered(merged.values()), requested=merge_requested(requested, request.specs))
        unlock: frozenset[str] = frozenset()
        if request.action == "update":
            check_installed(names, before, prefix)
            unlock = frozenset(names) if names else frozenset(record.name for record in before)
            merged_specs = merge_requested(requested, (spec for spec in request.specs if spec != package_name(spec)))
        else:
            merged_specs = merge_requested(requested, request.specs)
        lost = find_lost(before)  # a Python that has gone is no reason to keep it, nor what was built for it
        return self._solved(
            request,
            merged_specs,
            installed=tuple(record.repodata() for record in before if record is not lost),
            pinned=read_pinned(prefix),
            unlock=unlock,
        )

    def _removed(self, request: ChangeRequest, before: Sequence[PrefixRecord], requested: Sequence[str]) -> Target:
        names = [package_name(spec) for spec in request.specs]
        check_installed(names, before, Path(request.prefix))
        staying, specs = after_removal(before, requested, names)
        latest = find_latest(Path(request.prefix))
        return Target(
            records=ordered(record.repodata() for record in before if record.name in staying),
            requested=specs,
            channels=latest.channels if latest else (),
            sources=latest.sources if latest else (),
        )

    def _restored(self, prefix: Path, request: ChangeRequest, before: Sequence[PrefixRecord]) -> Target:
        number = request.generation if request.action == "restore" else undone_generation(prefix, before)
        if number is None:
            raise SpecError("restore needs a generation number", hint="`jupyter envs history NAME` lists them")
        generation = read_generation(prefix, number)
        return Target(
            records=ordered(generation.records),
            requested=generation.requested,
            channels=generation.channels,
            sources=generation.sources,
            variables=generation.variables,
            restores=generation.restores or generation.number,
        )

    def _repaired(
        self, request: ChangeRequest, prefix: Path, before: Sequence[PrefixRecord], requested: Sequence[str]
    ) -> Target:
        from jupyter_envs.engine.prefix.discovery import find_environments
        from jupyter_envs.engine.prefix.sharing import sharing
        from jupyter_envs.engine.prefix.verify import verify

        latest = find_latest(prefix)
        wanted: dict[str, RepodataRecord] = {record.name: record for record in latest.records} if latest else {}
        wanted.update({record.name: record.repodata() for record in before})
        findings = [found for found in verify(prefix) if found.package and found.severity != "note"]
        damaged = {found.package for found in findings}
        lost = find_lost(before)
        if lost is not None:
            damaged.add(lost.name)
        shared = sharing(prefix, before, findings, find_environments(self._settings, os.environ))
        named = {package_name(spec) for spec in request.specs}
        return Target(
            records=ordered(wanted.values()),
            requested=tuple(requested),
            channels=latest.channels if latest else (),
            sources=latest.sources if latest else (),
            relink=tuple(sorted((damaged | named) & set(wanted))),
            sharing=tuple(sorted(shared)),
            warnings=tuple(_shared_damage(path, names) for path, names in sorted(shared.items())),
        )

    def _solved(
        self,
        request: ChangeRequest,
        specs: tuple[str, ...],
        *,
        installed: tuple[RepodataRecord, ...],
        pinned: tuple[str, ...],
        unlock: frozenset[str] = frozenset(),
        new: bool = False,
    ) -> Target:
        from jupyter_envs.engine.solve.request import SolveRequest
        from jupyter_envs.engine.solve.run import solve

        self._reporter.report(Event(kind="phase", phase="solve", text="choosing versions"))
        if not specs:
            return Target(records=(), requested=(), variables=request.variables)
        settings = with_request(self._settings, request)
        channels, sources = (request.channels, request.sources) if new else self._where_from(request)
        solution = solve(
            SolveRequest(
                specs=specs,
                installed=installed,
                pinned=(*pinned, *self._policy.pinned),
                keep="none" if new else "installed",
                unlock=unlock,
                channels=channels,
                sources=sources,
                offline=settings.offline,
                exclude_newer=self._policy.exclude_newer(settings.exclude_newer),
                new_environment=new,
            ),
            settings,
            self._reporter,
            self._cancel,
        )
        return Target(
            records=solution.records,
            requested=specs,
            channels=solution.channels,
            sources=solution.sources,
            warnings=solution.warnings,
            variables=request.variables or None,
        )

    def _where_from(self, request: ChangeRequest) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
        """Return channels and sources of a change: those asked for, else those that the environment was made from."""
        latest = find_latest(Path(request.prefix))
        channels, sources = request.channels, request.sources
        if channels is None and latest is not None and latest.channels:
            from jupyter_envs.engine.fetch.urls import without_login

            # A generation holds no credentials: a channel of the settings that is the same one still has them.
            own = {without_login(channel): channel for channel in self._settings.channels}
            channels = tuple(own.get(channel, channel) for channel in latest.channels)
        if sources is None and latest is not None:
            sources = tuple(source for source in latest.sources if source in SOURCES) or None
        return channels, sources

    def _compare(self, request: ChangeRequest, base: str, before: Sequence[PrefixRecord], target: Target) -> ChangePlan:
        prefix = Path(request.prefix)
        records = tuple(without_secrets(record) for record in target.records)
        diff = diff_packages(before, records, relink=target.relink)
        check_present(diff.link, *_whose(request, target))
        if request.hashes:
            from jupyter_envs.engine.exchange.requirements import check_hashes

            check_hashes(request.hashes, diff.link)
        missing = self._cache.missing(diff.link)
        to_fetch = self._cache.to_fetch(missing)
        if self._settings.offline or request.offline:
            refuse_downloads(to_fetch)
        variables = target.variables if target.variables is not None else read_state(prefix)
        disk_bytes, costs = self._disk_cost(prefix, records, diff.changes, missing)
        scripts, unknown = scripts_of(diff.link, missing, self._cache, self._settings)
        return ChangePlan(
            plan_id=f"{datetime.now():%Y%m%d%H%M%S}-{os.urandom(4).hex()}",
            action=request.action,
            prefix=str(prefix),
            base=base,
            records=records,
            requested=target.requested,
            changes=tuple(sorted(diff.changes, key=lambda change: change.name)),
            channels=target.channels,
            sources=target.sources,
            variables=variables,
            download_bytes=sum(record.size or 0 for record in to_fetch),
            disk_bytes=disk_bytes,
            freed_bytes=freed_bytes(prefix, before, diff.changes),
            warnings=(*target.warnings, *_local_locks(prefix), *costs),
            link_scripts=scripts,
            scripts_unknown=unknown,
            override_frozen=request.override_frozen,
            restores=target.restores,
            sharing=target.sharing,
            clone_from=request.clone_from,
            keep_history=request.keep_history,
            archives=request.archives,
            command=request.command,
            created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        )

    def _disk_cost(
        self,
        prefix: Path,
        records: Sequence[RepodataRecord],
        changes: Sequence[PackageChange],
        missing: Sequence[RepodataRecord],
    ) -> tuple[int, tuple[PlanWarning, ...]]:
        """Return the bytes that a change takes, and what to say about it."""
        python = next((record for record in records if record.name == "python"), None)
        target = link_target(str(prefix), layout_for(self._settings.subdir), python)
        brought = [change.after for change in changes if change.after is not None and self._cache.find(change.after)]
        manifests = [self._cache.manifest(record, target.cache_tag) for record in brought]
        options = LinkOptions(allow_softlinks=self._settings.allow_softlinks, always_copy=self._settings.always_copy)
        links = link_cost(manifests, target, options)
        own_layer = self._settings.package_directories[0]
        absent = absent_cost(len(missing), extracted_bytes(missing), own_layer, target, options)
        own = disk_cost(changes, missing, target, self._cache, len(records))
        return own + links.bytes + absent.bytes, (*links.warnings, *absent.warnings)


def _local_locks(prefix: Path) -> Iterator[PlanWarning]:
    option = find_local_locks(prefix)
    if option:
        yield PlanWarning(
            code="storage.local_locks",
            message=f"the network mount of {prefix} keeps its locks on this machine ({option})",
            hint="mount it without this option, or change what is there from one machine only",
        )


def _whose(request: ChangeRequest, target: Target) -> tuple[str, str]:
    """Return what the records of a plan are of, and what helps where the Python among them has gone."""
    if target.restores is not None:
        name = os.path.basename(request.prefix)
        return f"generation {target.restores} of {name}", f"`jupyter envs history {name}` shows what was asked for then"
    name = os.path.basename(request.clone_from or request.prefix)
    return name, f"`jupyter envs doctor {name}` says what gives it another"


def _shared_damage(prefix: str, packages: Sequence[str]) -> PlanWarning:
    name = os.path.basename(prefix)
    return PlanWarning(
        code="repair.shared",
        message=f"{name} shares damaged files of {', '.join(packages)} by hard link",
        hint=f"it is repaired in the same go; `jupyter envs verify {prefix}` looks at the rest of it",
    )


def refuse_downloads(missing: Sequence[RepodataRecord]) -> None:
    """Raise ``OfflineError`` that names each package whose archive is neither cached nor on this machine."""
    remote = [record for record in missing if record.url.startswith(("http://", "https://"))]
    if remote:
        names = ", ".join(record.dist for record in remote)
        raise OfflineError(
            f"not in the package cache, and offline nothing can be downloaded: {names}",
            hint="run the command once without --offline",
            detail={"missing": [record.url for record in remote]},
        )


def with_request(settings: Settings, request: ChangeRequest) -> Settings:
    """Return the settings with what one request overrides."""
    return msgspec.structs.replace(
        settings,
        offline=settings.offline or request.offline,
        exclude_newer=request.exclude_newer or settings.exclude_newer,
    )


def without_secrets(record: RepodataRecord) -> RepodataRecord:
    """Return the record as prefixes, plans and histories may store it: no user, password or token in its URLs."""
    if not any("@" in url or "/t/" in url for url in (record.url, record.channel or "")):
        return record
    from jupyter_envs.engine.fetch.urls import without_login

    channel = without_login(record.channel) if record.channel else None
    return msgspec.structs.replace(record, url=without_login(record.url), channel=channel)


def ordered(records: Iterable[RepodataRecord]) -> tuple[RepodataRecord, ...]:
    """Return records in topological order: what is needed before what needs it, ties by name, python first."""
    from jupyter_envs.engine.solve.order import topological_order

    return tuple(topological_order(tuple(records)))


def in_linking_order(records: Sequence[RepodataRecord]) -> tuple[RepodataRecord, ...]:
    """Return records as given when the conda ones do not say what they need (CEP 23: such lists are in order)."""
    says = any(record.depends for record in records if not record.fn.endswith(".whl"))
    return ordered(records) if says else tuple(records)
