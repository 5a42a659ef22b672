"""Is that process still the one we started? Pids are used again; start times and command lines tell them apart.

A process of another machine, or of another container, that has the same folder of jobs cannot be looked up. It holds a
lock for as long as it lives.

psutil is imported when it is asked: a job's own process starts without it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

RUN_MODULE = "jupyter_envs.jobs.run"
_SAME_START = 2.0  # seconds; a corrected clock may shift what psutil computes, the command line decides then


def process_started(pid: int) -> float:
    """Return a process's start time in seconds since the epoch, 0.0 when it is gone."""
    import psutil

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return 0.0


@contextlib.contextmanager
def held(path: Path) -> Iterator[int]:
    """Lock a file, and give the descriptor that holds the lock: it lasts as long as any process has that open.

    Where a mount gives no locks, other machines do not see that the process lives.
    """
    import fcntl

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with contextlib.suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    finally:
        os.close(descriptor)


def is_running(job_id: str, pid: int, started: float) -> bool:
    """Return whether ``pid`` is a living process that was started for this job.

    Parameters
    ----------
    job_id : str
        The job; it stands in the command line of its process.
    pid : int
        What the store says.
    started : float
        The start time that the store says, in seconds since the epoch; 0.0 when it was never noted.
    """
    import psutil

    try:
        process = psutil.Process(pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if abs(process.create_time() - started) <= _SAME_START:
            return True
        arguments = process.cmdline()
    except psutil.NoSuchProcess:
        return False
    except psutil.AccessDenied:  # another user's: pids of our own jobs can always be read
        return False
    return RUN_MODULE in arguments and job_id in arguments


def kill_children(pid: int) -> None:
    """End all that a process started, and what those started: scripts, shells, compilers."""
    import psutil

    try:
        started = psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return
    for child in started:
        with contextlib.suppress(psutil.NoSuchProcess):
            child.kill()


def kill_tree(pid: int) -> None:
    """End a process and all that it started: a script that outlived its job would write into what is put back."""
    import psutil

    try:
        process = psutil.Process(pid)
        process.suspend()  # so that it starts nothing more
        kill_children(pid)
        process.kill()
    except psutil.NoSuchProcess:
        return
