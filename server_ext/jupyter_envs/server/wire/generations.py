"""Generations, and what changed between two of them, as JSON. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from jupyter_envs.engine.models.plan import Generation, PackageChange
from jupyter_envs.engine.models.records import RepodataRecord
from jupyter_envs.engine.transaction.diff import compare_records


def history_json(generations: Sequence[Generation]) -> dict[str, Any]:
    """Return all generations, oldest first, each with what changed from the one before; the last is the present."""
    before: tuple[RepodataRecord, ...] = ()
    values = []
    for generation in generations:
        values.append(generation_json(generation, before))
        before = generation.records
    return {"generations": values, "current": generations[-1].number if generations else 0}


def generation_json(generation: Generation, before: Sequence[RepodataRecord]) -> dict[str, Any]:
    """Return one generation and its changes from the records ``before`` it."""
    return {
        "number": generation.number,
        "action": generation.action,
        "command": generation.command,
        "created_at": generation.created_at,
        "restores": generation.restores,
        "packages": len(generation.records),
        "requested": list(generation.requested),
        "changes": changes_json(before, generation.records),
    }


def changes_json(before: Sequence[RepodataRecord], after: Sequence[RepodataRecord]) -> list[dict[str, Any]]:
    """Return what happened to each package between two states: versions, with the build where only that differs."""
    return [change_json(change) for change in compare_records(before, after)]


def change_json(change: PackageChange) -> dict[str, Any]:
    """Return one change by its versions."""
    before, after = change.before, change.after
    with_build = before is not None and after is not None and before.version == after.version
    return {
        "name": change.name,
        "kind": change.kind,
        "before": _version(before, with_build=with_build),
        "after": _version(after, with_build=with_build),
    }


def _version(record: RepodataRecord | None, *, with_build: bool) -> str | None:
    if record is None:
        return None
    return f"{record.version} {record.build}".strip() if with_build else record.version
