"""What executing a plan needs, gathered before anything is touched; and the metadata files it writes. Values only."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

import msgspec

from jupyter_envs.engine.link.actions import LinkOptions, PackageLinkPlan
from jupyter_envs.engine.models.events import CancelToken, Reporter
from jupyter_envs.engine.models.plan import ChangePlan, PlanWarning
from jupyter_envs.engine.models.platform import PlatformLayout
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.transaction.diff import PackageDiff, PathChanges

RunScript = Callable[[RepodataRecord, str, Path, str], str]
"""Runs a package's script (record, kind such as ``post-link``, script, package directory) and returns its messages."""


class Execution(msgspec.Struct, frozen=True, kw_only=True):
    """One change, ready to be carried out.

    ``links`` are the packages to link in topological order; ``restores`` the plans of kept packages, by dist, whose
    clobbered paths come back. ``run_script`` is ``None`` when scripts are not to be run.
    """

    prefix: Path
    plan: ChangePlan
    diff: PackageDiff
    changes: PathChanges
    links: Sequence[PackageLinkPlan]
    restores: Mapping[str, PackageLinkPlan]
    metadata: Mapping[str, bytes]
    options: LinkOptions
    layout: PlatformLayout
    reporter: Reporter
    cancel: CancelToken
    run_script: RunScript | None = None


class Executed(msgspec.Struct, frozen=True, kw_only=True):
    """What was done to the disk. ``taken_bytes`` are those of files that the prefix does not share with the cache."""

    linked_files: int
    linked_bytes: int
    taken_bytes: int
    directories: int
    warnings: tuple[PlanWarning, ...] = ()
    messages: tuple[str, ...] = ()


def settle(links: Sequence[PackageLinkPlan], placed: Mapping[str, str]) -> None:
    """Move the paths that a package does not get from what it makes to what it has lost (it still records them)."""
    for plan in links:
        lost = {path for path in plan.paths() if placed.get(path) != plan.dist}
        if lost:
            drop(plan, lost)


def drop(plan: PackageLinkPlan, paths: Collection[str]) -> None:
    """Move paths of a plan to its ``lost`` ones, in place."""
    plan.lost.extend(action for action in plan.iter_actions() if action.path in paths)
    keep = [index for index, path in enumerate(plan.targets) if path not in paths]
    plan.sources = [plan.sources[index] for index in keep]
    plan.entries = [plan.entries[index] for index in keep]
    plan.targets = [plan.targets[index] for index in keep]
    compiled = [index for index, path in enumerate(plan.pyc_targets) if path not in paths]
    plan.pyc_sources = [plan.pyc_sources[index] for index in compiled]
    plan.pyc_targets = [plan.pyc_targets[index] for index in compiled]
    plan.actions = [action for action in plan.actions if action.path not in paths]


def clobber_warnings(changes: PathChanges) -> list[PlanWarning]:
    """Return one warning for each pair of packages that want the same paths."""
    pairs: dict[tuple[str, str], list[str]] = {}
    for path, loser, winner in changes.clobbers:
        pairs.setdefault((loser, winner), []).append(path)
    return [
        PlanWarning(
            code="link.clobber",
            message=f"{winner} and {loser} both bring {paths[0]}"
            + (f" and {len(paths) - 1} more files" if len(paths) > 1 else "")
            + f"; those of {winner} are used",
            hint=f"removing {winner} brings back those of {loser}",
        )
        for (loser, winner), paths in sorted(pairs.items())
    ]
