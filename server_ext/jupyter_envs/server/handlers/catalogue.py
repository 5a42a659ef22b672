"""What can be installed: search, sources, modules; files that describe environments, read and written."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_envs.server.handlers.base import EnvsHandler
from jupyter_envs.server.identifiers import path_of
from jupyter_envs.server.requests import FileBody, parse_file
from jupyter_envs.server.services import Services
from jupyter_envs.server.wire.catalogue import export_json, parsed_json, sources_json

AUTH_RESOURCE = "jupyter_envs.catalogue"
EXCHANGE_RESOURCE = "jupyter_envs.exchange"
RESULTS = 30
MOST_RESULTS = 200


class SearchHandler(EnvsHandler):
    """``search``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Find names."""
        environment = self.text_argument("environment")
        answer = await self.ask(
            "search",
            text=self.text_argument("q"),
            limit=self.number_argument("limit", RESULTS, most=MOST_RESULTS),
            environment=path_of(environment) if environment else None,
        )
        self.answer(answer)


class SourcesHandler(EnvsHandler):
    """``sources``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Say where packages come from."""
        answer = await self.ask("sources")
        self.answer(sources_json(self.services.settings, answer["problems"]))


class ModuleHandler(EnvsHandler):
    """``modules/{module}``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, module: str) -> None:
        """Say which package brings a module."""
        environment = self.text_argument("environment")
        path = path_of(environment) if environment else None
        self.answer(await self.ask("module", name=module, environment=path))


class ParseHandler(EnvsHandler):
    """``exchange/parse``."""

    auth_resource = EXCHANGE_RESOURCE

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Say what a file asks for."""
        self.answer({"parsed": await self.run(parse, self.body(FileBody))})


class ExportHandler(EnvsHandler):
    """``environments/{id}/export``."""

    auth_resource = EXCHANGE_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, identifier: str) -> None:
        """Write an environment as a file."""
        form = self.text_argument("format", "yaml")
        prefix = await self.prefix(identifier)
        text = await self.ask("export", environment=prefix, form=form, exact=self.flag_argument("exact"))
        self.answer(export_json(form, text, prefix))


def parse(services: Services, body: FileBody) -> dict[str, Any]:
    """Return what a file asks for."""
    return parsed_json(parse_file(body, services.settings, services.directory))
