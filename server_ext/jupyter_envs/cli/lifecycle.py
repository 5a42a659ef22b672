"""``clone``, ``rename``, ``delete``: environments as wholes."""

from __future__ import annotations

import click

from jupyter_envs.cli.flow import confirm, run_change, run_job
from jupyter_envs.cli.options import Consent, EnvironmentName, consent_options, environment, json_option, yes_option
from jupyter_envs.cli.session import Session
from jupyter_envs.cli.tables import counted
from jupyter_envs.engine.models.amounts import human_bytes
from jupyter_envs.engine.models.plan import ChangeRequest
from jupyter_envs.jobs.models import JobRequest


@click.command()
@click.argument("source", type=EnvironmentName())
@click.argument("name", required=False)
@click.option("-p", "--prefix", metavar="PREFIX", type=click.Path(), help="Where the copy goes, instead of NAME.")
@click.option("--no-kernel", is_flag=True, help="Register no kernel for the copy.")
@consent_options
@json_option
def clone(source: str, name: str | None, prefix: str | None, no_kernel: bool, consent: Consent, as_json: bool) -> None:
    """Copy the environment SOURCE to NAME: the same packages, linked from the cache."""
    session = Session(as_json=as_json)
    origin = session.prefix(source, None)
    target = session.new_prefix(name, prefix)
    request = ChangeRequest(action="clone", prefix=str(target), clone_from=str(origin))
    run_change(session, request, yes=consent.yes, dry_run=consent.dry_run, register_kernel=not no_kernel)


@click.command()
@click.argument("name", type=EnvironmentName())
@click.argument("new_name")
@json_option
def rename(name: str, new_name: str, as_json: bool) -> None:
    """Give the environment NAME the name NEW_NAME; its kernel follows."""
    session = Session(as_json=as_json)
    prefix = session.prefix(name, None)
    session.new_prefix(new_name, None)
    request = JobRequest(kind="rename", prefix=str(prefix), new_name=new_name, command=session.surface.command_line())
    job = run_job(session, request)
    result = job.result or {}
    session.output.text(f"{name} is now {new_name}: {result.get('prefix')}")
    session.output.result({**result, "job": job.id})


@click.command()
@environment
@yes_option
@json_option
def delete(name: str | None, prefix: str | None, yes: bool, as_json: bool) -> None:
    """Delete an environment, its history and its kernels. Packages stay in the cache (`jupyter envs clean`)."""
    session = Session(as_json=as_json)
    target = session.prefix(name, prefix)
    if not yes:
        from jupyter_envs.engine.prefix.records import iter_record_names

        count = counted(len(iter_record_names(target)), "package")
        confirm(session, f"this deletes {session.name_of(target)} with {count}: {target}", otherwise="", default=False)
    request = JobRequest(kind="delete", prefix=str(target), command=session.surface.command_line())
    job = run_job(session, request)
    result = job.result or {}
    freed = result.get("freed_bytes")
    freed_text = f"; {human_bytes(freed)} freed" if isinstance(freed, int) else ""
    session.output.text(f"{session.name_of(target)} deleted{freed_text}")
    session.output.result({**result, "job": job.id})
