"""Packages of an environment, and what the sources offer of a package."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_envs.engine.sources.well_known import SUMMARIES
from jupyter_envs.server.handlers.base import EnvsHandler
from jupyter_envs.server.identifiers import path_of
from jupyter_envs.server.services import Services
from jupyter_envs.server.wire.packages import distribution_json, package_json

AUTH_RESOURCE = "jupyter_envs.packages"


class PackagesHandler(EnvsHandler):
    """``environments/{id}/packages``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, identifier: str) -> None:
        """List what is installed."""
        self.answer({"packages": await self.run(list_packages, identifier)})


class WhyHandler(EnvsHandler):
    """``environments/{id}/packages/{name}/why``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, identifier: str, name: str) -> None:
        """Say who needs a package."""
        self.answer(await self.ask("why", environment=await self.prefix(identifier), name=name))


class UpdatesHandler(EnvsHandler):
    """``environments/{id}/updates``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, identifier: str) -> None:
        """Say what newer versions there are."""
        self.answer(await self.ask("updates", environment=await self.prefix(identifier)))


class PackageHandler(EnvsHandler):
    """``packages/{name}``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, name: str) -> None:
        """List the versions that can be installed."""
        environment = self.text_argument("environment")
        path = path_of(environment) if environment else None
        self.answer(await self.ask("package", name=name, source=self.text_argument("source"), environment=path))


def list_packages(services: Services, identifier: str) -> list[dict[str, Any]]:
    """Return the packages of an environment by name, those of pip among them."""
    reading = services.reading
    prefix = reading.find(identifier)
    inventory, requested = reading.packages(prefix)
    values = [package_json(package, requested, SUMMARIES.get(package.name, "")) for package in inventory.packages]
    values += [distribution_json(dist, SUMMARIES.get(dist.name, "")) for dist in inventory.distributions]
    return sorted(values, key=lambda value: str(value["name"]).lower())
