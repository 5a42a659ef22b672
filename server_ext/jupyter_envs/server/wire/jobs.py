"""Jobs, their events and their results as JSON. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from jupyter_envs.engine.prefix.shared import shown_name
from jupyter_envs.jobs.events import JobEvent
from jupyter_envs.jobs.models import Job
from jupyter_envs.server.identifiers import environment_id
from jupyter_envs.server.wire.asked import asked_json


def job_json(job: Job, directory: str) -> dict[str, Any]:
    """Return a job; ``environment`` is the id of what it is about, be it there or not.

    ``directory`` is where the server makes environments.
    """
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "action": job.request.change.action if job.request.change else job.kind,
        "environment": environment_id(job.prefix) if job.prefix else None,
        "path": job.prefix,
        "name": _name(job),
        "command": job.command,
        "hidden": job.hidden,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "ended_at": job.ended_at,
        "cancel_requested": job.cancel_requested,
        "request": asked_json(job.request.change, directory),
        "error": problem_json(job.error),
        "result": result_json(job.result),
    }


def _name(job: Job) -> str:
    """What a job is about in a word: an environment; of a build, the recipe's folder; of a bundle, its folder."""
    if job.request.bundle:
        return Path(job.request.bundle.output).name
    recipes = job.request.build.recipes if job.request.build else ()
    if not recipes:
        return shown_name(job.prefix)
    first = Path(recipes[0])
    return first.parent.name if first.suffix == ".yaml" else first.name


def problem_json(error: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return the stored error of a job with all the fields of an error."""
    if error is None:
        return None
    return {"code": "error", "message": "", "hint": "", "detail": {}} | dict(error)


def result_json(result: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Return a job's result; whole records in its changes become versions."""
    if result is None:
        return None
    value = dict(result)
    change = value.get("result")
    if isinstance(change, Mapping) and isinstance(change.get("changes"), Sequence):
        value["result"] = {**change, "changes": [_short(entry) for entry in change["changes"]]}
    return value


def _short(change: Mapping[str, Any]) -> dict[str, Any]:
    before, after = (change.get(side) or {} for side in ("before", "after"))
    return {
        "name": change["name"],
        "kind": change["kind"],
        "before": before.get("version"),
        "after": after.get("version"),
    }


def event_json(event: JobEvent) -> dict[str, Any]:
    """Return one line of a job's stream, without the fields that say nothing."""
    value: dict[str, Any] = msgspec.to_builtins(event)
    return value
