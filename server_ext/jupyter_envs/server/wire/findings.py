"""Findings of verify and doctor as JSON, each with the change that mends it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jupyter_envs.engine.models.findings import Finding

REPAIRED = frozenset(
    {
        "file.missing",
        "file.modified",
        "history.missing",
        "record.broken",
        "record.duplicate",
    }
)
ACTIONS = {
    "transaction.interrupted": "recover",
    "kernel.missing": "kernels",
    "registry.stale": "forget",
    "kernel.gone": "forget",
} | dict.fromkeys(REPAIRED, "repair")


def fix_of(finding: Finding) -> dict[str, Any] | None:
    """Return the action that mends a finding, ``None`` when only a person can."""
    if finding.specs:
        return {"action": "install", "specs": list(finding.specs)}
    action = ACTIONS.get(finding.code)
    return {"action": action, "specs": []} if action else None


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return one finding."""
    return {
        "code": finding.code,
        "severity": finding.severity,
        "message": finding.message,
        "hint": finding.hint,
        "path": finding.path,
        "package": finding.package,
        "fix": fix_of(finding),
    }


def findings_json(findings: Iterable[Finding]) -> dict[str, Any]:
    """Return the answer of verify and doctor."""
    return {"findings": [finding_json(finding) for finding in findings]}
