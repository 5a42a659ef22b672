"""How a change runs from the command line: a job, watched; its plan shown; a person asked before anything is lost.

One child process does it all when nothing is removed or downgraded (or ``--yes`` was given). Otherwise the first job
ends after the plan, and a second executes exactly that plan. Ctrl-C cancels the job and waits until it has stopped.

On a terminal, scripts of packages are asked about as well. Where nobody can be asked, those of one's own request run,
as with conda; those of somebody else's do not.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click
import msgspec

from jupyter_envs.cli.plan_view import change_rows, plan_json, plan_notes, result_json
from jupyter_envs.cli.progress import View, in_notebook
from jupyter_envs.cli.session import Session
from jupyter_envs.cli.tables import counted
from jupyter_envs.engine.models.amounts import human_bytes
from jupyter_envs.engine.models.plan import ChangePlan, ChangeRequest, PackageChange
from jupyter_envs.errors import CancelledError, EnvsError, SpecError
from jupyter_envs.jobs.consent import losses_to_agree
from jupyter_envs.jobs.events import JobEvent
from jupyter_envs.jobs.models import Job, JobRequest
from jupyter_envs.jobs.plans import execution_of, find_asked, load_plan

LOSSES = {"removed": "removes", "downgraded": "downgrades"}
PAST = {"create": "created", "clone": "cloned", "repair": "repaired"}


def run_change(
    session: Session,
    request: ChangeRequest,
    *,
    yes: bool,
    dry_run: bool = False,
    register_kernel: bool = True,
    foreign: bool = False,
) -> None:
    """Plan a change, show the plan, ask where something would be lost, execute it and say what it came to.

    Parameters
    ----------
    session : Session
        Where to show and to ask.
    request : ChangeRequest
        What is wanted.
    yes : bool
        Whether what is lost was agreed to, and the scripts of packages unless ``foreign``.
    dry_run : bool
        Keep the plan and change nothing.
    register_kernel : bool
        Bring the environment's kernels in line.
    foreign : bool
        Whether somebody else wrote the request: then no script of a package runs before a person has agreed.
    """
    scripts: tuple[str, ...] | None = () if foreign or (not yes and can_ask(session)) else None
    request = msgspec.structs.replace(request, command=session.surface.command_line())
    job_request = JobRequest(
        kind="plan" if dry_run else "change",
        change=request,
        consent="given" if yes else session.surface.consent,
        link_scripts=scripts,
        register_kernel=register_kernel,
        command=request.command,
    )
    job = run_job(session, job_request, ask_scripts=foreign)
    plan = load_plan(session.settings.root, str(_result(job)["plan_id"]))
    if dry_run:
        return show_stored_plan(session, plan)
    lost = () if yes else losses_to_agree(plan, session.surface.consent, request.specs)
    while not _result(job).get("executed"):  # scripts of packages that were not downloaded are known after it
        scripts = ask_consent(session, lost, _result(job).get("link_scripts", ()), scripts, foreign=foreign)
        execution = execution_of(
            plan, request, command=request.command, scripts=scripts, register_kernel=register_kernel
        )
        job, lost = run_job(session, execution, show_plan=False), ()
    show_result(session, plan, job)
    return None


def _result(job: Job) -> dict[str, Any]:
    return job.result or {}


# -- the job ----------------------------------------------------------------------------------------------------


def run_job(session: Session, request: JobRequest, *, show_plan: bool = True, ask_scripts: bool = False) -> Job:
    """Run a job to its end, showing its events; return it when it is done.

    With ``ask_scripts``, its plan tells how many packages may bring scripts that are not known yet.

    Raises
    ------
    EnvsError
        What the job failed with, with its exit code; ``CancelledError`` after Ctrl-C.
    """
    view = session.surface.view(as_json=session.output.as_json)

    def on_event(event: JobEvent) -> None:
        plan_id = (event.data or {}).get("plan_id")
        if not plan_id:
            if event.kind != "warning" or _is_news(session, event):
                view.show(event)
        elif show_plan:
            view.pause()
            plan = load_plan(session.settings.root, str(plan_id))
            show_plan_table(session, plan, ask_scripts=ask_scripts)

    job = session.jobs.submit(request)
    try:
        job = session.jobs.wait(job.id, on_event)
    except KeyboardInterrupt:
        job = _stop(session, job, view)
    finally:
        view.close()
    if job.state != "done":
        raise error_of(job)
    return job


def _is_news(session: Session, event: JobEvent) -> bool:
    """Tell whether a warning has not been said: by this command, or today by another in the same shell or kernel."""
    from jupyter_envs.cli.said import ONCE_A_DAY, is_first

    if not session.output.is_news(event.text):
        return False
    if session.output.as_json or (event.data or {}).get("code") not in ONCE_A_DAY:
        return True
    return is_first(session.settings.root, event.text, listener=os.getppid(), today=date.today())


def _stop(session: Session, job: Job, view: View) -> Job:
    view.pause()
    session.output.note("stopping; press Ctrl-C again to stop at once…")
    try:
        return session.jobs.cancel(job.id)
    except KeyboardInterrupt:
        return session.jobs.cancel(job.id, grace=0)


def error_of(job: Job) -> EnvsError:
    """Return the error a job ended with, as the class that has its exit code."""
    stored: dict[str, Any] = job.error or {}
    code = str(stored.get("code", "job.failed"))
    found = _class_for(code, job.exit_code)
    return found(
        str(stored.get("message", f"job {job.id} {job.state}")),
        hint=str(stored.get("hint", "")),
        code=code,
        detail=stored.get("detail") or {},
    )


def _class_for(code: str, exit_code: int | None) -> type[EnvsError]:
    """Return the narrowest class with this exit code whose own code begins the error's."""
    if exit_code == CancelledError.exit_code:
        return CancelledError
    candidates, found = [EnvsError], []
    while candidates:
        cls = candidates.pop()
        candidates += cls.__subclasses__()
        found += [cls] if cls.exit_code == exit_code else []
    matching = [cls for cls in found if code == cls.default_code or code.startswith(f"{cls.default_code}.")]
    return max(matching or found[:1] or [EnvsError], key=lambda cls: len(cls.default_code))


