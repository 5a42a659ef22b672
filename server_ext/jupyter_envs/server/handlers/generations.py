"""Generations: what an environment was, what changed, and which imported modules that made stale."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_envs.engine.history.generations import read_generation, read_generations
from jupyter_envs.server.handlers.base import EnvsHandler
from jupyter_envs.server.requests import StaleBody
from jupyter_envs.server.services import Services
from jupyter_envs.server.wire.generations import changes_json, history_json

AUTH_RESOURCE = "jupyter_envs.generations"


class GenerationsHandler(EnvsHandler):
    """``environments/{id}/generations``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, identifier: str) -> None:
        """List the generations."""
        self.answer(await self.run(list_generations, identifier))


class CompareHandler(EnvsHandler):
    """``environments/{id}/generations/{a}/compare/{b}``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, identifier: str, one: str, other: str) -> None:
        """Compare two generations."""
        self.answer({"changes": await self.run(compare, identifier, int(one), int(other))})


class StaleModulesHandler(EnvsHandler):
    """``environments/{id}/stale-modules``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def post(self, identifier: str) -> None:
        """Say which imported modules are another version on the disk now."""
        body = self.body(StaleBody)
        prefix = await self.prefix(identifier)
        self.answer(
            {"stale": await self.ask("stale_modules", environment=prefix, modules=body.modules, since=body.since)}
        )


def list_generations(services: Services, identifier: str) -> dict[str, Any]:
    """Return the generations of an environment."""
    return history_json(read_generations(services.reading.find(identifier)))


def compare(services: Services, identifier: str, one: int, other: int) -> list[dict[str, Any]]:
    """Return what changed from one generation to another."""
    prefix = services.reading.find(identifier)
    return changes_json(read_generation(prefix, one).records, read_generation(prefix, other).records)
