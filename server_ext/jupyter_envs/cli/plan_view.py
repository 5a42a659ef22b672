"""A plan and what a change came to, as text and as JSON. Pure: takes values, returns lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from jupyter_envs.cli.tables import counted
from jupyter_envs.engine.models.amounts import human_bytes
from jupyter_envs.engine.models.origins import origin_of
from jupyter_envs.engine.models.plan import ChangeKind, ChangePlan, PackageChange
from jupyter_envs.engine.models.records import RepodataRecord

MARKS = {"added": "+", "removed": "-", "upgraded": "↑", "downgraded": "↓", "rebuilt": "~", "relinked": "="}
_COLORS = {"added": "green", "removed": "red", "upgraded": "cyan", "downgraded": "yellow"}
_ORDER: tuple[ChangeKind, ...] = ("removed", "downgraded", "upgraded", "rebuilt", "added", "relinked")


def change_rows(changes: Iterable[PackageChange]) -> list[list[str]]:
    """Return rows of mark, name, version before, arrow, version after, source: what is lost comes first."""
    rank = {kind: index for index, kind in enumerate(_ORDER)}
    ordered = sorted(changes, key=lambda change: (rank[change.kind], change.name))
    return [_row(change) for change in ordered]


def _row(change: PackageChange) -> list[str]:
    before, after = change.before, change.after
    if before is not None and after is not None and before.version == after.version:
        old, new = f"{before.version} {before.build}", f"{after.version} {after.build}"
    else:
        old, new = before.version if before else "", after.version if after else ""
    record = after or before
    versions = f"{old} → {new}" if old and new and old != new else new or old
    return [MARKS[change.kind], change.name, versions, origin_of(record) if record else ""]


def color_of(kind_mark: str) -> str | None:
    """Return the colour of a row, by its mark."""
    kinds = {mark: kind for kind, mark in MARKS.items()}
    return _COLORS.get(kinds.get(kind_mark, ""))


def counts_text(changes: Iterable[PackageChange]) -> str:
    """Return ``12 added, 1 removed``, or ``nothing to change``."""
    counted_kinds = Counter(change.kind for change in changes)
    parts = [f"{counted_kinds[kind]} {kind}" for kind in reversed(_ORDER) if counted_kinds[kind]]
    return ", ".join(parts) or "nothing to change"


def cost_text(plan: ChangePlan) -> str:
    """Return what a plan costs: ``35 MB to download, about 120 MB more on disk``; for removals what they free.

    What is not extracted yet is estimated.
    """
    download = f"{human_bytes(plan.download_bytes)} to download" if plan.download_bytes else "nothing to download"
    about = "about " if plan.download_bytes or plan.scripts_unknown else ""
    parts = [f"{about}{human_bytes(plan.disk_bytes)} more on disk"] if plan.disk_bytes else []
    if any(change.kind == "removed" for change in plan.changes):
        parts.append(f"{human_bytes(plan.freed_bytes)} freed (what the package cache shares stays there)")
    return ", ".join([download, *(parts or ["nothing more on disk"])])


def plan_notes(plan: ChangePlan, *, ask_scripts: bool = False) -> list[str]:
    """Return the lines below the table: sum, cost, scripts that will run, or (``ask_scripts``) are asked about."""
    lines = [f"{counts_text(plan.changes)}: {cost_text(plan)}"] if plan.changes else ["nothing to change"]
    if plan.link_scripts:
        count = counted(len(plan.link_scripts), "script")
        lines.append(f"{count} of packages will run: {', '.join(plan.link_scripts)}")
    if ask_scripts and plan.scripts_unknown:
        bring = f"{counted(plan.scripts_unknown, 'package')} not downloaded yet may bring scripts"
        lines.append(f"{bring}; you are asked before any is run")
    return lines


def record_json(record: RepodataRecord | None) -> dict[str, str] | None:
    """Return the few fields of a record that a program needs of a change."""
    if record is None:
        return None
    return {"version": record.version, "build": record.build, "source": origin_of(record), "url": record.url}


def changes_json(changes: Iterable[PackageChange]) -> list[dict[str, object]]:
    """Return changes for ``--json``."""
    return [
        {
            "name": change.name,
            "kind": change.kind,
            "before": record_json(change.before),
            "after": record_json(change.after),
        }
        for change in changes
    ]


def plan_json(plan: ChangePlan) -> dict[str, object]:
    """Return a plan for ``--json``."""
    return {
        "plan_id": plan.plan_id,
        "action": plan.action,
        "prefix": plan.prefix,
        "requested": list(plan.requested),
        "changes": changes_json(plan.changes),
        "channels": list(plan.channels),
        "sources": list(plan.sources),
        "download_bytes": plan.download_bytes,
        "disk_bytes": plan.disk_bytes,
        "freed_bytes": plan.freed_bytes,
        "warnings": [{"code": w.code, "message": w.message, "hint": w.hint} for w in plan.warnings],
        "link_scripts": list(plan.link_scripts),
        "scripts_unknown": plan.scripts_unknown,
    }


def result_json(plan: ChangePlan, result: Mapping[str, Any], job_id: str) -> dict[str, object]:
    """Return what an executed change came to, for ``--json``. ``result`` is the job's."""
    change = result.get("result") or {}
    names = ("generation", "linked_files", "linked_bytes", "disk_bytes")
    return plan_json(plan) | {
        "executed": bool(result.get("executed")),
        "job": job_id,
        "kernels": list(result.get("kernels") or ()),
        **{name: list(result[name]) for name in ("newly_requested", "also_repaired") if result.get(name)},
        **{name: change[name] for name in names if name in change},
        "warnings": list(change.get("warnings") or ()),
        "messages": list(change.get("messages") or ()),
    }
