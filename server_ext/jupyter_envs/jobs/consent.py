"""Which plans need a person's yes: pure."""

from __future__ import annotations

from jupyter_envs.engine.models.plan import ChangePlan, PackageChange


def losses(plan: ChangePlan) -> tuple[PackageChange, ...]:
    """Return the changes that take something away: packages removed or downgraded."""
    return tuple(change for change in plan.changes if change.kind in ("removed", "downgraded"))


def needs_consent(plan: ChangePlan) -> bool:
    """Return whether a person should agree before the plan is executed."""
    return bool(losses(plan))
