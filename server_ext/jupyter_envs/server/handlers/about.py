"""What this server is: its version and places, and the description of these routes."""

from __future__ import annotations

import os
from importlib import resources
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_envs import __version__
from jupyter_envs.server.handlers.base import EnvsHandler
from jupyter_envs.server.services import Services

AUTH_RESOURCE = "jupyter_envs.about"


class AboutHandler(EnvsHandler):
    """``about``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Say what this server is."""
        self.answer(await self.run(about))


class OpenApiHandler(EnvsHandler):
    """``openapi.yaml``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Send the description of these routes."""
        self.finish(await self.run(description), set_content_type="application/yaml; charset=utf-8")


class UnknownHandler(EnvsHandler):
    """Any other path below ours."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    def get(self) -> None:
        """Say that there is no such resource, as JSON."""
        raise web.HTTPError(404, f"there is no {self.request.path}")


def about(services: Services) -> dict[str, Any]:
    """Return the version and the places."""
    settings = services.settings
    return {
        "version": __version__,
        "root": settings.root,
        "subdir": settings.subdir,
        "envs_directories": list(settings.envs_directories),
        "writable": is_writable(settings.envs_directories[0]),
    }


def is_writable(directory: str) -> bool:
    """Return whether a directory, or the nearest one above it that is there, can be written to."""
    while not os.path.isdir(directory):
        directory = os.path.dirname(directory)
    return os.access(directory, os.W_OK)


def description(_services: Services) -> str:
    """Return the text of ``openapi.yaml``."""
    return resources.files("jupyter_envs.server").joinpath("openapi.yaml").read_text(encoding="utf-8")
