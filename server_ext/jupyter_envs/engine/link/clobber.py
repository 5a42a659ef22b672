"""Two packages that claim the same path: who wins, and plans without what lost (pure).

The package later in topological order wins, as in conda's and rattler's prefixes; every such path is a warning. A path
that is a file in one package and a directory in another has no winner: it is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from jupyter_envs.engine.link.actions import FileAction, PackageLinkPlan, link_action
from jupyter_envs.engine.link.paths import directories_of
from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.errors import LinkError

_SHOWN = 3


def winners(plans: Sequence[PackageLinkPlan]) -> tuple[dict[str, str], list[PlanWarning]]:
    """Return who provides each path that more than one package claims, and one warning for each pair of packages.

    Parameters
    ----------
    plans : sequence of PackageLinkPlan
        In topological order: a package comes after what it depends on.

    Raises
    ------
    LinkError
        ``link.path_conflict``, when one package's file is another's directory.
    """
    owner: dict[str, int] = {}
    won: dict[str, str] = {}
    pairs: dict[tuple[int, int], list[str]] = {}
    for index, plan in enumerate(plans):
        paths = plan.claimed
        for path in sorted(owner.keys() & paths) if not owner.keys().isdisjoint(paths) else ():
            won[path] = plan.dist
            pairs.setdefault((owner[path], index), []).append(path)
        owner.update(dict.fromkeys(paths, index))
    refuse_file_as_directory(plans, needed_directories(plans))
    warnings = [_warning(plans[loser].dist, plans[winner].dist, paths) for (loser, winner), paths in pairs.items()]
    return won, warnings


def without_losers(plans: Sequence[PackageLinkPlan], won: Mapping[str, str]) -> list[PackageLinkPlan]:
    """Return the plans with each clobbered path made by its winner only; the losers keep it in ``lost``."""
    if not won:
        return list(plans)
    return [_without(plan, {path for path, dist in won.items() if dist != plan.dist}) for plan in plans]


def parents(directories: Iterable[str]) -> set[str]:
    """Return the given directories and every one above them, relative and without a final slash."""
    found = {path.rstrip("/") for path in directories} - {""}
    pending = found
    while pending:
        pending = {path[: path.rfind("/")] for path in pending if "/" in path} - found
        found |= pending
    return found


def needed_directories(plans: Sequence[PackageLinkPlan]) -> list[str]:
    """Return every directory that the plans' files need or that is an entry itself, parents before children."""
    above = parents(set().union(*(directories_of(plan.paths()) if plan.lost else plan.directories for plan in plans)))
    above.update(action.path for plan in plans for action in plan.actions if action.kind == "directory")
    return sorted(above)


def refuse_file_as_directory(plans: Sequence[PackageLinkPlan], directories: Iterable[str]) -> None:
    """Raise ``LinkError`` (``link.path_conflict``) when a file or soft link stands where a directory is needed.

    A soft link of one package must never redirect the files of another out of the prefix.
    """
    wanted = frozenset(directories)
    for plan in plans:
        taken = plan.claimed & wanted
        if not taken:
            continue
        made = taken.intersection(plan.paths())
        for path in sorted(made):
            inner = f"{path}/"
            other = next((each.dist for each in plans if any(item.startswith(inner) for item in each.claimed)), "")
            raise LinkError(
                f"{path} is a file or link of {plan.dist} and a directory of {other or 'another package'}",
                hint="these packages cannot stand in one environment: remove one of them from the request",
                code="link.path_conflict",
                detail={"path": path},
            )


def _warning(loser: str, winner: str, paths: Sequence[str]) -> PlanWarning:
    shown = ", ".join(paths[:_SHOWN]) + (f" and {len(paths) - _SHOWN} more" if len(paths) > _SHOWN else "")
    return PlanWarning(
        code="link.clobber",
        message=f"{winner} and {loser} both provide {shown}; the one of {winner} is used",
        hint=f"the file of {loser} comes back when {winner} is removed",
    )


def _without(plan: PackageLinkPlan, taken: set[str]) -> PackageLinkPlan:
    """Return the plan without the paths in ``taken``."""
    if taken.isdisjoint(plan.claimed):
        return plan
    keep = [index for index, path in enumerate(plan.targets) if path not in taken]
    pyc = [index for index, path in enumerate(plan.pyc_targets) if path not in taken]
    return msgspec.structs.replace(
        plan,
        sources=[plan.sources[index] for index in keep],
        targets=[plan.targets[index] for index in keep],
        entries=[plan.entries[index] for index in keep],
        pyc_sources=[plan.pyc_sources[index] for index in pyc],
        pyc_targets=[plan.pyc_targets[index] for index in pyc],
        actions=[action for action in plan.actions if action.path not in taken or action.kind == "directory"],
        claimed=plan.claimed - taken,
        lost=[*plan.lost, *_lost(plan, taken)],
    )


def _lost(plan: PackageLinkPlan, taken: set[str]) -> list[FileAction]:
    base = plan.manifest.directory
    plain = zip(plan.sources, plan.targets, plan.entries, strict=True)
    return [
        *(link_action(base, source, target, entry) for source, target, entry in plain if target in taken),
        *(action for action in plan.actions if action.path in taken and action.kind != "directory"),
    ]
