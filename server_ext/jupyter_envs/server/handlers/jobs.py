"""Jobs: the list, one of them, its events and its log, and stopping it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from jupyter_envs.jobs.events import read_events
from jupyter_envs.jobs.models import LIVE_STATES, Job
from jupyter_envs.server.handlers.base import EnvsHandler
from jupyter_envs.server.identifiers import path_of
from jupyter_envs.server.logs import read_log
from jupyter_envs.server.services import Services
from jupyter_envs.server.wire.jobs import event_json, job_json

AUTH_RESOURCE = "jupyter_envs.jobs"
MOST_JOBS = 200


class JobsHandler(EnvsHandler):
    """``jobs``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """List jobs, the newest first."""
        limit = self.number_argument("limit", 50, most=MOST_JOBS)
        environment = self.text_argument("environment")
        jobs = await self.run(list_jobs, limit, self.flag_argument("live"), path_of(environment) if environment else "")
        self.answer({"jobs": [job_json(job, self.services.new_directory) for job in jobs]})


class JobHandler(EnvsHandler):
    """``jobs/{id}``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, job_id: str) -> None:
        """Show a job."""
        job = await self.run(get_job, job_id)
        self.answer({"job": job_json(job, self.services.new_directory)})

    @web.authenticated
    @authorized
    async def delete(self, job_id: str) -> None:
        """Ask a job to stop."""
        job = await self.run(cancel, job_id)
        self.answer({"job": job_json(job, self.services.new_directory)}, HTTPStatus.ACCEPTED)


class JobEventsHandler(EnvsHandler):
    """``jobs/{id}/events``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, job_id: str) -> None:
        """Show what a job has told since an event."""
        self.answer(await self.run(events_since, job_id, self.number_argument("since", 0)))


class JobLogHandler(EnvsHandler):
    """``jobs/{id}/log``."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, job_id: str) -> None:
        """Show what a job has printed since a byte."""
        self.answer(await self.run(log_since, job_id, self.number_argument("since", 0)))


def list_jobs(services: Services, limit: int, live: bool, prefix: str) -> list[Job]:
    """Return jobs, the newest first."""
    return services.jobs.store.jobs(states=LIVE_STATES if live else (), limit=limit, prefix=prefix)


def get_job(services: Services, job_id: str) -> Job:
    """Return one job."""
    return services.jobs.store.get(job_id)


def cancel(services: Services, job_id: str) -> Job:
    """Ask a job to stop."""
    return services.cancel(job_id)


def events_since(services: Services, job_id: str, since: int) -> dict[str, Any]:
    """Return the events after ``since``, and the job as it was before they were read: an ended one has told all."""
    store = services.jobs.store
    job = store.get(job_id)
    events = read_events(store.events_path(job.id), since)
    told = [event_json(event) for event in events]
    return {"events": told, "job": job_json(job, services.new_directory)}


def log_since(services: Services, job_id: str, since: int) -> dict[str, Any]:
    """Return the log after the byte ``since``, and the job as it was before it was read."""
    store = services.jobs.store
    job = store.get(job_id)
    text, following = read_log(store.log_path(job.id), since)
    return {"text": text, "next": following, "job": job_json(job, services.new_directory)}
