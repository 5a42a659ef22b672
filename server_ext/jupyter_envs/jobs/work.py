"""What each kind of job does, with an engine: decides nothing about processes, files of jobs or signals.

Every function returns the job's result as JSON-able data. A kernelspec that cannot be written is a warning of a change
that has happened, not its failure.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from jupyter_envs.engine.models.events import CancelToken, Event, Reporter
from jupyter_envs.engine.models.plan import ChangePlan, ChangeRequest
from jupyter_envs.engine.prefix.state import read_state
from jupyter_envs.errors import EnvsError, ScriptConsentError, SpecError
from jupyter_envs.jobs.consent import losses, losses_to_agree
from jupyter_envs.jobs.models import JobRequest
from jupyter_envs.jobs.plans import load_plan, save_plan
from jupyter_envs.settings import Settings

if TYPE_CHECKING:
    from jupyter_envs.engine.api import Engine

Result = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What a job works with."""

    engine: Engine
    settings: Settings
    reporter: Reporter
    cancel: CancelToken


def perform(request: JobRequest, place: Workplace) -> Result:
    """Do what the request asks and return the result.

    Raises
    ------
    EnvsError
        Whatever the engine refuses; environments are then as they were.
    """
    return _WORK[request.kind](request, place)


def _change_of(request: JobRequest) -> ChangeRequest:
    if request.change is None:
        raise SpecError(f"a {request.kind} job needs a request", hint="submit it with `change`")
    return request.change


def _make_plan(request: JobRequest, place: Workplace) -> ChangePlan:
    plan = place.engine.plan(_change_of(request))
    save_plan(place.settings.root, plan)
    place.reporter.report(Event(kind="message", phase="solve", text="planned", data={"plan_id": plan.plan_id}))
    return plan


def _plan(request: JobRequest, place: Workplace) -> Result:
    return {"plan_id": _make_plan(request, place).plan_id}


def _change(request: JobRequest, place: Workplace) -> Result:
    plan = _make_plan(request, place)
    agreed = request.link_scripts is None or set(plan.link_scripts) <= set(request.link_scripts)
    if losses_to_agree(plan, request.consent, _change_of(request).specs) or not agreed:
        return {"plan_id": plan.plan_id, "executed": False, "link_scripts": list(plan.link_scripts)}
    return _carry_out(plan, request, place)


def _execute(request: JobRequest, place: Workplace) -> Result:
    return _carry_out(load_plan(place.settings.root, request.plan_id), request, place)


def _changes_nothing(plan: ChangePlan, place: Workplace) -> bool:
    """Return whether what is asked for is there and was asked for before, or the state to restore is the present one.

    An undo is carried out even so: the next one is to go further back.
    """
    if plan.changes or plan.action not in ("install", "update", "repair", "restore"):
        return False
    if plan.action == "restore":
        return _is_present(plan, place)
    return set(plan.requested) == set(place.engine.requested(Path(plan.prefix)))


def _is_present(plan: ChangePlan, place: Workplace) -> bool:
    """Return whether a plan without changes says of its environment what the latest generation does."""
    latest = place.engine.generations(Path(plan.prefix))[-1]
    same = (plan.requested, plan.channels, plan.sources) == (latest.requested, latest.channels, latest.sources)
    return same and plan.variables == read_state(Path(plan.prefix))


def _carry_out(plan: ChangePlan, request: JobRequest, place: Workplace) -> Result:
    if _changes_nothing(plan, place):
        return {"plan_id": plan.plan_id, "executed": True, "result": {}, "kernels": []}
    asked = _newly_asked(plan, place)
    try:
        result = place.engine.execute(plan, scripts=request.link_scripts)
    except ScriptConsentError as error:
        return {"plan_id": plan.plan_id, "executed": False, **error.detail}
    kernels = _sync_kernels(Path(plan.prefix), request, place)
    return {
        "plan_id": plan.plan_id,
        "executed": True,
        "result": msgspec.to_builtins(result),
        "kernels": kernels,
        **({"newly_requested": asked} if asked else {}),
        **({"also_repaired": _repair_sharing(plan, place)} if plan.sharing else {}),
    }


