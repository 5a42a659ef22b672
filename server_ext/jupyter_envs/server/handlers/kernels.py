"""Kernels of an environment: those that are registered, registering and removing them."""

from __future__ import annotations

import os
from http import HTTPStatus
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_envs.engine.models.plan import PlanWarning
from jupyter_envs.engine.prefix.discovery import environment_name
from jupyter_envs.errors import EnvsError
from jupyter_envs.kernels.spec import iter_problems, plain_variables
from jupyter_envs.kernels.sync import add_kernels, remove_kernels, visible_kernels
from jupyter_envs.server.handlers.base import EnvsHandler
from jupyter_envs.server.services import Services
from jupyter_envs.server.wire.environments import kernels_json

AUTH_RESOURCE = "jupyter_envs.kernels"


class KernelsHandler(EnvsHandler):
    """``environments/{id}/kernels``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, identifier: str) -> None:
        """List the kernels, and the variables they start with."""
        self.answer(await self.run(show_kernels, identifier))

    @web.authenticated
    @authorized
    async def post(self, identifier: str) -> None:
        """Register the kernels."""
        self.answer(await self.run(register, identifier))

    @web.authenticated
    @authorized
    async def delete(self, identifier: str) -> None:
        """Remove the kernels; they stay away until they are registered again."""
        await self.run(remove, identifier)
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


def show_kernels(services: Services, identifier: str, warnings: tuple[PlanWarning, ...] = ()) -> dict[str, Any]:
    """Return the kernels of an environment and the variables of its activation, without running its scripts."""
    prefix = services.reading.find(identifier)
    found = [kernel for kernel in visible_kernels(services.settings) if kernel.prefix == str(prefix)]
    name = found[0].environment if found else environment_name(str(prefix), "own")
    try:
        variables = plain_variables(prefix, name, os.environ)
    except EnvsError as error:
        variables, warnings = {}, (*warnings, *iter_problems(error, prefix))
    return kernels_json(found, variables, warnings)


def register(services: Services, identifier: str) -> dict[str, Any]:
    """Register the kernels of an environment."""
    report = add_kernels(services.reading.find(identifier), services.settings)
    return show_kernels(services, identifier, report.warnings)


def remove(services: Services, identifier: str) -> None:
    """Remove the kernels of an environment."""
    remove_kernels(services.reading.find(identifier), services.settings)
