"""Environments: the list, one of them; renaming and deleting, which are jobs."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_envs.jobs.models import Job
from jupyter_envs.server.handlers.base import EnvsHandler
from jupyter_envs.server.requests import NameBody, delete_request, rename_request
from jupyter_envs.server.services import Services

AUTH_RESOURCE = "jupyter_envs.environments"


class EnvironmentsHandler(EnvsHandler):
    """``environments``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List the environments."""
        self.answer({"environments": await self.run(list_environments)})


class EnvironmentHandler(EnvsHandler):
    """``environments/{id}``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, identifier: str) -> None:
        """Show one environment."""
        self.answer(await self.run(show_environment, identifier))

    @web.authenticated
    @authorized
    async def patch(self, identifier: str) -> None:
        """Rename an environment."""
        self.answer_job(await self.run(rename, identifier, self.body(NameBody)))

    @web.authenticated
    @authorized
    async def delete(self, identifier: str) -> None:
        """Delete an environment."""
        self.answer_job(await self.run(delete, identifier))


def list_environments(services: Services) -> list[dict[str, Any]]:
    """Return all environments."""
    return services.reading.environments()


def show_environment(services: Services, identifier: str) -> dict[str, Any]:
    """Return one environment."""
    return services.reading.environment(identifier)


def rename(services: Services, identifier: str, body: NameBody) -> Job:
    """Start the job that renames."""
    reading = services.reading
    return services.submit(rename_request(reading.find(identifier), body.name, reading.engine))


def delete(services: Services, identifier: str) -> Job:
    """Start the job that deletes."""
    return services.submit(delete_request(services.reading.find(identifier), services.settings))
