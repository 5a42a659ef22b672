"""Questions about notebooks that are shown: their environment, what makes it, their lock. Each runs in a thread.

Here and not in the asking process, since looking for Pythons of this machine starts them. Refuses to change anything.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from jupyter_envs.jobs.plans import load_plan
from jupyter_envs.kernels.sync import visible_kernels
from jupyter_envs.notebooks.answers import answer_for, difference_for, lock_for, request_for
from jupyter_envs.notebooks.places import foreign_hosts

if TYPE_CHECKING:
    from jupyter_envs.queries.desk import Desk


async def answer(desk: Desk, *, content: object, path: str) -> Any:
    """Return whether a notebook's environment is here, and what building it would mean."""

    def ask() -> Any:
        found = answer_for(content, Path(path), desk.engine, visible_kernels(desk.settings))
        return msgspec.to_builtins(msgspec.structs.replace(found, request=None))

    return await asyncio.to_thread(ask)


async def request(desk: Desk, *, content: object, path: str, file: str, agreed: list[str]) -> Any:
    """Return the request that makes a notebook's environment."""
    return msgspec.to_builtins(await asyncio.to_thread(request_for, content, Path(path), desk.engine, file, agreed))


async def difference(desk: Desk, *, content: object, path: str, plan: str) -> Any:
    """Return how the environment that a stored plan makes differs from a lock, and foreign servers of its wheels."""

    def compare() -> Any:
        planned = load_plan(desk.settings.root, plan).records
        changes = difference_for(content, Path(path), desk.engine, planned)
        return {"changes": msgspec.to_builtins(changes), "foreign_hosts": foreign_hosts(planned, desk.engine)}

    return await asyncio.to_thread(compare)


async def lock(desk: Desk, *, content: dict[str, Any], environment: str) -> dict[str, Any]:
    """Return the lock of an environment, for a notebook's metadata."""
    return await asyncio.to_thread(lock_for, content, desk.engine, Path(environment))