def _newly_asked(plan: ChangePlan, place: Workplace) -> list[str]:
    """Return the specs of an install that were not asked for before."""
    if plan.action != "install":
        return []
    before = place.engine.requested(Path(plan.prefix))
    return [spec for spec in plan.requested if spec not in before]


def _repair_sharing(plan: ChangePlan, place: Workplace) -> list[str]:
    """Repair the environments that share the damaged files; one that cannot be is a warning."""
    repaired = []
    for prefix in plan.sharing:
        try:
            other = place.engine.plan(ChangeRequest(action="repair", prefix=prefix, command=plan.command))
            if not losses(other):
                place.engine.execute(other)
                repaired.append(prefix)
        except EnvsError as error:
            place.reporter.report(
                Event(kind="warning", phase="commit", text=f"{prefix}: {error.message}", hint=error.hint)
            )
    return repaired


def _sync_kernels(prefix: Path, request: JobRequest, place: Workplace) -> list[str]:
    """Bring the user's kernelspecs in line with an environment that has changed; return its kernels' names."""
    if not request.register_kernel:
        return []
    from jupyter_envs.kernels.sync import sync_environment

    place.reporter.report(Event(kind="phase", phase="kernels", text="registering kernels"))
    try:
        report = sync_environment(prefix, place.settings)
    except EnvsError as error:
        place.reporter.report(Event(kind="warning", phase="kernels", text=error.message, hint=error.hint))
        return []
    for warning in report.warnings:
        place.reporter.report(Event(kind="warning", phase="kernels", text=warning.message, hint=warning.hint))
    return [kernel.name for kernel in report.kernels]


def _recover(request: JobRequest, place: Workplace) -> Result:
    return {"recovered": place.engine.recover(Path(request.prefix))}


def _rename(request: JobRequest, place: Workplace) -> Result:
    old = _kernels_of(request.prefix)
    prefix = place.engine.rename(Path(request.prefix), request.new_name)
    _sync_kernels(Path(request.prefix), request, place)
    return {"prefix": str(prefix), "kernels": _sync_kernels(prefix, request, place), "old_kernels": old}


def _kernels_of(prefix: str) -> list[str]:
    from jupyter_envs.kernels.sync import list_kernels

    try:
        return [kernel.name for kernel in list_kernels() if kernel.prefix == prefix]
    except EnvsError:  # the same fault is a warning when the kernels are brought in line
        return []


def _delete(request: JobRequest, place: Workplace) -> Result:
    freed = place.engine.delete(Path(request.prefix))
    _sync_kernels(Path(request.prefix), request, place)
    return {"prefix": request.prefix, "freed_bytes": freed}


def _clean(request: JobRequest, place: Workplace) -> Result:
    from jupyter_envs.jobs.cleaning import clean_all

    report: Result = msgspec.to_builtins(clean_all(place.engine, request.source_days, dry_run=request.dry_run))
    return report


def _build(request: JobRequest, place: Workplace) -> Result:
    if request.build is None:
        raise SpecError("a build job needs a request", hint="submit it with `build`")
    from jupyter_envs.build.api import Builder

    builder = Builder(place.settings, reporter=place.reporter, cancel=place.cancel)
    report: Result = msgspec.to_builtins(builder.build(request.build))
    return report


def _bundle(request: JobRequest, place: Workplace) -> Result:
    if request.bundle is None:
        raise SpecError("a bundle job needs a request", hint="submit it with `bundle`")
    from jupyter_envs.bundles.make import Bundler

    bundler = Bundler(place.settings, reporter=place.reporter, cancel=place.cancel)
    report: Result = msgspec.to_builtins(bundler.make(request.bundle))
    return report


def _compile(request: JobRequest, place: Workplace) -> Result:
    report: Result = msgspec.to_builtins(place.engine.compile(Path(request.prefix)))
    return report


_WORK: dict[str, Callable[[JobRequest, Workplace], Result]] = {
    "plan": _plan,
    "change": _change,
    "execute": _execute,
    "recover": _recover,
    "rename": _rename,
    "delete": _delete,
    "clean": _clean,
    "compile": _compile,
    "build": _build,
    "bundle": _bundle,
}
