"""Stored plans: ``<root>/plans/<plan_id>.json``, so that a plan can be shown now and executed later by another process.

Refuses ids that are not plain names (they become file names).
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.plan import PLAN_VERSION, ChangePlan
from jupyter_envs.errors import NotFoundError, SpecError, StorageError

KEEP_PLANS = 50
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


def _path(directory: Path, plan_id: str) -> Path:
    if not _NAME.fullmatch(plan_id):
        raise SpecError(f"not the id of a plan: {plan_id!r}", hint="`jupyter envs plan` prints the id of its plan")
    return directory / f"{plan_id}.json"


def _prune(directory: Path) -> None:
    with os.scandir(directory) as entries:
        found = [(entry.stat().st_mtime_ns, entry.path) for entry in entries if entry.name.endswith(".json")]
    for _, path in sorted(found)[:-KEEP_PLANS]:
        Path(path).unlink(missing_ok=True)