# -- the plan ---------------------------------------------------------------------------------------------------


def show_plan_table(session: Session, plan: ChangePlan, *, ask_scripts: bool = False) -> None:
    """Print a plan for people: each package that changes, the cost, what to know."""
    session.output.plan(change_rows(plan.changes), plan_notes(plan, ask_scripts=ask_scripts))
    for warning in plan.warnings:
        session.output.warn(warning.message, warning.hint)


def show_stored_plan(session: Session, plan: ChangePlan) -> None:
    """Say how a plan that was only made can be executed."""
    if plan.changes or plan.action != "update":  # an install may note what is asked for
        session.output.text()
        session.output.text(f"plan {plan.plan_id}; to execute it: jupyter envs execute {plan.plan_id}")
    session.output.result({"executed": False, **plan_json(plan)})


def ask_consent(
    session: Session,
    lost: Sequence[PackageChange],
    found: Sequence[str] = (),
    agreed: tuple[str, ...] | None = None,
    *,
    foreign: bool = False,
) -> tuple[str, ...] | None:
    """Ask once before packages are removed or downgraded and before scripts of packages run.

    Parameters
    ----------
    session : Session
        Where to ask.
    lost : sequence of PackageChange
        The packages for which a yes is missing.
    found : sequence of str
        The scripts that are known, as plans name them.
    agreed : tuple of str, or None
        The scripts that may run; ``None``: all.
    foreign : bool
        Whether the request is somebody else's: then Enter means no.

    Returns
    -------
    tuple of str, or None
        The scripts that may run now.

    Raises
    ------
    SpecError
        Nobody can be asked (no terminal, or ``--json``).
    CancelledError
        The person said no.
    """
    scripts = [] if agreed is None else [script for script in found if script not in agreed]
    what = [_loses(lost)] if lost else []
    what += (
        [f"{counted(len(scripts), 'script')} of packages would run, as you: {', '.join(scripts)}"] if scripts else []
    )
    if scripts:
        without = "set JUPYTER_ENVS_RUN_LINK_SCRIPTS=0 to go on without them"
        confirm(session, "; ".join(what), otherwise=without, default=not foreign)
    elif what:
        confirm(session, what[0])
    return None if agreed is None else (*agreed, *scripts)


