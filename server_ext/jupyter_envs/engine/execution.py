"""From a plan to the changed environment: populate the cache, plan the links, hand them to the transaction.

Owns the order of a change: prefix lock, recovery, check that the plan still fits, cache, transaction. It refuses a plan
whose environment has changed since (``StalePlanError``) and never writes into a prefix itself.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from jupyter_envs.engine.disk_use import in_blocks, taken_bytes
from jupyter_envs.engine.enforcement import Enforcement
from jupyter_envs.engine.history.generations import find_latest, generation_numbers, generation_path
from jupyter_envs.engine.link.actions import LinkOptions, LinkTarget, PackageLinkPlan
from jupyter_envs.engine.link.plan import link_target, plan_package
from jupyter_envs.engine.link.writer import paused_gc
from jupyter_envs.engine.models.events import CancelToken, Event, Reporter
from jupyter_envs.engine.models.plan import ChangePlan, ChangeResult, Generation
from jupyter_envs.engine.models.platform import layout_for
from jupyter_envs.engine.models.records import PrefixRecord, RepodataRecord
from jupyter_envs.engine.package_cache.cache import PackageCache
from jupyter_envs.engine.planning_history import requested_of
from jupyter_envs.engine.preconditions import check_environment, check_free
from jupyter_envs.engine.prefix.frozen import check_not_frozen
from jupyter_envs.engine.prefix.records import fingerprint, read_records
from jupyter_envs.engine.prefix.shared import check_not_shared
from jupyter_envs.engine.prefix.state import state_path
from jupyter_envs.engine.transaction.change import change_prefix
from jupyter_envs.engine.transaction.create import create_prefix, remove_prefix, sweep
from jupyter_envs.engine.transaction.diff import PackageDiff, diff_packages, diff_paths, same_state
from jupyter_envs.engine.transaction.inputs import Executed, Execution, RunScript
from jupyter_envs.engine.transaction.journal import is_pending, recover
from jupyter_envs.engine.transaction.lock import lock_path, locked
from jupyter_envs.engine.transaction.metadata import (
    found_generation,
    metadata_files,
    specs_by_name,
    with_requested,
)
from jupyter_envs.engine.transaction.move import can_move, move_prefix
from jupyter_envs.engine.transaction.scripts import check_agreed
from jupyter_envs.errors import StalePlanError, StorageError
from jupyter_envs.settings import Settings


class Executor:
    """Carries out plans.

    Parameters
    ----------
    settings : Settings
        Where packages and locks are, how files are linked.
    cache : PackageCache
        Filled as needed.
    reporter, cancel
        Watch and stop the work.
    policy : Enforcement
        Asked when the packages are in the cache, before they are linked.
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

    def execute(self, plan: ChangePlan, scripts: Collection[str] | None = None) -> ChangeResult:
        """Do what a plan says; either all of it, or nothing. ``scripts``: see ``Engine.execute``."""
        prefix = Path(plan.prefix)
        with self.exclusive(prefix, plan.command), paused_gc():
            if plan.action in ("create", "clone"):
                check_free(prefix)
                sweep(prefix.parent, now=datetime.now().timestamp())
                before: list[PrefixRecord] = []
            else:
                check_environment(prefix)
                check_not_frozen(prefix, override=plan.override_frozen)
                if fingerprint(prefix) != plan.base:
                    raise StalePlanError(
                        f"{prefix.name} has changed since this plan was made", hint="make the plan again"
                    )
                before = read_records(prefix, on_broken=None if plan.action != "repair" else lambda _finding: None)
            execution, number, extracted = self._prepare(plan, prefix, before)
            if scripts is not None and execution.run_script is not None:
                check_agreed(execution.links, scripts)
            executed = self._carry_out(execution, before)
        return _result(plan, number, executed, extracted)

    def move(self, plan: ChangePlan, source: Path) -> bool:
        """Rename an environment as its plan (a clone with its history) says; tell whether that could be done.

        ``False`` (nothing has changed) when one rename cannot: then the plan is to be executed and the source deleted.
        """
        prefix = Path(plan.prefix)
        with self.exclusive(prefix, plan.command), self.exclusive(source, plan.command), paused_gc():
            check_free(prefix)
            records = read_records(source)
            if not same_state(plan.records, records):
                raise StalePlanError(f"{source.name} has changed since this plan was made", hint="try again")
            execution, _, _ = self._prepare(plan, prefix, ())
            return can_move(source, prefix, execution.links) and move_prefix(execution, source, records)

    @contextmanager
    def exclusive(self, prefix: Path, command: str) -> Iterator[None]:
        """Hold the prefix's lock and bring it out of any interrupted change first."""
        check_not_shared(prefix, self._settings)
        path = lock_path(prefix, Path(self._settings.locks_directory))
        with locked(path, prefix=prefix, command=command):
            self.recover(prefix)
            yield

    def recover(self, prefix: Path) -> list[str]:
        """Bring a prefix, whose lock is held, to exactly its old or its new state."""
        if not is_pending(prefix):
            return []
        try:
            outcome = recover(prefix)
        except OSError as error:
            raise StorageError.from_os_error(error, f"recovering {prefix.name}") from error
        if "removed" in outcome:
            remove_prefix(prefix)
        for what in outcome:
            self._reporter.report(
                Event(kind="message", phase="commit", text=f"an interrupted change of {prefix.name} was {what}")
            )
        return outcome

    def _prepare(self, plan: ChangePlan, prefix: Path, before: Sequence[PrefixRecord]) -> tuple[Execution, int, int]:
        relink = {change.name for change in plan.changes if change.kind == "relinked"}
        diff = diff_packages(before, plan.records, relink=relink)
        if plan.action == "repair":
            self._cache.discard_damaged(diff.link)
        missing = self._cache.missing(diff.link)
        self._cache.use_archives(plan.archives)
        self._cache.populate(diff.link, self._reporter, self._cancel)
        new = [record for record in diff.link if record.name not in relink]
        if self._policy.active:
            self._policy.check_packages([self._cache.self_described(record) for record in new])
        python = next((record for record in plan.records if record.name == "python"), None)
        target = link_target(str(prefix), layout_for(self._settings.subdir), python)
        links = [self._link_plan(record, target) for record in diff.link]
        order = {record.name: rank for rank, record in enumerate(plan.records)}
        changes = diff_paths(diff, {link.dist: link.paths() for link in links}, order, _directories(links, before))
        restores = self._restores(set(changes.restored.values()), diff, target)
        number, metadata = self._metadata(plan, prefix, before, diff)
        options = LinkOptions(allow_softlinks=self._settings.allow_softlinks, always_copy=self._settings.always_copy)
        execution = Execution(
            prefix=prefix,
            plan=plan,
            diff=diff,
            changes=changes,
            links=links,
            restores=restores,
            metadata=metadata,
            options=options,
            layout=target.layout,
            reporter=self._reporter,
            cancel=self._cancel,
            run_script=self._script_runner(prefix) if self._settings.run_link_scripts else None,
        )
        return execution, number, sum(self._extracted_bytes(record) for record in missing)

    def _script_runner(self, prefix: Path) -> RunScript:
        """Return what runs a link script in the activated environment."""
        layout = layout_for(self._settings.subdir)

        def run(record: RepodataRecord, kind: str, script: Path, source: str) -> str:
            from jupyter_envs.engine.link.scripts import ScriptRun, run_link_script
            from jupyter_envs.engine.prefix.activated import activated_environ

            self._reporter.report(Event(kind="phase", phase="scripts", text=f"{kind} script of {record.name}"))
            return run_link_script(
                ScriptRun(
                    record=record,
                    kind=kind,
                    script=str(script),
                    prefix=str(prefix),
                    root_prefix=self._settings.root,
                    source_directory=source,
                    environ=activated_environ(prefix, os.environ),
                    layout=layout,
                    cancel=self._cancel,
                )
            )

        return run

    def _extracted_bytes(self, record: RepodataRecord) -> int:
        return sum(in_blocks(entry.size_in_bytes or 0) for entry in self._cache.manifest(record, None).paths)

    def _link_plan(self, record: RepodataRecord, target: LinkTarget) -> PackageLinkPlan:
        return plan_package(self._cache.manifest(record, target.cache_tag), target)

    def _restores(self, dists: set[str], diff: PackageDiff, target: LinkTarget) -> dict[str, PackageLinkPlan]:
        """Return the plans of kept packages whose clobbered files come back; fetches them if they are not cached."""
        records = [record.repodata() for record in diff.keep if record.dist in dists]
        if records:
            self._cache.populate(records, self._reporter, self._cancel)
        return {record.dist: self._link_plan(record, target) for record in records}

    def _metadata(
        self, plan: ChangePlan, prefix: Path, before: Sequence[PrefixRecord], diff: PackageDiff
    ) -> tuple[int, dict[str, bytes]]:
        """Return the new generation's number and every file of ``conda-meta`` that is not a new package record."""
        now = datetime.now().astimezone()
        if not before and not (prefix / "conda-meta").is_dir():
            return _new_metadata(plan, now)
        latest = find_latest(prefix)
        requested = requested_of(prefix, before)
        number = (latest.number if latest else 0) + 1
        found: Generation | None = None
        if latest is None or not same_state(latest.records, before):
            found = found_generation(number, [record.repodata() for record in before], requested, now)
            number += 1
        history, state = prefix / "conda-meta" / "history", state_path(prefix)
        files = metadata_files(
            plan,
            number=number,
            found=found,
            now=now,
            old_history=history.read_text(encoding="utf-8", errors="replace") if history.exists() else "",
            old_requested=requested,
            old_state=state.read_bytes() if state.exists() else b"",
        )
        files.update(_changed_requests(prefix, plan, diff))
        return number, files

    def _carry_out(self, execution: Execution, before: Sequence[PrefixRecord]) -> Executed:
        files = sum(link.file_count() for link in execution.links)
        self._reporter.report(
            Event(kind="phase", phase="link", text=f"linking {len(execution.links)} packages", total=files)
        )
        if execution.plan.base == "" and not before and not (execution.prefix / "conda-meta").is_dir():
            return create_prefix(execution)
        return change_prefix(execution)


