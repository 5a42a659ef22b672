"""Health of an environment: verify, doctor, and the fixes of what they find."""

from __future__ import annotations

from typing import Any

import msgspec
from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_envs.engine.models.findings import Finding
from jupyter_envs.jobs.models import Job
from jupyter_envs.kernels.findings import gone_environments
from jupyter_envs.kernels.sync import list_kernels
from jupyter_envs.server.fixes import find_kernel_findings, fix
from jupyter_envs.server.handlers.base import EnvsHandler
from jupyter_envs.server.requests import FixBody
from jupyter_envs.server.wire.findings import findings_json

AUTH_RESOURCE = "jupyter_envs.health"


class VerifyHandler(EnvsHandler):
    """``environments/{id}/verify``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, identifier: str) -> None:
        """Compare each file with its record."""
        found = await self.ask("verify", environment=await self.prefix(identifier), timeout=PATIENCE)
        self.answer(findings_json(read_findings(found)))


class DoctorHandler(EnvsHandler):
    """``environments/{id}/doctor``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, identifier: str) -> None:
        """Look for what is wrong with an environment."""
        found = await self.ask("doctor", environment=await self.prefix(identifier), timeout=PATIENCE)
        kernels = await self.run(find_kernel_findings, identifier)
        self.answer(findings_json([*read_findings(found), *kernels]))


class FixHandler(EnvsHandler):
    """``environments/{id}/fix``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def post(self, identifier: str) -> None:
        """Do what a finding offers."""
        job = await self.run(fix, identifier, self.body(FixBody))
        if isinstance(job, Job):
            self.answer_job(job)
        else:
            self.answer({"fixed": True})


class DoctorOfAllHandler(EnvsHandler):
    """``doctor``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Look for what is wrong with all environments of ours, the list of them, and kernels."""
        found = await self.ask("doctor", timeout=PATIENCE)
        kernels = gone_environments(await self.services.run(list_kernels))
        self.answer(findings_json([*read_findings(found), *kernels]))


PATIENCE = 600.0  # seconds; each file of a large environment is read


def read_findings(found: Any) -> list[Finding]:
    """Return the findings that the child sent."""
    return msgspec.convert(found, list[Finding])
