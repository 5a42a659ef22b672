"""``Engine``: everything that can be asked of environments and done to them.

The public face of the engine. It holds no state but its settings; heavy parts (solver, HTTP) are loaded by the calls
that need them, so that listing and linking stay fast.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Sequence
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

import msgspec

from jupyter_envs.engine.enforcement import Enforcement
from jupyter_envs.engine.execution import Executor
from jupyter_envs.engine.file_systems import refresh, refresh_tree
from jupyter_envs.engine.history.generations import find_latest, read_generation, read_generations
from jupyter_envs.engine.link.plan import link_target
from jupyter_envs.engine.models.events import CancelToken, NullReporter, Reporter
from jupyter_envs.engine.models.findings import Finding, sort_findings
from jupyter_envs.engine.models.plan import ChangePlan, ChangeRequest, ChangeResult, Generation
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.models.records import PrefixRecord, RepodataRecord
from jupyter_envs.engine.package_cache.cache import PackageCache
from jupyter_envs.engine.planning import Planner, ordered
from jupyter_envs.engine.planning_history import requested_of
from jupyter_envs.engine.planning_rules import why_chains
from jupyter_envs.engine.preconditions import check_environment, check_free, check_installed, missing_environment
from jupyter_envs.engine.prefix.discovery import EnvironmentInfo, describe_environment, find_environments
from jupyter_envs.engine.prefix.frozen import check_not_frozen
from jupyter_envs.engine.prefix.names import validate_name
from jupyter_envs.engine.prefix.records import read_records
from jupyter_envs.engine.prefix.registry import register_environment, unregister_environment
from jupyter_envs.engine.prefix.shared import check_not_shared
from jupyter_envs.engine.prefix.state import read_state
from jupyter_envs.engine.transaction.create import remove_prefix, sweep
from jupyter_envs.engine.transaction.journal import is_pending
from jupyter_envs.engine.transaction.leftovers import ABANDONED, find_leftovers, remove_leftovers
from jupyter_envs.engine.unused import counted_prefixes, needed_dists
from jupyter_envs.errors import NotFoundError, SpecError
from jupyter_envs.settings import Settings

if TYPE_CHECKING:
    from jupyter_envs.engine.package_cache.compiled import CompileReport
    from jupyter_envs.engine.package_cache.prune import PruneReport
    from jupyter_envs.engine.prefix.disk import DiskReport, DiskUsage
    from jupyter_envs.engine.prefix.modules import StaleModule
    from jupyter_envs.engine.quota import QuotaState

_FOLDER = "to use a folder, give its path with -p"


class Engine:
    """Environments, planned and changed.

    Parameters
    ----------
    settings : Settings
        Where things live and what may be used.
    reporter : Reporter
        Receives progress; called from any thread.
    cancel : CancelToken
        Asked at places where stopping is safe.
    """

    def __init__(
        self, settings: Settings, *, reporter: Reporter | None = None, cancel: CancelToken | None = None
    ) -> None:
        self._policy = Enforcement.of(settings)
        self.settings = settings = self._policy.settings
        self._reporter = reporter or NullReporter()
        self._cancel = cancel or CancelToken()
        self.cache = PackageCache(settings)
        self._planner = Planner(settings, self.cache, self._reporter, self._cancel, self._policy)
        self._executor = Executor(settings, self.cache, self._reporter, self._cancel, self._policy)

    # -- changes

    def plan(self, request: ChangeRequest) -> ChangePlan:
        """Return what a request would do; an interrupted change of the environment is recovered first."""
        prefix = Path(request.prefix)
        check_not_shared(prefix, self.settings)
        refresh(prefix / "conda-meta")
        if is_pending(prefix):
            self.recover(prefix)
        with self._policy.planning(request):
            self._policy.check_request(request)
            plan = self._planner.plan(request)
            self._policy.check_plan(plan)
        return plan

    def execute(self, plan: ChangePlan, *, scripts: Collection[str] | None = None) -> ChangeResult:
        """Carry out a plan: all of it or, on any error or cancel, nothing.

        ``scripts`` are those of packages that were agreed to, as plans name them (``None``: all); any other raises
        ``ScriptConsentError`` when its package is in the cache and before anything is linked.
        """
        with self._policy.executing(plan):
            self._policy.check_plan(plan)
            result = self._executor.execute(plan, scripts)
        if plan.action in ("create", "clone"):
            register_environment(plan.prefix, os.environ)
        return result

    def recover(self, prefix: Path) -> bool:
        """Bring an interrupted change to its old or its new state; tell whether there was one."""
        if not is_pending(prefix):
            return False
        with self._executor.exclusive(prefix, "recover"):
            return True

    def rename(self, prefix: Path, new_name: str) -> Path:
        """Give an environment another name.

        Prefixes are written into files: those that name theirs are made anew, then one rename moves all of it. Where
        that cannot be (another file system, scripts of packages), a clone with its history appears before the old one
        disappears.
        """
        check_environment(prefix)
        check_not_frozen(prefix)
        target = self.new_prefix(new_name)
        self.recover(prefix)
        plan = self.plan(
            ChangeRequest(
                action="clone",
                prefix=str(target),
                clone_from=str(prefix),
                keep_history=True,
                command=f"rename {prefix.name} {target.name}",
            )
        )
        with self._policy.audited("rename", prefix, plan.command):
            moved = self._executor.move(plan, prefix)
        if moved:
            register_environment(target, os.environ)
            unregister_environment(prefix, os.environ)
        else:
            self.execute(plan)
            self.delete(prefix)
        return target

    def delete(self, prefix: Path) -> int:
        """Remove an environment; return the bytes that it alone took.

        One rename makes it disappear; what a crash leaves after that is swept away by the next change.
        """
        from jupyter_envs.engine.prefix.disk import disk_usage

        check_environment(prefix)
        check_not_frozen(prefix)
        freed = disk_usage([prefix])[0].unique
        command = f"delete {prefix.name}"
        with self._policy.audited("delete", prefix, command), self._executor.exclusive(prefix, command):
            if prefix.exists():
                remove_prefix(prefix)
        unregister_environment(prefix, os.environ)
        sweep(prefix.parent, now=time())
        return freed

    # -- questions

    def environments(self) -> list[EnvironmentInfo]:
        """Return every environment that can be found, own ones first."""
        return find_environments(self.settings, os.environ)

    def describe(self, prefix: Path) -> EnvironmentInfo:
        """Return what is known of one environment."""
        info = describe_environment(prefix, self.settings)
        if info is None:
            check_environment(prefix)
            raise NotFoundError(f"there is no environment at {prefix}", hint="`jupyter envs list` shows them")
        return info

    def resolve(self, name_or_path: str) -> Path:
        """Return the prefix of an environment given by name or path.

        Raises
        ------
        NotFoundError
            There is none; the hint names the nearest.
        """
        if os.sep in name_or_path or name_or_path in (".", ".."):
            prefix = Path(name_or_path).expanduser().absolute()
            if not (prefix / "conda-meta").is_dir() and not (prefix / "pyvenv.cfg").is_file():
                raise missing_environment(str(prefix), (), os.environ)
            return Path(os.path.normpath(prefix))
        for directory in self.settings.envs_directories:
            prefix = Path(directory) / name_or_path
            if (prefix / "conda-meta").is_dir():
                return prefix
        infos = self.environments()
        for info in infos:
            if info.name == name_or_path:
                return Path(info.path)
        raise missing_environment(name_or_path, [info.name for info in infos], os.environ)

    def new_prefix(self, name_or_path: str) -> Path:
        """Return where a new environment goes, given by name or path, and check that nothing is there.

        A path is what looks like one (``/a``, ``./a``, ``../a``, ``~/a``): a slash in a name is a slip more often.

        Raises
        ------
        SpecError
            It is neither.
        AlreadyExistsError
            Something is there.
        """
        if os.path.isabs(name_or_path) or name_or_path.startswith((f".{os.sep}", f"..{os.sep}", "~")):
            prefix = Path(os.path.normpath(Path(name_or_path).expanduser().absolute()))
        else:
            prefix = Path(self.settings.envs_directories[0]) / validate_name(name_or_path, otherwise=_FOLDER)
        check_free(prefix)
        return prefix

    def packages(self, prefix: Path) -> list[PrefixRecord]:
        """Return the records of an environment, by name."""
        return read_records(prefix)

    def requested(self, prefix: Path) -> tuple[str, ...]:
        """Return the specs that were asked for; records are only read where no generation tells."""
        latest = find_latest(prefix)
        return latest.requested if latest is not None else requested_of(prefix, read_records(prefix))

    def generations(self, prefix: Path) -> list[Generation]:
        """Return the recorded states of an environment, oldest first."""
        return read_generations(prefix)

    def stale_modules(self, prefix: Path, imported: Sequence[str], since: int) -> list[StaleModule]:
        """Return the modules, of those that a kernel has imported, whose package changed since a generation.

        Parameters
        ----------
        prefix : Path
            The kernel's environment.
        imported : sequence of str
            What stands in its ``sys.modules``.
        since : int
            The number of the generation when it was imported.
        """
        from jupyter_envs.engine.prefix.modules import modules_in, stale_among
        from jupyter_envs.engine.transaction.diff import compare_records

        now = {record.name: record for record in read_records(prefix)}
        before = read_generation(prefix, since)
        changes = compare_records(before.records, [record.repodata() for record in now.values()])
        brought: dict[str, frozenset[str]] = {}
        for change in changes:
            present = modules_in(now[change.name].files) if change.name in now else frozenset()
            brought[change.name] = present | self._modules_in_cache(change.before)
        return stale_among(imported, changes, brought)

    def _modules_in_cache(self, record: RepodataRecord | None) -> frozenset[str]:
        """Return the modules of a package that may have left the environment; none when the cache dropped it, too."""
        from jupyter_envs.engine.prefix.modules import modules_in

        if record is None or self.cache.find(record) is None:
            return frozenset()
        return modules_in(entry.path for entry in self.cache.manifest(record, None).paths)

    def why(self, prefix: Path, name: str) -> list[tuple[str, ...]]:
        """Return chains from a requested package down to ``name``."""
        records = read_records(prefix)
        check_installed([name], records, prefix)
        return why_chains(records, requested_of(prefix, records), name)

    def owner(self, prefix: Path, path: str) -> list[PrefixRecord]:
        """Return the packages that a file, absolute or relative to the prefix, belongs to."""
        from jupyter_envs.engine.prefix.verify import owners

        full = os.path.normpath(os.path.join(prefix, path))
        relative = os.path.relpath(full, prefix)
        if relative.startswith(".."):
            raise SpecError(f"{path} is not in {prefix.name}", hint=f"give a path below {prefix}")
        return owners(read_records(prefix), relative.replace(os.sep, "/"))

    def verify(self, prefix: Path) -> list[Finding]:
        """Compare each file with its record, and look whether a Python that is borrowed is still there."""
        from jupyter_envs.engine.prefix.borrowed import examine_borrowed
        from jupyter_envs.engine.prefix.examination import Patient
        from jupyter_envs.engine.prefix.verify import verify

        check_environment(prefix)
        refresh_tree(prefix)
        findings = verify(prefix)
        info = describe_environment(prefix, self.settings)
        if info is not None:
            records = read_records(prefix, lambda _finding: None)  # verify has named those that cannot be read
            findings += examine_borrowed(Patient(info.path, info, os.environ, self.settings, records))
        return sort_findings(findings)

    def doctor(self, prefix: Path | None) -> list[Finding]:
        """Look for what is wrong with one environment, or (``None``) with all of ours and with the list of them."""
        from jupyter_envs.engine.prefix.doctor import doctor

        if prefix is not None:
            return doctor(prefix, self.settings, os.environ)
        own = [info for info in self.environments() if info.kind == "own"]
        found = [
            msgspec.structs.replace(finding, environment=info.name)
            for info in own
            for finding in doctor(info.path, self.settings, os.environ, name=info.name)
        ]
        return sort_findings([*found, *self._leftovers()])

    def _leftovers(self) -> list[Finding]:
        return find_leftovers(self.settings.envs_directories[:1], os.environ, now=time())

    def disk(self, prefixes: Sequence[Path]) -> list[DiskUsage]:
        """Return the bytes of each environment: its own, and those it shares by hard links."""
        from jupyter_envs.engine.prefix.disk import disk_usage

        return disk_usage(prefixes)

    def disk_report(self) -> DiskReport:
        """Return the bytes of all environments and caches together, nothing counted twice."""
        from jupyter_envs.engine.prefix.disk import disk_report

        return disk_report(self.prefixes(), self.settings.package_directories)

    def quota(self) -> QuotaState | None:
        """Return what the policy's disk quota counts, ``None`` where there is none."""
        return self._policy.quota()

    def clean(self, *, dry_run: bool) -> PruneReport:
        """Remove packages that no environment uses; what one undo of each environment needs stays."""
        report = self.cache.prune(needed_dists(self.prefixes()), dry_run=dry_run)
        found = self._leftovers()
        if not dry_run:
            remove_leftovers(found, os.environ)
        swept = tuple(finding.path for finding in found if finding.code == ABANDONED)
        unlisted = tuple(finding.path for finding in found if finding.code != ABANDONED)
        return msgspec.structs.replace(report, swept=swept, unlisted=unlisted)

    def compile(self, prefix: Path) -> CompileReport:
        """Compile the sources of an environment's packages in the cache, for whoever links them next."""
        records = [record.repodata() for record in read_records(prefix)]
        python = next((record for record in records if record.name == "python"), None)
        target = link_target(str(prefix), layout_for(self.settings.subdir), python)
        if target.cache_tag is None:
            raise NotFoundError(f"{prefix.name} has no Python to compile with", hint="install python into it")
        executable = prefix / (target.python_executable or target.layout.python_executable)
        kept = [record for record in records if self.cache.find(record)]
        return self.cache.compile(kept, executable, target.cache_tag, self._reporter, self._cancel)

    def export(self, prefix: Path, form: str, *, exact: bool = False) -> str:
        """Return an environment as the text of a file.

        Parameters
        ----------
        prefix : Path
            The environment.
        form : str
            ``yaml`` (CEP 24), ``explicit`` (CEP 23), ``pixi`` or ``requirements``.
        exact : bool
            Whether a ``yaml`` names every package with its build instead of what was asked for.
        """
        from jupyter_envs.engine.exchange.environment_yml import export_yaml
        from jupyter_envs.engine.exchange.explicit import export_explicit
        from jupyter_envs.engine.exchange.pixi_lock import export_pixi_lock
        from jupyter_envs.engine.exchange.requirements import export_requirements

        check_environment(prefix)
        installed = read_records(prefix)
        records = ordered(record.repodata() for record in installed)
        latest = find_latest(prefix)
        channels = latest.channels if latest and latest.channels else self.settings.channels
        requested = requested_of(prefix, installed)
        if form == "yaml":
            return export_yaml(records, requested, channels, read_state(prefix), prefix.name, exact=exact)
        if form == "explicit":
            return export_explicit(records, self.settings.subdir, requested)
        if form == "pixi":
            return export_pixi_lock(records, channels, self.settings.subdir, requested)
        if form == "requirements":
            return export_requirements(records)
        raise SpecError(f"no such format: {form}", hint="yaml, explicit, pixi or requirements")

    def search(
        self,
        text: str,
        *,
        channels: tuple[str, ...] | None = None,
        sources: tuple[str, ...] | None = None,
        offline: bool = False,
    ) -> list[RepodataRecord]:
        """Return packages whose name matches, newest versions first."""
        from jupyter_envs.engine.solve.search import search

        return list(search(text, self.settings, channels=channels, sources=sources, offline=offline))

    def free_bytes(self) -> int:
        """Return the free space where environments are made, in bytes."""
        import shutil

        directory = Path(self.settings.root)
        while not directory.exists():
            directory = directory.parent
        return shutil.disk_usage(directory).free

    def prefixes(self) -> Sequence[Path]:
        """Return the prefixes of all environments that hold records, but for those that lie in others' roots."""
        return counted_prefixes(self.environments(), self.settings.root)