def _loses(lost: Sequence[PackageChange]) -> str:
    names = ", ".join(change.name for change in lost[:5]) + (", …" if len(lost) > 5 else "")
    does = " or ".join(verb for kind, verb in LOSSES.items() if any(change.kind == kind for change in lost))
    return f"this {does} {counted(len(lost), 'package')} ({names})"


def can_ask(session: Session) -> bool:
    """Tell whether a person can answer: there is a terminal, and not that of ``!jupyter envs …`` in a notebook."""
    return not session.output.as_json and sys.stdin.isatty() and sys.stderr.isatty() and not in_notebook()


def confirm(
    session: Session, what: str, *, otherwise: str = "look at it first with --dry-run", default: bool = True
) -> None:
    """Ask whether to go on; raises as ``ask_consent``.

    Parameters
    ----------
    session : Session
        Where to ask.
    what : str
        What would be lost: "this removes numpy".
    otherwise : str
        What can be done instead of agreeing with --yes, empty when there is nothing.
    default : bool
        What Enter means.
    """
    if not can_ask(session):
        raise SpecError(
            f"{what}, and nobody can be asked",
            hint="add --yes to agree" + (f", or {otherwise}" if otherwise else ""),
            code="spec.consent",
        )
    if not click.confirm(f"{what}. Go on?", default=default, err=True):
        raise CancelledError("not done; everything is as it was")


# -- the result -------------------------------------------------------------------------------------------------


def show_result(session: Session, plan: ChangePlan, job: Job) -> None:
    """Say what a change came to, for people or as JSON."""
    say_result(session, plan, job)
    session.output.result(result_json(plan, _result(job), job.id))


def say_result(session: Session, plan: ChangePlan, job: Job) -> None:
    """Say what a change came to, for people."""
    result = _result(job)
    change: dict[str, Any] = result.get("result") or {}
    output = session.output
    for warning in change.get("warnings") or ():
        output.warn(warning["message"], warning.get("hint", ""))
    for message in change.get("messages") or ():
        output.text(message)
    output.text(result_sentence(session, plan, change, result.get("newly_requested") or ()))
    for prefix in result.get("also_repaired") or ():
        output.text(f"{session.name_of(Path(prefix))} repaired as well: it shared the damaged files")
    for kernel in result.get("kernels") or ():
        output.kernel_ready(kernel)


def result_sentence(session: Session, plan: ChangePlan, change: dict[str, Any], asked: Sequence[str] = ()) -> str:
    """Return ``analysis changed: generation 3, 1,204 files linked, 12 MB more on disk``.

    ``asked`` are the specs of an install that were not asked for before.
    """
    name = session.name_of(Path(plan.prefix))
    if not change:
        return f"{name} is in that state already" if plan.action == "restore" else f"{name} has it all already"
    parts = [f"generation {change['generation']}"] if change.get("generation") else []
    if change.get("linked_files"):
        parts.append(f"{counted(change['linked_files'], 'file')} linked")
        parts.append(f"{human_bytes(change.get('disk_bytes', 0))} more on disk")
    done = f"{name} {PAST.get(plan.action, 'changed')}"
    if plan.action == "install" and not plan.changes:
        done = f"{name} has it all already; {', '.join(asked) or 'what is asked for'} is now noted as asked for"
    elif plan.action in ("undo", "restore") and not plan.changes:
        done = f"{name} has the same packages; what is noted as asked for is as it was"
    return f"{done}: {', '.join(parts)}" if parts else done


def execute_stored(session: Session, plan_id: str, *, yes: bool) -> None:
    """Execute a plan that was stored before, after showing it and asking where something would be lost."""
    plan = load_plan(session.settings.root, plan_id)
    show_plan_table(session, plan)
    lost = () if yes else losses_to_agree(plan, session.surface.consent, ())
    scripts: tuple[str, ...] | None = () if not yes and can_ask(session) else None
    asked = find_asked(plan, session.jobs.store)
    found: Sequence[str] = plan.link_scripts
    while True:
        scripts = ask_consent(session, lost, found, scripts)
        execution = execution_of(plan, asked, command=session.surface.command_line(), scripts=scripts)
        job = run_job(session, execution, show_plan=False)
        if _result(job).get("executed"):
            return show_result(session, plan, job)
        lost, found = (), _result(job).get("link_scripts", ())
