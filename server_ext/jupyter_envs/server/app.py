"""The extension: its configuration, and what it starts and stops with the server."""

from __future__ import annotations

import asyncio
import json
import os
from importlib import resources
from typing import Any

from jupyter_events import EventLogger
from jupyter_server.extension.application import ExtensionApp
from tornado.ioloop import IOLoop
from traitlets import Bool, Enum, Float, Int, List, TraitType, Unicode

from jupyter_envs.errors import EnvsError
from jupyter_envs.kernels.magics import LINK_VARIABLE, own_link
from jupyter_envs.kernels.sync import sync_outdated
from jupyter_envs.queries.client import IDLE_SECONDS, QueryClient
from jupyter_envs.server.handlers import ROUTES
from jupyter_envs.server.handlers.base import SERVICES
from jupyter_envs.server.services import Services
from jupyter_envs.server.watch import Watcher
from jupyter_envs.settings import SOURCES, Settings
from jupyter_envs.settings_load import load_settings

SCHEMAS = ("job.yaml", "environment.yaml")


def setting(trait: TraitType[Any, Any]) -> Any:
    """Mark a trait that is a field of ``Settings``; left alone it is what ``.condarc`` and variables say."""
    return trait.tag(config=True, setting=True)


class EnvsExtension(ExtensionApp):
    """Environments and kernels: REST below ``/envs/api/v1`` and events."""

    name = "jupyter_envs"

    root = setting(Unicode(None, allow_none=True, help="Folder of environments, package cache and jobs."))
    envs_directories = setting(
        List(Unicode(), default_value=None, allow_none=True, help="Folders of environments; the first takes new ones.")
    )
    package_directories = setting(
        List(
            Unicode(),
            default_value=None,
            allow_none=True,
            help="Package caches; the first is written to, the others are read-only layers below it.",
        )
    )
    shared_directories = setting(
        List(
            Unicode(),
            default_value=None,
            allow_none=True,
            help="Folders that somebody else writes: envs/<name> are listed read-only, pkgs is a layer of packages.",
        )
    )
    channels = setting(
        List(Unicode(), default_value=None, allow_none=True, help="Conda channels in order of priority.")
    )
    sources = setting(
        List(
            Enum(SOURCES),
            default_value=None,
            allow_none=True,
            help="What packages may come from: conda channels, the Python index (pypi), Pythons of this machine.",
        )
    )
    offline = setting(Bool(None, allow_none=True, help="Ask no source; use what is cached, and local channels."))
    channel_priority = setting(
        Enum(("strict", "flexible", "disabled"), None, allow_none=True, help="Whether a channel hides later ones.")
    )
    exclude_newer = setting(
        Unicode(None, allow_none=True, help="Leave out packages published after this time (ISO 8601).")
    )
    run_link_scripts = setting(
        Bool(
            None,
            allow_none=True,
            help="Whether link scripts of packages are run; without, packages are installed all the same.",
        )
    )
    extra_safety_checks = setting(
        Bool(None, allow_none=True, help="Compare the digest of every single file when packages are extracted.")
    )
    allow_softlinks = setting(
        Bool(None, allow_none=True, help="Use symbolic links where the cache is on another file system.")
    )
    always_copy = setting(Bool(None, allow_none=True, help="Copy files instead of linking them."))
    compile_in_background = setting(
        Bool(None, allow_none=True, help="Compile new packages' .pyc files in the cache after a change.")
    )
    generations_kept = setting(
        Int(None, allow_none=True, help="How many past states of an environment are kept; all when not set.")
    )

    watch_seconds = Float(0.1, min=0.01, help="How often is looked for changes that others made.").tag(config=True)
    queries_idle_seconds = Float(
        IDLE_SECONDS, min=0.1, help="The process that searches and measures ends when it was idle for so long."
    ).tag(config=True)

    watcher: Watcher | None = None

    def configured(self) -> Settings:
        """Return the settings: those configured here win over variables, which win over ``.condarc``."""
        given = {name: getattr(self, name) for name in self.traits(setting=True)}
        values = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
        return load_settings(os.environ, **values)

    @property
    def _events(self) -> EventLogger:
        assert self.serverapp is not None
        assert self.serverapp.event_logger is not None
        return self.serverapp.event_logger

    def initialize_settings(self) -> None:
        """Make what the handlers work with, and register the events' schemas."""
        assert self.serverapp is not None
        settings = self.configured()
        os.environ[LINK_VARIABLE] = json.dumps(own_link())
        queries = QueryClient(settings, idle_seconds=self.queries_idle_seconds)
        self.services = Services(settings, str(self.serverapp.root_dir), queries)
        self.settings[SERVICES] = self.services
        for schema in SCHEMAS:
            text = resources.files("jupyter_envs.server").joinpath("event_schemas", schema).read_text(encoding="utf-8")
            self._events.register_event_schema(text)

    def initialize_handlers(self) -> None:
        """Add the routes, and begin to watch when the server's loop runs."""
        self.handlers.extend(ROUTES)
        IOLoop.current().add_callback(self._watch)

    async def _watch(self) -> None:
        """Begin to watch, then refresh kernels that another version wrote."""
        loop = asyncio.get_running_loop()
        self.watcher = Watcher(self.services, self._emit, loop, self.watch_seconds, self.log)
        self.watcher.start()
        await self._refresh_kernels()

    async def _refresh_kernels(self) -> None:
        try:
            await self.services.run(sync_outdated, self.services.settings)
        except EnvsError as error:  # they are as good as they were
            self.log.warning("kernels of environments were not refreshed: %s", error.message)

    def _emit(self, schema: str, data: dict[str, Any]) -> None:
        self._events.emit(schema_id=schema, data=data)

    async def stop_extension(self) -> None:
        """End what was started: the watcher, the queries' child, the threads. Jobs go on."""
        if self.watcher is not None:
            self.watcher.stop()
            await asyncio.get_running_loop().run_in_executor(None, self.watcher.join)
        await self.services.queries.close()
        self.services.close()
