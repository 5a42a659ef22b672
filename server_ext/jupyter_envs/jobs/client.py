"""Start jobs, watch them, stop them: what the command line, the server and the magics call.

Owns the child processes of this process. A job outlives whoever started it (its own session, no pipes); one whose
process is gone without a word is marked ``interrupted``. Refuses to run a change in the calling process.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from jupyter_envs.engine.transaction.lock import is_locked
from jupyter_envs.errors import CancelledError, EnvsError, LockedError, StorageError
from jupyter_envs.jobs.events import EventReader, JobEvent, read_events
from jupyter_envs.jobs.models import Job, JobRequest, JobState
from jupyter_envs.jobs.process import RUN_MODULE, held, is_running, kill_tree, process_started
from jupyter_envs.jobs.store import JobStore
from jupyter_envs.settings import Settings

POLL_SECONDS = 0.01
PATIENT_SECONDS = 0.05
EAGER_SECONDS = 2.0  # most changes of a warm cache are done by then
STATE_SECONDS = 0.25
STARTING_SECONDS = 60.0  # a queued job without a process is given up after so long
CANCEL_GRACE_SECONDS = 10.0

EventHandler = Callable[[JobEvent], None]

_children: dict[str, subprocess.Popen[bytes]] = {}  # by job id, until their end was seen


class JobClient:
    """Jobs of one root.

    Parameters
    ----------
    settings : Settings
        Where the store is; also what the jobs' engines are given.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.store = JobStore(Path(settings.jobs_directory))

    def submit(self, request: JobRequest) -> Job:
        """Store a job and start its process; returns at once.

        Raises
        ------
        StorageError
            When the log cannot be written or the process cannot be started; the job is then ``failed``.
        """
        _reap()
        job = self.store.add(request)
        try:
            process = self._start(job)
        except OSError as error:
            failure = StorageError.from_os_error(error, "starting the job")
            self.store.finish(job.id, "failed", exit_code=failure.exit_code, error=failure.to_dict())
            raise failure from error
        _children[job.id] = process
        self.store.attach(job.id, process.pid, process_started(process.pid))
        return self.store.get(job.id)

    def _start(self, job: Job) -> subprocess.Popen[bytes]:
        environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environ["JUPYTER_ENVS_ROOT"] = self.settings.root
        # The lock is the child's from its first moment on: it goes when the child does.
        with self.store.log_path(job.id).open("ab") as log, held(self.store.events_path(job.id)) as lock:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", RUN_MODULE, job.id],  # -P: nothing is imported from the working directory
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environ,
                pass_fds=[lock],
                start_new_session=True,
            )
        assert process.stdin is not None
        with process.stdin as pipe:  # settings may hold credentials of proxies: neither on disk nor in the arguments
            pipe.write(msgspec.json.encode(self.settings))
        return process

    # -- watching -----------------------------------------------------------------------------------------------

    def wait(self, job_id: str, on_event: EventHandler | None = None, timeout: float | None = None) -> Job:
        """Return the job when it has ended, after telling ``on_event`` everything that it reported.

        Parameters
        ----------
        job_id
            The whole id.
        on_event
            Called in this thread, in order.
        timeout
            Seconds after which the unfinished job is returned.
        """
        reader = EventReader(self.store.events_path(job_id))
        started = time.monotonic()
        next_look = 0.0
        while True:
            now = time.monotonic()
            ending = self._tell(reader, on_event) or self._child_ended(job_id)
            if ending or now >= next_look:
                job, next_look = self._look(job_id), now + STATE_SECONDS
                if job.finished or (timeout is not None and now - started >= timeout):
                    self._tell(reader, on_event)
                    return job
            time.sleep(POLL_SECONDS if now - started < EAGER_SECONDS or ending else PATIENT_SECONDS)

    @staticmethod
    def _tell(reader: EventReader, on_event: EventHandler | None) -> bool:
        """Pass new events on; tell whether the job's result is among them, so that its end is near."""
        events = reader.read()
        if on_event is not None:
            for event in events:
                on_event(event)
        return any(event.kind == "result" for event in events)

    @staticmethod
    def _child_ended(job_id: str) -> bool:
        child = _children.get(job_id)
        return child is not None and child.poll() is not None

    def _look(self, job_id: str) -> Job:
        """Return the job as it is, marked ``interrupted`` when its process is gone."""
        job = self.store.get(job_id)
        if job.finished or not self._is_gone(job):
            return job
        job = self.store.get(job_id)  # it may have ended between the two looks
        return job if job.finished else self._mark_interrupted(job)

    def _is_gone(self, job: Job) -> bool:
        if job.pid is None:
            return time.time() - job.created_at > STARTING_SECONDS
        if self._child_ended(job.id):
            _children.pop(job.id, None)
            return True
        return not (self._is_here(job) or self._is_elsewhere(job))

    @staticmethod
    def _is_here(job: Job) -> bool:
        return job.pid is not None and is_running(job.id, job.pid, job.process_started or 0.0)

    def _is_elsewhere(self, job: Job) -> bool:
        """Tell whether a job whose process is not here may run on another machine that has the same folder of jobs."""
        return is_locked(self.store.events_path(job.id))

    def _mark_interrupted(self, job: Job) -> Job:
        state, error = describe_end(job, early=self._ended_early(job))
        self.store.finish(job.id, state, exit_code=error.exit_code, error=error.to_dict())
        return self.store.get(job.id)

    def _ended_early(self, job: Job) -> bool:
        """Tell whether a job ended before it can have changed anything; a change first reports its plan."""
        if job.started_at is None or job.kind == "plan":
            return True
        events = read_events(self.store.events_path(job.id)) if job.kind == "change" else ()
        return job.kind == "change" and not any((event.data or {}).get("plan_id") for event in events)

    def reap_interrupted(self) -> list[Job]:
        """Mark the jobs whose process is gone (machine restarted, process killed) and return them."""
        _reap()
        return [self._mark_interrupted(job) for job in self.store.live() if self._is_gone(job)]

    # -- stopping -----------------------------------------------------------------------------------------------

    def cancel(self, job_id: str, *, grace: float = CANCEL_GRACE_SECONDS) -> Job:
        """Ask a job to stop, and end its process when it has not after ``grace`` seconds.

        Killing is safe: a transaction that it cuts short is rolled back, here and now, by a ``recover`` job. Returns
        the ended job; one that finished before it could stop is ``done``.
        """
        job = self._look(job_id)
        if not job.finished and job.pid is not None and not self._is_here(job) and self._is_elsewhere(job):
            raise _elsewhere(job)
        self.store.request_cancel(job_id)
        job = self._look(job_id)
        if job.finished:
            return job
        if job.pid is None:
            error = CancelledError("cancelled before it began")
            self.store.finish(job_id, "cancelled", exit_code=error.exit_code, error=error.to_dict())
            return self.store.get(job_id)
        with contextlib.suppress(ProcessLookupError):  # it has just ended
            os.kill(job.pid, signal.SIGTERM)
        job = self.wait(job_id, timeout=grace)
        if not job.finished:
            job = self._kill(job)
        return job

    def _kill(self, job: Job) -> Job:
        assert job.pid is not None
        if is_running(job.id, job.pid, job.process_started or 0.0):
            kill_tree(job.pid)
        job = self.wait(job.id)
        if job.state == "cancelled" and job.prefix and job.kind not in ("plan", "compile"):
            request = JobRequest(kind="recover", prefix=job.prefix, hidden=True, register_kernel=False)
            self.wait(self.submit(request).id)
        return job


