"""Stored plans: ``<root>/plans/<plan_id>.json``, so that a plan can be shown now and executed later by another process.

Owns which job executes one, and what it tells of the request behind it. Refuses ids that are not plain names (they
become file names).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.plan import PLAN_VERSION, ChangePlan, ChangeRequest
from jupyter_envs.errors import NotFoundError, SpecError, StorageError
from jupyter_envs.jobs.models import JobRequest
from jupyter_envs.jobs.store import JobStore

KEEP_PLANS = RECENT_JOBS = 50
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def plans_directory(root: str) -> Path:
    """Return where plans are stored below ``Settings.root``."""
    return Path(root) / "plans"


def save_plan(root: str, plan: ChangePlan) -> Path:
    """Store a plan (temporary file, then rename) and forget all but the newest 50; return its path."""
    directory = plans_directory(root)
    path = _path(directory, plan.plan_id)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary.write_bytes(msgspec.json.encode(plan))
        temporary.replace(path)
        _prune(directory)
    except OSError as error:
        raise StorageError.from_os_error(error, "storing the plan") from error
    return path


def load_plan(root: str, plan_id: str) -> ChangePlan:
    """Return a stored plan.

    Raises
    ------
    NotFoundError
        When there is none of that id.
    SpecError
        When the file is not a plan that this version can execute.
    """
    path = _path(plans_directory(root), plan_id)
    try:
        plan = msgspec.json.decode(path.read_bytes(), type=ChangePlan)
    except FileNotFoundError:
        raise NotFoundError(
            f"no stored plan {plan_id}",
            hint="`jupyter envs plan` makes one; the last 50 are kept",
            code="not_found.plan",
        ) from None
    except msgspec.MsgspecError as error:
        raise SpecError(f"not a plan: {path}: {error}", hint="make the plan again") from error
    if plan.plan_version != PLAN_VERSION:
        raise SpecError(
            f"plan {plan_id} has version {plan.plan_version}, this jupyter-envs executes {PLAN_VERSION}",
            hint="make the plan again",
        )
    return plan


def find_asked(plan: ChangePlan, store: JobStore) -> ChangeRequest | None:
    """Return the request that a plan was made of; ``None`` when the job that made it is no longer known."""
    for job in store.jobs(prefix=plan.prefix, limit=RECENT_JOBS, hidden=True):
        if (job.result or {}).get("plan_id") == plan.plan_id and job.request.change is not None:
            return job.request.change
    return None


def execution_of(
    plan: ChangePlan,
    asked: ChangeRequest | None,
    *,
    command: str,
    scripts: tuple[str, ...] | None = None,
    register_kernel: bool = True,
) -> JobRequest:
    """Return the job that executes a stored plan.

    Parameters
    ----------
    plan : ChangePlan
        The plan.
    asked : ChangeRequest, optional
        What it was made of, so that it can be asked for again. Exact records are not carried along: the plan has them.
    command : str
        What was typed, or would have been.
    scripts : tuple of str, optional
        The scripts of packages that were agreed to; when packages bring others, nothing is done. ``None``: all.
    register_kernel : bool
        Bring the environment's kernels in line.
    """
    whole = asked is not None and not asked.records
    change = asked if asked is not None and whole else ChangeRequest(action=plan.action, prefix=plan.prefix)
    return JobRequest(
        kind="execute",
        plan_id=plan.plan_id,
        prefix=plan.prefix,
        change=change,
        link_scripts=scripts,
        register_kernel=register_kernel,
        command=command,
    )


def _path(directory: Path, plan_id: str) -> Path:
    if not _NAME.fullmatch(plan_id):
        raise SpecError(f"not the id of a plan: {plan_id!r}", hint="`jupyter envs plan` prints the id of its plan")
    return directory / f"{plan_id}.json"


def _prune(directory: Path) -> None:
    with os.scandir(directory) as entries:
        found = [(entry.stat().st_mtime_ns, entry.path) for entry in entries if entry.name.endswith(".json")]
    for _, path in sorted(found)[:-KEEP_PLANS]:
        Path(path).unlink(missing_ok=True)
