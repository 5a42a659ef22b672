"""What all handlers work with: settings, reading, jobs, the queries' child, and the threads for calls that block."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from pathlib import Path
from typing import ParamSpec, TypeVar

from jupyter_envs.engine.prefix.shared import check_not_shared
from jupyter_envs.errors import LockedError
from jupyter_envs.jobs.client import JobClient
from jupyter_envs.jobs.models import Job, JobRequest
from jupyter_envs.queries.client import QueryClient
from jupyter_envs.server.reading import PASSIVE, Reading
from jupyter_envs.settings import Settings

OF_ONE = ("plan", "change", "execute", "recover", "rename", "delete")  # kinds of jobs for changes of one environment

READING_THREADS = 6
CANCELLING_THREADS = 4  # each waits until a job has stopped

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


class Services:
    """One per server.

    Parameters
    ----------
    settings : Settings
        Where things are and what may be used.
    directory : str
        Where the server's files are.
    queries : QueryClient
        Asks the child process that does what is slow.
    """

    def __init__(self, settings: Settings, directory: str, queries: QueryClient) -> None:
        self.settings = settings
        self.directory = directory
        self.queries = queries
        self._submitting = threading.Lock()
        self._readers = ThreadPoolExecutor(READING_THREADS, thread_name_prefix="envs-read")
        self._cancellers = ThreadPoolExecutor(CANCELLING_THREADS, thread_name_prefix="envs-cancel")

    async def run(
        self, function: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Call a blocking function in a thread and return its result."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, partial(function, *args, **kwargs))

    @property
    def new_directory(self) -> str:
        """Where environments are made."""
        return self.settings.envs_directories[0]

    # -- in a thread from here on

    @cached_property
    def jobs(self) -> JobClient:
        """The jobs of this root; a store that cannot be opened is the error of who asks, not of the server's start."""
        return JobClient(self.settings)

    @cached_property
    def reading(self) -> Reading:
        """Answers about environments."""
        return Reading(self.settings, self.jobs, self.directory)

    def submit(self, request: JobRequest) -> Job:
        """Start a job, unless another one is changing the same environment.

        Raises
        ------
        LockedError
            Another job is at work there; ``detail["job"]`` is its id.
        FrozenError
            ``env.shared``: the environment is published by somebody else.
        """
        if request.kind in OF_ONE and request.subject:
            check_not_shared(request.subject, self.settings)
        with self._submitting:
            if request.kind not in PASSIVE and request.subject:
                self._check_idle(request.subject)
            return self.jobs.submit(request)

    def _check_idle(self, prefix: str) -> None:
        busy = self.reading.changing(prefix)
        if busy:
            name = Path(prefix).name
            raise LockedError(
                f"{name} is being changed already ({busy[0].command or busy[0].kind})",
                hint="wait until that has finished, or cancel it",
                code="locked.job",
                detail={"job": busy[0].id, "prefix": prefix},
            )

    def cancel(self, job_id: str) -> Job:
        """Ask a job to stop and return it as it is; a thread sees to it that it does."""
        job = self.jobs.store.get(job_id)
        if not job.finished:
            self.jobs.store.request_cancel(job.id)
            self._cancellers.submit(self.jobs.cancel, job.id)
        return self.jobs.store.get(job.id)

    def close(self) -> None:
        """Let the threads go; what they do is finished first."""
        self._readers.shutdown(wait=False, cancel_futures=True)
        self._cancellers.shutdown(wait=False)
