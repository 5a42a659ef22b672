"""``disk`` and ``clean``: what takes space, and giving back what nobody uses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from jupyter_envs.build.cached_sources import sources_bytes
from jupyter_envs.build.models import UNUSED_DAYS
from jupyter_envs.cli.flow import confirm, run_job
from jupyter_envs.cli.options import EnvironmentName, json_option, yes_option
from jupyter_envs.cli.session import Session
from jupyter_envs.cli.tables import counted
from jupyter_envs.engine.models.amounts import human_bytes
from jupyter_envs.jobs.cleaning import clean_all
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
    sources = 0 if names else sources_bytes(session.settings.root)
    if sources:
        kept = human_bytes(sources)
        session.output.text(f"{kept} more are sources of recipes (`jupyter envs clean --sources 0` removes them)")
    free = session.engine.free_bytes()
    session.output.text(f"{human_bytes(free)} are free")
    quota = None if names else session.engine.quota()
    if quota is not None:
        from jupyter_envs.engine.quota import describe

        session.output.text(describe(quota))
    session.output.result(
        {
            "environments": msgspec.to_builtins(usages),
            "sources_bytes": sources,
            "free_bytes": free,
            "quota": msgspec.to_builtins(quota),
        }
    )


@click.command()
@click.option("--dry-run", is_flag=True, help="Only show what would be removed.")
@click.option(
    "--sources",
    "source_days",
    type=click.IntRange(0),
    default=UNUSED_DAYS,
    show_default=True,
    metavar="DAYS",
    help="Sources of recipes go that no build has used for so many days; 0: all.",
)
@yes_option
@json_option
def clean(dry_run: bool, source_days: int, yes: bool, as_json: bool) -> None:
    """Remove what nobody uses: packages in the cache, old sources of recipes, what killed changes left."""
    session = Session(as_json=as_json)
    report: dict[str, Any] = msgspec.to_builtins(clean_all(session.engine, source_days, dry_run=True))
    what, size = _size(report)
    if dry_run or not (report["removed"] or report.get("swept") or report.get("unlisted")):
        _show(session, report, "would be removed" if dry_run else "removed")
        return
    if report["removed"] and not yes:
        confirm(session, f"this removes {what} from the cache ({human_bytes(size)})")
    request = JobRequest(kind="clean", source_days=source_days, command=session.surface.command_line())
    _show(session, run_job(session, request).result or {}, "removed")


def _size(report: dict[str, Any]) -> tuple[str, int]:
    """Return what is removed from the caches in words, and its bytes."""
    removed = report.get("removed") or ()
    sources = sum(entry["kind"] == "source" for entry in removed)
    packages = counted(len(removed) - sources, "package")
    what = f"{packages} and {counted(sources, 'source')} of recipes" if sources else packages
    return what, int(report.get("freed_bytes") or 0)


def _show(session: Session, report: dict[str, Any], done: str) -> None:
    what, size = _size(report)
    session.output.text(f"{what} {done}, {human_bytes(size)}")
    for path in report.get("swept") or ():
        session.output.text(f"{path} {done}: a creation or deletion that was killed left it")
    for path in report.get("unlisted") or ():
        session.output.text(f"{path} {done} from environments.txt: nothing is there")
    session.output.result(report)
