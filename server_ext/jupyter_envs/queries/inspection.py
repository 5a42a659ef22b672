"""Questions about one environment's files: why, verify, doctor, disk, export, stale modules. Each runs in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from jupyter_envs.build.cached_sources import sources_bytes
from jupyter_envs.engine.enforcement import Enforcement

if TYPE_CHECKING:
    from jupyter_envs.queries.desk import Desk


async def why(desk: Desk, *, environment: str, name: str) -> dict[str, Any]:
    """Return chains of names from a requested package down to ``name``."""
    chains = await asyncio.to_thread(desk.engine.why, Path(environment), name)
    return {"chains": msgspec.to_builtins(chains)}


async def verify(desk: Desk, *, environment: str) -> Any:
    """Return the findings of comparing each file with its record."""
    return msgspec.to_builtins(await asyncio.to_thread(desk.engine.verify, Path(environment)))


async def doctor(desk: Desk, *, environment: str | None = None) -> Any:
    """Return what is wrong with an environment, or with all of ours and with the list of them."""
    return msgspec.to_builtins(await asyncio.to_thread(desk.engine.doctor, Path(environment) if environment else None))


async def disk(desk: Desk, *, environment: str) -> Any:
    """Return the bytes of one environment."""
    (usage,) = await asyncio.to_thread(desk.engine.disk, [Path(environment)])
    return msgspec.to_builtins(usage)


async def disk_report(desk: Desk) -> Any:
    """Return the bytes of all environments and caches together, of sources of recipes, what is free, and the quota."""
    report = msgspec.to_builtins(await asyncio.to_thread(desk.engine.disk_report))
    sources = await asyncio.to_thread(sources_bytes, desk.engine.settings.root)
    quota = msgspec.to_builtins(await asyncio.to_thread(desk.engine.quota))
    return {**report, "sources_bytes": sources, "free_bytes": desk.engine.free_bytes(), "quota": quota}


async def allowance(desk: Desk) -> Any:
    """Return what the policy of today allows, and how much of it is taken; ``None`` without one."""
    return msgspec.to_builtins(await asyncio.to_thread(Enforcement.of(desk.settings).allowance))


async def export(desk: Desk, *, environment: str, form: str, exact: bool) -> str:
    """Return an environment as the text of a file."""
    return await asyncio.to_thread(desk.engine.export, Path(environment), form, exact=exact)


async def stale_modules(desk: Desk, *, environment: str, modules: Sequence[str], since: int) -> Any:
    """Return which imported modules belong to packages that changed since a generation."""
    return msgspec.to_builtins(await asyncio.to_thread(desk.engine.stale_modules, Path(environment), modules, since))