def _new_metadata(plan: ChangePlan, now: datetime) -> tuple[int, dict[str, bytes]]:
    """Return the first generation of a new environment, or the next one of a renamed environment's history."""
    source = Path(plan.clone_from) if plan.clone_from and plan.keep_history else None
    if source is None:
        return 1, metadata_files(plan, number=1, now=now)
    numbers = generation_numbers(source)
    number = (numbers[-1] if numbers else 0) + 1
    history = source / "conda-meta" / "history"
    old_history = history.read_text(encoding="utf-8", errors="replace") if history.exists() else ""
    files = {generation_path(each): (source / generation_path(each)).read_bytes() for each in numbers}
    return number, files | metadata_files(plan, number=number, now=now, old_history=old_history)


def _directories(links: Sequence[PackageLinkPlan], before: Sequence[PrefixRecord]) -> set[str]:
    """Return the paths that packages bring as directories."""
    found = {action.path for link in links for action in link.actions if action.kind == "directory"}
    for record in before:
        found.update(entry.path for entry in record.paths_data.paths if entry.path_type == "directory")
    return found


def _changed_requests(prefix: Path, plan: ChangePlan, diff: PackageDiff) -> Mapping[str, bytes]:
    """Return the records of packages that stay but are now asked for, or no longer."""
    wanted = specs_by_name(plan.requested)
    changed: dict[str, bytes] = {}
    for record in diff.keep:
        specs = wanted.get(record.name, ())
        known = record.requested_specs or ((record.requested_spec,) if record.requested_spec else ())
        path = f"conda-meta/{record.dist}.json"
        if tuple(specs) != tuple(known) and (prefix / path).is_file():
            changed[path] = with_requested((prefix / path).read_bytes(), specs)
    return changed


def _result(plan: ChangePlan, number: int, executed: Executed, extracted: int) -> ChangeResult:
    # What a directory takes depends on the file system: nothing on tmpfs, a block on most others.
    directory = taken_bytes(plan.prefix) if plan.records else 0
    linked = [change.after.dist for change in plan.changes if change.after is not None]
    records = [f"conda-meta/{dist}.json" for dist in linked] + [generation_path(number)]
    written = sum(taken_bytes(f"{plan.prefix}/{path}") for path in records)
    return ChangeResult(
        prefix=plan.prefix,
        generation=number,
        changes=plan.changes,
        warnings=(*plan.warnings, *executed.warnings),
        messages=executed.messages,
        linked_files=executed.linked_files,
        linked_bytes=executed.linked_bytes,
        disk_bytes=extracted + executed.taken_bytes + written + executed.directories * directory,
    )
