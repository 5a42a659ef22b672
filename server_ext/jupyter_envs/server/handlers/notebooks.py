"""Notebooks that carry their environment: is it here, plan it, how it differs from the lock, lock it.

A notebook comes as its content, as it stands on the screen. Nothing of it is trusted: the request that makes its
environment is put together here, each time, and executed as any plan after a person agreed.
"""

from __future__ import annotations

from typing import Any

import msgspec
from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_envs.engine.exchange.notebook_lock import KEY
from jupyter_envs.engine.models.plan import ChangeRequest, PackageChange
from jupyter_envs.jobs.models import Job
from jupyter_envs.server.handlers.base import EnvsHandler
from jupyter_envs.server.requests import DifferenceBody, LockBody, NotebookBody, change_job, command_text, file_path
from jupyter_envs.server.services import Services
from jupyter_envs.server.wire.notebooks import answer_json, difference_json

AUTH_RESOURCE = "jupyter_envs.notebooks"


class AnswerHandler(EnvsHandler):
    """``notebooks/answer``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Say whether a notebook's environment is here, and what building it would mean."""
        body = self.body(NotebookBody)
        path = file_path(body.path, self.services.directory)
        found = await self.ask("notebook_answer", content=body.content, path=path)
        self.answer(answer_json(found, path))


class NotebookPlansHandler(EnvsHandler):
    """``notebooks/plans``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Plan the environment of a notebook."""
        body = self.body(NotebookBody)
        path = file_path(body.path, self.services.directory)
        file = file_path(body.file, self.services.directory) if body.file else ""
        agreed = list(body.channels)
        value = await self.ask("notebook_request", content=body.content, path=path, file=file, agreed=agreed)
        request = msgspec.convert(value, ChangeRequest)
        self.answer_job(await self.run(submit_plan, request, body.file or body.path))


class DifferenceHandler(EnvsHandler):
    """``notebooks/difference``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Say how a planned environment differs from a notebook's lock, and which foreign servers it is from."""
        body = self.body(DifferenceBody)
        path = file_path(body.path, self.services.directory)
        found = await self.ask("notebook_difference", content=body.content, path=path, plan=body.plan_id)
        changes = msgspec.convert(found["changes"], list[PackageChange])
        self.answer(difference_json(changes, found["foreign_hosts"]))


class LockHandler(EnvsHandler):
    """``notebooks/lock``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Return the lock of an environment, to be written into a notebook's metadata."""
        body = self.body(LockBody)
        prefix = await self.prefix(body.environment)
        lock: dict[str, Any] = await self.ask("notebook_lock", content=body.content, environment=prefix)
        subdir = self.services.settings.subdir
        packages = len(lock["platforms"][subdir]["packages"])
        self.answer({"key": KEY, "lock": lock, "subdir": subdir, "packages": packages})


def submit_plan(services: Services, request: ChangeRequest, file: str) -> Job:
    """Start the job that plans the environment of a notebook."""
    command = command_text(request, services.settings, file=file)
    return services.submit(change_job("plan", request, command))
