"""Plans of packages as a transaction settles them: each path made by its winner only."""

from __future__ import annotations

from collections.abc import Sequence

from jupyter_envs.engine.link.actions import PackageLinkPlan
from jupyter_envs.engine.transaction.diff import PathChanges, diff_packages, diff_paths
from jupyter_envs.engine.transaction.inputs import settle


def settle_new(plans: Sequence[PackageLinkPlan]) -> PathChanges:
    """Settle the plans of a new environment, given in topological order, in place; return who has which path."""
    diff = diff_packages((), [plan.record for plan in plans])
    order = {plan.record.name: rank for rank, plan in enumerate(plans)}
    directories = {action.path for plan in plans for action in plan.actions if action.kind == "directory"}
    changes = diff_paths(diff, {plan.dist: plan.paths() for plan in plans}, order, directories)
    settle(plans, changes.placed)
    return changes
