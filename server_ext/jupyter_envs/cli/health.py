"""``verify``, ``repair``, ``doctor``: what is wrong, and putting it right."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from jupyter_envs.cli.flow import run_change
from jupyter_envs.cli.options import Consent, consent_options, environment, json_option
from jupyter_envs.cli.session import Session
from jupyter_envs.cli.tables import counted
from jupyter_envs.engine.models.findings import Finding, sort_findings
from jupyter_envs.engine.models.plan import ChangeRequest

_COLORS = {"error": "red", "warning": "yellow", "note": "cyan"}
FOUND = 1
"""Exit code of ``verify`` and ``doctor`` when something does not work."""


@click.command()
@environment
@json_option
def verify(name: str | None, prefix: str | None, as_json: bool) -> int:
    """Compare each file with its package's record; exit code 1 when files are missing or changed."""
    session = Session(as_json=as_json)
    target = session.prefix(name, prefix)
    findings = session.engine.verify(target)
    good = f"{session.name_of(target)}: every file is as its package brought it"
    code = show_findings(session, findings, good, {"prefix": str(target)})
    return FOUND if any(finding.severity != "note" for finding in findings) else code


@click.command()
@environment
@json_option
def doctor(name: str | None, prefix: str | None, as_json: bool) -> int:
    """Look for what is wrong, with one environment or with everything; exit code 1 when something does not work."""
    session = Session(as_json=as_json)
    target = session.prefix(name, prefix) if name or prefix else None
    findings = sort_findings([*session.engine.doctor(target), *_kernel_findings(session, target)])
    return show_findings(session, findings, "nothing is wrong", {"prefix": str(target) if target else None})


def _kernel_findings(session: Session, target: Path | None) -> list[Finding]:
    from jupyter_envs.engine.prefix.discovery import describe_environment
    from jupyter_envs.kernels.findings import gone_environments, missing_kernel
    from jupyter_envs.kernels.sync import visible_kernels

    kernels = visible_kernels(session.settings)
    if target is not None:
        info = describe_environment(target, session.settings)
        return [] if info is None else missing_kernel(info, kernels)
    missing = [
        msgspec.structs.replace(finding, environment=info.name)
        for info in session.engine.environments()
        if info.kind == "own"
        for finding in missing_kernel(info, kernels)
    ]
    return [*missing, *gone_environments(kernels)]


def show_findings(session: Session, findings: Sequence[Finding], good: str, values: dict[str, object]) -> int:
    """Print findings, the worst first, and return the exit code."""
    output = session.output
    for finding in findings:
        package = f" ({finding.package})" if finding.package else ""
        where = f"{finding.environment}: " if finding.environment else ""
        output.text(f"{finding.severity}: {where}{finding.message}{package}", fg=_COLORS[finding.severity])
        if finding.hint:
            output.text(f"   hint: {finding.hint}")
    errors = sum(finding.severity == "error" for finding in findings)
    if not findings:
        output.text(good)
    elif errors:
        output.text(f"{counted(errors, 'error')} in {counted(len(findings), 'finding')}", bold=True)
    output.result({**values, "ok": not errors, "findings": msgspec.to_builtins(list(findings))})
    return FOUND if errors else 0


@click.command()
@environment
@consent_options
@json_option
def repair(name: str | None, prefix: str | None, consent: Consent, as_json: bool) -> None:
    """Put missing and changed files back from the package cache."""
    session = Session(as_json=as_json)
    target = session.prefix(name, prefix)
    run_change(session, ChangeRequest(action="repair", prefix=str(target)), yes=consent.yes, dry_run=consent.dry_run)
