"""``python -m jupyter_envs.jobs.run <job id>``: the process that owns the engine while one job runs.

Reads the settings from its standard input and the request from the store; writes state, result, events and log. A
signal to stop (TERM, INT) cancels at the next safe place. Leaves by ``os._exit``: native threads of the solver may
crash an interpreter that shuts down in the ordinary way, and everything is written by then.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import msgspec

from jupyter_envs.engine.models.events import CancelToken, Event
from jupyter_envs.errors import CancelledError, EnvsError, StorageError
from jupyter_envs.jobs.background import lower_priority, wants_compile
from jupyter_envs.jobs.events import EventWriter
from jupyter_envs.jobs.models import Job, JobRequest, JobState
from jupyter_envs.jobs.process import kill_children
from jupyter_envs.jobs.publishing import shared_with_jobs
from jupyter_envs.jobs.store import JobStore
from jupyter_envs.settings import Settings

CHANGES = ("change", "execute")
OF_THE_ROOT = (*CHANGES, "rename", "delete", "clean", "recover")
"""What changes environments or removes packages of the root."""


def listen(cancel: CancelToken) -> None:
    """Turn TERM and INT into a request to stop; a terminal that closes (HUP) is no reason to.

    Scripts of packages know nothing of requests: they are ended, and their failure rolls the change back.
    """

    def stop(number: int, _frame: object) -> None:
        cancel.cancel()
        kill_children(os.getpid())

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_IGN)


def read_settings() -> Settings:
    """Return the settings that the starter wrote to our standard input, else those of the environment."""
    data = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
    if data:
        return msgspec.json.decode(data, type=Settings)
    from jupyter_envs.settings_load import load_settings

    return load_settings(os.environ)


def run_job(job: Job, settings: Settings, store: JobStore, cancel: CancelToken) -> int:
    """Run a job that is in state ``running`` to its end; return the exit code."""
    events = EventWriter(store.events_path(job.id))
    try:
        result = _perform(job.request, settings, events, cancel)
    except BaseException as error:  # native code panics with a BaseException; whatever it is, the job must end
        failure = as_envs_error(error, job)
        if not isinstance(error, EnvsError):
            print_traceback()
        if cancel.cancelled and not isinstance(failure, CancelledError):
            message = "cancelled; the environment is as it was"
            failure = CancelledError(message, detail={"because": failure.to_dict()})
        events.close()
        state: JobState = "cancelled" if isinstance(failure, CancelledError) else "failed"
        store.finish(job.id, state, exit_code=failure.exit_code, error=failure.to_dict())
        return failure.exit_code
    events.report(Event(kind="result", data={"executed": result.get("executed", True)}))
    events.close()
    store.finish(job.id, "done", exit_code=0, result=result)
    _follow_up(job, result, settings)
    return 0


def _perform(request: JobRequest, settings: Settings, events: EventWriter, cancel: CancelToken) -> dict[str, object]:
    from jupyter_envs.engine.api import Engine
    from jupyter_envs.jobs.work import Workplace, perform

    cancel.check()
    ours = shared_with_jobs(Path(settings.root)) if request.kind in OF_THE_ROOT else contextlib.nullcontext()
    with ours:
        engine = Engine(settings, reporter=events, cancel=cancel)
        return perform(request, Workplace(engine=engine, settings=settings, reporter=events, cancel=cancel))


def as_envs_error(error: BaseException, job: Job) -> EnvsError:
    """Return the error that the job's row is to show."""
    if isinstance(error, EnvsError):
        return error
    if isinstance(error, OSError):
        return StorageError.from_os_error(error, f"running {job.command or job.kind}")
    return EnvsError(
        f"{type(error).__name__}: {error}",
        hint=f"this is a fault of jupyter-envs; `jupyter envs jobs log {job.id}` shows where it happened",
        code="internal",
    )


def _follow_up(job: Job, result: dict[str, object], settings: Settings) -> None:
    """Start compiling what the change brought, unless a job for the same environment does already."""
    if job.kind not in CHANGES or not result.get("executed"):
        return
    from jupyter_envs.jobs.client import JobClient
    from jupyter_envs.jobs.plans import load_plan

    try:
        plan = load_plan(settings.root, str(result["plan_id"]))
        client = JobClient(settings)
        busy = any(live.kind == "compile" and live.prefix == plan.prefix for live in client.store.live())
        if not busy and wants_compile(plan.records, settings):
            client.submit(JobRequest(kind="compile", prefix=plan.prefix, hidden=True, command="compile"))
    except EnvsError as error:  # the change itself is done; this only makes the next one faster
        sys.stderr.write(f"compiling was not started: {error.message}\n")


def main(arguments: list[str]) -> int:
    """Run the job named in ``arguments``; return the exit code."""
    cancel = CancelToken()
    listen(cancel)
    (job_id,) = arguments
    settings = read_settings()
    store = JobStore(Path(settings.jobs_directory))
    if not store.start(job_id, os.getpid()):
        return 0  # cancelled before it began
    job = store.get(job_id)
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S %z')} job {job.id}: {job.command or job.kind}\n")
    sys.stderr.flush()
    if job.kind == "compile":
        lower_priority()
    code = run_job(job, settings, store, cancel)
    store.prune()
    return code


def print_traceback() -> None:
    """Write where the error that is being handled happened into the log."""
    import traceback

    traceback.print_exc()


def leave(code: int) -> None:
    """Flush and end the process without running exit handlers."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    try:
        exit_code = main(sys.argv[1:])
    except BaseException:
        print_traceback()
        exit_code = 1
    leave(exit_code)
