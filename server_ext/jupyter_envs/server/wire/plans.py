"""Plans as JSON. Pure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_envs.engine.models.origins import channel_of, source_of
from jupyter_envs.engine.models.plan import ChangePlan, PackageChange
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.server.identifiers import environment_id
from jupyter_envs.server.wire.environments import warning_json


def plan_json(plan: ChangePlan) -> dict[str, Any]:
    """Return everything that a plan will do."""
    return {
        "plan_id": plan.plan_id,
        "action": plan.action,
        "environment": environment_id(plan.prefix),
        "name": Path(plan.prefix).name,
        "prefix": plan.prefix,
        "changes": list(map(change_json, plan.changes)),
        "packages": len(plan.records),
        "download_bytes": plan.download_bytes,
        "disk_bytes": plan.disk_bytes,
        "freed_bytes": plan.freed_bytes,
        "warnings": [warning_json(warning) for warning in plan.warnings],
        "link_scripts": list(plan.link_scripts),
        "scripts_unknown": plan.scripts_unknown,
        "requested": list(plan.requested),
        "channels": list(plan.channels),
        "sources": list(plan.sources),
        "command": plan.command,
        "created_at": plan.created_at,
        "restores": plan.restores,
    }


def change_json(change: PackageChange) -> dict[str, Any]:
    """Return what happens to one package."""
    return {
        "name": change.name,
        "kind": change.kind,
        "before": planned_json(change.before),
        "after": planned_json(change.after),
    }


def planned_json(record: RepodataRecord | None) -> dict[str, Any] | None:
    """Return what a plan shows of a package."""
    if record is None:
        return None
    return {
        "version": record.version,
        "build": record.build,
        "source": source_of(record),
        "channel": channel_of(record),
        "size": record.size or 0,
    }
