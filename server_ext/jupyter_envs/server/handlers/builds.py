"""Recipes and builds: which folders hold a recipe, and building one into the channel beside the server's files."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_envs.build.load import find_recipe
from jupyter_envs.server.handlers.base import EnvsHandler
from jupyter_envs.server.requests import BuildBody, build_job, file_path, folder_path

AUTH_RESOURCE = "jupyter_envs.builds"


class RecipesHandler(EnvsHandler):
    """``recipes``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Name the folders in a folder that hold a recipe."""
        folder = folder_path(self.text_argument("folder"), self.services.directory)
        self.answer({"folders": await self.services.run(recipe_folders, folder)})


class BuildsHandler(EnvsHandler):
    """``builds``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Build a recipe; one that is not in order is refused at once, with the line."""
        body = self.body(BuildBody)
        recipe = file_path(body.recipe, self.services.directory)
        await self.ask("recipe_render", recipe=recipe)
        job = build_job(recipe, self.services.directory, force=body.force)
        self.answer_job(await self.services.run(self.services.submit, job))


def recipe_folders(folder: str) -> list[str]:
    """Return the names of the folders in a folder that hold a recipe; empty when it cannot be read."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() and find_recipe(Path(entry.path)))
    except OSError:
        return []
