"""Tells what happens to environments, kernels and jobs, whoever does it: a shell, a magic, another server, this one.

One thread looks at cheap signs (``signs``, ``StorePulse``) several times a second and hands what changed to the event
loop. It also marks jobs whose process has gone, so that a killed job, or one of before a restart of the machine, does
not stay "running". Refuses to end because of a fault: it logs it once and looks again.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_envs.jobs.models import LIVE_STATES
from jupyter_envs.jobs.pulse import JobSign, StorePulse
from jupyter_envs.jobs.store import DATABASE
from jupyter_envs.kernels.directory import user_kernels_directory
from jupyter_envs.server.identifiers import environment_id
from jupyter_envs.server.services import Services
from jupyter_envs.server.signs import (
    EnvironmentChange,
    EnvironmentSigns,
    KernelSign,
    KernelSigns,
    Times,
    changed_environments,
    changed_jobs,
    changed_kernels,
)

JOB_EVENT = "https://events.jupyter.org/jupyter_envs/job/v1"
ENVIRONMENT_EVENT = "https://events.jupyter.org/jupyter_envs/environment/v1"
REAP_SECONDS = 1.0  # while a job lives
CHECK_SECONDS = 30.0  # otherwise: another server's job may have been killed

Emit = Callable[[str, dict[str, Any]], None]


def job_event(sign: JobSign) -> dict[str, Any]:
    """Return the event that tells of a job. Pure."""
    environment = environment_id(sign.prefix) if sign.prefix else None
    return {"job": sign.id, "state": sign.state, "kind": sign.kind, "environment": environment}


def environment_event(change: EnvironmentChange) -> dict[str, Any]:
    """Return the event that tells of an environment. Pure."""
    return {"environment": environment_id(change.path), "path": change.path, "change": change.change}


class Watcher:
    """Looks and tells, until it is stopped.

    Parameters
    ----------
    services : Services
        Where environments and jobs are.
    emit : callable
        Takes the id of an event's schema and its data; called on ``loop``.
    loop : asyncio.AbstractEventLoop
        The server's.
    seconds : float
        Between two looks.
    log : logging.Logger
        For faults.

    Attributes
    ----------
    telling : threading.Event
        Set once it knows what is there: what changes from then on is told.
    """

    def __init__(
        self, services: Services, emit: Emit, loop: asyncio.AbstractEventLoop, seconds: float, log: logging.Logger
    ) -> None:
        self._services = services
        self._emit = emit
        self._loop = loop
        self._seconds = seconds
        self._log = log
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="envs-watch", daemon=True)
        self._pulse = StorePulse(Path(services.settings.jobs_directory, DATABASE))
        self._environments = EnvironmentSigns(
            (*services.settings.envs_directories, *services.settings.shared_envs_directories), os.environ
        )
        self._kernels = KernelSigns((str(user_kernels_directory()), *services.settings.shared_kernels_directories))
        self._jobs: dict[str, JobSign] = {}
        self._seen_environments: dict[str, int] = {}
        self._seen_kernels: dict[str, KernelSign] = {}
        self._kernels_stamp: Times | None = None
        self.telling = threading.Event()
        self._next_reap = 0.0
        self._said = ""

    def start(self) -> None:
        """Begin to look; what is there now is not told."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def join(self) -> None:
        """Wait until the thread has ended."""
        self._thread.join()

    def _run(self) -> None:
        self._look()
        self.telling.set()
        while not self._stopped.wait(self._seconds):
            self._look()
            self._attempt(self._reap)
        self._next_reap = 0.0
        self._attempt(self._reap)  # whose end this process has not seen yet
        self._pulse.close()

    def _look(self) -> None:
        for step in (self._look_at_jobs, self._look_at_environments, self._look_at_kernels):
            self._attempt(step)

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # a fault of one look must not end all others
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        if str(error) != self._said:
            self._said = str(error)
            self._log.warning("environments cannot be watched: %s", error)

    def _tell(self, schema: str, data: dict[str, Any]) -> None:
        if self.telling.is_set() and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._emit, schema, data)

    def _look_at_jobs(self) -> None:
        if not self._pulse.has_changed():
            return
        signs = self._pulse.recent()
        for sign in changed_jobs(self._jobs, signs):
            self._tell(JOB_EVENT, job_event(sign))
        self._jobs = {sign.id: sign for sign in signs}
        self._next_reap = min(self._next_reap, time.monotonic() + REAP_SECONDS)

    def _look_at_environments(self) -> None:
        now = self._environments.look()
        for change in changed_environments(self._seen_environments, now):
            self._tell(ENVIRONMENT_EVENT, environment_event(change))
        self._seen_environments = now

    def _look_at_kernels(self) -> None:
        stamp = self._kernels.stamp()
        if stamp == self._kernels_stamp:
            return
        now = self._kernels.look()
        for prefix in changed_kernels(self._seen_kernels, now):
            self._tell(ENVIRONMENT_EVENT, environment_event(EnvironmentChange(prefix, "kernels")))
        self._seen_kernels, self._kernels_stamp = now, stamp

    def _reap(self) -> None:
        if time.monotonic() < self._next_reap:
            return
        self._services.jobs.reap_interrupted()
        living = any(sign.state in LIVE_STATES for sign in self._jobs.values())
        self._next_reap = time.monotonic() + (REAP_SECONDS if living else CHECK_SECONDS)
