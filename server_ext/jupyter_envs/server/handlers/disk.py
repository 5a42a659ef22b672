"""The disk: what environments take, and giving back what nobody uses."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_envs.jobs.models import Job, JobRequest
from jupyter_envs.server.handlers.base import EnvsHandler
from jupyter_envs.server.requests import CleanBody
from jupyter_envs.server.services import Services
from jupyter_envs.server.wire.disk import report_json, usage_json

AUTH_RESOURCE = "jupyter_envs.disk"
PATIENCE = 600.0  # seconds; whole trees are walked


class UsageHandler(EnvsHandler):
    """``environments/{id}/disk``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, identifier: str) -> None:
        """Measure an environment."""
        prefix = await self.prefix(identifier)
        usage = await self.ask("disk", environment=prefix, timeout=PATIENCE)
        await self.run(remember, {prefix: usage["unique"]})
        self.answer(usage_json(usage))


class DiskHandler(EnvsHandler):
    """``disk``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Measure everything."""
        report = await self.ask("disk_report", timeout=PATIENCE)
        await self.run(remember, {usage["path"]: usage["unique"] for usage in report["environments"]})
        self.answer(report_json(report))


class CleanHandler(EnvsHandler):
    """``clean``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Remove packages that no environment uses from the cache."""
        self.answer_job(await self.run(clean, self.body(CleanBody)))


def remember(services: Services, sizes: dict[str, int]) -> None:
    """Keep measured sizes for the list."""
    for path, unique in sizes.items():
        services.reading.remember_size(path, unique)


def clean(services: Services, body: CleanBody) -> Job:
    """Start the job that cleans."""
    command = "jupyter envs clean --dry-run" if body.dry_run else "jupyter envs clean"
    return services.submit(JobRequest(kind="clean", dry_run=body.dry_run, command=command))
