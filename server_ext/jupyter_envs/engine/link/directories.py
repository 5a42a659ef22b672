"""The directories that packages need, and paths that are a file in one and a directory in another (pure).

Such a path has no winner: it is refused. Who wins a path that two packages bring as a file is ``transaction.diff``'s to
say.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from jupyter_envs.engine.link.actions import PackageLinkPlan
from jupyter_envs.engine.link.paths import directories_of
from jupyter_envs.errors import LinkError


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
