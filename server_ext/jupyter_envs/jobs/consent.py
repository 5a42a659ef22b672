"""Which plans need a person's yes: pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from jupyter_envs.engine.models.plan import ChangePlan, PackageChange
from jupyter_envs.engine.planning_rules import dependents_of, package_name
from jupyter_envs.jobs.models import Consent


def losses(plan: ChangePlan) -> tuple[PackageChange, ...]:
    """Return the changes that take something away: packages removed or downgraded."""
    return tuple(change for change in plan.changes if change.kind in ("removed", "downgraded"))


def unasked_losses(plan: ChangePlan, names: Collection[str]) -> tuple[PackageChange, ...]:
    """Return the losses that a request does not say by itself: whoever asks to remove polars agrees that it goes.

    So do its dependencies that nobody needs any more, and whatever an undo or a restore takes back. What does need
    agreement: a package that was not named and is downgraded, or goes because it needs one that goes or changes.

    Parameters
    ----------
    plan : ChangePlan
        What would be done.
    names : collection of str
        Names of the packages that the request named.
    """
    if plan.action in ("undo", "restore"):
        return ()
    lost = tuple(change for change in losses(plan) if change.name not in names)
    if plan.action != "remove":
        return lost
    removed = [change.before for change in losses(plan) if change.before is not None]
    dependents = dependents_of(removed, names)
    return tuple(change for change in lost if change.kind == "downgraded" or change.name in dependents)


def losses_to_agree(plan: ChangePlan, consent: Consent, specs: Iterable[str]) -> tuple[PackageChange, ...]:
    """Return the changes for which a person's yes is missing.

    Parameters
    ----------
    plan : ChangePlan
        What would be done.
    consent : Consent
        What was agreed to already: everything (``given``), nothing that is lost (``destructive``), or what follows
        from the request itself (``unasked``).
    specs : iterable of str
        What the request named.
    """
    if consent == "given":
        return ()
    if consent == "destructive":
        return losses(plan)
    return unasked_losses(plan, {package_name(spec) for spec in specs})
