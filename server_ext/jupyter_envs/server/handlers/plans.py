"""Plans and changes: planning is a job, executing a plan is one, and so is doing both at once."""

from __future__ import annotations

from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_envs.engine.models.plan import ChangePlan
from jupyter_envs.engine.prefix.records import fingerprint
from jupyter_envs.errors import StalePlanError
from jupyter_envs.jobs.models import Job, JobKind
from jupyter_envs.jobs.plans import execution_of, find_asked, load_plan
from jupyter_envs.kernels.directory import is_environment
from jupyter_envs.server.handlers.base import EnvsHandler
from jupyter_envs.server.identifiers import no_environment
from jupyter_envs.server.requests import ChangeBody, ExecuteBody, change_job, change_request
from jupyter_envs.server.services import Services
from jupyter_envs.server.wire.plans import plan_json

AUTH_RESOURCE = "jupyter_envs.plans"


class PlansHandler(EnvsHandler):
    """``plans``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Plan a change."""
        self.answer_job(await self.run(submit_change, "plan", self.body(ChangeBody)))


class PlanHandler(EnvsHandler):
    """``plans/{plan_id}``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, plan_id: str) -> None:
        """Show a plan."""
        self.answer(await self.run(show_plan, plan_id))


class ExecuteHandler(EnvsHandler):
    """``plans/{plan_id}/execute``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def post(self, plan_id: str) -> None:
        """Execute exactly this plan."""
        self.answer_job(await self.run(execute, plan_id, self.body(ExecuteBody).known_scripts))


class ChangesHandler(EnvsHandler):
    """``changes``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Plan a change and carry it out."""
        self.answer_job(await self.run(submit_change, "change", self.body(ChangeBody)))


def submit_change(services: Services, kind: JobKind, body: ChangeBody) -> Job:
    """Start the job that plans, or plans and carries out, a change."""
    request = change_request(body, services.reading.engine, services.directory)
    return services.submit(change_job(kind, request, request.command))


def show_plan(services: Services, plan_id: str) -> dict[str, Any]:
    """Return a stored plan, and whether its environment has changed since."""
    plan = load_plan(services.settings.root, plan_id)
    return {"plan": plan_json(plan), "stale": is_stale(plan)}


def execute(services: Services, plan_id: str, known_scripts: bool) -> Job:
    """Start the job that executes a stored plan.

    Raises
    ------
    StalePlanError
        The environment has changed since the plan was made.
    NotFoundError
        It is no longer there: a new plan would not help.
    """
    plan = load_plan(services.settings.root, plan_id)
    asked = find_asked(plan, services.jobs.store)
    job = execution_of(plan, asked, command=plan.command, scripts=plan.link_scripts if known_scripts else None)
    name = job.prefix.rpartition("/")[2]
    if plan.base and not is_environment(plan.prefix):
        raise no_environment(name)
    if is_stale(plan):
        raise StalePlanError(f"{name} has changed since this plan was made", hint="make the plan again")
    return services.submit(job)


def is_stale(plan: ChangePlan) -> bool:
    """Return whether the environment is another than the plan was made for."""
    return fingerprint(plan.prefix) != plan.base
