"""``jobs``: what ran, what runs; logs; cancelling."""

from __future__ import annotations

import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from jupyter_envs.cli.failures import failure_lines
from jupyter_envs.cli.flow import error_of, say_result
from jupyter_envs.cli.job_view import step_lines, steps_of
from jupyter_envs.cli.options import json_option
from jupyter_envs.cli.plan_view import change_rows, plan_notes
from jupyter_envs.cli.session import PROGRAM, Session
from jupyter_envs.cli.tables import human_duration, human_time
from jupyter_envs.engine.models.plan import ChangePlan
from jupyter_envs.errors import NotFoundError, SpecError
from jupyter_envs.jobs.events import JobEvent, read_events
from jupyter_envs.jobs.models import Job
from jupyter_envs.jobs.plans import load_plan

SHOWN = 20


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def jobs(ctx: click.Context, as_json: bool) -> None:
    """List jobs, the newest first; `show`, `log` and `cancel` take an ID, the end of one, or `last`."""
    if ctx.invoked_subcommand is None:
        show_list(Session(as_json=as_json), limit=SHOWN, everything=False)


@jobs.command(name="list")
@click.option("--limit", type=click.IntRange(min=1), default=SHOWN, show_default=True, help="At most so many.")
@click.option("--all", "everything", is_flag=True, help="Also those that ran in the background.")
@json_option
def list_jobs(limit: int, everything: bool, as_json: bool) -> None:
    """List jobs, the newest first."""
    show_list(Session(as_json=as_json), limit=limit, everything=everything)


def show_list(session: Session, *, limit: int, everything: bool) -> None:
    """Print the newest jobs; those whose process is gone are marked first."""
    session.jobs.reap_interrupted()
    found = session.jobs.store.jobs(limit=limit, hidden=everything)
    rows = [
        [job.id, human_time(job.created_at), state_of(job, found), _took(job), job.command or job.kind] for job in found
    ]
    if rows:
        session.output.table(["job", "when", "state", "took", "command"], rows)
    else:
        session.output.text("no jobs yet")
    session.output.result({"jobs": [job_json(job) for job in found]})


def job_json(job: Job) -> dict[str, Any]:
    """Return a job for ``--json``, without the request's records."""
    value: dict[str, Any] = msgspec.to_builtins(job)
    del value["request"]
    return value


def state_of(job: Job, others: Sequence[Job]) -> str:
    """Return a job's state as people read it: a dry run, and a change that waits for a yes, were only planned.

    ``others`` are the jobs among which the one is looked for that executed the plan. One that stopped at a script that
    nobody had agreed to executed nothing.
    """
    if job.kind == "plan" and job.state == "done":
        return "planned"
    plan = (job.result or {}).get("plan_id")
    if job.kind not in ("change", "execute") or job.state != "done" or _is_executed(job):
        return job.state
    executing = [other for other in others if other.kind == "execute" and other.request.plan_id == plan]
    confirmed = any(_is_executed(other) or other.state != "done" for other in executing)
    return "planned" if confirmed else "planned, not confirmed"


def _is_executed(job: Job) -> bool:
    return bool((job.result or {}).get("executed", True))


def _took(job: Job) -> str:
    if job.started_at is None:
        return "-"
    return human_duration((job.ended_at or time.time()) - job.started_at)


@jobs.command()
@click.argument("job_id", metavar="ID")
@json_option
def show(job_id: str, as_json: bool) -> None:
    """Show one job: its command and state, its phases, what it changed, and its error with what to do."""
    session = Session(as_json=as_json)
    session.jobs.reap_interrupted()
    job = session.jobs.store.get(job_id)
    events = read_events(session.jobs.store.events_path(job.id))
    rows = [
        ["job", job.id],
        ["command", job.command or job.kind],
        ["state", state_of(job, session.jobs.store.jobs(prefix=job.prefix))],
        ["environment", session.name_of(Path(job.prefix)) if job.prefix else "-"],
        ["began", human_time(job.started_at)],
        ["took", _took(job)],
        ["log", str(session.jobs.store.log_path(job.id))],
    ]
    session.output.table(["", ""], rows)
    if not as_json:
        show_course(session, job, events)
    session.output.result({**job_json(job), "events": msgspec.to_builtins(events)})


def show_course(session: Session, job: Job, events: Sequence[JobEvent]) -> None:
    """Print what a job did, as it was shown while it ran."""
    output = session.output
    plan = _plan_of(session, job, events)
    lines = step_lines(steps_of(events, job.ended_at), output.width)
    for line in ["", *lines] if lines else ():
        output.text(line)
    if plan is not None:
        output.text()
        output.plan(change_rows(plan.changes), plan_notes(plan))
        if job.state == "done" and (job.result or {}).get("executed"):
            say_result(session, plan, job)
    if job.error:
        for line in failure_lines(error_of(job), _words(job)):
            output.text(line)


def _plan_of(session: Session, job: Job, events: Sequence[JobEvent]) -> ChangePlan | None:
    """Return the plan that a job made or executed; ``None`` when it had none, or that is not kept any more."""
    told = (str(event.data["plan_id"]) for event in events if event.data and event.data.get("plan_id"))
    plan_id = next(told, job.request.plan_id)
    try:
        return load_plan(session.settings.root, plan_id) if plan_id else None
    except (NotFoundError, SpecError):  # the oldest are dropped, and another version may have written it
        return None


def _words(job: Job) -> list[str]:
    """Return what was typed after ``jupyter envs`` for a job, nothing when it was started in another way."""
    return shlex.split(job.command.removeprefix(PROGRAM)) if job.command.startswith(f"{PROGRAM} ") else []


@jobs.command()
@click.argument("job_id", metavar="ID")
@click.option("--follow", is_flag=True, help="Go on until the job ends.")
def log(job_id: str, follow: bool) -> None:
    """Print what a job and its scripts printed."""
    session = Session()
    job = session.jobs.store.get(job_id)
    offset = 0
    while True:
        if follow:
            job = session.jobs.wait(job.id, timeout=0.2)
        offset = _print_from(session, job, offset)
        if not follow or job.finished:
            return


def _print_from(session: Session, job: Job, offset: int) -> int:
    path = session.jobs.store.log_path(job.id)
    if not path.exists():
        return offset
    with path.open("rb") as stream:
        stream.seek(offset)
        data = stream.read()
    click.echo(data.decode(errors="replace"), nl=False)
    return offset + len(data)


@jobs.command()
@click.argument("job_id", metavar="ID")
@json_option
def cancel(job_id: str, as_json: bool) -> None:
    """Stop a running job; its environment is as it was before."""
    session = Session(as_json=as_json)
    job = session.jobs.store.get(job_id)
    was = job.state
    job = job if job.finished else session.jobs.cancel(job.id)
    said = {"cancelled": "cancelled; the environment is as it was"}.get(job.state, f"{job.state} already")
    session.output.text(f"job {job.id} {said}")
    session.output.result({**job_json(job), "was": was})
