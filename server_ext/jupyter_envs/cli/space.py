"""``disk`` and ``clean``: what takes space, and giving back what nobody uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from jupyter_envs.cli.flow import confirm, run_job
from jupyter_envs.cli.options import EnvironmentName, json_option, yes_option
from jupyter_envs.cli.session import Session
from jupyter_envs.cli.tables import counted, human_bytes
from jupyter_envs.jobs.models import JobRequest


@click.command()
@click.argument("names", nargs=-1, type=EnvironmentName())
@json_option
def disk(names: tuple[str, ...], as_json: bool) -> None:
    """Show what environments take: bytes of their own, and bytes shared with others by hard links."""
    session = Session(as_json=as_json)
    chosen = [session.prefix(name, None) for name in names]
    usages = session.engine.disk(chosen or [Path(info.path) for info in session.engine.environments()])
    rows = [
        [
            session.name_of(Path(usage.path)),
            human_bytes(usage.unique),
            human_bytes(usage.shared),
            human_bytes(usage.total),
        ]
        for usage in sorted(usages, key=lambda usage: usage.unique, reverse=True)
    ]
    session.output.table(["environment", "of its own", "shared", "together"], rows)
    session.output.text(f"{human_bytes(session.engine.free_bytes())} are free")
    session.output.result({"environments": msgspec.to_builtins(usages), "free_bytes": session.engine.free_bytes()})


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@yes_option
@json_option
def clean(dry_run: bool, yes: bool, as_json: bool) -> None:
    """Remove packages that no environment uses from the cache, and what killed creations and deletions left."""
    session = Session(as_json=as_json)
    report = _report(session, dry_run=True)
    count, size = _size(report)
    if dry_run or not (count or report.get("swept") or report.get("unlisted")):
        _show(session, report, "would be removed" if dry_run else "removed")
        return
    if count and not yes:
        confirm(session, f"this removes {counted(count, 'package')} from the cache ({human_bytes(size)})")
    _show(session, _report(session, dry_run=False), "removed")


def _report(session: Session, *, dry_run: bool) -> dict[str, Any]:
    if dry_run:
        found: dict[str, Any] = msgspec.to_builtins(session.engine.clean(dry_run=True))
        return found
    return run_job(session, JobRequest(kind="clean", command=session.surface.command_line())).result or {}


def _size(report: dict[str, Any]) -> tuple[int, int]:
    return len(report.get("removed") or ()), int(report.get("freed_bytes") or 0)


def _show(session: Session, report: dict[str, Any], done: str) -> None:
    count, size = _size(report)
    session.output.text(f"{counted(count, 'package')} {done}, {human_bytes(size)}")
    for path in report.get("swept") or ():
        session.output.text(f"{path} {done}: a creation or deletion that was killed left it")
    for path in report.get("unlisted") or ():
        session.output.text(f"{path} {done} from environments.txt: nothing is there")
    session.output.result(report)