def _reap() -> None:
    """Take leave of the children that have ended: who waits for a job sees its last word, a moment before that."""
    for job_id in [job_id for job_id, child in list(_children.items()) if child.poll() is not None]:
        _children.pop(job_id, None)  # several threads of a server may look at once


@atexit.register
def _let_go() -> None:
    """Leave those that run to themselves; Python would warn of each."""
    _reap()
    for child in _children.values():
        child.returncode = 0  # nobody waits for it any more


def _elsewhere(job: Job) -> LockedError:
    return LockedError(
        f"job {job.id} runs on another machine, or in another container, which has the same folder of jobs",
        hint="cancel it there; where that machine is gone, its lock goes in a minute or two, and with it the job",
        code="job.elsewhere",
        detail={"job": job.id},
    )


def describe_end(job: Job, *, early: bool) -> tuple[JobState, EnvsError]:
    """Return the final state and the error of a job whose process is gone without a word.

    ``early`` says that it cannot have changed anything.
    """
    if job.cancel_requested:
        return "cancelled", CancelledError("cancelled; the environment is as it was")
    left = "the environment is put right at its next use"
    if early or (job.prefix and not os.path.lexists(job.prefix)):
        left = "nothing has changed" if early else f"there is nothing at {job.prefix}"
    return "interrupted", EnvsError(
        f"the process of job {job.id} ended before the job did",
        hint=f"`jupyter envs jobs log {job.id}` shows its last words; {left}",
        code="job.interrupted.early" if early else "job.interrupted",
        detail={"job": job.id, "prefix": job.prefix},
    )
